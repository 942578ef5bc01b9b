//! Who sends HL7 v2 messages, and who was never seen before.
//!
//! A sender is an address with the application and facility that it names (MSH-3, MSH-4). It was
//! never seen before when its first message to a service came more than [`KNOWN_AFTER_NS`] of
//! packet time after the first message that the service got from anyone: by then, whoever sends
//! every day is known. The first day of a first run therefore raises nobody, and a later run that
//! goes into the same database is compared with all that it holds. This is a function of the
//! merged rollup alone: it depends neither on the order of captures nor on their split into runs.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::base::{Span, StableHasher, Timestamp};

use super::merge::StableKey;
use super::rollup::{EndpointKey, EndpointStats};

/// The anomaly of messages that nobody acknowledged although they asked for it.
pub const UNACKNOWLEDGED: &str = "hl7v2-unacknowledged";

/// The anomaly of messages that something else than HL7 v2 was answered to.
pub const ANSWER_FOREIGN: &str = "hl7v2-answer-foreign";

/// After so many nanoseconds those who send to a service are known: a day.
pub const KNOWN_AFTER_NS: i64 = 86_400_000_000_000;

/// Who sends HL7 v2 messages.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sender {
    /// Its address.
    pub client: IpAddr,
    /// Application and facility: `REGADT / NORTH`.
    pub name: Option<Arc<str>>,
}

impl StableKey for Sender {
    fn stable_hash(&self, hasher: &StableHasher) -> u64 {
        let name = self.name.as_deref().unwrap_or_default();
        hasher.hash(format!("{}\0{name}", self.client).as_bytes())
    }
}

/// What adds up per sender.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SenderStats {
    /// Messages.
    pub messages: u64,
    /// When.
    pub span: Span,
}

impl SenderStats {
    /// Adds what was seen elsewhere of the same sender.
    pub fn merge(&mut self, other: SenderStats) {
        self.messages += other.messages;
        self.span.merge(other.span);
    }
}

/// Senders that were never seen before, by the endpoint that their first message reached.
#[derive(Debug, Default)]
pub struct NewSenders {
    by_endpoint: BTreeMap<EndpointKey, Vec<(Sender, SenderStats)>>,
}

impl NewSenders {
    /// Of all endpoints.
    pub fn of<'a>(
        endpoints: impl IntoIterator<Item = (&'a EndpointKey, &'a EndpointStats)>,
    ) -> NewSenders {
        type First<'a> = (Timestamp, &'a EndpointKey, SenderStats);
        let mut services: BTreeMap<&str, (Timestamp, BTreeMap<&Sender, First<'_>>)> =
            BTreeMap::new();
        for (key, stats) in endpoints {
            if stats.senders.is_empty() {
                continue;
            }
            let (begun, senders) =
                services.entry(&key.service).or_insert_with(|| (Timestamp::MAX, BTreeMap::new()));
            *begun = (*begun).min(stats.span.first);
            for (sender, seen) in &stats.senders {
                let mine = (seen.span.first, key, *seen);
                let first = senders.entry(sender).or_insert(mine);
                // Endpoints come in the order of their keys: of equals the first stays.
                if seen.span.first < first.0 {
                    *first = mine;
                }
            }
        }
        let mut out = NewSenders::default();
        for (begun, senders) in services.into_values() {
            let known = begun.nanos().saturating_add(KNOWN_AFTER_NS);
            for (sender, (first, key, seen)) in senders {
                if first.nanos() > known {
                    let list = out.by_endpoint.entry(key.clone()).or_default();
                    list.push((sender.clone(), seen));
                }
            }
        }
        out
    }

    /// Those of one endpoint.
    pub fn take(&mut self, key: &EndpointKey) -> Vec<(Sender, SenderStats)> {
        self.by_endpoint.remove(key).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = KNOWN_AFTER_NS / 24;

    fn endpoint(operation: &str, seen: &[(u8, &str, i64)]) -> (EndpointKey, EndpointStats) {
        let key = EndpointKey {
            service: "10.0.0.1:2575".into(),
            standard: "hl7v2".into(),
            method: "".into(),
            path: "".into(),
            operation: operation.into(),
        };
        let mut stats = EndpointStats::default();
        for (host, name, hour) in seen {
            let name = (!name.is_empty()).then(|| (*name).into());
            let sender = Sender { client: [10, 0, 0, *host].into(), name };
            let span = Span::at(Timestamp::from_nanos(hour * HOUR));
            stats.senders.entry(sender).or_default().merge(SenderStats { messages: 1, span });
            stats.span.merge(span);
        }
        (key, stats)
    }

    fn found(all: &[(EndpointKey, EndpointStats)]) -> Vec<String> {
        let mut new = NewSenders::of(all.iter().map(|(key, stats)| (key, stats)));
        let mut out = Vec::new();
        for (key, _) in all {
            for (sender, seen) in new.take(key) {
                let name = sender.name.unwrap_or_default();
                out.push(format!("{} {name} {} {}", key.operation, sender.client, seen.messages));
            }
        }
        out
    }

    #[test]
    fn whoever_comes_after_a_day_is_new_and_the_first_day_raises_nobody() {
        let day = [endpoint("ADT^A01", &[(1, "A", 0), (2, "B", 1), (3, "C", 23), (4, "", 24)])];
        assert!(found(&day).is_empty());
        let later = [endpoint("ADT^A01", &[(1, "A", 0), (1, "A", 99), (3, "C", 25), (1, "D", 30)])];
        assert_eq!(found(&later), ["ADT^A01 D 10.0.0.1 1", "ADT^A01 C 10.0.0.3 1"]);
    }

    #[test]
    fn a_known_sender_of_other_messages_is_not_new_and_a_new_one_is_told_once() {
        let all = [
            endpoint("ADT^A01", &[(1, "A", 0), (9, "N", 52), (9, "N", 53)]),
            endpoint("ADT^A08", &[(1, "A", 60), (9, "N", 50)]),
            endpoint("ORU^R01", &[(9, "N", 50)]),
        ];
        assert_eq!(found(&all), ["ADT^A08 N 10.0.0.9 1"]);
    }
}
