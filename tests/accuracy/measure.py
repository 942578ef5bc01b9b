"""Runs phitap over a capture, and counts what it says of fields against what they are."""

import json
import subprocess
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

import national


def fields_of(binary, capture, all_fields=True, profile="default"):
    """The rows of `phitap fields` of a capture, from a database and a key of its own."""
    with tempfile.TemporaryDirectory() as folder:
        db, key = Path(folder, "a.db"), Path(folder, "key")
        run([binary, "replay", "--profile", profile, "--db", db, "--key-file", key, "--no-progress", capture])
        asked = [binary, "fields", "--db", db, "--format", "jsonl", *(["--all"] if all_fields else [])]
        for line in run(asked).splitlines():
            yield json.loads(line)


def run(command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"failed to run {' '.join(map(str, command))}: exit {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


def plain_name(name):
    """`$['a b'].c` as `$.a b.c`."""
    return name.replace("['", ".").replace("']", "")


class Tally:
    """True and false positives and negatives by class."""

    def __init__(self):
        self.hit, self.false, self.missed = Counter(), Counter(), Counter()
        self.fields, self.wrong, self.lost = 0, [], []

    def add(self, labels, given, where):
        self.fields += 1
        allowed = set().union(*(national.kin(label) for label in labels)) if labels else set()
        for label in labels:
            if national.kin(label) & given:
                self.hit[label] += 1
            else:
                self.missed[label] += 1
                self.lost.append((label, where))
        for label in given - allowed:
            self.false[label] += 1
            self.wrong.append((label, where))

    def precision(self, label=None):
        hit, false = self._sum(self.hit, label), self._sum(self.false, label)
        return hit / (hit + false) if hit + false else 1.0

    def recall(self, label=None):
        hit, missed = self._sum(self.hit, label), self._sum(self.missed, label)
        return hit / (hit + missed) if hit + missed else None

    def f1(self, label):
        precision, recall = self.precision(label), self.recall(label)
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0

    def macro_f1(self):
        labels = self.labels()
        return sum(self.f1(label) for label in labels) / len(labels) if labels else 0.0

    def labels(self):
        return sorted(set(self.hit) | set(self.missed))

    def support(self, label):
        return self.hit[label] + self.missed[label]

    @staticmethod
    def _sum(counter, label):
        return counter[label] if label else sum(counter.values())


# Names of fields of things that say what they hold: codes of what clinics do, readings of a body, the address of a client. Such a
# field is what it is called, and nobody's number.
CALLED = {
    "health.clinical_code": ("loinc", "snomed", "ndc", "icd", "drugcode", "diagnosiscode", "testcode", "conceptid", "findingcode"),
    "health.free_text": ("clinicalnote", "progressnote"),
    "health.vital_sign": ("bloodpressure", "heartrate", "systolic", "diastolic"),
    "network.ip_address": ("clientip",),
}


def given_to(row, labels=frozenset()):
    """The classes that a field was given, but those that a thing is called by its name, and what a JWT or a vendor's key is beside. Of
    `labels`, what the field is, none is left out."""
    name = "".join(letter for letter in row["field"].lower().rsplit(".", 1)[-1] if letter.isalnum())
    called = {label for label, words in CALLED.items() if any(word in name for word in words)}
    given = {entry["class"] for entry in row["data_classes"]} - (called - labels)
    named_closely = given & {"secret.jwt", "secret.vendor_key", "secret.aws_access_key"}
    return given - ({"secret.token"} - labels) if named_closely else given


def judge(rows, endpoints):
    """A tally by group of fields, what phitap said of each; `all` is without the undecidable."""
    truth = {}
    for endpoint in endpoints:
        for path, column in endpoint.truth.items():
            truth[(endpoint.service, endpoint.direction, endpoint.location, path)] = column
    tallies, seen = defaultdict(Tally), set()
    for row in rows:
        key = (row["service"], row["direction"], row["location"], plain_name(row["field"]))
        column = truth.get(key)
        given = given_to(row, column.labels if column else frozenset())
        if column is None:
            # Headers of the exchange, which hold nothing of anybody.
            tallies["all"].add(frozenset(), given, (*key, "unlisted", row.get("mask"), row.get("explanation")))
            continue
        seen.add(key)
        where = (*key, f"{column.group}/{column.kind}", row.get("mask"), row.get("explanation"))
        tallies[column.group].add(column.labels, given, where)
        if column.group != "undecidable":
            tallies["all"].add(column.labels, given, where)
    for key in truth.keys() - seen:
        column = truth[key]
        for group in {column.group, "all"} - ({"all"} if column.group == "undecidable" else set()):
            tallies[group].add(column.labels, set(), (*key, f"{column.group}/{column.kind}", None, ["not reported as a field"]))
    return tallies
