//! How long was recorded, and who sent messages: what a report tells beside the inventory.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::QueryError;
use crate::base::{Span, Timestamp, network_of};
use crate::store::{Reader, StoredInput};

/// Packets this far apart lie in one recording: files that follow each other meet within seconds.
const JOINED: Duration = Duration::from_secs(60);

/// The times in which packets were recorded, whatever was seen in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Time of all stretches together.
    pub time: Duration,
    /// Stretches without a break.
    pub stretches: u64,
    /// What lies between them, the longest first.
    pub breaks: Vec<(Timestamp, Timestamp)>,
}

/// What the inputs recorded; nothing where that is not known of each that has packets.
pub fn recorded(inputs: &[StoredInput]) -> Option<Recorded> {
    let packets = || inputs.iter().map(|i| &i.record.account.packets).filter(|p| p.seen > 0);
    if packets().any(|p| p.span.is_never() && p.seen > p.dropped) {
        return None;
    }
    let mut spans: Vec<Span> = packets().map(|p| p.span).filter(|s| !s.is_never()).collect();
    spans.sort_by_key(|span| (span.first, span.last));
    let mut stretches: Vec<Span> = Vec::new();
    for span in spans {
        match stretches.last_mut() {
            Some(last) if span.first.since(last.last) <= JOINED => last.merge(span),
            _ => stretches.push(span),
        }
    }
    let between = stretches.windows(2).filter_map(|pair| match pair {
        [one, next] => Some((one.last, next.first)),
        _ => None,
    });
    let mut breaks: Vec<(Timestamp, Timestamp)> = between.collect();
    breaks.sort_by_key(|(from, to)| std::cmp::Reverse(to.since(*from)));
    (!stretches.is_empty()).then(|| Recorded {
        time: stretches.iter().map(|s| s.last.since(s.first)).sum(),
        stretches: stretches.len() as u64,
        breaks,
    })
}

/// An application that sends HL7 v2 messages to a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendingApplication {
    /// `REGADT / NORTH`; none where messages do not name it.
    pub name: Option<String>,
    /// Who takes them.
    pub service: String,
    /// `ADT^A01`, sorted.
    pub operations: Vec<String>,
    /// Networks it sends from, sorted.
    pub networks: Vec<String>,
    /// Messages.
    pub messages: u64,
    /// Packet time of the last.
    pub last_seen: Timestamp,
}

/// Those that were seen, the busiest first.
pub fn sending_applications(reader: &Reader) -> Result<Vec<SendingApplication>, QueryError> {
    type Sets = (BTreeSet<String>, BTreeSet<String>, u64, Span);
    let mut found: BTreeMap<(Option<String>, String), Sets> = BTreeMap::new();
    for row in reader.senders()? {
        for (sender, stats) in row.senders {
            let name = sender.name.as_deref().map(str::to_owned);
            let key = (name, row.service.clone());
            let (operations, networks, messages, span) = found.entry(key).or_default();
            if !row.operation.is_empty() {
                operations.insert(row.operation.clone());
            }
            networks.insert(network_of(sender.client));
            *messages += stats.messages;
            span.merge(stats.span);
        }
    }
    let row = |((name, service), (operations, networks, messages, span)): (_, Sets)| {
        let (operations, networks) = (Vec::from_iter(operations), Vec::from_iter(networks));
        SendingApplication { name, service, operations, networks, messages, last_seen: span.last }
    };
    let mut rows: Vec<SendingApplication> = found.into_iter().map(row).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.messages));
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(first_s: i64, last_s: i64) -> StoredInput {
        let at = |s: i64| Timestamp::from_nanos(s * 1_000_000_000);
        let mut input = StoredInput { run: crate::store::RunId(1), record: Default::default() };
        let packets = &mut input.record.account.packets;
        (packets.seen, packets.analysed) = (1, 1);
        packets.span = Span { first: at(first_s), last: at(last_s) };
        input
    }

    #[test]
    fn what_was_recorded_is_what_all_inputs_cover_and_breaks_are_what_none_does() {
        let hour = 3600;
        let inputs = [
            input(2 * hour, 3 * hour),
            input(0, hour),
            input(hour / 2, hour + 1800),
            // The next file of the same recording.
            input(3 * hour + 59, 4 * hour),
            input(30 * hour, 31 * hour),
        ];
        let told = recorded(&inputs).unwrap();
        assert_eq!((told.time.as_secs(), told.stretches), (4 * 3600 + 1800, 3));
        let breaks: Vec<i64> =
            told.breaks.iter().map(|(from, _)| from.nanos() / 1_000_000_000).collect();
        assert_eq!(breaks, [4 * hour, hour + 1800]);
        let one = recorded(&inputs[..1]).unwrap();
        assert_eq!((one.time.as_secs(), one.stretches, one.breaks.len()), (3600, 1, 0));
        assert_eq!(recorded(&[]), None);
        // Of an older database it is not known.
        let mut unknown = input(0, 0);
        unknown.record.account.packets.span = Span::NEVER;
        assert_eq!(recorded(&[input(0, 1), unknown.clone()]), None);
        unknown.record.account.packets.seen = 0;
        assert!(recorded(&[input(0, 1), unknown]).is_some());
    }
}
