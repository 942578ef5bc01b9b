//! Someone sends HL7 v2 messages to a service that had never seen them before. One finding per
//! sender: each is looked at by itself.

use crate::base::network_of;
use crate::model::{FindingKind, Severity};

use super::raise::{About, PostureRule, Raised, Subject};

pub(super) const RULE: PostureRule = PostureRule {
    id: "sender-new",
    kind: FindingKind::Behaviour,
    explanation: "This sender (an address with the application and facility that it names) came a \
        day or more after the receiver was first seen at work. MLLP authenticates nobody: whoever \
        reaches the port can admit, merge and discharge patients, so a new sender is a change that \
        someone planned, or an intrusion. Ask who connected it; where that is known, mark the \
        finding accepted.",
    references: &[
        "OWASP API9:2023 Improper Inventory Management",
        "CWE-306",
        "HIPAA 45 CFR 164.312(d)",
        "GDPR Art. 32",
    ],
    raise,
};

fn raise(subject: Subject<'_>) -> Vec<Raised<'_>> {
    let endpoint = subject.endpoint;
    let raised = subject.facts.new_senders.iter().map(|(sender, seen)| {
        // Of clients reports tell the network only.
        let network = network_of(sender.client);
        let who = match &sender.name {
            Some(name) => format!("{name} from {network}"),
            None => format!("an unnamed sender from {network}"),
        };
        let name = format!("{} {}", sender.client, sender.name.as_deref().unwrap_or_default());
        Raised {
            severity: Severity::Medium,
            title: format!("{} is sent by {who}, never seen before", endpoint.named()),
            direction: None,
            field: None,
            class: None,
            about: Some(About { name, seen: (seen.span.first, seen.span.last) }),
            seen: None,
            count: seen.messages,
        }
    });
    raised.collect()
}

#[cfg(test)]
mod tests {
    use super::super::samples::{clear, endpoint, found};
    use super::*;
    use crate::base::Span;
    use crate::base::Timestamp;
    use crate::inventory::senders::{Sender, SenderStats};

    #[test]
    fn each_new_sender_is_a_finding_with_its_own_times_and_without_its_address() {
        let mut facts = clear();
        assert!(found(RULE.id, &endpoint(), &facts).is_empty());
        for (host, name) in [(7, Some("REG / NORTH")), (8, Some("REG / NORTH")), (9, None)] {
            let sender = Sender { client: [10, 0, 3, host].into(), name: name.map(Into::into) };
            let span = Span::at(Timestamp::from_nanos(i64::from(host)));
            facts.new_senders.push((sender, SenderStats { messages: 2, span }));
        }
        let found = found(RULE.id, &endpoint(), &facts);
        assert_eq!(found.len(), 3);
        let mut times: Vec<i64> = found.iter().map(|f| f.first_seen.nanos()).collect();
        times.sort_unstable();
        assert_eq!(times, [7, 8, 9]);
        assert!(found.iter().all(|f| f.title.contains("10.0.3.0/24") && f.count == 2));
        assert!(!found.iter().any(|f| f.title.contains("10.0.3.7")), "{found:?}");
    }
}
