//! Elements that patches name: by a JSON Pointer (RFC 6901) in a JSON Patch (RFC 6902), by a
//! FHIRPath in the Parameters of a FHIRPath Patch (FHIR R5 section 3.2.0.14.2), by an XPath in an
//! XML Patch (RFC 5261 section 4.1).
//!
//! What a path is told as is an element that the pack knows, or the beginning of one, so it is of a
//! closed vocabulary and may be kept.

use smallvec::SmallVec;

/// Longer paths are not looked at.
const PATH_BYTES_MAX: usize = 256;

/// An element without indexes: `name.family`.
type Element = SmallVec<[u8; 64]>;

/// Every element that a pack knows, with and without its resource type.
#[derive(Debug, Default)]
pub(super) struct Elements {
    types: Vec<Box<str>>,
    /// Without type, sorted.
    relative: Vec<Box<str>>,
}

impl Elements {
    /// From `Patient.name.family` and its like.
    pub(super) fn of<'e>(elements: impl Iterator<Item = &'e str>) -> Elements {
        let mut out = Elements::default();
        let fhir = |kind: &str| kind != "CDA" && !kind.starts_with("HL7v2");
        for (kind, element) in elements.filter_map(|e| e.split_once('.')).filter(|e| fhir(e.0)) {
            out.types.push(kind.into());
            out.relative.push(element.into());
        }
        for list in [&mut out.types, &mut out.relative] {
            list.sort_unstable();
            list.dedup();
        }
        out
    }

    /// The element that `path` of a patch names: `name.family` for `/name/0/family`,
    /// `Patient.name.family` for `Patient.name.where(use = 'official').family`.
    pub(super) fn named_by(&self, path: &[u8]) -> Option<Element> {
        if path.len() > PATH_BYTES_MAX {
            return None;
        }
        let element = match path.strip_prefix(b"/") {
            Some(pointer) => of_pointer(pointer)?,
            None => of_fhir_path(path)?,
        };
        self.knows(&element).then_some(element)
    }

    /// The element that the selector of an XML Patch names: `Patient.name.family` for
    /// `/f:Patient/f:name[1]/f:family/@value`.
    pub(super) fn selected_by(&self, selector: &[u8]) -> Option<Element> {
        if selector.len() > PATH_BYTES_MAX {
            return None;
        }
        of_selector(selector).filter(|element| self.knows(element))
    }

    /// `name` below `element`.
    pub(super) fn member(&self, element: &str, name: &str) -> Option<String> {
        let member = format!("{element}.{name}");
        self.knows(member.as_bytes()).then_some(member)
    }

    fn knows(&self, element: &[u8]) -> bool {
        let Ok(element) = std::str::from_utf8(element) else { return false };
        let (kind, rest) = element.split_once('.').unwrap_or((element, ""));
        let typed = kind.starts_with(|c: char| c.is_ascii_uppercase());
        if typed && self.types.binary_search_by(|known| (**known).cmp(kind)).is_err() {
            return false;
        }
        let element = if typed { rest } else { element };
        if element.is_empty() {
            return typed;
        }
        let from = self.relative.partition_point(|known| &**known < element);
        let like = self.relative.get(from..).unwrap_or_default().iter();
        let mut behind = like.map_while(|known| known.strip_prefix(element));
        // `deceased` stands for `deceasedDateTime`: FHIRPath leaves the type of a choice out.
        behind.any(|rest| {
            rest.is_empty() || rest.starts_with(|c: char| c == '.' || c.is_ascii_uppercase())
        })
    }
}

/// The last name in a JSON Pointer, without the slash it begins with.
pub(super) fn last_name(pointer: &[u8]) -> Option<&[u8]> {
    pointer.rsplit(|b| *b == b'/').find(|segment| !is_place(segment))
}

/// Whether a segment of a JSON Pointer is a place in an array.
fn is_place(segment: &[u8]) -> bool {
    segment == b"-" || segment.iter().all(u8::is_ascii_digit)
}

fn of_pointer(pointer: &[u8]) -> Option<Element> {
    let mut out = Element::new();
    for segment in pointer.split(|b| *b == b'/').filter(|segment| !is_place(segment)) {
        push(&mut out, segment)?;
    }
    Some(out)
}

fn of_fhir_path(path: &[u8]) -> Option<Element> {
    let mut out = Element::new();
    let mut rest = path.trim_ascii();
    loop {
        let len = rest.iter().take_while(|b| is_name_byte(**b)).count();
        let (name, behind) = rest.split_at_checked(len)?;
        rest = behind;
        let call = rest.first() == Some(&b'(');
        // Functions choose among the elements; this one goes to another.
        if !call || name == b"extension" || name == b"modifierExtension" {
            push(&mut out, name)?;
        }
        while let Some(open @ (b'(' | b'[')) = rest.first() {
            rest = behind_bracket(rest, *open)?;
        }
        match rest.split_first() {
            None => return Some(out),
            Some((b'.', behind)) => rest = behind,
            Some(_) => return None,
        }
    }
}

/// The last name in the selector of an XML Patch.
pub(super) fn last_selected(selector: &[u8]) -> Option<Element> {
    let all = of_selector(selector.get(..PATH_BYTES_MAX).unwrap_or(selector))?;
    all.rsplit(|b| *b == b'.').next().map(SmallVec::from_slice)
}

