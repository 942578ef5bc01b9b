//! Fingerprints of hellos: JA3 and JA3S (Salesforce, <https://github.com/salesforce/ja3>) and JA4
//! (FoxIO, <https://github.com/FoxIO-LLC/ja4>, `technical_details/JA4.md`; BSD-3-Clause, see
//! `docs/notices.md`). Of the JA4 family only JA4 itself is free to use; the others are not here.

use std::fmt::Write as _;

use md5::Md5;
use sha2::{Digest, Sha256};

use crate::base::key::hex;

use super::hello::extension;

/// What fingerprints of a client are made of, in the order it was sent.
#[derive(Clone, Debug, Default)]
pub(super) struct ClientFacts {
    /// The version that the hello itself says.
    pub(super) version: u16,
    /// Cipher suites.
    pub(super) ciphers: Vec<u16>,
    /// Extensions.
    pub(super) extensions: Vec<u16>,
    /// Groups (elliptic curves).
    pub(super) groups: Vec<u16>,
    /// Point formats.
    pub(super) point_formats: Vec<u8>,
    /// Signature algorithms.
    pub(super) signatures: Vec<u16>,
    /// Versions of the extension of that name.
    pub(super) versions: Vec<u16>,
    /// The first application protocol.
    pub(super) alpn: Option<Vec<u8>>,
}

/// Digits of SHA-256 that JA4 keeps.
const JA4_DIGITS: usize = 12;
/// What stands for an empty list in JA4.
const JA4_EMPTY: &str = "000000000000";

/// A value that stands for nothing, sent so that servers stay tolerant (RFC 8701).
fn is_grease(value: u16) -> bool {
    let [high, low] = value.to_be_bytes();
    high == low && low & 0x0f == 0x0a
}

fn without_grease(values: &[u16]) -> impl Iterator<Item = u16> {
    values.iter().copied().filter(|value| !is_grease(*value))
}

/// Numbers in decimal with dashes between them.
fn dashed(values: impl Iterator<Item = u16>) -> String {
    let mut out = String::new();
    for value in values {
        let dash = if out.is_empty() { "" } else { "-" };
        // Writing to a String cannot fail.
        let _ = write!(out, "{dash}{value}");
    }
    out
}

/// JA3: its text and the MD5 of it.
pub(super) fn ja3(facts: &ClientFacts) -> (String, String) {
    let text = format!(
        "{},{},{},{},{}",
        facts.version,
        dashed(without_grease(&facts.ciphers)),
        dashed(without_grease(&facts.extensions)),
        dashed(without_grease(&facts.groups)),
        dashed(facts.point_formats.iter().map(|format| u16::from(*format))),
    );
    let hash = hex(&Md5::digest(text.as_bytes()));
    (text, hash)
}

/// JA3S: its text and the MD5 of it.
pub(super) fn ja3s(version: u16, cipher: u16, extensions: &[u16]) -> (String, String) {
    let text = format!("{version},{cipher},{}", dashed(extensions.iter().copied()));
    let hash = hex(&Md5::digest(text.as_bytes()));
    (text, hash)
}

/// JA4 of a hello over TCP.
pub(super) fn ja4(facts: &ClientFacts) -> String {
    let ciphers: Vec<u16> = without_grease(&facts.ciphers).collect();
    let extensions: Vec<u16> = without_grease(&facts.extensions).collect();
    let named = if extensions.contains(&extension::SERVER_NAME) { 'd' } else { 'i' };
    let hashed = |kind: &u16| !matches!(*kind, extension::SERVER_NAME | extension::ALPN);
    let kept: Vec<u16> = extensions.iter().copied().filter(hashed).collect();
    let mut text = sorted(&kept);
    let signatures = without_grease(&facts.signatures).map(four_digits).collect::<Vec<_>>();
    if !signatures.is_empty() {
        text.push('_');
        text.push_str(&signatures.join(","));
    }
    format!(
        "t{}{named}{:02}{:02}{}_{}_{}",
        ja4_version(facts),
        ciphers.len().min(99),
        extensions.len().min(99),
        ja4_alpn(facts.alpn.as_deref()),
        if ciphers.is_empty() { JA4_EMPTY.to_owned() } else { short(&sorted(&ciphers)) },
        if kept.is_empty() { JA4_EMPTY.to_owned() } else { short(&text) },
    )
}

