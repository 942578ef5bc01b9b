//! Columns that are taken for something else, and columns that were missed: each as traffic had it.

use std::sync::Arc;

use crate::model::{Direction, Location, ValueKind};

use super::super::FieldRef;
use super::{assert_none, classes, detector, evidence_of, judge, judge_at, random};

pub(super) fn digits(seed: u64, count: usize, len: usize) -> Vec<String> {
    let limit = 10u64.pow(u32::try_from(len).unwrap());
    random(seed).take(count).map(|n| format!("{:0len$}", (n >> 8) % limit)).collect()
}

fn octets(seed: u64, count: usize) -> impl Iterator<Item = String> {
    random(seed).take(200).map(move |n| {
        let bytes = n.to_le_bytes().into_iter().cycle().take(count);
        let hex: Vec<String> =
            bytes.zip(0u8..).map(|(b, at)| format!("{:02X}", b ^ at.wrapping_mul(37))).collect();
        hex.join(":")
    })
}

#[test]
fn codes_of_products_are_no_insurance_numbers() {
    for name in ["$.sku", "$.productCode", "$.items[*].partNumber", "$.sku.value"] {
        for count in [1, 5, 24, 300] {
            assert_none(name, digits(21, count, 6).into_iter().map(|d| format!("AB{d}C")));
        }
    }
    let one_series = digits(22, 24, 6).into_iter().map(|d| format!("AB{d}A"));
    let judged = judge("$.x", one_series);
    assert_eq!(classes(&judged), [], "{:#?}", judged.reasons);
    assert!(judged.reasons.iter().any(|r| r.contains("begin alike")), "{:#?}", judged.reasons);
}

#[test]
fn insurance_numbers_without_a_name_are_still_found() {
    let pairs = ["AB", "CE", "HJ", "LM", "PR", "ST", "JX", "WK"];
    let values = digits(23, 24, 6).into_iter().zip(pairs.into_iter().cycle());
    let judged = judge("$.x", values.map(|(digits, pair)| format!("{pair}{digits}C")));
    assert_eq!(classes(&judged), [("gb.nino", 24)], "{:#?}", judged.reasons);
}

#[test]
fn fingerprints_and_world_wide_names_are_no_hardware_addresses() {
    for name in ["$.fingerprint", "$.thumbprint", "$.x", "$.wwn"] {
        assert_none(name, octets(24, 20));
        assert_none(name, octets(25, 8));
        assert_none(name, octets(26, 8).map(|text| text.replace(':', "-")));
        assert_none(name, octets(27, 20).map(|text| format!("SHA1 Fingerprint={text}")));
    }
    let judged = judge("$.x", octets(28, 6).map(|text| format!("eth0 {text} up")));
    assert_eq!(judged.verdicts[0].class.as_ref(), "network.mac_address", "{judged:#?}");
}

#[test]
fn remotes_and_logins_are_no_mail() {
    let each = |make: fn(u64) -> String| (0..100u64).map(make).collect::<Vec<_>>();
    assert_none("$.git", each(|n| format!("git@github.com:org/repo{n}.git")));
    assert_none("$.cmd", each(|n| format!("ssh deploy@web{n:02}.internal.example.com")));
    assert_none("$.cmd", each(|n| format!("scp -r a.txt deploy@web{n}.example.com:/var/www")));
    assert_none("$.url", each(|n| format!("https://ada@example.org/index{n}")));
    let judged = judge("$.url", each(|n| format!("https://ada:pw{n:03}@example.org/index")));
    assert_eq!(classes(&judged), [("secret.password", 100)], "{judged:#?}");
    assert_none("$.host", each(|n| format!("deploy@web{n:02}.internal.example.com")));
    assert_none("$.target", each(|n| format!("ada@db{n}.internal.example.com")));
    assert_none("$.host", ["root@db-1.example.com", "ubuntu@app.local"].map(str::to_owned));
    for mail in ["deploy@example.com", "ada@web01.example.com", "ada@mail.internal.example.com"] {
        let judged = judge("$.q", [mail.to_owned()]);
        assert_eq!(classes(&judged), [("contact.email", 1)], "{judged:#?}");
    }
    let judged = judge("$.note", each(|n| format!("write to ada{n}@example.org: she knows")));
    assert_eq!(judged.verdicts[0].class.as_ref(), "contact.email", "{judged:#?}");
}

