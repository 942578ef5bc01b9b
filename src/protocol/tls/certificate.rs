//! What an X.509 certificate says (RFC 5280). Signatures are not verified: that would need the
//! roots that each client trusts.

use std::net::{Ipv4Addr, Ipv6Addr};

use sha1::Sha1;
use sha2::{Digest, Sha256};
use x509_parser::asn1_rs::{Any, Tag};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::{PublicKey, RSAPublicKey};
use x509_parser::x509::{SubjectPublicKeyInfo, X509Name};

use crate::base::Cursor;
use crate::base::key::hex;
use crate::base::limits::{TLS_CHAIN_MAX, TLS_NAME_BYTES_MAX, TLS_NAMES_PER_CERTIFICATE_MAX};
use crate::model::{NamePart, TlsCertificate};

/// Parts of a distinguished name that are read (RFC 4519), by their object identifiers.
const ATTRIBUTES: [(&str, &str); 7] = [
    ("2.5.4.3", "CN"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("0.9.2342.19200300.100.1.25", "DC"),
];

/// The certificates of a Certificate message (RFC 5246 section 7.4.2), and whether all of them
/// could be read.
pub(super) fn chain(body: &[u8]) -> (Vec<TlsCertificate>, bool) {
    let mut cursor = Cursor::new(body);
    let mut out = Vec::new();
    let Some(len) = length(&mut cursor) else { return (out, false) };
    let mut cursor = Cursor::new(cursor.rest().get(..len).unwrap_or(cursor.rest()));
    let mut whole = true;
    while !cursor.is_empty() && out.len() < TLS_CHAIN_MAX {
        let der = length(&mut cursor).and_then(|len| cursor.take(len));
        let Some(der) = der else { return (out, false) };
        match certificate(der) {
            Some(certificate) => out.push(certificate),
            None => whole = false,
        }
    }
    (out, whole)
}

fn length(cursor: &mut Cursor<'_>) -> Option<usize> {
    let [high, middle, low] = cursor.array()?;
    usize::try_from(u32::from_be_bytes([0, high, middle, low])).ok()
}

fn certificate(der: &[u8]) -> Option<TlsCertificate> {
    let (_, read) = X509Certificate::from_der(der).ok()?;
    let (key, key_bits) = key(read.public_key());
    let (names, names_in_subject) = names(&read);
    let validity = read.validity();
    Some(TlsCertificate {
        sha256: hex(&Sha256::digest(der)),
        sha1: colons(&Sha1::digest(der)),
        serial: colons(read.raw_serial()),
        subject: parts(read.subject()),
        issuer: parts(read.issuer()),
        names,
        names_in_subject,
        key,
        key_bits,
        not_before: validity.not_before.timestamp(),
        not_after: validity.not_after.timestamp(),
        self_signed: is_self_signed(&read),
    })
}

/// Whether a certificate says that it signed itself. One of an authority that signs for another of
/// its own keys has the same names, too, but names that key (RFC 5280 section 4.2.1.1).
fn is_self_signed(read: &X509Certificate<'_>) -> bool {
    let (mut own, mut signer) = (None, None);
    for extension in read.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(id) => own = Some(id.0),
            ParsedExtension::AuthorityKeyIdentifier(by) => {
                signer = by.key_identifier.as_ref().map(|id| id.0);
            }
            _ => {}
        }
    }
    let by_another = own.zip(signer).is_some_and(|(own, signer)| own != signer);
    read.subject().as_raw() == read.issuer().as_raw() && !by_another
}

/// `4A:0F:…`
fn colons(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.join(":")
}

