//! Mail addresses (RFC 5321 section 4.1.2, dot-string local parts; RFC 1035 host names).

/// Whether `value` is one mail address with a host name of at least two labels, the last of
/// letters. Image sizes (`logo@2x.png`) and package versions (`pkg@1.2.3`) are none.
pub(crate) fn is_email(value: &[u8]) -> bool {
    let Some(at) = memchr::memrchr(b'@', value) else { return false };
    let Some((local, rest)) = value.split_at_checked(at) else { return false };
    let host = rest.get(1..).unwrap_or_default();
    is_local(local)
        && is_host(host)
        && !is_login(local, host)
        && !is_machine(local, host)
        && !is_annotation(host)
}

/// Hosts at which no mailbox is: accounts of programs, and what numbers messages.
const MACHINES: [&[u8]; 9] = [
    b".gserviceaccount.com",
    b"apps.googleusercontent.com",
    b"group.calendar.google.com",
    b"resource.calendar.google.com",
    b"mail.gmail.com",
    b"email.amazonses.com",
    b"s.whatsapp.net",
    b"libssh.org",
    b"openssh.com",
];

/// Whether what stands behind `@` is a term of a vocabulary and not a host: `count@odata.count`,
/// `name@OData.Community.Display.V1.FormattedValue`, `x@Core.Description` (OData JSON Format 4.01
/// section 4.6, OData CSDL 4.01 section 14.1). Top-level domains that terms do not end in are
/// those of hosts: `jan@odata.org`.
pub(in crate::detect) fn is_annotation(term: &[u8]) -> bool {
    const NAMESPACES: [&[u8]; 4] =
        [b"odata.", b"org.odata.", b"microsoft.dynamics.", b"com.sap.vocabularies."];
    const ALIASES: [&[u8]; 8] = [
        b"Analytics.",
        b"Capabilities.",
        b"Common.",
        b"Core.",
        b"Measures.",
        b"Org.",
        b"UI.",
        b"Validation.",
    ];
    let begins =
        |name: &&[u8]| term.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name));
    let last = term.rsplit(|b| *b == b'.').next().unwrap_or_default();
    let alias = ALIASES.iter().any(|name| term.starts_with(name))
        && last.first().is_some_and(u8::is_ascii_uppercase);
    let terms = last.len() > 3 || last == b"id";
    (NAMESPACES.iter().any(begins) && terms) || alias
}

/// Whether an address was made for a message, an event or a program: an account of one, or a long
/// hexadecimal number before `@`.
fn is_machine(local: &[u8], host: &[u8]) -> bool {
    const NUMBER_MIN: usize = 20;
    const RUNS_MIN: usize = 6;
    let tail = |end: &[u8]| {
        let at = host.len().checked_sub(end.len());
        at.and_then(|at| host.get(at..)).is_some_and(|tail| tail.eq_ignore_ascii_case(end))
    };
    // Base 32 with the digits first (RFC 4648 section 7), as calendars number events.
    let numbered = |b: &u8| matches!(b, b'0'..=b'9' | b'a'..=b'v');
    let runs = || local.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()).count();
    let hex = |b: &u8| b.is_ascii_hexdigit() || *b == b'-';
    (local.len() >= NUMBER_MIN
        && (local.iter().all(hex) || (local.iter().all(numbered) && runs() >= RUNS_MIN)))
        || MACHINES.iter().any(|end| tail(end))
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
    fn annotations_and_numbers_of_messages_are_no_addresses() {
        for value in [
            "Visits3@odata.count",
            "Photo@odata.mediaReadLink",
            "owner@odata.bind",
            "Name@OData.Community.Display.V1.FormattedValue",
            "x@Microsoft.Dynamics.CRM.lookuplogicalname",
            "x@Core.Description",
            "7kukuqrfedlm2f9t0v3c4d5e6a@google.com",
            "550e8400-e29b-41d4-a716-446655440000@clinic.example",
            "CAF1c9=x_7@mail.gmail.com",
        ] {
            assert!(!is_email(value.as_bytes()), "{value}");
        }
        for value in [
            "jan@odata.org",
            "jan@core.nl",
            "jan@common.description.nl",
            "pieterjansen19610307@example.org",
            "jan@gmail.com",
        ] {
            assert!(is_email(value.as_bytes()), "{value}");
        }
    }

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