#[test]
fn a_few_names_that_come_again_and_again_are_kinds_of_things() {
    let column = |distinct: u32| -> Vec<String> {
        // Letters, since what has digits is no name.
        let letter = |n: u32| char::from_u32(u32::from('a') + n % 26).unwrap();
        let name = |n: u32| format!("Ad{}{} Byron", letter(n / 26), letter(n));
        (0..500).map(|n| name(n % distinct)).collect()
    };
    let given = |path: &str, class: &str, distinct: u32| {
        let column = column(distinct);
        beside(path, &[class], &column.iter().map(String::as_str).collect::<Vec<_>>())
    };
    assert_eq!(given("$.name", "person.birth_date", 5), [""; 0]);
    assert_eq!(given("$.name", "person.birth_date", 250), ["person.name"]);
    assert_eq!(given("$.patientName", "person.birth_date", 5), ["person.name"]);
}

#[test]
fn goods_with_a_title_are_no_persons() {
    let goods = ["Mr. Coffee maker", "Dr. Pepper 12 pack", "Ms. Pacman", "Dr. Martens boots"];
    assert_none("$.text", goods.map(str::to_owned));
    for one in ["Mr. Big", "Dr. Mario is back", "Mr. Whippy van", "Dr. Lava, a game"] {
        assert_none("$.title", [one.to_owned()]);
    }
    assert_none("$.products[*].name", ["Mr. Wobble", "Dr. Lava", "Mrs. Grass"].map(str::to_owned));
}

#[test]
fn surnames_behind_an_honorific_need_a_column_or_a_name() {
    let texts = ["seen by Dr. Okafor", "Dr. Hale called", "Mrs Byron came", "ask Mr Roe today"];
    let judged = judge("$.x", texts.map(str::to_owned));
    assert_eq!(classes(&judged), [("person.name", 4)], "{judged:#?}");
    for name in ["$.doctor", "$.physician", "$.emergencyContact"] {
        let judged = judge(name, ["Dr. Okafor (ward 3)".to_owned()]);
        assert_eq!(classes(&judged), [("person.name", 1)], "{name}: {judged:#?}");
    }
}

#[test]
fn isbns_are_no_nhs_numbers() {
    assert_none("$.isbn", super::nhs_numbers(300));
    assert_none("$.books[*].isbn10", super::nhs_numbers(24));
}

#[test]
fn telemetry_and_shops_are_nothing() {
    let numbers = |n: u64| random(n).take(300);
    let pick = |n: u64, of: &[&str]| of[usize::try_from(n >> 9).unwrap() % of.len()].to_owned();
    assert_none("$.ean", digits(31, 300, 13));
    assert_none("$.gtin", digits(32, 300, 14));
    assert_none("$.tracking", numbers(33).map(|n| format!("1Z{:016X}", n)));
    assert_none("$.imei", digits(34, 300, 15));
    assert_none("$.offset", numbers(35).map(|n| format!("+{:02}:00", n % 14)));
    assert_none("$.delta", numbers(36).map(|n| format!("+{}", n % 100_000)));
    assert_none("$.release", numbers(37).map(|n| format!("20{:02}-{:02}", n % 30, n % 12 + 1)));
    assert_none("$.period", numbers(38).map(|n| format!("{:02}/20{:02}", n % 12 + 1, n % 30)));
    assert_none("$.due", numbers(39).map(|n| format!("{:02}-Feb-2024", n % 28 + 1)));
    assert_none("$.drive", numbers(40).map(|n| format!("{} GB Hard Drive", n % 900)));
    assert_none("$.name", numbers(41).map(|n| pick(n, &["Blue Kettle", "Steel Pan", "Tea Set"])));
    assert_none("$.departments[*].name", numbers(42).map(|n| pick(n, &["Renal Unit", "Ward Two"])));
    assert_none("$.etag", numbers(43).map(|n| format!("W/\"{n:x}\"")));
    assert_none("$.tz", ["Europe/London", "America/New_York", "UTC"].map(str::to_owned));
    assert_none(
        "$.semver",
        numbers(44).map(|n| format!("v{}.{}.{}-rc.{}", n % 9, n % 7, n % 5, n % 3)),
    );
    assert_none(
        "$.image",
        numbers(45).map(|n| format!("registry.example.org/app@sha256:{n:064x}")),
    );
}

