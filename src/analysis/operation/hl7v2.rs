//! HL7 v2: what a message is, from its header (HL7 v2.8.2 section 2.14.8). What senders write there
//! is kept only where it has the shape that the standard gives it.

use std::sync::Arc;

/// The standard of endpoints that take HL7 v2.
pub const STANDARD: &str = "hl7v2";

/// What the fields of a message are called in the tables of rules: `HL7v2.PID.3.1`.
pub const ROOT: &str = "HL7v2";

/// The same for OBX-5 by its type: `HL7v2/XPN.5.1`.
const OBSERVED: [&str; 27] = [
    "HL7v2/AD",
    "HL7v2/CE",
    "HL7v2/CF",
    "HL7v2/CK",
    "HL7v2/CN",
    "HL7v2/CNE",
    "HL7v2/CQ",
    "HL7v2/CWE",
    "HL7v2/CX",
    "HL7v2/DT",
    "HL7v2/DTM",
    "HL7v2/ED",
    "HL7v2/FT",
    "HL7v2/MO",
    "HL7v2/NM",
    "HL7v2/PN",
    "HL7v2/RP",
    "HL7v2/SN",
    "HL7v2/ST",
    "HL7v2/TM",
    "HL7v2/TN",
    "HL7v2/TS",
    "HL7v2/TX",
    "HL7v2/XAD",
    "HL7v2/XCN",
    "HL7v2/XPN",
    "HL7v2/XTN",
];

/// What OBX-5 is called where OBX-2 says `kind`.
pub fn observed(kind: &[u8]) -> Option<&'static str> {
    let of = |name: &&&str| name.strip_prefix("HL7v2/").is_some_and(|n| n.as_bytes() == kind);
    OBSERVED.iter().find(of).copied()
}

/// Where a field that identifies says what kind of number it holds and who gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identifier {
    /// Component of the type code (HL7 table 0203).
    pub type_code: &'static str,
    /// Component of the assigning authority, whose second subcomponent is its universal id.
    pub authority: &'static str,
}

/// Fields of type CX, in any version.
const NUMBERS: [(&str, &[&str]); 15] = [
    ("BLG", &["3"]),
    ("CSR", &["4", "5"]),
    ("DB1", &["3"]),
    ("GT1", &["2", "19", "29"]),
    ("IN1", &["3", "10", "49", "54"]),
    ("IN2", &["1", "25", "26", "61"]),
    ("IN3", &["2"]),
    ("MRG", &["1", "2", "3", "4", "5", "6"]),
    ("NK1", &["12", "33"]),
    ("PD1", &["10"]),
    ("PID", &["2", "3", "4", "18", "21"]),
    ("PMT", &["10"]),
    ("PV1", &["5", "19", "50", "54"]),
    ("SCD", &["33"]),
    ("STF", &["2"]),
];
/// Fields of type XCN, in any version.
const PERSONS: [(&str, &[&str]); 48] = [
    ("ABS", &["1", "5", "8"]),
    ("ACC", &["7"]),
    ("AIP", &["3"]),
    ("ARQ", &["15", "19"]),
    ("AUT", &["24"]),
    ("BPX", &["20", "21"]),
    ("BTX", &["14", "15"]),
    ("CER", &["5"]),
    ("CM0", &["5", "9"]),
    ("CSR", &["7", "8"]),
    ("DG1", &["16"]),
    ("DON", &["32", "33"]),
    ("EVN", &["5"]),
    ("FAC", &["5", "9"]),
    ("FT1", &["20", "21", "24"]),
    ("IAM", &["18", "21", "23", "25"]),
    ("IN1", &["30"]),
    ("IN2", &["3"]),
    ("IN3", &["3", "8", "14", "25"]),
    ("IVC", &["12", "19"]),
    ("MFE", &["7"]),
    ("NTE", &["5"]),
    ("OBR", &["10", "16", "28"]),
    ("OBX", &["16", "25"]),
    ("OM7", &["20"]),
    ("ORC", &["10", "11", "12", "19"]),
    ("OVR", &["4", "5"]),
    ("PD1", &["4"]),
    ("PDA", &["5", "8"]),
    ("PES", &["2"]),
    ("PR1", &["8", "11", "12"]),
    ("PRT", &["5"]),
    ("PSL", &["29", "30"]),
    ("PV1", &["7", "8", "9", "17", "52"]),
    ("PV2", &["13"]),
    ("QRD", &["8"]),
    ("REL", &["7"]),
    ("RF1", &["20"]),
    ("ROL", &["4"]),
    ("RXA", &["10"]),
    ("RXD", &["10"]),
    ("RXE", &["13", "14"]),
    ("RXO", &["14", "15"]),
    ("SCD", &["25", "34"]),
    ("SCH", &["12", "16", "20"]),
    ("TXA", &["5", "9", "10", "11", "23"]),
    ("URD", &["3"]),
    ("VAR", &["4"]),
];

