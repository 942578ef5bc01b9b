//! Which services look clinical: by what was understood, by the port, by a word in the name.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use crate::inventory::{Rollup, clinical_port, clinical_word};

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
        if let Some(word) = clinical_word(service) {
            add(service, &format!("named {word}"));
        }
    }
    let understood: BTreeSet<SocketAddr> =
        rollup.services.values().flat_map(|s| s.addresses.keys().copied()).collect();
    for (key, stats) in &rollup.flows {
        let port = key.server.port();
        let why = match (key.outcome, clinical_port(port)) {
            ("mllp", _) => "HL7 v2".to_owned(),
            ("dicom", _) => "DICOM".to_owned(),
            (_, Some(what)) if stats.bytes > 0 => format!("{what} by its port {port}"),
            _ => continue,
        };
        if !understood.contains(&key.server) {
            add(&key.server.to_string(), &why);
        }
    }
    found
}
