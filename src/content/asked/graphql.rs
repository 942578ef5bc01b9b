//! Documents of GraphQL (GraphQL specification, October 2021, section 2): the arguments of each
//! field as an object under its name. Variables are elsewhere, and left out.

use super::scan::{Scan, write_string};

/// Lists and objects in lists and objects that are read.
const DEPTH_MAX: usize = 16;

/// How documents begin, but for those that begin with what they ask for.
const KINDS: [&[u8]; 4] = [b"query", b"mutation", b"subscription", b"fragment"];

/// Whether `text` begins like one.
pub(super) fn begins(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    text.first() == Some(&b'{')
        || KINDS.iter().any(|kind| {
            text.strip_prefix(*kind).and_then(<[u8]>::first).is_some_and(|b| !is_of_name(b))
        })
}

/// The literals of `text` by field and argument, if it is a document with some.
pub(super) fn as_json(text: &[u8]) -> Option<Vec<u8>> {
    let (mut scan, mut out, mut depth, mut any) = (Scan::new(text), b"{".to_vec(), 0usize, false);
    // The field at hand; nothing where a name is of an operation, a type, a directive.
    let mut field: Option<&[u8]> = None;
    loop {
        ignored(&mut scan);
        let Some(byte) = scan.peek() else { break };
        match byte {
            b'{' => (depth, field) = (depth + 1, None),
            b'}' => (depth, field) = (depth.checked_sub(1)?, None),
            b'(' => {
                scan.pass();
                let before = out.len();
                if before > 1 {
                    out.push(b',');
                }
                write_string(&mut out, field.unwrap_or_default());
                out.push(b':');
                let said = match field {
                    Some(_) => object(&mut scan, b')', &mut out, DEPTH_MAX)?,
                    None => passed(&mut scan)?,
                };
                any |= said;
                if !said {
                    out.truncate(before);
                }
                continue;
            }
            b'@' => {
                scan.pass();
                scan.take(is_of_name);
                field = None;
                continue;
            }
            b'.' => {
                if !scan.eat(b"...") {
                    return None;
                }
                ignored(&mut scan);
                // `on` and a type, or the name of a fragment.
                if scan.take(is_of_name) == b"on" {
                    ignored(&mut scan);
                    scan.take(is_of_name);
                }
                field = None;
                continue;
            }
            b':' => {}
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                let name = scan.take(is_of_name);
                field = Some(name).filter(|_| depth > 0);
                continue;
            }
            _ => return None,
        }
        scan.pass();
    }
    out.push(b'}');
    (any && depth == 0).then_some(out)
}

fn is_of_name(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || *byte == b'_'
}

/// Passes blanks, commas and comments.
fn ignored(scan: &mut Scan<'_>) {
    loop {
        scan.take(|b| b.is_ascii_whitespace() || *b == b',');
        if scan.peek() != Some(b'#') {
            return;
        }
        scan.take(|b| *b != b'\n');
    }
}

/// Passes what stands in parentheses: variables of an operation, arguments of a directive. Never
/// anything to walk.
fn passed(scan: &mut Scan<'_>) -> Option<bool> {
    loop {
        scan.take(|b| !matches!(b, b')' | b'"'));
        match scan.peek()? {
            b'"' => string(scan, &mut Vec::new())?,
            _ => {
                scan.pass();
                return Some(false);
            }
        }
    }
}

/// Writes the fields of an object or the arguments of a field, up to `end`; whether any has a
/// literal.
fn object(scan: &mut Scan<'_>, end: u8, out: &mut Vec<u8>, depth: usize) -> Option<bool> {
    let (mut any, mut first) = (false, true);
    out.push(b'{');
    loop {
        ignored(scan);
        if scan.peek()? == end {
            scan.pass();
            out.push(b'}');
            return Some(any);
        }
        let name = scan.take(is_of_name);
        ignored(scan);
        if name.is_empty() || !scan.eat(b":") {
            return None;
        }
        if !first {
            out.push(b',');
        }
        first = false;
        write_string(out, name);
        out.push(b':');
        any |= value(scan, out, depth)?;
    }
}