fn four_digits(value: u16) -> String {
    format!("{value:04x}")
}

fn sorted(values: &[u16]) -> String {
    let mut values = values.to_vec();
    values.sort_unstable();
    values.into_iter().map(four_digits).collect::<Vec<_>>().join(",")
}

fn short(text: &str) -> String {
    let mut digits = hex(&Sha256::digest(text.as_bytes()));
    digits.truncate(JA4_DIGITS);
    digits
}

/// The highest version that is offered.
fn ja4_version(facts: &ClientFacts) -> &'static str {
    match without_grease(&facts.versions).max().unwrap_or(facts.version) {
        0x0304 => "13",
        0x0303 => "12",
        0x0302 => "11",
        0x0301 => "10",
        0x0300 => "s3",
        0x0002 => "s2",
        _ => "00",
    }
}

/// First and last character of the first protocol; of its hexadecimal form where one of them is
/// neither letter nor digit.
fn ja4_alpn(protocol: Option<&[u8]>) -> String {
    let ends = |text: &[u8]| Some([*text.first()?, *text.last()?]);
    let Some(pair) = protocol.and_then(ends) else { return "00".to_owned() };
    let plain = pair.iter().all(u8::is_ascii_alphanumeric);
    let digits = hex(protocol.unwrap_or_default());
    let pair = if plain { Some(pair) } else { ends(digits.as_bytes()) };
    pair.unwrap_or(*b"00").into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the README of JA3.
    #[test]
    fn ja3_is_as_published() {
        let mut facts = ClientFacts {
            version: 769,
            ciphers: vec![47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4],
            extensions: vec![0, 10, 11],
            groups: vec![23, 24, 25],
            point_formats: vec![0],
            ..ClientFacts::default()
        };
        let (text, hash) = ja3(&facts);
        let published = "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0";
        assert_eq!(text, published);
        assert_eq!(hash, "ada70206e40642a3e4461f35503241d5");
        // Random values for tolerance are left out.
        facts.ciphers.insert(0, 0x1a1a);
        facts.extensions.push(0xfafa);
        facts.groups.insert(1, 0x0a0a);
        assert_eq!(ja3(&facts).1, hash);
        let bare = ClientFacts {
            version: 769,
            ciphers: vec![4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99],
            ..ClientFacts::default()
        };
        assert_eq!(ja3(&bare).0, "769,4-5-10-9-100-98-3-6-19-18-99,,,");
        assert_eq!(ja3(&bare).1, "de350869b8c85de67a350c8d186f11e6");
    }

    /// The example of the README, whose hash there is of a text with longer dashes; this is the one
    /// that its implementations publish.
    #[test]
    fn ja3s_is_as_published() {
        let (text, hash) = ja3s(769, 47, &[65281, 0, 11, 35, 5, 16]);
        assert_eq!(text, "769,47,65281-0-11-35-5-16");
        assert_eq!(hash, "836ce314215654b5b1f85f97c73e506f");
    }

    /// The example of JA4's technical details.
    fn example() -> ClientFacts {
        ClientFacts {
            version: 0x0303,
            ciphers: vec![
                0x2a2a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8,
                0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035,
            ],
            extensions: vec![
                0x3a3a, 0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005,
                0x0023, 0x0012, 0x002b, 0xff01, 0x000b, 0x000a, 0x0015,
            ],
            signatures: vec![0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601],
            versions: vec![0x5a5a, 0x0304, 0x0303],
            alpn: Some(b"h2".to_vec()),
            ..ClientFacts::default()
        }
    }

    #[test]
    fn ja4_is_as_published() {
        assert_eq!(ja4(&example()), "t13d1516h2_8daaf6152771_e5627efa2ab1");
    }

    /// Numbers in hexadecimal, as the raw form of a fingerprint has them.
    fn numbers(text: &str) -> Vec<u16> {
        text.split(',').map(|n| u16::from_str_radix(n, 16).expect("a number")).collect()
    }

    /// Fingerprints and their raw form in the order of the hello, which the authors of JA4 publish
    /// of their own captures (`JA4_ro`: ciphers, extensions, signature algorithms).
    #[test]
    fn ja4_of_captures_is_as_published() {
        const CHROME: &str = "1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,\
                              002f,0035";
        const OLD: &str = "c030,c02c,c028,c024,c014,c00a,009f,006b,0039,cca9,cca8,ccaa,ff85,00c4,\
                           0088,0081,009d,003d,0035,00c0,0084,c02f,c02b,c027,c023,c013,c009,009e,\
                           0067,0033,00be,0045,009c,003c,002f,00ba,0041,c011,c007,0005,0004,c012,\
                           c008,0016,000a,00ff";
        const SIGNED: &str = "0403,0804,0401,0503,0805,0501,0806,0601";
        let hello = |versions: &[u16], alpn: &str, [ciphers, extensions, signatures]: [&str; 3]| {
            let signatures = if signatures.is_empty() { Vec::new() } else { numbers(signatures) };
            ja4(&ClientFacts {
                version: versions[0],
                versions: versions[1..].to_vec(),
                ciphers: numbers(ciphers),
                extensions: numbers(extensions),
                signatures,
                alpn: (!alpn.is_empty()).then(|| alpn.as_bytes().to_vec()),
                ..ClientFacts::default()
            })
        };
        // badcurveball.pcap
        let ciphers = format!("{CHROME},000a");
        let signatures = format!("{SIGNED},0201");
        let extensions = "0000,0017,ff01,000a,000b,0023,0010,0005,000d,0012,0033,002d,002b,001b,\
                          0015";
        let told = hello(&[0x0303, 0x0304], "h2", [&ciphers, extensions, &signatures]);
        assert_eq!(told, "t13d1615h2_46e7e9700bed_45f260be83e2");
        // browsers-x509.pcapng, two orders of extensions of one browser
        for extensions in [
            "000d,0000,000a,0005,000b,002b,001b,ff01,0033,4469,002d,0023,0017,0012,0010,0015",
            "002b,4469,000b,0017,000d,0000,001b,0005,0033,ff01,0010,000a,002d,0012,0023,0015",
        ] {
            let told = hello(&[0x0303, 0x0304], "h2", [CHROME, extensions, SIGNED]);
            assert_eq!(told, "t13d1516h2_8daaf6152771_e5627efa2ab1");
        }
        // sigalg-grease.pcapng: random values among the signature algorithms are left out
        let extensions = "fe0d,0010,0017,0033,44cd,ff01,000a,000d,0023,002b,000b,ca34,002d,0000,\
                          0005,001b,0012";
        let signatures = format!("5a5a,0904,0905,0906,{SIGNED}");
        let told = hello(&[0x0303, 0x0304], "h2", [CHROME, extensions, &signatures]);
        assert_eq!(told, "t13d1517h2_8daaf6152771_cb7bf5808d99");
        // ipv6.pcapng: the version of the hello, where it offers none by extension
        let signatures = "0601,0603,efef,0501,0503,0401,0403,eeee,eded,0301,0303,0201,0203";
        let told = hello(&[0x0303], "h2", [OLD, "0000,000b,000a,000d,0010", signatures]);
        assert_eq!(told, "t12d4605h2_85626a9a5f7f_aaf95bb78ec9");
        // socks-https-example.pcap: no extension but the host's name
        let ciphers = "0039,0038,0035,0016,0013,000a,0033,0032,002f,009a,0099,0096,0005,0004,\
                       0015,0012,0009,0014,0011,0008,0006,0003,00ff";
        let told = hello(&[0x0301], "", [ciphers, "0000", ""]);
        assert_eq!(told, "t10d230100_6a57a6f57151_000000000000");
    }

    #[test]
    fn ja4_of_hellos_that_lack_something() {
        let none = ClientFacts { version: 0x0301, ..ClientFacts::default() };
        assert_eq!(ja4(&none), "t10i000000_000000000000_000000000000");
        let odd = ClientFacts { alpn: Some(vec![0xab, 0x20, 0xcd]), ..none.clone() };
        assert!(ja4(&odd).starts_with("t10i0000ad_"), "{}", ja4(&odd));
        // Without signature algorithms nothing stands behind the extensions.
        let unsigned = ClientFacts { signatures: vec![], ..example() };
        assert_eq!(ja4(&unsigned), "t13d1516h2_8daaf6152771_6d807ffa2a79");
    }
}
