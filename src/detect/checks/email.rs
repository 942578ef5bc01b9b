//! Mail addresses (RFC 5321 section 4.1.2, dot-string local parts; RFC 1035 host names).

/// Whether `value` is one mail address with a host name of at least two labels, the last of
/// letters. Image sizes (`logo@2x.png`) and package versions (`pkg@1.2.3`) are none.
pub(crate) fn is_email(value: &[u8]) -> bool {
    let Some(at) = memchr::memrchr(b'@', value) else { return false };
    let Some((local, rest)) = value.split_at_checked(at) else { return false };
    is_local(local) && is_host(rest.get(1..).unwrap_or_default())
}

const LOCAL: u8 = 1;
const HOST: u8 = 2;

/// What each byte may be part of.
static PARTS: [u8; 256] = parts();

#[expect(clippy::indexing_slicing, reason = "a byte indexes a table of 256")]
const fn parts() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0u8;
    loop {
        let host = byte.is_ascii_alphanumeric() || byte == b'-' || byte >= 0x80;
        let special = matches!(
            byte,
            b'.' | b'!'
                | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'/'
                | b'='
                | b'?'
                | b'^'
                | b'_'
                | b'`'
                | b'{'
                | b'|'
                | b'}'
                | b'~'
        );
        if host {
            table[byte as usize] |= HOST;
        }
        if host || special {
            table[byte as usize] |= LOCAL;
        }
        if byte == 255 {
            return table;
        }
        byte += 1;
    }
}

#[expect(clippy::indexing_slicing, reason = "a byte indexes a table of 256")]
fn all_of(bytes: &[u8], part: u8) -> bool {
    bytes.iter().all(|b| PARTS[usize::from(*b)] & part != 0)
}

fn is_local(local: &[u8]) -> bool {
    (1..=64).contains(&local.len())
        && local.first() != Some(&b'.')
        && local.last() != Some(&b'.')
        && local.windows(2).all(|pair| pair != b"..")
        && local.iter().any(u8::is_ascii_alphanumeric)
        && all_of(local, LOCAL)
}

fn is_host(host: &[u8]) -> bool {
    if host.len() > 253 {
        return false;
    }
    let mut labels = 0;
    let mut last: &[u8] = &[];
    for label in host.split(|b| *b == b'.') {
        if label.is_empty() || label.len() > 63 || !all_of(label, HOST) {
            return false;
        }
        if label.first() == Some(&b'-') || label.last() == Some(&b'-') {
            return false;
        }
        labels += 1;
        last = label;
    }
    let letters = last.iter().all(|b| b.is_ascii_alphabetic() || *b >= 0x80);
    labels >= 2 && last.len() >= 2 && (letters || last.starts_with(b"xn--")) && !is_file_end(last)
}

/// Endings of file names that are no top-level domains.
fn is_file_end(label: &[u8]) -> bool {
    const ENDS: [&[u8]; 9] =
        [b"png", b"jpg", b"jpeg", b"gif", b"webp", b"svg", b"css", b"js", b"json"];
    ENDS.iter().any(|end| label.eq_ignore_ascii_case(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_pass_and_lookalikes_do_not() {
        for value in ["ada@example.org", "a.b+c@mail.example.co.uk", "o'neil12@clinic.example.net"]
        {
            assert!(is_email(value.as_bytes()), "{value}");
        }
        for value in [
            "logo@2x.png",
            "left-pad@1.3.0",
            "@scope/package",
            "root@localhost",
            "a@@example.org",
            "a b@example.org",
            ".a@example.org",
            "a@-example.org",
            "a@example.c",
            "@example.org",
            "",
        ] {
            assert!(!is_email(value.as_bytes()), "{value}");
        }
    }
}
