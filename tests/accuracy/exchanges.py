"""Labelled exchanges: endpoints whose fields are known, each field seen exactly so often.

Every endpoint is a service of its own, so that a field is known by (service, direction, location,
name). An object is of one kind: a person's with telling names, a thing's, one with opaque names, or
one with free text.
"""

import json
import re
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

import fhir
import national
import people
import records
import things
import wire

# Chance of a value being blank where a column has more than one.
BLANK = 0.04


@dataclass
class Field:
    """A column: its words, what it is, and how its values are made."""

    words: str
    labels: frozenset
    make: object
    # telling, opaque, undecidable (no name and no check), text, fhir, thing
    group: str
    name: str = ""
    kind: str = ""


@dataclass
class Endpoint:
    service: str
    direction: str
    location: str
    format: str
    fields: list
    container: str = ""
    listed: bool = False
    truth: dict = field(default_factory=dict)


def style_name(words, style):
    parts = re.findall(r"[^\W_]+", words)
    if style == "camel":
        return parts[0].lower() + "".join(p[:1].upper() + p[1:].lower() for p in parts[1:])
    if style == "pascal":
        return "".join(p[:1].upper() + p[1:].lower() for p in parts)
    if style == "joined":
        return "".join(parts).lower()
    return {"snake": "_", "kebab": "-"}[style].join(p.lower() for p in parts)


