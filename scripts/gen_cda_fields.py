#!/usr/bin/env python3
"""Writes rules/fields/cda.toml: which element of a CDA document carries what.

usage: scripts/gen_cda_fields.py > rules/fields/cda.toml

The roles are those of the CDA R2 header and of the participations of its acts (ISO/HL7
27932:2009, classes of the R-MIM POCD_RM000040), with the extensions that C-CDA R2.1 uses.
A line names the end of a path, because acts nest: `assignedAuthor.addr` is meant wherever it
stands. Standard library only.
"""


def classes(leaves, name, confidence):
    return {leaf: [[name, confidence]] for leaf in leaves}


# Of data type EN and AD: parts, and "" where a sender writes text alone.
NAME = ("", "given", "family")
ADDRESS = ("", "streetAddressLine", "streetName", "houseNumber", "additionalLocator", "city", "postalCode")

# What a coded value says: which list its code is of says nothing of anybody.
CODED = ("code", "displayName", "originalText", "translation.code", "translation.displayName")

# Role: below an element, what each leaf carries, and how sure that is (0 to 100).
TYPES = {
    "cda-name": classes(NAME, "person.name", 97),
    "cda-name-staff": classes(NAME, "person.name", 85),
    "cda-address": classes(ADDRESS, "person.address", 95),
    "cda-address-staff": classes(ADDRESS, "person.address", 75),
    # Without a scheme (`tel:`, `mailto:`) the values have to say which of the two they are.
    "cda-telecom": {"value": [["contact.phone", 35], ["contact.email", 35]]},
    # The OID beside it says more where it is known: us.ssn, us.npi, gb.nhs_number, ….
    "cda-record": classes(("extension",), "health.mrn", 85),
    "cda-identifier": classes(("extension",), "person.identifier", 80),
    "cda-identifier-staff": classes(("extension",), "person.identifier", 60),
    "cda-birth-date": classes(("value",), "person.birth_date", 98),
    "cda-death-date": classes(("value",), "person.death_date", 95),
    "cda-observation": classes(
        ("", "value", "code", "displayName", "originalText", "translation.code", "translation.displayName"),
        "health.observation",
        80,
    ),
    "cda-ethnicity": classes(CODED, "person.ethnicity", 92),
    "cda-religion": classes(CODED, "person.religion", 92),
    "cda-marital-status": classes(CODED, "person.marital_status", 92),
    "cda-free-text": classes(("",), "health.free_text", 80),
    "cda-attachment": classes(("",), "health.attachment", 85),
}

# Roles that patients and those around them play, and roles of staff: each has id, addr, telecom.
PERSONS = ("guardian", "relatedEntity", "associatedEntity")
STAFF = ("assignedAuthor", "assignedEntity", "intendedRecipient")

ELEMENTS = {
    "cda-name": [
        "patientRole.patient.name",
        "guardian.guardianPerson.name",
        "relatedEntity.relatedPerson.name",
        "associatedEntity.associatedPerson.name",
        "relatedSubject.subject.name",
    ],
    "cda-name-staff": [
        "assignedAuthor.assignedPerson.name",
        "assignedEntity.assignedPerson.name",
        "intendedRecipient.informationRecipient.name",
    ],
    "cda-address": [
        "patientRole.addr",
        "patient.birthplace.place.addr",
        *(f"{role}.addr" for role in PERSONS),
        "relatedSubject.addr",
    ],
    "cda-address-staff": [f"{role}.addr" for role in STAFF],
    "cda-telecom": [f"{role}.telecom" for role in ("patientRole", *PERSONS, *STAFF, "relatedSubject")],
    "cda-record": ["patientRole.id"],
    "cda-identifier": [
        *(f"{role}.id" for role in PERSONS),
        "identifiedBy.alternateIdentification.id",  # sdtc
        "encompassingEncounter.id",
    ],
    "cda-identifier-staff": [f"{role}.id" for role in STAFF],
    "cda-birth-date": ["patient.birthTime", "relatedSubject.subject.birthTime"],
    "cda-death-date": ["patient.deceasedTime", "relatedSubject.subject.deceasedTime"],  # sdtc
    "cda-ethnicity": [f"patient.{name}" for name in ("raceCode", "ethnicGroupCode")],
    "cda-religion": ["patient.religiousAffiliationCode"],
    "cda-marital-status": ["patient.maritalStatusCode"],
    "cda-observation": ["observation.value"],
    "cda-free-text": ["section.text"],
    "cda-attachment": ["nonXMLBody.text", "observationMedia.value"],
}

# An entity that takes part in an act may be a person or a substance: only the parts of a name tell.
NAME_PARTS = [f"playingEntity.name.{part}" for part in ("given", "family")]


def main():
    out = [
        "# Made by scripts/gen_cda_fields.py: change that, not this.",
        "# CDA elements that carry a person: leaves by role, then ends of paths by role.",
        "",
    ]
    types = TYPES | {"cda-name-part": classes(("",), "person.name", 90)}
    for name, leaves in types.items():
        out.append(f"[types.{name}]")
        for leaf, carried in leaves.items():
            inner = ", ".join(f'["{cls}", {confidence}]' for cls, confidence in carried)
            out.append(f'"{leaf}" = [{inner}]')
    out += ["", "[elements.CDA]"]
    for row, names in sorted((ELEMENTS | {"cda-name-part": NAME_PARTS}).items()):
        out.append(f'"{row}" = [{", ".join(f"{chr(34)}{name}{chr(34)}" for name in names)}]')
    print("\n".join(out))


if __name__ == "__main__":
    main()
