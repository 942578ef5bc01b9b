//! The query subcommands: options become a filter, rows become a table or JSON.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use serde::Serialize;

use super::args::{
    ClientsArgs, CoverageArgs, EndpointsArgs, FieldsArgs, FindingsArgs, FindingsCommand, Format,
    OutputArgs, ServicesArgs,
};
use super::config::db_path;
use super::exit::{Exit, Failure};
use super::{filters, nothing};
use crate::base::clock;
use crate::base::number::grouped;
use crate::inventory::operation_at;
use crate::query::{self, ClassPattern, QueryError};
use crate::report::text::{escaped, wrapped};
use crate::report::{self, Column, Layout, Record, Section, columns};
use crate::store::{FailureKind, Reader};

/// `phitap services`
pub fn services(args: &ServicesArgs) -> Result<Exit, Failure> {
    let reader = open(&args.output)?;
    let ask = |args: &ServicesArgs, limit| {
        let filter = query::ServiceFilter {
            service: filters::pattern(&args.service),
            min_severity: args.severity,
            limit,
            now: Some(clock::wall()),
        };
        query::services(&reader, &filter).map_err(|e| query_failure(&e))
    };
    let rows = ask(args, args.output.limit)?;
    if let Some(said) = none_left(&rows, &args.output, || {
        nothing::said(args, "services", |fewer| Ok(ask(fewer, None)?.len()))
    })? {
        return print_text(&said);
    }
    show(&rows, columns::SERVICES, &args.output)
}

/// `phitap endpoints`
pub fn endpoints(args: &EndpointsArgs) -> Result<Exit, Failure> {
    let reader = open(&args.output)?;
    let ask = |args: &EndpointsArgs, limit| {
        filters::encrypted(&args.encrypted)?;
        filters::auth(&args.auth)?;
        let filter = query::EndpointFilter {
            operation: filters::operation(&args.endpoint, &reader)?,
            class: filters::class(&args.endpoint, &args.output, &reader)?,
            min_severity: args.severity,
            auth: args.auth.clone(),
            encrypted: args.encrypted.clone(),
            limit,
            now: Some(clock::wall()),
            ..query::EndpointFilter::default()
        };
        query::endpoints(&reader, &filter).map_err(|e| query_failure(&e))
    };
    let rows = ask(args, args.output.limit)?;
    if let Some(said) = none_left(&rows, &args.output, || {
        nothing::said(args, "endpoints", |fewer| Ok(ask(fewer, None)?.len()))
    })? {
        return print_text(&said);
    }
    show(&rows, columns::ENDPOINTS, &args.output)
}

/// `phitap fields`
pub fn fields(args: &FieldsArgs) -> Result<Exit, Failure> {
    if let Some(command) = &args.command {
        return super::marks::run(command);
    }
    let reader = open(&args.output)?;
    // A table for people leaves out what carries nothing; scripts get every field.
    let all = args.all || args.explain || args.output.format != Format::Table;
    let ask = |args: &FieldsArgs, all: bool, limit| {
        let class = filters::class(&args.endpoint, &args.output, &reader)?;
        let filter = query::FieldFilter {
            operation: filters::operation(&args.endpoint, &reader)?,
            field: filters::pattern(&args.field),
            direction: filters::direction(&args.direction)?,
            location: filters::location(&args.location)?,
            class: class.or_else(|| (!all).then(|| ClassPattern::new("*"))),
            min_confidence: args.min_confidence,
            limit,
            ..query::FieldFilter::default()
        };
        query::fields(&reader, &filter).map_err(|e| query_failure(&e))
    };
    let rows = ask(args, all, args.output.limit)?;
    if let Some(said) = none_left(&rows, &args.output, || {
        let without_class = if all { 0 } else { ask(args, true, None)?.len() };
        if without_class > 0 {
            let n = grouped(without_class as u64);
            return Ok(format!("no fields with a data class; --all shows {n} without one"));
        }
        nothing::said(args, "fields", |fewer| Ok(ask(fewer, all, None)?.len()))
    })? {
        return print_text(&said);
    }
    if args.explain && args.output.format == Format::Table {
        return explain(&rows);
    }
    show(&rows, columns::FIELDS, &args.output)
}

