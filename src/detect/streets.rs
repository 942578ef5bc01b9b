//! House numbers with streets, as they are written in English, German and French.

/// What kind of street it is, behind the street's own name.
const KINDS: [&str; 27] = [
    "street",
    "st",
    "avenue",
    "ave",
    "road",
    "rd",
    "lane",
    "ln",
    "drive",
    "dr",
    "court",
    "ct",
    "boulevard",
    "blvd",
    "way",
    "place",
    "pl",
    "terrace",
    "close",
    "crescent",
    "square",
    "parkway",
    "hwy",
    "highway",
    "gardens",
    "grove",
    "row",
];
/// The same before it.
const FRENCH: [&str; 7] = ["rue", "avenue", "boulevard", "place", "chemin", "impasse", "quai"];
/// The same at its end, with a number behind.
const GERMAN: [&str; 7] = ["strasse", "straße", "str", "weg", "gasse", "allee", "platz"];
/// What follows the street in one line: part of a house.
const UNITS: [&str; 7] = ["apt", "apartment", "unit", "suite", "ste", "flat", "floor"];
/// Words of products that end like streets: `500 GB Hard Drive`, `5 Way Valve`.
const NO_NAMES: [&str; 18] = [
    "gb", "tb", "mb", "hard", "disk", "flash", "usb", "tape", "optical", "dvd", "wheel", "state",
    "hour", "inch", "pack", "piece", "test", "pcie",
];
/// Words of a value that are looked at.
const WORDS_MAX: usize = 9;

/// A house number and a street: `12 Oak Street`, `221b Baker St`, `Musterstraße 5`.
pub(super) fn is_street(bytes: &[u8]) -> bool {
    let mut words = words(bytes);
    let Some(first) = words.next() else { return false };
    if is_house_number(first) {
        // The street's own name comes before what kind of street it is.
        return words.skip(1).any(|word| is_one_of(word, &KINDS));
    }
    let ends = |end: &&str| {
        let (word, end) = (plain(first), end.as_bytes());
        let head = word.len().saturating_sub(end.len());
        head > 0 && word.get(head..).is_some_and(|tail| tail.eq_ignore_ascii_case(end))
    };
    words.next().is_some_and(|word| word.first().is_some_and(u8::is_ascii_digit))
        && words.next().is_none()
        && GERMAN.iter().any(ends)
}

/// The same, so strictly that it needs no name: every word of the street's name is capitalised,
/// and nothing follows its kind but a comma, a part of a house, or the end.
pub(super) fn is_street_line(bytes: &[u8]) -> bool {
    const NAME_WORDS_MAX: usize = 3;
    let mut words = words(bytes).peekable();
    let Some(first) = words.next() else { return false };
    if !is_house_number(first) {
        return is_capital(first) && is_street(bytes);
    }
    if words.peek().is_some_and(|word| FRENCH.iter().any(|kind| kind.as_bytes() == *word)) {
        return words.skip(1).any(is_capital);
    }
    for at in 0..=NAME_WORDS_MAX {
        let Some(word) = words.next() else { return false };
        if !is_capitalised(word) || is_one_of(word, &NO_NAMES) {
            return false;
        }
        if at > 0 && is_one_of(word, &KINDS) {
            return words.next().is_none_or(|next| {
                word.ends_with(b",") || next.starts_with(b"#") || is_one_of(next, &UNITS)
            });
        }
    }
    false
}

/// Parts with a comma or a line end between them, with a number in one and mostly capitals: a whole
/// address as it is written in most countries. Much else looks so: the name has to say it.
pub(super) fn is_address(bytes: &[u8]) -> bool {
    const LOWER_MAX: usize = 2;
    let parts = bytes.split(|b| matches!(b, b',' | b'\n'));
    let filled = parts.filter(|part| !part.trim_ascii().is_empty()).count();
    let (mut capitals, mut numbers, mut lower) = (0, 0, 0);
    for word in words(bytes) {
        if is_house_number(word) {
            numbers += 1;
        } else if is_capital(word) {
            capitals += 1;
        } else if word.iter().any(u8::is_ascii_lowercase) {
            lower += 1;
        }
    }
    filled >= 2 && capitals >= 2 && numbers >= 1 && lower <= LOWER_MAX
}

