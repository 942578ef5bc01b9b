//! python-stdnum's modules: which of our checks covers each, and where the two differ on purpose.

/// A module whose numbers identify natural persons, and the check that covers it.
pub struct Covered {
    /// Without `stdnum.`.
    pub module: &'static str,
    /// As rules name it.
    pub check: &'static str,
    /// What values are made of: see `tests/stdnum.rs`.
    pub template: &'static str,
    /// Differences that are meant.
    pub meant: &'static [Meant],
}

/// A difference that is meant.
pub enum Meant {
    /// We accept what python-stdnum refuses with this word where the value is such, and why.
    Wider(&'static str, fn(&str) -> bool, &'static str),
    /// We refuse what python-stdnum accepts where the value is such, and why.
    Narrower(fn(&str) -> bool, &'static str),
}

use Meant::{Narrower, Wider};

fn any(_: &str) -> bool {
    true
}

/// The number at two places.
fn two(value: &str, at: usize) -> u32 {
    value.get(at..at + 2).and_then(|two| two.parse().ok()).unwrap_or(100)
}

/// Whether a day and a month can be, months counting to `most`.
fn day_month(value: &str, most: u32) -> bool {
    (1..=31).contains(&two(value, 0)) && (1..=most).contains(&two(value, 2))
}

const fn same(module: &'static str, check: &'static str, template: &'static str) -> Covered {
    Covered { module, check, template, meant: &[] }
}

const fn but(
    module: &'static str,
    check: &'static str,
    template: &'static str,
    meant: &'static [Meant],
) -> Covered {
    Covered { module, check, template, meant }
}

/// Why an IBAN with another digit in the account's own check is still one.
const NATIONAL_DIGITS: &str = "the account's own check digit is no part of ISO 13616";

/// Why a hardware address with a separator less is one.
const MASKS_SAY: &str = "the masks of the rule say where separators stand, the check reads digits";

/// Every module that a check covers.
pub const COVERED: &[Covered] = &[
    but(
        "ar.cuit",
        "ar-cuil",
        "PP#{8}!",
        &[Narrower(|v| !matches!(&v[..2], "20" | "23" | "24" | "27"), "kinds of firms")],
    ),
    same("ar.dni", "ar-dni", "#{8}"),
    but(
        "at.tin",
        "at-abgabenkonto",
        "#{8}!",
        &[Wider("component", any, "the tax office is allocation")],
    ),
    but(
        "at.vnr",
        "at-svnr",
        "###!DDMMYY",
        &[Narrower(|v| !day_month(&v[4..8], 15), "no such date of birth")],
    ),
    but(
        "au.tfn",
        "au-tfn",
        "#{8}!",
        &[Narrower(|v| v.len() == 8, "eight digits are not given any more")],
    ),
    but(
        "be.bis",
        "be-bis",
        "YYNNDD###!!",
        &[
            Wider(
                "checksum",
                |v| (26..=45).contains(&two(v, 0)),
                "no clock: who is born in the next years",
            ),
            Narrower(|v| two(v, 4) > 28, "no such day of that month"),
        ],
    ),
    same("be.eid", "be-card", "#{10}!!"),
    but(
        "be.nn",
        "be-nn",
        "YYMMDD###!!",
        &[
            Wider(
                "checksum",
                |v| (26..=45).contains(&two(v, 0)),
                "no clock: who is born in the next years",
            ),
            Narrower(|v| two(v, 4) > 28, "no such day of that month"),
        ],
    ),
    but(
        "be.ssn",
        "be-nn",
        "YYMMDD###!!",
        &[
            Wider(
                "checksum",
                |v| (26..=45).contains(&two(v, 0)),
                "no clock: who is born in the next years",
            ),
            Narrower(|v| two(v, 4) > 28, "no such day of that month"),
            Narrower(|v| two(v, 2) >= 20, "be-bis covers these"),
        ],
    ),
    same("bg.egn", "bg-egn", "YYNNDD###!"),
    same("bg.pnf", "bg-lnch", "#{9}!"),
    same("br.cpf", "br-cpf", "#{9}!!"),
    same("ca.bc_phn", "ca-bc-phn", "9#{8}!"),
    but(
        "ca.sin",
        "ca-sin",
        "#{8}!",
        &[Wider("component", |v| v.starts_with('0'), "0 begins tax numbers of persons")],
    ),
    same("ch.ssn", "ch-ahv", "756#{9}!"),
    same("cl.rut", "cl-rut", "#{8}?"),
    but(
        "cn.ric",
        "cn-ric",
        "######CCYYMMDD###?",
        &[
            Wider("component", any, "the region is allocation"),
            Wider("error", any, "python-stdnum fails on its own table"),
        ],
    ),
    but(
        "cr.cpf",
        "cr-cpf",
        "0#{9}",
        &[Narrower(|v| v.trim_start_matches('0').len() < 9, "no province")],
    ),
    same("cr.cr", "cr-dimex", "1#{11}"),
    same("cu.ni", "cu-ni", "YYMMDD#{5}"),
    but(
        "cz.rc",
        "cz-rc",
        "YYNNDD###!",
        &[
            Narrower(|v| two(v, 2) % 50 > 12, "20 is added to the month since 2004 only"),
            Narrower(|v| v.ends_with('0'), "a remainder of ten is not issued since 1985"),
        ],
    ),
    same("de.idnr", "de-idnr", "#{10}!"),
    but(
        "dk.cpr",
        "dk-cpr",
        "DDMMYY####",
        &[Wider(
            "component",
            |v| v.as_bytes()[6] > b'3' && (26..58).contains(&two(v, 4)),
            "no clock: who is born in the next years",
        )],
    ),
    same("do.cedula", "do-cedula", "#{10}!"),
    but(
        "ean",
        "gtin-14",
        "#{13}!",
        &[Narrower(|v| v.len() != 14, "a GTIN of a device's label has fourteen digits")],
    ),
    same("ec.ci", "ec-ci", "#{9}!"),
    same("ee.ik", "ee-ik", "#YYMMDD###!"),
    same("es.dni", "es-dni", "#{8}?"),
    same("es.nie", "es-nie", "X#{7}?"),
    but(
        "fi.hetu",
        "fi-hetu",
        "DDMMYYS###?",
        &[
            Wider(
                "component",
                |v| v.as_bytes()[7] == b'9',
                "numbers for tests and temporary use are traffic too",
            ),
            Wider(
                "component",
                |v| (26..100).contains(&two(v, 4)) && ("A"..="F").contains(&&v[6..7]),
                "no clock: who is born in the next years",
            ),
        ],
    ),
    same("fi.veronumero", "fi-veronumero", "#{12}"),
    same("fr.nif", "fr-nif", "#{10}!!!"),
    but(
        "fr.nir",
        "fr-nir",
        "#YYMM#{8}!!",
        &[
            Narrower(|v| !matches!(v.as_bytes()[0], b'1'..=b'4' | b'7' | b'8'), "no such kind"),
            Narrower(|v| matches!(two(v, 3), 0 | 13..=19 | 43..=49), "no such month"),
        ],
    ),
    same("gb.nhs", "nhs", "#{9}!"),
    but("gb.upn", "gb-upn", "?#{12}", &[Wider("component", any, "the authority is allocation")]),
    same("gb.utr", "gb-utr", "!#{9}"),
    same("gr.amka", "gr-amka", "DDMMYY####!"),
    but("gr.vat", "gr-afm", "#{8}!", &[Narrower(|v| v.len() == 8, "a zero is missing")]),
    same("hr.oib", "hr-oib", "#{10}!"),
    but(
        "iban",
        "iban",
        "DE!!#{18}|GB!!^^^^#{14}|FR!!#{10}*{11}##|NL!!^^^^#{10}|IT!!^#{10}*{12}|PL!!#{24}|\
         CH!!#{5}*{12}|AT!!#{16}|SE!!#{20}|DK!!#{14}|MT!!^^^^#{5}*{18}|ES!!#{20}|BE!!#{12}|\
         NO!!#{11}",
        &[
            Wider("format", any, "where a bank writes letters is its own affair"),
            Wider("checksum", |v| matches!(&v[..2], "BE" | "ES" | "NO"), NATIONAL_DIGITS),
            Wider("component", |v| matches!(&v[..2], "BE" | "ES" | "NO"), NATIONAL_DIGITS),
        ],
    ),
    but(
        "id.nik",
        "id-nik",
        "######DDMMYY####",
        &[
            Wider("component", |v| !v.starts_with('0'), "the place is allocation"),
            Narrower(|v| two(v, 6) > 71, "no such day"),
        ],
    ),
    same("id.npwp", "id-npwp", "#{8}!#{6}"),
    same("ie.pps", "ie-pps", "#{7}?^"),
    but("il.idnr", "il-idnr", "#{8}!", &[Narrower(|v| v.len() < 9, "a zero is missing")]),
    same("in_.aadhaar", "in-aadhaar", "#{11}!"),
    same("in_.epic", "in-epic", "^^^#{6}!"),
    but(
        "in_.pan",
        "in-pan",
        "^^^^^####^",
        &[Narrower(|v| v.as_bytes()[3] != b'P', "other holders than persons")],
    ),
    same("in_.vid", "in-vid", "#{15}!"),
    but(
        "is_.kennitala",
        "is-kennitala",
        "DDMMYY##!#",
        &[Narrower(|v| two(v, 0) > 40, "organisations")],
    ),
    but(
        "it.codicefiscale",
        "it-codice-fiscale",
        "^{6}YYLDD^###?",
        &[Narrower(|v| two(v, 9) > 71, "no such day")],
    ),
    same("jp.in_", "jp-my-number", "#{11}!"),
    but("ke.pin", "ke-pin", "^#{9}^", &[Narrower(|v| v.starts_with('P'), "firms")]),
    but(
        "kr.rrn",
        "kr-rrn",
        "YYMMDD#{6}!",
        &[
            Wider("component", |v| two(v, 7) > 96, "the place is allocation"),
            Wider("component", |v| two(v, 0) > 25, "no clock: who is born in the next years"),
        ],
    ),
    same("lt.asmens", "lt-asmens", "#YYMMDD###!"),
    but(
        "luhn",
        "luhn",
        "#{15}!",
        &[Narrower(|v| v.bytes().all(|b| b == b'0'), "zeros alone are a filler")],
    ),
    but(
        "lv.pvn",
        "lv-personas-kods",
        "DDMMYY####!",
        &[
            Narrower(|v| v.as_bytes()[0] > b'3', "firms"),
            Narrower(|v| v.as_bytes()[6] > b'2', "no such century"),
        ],
    ),
    but(
        "mac",
        "mac",
        "hh:hh:hh:hh:hh:hh",
        &[
            Wider("component", any, "which firm has it is allocation"),
            Wider("format", |v| v.matches(':').count() != 5, MASKS_SAY),
            Wider("length", |v| v.matches(':').count() != 5, MASKS_SAY),
            Narrower(|v| v.len() < 17, "a zero is missing"),
            Narrower(
                |v| v.bytes().all(|b| b == b':' || v.starts_with(char::from(b))),
                "nobody or everybody",
            ),
        ],
    ),
    but(
        "mx.curp",
        "mx-curp",
        "^{4}YYMMDDH^^^^^#!",
        &[Wider("component", any, "state and words that are not used are allocation")],
    ),
    but(
        "mx.rfc",
        "mx-rfc",
        "^{4}YYMMDD**?",
        &[
            Wider("component", any, "words that are not used are allocation"),
            Narrower(|v| v.len() != 13, "firms, or without the last three"),
            Narrower(
                |v| !v.ends_with(|c: char| c.is_ascii_digit() || c == 'A'),
                "no check digit is such a letter",
            ),
        ],
    ),
    same("my.nric", "my-nric", "YYMMDD######"),
    but("nl.bsn", "nl-bsn", "#{8}!", &[Narrower(|v| v.len() < 9, "a zero is missing")]),
    same("nl.identiteitskaartnummer", "nl-document", "^^*{6}#"),
    same("nl.onderwijsnummer", "nl-onderwijsnummer", "10#{6}!"),
    but(
        "no.fodselsnummer",
        "no-fodselsnummer",
        "DDMMYY###!!",
        &[
            Wider(
                "component",
                |v| v.as_bytes()[6] >= b'5' && two(v, 4) > 25,
                "no clock: who is born in the next years",
            ),
            Wider("component", |v| two(v, 2) > 40, "synthetic persons are traffic too"),
        ],
    ),
    same("nz.ird", "nz-ird", "#{8}!"),
    but("pe.cui", "pe-cui", "#{8}?", &[Narrower(|v| v.len() == 8, "without its check character")]),
    same("pk.cnic", "pk-cnic", "#{13}"),
    same("pl.pesel", "pl-pesel", "YYNNDD####!"),
    but("pt.cc", "pt-cartao", "#{9}**!", &[Narrower(|v| v.len() != 12, "a digit is missing")]),
    but(
        "pt.nif",
        "pt-nif",
        "#{8}!",
        &[Narrower(|v| !v.starts_with(['1', '2', '3']) && !v.starts_with("45"), "firms")],
    ),
    but("ro.cnp", "ro-cnp", "#YYMMDD#{5}!", &[Wider("component", any, "the county is allocation")]),
    same("ru.inn", "ru-inn", "#{10}!!"),
    but(
        "se.personnummer",
        "se-personnummer",
        "YYMMDD###!",
        &[
            Wider("component", |v| two(v, 4) > 60, "coordination numbers"),
            Wider("component", |v| two(v, 0) > 25, "no clock: who is born in the next years"),
        ],
    ),
    same("si.emso", "si-emso", "DDMM###50###!"),
    but(
        "sk.rc",
        "cz-rc",
        "YYNNDD###!",
        &[
            Narrower(|v| two(v, 2) % 50 > 12, "20 is added to the month since 2004 only"),
            Narrower(|v| v.ends_with('0'), "a remainder of ten is not issued since 1985"),
        ],
    ),
    same("th.pin", "th-pin", "#{12}!"),
    but("th.tin", "th-pin", "#{12}!", &[Narrower(|v| v.starts_with('0'), "firms")]),
    same("tr.tckimlik", "tr-tckimlik", "#{9}!!"),
    same("ua.rntrc", "ua-rntrc", "#{9}!"),
    but(
        "us.atin",
        "us-atin",
        "9##93####",
        &[Narrower(|v| !v.starts_with('9') || &v[3..5] != "93", "python-stdnum knows no range")],
    ),
    but(
        "us.itin",
        "us-itin",
        "9########",
        &[Wider("component", |v| (50..=65).contains(&two(v, 3)), "issued since 2011")],
    ),
    same("us.ptin", "us-ptin", "P#{8}"),
    but(
        "us.ssn",
        "ssn",
        "#{9}",
        &[
            Wider(
                "component",
                |v| {
                    v.starts_with("98765432")
                        || matches!(v, "078051120" | "219099999" | "457555462")
                },
                "numbers for advertisements are named, not refused",
            ),
            Narrower(|v| v.bytes().all(|b| v.starts_with(char::from(b))), "a filler"),
        ],
    ),
    but(
        "us.rtn",
        "aba",
        "#{8}!",
        &[Narrower(
            |v| !matches!(two(v, 0), 1..=12 | 21..=32 | 61..=72 | 80),
            "the first two digits are of no range in use",
        )],
    ),
    but("ve.rif", "ve-rif", "V#{8}!", &[Narrower(|v| !v.starts_with(['V', 'E']), "firms")]),
    same("verhoeff", "verhoeff", "#{11}!"),
    same("vn.mst", "vn-mst", "#{9}!"),
    same("za.idnr", "za-idnr", "YYMMDD####0#!"),
    same("za.tin", "za-tin", "#{9}!"),
];

/// Checks that python-stdnum has no module for, by what they are held to in its place.
pub const WITHOUT_MODULE: &[(&str, &[&str])] = &[
    (
        "the issuer's own example or description, and values made from it apart from the check \
         (tests/accuracy/issuers.py)",
        &[
            "au-dva",
            "au-ihi",
            "au-medicare",
            "br-cns",
            "ca-on-ohip",
            "ca-qc-ramq",
            "de-lanr",
            "es-cip-sns",
            "eu-ehic",
            "gb-chi",
            "gb-driving-licence",
            "gb-hcn",
            "hu-taj",
            "ie-ihi",
            "in-abha",
            "npi",
            "nz-nhi",
            "pt-utente",
            "ru-snils",
            "sg-nric",
            "us-dea",
            "us-hicn",
        ],
    ),
    (
        "Faker's provider of the same number",
        &["card", "de-kvnr", "de-rvnr", "email", "es-nuss", "ip", "tw-id", "vin"],
    ),
    (
        "the tables of its standard or issuer",
        &[
            "e164",
            "mbi",
            "nino",
            "phone",
            "phone-east",
            "phone-north",
            "phone-plan",
            "phone-portuguese",
            "phone-south",
            "phone-us",
            "phone-west",
        ],
    ),
    (
        "published examples of clinical systems",
        &["icd-10", "loinc", "snomed-ct", "udi-gs1", "udi-hibc"],
    ),
    (
        "no number with a check digit: what a value looks like",
        &[
            "aws-access-key",
            "birth-date",
            "given-name",
            "jwt",
            "opaque",
            "person-name",
            "written-date",
        ],
    ),
];

/// Every other module, by why no check covers it.
pub const NOT_COVERED: &[(&str, &[&str])] = &[
    (
        "algorithms, not numbers",
        &[
            "damm",
            "iso11649",
            "iso7064.mod_11_10",
            "iso7064.mod_11_2",
            "iso7064.mod_37_2",
            "iso7064.mod_37_36",
            "iso7064.mod_97_10",
        ],
    ),
    (
        "firms and other organisations",
        &[
            "at.businessid",
            "at.uid",
            "au.abn",
            "au.acn",
            "az.voen",
            "be.vat",
            "bg.vat",
            "br.cnpj",
            "ca.bn",
            "ch.uid",
            "ch.vat",
            "cn.uscc",
            "cr.cpj",
            "cz.dic",
            "de.handelsregisternummer",
            "de.vat",
            "dk.cvr",
            "do.ncf",
            "do.rnc",
            "ec.ruc",
            "ee.kmkr",
            "ee.registrikood",
            "es.cif",
            "eu.excise",
            "eu.oss",
            "eu.vat",
            "fi.alv",
            "fi.associationid",
            "fi.ytunnus",
            "fr.accise",
            "fr.rcs",
            "fr.siren",
            "fr.siret",
            "fr.tva",
            "gb.vat",
            "hu.anum",
            "ie.vat",
            "il.hp",
            "in_.gstin",
            "is_.vsk",
            "it.iva",
            "jp.cn",
            "kr.brn",
            "lt.pvm",
            "lu.tva",
            "ma.ice",
            "mc.tva",
            "md.idno",
            "me.pib",
            "mk.edb",
            "mt.vat",
            "nl.btw",
            "no.mva",
            "no.orgnr",
            "pe.ruc",
            "pl.nip",
            "pl.regon",
            "py.ruc",
            "ro.cf",
            "ro.cui",
            "ro.onrc",
            "rs.pib",
            "ru.ogrn",
            "se.orgnr",
            "se.vat",
            "sg.uen",
            "si.maticna",
            "sk.dph",
            "sn.ninea",
            "th.moa",
            "tr.vkn",
            "tw.ubn",
            "ua.edrpou",
            "us.ein",
            "uy.rut",
            "vatin",
        ],
    ),
    (
        "payment: bank accounts and references (IBAN has a rule of its own)",
        &[
            "ar.cbu",
            "be.iban",
            "be.ogm_vcs",
            "bic",
            "bitcoin",
            "ch.esr",
            "cz.bankaccount",
            "es.ccc",
            "es.iban",
            "eu.at_02",
            "eu.banknote",
            "me.iban",
            "no.iban",
            "no.kontonr",
            "nz.bankaccount",
        ],
    ),
    (
        "goods, publications, securities, devices",
        &[
            "casrn",
            "cfi",
            "cusip",
            "de.wkn",
            "eu.ecnumber",
            "figi",
            "gb.sedol",
            "grid",
            "gs1_128",
            "imei",
            "imo",
            "isan",
            "isbn",
            "isil",
            "isin",
            "ismn",
            "isni",
            "iso6346",
            "isrc",
            "issn",
            "it.aic",
            "lei",
            "meid",
        ],
    ),
    (
        "places, buildings, schools, energy",
        &[
            "at.postleitzahl",
            "de.leitweg",
            "es.cae",
            "es.cups",
            "es.postal_code",
            "es.referenciacatastral",
            "eu.eic",
            "eu.nace",
            "nl.brin",
            "nl.postcode",
            "se.postnummer",
        ],
    ),
    ("a SIM card, not a person by itself", &["imsi"]),
    (
        "so little structure that only a name could tell: any few digits",
        &["dz.nif", "eg.tn", "fo.vn", "li.peid", "sm.coe"],
    ),
    (
        "not there yet: tax numbers of persons and firms alike in one form",
        &[
            "ad.nrt", "al.nipt", "by.unp", "co.nit", "cy.vat", "de.stnr", "es.nif", "gh.tin",
            "gn.nifp", "gt.nit", "mz.nuit", "si.ddv", "sv.nit", "tn.mf", "us.tin",
        ],
    ),
    (
        "not there yet: its check is not published by the issuer; under a name for it and beside a \
         person's name it is `person.identifier`",
        &["mu.nid"],
    ),
];
