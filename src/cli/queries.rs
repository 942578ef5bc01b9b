//! The query subcommands: options become a filter, rows become a table or JSON.

use std::fmt::{Display, Write as _};
use std::io::{self, Write as _};

use serde::Serialize;

use super::args::{
    ClientsArgs, CoverageArgs, EndpointFilterArgs, EndpointsArgs, FieldsArgs, FindingsArgs,
    FindingsCommand, Format, OutputArgs, ServicesArgs,
};
use super::config::db_path;
use super::exit::{Exit, Failure};
use crate::base::clock;
use crate::inventory::AuthScheme;
use crate::inventory::posture::RULES;
use crate::model::{Direction, FindingKind, Location};
use crate::query::{self, ClassPattern, OperationFilter, Pattern, QueryError};
use crate::report::text::{escaped, wrapped};
use crate::report::{self, Column, Layout, Record, Section, columns};
use crate::store::words::{direction_named, finding_kind_named, location_named};
use crate::store::{FailureKind, Reader, TriageState};

/// `phitap services`
pub fn services(args: &ServicesArgs) -> Result<Exit, Failure> {
    let filter = query::ServiceFilter {
        service: pattern(&args.service),
        min_severity: args.severity,
        limit: args.output.limit,
    };
    let rows = query::services(&open(&args.output)?, &filter).map_err(|e| query_failure(&e))?;
    show(&rows, columns::SERVICES, &args.output)
}

/// `phitap endpoints`
pub fn endpoints(args: &EndpointsArgs) -> Result<Exit, Failure> {
    let encrypted = args.encrypted.as_deref();
    if encrypted.is_some_and(|e| !["none", "some", "all"].contains(&e)) {
        return Err(Failure::usage("use --encrypted: expected none, some or all"));
    }
    if let Some(scheme) = &args.auth {
        known("auth", scheme, AuthScheme::ALL.map(AuthScheme::name), |name| name == scheme)?;
    }
    let filter = query::EndpointFilter {
        operation: operation(&args.endpoint),
        class: class(&args.endpoint),
        min_severity: args.severity,
        auth: args.auth.clone(),
        encrypted: args.encrypted.clone(),
        limit: args.output.limit,
        ..query::EndpointFilter::default()
    };
    let rows = query::endpoints(&open(&args.output)?, &filter).map_err(|e| query_failure(&e))?;
    show(&rows, columns::ENDPOINTS, &args.output)
}

/// `phitap fields`
pub fn fields(args: &FieldsArgs) -> Result<Exit, Failure> {
    let any_class = || ClassPattern::new("*");
    // A table for people leaves out what carries nothing; scripts get every field.
    let all = args.all || args.output.format != Format::Table;
    let filter = query::FieldFilter {
        operation: operation(&args.endpoint),
        field: pattern(&args.field),
        direction: direction(&args.direction)?,
        location: location(&args.location)?,
        class: class(&args.endpoint).or_else(|| (!all && !args.explain).then(any_class)),
        min_confidence: args.min_confidence,
        limit: args.output.limit,
        ..query::FieldFilter::default()
    };
    let rows = query::fields(&open(&args.output)?, &filter).map_err(|e| query_failure(&e))?;
    if args.explain && args.output.format == Format::Table {
        return explain(&rows);
    }
    show(&rows, columns::FIELDS, &args.output)
}

fn explain(rows: &[query::FieldRow]) -> Result<Exit, Failure> {
    let width = Layout::of_stdout().width.clamp(40, 100);
    let mut out = String::new();
    for row in rows.iter().filter(|row| !row.explanation.is_empty()) {
        let place = (&row.operation, row.direction, row.location, &row.field);
        let head = format!("{} {} {} {}", escaped(place.0), place.1, place.2, escaped(place.3));
        out.push_str(&wrapped(&head, width, ("", "  ")));
        for class in &row.data_classes {
            let _ =
                writeln!(out, "  {} {}%, {} values", class.class, class.confidence, class.count);
        }
        for reason in &row.explanation {
            out.push_str(&wrapped(&escaped(reason), width, ("    ", "      ")));
        }
    }
    print_text(&out)
}

