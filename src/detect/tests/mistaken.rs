//! More columns that are taken for something else.

use crate::model::{Direction, Location, ValueKind};

use super::super::FieldRef;
use super::{assert_none, classes, detector, evidence_of, judge, lookalikes::digits};

#[test]
fn codes_of_drugs_that_begin_with_a_trunk_prefix_are_no_phones() {
    let codes = digits(51, 300, 11).into_iter().map(|d| {
        let (labeler, rest) = d.split_at(5);
        let (product, package) = rest.split_at(4);
        format!("{labeler}-{product}-{package}")
    });
    let judged = judge("$.drugCode", codes);
    assert!(judged.verdicts.iter().all(|v| *v.class != *"contact.phone"), "{judged:#?}");
}

#[test]
fn the_words_of_a_program_are_nobodys() {
    let judged = |endpoint: &str, path: &str, value: &str| {
        let field = FieldRef {
            standard: "http",
            direction: Direction::ToClient,
            location: Location::Body,
            path,
            endpoint,
            beside: &[],
            context: "",
        };
        let values = std::iter::repeat_n(value.to_owned(), 3);
        detector().judge(&field, &mut evidence_of(ValueKind::String, values))
    };
    for endpoint in ["/assets/i18n/{text}.json", "/locale", "/api/translations/{id}"] {
        for (path, value) in [
            ("$.hivStatus", "HIV-Status"),
            ("$.smokingStatus", "Raucherstatus"),
            ("$.allergies", "Allergien"),
            ("$.form.patient.firstName", "Prénom du patient"),
        ] {
            let judged = judged(endpoint, path, value);
            assert_eq!(classes(&judged), [], "{endpoint} {path}: {:#?}", judged.reasons);
        }
    }
    assert_ne!(classes(&judged("/patients/{id}", "$.hivStatus", "positive")), []);
    let address = judged("/locale", "$.support", "jane.roe@clinic.example");
    assert_eq!(classes(&address), [("contact.email", 3)], "checks speak everywhere");
}

#[test]
fn what_stands_for_a_value_to_come_is_no_value() {
    for value in ["TODO", "placeholder", "from_env", "jsonb", "Boolean", "__DB_PASSWORD__"] {
        for path in ["$.password", "$.bloodType", "$.medication"] {
            assert_none(path, [value.to_owned()]);
        }
    }
}

#[test]
fn groups_of_digits_of_which_some_begin_with_zero_are_no_phones() {
    let groups = digits(61, 1000, 9).into_iter().map(|d| {
        let (first, rest) = d.split_at(3);
        let (second, third) = rest.split_at(3);
        format!("{first}.{second}.{third}")
    });
    assert_none("$.assettag", groups);
}
