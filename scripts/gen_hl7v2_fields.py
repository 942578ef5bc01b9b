#!/usr/bin/env python3
"""Writes rules/fields/hl7v2.toml: which HL7 v2 field carries what.

usage: pip install hl7apy && scripts/gen_hl7v2_fields.py > rules/fields/hl7v2.toml

Reads the segment tables of HL7 v2.2 to v2.8.2 as the PyPI package hl7apy (MIT) carries them
(version 1.3.5 made the file in the repository). A field of a segment that carries a person has the
classes of its data type, which may differ from version to version: all are listed. FIELDS says
where a field means more than its type.
"""

import sys

try:
    from hl7apy import load_library
except ImportError:
    sys.exit("failed to read the segment tables: install hl7apy; see the usage in this file")

VERSIONS = ("2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8", "2.8.1", "2.8.2")

# Segments about persons. Who is named in the second group is staff: personal data, not a patient's.
PERSONS = ("PID", "PD1", "NK1", "MRG", "GT1", "IN1", "IN2", "ACC")
STAFF = ("PV1", "PV2", "OBR", "ORC", "OBX", "DG1", "AL1", "NTE", "FT1", "ROL", "PRT", "STF")

NAME = ("1", "1.1", "1.2", "1.3", "1.4", "1.5", "2", "3")
ADDRESS = ("", "1", "1.1", "1.2", "2", "3", "5")
CODED = ("", "1", "2", "4", "5", "9")


def classes(leaves, name, confidence):
    return {leaf: [[name, confidence]] for leaf in leaves}


# Component below a field ("" for a field without any): what it carries, and how sure that is.
TYPES = {
    "v2-name": classes(("",) + NAME, "person.name", 97),
    "v2-name-staff": classes(("",) + NAME, "person.name", 85),
    # Identifier, then the name.
    "v2-person": {
        **classes(("", "1"), "person.identifier", 85),
        **classes(("2", "2.1", "2.2", "2.3", "2.4", "2.5", "3", "4"), "person.name", 95),
    },
    "v2-person-staff": {
        **classes(("", "1"), "person.identifier", 60),
        **classes(("2", "2.1", "2.2", "2.3", "2.4", "2.5", "3", "4"), "person.name", 85),
    },
    "v2-address": classes(ADDRESS, "person.address", 95),
    "v2-address-staff": classes(ADDRESS, "person.address", 75),
    "v2-phone": {
        **classes(("", "1", "12"), "contact.phone", 95),
        **classes(("7",), "contact.phone", 85),
        **classes(("4",), "contact.email", 95),
    },
    "v2-record": classes(("", "1"), "health.mrn", 92),
    "v2-identifier": classes(("", "1"), "person.identifier", 85),
    "v2-plan": classes(("", "1"), "health.plan_id", 92),
    "v2-ssn": classes(("", "1"), "us.ssn", 90),
    "v2-birth-date": classes(("", "1"), "person.birth_date", 98),
    "v2-death-date": classes(("", "1"), "person.death_date", 95),
    "v2-diagnosis": classes(CODED, "health.diagnosis", 90),
    "v2-reason": classes(CODED, "health.diagnosis", 75),
    "v2-allergy": classes(CODED, "health.allergy", 90),
    "v2-observation": classes(("", "1", "2", "3", "4", "5", "9"), "health.observation", 80),
    "v2-free-text": classes(("", "1"), "health.free_text", 80),
    "v2-attachment": classes(("", "1", "5"), "health.attachment", 85),
}

# Data type: its row for persons and for staff.
BY_TYPE = {
    "XPN": ("v2-name", "v2-name-staff"),
    "PN": ("v2-name", "v2-name-staff"),
    "XCN": ("v2-person", "v2-person-staff"),
    "CN": ("v2-person", "v2-person-staff"),
    "XAD": ("v2-address", "v2-address-staff"),
    "AD": ("v2-address", "v2-address-staff"),
    "XTN": ("v2-phone", "v2-phone"),
    "TN": ("v2-phone", "v2-phone"),
}

