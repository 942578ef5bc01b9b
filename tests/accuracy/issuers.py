"""Personal numbers that python-stdnum has no module for, made as their issuers describe them.

What Faker has a provider for comes from there. The rest is written from the issuer's own description, with the arithmetic of
python-stdnum where it has it (Luhn, Verhoeff, EAN, the NHS number), and each is held to a number that the issuer publishes as an
example: no code and no table of the detector has a part in it.
"""

import string

from faker import Faker
from stdnum import ean, luhn
from stdnum.gb import nhs

import national

LETTERS = string.ascii_uppercase


def digits(rng, count, first=string.digits):
    return rng.choice(first) + "".join(rng.choices(string.digits, k=count - 1))


def born(rng, form):
    return national.fill(form, rng)


def weighted(number, weights):
    return sum(int(digit) * weight for digit, weight in zip(number, weights))


# Germany: Kassenärztliche Bundesvereinigung, Arztnummern-Richtlinie, section 4: six digits times 4 and 9 in turn, what is missing to
# the next ten, the group of the doctor.
def lanr(rng, body=None):
    body = body or digits(rng, 6)
    return body + str(-weighted(body, [4, 9] * 3) % 10) + (f"{rng.randrange(1, 70):02}" if rng else "01")


# Australia: Services Australia, Medicare card number: weights 1 3 7 9 twice, the remainder by ten, an issue number.
def medicare(rng, body=None):
    body = body or digits(rng, 8, "23456")
    return body + str(weighted(body, [1, 3, 7, 9] * 2) % 10) + (rng.choice("123456789") if rng else "1")


# Australia: AS 5017 and the Healthcare Identifiers Service: 800360 and a Luhn digit.
def au_ihi(rng, body=None):
    body = body or "800360" + digits(rng, 9)
    return body + luhn.calc_check_digit(body)


# Australia: Department of Veterans' Affairs, METeOR 339127: state, war code, number; eight characters.
def dva(rng):
    state, war = rng.choice("NVQWST"), rng.choice(["X", "P", "SS", "KM", "SMM"])
    return state + war + digits(rng, 7 - len(war), "123456789")


# New Zealand: HISO 10046 National Health Index: letters without I and O as 1 to 24, weights 7 to 2, 11 less the remainder; the newer
# form ends in two letters, the last of them 24 less the remainder by 24.
NHI = "ABCDEFGHJKLMNPQRSTUVWXYZ"


def nhi_sum(body):
    return sum((NHI.index(c) + 1 if c in NHI else int(c)) * weight for c, weight in zip(body, range(7, 1, -1)))


def nhi(rng):
    while True:
        head = "".join(rng.choices(NHI, k=3))
        if rng.random() < 0.6:
            body = head + digits(rng, 3)
            rest = nhi_sum(body) % 11
            if rest:
                return body + str((11 - rest) % 10)
        else:
            body = head + digits(rng, 2) + rng.choice(NHI)
            return body + NHI[24 - nhi_sum(body) % 24 - 1]


# Scotland: Public Health Scotland: date of birth, two digits, one that tells the sex, the check digit of an NHS number.
def chi(rng):
    return until(nhs.is_valid, lambda: born(rng, "DDMMYY") + digits(rng, 4))


# Northern Ireland: NHS Data Dictionary: 320 000 0001 to 399 999 9999, the check digit of an NHS number.
def hcn(rng):
    return until(nhs.is_valid, lambda: "3" + rng.choice("23456789") + digits(rng, 8))


# Great Britain: DVLA driver number: five letters of the surname, decade, month and day and year of birth, initials, three more.
def driver(rng, fake):
    name = "".join(c for c in fake.last_name().upper() if c in LETTERS).ljust(5, "9")[:5]
    month = rng.randrange(1, 13) + rng.choice([0, 50])
    initials = rng.choice(LETTERS) + rng.choice(LETTERS + "9" * 6)
    return name + f"{rng.randrange(3, 10)}{month:02}{rng.randrange(1, 29):02}{rng.randrange(10)}" + initials + "9" + "".join(rng.choices(LETTERS, k=2))


# Ontario: Ministry of Health, Health Card Validation Reference Manual: ten digits by Luhn, a version of two letters.
def ohip(rng):
    body = digits(rng, 9, "123456789")
    body += luhn.calc_check_digit(body)
    return f"{body[:4]}-{body[4:7]}-{body[7:]}-{''.join(rng.choices(LETTERS, k=2))}"


