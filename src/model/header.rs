//! Header fields, and the names that mean something to the sensor.

/// One header field, as sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// The name, in the case it was sent.
    pub name: &'a [u8],
    /// The value without surrounding white space; obs-fold replaced by spaces.
    pub value: &'a [u8],
    /// Which name it is.
    pub known: HeaderName,
}

impl<'a> Header<'a> {
    /// A field. The name is looked up here and nowhere else: who reads a head asks `known`.
    pub fn new(name: &'a [u8], value: &'a [u8]) -> Self {
        Header { name, value, known: HeaderName::of(name) }
    }
}

/// A name that frames a message, describes its bytes or says who speaks (RFC 9110, 9112, 6265).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the name of a field")]
pub enum HeaderName {
    Accept,
    Authorization,
    Connection,
    ContentEncoding,
    ContentLength,
    ContentType,
    Cookie,
    Host,
    ProxyAuthorization,
    Server,
    SetCookie,
    TransferEncoding,
    Upgrade,
    UserAgent,
    /// Says something of the bytes or the connection that nobody here asks for.
    Grammar,
    /// Any other.
    Other,
}

impl HeaderName {
    /// The name of `bytes`, in any case.
    pub fn of(bytes: &[u8]) -> Self {
        let Some(name) = Folded::of(bytes) else { return HeaderName::Other };
        match name {
            ACCEPT => HeaderName::Accept,
            AUTHORIZATION => HeaderName::Authorization,
            CONNECTION => HeaderName::Connection,
            CONTENT_ENCODING => HeaderName::ContentEncoding,
            CONTENT_LENGTH => HeaderName::ContentLength,
            CONTENT_TYPE => HeaderName::ContentType,
            COOKIE => HeaderName::Cookie,
            HOST => HeaderName::Host,
            PROXY_AUTHORIZATION => HeaderName::ProxyAuthorization,
            SERVER => HeaderName::Server,
            SET_COOKIE => HeaderName::SetCookie,
            TRANSFER_ENCODING => HeaderName::TransferEncoding,
            UPGRADE => HeaderName::Upgrade,
            USER_AGENT => HeaderName::UserAgent,
            ACCEPT_ENCODING | ACCEPT_RANGES | DATE | KEEP_ALIVE | TE | TRAILER | VARY => {
                HeaderName::Grammar
            }
            _ => HeaderName::Other,
        }
    }

    /// Whether the field frames a message or describes its bytes or programs: it is read for that,
    /// and is no field of the API.
    pub fn is_grammar(self) -> bool {
        !matches!(
            self,
            HeaderName::Other
                | HeaderName::Authorization
                | HeaderName::ProxyAuthorization
                | HeaderName::Cookie
                | HeaderName::SetCookie
                | HeaderName::Server
        )
    }
}

const ACCEPT: Folded = Folded::known(b"accept");
const ACCEPT_ENCODING: Folded = Folded::known(b"accept-encoding");
const ACCEPT_RANGES: Folded = Folded::known(b"accept-ranges");
const AUTHORIZATION: Folded = Folded::known(b"authorization");
const CONNECTION: Folded = Folded::known(b"connection");
const CONTENT_ENCODING: Folded = Folded::known(b"content-encoding");
const CONTENT_LENGTH: Folded = Folded::known(b"content-length");
const CONTENT_TYPE: Folded = Folded::known(b"content-type");
const COOKIE: Folded = Folded::known(b"cookie");
const DATE: Folded = Folded::known(b"date");
const HOST: Folded = Folded::known(b"host");
const KEEP_ALIVE: Folded = Folded::known(b"keep-alive");
const PROXY_AUTHORIZATION: Folded = Folded::known(b"proxy-authorization");
const SERVER: Folded = Folded::known(b"server");
const SET_COOKIE: Folded = Folded::known(b"set-cookie");
const TE: Folded = Folded::known(b"te");
const TRAILER: Folded = Folded::known(b"trailer");
const TRANSFER_ENCODING: Folded = Folded::known(b"transfer-encoding");
const UPGRADE: Folded = Folded::known(b"upgrade");
const USER_AGENT: Folded = Folded::known(b"user-agent");
const VARY: Folded = Folded::known(b"vary");

