//! What looks like a mail address in text and is a user at a host: the argument of `ssh`, the
//! remote of `scp` and `git`, the user of a URL.

use super::shape::is_word_byte;

/// Bytes before and behind that are looked at.
const WINDOW: usize = 64;
/// Commands whose argument is a user at a host.
const COMMANDS: [&str; 7] = ["ssh", "scp", "sftp", "rsync", "sshfs", "mosh", "ssh-copy-id"];

/// Whether the `user@host` at `start..end` of `text` is no mail address by what is around it.
pub(super) fn is_login(text: &[u8], start: usize, end: usize) -> bool {
    let before = text.get(start.saturating_sub(WINDOW)..start).unwrap_or_default();
    let behind = text.get(end..).unwrap_or_default();
    let behind = behind.get(..WINDOW).unwrap_or(behind);
    let address = text.get(start..end).unwrap_or_default();
    is_message_id(address, before, behind)
        || is_extension(address, before)
        || is_remote(text.get(start..end).unwrap_or_default(), behind)
        || is_user_of_url(before)
        || is_room(address, behind)
        || follows_command(before)
}

/// A Message-ID (RFC 5322 section 3.6.4): in angle brackets, its left side made by a machine.
fn is_message_id(address: &[u8], before: &[u8], behind: &[u8]) -> bool {
    const LEFT_MIN: usize = 16;
    const DIGITS_MIN: usize = 6;
    let left = address.split(|b| *b == b'@').next().unwrap_or_default();
    let made = |b: &u8| b.is_ascii_hexdigit() || matches!(b, b'-' | b'.');
    let digits = left.iter().filter(|b| b.is_ascii_digit()).count();
    before.ends_with(b"<")
        && behind.starts_with(b">")
        && left.len() >= LEFT_MIN
        && digits > 0
        && (left.iter().all(made) || digits >= DIGITS_MIN)
}

/// A room of a chat and who is in it: `ward3@conference.example.org/ada` (RFC 7622).
fn is_room(address: &[u8], behind: &[u8]) -> bool {
    let host = address.split(|b| *b == b'@').next_back().unwrap_or_default();
    behind.starts_with(b"/") && (host.starts_with(b"conference.") || host.starts_with(b"muc."))
}

/// A number at a telephone exchange: `sip:100@pbx.example.org` (RFC 3261 section 19.1).
fn is_extension(address: &[u8], before: &[u8]) -> bool {
    let left = address.split(|b| *b == b'@').next().unwrap_or_default();
    let scheme = |name: &[u8]| {
        let at = before.len().checked_sub(name.len());
        at.and_then(|at| before.get(at..)).is_some_and(|tail| tail.eq_ignore_ascii_case(name))
    };
    left.iter().all(u8::is_ascii_digit) && (scheme(b"sip:") || scheme(b"sips:"))
}

/// `:` and a path or a port behind the host; behind `git@` anything.
fn is_remote(address: &[u8], behind: &[u8]) -> bool {
    let [b':', rest @ ..] = behind else { return false };
    let end = rest.iter().position(|b| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'<'));
    let path = rest.get(..end.unwrap_or(rest.len())).unwrap_or(rest);
    let port = path.iter().take_while(|b| b.is_ascii_digit()).count();
    !path.is_empty()
        && (path.contains(&b'/')
            || path.starts_with(b"~")
            || path.ends_with(b".git")
            || (port >= 2 && !path.get(port).is_some_and(|b| is_word_byte(*b)))
            || address.starts_with(b"git@"))
}

/// `//` before, with nothing between but what a user and a password are made of.
fn is_user_of_url(before: &[u8]) -> bool {
    let user = |b: &&u8| is_word_byte(**b) || b":%-.~!$'()*+,;".contains(b);
    let len = before.iter().rev().take_while(user).count();
    before.get(..before.len() - len).is_some_and(|head| head.ends_with(b"://"))
}

