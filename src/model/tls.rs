//! What a TLS handshake shows before encryption begins.

use std::borrow::Cow;
use std::fmt;

use crate::base::Timestamp;

use super::Direction;

/// A version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TlsVersion {
    /// SSL 2.0, forbidden by RFC 6176.
    Ssl2,
    /// SSL 3.0 (RFC 6101), forbidden by RFC 7568.
    Ssl3,
    /// RFC 2246, forbidden by RFC 8996.
    Tls10,
    /// RFC 4346, forbidden by RFC 8996.
    Tls11,
    /// RFC 5246.
    Tls12,
    /// RFC 8446, its drafts included.
    Tls13,
    /// A number that nobody assigned.
    Other,
}

impl TlsVersion {
    /// Every version, the oldest first.
    pub const ALL: [TlsVersion; 7] = [
        TlsVersion::Ssl2,
        TlsVersion::Ssl3,
        TlsVersion::Tls10,
        TlsVersion::Tls11,
        TlsVersion::Tls12,
        TlsVersion::Tls13,
        TlsVersion::Other,
    ];

    /// Whether certificates are sent in the clear.
    fn shows_certificates(self) -> bool {
        !matches!(self, TlsVersion::Tls13 | TlsVersion::Other)
    }

    /// The version with this number on the wire.
    pub fn from_code(code: u16) -> TlsVersion {
        match code {
            0x0002 => TlsVersion::Ssl2,
            0x0300 => TlsVersion::Ssl3,
            0x0301 => TlsVersion::Tls10,
            0x0302 => TlsVersion::Tls11,
            0x0303 => TlsVersion::Tls12,
            // Drafts of TLS 1.3, and those of Facebook, said 0x7fNN and 0xfbNN.
            0x0304 | 0x7f00..=0x7fff | 0xfb00..=0xfbff => TlsVersion::Tls13,
            _ => TlsVersion::Other,
        }
    }

    /// The name shown to users: `TLS 1.2`.
    pub fn name(self) -> &'static str {
        match self {
            TlsVersion::Ssl2 => "SSL 2.0",
            TlsVersion::Ssl3 => "SSL 3.0",
            TlsVersion::Tls10 => "TLS 1.0",
            TlsVersion::Tls11 => "TLS 1.1",
            TlsVersion::Tls12 => "TLS 1.2",
            TlsVersion::Tls13 => "TLS 1.3",
            TlsVersion::Other => "other",
        }
    }

    /// The version that [`TlsVersion::name`] calls so.
    pub fn named(name: &str) -> Option<TlsVersion> {
        TlsVersion::ALL.into_iter().find(|version| version.name() == name)
    }

    /// Whether it must no longer be used.
    pub fn is_obsolete(self) -> bool {
        self < TlsVersion::Tls12
    }
}

impl fmt::Display for TlsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a ClientHello says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsClientHello {
    /// The host it is for (RFC 6066 section 3), as sent.
    pub server_name: Option<Vec<u8>>,
    /// Application protocols it offers (RFC 7301), as sent.
    pub alpn: Vec<Vec<u8>>,
    /// JA3 in 32 hexadecimal digits; none for an SSL 2.0 hello.
    pub ja3: Option<String>,
    /// JA4: `t13d1516h2_8daaf6152771_e5627efa2ab1`; none for an SSL 2.0 hello.
    pub ja4: Option<String>,
}

/// What a ServerHello says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsServerHello {
    /// The version that both will speak.
    pub version: TlsVersion,
    /// The cipher suite: its IANA name, or its number as `0x1234` where it has none.
    pub cipher: Cow<'static, str>,
    /// The application protocol, where it is not said under encryption.
    pub alpn: Option<Vec<u8>>,
    /// JA3S in 32 hexadecimal digits.
    pub ja3s: String,
}

/// A part of a distinguished name: its abbreviation and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePart {
    /// `CN`, `O`, `OU`, `L`, `ST`, `C` or `DC`; others are not kept, as they name persons.
    pub attribute: &'static str,
    /// The text, as sent.
    pub text: String,
}

