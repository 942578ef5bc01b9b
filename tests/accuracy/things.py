"""Columns of values that are about no person, many of which pass a check of a personal number now
and then: the hard negatives."""

import string
import uuid

from stdnum import isbn, lei, luhn, verhoeff
from stdnum.au import abn
from stdnum.br import cnpj
from stdnum.ca import sin
from stdnum.fr import siren
from stdnum.gb import nhs
from stdnum.nl import bsn
from stdnum.no import orgnr
from stdnum.pl import nip

HEX = "0123456789abcdef"
BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# What a number passes by chance, once one value of its column does.
CHECKS = [luhn.is_valid, nhs.is_valid, bsn.is_valid, sin.is_valid, verhoeff.is_valid]


class Things:
    """Makes columns under one seed; `fake` is a Faker."""

    def __init__(self, rng, fake):
        self.rng, self.fake = rng, fake

    def digits(self, count, first="123456789"):
        return self.rng.choice(first) + "".join(self.rng.choices(string.digits, k=count - 1))

    def unlucky(self, make):
        """A column whose first value passes a check by chance."""
        check, state = self.rng.choice(CHECKS), {"first": True}

        def value():
            if state.pop("first", None):
                return next((v for v in (make() for _ in range(400)) if check(str(v))), make())
            return make()

        return value

    def number(self, *lengths):
        count = self.rng.choice(lengths)
        return self.unlucky(lambda: self.digits(count))

    def card_like(self):
        first = self.rng.choice("456")
        return self.unlucky(lambda: self.digits(16, first))

    def sequence(self):
        state = {"at": int(self.digits(self.rng.choice([5, 7, 8, 9, 9, 10, 10, 11, 12])))}
        jump = self.rng.choice([1, 1, 3, 40])

        def value():
            state["at"] += self.rng.randrange(1, jump + 1)
            return state["at"]

        return value

    def epoch(self):
        scale = self.rng.choice([1, 1_000, 1_000, 1_000_000, 1_000_000_000])
        return lambda: (1_690_000_000 + self.rng.randrange(50_000_000)) * scale + self.rng.randrange(scale)

    def instant(self):
        return lambda: self.fake.date_time_between("-2y", "now").strftime("%Y-%m-%dT%H:%M:%SZ")

    def date(self):
        style = self.rng.choice(["%Y-%m-%d", "%Y-%m-%d", "%d/%m/%Y", "%Y%m%d", "%d %b %Y"])
        return lambda: self.fake.date_between("-9y", "+3y").strftime(style)

    def version(self):
        parts = self.rng.choice([2, 3, 3, 4])
        return lambda: ".".join(str(self.rng.randrange(40 * 10**at)) for at in range(parts))

    def build(self):
        return lambda: f"{self.digits(3)}-{self.digits(3)}-{self.digits(4)}"

    def hexes(self):
        count = self.rng.choice([8, 16, 24, 32, 40, 64])
        return lambda: "".join(self.rng.choices(HEX, k=count))

    def uuids(self):
        return lambda: str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    def ulids(self):
        return lambda: "01" + "".join(self.rng.choices(BASE32, k=24))

    def ean(self):
        return self.rng.choice([self.fake.ean13, self.fake.ean13, self.fake.ean8])

    def gtin(self):
        return lambda: "0" + self.fake.ean13()

    def book(self):
        return lambda: isbn.format(self.fake.isbn13().replace("-", "")) if self.rng.random() < 0.5 else self.fake.isbn13().replace("-", "")

    def imei(self):
        def value():
            body = "35" + self.digits(12)
            return body + luhn.calc_check_digit(body)
        return value

    def parcel(self):
        kind = self.rng.randrange(3)
        return lambda: ["1Z" + self.fake.bothify("?##?##########", letters=string.ascii_uppercase), self.digits(22), self.fake.bothify("??#########GB", letters="RLCEV")][kind]

    def sku(self):
        style = self.rng.choice(["??######?", "?#######", "########?", "??-####-##", "???#####", "###-###-###", "??########", "???########"])
        return lambda: self.fake.bothify(style, letters=string.ascii_uppercase)

    def price(self):
        return lambda: round(self.rng.random() * 500, 2)

    def small(self):
        top = self.rng.choice([9, 100, 5_000, 65_536])
        return lambda: self.rng.randrange(top)

    def degrees(self):
        return lambda: round(self.rng.random() * 180 - 90, 6)

    def flag(self):
        return lambda: self.rng.random() < 0.5

    def word(self):
        words = self.rng.choice([["active", "pending", "closed", "failed"], ["EUR", "USD", "GBP", "SEK"], ["eu-west-1", "us-east-2"], ["small", "medium", "large"], ["application/json", "text/html", "image/png"], ["en", "de", "fr", "en-GB"], ["GET", "POST"]])
        return lambda: self.rng.choice(words)

    def product(self):
        first = ["Ergonomic", "Rustic", "Sleek", "Classic", "Compact", "Blue", "Arctic", "Royal", "Smart", "Nordic"]
        second = ["Steel", "Wooden", "Cotton", "Granite", "Silk", "Copper", "Bamboo"]
        third = ["Kettle", "Chair", "Lamp", "Shirt", "Keyboard", "Bench", "Wallet", "Clock", "Bottle"]
        return lambda: " ".join(self.rng.choice(part) for part in (first, second, third))

    def firm(self):
        return self.fake.company

    def town(self):
        return self.fake.city

    def country(self):
        return self.fake.country

    def job(self):
        return self.fake.job

    def color(self):
        return self.rng.choice([self.fake.color_name, self.fake.hex_color])

    def file(self):
        return self.rng.choice([self.fake.file_name, self.fake.file_path])

    def host(self):
        return self.rng.choice([self.fake.hostname, self.fake.domain_name])

    def address(self):
        return self.rng.choice([self.fake.ipv4, self.fake.ipv6])

    def link(self):
        return self.rng.choice([self.fake.uri, self.fake.image_url])

    def agent(self):
        return self.fake.user_agent

    def slug(self):
        return self.fake.slug

    def sentence(self):
        return lambda: self.fake.sentence(nb_words=self.rng.randrange(4, 18))

    def package(self):
        return lambda: self.rng.choice([f"{self.fake.word()}-{self.fake.word()}@{self.rng.randrange(9)}.{self.rng.randrange(30)}.{self.rng.randrange(9)}", f"@{self.fake.word()}/{self.fake.word()}"])

    def image(self):
        return lambda: f"{self.fake.word()}@{self.rng.choice('23')}x.png"

    def diagnosis(self):
        return lambda: self.rng.choice("ABCDEFGHIJKLMNRSTZ") + self.digits(2, string.digits) + self.rng.choice(["", f".{self.rng.randrange(10)}"])

    def loinc(self):
        def value():
            body = self.digits(self.rng.choice([4, 5]))
            return f"{body}-{luhn.calc_check_digit(body)}"
        return value

    def snomed(self):
        def value():
            body = self.digits(self.rng.choice([6, 7])) + "00"
            return body + verhoeff.calc_check_digit(body)
        return value

    def drug(self):
        return lambda: f"{self.digits(5, string.digits)}-{self.digits(4, string.digits)}-{self.digits(2, string.digits)}"

    def blob(self):
        return lambda: "".join(self.rng.choices(string.ascii_letters + string.digits + "+/", k=88)) + "=="

    def clock(self):
        return lambda: "%02d:%02d:%02d" % (self.rng.randrange(24), self.rng.randrange(60), self.rng.randrange(60))

    def reading(self):
        return lambda: self.rng.choice(["{}/{}".format(self.rng.randrange(90, 160), self.rng.randrange(50, 100)), str(self.rng.randrange(40, 140))])

    def firm_number(self):
        kind = self.rng.randrange(5)

        def value():
            return [
                lambda: siren_of(self.digits(8)),
                lambda: cnpj_of(self.digits(8) + "0001"),
                lambda: abn_of(self.digits(9)),
                lambda: self.until(orgnr.is_valid, 9, "89"),
                lambda: self.until(nip.is_valid, 10, "123456789"),
            ][kind]()

        value.names = [["siren"], ["cnpj"], ["abn", "business number"], ["orgnr", "organisation number"], ["nip", "tax number of firm"]][kind]
        return value

    def until(self, check, count, first):
        return next(v for v in (self.digits(count, first) for _ in range(10_000)) if check(v))

    def legal_entity(self):
        def value():
            body = "5493" + "00" + "".join(self.rng.choices(string.ascii_uppercase + string.digits, k=12))
            return body + lei.mod_97_10.calc_check_digits(body)
        return value


