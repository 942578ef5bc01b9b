//! Columns as traffic has them, judged as a whole.

mod corpus;
mod hl7v2;
mod lookalikes;
mod mistaken;
mod refusals;
mod values;
mod wrapped;

use proptest::prelude::*;

use crate::base::StableHasher;
use crate::model::{Direction, Evidence, Location, ValueKind};
use crate::rules::RulePack;

use super::{Detector, FieldRef, Judgement, Profile};

fn detector() -> &'static Detector {
    static DETECTOR: std::sync::OnceLock<Detector> = std::sync::OnceLock::new();
    DETECTOR.get_or_init(|| {
        // The examples have a test of their own, so that one wrong does not fail everything.
        super::compile::build(&RulePack::builtin()).unwrap_or_else(|e| panic!("failed to {e}"))
    })
}

fn evidence_of(kind: ValueKind, values: impl IntoIterator<Item = String>) -> Evidence {
    let hasher = StableHasher::new([7; 16]);
    let mut evidence = Evidence { exchanges: 1, ..Evidence::default() };
    for value in values {
        let seen = detector().inspect(kind, value.as_bytes());
        evidence.count(kind, seen.form, 1);
        if !seen.outcome.is_empty() {
            evidence.candidate(hasher.hash(value.as_bytes()), seen.outcome, 1);
        }
    }
    evidence
}

fn field<'a>(path: &'a str, context: &'a str) -> FieldRef<'a> {
    FieldRef {
        standard: if context.is_empty() { "http" } else { "fhir-r4" },
        direction: Direction::ToClient,
        location: Location::Body,
        path,
        endpoint: "",
        beside: &[],
        context,
    }
}

fn judge_at(path: &str, context: &str, values: impl IntoIterator<Item = String>) -> Judgement {
    detector().judge(&field(path, context), &mut evidence_of(ValueKind::String, values))
}

fn judge(path: &str, values: impl IntoIterator<Item = String>) -> Judgement {
    judge_at(path, "", values)
}

fn classes(judgement: &Judgement) -> Vec<(&str, u64)> {
    judgement.verdicts.iter().map(|v| (v.class.as_ref(), v.count)).collect()
}

/// Numbers that look random and are the same in every run (splitmix64).
fn random(seed: u64) -> impl Iterator<Item = u64> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}

fn nhs_numbers(count: usize) -> Vec<String> {
    let valid = random(3).filter_map(|n| {
        let digits = format!("{:09}", n % 1_000_000_000);
        let weights = (2..=10u64).rev();
        let sum: u64 = digits.bytes().zip(weights).map(|(d, w)| u64::from(d - b'0') * w).sum();
        let check = (11 - sum % 11) % 11;
        (check < 10).then(|| format!("{digits}{check}"))
    });
    valid.take(count).collect()
}

fn assert_none(path: &str, values: impl IntoIterator<Item = String>) {
    let judged = judge(path, values);
    assert_eq!(classes(&judged), [], "{path}: {:#?}", judged.reasons);
}

