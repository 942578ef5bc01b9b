//! Values that hold nothing under names that say much, and values in the writing of other places.

use super::{assert_none, classes, detector, evidence_of, field, judge};
use crate::model::ValueKind;
use crate::rules::RulePack;

fn found(path: &str, value: &str) -> Vec<String> {
    let judged = judge(path, [value.to_owned()]);
    classes(&judged).into_iter().map(|(class, _)| class.to_owned()).collect()
}

#[test]
fn what_a_form_or_a_server_says_in_place_of_a_value_is_nobodys() {
    for (path, value) in [
        ("$.ssn", "000-00-0000"),
        ("$.ssn", "999-99-9999"),
        ("$.labels.password", "Passwort"),
        ("$.labels.password", "Mot de passe"),
        ("$.errors.password[*]", "Password is too short, try another one."),
        ("$.env.password", "{{ .Values.password }}"),
        ("$.env.password", "<your password>"),
        ("$.log.password", "[FILTERED]"),
        ("$.log.password", "••••••••"),
        ("$.flags.password", "enabled"),
        ("$.login_password_attempts", "3"),
        ("$.passwordChangedAt", "1700000000"),
        ("$.devDependencies['pbkdf2-password']", "1.2.1"),
        ("$.duplicate_mrn", "2"),
        ("$.mrn", "XXXXXX12"),
        ("$.ssn", "***-**-1234"),
        ("$.labels.lastName", "Last name"),
        ("$.errors.first_name[*]", "This field may not be blank."),
        ("$.patients.name", "Active Patients"),
        ("$.info.contact.name", "API Support"),
        ("$.lastName", "Unknown"),
    ] {
        assert_eq!(found(path, value), [""; 0], "{path} = {value}");
    }
}

#[test]
fn what_somebody_typed_is_still_found_beside_fillers() {
    for value in ["hunter2", "password", "correct-horse", "x9!kLm"] {
        assert_eq!(found("$.password", value), ["secret.password"], "{value}");
    }
    let judged = judge("$.lastName", ["Roe", "N/A", "unknown", "Okafor"].map(str::to_owned));
    assert_eq!(classes(&judged), [("person.name", 2)]);
}

#[test]
fn an_honorific_in_few_of_many_titles_names_nobody() {
    let titles = |persons: usize, all: usize| {
        let name = ["Dr. Ada Lovelace", "Mr. Alan Turing", "Mrs. Grace Hopper", "Dr. Jane Roe"];
        let person = move |at: usize| format!("{} {at} Returns", name[at % 4]);
        let other = (persons..all).map(|at| format!("the story of unit {at}"));
        (0..persons).map(person).chain(other).collect::<Vec<_>>()
    };
    for (persons, all) in [(5, 3200), (7, 5210), (1, 5), (2, 40)] {
        assert_none("$[*].title", titles(persons, all));
        let mut turned = titles(persons, all);
        turned.reverse();
        assert_none("$[*].title", turned);
    }
    for (path, persons, all) in [("$[*].title", 8, 40), ("$.x", 1, 1), ("$[*].note", 1, 40)] {
        let judged = judge(path, titles(persons, all));
        assert_eq!(classes(&judged), [("person.name", u64::try_from(persons).unwrap())], "{path}");
    }
}

#[test]
fn sums_in_scripts_are_no_telephones() {
    for text in ["d.setTime(d.getTime()+63072000000);", "at[0]+15778800000,", "1+99999999999"] {
        assert_none("$.script", [text.to_owned()]);
    }
    assert_eq!(found("$.x", "call +442079460958 now"), ["contact.phone"]);
}