class Exchanges:
    """Makes endpoints under one seed."""

    def __init__(self, rng, held_out=False):
        self.rng = rng
        self.people = people.People(rng, held_out)
        self.things = things.Things(rng, self.people.faker())
        self.records = records.Records(rng, self.people, self.things)
        self.numbers = national.all_numbers()

    # Columns.

    def national_column(self, number, opaque):
        template = self.rng.choice(number.templates)
        make = lambda: number.make(self.rng, template)
        group = "telling" if not opaque else "opaque" if number.tells else "undecidable"
        return Field(self.rng.choice(number.names or ["x"]), frozenset([number.label]), make, group, kind=number.label)

    def common_column(self, kind, opaque):
        label, maker, names, tells = kind
        group = "telling" if not opaque else "opaque" if tells else "undecidable"
        return Field(self.people.name_of(maker, names), frozenset([label]), getattr(self.people, maker)(), group, kind=maker)

    def record_column(self, kind, opaque):
        label, maker, names, tells = kind
        make = getattr(self.records, maker)()
        group = "telling" if not opaque else "opaque" if tells else "undecidable"
        return Field(self.rng.choice(names or make.names), frozenset([label]), make, group, kind=maker)

    def thing_column(self, opaque=False):
        usable = [kind for kind in things.KINDS if kind[3] or not opaque]
        maker, arguments, names, _ = self.rng.choice(usable)
        make = getattr(self.things, maker)(*arguments)
        words = self.rng.choice(names or make.names)
        return Field(words, frozenset(), make, "thing", kind=maker)

    def text_column(self, personal):
        words = self.rng.choice(["note", "comment", "text", "message", "remarks", "clinical note", "body", "details", "summary"])
        if not personal:
            return Field(words, frozenset(), Text(self, []).value, "thing", kind="text")
        told = self.rng.sample(Text.CLASSES, self.rng.choice([1, 1, 2, 3]))
        return Field(words, frozenset(told), Text(self, told).value, "text", kind="text")

    # Objects.

    def person_fields(self):
        count, fields = self.rng.randrange(3, 8), []
        for _ in range(count):
            dice = self.rng.random()
            if dice < 0.5:
                number = self.rng.choice([n for n in self.numbers if n.names])
                fields.append(self.national_column(number, False))
            elif dice < 0.75:
                fields.append(self.record_column(self.rng.choice(records.KINDS), False))
            else:
                fields.append(self.common_column(self.rng.choice(people.KINDS), False))
        if self.rng.random() < 0.3:
            together = self.rng.choices(people.TOGETHER, [3, 1])[0]
            fields += [self.common_column(kind, False) for kind in together]
            count += len(together)
        plain = {"sequence", "epoch", "instant", "flag", "word", "version", "uuids", "small", "country"}
        while len(fields) < count + 3:
            column = self.thing_column()
            # In an object of a person the number of a patient is that person's, and nobody's thing.
            if column.kind in plain and column.words != "patient id":
                fields.append(column)
        return fields

    def opaque_fields(self):
        fields = []
        for _ in range(self.rng.randrange(5, 10)):
            dice = self.rng.random()
            if dice < 0.3:
                fields.append(self.national_column(self.rng.choice(self.numbers), True))
            elif dice < 0.45:
                fields.append(self.common_column(self.rng.choice(people.KINDS), True))
            elif dice < 0.5:
                fields.append(self.record_column(self.rng.choice(records.KINDS), True))
            else:
                fields.append(self.thing_column(opaque=True))
        for at, column in enumerate(fields):
            column.words = self.rng.choice(["f", "x", "val", "attr ", "col ", "p", "k", "data ", "param "]) + str(at + 1)
        return fields

    def resource(self, number):
        """An endpoint of FHIR: what its elements hold is told by their place."""
        kind = self.rng.choice(sorted(fhir.RESOURCES))
        elements = fhir.RESOURCES[kind]
        fields = [Field("", frozenset(filter(None, [label])), self.element(make), "fhir" if label else "thing", path, kind) for path, (label, make) in elements.items()]
        out = Endpoint(f"svc{number}.labelled.example", "response", "body", "fhir", fields, kind)
        out.truth = {f"$.{column.name}": column for column in fields}
        return out

    def element(self, make):
        return (lambda: make(self)) if callable(make) else (lambda: make)

    def login(self, number):
        """A client exchanges a code for a token (RFC 6749, section 4.1.3)."""
        code = Field("code", frozenset(["secret.authorization_code"]), self.records.token(), "telling", "code", "login")
        others = [("grant_type", lambda: "authorization_code"), ("redirect_uri", lambda: "https://app.example/callback"), ("client_id", lambda: "app")]
        fields = [Field("", frozenset(), make, "thing", name, "login") for name, make in others]
        out = Endpoint(f"svc{number}.labelled.example", "request", "body", "form", [*fields, code])
        out.truth = {column.name: column for column in out.fields}
        return out

    def endpoint(self, number):
        if self.rng.random() < 0.01:
            return self.login(number)
        if self.rng.random() < 0.06:
            return self.resource(number)
        dice = self.rng.random()
        containers = [""]
        if dice < 0.42:
            fields, containers = self.person_fields(), ["", "", "patient", "member", "data", "result", "insured", "demographics"]
        elif dice < 0.64:
            fields, containers = self.opaque_fields(), ["", "", "d", "data", "rows"]
        elif dice < 0.76:
            fields = [self.text_column(self.rng.random() < 0.7) for _ in range(2)] + [self.thing_column() for _ in range(2)]
        else:
            fields = [self.thing_column() for _ in range(self.rng.randrange(6, 11))]
            containers = ["", "", "order", "item", "event", "data", "product", "build", "payload", "device"]
        form = self.rng.choices(["json-response", "json-request", "xml-response", "form", "query"], [50, 15, 15, 10, 10])[0]
        style = self.rng.choices(["camel", "snake", "pascal", "joined"] + (["kebab"] if form != "json-response" else []), [40, 35, 8, 7] + ([10] if form != "json-response" else []))[0]
        if form == "json-request" and style == "kebab":
            style = "snake"
        taken = {}
        for column in fields:
            column.name = style_name(column.words, style)
            taken.setdefault(column.name, column)
        direction = "response" if form.endswith("response") else "request"
        location = "query" if form == "query" else "body"
        out = Endpoint(f"svc{number}.labelled.example", direction, location, form, list(taken.values()), self.rng.choice(containers))
        out.listed = bool(out.container) and form.startswith("json") and self.rng.random() < 0.4
        for column in out.fields:
            out.truth[self.path(out, column)] = column
        return out

    @staticmethod
    def path(endpoint, column):
        """The name of a field as `phitap fields` writes it."""
        inside = endpoint.container + ("[*]" if endpoint.listed else "")
        if endpoint.format.startswith("json"):
            return ".".join(filter(None, ["$", inside, column.name]))
        if endpoint.format == "xml-response":
            return "/".join(["", "reply", *filter(None, [endpoint.container]), column.name])
        return column.name

    def play(self, endpoint, times, capture):
        """Writes the endpoint's exchanges: each of its fields has `times` values."""
        connection = capture.connection()
        for at in range(times):
            values = [(column.name, self.value(column, at)) for column in endpoint.fields]
            connection.exchange(*self.messages(endpoint, values))
        connection.close()

    def value(self, column, at):
        if at > 0 and column.group not in ("thing", "fhir") and self.rng.random() < BLANK:
            return ""
        return column.make()

    def messages(self, endpoint, values):
        target, body, kind = "/api/v1/records", b"", None
        if endpoint.format == "fhir":
            target, kind = f"/fhir/{endpoint.container}/1", "application/fhir+json"
            body = fhir.body(endpoint.container, values)
        elif endpoint.format.startswith("json"):
            inner = dict(values)
            if endpoint.container:
                inner = {endpoint.container: [inner] if endpoint.listed else inner}
            body, kind = json.dumps(inner, ensure_ascii=False).encode(), "application/json"
        elif endpoint.format == "xml-response":
            inner = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in values)
            if endpoint.container:
                inner = f"<{endpoint.container}>{inner}</{endpoint.container}>"
            body, kind = f'<?xml version="1.0"?><reply>{inner}</reply>'.encode(), "application/xml"
        elif endpoint.format == "form":
            body, kind = wire.form(values).encode(), "application/x-www-form-urlencoded"
        else:
            target += "?" + wire.form(values)
        host = ("Host", endpoint.service)
        sent = (("Content-Type", kind),) if kind else ()
        if endpoint.direction == "response":
            return (f"GET {target} HTTP/1.1", (host,), b""), ("HTTP/1.1 200 OK", sent, body)
        method = "GET" if endpoint.format == "query" else "POST"
        return (f"{method} {target} HTTP/1.1", (host, *sent), body), ("HTTP/1.1 204 No Content", (), b"")