# What a field means beyond its type; None where it carries nothing of a person.
FIELDS = {
    "v2-record": ["PID.2", "PID.3", "PID.4", "MRG.1", "MRG.2", "MRG.4"],
    "v2-identifier": [
        "PID.18", "PID.20", "PID.21", "MRG.3", "MRG.5", "MRG.6", "PV1.5", "PV1.19", "PV1.50",
        "NK1.33", "GT1.2", "GT1.19", "IN1.10", "IN2.1", "STF.1", "STF.2", "STF.22", "DG1.20",
        "FT1.2", "GT1.29",
    ],
    "v2-plan": ["IN1.36", "IN1.49", "IN2.6", "IN2.8", "IN2.26", "IN2.61"],
    "v2-ssn": ["PID.19", "NK1.37", "GT1.12", "GT1.47", "IN2.2"],
    "v2-birth-date": ["PID.7", "NK1.16", "GT1.8", "IN1.18", "STF.6"],
    "v2-death-date": ["PID.29", "STF.39"],
    "v2-diagnosis": ["DG1.3", "DG1.4", "FT1.19"],
    "v2-reason": ["PV2.3", "OBR.31"],
    "v2-allergy": ["AL1.3", "AL1.5"],
    "v2-free-text": ["NTE.3", "OBR.13", "ACC.6", "ACC.9"],
    "v2-person-staff": ["PD1.4", "ACC.7"],
    # Organisations' addresses and telephones.
    None: ["IN1.5", "IN1.7", "IN1.44", "GT1.17", "GT1.18", "ORC.22", "ORC.23", "PRT.14", "PRT.15"],
}

# OBX-5 by the type in OBX-2.
OBSERVED = {
    "v2-observation": ["CE", "CF", "CNE", "CWE", "CQ", "DT", "DTM", "MO", "NM", "SN", "ST", "TM", "TS"],
    "v2-free-text": ["TX", "FT"],
    "v2-attachment": ["ED", "RP"],
    "v2-name": ["XPN", "PN"],
    "v2-person": ["XCN", "CN"],
    "v2-address": ["XAD", "AD"],
    "v2-phone": ["XTN", "TN"],
    "v2-identifier": ["CX", "CK"],
}


def fields():
    """(`PID.5`, data types over all versions) of the segments about persons."""
    seen = {}
    for version in VERSIONS:
        segments = load_library(version).SEGMENTS
        for segment in PERSONS + STAFF:
            for name, definition, _, _ in segments.get(segment, (None, ()))[1]:
                seen.setdefault(name.replace("_", "."), set()).add(definition[2])
    return seen


def main():
    seen = fields()
    meant = {field: row for row, names in FIELDS.items() for field in names}
    missing = sorted(set(meant) - set(seen))
    if missing:
        sys.exit(f"failed to find the fields {', '.join(missing)} in any version: correct FIELDS")
    elements = {}
    for field, types in seen.items():
        staff = field.split(".")[0] in STAFF
        rows = {BY_TYPE[t][staff] for t in types if t in BY_TYPE}
        if field in meant:
            rows = {meant[field]} - {None}
        for row in rows:
            elements.setdefault(row, set()).add(field)

    def place(field):
        segment, number = field.split(".")
        return segment, int(number)

    out = [
        "# Made by scripts/gen_hl7v2_fields.py: change that, not this.",
        "# HL7 v2 fields that carry a person: components by role, then fields by role.",
        "",
    ]
    for name, leaves in TYPES.items():
        out.append(f"[types.{name}]")
        for leaf, carried in leaves.items():
            inner = ", ".join(f'["{cls}", {confidence}]' for cls, confidence in carried)
            out.append(f'"{leaf}" = [{inner}]')
    out += ["", "[elements.HL7v2]"]
    for row in sorted(elements):
        names = ", ".join(f'"{name}"' for name in sorted(elements[row], key=place))
        out.append(f'"{row}" = [{names}]')
    for row, types in OBSERVED.items():
        for data_type in types:
            out += [f'[elements."HL7v2/{data_type}"]', f'"{row}" = ["5"]']
    print("\n".join(out))


if __name__ == "__main__":
    main()
