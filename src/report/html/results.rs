//! What was found, what changed, how it was done, who has read it.

use super::markup::Html;
use super::page::severity;
use crate::query::{FindingRow, ReportData, RuleGroup, Since};
use crate::report::remedy::remedy;
use crate::report::{plain, tell};

/// Findings shown of one rule; the rest is a query away.
const FINDINGS_PER_RULE: usize = 40;
const CHANGES_MAX: usize = 150;

pub(super) fn findings(page: &mut Html, data: &ReportData) {
    page.raw("<section id=\"findings\"><h2>Findings, with evidence and remedy</h2>\n");
    if data.findings.is_empty() {
        page.raw("<p>Nothing was found in what could be seen.</p>");
    }
    for group in &data.findings {
        finding_group(page, group);
    }
    page.raw("</section>\n");
}

fn finding_group(page: &mut Html, group: &RuleGroup) {
    let remedy = remedy(&group.rule);
    page.raw("<article id=\"rule-").text(&group.rule).raw("\"><h3>");
    severity(page, group.severity);
    page.raw(" ").text(remedy.heading).raw("</h3>\n<p>");
    if let Some(one) = group.open.first().or(group.decided.first()) {
        page.text_long(&one.explanation);
    }
    page.raw("</p>\n<div class=\"remedy\"><h4>Remedy</h4><ol>");
    for step in remedy.steps {
        page.raw("<li>").raw(step).raw("</li>");
    }
    page.raw("</ol><p><b>Proof:</b> ").raw(remedy.proof).raw("</p>");
    if let Some(one) = group.open.first().or(group.decided.first()) {
        page.raw("<p><b>Supports evidence for:</b> ").text_long(&one.references.join("; "));
        page.raw(".</p>");
    }
    page.raw("</div>\n");
    if !group.open.is_empty() {
        rows(page, group);
    }
    if !group.decided.is_empty() {
        decided(page, group);
    }
    page.raw("</article>\n");
}

fn rows(page: &mut Html, group: &RuleGroup) {
    let many = tell::count(group.open.len() as u64, "open finding");
    let caption = format!("Evidence of {}: {many}, {}", group.rule, tell::FINDINGS_ORDER);
    let heads = [
        "Severity",
        "Service",
        "Operation",
        "What",
        "Data class",
        "Times seen",
        "Last seen (UTC)",
        "State",
        "Id",
    ];
    page.table(&caption, &heads, &[5]);
    let most = page.room(FINDINGS_PER_RULE);
    for finding in group.open.iter().take(most) {
        page.raw("<tr><td>");
        severity(page, finding.severity);
        page.raw("</td>").code_cell(word(&finding.service)).code_cell(&tell::operation_of(finding));
        evidence(page, finding);
        page.code_cell(word(&finding.data_class));
        page.number_cell(finding.count)
            .dated_cell(&last_seen(finding))
            .cell(&tell::decision(finding));
        page.id_cell(&finding.id).raw("</tr>\n");
    }
    let left = group.open.len().saturating_sub(most);
    page.end_table(left, &format!("phitap findings --rule {}", group.rule));
}

fn decided(page: &mut Html, group: &RuleGroup) {
    let many = tell::count(group.decided.len() as u64, "finding");
    let caption = format!("Decided of {}: {many}, the most severe first", group.rule);
    let heads = ["Service", "Operation", "What", "Data class", "Decision", "Id"];
    page.table(&caption, &heads, &[]);
    let most = page.room(FINDINGS_PER_RULE);
    for finding in group.decided.iter().take(most) {
        page.raw("<tr>").code_cell(word(&finding.service)).code_cell(&tell::operation_of(finding));
        evidence(page, finding);
        page.code_cell(word(&finding.data_class));
        page.cell(&tell::decision(finding)).id_cell(&finding.id).raw("</tr>\n");
    }
    let left = group.decided.len().saturating_sub(most);
    page.end_table(left, &format!("phitap findings --rule {}", group.rule));
}

/// The field, or in words what is wrong where it is about none.
fn evidence(page: &mut Html, finding: &FindingRow) {
    match finding.field {
        Some(_) => page.code_cell(&tell::place(finding)),
        None => page.sentence_cell(&finding.title),
    };
}

fn word(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or_default()
}

fn last_seen(finding: &FindingRow) -> String {
    let time = finding.last_seen.as_deref().unwrap_or_default();
    time.get(..16).unwrap_or(time).replacen('T', " ", 1)
}

pub(super) fn changes(page: &mut Html, data: &ReportData) {
    page.raw("<section id=\"changes\"><h2>Changes</h2>\n");
    let Some((since, changes)) = &data.changes else {
        page.raw("<p>This is the first report of this database: the next one tells what changed ");
        page.raw("since.</p></section>\n");
        return;
    };
    page.raw("<p>");
    page.text_long(&tell::since(*since)).raw("</p>\n");
    let removed = tell::removed(changes);
    if let Some(removed) = &removed {
        page.raw("<p>").text_long(removed).raw("</p>\n");
    }
    if !changes.compared {
        page.raw("<p>Nothing was seen or read since then, so there is nothing to compare.</p>");
    } else if changes.rows.is_empty() {
        page.raw("<p>Nothing is new, gone or different.</p>");
    } else {
        let heads = ["Change", "Of what", "Service", "Where", "How"];
        page.table(tell::CHANGES_ORDER, &heads, &[]);
        for row in changes.rows.iter().take(CHANGES_MAX) {
            let (place, how) = tell::changed(row);
            page.raw("<tr>").cell(row.change.name()).cell(row.what.name());
            page.code_cell(&row.service).code_cell(&place).cell(&how).raw("</tr>\n");
        }
        let left = changes.rows.len().saturating_sub(CHANGES_MAX);
        let (Since::Report(_, at) | Since::Time(at)) = since;
        page.end_table(left, &format!("phitap changes --since {at}"));
    }
    page.raw("</section>\n");
}

pub(super) fn words(page: &mut Html, data: &ReportData) {
    page.raw("<section id=\"words\"><h2>Words in this report</h2>\n<dl class=\"words\">");
    for (term, meaning) in plain::terms(data) {
        page.raw("<dt>").raw(term).raw("</dt><dd>").text_long(&meaning).raw("</dd>\n");
    }
    page.raw("</dl></section>\n");
}

pub(super) fn method(page: &mut Html) {
    page.raw("<section id=\"method\"><h2>Method and limits</h2>\n");
    for text in tell::METHOD {
        page.raw("<p>").raw(text).raw("</p>\n");
    }
    page.raw("</section>\n");
}

pub(super) fn sign_off(page: &mut Html) {
    page.raw("<section id=\"sign-off\"><h2>Sign-off</h2>\n<p>").raw(tell::SIGN_OFF);
    page.raw("</p><div class=\"sign\">");
    for who in ["Prepared by", "Reviewed by", "Accepted by"] {
        page.raw("<div><p class=\"line\"></p><p>").text(who);
        page.raw(", name and date</p></div>");
    }
    page.raw("</div></section>\n");
}
