//! Values that stand for no value: fillers (`N/A`, `not provided`), labels of forms (`First Name`),
//! masks (`***-**-1234`) and placeholders (`${PASSWORD}`). Whatever a field is called,
//! nobody's data is in them. And what offices and firms are called: values, and nobody's names.

use super::sift::{Census, Traits};
use crate::model::Form;

/// Bytes of the longest value that may be one: all else is passed over at once.
const FILLER_BYTES_MAX: usize = 256;

/// Fillers as rules list them, by the letter they begin with.
#[derive(Debug)]
pub(super) struct Fillers {
    by_first: Vec<Vec<Filler>>,
    /// How long those are, by the same letter: a bit each, the last for all that are longer.
    lengths: Vec<u64>,
    ends: Vec<Box<[u8]>>,
}

#[derive(Clone, Debug)]
struct Filler {
    bytes: Box<[u8]>,
    /// Whether it is one only as it is written, with its capitals.
    spelled: bool,
}

impl Default for Fillers {
    fn default() -> Fillers {
        Fillers { by_first: vec![Vec::new(); 256], lengths: vec![0; 256], ends: Vec::new() }
    }
}

impl Fillers {
    /// Of `fillers`, in any case where they are written in lower case, and the last words of what
    /// offices are called.
    pub(super) fn of(fillers: &[String], ends: &[String]) -> Fillers {
        let mut out = Fillers::default();
        for filler in fillers {
            let bytes = filler.as_bytes();
            let first = bytes.first().copied().unwrap_or_default();
            let slots = out.by_first.iter_mut().zip(&mut out.lengths);
            for ((slot, lengths), byte) in slots.zip(0..=u8::MAX) {
                if byte.eq_ignore_ascii_case(&first) {
                    let spelled = bytes.iter().any(u8::is_ascii_uppercase);
                    slot.push(Filler { bytes: bytes.into(), spelled });
                    *lengths |= length_bit(bytes.len());
                }
            }
        }
        out.ends = ends.iter().map(|end| end.to_lowercase().into_bytes().into()).collect();
        out
    }

    /// Whether `bytes`, of this census and form, stand for no value.
    pub(super) fn has(&self, bytes: &[u8], census: &Census, form: Form) -> bool {
        // The secret keys in the documentation of AWS.
        if form == Form::Base64 && bytes.ends_with(b"EXAMPLEKEY") {
            return true;
        }
        let open =
            matches!(form, Form::Word | Form::Token | Form::TitleWords | Form::Text | Form::Other);
        if !open || census.len > FILLER_BYTES_MAX {
            return false;
        }
        self.knows(bytes)
            || (census.has(const { Traits::of(b"_-") }) && is_asked_for(bytes))
            || ((census.others > 0 || census.high > 0) && is_placeholder(bytes))
            || is_mask(bytes, census)
    }

    /// Whether `bytes`, of this census and form, are what an office or a firm is called.
    pub(super) fn names_nobody(&self, bytes: &[u8], census: &Census, form: Form) -> bool {
        let several = matches!(form, Form::TitleWords | Form::Text | Form::Other);
        several
            && census.len <= FILLER_BYTES_MAX
            && (form == Form::TitleWords && self.names_an_office(bytes)
                || census.has(const { Traits::of(b".,") }) && names_a_firm(bytes))
    }

    /// Whether it is listed.
    fn knows(&self, bytes: &[u8]) -> bool {
        let Some(first) = bytes.first().map(|b| usize::from(*b)) else { return false };
        let lengths = self.lengths.get(first).copied().unwrap_or_default();
        if lengths & length_bit(bytes.len()) == 0 {
            return false;
        }
        let is = |filler: &Filler| {
            filler.bytes.len() == bytes.len()
                && match filler.spelled {
                    true => *filler.bytes == *bytes,
                    false => filler.bytes.eq_ignore_ascii_case(bytes),
                }
        };
        self.by_first.get(first).into_iter().flatten().any(is)
    }

