//! How names are spelled in paths.

use std::fmt::Write;

/// Appends a member of a JSON object: `.name` where the name may stand bare (RFC 9535, shorthand
/// member names), else `['na me']` with `'`, `\` and control characters escaped.
pub(crate) fn push_member(name: &str, out: &mut String) {
    if is_bare(name) {
        out.push('.');
        out.push_str(name);
        return;
    }
    out.push_str("['");
    for c in name.chars() {
        match c {
            '\'' | '\\' => out.extend(['\\', c]),
            // Writing to a String cannot fail.
            c if c.is_control() => drop(write!(out, "\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push_str("']");
}

fn is_bare(name: &str) -> bool {
    let starts =
        |c: char| c.is_ascii_alphabetic() || c == '_' || (!c.is_ascii() && !c.is_control());
    name.starts_with(starts) && name.chars().all(|c| starts(c) || c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str) -> String {
        let mut out = String::from("$");
        push_member(name, &mut out);
        out
    }

    #[test]
    fn identifiers_stand_bare_and_others_are_quoted() {
        assert_eq!(member("nhs_number2"), "$.nhs_number2");
        assert_eq!(member("größe"), "$.größe");
        assert_eq!(member("a b"), "$['a b']");
        assert_eq!(member("2nd"), "$['2nd']");
        assert_eq!(member(""), "$['']");
        assert_eq!(member("*"), "$['*']");
    }

    #[test]
    fn quotes_backslashes_and_control_characters_are_escaped() {
        assert_eq!(member("it's"), r"$['it\'s']");
        assert_eq!(member(r"a\b"), r"$['a\\b']");
        assert_eq!(member("a\nb"), r"$['a\u000ab']");
    }
}
