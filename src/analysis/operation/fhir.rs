//! What an exchange says of FHIR: versions, what references point at, the entries of a Bundle. The
//! grammar of paths is the inventory's.

pub use crate::inventory::fhir::{
    Context, Operation, Part, is_type_in_any_case, parse, resource_type,
};

/// The resource type that a reference points at: `Patient/1`, `http://…/Patient/1/_history/2`.
pub fn reference_type(reference: &[u8]) -> Option<&'static str> {
    let mut segments = reference.rsplit(|b| *b == b'/').take(4);
    segments.next()?;
    segments.find_map(resource_type)
}

/// The first type of a person among those that a search over the whole system asks for
/// (`_type=Patient,Observation`).
pub fn person_asked(query: &[u8]) -> Option<&'static str> {
    const PERSONS: [&str; 4] = ["Patient", "Person", "RelatedPerson", "Practitioner"];
    memchr::memmem::find(query, b"_type=")?;
    let pairs = query.split(|b| *b == b'&').take(256);
    let lists = pairs.filter_map(|pair| pair.strip_prefix(b"_type="));
    let mut types = lists.flat_map(|list| {
        let list = crate::content::percent_decode(list).into_owned();
        let types = list.split(|b| *b == b',').take(16).filter_map(resource_type);
        types.collect::<Vec<_>>()
    });
    types.find(|kind| PERSONS.contains(kind))
}

/// A version of FHIR, as far as an exchange shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// 1.0
    Dstu2,
    /// 3.0
    Stu3,
    /// 4.0
    R4,
    /// 4.3
    R4b,
    /// 5.0
    R5,
}

impl Version {
    /// From `4.0.1`, or `4.0` as in the media type's `fhirVersion` parameter.
    pub fn parse(text: &[u8]) -> Option<Version> {
        Some(match text.get(..3)? {
            b"1.0" => Version::Dstu2,
            b"3.0" => Version::Stu3,
            b"4.0" => Version::R4,
            b"4.3" => Version::R4b,
            b"5.0" => Version::R5,
            _ => return None,
        })
    }

    /// From a segment of a server's base: `R4`, `stu3`, `4.0.1`, `4_0_0`, `baseDstu3`, `fhir-r4b`.
    pub fn of_segment(segment: &[u8]) -> Option<Version> {
        let mut lower = [0u8; 12];
        let lower = lower.get_mut(..segment.len())?;
        lower.copy_from_slice(segment);
        lower.make_ascii_lowercase();
        let name = ["fhir", "base"]
            .iter()
            .find_map(|prefix| lower.strip_prefix(prefix.as_bytes()))
            .unwrap_or(lower);
        let name = name.strip_prefix(b"-").or_else(|| name.strip_prefix(b"_")).unwrap_or(name);
        Some(match name {
            b"dstu2" => Version::Dstu2,
            b"stu3" | b"dstu3" | b"r3" => Version::Stu3,
            b"r4" => Version::R4,
            b"r4b" => Version::R4b,
            b"r5" => Version::R5,
            [major @ b'0'..=b'9', between @ (b'.' | b'_'), minor @ b'0'..=b'9', rest @ ..]
                if rest.is_empty() || rest.first() == Some(between) =>
            {
                return Version::parse(&[*major, b'.', *minor]);
            }
            _ => return None,
        })
    }

    /// The standard's name in the inventory.
    pub fn standard(self) -> &'static str {
        match self {
            Version::Dstu2 => "fhir-dstu2",
            Version::Stu3 => "fhir-stu3",
            Version::R4 => "fhir-r4",
            Version::R4b => "fhir-r4b",
            Version::R5 => "fhir-r5",
        }
    }
}

/// The interaction of one entry of a batch or transaction (`Bundle.entry.request`): `entry:` and
/// the code it would have on its own.
pub fn entry_interaction(method: &[u8], url: &[u8]) -> Option<&'static str> {
    let method = super::http::method_name(method);
    let (path, query) = match memchr::memchr(b'?', url) {
        Some(at) => (url.get(..at)?, true),
        None => (url, false),
    };
    let path = path.strip_prefix(b"/").unwrap_or(path);
    let segments: Vec<&[u8]> = path.split(|b| *b == b'/').take(12).collect();
    let context = Context { method, query, body: None, bundle: None };
    let interaction = parse(&segments, &context).map(|o| o.interaction)?;
    Some(match interaction {
        "read" => "entry:read",
        "vread" => "entry:vread",
        "search-type" => "entry:search-type",
        "search-system" => "entry:search-system",
        "search-compartment" => "entry:search-compartment",
        "create" => "entry:create",
        "update" => "entry:update",
        "patch" => "entry:patch",
        "delete" => "entry:delete",
        "operation" => "entry:operation",
        "capabilities" => "entry:capabilities",
        _ => "entry:history",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_may_name_the_version() {
        for (segment, version) in [
            ("R4", Version::R4),
            ("r4b", Version::R4b),
            ("r5", Version::R5),
            ("stu3", Version::Stu3),
            ("DSTU2", Version::Dstu2),
            ("4.0.1", Version::R4),
            ("4_0_0", Version::R4),
            ("3.0", Version::Stu3),
            ("baseR4", Version::R4),
            ("baseDstu3", Version::Stu3),
            ("fhir-r5", Version::R5),
        ] {
            assert_eq!(Version::of_segment(segment.as_bytes()), Some(version), "{segment}");
        }
        for segment in ["fhir", "v4", "4", "4.0x", "2.0.1", "r40", "baseR4andmoreofit"] {
            assert_eq!(Version::of_segment(segment.as_bytes()), None, "{segment}");
        }
    }

    #[test]
    fn references_point_at_a_type() {
        assert_eq!(reference_type(b"Patient/1"), Some("Patient"));
        assert_eq!(
            reference_type(b"http://x.example/fhir/Location/a/_history/2"),
            Some("Location")
        );
        assert_eq!(reference_type(b"urn:uuid:6ba7b810-9dad-41d1-a0b4-00c04fd430c8"), None);
        assert_eq!(reference_type(b"#Patient"), None);
        assert_eq!(reference_type(b""), None);
    }

    #[test]
    fn a_search_over_the_whole_system_may_ask_for_persons() {
        assert_eq!(person_asked(b"_type=Observation,Patient&name=Roe"), Some("Patient"));
        assert_eq!(person_asked(b"name=Roe&_type=Observation%2CPerson"), Some("Person"));
        assert_eq!(person_asked(b"_type=Organization&name=Patient"), None);
        assert_eq!(person_asked(b"type=Patient"), None);
    }

    #[test]
    fn entries_of_a_transaction_are_named() {
        assert_eq!(entry_interaction(b"POST", b"Patient"), Some("entry:create"));
        assert_eq!(entry_interaction(b"GET", b"Patient?name=x"), Some("entry:search-type"));
        assert_eq!(entry_interaction(b"PUT", b"/Patient/1"), Some("entry:update"));
        assert_eq!(entry_interaction(b"GET", b"nothing"), None);
    }
}