#[test]
fn international_numbers_need_no_name() {
    let phones = digits(51, 24, 8).into_iter().map(|d| format!("+4479{d}"));
    let judged = judge("$.q", phones);
    assert_eq!(classes(&judged), [("contact.phone", 24)], "{:#?}", judged.reasons);
    assert!(judged.verdicts[0].confidence >= 90, "{judged:?}");
}

#[test]
fn a_column_of_streets_needs_no_name() {
    let kinds = ["Oak Street", "Mill Lane", "Station Road", "Park Avenue"].into_iter().cycle();
    let streets: Vec<String> =
        (0..24).zip(kinds).map(|(n, kind)| format!("{} {kind}", 10 + n * 7)).collect();
    let judged = judge("$.q", streets.clone());
    assert_eq!(classes(&judged), [("person.address", 24)], "{:#?}", judged.reasons);
    assert_none("$.q", streets.into_iter().take(1));
}

#[test]
fn dates_of_birth_are_found_however_they_are_written() {
    for (name, value) in [
        ("$.dob", "11-Feb-1970"),
        ("$.dateOfBirth", "February 11, 1970"),
        ("$.birth_date", "11/02/70"),
        ("$.birthdate", "1970-02"),
        ("$.born", "11. Februar 1970"),
        ("$.patient.dateOfBirth", "11 février 1970"),
    ] {
        let judged = judge(name, [value.to_owned()]);
        assert_eq!(classes(&judged), [("person.birth_date", 1)], "{name} {value}: {judged:#?}");
        assert_none("$.valid", [value.to_owned()]);
    }
}

/// Judges a name beside fields of these classes.
fn beside(path: &str, classes: &[&str], values: &[&str]) -> Vec<String> {
    let beside: Vec<Arc<str>> = classes.iter().map(|class| Arc::from(*class)).collect();
    let field = FieldRef {
        standard: "http",
        direction: Direction::ToClient,
        location: Location::Body,
        path,
        endpoint: "/x",
        beside: &beside,
        context: "",
    };
    let mut evidence = evidence_of(ValueKind::String, values.iter().map(|v| (*v).to_owned()));
    let judged = detector().judge(&field, &mut evidence);
    judged.verdicts.iter().map(|v| v.class.to_string()).collect()
}

#[test]
fn a_name_beside_what_only_a_person_has_is_a_persons() {
    let people = ["Ada Lovelace", "Alan Turing", "Grace Hopper"];
    let person = ["person.name".to_owned()];
    assert_eq!(beside("$[*].name", &["person.birth_date"], &people), person);
    assert_eq!(beside("$.patients[*].name", &["gb.nhs_number"], &people), person);
    assert_eq!(beside("$.legalName", &["us.ssn"], &people), person);
    assert_eq!(beside("$[*].name", &["health.mrn"], &["Lovelace, Ada", "Turing, Alan"]), person);
    assert_eq!(beside("$.displayName", &["health.mrn"], &["Lovelace, Ada"]), person);
    assert_eq!(beside("$.device.displayName", &["health.mrn"], &["Infusion Pump"]), [""; 0]);
    assert_eq!(beside("$.coding.displayName", &["health.mrn"], &["Heart Rate"]), [""; 0]);
    assert_eq!(beside("$.article.name", &["health.mrn"], &["Kettle, Blue"]), [""; 0]);
    assert_eq!(beside("$.family", &["gb.nhs_number"], &["Lovelace", "Turing"]), person);
    assert_eq!(beside("$.given", &["health.mrn"], &["Ada", "Alan"]), person);
    // Nothing only a person has, no full names, or the name of something else.
    assert_eq!(beside("$[*].name", &[], &people), [""; 0]);
    assert_eq!(beside("$[*].name", &["contact.email", "contact.phone"], &people), [""; 0]);
    assert_eq!(beside("$[*].name", &["person.birth_date"], &["amoxicillin", "ibuprofen"]), [""; 0]);
    assert_eq!(beside("$.wardName", &["health.mrn"], &["Renal Unit"]), [""; 0]);
    let drug = beside("$.medications[*].name", &["health.mrn"], &["Amoxil Forte"]);
    assert_eq!(drug, ["health.medication"]);
    assert_eq!(beside("$.family", &["health.mrn"], &["8f14e45f"]), [""; 0]);
}