#[test]
fn names_of_fields_in_other_languages_are_known() {
    for (path, value, class) in [
        ("$.nachname", "Müller", "person.name"),
        ("$.prenom", "François", "person.name"),
        ("$.apellido1", "García", "person.name"),
        ("$.cognome", "Rossi", "person.name"),
        ("$.sobrenome", "Silva", "person.name"),
        ("$.achternaam", "de Vries", "person.name"),
        ("$.nazwisko", "Wiśniewski", "person.name"),
        ("$.efternamn", "Öberg", "person.name"),
        ("$.sukunimi", "Virtanen", "person.name"),
        ("$['姓名']", "王小明", "person.name"),
        ("$.nok", "John Roe", "person.name"),
        ("$.geburtsdatum", "31.01.1970", "person.birth_date"),
        ("$.date_naissance", "31/01/1970", "person.birth_date"),
        ("$.data_di_nascita", "31/01/1970", "person.birth_date"),
        ("$.geboortedatum", "31-01-1970", "person.birth_date"),
        ("$.fødselsdato", "31.01.1970", "person.birth_date"),
        ("$['生年月日']", "1970年1月31日", "person.birth_date"),
        ("$.pt_dob", "01311970", "person.birth_date"),
        ("$.BirthDt", "31JAN1970", "person.birth_date"),
        ("$.deceasedDate", "2020-01-31", "person.death_date"),
        ("$.anschrift", "Lindenstr. 12, 80331 München", "person.address"),
        ("$.indirizzo", "Via Roma 12", "person.address"),
        ("$.address", "東京都千代田区千代田1-1", "person.address"),
        ("$.HospNo", "H123456", "health.mrn"),
        ("$.medrec_no", "00123456", "health.mrn"),
        ("$.work_ph", "212.555.0187", "contact.phone"),
        ("$.dx", "E11.9", "health.clinical_code"),
        ("$.telefono", "612345678", "contact.phone"),
        ("$.telefon", "20 12 34 56", "contact.phone"),
        ("$.celular", "11912345678", "contact.phone"),
        ("$.gsm", "0471234567", "contact.phone"),
        ("$['телефон']", "89161234567", "contact.phone"),
        ("$.phone", "34612345678", "contact.phone"),
        ("$.phone.home", "512-555-0132", "contact.phone"),
    ] {
        assert_eq!(found(path, value), [class], "{path} = {value}");
    }
}

#[test]
fn numbers_are_found_however_they_are_set() {
    for (path, value, class) in [
        ("$.ssn", "536\u{2013}22\u{2013}1234", "us.ssn"),
        ("$.ssn", "５３６-２２-１２３４", "us.ssn"),
        ("$.ssn", "536221234.0", "us.ssn"),
        ("$.nhs", "943\u{a0}476\u{202f}5919", "gb.nhs_number"),
        ("$.phone", "212\u{2011}555\u{2011}0187", "contact.phone"),
        ("$.phone", "０３-１２３４-５６７８", "contact.phone"),
    ] {
        assert_eq!(found(path, value), [class], "{path} = {value}");
    }
    assert_none("$.temperature", ["37.0".to_owned(), "120000.0".to_owned()]);
}

#[test]
fn names_inside_a_text_are_split_as_names_of_fields_are() {
    let nhs = [
        "http://x.example/p?nhs_number=9434765919",
        "http://x.example/p?nhsNumber=9434765919",
        "http://x.example/p?NHSNo=9434765919",
        "NHS_NUMBER=9434765919",
        "nhsNumber: 9434765919",
        "level=info msg=lookup nhs_number=9434765919 ok",
        "SELECT * FROM p WHERE nhs_number = 9434765919",
        "nhs_no='9434765919'",
    ];
    for text in nhs {
        assert_eq!(found("$.v", text), ["gb.nhs_number"], "{text}");
    }
    for text in ["ssn_number=536101234", "patient_ssn=536-10-1234", "patientSsn: 536101234"] {
        assert_eq!(found("$.v", text), ["us.ssn"], "{text}");
    }
    // One word in German, though a capital stands in it.
    assert_eq!(found("$.v", "IdNr: 86095742719"), ["de.steuerid"]);
    for text in [
        "http://x.example/p?order_number=9434765919",
        "http://x.example/p?functionName=9434765919",
        "assn_number=536101234",
        "classNumber=536101234",
        "passNumber=536101234",
    ] {
        assert_eq!(found("$.v", text), [""; 0], "{text}");
    }
}

#[test]
fn authorities_and_firms_keep_their_names_in_certificates() {
    for name in [
        "DigiCert Global G2 TLS RSA SHA256 2020 CA1",
        "DigiCert, Inc.",
        "Amazon",
        "Amazon RSA 2048 M02",
        "Amazon Web Services, Inc.",
        "(c) 2006 VeriSign, Inc. - For authorized use only",
        "GTS CA 1C3",
        "Microsoft Azure RSA TLS Issuing CA 03",
        "D-TRUST SSL Class 3 CA 1 2009",
        "Klinikum Nord Issuing CA 1",
        "Mayo Clinic Issuing CA 2",
        "Northside Root CA 2021",
        "GoDaddy.com, Inc.",
        "Let's Encrypt",
        "GeoTrust TLS RSA CA G1",
        "Apple Public EV Server RSA CA 2 - G1",
    ] {
        assert!(detector().keeps_organisation(name.as_bytes()), "{name}");
    }
    for name in [
        "Roe, Jane",
        "jane.roe@clinic.example",
        "NHS 943 476 5919",
        "536-22-8745",
        "RSSMRA85M01H501Q",
        "MRN00123456",
        "Dr. Jane Roe",
        "AKIAIOSFODNN7ABCDEFG",
    ] {
        assert!(!detector().keeps_organisation(name.as_bytes()), "{name}");
    }
}

