//! The report as Markdown (CommonMark with the tables of GitHub), for tickets and repositories.

use std::fmt::Write as _;

use super::encrypted;
use super::plain;
use super::remedy::remedy;
use super::tell;
use super::text::escaped;
use super::unseen::{nothing_first, unseen};
use crate::query::{ReportData, RuleGroup, Since};

const SERVICES_MAX: usize = 100;
const ENDPOINTS_MAX: usize = 100;
const FINDINGS_PER_RULE: usize = 25;
const CHANGES_MAX: usize = 100;

/// The report as Markdown. `title` is what the reader calls the network that was watched.
pub fn markdown(data: &ReportData, title: &str) -> String {
    let mut out = format!("# {}\n\n", text(title));
    let _ = writeln!(out, "* Watched: {}", text(&tell::watched(data)));
    let _ = writeln!(out, "* Report made: {}", tell::second(data.made));
    let _ = writeln!(out, "\n{}", tell::summary(data));
    first(&mut out, data);
    coverage(&mut out, data);
    services(&mut out, data);
    encrypted_services(&mut out, data);
    senders(&mut out, data);
    endpoints(&mut out, data);
    classes(&mut out, data);
    out.push_str("\n## Findings, with evidence and remedy\n");
    if data.findings.is_empty() {
        out.push_str("\nNothing was found in what could be seen.\n");
    }
    for group in &data.findings {
        findings(&mut out, group);
    }
    changes(&mut out, data);
    words(&mut out, data);
    out.push_str("\n## Method and limits\n");
    for paragraph in tell::METHOD {
        let _ = write!(out, "\n{paragraph}\n");
    }
    let _ = write!(out, "\n## Sign-off\n\n{}\n\n", tell::SIGN_OFF);
    out.push_str("| | Name | Date | Signature |\n|---|---|---|---|\n");
    out.push_str("| Prepared by | | | |\n| Reviewed by | | | |\n| Accepted by | | | |\n");
    out
}

/// Text that traffic may control, as text: no markup, no HTML, no end of a cell or line.
fn text(text: &str) -> String {
    let mut out = String::new();
    for c in escaped(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '!' | '|' | '~' => {
                out.push('\\');
                out.push(c);
            }
            // A bare address would become a link.
            ':' => out.push_str("&#58;"),
            '@' => out.push_str("&#64;"),
            c => out.push(c),
        }
    }
    out
}

fn row(out: &mut String, cells: &[&str]) {
    for cell in cells {
        let _ = write!(out, "| {} ", text(cell));
    }
    out.push_str("|\n");
}

/// In which order the rows of the next table stand.
fn order(out: &mut String, text: &str) {
    let _ = write!(out, "\n{text}.\n");
}

fn table(out: &mut String, heads: &[&str]) {
    let _ = write!(out, "\n| {} |\n|{}\n", heads.join(" | "), "---|".repeat(heads.len()));
}

fn more(out: &mut String, left: usize, query: &str) {
    if left > 0 {
        let _ = write!(
            out,
            "\nand {left} more behind these, in the same order. All of them: `{query}`\n"
        );
    }
}

fn first(out: &mut String, data: &ReportData) {
    out.push_str("\n## What to do first\n\n");
    if data.first.is_empty() {
        let _ = writeln!(out, "{}", nothing_first(data));
    } else {
        let _ = writeln!(out, "{}\n", tell::why_first(data));
    }
    for (place, thing) in data.first.iter().enumerate() {
        let remedy = remedy(&thing.rule);
        let service = text(&tell::called(data, &thing.service));
        let _ = writeln!(
            out,
            "{}. **{}**: at {service}: {}. {}: {}.",
            place + 1,
            thing.severity,
            remedy.action,
            remedy.heading,
            text(&tell::evidence(thing))
        );
    }
}

fn coverage(out: &mut String, data: &ReportData) {
    out.push_str("\n## What was watched and what could not be seen\n\n");
    if let Some(all) = data.coverage.packets.iter().find(|p| p.scope == "all") {
        let _ = writeln!(out, "Of {} packets {} were analysed.\n", all.seen, all.analysed);
    }
    let lines = unseen(data);
    if lines.is_empty() {
        out.push_str("Every packet was analysed and every exchange was whole.\n");
    }
    for line in lines {
        let _ = writeln!(out, "* {}", text(&line));
    }
}