# Québec: Régie de l'assurance maladie: three letters of the surname, one of the given name, year, month (50 more for women), day.
def ramq(rng):
    month = rng.randrange(1, 13) + rng.choice([0, 50])
    tail = f"{rng.randrange(100):02}{month:02} {rng.randrange(1, 29):02}{digits(rng, 2)}"
    value = "".join(rng.choices(LETTERS, k=4)) + " " + tail
    return value if rng.random() < 0.5 else value.replace(" ", "")


# Brazil: DATASUS, Cartão Nacional de Saúde: fifteen digits, weights 15 to 1, divisible by 11.
def is_cns(number):
    return weighted(number, range(15, 0, -1)) % 11 == 0


def cns(rng):
    return until(is_cns, lambda: digits(rng, 15, "12789"))


# Ireland: HIQA, Individual Health Identifier: a GS1 service relation number of eighteen digits.
def ie_ihi(rng):
    body = "539" + digits(rng, 14)
    return body + ean.calc_check_digit(body)


# Hungary: TAJ number (Act LXXXIII of 1997): weights 3 and 7 in turn, the remainder by ten.
def taj(rng, body=None):
    body = body or digits(rng, 8)
    number = body + str(weighted(body, [3, 7] * 4) % 10)
    return f"{number[:3]} {number[3:6]} {number[6:]}" if rng and rng.random() < 0.5 else number


# India: National Health Authority: fourteen digits in groups; no rule is published.
def abha(rng):
    value = digits(rng, 14, "123456789")
    return f"{value[:2]}-{value[2:6]}-{value[6:10]}-{value[10:]}"


# Nigeria: National Identity Management Commission: eleven digits that say nothing.
def nin(rng):
    return digits(rng, 11, "123456789")


# Singapore: Immigration and Checkpoints Authority: weights 2 7 6 5 4 3 2, 4 more for T and G, a letter by the remainder.
def nric(rng, body=None):
    body = body or rng.choice("STFG") + digits(rng, 7)
    rest = (weighted(body[1:], [2, 7, 6, 5, 4, 3, 2]) + (4 if body[0] in "TG" else 0)) % 11
    return body + ("JZIHGFEDCBA" if body[0] in "ST" else "XWUTRQPNMLK")[rest]


# Russia: Pension Fund, SNILS: weights 9 to 1, the remainder by 101.
def snils(rng, body=None):
    body = body or digits(rng, 9, "123456789")
    check = weighted(body, range(9, 0, -1)) % 101 % 100
    return f"{body[:3]}-{body[3:6]}-{body[6:]} {check:02}"


# United States: Drug Enforcement Administration: two letters, the odd places and twice the even ones.
def dea(rng, body=None):
    body = body or rng.choice("ABFGM") + rng.choice(LETTERS) + digits(rng, 6)
    number = [int(c) for c in body[2:]]
    return body + str((sum(number[::2]) + 2 * sum(number[1::2])) % 10)


# United States: CMS, health insurance claim number: a social security number and a beneficiary code.
def hicn(rng):
    code = rng.choice(["A", "B", "B1", "C1", "D", "M", "T", "W"])
    return f"{rng.randrange(1, 665):03}-{rng.randrange(1, 99):02}-{rng.randrange(1, 9999):04}-{code}"


# European Union: Decision S2, EN 1867: 80, the number of the country in ISO 3166-1, the issuer's own.
def ehic(rng):
    return "80" + rng.choice(["756", "276", "040", "250", "380", "724", "372", "616"]) + digits(rng, 15)


# Spain: Real Decreto 183/2004, CIP-SNS.
def cip(rng):
    return "BBBBBBBB" + "".join(rng.choices(LETTERS, k=2)) + digits(rng, 6)


# Portugal: Serviços Partilhados do Ministério da Saúde, número de utente: nine digits.
def utente(rng):
    return digits(rng, 9, "123456789")


def until(check, make):
    return next(value for value in (make() for _ in range(10_000)) if check(value))


# What the issuers publish as examples.
assert lanr(None, "123456") == "123456601"
assert medicare(None, "21234567") == "2123456701"
assert au_ihi(None, "800360816669050") == "8003608166690503"
assert 24 - nhi_sum("ZZZ00A") % 24 == NHI.index("X") + 1 and nhi_sum("ZZZ001") % 11 == 11 - 6
assert is_cns("700000000000005") and is_cns("898001160660761")
assert taj(None, "11111111") == "111111110"
assert nric(None, "S1234567") == "S1234567D"
assert snils(None, "112233445") == "112-233-445 95"
assert dea(None, "AB123456") == "AB1234563"

