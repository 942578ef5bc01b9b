"""The labelled texts of the corpus: does a text hold an e-mail address, a telephone number, a
payment card, an IBAN, a US SSN, an IP address, a URL, a date of birth?

The unit is the text, since phitap says which class a field carries and not where in a text it
stands. Each text is one value of a field of its own (`$.text` of a service), seen once. The pattern
recognisers of presidio-analyzer are asked the same question of the same texts.
"""

import gzip
import ipaddress
import json
import re

import phonenumbers
from stdnum import iban, luhn
from stdnum.us import ssn

# Type: the class of phitap (where it has one), the entity of Presidio (where it has one).
TYPES = {
    "e-mail": ("contact.email", "EMAIL_ADDRESS"),
    "phone": ("contact.phone", "PHONE_NUMBER"),
    "card": ("financial.credit_card", "CREDIT_CARD"),
    "IBAN": ("financial.iban", "IBAN_CODE"),
    "SSN": ("us.ssn", "US_SSN"),
    "date of birth": ("person.birth_date", None),
    "IP address": ("network.ip_address", "IP_ADDRESS"),
    "URL": ("person.url", "URL"),
}
# What says in so many words that a text holds one: where no label says so, the label is missing.
SAID = {
    "e-mail": r"[\w.+-]+@[\w-]+(\.[\w-]+)*\.[A-Za-z]{2,}",
    "phone": r"\b(phone|telephone|tel|mobile|cell|call|fax)\b[^.\n]{0,20}?\+?\(?\d[\d ().-]{6,}\d",
    "SSN": r"\b(SSN|social security( number)?)\b[^.\n]{0,12}?\d{3}-\d{2}-\d{4}",
    "date of birth": r"\b(born( on)?|DOB|date of birth|birth ?date|birthday)\b[^.\n]{0,12}?\d",
    "URL": r"https?://",
}
# What the data sets call them.
LABELS = {
    "EMAIL_ADDRESS": "e-mail", "EMAIL": "e-mail",
    "PHONE_NUMBER": "phone", "PHONE": "phone",
    "CREDIT_CARD": "card", "CREDIT_CARD_NUMBER": "card",
    "IBAN_CODE": "IBAN", "IBAN": "IBAN",
    "US_SSN": "SSN", "SSN": "SSN", "SOCIAL_SECURITY_NUMBER": "SSN",
    "DATE_OF_BIRTH": "date of birth",
    "IP_ADDRESS": "IP address",
    "DOMAIN_NAME": "URL", "URL": "URL",
}


def is_valid(kind, value):
    """Whether a judge that is neither program accepts it."""
    compact = re.sub(r"[^0-9A-Za-z]", "", value)
    if kind == "card":
        return 12 <= len(compact) <= 19 and luhn.is_valid(compact)
    if kind == "IBAN":
        return iban.is_valid(value.upper(), check_country=False)
    if kind == "SSN":
        return ssn.is_valid(value)
    if kind == "phone":
        try:
            return any(phonenumbers.is_valid_number(phonenumbers.parse(value, region)) for region in ("US", "GB", "DE", "FR"))
        except phonenumbers.NumberParseException:
            return False
    if kind == "IP address":
        try:
            return bool(ipaddress.ip_address(value))
        except ValueError:
            return False
    if kind == "e-mail":
        return re.fullmatch(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}", value) is not None
    return True


def read(corpus):
    """Every English text: (data set, text, {type: values})."""
    folder = corpus / "pii"
    for item in json.loads((folder / "presidio-research/data/synth_dataset_v2.json").read_text()):
        yield "presidio-research", item["full_text"], held((s["entity_type"], s["entity_value"]) for s in item["spans"])
    for item in json.loads((folder / "Nannigalaxy/dataset/pii_syn_nano_en.json").read_text()):
        yield "Nannigalaxy", item["text"], held((e["label"], e.get("entity") or "") for e in item["NER"])
    path = folder / "pii-anon-eval-data/src/pii_anon_datasets/splits/test_technology.jsonl.gz"
    with gzip.open(path, "rt") as lines:
        for item in map(json.loads, lines):
            if item["language"] == "en":
                yield "pii-anon-eval-data", item["text"], held((a["entity_type"], a["text"]) for a in item["annotations"])


def held(entities):
    out = {}
    for label, value in entities:
        if label in LABELS:
            out.setdefault(LABELS[label], []).append(value)
    return out


def exchange_all(texts, capture):
    """One exchange per text."""
    for number, (_, text, _) in enumerate(texts):
        connection = capture.connection()
        body = json.dumps({"text": text}, ensure_ascii=False).encode()
        host = ("Host", f"text{number}.texts.example")
        connection.exchange(("POST /v1/texts HTTP/1.1", (host, ("Content-Type", "application/json")), body), ("HTTP/1.1 204 No Content", (), b""))
        connection.close()


def said_by_phitap(rows, count):
    """Types by text."""
    kinds = {label: kind for kind, (label, _) in TYPES.items() if label}
    said = [set() for _ in range(count)]
    for row in rows:
        match = re.fullmatch(r"text(\d+)\.texts\.example", row["service"])
        if match and row["field"] == "$.text":
            said[int(match[1])] |= {kinds[e["class"]] for e in row["data_classes"] if e["class"] in kinds}
    return said


def said_by_presidio(texts, threshold):
    """The same by presidio-analyzer's predefined pattern recognisers for English with their context
    words. No language model: spaCy's blank English tokeniser, a token's lemma its lower case."""
    import spacy
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine
    from spacy.language import Language

    @Language.component("lower_case_lemmas")
    def lower_case_lemmas(doc):
        for token in doc:
            token.lemma_ = token.lower_
        return doc

    class Blank(SpacyNlpEngine):
        def __init__(self):
            super().__init__(models=[{"lang_code": "en", "model_name": "blank"}], ner_model_configuration=NerModelConfiguration())
            nlp = spacy.blank("en")
            nlp.add_pipe("lower_case_lemmas")
            self.nlp = {"en": nlp}

        def is_loaded(self):
            return True

        def load(self):
            pass

    engine = Blank()
    registry = RecognizerRegistry(supported_languages=["en"])
    registry.load_predefined_recognizers(languages=["en"], nlp_engine=engine)
    registry.remove_recognizer("SpacyRecognizer")
    analyzer = AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["en"])
    kinds = {entity: kind for kind, (_, entity) in TYPES.items() if entity}
    out = []
    for _, text, _ in texts:
        found = analyzer.analyze(text, language="en", entities=list(kinds), score_threshold=threshold)
        out.append({kinds[result.entity_type] for result in found})
    return out


def count(texts, said, kind):
    """(texts with a valid one, of these said; with invalid ones alone, of these said; without, of these said;
    without a label that say in so many words that they hold one, of these said)."""
    out = [0] * 8
    for (_, text, values), kinds in zip(texts, said):
        mine = values.get(kind)
        unlabelled = 6 if kind in SAID and re.search(SAID[kind], text, re.IGNORECASE) else 4
        at = unlabelled if not mine else 0 if any(is_valid(kind, value) for value in mine) else 2
        out[at] += 1
        out[at + 1] += kind in kinds
    return out
