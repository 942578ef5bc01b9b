//! Mail addresses (RFC 5321 section 4.1.2, dot-string local parts; RFC 1035 host names).

/// Whether `value` is one mail address with a host name of at least two labels, the last of
/// letters. Image sizes (`logo@2x.png`) and package versions (`pkg@1.2.3`) are none.
pub(crate) fn is_email(value: &[u8]) -> bool {
    let Some(at) = memchr::memrchr(b'@', value) else { return false };
    let Some((local, rest)) = value.split_at_checked(at) else { return false };
    let host = rest.get(1..).unwrap_or_default();
    is_local(local) && is_host(host) && !is_login(local, host)
}

/// Accounts of machines: the users that images of systems and tools of deployment come with.
const SERVICES: [&[u8]; 19] = [
    b"ansible",
    b"centos",
    b"ci",
    b"cloud-user",
    b"core",
    b"debian",
    b"deploy",
    b"deployer",
    b"ec2-user",
    b"fedora",
    b"git",
    b"jenkins",
    b"opc",
    b"pi",
    b"postgres",
    b"root",
    b"ubuntu",
    b"vagrant",
    b"www-data",
];
/// Labels of names that only a private network resolves.
const PRIVATE: [&[u8]; 8] =
    [b"cluster", b"compute", b"internal", b"intranet", b"lan", b"local", b"localdomain", b"svc"];

/// Whether a user at a host is one who logs in: two of the account of a service, a host with a
/// number (`web01.example.org`), a name of a private network.
fn is_login(local: &[u8], host: &[u8]) -> bool {
    let of = |list: &[&[u8]], word: &[u8]| list.iter().any(|w| word.eq_ignore_ascii_case(w));
    let mut labels = host.split(|b| *b == b'.');
    let first = labels.next().unwrap_or_default();
    let numbered = first.last().is_some_and(u8::is_ascii_digit)
        && first.first().is_some_and(u8::is_ascii_alphabetic)
        && labels.clone().count() >= 2;
    let private = labels.any(|label| of(&PRIVATE, label));
    [of(&SERVICES, local), numbered, private].into_iter().filter(|sign| *sign).count() >= 2
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
