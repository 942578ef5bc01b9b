#!/usr/bin/env python3
"""Writes rules/fields/hl7v2.toml: which HL7 v2 field carries what.

usage: pip install hl7apy && scripts/gen_hl7v2_fields.py > rules/fields/hl7v2.toml

Reads the segment tables of HL7 v2.2 to v2.8.2 as the PyPI package hl7apy (MIT) carries them
(version 1.3.5 made the file in the repository). A field of a segment that carries a person has the
classes of its data type; where types of different versions do not agree on them, and where a field
means more than its type, FIELDS says what it is.
"""

import sys

try:
    from hl7apy import load_library
except ImportError:
    sys.exit("failed to read the segment tables: install hl7apy; see the usage in this file")

VERSIONS = ("2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8", "2.8.1", "2.8.2")

# Segments about patients and those near them, and queries for them. Who is named in any other
# segment of the standard is staff, unless FIELDS says otherwise: personal data, not a patient's.
PERSONS = (
    "PID", "PD1", "NK1", "MRG", "GT1", "IN1", "IN2", "ACC", "QRD", "QRF", "CON", "GOL", "PYE", "URD",
)

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
    # The same within the first component (data type NDL), which begins and ends at times.
    "v2-signer": {
        **classes(("", "1", "1.1"), "person.identifier", 60),
        **classes(("1.2", "1.3", "1.4", "1.5"), "person.name", 85),
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
    # Whatever narrows a query down: numbers, dates, and names, which have components.
    "v2-filter": {
        **classes(("", "1"), "person.identifier", 60),
        **classes(("2", "3"), "person.name", 75),
    },
    "v2-number-staff": classes(("", "1"), "person.identifier", 60),
    "v2-plan": classes(("", "1"), "health.plan_id", 92),
    "v2-ssn": classes(("", "1"), "us.ssn", 90),
    "v2-birth-date": classes(("", "1"), "person.birth_date", 98),
    "v2-death-date": classes(("", "1"), "person.death_date", 95),
    "v2-event-date": classes(("", "1"), "health.event_date", 85),
    "v2-place": classes(("", "1"), "person.place", 75),
    "v2-origin": classes(CODED, "person.ethnicity", 85),
    "v2-religion": classes(CODED, "person.religion", 90),
    # The name of a parish, which says what its members believe.
    "v2-worship": classes(("", "1"), "person.religion", 75),
    "v2-marital": classes(CODED, "person.marital_status", 90),
    # Of whom more care is to be taken.
    "v2-label": classes(("", "1"), "health.sensitivity_label", 60),
    "v2-plan-kind": classes(("", "1"), "health.plan_id", 65),
    "v2-diagnosis": classes(CODED, "health.diagnosis", 90),
    "v2-reason": classes(CODED, "health.diagnosis", 75),
    "v2-allergy": classes(CODED, "health.allergy", 90),
    "v2-observation": classes(("", "1", "2", "3", "4", "5", "9"), "health.observation", 80),
    # The third component of a coded value is the system of its code, and says nothing of anybody.
    "v2-observation-coded": classes(CODED, "health.observation", 80),
    "v2-free-text": classes(("", "1"), "health.free_text", 80),
    # Sentences in the place of a coded value.
    "v2-comment": classes(("", "2", "5", "9"), "health.free_text", 75),
    "v2-attachment": classes(("", "1", "5"), "health.attachment", 85),
    # How somebody is, by a code: what a handicap is, how they walk, what others have to beware of.
    "v2-condition": classes(CODED, "health.observation", 75),
    "v2-serial": classes(("", "1"), "device.serial_number", 75),
    "v2-udi": classes(("", "1"), "device.udi", 75),
    "v2-stay": classes(("", "1"), "health.visit_number", 85),
    "v2-procedure": classes(CODED, "health.procedure", 85),
    "v2-drug": classes(CODED, "health.medication", 85),
    "v2-birth-place": classes(("", "1"), "person.place", 90),
    "v2-email": classes(("",), "contact.email", 95),
}

