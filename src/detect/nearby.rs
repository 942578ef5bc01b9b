//! What is somebody's by what stands near it in a text: an address of the Internet beside a mail
//! address, a name before what clinicians say of patients.

use std::ops::Range;

use super::checks::{is_email, person_name};
use super::finders::{name_word, second_word};
use super::shape::is_word_byte;
use super::vocabulary::knows_word;

/// Bytes before and behind an address in which a mail address makes it somebody's.
const NEAR: usize = 256;

/// An IPv4 address in a text that has a mail address near it; the anchor is where its first digits
/// begin. Machines have such addresses, too: those of logs name nobody.
pub(super) fn ip_near_mail(text: &[u8], anchor: Range<usize>) -> Option<Range<usize>> {
    const LONGEST: usize = 15;
    let start = anchor.start;
    let before = start.checked_sub(1).and_then(|at| text.get(at));
    if before.is_some_and(|b| is_word_byte(*b) || matches!(b, b'.' | b'-' | b'/' | b'@' | b'^')) {
        return None;
    }
    let rest = text.get(start..)?;
    let len = rest.iter().take(LONGEST + 1).take_while(|b| b.is_ascii_digit() || **b == b'.');
    let len = len.count();
    let address = rest.get(..len)?;
    let address = address.strip_suffix(b".").unwrap_or(address);
    let parsed: std::net::Ipv4Addr = std::str::from_utf8(address).ok()?.parse().ok()?;
    let end = start + address.len();
    let goes_on = text.get(end).is_some_and(|b| is_word_byte(*b) || matches!(b, b'-' | b'/'));
    let nobody = parsed.is_loopback() || parsed.is_unspecified() || parsed.is_multicast();
    if goes_on || nobody || parsed.is_private() || is_version(text.get(..start)?) {
        return None;
    }
    let window = text.get(start.saturating_sub(NEAR)..text.len().min(end + NEAR))?;
    has_mail(window).then_some(start..end)
}

/// Whether what follows `before` is the number of a version: `Version 11.2.0.17 was installed`.
fn is_version(before: &[u8]) -> bool {
    const WORDS: [&[u8]; 6] = [b"version", b"ver", b"release", b"build", b"firmware", b"revision"];
    let before = before.trim_ascii_end();
    let before = before.strip_suffix(b":").or(before.strip_suffix(b"=")).unwrap_or(before);
    let letters = before.iter().rev().take_while(|b| b.is_ascii_alphabetic()).count();
    let word = before.get(before.len() - letters..).unwrap_or_default();
    WORDS.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// Whether a mail address stands in `window`.
fn has_mail(window: &[u8]) -> bool {
    /// Signs of `@` that are looked at: each costs what stands around it.
    const SIGNS_MAX: usize = 4;
    let part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'+');
    memchr::memchr_iter(b'@', window).take(SIGNS_MAX).any(|at| {
        let (local, host) = (window.get(..at).unwrap_or_default(), window.get(at + 1..));
        let host = host.unwrap_or_default();
        let start = local.iter().rposition(|b| !part(b)).map_or(0, |place| place + 1);
        let len = host.iter().take_while(|b| part(b)).count();
        let address = window.get(start..at + 1 + len).unwrap_or_default();
        let address = address.trim_ascii_end();
        is_email(address.strip_suffix(b".").unwrap_or(address))
    })
}

/// What clinicians say of a patient right behind the name.
const SAID: [&[u8]; 33] = [
    b"seen",
    b"was",
    b"is",
    b"has",
    b"had",
    b"presents",
    b"presented",
    b"presenting",
    b"c/o",
    b"complains",
    b"complained",
    b"complaining",
    b"reports",
    b"reported",
    b"denies",
    b"denied",
    b"states",
    b"stated",
    b"admitted",
    b"discharged",
    b"underwent",
    b"arrived",
    b"attended",
    b"referred",
    b"transferred",
    b"reviewed",
    b"examined",
    b"called",
    b"phoned",
    b"requests",
    b"died",
    b"aged",
    b"dob",
];

/// Two names behind `Patient ` or `Pt ` and before what is said of one: `Pt John Okafor c/o chest
/// pain`. `Patient Portal was down` and `Patient Access Team is closed` name nobody.
pub(super) fn name_seen(text: &[u8], anchor: Range<usize>) -> Option<Range<usize>> {
    let before = anchor.start.checked_sub(1).and_then(|at| text.get(at));
    if before.is_some_and(|b| is_word_byte(*b)) {
        return None;
    }
    let first = name_word(text, anchor.end)?;
    let end = second_word(text, first)?;
    let name = text.get(anchor.end..end)?;
    let words = || name.split(|b| *b == b' ').filter(|word| word.len() > 2);
    let behind = text.get(end..)?.strip_prefix(b" ")?;
    let said = |word: &[u8]| {
        behind.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word))
            && !behind.get(word.len()).is_some_and(|b| is_word_byte(*b))
    };
    (words().all(|word| !knows_word(word))
        && person_name(name)
        && SAID.iter().any(|word| said(word)))
    .then_some(anchor.end..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_somebodys_beside_a_mail_address() {
        let at = |text: &'static str| {
            let start = text.find("203").unwrap();
            ip_near_mail(text.as_bytes(), start..start + 3).map(|range| &text[range])
        };
        let found = Some("203.0.113.7");
        assert_eq!(at("Jane (jane.doe@example.org) from 203.0.113.7."), found);
        assert_eq!(at("client 203.0.113.7, mail jane.doe@example.org"), found);
        for text in [
            "worker at 203.0.113.7 closed",
            "package left-pad@1.3.0 from 203.0.113.7",
            "root@localhost from 203.0.113.7",
            "jane.doe@example.org, version 1.203.0.113.7",
            "jane.doe@example.org in 203.0.113.0/24",
            "jane.doe@example.org runs Version 203.0.113.7",
            "jane.doe@example.org, 203.0.113.700",
        ] {
            assert_eq!(at(text), None, "{text}");
        }
        let far = format!("jane.doe@example.org{} 203.0.113.7", " x".repeat(NEAR));
        let start = far.find("203").unwrap();
        assert_eq!(ip_near_mail(far.as_bytes(), start..start + 3), None);
    }

    #[test]
    fn two_names_before_what_is_said_of_a_patient_are_a_patients() {
        let at = |text: &'static str| {
            let start = text.to_lowercase().find("p").unwrap();
            let len = if text[start..].to_lowercase().starts_with("patient") { 8 } else { 3 };
            name_seen(text.as_bytes(), start..start + len).map(|range| &text[range])
        };
        assert_eq!(at("Patient Maria Lindqvist seen on 3 May"), Some("Maria Lindqvist"));
        assert_eq!(at("Pt John Okafor c/o chest pain"), Some("John Okafor"));
        assert_eq!(at("Patient Anna de Vries was well"), Some("Anna de Vries"));
        for text in [
            "Patient Portal Login was down",
            "Patient Access Team is closed",
            "Patient Maria seen today",
            "Patient Maria Lindqvist",
            "Patient Care Unit is full",
            "Patient maria lindqvist seen",
            "Pt Physical Therapy has ended",
        ] {
            assert_eq!(at(text), None, "{text}");
        }
    }
}
