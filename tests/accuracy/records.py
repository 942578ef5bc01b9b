"""What a record says of somebody beside numbers with a check: states of health, origins and beliefs, dates, places, pictures, devices,
accounts, secrets. Values come from Faker and from short lists of what code systems and vendors publish; names are those that APIs give.
"""

import base64
import string

from stdnum import ean

B62 = string.ascii_letters + string.digits
LOWER = string.ascii_lowercase + string.digits
HEX = "0123456789abcdef"

# Displays of public value sets: OMB's categories and those of the census of England and Wales, HL7 v3 ReligiousAffiliation, HL7 v3
# MaritalStatus, the WHO's model list of essential medicines, titles of ICD-10, laboratories' usual answers.
LISTS = {
    "ethnicity": ["White", "Asian Indian", "Black or African American", "Hispanic or Latino", "Pakistani", "White and Asian", "Native Hawaiian", "Japanese", "Irish", "Chinese"],
    "religion": ["Roman Catholic Church", "Judaism", "Sikh", "Buddhism", "Methodist", "Islam", "Hindu", "Agnostic", "Lutheran", "Baptist"],
    "marital": ["Married", "Divorced", "Never Married", "Widowed", "Legally Separated", "Domestic partner"],
    "belief": ["Green Party", "Unison", "Social Democrats", "Conservative", "Unite", "Liberal", "Labour"],
    "orientation": ["heterosexual", "bisexual", "gay", "lesbian", "asexual", "straight"],
    "diagnosis": ["Type 2 diabetes mellitus", "Essential hypertension", "Asthma, unspecified", "Major depressive disorder", "Acute appendicitis", "Chronic kidney disease, stage 3", "Migraine without aura", "Iron deficiency anaemia"],
    "medication": ["Amoxicillin 500 mg", "Metformin 850 mg", "Salbutamol inhaler", "Ibuprofen 400 mg", "Enalapril 5 mg", "Levothyroxine 50 micrograms", "Omeprazole 20 mg", "Warfarin"],
    "allergy": ["Penicillin", "Peanuts", "Latex", "Bee venom", "Sulfonamides", "Shellfish", "House dust mite"],
    "finding": ["positive", "negative", "reactive", "not detected", "A positive", "O negative", "within normal limits", "never smoker", "former smoker"],
    "genetic": ["BRCA1 pathogenic variant", "heterozygous", "HLA-B27 positive", "Factor V Leiden", "CYP2D6 poor metaboliser", "CFTR F508del"],
    "note": ["Presents with two days of fever and cough.", "No acute distress, lungs clear to auscultation.", "Mother had breast cancer at 48.", "Discharged home on oral antibiotics.", "Reports chest tightness on exertion, relieved by rest.", "Appendectomy in childhood, otherwise unremarkable."],
}


class Records:
    """Makes columns under one seed; `people` has the locales, `things` the codes."""

    def __init__(self, rng, people, things):
        self.rng, self.people, self.things = rng, people, things
        self.fake = people.faker()

    def __getattr__(self, name):
        if name not in LISTS:
            raise AttributeError(name)
        return lambda: lambda: self.rng.choice(LISTS[name])

    def text(self, alphabet, count):
        return "".join(self.rng.choices(alphabet, k=count))

    def digits(self, count):
        return self.rng.choice("123456789") + self.text(string.digits, count - 1)

    def account(self):
        count = self.rng.choice([8, 10, 12, 17])
        return lambda: self.digits(count)

    def serial(self):
        style = self.rng.choice(["???######?", "########", "??-#######", "?#########"])
        return lambda: self.fake.bothify(style, letters=string.ascii_uppercase)

    def plate(self):
        fake = self.people.faker(self.rng.choice(["en_US", "en_GB", "de_DE", "fr_FR", "nl_NL", "sv_SE", "pl_PL", "es_ES"]))
        return fake.license_plate

    def udi(self):
        def value():
            body = "0" + self.digits(12)
            return f"(01){body}{ean.calc_check_digit(body)}(17){self.rng.randrange(26, 34)}{self.rng.randrange(1, 13):02}{self.rng.randrange(1, 29):02}(10){self.text(string.ascii_uppercase + string.digits, 6)}(21){self.digits(8)}"
        return value

    def licence(self):
        style = self.rng.choice(["?#######", "#########", "?############", "??######"])
        return lambda: self.fake.bothify(style, letters=string.ascii_uppercase)

    def visit(self):
        style = self.rng.choice(["E########", "V#######", "##########", "CLM########", "######-####"])
        style = style.replace("-", "")
        return lambda: self.fake.numerify(style.replace("##", "%#", 1))

    def event_date(self):
        style = self.rng.choice(["%Y-%m-%d", "%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ", "%m/%d/%Y", "%d.%m.%Y"])
        return lambda: self.fake.date_time_between("-3y", "now").strftime(style)

    def death_date(self):
        style = self.rng.choice(["%Y-%m-%d", "%m/%d/%Y", "%Y%m%d"])
        return lambda: self.fake.date_between("-20y", "now").strftime(style)

    def old_age(self):
        return lambda: self.rng.randrange(90, 111)

    def birth_place(self):
        return self.people.faker(self.people.locale()).city

    def photo(self):
        # What a JPEG begins with, and what Faker makes of bytes.
        return lambda: base64.b64encode(bytes.fromhex("ffd8ffe000104a46494600010100") + self.fake.binary(120)).decode()

    def template(self):
        # What a record of minutiae begins with (ISO/IEC 19794-2), or a vector of numbers.
        head = self.rng.choice([b"FMR\x00 20\x00", b"FAC\x00010\x00", b"\x00\x00\x00\x80"])
        return lambda: base64.b64encode(head + self.fake.binary(90)).decode()

    def vital(self):
        return self.rng.choice([lambda: self.rng.randrange(45, 130), lambda: f"{self.rng.randrange(95, 170)}/{self.rng.randrange(55, 100)}", lambda: round(self.rng.uniform(35.5, 40.0), 1)])

    def code(self):
        kind = self.rng.choice(["diagnosis", "loinc", "snomed", "drug"])
        make = getattr(self.things, kind)()
        make.names = {"diagnosis": ["icd10 code", "diagnosis code", "icd code"], "loinc": ["loinc code", "loinc"], "snomed": ["snomed code", "snomed ct code"], "drug": ["ndc code", "ndc"]}[kind]
        return make

    def client_address(self):
        return self.rng.choice([self.fake.ipv4_public, self.fake.ipv6])

    def session(self):
        # As frameworks make them: Django, PHP, ASP.NET, Java, Rack.
        alphabet, count = self.rng.choice([(LOWER, 32), (LOWER, 26), (string.ascii_lowercase + "012345", 24), (HEX.upper(), 32), (HEX, 64)])
        return lambda: self.text(alphabet, count)

    def token(self):
        alphabet, count = self.rng.choice([(B62 + "-_", 22), (B62, 32), (HEX, 40), (B62 + "-_", 43), (B62, 64)])
        return lambda: self.text(alphabet, count)

    def vendor_key(self):
        # As the vendors describe them: GitHub, GitLab, Stripe, Slack, Google, SendGrid.
        return self.rng.choice([
            lambda: "ghp_" + self.text(B62, 36), lambda: "glpat-" + self.text(B62, 20), lambda: "sk_live_" + self.text(B62, 24),
            lambda: f"xoxb-{self.digits(12)}-{self.digits(12)}-{self.text(B62, 24)}", lambda: "AIza" + self.text(B62, 35), lambda: f"SG.{self.text(B62, 22)}.{self.text(B62, 43)}",
        ])

    def signed_url(self):
        # AWS Signature Version 4, an Azure shared access signature.
        def aws():
            return f"https://{self.fake.domain_word()}.s3.amazonaws.com/{self.fake.uri_path()}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=900&X-Amz-Signature={self.text(HEX, 64)}"
        def azure():
            signature = base64.b64encode(self.fake.binary(32)).decode().replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
            return f"https://{self.fake.domain_word()}.blob.core.windows.net/{self.fake.uri_path()}?sv=2022-11-02&sr=b&sp=r&sig={signature}"
        return self.rng.choice([aws, azure])


