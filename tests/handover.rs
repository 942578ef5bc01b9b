//! What is handed over: the report in its forms, and the OpenAPI document.

mod support;

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use support::phitap::Lab;
use support::{fixture, fixtures, skip};

fn clinic() -> Lab {
    let lab = Lab::default();
    lab.replay("db", &[&fixture("clinic/clinic.pcap")], &[]).expect(0);
    lab
}

fn read(lab: &Lab, name: &str) -> String {
    std::fs::read_to_string(lab.path(name)).unwrap()
}

#[test]
fn the_report_is_one_private_file_in_the_form_that_its_name_asks_for() {
    let lab = clinic();
    for (name, start, word) in [
        ("report.html", "<!DOCTYPE html>", "What to do first"),
        ("report.md", "# Ward", "## What to do first"),
        ("report.sarif", "{", "\"2.1.0\""),
        ("report.csv", "severity,", "gb.nhs_number"),
    ] {
        lab.run(["report", "--db", "db", "-o", name, "--title", "Ward"]).expect(0);
        let text = read(&lab, name);
        assert!(text.starts_with(start) && text.contains(word), "{name}");
        assert!(text.len() < 2_000_000, "{name} has {} bytes", text.len());
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(lab.path(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let said = lab.run(["report", "--db", "db", "--format", "markdown"]).expect(0).stdout;
    assert!(said.contains("# API exposure report"), "{said}");
    lab.run(["report", "--db", "none.db"]).expect(2);
    lab.run(["report", "--db", "db", "--since", "then"]).expect(2);
    lab.run(["report", "--db", "db", "-o", "no/where.html"]).expect(4);
}

#[test]
fn a_tls_session_is_told_as_a_flow_and_not_as_a_body_that_could_not_be_decoded() {
    let lab = Lab::default();
    lab.replay("db", &[&fixture("tls/tls.pcap")], &[]).expect(0);
    let said = lab.run(["report", "--db", "db", "--format", "markdown"]).expect(0).stdout;
    assert!(said.contains("encrypted \\(TLS\\)"), "{said}");
    assert!(!said.contains("could not be decoded"), "{said}");
}

#[test]
fn every_finding_of_the_report_has_its_evidence_its_remedy_and_what_it_supports() {
    let lab = clinic();
    lab.run(["report", "--db", "db", "-o", "r.html"]).expect(0);
    let page = read(&lab, "r.html");
    let rules: std::collections::BTreeSet<String> = lab
        .query("db", &["findings"])
        .iter()
        .map(|f| f["rule"].as_str().unwrap().to_owned())
        .collect();
    assert!(rules.len() > 3, "{rules:?}");
    for rule in &rules {
        let article = page.split(&format!("<article id=\"rule-{rule}\">")).nth(1).unwrap();
        let article = article.split("</article>").next().unwrap();
        for word in ["Remedy", "Proof:", "Supports evidence for:", "OWASP API", "Evidence of "] {
            assert!(article.contains(word), "{rule}: {word}");
        }
    }
    assert!(!page.contains("Other findings"), "every rule has a remedy of its own");
}

#[test]
fn the_second_report_tells_what_changed_since_the_first_and_a_draft_is_none() {
    let lab = clinic();
    let changes = |lab: &Lab, more: &[&str]| {
        let args = ["report", "--db", "db", "--format", "markdown"];
        let said = lab.run(args.iter().chain(more)).expect(0).stdout;
        said.split("## Changes").nth(1).unwrap().split("\n## ").next().unwrap().to_owned()
    };
    assert!(changes(&lab, &["--draft"]).contains("first report of this database"));
    assert!(changes(&lab, &[]).contains("first report of this database"));
    assert!(changes(&lab, &[]).contains("Since the last report"));
    assert!(changes(&lab, &["--since", "2001-01-01"]).contains("Since 2001-01-01 00:00:00"));
}

#[test]
fn the_spreadsheet_has_every_finding_with_its_remedy() {
    let lab = clinic();
    lab.run(["report", "--db", "db", "-o", "r.csv"]).expect(0);
    let mut reader = csv::Reader::from_path(lab.path("r.csv")).unwrap();
    let heads = reader.headers().unwrap().clone();
    let remedy = heads.iter().position(|h| h == "remedy").unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
    assert_eq!(rows.len(), lab.query("db", &["findings"]).len());
    assert!(rows.iter().all(|row| row[remedy].ends_with('.')));
}

const VALIDATE: &str = "
import json, sys
from openapi_spec_validator import validate
for name in sys.argv[1:]:
    validate(json.load(open(name)))
";

/// Exports what every fixture shows, in both versions, into files.
fn documents(lab: &Lab) -> Vec<std::path::PathBuf> {
    let mut made = Vec::new();
    for (n, capture) in fixtures().iter().enumerate() {
        let db = format!("{n}.db");
        lab.replay(&db, &[capture], &[]);
        for version in ["3.1", "3.0"] {
            let name = format!("{n}-{version}.json");
            let args =
                ["openapi", "export", "--db", &db, "-o", &name, "--openapi-version", version];
            match lab.run(args).code {
                Some(0) => made.push(lab.path(&name)),
                // Captures without HTTP have nothing to export.
                code => assert_eq!(code, Some(2), "{}", capture.display()),
            }
        }
    }
    made
}

#[test]
fn exported_documents_hold_every_operation_of_http_and_no_value() {
    let lab = clinic();
    lab.run(["openapi", "export", "--db", "db", "-o", "api.json"]).expect(0);
    let document: Value = serde_json::from_str(&read(&lab, "api.json")).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let (mut missing, mut classes) = (Vec::new(), 0);
    for endpoint in lab.query("db", &["endpoints"]) {
        // Of what is encrypted, and of other protocols, there is no method.
        let Some(method) = endpoint["method"].as_str().map(str::to_lowercase) else { continue };
        let found = paths.iter().any(|(path, item)| {
            let same = nameless(path) == nameless(endpoint["path"].as_str().unwrap());
            same && item.get(&method).is_some()
        });
        if !found {
            missing.push(endpoint["operation"].clone());
        }
        classes += endpoint["data_classes"].as_array().unwrap().len();
    }
    assert!(missing.is_empty(), "{missing:?}");
    assert!(classes > 0 && read(&lab, "api.json").contains("\"x-phitap-data-classes\""));
    let one = ["openapi", "export", "--db", "db", "--service", "nobody.example"];
    lab.run(one).expect(2);
}

fn nameless(path: &str) -> String {
    let mut parts = path.split('{');
    let head = parts.next().unwrap_or_default().to_owned();
    parts.fold(head, |text, part| text + "{}" + part.split_once('}').map_or("", |(_, rest)| rest))
}

#[test]
fn openapi_spec_validator_accepts_what_is_exported() {
    let python = std::env::var("PHITAP_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has = Command::new(&python).args(["-c", "import openapi_spec_validator"]).output();
    if !has.is_ok_and(|ran| ran.status.success()) {
        let why = "python3 with the PyPI package openapi-spec-validator not found \
                   (PHITAP_PYTHON names another)";
        skip("OpenAPI against openapi-spec-validator", why);
        return;
    }
    let lab = Lab::default();
    let documents = documents(&lab);
    assert!(documents.len() >= 4, "{documents:?}");
    let args: Vec<&Path> = documents.iter().map(std::path::PathBuf::as_path).collect();
    let ran = Command::new(&python).args(["-c", VALIDATE]).args(&args).output().expect("python");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}