fn parts(name: &X509Name<'_>) -> Vec<NamePart> {
    let known = name.iter_attributes().filter_map(|part| {
        let oid = part.attr_type().to_id_string();
        let (_, attribute) = ATTRIBUTES.iter().find(|(id, _)| *id == oid)?;
        let raw = part.attr_value();
        // BMPString (tag 30) has two bytes for each character, the others one or UTF-8.
        let text = match raw.tag().0 {
            30 => raw.data.chunks_exact(2).map(unit).collect::<Vec<u16>>(),
            _ => String::from_utf8_lossy(raw.data).encode_utf16().collect(),
        };
        let mut text = String::from_utf16_lossy(&text);
        text.truncate(text.floor_char_boundary(TLS_NAME_BYTES_MAX));
        Some(NamePart { attribute, text })
    });
    known.collect()
}

fn unit(pair: &[u8]) -> u16 {
    pair.iter().fold(0, |unit, byte| unit << 8 | u16::from(*byte))
}

/// Hosts and addresses of the subject's alternative names; without any, a common name that is a
/// host (RFC 6125 section 6.4.4; RFC 9525 has done away with that). Whether it is the latter.
fn names(read: &X509Certificate<'_>) -> (Vec<String>, bool) {
    let alternative = read.extensions().iter().find_map(|e| match e.parsed_extension() {
        ParsedExtension::SubjectAlternativeName(names) => Some(&names.general_names),
        _ => None,
    });
    let hosts = alternative.into_iter().flatten().filter_map(|name| match name {
        GeneralName::DNSName(host) => Some(host.to_ascii_lowercase()),
        GeneralName::IPAddress(bytes) => address(bytes),
        _ => None,
    });
    let mut out: Vec<String> = hosts.take(TLS_NAMES_PER_CERTIFICATE_MAX).collect();
    let in_subject = out.is_empty();
    if in_subject {
        let subject = parts(read.subject());
        let host = |text: &str| text.contains('.') && text.bytes().all(is_host_byte);
        let common = subject.into_iter().filter(|p| p.attribute == "CN" && host(&p.text));
        out.extend(common.map(|part| part.text.to_ascii_lowercase()));
    }
    let in_subject = in_subject && !out.is_empty();
    (out, in_subject)
}

fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'*')
}

fn address(bytes: &[u8]) -> Option<String> {
    match *bytes {
        [a, b, c, d] => Some(Ipv4Addr::new(a, b, c, d).to_string()),
        _ => <[u8; 16]>::try_from(bytes).ok().map(|bytes| Ipv6Addr::from(bytes).to_string()),
    }
}

/// Kind and size of a key; a size of 0 is not known.
fn key(info: &SubjectPublicKeyInfo<'_>) -> (&'static str, u32) {
    let algorithm = info.algorithm.algorithm.to_id_string();
    let bits = |bits: usize| u32::try_from(bits).unwrap_or(0);
    match (algorithm.as_str(), info.parsed()) {
        ("1.3.101.112", _) => ("Ed25519", 256),
        ("1.3.101.113", _) => ("Ed448", 456),
        // FIPS 204: a parameter set, no size.
        ("2.16.840.1.101.3.4.3.17", _) => ("ML-DSA-44", 0),
        ("2.16.840.1.101.3.4.3.18", _) => ("ML-DSA-65", 0),
        ("2.16.840.1.101.3.4.3.19", _) => ("ML-DSA-87", 0),
        (_, Ok(PublicKey::RSA(rsa))) => ("RSA", integer_bits(rsa.modulus)),
        (_, Ok(PublicKey::EC(point))) => {
            let curve = info.algorithm.parameters.as_ref().and_then(|p| p.as_oid().ok());
            let named = curve.and_then(|oid| curve_bits(&oid.to_id_string()));
            ("EC", named.unwrap_or_else(|| bits(point.key_size())))
        }
        // A key for RSASSA-PSS alone is written as any of RSA (RFC 4055 section 1.2).
        ("1.2.840.113549.1.1.10", Ok(PublicKey::Unknown(der))) => {
            let read = RSAPublicKey::from_der(der);
            read.map_or(("other", 0), |(_, rsa)| ("RSA", integer_bits(rsa.modulus)))
        }
        ("1.2.840.10040.4.1", _) => ("DSA", prime_bits(info).unwrap_or(0)),
        _ => ("other", 0),
    }
}

