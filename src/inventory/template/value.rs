//! What of a path parameter is its value: `9434765919` of `9434765919.json`, of
//! `summary-9434765919.pdf` and of `patientId='9434765919'`.

use super::shape::is_file_extension;

/// The part of a decoded parameter that is judged: without the extensions of a file and the words
/// of its name, without the name of a key and its quotes. What has none of these is all value.
pub fn parameter_value(parameter: &[u8]) -> &[u8] {
    let value = without_key(parameter);
    let stem = without_extension(value);
    if stem.len() < value.len() { number_of(without_extension(stem)) } else { value }
}

/// Names of keys that say nothing of their value. What says something stays before it, to be read
/// as text is.
const GENERIC: [&[u8]; 5] = [b"code", b"key", b"no", b"number", b"value"];

/// `'A1'`, `id='A1'` and `patientId='A1'` are `A1`; several keys stay as they are.
fn without_key(parameter: &[u8]) -> &[u8] {
    let (name, value) = match memchr::memchr(b'=', parameter) {
        Some(at) => {
            let (name, value) = parameter.split_at_checked(at).unwrap_or((parameter, &[]));
            (name, value.get(1..).unwrap_or_default())
        }
        None => (&[][..], parameter),
    };
    let id = name.len().checked_sub(2).and_then(|at| name.get(at..));
    let is_name = name.is_empty()
        || GENERIC.iter().any(|generic| name.eq_ignore_ascii_case(generic))
        || id.is_some_and(|end| end.eq_ignore_ascii_case(b"id"));
    let is_one = !value.is_empty() && !value.iter().any(|b| matches!(b, b',' | b'='));
    if !is_name || !is_one {
        return parameter;
    }
    match value {
        [b'\'', value @ .., b'\''] | [b'"', value @ .., b'"'] if !value.is_empty() => value,
        _ => value,
    }
}

fn without_extension(name: &[u8]) -> &[u8] {
    let Some(at) = memchr::memrchr(b'.', name).filter(|at| *at > 0) else { return name };
    let (stem, extension) = name.split_at_checked(at).unwrap_or((name, &[]));
    let extension = extension.get(1..).and_then(|text| std::str::from_utf8(text).ok());
    if extension.is_some_and(is_file_extension) { stem } else { name }
}

/// The only part of a file's name that has digits, where the others are words.
fn number_of(stem: &[u8]) -> &[u8] {
    let mut numbers = stem
        .split(|b| matches!(b, b'-' | b'_' | b' '))
        .filter(|part| part.iter().any(u8::is_ascii_digit));
    match (numbers.next(), numbers.next()) {
        (Some(number), None) if number.iter().all(u8::is_ascii_digit) => number,
        _ => stem,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_around_a_value_are_left_out() {
        for (parameter, value) in [
            ("9434765919.json", "9434765919"),
            ("9434765919.tar.gz", "9434765919"),
            ("536-10-1234.XML", "536-10-1234"),
            ("9434765919-summary.pdf", "9434765919"),
            ("lab_report_9434765919.pdf", "9434765919"),
            ("'9434765919'", "9434765919"),
            ("Number='9434765919'", "9434765919"),
            ("PatientID='9434765919'", "9434765919"),
            ("id=5", "5"),
        ] {
            assert_eq!(parameter_value(parameter.as_bytes()), value.as_bytes(), "{parameter}");
        }
    }

    #[test]
    fn what_has_no_name_around_it_stays() {
        for parameter in [
            "9434765919",
            "lab-9434765919",
            "ada@example.org",
            "1.2.840.10008",
            ".json",
            "a=1,b=2",
            "nhsNumber='9434765919'",
            "nhs=9434765919",
            "x y=5",
            "dGVzdA==",
            "''",
            "id=",
            "",
        ] {
            assert_eq!(parameter_value(parameter.as_bytes()), parameter.as_bytes(), "{parameter}");
        }
        assert_eq!(parameter_value(b"2024-05-lab.pdf"), b"2024-05-lab");
        assert_eq!(parameter_value(b"app.3f9a1c.js"), b"app.3f9a1c");
    }

    proptest! {
        #[test]
        fn a_value_is_a_part_of_its_parameter(text in "[a1.=',_-]{0,20}(\\.pdf)?") {
            let value = std::str::from_utf8(parameter_value(text.as_bytes())).unwrap();
            prop_assert!(text.contains(value));
            prop_assert!(!value.is_empty() || text.is_empty());
        }
    }
}