#[test]
fn names_behind_a_comma_without_a_blank_are_names() {
    let person = ["person.name".to_owned()];
    let beside_them = ["health.mrn", "person.birth_date"];
    let families =
        ["OKONKWO", "ZWALUW", "ROE", "PETROV", "VAN DYKE", "KOWALSKA", "O'NEIL", "LARSEN"];
    let given = ["ADAEZE", "JAN", "JANE A", "IVAN", "EWA MARIA B"];
    let of = |at: usize| format!("{},{}", families[at % 8], given[at % 5]);
    let upper: Vec<String> = (0..40).map(of).collect();
    let upper: Vec<&str> = upper.iter().map(String::as_str).collect();
    let mixed = ["Okonkwo,Adaeze", "Roe,Jane A", "Müller,Anna"];
    for values in [upper.as_slice(), &mixed] {
        for path in ["$.patientName", "$.PATIENT_NAME", "$[*].name"] {
            assert_eq!(beside(path, &beside_them, values), person, "{path}");
        }
    }
    for path in ["$.PAT_NAME", "$.PatName", "$.pat_name", "$.PAT_FULL_NAME"] {
        assert_eq!(beside(path, &[], &upper), person, "{path}");
    }
    let lists = [["red,blue", "green,red"], ["A,B", "B,C"], ["GET,POST", "PUT,DELETE"]];
    for values in lists.iter().chain(&[["1,2", "3,4"], ["ONE,TWO,THREE", "A,B,C"]]) {
        assert_eq!(beside("$.methods", &beside_them, values), [""; 0], "{values:?}");
        assert_eq!(beside("$.colour", &[], values), [""; 0], "{values:?}");
    }
    for values in [["red,blue", "green,red"], ["A,B", "B,C"]] {
        assert_eq!(beside("$[*].name", &beside_them, &values), [""; 0], "{values:?}");
    }
}

#[test]
fn firms_where_persons_stand_as_well_are_told_by_given_names() {
    let own = |values: &[&str]| values.iter().map(|v| (*v).to_owned()).collect::<Vec<_>>();
    let firms = own(&["General Electric", "Northside Medical", "Blue Cross", "Acme Works"]);
    let mixed = own(&[
        "Northside Medical",
        "Blue Cross",
        "Morgan Stanley",
        "Acme Works",
        "St Marys",
        "First National",
        "Delta Works",
        "Oak Partners",
    ]);
    for name in
        ["$.customerName", "$.memberName", "$.subscriber_name", "$.policyHolder", "$.assignee"]
    {
        assert_none(name, firms.clone());
        assert_none(name, mixed.clone());
    }
    let found = |name: &str, values: &[&str]| {
        let judged = judge(name, own(values));
        let count = u64::try_from(values.len()).unwrap();
        assert_eq!(classes(&judged), [("person.name", count)], "{name}: {judged:#?}");
    };
    for name in ["$.customerName", "$.memberName", "$.subscriber_name", "$.policyHolder"] {
        found(name, &["Yasemin Aydın", "Mehmet Yılmaz", "Priya Nair", "Zwaluw, Jaap"]);
        found(name, &["Ada Lovelace"]);
        // Not listed.
        found(name, &["Quillon Vandersprocket"]);
    }
    // Of other scripts none are listed: they say nothing.
    for name in ["$.customerName", "$.policyHolder"] {
        found(
            name,
            &["Иван Петров", "Мария Иванова", "Олег Смирнов", "Анна Козлова", "Пётр Орлов"],
        );
        found(name, &["Γιώργος Παπαδόπουλος", "Μαρία Νικολάου", "Ελένη Γεωργίου", "Νίκος Παππάς"]);
    }
    found("$.customerName", &["ada lovelace", "grace hopper"]);
    found("$.customerName", &["Ada", "Grace"]);
    // Where nothing but persons stand, given names are not asked for.
    found(
        "$.patientName",
        &["Quillon Vandersprocket", "Zubble Oxenthrop", "Ymbert Frangle", "Oddo Plimsoll"],
    );
}