class Text:
    """Notes with and without identifiers in them."""

    CLASSES = [
        "person.name", "contact.email", "contact.phone", "financial.credit_card", "financial.iban", "us.ssn", "gb.nhs_number",
        "person.birth_date", "health.mrn", "person.address", "secret.jwt", "secret.aws_access_key", "gb.nino", "network.mac_address",
    ]
    AROUND = [
        "BP 120/80, HR 72, afebrile.", "Follow up in 2 weeks.", "Order 5105105105105 was shipped on 2024-03-01.", "Version 10.2.0.17 was installed.",
        "See page 3 of report 2024-01-31.", "No acute distress.", "The invoice 4821 000 712 is still open.", "Room 12B, ward 4.", "Ticket #98213 is closed.",
        "Lab code 2345-7 within limits.", "Takes 20 mg once a day.", "The call lasted 00:12:33.", "Reviewed by the team on Monday.", "Build 212.555.0199 failed twice.",
        "Dr. on call will review.", "Temperature 37.2, weight 81 kg.", "Please restart the service.", "Delivered to the front desk.", "Error 0x80070057 was logged.",
    ]
    ASK = {
        "person.name": ["Seen by Dr. {v}.", "Patient: {v}.", "Discussed with Mrs {v}.", "Patient name: {v}.", "Dear Mr {v}, thank you."],
        "contact.email": ["Please write to {v}.", "Email: {v}", "She can be reached at {v} in the evening.", "Sent the results to {v}, no reply."],
        "contact.phone": ["Please call {v} back.", "Phone: {v}.", "tel {v}", "Her mobile is {v}.", "Phone number {v} on file."],
        "financial.credit_card": ["Paid with card {v}.", "Card number {v} was declined.", "Visa {v} on file."],
        "financial.iban": ["Refund to {v} please.", "IBAN {v}", "Transfer goes to {v} tomorrow."],
        "us.ssn": ["SSN {v}.", "Her social security number is {v}.", "ssn: {v}", "Verified {v} with the caller."],
        "gb.nhs_number": ["NHS number {v}.", "NHS No: {v}", "nhs {v}"],
        "person.birth_date": ["DOB {v}.", "Date of birth: {v}.", "She was born on {v}.", "dob: {v}"],
        "health.mrn": ["MRN {v}.", "MRN: {v}", "Medical record number {v}."],
        "person.address": ["Lives at {v}.", "Address: {v}.", "She resides at {v}."],
        "secret.jwt": ["token={v}", "Bearer {v} was refused", "The header had {v} in it."],
        "secret.aws_access_key": ["key {v} is leaked", "aws_access_key_id={v}", "Used {v} for upload."],
        "gb.nino": ["NI number {v}.", "National Insurance number: {v}.", "NINO {v}"],
        "network.mac_address": ["Device {v} is offline.", "Pump with MAC {v}.", "wlan0 {v} up"],
    }
    MAKERS = {
        "contact.email": "email", "contact.phone": "phone_abroad", "financial.credit_card": "card", "financial.iban": "iban", "person.birth_date": "birth_date",
        "secret.jwt": "jwt", "secret.aws_access_key": "aws_key", "gb.nino": "nino", "network.mac_address": "mac",
    }

    def __init__(self, exchanges, told):
        self.rng, self.told = exchanges.rng, told
        made, fake = exchanges.people, exchanges.people.faker()
        by_label = {number.label: number for number in exchanges.numbers}
        self.make = {}
        for label in told:
            if label == "contact.phone" and self.rng.random() < 0.5:
                self.make[label] = lambda: fake.numerify("(%##) 555-01##")
            elif label in self.MAKERS:
                self.make[label] = getattr(made, self.MAKERS[label])()
            elif label == "person.name":
                self.make[label] = lambda: f"{fake.first_name()} {fake.last_name()}"
            elif label == "person.address":
                self.make[label] = fake.street_address
            elif label == "health.mrn":
                self.make[label] = lambda: fake.numerify("%#######")
            else:
                template = by_label[label].templates[-1]
                self.make[label] = lambda number=by_label[label], template=template: number.make(self.rng, template)

    def value(self):
        parts = self.rng.sample(self.AROUND, self.rng.randrange(2, 5))
        for label in self.told:
            said = self.rng.choice(self.ASK[label]).replace("{v}", self.make[label]())
            parts.insert(self.rng.randrange(len(parts) + 1), said)
        return " ".join(parts)