    /// Whether the last of several words is one of an office: `API Support`.
    fn names_an_office(&self, bytes: &[u8]) -> bool {
        let Some(space) = bytes.iter().rposition(|b| *b == b' ') else { return false };
        let last = bytes.get(space + 1..).unwrap_or_default();
        self.ends.iter().any(|end| end.eq_ignore_ascii_case(last))
    }
}

fn length_bit(length: usize) -> u64 {
    1 << length.min(63)
}

/// Legal forms of firms without their points, sorted.
const LEGAL_FORMS: [&str; 32] = [
    "ab", "ag", "aps", "as", "bv", "co", "corp", "doo", "gmbh", "inc", "kft", "kg", "llc", "llp",
    "lp", "ltd", "ltda", "nv", "oy", "oyj", "pc", "plc", "pllc", "pty", "sa", "sarl", "sas", "sl",
    "spa", "srl", "sro", "zoo",
];
/// Words of the longest name of a firm that is told by its form.
const FIRM_WORDS_MAX: usize = 6;

/// Whether `word` is a legal form, with or without its points: `S.A.`, `Inc`.
pub(super) fn is_legal_form(word: &[u8]) -> bool {
    let mut form = [0u8; 4];
    let mut len = 0;
    for byte in word.iter().filter(|b| **b != b'.') {
        let Some(slot) = form.get_mut(len) else { return false };
        *slot = byte.to_ascii_lowercase();
        len += 1;
    }
    let form = form.get(..len).and_then(|form| std::str::from_utf8(form).ok());
    form.is_some_and(|form| LEGAL_FORMS.binary_search(&form).is_ok())
}

/// Whether `bytes` are capitalised words and the legal form of a firm, behind a comma or with
/// points in it: `Acme, Inc.`, `Foo Bar S.A.`. Without either it may be a surname.
fn names_a_firm(bytes: &[u8]) -> bool {
    let Some(space) = bytes.iter().rposition(|b| *b == b' ') else { return false };
    let (before, last) = bytes.split_at(space);
    let told = before.ends_with(b",") || last.contains(&b'.');
    let words = || before.split(|b| *b == b' ');
    let capital = |word: &[u8]| {
        let first = word.first();
        first.is_some_and(|b| b.is_ascii_uppercase() || *b >= 0x80 || *b == b'&')
            && !word.iter().any(|b| matches!(b, b'@' | b':' | b'.' | b'0'..=b'9'))
    };
    told && is_legal_form(last.trim_ascii_start())
        && words().count() <= FIRM_WORDS_MAX
        && words().all(capital)
}

/// What a template or a document of an interface has in place of a value: `${…}`, `{{…}}`, `%s`,
/// `<your password>`.
fn is_placeholder(bytes: &[u8]) -> bool {
    // What one of them begins with.
    let Some(
        b'$' | b'#' | b'<' | b'%' | b'{' | b'*' | b'_' | b'@' | b'E' | b'a' | b'v' | b's' | b'k'
        | b'o' | b'g' | b'e',
    ) = bytes.first()
    else {
        return false;
    };
    let within = |open: &[u8], close: &[u8]| {
        bytes.strip_prefix(open).and_then(|rest| rest.strip_suffix(close))
    };
    // Variables of shells and deployments, what sops, Jasypt and key vaults put in the place of a
    // secret, and what a log left of it.
    let templates = [
        (&b"${"[..], &b"}"[..]),
        (b"#{", b"}"),
        (b"#{", b"}#"),
        (b"$ENV{", b"}"),
        (b"<%", b"%>"),
        (b"%{", b"}"),
        (b"{{", b"}}"),
        (b"$(", b")"),
        (b"ENC[", b"]"),
        (b"ENC(", b")"),
        (b"@Microsoft.KeyVault(", b")"),
    ];
    let elsewhere = [
        &b"arn:aws:secretsmanager:"[..],
        b"arn:aws:ssm:",
        b"{cipher}",
        b"vault:",
        b"secretsmanager:",
        b"ssm:/",
        b"keyvault:",
        b"op://",
        b"sm://",
        b"gcp-secret:",
    ];
    let named = bytes.strip_prefix(b"env:").unwrap_or_default();
    let variable = |name: &[u8]| {
        name.iter().all(|b| b.is_ascii_uppercase() || *b == b'_') && name.contains(&b'_')
    };
    let word = |text: &[u8]| text.len() >= 3 && text.iter().all(u8::is_ascii_uppercase);
    let constant =
        |name: &[u8]| !name.is_empty() && name.iter().all(|b| b.is_ascii_uppercase() || *b == b'_');
    if templates.iter().any(|(open, close)| within(open, close).is_some())
        || elsewhere.iter().any(|head| bytes.starts_with(head))
        || within(b"%", b"%").is_some_and(variable)
        || within(b"__", b"__").is_some_and(constant)
        || (!named.is_empty() && named.iter().all(|b| b.is_ascii_uppercase() || *b == b'_'))
        || within(b"**", b"**").is_some_and(word)
    {
        return true;
    }
    let Some(inside) = within(b"<", b">").filter(|inside| !inside.is_empty()) else { return false };
    let plain = |b: &u8| b.is_ascii_alphabetic() || matches!(b, b' ' | b'_' | b'-');
    let one_case =
        !inside.iter().any(u8::is_ascii_uppercase) || !inside.iter().any(u8::is_ascii_lowercase);
    inside.iter().all(plain) && one_case
}