/// `phitap findings`
pub fn findings(args: &FindingsArgs) -> Result<Exit, Failure> {
    if let Some(FindingsCommand::Set(set)) = &args.command {
        return super::triage::set(set);
    }
    if let (Some(text), Some(wanted)) = (&args.rule, pattern(&args.rule)) {
        known("rule", text, RULES.iter().map(|rule| rule.id), |id| wanted.matches(id))?;
    }
    let filter = query::FindingFilter {
        operation: operation(&args.endpoint),
        rule: pattern(&args.rule),
        kind: kind(&args.kind)?,
        min_severity: args.severity,
        state: state(&args.state)?,
        id: args.id.clone(),
        history: args.id.is_some(),
        class: class(&args.endpoint),
        now: Some(clock::wall()),
        limit: args.output.limit,
        ..query::FindingFilter::default()
    };
    let rows = query::findings(&open(&args.output)?, &filter).map_err(|e| query_failure(&e))?;
    // Whoever asks for one finding wants to know all about it.
    if (args.explain || args.id.is_some()) && args.output.format == Format::Table {
        return explain_findings(&rows);
    }
    show(&rows, columns::FINDINGS, &args.output)
}

fn explain_findings(rows: &[query::FindingRow]) -> Result<Exit, Failure> {
    let width = Layout::of_stdout().width.clamp(40, 100);
    let mut out = String::new();
    for row in rows {
        let seen = row.last_seen.as_deref().unwrap_or("?");
        let _ = writeln!(out, "{} {} ({}, last seen {seen})", row.severity, row.id, row.state);
        for text in [&row.title, &row.explanation] {
            out.push_str(&wrapped(&escaped(text), width, ("  ", "  ")));
        }
        out.push_str(&wrapped(&row.references.join("; "), width, ("  ", "  ")));
        for decision in &row.history {
            out.push_str(&wrapped(&escaped(&decided(decision)), width, ("  ", "    ")));
        }
        out.push('\n');
    }
    print_text(&out)
}

fn decided(decision: &query::DecisionRow) -> String {
    let mut text = format!("{} {}", decision.set.get(..19).unwrap_or("?"), decision.state);
    if let Some(until) = &decision.until {
        let _ = write!(text, " until {}", until.get(..19).unwrap_or(until));
    }
    if let Some(owner) = &decision.owner {
        let _ = write!(text, ", owner {owner}");
    }
    if let Some(reason) = &decision.reason {
        let _ = write!(text, ": {reason}");
    }
    text
}

/// Writes text to standard output; whoever stops reading early is no error.
pub fn print_text(text: &str) -> Result<Exit, Failure> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::failed(format!("write the answer: {e}")))
        }
        _ => Ok(Exit::Done),
    }
}

/// `phitap clients`
pub fn clients(args: &ClientsArgs) -> Result<Exit, Failure> {
    let filter = query::ClientFilter {
        client: pattern(&args.client),
        service: pattern(&args.service),
        limit: args.output.limit,
        ..query::ClientFilter::default()
    };
    let rows = query::clients(&open(&args.output)?, &filter).map_err(|e| query_failure(&e))?;
    show(&rows, columns::CLIENTS, &args.output)
}

/// `phitap coverage`
pub fn coverage(args: &CoverageArgs) -> Result<Exit, Failure> {
    let filter = query::CoverageFilter { limit: args.output.limit, ..Default::default() };
    let answer = query::coverage(&open(&args.output)?, &filter).map_err(|e| query_failure(&e))?;
    let packets = records(&answer.packets)?;
    let flows = records(&answer.flows)?;
    let services = records(&answer.services)?;
    let endpoints = records(&answer.endpoints)?;
    let section = |title, columns, records| Section { title, columns, records };
    let sections = [
        section("Packets", columns::PACKETS, &packets[..]),
        section("Flows by what could be made of them", columns::FLOWS, &flows[..]),
        section("Services", columns::SEEN, &services[..]),
        section("Endpoints", columns::SEEN, &endpoints[..]),
    ];
    let format = report_format(args.output.format);
    report::render_sections(&sections, format, Layout::of_stdout(), &mut io::stdout().lock())
        .map_err(Failure::failed)?;
    Ok(Exit::Done)
}

