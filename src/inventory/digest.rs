//! The canonical export of an inventory, and its hash.
//!
//! One line per fact, sorted; equal traffic gives equal lines, whatever the number of workers,
//! the order of flows or the way captures were split. What may differ between two such runs, or
//! is only a way of telling, stays out: run ids, wall times, fingerprints, masks, packet counts,
//! explanations, and the ids of rows that were merged before (they depend on when one looked).

use std::fmt::{Display, Write};

use sha2::{Digest, Sha256};

use crate::base::key::hex;
use crate::model::Direction;

use super::assessed::{Client, Endpoint, Field, Finding, Inventory, Service};
use super::tls::ServiceTls;

/// The name of the format, first line of every export: a change to it changes every digest.
const FORMAT: &str = "phitap-inventory/2";

/// SHA-256 over the canonical lines, each ended by a line feed, in 64 hexadecimal digits.
pub fn digest(inventory: &Inventory) -> String {
    let mut hash = Sha256::new();
    for line in canonical_lines(inventory) {
        hash.update(line.as_bytes());
        hash.update(b"\n");
    }
    hex(&hash.finalize())
}

/// The canonical lines: the format's name, then facts, sorted. Cells are separated by tabs; tabs,
/// line ends and backslashes in them are escaped.
pub fn canonical_lines(inventory: &Inventory) -> Vec<String> {
    let mut lines = Vec::new();
    inventory.services.iter().for_each(|s| service(s, &mut lines));
    inventory.endpoints.iter().for_each(|e| endpoint(e, &mut lines));
    inventory.clients.iter().for_each(|c| client(c, &mut lines));
    inventory.findings.iter().for_each(|f| finding(f, &mut lines));
    lines.sort_unstable();
    lines.insert(0, FORMAT.to_owned());
    lines
}

/// One line.
struct Line(String);

impl Line {
    fn new(kind: &str) -> Line {
        Line(kind.to_owned())
    }

    fn cell(mut self, value: impl Display) -> Line {
        self.0.push('\t');
        let start = self.0.len();
        // Writing to a String cannot fail.
        let _ = write!(self.0, "{value}");
        if self.0.get(start..).is_some_and(|cell| cell.contains(['\t', '\n', '\r', '\\'])) {
            let cell = self.0.split_off(start);
            for c in cell.chars() {
                match c {
                    '\t' => self.0.push_str("\\t"),
                    '\n' => self.0.push_str("\\n"),
                    '\r' => self.0.push_str("\\r"),
                    '\\' => self.0.push_str("\\\\"),
                    c => self.0.push(c),
                }
            }
        }
        self
    }

    /// An absent value differs from an empty one.
    fn optional(self, value: Option<impl Display>) -> Line {
        match value {
            Some(value) => self.cell(format_args!("={value}")),
            None => self.cell("-"),
        }
    }
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::ToServer => "request",
        Direction::ToClient => "response",
    }
}

fn service(s: &Service, lines: &mut Vec<String>) {
    let line = Line::new("service").cell(&s.service).cell(s.endpoints).cell(s.requests);
    let line = line.cell(s.bytes).cell(s.severity).cell(s.first_seen).cell(s.last_seen);
    lines.push(line.0);
    let lists = [("address", &s.addresses), ("protocol", &s.protocols), ("product", &s.names)];
    for (kind, values) in lists {
        for value in values {
            lines.push(Line::new("service-").cell(&s.service).cell(kind).cell(value).0);
        }
    }
    if let Some(shown) = &s.tls {
        tls(&s.service, shown, lines);
    }
}