fn of_selector(selector: &[u8]) -> Option<Element> {
    let mut out = Element::new();
    let mut rest = selector.trim_ascii();
    while !rest.is_empty() {
        let len = rest.iter().take_while(|b| !matches!(b, b'/' | b'[')).count();
        let (step, behind) = rest.split_at_checked(len)?;
        rest = behind;
        match step.rsplit(|b| *b == b':').next().unwrap_or(step) {
            // The root, whatever it is called, the value of a primitive of FHIR, a text.
            b"" | b"." | b"*" | b"@value" | b"text()" => {}
            b"value" if step.starts_with(b"@") => {}
            name => push(&mut out, name.strip_prefix(b"@").unwrap_or(name))?,
        }
        while rest.first() == Some(&b'[') {
            rest = behind_bracket(rest, b'[')?;
        }
        match rest.split_first() {
            None => break,
            Some((b'/', behind)) => rest = behind,
            Some(_) => return None,
        }
    }
    Some(out).filter(|out| !out.is_empty())
}

/// What follows the bracket that `text` begins with, quotes and brackets in it passed over.
fn behind_bracket(text: &[u8], open: u8) -> Option<&[u8]> {
    let close = if open == b'(' { b')' } else { b']' };
    let (mut depth, mut quote) = (0usize, None);
    for (at, byte) in text.iter().enumerate() {
        match (quote, *byte) {
            (Some(mark), byte) if mark == byte => quote = None,
            (Some(_), _) => {}
            (None, b'\'' | b'"') => quote = Some(*byte),
            (None, byte) if byte == open => depth += 1,
            (None, byte) if byte == close => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return text.get(at + 1..);
                }
            }
            _ => {}
        }
    }
    None
}

fn push(out: &mut Element, name: &[u8]) -> Option<()> {
    if name.is_empty() || !name.iter().all(|b| is_name_byte(*b)) {
        return None;
    }
    if !out.is_empty() {
        out.push(b'.');
    }
    out.extend_from_slice(name);
    Some(())
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn elements() -> Elements {
        let known = [
            "Patient.birthDate",
            "Patient.name.family",
            "Patient.deceasedDateTime",
            "Patient.extension.valueAddress.city",
            "Observation.note.text",
            "CDA.recordTarget.name",
        ];
        Elements::of(known.into_iter())
    }

    #[test]
    fn pointers_and_paths_name_elements() {
        for (path, element) in [
            ("/birthDate", "birthDate"),
            ("/name/0/family", "name.family"),
            ("/name/-", "name"),
            ("/extension/3/valueAddress", "extension.valueAddress"),
            ("Patient", "Patient"),
            ("Patient.birthDate", "Patient.birthDate"),
            ("Patient.name[0].family", "Patient.name.family"),
            ("Patient.name.where(use = 'a).b').first().family", "Patient.name.family"),
            ("Patient.deceased", "Patient.deceased"),
            ("Patient.extension('http://a.example/x').value", "Patient.extension.value"),
            ("name.family", "name.family"),
        ] {
            let told = elements().named_by(path.as_bytes());
            assert_eq!(told.as_deref(), Some(element.as_bytes()), "{path}");
        }
        assert_eq!(elements().member("Patient", "birthDate").as_deref(), Some("Patient.birthDate"));
        assert_eq!(elements().member("Patient", "Lovelace"), None);
    }

    #[test]
    fn selectors_of_xml_name_elements() {
        for (selector, element) in [
            ("Patient/birthDate", "Patient.birthDate"),
            ("/f:Patient/f:birthDate/@value", "Patient.birthDate"),
            ("*/f:name[1]/f:family/@f:value", "name.family"),
            ("/Patient/name[use/@value='a/b]']/family/text()", "Patient.name.family"),
            ("//birthDate", "birthDate"),
            ("Patient", "Patient"),
        ] {
            let told = elements().selected_by(selector.as_bytes());
            assert_eq!(told.as_deref(), Some(element.as_bytes()), "{selector}");
        }
        for selector in
            ["", "/", "id('a')", "Patient/name[", "Patient/active", "a b/family", "@value"]
        {
            assert_eq!(elements().selected_by(selector.as_bytes()), None, "{selector}");
        }
        let last = last_selected(b"/staff/person[2]/x:ssn/text()");
        assert_eq!(last.as_deref(), Some(&b"ssn"[..]));
    }

    #[test]
    fn what_no_pack_knows_is_not_told() {
        for path in [
            "",
            "/",
            "/usr/lib",
            "/name/0/fam",
            "/name/a b",
            "/a~1b",
            "Nobody.birthDate",
            "CDA.recordTarget",
            "Patient.name.where(use",
            "Patient.name)",
            "Patient birthDate",
            "Ada Lovelace",
        ] {
            assert_eq!(elements().named_by(path.as_bytes()), None, "{path}");
        }
    }

    #[test]
    fn the_last_name_of_a_pointer_is_no_place() {
        assert_eq!(last_name(b"applicant/ssn/0"), Some(&b"ssn"[..]));
        assert_eq!(last_name(b"0/-"), None);
    }

    proptest! {
        #[test]
        fn no_path_panics(path in proptest::collection::vec(any::<u8>(), 0..300)) {
            elements().named_by(&path);
            last_name(&path);
        }

        #[test]
        fn no_expression_panics(path in "[a-z./\\[\\]()'0-]{0,40}") {
            elements().named_by(path.as_bytes());
        }
    }
}
