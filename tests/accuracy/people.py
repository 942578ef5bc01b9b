"""Values of the classes that have no national number, made by Faker's locale providers, and the
names that APIs give their fields."""

import base64
import json

from faker import Faker

LOCALES = ["en_US", "en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "sv_SE", "pl_PL", "pt_BR", "en_CA"]


class People:
    """Faker by locale, under one seed."""

    def __init__(self, rng, held_out=False):
        self.rng, self.held_out = rng, held_out
        self._fakers = {}
        for locale in dict.fromkeys(LOCALES + LOCALES_HELD_OUT):
            self._fakers[locale] = Faker(locale, use_weighting=False)
            self._fakers[locale].seed_instance(rng.getrandbits(32))

    def locale(self):
        if self.held_out and self.rng.random() < 2 / 3:
            return self.rng.choice(LOCALES_HELD_OUT)
        return self.rng.choice(LOCALES)

    def name_of(self, maker, names):
        """How an API calls such a column."""
        if self.held_out and self.rng.random() < 2 / 3:
            return self.rng.choice(NAMES_HELD_OUT[maker])
        return self.rng.choice(names)

    def faker(self, locale="en_US"):
        return self._fakers[locale]

    # Each of these makes a column: called once for a field, what it returns once for a value.

    def given_name(self):
        fake = self.faker(self.locale())
        return fake.first_name

    def family_name(self):
        fake = self.faker(self.locale())
        return fake.last_name

    def full_name(self):
        fake = self.faker(self.locale())
        if self.rng.random() < 0.2:
            return lambda: f"{fake.last_name()}, {fake.first_name()}"
        return lambda: f"{fake.first_name()} {fake.last_name()}"

    def birth_date(self):
        fake, style = self.faker(), self.rng.choice(["%Y-%m-%d"] * 5 + ["%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%Y%m%d", "%d %b %Y", "%Y-%m-%dT00:00:00Z"])
        return lambda: fake.date_of_birth(minimum_age=0, maximum_age=99).strftime(style)

    def street(self):
        fake = self.faker(self.locale())
        return fake.street_address

    def line_of_address(self):
        fake = self.faker(self.locale())
        return lambda: fake.address().replace("\n", ", ")

    def postcode(self):
        fake = self.faker(self.rng.choice(["en_US", "en_US", "en_GB", "en_CA", "de_DE", "fr_FR"]))
        return fake.postcode

    def town(self):
        return self.faker(self.locale()).city

    def shown_name(self):
        fake = self.faker(self.locale())
        return lambda: f"{fake.first_name()} {fake.last_name()}"

    def email(self):
        fake = self.faker(self.locale())
        return self.rng.choice([fake.email, fake.safe_email, fake.company_email])

    def phone(self):
        fake = self.faker(self.locale())
        return fake.phone_number

    def phone_abroad(self):
        fake = self.faker()
        code, digits = self.rng.choice([("+1", "212-555-01##"), ("+44", "20 7946 0###"), ("+49", "30 9018 2####"), ("+33", "6 39 98 ## ##"), ("+46", "70 174 06 ##")])
        apart = self.rng.random() < 0.5
        return lambda: f"{code} {fake.numerify(digits)}" if apart else (code + fake.numerify(digits)).replace(" ", "").replace("-", "")

    def card(self):
        fake, apart = self.faker(), self.rng.random() < 0.3
        kind = self.rng.choice(["visa16", "mastercard", "amex", "discover"])
        def make():
            number = fake.credit_card_number(kind)
            return " ".join(number[at : at + 4] for at in range(0, 16, 4)) if apart and len(number) == 16 else number
        return make

    def iban(self):
        fake = self.faker(self.rng.choice(["de_DE", "fr_FR", "en_GB", "nl_NL", "it_IT", "es_ES", "pl_PL"]))
        return fake.iban

    def mac(self):
        fake = self.faker()
        return fake.mac_address

    def medical_record(self):
        fake, style = self.faker(), self.rng.choice(["########", "%######", "?#######", "##-##-##", "??######", "%#########"])
        return lambda: fake.bothify(style.replace("%", str(self.rng.randrange(1, 10))), letters="ABCDEFGHJKLMNPRSTUVWXYZ")

    def plan_member(self):
        fake, style = self.faker(), self.rng.choice(["#########", "?########", "???########", "##########-##"])
        return lambda: fake.bothify(style, letters="ABCDEFGHJKLMNPRSTUVWXYZ")

    def password(self):
        fake = self.faker()
        return lambda: fake.password(length=self.rng.randrange(8, 17))

    def jwt(self):
        fake = self.faker()
        def part(value):
            return base64.urlsafe_b64encode(value if isinstance(value, bytes) else json.dumps(value).encode()).rstrip(b"=").decode()
        return lambda: ".".join([part({"alg": "RS256", "typ": "JWT"}), part({"sub": fake.uuid4(), "iat": 1_700_000_000}), part(fake.binary(32))])

    def aws_key(self):
        return lambda: "AKIA" + "".join(self.rng.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", k=16))

    def private_key(self):
        fake = self.faker()
        kind = self.rng.choice(["RSA ", "EC ", ""])
        return lambda: f"-----BEGIN {kind}PRIVATE KEY-----\n{base64.b64encode(fake.binary(96)).decode()}\n-----END {kind}PRIVATE KEY-----\n"

    def npi(self):
        def make():
            body = str(self.rng.choice([1, 2])) + "".join(self.rng.choices("0123456789", k=8))
            # The check digit stands over the number with its prefix of issuer (CMS, 80840).
            return next(body + last for last in "0123456789" if luhn("80840" + body + last))
        return make

    def mbi(self):
        letters, digits = "ACDEFGHJKMNPQRTUVWXY", "0123456789"
        places = [digits[1:], letters, letters + digits, digits, letters, letters + digits, digits, letters, letters, digits, digits]
        apart = self.rng.random() < 0.5
        def make():
            value = "".join(self.rng.choice(place) for place in places)
            return f"{value[:4]}-{value[4:7]}-{value[7:]}" if apart else value
        return make

    def nino(self):
        apart = self.rng.random() < 0.3
        def make():
            value = self.rng.choice("ABCEHJKLMPRS") + self.rng.choice("ABCEHJKLMPR") + "".join(self.rng.choices("0123456789", k=6)) + self.rng.choice("ABCD")
            return f"{value[:2]} {value[2:4]} {value[4:6]} {value[6:8]} {value[8]}" if apart else value
        return make


def luhn(number):
    """ISO/IEC 7812-1 annex B."""
    total = 0
    for at, digit in enumerate(reversed(number)):
        digit = int(digit) * (1 + at % 2)
        total += digit - 9 * (digit > 9)
    return total % 10 == 0


# class, maker, names as words, whether values tell it without a name.
KINDS = [
    ("person.name", "given_name", ["first name", "given name", "middle name", "patient first name", "fname"], False),
    ("person.name", "family_name", ["last name", "family name", "surname", "maiden name", "member last name", "lname"], False),
    ("person.name", "full_name", ["full name", "patient name", "member name", "contact name", "next of kin", "emergency contact name", "physician name", "card holder name", "policy holder", "account holder", "recipient", "surgeon", "ordering provider"], False),
    ("person.birth_date", "birth_date", ["dob", "birth date", "date of birth", "patient dob", "birthday", "member birth date"], False),
    ("person.address", "street", ["street", "street address", "address line 1", "home address", "mailing address", "billing street"], False),
    ("person.address", "line_of_address", ["address", "home address", "patient address", "residential address", "shipping address"], False),
    ("person.address", "postcode", ["zip", "zip code", "postal code", "postcode", "patient zip"], False),
    ("contact.email", "email", ["email", "email address", "contact email", "work email", "guardian email"], True),
    ("contact.phone", "phone", ["phone", "phone number", "mobile", "home phone", "cell phone", "contact phone", "fax"], False),
    ("contact.phone", "phone_abroad", ["phone", "mobile number", "telephone", "tel", "whatsapp number"], True),
    ("financial.credit_card", "card", ["card number", "credit card", "cc number", "payment card number", "pan"], True),
    ("financial.iban", "iban", ["iban", "account iban", "refund iban", "bank account iban"], True),
    ("network.mac_address", "mac", ["mac address", "mac", "bssid", "device mac"], True),
    ("health.mrn", "medical_record", ["mrn", "medical record number", "patient mrn", "hospital number", "chart number"], False),
    ("health.plan_id", "plan_member", ["subscriber id", "member number", "health plan id", "insurance number", "medicaid id"], False),
    ("secret.password", "password", ["password", "new password", "passwd", "client secret"], False),
    ("secret.jwt", "jwt", ["id token", "access token", "jwt", "assertion"], True),
    ("secret.aws_access_key", "aws_key", ["aws access key id", "access key", "aws key"], True),
    ("secret.private_key", "private_key", ["private key", "signing key", "pem"], True),
    ("us.npi", "npi", ["npi", "provider npi", "rendering npi"], True),
    ("us.mbi", "mbi", ["mbi", "medicare number", "medicare beneficiary id"], True),
    ("gb.nino", "nino", ["nino", "national insurance number", "ni number"], True),
]

# What is known by what stands beside it: the columns of one object, each as above.
TOGETHER = [
    [("person.address", "street", ["street", "street address", "address line 1"], False), ("person.place", "town", ["city", "town", "municipality"], False), ("person.address", "postcode", ["zip", "postal code", "postcode"], False)],
    [("person.name", "shown_name", ["display name"], False), ("contact.email", "email", ["email", "mail", "email address"], True)],
]

# What no development seed had: other locales and other names for the same things. The published
# figures are made with these in two columns of three.
LOCALES_HELD_OUT = ["da_DK", "fi_FI", "no_NO", "cs_CZ", "de_AT", "fr_CH", "en_AU", "en_IE", "es_MX", "ro_RO", "hu_HU", "en_NZ"]
NAMES_HELD_OUT = {
    "given_name": ["forename", "legal first name", "given names", "subject first name", "preferred first name"],
    "family_name": ["subject last name", "sur name", "legal last name", "family name at birth"],
    "full_name": ["guardian name", "spouse name", "beneficiary name", "applicant full name", "referring physician name", "name of patient", "applicant", "claimant", "rendering provider", "student name", "signed by", "contact person"],
    "birth_date": ["born on", "birth dt", "subject dob", "date birth", "child date of birth"],
    "street": ["street name", "addr line 1", "residence street", "address street"],
    "line_of_address": ["postal address", "delivery address", "current address", "permanent address"],
    "town": ["suburb", "locality", "city name", "address city"],
    "shown_name": ["display name"],
    "postcode": ["post code", "billing zip", "zip plus 4", "address postcode"],
    "email": ["e mail", "primary email", "reply email", "mail address", "user email address"],
    "phone": ["tel no", "work phone", "daytime phone", "mobile phone number", "emergency phone", "contact number"],
    "phone_abroad": ["msisdn", "primary phone", "sms number", "callback number"],
    "card": ["card no", "debit card number", "card pan", "account card number"],
    "iban": ["payout iban", "creditor iban", "sepa account", "iban number"],
    "mac": ["hw address", "wifi mac", "ethernet mac", "hardware address"],
    "medical_record": ["medical record no", "hospital no", "mrn number", "unit record number"],
    "plan_member": ["member no", "insurance id", "policy holder id", "beneficiary number"],
    "password": ["pwd", "passphrase", "current password", "user password"],
    "jwt": ["bearer", "session token", "id jwt", "refresh"],
    "aws_key": ["aws key id", "s3 key", "access id"],
    "private_key": ["rsa key", "tls key", "ssh key"],
    "npi": ["national provider identifier", "billing npi", "attending npi"],
    "mbi": ["medicare id", "beneficiary mbi", "medicare beneficiary identifier"],
    "nino": ["nat insurance no", "employee nino", "ni no"],
}
