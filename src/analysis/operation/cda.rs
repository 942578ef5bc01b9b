//! HL7 Clinical Document Architecture (CDA R2, ISO/HL7 27932:2009): how its documents are told, and
//! what in them says which kind of number or address a value is.

/// The root element of a document.
pub const DOCUMENT: &str = "ClinicalDocument";

/// What its elements are called in the tables of rules: `CDA.recordTarget.patientRole.addr.city`.
pub const ROOT: &str = "CDA";

/// The token of what a telecommunication address (data type TEL) is by its scheme: `tel:`,
/// `fax:`, `mailto:`.
pub fn telecom(value: &[u8]) -> Option<&'static str> {
    let end = memchr::memchr(b':', value)?;
    let scheme = value.get(..end)?;
    let kinds = [("tel", "phone"), ("fax", "fax"), ("mailto", "email")];
    kinds.into_iter().find(|(name, _)| scheme.eq_ignore_ascii_case(name.as_bytes())).map(|k| k.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_by_their_scheme() {
        assert_eq!(telecom(b"tel:+1(555)555-2003"), Some("phone"));
        assert_eq!(telecom(b"MAILTO:ada@example.org"), Some("email"));
        assert_eq!(telecom(b"http://example.org"), None);
        assert_eq!(telecom(b"555-2003"), None);
    }
}
