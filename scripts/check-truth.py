#!/usr/bin/env python3
"""Holds the inventory of a recorded benchmark capture against what its server logged.

usage: scripts/check-truth.py PHITAP DB TRUTH.jsonl CLIENT.jsonl PII.jsonl

TRUTH is the server's own log of every request ("m" method, "p" request target, "s" status), PII
the planted values per document ("p" path or "METHOD body-file", "type", "value"), CLIENT the
client's log, which names the body file of every request ("m", "p", "b").

Says for each endpoint whether the count is exact, and for each planted (endpoint, direction,
class) whether some field of the endpoint carries it. Exit code 1 when anything is missing.
"""
import collections, json, re, subprocess, sys

phitap, db, truth, client, pii = sys.argv[1:6]
ID = re.compile(r"[^/]+")


def template(method, target):
    path = target.split("?")[0]
    path = re.sub(r"^(/fhir/[A-Z]\w+)/[^/$]+", r"\1/{id}", path)
    path = re.sub(r"^(/api/v\d+/\w+)/\d+$", r"\1/{id}", path)
    return f"{method} {path}"


def rows(what):
    out = subprocess.run([phitap, what, "--db", db, "--format", "json"], check=True, capture_output=True)
    return json.loads(out.stdout)


seen = collections.Counter()
requested = set()
for line in open(truth):
    r = json.loads(line)
    if r["p"].startswith("/__"):
        continue
    seen[template(r["m"], r["p"])] += 1
    requested.add(r["p"])
bodies = collections.defaultdict(set)
for line in open(client):
    r = json.loads(line)
    if r.get("b"):
        bodies[f'{r["m"]} {r["b"]}'].add(template(r["m"], r["p"]))

found = collections.Counter()
for row in rows("endpoints"):
    found[row["operation"]] += row["requests"]
bad = 0
for operation in sorted(set(seen) | set(found)):
    if seen[operation] != found[operation]:
        bad += 1
        print(f"COUNT {operation}: truth {seen[operation]}, inventory {found[operation]}")
print(f"{sum(seen.values())} exchanges, {len(seen)} endpoints in the log, {sum(found.values())} in the inventory")

CLASS = {"ssn": "us.ssn", "nhs_number": "gb.nhs_number", "mrn": "health.mrn", "email": "contact.email",
         "phone": "contact.phone", "dob": "person.birth_date", "name": "person.name",
         "address": "person.address", "credit_card": "financial.credit_card"}
wanted = set()
for line in open(pii):
    p = json.loads(line)
    key, cls = p["p"], CLASS[p["type"]]
    if " " in key:
        wanted |= {(operation, "request", cls) for operation in bodies.get(key, ())}
    else:
        hits = [key] if key in requested else []
        # A search may have been asked for with a page size as well.
        hits += [t for t in (key + "&_count=",) if any(r.startswith(t) for r in requested)] if "?" in key else []
        if hits:
            wanted.add((template("GET", key), "response", cls))
carried = set()
for row in rows("fields"):
    for c in row["data_classes"]:
        carried.add((row["operation"], row["direction"], c["class"]))
for missing in sorted(wanted - carried):
    bad += 1
    print("MISSING", *missing)
print(f"{len(wanted & carried)} of {len(wanted)} planted (endpoint, direction, class) found")
sys.exit(bad > 0)
