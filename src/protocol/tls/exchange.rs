//! How both sides agree on keys: the parameters of a ServerKeyExchange (RFC 5246 section 7.4.3,
//! RFC 8422 section 5.4, RFC 4279, RFC 5489), of which only the size counts here.

use crate::base::Cursor;
use crate::model::TlsKeyExchange;

use super::certificate::integer_bits;

/// Types of curves (RFC 8422 section 5.4).
mod curve {
    pub(super) const EXPLICIT_PRIME: u8 = 1;
    pub(super) const EXPLICIT_CHAR2: u8 = 2;
    pub(super) const NAMED: u8 = 3;
}

/// What stands in a ServerKeyExchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    DiffieHellman,
    Curve,
    /// A temporary key that is shorter than that of the certificate, of suites for export.
    Rsa,
}

/// What a ServerKeyExchange says, under the cipher suite of this name. `Ok(None)`: nothing that
/// has a size; `Err`: it cannot be read.
pub(super) fn server_key_exchange(cipher: &str, body: &[u8]) -> Result<Option<TlsKeyExchange>, ()> {
    let Some((kind, hinted)) = kind(cipher) else { return Ok(None) };
    let mut cursor = Cursor::new(body);
    if hinted {
        opaque(&mut cursor).ok_or(())?;
    }
    let read = match kind {
        Kind::DiffieHellman => size(&mut cursor).map(TlsKeyExchange::DiffieHellman),
        Kind::Rsa => size(&mut cursor).map(TlsKeyExchange::Rsa),
        Kind::Curve => curve(&mut cursor),
    };
    read.map(Some).ok_or(())
}

/// By the part of the suite's name in front of `_WITH_`, and whether a hint of who the client is
/// stands before the parameters (suites with a pre-shared key).
fn kind(cipher: &str) -> Option<(Kind, bool)> {
    let (exchange, _) = cipher.strip_prefix("TLS_")?.split_once("_WITH_")?;
    let hinted = exchange.split('_').any(|part| part == "PSK");
    let kind = match exchange {
        "DHE_PSK" | "PSK_DHE" | "DH_anon" | "DH_anon_EXPORT" => Kind::DiffieHellman,
        "ECDH_anon" => Kind::Curve,
        "RSA_EXPORT" | "RSA_EXPORT1024" => Kind::Rsa,
        _ if exchange.starts_with("DHE_") => Kind::DiffieHellman,
        _ if exchange.starts_with("ECDHE_") => Kind::Curve,
        _ => return None,
    };
    Some((kind, hinted))
}

/// What stands behind a length of two bytes.
fn opaque<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    let len = cursor.be_u16()?;
    cursor.take(usize::from(len))
}

/// Bits of the number behind a length of two bytes: the prime, or the modulus.
fn size(cursor: &mut Cursor<'_>) -> Option<u32> {
    opaque(cursor).map(integer_bits).filter(|bits| *bits > 0)
}

fn curve(cursor: &mut Cursor<'_>) -> Option<TlsKeyExchange> {
    match cursor.u8()? {
        curve::NAMED => cursor.be_u16().map(TlsKeyExchange::Group),
        curve::EXPLICIT_PRIME => {
            let len = cursor.u8()?;
            let bits = cursor.take(usize::from(len)).map(integer_bits)?;
            (bits > 0).then_some(TlsKeyExchange::Curve(bits))
        }
        curve::EXPLICIT_CHAR2 => {
            let degree = cursor.be_u16()?;
            (degree > 0).then_some(TlsKeyExchange::Curve(u32::from(degree)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DHE: &str = "TLS_DHE_RSA_WITH_AES_128_CBC_SHA";
    const ECDHE: &str = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";

    fn dh(prime: &[u8]) -> Vec<u8> {
        let len = u16::try_from(prime.len()).unwrap().to_be_bytes();
        [&len[..], prime, b"\x00\x01\x02", b"\x00\x01\x07"].concat()
    }

    #[test]
    fn the_size_of_a_prime_is_counted_without_zeroes_in_front() {
        let mut prime = [0; 129];
        prime[1] = 0x80;
        assert_eq!(
            server_key_exchange(DHE, &dh(&prime)),
            Ok(Some(TlsKeyExchange::DiffieHellman(1024)))
        );
        prime[1] = 0x7f;
        assert_eq!(
            server_key_exchange(DHE, &dh(&prime)),
            Ok(Some(TlsKeyExchange::DiffieHellman(1023)))
        );
    }

    #[test]
    fn suites_say_what_stands_there() {
        let group = b"\x03\x00\x13\x31";
        let hinted = [b"\x00\x04ward", group.as_slice()].concat();
        let secp192 = Ok(Some(TlsKeyExchange::Group(19)));
        for (cipher, body, said) in [
            (ECDHE, group.as_slice(), secp192),
            ("TLS_ECDH_anon_WITH_AES_128_CBC_SHA", group, secp192),
            ("TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA", &hinted, secp192),
            (ECDHE, b"\x01\x02\x01\x00", Ok(Some(TlsKeyExchange::Curve(9)))),
            (ECDHE, b"\x02\x00\xa3\x01", Ok(Some(TlsKeyExchange::Curve(163)))),
            (
                "TLS_RSA_EXPORT_WITH_RC4_40_MD5",
                b"\x00\x02\x80\x01",
                Ok(Some(TlsKeyExchange::Rsa(16))),
            ),
            (
                "TLS_DHE_PSK_WITH_AES_128_CBC_SHA",
                b"\x00\x00\x00\x01\x80",
                Ok(Some(TlsKeyExchange::DiffieHellman(8))),
            ),
            (
                "TLS_DH_anon_EXPORT_WITH_RC4_40_MD5",
                b"\x00\x01\x80",
                Ok(Some(TlsKeyExchange::DiffieHellman(8))),
            ),
            // A hint alone, a key of the certificate, an unknown suite: nothing to measure.
            ("TLS_PSK_WITH_AES_128_CBC_SHA", b"\x00\x01h", Ok(None)),
            ("TLS_RSA_WITH_AES_128_CBC_SHA", b"", Ok(None)),
            ("TLS_DH_RSA_WITH_AES_128_CBC_SHA", b"", Ok(None)),
            ("0x1a2b", b"\x03\x00\x13", Ok(None)),
        ] {
            assert_eq!(server_key_exchange(cipher, body), said, "{cipher}");
        }
    }

    #[test]
    fn what_is_cut_or_empty_is_told() {
        let whole = dh(&[0x80; 16]);
        assert!((0..18).all(|len| server_key_exchange(DHE, &whole[..len]) == Err(())));
        for body in [b"".as_slice(), b"\x03\x00", b"\x04\x00\x13", b"\x01\x02\x01", b"\x01\x00"] {
            assert_eq!(server_key_exchange(ECDHE, body), Err(()), "{body:?}");
        }
        assert_eq!(server_key_exchange(DHE, b"\x00\x02\x00\x00"), Err(()));
    }
}