# Data type: its row for persons and for staff.
BY_TYPE = {
    "XPN": ("v2-name", "v2-name-staff"),
    "PN": ("v2-name", "v2-name-staff"),
    "XCN": ("v2-person", "v2-person-staff"),
    "CN": ("v2-person", "v2-person-staff"),
    "PPN": ("v2-person", "v2-person-staff"),
    "CM_PRACTITIONER": ("v2-person", "v2-person-staff"),
    "NDL": ("v2-signer", "v2-signer"),
    "XAD": ("v2-address", "v2-address-staff"),
    "AD": ("v2-address", "v2-address-staff"),
    "XTN": ("v2-phone", "v2-phone"),
    "TN": ("v2-phone", "v2-phone"),
}

# What a field means beyond its type; None where it carries nothing of a person.
FIELDS = {
    "v2-record": ["PID.2", "PID.3", "PID.4", "PD1.10", "MRG.1", "MRG.2", "MRG.4", "SCD.33"],
    "v2-identifier": [
        "PID.20", "PID.21", "NK1.12", "NK1.33", "GT1.2", "GT1.19", "IN1.10", "IN2.1", "STF.1",
        "STF.2", "STF.22", "DG1.20", "FT1.2", "GT1.29", "BLG.3", "CSR.4", "CSR.5", "DB1.3",
        "IN3.2", "PMT.10",
    ],
    # Stays, and accounts and prescriptions of one.
    "v2-stay": [
        "PID.18", "PV1.5", "PV1.19", "PV1.50", "PV1.54", "MRG.3", "MRG.5", "MRG.6", "RXE.15",
        "FT1.42",
    ],
    # Of staff: licences and other numbers.
    "v2-number-staff": ["CTD.7", "ORG.5", "PRA.6", "PRD.7", "STF.14"],
    "v2-filter": ["QRF.5"],
    "v2-plan": ["IN1.36", "IN1.49", "IN2.6", "IN2.8", "IN2.10", "IN2.26", "IN2.61"],
    "v2-ssn": ["PID.19", "NK1.37", "GT1.12", "IN2.2"],
    "v2-birth-date": ["PID.7", "NK1.16", "GT1.8", "IN1.18", "STF.6"],
    "v2-death-date": ["PID.29", "GT1.24", "STF.31"],
    # Of the stay, the visit, the test, the finding, the accident; those that are planned, too.
    "v2-event-date": [
        "PV1.44", "PV1.45", "PV2.8", "PV2.9", "PV2.14", "PV2.26", "PV2.29", "PV2.33", "OBR.7",
        "OBR.8", "OBR.14", "OBR.22", "OBX.14", "DG1.5", "AL1.6", "FT1.4", "PR1.5", "ACC.1",
    ],
    "v2-place": ["PID.12", "ACC.3"],
    # Race, ethnic group, citizenship, nationality.
    "v2-origin": [
        "PID.10", "PID.22", "PID.26", "PID.28", "PID.39", "NK1.19", "NK1.27", "NK1.28", "NK1.35",
        "GT1.35", "GT1.43", "GT1.44", "GT1.55", "IN2.33", "IN2.41", "IN2.42", "IN2.71", "STF.27",
        "STF.28", "STF.30",
    ],
    "v2-religion": ["PID.17", "NK1.25", "GT1.41", "IN2.39", "STF.40"],
    "v2-worship": ["PD1.14"],
    "v2-marital": ["PID.16", "NK1.14", "GT1.30", "IN2.43", "STF.17"],
    # Who is to be treated with discretion, and what is confidential.
    "v2-label": ["PV1.16", "NK1.39", "GT1.57", "IN1.53", "ORC.28"],
    "v2-plan-kind": ["IN1.2", "IN1.46", "FT1.14"],
    "v2-diagnosis": ["DG1.3", "DG1.4", "FT1.19"],
    # Why somebody came, what group their illness is of, how they were hurt, what they may pass on.
    "v2-reason": [
        "PV1.53", "PV2.3", "PV2.12", "OBR.12", "OBR.31", "DG1.7", "DG1.8", "ACC.2",
    ],
    # Handicap, ambulatory status (pregnant, disoriented), drugs, precautions, condition.
    "v2-condition": [
        "PD1.6", "PV1.15", "PV2.39", "PV2.41", "PV2.42", "NK1.18", "NK1.36", "GT1.34", "GT1.52",
        "IN1.48", "IN2.32",
    ],
    "v2-comment": ["OBR.39", "OBR.43"],
    # Of what takes part, which may be implanted.
    "v2-serial": ["PRT.20"],
    "v2-udi": ["PRT.10", "PRT.16"],
    "v2-allergy": ["AL1.3", "AL1.5"],
    "v2-free-text": ["NTE.3", "OBR.13", "ACC.8", "ACC.9"],
    "v2-procedure": ["PR1.3", "PR1.4", "OBR.44", "FT1.25"],
    "v2-drug": ["RXO.1", "RXE.2", "RXD.2", "RXG.4", "RXA.5", "FT1.29"],
    "v2-birth-place": ["PID.23", "NK1.38", "GT1.56", "IN1.52"],
    "v2-email": ["STF.15"],
    # Who is named beside a patient in a segment of staff, and where a patient lives.
    "v2-name": ["DON.16", "IAM.14"],
    "v2-address": ["RXE.43", "RXG.30", "RXO.35"],
    # IN1.30 is who verified a policy: an identifier and a name, but for version 2.3 (XPN).
    "v2-person-staff": ["PD1.4", "ACC.7", "IN1.30"],
    # Addresses and telephones of organisations, their sites and their help.
    None: [
        "IN1.5", "IN1.7", "IN1.44", "GT1.17", "GT1.18", "ORC.22", "ORC.23", "AFF.3",
        "BPO.9", "BPO.12", "BPX.19", "EDU.8", "ERR.12", "FAC.3", "FAC.4", "IN3.19",
        "LDP.11", "LOC.5", "LOC.6", "OM1.17", "OM1.18", "OM1.28", "OM1.29", "OM1.30", "PEO.7",
        "PES.3", "PES.4", "PM1.4", "PM1.6", "PRD.11", "PRD.13", "RXA.28", "RXD.31", "RXD.34",
        "RXE.41", "RXE.45", "RXG.28", "RXO.33", "RXO.36",
    ],
}

