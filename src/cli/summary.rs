//! What a person reads after a replay or a capture: what was seen, what is exposed, what could not
//! be seen, what to do next.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;

use crate::base::Timestamp;
use crate::base::number::grouped;
use crate::inventory::{Endpoint, Finding, Inventory, Rollup};
use crate::model::{Direction, InputAccount, PacketAccount, Severity};
use crate::protocol::http1::anomalies::{NOT_RESYNCHRONISED, START_INVALID};
use crate::protocol::protocol_named;
use crate::query::{FindingGroup, inventory_groups};
use crate::report::Layout;
use crate::report::text::{escaped, wrapped};

/// What there is to tell.
pub struct Summary<'a> {
    /// What all runs add up to.
    pub inventory: &'a Inventory,
    /// What this run saw.
    pub run: &'a Rollup,
    /// The inputs of this run; of very many the first stands for several.
    pub inputs: &'a [InputAccount],
    /// How many inputs there were.
    pub captures: u64,
    /// Where it was written.
    pub db: &'a Path,
}

/// Lines of findings shown; the rest is a query away.
const FINDINGS_SHOWN: usize = 8;
/// The protocol of which only handshakes are read.
const TLS: &str = "tls";
/// Services that could not be read, shown.
const UNREAD_SHOWN: usize = 5;

/// Prints the summary to standard output, or to standard error when events go there.
pub fn print(summary: &Summary<'_>, to_stdout: bool) -> Result<(), String> {
    let layout = Layout::of_stdout();
    let text = summary.text(layout.width.clamp(60, 120));
    let written = match to_stdout {
        true => io::stdout().lock().write_all(text.as_bytes()),
        false => io::stderr().lock().write_all(text.as_bytes()),
    };
    match written {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(format!("print the summary: {e}")),
        _ => Ok(()),
    }
}