fn services(out: &mut String, data: &ReportData) {
    out.push_str("\n## Services by exposure\n");
    order(out, tell::SERVICES_ORDER);
    table(
        out,
        &[
            "Severity",
            "Service",
            "Open findings",
            "Clients, by network",
            "Endpoints",
            "Of them in clear",
            "Of them without login",
            "Data classes",
        ],
    );
    for service in data.services.iter().take(SERVICES_MAX) {
        let numbers =
            [service.findings, service.row.endpoints, service.clear, service.unauthenticated]
                .map(|n| n.to_string());
        let [findings, endpoints, clear, open] = &numbers;
        let callers = tell::callers(service);
        let severity = service.row.severity.name();
        let classes = service.classes.join(", ");
        row(
            out,
            &[severity, &service.row.service, findings, &callers, endpoints, clear, open, &classes],
        );
    }
    more(out, data.services.len().saturating_sub(SERVICES_MAX), "phitap services");
}

fn encrypted_services(out: &mut String, data: &ReportData) {
    out.push_str("\n## Encrypted services\n\n");
    let services = encrypted::services(data, |n| n.to_string());
    if services.is_empty() {
        out.push_str("No TLS was seen.\n");
        return;
    }
    let _ = writeln!(out, "{}", encrypted::INTRODUCTION);
    order(out, encrypted::ORDER);
    table(out, &encrypted::HEADS);
    for s in services.iter().take(SERVICES_MAX) {
        let cells = [&s.service, &s.clinical, s.encrypted, &s.versions, &s.certificate];
        row(out, &[&cells[..], &[&s.sessions, &s.clients, &s.bytes]].concat());
    }
    more(out, services.len().saturating_sub(SERVICES_MAX), "phitap services");
}

fn senders(out: &mut String, data: &ReportData) {
    out.push_str("\n## Sending applications\n\n");
    if data.senders.is_empty() {
        out.push_str("No HL7 v2 message was seen.\n");
        return;
    }
    let _ = writeln!(out, "{}", tell::SENDERS);
    order(out, tell::SENDERS_ORDER);
    table(out, &tell::SENDER_HEADS);
    for sender in data.senders.iter().take(SERVICES_MAX) {
        let [name, networks, service, operations, last] = tell::sender(sender);
        let (service, messages) = (tell::called(data, &service), sender.messages.to_string());
        row(out, &[&name, &networks, &service, &operations, &messages, &last]);
    }
    more(out, data.senders.len().saturating_sub(SERVICES_MAX), "phitap clients");
}

fn endpoints(out: &mut String, data: &ReportData) {
    out.push_str("\n## Endpoints by exposure\n");
    order(out, tell::ENDPOINTS_ORDER);
    table(
        out,
        &[
            "Severity",
            "Service",
            "Operation",
            "Data classes",
            "Authentication",
            "Encrypted",
            "Requests",
        ],
    );
    for endpoint in data.endpoints.iter().take(ENDPOINTS_MAX) {
        let mut classes: Vec<&str> = Vec::new();
        for class in &endpoint.data_classes {
            if !classes.contains(&class.class.as_str()) {
                classes.push(&class.class);
            }
        }
        let (classes, auth) = (classes.join(", "), endpoint.auth.join(", "));
        let requests = tell::requests(endpoint, |n| n.to_string());
        row(
            out,
            &[
                endpoint.severity.name(),
                &endpoint.service,
                &tell::operation(endpoint),
                &classes,
                &auth,
                endpoint.encrypted,
                &requests,
            ],
        );
    }
    more(out, data.endpoints.len().saturating_sub(ENDPOINTS_MAX), "phitap endpoints");
}

fn words(out: &mut String, data: &ReportData) {
    out.push_str("\n## Words in this report\n\n");
    for (term, meaning) in plain::terms(data) {
        let _ = writeln!(out, "* **{term}**: {}", text(&meaning));
    }
}