#[test]
fn names_that_may_mean_a_login_need_full_names() {
    for name in ["$.user.name", "$.emergencyContact", "$.author.name", "$.doctor"] {
        let judged = judge(name, ["Ada Lovelace".to_owned()]);
        assert_eq!(classes(&judged), [("person.name", 1)], "{name}: {judged:#?}");
        assert_none(name, ["alovelace".to_owned(), "grace_h".to_owned()]);
    }
    assert_none("$.userName", ["Ada Lovelace".to_owned()]);
    assert_none("$.displayName", ["Lovelace, Ada".to_owned()]);
}

#[test]
fn references_and_extensions_of_fhir_tell_whose_name_it_is() {
    for (context, value, class) in [
        ("Appointment.participant.actor.display|to-Patient", "Ada Lovelace", "person.name"),
        ("AuditEvent.agent.who.display|to-Practitioner", "Ada Lovelace", "person.name"),
        ("AuditEvent.agent.name", "Ada Lovelace", "person.name"),
        ("FamilyMemberHistory.name", "Ada Lovelace", "person.name"),
        ("Organization.contact.name.family", "Lovelace", "person.name"),
        ("Patient.extension.valueString|maiden-name", "Byron", "person.name"),
        ("Patient.extension.valueAddress.city|birth-place", "Leeds", "person.address"),
        ("Appointment.participant.actor.display", "Ada Lovelace", "person.name"),
        ("RelatedPerson.telecom.value", "02079460123", "contact.phone"),
        ("Patient.telecom.value", "ada@example.org", "contact.email"),
        ("Patient.text.div.p", "Ada, born in Leeds", "health.free_text"),
    ] {
        let judged = judge_at("$.x", context, [value.to_owned()]);
        let found = judged.verdicts.iter().find(|v| *v.class == *class);
        assert!(found.is_some_and(|v| v.confidence >= 60), "{context}: {judged:#?}");
    }
    for (context, value) in [
        ("Appointment.participant.actor.display|no-person", "Clinic Room"),
        ("Observation.subject.display|no-person", "Heart Monitor"),
        ("Appointment.participant.actor.display", "clinic-room-4"),
        ("Patient.telecom.value", "see website"),
        ("Organization.telecom.value", "02079460123"),
    ] {
        let judged = judge_at("$.x", context, [value.to_owned()]);
        assert_eq!(classes(&judged), [], "{context}: {judged:#?}");
    }
    let narrative = judge_at("/Patient/text/div/@xmlns", "Patient.text.div", ["x".to_owned()]);
    assert_eq!(classes(&narrative), []);
}

#[test]
fn a_place_for_any_identifier_keeps_no_number_out() {
    let judged = judge_at("$.x", "Patient.identifier.value", super::nhs_numbers(24));
    let found: Vec<&str> = judged.verdicts.iter().map(|v| v.class.as_ref()).collect();
    assert_eq!(found, ["gb.nhs_number", "person.identifier"], "{:#?}", judged.reasons);
}

