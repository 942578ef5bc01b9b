//! Telephone numbers behind words that say so: groups of digits as any country writes them.

use std::ops::Range;

use super::checks::starts_with_date;
use super::eastern;
use super::shape::is_word_byte;

/// Words that lead in a number one can call.
const CALLED: [&str; 35] = [
    "phone",
    "phones",
    "telephone",
    "tel",
    "mobile",
    "mob",
    "cell",
    "cellphone",
    "whatsapp",
    "pager",
    "fax",
    "ph",
    "call",
    "dial",
    "ring",
    "messages",
    "answering",
    "registered",
    "contact",
    "tél",
    "téléphone",
    "teléfono",
    "telefono",
    "telefon",
    "telefone",
    "telefoon",
    "tlf",
    "puh",
    "mobil",
    "handy",
    "móvil",
    "telemóvel",
    "celular",
    "gsm",
    "komórka",
];
/// Words that may stand between such a word and its number.
const BETWEEN: [&str; 14] =
    ["me", "us", "him", "her", "them", "back", "at", "on", "is", "no", "number", "nr", "to", "my"];
/// How many of them.
const BETWEEN_MAX: usize = 3;
/// Bytes before the number that are looked at, and those of a number with its separators.
const BEFORE_MAX: usize = 48;
const SPAN_MAX: usize = 26;

/// A number in groups behind a word for calling; the anchor is where its digits begin. What is
/// dialled has separators or a trunk prefix here: digits alone are told by their plan.
pub(super) fn phone_said(text: &[u8], anchor: Range<usize>) -> Option<Range<usize>> {
    let opens = usize::from(text.get(..anchor.start)?.ends_with(b"("));
    let start = anchor.start - opens;
    let rest = text.get(start..)?;
    let mut end = 0;
    for (at, byte) in rest.iter().enumerate().take(SPAN_MAX) {
        match byte {
            b'0'..=b'9' => end = at + 1,
            b' ' | b'-' | b'.' | b'/' => {}
            b'(' if at == 0 => {}
            b')' if opens == 1 => {}
            _ => break,
        }
    }
    let goes_on = rest.get(end).is_some_and(|b| is_word_byte(*b) && *b != b'x');
    let number = rest.get(..end)?;
    (!goes_on && is_grouped(number) && is_called(text.get(..start)?)).then_some(start..start + end)
}

/// Whether `number` has as many digits as can be dialled, in at least two groups of at least two,
/// and is no date, no version and no address of a machine.
fn is_grouped(number: &[u8]) -> bool {
    let groups = number.split(|b| !b.is_ascii_digit()).filter(|group| !group.is_empty());
    let (mut count, mut digits, mut single) = (0, 0, 0);
    for group in groups {
        count += 1;
        digits += group.len();
        single += usize::from(group.len() == 1);
    }
    let points = number.iter().filter(|b| **b == b'.').count();
    let eight = count == 3 && digits <= 8;
    (7..=15).contains(&digits)
        && (2..=6).contains(&count)
        && single == 0
        && points != 3
        && points != 1
        && !starts_with_date(number)
        && (!eight || number.contains(&b' '))
}

/// Whether `before` ends with a word for calling, perhaps with small words behind it.
fn is_called(before: &[u8]) -> bool {
    let from = before.len().saturating_sub(BEFORE_MAX);
    let mut rest = before.get(from..).unwrap_or_default();
    if eastern::is_called(rest) {
        return true;
    }
    for _ in 0..=BETWEEN_MAX {
        let end = rest.iter().rposition(u8::is_ascii_alphabetic).map_or(0, |at| at + 1);
        let (head, gap) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        let separates = |b: &u8| b.is_ascii_whitespace() || b":#.-*=+_".contains(b);
        if !gap.iter().all(separates) {
            return false;
        }
        let len = head.iter().rev().take_while(|b| is_word_byte(**b) && **b != b'_').count();
        let (head, word) = head.split_at_checked(head.len() - len).unwrap_or((head, &[]));
        let is = |one: &&str| word.eq_ignore_ascii_case(one.as_bytes());
        if CALLED.iter().any(is) {
            return true;
        }
        if !BETWEEN.iter().any(is) {
            return false;
        }
        rest = head;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Option<&str> {
        let start = text.find(|c: char| c.is_ascii_digit())?;
        let range = phone_said(text.as_bytes(), start..start + 1)?;
        text.get(range)
    }

    #[test]
    fn numbers_of_any_plan_stand_behind_words_for_calling() {
        for (text, number) in [
            ("Phone:\n60-56-85-91\n", "60-56-85-91"),
            ("call me at 0494 92 82 32 I'd", "0494 92 82 32"),
            ("Please call (64) 3591-3246?", "(64) 3591-3246"),
            ("stop messages to 541-714-1388", "541-714-1388"),
            ("Mobile: 723 813 266.", "723 813 266"),
            ("on 01.84.17.61.18 is my fax", ""),
            ("fax 01.84.17.61.18,", "01.84.17.61.18"),
            ("tel. no. 259-735-7502x459", "259-735-7502"),
            ("phone 450 0840", "450 0840"),
            ("phone_number=259-735-7502", "259-735-7502"),
        ] {
            assert_eq!(said(text).unwrap_or_default(), number, "{text}");
        }
    }

    #[test]
    fn what_nobody_dials_is_none() {
        for text in [
            "call 2024-01-31",
            "call on 31-01-2024",
            "phone 10.200.130.140",
            "phone 2.5.1000 released",
            "The call lasted 00:12:33. Build 212.555.0199",
            "call ended; order 510 510 510",
            "phone 5105105105105",
            "ring 1 000 000 people",
            "tel 12-34",
            "build 212-555-0123",
            "",
        ] {
            assert_eq!(said(text), None, "{text}");
        }
    }
}
