//! What is exposed: services, endpoints, data classes.

use super::markup::{Html, grouped};
use super::page::severity;
use crate::query::{EndpointRow, ReportData};
use crate::report::{plain, tell};

const SERVICES_MAX: usize = 150;
const SENDERS_MAX: usize = 100;
const ENDPOINTS_MAX: usize = 250;
const CLASSES_MAX: usize = 100;
/// Data classes named in one cell.
const CLASSES_PER_CELL: usize = 6;

pub(super) fn services(page: &mut Html, data: &ReportData) {
    page.raw("<section id=\"services\"><h2>Services by exposure</h2>\n");
    let heads = [
        "Severity",
        "Service",
        "Open findings",
        "Clients, by network",
        "Endpoints",
        "Of them in clear",
        "Of them without login",
        "Data it carries",
        "Software",
    ];
    page.table(tell::SERVICES_ORDER, &heads, &[2, 4, 5, 6]);
    for service in data.services.iter().take(SERVICES_MAX) {
        page.raw("<tr><td>");
        severity(page, service.row.severity);
        page.raw("</td>").code_cell(&service.row.service).number_cell(service.findings);
        page.cell(&tell::callers(service)).number_cell(service.row.endpoints);
        page.number_cell(service.clear).number_cell(service.unauthenticated);
        page.words_cell(&some(service.classes.iter().map(|class| plain::named(class))));
        page.cell(&some(service.row.names.iter().map(String::as_str))).raw("</tr>\n");
    }
    let left = data.services.len().saturating_sub(SERVICES_MAX);
    page.end_table(left, "phitap services").raw("</section>\n");
}

pub(super) fn senders(page: &mut Html, data: &ReportData) {
    page.raw("<section id=\"senders\"><h2>Sending applications</h2>\n");
    if data.senders.is_empty() {
        page.raw("<p>No HL7 v2 message was seen.</p></section>\n");
        return;
    }
    page.raw("<p>").raw(tell::SENDERS).raw("</p>\n");
    page.table(tell::SENDERS_ORDER, &tell::SENDER_HEADS, &[4]);
    for sender in data.senders.iter().take(SENDERS_MAX) {
        let [name, networks, service, operations, last] = tell::sender(sender);
        page.raw("<tr>").code_cell(&name).cell(&networks);
        page.code_cell(&tell::called(data, &service)).code_cell(&operations);
        page.number_cell(sender.messages).dated_cell(&last).raw("</tr>\n");
    }
    let left = data.senders.len().saturating_sub(SENDERS_MAX);
    page.end_table(left, "phitap clients").raw("</section>\n");
}

pub(super) fn endpoints(page: &mut Html, data: &ReportData) {
    page.raw("<section id=\"endpoints\"><h2>Endpoints by exposure</h2>\n");
    let heads = [
        "Severity",
        "Service",
        "Operation",
        "Data it carries",
        "Login",
        "Encrypted",
        "Requests",
        "Exchanges not seen whole",
    ];
    page.table(tell::ENDPOINTS_ORDER, &heads, &[6]);
    for endpoint in data.endpoints.iter().take(ENDPOINTS_MAX) {
        page.raw("<tr><td>");
        severity(page, endpoint.severity);
        page.raw("</td>").code_cell(&endpoint.service).code_cell(&tell::operation(endpoint));
        page.words_cell(&classes_of(endpoint));
        page.cell(&some(endpoint.auth.iter().map(|scheme| plain::login(scheme))));
        page.cell(plain::encrypted(endpoint.encrypted));
        page.count_cell(&tell::requests(endpoint, grouped)).cell(&unseen(endpoint)).raw("</tr>\n");
    }
    let left = data.endpoints.len().saturating_sub(ENDPOINTS_MAX);
    page.end_table(left, "phitap endpoints").raw("</section>\n");
}

pub(super) fn classes(page: &mut Html, data: &ReportData) {
    page.raw("<section id=\"classes\"><h2>Data classes</h2>\n");
    if data.classes.is_empty() {
        page.raw("<p>No personal, health or secret data was recognised in what could be read.</p>");
        page.raw("</section>\n");
        return;
    }
    let heads = [
        "What it is",
        "Data class",
        "Confidence, of 100",
        "Services",
        "Endpoints",
        "Of them in clear",
        "Of them without login",
    ];
    page.table(tell::CLASSES_ORDER, &heads, &[2, 3, 4, 5, 6]);
    for class in data.classes.iter().take(CLASSES_MAX) {
        page.raw("<tr>").cell(plain::meaning(&class.class).unwrap_or(tell::WHOLE));
        page.code_cell(&class.class).number_cell(u64::from(class.confidence));
        page.number_cell(class.services).number_cell(class.endpoints);
        page.number_cell(class.clear).number_cell(class.unauthenticated).raw("</tr>\n");
    }
    let left = data.classes.len().saturating_sub(CLASSES_MAX);
    page.end_table(left, "phitap endpoints --format json").raw("</section>\n");
}

fn classes_of(endpoint: &EndpointRow) -> String {
    let mut names: Vec<&str> = Vec::new();
    for class in &endpoint.data_classes {
        if !names.contains(&class.class.as_str()) {
            names.push(&class.class);
        }
    }
    some(names.into_iter().map(plain::named))
}

/// The first few, and how many more there are.
fn some<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    let shown = names.get(..CLASSES_PER_CELL).unwrap_or(&names);
    let mut text = shown.join(", ");
    if names.len() > shown.len() {
        text += &format!(" and {} more", names.len() - shown.len());
    }
    text
}

fn unseen(endpoint: &EndpointRow) -> String {
    if endpoint.standard == "tls" {
        return "everything: encrypted".into();
    }
    let seen = &endpoint.coverage;
    let counts = [
        (seen.one_sided, "one-sided"),
        (seen.gaps, "with gaps"),
        (seen.truncated, "truncated"),
        (seen.undecoded, "undecoded"),
        (seen.unread, "not text"),
    ];
    let some = counts.into_iter().filter(|(n, _)| *n > 0);
    let words: Vec<String> = some.map(|(n, what)| format!("{n} {what}")).collect();
    if words.is_empty() { tell::WHOLE.into() } else { words.join(", ") }
}
