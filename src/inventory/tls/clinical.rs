//! Which encrypted services look clinical: by their names, ports and certificates, as nothing else
//! of them can be read.

use super::stats::TlsStats;

/// Ports that IANA gave to clinical protocols, or that their products use.
const CLINICAL_PORTS: [(u16, &str); 4] =
    [(104, "dicom"), (2575, "hl7"), (2762, "dicom-tls"), (11112, "dicom")];

/// Words in host names and in names of organisations that speak of care.
const CLINICAL_WORDS: [&str; 26] = [
    "cda",
    "clinic",
    "clinical",
    "dicom",
    "dicomweb",
    "ehr",
    "emr",
    "epd",
    "fhir",
    "health",
    "healthcare",
    "hie",
    "hl7",
    "hospital",
    "klinik",
    "klinikum",
    "lab",
    "medical",
    "mirth",
    "mllp",
    "nhs",
    "orthanc",
    "pacs",
    "patient",
    "pharmacy",
    "radiology",
];

/// Why a service looks clinical: `name fhir`, `port 2762`, `certificate hospital`; nothing where
/// it does not. `names` are the service's own, `ports` those it answers on.
pub fn clinical(names: &[&str], ports: &[u16], tls: &TlsStats) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut say = |reason: String| {
        if !out.contains(&reason) {
            out.push(reason);
        }
    };
    for word in names.iter().copied().chain(tls.names.keys().map(|n| &**n)).flat_map(words) {
        say(format!("name {word}"));
    }
    for (port, _) in CLINICAL_PORTS.iter().filter(|(port, _)| ports.contains(port)) {
        say(format!("port {port}"));
    }
    for stats in tls.certificates.values().filter(|c| c.own > 0) {
        let texts = stats.facts.names.iter().map(|n| &**n).chain([&*stats.facts.subject]);
        for word in texts.flat_map(words) {
            say(format!("certificate {word}"));
        }
    }
    out.sort_unstable();
    out
}

/// The words of care in a name, whole words only.
fn words(text: &str) -> impl Iterator<Item = &'static str> {
    let lower = text.to_ascii_lowercase();
    CLINICAL_WORDS.into_iter().filter(move |word| {
        let mut parts = lower.split(|c: char| !c.is_ascii_alphanumeric());
        parts.any(|part| {
            part.trim_end_matches(|c: char| c.is_ascii_digit()) == *word || part == *word
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::stats::{CertificateFacts, CertificateStats};
    use super::*;

    #[test]
    fn services_of_care_are_told_by_name_port_and_certificate() {
        let mut tls = TlsStats::default();
        assert!(clinical(&["shop.example"], &[443], &tls).is_empty());
        assert!(clinical(&["label.example", "healthy.example"], &[443], &tls).is_empty());
        assert_eq!(clinical(&["fhir2.north.example"], &[8443], &tls), ["name fhir"]);
        let facts = CertificateFacts {
            subject: "CN=x.example, O=North Hospital".into(),
            ..CertificateFacts::default()
        };
        let seen = CertificateStats { facts, own: 1, above: 0, mismatched: 0, first: 0, last: 0 };
        tls.certificates.insert("00".into(), seen);
        let why = clinical(&["10.0.0.1:2762"], &[2762], &tls);
        assert_eq!(why, ["certificate hospital", "port 2762"]);
    }
}
