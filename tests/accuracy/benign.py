"""API traffic that is about nobody: telemetry, orders, logs, package metadata, builds, catalogues,
infrastructure, and the conformance resources of FHIR.

Every service is made of one theme's fields and some of things.py, nested at random, and is seen
more or less often; so there are tens of thousands of fields, each with a column of its own.
"""

import json
import random

import exchanges
import people
import things
import wire


class Benign(things.Things):
    """Columns of machines."""

    def log_line(self):
        fake, rng = self.fake, self.rng
        forms = [
            lambda: f"{fake.ipv4()} - - [{fake.date_time_between('-1y').strftime('%d/%b/%Y:%H:%M:%S')} +0000] \"GET /{fake.uri_path()} HTTP/1.1\" 200 {rng.randrange(99_999)}",
            lambda: f"worker {rng.randrange(64)} finished job {self.digits(10)} in {rng.randrange(9_000)} ms",
            lambda: f"connection from {fake.ipv4()}:{rng.randrange(65_536)} closed after {rng.randrange(900)}.{rng.randrange(999)} s",
            lambda: f"GC (Allocation Failure) {self.digits(7)}K->{self.digits(6)}K({self.digits(8)}K), 0.{self.digits(7)} secs",
            lambda: f"at com.example.{fake.word()}.{fake.word().title()}.run({fake.word().title()}.java:{rng.randrange(900)})",
            lambda: f"[{rng.choice(['INFO', 'WARN', 'ERROR'])}] request_id={fake.uuid4()} status={rng.choice([200, 404, 500])} took={rng.randrange(4_000)}ms bytes={self.digits(9)}",
            lambda: f"Deployed {fake.slug()} version {rng.randrange(9)}.{rng.randrange(40)}.{rng.randrange(9)} to cluster {rng.randrange(9)}",
            lambda: f"Order {self.digits(10)} moved to {rng.choice(['packed', 'shipped', 'delivered'])}; parcel {self.digits(12)}",
        ]
        some = rng.sample(forms, rng.randrange(1, 4))
        return lambda: rng.choice(some)()

    def integrity(self):
        return lambda: "sha512-" + self.blob()()

    def wanted(self):
        return lambda: self.rng.choice(["^", "~", ">=", ""]) + self.version()()

    def gauge(self):
        scale = 10 ** self.rng.randrange(0, 9)
        return lambda: self.rng.random() * scale

    def counter(self):
        state = {"at": self.rng.randrange(10 ** self.rng.randrange(2, 16))}

        def value():
            state["at"] += self.rng.randrange(10_000)
            return state["at"]

        return value

    def nanos(self):
        return lambda: str((1_690_000_000 + self.rng.randrange(50_000_000)) * 10**9 + self.rng.randrange(10**9))

    def spans(self):
        count = self.rng.choice([16, 32])
        return lambda: "".join(self.rng.choices(things.HEX, k=count))

    def node(self):
        return lambda: f"{self.fake.word()}-{''.join(self.rng.choices('bcdfghjklmnpqrstvwxz2456789', k=10))}-{''.join(self.rng.choices('bcdfghjklmnpqrstvwxz2456789', k=5))}"

    def network(self):
        return self.fake.ipv4_private if self.rng.random() < 0.5 else lambda: self.fake.ipv4(network=True)

    def lasting(self):
        return lambda: f"PT{self.rng.randrange(60)}M{self.rng.randrange(60)}S"

    def cron(self):
        return lambda: f"{self.rng.randrange(60)} {self.rng.randrange(24)} * * {self.rng.randrange(7)}"

    def share(self):
        return lambda: f"{self.rng.randrange(100)}%"

    def bytes_said(self):
        return lambda: f"{self.rng.randrange(1, 999)} {self.rng.choice(['KB', 'MB', 'GB', 'GiB'])}"

    def container(self):
        return lambda: self.fake.bothify("???U#######", letters="ABCMST")

    def flight(self):
        return lambda: self.fake.bothify("??###", letters="ABCDEFGHKLMN")

    def stock(self):
        return lambda: self.fake.bothify("US##########")

    def place(self):
        return lambda: f"{self.rng.choice('ABCDEFGH')}{self.rng.randrange(1, 60):02}-{self.rng.randrange(1, 90):02}-{self.rng.randrange(1, 6)}"

    def pattern(self):
        return lambda: self.rng.choice([r"^\d{3}-\d{2}-\d{4}$", r"[A-Z]{2}\d{6}[A-D]", "yyyy-MM-dd", "###-##-####", "(\\+\\d{1,2})?\\d{10}"])

    def schema_word(self):
        return lambda: self.rng.choice(["firstName", "email", "ssn", "dateOfBirth", "phone", "patient", "required", "string", "Patient.name", "Date of birth", "E-mail address", "Last Name", "must not be blank", "invalid phone number"])