def siren_of(body):
    return body + luhn.calc_check_digit(body)


def cnpj_of(body):
    return body + cnpj.calc_check_digits(body)


def abn_of(body):
    return abn.calc_check_digits(body) + body


assert siren.is_valid(siren_of("73282932")) and cnpj.is_valid(cnpj_of("167279550001")) and abn.is_valid(abn_of("824753556"))

# maker, its names as words, whether it also stands under an opaque name.
KINDS = [
    ("number", (8, 9, 10, 11, 12, 13), ["order number", "order id", "page id", "ticket", "reference", "invoice number", "job id", "device id", "batch number"], True),
    ("card_like", (), ["order id", "tracking number", "transaction id", "session number"], False),
    ("sequence", (), ["id", "user id", "account id", "row id", "page id", "sequence number", "revision", "message id", "customer id", "patient id", "parent id"], True),
    ("epoch", (), ["timestamp", "created", "updated at", "ts", "last modified", "expires", "start", "end", "time", "last seen"], True),
    ("instant", (), ["created at", "updated at", "timestamp", "start time", "last login", "issued", "expires at"], True),
    ("date", (), ["date", "due date", "created", "order date", "expiry", "valid until", "appointment date", "admitted", "release date", "hired"], True),
    ("version", (), ["version", "app version", "firmware", "api version", "schema version"], True),
    ("build", (), ["build", "part number", "model number", "release"], False),
    ("hexes", (), ["hash", "etag", "commit", "trace id", "checksum", "key", "digest", "span id"], True),
    ("uuids", (), ["id", "uuid", "request id", "correlation id", "tenant"], True),
    ("ulids", (), ["id", "event id", "message id"], True),
    ("ean", (), ["ean", "barcode", "gtin"], True),
    ("gtin", (), ["gtin", "barcode"], False),
    ("book", (), ["isbn", "book"], True),
    ("imei", (), ["imei", "serial number"], True),
    ("parcel", (), ["tracking number", "parcel", "consignment"], True),
    ("sku", (), ["sku", "article", "product code", "item code", "part", "lot", "promo code", "bin location"], False),
    ("price", (), ["price", "amount", "total", "balance", "weight", "rate"], True),
    ("small", (), ["count", "quantity", "port", "size", "page", "level", "retries", "width", "line", "offset"], True),
    ("degrees", (), ["lat", "lon", "latitude", "longitude"], True),
    ("flag", (), ["active", "enabled", "email verified", "phone required", "deleted", "is default"], True),
    ("word", (), ["status", "currency", "region", "type", "state", "content type", "locale", "method", "phone type", "address type"], True),
    ("product", (), ["product name", "title", "label", "item", "display name", "category", "name"], True),
    ("firm", (), ["company", "organization", "company name", "vendor", "supplier", "employer", "publisher"], False),
    ("town", (), ["city", "town", "region", "warehouse", "origin"], False),
    ("country", (), ["country", "market", "origin country", "country name"], False),
    ("job", (), ["job title", "role", "department", "position"], False),
    ("color", (), ["color", "theme", "background"], True),
    ("file", (), ["file name", "path", "attachment", "filename"], True),
    ("host", (), ["host", "hostname", "server name", "domain"], True),
    ("address", (), ["ip", "ip address", "client ip", "server address", "remote address"], True),
    ("link", (), ["url", "href", "image", "callback url", "self"], True),
    ("agent", (), ["user agent", "client", "browser"], True),
    ("slug", (), ["slug", "key", "topic", "queue"], True),
    ("sentence", (), ["description", "message", "summary", "error", "help text", "reason"], True),
    ("package", (), ["package", "dependency", "module"], True),
    ("image", (), ["icon", "logo", "asset"], True),
    ("diagnosis", (), ["icd10", "diagnosis code", "code"], True),
    ("loinc", (), ["loinc", "test code", "code"], True),
    ("snomed", (), ["snomed", "concept id", "finding code"], True),
    ("drug", (), ["ndc", "drug code"], True),
    ("blob", (), ["signature", "payload", "thumbnail", "certificate"], True),
    ("clock", (), ["time", "opens", "start", "duration"], True),
    ("reading", (), ["value", "blood pressure", "pulse", "result"], True),
    ("firm_number", (), None, False),
    ("legal_entity", (), ["lei", "legal entity identifier"], True),
]
