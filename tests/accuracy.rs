//! How well classes are told, on generated traffic whose fields are known: a sample of what
//! `scripts/accuracy/run` measures, with floors below what `docs/accuracy.md` publishes.

mod support;

use std::process::Command;

use serde_json::Value;

use support::phitap::BINARY;
use support::{root, skip};

/// A Python with what the generators in `tests/accuracy` use.
fn python(test: &str) -> Option<String> {
    let python = std::env::var("PHITAP_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has = Command::new(&python).args(["-c", "import faker, stdnum"]).output();
    if has.is_ok_and(|ran| ran.status.success()) {
        return Some(python);
    }
    let why = "python3 with the PyPI packages Faker and python-stdnum not found \
               (PHITAP_PYTHON names another)";
    skip(test, why);
    None
}

/// The figures that the harness prints.
fn figures(python: &str, args: &[&str]) -> Value {
    let ran = Command::new(python)
        .arg(root().join("tests/accuracy/run.py"))
        .args(args)
        .args(["--json", "--binary", BINARY])
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("python runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_slice(&ran.stdout).expect("the harness prints JSON")
}

#[track_caller]
fn figure(of: &Value, name: &str) -> f64 {
    of[name].as_f64().unwrap_or_else(|| panic!("no {name} in {of}"))
}

#[test]
fn labelled_fields_are_told_at_one_and_at_ten_observations() {
    let Some(python) = python("precision and recall over labelled exchanges") else { return };
    let endpoints = ["fields", "--seed", "7", "--endpoints", "80", "--observations", "1,10"];
    let said = figures(&python, &endpoints);
    let (once, often) = (&said["1"], &said["10"]);
    assert!(figure(once, "fields") > 500.0, "{said}");
    assert!(figure(once, "precision") >= 0.98, "{said}");
    assert!(figure(once, "recall") >= 0.70, "{said}");
    assert!(figure(often, "precision") >= 0.99, "{said}");
    assert!(figure(often, "recall") >= 0.95, "{said}");
    assert!(figure(often, "macro_f1") >= 0.97, "{said}");
}

#[test]
fn benign_traffic_is_given_no_class() {
    let Some(python) = python("false positives over benign traffic") else { return };
    // Without the conformance resources of the corpus, so that every machine sees the same.
    let said = figures(&python, &["benign", "--seed", "7", "--megabytes", "2", "--corpus", ""]);
    assert!(figure(&said, "fields") > 500.0, "{said}");
    assert_eq!(figure(&said, "false"), 0.0, "{said}");
}