# Theme: container names, and (words, maker) of its fields.
THEMES = {
    "telemetry": (["metrics", "spans", "resource", "points"], [("trace id", "spans"), ("span id", "spans"), ("start time unix nano", "nanos"), ("end time unix nano", "nanos"), ("value", "gauge"), ("as int", "counter"), ("sum", "gauge"), ("bucket counts", "counter"), ("host name", "host"), ("service version", "version"), ("k8s pod name", "node"), ("os type", "word"), ("scope name", "package"), ("duration ms", "small"), ("net peer ip", "address"), ("process pid", "small"), ("device id", "hexes"), ("serial number", "number"), ("cpu", "share"), ("memory", "bytes_said"), ("battery", "share"), ("signal", "small"), ("reading", "gauge"), ("sampled at", "epoch")]),
    "orders": (["order", "lines", "cart", "shipment"], [("order number", "number"), ("order id", "card_like"), ("sku", "sku"), ("quantity", "small"), ("unit price", "price"), ("currency", "word"), ("total", "price"), ("tax", "price"), ("discount", "price"), ("tracking number", "parcel"), ("placed at", "instant"), ("status", "word"), ("warehouse", "town"), ("shelf", "place"), ("product name", "product"), ("name", "product"), ("gtin", "ean"), ("invoice number", "number"), ("carrier", "firm"), ("weight", "gauge"), ("coupon", "sku"), ("eta", "date"), ("pallet", "container"), ("customer id", "sequence"), ("phone support hours", "lasting"), ("payment reference", "number")]),
    "logs": (["entry", "events", "records", "fields"], [("message", "log_line"), ("msg", "log_line"), ("level", "word"), ("logger", "package"), ("thread", "slug"), ("ts", "epoch"), ("timestamp", "instant"), ("line", "small"), ("file", "file"), ("request id", "uuids"), ("remote address", "address"), ("user agent", "agent"), ("path", "file"), ("status code", "small"), ("bytes", "counter"), ("duration", "gauge"), ("host", "host"), ("stack", "log_line"), ("correlation id", "ulids"), ("build", "version"), ("sequence", "sequence"), ("session", "hexes"), ("text", "log_line"), ("note", "log_line")]),
    "packages": (["dist", "versions", "dependencies", "release"], [("name", "slug"), ("version", "version"), ("description", "sentence"), ("shasum", "hexes"), ("integrity", "integrity"), ("tarball", "link"), ("unpacked size", "counter"), ("file count", "small"), ("requires", "wanted"), ("published", "instant"), ("downloads", "counter"), ("homepage", "link"), ("main", "file"), ("git head", "hexes"), ("node version", "version"), ("dependency", "package"), ("license", "word"), ("keywords", "slug"), ("module", "package"), ("deprecated", "sentence"), ("signature", "blob"), ("score", "gauge")]),
    "builds": (["build", "job", "artifact", "pipeline"], [("number", "sequence"), ("build number", "build"), ("commit", "hexes"), ("branch", "slug"), ("started", "epoch"), ("finished", "instant"), ("artifact", "file"), ("size", "counter"), ("runner", "node"), ("schedule", "cron"), ("duration", "lasting"), ("result", "word"), ("checksum", "hexes"), ("coverage", "share"), ("id", "number"), ("url", "link"), ("log", "log_line"), ("release", "version"), ("queue", "slug"), ("attempt", "small")]),
    "catalogue": (["product", "items", "offer", "media"], [("isbn", "book"), ("ean", "ean"), ("title", "product"), ("name", "product"), ("label", "product"), ("brand", "firm"), ("price", "price"), ("color", "color"), ("stock", "small"), ("category", "slug"), ("image", "link"), ("icon", "image"), ("description", "sentence"), ("article number", "number"), ("model number", "build"), ("serial", "imei"), ("country of origin", "country"), ("rating", "gauge"), ("released", "date"), ("part number", "sku"), ("hs code", "number"), ("isin", "stock"), ("display name", "product"), ("summary", "sentence")]),
    "infrastructure": (["node", "spec", "metadata", "interface", "config"], [("uid", "uuids"), ("name", "node"), ("namespace", "slug"), ("resource version", "sequence"), ("creation timestamp", "instant"), ("pod ip", "address"), ("cidr", "network"), ("image", "link"), ("port", "small"), ("limit", "bytes_said"), ("certificate", "blob"), ("hash", "hexes"), ("kernel version", "version"), ("region", "word"), ("hostname", "host"), ("dns name", "host"), ("server address", "address"), ("etag", "hexes"), ("lease", "counter"), ("zone", "word"), ("uptime", "counter"), ("asset tag", "sku"), ("domain", "host"), ("retention", "lasting"), ("key id", "hexes")]),
    "schemas": (["schema", "properties", "validation", "form", "errors"], [("field", "schema_word"), ("label", "schema_word"), ("pattern", "pattern"), ("placeholder", "schema_word"), ("message", "schema_word"), ("max length", "small"), ("required", "flag"), ("type", "word"), ("format", "pattern"), ("title", "schema_word"), ("key", "schema_word"), ("hint", "sentence"), ("email verified", "flag"), ("phone required", "flag"), ("name", "schema_word"), ("password policy", "sentence"), ("address type", "word"), ("ssn required", "flag")]),
    "finance": (["quote", "ledger", "fund", "entry"], [("isin", "stock"), ("lei", "legal_entity"), ("price", "price"), ("volume", "counter"), ("account type", "word"), ("entry number", "sequence"), ("batch id", "number"), ("siren", None), ("market", "country"), ("company", "firm"), ("rate", "gauge"), ("settled", "date"), ("reference", "number"), ("journal", "slug"), ("flight", "flight"), ("container number", "container"), ("code", "sku")]),
    "clinical systems": (["concept", "coding", "device", "ward"], [("loinc", "loinc"), ("snomed", "snomed"), ("code", "diagnosis"), ("ndc", "drug"), ("value", "reading"), ("unit", "word"), ("display", "product"), ("device serial", "number"), ("firmware", "version"), ("bed", "place"), ("ward", "slug"), ("department", "job"), ("result count", "counter"), ("reported", "instant"), ("accession count", "small"), ("lot number", "sku"), ("status", "word"), ("facility", "firm"), ("test name", "product"), ("specimen", "slug"), ("calibrated", "date")]),
}


