//! The findings for other tools: SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format",
//! 2020) and CSV.

use serde_json::{Value, json};

use super::column::Column;
use super::columns;
use super::record::Record;
use super::remedy::remedy;
use super::render::{Format, Layout, ReportError, Section, render};
use super::tell;
use crate::model::Severity;
use crate::query::{FindingRow, ReportData, RuleGroup, is_open};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The findings as SARIF: a rule per posture rule, a result per finding. Endpoints and fields are
/// logical locations; what someone accepted, called false or resolved asks for nothing any more and
/// is suppressed, with the reason. Texts stand with the rules, and results say only what is their
/// own: there may be many of them.
pub fn sarif(data: &ReportData) -> serde_json::Result<String> {
    let rules: Vec<Value> = data.findings.iter().map(rule).collect();
    let results: Vec<Value> = data
        .findings
        .iter()
        .enumerate()
        .flat_map(|(place, group)| {
            let findings = group.open.iter().chain(&group.decided);
            findings.map(move |finding| result((place, group.severity), finding))
        })
        .collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "phitap",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules,
            }},
            "invocations": [{
                "executionSuccessful": true,
                "endTimeUtc": data.made.to_string(),
            }],
            "results": results,
        }],
    });
    Ok(serde_json::to_string(&log)? + "\n")
}

fn rule(group: &RuleGroup) -> Value {
    let remedy = remedy(&group.rule);
    let one = group.open.first().or(group.decided.first());
    let explanation = one.map(|f| f.explanation.clone()).unwrap_or_default();
    let references = one.map(|f| f.references.clone()).unwrap_or_default();
    let steps = remedy.steps.join(" ");
    let kind = one.map(|f| f.kind);
    json!({
        "id": group.rule,
        "shortDescription": { "text": remedy.heading },
        "fullDescription": { "text": explanation },
        "help": { "text": format!(
            "{steps} {} Supports evidence for: {}.", remedy.proof, references.join("; ")
        )},
        "defaultConfiguration": { "level": level(group.severity) },
        "properties": {
            "tags": tags(&references),
            "security-severity": score(group.severity),
            "kind": kind,
        },
    })
}

/// `OWASP API8:2023`, `CWE-319`, ….
fn tags(references: &[String]) -> Vec<String> {
    let mut tags = vec!["security".to_owned()];
    tags.extend(references.iter().cloned());
    tags
}

fn result((rule, severity): (usize, Severity), finding: &FindingRow) -> Value {
    let operation = finding.operation.is_some().then(|| tell::operation_of(finding));
    let name = [finding.service.as_deref(), operation.as_deref()];
    let endpoint = name.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let place = tell::place(finding);
    let mut name = endpoint.clone();
    if !place.is_empty() {
        name = format!("{endpoint} {place}");
    }
    let mut result = json!({
        "ruleId": finding.rule,
        "ruleIndex": rule,
        "message": { "text": finding.title },
        "locations": [{ "logicalLocations": [{
            "fullyQualifiedName": name,
            "name": finding.field.clone().unwrap_or(endpoint),
            "kind": if finding.field.is_some() { "property" } else { "resource" },
        }]}],
        "occurrenceCount": finding.count.max(1),
        "partialFingerprints": { "phitapFinding/v1": finding.id },
        "properties": {
            "severity": finding.severity.name(),
            "state": finding.state,
            "dataClass": finding.data_class,
            "firstSeen": finding.first_seen,
            "lastSeen": finding.last_seen,
        },
    });
    if let Some(result) = result.as_object_mut()
        && level(finding.severity) != level(severity)
    {
        result.insert("level".into(), level(finding.severity).into());
    }
    if !is_open(finding)
        && let Some(result) = result.as_object_mut()
    {
        let suppression = json!({
            "kind": "external",
            "status": "accepted",
            "justification": tell::decision(finding),
        });
        result.insert("suppressions".into(), json!([suppression]));
    }
    result
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// A number that tools which read `security-severity` sort by: the middle of each band of CVSS.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
        Severity::Info => "0.0",
    }
}

/// What a rule says of each of its findings.
const TEXTS: [&str; 2] = ["explanation", "references"];

/// The findings, safe for spreadsheets, and behind them a row for each rule (`scope` `rule`) with
/// its texts and its remedy: in the row of every finding they were three quarters of the file.
pub fn csv(data: &ReportData) -> Result<String, ReportError> {
    let mut columns = columns::FINDINGS.to_vec();
    columns.extend([Column::hidden("remedy"), Column::hidden("scope")]);
    let mut records = Vec::new();
    for finding in data.findings.iter().flat_map(|g| g.open.iter().chain(&g.decided)) {
        let record = Record::of(finding).map_err(std::io::Error::from)?.without(&TEXTS);
        records.push(record.with("scope", "finding".into()));
    }
    records.extend(data.findings.iter().map(rule_record));
    let section = Section { title: "", columns: &columns, records: &records };
    let mut out = Vec::new();
    render(&section, Format::Csv, Layout::default(), &mut out)?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

fn rule_record(group: &RuleGroup) -> Record {
    let remedy = remedy(&group.rule);
    let one = group.open.first().or(group.decided.first());
    let mut record = Record::from_entries(vec![
        ("rule".into(), group.rule.as_str().into()),
        ("title".into(), remedy.heading.into()),
        ("remedy".into(), remedy.steps.join(" ").into()),
        ("scope".into(), "rule".into()),
    ]);
    if let Some(finding) = one {
        record = record
            .with("kind", json!(finding.kind))
            .with("explanation", finding.explanation.as_str().into())
            .with("references", json!(finding.references));
    }
    record
}
