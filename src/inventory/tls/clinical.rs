//! Which services look clinical: by their names and ports, and encrypted ones by their
//! certificates, as nothing else of them can be read.

use super::stats::TlsStats;

/// Ports that clinical protocols are registered for, or that most products listen on (IANA;
/// DICOM PS3.8 section 9.1.1; HL7 MLLP release 2; Orthanc's and Mirth's defaults).
const PORTS: [(u16, &str); 7] = [
    (104, "DICOM"),
    (2575, "HL7 v2"),
    (2761, "DICOM"),
    (2762, "DICOM over TLS"),
    (4242, "DICOM"),
    (6661, "HL7 v2"),
    (11112, "DICOM"),
];

/// Words in names of hosts and organisations that speak of a clinical system or of its vendor.
const SYSTEM_WORDS: [&str; 26] = [
    "cda",
    "cerner",
    "clinical",
    "dicom",
    "dicomweb",
    "ehr",
    "emr",
    "epd",
    "epic",
    "fhir",
    "hapi",
    "hie",
    "his",
    "hl7",
    "lab",
    "lis",
    "mirth",
    "mllp",
    "orthanc",
    "pacs",
    "pas",
    "patient",
    "pharmacy",
    "radiology",
    "ris",
    "vna",
];

/// Words that speak of an organisation of care. In a domain they say whose a host is, not what it
/// does: the canteen of a hospital has them, too. They count in the first label of a host's name,
/// and as the organisation that a certificate is for.
const ORGANISATION_WORDS: [&str; 8] =
    ["clinic", "health", "healthcare", "hospital", "klinik", "klinikum", "medical", "nhs"];

/// Why a service looks clinical: `name fhir`, `port 2762`, `certificate hospital`; nothing where
/// it does not. `names` are the service's own, `ports` those it answers on.
pub fn clinical(names: &[&str], ports: &[u16], tls: &TlsStats) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut say = |reason: String| {
        if !out.contains(&reason) {
            out.push(reason);
        }
    };
    for word in names.iter().copied().chain(tls.names.keys().map(|n| &**n)).flat_map(host_words) {
        say(format!("name {word}"));
    }
    for port in ports.iter().filter(|port| clinical_port(**port).is_some()) {
        say(format!("port {port}"));
    }
    for stats in tls.certificates.values().filter(|c| c.own > 0) {
        for word in stats.facts.names.iter().flat_map(|name| host_words(name)) {
            say(format!("certificate {word}"));
        }
        for word in stats.facts.subject.split(", ").flat_map(subject_words) {
            say(format!("certificate {word}"));
        }
    }
    out.sort_unstable();
    out
}

/// What is spoken on a port, where that is clinical: `DICOM`.
pub fn clinical_port(port: u16) -> Option<&'static str> {
    PORTS.iter().find(|(known, _)| *known == port).map(|(_, what)| *what)
}

/// A clinical word in the name of a service: `pacs` of `uk-pacs02.example:8443`.
pub fn clinical_word(service: &str) -> Option<&'static str> {
    let host = service.rsplit_once(':').map_or(service, |(host, _)| host);
    host_words(host).next()
}

/// The words of care in a host's name.
fn host_words(host: &str) -> impl Iterator<Item = &'static str> {
    // What stands behind a wildcard is a domain.
    let (first, domain) = match host.strip_prefix("*.") {
        Some(domain) => ("", domain),
        None => host.split_once('.').unwrap_or((host, "")),
    };
    words(first, true).chain(words(domain, false))
}

/// The words of care in a part of a certificate's subject: `O=North Hospital`, `CN=fhir.example`.
fn subject_words(part: &str) -> Vec<&'static str> {
    match part.split_once('=') {
        Some(("CN", host)) if host.contains('.') => host_words(host).collect(),
        Some((_, text)) => words(text, true).collect(),
        None => words(part, true).collect(),
    }
}

/// The words of care in a text, whole words only, with those for organisations where they count.
fn words(text: &str, organisations: bool) -> impl Iterator<Item = &'static str> {
    let lower = text.to_ascii_lowercase();
    let more = if organisations { &ORGANISATION_WORDS[..] } else { &[] };
    SYSTEM_WORDS.iter().chain(more).copied().filter(move |word| {
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
    fn a_clinical_word_is_a_whole_part_of_a_host_name() {
        for (host, word) in [
            ("fhir.clinic.example", Some("fhir")),
            ("uk-pacs02.example:8443", Some("pacs")),
            ("hl7.example", Some("hl7")),
            ("ris2.example", Some("ris")),
            ("radiology.example", Some("radiology")),
            ("klinikum.example", Some("klinikum")),
            ("history.example", None),
            ("episode.example", None),
            ("canteen.klinikum.example", None),
            ("10.0.0.1:80", None),
        ] {
            assert_eq!(clinical_word(host), word, "{host}");
        }
    }

    #[test]
    fn services_of_care_are_told_by_name_port_and_certificate() {
        let mut tls = TlsStats::default();
        assert!(clinical(&["shop.example"], &[443], &tls).is_empty());
        assert!(clinical(&["label.example", "healthy.example"], &[443], &tls).is_empty());
        assert_eq!(clinical(&["fhir2.north.example"], &[8443], &tls), ["name fhir"]);
        // Whose a host is does not say what it does.
        assert!(
            clinical(&["canteen.hospital.example", "a.b.nhs.example"], &[443], &tls).is_empty()
        );
        assert_eq!(clinical(&["clinic.example"], &[443], &tls), ["name clinic"]);
        assert_eq!(clinical(&["a.pacs.hospital.example"], &[443], &tls), ["name pacs"]);
        let named = CertificateFacts {
            subject: "CN=www.hospital.example".into(),
            names: vec!["*.hospital.example".into(), "www.hospital.example".into()],
            ..CertificateFacts::default()
        };
        let seen = CertificateStats {
            facts: named,
            own: 1,
            above: 0,
            mismatched: 0,
            in_subject: 0,
            first: 0,
            last: 0,
        };
        tls.certificates.insert("01".into(), seen);
        assert!(clinical(&["www.hospital.example"], &[443], &tls).is_empty());
        let facts = CertificateFacts {
            subject: "CN=x.example, O=North Hospital".into(),
            ..CertificateFacts::default()
        };
        let seen = CertificateStats {
            facts,
            own: 1,
            above: 0,
            mismatched: 0,
            in_subject: 0,
            first: 0,
            last: 0,
        };
        tls.certificates.insert("00".into(), seen);
        let why = clinical(&["10.0.0.1:2762"], &[2762], &tls);
        assert_eq!(why, ["certificate hospital", "port 2762"]);
    }
}