# class, maker, names, whether its values tell it without a name.
NUMBERS = [
    ("de.lanr", lanr, ["LANR", "Arztnummer", "lebenslange Arztnummer"], False),
    ("au.medicare", medicare, ["medicare card number", "medicare number"], True),
    ("au.ihi", au_ihi, ["IHI", "individual healthcare identifier", "ihi number"], True),
    ("au.dva", dva, ["dva file number", "dva number"], False),
    ("nz.nhi", nhi, ["NHI", "nhi number", "national health index number"], True),
    ("gb.chi", chi, ["CHI number", "community health index number", "chi"], True),
    ("gb.hcn", hcn, ["health and care number", "H&C number"], True),
    ("ca.on_hcn", ohip, ["ohip number", "OHIP", "ontario health card number"], True),
    ("ca.qc_ramq", ramq, ["RAMQ", "ramq number", "numéro d'assurance maladie"], True),
    ("br.cns", cns, ["CNS", "cartão nacional de saúde", "numero sus"], True),
    ("ie.ihi", ie_ihi, ["IHI", "individual health identifier"], True),
    ("hu.taj", taj, ["TAJ", "TAJ szám"], True),
    ("in.abha", abha, ["ABHA number", "abha id", "health id number"], False),
    ("ng.nin", nin, ["NIN", "national identification number"], False),
    ("sg.nric", nric, ["NRIC", "nric number", "FIN"], True),
    ("ru.snils", snils, ["SNILS", "СНИЛС"], True),
    ("us.dea", dea, ["DEA number", "prescriber dea", "dea registration number"], True),
    ("us.hicn", hicn, ["HICN", "health insurance claim number"], False),
    ("eu.ehic", ehic, ["EHIC number", "european health insurance card number"], True),
    ("es.cip_sns", cip, ["CIP SNS", "codigo de identificacion personal"], True),
    ("pt.nus", utente, ["número de utente", "numero utente sns"], False),
]
# class, locale and provider of Faker, names, whether its values tell it without a name.
BY_FAKER = [
    ("de.rvnr", "de_DE", "rvnr", ["Rentenversicherungsnummer", "RVNR", "Sozialversicherungsnummer"], True),
    ("es.nuss", "es_ES", "nuss", ["NUSS", "número de la seguridad social"], True),
    ("tw.id", "zh_TW", "ssn", ["身分證字號", "taiwan id"], True),
    ("us.passport", "en_US", "passport_number", ["us passport", "us passport number"], False),
    ("person.passport", "en_GB", "passport_number", ["passport number", "passport no", "numéro de passeport"], False),
    ("vehicle.vin", "en_US", "vin", ["VIN", "vehicle identification number"], True),
    ("financial.routing_number", "en_US", "aba", ["routing number", "aba routing number"], False),
]


class Issued:
    """A kind of number, as national.Number is one."""

    def __init__(self, label, make, names, tells):
        self.label, self.names, self.tells = label, names, tells
        self.templates, self._make = [None], make

    def make(self, rng, _template):
        return self._make(rng)


class Drivers(Issued):
    """Driver numbers of Great Britain, which hold part of a surname."""

    def __init__(self):
        fake = Faker("en_GB")
        super().__init__("gb.driving_licence", lambda rng: driver(rng, seeded(fake, rng)), ["DVLA driver number", "driver number"], True)


def seeded(fake, rng):
    fake.seed_instance(rng.getrandbits(32))
    return fake


def all_numbers():
    made = [Issued(*row) for row in NUMBERS] + [Drivers()]
    for label, locale, provider, names, tells in BY_FAKER:
        fake = Faker(locale)
        made.append(Issued(label, lambda rng, fake=fake, provider=provider: getattr(seeded(fake, rng), provider)(), names, tells))
    return made + [kvnr()]


def kvnr():
    """Faker's is the whole number of the card; its first ten characters are the insured's (GKV-Spitzenverband)."""
    fake = Faker("de_DE")
    names = ["KVNR", "Krankenversichertennummer", "Versichertennummer"]
    return Issued("de.kvnr", lambda rng: seeded(fake, rng).kvnr()[:10], names, True)


if __name__ == "__main__":
    import random

    for number in all_numbers():
        print(number.label, number.names, [number.make(random.Random(seed), None) for seed in range(3)])