/// Signs for districts, towns, streets and numbers in Chinese, Japanese and Korean addresses.
const EASTERN: [&str; 24] = [
    "県", "市", "区", "町", "村", "都", "府", "道", "郡", "丁", "番", "省", "路", "号", "街", "县",
    "镇", "區", "號", "동", "구", "시", "로", "길",
];

/// A number and two signs for places of the East.
pub(super) fn is_eastern_address(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let mut buffer = [0; 4];
    let mut is_sign = |c: char| EASTERN.contains(&&*c.encode_utf8(&mut buffer));
    text.chars().filter(|c| is_sign(*c)).count() >= 2
}

/// A house number and capitalised words before or behind it, in any language: the name has to say
/// what it is.
pub(super) fn is_plain_address(bytes: &[u8]) -> bool {
    const LOWER_MAX: usize = 2;
    let (mut capitals, mut numbers, mut lower) = (0, 0, 0);
    for word in words(bytes) {
        if is_house_number(word) {
            numbers += 1;
        } else if is_capital(word) {
            capitals += 1;
        } else {
            lower += 1;
        }
    }
    capitals >= 1 && numbers >= 1 && lower <= LOWER_MAX
}

fn words(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let words = bytes.split(|b| matches!(b, b' ' | b'\t' | b'\n'));
    words.filter(|word| !word.is_empty()).take(WORDS_MAX)
}

fn is_house_number(word: &[u8]) -> bool {
    word.first().is_some_and(u8::is_ascii_digit)
        && word.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b',' | b'-' | b'/'))
}

fn is_capital(word: &[u8]) -> bool {
    word.first().is_some_and(|b| b.is_ascii_uppercase() || *b >= 0xc3)
}

/// Begins with a capital and has no digits, or is an ordinal (`5th`).
fn is_capitalised(word: &[u8]) -> bool {
    match word.first() {
        Some(b'0'..=b'9') => ["st", "nd", "rd", "th"].iter().any(|end| ends_with(word, end)),
        _ => is_capital(word) && !word.iter().any(u8::is_ascii_digit),
    }
}

fn ends_with(word: &[u8], end: &str) -> bool {
    word.ends_with(end.as_bytes())
}

fn is_one_of(word: &[u8], list: &[&str]) -> bool {
    let word = plain(word);
    list.iter().any(|one| word.eq_ignore_ascii_case(one.as_bytes()))
}

/// Without a point or comma at the end.
fn plain(word: &[u8]) -> &[u8] {
    let end = word.iter().rposition(|b| !matches!(b, b'.' | b',')).map_or(0, |at| at + 1);
    word.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streets_have_a_number_and_a_kind() {
        for text in ["12 Oak Street", "221b Baker St.", "7781 Lake Street Apt 4", "Hauptstraße 12"]
        {
            assert!(is_street(text.as_bytes()), "{text}");
        }
        for text in ["12 drummers drumming", "take 2 way", "5 way valve x", "v1 drive"] {
            assert!(!is_street(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_whole_address_has_parts_numbers_and_capitals() {
        for text in [
            "Hauptstr. 12, 10115 Berlin",
            "12 Elm View\nLeeds\nLS1 4AP",
            "Rua da Sé, 5, Centro, 01001-000 São Paulo / SP",
            "via Roma 4, Appartamento 2, 00100, Ferrara (FE)",
        ] {
            assert!(is_address(text.as_bytes()), "{text}");
        }
        for text in
            ["12 Elm View Leeds", "we will address 2 issues, maybe 3", "Berlin, Germany", ""]
        {
            assert!(!is_address(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_line_of_an_address_needs_capitals_and_ends_there() {
        for text in [
            "12 Oak Street",
            "221b Baker St.",
            "7781 Lake Street Apt 4",
            "12 Oak Street, Leeds LS1 4AP",
            "400 Martin Luther King Blvd",
            "350 5th Ave",
            "Hauptstraße 12",
            "12 rue de la Paix",
        ] {
            assert!(is_street_line(text.as_bytes()), "{text}");
        }
        for text in [
            "500 GB Hard Drive",
            "2 TB Solid State Drive",
            "5 Way Valve",
            "12 oak street",
            "3 Steps Way Forward",
            "24 Hour Place",
            "Section 5",
            "1 Street",
            "12 rue barree",
            "St. James Park 12 Street food",
            "20 Best Songs",
            "",
        ] {
            assert!(!is_street_line(text.as_bytes()), "{text}");
        }
    }
}
