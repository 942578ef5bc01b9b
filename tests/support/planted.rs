//! Personal and secret values to plant in traffic, and every form in which one of them may leak.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::rng::Rng;

/// One value of one class.
#[derive(Clone, Debug)]
pub struct Planted {
    /// The data class it belongs to.
    pub class: &'static str,
    /// The value as traffic has it.
    pub value: String,
    /// Parts that alone say too much: the two names of a name, the street of an address.
    pub parts: Vec<String>,
}

type Make = fn(&mut Rng) -> (String, Vec<String>);

/// Every class, with how to make one.
const CLASSES: &[(&str, Make)] = &[
    ("contact.email", |r| {
        let (given, family) = (word(r, 3), word(r, 4));
        (format!("{given}.{family}@{}.org", word(r, 3)), vec![format!("{given}.{family}")])
    }),
    ("contact.phone", |r| (format!("+4477{}", r.digits(8)), vec![])),
    ("person.name", |r| {
        let (given, family) = (capital(&word(r, 3)), capital(&word(r, 4)));
        (format!("{given} {family}"), vec![given, family])
    }),
    ("person.birth_date", |r| {
        let (year, month, day) = (r.among(1931..2009), r.among(1..13), r.among(1..29));
        (format!("{year}-{month:02}-{day:02}"), vec![])
    }),
    ("person.address", |r| {
        let street = format!("{} {} Street", r.among(100..999), capital(&word(r, 4)));
        (format!("{street}, Leeds LS6 {}QT", r.among(1..9)), vec![street])
    }),
    ("health.mrn", |r| (format!("MRN{}", r.digits(8)), vec![])),
    ("us.ssn", |r| {
        let area = *r.pick(&[123, 256, 341, 447, 518, 602, 711]);
        (format!("{area}-{:02}-{}", r.among(10..99), r.digits(4)), vec![])
    }),
    ("us.npi", |r| (with_luhn("80840", &format!("1{}", r.digits(8))), vec![])),
    ("us.mbi", |r| (mbi(r), vec![])),
    ("gb.nhs_number", |r| (nhs_number(r), vec![])),
    ("gb.nino", |r| {
        let pair = *r.pick(&["AB", "CE", "HJ", "LM", "PR", "ST"]);
        (format!("{pair}{}{}", r.digits(6), r.pick(&["A", "B", "C"])), vec![])
    }),
    ("financial.credit_card", |r| (with_luhn("", &format!("4929{}", r.digits(11))), vec![])),
    ("financial.iban", |r| (iban(r), vec![])),
    ("secret.jwt", |r| {
        let subject = r.digits(12);
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let body = part(&format!("{{\"sub\":\"{subject}\",\"iss\":\"clinic\"}}"));
        let signature = part(&r.digits(32));
        let token = format!("{}.{body}.{signature}", part("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"));
        (token, vec![body, signature, subject])
    }),
    ("secret.aws_access_key", |r| {
        let tail: String =
            (0..16).map(|_| *r.pick(&['A', 'C', 'E', 'Q', 'R', 'Z', '2', '5', '7'])).collect();
        (format!("AKIA{tail}"), vec![])
    }),
    ("secret.private_key", |r| {
        let key = STANDARD.encode(r.digits(90));
        let value = format!("-----BEGIN PRIVATE KEY----- {key} -----END PRIVATE KEY-----");
        (value, vec![key])
    }),
    ("network.mac_address", |r| {
        let octet = |r: &mut Rng| format!("{:02x}", r.below(256));
        let tail: Vec<String> = (0..5).map(|_| octet(r)).collect();
        (format!("3c:{}", tail.join(":")), vec![])
    }),
];

/// Names of all classes.
pub fn classes() -> Vec<&'static str> {
    CLASSES.iter().map(|(class, _)| *class).collect()
}

/// A value of `class`.
pub fn make(class: &str, rng: &mut Rng) -> Planted {
    let (class, make) = CLASSES.iter().find(|(name, _)| *name == class).expect("a known class");
    let (value, parts) = make(rng);
    Planted { class, value, parts }
}

impl Planted {
    /// Every form to look for, with what it is; all in bytes, to be matched without regard to case.
    pub fn forms(&self) -> Vec<(&'static str, Vec<u8>)> {
        let mut forms = Vec::new();
        for text in std::iter::once(&self.value).chain(&self.parts) {
            encodings(text, &mut forms);
        }
        let digits: String = self.value.chars().filter(char::is_ascii_digit).collect();
        let letters = self.value.chars().filter(|c| c.is_ascii_alphabetic()).count();
        if digits.len() >= 8 && letters == 0 {
            encodings(&digits, &mut forms);
            separated(&digits, &mut forms);
            let number: u64 = digits.parse().expect("digits");
            // SQLite keeps integers in as few bytes as they need; four would match by chance.
            if number > u64::from(u32::MAX) {
                forms.push(("an SQLite integer", number.to_be_bytes()[2..].to_vec()));
            }
        }
        forms.sort();
        forms.dedup();
        forms
    }
}

