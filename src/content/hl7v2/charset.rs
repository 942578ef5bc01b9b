//! MSH-18, as a label of the Encoding Standard.

use super::marks::begins_message;

/// Names of HL7 table 0211 and what browsers call them.
const NAMES: [(&str, &str); 20] = [
    ("8859/1", "iso-8859-1"),
    ("8859/2", "iso-8859-2"),
    ("8859/3", "iso-8859-3"),
    ("8859/4", "iso-8859-4"),
    ("8859/5", "iso-8859-5"),
    ("8859/6", "iso-8859-6"),
    ("8859/7", "iso-8859-7"),
    ("8859/8", "iso-8859-8"),
    ("8859/9", "iso-8859-9"),
    ("8859/15", "iso-8859-15"),
    ("ISO IR14", "shift_jis"),
    ("ISO IR87", "iso-2022-jp"),
    ("ISO IR159", "iso-2022-jp"),
    ("GB 18030-2000", "gb18030"),
    ("KS X 1001", "euc-kr"),
    ("CNS 11643-1992", "big5"),
    ("BIG-5", "big5"),
    ("UNICODE UTF-16", "utf-16le"),
    ("UNICODE UTF-8", "utf-8"),
    ("UNICODE", "utf-8"),
];

/// The label of the charset that MSH-18 in `head` names, where it is all there. Of several the
/// first is the one messages begin in.
pub(crate) fn declared(head: &[u8]) -> Option<&str> {
    let at = memchr::memmem::find(head, b"MSH")?;
    let message = head.get(at..)?;
    if !begins_message(head) {
        return None;
    }
    let separator = *message.get(3)?;
    let end = message.iter().position(|b| matches!(b, b'\r' | b'\n'));
    let line = message.get(..end.unwrap_or(message.len()))?;
    let mut fields = line.split(|b| *b == separator).skip(17);
    let field = fields.next()?;
    if end.is_none() && fields.next().is_none() {
        return None;
    }
    // The repetition separator is the second of the encoding characters.
    let repetition = message.get(5).copied().unwrap_or(b'~');
    let name = std::str::from_utf8(field.split(|b| *b == repetition).next()?).ok()?.trim();
    let known = NAMES.iter().find(|(theirs, _)| theirs.eq_ignore_ascii_case(name));
    known.map(|(_, label)| *label).or((!name.is_empty()).then_some(name))
}