/// An X.509 certificate (RFC 5280), as far as it tells a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsCertificate {
    /// SHA-256 of its DER form in hexadecimal digits.
    pub sha256: String,
    /// SHA-1 of its DER form, with colons: what other tools call its fingerprint.
    pub sha1: String,
    /// Serial number in hexadecimal digits, with colons.
    pub serial: String,
    /// Whom it is for.
    pub subject: Vec<NamePart>,
    /// Who signed it.
    pub issuer: Vec<NamePart>,
    /// Hosts and addresses it is for, lower-case, wildcards included.
    pub names: Vec<String>,
    /// They stand in its subject: there are no alternative names.
    pub names_in_subject: bool,
    /// `RSA`, `EC`, `Ed25519`, …
    pub key: &'static str,
    /// Size of the key in bits; 0 where that is not known.
    pub key_bits: u32,
    /// Seconds since 1970-01-01T00:00:00Z from which it is valid.
    pub not_before: i64,
    /// Seconds since 1970-01-01T00:00:00Z until which it is valid.
    pub not_after: i64,
    /// Subject and issuer are the same.
    pub self_signed: bool,
}

/// How both sides agreed on keys, where that is said in the clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsKeyExchange {
    /// Diffie-Hellman modulo a prime of so many bits, which the server chose.
    DiffieHellman(u32),
    /// A temporary RSA key of so many bits.
    Rsa(u32),
    /// A curve of the server's own, over a field of so many bits.
    Curve(u32),
    /// A group by its number (IANA TLS Supported Groups).
    Group(u16),
}

impl TlsKeyExchange {
    /// The name shown to users: `DH 1024`, `RSA 512`, `EC 192`, the IANA name of a group, or its
    /// number as `0x1234` where it has none.
    pub fn name(self) -> Cow<'static, str> {
        match self {
            TlsKeyExchange::DiffieHellman(bits) => Cow::Owned(format!("DH {bits}")),
            TlsKeyExchange::Rsa(bits) => Cow::Owned(format!("RSA {bits}")),
            TlsKeyExchange::Curve(bits) => Cow::Owned(format!("EC {bits}")),
            TlsKeyExchange::Group(number) => match group(number) {
                Some(name) => Cow::Borrowed(name),
                None => Cow::Owned(format!("0x{number:04x}")),
            },
        }
    }
}

/// Groups by their numbers, up to the curves that need not be named otherwise.
const GROUPS: [&str; 33] = [
    "sect163k1",
    "sect163r1",
    "sect163r2",
    "sect193r1",
    "sect193r2",
    "sect233k1",
    "sect233r1",
    "sect239k1",
    "sect283k1",
    "sect283r1",
    "sect409k1",
    "sect409r1",
    "sect571k1",
    "sect571r1",
    "secp160k1",
    "secp160r1",
    "secp160r2",
    "secp192k1",
    "secp192r1",
    "secp224k1",
    "secp224r1",
    "secp256k1",
    "secp256r1",
    "secp384r1",
    "secp521r1",
    "brainpoolP256r1",
    "brainpoolP384r1",
    "brainpoolP512r1",
    "x25519",
    "x448",
    "brainpoolP256r1tls13",
    "brainpoolP384r1tls13",
    "brainpoolP512r1tls13",
];

fn group(number: u16) -> Option<&'static str> {
    let name = match number {
        41 => "curveSM2",
        0x0100 => "ffdhe2048",
        0x0101 => "ffdhe3072",
        0x0102 => "ffdhe4096",
        0x0103 => "ffdhe6144",
        0x0104 => "ffdhe8192",
        0x0200 => "MLKEM512",
        0x0201 => "MLKEM768",
        0x0202 => "MLKEM1024",
        0x11eb => "SecP256r1MLKEM768",
        0x11ec => "X25519MLKEM768",
        0x11ed => "SecP384r1MLKEM1024",
        _ => return GROUPS.get(usize::from(number).checked_sub(1)?).copied(),
    };
    Some(name)
}

/// An alert (RFC 8446 section 6) that was sent in the clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TlsAlert {
    /// Who sent it.
    pub direction: Direction,
    /// Whether it ended the session.
    pub fatal: bool,
    /// Its name, or `other`.
    pub name: &'static str,
}

/// One session, as far as it shows itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsSession {
    /// Time of its first byte.
    pub at: Timestamp,
    /// What the client said, where that was seen.
    pub client: Option<TlsClientHello>,
    /// What the server said, where that was seen.
    pub server: Option<TlsServerHello>,
    /// The server's certificates, its own first; none under TLS 1.3 and in resumed sessions.
    pub chain: Vec<TlsCertificate>,
    /// The client's certificates, its own first.
    pub client_chain: Vec<TlsCertificate>,
    /// How they agreed on keys; none where the key is that of a certificate, or of an earlier
    /// session.
    pub key_exchange: Option<TlsKeyExchange>,
    /// The server asked for a certificate.
    pub certificate_requested: bool,
    /// It goes on with the keys of an earlier one, or under TLS 1.3 with an external PSK: these
    /// cannot be told apart.
    pub resumed: bool,
    /// Alerts before encryption.
    pub alerts: Vec<TlsAlert>,
    /// A part of the handshake could not be read.
    pub incomplete: bool,
    /// Another handshake began within the encryption before both sides had said anything there, or
    /// may have: that is not known behind a gap.
    pub renegotiated: bool,
}

