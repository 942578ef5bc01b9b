//! What every form of the report says in words.

use std::collections::BTreeSet;
use std::time::Duration;

use super::plain;
use super::text::cut_end;
use super::unseen::silence;
use crate::base::Timestamp;
use crate::inventory::operation_at;
use crate::query::{
    ChangeRow, Changes, ClientGroup, EndpointRow, ExposedService, FindingRow, FirstThing,
    ReportData, SendingApplication, Since,
};

/// How it was done, and what it cannot say.
pub(super) const METHOD: &[&str] = &[
    "phitap listened to copies of packets (or read recordings of them) and sent nothing. It puts \
     the conversations back together, names what was asked and answered, and judges each field by \
     all values that were seen in it: check digits against chance, forms, names, and places that a \
     standard defines.",
    "No detected value is kept: a field is described by counts, keyed hashes and a mask. Addresses \
     of clients stand here by network only.",
    "A confidence is the share of certainty that the evidence of a field gives, from 0 to 100. \
     Findings rest on classes of at least 50.",
    "The report tells of what passed the sensor in the time watched. What did not pass it, was \
     encrypted, or was not called in that time is not in it: that nothing was found is no proof \
     that there is nothing.",
    "References name requirements that a finding supports evidence for. Whether a requirement is \
     met or broken is for people to judge, who know what surrounds the system.",
];

/// What is said of an endpoint of which everything was seen.
pub(super) const WHOLE: &str = "–";

/// Characters of an operation within a sentence.
const OPERATION_MAX: usize = 100;

/// What is signed for.
pub(super) const SIGN_OFF: &str = "Read and discussed; the actions above are assigned.";

/// `2026-11-21 08:15:00 UTC`
pub(super) fn second(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{} UTC", text.get(..19).unwrap_or(&text).replacen('T', " ", 1))
}

/// `2 days 3 hours`, in the two largest units.
pub(super) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let units =
        [(seconds / 86_400, "day"), (seconds / 3600 % 24, "hour"), (seconds / 60 % 60, "minute")];
    let words: Vec<String> = units
        .into_iter()
        .chain([(seconds % 60, "second")])
        .skip_while(|(n, _)| *n == 0)
        .take(2)
        .filter(|(n, _)| *n > 0)
        .map(|(n, unit)| count(n, unit))
        .collect();
    if words.is_empty() { "less than a second".into() } else { words.join(" ") }
}

/// `1 endpoint`, `3 endpoints`
pub(super) fn count(n: u64, what: &str) -> String {
    let plural = match what.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o']) => format!("{stem}ies"),
        _ if what.ends_with('s') => format!("{what}es"),
        _ => format!("{what}s"),
    };
    if n == 1 { format!("1 {what}") } else { format!("{n} {plural}") }
}

