//! Real documents: what is found in them, and what is not.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::base::StableHasher;
use crate::model::{Direction, Evidence, Location, ValueKind};

use super::super::FieldRef;
use super::detector;

/// The corpus, where there is one.
fn corpus(part: &str) -> Option<PathBuf> {
    let root = std::env::var_os("PHITAP_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"),
        PathBuf::from,
    );
    let dir = root.join(part);
    if !dir.is_dir() {
        eprintln!("SKIP: detection over {part} (corpus not found)");
        return None;
    }
    Some(dir)
}

/// Fields by path and context.
#[derive(Default)]
struct Fields {
    evidence: BTreeMap<(String, String), Evidence>,
}

impl Fields {
    fn of_files(dir: &Path, limit: u64) -> Fields {
        let mut out = Fields::default();
        let mut bytes = 0;
        for entry in walkdir::WalkDir::new(dir).sort_by_file_name() {
            let entry = entry.unwrap();
            let json = entry.path().extension().is_some_and(|e| e == "json");
            if !json || bytes > limit {
                continue;
            }
            bytes += entry.metadata().unwrap().len();
            let text = std::fs::read(entry.path()).unwrap();
            if let Ok(document) = serde_json::from_slice::<Json>(&text) {
                out.walk(&document, "$", "", "");
            }
        }
        out
    }

    /// Walks as the floors above do: the context is the element from its resource on.
    fn walk(&mut self, json: &Json, path: &str, element: &str, token: &str) {
        match json {
            Json::Object(object) => {
                let text = |key: &str| object.get(key).and_then(Json::as_str);
                let element = text("resourceType").unwrap_or(element);
                let code = object
                    .get("type")
                    .and_then(|t| t.pointer("/coding/0/code"))
                    .and_then(Json::as_str);
                let token = text("system")
                    .and_then(|system| detector().issuer(system.as_bytes()))
                    .or_else(|| code.and_then(|code| detector().type_code(code.as_bytes())))
                    .unwrap_or("");
                for (key, value) in object {
                    let below =
                        if element.is_empty() { String::new() } else { format!("{element}.{key}") };
                    let token = if key == "value" { token } else { "" };
                    self.walk(value, &format!("{path}.{key}"), &below, token);
                }
            }
            Json::Array(items) => {
                for item in items {
                    self.walk(item, &format!("{path}[*]"), element, token);
                }
            }
            Json::String(text) => self.add(path, element, token, ValueKind::String, text),
            Json::Number(number) => {
                self.add(path, element, token, ValueKind::Number, &number.to_string());
            }
            Json::Bool(_) | Json::Null => self.add(path, element, token, ValueKind::Null, ""),
        }
    }

    fn add(&mut self, path: &str, element: &str, token: &str, kind: ValueKind, text: &str) {
        let context = match token {
            "" => element.to_owned(),
            token => format!("{element}|{token}"),
        };
        let evidence = self.evidence.entry((path.to_owned(), context)).or_default();
        let seen = detector().inspect(kind, text.as_bytes());
        evidence.count(kind, seen.form, 1);
        if !seen.outcome.is_empty() {
            let hash = StableHasher::new([1; 16]).hash(text.as_bytes());
            evidence.candidate(hash, seen.outcome, 1);
        }
    }

    /// Field or element, class and confidence of everything found.
    fn found(&mut self, with_context: bool) -> Vec<(String, String, u8)> {
        let mut out = Vec::new();
        for ((path, context), evidence) in &mut self.evidence {
            let field = FieldRef {
                standard: if with_context { "fhir-r4" } else { "http" },
                direction: Direction::ToClient,
                location: Location::Body,
                path,
                endpoint: "",
                beside: &[],
                context: if with_context { context } else { "" },
            };
            for verdict in detector().judge(&field, evidence).verdicts {
                let name = if with_context { context } else { path };
                out.push((name.clone(), verdict.class.to_string(), verdict.confidence));
            }
        }
        out.sort();
        out.dedup();
        out
    }
}

#[test]
fn standards_documents_carry_no_person() {
    let Some(dir) = corpus("negatives/fhir-conformance") else { return };
    let mut fields = Fields::of_files(&dir, 1_000_000);
    assert!(fields.evidence.len() > 100, "documents were read");
    for with_context in [false, true] {
        let found = fields.found(with_context);
        // Publishers' addresses are addresses; a contact's name is one, but where FHIR is known.
        let meant = |path: &str, class: &str| {
            class.starts_with("contact.") || (!with_context && path == "$.contact[*].name")
        };
        let wrong: Vec<_> = found.iter().filter(|(p, c, _)| !meant(p, c)).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

#[test]
fn a_patients_record_is_found_by_its_places() {
    let Some(dir) = corpus("fhir/r4-synthea") else { return };
    let mut fields = Fields::of_files(&dir, 2_000_000);
    let found = fields.found(true);
    let by_place = |element: &str, class: &str| {
        found.iter().any(|(e, c, confidence)| e == element && c == class && *confidence >= 70)
    };
    for (element, class) in [
        ("Patient.name.family", "person.name"),
        ("Patient.birthDate", "person.birth_date"),
        ("Patient.address.line", "person.address"),
        ("Patient.telecom.value|phone", "contact.phone"),
        ("Patient.identifier.value|us.ssn", "us.ssn"),
        ("Patient.identifier.value|health.mrn", "health.mrn"),
        ("Patient.text.div", "person.name"),
        ("Practitioner.name.family", "person.name"),
    ] {
        assert!(by_place(element, class), "{element} {class}: {found:#?}");
    }
    // Everything else that is found is a person's, how to reach someone, or clinical.
    let of_a_person = |element: &str| {
        ["Patient.", "Practitioner.", "CarePlan.text"]
            .iter()
            .any(|start| element.starts_with(start))
    };
    let wrong: Vec<_> = found
        .iter()
        .filter(|(element, class, _)| {
            let other = class.starts_with("contact.") || class.starts_with("health.");
            !of_a_person(element) && !other
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_patients_record_is_found_by_its_columns_alone() {
    let Some(dir) = corpus("fhir/r4-synthea") else { return };
    let found = Fields::of_files(&dir, 2_000_000).found(false);
    for (path, class) in [
        ("$.entry[*].resource.name[*].family", "person.name"),
        ("$.entry[*].resource.birthDate", "person.birth_date"),
        ("$.entry[*].resource.address[*].line[*]", "person.address"),
        ("$.entry[*].resource.telecom[*].value", "contact.phone"),
    ] {
        assert!(found.iter().any(|(p, c, _)| p == path && c == class), "{path}: {found:#?}");
    }
    let meant = ["name[*]", "birthDate", "address[*]", "telecom[*]", "maritalStatus"];
    let wrong: Vec<_> =
        found.iter().filter(|(p, _, _)| !meant.iter().any(|part| p.contains(part))).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