class Service:
    """One service: a tree of fields."""

    def __init__(self, made, number, theme):
        self.rng, self.made = made.rng, made
        self.host = f"{theme.replace(' ', '-')}{number}.benign.example"
        containers, fields = THEMES[theme]
        style = self.rng.choice(["camel", "camel", "snake", "snake", "pascal", "joined"])
        named = lambda words: exchanges.style_name(words, style)
        chosen = self.rng.sample(fields, self.rng.randrange(6, min(len(fields), 20) + 1))
        more = [self.rng.choice(things.KINDS) for _ in range(self.rng.randrange(4, 14))]
        self.tree = {}
        for words, maker in chosen:
            self._put(containers, named, words, self._column(maker, ()))
        for maker, arguments, names, _ in more:
            make = getattr(made, maker)(*arguments)
            self._put(containers, named, self.rng.choice(names or make.names), make)
        self.rows = self.rng.choice([0, 0, 3, 10])
        self.path = "/" + "/".join(["api", self.rng.choice(containers), self.rng.choice(["list", "search", "status", "export"])])

    def _column(self, maker, arguments):
        if maker == "number":
            arguments = (8, 9, 10, 11, 12, 13)
        return getattr(self.made, maker or "firm_number")(*arguments)

    def _put(self, containers, named, words, make):
        into = self.tree
        for _ in range(self.rng.choice([0, 0, 1, 1, 2])):
            below = into.setdefault(named(self.rng.choice(containers)), {})
            if not isinstance(below, dict):
                break
            into = below
        into.setdefault(named(words), make)

    def body(self):
        def value(node):
            return {name: value(sub) for name, sub in node.items()} if isinstance(node, dict) else node()

        rows = [value(self.tree) for _ in range(self.rows)]
        return json.dumps(rows if self.rows else value(self.tree), ensure_ascii=False).encode()


def play(capture, seed, megabytes, conformance):
    """Writes about `megabytes` of bodies: returns how many services they came from."""
    rng = random.Random(seed)
    made = Benign(rng, people.People(rng).faker())
    services, budget = 0, megabytes * 1_000_000
    for folder in sorted({path.parent for path in conformance}):
        connection = capture.connection()
        for path in sorted(p for p in conformance if p.parent == folder):
            kind, _, name = path.stem.partition("-")
            ask = (f"GET /fhir/{kind}/{name} HTTP/1.1", (("Host", "conformance.benign.example"), ("Accept", "application/fhir+json")), b"")
            connection.exchange(ask, ("HTTP/1.1 200 OK", (("Content-Type", "application/fhir+json"),), path.read_bytes()))
        connection.close()
    while capture.body_bytes < budget:
        service = Service(made, services, rng.choice(sorted(THEMES)))
        services += 1
        connection = capture.connection()
        for _ in range(rng.choice([1, 1, 3, 10, 30, 100])):
            ask = (f"GET {service.path} HTTP/1.1", (("Host", service.host), ("User-Agent", "collector/1.4")), b"")
            connection.exchange(ask, ("HTTP/1.1 200 OK", (("Content-Type", "application/json"),), service.body()))
        connection.close()
    return services