/// What an example says instead of what is to be filled in: `YOUR_API_KEY`, `your-token-here`,
/// `INSERT_PASSWORD_HERE`.
fn is_asked_for(bytes: &[u8]) -> bool {
    let asked = ["INSERT_", "REPLACE_", "CHANGE_", "ENTER_"];
    let told = asked.iter().any(|head| bytes.starts_with(head.as_bytes()));
    if (told || bytes.ends_with(b"_HERE"))
        && bytes.iter().all(|b| b.is_ascii_uppercase() || *b == b'_')
    {
        return true;
    }
    let Some((head, rest)) = bytes.split_at_checked(5) else { return false };
    let plain = |b: &u8| b.is_ascii_alphabetic() || matches!(b, b' ' | b'_' | b'-');
    let (your, apart) = head.split_at(4);
    your.eq_ignore_ascii_case(b"your") && matches!(apart, b"_" | b"-") && rest.iter().all(plain)
}

/// Letters and digits that a mask leaves readable.
const SHOWN_MAX: usize = 4;
/// Signs that make a mask: fewer stand in real values.
const MASKED_MIN: usize = 3;

/// Letters x that stand for a key, and the bytes of what may stand before them: `sk_test_xxxxxxxx`.
const CROSSED_MIN: usize = 8;
const PREFIX_MAX: usize = 12;

/// Whether `bytes` are a key's prefix and letters x for the key.
fn is_crossed(bytes: &[u8]) -> bool {
    let Some(last @ (b'x' | b'X')) = bytes.last() else { return false };
    let crossed = bytes.iter().rev().take_while(|b| *b == last).count();
    crossed >= CROSSED_MIN && bytes.len() - crossed <= PREFIX_MAX
}

/// Whether most of `bytes` is masked: `********`, `XXXXXX12`, `**** **** **** 4242`.
fn is_mask(bytes: &[u8], census: &Census) -> bool {
    let bullet = |b: &[u8]| matches!(b, [0xe2, 0x80, 0xa2] | [0xe2, 0x97, 0x8f]);
    if census.high > 0 {
        let whole = census.high.is_multiple_of(3) && census.high == census.len;
        return whole && census.high >= 3 * MASKED_MIN && bytes.chunks(3).all(bullet);
    }
    let stars = match census.has(const { Traits::of(b"*") }) {
        true => bytes.iter().filter(|b| **b == b'*').count(),
        false => 0,
    };
    let begins_crossed =
        || bytes.iter().find(|b| b.is_ascii_alphabetic()).is_some_and(|b| b"xX".contains(b));
    let closed = census.spaces + census.others + census.ats == 0;
    let exes = if closed && census.letters() >= MASKED_MIN && begins_crossed() {
        let all = bytes.iter().filter(|b| b.is_ascii_alphabetic());
        let crossed = all.clone().all(|b| *b == b'x') || all.clone().all(|b| *b == b'X');
        if crossed { census.letters() } else { 0 }
    } else {
        0
    };
    let signs = stars.max(exes);
    let shown = (census.letters() + census.digits).saturating_sub(exes.min(signs));
    // `sk_live_****` shows what kind of key it is.
    let cut = shown <= 2 * SHOWN_MAX && bytes.ends_with(b"****");
    let masked = signs >= MASKED_MIN && (cut || (shown <= SHOWN_MAX && shown < signs));
    census.ats == 0 && (masked || is_crossed(bytes))
}

