"""Personal numbers that python-stdnum accepts, under the names it gives them.

A template makes candidates at random and python-stdnum judges them, so that no rule of the detector
has a part in what is valid. `#` a digit, `^` a capital, `*` either; YY MM DD a date, CY a century's
two digits; `[abc]` one of these; all else stands for itself.
"""

import importlib
import re

# class, module of python-stdnum, templates, whether its values tell it without a name: a check that
# chance passes at most once in ten, or a format of its own.
NUMBERS = [
    ("us.ssn", "us.ssn", ["###-##-####"], True),
    ("us.itin", "us.itin", ["9##-[79]#-####"], False),
    ("gb.nhs_number", "gb.nhs", ["##########", "### ### ####"], True),
    ("nl.bsn", "nl.bsn", ["#########"], True),
    ("fr.nir", "fr.nir", ["[12]YYMM[0-8][1-9]########", "[12] YY MM [0-8][1-9] ### ### ##"], True),
    ("it.codice_fiscale", "it.codicefiscale", ["^^^^^^YY[ABCDEHLMPRST]DD[A-L]###^"], True),
    ("es.dni", "es.dni", ["########^"], True),
    ("es.nie", "es.nie", ["[XYZ]#######^"], True),
    ("de.steuerid", "de.idnr", ["[1-9]##########"], True),
    ("pl.pesel", "pl.pesel", ["YYMMDD#####"], True),
    ("fi.hetu", "fi.hetu", ["DDMMYY-###*", "DDMMYYA###*"], True),
    ("se.personnummer", "se.personnummer", ["YYMMDD-####", "CYYYMMDD-####"], True),
    ("no.fodselsnummer", "no.fodselsnummer", ["DDMMYY#####"], True),
    ("dk.cpr", "dk.cpr", ["DDMMYY-####"], True),
    ("br.cpf", "br.cpf", ["###.###.###-##", "###########"], True),
    ("ca.sin", "ca.sin", ["[1-7]## ### ###", "[1-7]########"], True),
    ("in.aadhaar", "in_.aadhaar", ["[2-9]### #### ####", "[2-9]###########"], True),
    ("in.pan", "in_.pan", ["^^^P^####^"], True),
    ("ro.cnp", "ro.cnp", ["[12]YYMMDD[0-4][1-9]####"], True),
    ("hr.oib", "hr.oib", ["###########"], True),
    ("cn.ric", "cn.ric", ["[1135]10101CYYYMMDD###*"], True),
    ("ee.ik", "ee.ik", ["[34]YYMMDD####"], True),
    ("lt.asmens_kodas", "lt.asmens", ["[34]YYMMDD####"], True),
    ("bg.egn", "bg.egn", ["YYMMDD####"], True),
    ("tr.tckimlik", "tr.tckimlik", ["[1-9]##########"], True),
    ("za.idnr", "za.idnr", ["YYMMDD####[01]8#"], True),
    ("be.nn", "be.nn", ["YYMMDD#####", "YY.MM.DD-###.##"], True),
    ("at.svnr", "at.vnr", ["[1-9]###DDMMYY"], True),
    ("ch.ahv", "ch.ssn", ["756.####.####.##", "756##########"], True),
    ("cz.rc", "cz.rc", ["YYMMDD/####"], True),
    ("gr.amka", "gr.amka", ["DDMMYY#####"], True),
    ("ie.pps", "ie.pps", ["#######^", "#######^A"], True),
    ("pt.nif", "pt.nif", ["[12]########"], True),
    ("cl.rut", "cl.rut", ["[12]#.###.###-*"], True),
    ("kr.rrn", "kr.rrn", ["YYMMDD-[12]######"], True),
    ("jp.my_number", "jp.in_", ["############"], True),
    ("au.tfn", "au.tfn", ["### ### ###"], True),
    ("nz.ird", "nz.ird", ["[3-9]#######", "1########"], False),
    ("il.idnr", "il.idnr", ["#########"], True),
    ("th.pin", "th.pin", ["[1-8]############", "[1-8]-####-#####-##-#"], True),
    ("pk.cnic", "pk.cnic", ["[1-7]####-#######-#"], True),
    ("ar.cuil", "ar.cuit", ["2[037]-########-#"], True),
    ("is.kennitala", "is_.kennitala", ["DDMMYY-####"], True),
    ("si.emso", "si.emso", ["DDMM9YY50####"], True),
    ("ua.rntrc", "ua.rntrc", ["[23]#########"], True),
    ("ru.inn", "ru.inn", ["############"], True),
    ("ec.ci", "ec.ci", ["[0-2]#########"], True),
    ("do.cedula", "do.cedula", ["###-#######-#"], True),
    ("my.nric", "my.nric", ["YYMMDD-0[1-9]-####"], True),
    ("gb.utr", "gb.utr", ["##########"], False),
    ("ar.dni", "ar.dni", ["########", "##.###.###"], False),
    ("at.abgabenkontonummer", "at.tin", ["#########", "##-###/####"], True),
    ("be.bis", "be.bis", ["YY[2-5]#DD#####"], True),
    ("be.eid", "be.eid", ["59##########", "###-#######-##"], True),
    ("bg.lnch", "bg.pnf", ["##########"], True),
    ("ca.bc_phn", "ca.bc_phn", ["9#########"], True),
    ("cr.cpf", "cr.cpf", ["[1-9]-0###-0###", "0[1-9]0###0###"], False),
    ("cr.dimex", "cr.cr", ["1###########"], False),
    ("cu.ni", "cu.ni", ["YYMMDD#####"], False),
    ("fi.veronumero", "fi.veronumero", ["############"], False),
    ("fr.nif", "fr.nif", ["[0-3]############"], True),
    ("gb.upn", "gb.upn", ["^[38][0-5]##########"], True),
    ("gr.afm", "gr.vat", ["#########"], False),
    ("id.nik", "id.nik", ["[3][1-6][07][1-9]0[1-9]DDMMYY####"], False),
    ("id.npwp", "id.npwp", ["##.###.###.#-###.###"], True),
    ("in.epic", "in_.epic", ["^^^#######"], True),
    ("in.vid", "in_.vid", ["[2-9]###############"], False),
    ("ke.pin", "ke.pin", ["A#########^"], False),
    ("lv.personas_kods", "lv.pvn", ["DDMMYY-[012]####"], True),
    ("mx.curp", "mx.curp", ["^[AEIOU]^^YYMMDD[HM][D]F[BCDFGHJKLM][BCDFGHJKLM][BCDFGHJKLM][0-9]#"], True),
    ("mx.rfc", "mx.rfc", ["^[AEIOU]^^YYMMDD**[0-9A]"], True),
    ("nl.document", "nl.identiteitskaartnummer", ["[A-NP-Z][A-NP-Z]" + "[0-9A-NP-Z]" * 6 + "#"], False),
    ("nl.onderwijsnummer", "nl.onderwijsnummer", ["10#######"], True),
    ("pe.dni", "pe.cui", ["########-#", "########-^"], False),
    ("pt.cc", "pt.cc", ["########[0-9]**#", "######## # **#"], True),
    ("sk.rc", "sk.rc", ["YYMMDD/####"], True),
    ("us.atin", "us.atin", ["9##-93-####"], False),
    ("us.ptin", "us.ptin", ["P########"], False),
    ("ve.rif", "ve.rif", ["V-########-#", "V#########"], True),
    ("vn.mst", "vn.mst", ["##########"], False),
    ("za.tin", "za.tin", ["[01239]#########"], False),
]

