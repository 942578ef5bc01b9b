//! Services that show a certificate which is not for the host that the client asked for.

use crate::inventory::tls::titles::{names, these};
use crate::model::{FindingKind, Severity};

use super::raise::{PostureRule, Raised, Subject};

pub(super) const RULE: PostureRule = PostureRule {
    id: "tls-name-mismatch",
    kind: FindingKind::Configuration,
    explanation: "The client asked for a host and got a certificate of another. A client that goes \
        on does not look at names, and would go on with anyone's certificate. Have the host added \
        to the certificate, and let the clients check it.",
    references: &[
        "OWASP API8:2023 Security Misconfiguration",
        "CWE-297",
        "RFC 9525",
        "NIST SP 800-52r2 section 4.5",
        "HIPAA 45 CFR 164.312(e)(1)",
    ],
    raise,
};

fn raise(subject: Subject<'_>) -> Vec<Raised<'_>> {
    let Some(tls) = &subject.facts.tls else { return Vec::new() };
    let raised: Vec<_> =
        tls.stats.certificates.iter().filter(|(_, seen)| seen.mismatched > 0).collect();
    if raised.is_empty() {
        return Vec::new();
    }
    let at = tls.stats.shown_at(raised.iter().map(|(id, _)| &***id));
    let names = names(raised.iter().map(|(_, seen)| *seen), |seen| {
        let names: Vec<&str> = seen.facts.names.iter().take(3).map(|name| &**name).collect();
        if names.is_empty() { seen.facts.subject.to_string() } else { names.join(", ") }
    });
    let these = these(raised.len(), &subject.endpoint.service, &at);
    vec![Raised {
        severity: Severity::Medium,
        title: format!("{these} for {names}"),
        direction: None,
        field: None,
        class: None,
        about: None,
        seen: None,
        count: raised.iter().map(|(_, seen)| seen.mismatched).sum(),
    }]
}

#[cfg(test)]
mod tests {
    use super::super::samples::{certificate, encrypted, endpoint, found};
    use super::*;

    #[test]
    fn only_sessions_that_asked_for_another_host_are_counted() {
        let mut facts = encrypted();
        assert!(found(RULE.id, &endpoint(), &facts).is_empty());
        certificate(&mut facts).mismatched = 2;
        let raised = found(RULE.id, &endpoint(), &facts);
        assert_eq!(raised[0].count, 2);
        assert_eq!(raised[0].title, "the certificate of ehr.example is for ehr.example");
    }

    #[test]
    fn several_certificates_are_named_each() {
        let mut facts = encrypted();
        certificate(&mut facts).mismatched = 2;
        let own = certificate(&mut facts).clone();
        for n in 1..=4 {
            let mut other = own.clone();
            other.facts.names = [format!("host{n}.example").into()].into();
            let certificates = &mut facts.tls.as_mut().unwrap().stats.certificates;
            certificates.insert(format!("0{n}").into(), other);
        }
        let raised = found(RULE.id, &endpoint(), &facts);
        let title = "5 certificates of ehr.example are for ehr.example; host1.example; \
            host2.example and 2 more";
        assert_eq!((raised[0].count, &*raised[0].title), (10, title));
    }
}
