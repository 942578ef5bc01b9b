//! A receiver refuses HL7 v2 messages (AE, AR, CE, CR): what they told did not arrive.

use crate::model::{FindingKind, Severity};

use super::raise::{PostureRule, Raised, Subject};

pub(super) const RULE: PostureRule = PostureRule {
    id: "messages-refused",
    kind: FindingKind::Behaviour,
    explanation: "The receiver answered that it could not or would not take these messages. Unless \
        the sender puts them aside and someone looks, an admission, a result or an allergy is \
        missing on the other side. Look in the error queues of the interface, mend the message or \
        the receiver, and send again what was refused.",
    references: &[
        "OWASP API10:2023 Unsafe Consumption of APIs",
        "CWE-703",
        "HIPAA 45 CFR 164.312(c)(1)",
        "HL7 v2.8.2 section 2.9",
    ],
    raise,
};

/// From this share of the answers on the interface as a whole is out of order.
const MANY_PERCENT: u64 = 10;

fn raise(subject: Subject<'_>) -> Vec<Raised<'_>> {
    let endpoint = subject.endpoint;
    let answered: u64 = endpoint.statuses.values().sum();
    let refused = endpoint.statuses.iter().filter(|(status, _)| status.is_refusal());
    let count: u64 = refused.map(|(_, count)| count).sum();
    if count == 0 {
        return Vec::new();
    }
    let many = count.saturating_mul(100) >= answered.saturating_mul(MANY_PERCENT);
    let named = endpoint.named();
    // Acknowledgements on connections of their own say themselves what became of a message.
    let title = if endpoint.operation.starts_with("ACK") {
        format!("{count} of {answered} {named} on connections of their own refuse a message")
    } else {
        format!("{count} of {answered} answers to {named} refuse it")
    };
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
    use std::collections::BTreeMap;

    use super::super::samples::{clear, endpoint, found};
    use super::*;
    use crate::model::{AckCode, Status};

    #[test]
    fn refusals_are_raised_by_their_share() {
        let mut endpoint = endpoint();
        endpoint.operation = "ADT^A01".into();
        let ack = |code| Status::Hl7(code);
        for (refused, severity) in [(1, Severity::Low), (10, Severity::Medium)] {
            endpoint.statuses =
                BTreeMap::from([(ack(AckCode::AppAccept), 90), (ack(AckCode::AppReject), refused)]);
            let found = found(RULE.id, &endpoint, &clear());
            assert_eq!(found.len(), 1);
            assert_eq!((found[0].severity, found[0].count), (severity, refused));
        }
    }

    #[test]
    fn acknowledgements_on_connections_of_their_own_refuse_by_themselves() {
        let mut endpoint = endpoint();
        endpoint.operation = "ACK^A01".into();
        endpoint.statuses = BTreeMap::from([(Status::Hl7(AckCode::AppError), 2)]);
        let raised = found(RULE.id, &endpoint, &clear());
        let title = &raised[0].title;
        assert!(title.starts_with("2 of 2 ACK^A01") && title.ends_with(" refuse a message"));
    }

    #[test]
    fn acceptance_and_an_error_of_http_are_not_raised() {
        let mut endpoint = endpoint();
        endpoint.statuses =
            BTreeMap::from([(Status::Hl7(AckCode::CommitAccept), 9), (Status::Http(500), 9)]);
        assert!(found(RULE.id, &endpoint, &clear()).is_empty());
    }
}
