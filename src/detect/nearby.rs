//! What is somebody's by what stands near it in a text: an address of the Internet beside a mail
//! address, a name before what clinicians say of patients.

use std::net::{Ipv4Addr, Ipv6Addr};
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
    let (found, address) = ipv4(text, anchor.start)?;
    if address.is_private() || address.is_multicast() {
        return None;
    }
    let from = found.start.saturating_sub(NEAR);
    let window = text.get(from..text.len().min(found.end + NEAR))?;
    has_mail(window).then_some(found)
}

/// An IP address in a text, whosever it is, of a network of one's own, too; the anchor is where its
/// first word with a digit begins.
pub(super) fn ip_text(text: &[u8], anchor: Range<usize>) -> Option<Range<usize>> {
    match text.get(anchor.start..)?.iter().take(5).find(|b| !b.is_ascii_hexdigit())? {
        b'.' => ipv4(text, anchor.start).map(|(found, _)| found),
        b':' => ipv6(text, anchor.start),
        _ => None,
    }
}

/// An IPv6 address that begins at `start` (RFC 4291 section 2.2) and has groups of three digits and
/// more: others are times of day, fingerprints and hardware addresses.
fn ipv6(text: &[u8], start: usize) -> Option<Range<usize>> {
    const LONGEST: usize = 39;
    const LONG_GROUPS_MIN: usize = 2;
    let before = start.checked_sub(1).and_then(|at| text.get(at));
    if before.is_some_and(|b| is_word_byte(*b) || matches!(b, b':' | b'.' | b'-' | b'/' | b'@')) {
        return None;
    }
    let rest = text.get(start..)?;
    let part = |b: &&u8| b.is_ascii_hexdigit() || **b == b':';
    let len = rest.iter().take(LONGEST + 1).take_while(part).count();
    let address = rest.get(..len)?;
    let long = address.split(|b| *b == b':').filter(|group| group.len() >= 3).count();
    let parsed: Ipv6Addr = std::str::from_utf8(address).ok()?.parse().ok()?;
    let end = start + len;
    let goes_on = text.get(end).is_some_and(|b| is_word_byte(*b) || matches!(b, b'-' | b'/'));
    let nobody = parsed.is_loopback() || parsed.is_unspecified();
    (long >= LONG_GROUPS_MIN && !goes_on && !nobody).then_some(start..end)
}

/// A URL in a sentence, whosever page it is: what stands in quotes, or is the whole of a value, is
/// of a program.
pub(super) fn url_text(text: &[u8], anchor: Range<usize>) -> Option<Range<usize>> {
    const HOST_BYTES_MAX: usize = 253;
    let before = text.get(anchor.start.checked_sub(1)?)?;
    if !before.is_ascii_whitespace() && !matches!(before, b'(' | b',' | b':') {
        return None;
    }
    let rest = text.get(anchor.end..)?;
    let part = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
    let len = rest.iter().take(HOST_BYTES_MAX).take_while(part).count();
    let host = rest.get(..len)?;
    let host = host.strip_suffix(b".").unwrap_or(host);
    let named = host.iter().any(u8::is_ascii_alphabetic) && host.contains(&b'.');
    named.then_some(anchor.start..anchor.end + host.len())
}

/// An IPv4 address of some machine that begins at `start`, and its place.
fn ipv4(text: &[u8], start: usize) -> Option<(Range<usize>, Ipv4Addr)> {
    const LONGEST: usize = 15;
    let before = start.checked_sub(1).and_then(|at| text.get(at));
    if before.is_some_and(|b| is_word_byte(*b) || matches!(b, b'.' | b'-' | b'/' | b'@' | b'^')) {
        return None;
    }
    let rest = text.get(start..)?;
    let len = rest.iter().take(LONGEST + 1).take_while(|b| b.is_ascii_digit() || **b == b'.');
    let len = len.count();
    let address = rest.get(..len)?;
    let address = address.strip_suffix(b".").unwrap_or(address);
    let parsed: Ipv4Addr = std::str::from_utf8(address).ok()?.parse().ok()?;
    let end = start + address.len();
    let goes_on = text.get(end).is_some_and(|b| is_word_byte(*b) || matches!(b, b'-' | b'/'));
    let nobody = parsed.is_loopback() || parsed.is_unspecified();
    if goes_on || nobody || is_version(text.get(..start)?) {
        return None;
    }
    Some((start..end, parsed))
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
