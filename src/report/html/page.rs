//! The page as a whole, and its first part: what was watched, what could not be seen, what to do
//! first.

use super::markup::Html;
use super::{encrypted, exposure, flow, results};
use crate::model::Severity;
use crate::query::ReportData;
use crate::report::remedy::remedy;
use crate::report::tell;
use crate::report::unseen::{nothing_first, unseen};

/// The report as one HTML file. `title` is what the reader calls the network that was watched.
pub fn html(data: &ReportData, title: &str) -> String {
    let mut page = Html::default();
    page.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
        .raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
        .raw("<meta name=\"color-scheme\" content=\"light dark\">\n")
        .raw("<meta name=\"referrer\" content=\"no-referrer\">\n")
        .raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; ")
        .raw("style-src 'unsafe-inline'\">\n")
        .raw("<meta name=\"generator\" content=\"phitap ")
        .raw(env!("CARGO_PKG_VERSION"))
        .raw("\">\n<title>")
        .text(title)
        .raw("</title>\n<style>\n")
        .raw(include_str!("style.css"))
        .raw("</style>\n</head>\n<body>\n");
    head(&mut page, data, title);
    page.raw("<main>\n");
    numbers(&mut page, data);
    first(&mut page, data);
    coverage(&mut page, data);
    exposure::services(&mut page, data);
    encrypted::services(&mut page, data);
    exposure::senders(&mut page, data);
    exposure::endpoints(&mut page, data);
    exposure::classes(&mut page, data);
    flow::flows(&mut page, data);
    results::findings(&mut page, data);
    results::changes(&mut page, data);
    results::words(&mut page, data);
    results::method(&mut page);
    results::sign_off(&mut page);
    page.raw("</main>\n<footer><p>Made by phitap ")
        .raw(env!("CARGO_PKG_VERSION"))
        .raw(". It names hosts, paths and fields of a network: keep it as carefully as a plan of ")
        .raw("the building.</p></footer>\n</body>\n</html>\n");
    page.finish()
}

/// A badge; colour is never all that tells it.
pub(super) fn severity(page: &mut Html, severity: Severity) {
    page.raw(match severity {
        Severity::Critical => "<span class=\"sev critical\">critical</span>",
        Severity::High => "<span class=\"sev high\">high</span>",
        Severity::Medium => "<span class=\"sev medium\">medium</span>",
        Severity::Low => "<span class=\"sev low\">low</span>",
        Severity::Info => "<span class=\"sev info\">info</span>",
    });
}

fn head(page: &mut Html, data: &ReportData, title: &str) {
    page.raw("<header>\n<p class=\"kind\">APIs and the personal and health data they carry</p>\n");
    page.raw("<h1>").text(title).raw("</h1>\n<dl class=\"facts\">");
    page.raw("<dt>Watched</dt><dd>").text(&tell::watched(data)).raw("</dd>");
    page.raw("<dt>Report made</dt><dd>").text(&tell::second(data.made)).raw("</dd></dl>\n");
    page.raw("<nav aria-label=\"Contents\"><ol>");
    for (place, name) in [
        ("<li><a href=\"#first\">", "What to do first"),
        ("<li><a href=\"#coverage\">", "What was watched and not seen"),
        ("<li><a href=\"#services\">", "Services"),
        ("<li><a href=\"#encrypted\">", "Encrypted services"),
        ("<li><a href=\"#senders\">", "Sending applications"),
        ("<li><a href=\"#endpoints\">", "Endpoints"),
        ("<li><a href=\"#classes\">", "Data classes"),
        ("<li><a href=\"#flows\">", "Where data flows"),
        ("<li><a href=\"#findings\">", "Findings"),
        ("<li><a href=\"#changes\">", "Changes"),
        ("<li><a href=\"#words\">", "Words in this report"),
        ("<li><a href=\"#method\">", "Method and limits"),
        ("<li><a href=\"#sign-off\">", "Sign-off"),
    ] {
        page.raw(place).text(name).raw("</a></li>");
    }
    page.raw("</ol></nav>\n</header>\n");
}

fn numbers(page: &mut Html, data: &ReportData) {
    let open = |least: Severity, most: Severity| -> u64 {
        let rows = data.findings.iter().flat_map(|g| &g.open);
        rows.filter(|f| (least..=most).contains(&f.severity)).map(|_| 1).sum()
    };
    let clients: u64 = data.groups.iter().map(|g| g.clients).sum();
    let clear = data.endpoints.iter().filter(|e| e.encrypted != "all").count() as u64;
    let many = data.endpoints.len() as u64;
    page.raw("<section class=\"numbers\" aria-label=\"In numbers\"><p>");
    page.text_long(&tell::summary(data)).raw("</p><ul>");
    for (number, label) in [
        (data.services.len() as u64, "services"),
        (many, "endpoints"),
        (clients, "clients"),
        (clear, "endpoints without encryption"),
        (data.classes.len() as u64, "data classes"),
        (open(Severity::High, Severity::Critical), "open findings, high or critical"),
        (open(Severity::Info, Severity::Medium), "open findings, medium and below"),
    ] {
        page.raw("<li><b>").number(number).raw("</b> ").text(label).raw("</li>");
    }
    page.raw("</ul></section>\n");
}

fn first(page: &mut Html, data: &ReportData) {
    page.raw("<section id=\"first\"><h2>What to do first</h2>\n");
    if data.first.is_empty() {
        page.raw("<p>").text_long(&nothing_first(data)).raw("</p></section>\n");
        return;
    }
    page.raw("<p>").text_long(&tell::why_first(data)).raw("</p>\n<ol class=\"first\">");
    for thing in &data.first {
        let remedy = remedy(&thing.rule);
        page.raw("<li>");
        severity(page, thing.severity);
        let service = tell::called(data, &thing.service);
        page.raw(" <strong>At <code>").text(&service).raw("</code>: ");
        page.text(remedy.action).raw(".</strong><p>").text(remedy.heading).raw(": ");
        page.text_long(&tell::evidence(thing)).raw(". ");
        page.raw("<a href=\"#rule-").text(&thing.rule).raw("\">Evidence and remedy</a></p></li>");
    }
    page.raw("</ol></section>\n");
}

fn coverage(page: &mut Html, data: &ReportData) {
    page.raw("<section id=\"coverage\"><h2>What was watched and what could not be seen</h2>\n");
    page.raw("<p>").text(&tell::watched(data)).raw(".");
    if let Some(all) = data.coverage.packets.iter().find(|p| p.scope == "all") {
        page.raw(" Of ").number(all.seen).raw(" packets (").text(&tell::bytes(all.bytes));
        page.raw(") ").number(all.analysed).raw(" were analysed");
        page.raw(match all.balanced {
            true => "; every packet is accounted for.",
            false => "; the account does not balance, please report this.",
        });
    }
    page.raw("</p>\n");
    let lines = unseen(data);
    if lines.is_empty() {
        page.raw("<p>Every packet was analysed and every exchange was whole.</p>");
    } else {
        page.raw("<h3>Not seen</h3><ul>");
        for line in &lines {
            page.raw("<li>").text(line).raw("</li>");
        }
        page.raw("</ul>");
    }
    page.raw("</section>\n");
}
