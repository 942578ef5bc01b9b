//! Filters: `LastName eq 'Delgado' and contains(Address/City,'Aust')` (OData 4.01 URL Conventions
//! section 5.1.1; of FHIR and SCIM with double quotes). Each name with the literals it is compared
//! with.

use super::scan::{Scan, write_string};

/// What compares a name with a literal.
const OPERATORS: [&[u8]; 13] =
    [b"eq", b"ne", b"gt", b"ge", b"lt", b"le", b"has", b"sw", b"ew", b"co", b"ap", b"sa", b"eb"];
/// Functions of a name and a literal, in this order.
const FUNCTIONS: [&[u8]; 4] = [b"contains", b"startswith", b"endswith", b"indexof"];
/// Parts of the longest name.
const PARTS_MAX: usize = 8;

/// The names of `text` with their literals, if there are some.
pub(super) fn as_json(text: &[u8]) -> Option<Vec<u8>> {
    let (mut scan, mut out) = (Scan::new(text), b"{".to_vec());
    let (mut name, mut compared, mut called): (&[u8], bool, bool) = (b"", false, false);
    loop {
        scan.take(u8::is_ascii_whitespace);
        let Some(byte) = scan.peek() else { break };
        let literal: &[u8] = match byte {
            b'\'' | b'"' => string(&mut scan)?,
            b'-' | b'0'..=b'9' => scan.take(is_of_word),
            b if is_of_word(&b) => {
                let word = scan.take(is_of_word);
                if OPERATORS.iter().any(|one| one.eq_ignore_ascii_case(word)) {
                    compared = !name.is_empty();
                } else if FUNCTIONS.iter().any(|one| one.eq_ignore_ascii_case(word)) {
                    (called, name) = (true, b"");
                } else {
                    (name, compared) = (word, false);
                }
                continue;
            }
            b',' => {
                compared = called && !name.is_empty();
                scan.pass();
                continue;
            }
            b'(' => {
                scan.pass();
                continue;
            }
            b')' => {
                (called, compared) = (false, compared && !called);
                scan.pass();
                continue;
            }
            _ => return None,
        };
        if std::mem::take(&mut compared) {
            write(name, literal, &mut out);
        }
    }
    out.push(b'}');
    (out.len() > 2).then_some(out)
}

fn is_of_word(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_/.$:-+@".contains(byte) || !byte.is_ascii()
}

/// What stands in quotes; a quote in it is doubled, and is so still.
fn string<'a>(scan: &mut Scan<'a>) -> Option<&'a [u8]> {
    let quote = scan.peek()?;
    scan.pass();
    scan.take_before(&[quote])
}

/// Writes a member called `name`, an object for each of its parts.
fn write(name: &[u8], literal: &[u8], out: &mut Vec<u8>) {
    let mut parts = name.split(|b| *b == b'/').filter(|part| !part.is_empty()).take(PARTS_MAX);
    let Some(first) = parts.next() else { return };
    if out.len() > 1 {
        out.push(b',');
    }
    write_string(out, first);
    out.push(b':');
    let mut depth = 0;
    for part in parts {
        out.push(b'{');
        write_string(out, part);
        out.push(b':');
        depth += 1;
    }
    write_string(out, literal);
    out.extend(std::iter::repeat_n(b'}', depth));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        as_json(text.as_bytes()).map(|json| String::from_utf8(json).unwrap()).unwrap_or_default()
    }

    #[test]
    fn names_are_compared_with_literals() {
        for (text, json) in [
            (
                "LastName eq 'Delgado' and (Mrn eq '0048' or BirthDate ge 1961-03-14)",
                r#"{"LastName":"Delgado","Mrn":"0048","BirthDate":"1961-03-14"}"#,
            ),
            (
                "startswith(Name/Last,'Del') and not contains(Phone, '512')",
                r#"{"Name":{"Last":"Del"},"Phone":"512"}"#,
            ),
            (
                "userName eq \"bj\\ensen\" and emails.value co \"example.org\"",
                r#"{"userName":"bj\\ensen","emails.value":"example.org"}"#,
            ),
            ("given eq \"peter\"", r#"{"given":"peter"}"#),
        ] {
            assert_eq!(said(text), json, "{text}");
        }
    }

    #[test]
    fn what_is_no_filter_says_nothing() {
        for text in [
            "",
            "active",
            "status:open",
            "eq 'x'",
            "a eq",
            "name eq 'open",
            "{\"a\":1}",
            "contains('a','b')",
            "x = 'y'",
            "/ eq 'x'",
        ] {
            assert_eq!(said(text), "", "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text in "[a-c/ eq'\"(),0-9-]{0,60}") {
            as_json(text.as_bytes());
        }
    }
}