/// Whether a URI in `text` has a user and a password before its host (RFC 3986 section 3.2.1):
/// `postgresql://app:S3cret@db.example`. What is left to be filled in, or said to be a password, is
/// none.
pub(super) fn has_password_in_uri(text: &[u8]) -> bool {
    const SCHEME_LETTERS_MIN: usize = 2;
    const PASSWORD_MIN: usize = 4;
    const SAID: [&[u8]; 7] =
        [b"password", b"passwd", b"pass", b"pwd", b"secret", b"token", b"xxxx"];
    memchr::memchr_iter(b'@', text).any(|at| {
        let before = text.get(at.saturating_sub(2 * WINDOW)..at).unwrap_or_default();
        let user = |b: &&u8| is_word_byte(**b) || b":%-.~!$'()*+,;=&".contains(b);
        let len = before.iter().rev().take_while(user).count();
        let (head, info) = before.split_at_checked(before.len() - len).unwrap_or_default();
        let Some(scheme) = head.strip_suffix(b"://") else { return false };
        let letters = scheme.iter().rev().take_while(|b| b.is_ascii_alphanumeric()).count();
        let Some(colon) = memchr::memchr(b':', info) else { return false };
        let password = info.get(colon + 1..).unwrap_or_default();
        let host = text.get(at + 1).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'[');
        let masked = password.windows(3).any(|w| w == b"***" || w == b"xxx" || w == b"XXX");
        let filled = !SAID.iter().any(|said| said.eq_ignore_ascii_case(password));
        letters >= SCHEME_LETTERS_MIN
            && host
            && filled
            && !masked
            && password.len() >= PASSWORD_MIN
            && !password.iter().all(u8::is_ascii_uppercase)
    })
}

/// The last word before that is no option is a command, or `git clone`.
fn follows_command(before: &[u8]) -> bool {
    let mut words = before
        .rsplit(|b| matches!(b, b' ' | b'\t'))
        .filter(|word| !word.is_empty())
        .take(6)
        .peekable();
    while let Some(word) = words.next() {
        let of_option = words.peek().is_some_and(|earlier| earlier.starts_with(b"-"));
        if word.starts_with(b"-") || of_option {
            continue;
        }
        let word = word.rsplit(|b| !is_word_byte(*b) && *b != b'-').next().unwrap_or(word);
        let is = |command: &str| word == command.as_bytes();
        return COMMANDS.iter().any(|command| is(command))
            || (["clone", "fetch", "push", "pull"].iter().any(|verb| is(verb))
                && words.next().is_some_and(|earlier| earlier.ends_with(b"git")));
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(text: &str) -> bool {
        let at = text.find('@').unwrap();
        let user = |c: char| c.is_ascii_alphanumeric() || ".-_+".contains(c);
        let start = text[..at].rfind(|c| !user(c)).map_or(0, |before| before + 1);
        let host = |c: char| c.is_ascii_alphanumeric() || ".-".contains(c);
        let end = text[at + 1..].find(|c| !host(c)).map_or(text.len(), |end| at + 1 + end);
        is_login(text.as_bytes(), start, end)
    }

    #[test]
    fn remotes_and_arguments_of_ssh_are_logins() {
        for text in [
            "git@github.com:org/repo.git",
            "git@example.org:repo",
            "deploy@web01.example.com:/var/www",
            "backup@web01.example.com:~",
            "root@web01.example.com:22",
            "ssh deploy@web01.internal.example.com",
            "$ ssh -p 22 -i key deploy@web01.example.com uptime",
            "run `sftp ada@example.org",
            "scp a.txt ada@example.org:notes/",
            "git clone ada@example.org",
            "ssh://git@example.org/repo",
            "https://ada:pw@example.org/x",
            "https://ada@example.org",
            "<9f86d081884c7d659a2feaa0c55ad015@mail.example.org>",
            "sip:100@pbx.example.org",
            "ward3@conference.example.org/ada",
            "<DM6PR04MB1234ab12cd34ef@prod.outlook.com>",
        ] {
            assert!(login(text), "{text}");
        }
        for text in [
            "mailto:ada@example.org",
            "write to ada@example.org: she knows",
            "ada@example.org:",
            "ssh keys for ada@example.org",
            "https://example.org/?to=ada@example.org",
            "https://example.org?to=ada@example.org",
            "a -- ada@example.org",
            "<ada@example.org>",
            "<9f86d081884c7d65@mail.example.org",
            "sip:ada@pbx.example.org",
            "ada@example.org:hunter2",
        ] {
            assert!(!login(text), "{text}");
        }
    }
}