#[test]
fn search_parameters_belong_to_the_type_that_is_searched() {
    let search = |path: &str, endpoint: &str, location| {
        let field = FieldRef {
            standard: "fhir-r4",
            direction: Direction::ToServer,
            location,
            path,
            endpoint,
            beside: &[],
            context: "",
        };
        let mut evidence = evidence_of(ValueKind::String, ["roe".to_owned()]);
        let judged = detector().judge(&field, &mut evidence);
        judged.verdicts.iter().map(|v| v.class.to_string()).collect::<Vec<_>>()
    };
    let person = ["person.name".to_owned()];
    assert_eq!(search("name", "/r4/Patient", Location::Query), person);
    assert_eq!(search("name:exact", "/r4/Patient", Location::Query), person);
    assert_eq!(search("name", "/r4/Patient/_search", Location::Body), person);
    assert_eq!(search("patient.name", "/r4/Observation", Location::Query), person);
    assert_eq!(search("subject:Patient.name", "/r4/Observation", Location::Query), person);
    assert_eq!(search("name", "/r4/Organization", Location::Query), [""; 0]);
    assert_eq!(search("name", "/r4/Patient/{id}/ValueSet", Location::Query), [""; 0]);
    assert_eq!(search("organization.name", "/r4/Patient", Location::Query), [""; 0]);
}

#[test]
fn random_numbers_of_any_length_are_no_national_numbers() {
    for len in 7..=18 {
        for (seed, count) in [(61, 1), (62, 3), (63, 10), (64, 100), (65, 1_000)] {
            for more in 0..4 {
                let seed = seed * 1_000 + more * 100 + u64::try_from(len).unwrap();
                assert_none("$.x", digits(seed, count, len));
                assert_none("$.items[*].ref", digits(seed + 50, count, len));
            }
        }
    }
    let dates = (0..2_000u64).map(|n| format!("20{:02}{:02}{:02}", n % 30, n % 12 + 1, n % 28 + 1));
    assert_none("$.at", dates.map(|date| format!("{date}{:04}", date.len() * 173)));
}

#[test]
fn numbers_of_articles_with_their_check_digits_are_no_national_numbers() {
    let gs1 = |len: usize| {
        digits(71, 300, len - 1).into_iter().map(|body| {
            let weighted = body.bytes().rev().zip([3u32, 1].into_iter().cycle());
            let sum: u32 = weighted.map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
            format!("{body}{}", (10 - sum % 10) % 10)
        })
    };
    for len in [8, 12, 13, 14, 18] {
        assert_none("$.code", gs1(len));
        assert_none("$.ean", gs1(len));
    }
}

/// Values of a mask that pass a check.
fn valid(check: &str, mask: &str, count: usize) -> Vec<String> {
    let mut numbers = random(81);
    let filled = std::iter::repeat_with(|| super::fill(mask, &mut numbers)).take(2_000_000);
    let passing = |v: &String| super::super::passes_check(check, v.as_bytes()) == Some(true);
    filled.filter(passing).take(count).collect()
}

#[test]
fn a_column_of_national_numbers_is_given_its_class_and_at_most_one_more() {
    let pack = crate::rules::RulePack::builtin();
    for rule in pack.rules().iter().filter(|rule| rule.country().is_some()) {
        let Some(check) = rule.check.as_deref() else { continue };
        // A check that most values pass, or that wants a name, says nothing of a nameless column.
        let weak = rule.chance.is_none_or(|chance| chance > 0.12);
        if weak || rule.needs_context || rule.bare_needs_context {
            continue;
        }
        let mask = rule.bare_masks.first().or(rule.masks.last()).unwrap();
        let judged = judge("$.k7", valid(check, mask, 40));
        let found: Vec<&str> = judged.verdicts.iter().map(|v| v.class.as_ref()).collect();
        assert!(found.len() <= 2, "{}: {:#?}", rule.id(), judged.reasons);
        assert!(found.contains(&rule.class.as_ref()), "{}: {:#?}", rule.id(), judged.reasons);
    }
}

#[test]
fn names_of_members_are_keys() {
    let keys = ["postid", "title", "description", "author", "permaLink", "dateCreated"];
    let path = "/methodResponse/params/param/value/array/data/value/struct/member/name";
    let many = || keys.iter().cycle().take(60).map(|key| (*key).to_owned());
    assert_eq!(classes(&judge(path, many())), []);
    let persons = ["Ada Quartermain", "Tim Brontë", "Siobhan Peeters", "Piet Vries"];
    let named = persons.iter().cycle().take(40).map(|name| (*name).to_owned());
    assert_eq!(classes(&judge("/team/member/name", named)), [("person.name", 40)]);
}