impl TlsSession {
    /// Whether an alert ended it before it began.
    pub fn failed(&self) -> bool {
        self.alerts.iter().any(|alert| alert.fatal)
    }

    /// Whether it goes on with the keys of an earlier one. Up to TLS 1.2 the client's hello says so
    /// too, or a certificate that there is none.
    pub fn went_on(&self) -> Option<bool> {
        let server = self.server.as_ref()?;
        let told = server.version == TlsVersion::Tls13
            || self.resumed
            || self.client.is_some()
            || !self.chain.is_empty();
        told.then_some(self.resumed)
    }

    /// Certificates that the server sent, where that shows: see [`TlsSession::mutual`].
    pub fn chain_length(&self) -> Option<usize> {
        let shown = self.server.as_ref().is_some_and(|hello| hello.version.shows_certificates());
        let none = shown && !self.incomplete && self.went_on().is_some();
        (none || !self.chain.is_empty()).then_some(self.chain.len())
    }

    /// Whether the client sent a certificate. From TLS 1.3 on it is encrypted, as in a second
    /// handshake up to 1.2; a resumed session rests on that of an earlier one, and what was not
    /// captured may have held it.
    pub fn mutual(&self) -> Option<bool> {
        if !self.client_chain.is_empty() {
            return Some(true);
        }
        let shown = self.server.as_ref().is_some_and(|hello| hello.version.shows_certificates());
        let hidden = self.resumed || self.incomplete || self.renegotiated;
        (shown && self.client.is_some() && !hidden).then_some(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_named_and_found_again() {
        for version in TlsVersion::ALL {
            assert_eq!(TlsVersion::named(version.name()), Some(version));
        }
        assert_eq!(TlsVersion::from_code(0x7f1c), TlsVersion::Tls13);
        assert_eq!(TlsVersion::from_code(0x0a0a), TlsVersion::Other);
    }

    #[test]
    fn groups_have_their_iana_names_and_what_was_chosen_its_size() {
        let names = [1, 19, 23, 25, 29, 33, 0x100, 0x11ec, 0, 34, 0x0a0a]
            .map(|number| TlsKeyExchange::Group(number).name());
        let expected = [
            "sect163k1",
            "secp192r1",
            "secp256r1",
            "secp521r1",
            "x25519",
            "brainpoolP512r1tls13",
            "ffdhe2048",
            "X25519MLKEM768",
            "0x0000",
            "0x0022",
            "0x0a0a",
        ];
        assert_eq!(names, expected);
        assert_eq!(TlsKeyExchange::DiffieHellman(1024).name(), "DH 1024");
    }

    #[test]
    fn what_the_capture_lacks_is_not_told_as_none() {
        let facts = |session: &TlsSession| (session.went_on(), session.chain_length());
        let mut session = TlsSession::default();
        assert_eq!(facts(&session), (None, None));
        let hello = |version| {
            let (cipher, ja3s) = ("TLS_AES_128_GCM_SHA256".into(), String::new());
            TlsServerHello { version, cipher, alpn: None, ja3s }
        };
        session.server = Some(hello(TlsVersion::Tls13));
        assert_eq!(facts(&session), (Some(false), None));
        session.server = Some(hello(TlsVersion::Tls12));
        assert_eq!(facts(&session), (None, None));
        session.client = Some(TlsClientHello::default());
        assert_eq!(facts(&session), (Some(false), Some(0)));
        session.incomplete = true;
        assert_eq!(facts(&session), (Some(false), None));
        session.client = None;
        session.resumed = true;
        assert_eq!(facts(&session), (Some(true), None));
    }

    #[test]
    fn what_rfc_8996_and_its_forerunners_forbid_is_obsolete() {
        let obsolete = TlsVersion::ALL.into_iter().filter(|v| v.is_obsolete());
        let names: Vec<&str> = obsolete.map(TlsVersion::name).collect();
        assert_eq!(names, ["SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.1"]);
    }
}
