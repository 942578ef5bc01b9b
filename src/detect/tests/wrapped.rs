//! Columns whose identifiers have something around them.

use super::{assert_none, classes, detector, evidence_of, field, judge, nhs_numbers, random};
use crate::model::ValueKind;

fn cards(count: usize) -> impl Iterator<Item = u64> {
    random(31).map(|n| 4_000_000_000_000_000 + n % 1_000_000_000_000_000).take(count)
}

fn passes_luhn(number: u64) -> bool {
    let digit = |at: u32| number / 10u64.pow(at) % 10;
    let twice = |d: u64| if d > 4 { 2 * d - 9 } else { 2 * d };
    let sum: u64 = (0..16).map(|at| if at % 2 == 1 { twice(digit(at)) } else { digit(at) }).sum();
    sum.is_multiple_of(10)
}

#[test]
fn what_leads_in_makes_no_card_of_a_column_that_passes_by_chance() {
    let passing = cards(200).filter(|n| passes_luhn(*n)).count();
    assert!((10..=30).contains(&passing), "{passing}");
    assert_none("$.ref", cards(200).map(|n| format!("card:{n}")));
    let real = cards(2_000).filter(|n| passes_luhn(*n)).take(60).map(|n| format!("card:{n}"));
    assert_eq!(classes(&judge("$.ref", real)), [("financial.credit_card", 60)]);
    let one = cards(200).find(|n| passes_luhn(*n)).map(|n| format!("card:{n}"));
    assert_eq!(classes(&judge("$.ref", one)), [("financial.credit_card", 1)]);
    // Texts of their own are no part of the column around them.
    let texts = ["4111111111111111", "5555555555554444", "378282246310005"];
    let texts = texts.map(|card| format!("paid by card {card} on the phone"));
    let mixed = cards(200).map(|n| format!("card:{n}")).chain(texts);
    let found = judge("$.ref", mixed);
    assert!(classes(&found).iter().any(|(class, _)| *class == "financial.credit_card"));
}

#[test]
fn what_names_a_document_is_nobodys_number() {
    let number = |n: u64| {
        let (area, group, serial) =
            (100 + n % 500, 10 + n / 1000 % 90, 1000 + n / 1_000_000 % 9000);
        format!("{area:03}-{group:02}-{serial:04}")
    };
    let column = |kind: &str| {
        let numbers = random(32).take(200).map(number);
        numbers.map(|n| format!("{kind}{n}")).collect::<Vec<_>>()
    };
    for kind in [
        "INV/",
        "Invoice:",
        "order/",
        "REF:",
        "doc#",
        "case/",
        "ticket:",
        "PO/",
        "claim=",
        "https://shop.example/orders/",
        "https://shop.example/invoice/",
    ] {
        assert_none("$.ref", column(kind));
    }
    for kind in ["Employee/", "id:", "person/", ""] {
        let found = judge("$.ref", column(kind));
        assert!(classes(&found).iter().any(|(class, _)| *class == "us.ssn"), "{kind}: {found:?}");
    }
}

#[test]
fn brackets_around_or_behind_change_nothing() {
    for wrap in ["({})", "[{}]", "{} (NHS)", "{} (nhs number)"] {
        let column = nhs_numbers(100).into_iter().map(|n| wrap.replace("{}", &n));
        let found = judge("$.k7", column);
        assert_eq!(classes(&found), [("gb.nhs_number", 100)], "{wrap}: {:#?}", found.reasons);
    }
    // An area in brackets is part of a telephone number; all of one in brackets is one, too.
    for text in ["(212) 555-0187", "(+44 20 7946 0958)", "+44 20 7946 0958 (home)"] {
        let found = judge("$.phone", [text.to_owned()]);
        assert_eq!(classes(&found), [("contact.phone", 1)], "{text}");
    }
    assert_none("$.k7", (0..100).map(|n| format!("{} (draft)", 1_000_000_007 + n * 7919)));
}

#[test]
fn a_system_before_a_number_says_whose_it_is() {
    let of = |value: &str| {
        let judged = judge("identifier", [value.to_owned()]);
        judged.verdicts.iter().map(|v| v.class.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(of("urn:oid:2.16.840.1.113883.2.4.6.3|111222333"), ["nl.bsn"]);
    assert_eq!(of("http://fhir.nl/fhir/NamingSystem/bsn|111222333"), ["nl.bsn"]);
    assert_eq!(of("urn:oid:2.16.840.1.113883.4.1|536221234"), ["us.ssn"]);
    // A digit that fails, and a system that nobody knows.
    assert_eq!(of("urn:oid:2.16.840.1.113883.2.4.6.3|111222334"), [""; 0]);
    assert_eq!(of("urn:oid:2.16.840.1.113883.2.4.6.99|111222333"), [""; 0]);
}

#[test]
fn a_type_of_any_nation_names_no_nations_number() {
    assert_eq!(detector().type_code(b"NI"), Some("NI"));
    let place = field("$.identifier[*].value", "Patient.identifier.value|NI");
    let mut evidence = evidence_of(ValueKind::String, ["85073003328".to_owned()]);
    let judged = detector().judge(&place, &mut evidence);
    let classes: Vec<&str> = judged.verdicts.iter().map(|v| &*v.class).collect();
    assert!(classes.contains(&"person.identifier"), "{judged:#?}");
    assert!(!classes.contains(&"gb.nino"), "{judged:#?}");
}