/// What adds up over TLS sessions. Fingerprints of hellos stay out as those of values do: they are
/// a way of telling who spoke.
fn tls(service: &str, tls: &ServiceTls, lines: &mut Vec<String>) {
    let line = Line::new("tls").cell(service).cell(tls.sessions).cell(tls.resumed);
    let line = line.cell(tls.failed).cell(tls.certificate_requested);
    let line = line.cell(tls.client_certificates);
    let known = |n: Option<u64>| n.map_or_else(String::new, |n| n.to_string());
    lines.push(line.cell(known(tls.clients)).cell(known(tls.bytes)).0);
    let counts = [
        ("version", &tls.versions),
        ("cipher", &tls.ciphers),
        ("key-exchange", &tls.key_exchanges),
        ("alpn", &tls.alpn),
        ("alpn-offered", &tls.alpn_offered),
        ("alert", &tls.alerts),
    ];
    for (kind, counts) in counts {
        for (name, count) in counts {
            lines.push(Line::new("tls-").cell(service).cell(kind).cell(name).cell(count).0);
        }
    }
    let lists = [("name", &tls.names), ("client-issuer", &tls.client_issuers)];
    for (kind, values) in lists.into_iter().chain([("clinical", &tls.clinical)]) {
        for value in values {
            lines.push(Line::new("tls-").cell(service).cell(kind).cell(value).0);
        }
    }
    for c in &tls.certificates {
        let line = Line::new("certificate").cell(service).cell(&c.sha256).cell(&c.subject);
        let line = line.cell(&c.issuer).cell(&c.serial).cell(c.names.join(",")).cell(&c.key);
        let line = line.cell(&c.not_before).cell(&c.not_after).cell(c.self_signed);
        lines.push(line.cell(c.own).0);
    }
}

fn endpoint(e: &Endpoint, lines: &mut Vec<String>) {
    let c = &e.coverage;
    let line = Line::new("endpoint").cell(&e.id).cell(&e.service).cell(&e.standard);
    let line = line.cell(&e.operation).optional(e.method.as_ref()).optional(e.path.as_ref());
    let line = line.cell(&e.protocol).cell(e.encrypted).cell(e.severity).cell(e.requests);
    let line = line.cell(e.clients).cell(e.first_seen).cell(e.last_seen);
    let [request, response] = e.body_bytes;
    lines.push(line.cell(request).cell(response).0);
    let line = Line::new("coverage").cell(&e.id).cell(c.exchanges).cell(c.one_sided);
    lines.push(
        line.cell(c.gaps).cell(c.truncated).cell(c.undecoded).cell(c.unread).cell(c.ambiguous).0,
    );
    for (status, count) in &e.statuses {
        lines.push(Line::new("status").cell(&e.id).cell(status).cell(count).0);
    }
    for (kind, counts) in
        [("auth", &e.auth), ("anomaly", &e.anomalies), ("unread", &c.unread_bodies)]
    {
        for (name, count) in counts {
            lines.push(Line::new(kind).cell(&e.id).cell(name).cell(count).0);
        }
    }
    let auth = e.times.auth.iter().map(|(scheme, span)| (scheme.as_str(), span));
    let encryption = [("clear", &e.times.clear), ("tls", &e.times.encrypted)];
    let encryption = encryption.into_iter().filter_map(|(how, span)| Some((how, span.as_ref()?)));
    for (what, span) in auth.chain(encryption) {
        let line = Line::new("times").cell(&e.id).cell(what).cell(span.first).cell(span.last);
        lines.push(line.0);
    }
    for interaction in &e.interactions {
        lines.push(Line::new("interaction").cell(&e.id).cell(interaction).0);
    }
    for (way, class) in &e.data_classes {
        let line = Line::new("endpoint-class").cell(&e.id).cell(direction(*way));
        lines.push(line.cell(&class.class).cell(class.confidence).cell(class.count).0);
    }
    e.fields.iter().for_each(|f| field(&e.id, f, lines));
}

fn field(endpoint: &str, f: &Field, lines: &mut Vec<String>) {
    let place = |kind: &str| {
        let line = Line::new(kind).cell(endpoint).cell(direction(f.direction));
        line.cell(f.location.name()).cell(&f.field)
    };
    let line = place("field").cell(f.types.join(",")).cell(f.seen).cell(f.exchanges);
    lines.push(line.cell(f.first_seen).cell(f.last_seen).0);
    for class in &f.data_classes {
        let line = place("field-class").cell(&class.class).cell(class.confidence);
        lines.push(line.cell(class.count).cell(class.first_seen).cell(class.last_seen).0);
    }
}

fn client(c: &Client, lines: &mut Vec<String>) {
    let line = Line::new("client").cell(&c.client).cell(c.requests);
    lines.push(line.cell(c.first_seen).cell(c.last_seen).0);
    for (kind, values) in [("user-agent", &c.user_agents), ("service", &c.services)] {
        for value in values {
            lines.push(Line::new("client-").cell(&c.client).cell(kind).cell(value).0);
        }
    }
}