fn classes(out: &mut String, data: &ReportData) {
    out.push_str("\n## Data classes and where they flow\n");
    order(out, tell::CLASSES_ORDER);
    let clear = ["Of them in clear", "Of them without login"];
    table(out, &[&["What it is", "Data class", "Services", "Endpoints"], &clear[..]].concat());
    for class in data.classes.iter().take(ENDPOINTS_MAX) {
        let numbers = [class.services, class.endpoints, class.clear, class.unauthenticated];
        let [services, endpoints, clear, open] = &numbers.map(|n| n.to_string());
        let what = plain::meaning(&class.class).unwrap_or(tell::WHOLE);
        row(out, &[what, &class.class, services, endpoints, clear, open]);
    }
    let left = data.classes.len().saturating_sub(ENDPOINTS_MAX);
    more(out, left, "phitap endpoints --format json");
    order(out, tell::FLOWS_ORDER);
    let heads = ["Service", "Data class", "Direction", "Endpoints", "Requests", "Client networks"];
    table(out, &heads);
    for flow in data.flows.iter().take(ENDPOINTS_MAX) {
        let way = match (flow.sent, flow.returned) {
            (true, true) => "sent and returned",
            (true, false) => "sent by clients",
            _ => "returned to clients",
        };
        let (endpoints, requests) = (flow.endpoints.to_string(), flow.requests.to_string());
        let networks = tell::networks(&data.groups, &flow.service);
        row(out, &[&flow.service, &flow.class, way, &endpoints, &requests, &networks]);
    }
    more(out, data.flows.len().saturating_sub(ENDPOINTS_MAX), "phitap fields");
}

fn findings(out: &mut String, group: &RuleGroup) {
    let remedy = remedy(&group.rule);
    let _ = write!(out, "\n### {} ({})\n", remedy.heading, group.severity);
    let Some(one) = group.open.first().or(group.decided.first()) else { return };
    let _ = write!(out, "\n{}\n\n", text(&one.explanation));
    for (place, step) in remedy.steps.iter().enumerate() {
        let _ = writeln!(out, "{}. {step}", place + 1);
    }
    let _ = write!(out, "\nProof: {}\n", remedy.proof);
    let _ = write!(out, "\nSupports evidence for: {}.\n", text(&one.references.join("; ")));
    let many = tell::count((group.open.len() + group.decided.len()) as u64, "finding");
    order(out, &format!("{many}, those that are open first; {}", tell::FINDINGS_ORDER));
    let seen = ["Times seen", "State", "Id"];
    table(out, &[&["Severity", "Service", "Operation", "What", "Data class"], &seen[..]].concat());
    for finding in group.open.iter().chain(&group.decided).take(FINDINGS_PER_RULE) {
        let word = |text: &Option<String>| text.clone().unwrap_or_default();
        let (service, operation) = (word(&finding.service), tell::operation_of(finding));
        let count = finding.count.to_string();
        let what = match finding.field {
            Some(_) => tell::place(finding),
            None => finding.title.clone(),
        };
        row(
            out,
            &[
                finding.severity.name(),
                &service,
                &operation,
                &what,
                &word(&finding.data_class),
                &count,
                &tell::decision(finding),
                &finding.id,
            ],
        );
    }
    let left = (group.open.len() + group.decided.len()).saturating_sub(FINDINGS_PER_RULE);
    more(out, left, &format!("phitap findings --rule {}", group.rule));
}

fn changes(out: &mut String, data: &ReportData) {
    out.push_str("\n## Changes\n\n");
    let Some((since, changes)) = &data.changes else {
        out.push_str("This is the first report of this database.\n");
        return;
    };
    let _ = writeln!(out, "{}", tell::since(*since));
    if let Some(removed) = tell::removed(changes) {
        let _ = writeln!(out, "\n{removed}");
    }
    if !changes.compared {
        out.push_str("\nNothing was seen or read since then, so there is nothing to compare.\n");
        return;
    }
    order(out, tell::CHANGES_ORDER);
    table(out, &["Change", "Of what", "Service", "Where", "How"]);
    for change in changes.rows.iter().take(CHANGES_MAX) {
        let (place, how) = tell::changed(change);
        row(out, &[change.change.name(), change.what.name(), &change.service, &place, &how]);
    }
    let (Since::Report(_, at) | Since::Time(at)) = since;
    let left = changes.rows.len().saturating_sub(CHANGES_MAX);
    more(out, left, &format!("phitap changes --since {at}"));
}