# What python-stdnum calls a module that covers more than persons, or by a word that many countries use: the number's own name, as its
# issuer writes it.
OWN_NAMES = {
    "at.tin": ["Abgabenkontonummer", "Abgabenkonto Nr"],
    "bg.pnf": ["LNCH", "ЛНЧ"],
    "cr.cpf": ["Cédula de Persona Física", "cedula persona fisica"],
    "cr.cr": ["Cédula de Residencia", "DIMEX"],
    "cu.ni": ["Número de identidad", "carné de identidad"],
    "fr.nif": ["numéro fiscal", "numero fiscal de reference"],
    "gr.vat": ["AFM", "ΑΦΜ"],
    "ke.pin": ["KRA PIN"],
    "lv.pvn": ["personas kods"],
    "pt.cc": ["Cartão de Cidadão", "numero cartao cidadao"],
    "za.tin": ["SARS tax number", "income tax reference number"],
}

# Names that say nothing by themselves.
VAGUE = {"IN", "CI", "NN", "ID number", "Identity Number", "Lithuanian", "PIN", "RIC No", "pin", "inn", "ric"}
# What python-stdnum calls the module where the number has no short name.
BY_KIND = {"ssn", "idnr", "pin"}

# One number under two names, or two numbers with one check: given together they are no error.
KIN = [
    {"cz.rc", "sk.rc"},
    {"ca.sin", "il.idnr"},
    {"es.dni", "es.nie"},
    {"ee.ik", "lt.asmens_kodas"},
    {"cl.rut", "nz.ird"},
    {"gb.nhs_number", "gb.hcn"},
    {"be.eid", "es.nuss"},
    # A claim number of Medicare is a social security number with a letter behind it.
    {"us.hicn", "us.ssn"},
]