# OBX-5 by the type in OBX-2.
OBSERVED = {
    "v2-observation-coded": ["CE", "CF", "CNE", "CWE"],
    "v2-observation": ["CQ", "DT", "DTM", "MO", "NM", "SN", "ST", "TM", "TS"],
    "v2-free-text": ["TX", "FT"],
    "v2-attachment": ["ED", "RP"],
    "v2-name": ["XPN", "PN"],
    "v2-person": ["XCN", "CN"],
    "v2-address": ["XAD", "AD"],
    "v2-phone": ["XTN", "TN"],
    "v2-identifier": ["CX", "CK"],
}


def fields():
    """(`PID.5`, data types over all versions) of every segment."""
    seen = {}
    for version in VERSIONS:
        for segment in load_library(version).SEGMENTS.values():
            # A segment that was withdrawn has no fields, one of any content no names of them.
            for name, definition, _, _ in next(iter(segment[1:]), ()):
                if definition:
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
        staff = field.split(".")[0] not in PERSONS
        rows = {BY_TYPE[t][staff] for t in types if t in BY_TYPE}
        if field in meant:
            rows = {meant[field]} - {None}
        if len(rows) > 1:
            sys.exit(f"failed to tell what {field} carries ({', '.join(sorted(rows))}): add it to FIELDS")
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
