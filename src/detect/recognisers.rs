//! Formats of whole values that no mask can tell, each by name.

use crate::model::Form;

use super::checks::country_length;
use super::shape::Compact;
use super::sift::Census;

/// A value as recognisers see it.
pub(super) struct Seen<'a> {
    /// Without white space around it.
    pub(super) bytes: &'a [u8],
    /// What it is made of.
    pub(super) census: Census,
    /// Its form.
    pub(super) form: Form,
}

/// A recogniser by name. It decides from the census where it can.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recogniser {
    /// As rules name it.
    pub(super) name: &'static str,
    /// Whether the value has the format.
    pub(super) run: fn(&Seen<'_>) -> bool,
}

const RECOGNISERS: [Recogniser; 7] = [
    Recogniser { name: "date", run: date },
    Recogniser { name: "email", run: email },
    Recogniser { name: "iban", run: iban },
    Recogniser { name: "jwt", run: jwt },
    Recogniser { name: "phone", run: phone },
    Recogniser { name: "private-key", run: private_key },
    Recogniser { name: "street", run: street },
];

/// The recogniser called `name`.
pub(super) fn find(name: &str) -> Option<Recogniser> {
    RECOGNISERS.iter().find(|r| r.name == name).copied()
}

/// All names, for messages.
pub(super) fn names() -> String {
    RECOGNISERS.map(|r| r.name).join(", ")
}

/// A date, a date with a time, or eight digits that can be a date.
fn date(value: &Seen<'_>) -> bool {
    match value.form {
        Form::Date => true,
        Form::DateTime => value.bytes.get(11..13) == Some(b"00"),
        Form::Integer => {
            value.census.len == 8 && matches!(value.bytes.get(..2), Some(b"18" | b"19" | b"20"))
        }
        _ => false,
    }
}

fn email(value: &Seen<'_>) -> bool {
    value.form == Form::Address && value.census.len <= 320
}

/// Two letters of a country, two digits, and as many characters as that country has, perhaps in
/// groups.
fn iban(value: &Seen<'_>) -> bool {
    if value.census.len > 42 || value.census.digits < 8 || value.census.upper < 2 {
        return false;
    }
    let [a, b, c, d, ..] = value.bytes else { return false };
    if !(a.is_ascii_uppercase() && b.is_ascii_uppercase()) {
        return false;
    }
    c.is_ascii_digit()
        && d.is_ascii_digit()
        && value.census.lower + value.census.high + value.census.others + value.census.ats == 0
        && country_length(value.bytes) == Some(Compact::of(value.bytes).as_bytes().len())
}

/// Begins like the base64url of `{"` and has points.
fn jwt(value: &Seen<'_>) -> bool {
    value.census.spaces == 0
        && value.census.len >= 20
        && value.bytes.starts_with(b"eyJ")
        && value.census.joints >= 2
}

/// Digits with `+`, spaces, brackets, hyphens, points or slashes in the way of a telephone number.
fn phone(value: &Seen<'_>) -> bool {
    let census = &value.census;
    (7..=16).contains(&census.digits)
        && census.len > census.digits
        && census.len <= 26
        && census.letters() + census.ats == 0
        && !matches!(value.form, Form::Date | Form::DateTime | Form::Decimal)
        && matches!(value.bytes.first(), Some(b'+' | b'(' | b'0'..=b'9'))
        && is_phone_spaced(value.bytes)
}

fn is_phone_spaced(bytes: &[u8]) -> bool {
    let mut groups = 0;
    let mut run = 0;
    let mut longest = 0;
    for byte in bytes {
        if byte.is_ascii_digit() {
            groups += usize::from(run == 0);
            run += 1;
            longest = longest.max(run);
        } else if b"+ ()-./".contains(byte) {
            run = 0;
        } else {
            return false;
        }
    }
    let plus = bytes.iter().filter(|b| **b == b'+').count();
    let opens = bytes.iter().filter(|b| **b == b'(').count();
    let closes = bytes.iter().filter(|b| **b == b')').count();
    plus <= 1
        && opens <= 1
        && opens == closes
        && groups <= 6
        && (longest >= 3)
        && (plus == 0 || bytes.iter().take(2).any(|b| *b == b'+'))
        // 1.2.3.4 and 10.20.30.40 are versions and addresses.
        && (bytes.iter().filter(|b| **b == b'.').count() != 3)
}