/// Ten digits in the groups of one plan or another fit some plan two times of three.
#[test]
fn numbers_in_groups_are_no_phones_by_themselves() {
    let grouped = |seed, apart: &str| {
        let part = |d: &str| format!("{}{apart}{}{apart}{}", &d[..3], &d[3..6], &d[6..]);
        digits(seed, 10, 10).iter().map(|d| part(d)).collect::<Vec<_>>()
    };
    for (seed, name) in (100..160).zip(["$.ref", "$.key", "$.customerCode", "$.entry"].repeat(15)) {
        for apart in [" ", "-", "."] {
            assert_none(name, grouped(seed, apart));
        }
    }
    let numbers = (0..40u32).map(|n| format!("312-55{}-01{:02}", n % 10, n));
    let judged = judge("$.reach", numbers.clone());
    assert_eq!(classes(&judged), [("contact.phone", 40)], "{:#?}", judged.reasons);
    let judged = judge("$.phone", numbers.take(1));
    assert_eq!(classes(&judged), [("contact.phone", 1)], "{:#?}", judged.reasons);
}

/// Luhn's digit is the world's for accounts: a column of it is of no country.
#[test]
fn account_numbers_with_a_check_digit_are_no_persons_numbers() {
    let luhn = |text: String| {
        let sum: u32 =
            text.chars().rev().zip([2, 1].into_iter().cycle()).fold(0, |sum, (c, by)| {
                let n = c.to_digit(10).unwrap() * by;
                sum + n / 10 + n % 10
            });
        format!("{text}{}", (10 - sum % 10) % 10)
    };
    for name in ["$.accountNumber", "$.meterNumber", "$.loyaltyId", "$.ocr", "$.bn", "$.companyId"]
    {
        for len in [8, 9] {
            let values = digits(31, 100, len).into_iter().map(luhn);
            let judged = judge(name, values);
            let national = |class: &&str| class.starts_with("ca.") || class.starts_with("il.");
            let found =
                classes(&judged).into_iter().map(|(class, _)| class).filter(national).count();
            assert_eq!(found, 0, "{name}: {:#?}", judged.verdicts);
        }
    }
}

#[test]
fn numbers_of_documents_are_no_ssn_however_they_are_written() {
    for name in ["$.ticketNo", "$.policyNumber", "$.caseNumber", "$.registration", "$.externalId"] {
        for (seed, count) in [(41, 1), (42, 3), (43, 10), (44, 100)] {
            let parts = |d: String| format!("{}-{}-{}", &d[..3], &d[3..5], &d[5..]);
            let judged = judge(name, digits(seed, count, 9).into_iter().map(parts));
            let ssn = classes(&judged).iter().any(|(class, _)| *class == "us.ssn");
            assert!(!ssn, "{name}, {count}: {:#?}", judged.verdicts);
        }
    }
    let judged = judge("$.customerSsn", ["536-22-1230".to_owned()]);
    assert_eq!(classes(&judged), [("us.ssn", 1)], "{:#?}", judged.reasons);
}

#[test]
fn ids_of_messages_and_calendars_are_no_mail() {
    let each = |make: fn(u64) -> String| (0..100u64).map(make).collect::<Vec<_>>();
    assert_none("$.internetMessageId", each(|n| format!("<CAF{n}x=abc{n}@mail.gmail.com>")));
    assert_none("$.messageId", each(|n| format!("0100019{n:03}-6c1d@email.amazonses.com")));
    assert_none("$.jid", each(|n| format!("316123456{n:02}@s.whatsapp.net")));
    assert_none("$.id", each(|n| format!("c_{n}abcdef@group.calendar.google.com")));
    assert_none("$.kex", each(|n| format!("curve25519-sha{n}@libssh.org")));
}