/// A name of at most 24 bytes in lower case, in three words, so that comparing two names is
/// comparing numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Folded {
    len: usize,
    words: [u64; 3],
}

impl Folded {
    fn of(name: &[u8]) -> Option<Self> {
        let mut bytes = [0u8; 24];
        bytes.get_mut(..name.len())?.copy_from_slice(name);
        let mut words = [0; 3];
        for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *word = lower(u64::from_le_bytes(*bytes));
        }
        Some(Folded { len: name.len(), words })
    }

    const fn known(name: &[u8]) -> Self {
        let mut words = [0u64; 3];
        let mut rest = name;
        let mut at = 0;
        while let [byte, behind @ ..] = rest {
            let [first, second, third] = &mut words;
            let word = match at / 8 {
                0 => first,
                1 => second,
                _ => third,
            };
            *word |= (*byte as u64) << (at % 8 * 8);
            (rest, at) = (behind, at + 1);
        }
        Folded { len: name.len(), words }
    }
}

/// Eight bytes with their ASCII capitals lowered, all at once: the seven low bits of each byte are
/// held against `A` and `Z`; a carry into the eighth says on which side it lies.
const fn lower(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x80 * ONES;
    let low = word & !HIGH;
    let from_a = low + (0x80 - b'A' as u64) * ONES;
    let behind_z = low + (0x7f - b'Z' as u64) * ONES;
    let capital = (from_a & !behind_z) & !word & HIGH;
    word | (capital >> 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAMES: [(&str, HeaderName); 21] = [
        ("Accept", HeaderName::Accept),
        ("Accept-Encoding", HeaderName::Grammar),
        ("Accept-Ranges", HeaderName::Grammar),
        ("Authorization", HeaderName::Authorization),
        ("Connection", HeaderName::Connection),
        ("Content-Encoding", HeaderName::ContentEncoding),
        ("Content-Length", HeaderName::ContentLength),
        ("Content-Type", HeaderName::ContentType),
        ("Cookie", HeaderName::Cookie),
        ("Date", HeaderName::Grammar),
        ("Host", HeaderName::Host),
        ("Keep-Alive", HeaderName::Grammar),
        ("Proxy-Authorization", HeaderName::ProxyAuthorization),
        ("Server", HeaderName::Server),
        ("Set-Cookie", HeaderName::SetCookie),
        ("TE", HeaderName::Grammar),
        ("Trailer", HeaderName::Grammar),
        ("Transfer-Encoding", HeaderName::TransferEncoding),
        ("Upgrade", HeaderName::Upgrade),
        ("User-Agent", HeaderName::UserAgent),
        ("Vary", HeaderName::Grammar),
    ];

    #[test]
    fn names_are_known_in_any_case() {
        for (name, known) in NAMES {
            for written in [name.to_owned(), name.to_lowercase(), name.to_uppercase()] {
                assert_eq!(HeaderName::of(written.as_bytes()), known, "{written}");
            }
        }
    }

    #[test]
    fn what_is_nearly_a_name_is_another() {
        for name in ["", "hos", "host ", "hostx", "content\rtype", "Content_Type", "\u{e8}ost"] {
            assert_eq!(HeaderName::of(name.as_bytes()), HeaderName::Other, "{name}");
        }
        for (name, _) in NAMES {
            for at in 0..name.len() {
                let mut near = name.as_bytes().to_vec();
                near[at] ^= 0x80;
                assert_eq!(HeaderName::of(&near), HeaderName::Other);
                near[at] ^= 0x80 ^ 0x1d;
                assert_eq!(HeaderName::of(&near), HeaderName::Other);
            }
        }
    }

    proptest! {
        #[test]
        fn lowering_a_word_lowers_its_bytes(bytes: [u8; 8]) {
            let lowered = lower(u64::from_le_bytes(bytes)).to_le_bytes();
            prop_assert_eq!(lowered, bytes.map(|b| b.to_ascii_lowercase()));
        }
    }
}
