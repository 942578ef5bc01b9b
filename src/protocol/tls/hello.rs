//! ClientHello and ServerHello (RFC 5246 section 7.4.1, RFC 8446 section 4.1), and the hello of SSL
//! 2.0 that old clients open with (RFC 5246 appendix E.2).

use std::borrow::Cow;

use smallvec::SmallVec;
use tls_parser::{
    TlsCipherSuite, parse_tls_handshake_client_hello, parse_tls_handshake_server_hello,
};

use crate::base::Cursor;
use crate::base::limits::TLS_ALPN_MAX;
use crate::model::{TlsClientHello, TlsKeyExchange, TlsServerHello, TlsVersion};

use super::fingerprint::{ClientFacts, ja3, ja3s, ja4};

/// Numbers of extensions (IANA TLS ExtensionType Values).
pub(super) mod extension {
    pub(in super::super) const SERVER_NAME: u16 = 0;
    pub(in super::super) const GROUPS: u16 = 10;
    pub(in super::super) const POINT_FORMATS: u16 = 11;
    pub(in super::super) const SIGNATURE_ALGORITHMS: u16 = 13;
    pub(in super::super) const ALPN: u16 = 16;
    pub(in super::super) const PRE_SHARED_KEY: u16 = 41;
    pub(in super::super) const SUPPORTED_VERSIONS: u16 = 43;
    pub(in super::super) const KEY_SHARE: u16 = 51;
}

/// The random of a ServerHello that asks for another ClientHello (RFC 8446 section 4.1.3).
const RETRY_RANDOM: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// A session id, at most 32 bytes.
pub(super) type SessionId = SmallVec<[u8; 32]>;

/// A ClientHello with its session id.
pub(super) fn client_hello(body: &[u8]) -> Option<(TlsClientHello, SessionId)> {
    let (_, hello) = parse_tls_handshake_client_hello(body).ok()?;
    let mut facts = ClientFacts {
        version: hello.version.0,
        ciphers: hello.ciphers.iter().map(|cipher| cipher.0).collect(),
        ..ClientFacts::default()
    };
    let mut out = TlsClientHello::default();
    for (kind, data) in extensions(hello.ext.unwrap_or_default()) {
        facts.extensions.push(kind);
        match kind {
            extension::SERVER_NAME => out.server_name = server_name(data),
            extension::GROUPS => facts.groups = numbers(data),
            extension::POINT_FORMATS => facts.point_formats = bytes_of(data).to_vec(),
            extension::SIGNATURE_ALGORITHMS => facts.signatures = numbers(data),
            extension::ALPN => out.alpn = alpn(data),
            extension::SUPPORTED_VERSIONS => facts.versions = pairs(bytes_of(data)),
            _ => {}
        }
    }
    facts.alpn = out.alpn.first().cloned();
    out.ja3 = Some(ja3(&facts).1);
    out.ja4 = Some(ja4(&facts));
    Some((out, SessionId::from_slice(hello.session_id.unwrap_or_default())))
}

/// A hello of SSL 2.0: nothing in it is of use but that it is one. Kind, version and three lengths
/// stand before what they count.
pub(super) fn ssl2_client_hello(message: &[u8]) -> Option<TlsClientHello> {
    let mut cursor = Cursor::new(message);
    let (kind, _version) = (cursor.u8()?, cursor.be_u16()?);
    let [ciphers, id, challenge] = [cursor.be_u16()?, cursor.be_u16()?, cursor.be_u16()?];
    let whole = [ciphers, id, challenge].map(usize::from).iter().sum();
    (kind == 1 && cursor.take(whole).is_some()).then(TlsClientHello::default)
}

/// The answer to it, where the server speaks SSL 2.0.
pub(super) fn ssl2_server_hello(message: &[u8]) -> Option<TlsServerHello> {
    let mut cursor = Cursor::new(message);
    let (kind, _hit, _certificate_type) = (cursor.u8()?, cursor.u8()?, cursor.u8()?);
    let version = cursor.be_u16()?;
    (kind == 4 && version == 2).then(|| TlsServerHello {
        version: TlsVersion::Ssl2,
        cipher: Cow::Borrowed("unknown"),
        alpn: None,
        ja3s: String::new(),
    })
}

