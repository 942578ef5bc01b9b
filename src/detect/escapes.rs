//! Characters written otherwise inside a value: percent-encoding (RFC 3986 section 2.1), also of
//! what was encoded before (`%2540`), and character references of HTML (WHATWG HTML section 13.5).

/// Layers of escapes that are undone. A gateway adds one to that of its client; three were seen.
const LAYERS_MAX: usize = 3;
/// Bytes of the longest reference between `&` and `;`.
const REFERENCE_BYTES_MAX: usize = 8;

/// Characters that pages and messages write by name, but for letters, which no rule asks for.
/// Spaces that break no line are spaces. Sorted.
const NAMED: [(&[u8], u8); 18] = [
    (b"amp", b'&'),
    (b"apos", b'\''),
    (b"colon", b':'),
    (b"comma", b','),
    (b"commat", b'@'),
    (b"emsp", b' '),
    (b"ensp", b' '),
    (b"gt", b'>'),
    (b"hyphen", b'-'),
    (b"lpar", b'('),
    (b"lt", b'<'),
    (b"nbsp", b' '),
    (b"ndash", b'-'),
    (b"period", b'.'),
    (b"plus", b'+'),
    (b"quot", b'"'),
    (b"rpar", b')'),
    (b"sol", b'/'),
];

/// `text` with its escapes undone, layer by layer; `None` where it has none. Linear in its length.
pub(super) fn undone(text: &[u8]) -> Option<Vec<u8>> {
    let mut plain = layer(text)?;
    for _ in 1..LAYERS_MAX {
        match layer(&plain) {
            Some(below) => plain = below,
            None => break,
        }
    }
    Some(plain)
}

/// One layer less, where there is one and what is left is text.
fn layer(text: &[u8]) -> Option<Vec<u8>> {
    let mut next = Escape::first_in(text)?;
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        let (at, escape) = next;
        out.extend_from_slice(rest.get(..at)?);
        escape.write(&mut out);
        rest = rest.get(at + escape.len..)?;
        match Escape::first_in(rest) {
            Some(following) => next = following,
            None => break,
        }
    }
    out.extend_from_slice(rest);
    std::str::from_utf8(&out).is_ok().then_some(out)
}

/// One character written otherwise.
struct Escape {
    /// Bytes it takes.
    len: usize,
    means: Meaning,
}

enum Meaning {
    /// One of the bytes of a character.
    Byte(u8),
    Char(char),
}

impl Escape {
    /// The first in `text`, and where it stands.
    fn first_in(text: &[u8]) -> Option<(usize, Escape)> {
        memchr::memchr2_iter(b'%', b'&', text)
            .find_map(|at| Some((at, Escape::at(text.get(at..)?)?)))
    }

    /// The one that `text` begins with.
    fn at(text: &[u8]) -> Option<Escape> {
        match text {
            [b'%', high, low, ..] => {
                let value = char::from(*high).to_digit(16)? << 4 | char::from(*low).to_digit(16)?;
                let byte = u8::try_from(value).ok()?;
                // What no text holds is no escape of a character.
                let is_text = byte >= b' ' || matches!(byte, b'\t' | b'\r' | b'\n');
                is_text.then_some(Escape { len: 3, means: Meaning::Byte(byte) })
            }
            [b'&', name @ ..] => {
                let name = name.get(..REFERENCE_BYTES_MAX + 1).unwrap_or(name);
                let end = memchr::memchr(b';', name)?;
                let means = referred(name.get(..end)?)?;
                Some(Escape { len: end + 2, means })
            }
            _ => None,
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self.means {
            Meaning::Byte(byte) => out.push(byte),
            Meaning::Char(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

fn referred(name: &[u8]) -> Option<Meaning> {
    let number = match name {
        [b'#', b'x' | b'X', digits @ ..] => parsed(digits, 16),
        [b'#', digits @ ..] => parsed(digits, 10),
        _ => {
            let at = NAMED.binary_search_by_key(&name, |(known, _)| known).ok()?;
            return NAMED.get(at).map(|(_, byte)| Meaning::Byte(*byte));
        }
    };
    match char::from_u32(number?)? {
        '\u{a0}' | '\u{2002}'..='\u{200a}' | '\u{202f}' => Some(Meaning::Byte(b' ')),
        c if c.is_control() && !c.is_whitespace() => None,
        c => Some(Meaning::Char(c)),
    }
}

fn parsed(digits: &[u8], radix: u32) -> Option<u32> {
    let text = std::str::from_utf8(digits).ok().filter(|text| !text.starts_with('+'))?;
    u32::from_str_radix(text, radix).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plain(text: &str) -> Option<String> {
        undone(text.as_bytes()).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn escapes_are_undone_layer_by_layer() {
        for (text, expected) in [
            ("ada%40example.org", "ada@example.org"),
            ("ada%2540example.org", "ada@example.org"),
            ("ada%252540example.org", "ada@example.org"),
            ("ada&#64;example&#x2E;org", "ada@example.org"),
            ("ada&amp;#64;example.org", "ada@example.org"),
            ("ada&commat;example.org", "ada@example.org"),
            ("943&nbsp;476&#160;5919", "943 476 5919"),
            ("M%C3%BCller 100 %", "Müller 100 %"),
            ("a & b; 5 %41", "a & b; 5 A"),
        ] {
            assert_eq!(plain(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_escape_stays() {
        for text in ["100 %", "a=1&b=2;", "R&D; x", "%zz", "%4", "%ff%fe", "%00", "&#0;", "&#+64;"]
        {
            assert_eq!(plain(text), None, "{text}");
        }
        assert!(NAMED.is_sorted());
    }

    proptest! {
        #[test]
        fn any_text_is_looked_at(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(undone(&text).is_none_or(|plain| plain.len() <= text.len()));
        }

        #[test]
        fn what_was_encoded_comes_back(text in "[a-zA-Z@ .é;&-]{1,30}") {
            let encoded: String = text.bytes().map(|b| format!("%{b:02X}")).collect();
            let twice = encoded.replace('%', "%25");
            prop_assume!(undone(text.as_bytes()).is_none());
            let expected = Some(text.clone());
            prop_assert_eq!(plain(&encoded), expected.clone());
            prop_assert_eq!(plain(&twice), expected);
        }
    }
}