fn private_key(value: &Seen<'_>) -> bool {
    is_private_key(value.bytes)
}

/// Whether `bytes` begin with the first line of a PEM private key (RFC 7468).
pub(super) fn is_private_key(bytes: &[u8]) -> bool {
    let Some(rest) = bytes.strip_prefix(b"-----BEGIN ") else { return false };
    let head = rest.get(..48).unwrap_or(rest);
    head.windows(16).any(|w| w == b"PRIVATE KEY-----")
        || head.windows(20).any(|w| w == b"PRIVATE KEY BLOCK---")
}

/// A house number and a street: `12 Oak Street`, `221b Baker St`, `Musterstraße 5`.
fn street(value: &Seen<'_>) -> bool {
    let census = &value.census;
    census.spaces > 0
        && (1..=6).contains(&census.digits)
        && census.letters() >= 3
        && census.len <= 100
        && is_street(value.bytes)
}

fn is_street(bytes: &[u8]) -> bool {
    const ENDS: [&[u8]; 27] = [
        b"street",
        b"st",
        b"avenue",
        b"ave",
        b"road",
        b"rd",
        b"lane",
        b"ln",
        b"drive",
        b"dr",
        b"court",
        b"ct",
        b"boulevard",
        b"blvd",
        b"way",
        b"place",
        b"pl",
        b"terrace",
        b"close",
        b"crescent",
        b"square",
        b"parkway",
        b"hwy",
        b"highway",
        b"gardens",
        b"grove",
        b"row",
    ];
    let plain = |word: &'_ [u8]| {
        let end = word.iter().rposition(|b| !matches!(b, b'.' | b',')).map_or(0, |at| at + 1);
        word.get(..end).unwrap_or_default().to_ascii_lowercase()
    };
    let mut words = bytes.split(|b| matches!(b, b' ' | b'\t' | b'\n')).filter(|w| !w.is_empty());
    let Some(first) = words.next() else { return false };
    let rest: Vec<Vec<u8>> = words.take(8).map(plain).collect();
    let numbered = first.first().is_some_and(u8::is_ascii_digit)
        && first.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b',' | b'-' | b'/'));
    if numbered {
        // The street's own name comes before what kind of street it is.
        return rest.iter().skip(1).any(|word| ENDS.contains(&word.as_slice()));
    }
    let german = plain(first);
    let named =
        [&b"strasse"[..], "straße".as_bytes(), b"str", b"weg", b"gasse", b"allee", b"platz"];
    rest.first().is_some_and(|w| w.first().is_some_and(u8::is_ascii_digit))
        && rest.len() == 1
        && named.iter().any(|end| german.len() > end.len() && german.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::super::sift::form_of;
    use super::*;
    use crate::model::ValueKind;

    fn is(name: &str, text: &str) -> bool {
        let census = Census::of(text.as_bytes());
        let form = form_of(ValueKind::String, text.as_bytes(), &census);
        (find(name).unwrap().run)(&Seen { bytes: text.as_bytes(), census, form })
    }

    #[test]
    fn versions_and_dates_are_no_phones() {
        for text in ["+44 20 7946 0958", "(212) 555-0123", "212.555.0123", "020/7946-0958"] {
            assert!(is("phone", text), "{text}");
        }
        for text in ["10.200.130.140", "1970-01-31", "2125550123", "3.141592653", "12:30:45.123"] {
            assert!(!is("phone", text), "{text}");
        }
    }

    #[test]
    fn streets_have_a_number_and_a_kind() {
        for text in ["12 Oak Street", "221b Baker St.", "7781 Lake Street Apt 4", "Hauptstraße 12"]
        {
            assert!(is("street", text), "{text}");
        }
        for text in ["12 drummers drumming", "take 2 way", "5 way valve x", "v1 drive"] {
            assert!(!is("street", text), "{text}");
        }
    }
}