/// Writes a value; whether it is or has a literal.
fn value(scan: &mut Scan<'_>, out: &mut Vec<u8>, depth: usize) -> Option<bool> {
    let inner = depth.checked_sub(1)?;
    ignored(scan);
    match scan.peek()? {
        b'{' => {
            scan.pass();
            object(scan, b'}', out, inner)
        }
        b'[' => {
            scan.pass();
            list(scan, out, inner)
        }
        b'"' => string(scan, out).map(|()| true),
        b'$' => {
            scan.pass();
            scan.take(is_of_name);
            out.extend_from_slice(b"null");
            Some(false)
        }
        b'-' | b'0'..=b'9' => {
            let number = scan.take(|b| is_of_name(b) || matches!(b, b'-' | b'+' | b'.'));
            out.extend_from_slice(number);
            Some(true)
        }
        b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
            match scan.take(is_of_name) {
                word @ (b"true" | b"false" | b"null") => out.extend_from_slice(word),
                word => write_string(out, word),
            }
            Some(true)
        }
        _ => None,
    }
}

fn list(scan: &mut Scan<'_>, out: &mut Vec<u8>, depth: usize) -> Option<bool> {
    let (mut any, mut first) = (false, true);
    out.push(b'[');
    loop {
        ignored(scan);
        if scan.peek()? == b']' {
            scan.pass();
            out.push(b']');
            return Some(any);
        }
        if !first {
            out.push(b',');
        }
        first = false;
        any |= value(scan, out, depth)?;
    }
}

/// Writes a string: its escapes are those of JSON, and a block has none but of its end.
fn string(scan: &mut Scan<'_>, out: &mut Vec<u8>) -> Option<()> {
    if scan.eat(b"\"\"\"") {
        write_string(out, scan.take_before(b"\"\"\"")?);
        return Some(());
    }
    scan.pass();
    out.push(b'"');
    loop {
        out.extend_from_slice(scan.take(|b| !matches!(b, b'"' | b'\\' | b'\n')));
        match scan.peek()? {
            b'"' => {
                scan.pass();
                out.push(b'"');
                return Some(());
            }
            b'\\' => {
                scan.pass();
                out.extend_from_slice(&[b'\\', scan.peek()?]);
                scan.pass();
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        as_json(text.as_bytes()).map(|json| String::from_utf8(json).unwrap()).unwrap_or_default()
    }

    #[test]
    fn arguments_are_objects_under_the_names_of_their_fields() {
        assert_eq!(
            said("query { patientByMrn(mrn: \"0048\", lastName: \"O\\\"N\") { id name } }"),
            r#"{"patientByMrn":{"mrn":"0048","lastName":"O\"N"}}"#
        );
        assert_eq!(
            said(
                "# new\nmutation Add($id: ID! = \"(7)\") @live(x: 1) {\n a: add(input: {name: \
                 \"Roe\", tags: [\"x\", 2, RED], id: $id, ok: true}) @skip(if: $no) { id }, \
                 end(note: \"\"\"a \"b\"\nc\"\"\") ... on T { f(x: -1.5e3) } ...Frag }"
            ),
            concat!(
                r#"{"add":{"input":{"name":"Roe","tags":["x",2,"RED"],"id":null,"ok":true}},"#,
                r#""end":{"note":"a \"b\"\nc"},"f":{"x":-1.5e3}}"#
            )
        );
        assert_eq!(said("{patient(mrn:\"1\"){id}}"), r#"{"patient":{"mrn":"1"}}"#);
    }

    #[test]
    fn what_is_no_document_or_has_no_literal_says_nothing() {
        for text in [
            "query the database (again: \"x\")!",
            "query { a(id: $id) { b } }",
            "query Q($a: Int = 3) { a { b } }",
            "query { a { b } }",
            "query { a(x: \"1\") { b }",
            "query { a(x: \"1 } }",
            "{patient(mrn:\"1\"){id}}}",
            "{ margin: 0 auto; }",
            "",
            "{",
        ] {
            assert_eq!(said(text), "", "{text}");
        }
        let deep = format!("{{ a(x: {}1{}) }}", "[".repeat(99_999), "]".repeat(99_999));
        assert_eq!(said(&deep), "");
    }

    proptest::proptest! {
        #[test]
        fn what_is_said_is_json(text in "\\{a\\([a-c:\"\\\\{}\\[\\]()$, #\n0-9-]{0,40}\\)\\}") {
            if let Some(json) = as_json(text.as_bytes()) {
                proptest::prop_assert_eq!((json.first(), json.last()), (Some(&b'{'), Some(&b'}')));
            }
        }
    }
}