/// Bits of the prime of a DSA key (RFC 3279 section 2.3.2): the key itself may be shorter by
/// chance. Where it has none (they are those of the issuer) the size is not known.
fn prime_bits(info: &SubjectPublicKeyInfo<'_>) -> Option<u32> {
    let parameters = info.algorithm.parameters.as_ref()?;
    let (_, prime) = Any::from_der(parameters.data).ok()?;
    (prime.tag() == Tag::Integer).then(|| integer_bits(prime.data))
}

/// Bits of a number (a modulus, a prime) without leading zeroes.
pub(super) fn integer_bits(number: &[u8]) -> u32 {
    let zeroes = number.iter().take_while(|byte| **byte == 0).count();
    let bytes = number.get(zeroes..).unwrap_or_default();
    let unused = bytes.first().map_or(0, |byte| byte.leading_zeros());
    u32::try_from(bytes.len()).unwrap_or(0).saturating_mul(8).saturating_sub(unused)
}

/// Bits of a named curve (SEC 2, RFC 5480), where its points do not tell: of those whose size is no
/// multiple of eight.
fn curve_bits(oid: &str) -> Option<u32> {
    let number = match oid.strip_prefix("1.2.840.10045.3.1.") {
        Some("4" | "5" | "6") => return Some(239),
        _ => oid.strip_prefix("1.3.132.0.")?,
    };
    match number {
        "4" | "5" => Some(113),
        "22" | "23" => Some(131),
        "1" | "2" | "15" => Some(163),
        "24" | "25" => Some(193),
        "26" | "27" => Some(233),
        "3" => Some(239),
        "16" | "17" => Some(283),
        "36" | "37" => Some(409),
        "35" => Some(521),
        "38" | "39" => Some(571),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_numbers_are_counted_in_bits() {
        assert_eq!(integer_bits(&[0, 0x80, 0]), 16);
        assert_eq!(integer_bits(&[0x01, 0xff]), 9);
        assert_eq!(integer_bits(&[]), 0);
    }

    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        [vec![tag, u8::try_from(content.len()).unwrap()], content.to_vec()].concat()
    }

    #[test]
    fn the_size_of_a_dsa_key_is_that_of_its_prime() {
        let number = |bytes: &[u8]| der(2, bytes);
        let key_of = |parameters: &[u8]| {
            let algorithm = [&b"\x06\x07\x2a\x86\x48\xce\x38\x04\x01"[..], parameters].concat();
            let bits = der(3, &[&[0][..], &number(&[5])].concat());
            let info = der(0x30, &[der(0x30, &algorithm), bits].concat());
            let (_, info) = SubjectPublicKeyInfo::from_der(&info).unwrap();
            key(&info)
        };
        let numbers = [number(&[0, 0x80, 1]), number(&[0x11]), number(&[3])].concat();
        assert_eq!(key_of(&der(0x30, &numbers)), ("DSA", 16), "whatever the key itself is");
        assert_eq!(key_of(b""), ("DSA", 0), "the issuer's parameters");
        assert_eq!(key_of(&der(0x30, b"\x04\x01\x80")), ("DSA", 0));
    }

    #[test]
    fn addresses_are_written_as_usual() {
        assert_eq!(address(&[10, 0, 0, 1]).as_deref(), Some("10.0.0.1"));
        assert_eq!(address(&[0; 16]).as_deref(), Some("::"));
        assert_eq!(address(&[1, 2]), None);
    }

    #[test]
    fn what_is_no_certificate_is_told() {
        assert_eq!(chain(b"\x00\x00\x05\x00\x00\x02ab"), (vec![], false));
        assert_eq!(chain(b"\x00\x00\x00"), (vec![], true));
        assert_eq!(chain(b""), (vec![], false));
    }
}