/// A ServerHello, and what it means for the session.
pub(super) struct ServerFacts {
    /// What it says.
    pub(super) hello: TlsServerHello,
    /// It asks for another ClientHello.
    pub(super) retry: bool,
    /// It took up a session: its id, or that a key shared before was chosen.
    pub(super) session_id: SessionId,
    /// A pre-shared key was chosen.
    pub(super) chose_key: bool,
    /// The group of its share of the key (RFC 8446 section 4.2.8).
    pub(super) key_share: Option<TlsKeyExchange>,
}

pub(super) fn server_hello(body: &[u8]) -> Option<ServerFacts> {
    let (_, hello) = parse_tls_handshake_server_hello(body).ok()?;
    let mut version = hello.version.0;
    let (mut kinds, mut chosen, mut chose_key, mut key_share) = (Vec::new(), None, false, None);
    for (kind, data) in extensions(hello.ext.unwrap_or_default()) {
        kinds.push(kind);
        match kind {
            extension::SUPPORTED_VERSIONS => {
                version = Cursor::new(data).be_u16().unwrap_or(version);
            }
            extension::ALPN => chosen = alpn(data).into_iter().next(),
            extension::PRE_SHARED_KEY => chose_key = true,
            extension::KEY_SHARE => key_share = Cursor::new(data).be_u16(),
            _ => {}
        }
    }
    let cipher = hello.cipher.0;
    Some(ServerFacts {
        hello: TlsServerHello {
            version: TlsVersion::from_code(version),
            cipher: cipher_name(cipher),
            alpn: chosen,
            ja3s: ja3s(hello.version.0, cipher, &kinds).1,
        },
        retry: hello.random == RETRY_RANDOM,
        session_id: SessionId::from_slice(hello.session_id.unwrap_or_default()),
        chose_key,
        key_share: key_share.map(TlsKeyExchange::Group),
    })
}

/// The IANA name of a cipher suite, or its number.
fn cipher_name(cipher: u16) -> Cow<'static, str> {
    match TlsCipherSuite::from_id(cipher) {
        Some(suite) => Cow::Borrowed(suite.name),
        None => Cow::Owned(format!("0x{cipher:04x}")),
    }
}

/// Every extension with its content, up to where their lengths contradict.
fn extensions(bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut cursor = Cursor::new(bytes);
    std::iter::from_fn(move || {
        let (kind, len) = (cursor.be_u16()?, cursor.be_u16()?);
        Some((kind, cursor.take(usize::from(len))?))
    })
}

/// The first host name of a server_name extension (RFC 6066 section 3).
fn server_name(data: &[u8]) -> Option<Vec<u8>> {
    let mut cursor = Cursor::new(data);
    cursor.be_u16()?;
    let kind = cursor.u8()?;
    let len = cursor.be_u16()?;
    let name = cursor.take(usize::from(len))?;
    (kind == 0 && !name.is_empty()).then(|| name.to_vec())
}

/// The protocols of an ALPN extension (RFC 7301 section 3.1).
fn alpn(data: &[u8]) -> Vec<Vec<u8>> {
    let mut cursor = Cursor::new(data);
    if cursor.be_u16().is_none() {
        return Vec::new();
    }
    let next = || {
        let len = cursor.u8()?;
        cursor.take(usize::from(len)).map(<[u8]>::to_vec)
    };
    std::iter::from_fn(next).take(TLS_ALPN_MAX).collect()
}

/// A list of numbers of two bytes behind a length of two.
fn numbers(data: &[u8]) -> Vec<u16> {
    let mut cursor = Cursor::new(data);
    let len = cursor.be_u16().map_or(0, usize::from);
    pairs(cursor.rest().get(..len).unwrap_or(cursor.rest()))
}

fn pairs(bytes: &[u8]) -> Vec<u16> {
    let mut cursor = Cursor::new(bytes);
    std::iter::from_fn(move || cursor.be_u16()).collect()
}

/// What stands behind a length of one byte.
fn bytes_of(data: &[u8]) -> &[u8] {
    let mut cursor = Cursor::new(data);
    let len = cursor.u8().map_or(0, usize::from);
    cursor.rest().get(..len).unwrap_or(cursor.rest())
}