fn explain(rows: &[query::FieldRow]) -> Result<Exit, Failure> {
    let width = Layout::of_stdout().width.clamp(40, 100);
    let mut out = String::new();
    for row in rows {
        let at = (row.method.as_deref(), row.path.as_deref());
        let operation = operation_at(&row.operation, at);
        let place = (&row.service, &operation, row.direction, row.location);
        let place = format!("{} {} {} {}", escaped(place.0), escaped(place.1), place.2, place.3);
        out.push_str(&wrapped(&format!("{place} {}", escaped(&row.field)), width, ("", "  ")));
        for class in &row.data_classes {
            let (name, sure, n) = (&class.class, class.confidence, grouped(class.count));
            let said = format!("{name} {sure}%, {n} values");
            out.push_str(&wrapped(&escaped(&said), width, ("  ", "    ")));
        }
        if row.explanation.is_empty() {
            // Written by a version that had nothing to say of such fields.
            let said = "no reason is stored; the next replay into the database writes it";
            out.push_str(&wrapped(said, width, ("    ", "      ")));
        }
        for reason in folded(&row.explanation) {
            out.push_str(&wrapped(&escaped(&reason), width, ("    ", "      ")));
        }
    }
    print_text(&out)
}

/// Reasons as people read them: classes that were withheld for the same are told together, where
/// the first of them stands.
fn folded(reasons: &[String]) -> Vec<String> {
    let parts = |reason: &'_ str| {
        let (class, why) = reason.strip_prefix("withheld ")?.split_once(": ")?;
        Some((class.to_owned(), why.to_owned()))
    };
    let mut out: Vec<(String, Option<String>)> = Vec::new();
    for reason in reasons {
        let Some((class, why)) = parts(reason) else {
            out.push((reason.clone(), None));
            continue;
        };
        match out.iter_mut().find(|(_, known)| known.as_ref() == Some(&why)) {
            Some((classes, _)) => classes.push_str(&format!(", {class}")),
            None => out.push((class, Some(why))),
        }
    }
    let told = |(classes, why): (String, Option<String>)| match why {
        Some(why) => format!("withheld {classes}: {why}"),
        None => classes,
    };
    out.into_iter().map(told).collect()
}

/// `phitap findings`
pub fn findings(args: &FindingsArgs) -> Result<Exit, Failure> {
    if let Some(FindingsCommand::Set(set)) = &args.command {
        return super::triage::set(set);
    }
    let reader = open(&args.output)?;
    let ask = |args: &FindingsArgs, limit| {
        let filter = query::FindingFilter {
            operation: filters::operation(&args.endpoint, &reader)?,
            rule: filters::rule(args)?,
            kind: filters::kind(args)?,
            min_severity: args.severity,
            state: filters::state(args)?,
            id: filters::finding_id(args)?,
            history: args.id.is_some(),
            class: filters::class(&args.endpoint, &args.output, &reader)?,
            now: Some(clock::wall()),
            limit,
            ..query::FindingFilter::default()
        };
        query::findings(&reader, &filter).map_err(|e| query_failure(&e))
    };
    let table = args.output.format == Format::Table;
    // One finding by its id is shown as what it is.
    let together = table && !args.all && args.id.is_none();
    let rows = ask(args, args.output.limit.filter(|_| !together))?;
    if let Some(said) = none_left(&rows, &args.output, || {
        nothing::said(args, "findings", |fewer| Ok(ask(fewer, None)?.len()))
    })? {
        return print_text(&said);
    }
    // Whoever asks for one finding wants to know all about it.
    match (together, (args.explain || args.id.is_some()) && table) {
        (true, explained) => show_groups(&rows, args.output.limit, explained),
        (false, true) => explain_findings(&rows),
        (false, false) => show(&rows, columns::FINDINGS, &args.output),
    }
}

fn show_groups(
    rows: &[query::FindingRow],
    limit: Option<usize>,
    explained: bool,
) -> Result<Exit, Failure> {
    let mut groups = query::grouped(rows);
    let all = groups.len();
    groups.truncate(limit.unwrap_or(all));
    if explained {
        explain_groups(&groups)?;
    } else {
        show_records(&records(&groups)?, columns::FINDING_GROUPS, Format::Table)?;
    }
    if rows.len() == groups.len() {
        return Ok(Exit::Done);
    }
    let (n, lines) = (grouped(rows.len() as u64), grouped(all as u64));
    let cut = if groups.len() < all { format!(", {} shown", groups.len()) } else { String::new() };
    let why = if explained { "" } else { ", --explain says why they matter" };
    print_text(&nothing::lines(&format!(
        "{n} findings in {lines} groups{cut}; --all shows each by itself{why}"
    )))
}