/// How a field of a segment identifies, if it does.
pub fn identifier(segment: &str, field: &str) -> Option<Identifier> {
    let holds = |table: &[(&str, &[&str])]| {
        table.iter().any(|(name, fields)| *name == segment && fields.contains(&field))
    };
    if holds(&NUMBERS) {
        return Some(Identifier { type_code: "5", authority: "4" });
    }
    holds(&PERSONS).then_some(Identifier { type_code: "13", authority: "9" })
}

/// Clinical fields of type CE, CF, CNE or CWE, in any version.
const CODED: [(&str, &[&str]); 26] = [
    ("AL1", &["2", "3", "4", "5"]),
    ("CM0", &["3"]),
    ("DG1", &["3"]),
    ("DRG", &["1"]),
    ("FT1", &["7", "19", "25", "26"]),
    ("GOL", &["3"]),
    ("IAM", &["2", "3", "4", "5"]),
    ("OBR", &["4", "31", "44", "45"]),
    ("OBX", &["3", "5", "8", "17"]),
    ("OM1", &["2"]),
    ("ORC", &["16"]),
    ("PDA", &["1"]),
    ("PR1", &["3", "16"]),
    ("PRB", &["3"]),
    ("PTH", &["3"]),
    ("PV2", &["3"]),
    ("RXA", &["5", "9", "18", "19"]),
    ("RXC", &["2"]),
    ("RXD", &["2"]),
    ("RXE", &["2", "27"]),
    ("RXG", &["4"]),
    ("RXO", &["1", "20"]),
    ("RXR", &["1", "2"]),
    ("SPM", &["4", "8"]),
    ("TXA", &["2"]),
    ("VAR", &["5"]),
];

/// Whether a field holds up to two codes, each with its text and the name of its system (HL7 v2.8.2
/// section 2A.3): where a code is clinical, that name says so.
pub fn is_coded(segment: &str, field: &str) -> bool {
    CODED.iter().any(|(name, fields)| *name == segment && fields.contains(&field))
}

/// Shown where a message does not say what it is.
pub const UNKNOWN: &str = "(unknown)";

/// `ADT^A01` from message type and trigger event; `ACK` where there is no event.
pub fn operation(kind: &[u8], event: &[u8]) -> Arc<str> {
    let Some(kind) = code(kind) else { return UNKNOWN.into() };
    match code(event) {
        Some(event) => format!("{kind}^{event}").into(),
        None => kind.into(),
    }
}

/// Message types and events are three capitals or digits, the first a capital (HL7 tables 0076
/// and 0003); those of the user's own begin with Z.
fn code(text: &[u8]) -> Option<&str> {
    let text = text.trim_ascii();
    let [first, rest @ ..] = text else { return None };
    let rest_fits = rest.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let fits = rest.len() == 2 && first.is_ascii_uppercase() && rest_fits;
    std::str::from_utf8(text).ok().filter(|_| fits)
}

/// The version where it has the form of one: `2.5.1`.
pub fn version(text: &[u8]) -> Option<&str> {
    let form = text.len() <= 8
        && text.starts_with(b"2")
        && text.iter().all(|b| b.is_ascii_digit() || *b == b'.')
        && text.split(|b| *b == b'.').all(|part| (1..=2).contains(&part.len()));
    std::str::from_utf8(text).ok().filter(|_| form)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_type_and_event_of_the_shape_that_the_standard_gives_them() {
        for (kind, event, shown) in [
            ("ADT", "A01", "ADT^A01"),
            ("ACK", "", "ACK"),
            ("ZZA", "ZQ1", "ZZA^ZQ1"),
            ("ADT", "A01 ", "ADT^A01"),
            ("QBP", "Q22", "QBP^Q22"),
            ("ORU", "Ada Lovelace", "ORU"),
            ("adt", "A01", "(unknown)"),
            ("", "", "(unknown)"),
            ("4711", "A01", "(unknown)"),
        ] {
            assert_eq!(&*operation(kind.as_bytes(), event.as_bytes()), shown);
        }
    }

    #[test]
    fn a_version_is_kept_where_it_is_one() {
        assert_eq!(version(b"2.5.1"), Some("2.5.1"));
        assert_eq!(version(b"2"), Some("2"));
        for other in ["", "3.0", "2..1", "2.5.1x", "2.19800101"] {
            assert_eq!(version(other.as_bytes()), None, "{other}");
        }
    }
}
