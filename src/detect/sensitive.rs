//! One string alone: could it be a person's? Asked of names before they are kept, so a wrong yes
//! costs a name and a wrong no a person's data.

use super::checks::is_annotation;
use super::fillers::is_legal_form;
use super::shape::is_word_byte;

/// Digits in a row, or in groups with single separators, from which on a number may be a person's.
const DIGITS_MIN: usize = 9;
/// Digits that make a word with letters look like a record number.
const RECORD_DIGITS_MIN: usize = 5;

/// Whether `text` has an address, a long number, a date, a record number, a name with a comma, or
/// a key in it.
pub(super) fn is_sensitive(text: &[u8]) -> bool {
    has_number(text)
        || has_at(text)
        || text.windows(10).any(|w| w == b"-----BEGIN")
        || has_name_with_comma(text)
        || words(text).any(is_record_number)
        || has_hardware_address(text)
        || words(text).any(is_mbi)
        || words(text).any(is_credential)
        || has_random(text)
        || text.split(|b| !b.is_ascii_alphanumeric() && *b != b'-').any(is_mbi)
}

/// The same of the name of an organisation: behind a comma its legal form may stand.
pub(super) fn is_sensitive_in_name(text: &[u8]) -> bool {
    let next_word = |at: usize| {
        let behind = text.get(at + 1..).unwrap_or_default().trim_ascii_start();
        behind.split(|b| !b.is_ascii_alphanumeric() && *b != b'.').next().unwrap_or_default()
    };
    let form = memchr::memchr_iter(b',', text).find(|at| is_legal_form(next_word(*at)));
    match form.and_then(|at| text.get(..at)) {
        // What follows the form is a notice at most.
        Some(before) => is_sensitive(before),
        None => is_sensitive(text),
    }
}

/// Something like a mail address, also without a host that exists.
fn has_at(text: &[u8]) -> bool {
    memchr::memchr_iter(b'@', text).any(|at| {
        let before = at.checked_sub(1).and_then(|n| text.get(n));
        before.is_some_and(|b| is_word_byte(*b))
            && !is_annotation(text.get(at + 1..).unwrap_or_default())
            && text.get(at + 1).is_some_and(|b| is_word_byte(*b))
    }) || text.windows(3).any(|w| w.eq_ignore_ascii_case(b"%40"))
}

/// Nine digits or more, together or in groups; or a date.
fn has_number(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some(start) = rest.iter().position(u8::is_ascii_digit) {
        let run = rest.get(start..).unwrap_or_default();
        let before = start.checked_sub(1).and_then(|at| rest.get(at)).copied();
        let (digits, groups, len) = grouped_digits(run);
        if digits >= DIGITS_MIN || (groups == 3 && matches!(digits, 6..=8)) {
            return true;
        }
        // A bare date; behind a slash it is a product's version (Gecko/20100101).
        if digits == 8 && groups == 1 && before != Some(b'/') {
            return true;
        }
        rest = run.get(len..).unwrap_or_default();
    }
    false
}

/// Digits and groups of a number that begins `text`, and its length. Groups have at least two
/// digits each and one separator between.
fn grouped_digits(text: &[u8]) -> (usize, usize, usize) {
    let (mut digits, mut groups, mut at) = (0, 0, 0);
    loop {
        let run = text.get(at..).unwrap_or_default();
        let len = run.iter().take_while(|b| b.is_ascii_digit()).count();
        if len == 0 {
            return (digits, groups, at);
        }
        digits += len;
        groups += 1;
        at += len;
        let separators = text.get(at..).unwrap_or_default();
        let gap = separators.iter().take(2).take_while(|b| b" -/()".contains(b)).count();
        let follows = separators.get(gap).is_some_and(u8::is_ascii_digit);
        if gap == 0 || !follows {
            return (digits, groups, at);
        }
        at += gap;
    }
}

/// `Smith, John`, also with an encoded space or none.
fn has_name_with_comma(text: &[u8]) -> bool {
    memchr::memchr_iter(b',', text).any(|at| {
        let (before, after) = text.split_at(at);
        let behind = after.get(1..).unwrap_or_default();
        let behind = behind.strip_prefix(b"%20").unwrap_or(behind).trim_ascii_start();
        let last = before.rsplit(|b| !is_word_byte(*b) && *b != b'\'').next().unwrap_or_default();
        is_capitalised(last) && is_capitalised(behind)
    })
}

