//! What a person reads after a replay or a capture: what was seen, what is exposed, what could not
//! be seen, what to do next.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;

use crate::base::Timestamp;
use crate::base::number::grouped;
use crate::inventory::Rollup;
use crate::inventory::room::{BEYOND, OVERFLOW};
use crate::model::{InputAccount, PacketAccount, Severity};
use crate::protocol::http1::anomalies::{NOT_RESYNCHRONISED, START_INVALID};
use crate::protocol::protocol_named;
use crate::query::{Overview, OverviewGroup};
use crate::report::Layout;
use crate::report::text::{escaped, wrapped};
use crate::store::words::direction_name;

/// What there is to tell.
pub struct Summary<'a> {
    /// What all runs add up to.
    pub overview: &'a Overview,
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
pub const FINDINGS_SHOWN: usize = 8;
/// The protocol of which only handshakes are read.
const TLS: &str = "tls";
/// Exchanges of which only the request, and of which only the answer was seen, from which on
/// captures seem to hold one direction each.
const HALVES_MIN: u64 = 3;
/// Captures that are named to be read again.
const CAPTURES_NAMED: usize = 4;
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
        let o = self.overview;
        let _ = writeln!(out, "\nSeen (in {}, all runs)", self.db.display());
        let _ = writeln!(
            out,
            "  {}, {}, {}, {}",
            count(o.services, "service"),
            count(o.endpoints, "endpoint"),
            count(o.requests, "exchange"),
            count(o.clients, "client"),
        );
        if let Some((first, last)) = o.seen {
            let _ = writeln!(out, "  from {} to {}", second(first), second(last));
            let _ = writeln!(
                out,
                "  {} of {} in clear text, {} called without authentication",
                o.in_clear,
                count(o.endpoints, "endpoint"),
                o.unauthenticated,
            );
        }
    }

    fn exposed(&self, out: &mut String, width: usize) {
        let o = self.overview;
        let _ = writeln!(out, "\nExposed");
        if o.findings.is_empty() {
            let _ = writeln!(out, "  nothing was found in what could be seen");
            return;
        }
        let counts: Vec<String> =
            o.findings.iter().rev().map(|(severity, n)| format!("{n} {severity}")).collect();
        let _ = writeln!(out, "  {}: {}", count(o.all_findings(), "finding"), counts.join(", "));
        self.classes(out, width);
        let _ = writeln!(out);
        for group in &o.first {
            let severity = format!("  {:<9} ", group.severity);
            let text = escaped(&group_line(group));
            out.push_str(&wrapped(&text, width, (&severity, &" ".repeat(14))));
        }
        let shown: u64 = o.first.iter().map(|group| group.findings).sum();
        let more = o.all_findings().saturating_sub(shown);
        if more > 0 {
            let _ = writeln!(out, "  {:<9} and {}", "", count(more, "more finding"));
        }
    }

    /// Which classes travel, and on how many endpoints.
    fn classes(&self, out: &mut String, width: usize) {
        let mut classes: Vec<(&String, &u64)> = self.overview.classes.iter().collect();
        if classes.is_empty() {
            return;
        }
        classes.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
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
        self.not_kept(&mut lines);
        self.damaged(&mut lines);
        if self.is_read_apart() {
            lines.push(
                "requests and their answers seem to lie in different captures, which were read \
                 one after the other"
                    .to_owned(),
            );
        }
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

    fn not_kept(&self, lines: &mut Vec<String>) {
        let o = self.overview;
        if o.services_merged > 0 {
            lines.push(format!(
                "{} without rows of their own: they stand as one, {OVERFLOW}",
                count(o.services_merged, "service")
            ));
        }
        let of_run = self.run.anomalies.get(BEYOND).copied().unwrap_or(0);
        let requests = of_run.max(o.requests_beyond);
        if requests > 0 {
            lines.push(format!(
                "{} of clients, services or endpoints without a row: see --memory",
                count(requests, "request")
            ));
        }
    }

    /// Whether the captures look like those of a tap that writes a file for each direction: most
    /// exchanges are halves, and there are some of either kind.
    fn is_read_apart(&self) -> bool {
        let (mut asked, mut answered, mut all) = (0u64, 0u64, 0u64);
        for (key, stats) in self.run.endpoints.iter().filter(|(key, _)| &*key.standard != TLS) {
            all += stats.coverage.exchanges;
            let is_answer = key.operation.starts_with("ACK")
                || key.operation.is_empty() && key.method.is_empty() && key.path.is_empty();
            *(if is_answer { &mut answered } else { &mut asked }) += stats.coverage.one_sided;
        }
        let fewer = asked.min(answered);
        let most_are_halves = (asked + answered) * 2 >= all;
        self.captures > 1 && fewer >= HALVES_MIN && fewer * 10 >= asked && most_are_halves
    }

    /// The captures as they would be named to read them again, where that is not long.
    fn captures_again(&self) -> String {
        let plain = |name: &str| {
            name.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-".contains(&b))
                && !name.starts_with('-')
        };
        let names: Vec<&str> = self.inputs.iter().map(|input| &*input.name).collect();
        let few = names.len() <= CAPTURES_NAMED && names.len() as u64 == self.captures;
        if few && names.iter().all(|name| plain(name)) { names.join(" ") } else { "…".into() }
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
        for (packets, what) in [
            (all.interface_lost, "lost by the interface before that (an estimate)"),
            (all.filter_excluded, "excluded by the filter in the kernel (an estimate)"),
        ] {
            if let Some(packets) = packets.filter(|packets| *packets > 0) {
                lines.push(format!("{} {what}", count(packets, "packet")));
            }
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
        let damaged = &self.overview.damaged;
        self.unread_bodies(lines);
        for (n, what) in [
            (damaged.one_sided, "of which only one side was seen"),
            (damaged.gaps, "with a gap"),
            (damaged.truncated, "whose end is missing, or of which only a part was sent"),
            (damaged.undecoded, "with a body that could not be decoded"),
            (damaged.ambiguous, "that receivers may have read differently"),
        ] {
            if n > 0 {
                lines.push(format!("{} {what}", count(n, "exchange")));
            }
        }
    }

    /// Bodies that are no text, by kind: `8 bodies are no text and were not read: 5 image, 3 pdf`.
    fn unread_bodies(&self, lines: &mut Vec<String>) {
        let kinds = &self.overview.unread_bodies;
        let bodies = match kinds.values().sum() {
            0 => return,
            1 => "1 body is no text and was not read".to_owned(),
            n => format!("{} bodies are no text and were not read", grouped(n)),
        };
        let mut kinds: Vec<(&String, &u64)> = kinds.iter().collect();
        kinds.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        let kinds: Vec<String> =
            kinds.iter().map(|(kind, n)| format!("{} {kind}", grouped(**n))).collect();
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
        if let Some(worst) = self.overview.worst() {
            let worst = worst.min(Severity::High);
            hint(&format!("findings --severity {worst}"), "what to fix first, and why");
        }
        if let Some(class) = &self.overview.returned {
            hint(&format!("fields --class {class}"), "which fields carry a data class");
        }
        hint("endpoints", "what answers, worst first");
        hint("coverage", "what could not be seen, and why");
        if self.is_read_apart() {
            let command = format!("phitap replay --merge --db merged.db {}", self.captures_again());
            hints.push((command, "both directions together, in a database of its own"));
        }
        out.push_str(&hint_lines(&hints, width));
    }
}

/// A group of `phitap findings` in one line. An operation that several services answer is told with
/// its service, and so is what is no operation but says that none could be read: `(encrypted)`.
fn group_line(group: &OverviewGroup) -> String {
    let operation = group.operation.as_deref().unwrap_or("?");
    let nameless = operation.starts_with('(');
    let service = group.service.as_deref().filter(|_| group.shared || nameless);
    let service = service.map(|name| format!("{name} ")).unwrap_or_default();
    let direction = group.direction.map(|d| format!(", {}", direction_name(d))).unwrap_or_default();
    let rule = group.rule.replace('-', " ");
    let list = group.data_classes.join(", ");
    let list = if list.is_empty() { list } else { format!(" ({list})") };
    format!("{service}{operation}{direction}: {rule}{list}")
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
    fn what_is_no_operation_is_told_with_its_service() {
        let group = |operation: &str, shared| OverviewGroup {
            service: Some("ehr.example".to_owned()),
            operation: Some(operation.to_owned()),
            rule: "tls-key-weak".to_owned(),
            shared,
            ..OverviewGroup::default()
        };
        assert_eq!(
            group_line(&group("(encrypted)", false)),
            "ehr.example (encrypted): tls key weak"
        );
        assert_eq!(group_line(&group("GET /a", false)), "GET /a: tls key weak");
        assert_eq!(group_line(&group("GET /a", true)), "ehr.example GET /a: tls key weak");
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