impl Summary<'_> {
    fn text(&self, width: usize) -> String {
        let mut out = String::new();
        self.read(&mut out);
        self.seen(&mut out);
        self.exposed(&mut out, width);
        self.unseen(&mut out, width);
        self.next(&mut out, width);
        out
    }

    fn all_packets(&self) -> PacketAccount {
        let mut all = PacketAccount::default();
        for input in self.inputs {
            all.merge(&input.packets);
        }
        all
    }

    fn read(&self, out: &mut String) {
        let all = self.all_packets();
        let names = match self.inputs {
            [] => "nothing new".to_owned(),
            [one] if self.captures == 1 => escaped(&one.name),
            _ => format!("{} captures", self.captures),
        };
        let packets = count(all.seen, "packet");
        let _ = writeln!(out, "Read {names}: {packets}, {}", bytes(all.bytes));
    }

    fn seen(&self, out: &mut String) {
        let i = self.inventory;
        let requests: u64 = i.endpoints.iter().map(|e| e.requests).sum();
        let _ = writeln!(out, "\nSeen (in {}, all runs)", self.db.display());
        let _ = writeln!(
            out,
            "  {}, {}, {}, {}",
            count(i.services.len() as u64, "service"),
            count(i.endpoints.len() as u64, "endpoint"),
            count(requests, "exchange"),
            count(i.clients.len() as u64, "client"),
        );
        let first = i.endpoints.iter().map(|e| e.first_seen).min();
        let last = i.endpoints.iter().map(|e| e.last_seen).max();
        if let (Some(first), Some(last)) = (first, last) {
            let _ = writeln!(out, "  from {} to {}", second(first), second(last));
        }
        let open = i.endpoints.iter().filter(|e| e.auth.contains_key("none")).count();
        let clear = i.endpoints.iter().filter(|e| e.encrypted != "all").count();
        if !i.endpoints.is_empty() {
            let _ = writeln!(
                out,
                "  {clear} of {} in clear text, {open} called without authentication",
                count(i.endpoints.len() as u64, "endpoint"),
            );
        }
    }

    fn exposed(&self, out: &mut String, width: usize) {
        let findings: Vec<&Finding> = self.inventory.findings.iter().collect();
        let _ = writeln!(out, "\nExposed");
        if findings.is_empty() {
            let _ = writeln!(out, "  nothing was found in what could be seen");
            return;
        }
        let mut by_severity: BTreeMap<Severity, u64> = BTreeMap::new();
        for finding in &findings {
            *by_severity.entry(finding.severity).or_default() += 1;
        }
        let counts: Vec<String> =
            by_severity.iter().rev().map(|(s, n)| format!("{n} {s}")).collect();
        let _ =
            writeln!(out, "  {}: {}", count(findings.len() as u64, "finding"), counts.join(", "));
        self.classes(out, width);
        let _ = writeln!(out);
        let groups = inventory_groups(self.inventory);
        for (group, text) in groups.iter().zip(self.group_lines(&groups)).take(FINDINGS_SHOWN) {
            let severity = format!("  {:<9} ", group.severity);
            out.push_str(&wrapped(&escaped(&text), width, (&severity, &" ".repeat(14))));
        }
        let more: u64 = groups.iter().skip(FINDINGS_SHOWN).map(|g| g.findings).sum();
        if more > 0 {
            let _ = writeln!(out, "  {:<9} and {}", "", count(more, "more finding"));
        }
    }

    /// The groups of `phitap findings`, one line each.
    fn group_lines(&self, groups: &[FindingGroup]) -> Vec<String> {
        // An operation that several services answer is told with its service.
        let mut services: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for endpoint in &self.inventory.endpoints {
            services.entry(&endpoint.operation).or_default().insert(&endpoint.service);
        }
        let shared = |operation: &str| services.get(operation).is_some_and(|s| s.len() > 1);
        let line = |group: &FindingGroup| {
            let operation = group.operation.as_deref().unwrap_or("?");
            let service = group.service.as_deref().filter(|_| shared(operation));
            let service = service.map(|name| format!("{name} ")).unwrap_or_default();
            let direction = group.direction.map(|d| format!(", {d}")).unwrap_or_default();
            let rule = group.rule.replace('-', " ");
            let list = group.data_classes.join(", ");
            let list = if list.is_empty() { list } else { format!(" ({list})") };
            format!("{service}{operation}{direction}: {rule}{list}")
        };
        groups.iter().map(line).collect()
    }

    /// Which classes travel, and on how many endpoints.
    fn classes(&self, out: &mut String, width: usize) {
        let mut endpoints_by_class: BTreeMap<&str, u64> = BTreeMap::new();
        for endpoint in &self.inventory.endpoints {
            let mut classes: Vec<&str> =
                endpoint.data_classes.iter().map(|(_, seen)| seen.class.as_str()).collect();
            classes.sort_unstable();
            classes.dedup();
            for class in classes {
                *endpoints_by_class.entry(class).or_default() += 1;
            }
        }
        let mut classes: Vec<(&str, u64)> = endpoints_by_class.into_iter().collect();
        classes.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        let mut line = String::from("  data classes (endpoints):");
        for (class, endpoints) in classes {
            let word = format!(" {class} ({endpoints})");
            if line.len() + word.len() > width {
                let _ = writeln!(out, "{line}");
                line = "   ".into();
            }
            line.push_str(&word);
        }
        if line.len() > 3 {
            let _ = writeln!(out, "{line}");
        }
    }

    fn unseen(&self, out: &mut String, width: usize) {
        let mut lines = Vec::new();
        self.unread_flows(&mut lines);
        self.lost_packets(&mut lines);
        self.evicted_flows(&mut lines);
        self.damaged(&mut lines);
        self.not_understood(&mut lines);
        let _ = writeln!(out, "\nNot seen");
        if lines.is_empty() {
            let exchanges = match self.run.endpoints.is_empty() {
                true => "no exchange was among them",
                false => "every exchange was whole",
            };
            let _ = writeln!(out, "  nothing: every packet was analysed and {exchanges}");
        }
        for line in lines {
            out.push_str(&wrapped(&escaped(&line), width, ("  ", "    ")));
        }
    }

    fn unread_flows(&self, lines: &mut Vec<String>) {
        let mut unread: Vec<_> = self
            .run
            .flows
            .iter()
            .filter(|(key, stats)| (key.outcome == TLS || !is_read(key.outcome)) && stats.bytes > 0)
            .collect();
        unread.sort_by(|a, b| b.1.bytes.cmp(&a.1.bytes).then(a.0.cmp(b.0)));
        for (key, stats) in unread.iter().take(UNREAD_SHOWN) {
            let what = match key.outcome {
                TLS => "encrypted (TLS)".into(),
                "unidentified" => "of an unknown protocol".into(),
                other => format!("{other}: told apart, not read yet"),
            };
            let flows = count(stats.flows, "flow");
            lines.push(format!("{flows} to {}, {}, {what}", key.server, bytes(stats.bytes)));
        }
        if unread.len() > UNREAD_SHOWN {
            lines.push(format!(
                "and {} more servers: see phitap coverage",
                unread.len() - UNREAD_SHOWN
            ));
        }
    }

    fn evicted_flows(&self, lines: &mut Vec<String>) {
        let evicted =
            self.run.anomalies.iter().filter(|(name, _)| name.starts_with("evicted-for-"));
        let flows = evicted.map(|(_, flows)| flows).sum();
        if flows > 0 {
            let flows = count(flows, "flow");
            lines.push(format!("{flows} ended early for want of memory: raise --memory"));
        }
    }

    /// What stood where a message should begin, in flows of which others were read.
    fn not_understood(&self, lines: &mut Vec<String>) {
        let times: u64 = [START_INVALID, NOT_RESYNCHRONISED]
            .iter()
            .filter_map(|a| self.run.anomalies.get(a.0))
            .sum();
        if times > 0 {
            let times = count(times, "time");
            lines.push(format!("{times} no message began where one should: phitap coverage"));
        }
    }

    fn lost_packets(&self, lines: &mut Vec<String>) {
        let all = self.all_packets();
        if all.seen == 0 {
            let why = if self.inputs.is_empty() { ": there was no new capture" } else { "" };
            lines.push(format!("no packet was read{why}"));
        }
        if all.filtered > 0 {
            let hint = if all.filtered == all.seen {
                ", all there were: what has a VLAN tag matches behind `vlan` only, such as: \
                 tcp port 80 or (vlan and tcp port 80)"
            } else {
                ""
            };
            lines.push(format!("{} filtered out{hint}", count(all.filtered, "packet")));
        }
        if all.dropped > 0 {
            lines.push(format!(
                "{} lost in the kernel's buffer of what captured: raise it (--buffer)",
                count(all.dropped, "packet")
            ));
        }
        for (reasons, verb) in [
            (&all.shed, "discarded"),
            (&all.skipped, "not analysed"),
            (&all.malformed, "malformed"),
        ] {
            for (reason, n) in reasons {
                lines.push(format!("{} {verb}: {reason}", count(*n, "packet")));
            }
        }
        if all.cut > 0 {
            lines.push(format!("{} cut by the capture's snap length", count(all.cut, "packet")));
        }
        let gaps: u64 = self.run.flows.values().map(|f| f.gap_bytes).sum();
        if gaps > 0 {
            lines.push(format!("{} of payload missing in gaps", bytes(gaps)));
        }
    }

    fn damaged(&self, lines: &mut Vec<String>) {
        // Those of TLS are told by server.
        let readable = || self.inventory.endpoints.iter().filter(|e| e.standard != TLS);
        let sum = |of: fn(&Endpoint) -> u64| readable().map(of).sum::<u64>();
        self.unread_bodies(lines);
        for (n, what) in [
            (sum(|e| e.coverage.one_sided), "of which only one side was seen"),
            (sum(|e| e.coverage.gaps), "with a gap"),
            (
                sum(|e| e.coverage.truncated),
                "whose end is missing, or of which only a part was sent",
            ),
            (sum(|e| e.coverage.undecoded), "with a body that could not be decoded"),
            (sum(|e| e.coverage.ambiguous), "that receivers may have read differently"),
        ] {
            if n > 0 {
                lines.push(format!("{} {what}", count(n, "exchange")));
            }
        }
    }

    /// Bodies that are no text, by kind: `8 bodies are no text and were not read: 5 image, 3 pdf`.
    fn unread_bodies(&self, lines: &mut Vec<String>) {
        let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
        for endpoint in &self.inventory.endpoints {
            for (kind, bodies) in &endpoint.coverage.unread_bodies {
                *kinds.entry(kind).or_default() += bodies;
            }
        }
        let bodies = match kinds.values().sum() {
            0 => return,
            1 => "1 body is no text and was not read".to_owned(),
            n => format!("{} bodies are no text and were not read", grouped(n)),
        };
        let mut kinds: Vec<(&str, u64)> = kinds.into_iter().collect();
        kinds.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        let kinds: Vec<String> =
            kinds.iter().map(|(kind, n)| format!("{} {kind}", grouped(*n))).collect();
        lines.push(format!("{bodies}: {}", kinds.join(", ")));
    }

    fn next(&self, out: &mut String, width: usize) {
        let db = match self.db.to_str() {
            Some(super::config::DEFAULT_DB) | None => String::new(),
            Some(path) => format!(" --db {path}"),
        };
        let _ = writeln!(out, "\nNext");
        let mut hints: Vec<(String, &str)> = Vec::new();
        let mut hint = |command: &str, why| hints.push((format!("phitap {command}{db}"), why));
        if !self.inventory.findings.is_empty() {
            let worst = self.inventory.findings.iter().map(|f| f.severity).max();
            let worst = worst.unwrap_or_default().min(Severity::High);
            hint(&format!("findings --severity {worst}"), "what to fix first, and why");
        }
        let returned = self.inventory.endpoints.iter().flat_map(|e| &e.data_classes);
        let first =
            returned.filter(|(d, _)| *d == Direction::ToClient).map(|(_, c)| &c.class).min();
        if let Some(class) = first {
            hint(&format!("fields --class {class}"), "which fields carry a data class");
        }
        hint("endpoints", "what answers, worst first");
        hint("coverage", "what could not be seen, and why");
        out.push_str(&hint_lines(&hints, width));
    }
}