fn encodings(text: &str, forms: &mut Vec<(&'static str, Vec<u8>)>) {
    forms.push(("raw", text.into()));
    let hex: String = text.bytes().map(|b| format!("{b:02x}")).collect();
    forms.push(("hex", hex.into()));
    let url: String = text
        .bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }
        })
        .collect();
    forms.push(("URL-encoded", url.into()));
    forms.push(("UTF-16LE", text.encode_utf16().flat_map(u16::to_le_bytes).collect()));
    forms.push(("UTF-16BE", text.encode_utf16().flat_map(u16::to_be_bytes).collect()));
    // In base64 the same bytes look different at each of three alignments; what neighbours touch
    // is cut off.
    for (lead, name) in ["base64", "base64 after 1", "base64 after 2"].into_iter().enumerate() {
        let padded = [&vec![0; lead][..], text.as_bytes()].concat();
        let whole = padded.len() / 3 * 3;
        let code = STANDARD.encode(&padded[..whole]);
        let inner = code.get(if lead == 0 { 0 } else { 4 }..).unwrap_or_default();
        if inner.len() >= 8 {
            forms.push((name, inner.replace('+', "-").replace('/', "_").into()));
            forms.push((name, inner.into()));
        }
    }
}

fn separated(digits: &str, forms: &mut Vec<(&'static str, Vec<u8>)>) {
    let groups: &[&[usize]] = match digits.len() {
        9 => &[&[3, 2, 4]],
        10 => &[&[3, 3, 4]],
        16 => &[&[4, 4, 4, 4]],
        8 => &[&[4, 2, 2], &[2, 2, 4]],
        _ => &[],
    };
    for sizes in groups {
        for separator in ["-", " ", ".", "/"] {
            let mut rest = digits;
            let mut parts = Vec::new();
            for &size in *sizes {
                let (part, tail) = rest.split_at(size);
                parts.push(part);
                rest = tail;
            }
            forms.push(("with separators", parts.join(separator).into()));
        }
    }
}

/// Letters that no dictionary has, so that finding them is a leak and no coincidence.
fn word(rng: &mut Rng, syllables: usize) -> String {
    let syllable = |r: &mut Rng| {
        let (a, b) =
            (*r.pick(&["qu", "vr", "zh", "kw", "px", "jn", "wy"]), *r.pick(&["a", "e", "o", "u"]));
        format!("{a}{b}")
    };
    (0..syllables).map(|_| syllable(rng)).collect()
}

fn capital(word: &str) -> String {
    word[..1].to_uppercase() + &word[1..]
}

fn luhn_sum(digits: &str) -> u32 {
    let doubled =
        |(place, d): (usize, u32)| if place % 2 == 0 { (d * 2) / 10 + (d * 2) % 10 } else { d };
    digits.chars().rev().map(|c| c.to_digit(10).expect("a digit")).enumerate().map(doubled).sum()
}

fn with_luhn(prefix: &str, body: &str) -> String {
    format!("{body}{}", (10 - luhn_sum(&format!("{prefix}{body}")) % 10) % 10)
}

fn nhs_number(rng: &mut Rng) -> String {
    loop {
        let body = format!("{}{}", rng.pick(&["4", "6", "7"]), rng.digits(8));
        let weighted = body.bytes().zip((2..=10).rev()).map(|(d, w)| u32::from(d - b'0') * w);
        match 11 - weighted.sum::<u32>() % 11 {
            10 => {}
            check => return format!("{body}{}", check % 11),
        }
    }
}

fn mbi(rng: &mut Rng) -> String {
    let of = |shape| match shape {
        'c' => &b"123456789"[..],
        'n' => b"0123456789",
        _ => b"ACDEFGHJKMNPQRTUVWXY",
    };
    "caanaanaann".chars().map(|shape| char::from(*rng.pick(of(shape)))).collect()
}

fn iban(rng: &mut Rng) -> String {
    let bban = format!("NWBK{}", rng.digits(14));
    let numeric: String = format!("{bban}GB00")
        .chars()
        .map(|c| c.to_digit(36).expect("a letter or digit").to_string())
        .collect();
    let rest = numeric.bytes().fold(0, |rest, d| (rest * 10 + u32::from(d - b'0')) % 97);
    format!("GB{:02}{bban}", 98 - rest)
}
