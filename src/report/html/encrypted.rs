//! Services whose exchanges are encrypted.

use super::markup::{Html, grouped};
use crate::query::ReportData;
use crate::report::{encrypted, plain};

const SERVICES_MAX: usize = 100;

pub(super) fn services(page: &mut Html, data: &ReportData) {
    page.raw("<section id=\"encrypted\"><h2>Encrypted services</h2>\n");
    let services = encrypted::services(data, grouped);
    if services.is_empty() {
        page.raw("<p>No TLS was seen.</p></section>\n");
        return;
    }
    page.raw("<p>").text_long(encrypted::INTRODUCTION).raw("</p>\n");
    page.table(encrypted::ORDER, &encrypted::HEADS, &[6]);
    for s in services.iter().take(SERVICES_MAX) {
        page.raw("<tr>")
            .code_cell(&s.service)
            .cell(&s.clinical)
            .cell(plain::encrypted(s.encrypted));
        page.cell(&s.versions).dated_cell(&s.certificate).cell(&s.sessions);
        page.count_cell(&s.clients).cell(&s.bytes.replace(' ', "\u{a0}")).raw("</tr>\n");
    }
    let left = services.len().saturating_sub(SERVICES_MAX);
    page.end_table(left, "phitap services").raw("</section>\n");
}
