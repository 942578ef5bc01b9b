//! Which services look clinical: by what was understood, by the port, by a word in the name.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use crate::inventory::Rollup;

/// Ports that clinical protocols are registered for, or that most products listen on (IANA;
/// DICOM PS3.8 section 9.1.1; HL7 MLLP release 2; Orthanc's defaults).
const PORTS: &[(u16, &str)] = &[
    (104, "DICOM"),
    (2575, "HL7 v2"),
    (2761, "DICOM"),
    (2762, "DICOM over TLS"),
    (4242, "DICOM"),
    (6661, "HL7 v2"),
    (11112, "DICOM"),
];

/// Words in host names of clinical systems, whole labels or parts between hyphens.
const WORDS: &[&str] = &[
    "cerner", "dicom", "dicomweb", "ehr", "emr", "epic", "fhir", "hapi", "his", "hl7", "lis",
    "mirth", "mllp", "orthanc", "pacs", "pas", "ris", "vna",
];

/// Services that look clinical: name or address, and why, sorted.
pub(super) fn clinical(rollup: &Rollup) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut add = |service: &str, why: &str| {
        found.entry(service.to_owned()).or_default().insert(why.to_owned());
    };
    for key in rollup.endpoints.keys() {
        let why = match &*key.standard {
            standard if standard.starts_with("fhir") => "FHIR",
            "hl7v2" => "HL7 v2",
            "dicom" | "dicomweb" => "DICOM",
            "cda" => "CDA",
            _ => continue,
        };
        add(&key.service, why);
    }
    for service in rollup.services.keys() {
        if let Some(word) = word_of(service) {
            add(service, &format!("named {word}"));
        }
    }
    let understood: BTreeSet<SocketAddr> =
        rollup.services.values().flat_map(|s| s.addresses.keys().copied()).collect();
    for (key, stats) in &rollup.flows {
        let port = PORTS.iter().find(|(port, _)| *port == key.server.port());
        let why = match (key.outcome, port) {
            ("mllp", _) => "HL7 v2".to_owned(),
            ("dicom", _) => "DICOM".to_owned(),
            (_, Some((port, what))) if stats.bytes > 0 => format!("{what} by its port {port}"),
            _ => continue,
        };
        if !understood.contains(&key.server) {
            add(&key.server.to_string(), &why);
        }
    }
    found
}

/// A clinical word in a host name.
fn word_of(service: &str) -> Option<&'static str> {
    let host = service.rsplit_once(':').map_or(service, |(host, _)| host);
    let parts: BTreeSet<&str> = host.split(['.', '-', '_']).collect();
    WORDS.iter().copied().find(|word| {
        parts.iter().any(|part| part.trim_end_matches(|c: char| c.is_ascii_digit()) == *word)
            || parts.contains(word)
    })
}

#[cfg(test)]
mod tests {
    use super::word_of;

    #[test]
    fn a_clinical_word_is_a_whole_part_of_a_host_name() {
        for (host, word) in [
            ("fhir.clinic.example", Some("fhir")),
            ("uk-pacs02.example:8443", Some("pacs")),
            ("hl7.example", Some("hl7")),
            ("history.example", None),
            ("episode.example", None),
            ("10.0.0.1:80", None),
        ] {
            assert_eq!(word_of(host), word, "{host}");
        }
    }
}