def kin(label):
    """The classes that go with `label`, itself among them."""
    return next((group for group in KIN if label in group), {label})


def fill(template, rng):
    """A random value of a template."""
    year, month, day = rng.randrange(100), rng.randrange(1, 13), rng.randrange(1, 29)
    out = template.replace("CYYY", rng.choice(("19", "19", "20")) + "YY")
    out = out.replace("YY", f"{year:02}").replace("MM", f"{month:02}").replace("DD", f"{day:02}")

    def one(match):
        what = match.group(0)
        if what == "#":
            return rng.choice("0123456789")
        if what == "^":
            return rng.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        if what == "*":
            return rng.choice("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        inside = re.sub(r"(.)-(.)", lambda m: "".join(map(chr, range(ord(m[1]), ord(m[2]) + 1))), what[1:-1])
        return rng.choice(inside)

    # A letter of a month or of a template that stands for itself is left alone.
    return re.sub(r"\[[^]]+\]|[#^*]", one, out)


class Number:
    """A kind of personal number."""

    def __init__(self, label, module, templates, tells):
        self.label, self.templates, self.tells = label, templates, tells
        self._module = importlib.import_module("stdnum." + module)
        self.names = OWN_NAMES.get(module) or _names(module, self._module.__doc__)

    def make(self, rng, template):
        """A valid one."""
        for _ in range(200_000):
            value = fill(template, rng)
            if self._module.is_valid(value):
                return value
        raise AssertionError(f"no valid {self.label} of {template}")


def _names(module, doc):
    """What python-stdnum calls it: the module, the abbreviation, the words in brackets."""
    title = doc.strip().splitlines()[0]
    short = title.split(" (")[0].split(",")[0]
    own = module.split(".")[1].strip("_")
    names = {own} if len(own) > 2 and own not in BY_KIND else set()
    if re.fullmatch(r"[A-Za-z .]{2,24}", short):
        names.add(short.replace(".", ""))
    inside = title[len(short) :].lstrip(" (").split(",")[0].rstrip(").")
    if re.fullmatch(r"[^\W\d_][\w' -]{5,48}", inside) and len(inside.split()) <= 4:
        names.add(inside)
    return sorted(names - VAGUE)


def all_numbers():
    """Those that python-stdnum judges, and those that it has no module for."""
    import issuers

    return [Number(*row) for row in NUMBERS] + issuers.all_numbers()


if __name__ == "__main__":
    import random

    for number in all_numbers():
        rng = random.Random(1)
        print(number.label, number.names, [number.make(rng, t) for t in number.templates])