#[test]
fn every_built_in_rule_holds_its_examples() {
    let wrong = super::examples::wrong_examples(detector(), &RulePack::builtin());
    assert!(wrong.is_empty(), "{:#?}", wrong.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert!(Detector::compile(&RulePack::builtin()).is_ok());
    for rule in RulePack::builtin().rules() {
        // Of rules that speak by names and forms alone no value is counted.
        let Some(id) = detector().rule_id(rule.id()) else {
            let found = [&rule.masks, &rule.bare_masks].iter().any(|masks| !masks.is_empty());
            assert!(!rule.forms.is_empty() && rule.recogniser.is_none() && !found);
            continue;
        };
        assert_eq!(detector().rule_name(id), rule.id());
    }
}

#[test]
fn every_class_of_the_first_pack_has_a_rule() {
    let pack = RulePack::builtin();
    for class in [
        "contact.email",
        "contact.phone",
        "person.name",
        "person.birth_date",
        "person.address",
        "health.mrn",
        "us.ssn",
        "us.npi",
        "us.mbi",
        "gb.nhs_number",
        "gb.nino",
        "financial.credit_card",
        "financial.iban",
        "secret.jwt",
        "secret.aws_access_key",
        "secret.private_key",
        "network.mac_address",
    ] {
        assert!(pack.rules().iter().any(|r| *r.class == *class), "{class}");
    }
}

#[test]
fn stated_chances_are_those_of_random_values() {
    for rule in RulePack::builtin().rules() {
        let (Some(chance), Some(mask)) = (rule.chance, rule.masks.first()) else { continue };
        let mask = match rule.id() {
            // The chance is that of the commonest length.
            "financial-credit-card" => "#{16}",
            _ => mask,
        };
        let id = detector().rule_id(rule.id()).unwrap();
        let bare = detector().rule_id(&format!("{}.bare", rule.id()));
        let mut numbers = random(11);
        let (mut tried, mut passed) = (0u32, 0u32);
        for _ in 0..60_000 {
            let value = fill(mask, &mut numbers);
            let outcome = detector().inspect(ValueKind::String, value.as_bytes()).outcome;
            let on = |bits: crate::model::RuleBits| {
                bits.contains(id) || bare.is_some_and(|bare| bits.contains(bare))
            };
            tried += u32::from(on(outcome.tried));
            passed += u32::from(on(outcome.passed));
        }
        assert_eq!(tried, 60_000, "{}: {mask}", rule.id());
        let measured = f64::from(passed) / f64::from(tried);
        let near = (measured - chance).abs() < chance * 0.1 + 0.0002;
        assert!(near, "{}: stated {chance}, measured {measured}", rule.id());
    }
}

/// A random value of a mask.
fn fill(mask: &str, numbers: &mut impl Iterator<Item = u64>) -> String {
    let mut out = String::new();
    let mut chars = mask.chars();
    let mut last = ' ';
    let mut pick = |kind: char| {
        let n = numbers.next().unwrap() >> 20;
        let alphabet: &[u8] = match kind {
            '#' => b"0123456789",
            '^' => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
            '*' => b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
            _ => return kind,
        };
        char::from(alphabet[usize::try_from(n).unwrap() % alphabet.len()])
    };
    while let Some(c) = chars.next() {
        if c == '{' {
            let times: String = chars.by_ref().take_while(|c| *c != '}').collect();
            for _ in 1..times.parse::<usize>().unwrap() {
                out.push(pick(last));
            }
        } else {
            out.push(pick(c));
            last = c;
        }
    }
    out
}

#[test]
fn ten_thousand_unix_times_are_nothing() {
    let times = || (0..10_000u64).map(|n| 1_704_067_200 + n * 6_311);
    assert_none("$.t", times().map(|n| n.to_string()));
    assert_none("$.ts", times().map(|n| (n * 1000 + n % 997).to_string()));
    let field = FieldRef {
        standard: "http",
        direction: Direction::ToClient,
        location: Location::Body,
        path: "$.t",
        endpoint: "",
        beside: &[],
        context: "",
    };
    let mut numbers = evidence_of(ValueKind::Number, times().map(|n| n.to_string()));
    assert_eq!(detector().judge(&field, &mut numbers).verdicts, []);
}

#[test]
fn ten_thousand_page_ids_are_nothing() {
    assert_none(
        "$.pageId",
        random(1).take(10_000).map(|n| (4_010_000_000 + n % 900_000_000).to_string()),
    );
    assert_none("$.x", random(2).take(10_000).map(|n| format!("{:010}", n % 10_000_000_000)));
}

#[test]
fn twenty_four_nhs_numbers_under_a_meaningless_name_are_found() {
    let judged = judge("$.payload.f7", nhs_numbers(24));
    assert_eq!(classes(&judged), [("gb.nhs_number", 24)], "{:#?}", judged.reasons);
    assert!(judged.verdicts[0].confidence >= 75, "{judged:?}");
    assert!(
        judged
            .reasons
            .iter()
            .any(|r| r.contains("24 of 24 distinct values pass nhs (9.1 % by chance)")),
        "{:#?}",
        judged.reasons
    );
}

#[test]
fn one_number_that_passes_is_nothing_without_a_name() {
    assert_none("$.f7", nhs_numbers(1));
    let judged = judge("$.patients[*].nhs", nhs_numbers(1));
    assert_eq!(classes(&judged), [("gb.nhs_number", 1)]);
}

#[test]
fn repeating_one_value_adds_nothing() {
    assert_none("$.f7", std::iter::repeat_n(nhs_numbers(1).remove(0), 1000));
}

#[test]
fn a_chance_rate_is_withheld_and_said_so() {
    let judged = judge("$.x", random(5).take(2_000).map(|n| format!("{:010}", n % 10_000_000_000)));
    assert!(
        judged.reasons.iter().any(|r| r.starts_with("withheld gb.nhs_number")),
        "{:#?}",
        judged.reasons
    );
}

#[test]
fn order_numbers_are_no_cards() {
    assert_none(
        "$.decoys.order",
        random(6).take(5_000).map(|n| format!("{:016}", n % 10_000_000_000_000_000)),
    );
    assert_none(
        "$.n",
        random(7).take(5_000).map(|n| format!("4{:015}", n % 1_000_000_000_000_000)),
    );
}

#[test]
fn a_column_of_cards_is_found_by_itself() {
    let luhn = |digits: String| {
        (0..10).map(|c| format!("{digits}{c}")).find(|n| {
            let sum: u32 = n
                .bytes()
                .rev()
                .enumerate()
                .map(|(at, d)| {
                    let d = u32::from(d - b'0') * (1 + u32::from(at % 2 == 1));
                    d / 10 + d % 10
                })
                .sum();
            sum.is_multiple_of(10)
        })
    };
    let cards: Vec<String> = random(8)
        .take(20)
        .filter_map(|n| luhn(format!("51{:013}", n % 10_000_000_000_000)))
        .collect();
    let judged = judge("$.extension[*].valueString", cards.clone());
    assert_eq!(classes(&judged), [("financial.credit_card", 20)], "{:#?}", judged.reasons);
    let one = judge("$.card.number", cards.into_iter().take(1));
    assert_eq!(classes(&one), [("financial.credit_card", 1)], "{:#?}", one.reasons);
}

#[test]
fn numbers_never_issued_are_no_ssn() {
    let fake = random(9).take(200).map(|n| format!("000-{:02}-{:04}", n % 100, n / 100 % 10_000));
    assert_none("$.decoys.notSsn", fake);
    let random = random(10)
        .take(500)
        .map(|n| format!("{:03}-{:02}-{:04}", n % 1000, n / 1000 % 100, n / 100_000 % 10_000));
    assert_none("$.part", random);
}

#[test]
fn technical_values_are_nothing() {
    let hex = |n: u64| format!("{n:016x}{:016x}{:08x}", n.rotate_left(17), n & 0xffff_ffff);
    assert_none("$.sha", random(12).take(2_000).map(hex));
    let uuid = |n: u64| {
        let h = format!("{n:016x}{:016x}", n.rotate_left(23));
        format!("{}-{}-4{}-a{}-{}", &h[..8], &h[8..12], &h[13..16], &h[17..20], &h[20..32])
    };
    assert_none("$.id", random(13).take(2_000).map(uuid));
    assert_none("$.fullUrl", random(13).take(2_000).map(|n| format!("urn:uuid:{}", uuid(n))));
    assert_none("$.reference", random(14).take(2_000).map(|n| format!("Patient/{}", uuid(n))));
    assert_none(
        "$.version",
        (0..2_000).map(|n| format!("{}.{}.{}.{}", n % 20, n % 7, n % 100, n % 11)),
    );
    assert_none(
        "$.at",
        (0..2_000).map(|n| {
            format!(
                "20{:02}-{:02}-{:02}T{:02}:10:05.{:03}+00:00",
                n % 30,
                n % 12 + 1,
                n % 28 + 1,
                n % 24,
                n % 1000
            )
        }),
    );
    assert_none(
        "$.date",
        (0..2_000).map(|n| format!("20{:02}-{:02}-{:02}", n % 30, n % 12 + 1, n % 28 + 1)),
    );
    assert_none("$.price", (0..2_000).map(|n| format!("{}.{:02}", n * 7, n % 100)));
    assert_none(
        "$.trace",
        random(15).take(2_000).map(|n| format!("{:016x}-{:08x}", n, n & 0xffff_ffff)),
    );
    assert_none("$.code", (0..2_000).map(|n| format!("{}-{}", 1000 + n, n % 10)));
    assert_none("$.ip", (0..2_000).map(|n| format!("10.{}.{}.{}", n % 200, n % 250, n % 99)));
    assert_none("$.system", (0..50).map(|n| format!("urn:oid:2.16.840.1.113883.6.{n}")));
    assert_none("$.status", ["active", "inactive", "in_progress"].map(str::to_owned));
    assert_none("$.display", ["Heart rate", "Body Weight", "Glucose"].map(str::to_owned));
}

#[test]
fn a_clinical_code_system_is_nothing() {
    assert_none(
        "$.coding[*].code",
        random(16).take(2_000).map(|n| (n % 1_000_000_000).to_string()),
    );
    assert_none("$.cpt", (0..2_000).map(|n| format!("{:05}", n * 37 % 99_999)));
}

#[test]
fn every_class_is_a_rules_or_described_as_one_that_only_a_place_tells() {
    let pack = RulePack::builtin();
    let of_rule = |class: &str| pack.rules().iter().any(|rule| *rule.class == *class);
    for class in detector().classes() {
        let known = pack.fhir().classes.contains_key(class);
        assert_ne!(of_rule(class), known, "{class}");
    }
}

#[test]
fn clinical_elements_of_fhir_say_what_they_hold() {
    for (context, value, class) in [
        ("Observation.valueQuantity.value", "132", "health.observation"),
        ("Observation.component.valueQuantity.value", "84", "health.observation"),
        ("Observation.valueCodeableConcept.text", "Positive", "health.observation"),
        ("Condition.code.text", "Asthma", "health.diagnosis"),
        ("Condition.code.coding.display", "Asthma", "health.diagnosis"),
        ("AllergyIntolerance.code.text", "Penicillin", "health.allergy"),
        ("MedicationRequest.medicationCodeableConcept.text", "Aspirin", "health.medication"),
        ("Procedure.code.coding.display", "Biopsy", "health.procedure"),
        ("DocumentReference.securityLabel.coding.code", "HIV", "health.sensitivity_label"),
        ("Observation.meta.security.code", "R", "health.sensitivity_label"),
        ("Condition.onsetDateTime", "2012-05-24", "health.event_date"),
        ("Observation.effectivePeriod.start", "2012-05-24", "health.event_date"),
        ("Procedure.performedDateTime", "2012-05-24", "health.event_date"),
        ("Location.position.latitude", "42.25655", "person.place"),
        ("Patient.maritalStatus.coding.code", "M", "person.marital_status"),
        ("Patient.link.other.reference", "Patient/pat2", "person.identifier"),
        ("Patient.photo.url", "https://x.example/p/1.jpg", "person.photo"),
        ("Patient.telecom.value|url", "https://ada.example.org/me", "person.url"),
        ("HL7v2.PV1.44", "20240130", "health.event_date"),
        ("HL7v2.PID.17", "CAT", "person.religion"),
        ("HL7v2.PID.10", "2106-3", "person.ethnicity"),
    ] {
        let judged = judge_at("$.x", context, [value.to_owned()]);
        assert_eq!(classes(&judged), [(class, 1)], "{context}: {judged:#?}");
    }
    for (context, value) in [
        ("Observation.status", "final"),
        ("Observation.valueQuantity.unit", "mm[Hg]"),
        ("DocumentReference.securityLabel.coding.code", "N"),
        ("Medication.code.text", "Aspirin"),
        ("CodeSystem.contact.telecom.value|url", "https://x.example"),
        ("Observation.meta.security.code", "N"),
    ] {
        let judged = judge_at("$.x", context, [value.to_owned()]);
        assert_eq!(classes(&judged), [], "{context}: {judged:#?}");
    }
}

#[test]
fn fhir_places_speak_for_themselves() {
    for (context, value, class) in [
        ("Patient.name.family", "Smith", "person.name"),
        ("Patient.birthDate", "1970-01-31", "person.birth_date"),
        ("Patient.identifier.value|us.ssn", "078-05-1120", "us.ssn"),
        ("Patient.identifier.value|gb.nhs_number", "9434765919", "gb.nhs_number"),
        ("Patient.identifier.value|health.mrn", "MRN00123456", "health.mrn"),
        ("Patient.identifier.value", "X-991", "person.identifier"),
        ("Patient.telecom.value|email", "ada@example.org", "contact.email"),
        ("Patient.telecom.value|phone", "(212) 555-0123", "contact.phone"),
        ("Patient.address.line", "12 Oak Street", "person.address"),
        ("Observation.subject.display", "Ada Lovelace", "person.name"),
        ("Patient.text.div", "<div>Ada Lovelace</div>", "person.name"),
        ("DocumentReference.content.attachment.data", "UGF0aWVudCByZXBvcnRz", "health.attachment"),
        ("Condition.note.text", "patient reports pain", "health.free_text"),
    ] {
        let judged = judge_at("$.x", context, [value.to_owned()]);
        let found = judged.verdicts.iter().find(|v| *v.class == *class);
        assert!(
            found.is_some_and(|v| v.confidence >= 70 && v.count == 1),
            "{context}: {judged:#?}"
        );
    }
}

#[test]
fn a_settled_place_keeps_rivals_out() {
    let judged = judge_at(
        "$.identifier[*].value",
        "Patient.identifier.value|gb.nhs_number",
        nhs_numbers(50),
    );
    assert_eq!(classes(&judged), [("gb.nhs_number", 50)], "{:#?}", judged.reasons);
    let judged = judge_at("$.x", "Observation.status", ["final".to_owned()]);
    assert_eq!(classes(&judged), []);
}

#[test]
fn search_parameters_of_fhir_are_known() {
    let field = FieldRef {
        standard: "fhir-r4",
        direction: Direction::ToServer,
        location: Location::Query,
        path: "family:exact",
        endpoint: "",
        beside: &[],
        context: "",
    };
    let judged =
        detector().judge(&field, &mut evidence_of(ValueKind::String, ["smith".to_owned()]));
    assert_eq!(classes(&judged), [("person.name", 1)]);
}

#[test]
fn issuers_and_types_are_a_closed_set() {
    let d = detector();
    assert_eq!(d.issuer(b"http://hl7.org/fhir/sid/us-ssn"), Some("us.ssn"));
    assert_eq!(d.issuer(b"urn:oid:2.16.840.1.113883.4.1"), Some("us.ssn"));
    assert_eq!(d.issuer(b"https://fhir.nhs.uk/Id/nhs-number"), Some("gb.nhs_number"));
    assert_eq!(d.issuer(b"email"), Some("email"));
    assert_eq!(d.issuer(b"http://hospital.example.org/mrn"), None);
    assert_eq!(d.issuer(b"\xff"), None);
    assert_eq!(d.type_code(b"MR"), Some("health.mrn"));
    assert_eq!(d.type_code(b"SS"), Some("us.ssn"));
    assert_eq!(d.type_code(b"ZZ"), None);
    assert_eq!(d.fhir_element("Patient.name.family")[0].class.as_ref(), "person.name");
    assert!(d.fhir_element("Patient.active").is_empty());
}

#[test]
fn values_for_tests_are_named() {
    let judged = judge("$.ssn", ["078-05-1120".to_owned()]);
    assert!(
        judged.reasons.iter().any(|r| r.contains("1 of a range for tests")),
        "{:#?}",
        judged.reasons
    );
}

#[test]
fn ranges_shift_a_judgement_and_refuse_nothing() {
    let of = |heads: &[char]| {
        let all = nhs_numbers(200).into_iter().filter(|n| n.starts_with(heads));
        all.take(24).collect::<Vec<_>>()
    };
    let (issued, others) = (of(&['4', '6', '7']), of(&['1', '2', '5', '8']));
    let confidence = |path: &str, values: Vec<String>| {
        let judged = judge(path, values);
        let found = judged.verdicts.iter().find(|v| &*v.class == "gb.nhs_number");
        found.map(|v| v.confidence).unwrap_or_else(|| panic!("{path}: {judged:#?}"))
    };
    let (known, made) = (confidence("$.f7", issued), confidence("$.f7", others.clone()));
    assert!(known >= 95 && made < known, "{known} and {made}");
    // A name settles it, whatever the range.
    assert!(confidence("$.nhsNumber", others.into_iter().take(1).collect()) >= 75);
    let judged = judge("$.nhsNumber", ["9434765919".to_owned()]);
    assert!(
        judged.reasons.iter().any(|r| r.contains("0 of 1 of ranges that were given out")),
        "{:#?}",
        judged.reasons
    );
}

#[test]
fn every_rule_of_a_class_tells_its_values_for_tests() {
    let lab = super::compile::build(&RulePack::builtin()).unwrap().judging_by(Profile::Lab);
    for (path, value, told) in [
        ("$.ssn", "078-05-1120", true),
        ("$.ssn", "987-65-4321", true),
        ("$.ssn", "536-22-1234", false),
        ("$.nhsNumber", "999 000 0018", true),
        ("$.hetu", "031264-9293", true),
        ("$.hetu", "031214A9296", true),
        ("$.hetu", "031264-229H", false),
        ("$.bsn", "999990019", true),
        ("$.aadhaar", "999941057058", true),
        ("$.mbi", "1EG4TE5MK73", true),
        ("$.iban", "GB29 NWBK 6016 1331 9268 19", true),
        ("$.cardNumber", "5105105105105100", true),
    ] {
        let judged = judge(path, [value.to_owned()]);
        assert!(!judged.verdicts.is_empty(), "{path} {value}: {judged:#?}");
        let field = field(path, "");
        let mut evidence = evidence_of(ValueKind::String, [value.to_owned()]);
        let withheld = lab.judge(&field, &mut evidence).verdicts.is_empty();
        assert_eq!(withheld, told, "{path} {value}");
    }
}

#[test]
fn what_stands_in_text_is_found() {
    for (text, class) in [
        ("Contact ada@example.org or call +44 20 7946 0958", "contact.email"),
        ("Contact ada@example.org or call +44 20 7946 0958", "contact.phone"),
        ("Patient was seen by Dr. Jane Smith, stable.", "person.name"),
        ("NHS no. 943 476 5919 on letter", "gb.nhs_number"),
        ("DOB: 1970-01-31, no allergies", "person.birth_date"),
        ("<div>SSN 078-05-1120<br/>MRN: 12345678</div>", "us.ssn"),
        ("<div>SSN 078-05-1120<br/>MRN: 12345678</div>", "health.mrn"),
        ("pay to DE89 3704 0044 0532 0130 00 please", "financial.iban"),
        ("key -----BEGIN EC PRIVATE KEY----- MHcCAQEEIIGH8Q5mF1", "secret.private_key"),
    ] {
        let judged = judge("$.note", [text.to_owned()]);
        assert!(
            judged.verdicts.iter().any(|v| *v.class == *class),
            "{class} in {text}: {judged:#?}"
        );
    }
    assert_none(
        "$.note",
        ["patient reports mild chest discomfort after exercise, follow up in 6 weeks"]
            .map(str::to_owned),
    );
    assert_none(
        "$.note",
        ["Version 1.2.3 of 2024-01-31 at 10:20, ref 123-456, size 10x20"].map(str::to_owned),
    );
}

#[test]
fn names_that_may_hold_a_person_are_sensitive() {
    for text in [
        "ada@example.org",
        "078-05-1120",
        "9434765919",
        "943 476 5919",
        "MRN00123456",
        "1970-01-31",
        "01/31/1970",
        "Smith, John",
        "Smith,%20John",
        "GB29NWBK60161331926819",
        "4111111111111111",
        "eyJhbGciOiJIUzI1NiJ9.e30.x",
        "00:1A:2B:3C:4D:5E",
        "+44 20 7946 0958",
        "(212) 555-0123",
        "19700131",
        "AB123456C",
        "AKIAIOSFODNN7EXAMPL2",
        "Dr. Jane Smith",
        "patient-9434765919.example.org",
        // In the lower case of host names, too.
        "akiaiosfodnn7exampl2.example.org",
        "X-AKIAIOSFODNN7EXAMPL2",
        "sAKIAIOSFODNN7EXAMPL2",
        "pakiaiosfodnn7exampl2.example.org",
        "APPASIAIOSFODNN7EXAMPL2LAB",
        "prodASIAZYNANKAQHZYODMKV",
        "eyjhbgcioijiuzi1nij9.eyjzdwiioijqyw5lin0.abc",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzKEY1",
        "q83vEjRWeJCrze8Qh6ZLwT2dXo5Y",
        "p_q83vEjRWeJCrze8Qh6ZLwT2dXo5Y",
    ] {
        assert!(detector().is_sensitive(text.as_bytes()), "{text}");
    }
    for text in [
        "resourceType",
        "sha256",
        "x-request-id",
        "http2",
        "utf8",
        "api",
        "v1",
        "metadata",
        "Patient",
        "content-type",
        "fhir.example.org",
        "curl/7.88.1",
        "python-requests/2.31.0",
        "oauth2",
        "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
         Chrome/120.0.6099.109 Safari/537.36",
        "address-line-1",
        "_lastUpdated",
        "valueCodeableConcept",
        "ip-10-0-0-12",
        "QuestionnaireResponse2Item10Answer",
        "X-Amz-Content-Sha256",
        "http://hl7.org/fhir/R4/StructureDefinition/us-core-race",
        "ApplicationInsights2ConnectionStringV2",
        "d111111abcdef8.cloudfront.net",
        "southeastasiapacificregionservices.example.org",
    ] {
        assert!(!detector().is_sensitive(text.as_bytes()), "{text}");
    }
}

#[test]
fn long_texts_full_of_beginnings_are_looked_through() {
    // Each piece starts some search; a search that looked back or ahead without bound would take
    // minutes here.
    for piece in [
        "@",
        "a@a.",
        "1",
        "1-",
        "123-45-",
        "Mr ",
        "Dr. A",
        "eyJ",
        "eyJ.",
        " eyJ",
        "GB29 ",
        "AKIA",
        "MRN",
        "MRN ",
        "-----BEGIN ",
        " name: ",
        "+1",
        "+1 ",
        "DOB 1970-01-",
        "(212) ",
        ",",
        "A, B",
    ] {
        let text = piece.repeat(65_536 / piece.len());
        detector().inspect(ValueKind::String, text.as_bytes());
        detector().is_sensitive(text.as_bytes());
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        for kind in ValueKind::ALL {
            let once = detector().inspect(kind, &bytes);
            prop_assert_eq!(once, detector().inspect(kind, &bytes));
        }
        detector().is_sensitive(&bytes);
        detector().issuer(&bytes);
    }

    #[test]
    fn no_text_of_telling_characters_makes_it_panic(
        text in "[0-9A-Za-z @.,:+()=eyJMr\\-/é]{0,300}",
    ) {
        detector().inspect(ValueKind::String, text.as_bytes());
        detector().is_sensitive(text.as_bytes());
    }

    #[test]
    fn passed_is_within_tried(text in "[0-9A-Z+(][0-9A-Z .:/-]{6,24}") {
        let outcome = detector().inspect(ValueKind::String, text.as_bytes()).outcome;
        prop_assert_eq!(outcome.tried.union(&outcome.passed), outcome.tried);
    }

    #[test]
    fn the_order_of_values_changes_no_judgement(seed: u64, mixed in 0usize..40) {
        let mut values = nhs_numbers(mixed);
        values.extend(random(seed).take(40).map(|n| format!("{:010}", n % 10_000_000_000)));
        let forwards = judge("$.x", values.clone());
        values.reverse();
        prop_assert_eq!(judge("$.x", values), forwards);
    }
}

/// Numbers that count something: ids, points in time in seconds and finer. Many rules ask for
/// dates and ranges only, and what counts passes those in long rows.
#[test]
fn numbers_that_count_are_nothing_wherever_they_begin() {
    let mut starts = random(41);
    let mut found: Vec<String> = Vec::new();
    for digits in 7..=19u32 {
        let (least, most) = (10u64.pow(digits - 1), 10u64.pow(digits) - 1);
        for step in [1, 7, 60, 86_400, 999_983] {
            for _ in 0..20 {
                let start = least + starts.next().unwrap() % (most - least);
                let run = (0..300).map(|n| start + n * step).filter(|n| *n <= most);
                let judged = judge("$.v", run.map(|n| n.to_string()));
                for class in classes(&judged) {
                    found.push(format!("{start} by {step}: {class:?} {:?}", judged.verdicts));
                }
            }
        }
    }
    assert!(found.is_empty(), "{} runs:\n{}", found.len(), found.join("\n"));
}