/// Writes rows in the format that was asked for.
pub fn show<T: Serialize>(
    rows: &[T],
    columns: &[Column],
    output: &OutputArgs,
) -> Result<Exit, Failure> {
    show_records(&records(rows)?, columns, output.format)
}

/// Writes records in the format that was asked for.
pub fn show_records(
    records: &[Record],
    columns: &[Column],
    format: Format,
) -> Result<Exit, Failure> {
    let section = Section { title: "", columns, records };
    let format = report_format(format);
    report::render(&section, format, Layout::of_stdout(), &mut io::stdout().lock())
        .map_err(Failure::failed)?;
    Ok(Exit::Done)
}

fn records<T: Serialize>(rows: &[T]) -> Result<Vec<Record>, Failure> {
    Record::all(rows).map_err(|e| Failure::failed(format!("write the answer: {e}")))
}

/// The database for reading.
pub fn open(output: &OutputArgs) -> Result<Reader, Failure> {
    let path = db_path(&output.store)?;
    Reader::open(&path).map_err(|e| super::record::store_failure(&e))
}

/// A query's failure with its exit code.
pub fn query_failure(error: &QueryError) -> Failure {
    match error.kind() {
        FailureKind::Usage => Failure::usage(error),
        FailureKind::Output => Failure::failed(error),
    }
}

/// The report's name of a format.
pub fn report_format(format: Format) -> report::Format {
    match format {
        Format::Table => report::Format::Table,
        Format::Json => report::Format::Json,
        Format::Jsonl => report::Format::Jsonl,
        Format::Csv => report::Format::Csv,
    }
}

/// What to look for.
pub fn pattern(text: &Option<String>) -> Option<Pattern> {
    text.as_deref().map(Pattern::new)
}

fn class(args: &EndpointFilterArgs) -> Option<ClassPattern> {
    args.class.as_deref().map(ClassPattern::new)
}

fn operation(args: &EndpointFilterArgs) -> OperationFilter {
    OperationFilter {
        service: pattern(&args.service),
        operation: pattern(&args.operation),
        method: args.method.as_ref().map(|m| m.to_ascii_uppercase()),
        ..OperationFilter::default()
    }
}

fn named<T>(
    option: &str,
    text: &Option<String>,
    find: impl Fn(&str) -> Option<T>,
    expected: impl Display,
) -> Result<Option<T>, Failure> {
    let Some(text) = text else { return Ok(None) };
    let found = find(text);
    let bad = || Failure::usage(format!("use --{option}: expected {expected}, not {text:?}"));
    found.map(Some).ok_or_else(bad)
}

/// Refuses what can match nothing: an empty answer would read as "there is none".
fn known<'a>(
    option: &str,
    text: &str,
    names: impl IntoIterator<Item = &'a str>,
    matches: impl Fn(&str) -> bool,
) -> Result<(), Failure> {
    let names: Vec<&str> = names.into_iter().collect();
    if names.iter().any(|name| matches(name)) {
        return Ok(());
    }
    let expected = names.join(", ");
    Err(Failure::usage(format!("use --{option}: expected one of {expected}, not {text:?}")))
}

fn direction(text: &Option<String>) -> Result<Option<Direction>, Failure> {
    named("direction", text, direction_named, "request or response")
}

fn location(text: &Option<String>) -> Result<Option<Location>, Failure> {
    named("location", text, location_named, "path, query, header, cookie or body")
}

fn kind(text: &Option<String>) -> Result<Option<FindingKind>, Failure> {
    let expected = "auth, behaviour, configuration, drift, exposure, sensitive-data or transport";
    named("kind", text, finding_kind_named, expected)
}

fn state(text: &Option<String>) -> Result<Option<TriageState>, Failure> {
    let expected = "new, acknowledged, false-positive, accepted, resolved or regressed";
    named("state", text, TriageState::named, expected)
}