fn explain_groups(groups: &[query::FindingGroup]) -> Result<Exit, Failure> {
    let width = Layout::of_stdout().width.clamp(40, 100);
    let mut out = String::new();
    for group in groups {
        let at = (group.method.as_deref(), group.path.as_deref());
        let operation = group.operation.as_deref().map(|o| operation_at(o, at));
        let place = [group.service.as_deref(), operation.as_deref(), group.direction];
        let place: Vec<String> = place.into_iter().flatten().map(escaped).collect();
        let head = (group.severity, group.rule, place.join(" "));
        let head = format!("{} {}: {} ({})", head.0, head.1, head.2, group.state);
        out.push_str(&wrapped(&head, width, ("", "  ")));
        for (what, names) in [("classes", &group.data_classes), ("fields", &group.fields)] {
            if !names.is_empty() {
                let names = escaped(&names.join(", "));
                out.push_str(&wrapped(&format!("{what}: {names}"), width, ("  ", "    ")));
            }
        }
        out.push_str(&wrapped(&escaped(&group.explanation), width, ("  ", "  ")));
        out.push_str(&wrapped(&group.references.join("; "), width, ("  ", "  ")));
        out.push('\n');
    }
    print_text(&out)
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

/// What to say instead of an empty table. The other formats are for programs: an empty answer is
/// one.
fn none_left<T>(
    rows: &[T],
    output: &OutputArgs,
    said: impl FnOnce() -> Result<String, Failure>,
) -> Result<Option<String>, Failure> {
    if !rows.is_empty() || output.format != Format::Table || output.limit == Some(0) {
        return Ok(None);
    }
    Ok(Some(nothing::lines(&said()?)))
}

/// `phitap clients`
pub fn clients(args: &ClientsArgs) -> Result<Exit, Failure> {
    let reader = open(&args.output)?;
    let ask = |args: &ClientsArgs, limit| {
        let filter = query::ClientFilter {
            client: filters::pattern(&args.client),
            service: filters::pattern(&args.service),
            limit,
            ..query::ClientFilter::default()
        };
        query::clients(&reader, &filter).map_err(|e| query_failure(&e))
    };
    let rows = ask(args, args.output.limit)?;
    if let Some(said) = none_left(&rows, &args.output, || {
        nothing::said(args, "clients", |fewer| Ok(ask(fewer, None)?.len()))
    })? {
        return print_text(&said);
    }
    show(&rows, columns::CLIENTS, &args.output)
}

/// `phitap coverage`
pub fn coverage(args: &CoverageArgs) -> Result<Exit, Failure> {
    let reader = open(&args.output)?;
    let ask = |args: &CoverageArgs, limit| {
        let filter = query::CoverageFilter {
            operation: query::OperationFilter {
                service: filters::pattern(&args.service),
                operation: filters::pattern(&args.operation),
                ..Default::default()
            },
            input: filters::pattern(&args.input),
            limit,
        };
        query::coverage(&reader, &filter).map_err(|e| query_failure(&e))
    };
    let answer = ask(args, args.output.limit)?;
    if let Some(said) = none_covered(args, &answer, |fewer| ask(fewer, None))? {
        return print_text(&said);
    }
    let packets = records(&answer.packets)?;
    let flows = records(&answer.flows)?;
    let anomalies = records(&answer.anomalies)?;
    let services = records(&answer.services)?;
    let endpoints = records(&answer.endpoints)?;
    let section = |title, columns, records| Section { title, columns, records };
    let about_packets = args.service.is_none() && args.operation.is_none();
    let mut sections = Vec::new();
    if about_packets {
        sections.push(section("Packets", columns::PACKETS, &packets[..]));
    }
    if about_packets && args.input.is_none() {
        sections.push(section("Flows by what could be made of them", columns::FLOWS, &flows[..]));
    }
    if !anomalies.is_empty() {
        let title = match about_packets {
            true => "Odd traffic that belongs to no endpoint",
            false => "Odd traffic",
        };
        sections.push(section(title, columns::ANOMALIES, &anomalies[..]));
    }
    if args.input.is_none() {
        sections.push(section("Services", columns::SEEN, &services[..]));
        sections.push(section("Endpoints", columns::SEEN, &endpoints[..]));
    }
    let format = report_format(args.output.format);
    report::render_sections(&sections, format, Layout::of_stdout(), &mut io::stdout().lock())
        .map_err(Failure::failed)?;
    Ok(Exit::Done)
}

/// What to say where a filter of `coverage` leaves nothing.
fn none_covered(
    args: &CoverageArgs,
    answer: &query::CoverageAnswer,
    ask: impl Fn(&CoverageArgs) -> Result<query::CoverageAnswer, Failure>,
) -> Result<Option<String>, Failure> {
    // The first row of packets is that of all inputs.
    let inputs = |answer: &query::CoverageAnswer| answer.packets.len().saturating_sub(1);
    if args.input.is_some() {
        let rows = answer.packets.get(1..).unwrap_or_default();
        return none_left(rows, &args.output, || {
            nothing::said(args, "inputs", |fewer| Ok(inputs(&ask(fewer)?)))
        });
    }
    if args.service.is_none() && args.operation.is_none() {
        return Ok(None);
    }
    none_left(&answer.endpoints, &args.output, || {
        nothing::said(args, "endpoints", |fewer| Ok(ask(fewer)?.endpoints.len()))
    })
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
