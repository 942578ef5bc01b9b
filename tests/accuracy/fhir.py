"""Resources of FHIR whose elements say what they hold, whatever the value: classes that no name and no format tells. The labels are
those of the definitions of the elements (hl7.org/fhir/R4), the values Faker's.
"""

import base64
import json

# Resource, element: class, maker of values. A maker that is no function is a constant of the resource.
RESOURCES = {
    "Patient": {
        "identifier[*].system": (None, "https://hospital.example/ids"),
        "identifier[*].value": ("person.identifier", lambda made: made.records.digits(8)),
        "name[*].family": ("person.name", lambda made: made.people.faker().last_name()),
        "birthDate": ("person.birth_date", lambda made: made.people.faker().date_of_birth().isoformat()),
        "photo[*].contentType": (None, "image/jpeg"),
        "photo[*].data": ("person.photo", lambda made: made.records.photo()()),
    },
    "Practitioner": {
        "telecom[*].system": (None, "url"),
        "telecom[*].value": ("person.url", lambda made: made.people.faker().url() + made.people.faker().user_name()),
        "name[*].family": ("person.name", lambda made: made.people.faker().last_name()),
    },
    "Procedure": {
        "status": (None, "completed"),
        "code.text": ("health.procedure", lambda made: made.rng.choice(["Appendectomy", "Hip replacement", "Dialysis session", "Colonoscopy", "Chemotherapy infusion", "Cataract removal"])),
        "performedDateTime": ("health.event_date", lambda made: made.people.faker().date_time_between("-3y", "now").strftime("%Y-%m-%dT%H:%M:%SZ")),
    },
    "DocumentReference": {
        "status": (None, "current"),
        "content[*].attachment.contentType": (None, "application/pdf"),
        "content[*].attachment.data": ("health.attachment", lambda made: base64.b64encode(b"%PDF-1.7\n" + made.people.faker().binary(160)).decode()),
    },
    "Condition": {
        "meta.security[*].system": (None, "http://terminology.hl7.org/CodeSystem/v3-ActCode"),
        "meta.security[*].code": ("health.sensitivity_label", lambda made: made.rng.choice(["HIV", "PSY", "ETH", "SDV", "SEX", "SUD"])),
        "code.text": ("health.diagnosis", lambda made: made.records.diagnosis()()),
    },
    "MedicationRequest": {
        "status": (None, "active"),
        "medicationCodeableConcept.text": ("health.medication", lambda made: made.records.medication()()),
        "note[*].text": ("health.free_text", lambda made: made.records.note()()),
    },
}


def body(resource, values):
    """The resource with its elements by path."""
    out = {"resourceType": resource}
    for path, value in values:
        into, names = out, path.split(".")
        for name in names[:-1]:
            into = below(into, name)
        last = names[-1]
        into[last] = value
    return json.dumps(out, ensure_ascii=False).encode()


def below(into, name):
    if not name.endswith("[*]"):
        return into.setdefault(name, {})
    return into.setdefault(name[:-3], [{}])[0]