fn is_capitalised(word: &[u8]) -> bool {
    match word {
        [first, second, ..] => {
            (first.is_ascii_uppercase() || *first >= 0x80)
                && (second.is_ascii_alphabetic() || *second >= 0x80 || *second == b'\'')
        }
        _ => false,
    }
}

fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|b| !b.is_ascii_alphanumeric()).filter(|word| !word.is_empty())
}

/// Up to six letters, then at least five digits, perhaps a letter at the end: `MRN00123`,
/// `AB123456C`.
fn is_record_number(word: &[u8]) -> bool {
    let letters = word.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let rest = word.get(letters..).unwrap_or_default();
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    (1..=6).contains(&letters) && digits >= RECORD_DIGITS_MIN && rest.len() - digits <= 1
}

/// A Medicare number in the CMS' format, in either case (host names are lower-case), with or
/// without dashes.
fn is_mbi(word: &[u8]) -> bool {
    const SHAPE: &[u8; 11] = b"caxnaxnaann";
    let letter = |b: u8| b.is_ascii_alphabetic() && !b"SLOIBZ".contains(&b.to_ascii_uppercase());
    let fits = |(b, shape): (u8, &u8)| match shape {
        b'c' => matches!(b, b'1'..=b'9'),
        b'n' => b.is_ascii_digit(),
        b'x' => letter(b) || b.is_ascii_digit(),
        _ => letter(b),
    };
    let bytes = || word.iter().copied().filter(|b| *b != b'-');
    bytes().count() == SHAPE.len() && bytes().zip(SHAPE).all(fits)
}

/// The begin of a JWT (RFC 7519: the base64url of `{"`) or an id of an access key of AWS, in either
/// case; where letters stand around the id, it has a digit, which `asia` in words has not, or is in
/// capitals among what is none.
fn is_credential(word: &[u8]) -> bool {
    const JWT_MIN: usize = 8;
    const AWS_LENGTH: usize = 20;
    let begins =
        |with: &[u8]| word.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with));
    word.windows(3).any(|w| w == b"eyJ")
        || (begins(b"eyj") && word.len() >= JWT_MIN)
        || (word.len() == AWS_LENGTH && [b"akia", b"asia"].iter().any(|id| begins(*id)))
        || word.windows(AWS_LENGTH).any(is_joined_key)
        || word.split(|b| !b.is_ascii_uppercase() && !matches!(b, b'2'..=b'7')).any(|run| {
            let heads = [&b"AKIA"[..], b"ASIA"];
            run.len() == AWS_LENGTH && heads.iter().any(|head| run.starts_with(head))
        })
}

/// An id of an access key: base32 (RFC 4648) behind its four letters.
fn is_joined_key(window: &[u8]) -> bool {
    let Some((head, id)) = window.split_first_chunk::<4>() else { return false };
    (head.eq_ignore_ascii_case(b"akia") || head.eq_ignore_ascii_case(b"asia"))
        && id.iter().all(|b| b.is_ascii_alphabetic() || matches!(b, b'2'..=b'7'))
        && id.iter().any(u8::is_ascii_digit)
}

/// Whether twenty letters and digits or more follow each other as in what is drawn at random and
/// written in base64 (RFC 4648): all three kinds, and another kind two times of five. Words that
/// are put together change less (`QuestionnaireResponse`, `Sha256`).
fn has_random(text: &[u8]) -> bool {
    const LENGTH_MIN: usize = 20;
    let coded = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    let kind = |b: u8| match b {
        b'0'..=b'9' => 1u8,
        b'a'..=b'z' => 2,
        _ => 4,
    };
    text.split(|b| !coded(b)).filter(|run| run.len() >= LENGTH_MIN).any(|run| {
        let (mut len, mut changes, mut kinds, mut last) = (0, 0, 0, 0);
        for now in run.iter().filter(|b| b.is_ascii_alphanumeric()).map(|b| kind(*b)) {
            changes += usize::from(last != 0 && last != now);
            (len, kinds, last) = (len + 1, kinds | now, now);
        }
        len >= LENGTH_MIN && kinds == 7 && changes * 5 >= len * 2
    })
}

fn has_hardware_address(text: &[u8]) -> bool {
    text.windows(17).any(|w| {
        w.iter().enumerate().all(|(at, byte)| match at % 3 {
            2 => matches!(byte, b':' | b'-'),
            _ => byte.is_ascii_hexdigit(),
        })
    })
}