/// Commands beside what they are for; one below the other where that would be too wide. A command
/// is never cut: it is there to be copied.
fn hint_lines(hints: &[(String, &str)], width: usize) -> String {
    let chars = |text: &str| text.chars().count();
    let column = hints.iter().map(|(command, _)| chars(command)).max().unwrap_or(0).max(42);
    let fits = hints.iter().all(|(_, why)| column + chars(why) + 5 <= width);
    let mut out = String::new();
    for (command, why) in hints {
        let _ = match fits {
            true => writeln!(out, "  {command:<column$}   {why}"),
            false => writeln!(out, "  {command}\n      {why}"),
        };
    }
    out
}

fn count(n: u64, what: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{} {what}{plural}", grouped(n))
}

fn bytes(n: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let (mut value, mut unit) = (n as f64, 0);
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let unit = UNITS.get(unit).copied().unwrap_or("B");
    if n < 1000 { format!("{n} {unit}") } else { format!("{value:.1} {unit}") }
}

/// `2026-11-21 23:09:41 UTC`
fn second(at: Timestamp) -> String {
    let text = at.to_string();
    let (date, time) = text.split_once('T').unwrap_or((&text, ""));
    format!("{date} {} UTC", time.get(..8).unwrap_or(time))
}

/// Whether messages are made of the flows that speak this.
fn is_read(protocol: &str) -> bool {
    protocol_named(protocol).is_some_and(|known| known.read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_are_aligned_or_below_each_other() {
        let hints = [("phitap endpoints".to_owned(), "what answers"), ("phitap x".into(), "why")];
        let beside = hint_lines(&hints, 80);
        let columns: Vec<_> = ["what answers", "why"]
            .iter()
            .zip(beside.lines())
            .map(|(why, line)| line.find(why).unwrap())
            .collect();
        assert_eq!(columns, [47, 47]);
        let long = [(format!("phitap endpoints --db /var/lib/{}", "x".repeat(50)), "what answers")];
        let below = hint_lines(&long, 80);
        assert!(below.ends_with("xxx\n      what answers\n"), "{below}");
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(count(1, "packet"), "1 packet");
        assert_eq!(count(1_234_567, "packet"), "1,234,567 packets");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(9_300_000), "9.3 MB");
        assert_eq!(second(Timestamp::from_seconds(0, 0)), "1970-01-01 00:00:00 UTC");
    }
}