/// `1.5 MB`, rounded as the summary of a run does.
pub(super) fn bytes(n: u64) -> String {
    if n < 1000 {
        return format!("{n} bytes");
    }
    let rounded =
        |(unit, name): (u64, &'static str)| (n.saturating_add(unit / 20) / (unit / 10), name);
    let units = [(1_000, "kB"), (1_000_000, "MB"), (1_000_000_000, "GB")].map(rounded);
    let fits = units.iter().find(|(tenths, _)| *tenths < 10_000);
    let (tenths, unit) = *fits.unwrap_or(&units[2]);
    match tenths % 10 {
        0 => format!("{} {unit}", tenths / 10),
        tenth => format!("{}.{tenth} {unit}", tenths / 10),
    }
}

/// What was watched and for how long.
pub(super) fn watched(data: &ReportData) -> String {
    let inputs = data.coverage.packets.iter().filter(|p| p.scope == "input").count();
    let from = format!("{} in {}", count(inputs as u64, "input"), count(data.runs, "run"));
    match data.watched {
        Some((first, last)) => {
            let whole = span(last.since(first));
            let (first, last) = (second(first), second(last));
            match data.recorded.as_ref().filter(|recorded| recorded.stretches > 1) {
                Some(recorded) => {
                    let (time, stretches) = (span(recorded.time), recorded.stretches);
                    format!(
                        "{first} to {last} ({whole}, of which {time} were recorded, in \
                         {stretches} stretches), {from}"
                    )
                }
                None => format!("{first} to {last} ({whole}), {from}"),
            }
        }
        None => format!("no exchange was seen, {from}"),
    }
}

/// What was seen in a sentence or two, for whoever reads no further.
pub(super) fn summary(data: &ReportData) -> String {
    let clients: u64 = data.groups.iter().map(|g| g.clients).sum();
    let seen = format!(
        "{} called by {}.",
        seen(data.services.len() as u64, "service"),
        count(clients, "computer")
    );
    if data.services.is_empty() {
        return format!("{} Of what is exposed this report can say nothing.", silence(data));
    }
    let carrying = || data.services.iter().filter(|s| !s.classes.is_empty());
    let many = carrying().count() as u64;
    if many == 0 {
        return format!(
            "{seen} No personal, health or secret data was recognised in what could be read."
        );
    }
    let clear = carrying().filter(|s| s.clear > 0).count();
    let open = carrying().filter(|s| s.unauthenticated > 0).count();
    format!(
        "{seen} Personal, health or secret data was recognised at {}: {clear} of them with calls \
         that are not encrypted, {open} with calls that need no login. What is encrypted, or did \
         not pass the sensor, is not in these numbers.",
        count(many, "service")
    )
}

/// Networks of clients named in one cell.
const CALLERS_MAX: usize = 3;

/// Who calls a service: `17 in 10.0.1.0/24 (15) and 10.3.0.0/24 (2)`.
pub(super) fn callers(service: &ExposedService) -> String {
    told_callers(service.clients, &service.callers)
}

fn told_callers(all: u64, callers: &[(String, u64)]) -> String {
    match callers {
        [] => "none was seen".to_owned(),
        [(network, clients)] => format!("{clients} in {network}"),
        networks => {
            let of = |(network, clients): &(String, u64)| format!("{network} ({clients})");
            let mut named: Vec<String> = networks.iter().take(CALLERS_MAX).map(of).collect();
            let left = networks.len().saturating_sub(CALLERS_MAX) as u64;
            if left > 0 {
                named.push(count(left, "other network"));
            }
            let last = named.pop().unwrap_or_default();
            format!("{all} in {} and {last}", named.join(", "))
        }
    }
}

/// `1 service was seen,`
fn seen(n: u64, what: &str) -> String {
    format!("{} {} seen,", count(n, what), if n == 1 { "was" } else { "were" })
}

/// The operation of an endpoint with where it is asked.
pub(super) fn operation(endpoint: &EndpointRow) -> String {
    operation_at(&endpoint.operation, (endpoint.method.as_deref(), endpoint.path.as_deref()))
}

/// The same of a finding.
pub(super) fn operation_of(finding: &FindingRow) -> String {
    let operation = finding.operation.as_deref().unwrap_or_default();
    operation_at(operation, (finding.method.as_deref(), finding.path.as_deref()))
}

/// In which order the rows of each table stand, which is cut where it is long.
pub(super) const SERVICES_ORDER: &str = "Services, the most severe first, then those with most \
    open findings; data that most of their endpoints carry stands first";
pub(super) const ENDPOINTS_ORDER: &str = "Endpoints, the most severe first, then those whose \
    data is surest, then those asked most";
pub(super) const CLASSES_ORDER: &str =
    "Data classes, those that most endpoints carry first, then the surest";
pub(super) const FLOWS_ORDER: &str =
    "Data classes by service, and who calls it; those asked most first";
pub(super) const SENDERS_ORDER: &str = "Senders of HL7 v2 messages, those that send most first";
pub(super) const CHANGES_ORDER: &str =
    "What is new, gone or different: endpoints first, then by service and operation";
/// Behind how many there are.
pub(super) const FINDINGS_ORDER: &str =
    "the most severe first, then those nobody has looked at, then those seen most often";

/// Client networks named in one cell.
const NETWORKS_PER_CELL: usize = 4;

/// The networks of those who call `service`, with how many they are.
pub(super) fn networks(groups: &[ClientGroup], service: &str) -> String {
    let callers: Vec<(&str, u64)> = groups
        .iter()
        .filter_map(|g| Some((g.network.as_str(), *g.services.get(service)?)))
        .collect();
    let shown = callers.iter().take(NETWORKS_PER_CELL);
    let words: Vec<String> =
        shown.map(|(network, n)| format!("{network} ({})", count(*n, "client"))).collect();
    let mut text = words.join(", ");
    if callers.len() > NETWORKS_PER_CELL {
        text += &format!(" and {} more", callers.len() - NETWORKS_PER_CELL);
    }
    text
}

/// Why what is to be done first is that.
pub(super) fn why_first(data: &ReportData) -> String {
    let problems: BTreeSet<(&str, Option<&str>)> = data
        .findings
        .iter()
        .flat_map(|group| &group.open)
        .map(|finding| (finding.rule, finding.service.as_deref()))
        .collect();
    let (shown, all) = (data.first.len(), problems.len());
    let which = match all > shown {
        true => format!("{shown} of {}", count(all as u64, "problem")),
        false => count(all as u64, "problem"),
    };
    format!(
        "{which}, each of one kind at one service: the most severe first, then those with most \
         findings, then those seen most often. No kind has more than two places while others wait."
    )
}

/// The columns of the table of sending applications.
pub(super) const SENDER_HEADS: [&str; 6] =
    ["Application", "Sends from", "To", "Kinds of message", "Messages", "Last seen (UTC)"];

/// What is said above it.
pub(super) const SENDERS: &str = "What HL7 v2 messages call their sender (application \
    and facility, MSH-3 and MSH-4), and the networks they came from. An application that nobody \
    knows, or that sends from an unexpected network, is worth a question.";

/// A row of that table without the number of messages.
pub(super) fn sender(sender: &SendingApplication) -> [String; 5] {
    let name = sender.name.clone().unwrap_or_else(|| "(not named)".to_owned());
    let last = second(sender.last_seen);
    let last = last.get(..16).unwrap_or(&last).to_owned();
    let some = |names: &[String]| {
        let shown = names.get(..SENDER_NAMES_MAX).unwrap_or(names);
        let more = names.len() - shown.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        shown.join(", ") + &more
    };
    [name, some(&sender.networks), sender.service.clone(), some(&sender.operations), last]
}

/// Networks, or types of messages, named in one of its cells.
const SENDER_NAMES_MAX: usize = 6;

/// How often an endpoint was asked, in digits written by `digits`; of what is encrypted only
/// sessions can be counted.
pub(super) fn requests(endpoint: &EndpointRow, digits: impl Fn(u64) -> String) -> String {
    match endpoint.sessions {
        Some(1) => "1 session".to_owned(),
        Some(sessions) => format!("{} sessions", digits(sessions)),
        None => digits(endpoint.requests),
    }
}

/// The evidence for one of the things to do first.
pub(super) fn evidence(thing: &FirstThing) -> String {
    let mut text = count(thing.findings, "finding");
    // Of what is encrypted the operation says nothing.
    let named: Vec<&String> = thing.operations.iter().filter(|o| !o.starts_with('(')).collect();
    if let Some((operation, rest)) = named.split_first() {
        text += &format!(", {}", cut_end(operation, OPERATION_MAX));
        if !rest.is_empty() {
            let more = rest.len();
            text += &format!(" and {more} more operation{}", if more == 1 { "" } else { "s" });
        }
    }
    if !thing.classes.is_empty() {
        let shown: Vec<&str> = thing.classes.iter().take(4).map(|c| plain::named(c)).collect();
        text += &format!("; {}", shown.join(", "));
        if thing.classes.len() > shown.len() {
            let more = (thing.classes.len() - shown.len()) as u64;
            text +=
                &format!(" and {more} more {} of data", if more == 1 { "kind" } else { "kinds" });
        }
    }
    text
}

/// A service as people may know it: one that has no name by what its servers call themselves.
pub(super) fn called(data: &ReportData, service: &str) -> String {
    let known = || data.services.iter().find(|s| s.row.service == service);
    let nameless = service.parse::<std::net::SocketAddr>().is_ok();
    match known().filter(|_| nameless).map(|s| s.row.names.as_slice()) {
        Some([name, rest @ ..]) => {
            let more = if rest.is_empty() { "" } else { ", …" };
            format!("{service} ({name}{more})")
        }
        _ => service.to_owned(),
    }
}

/// Where a finding is: `response body $.ssn`.
pub(super) fn place(finding: &FindingRow) -> String {
    let parts = [finding.direction, finding.location, finding.field.as_deref()];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// What someone decided about a finding: `accepted until 2027-01-01: behind a gateway (ada)`.
pub(super) fn decision(finding: &FindingRow) -> String {
    let mut text = finding.state.to_owned();
    if let Some(until) = &finding.until {
        text += &format!(" until {}", until.get(..10).unwrap_or(until));
    }
    if let Some(reason) = &finding.reason {
        text += &format!(": {reason}");
    }
    if let Some(owner) = &finding.owner {
        text += &format!(" ({owner})");
    }
    text
}

/// Since when changes are told.
pub(super) fn since(since: Since) -> String {
    match since {
        Since::Report(made, covered) => format!(
            "Since the last report, which was made {} and told of what was seen until {}.",
            second(made),
            second(covered)
        ),
        Since::Time(at) => format!("Since {}.", second(at)),
    }
}

/// What was removed since, of which no name is left.
pub(super) fn removed(changes: &Changes) -> Option<String> {
    let many = |n: u64, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let (services, endpoints) = changes.removed;
    (changes.removed != (0, 0)).then(|| {
        let (services, endpoints) = (many(services, "service"), many(endpoints, "endpoint"));
        format!("Of what it told of, {services} and {endpoints} were removed (phitap db purge).")
    })
}

/// What changed: the place, and what was and is so.
pub(super) fn changed(row: &ChangeRow) -> (String, String) {
    let at = (row.method.as_deref(), row.path.as_deref());
    let operation = row.operation.as_deref().map(|operation| operation_at(operation, at));
    let place = [operation.as_deref(), row.direction.as_deref(), row.field.as_deref()];
    let place = place.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let how = match (&row.data_class, row.before.is_empty(), row.after.is_empty()) {
        (Some(class), ..) => class.clone(),
        (None, false, false) => format!("{} → {}", row.before.join(", "), row.after.join(", ")),
        (None, false, true) => format!("carried {}", row.before.join(", ")),
        (None, true, false) => format!("carries {}", row.after.join(", ")),
        (None, true, true) => String::new(),
    };
    (place, how)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_are_told_by_network() {
        let of = |callers: &[(&str, u64)]| {
            let callers: Vec<_> = callers.iter().map(|(n, c)| ((*n).to_owned(), *c)).collect();
            told_callers(callers.iter().map(|(_, clients)| clients).sum(), &callers)
        };
        assert_eq!(of(&[]), "none was seen");
        assert_eq!(of(&[("10.0.1.0/24", 17)]), "17 in 10.0.1.0/24");
        let two = [("10.0.1.0/24", 15), ("10.3.0.0/24", 2)];
        assert_eq!(of(&two), "17 in 10.0.1.0/24 (15) and 10.3.0.0/24 (2)");
        let five = [("a", 5), ("b", 4), ("c", 3), ("d", 2), ("e", 1)];
        assert_eq!(of(&five), "15 in a (5), b (4), c (3) and 2 other networks");
    }

    #[test]
    fn numbers_and_spans_are_words() {
        assert_eq!(span(Duration::from_secs(90)), "1 minute 30 seconds");
        assert_eq!(span(Duration::from_secs(86_400 * 2)), "2 days");
        assert_eq!(span(Duration::from_millis(3)), "less than a second");
        assert_eq!(bytes(999), "999 bytes");
        assert_eq!(bytes(1_520_000), "1.5 MB");
        assert_eq!(["2.4 kB", "2.5 kB"], [bytes(2_449), bytes(2_475)].each_ref().map(|b| &**b));
        assert_eq!(["1 kB", "1 MB"], [bytes(1_000), bytes(999_950)].each_ref().map(|b| &**b));
        assert_eq!(bytes(5_000_000_000_000), "5000 GB");
        assert_eq!(count(2, "query") + &count(1, "class"), "2 queries1 class");
        assert_eq!(count(3, "class"), "3 classes");
    }
}
