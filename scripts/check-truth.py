#!/usr/bin/env python3
"""Holds the inventory of a recorded benchmark capture against what its server logged.

usage: scripts/check-truth.py PHITAP DB TRUTH.jsonl CLIENT.jsonl PII.jsonl DOCUMENTS

TRUTH is the server's own log of every request ("m" method, "p" request target, "s" status), PII
the planted values per document ("p" path or "METHOD body-file", "type", "value"), CLIENT the
client's log, which names the body file of every request ("m", "p", "b"). DOCUMENTS is the folder
with what was sent: `bodies/` the clients' and `docroot/` the server's. PII does not say which field
a value is in; that is looked up there: every element of the document that is the value.

Says for each endpoint whether the count is exact, and for each planted (endpoint, direction,
field, class) whether that field of the inventory carries it. Exit code 1 when anything is missing.
"""
import collections, functools, json, pathlib, re, subprocess, sys

phitap, db, truth, client, pii, documents = sys.argv[1:7]
documents = pathlib.Path(documents)


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
    # A search may have been asked for with a page size as well.
    requested |= {r["p"], r["p"].split("&_count=")[0]}
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


def file_of(key):
    """The document behind a path of PII, as nginx was told to find it."""
    if " " in key:
        return documents / "bodies" / key.split(" ")[1]
    path, _, query = key.partition("?")
    root = documents / "docroot"
    for pattern, name in ((r"/fhir/Patient/([^/]+)/\$everything$", "fhir/everything/{}.json"),
                          (r"/(fhir/\w+/[^/]+)$", "{}.json"), (r"/(api/v\d+/\w+/\w+)$", "{}.json")):
        m = re.match(pattern, path)
        if m and not query:
            return root / name.format(m[1])
    patient = re.search(r"(?:^|&)patient=([^&]+)", query)
    return root / path.strip("/") / "by-patient" / f"{patient[1]}.json" if patient else None


def leaves(node, path="$"):
    if isinstance(node, dict):
        for name, child in node.items():
            yield from leaves(child, f"{path}.{name}")
    elif isinstance(node, list):
        for child in node:
            yield from leaves(child, f"{path}[*]")
    else:
        yield path, node


@functools.lru_cache(maxsize=4)
def places(key):
    """Each value of a document with the fields it is in."""
    file, found = file_of(key), collections.defaultdict(set)
    if file and file.is_file():
        for path, value in leaves(json.loads(file.read_text())):
            found[str(value)].add(path)
    return found


wanted, nowhere = set(), collections.Counter()
for line in open(pii):
    p = json.loads(line)
    key, cls = p["p"], CLASS[p["type"]]
    if " " in key:
        targets = {(operation, "request") for operation in bodies.get(key, ())}
    else:
        targets = {(template("GET", key), "response")} if key in requested else set()
    if not targets:
        continue
    fields = places(key)[p["value"]]
    if not fields:
        nowhere[template("GET", key) if " " not in key else key.split(" ")[0], cls] += 1
    wanted |= {(*target, field, cls) for target in targets for field in fields}
carried = set()
for row in rows("fields"):
    for c in row["data_classes"]:
        carried.add((row["operation"], row["direction"], row["field"], c["class"]))
for missing in sorted(wanted - carried):
    bad += 1
    print("MISSING", *missing)
for (where, cls), n in sorted(nowhere.items()):
    bad += 1
    print(f"UNPLACED {where} {cls}: {n} values are in no element of their document")
print(f"{len(wanted & carried)} of {len(wanted)} planted (endpoint, direction, field, class) found")
sys.exit(bad > 0)
