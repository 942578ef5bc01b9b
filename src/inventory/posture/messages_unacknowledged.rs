//! Nobody acknowledges HL7 v2 messages that ask for it: whether they arrived is not known.

use crate::inventory::assessed::operation_at;
use crate::inventory::senders::UNACKNOWLEDGED;
use crate::model::{FindingKind, Severity};

use super::raise::{PostureRule, Raised, Subject};

pub(super) const RULE: PostureRule = PostureRule {
    id: "messages-unacknowledged",
    kind: FindingKind::Behaviour,
    explanation: "These messages asked for an acknowledgement and got none before their connection \
        ended or later messages were answered, although both directions were seen, or what was \
        answered is no HL7 v2. A sender that \
        waits sends them again, perhaps for ever, and holds back all that come behind; one that \
        does not wait has lost them. Find out which, and whether the receiver has what they told. \
        An acknowledgement that comes on a connection of its own is not joined with its message: \
        where the receiver answers so, these may be in order.",
    references: &[
        "OWASP API10:2023 Unsafe Consumption of APIs",
        "CWE-703",
        "HIPAA 45 CFR 164.312(c)(1)",
        "HL7 v2.8.2 section 2.9",
    ],
    raise,
};

/// From this share of the messages on the interface as a whole is out of order.
const MANY_PERCENT: u64 = 10;

fn raise(subject: Subject<'_>) -> Vec<Raised<'_>> {
    let endpoint = subject.endpoint;
    let Some(&count) = endpoint.anomalies.get(UNACKNOWLEDGED) else { return Vec::new() };
    let many = count.saturating_mul(100) >= endpoint.requests.saturating_mul(MANY_PERCENT);
    let at = (endpoint.method.as_deref(), endpoint.path.as_deref());
    let messages = operation_at(&format!("{} messages", endpoint.operation), at);
    let title = format!("{count} of {} {messages} were never acknowledged", endpoint.requests);
    vec![Raised {
        severity: if many { Severity::Medium } else { Severity::Low },
        title,
        direction: None,
        field: None,
        class: None,
        about: None,
        seen: None,
        count,
    }]
}

#[cfg(test)]
mod tests {
    use super::super::samples::{clear, endpoint, found};
    use super::*;

    #[test]
    fn what_nobody_acknowledged_is_raised_by_its_share() {
        let mut endpoint = endpoint();
        endpoint.requests = 100;
        assert!(found(RULE.id, &endpoint, &clear()).is_empty());
        for (path, at) in [(None, ""), (Some("/in".to_owned()), " at GET /in")] {
            let mut endpoint = endpoint.clone();
            (endpoint.operation, endpoint.path) = ("ADT^A01".into(), path);
            endpoint.anomalies.insert(UNACKNOWLEDGED.into(), 1);
            let said = format!("1 of 100 ADT^A01 messages{at} were never acknowledged");
            assert_eq!(found(RULE.id, &endpoint, &clear())[0].title, said);
        }
        for (count, severity) in [(9, Severity::Low), (10, Severity::Medium)] {
            endpoint.anomalies.insert(UNACKNOWLEDGED.into(), count);
            let found = found(RULE.id, &endpoint, &clear());
            assert_eq!(found.len(), 1);
            assert_eq!((found[0].severity, found[0].count), (severity, count));
        }
    }
}