# class, maker, names as words, whether values tell it without a name. Names of health in words are the whole of what tells it.
KINDS = [
    ("financial.account_number", "account", ["bank account number", "account number", "acct number"], False),
    ("device.serial_number", "serial", ["implant serial number", "pacemaker serial", "patient device id"], False),
    ("device.udi", "udi", ["udi", "device udi", "carrier hrf"], True),
    ("vehicle.plate", "plate", ["license plate", "registration plate number", "number plate"], False),
    ("person.driving_licence", "licence", ["drivers license number", "driving licence number", "driver license"], False),
    ("health.visit_number", "visit", ["encounter number", "patient account number", "claim number", "inpatient visit number"], False),
    ("health.event_date", "event_date", ["admission date", "discharge date", "date of service", "surgery date", "vaccination date"], False),
    ("person.death_date", "death_date", ["date of death", "deceased date", "death date"], False),
    ("person.age", "old_age", ["patient age", "age at diagnosis", "age in years"], False),
    ("person.place", "birth_place", ["place of birth", "birth city", "birth place"], False),
    ("person.ethnicity", "ethnicity", ["ethnicity", "ethnic group", "race code", "ethnic origin"], False),
    ("person.religion", "religion", ["religion", "religious affiliation"], False),
    ("person.marital_status", "marital", ["marital status", "civil status"], False),
    ("person.belief", "belief", ["political affiliation", "trade union membership", "political party"], False),
    ("person.sexual_orientation", "orientation", ["sexual orientation", "sexual preference"], False),
    ("person.photo", "photo", ["patient photo", "selfie", "portrait", "profile picture"], False),
    ("person.biometric", "template", ["fingerprint template", "voiceprint", "face template", "biometric data"], False),
    ("health.genetic", "genetic", ["genotype", "genetic variant", "genetic marker"], False),
    ("health.diagnosis", "diagnosis", ["diagnosis", "chief complaint", "reason for visit", "presenting problem"], False),
    ("health.medication", "medication", ["medication", "current medications", "prescribed drug", "medication name"], False),
    ("health.allergy", "allergy", ["allergies", "known allergies", "drug allergy"], False),
    ("health.observation", "finding", ["hiv status", "blood type", "smoking status", "lab result", "covid test result"], False),
    ("health.free_text", "note", ["clinical notes", "family history", "history of present illness", "discharge summary"], False),
    ("health.vital_sign", "vital", ["heart rate", "blood pressure", "body temperature", "systolic bp"], False),
    ("health.clinical_code", "code", None, False),
    ("network.ip_address", "client_address", ["client ip address", "user ip", "last login ip"], False),
    ("secret.session", "session", ["session id", "phpsessid", "sessionid"], False),
    ("secret.token", "token", ["access token", "refresh token", "api key", "session token", "token"], False),
    ("secret.vendor_key", "vendor_key", ["github token", "key", "integration secret"], True),
    ("secret.signed_url", "signed_url", ["download url", "report link", "file url"], True),
]
