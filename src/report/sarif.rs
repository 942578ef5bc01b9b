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
use crate::query::{FindingRow, ReportData, RuleGroup};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The findings as SARIF: a rule per posture rule, a result per finding. Endpoints and fields are
/// logical locations; what someone accepted or called false is suppressed, with the reason.
pub fn sarif(data: &ReportData) -> serde_json::Result<String> {
    let rules: Vec<Value> = data.findings.iter().map(rule).collect();
    let results: Vec<Value> = data
        .findings
        .iter()
        .enumerate()
        .flat_map(|(place, group)| {
            group.open.iter().chain(&group.decided).map(move |finding| result(place, finding))
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
    Ok(serde_json::to_string_pretty(&log)? + "\n")
}

fn rule(group: &RuleGroup) -> Value {
    let remedy = remedy(&group.rule);
    let one = group.open.first().or(group.decided.first());
    let explanation = one.map(|f| f.explanation.clone()).unwrap_or_default();
    let references = one.map(|f| f.references.clone()).unwrap_or_default();
    let steps = remedy.steps.join(" ");
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
        },
    })
}

/// `OWASP API8:2023`, `CWE-319`, ….
fn tags(references: &[String]) -> Vec<String> {
    let mut tags = vec!["security".to_owned()];
    tags.extend(references.iter().cloned());
    tags
}

fn result(rule: usize, finding: &FindingRow) -> Value {
    let name = [finding.service.as_deref(), finding.operation.as_deref()];
    let endpoint = name.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let place = tell::place(finding);
    let mut name = endpoint.clone();
    if !place.is_empty() {
        name = format!("{endpoint} {place}");
    }
    let mut result = json!({
        "ruleId": finding.rule,
        "ruleIndex": rule,
        "kind": "fail",
        "level": level(finding.severity),
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
            "kind": finding.kind,
            "dataClass": finding.data_class,
            "firstSeen": finding.first_seen,
            "lastSeen": finding.last_seen,
        },
    });
    if matches!(finding.state, "accepted" | "false-positive")
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

/// The findings with their remedies, safe for spreadsheets.
pub fn csv(data: &ReportData) -> Result<String, ReportError> {
    let mut columns = columns::FINDINGS.to_vec();
    columns.push(Column::hidden("remedy"));
    let rows = data.findings.iter().flat_map(|g| g.open.iter().chain(&g.decided));
    let mut records = Vec::new();
    for finding in rows {
        let record = Record::of(finding).map_err(std::io::Error::from)?;
        let steps = remedy(finding.rule).steps.join(" ");
        records.push(record.with("remedy", steps.into()));
    }
    let section = Section { title: "", columns: &columns, records: &records };
    let mut out = Vec::new();
    render(&section, Format::Csv, Layout::default(), &mut out)?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}