#[cfg(test)]
mod tests {
    use super::super::sift::form_of;
    use super::*;
    use crate::model::ValueKind;

    /// Whether it stands for no value, and whether an office or a firm is called so.
    fn asked(text: &str) -> (bool, bool) {
        let fillers = ["n/a", "not provided", "Password", "[redacted]"].map(str::to_owned);
        let fillers = Fillers::of(&fillers, &["support".to_owned()]);
        let census = Census::of(text.as_bytes());
        let form = form_of(ValueKind::String, text.as_bytes(), &census);
        let text = text.as_bytes();
        (fillers.has(text, &census, form), fillers.names_nobody(text, &census, form))
    }

    fn has(text: &str) -> bool {
        asked(text).0
    }

    #[test]
    fn offices_and_firms_are_values_and_nobody() {
        for text in FIRMS {
            assert_eq!(asked(text), (false, true), "{text}");
        }
        for text in ["Ada Lovelace", "write to ada@example.org, Acme, Inc.", "N/A"] {
            assert!(!asked(text).1, "{text}");
        }
    }

    const FIRMS: [&str; 5] =
        ["API Support", "Acme, Inc.", "Foo Bar S.A.", "Umbrella Corp.", "Meier & Söhne, GmbH"];

    #[test]
    fn fillers_labels_masks_and_placeholders_are_told() {
        for text in [
            "N/A",
            "n/a",
            "Not Provided",
            "Password",
            "[REDACTED]",
            "********",
            "***",
            "••••••••",
            "xxxxx",
            "XXXXXX12",
            "***-**-1234",
            "**** **** **** 4242",
            "XXX-XX-1234",
            "sk_live_****",
            "vault:secret/db#password",
            "sk_test_xxxxxxxxxxxxxxxxxxxxxxxx",
            "pk-live-XXXXXXXXXXXX",
            "env:DB_PASSWORD",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "${DB_PASSWORD}",
            "{{ .Values.db.password }}",
            "$(DB_PASSWORD)",
            "%DB_PASS%",
            "**REDACTED**",
            "ENC[AES256_GCM,data:Zm9v,type:str]",
            "{cipher}9f86d081884c",
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db",
            "<your password>",
            "<REDACTED>",
            "REPLACE_ME",
            "CHANGE_ME",
            "INSERT_PASSWORD_HERE",
            "__SMTP_PASSWORD__",
            "#{DbPassword}#",
            "$ENV{PW}",
            "<%= pw %>",
        ] {
            assert!(has(text), "{text}");
        }
    }

    #[test]
    fn what_somebody_typed_is_none() {
        for text in [
            "password",
            "PASSWORD",
            "Ada Lovelace",
            "hunter2",
            "Xx12",
            "XY",
            "x1x2x3x4x5",
            "<r><ssn>536-22-1234</ssn></r>",
            "<jane@hosp.example>",
            "<Jane Roe>",
            "support",
            "XX12345",
            "{\"a\":1}",
            "[1,2]",
            "**bold words here**",
            "山田太郎",
            "",
            "$ecret{x}",
            "%Ab_12%",
            "**Abc1**",
            "Lovelace, Ada",
            "Maria Sa",
            "Anna Co",
            "write to ada@example.org, Acme, Inc.",
            "vaulted ceilings",
            "env:x",
            "INSERT_1HERE",
            "__init__x",
            "__dunder__",
        ] {
            assert!(!has(text), "{text}");
        }
    }
}