/// Any eight or nine digits are a number of some country: one of them says too little under a name
/// of every language, several different ones say it.
#[test]
fn digits_of_some_plan_need_more_than_one_value_under_a_name_of_every_language() {
    let numbers = |of: &[&str]| of.iter().map(|number| (*number).to_owned()).collect::<Vec<_>>();
    assert_none("$.phone", numbers(&["91234567"]));
    let judged = judge("$.phone", numbers(&["91234567", "81234561", "67123450"]));
    assert!(matches!(classes(&judged)[..], [("contact.phone", _)]), "{:#?}", judged.reasons);
    for path in
        ["$.order", "$.nationalId", "$.reference", "$.count", "$.timestamp", "$.telefonModel"]
    {
        assert_none(path, numbers(&["91234567", "81234561", "67123450", "612345678", "501234567"]));
    }
}

#[test]
fn narrative_in_other_languages_says_who_and_when() {
    for (text, classes) in [
        (
            "Paciente: Sr. Juan García López, nacido el 14/03/1961",
            vec!["person.birth_date", "person.name"],
        ),
        (
            "Patiënt: mevrouw Sanne de Vries, geboren 14-03-1961",
            vec!["person.birth_date", "person.name"],
        ),
        (
            "Pacjentka: Pani Agnieszka Kowalska, ur. 14.03.1961",
            vec!["person.birth_date", "person.name"],
        ),
        (
            "患者：山田太郎 様、生年月日 1961年3月14日、電話 03-1234-5678",
            vec!["contact.phone", "person.birth_date", "person.name"],
        ),
        ("Versichertennr. A123456780", vec!["de.kvnr"]),
    ] {
        assert_eq!(found("$.note", text), classes, "{text}");
    }
}

#[test]
fn addresses_and_urls_in_text_are_believed_by_the_strict_profile_alone() {
    let strict = crate::detect::compile::build(&RulePack::builtin())
        .unwrap()
        .judging_by(crate::detect::Profile::Strict);
    let texts = |of: fn(u32) -> String| (0..40).map(of).collect::<Vec<_>>();
    let addresses = texts(|n| format!("I keep getting address 195.206.132.{n} blocked"));
    let sixes = texts(|n| format!("reached 6e40:4041:c617:e898:c11:40d2:c669:2e{n:02} twice"));
    let urls = texts(|n| format!("Just posted a photo https://www.page-{n}.example.org/"));
    for (class, texts) in
        [("network.ip_address", addresses), ("network.ip_address", sixes), ("person.url", urls)]
    {
        for path in ["$.text", "$.message", "$.k7"] {
            let mut evidence = evidence_of(ValueKind::String, texts.iter().cloned());
            let plain = detector().judge(&field(path, ""), &mut evidence);
            assert_eq!(classes(&plain), [], "{path}");
            let withheld = format!("withheld {class} (12 of 50 needed)");
            assert!(plain.reasons.iter().any(|r| r.starts_with(&withheld)), "{:?}", plain.reasons);
            let judged = strict.judge(&field(path, ""), &mut evidence);
            assert_eq!(classes(&judged), [(class, 40)], "{path}");
        }
    }
    // What is no address, a program's own link, and what is not in a sentence.
    for text in [
        "from 12:30:45 to 12:31:02 on all days",
        "fingerprint 50:06:01:60:3b:20:1a:2b of it",
        "https://fhir.example.org/StructureDefinition/v2-0074",
        "<a href=\"https://www.example.org/\">more</a> of it",
    ] {
        let mut evidence = evidence_of(ValueKind::String, [text.to_owned()]);
        let judged = strict.judge(&field("$.text", ""), &mut evidence);
        let said = classes(&judged);
        assert!(
            said.iter().all(|(c, _)| !matches!(*c, "network.ip_address" | "person.url")),
            "{text}"
        );
    }
    // Names of software and hosts are kept as they are.
    assert!(!detector().is_sensitive(b"fetched by (https://crawler.example.org) from 203.0.113.7"));
}
