#!/usr/bin/env python3
"""Writes rules/dictionaries/fhir-resource-types.txt: the resource types of FHIR DSTU2 to R5.

The names come from the type definitions in the npm package @smile-cdr/fhirts (Apache-2.0), in which
a resource is a type that has a `resourceType` member. Needs npm and Python 3.

usage: scripts/fhir-resource-types.py
"""
import pathlib, re, subprocess, tarfile, tempfile

PACKAGE = "@smile-cdr/fhirts@8.12.0"
OUT = pathlib.Path(__file__).parent.parent / "rules/dictionaries/fhir-resource-types.txt"

names = set()
with tempfile.TemporaryDirectory() as folder:
    done = subprocess.run(["npm", "pack", PACKAGE], cwd=folder, check=True, capture_output=True, text=True)
    with tarfile.open(pathlib.Path(folder) / done.stdout.split()[-1]) as package:
        for member in package:
            found = re.search(r"dist/FHIR-[^/]+/(\w+)\.d\.ts$", member.name)
            if not found:
                continue
            text = package.extractfile(member).read().decode()
            if re.search(r"\bresourceType\b", text):
                names.add(found.group(1)[0].upper() + found.group(1)[1:])
# Abstract types never occur on the wire; Parameters has no common parent in some versions.
names -= {"Resource", "DomainResource", "MetadataResource", "CanonicalResource", "ResourceList", "RawResource"}
# Parts of resources that have a member of that name for another purpose.
names -= {"ClaimPayee", "ExplanationOfBenefitPayee"}
names |= {"Parameters", "Binary", "Bundle"}
OUT.parent.mkdir(parents=True, exist_ok=True)
OUT.write_text("".join(n + "\n" for n in sorted(names)))
print(len(names), "resource types")