fn finding(f: &Finding, lines: &mut Vec<String>) {
    let line = Line::new("finding").cell(&f.id).cell(f.rule).cell(f.kind.name()).cell(f.severity);
    let line = line.cell(&f.endpoint).optional(f.direction.map(direction));
    let line = line.optional(f.location.map(|l| l.name())).optional(f.field.as_ref());
    let line = line.optional(f.data_class.as_ref()).cell(f.count);
    lines.push(line.cell(f.first_seen).cell(f.last_seen).0);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::assess::assess;
    use super::super::judge::{FieldRef, Judge, Judgement, Verdict};
    use super::super::marks::Marks;
    use super::super::rollup::Rollup;
    use super::super::samples::{Seen, observations, rollup_of, shuffled, small_caps};
    use super::*;
    use crate::model::Evidence;

    /// Calls every field whose sample is large enough a record number.
    struct ByNumber;

    impl Judge for ByNumber {
        fn minds_neighbours(&self, _: &str) -> bool {
            false
        }

        fn judge(&self, _: &FieldRef<'_>, evidence: &mut Evidence) -> Judgement {
            let distinct = evidence.sample.entries().count();
            let confidence = u8::try_from(distinct.min(10) * 10).unwrap();
            let verdict = Verdict {
                class: "health.mrn".into(),
                confidence,
                count: evidence.seen,
                span: evidence.span,
                in_text: false,
            };
            Judgement { verdicts: vec![verdict], reasons: vec![format!("{distinct} distinct")] }
        }
    }

    fn inventory(rollup: Rollup) -> Inventory {
        assess(rollup, &ByNumber, &Marks::default(), &small_caps())
    }

    fn whole(seen: &[Seen]) -> Inventory {
        inventory(rollup_of(seen, &small_caps()))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn order_split_and_early_compaction_give_one_digest(
            seen in observations(80),
            seed: u8,
            cut: prop::sample::Index,
        ) {
            let caps = small_caps();
            let other = shuffled(&seen, seed);
            let (head, tail) = other.split_at(cut.index(other.len() + 1));
            let (mut left, mut right) = (rollup_of(head, &caps), rollup_of(tail, &caps));
            left.compact(&caps);
            right.merge(left, &caps);
            right.compact(&caps);
            let (a, b) = (whole(&seen), inventory(right));
            prop_assert_eq!(canonical_lines(&a), canonical_lines(&b));
            prop_assert_eq!(digest(&a), digest(&b));
        }

        #[test]
        fn one_more_observation_changes_the_digest(seen in observations(30)) {
            prop_assume!(!seen.is_empty());
            prop_assert_ne!(digest(&whole(&seen)), digest(&whole(&seen[1..])));
        }
    }

    #[test]
    fn masks_explanations_and_merged_ids_stay_out() {
        let mut inventory = whole(&[Seen {
            service: 0,
            path: vec![1],
            client: 1,
            key: "k".into(),
            value: 4,
            at: 5,
            status: 200,
            encrypted: false,
        }]);
        let before = digest(&inventory);
        for endpoint in &mut inventory.endpoints {
            endpoint.absorbed.push("ep-0".into());
            for field in &mut endpoint.fields {
                field.mask = Some("9{4}".into());
                field.explanation.clear();
            }
        }
        assert_eq!(digest(&inventory), before);
        inventory.endpoints[0].requests += 1;
        assert_ne!(digest(&inventory), before);
    }

    #[test]
    fn lines_are_sorted_and_cells_cannot_be_confused() {
        let client = |name: &str| Client {
            client: name.into(),
            user_agents: vec!["x\ny".into()],
            services: vec![],
            requests: 1,
            first_seen: Default::default(),
            last_seen: Default::default(),
        };
        let clients = ["a\tb", "a", "a\\tb"].map(client).into();
        let inventory = Inventory { clients, ..Default::default() };
        let lines = canonical_lines(&inventory);
        assert_eq!(lines[0], FORMAT);
        assert!(lines[1..].is_sorted());
        assert!(lines.iter().all(|l| !l.contains('\n')));
        assert!(lines.iter().any(|l| l.starts_with("client\ta\\tb\t")));
        assert!(lines.iter().any(|l| l.starts_with("client\ta\\\\tb\t")));
    }
}
