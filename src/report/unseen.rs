//! What could not be seen, in words.

use std::collections::BTreeMap;

use super::tell::{bytes, count, second, span};
use crate::inventory::room::BEYOND;
use crate::protocol::http1::anomalies::{MESSAGES_LOST, NOT_RESYNCHRONISED, START_INVALID};
use crate::protocol::protocol_named;
use crate::query::{PacketRow, ReportData, SeenRow};

/// What to do first where nothing was found.
pub(super) fn nothing_first(data: &ReportData) -> String {
    match data.services.is_empty() {
        true => format!(
            "{} That is no sign of safety. Let `phitap doctor` look at the interface or the file: \
             it says what arrives there.",
            silence(data)
        ),
        false => {
            "Nothing that was seen asks for action. What could not be seen stands below.".to_owned()
        }
    }
}

/// What was seen where no service was.
pub(super) fn silence(data: &ReportData) -> String {
    let all = data.coverage.packets.iter().find(|p| p.scope == "all");
    match all.map_or(0, |all| all.seen) {
        0 => "No packet was seen.".to_owned(),
        packets => format!(
            "{}, and in them no exchange that phitap reads.",
            count(packets, "packet") + if packets == 1 { " was seen" } else { " were seen" }
        ),
    }
}

/// Breaks between recordings that are named.
const BREAKS_MAX: usize = 5;

/// When nothing was recorded, the longest breaks first.
fn breaks(data: &ReportData) -> Vec<String> {
    let breaks = data.recorded.as_ref().map_or(&[][..], |recorded| &recorded.breaks);
    let told = breaks.iter().take(BREAKS_MAX).map(|(from, to)| {
        let (long, from, to) = (span(to.since(*from)), second(*from), second(*to));
        format!("nothing was recorded for {long}: from {from} to {to}")
    });
    let left = breaks.len().saturating_sub(BREAKS_MAX) as u64;
    let more = (left > 0).then(|| format!("nor in {}", count(left, "shorter break")));
    told.chain(more).collect()
}

/// What stands beside the account: as far as the system tells, and estimated.
fn beside(all: &PacketRow) -> Vec<String> {
    let lost = (all.interface_lost, "lost by the interface before that (an estimate)");
    let excluded = (all.filter_excluded, "excluded by the filter in the kernel (an estimate)");
    let told = [lost, excluded].into_iter();
    let told = told.filter_map(|(packets, what)| Some((packets.filter(|n| *n > 0)?, what)));
    told.map(|(packets, what)| format!("{} {what}", count(packets, "packet"))).collect()
}

/// What could not be seen, one sentence each; empty where everything was.
pub(super) fn unseen(data: &ReportData) -> Vec<String> {
    let mut lines = Vec::new();
    if data.services.is_empty() {
        lines.push(silence(data));
    }
    lines.extend(breaks(data));
    lines.extend(unread_flows(data));
    lines.extend(beyond(data));
    let Some(all) = data.coverage.packets.iter().find(|p| p.scope == "all") else {
        return lines;
    };
    if all.dropped > 0 {
        lines.push(format!("{} lost in the kernel's buffer", count(all.dropped, "packet")));
    }
    lines.extend(beside(all));
    let reasons = [
        (&all.shed, "discarded under load"),
        (&all.skipped, "not analysed"),
        (&all.malformed, "malformed"),
    ];
    for (reasons, verb) in reasons {
        for (reason, n) in reasons {
            lines.push(format!("{} {verb}: {reason}", count(*n, "packet")));
        }
    }
    if all.cut > 0 {
        lines.push(format!("{} cut by the capture's snap length", count(all.cut, "packet")));
    }
    for input in data.coverage.packets.iter().filter(|p| p.scope == "input") {
        if let (Some(name), Some(why)) = (&input.input, &input.incomplete) {
            lines.push(format!("{name} is incomplete: {why}"));
        }
    }
    // A TLS session is told as a flow above.
    let readable =
        || data.coverage.endpoints.iter().filter(|e| e.standard.as_deref() != Some("tls"));
    let sum = |of: fn(&SeenRow) -> u64| readable().map(of).sum::<u64>();
    for (n, what) in [
        (sum(|s| s.one_sided), "of which only one side was seen"),
        (sum(|s| s.gaps), "with a part missing in the middle"),
        (sum(|s| s.truncated), "whose end is missing"),
        (sum(|s| s.undecoded), "with a body that could not be decoded"),
        (sum(|s| s.unread), "with a body that is no text (images, PDF, archives) and was not read"),
        (sum(|s| s.ambiguous), "that receivers may have read differently"),
    ] {
        if n > 0 {
            lines.push(format!("{} {what}", count(n, "exchange")));
        }
    }
    lines
}

/// What was lost between packets or for want of room, and what was not understood.
fn beyond(data: &ReportData) -> Vec<String> {
    let named = |is: fn(&str) -> bool| -> u64 {
        data.coverage.anomalies.iter().filter(|row| is(&row.anomaly)).map(|row| row.count).sum()
    };
    let gaps: u64 = data.coverage.flows.iter().map(|flow| flow.gap_bytes).sum();
    let told = [
        (gaps, bytes(gaps), "of payload missing: it was sent, and no packet brought it"),
        counted(
            named(|name| name == MESSAGES_LOST.0),
            "gap",
            "wide enough to hold whole exchanges that nothing tells of",
        ),
        counted(
            named(|name| name.starts_with("evicted-for-")),
            "connection",
            "read no further for want of memory (`--memory`)",
        ),
        counted(
            named(|name| name == BEYOND),
            "request",
            "of clients, services or endpoints without a row for want of memory (`--memory`)",
        ),
        counted(
            named(|name| [START_INVALID.0, NOT_RESYNCHRONISED.0].contains(&name)),
            "place",
            "where a message should begin and none did",
        ),
    ];
    let told = told.into_iter().filter(|(n, ..)| *n > 0);
    told.map(|(_, many, what)| format!("{many} {what}")).collect()
}

fn counted<'a>(n: u64, of: &str, what: &'a str) -> (u64, String, &'a str) {
    (n, count(n, of), what)
}

fn unread_flows(data: &ReportData) -> Vec<String> {
    let mut outcomes: BTreeMap<&str, (u64, u64, u64)> = BTreeMap::new();
    for flow in data.coverage.flows.iter().filter(|f| f.bytes > 0 && !is_read(&f.outcome)) {
        let (servers, flows, bytes) = outcomes.entry(&flow.outcome).or_default();
        *servers += 1;
        *flows += flow.flows;
        *bytes += flow.bytes;
    }
    let told = |(outcome, (servers, flows, n)): (&str, (u64, u64, u64))| {
        let what = match outcome {
            "tls" => "encrypted (TLS): what they carry is not visible".to_owned(),
            "unidentified" => "of a protocol that was not recognised".to_owned(),
            other => format!("{other}: recognised, not read"),
        };
        let (flows, servers) = (count(flows, "flow"), count(servers, "server"));
        format!("{flows} to {servers}, {}, {what}", bytes(n))
    };
    outcomes.into_iter().map(told).collect()
}

/// Whether what such flows carry was read.
fn is_read(outcome: &str) -> bool {
    protocol_named(outcome).is_some_and(|protocol| protocol.read)
}
