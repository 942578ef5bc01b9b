//! Credentials that can be read on the way and used again. One finding per endpoint.
//!
//! High for passwords, tokens and keys. Medium where only cookies were seen: not every cookie is
//! a session. Digest and Negotiate answer a challenge, a signature is of one request: they cannot
//! simply be used again.

use crate::model::{Direction, FindingKind, Severity};

use super::raise::{PostureRule, Raised, Subject};

pub(super) const RULE: PostureRule = PostureRule {
    id: "credentials-in-clear",
    kind: FindingKind::Transport,
    explanation: "Whoever can read this traffic can take the credential and act as the caller. \
        Serve this endpoint over TLS 1.2 or later only, make cookies Secure, and replace \
        credentials that have been sent this way.",
    references: &[
        "OWASP API2:2023 Broken Authentication",
        "CWE-319",
        "CWE-522",
        "HIPAA 45 CFR 164.312(d)",
        "HIPAA 45 CFR 164.312(e)(1)",
        "GDPR Art. 32",
    ],
    raise,
};

/// Schemes whose credential can be used again by whoever reads it.
const REUSABLE: [&str; 10] = [
    "api-key-header",
    "api-key-query",
    "basic",
    "bearer",
    "cookie",
    "jwt",
    "other",
    "proxy",
    "saml",
    "username-token",
];

fn raise(subject: Subject<'_>) -> Vec<Raised<'_>> {
    let endpoint = subject.endpoint;
    if subject.facts.unencrypted == 0 {
        return Vec::new();
    }
    let seen: Vec<(&str, u64)> = REUSABLE
        .iter()
        .filter_map(|scheme| Some((*scheme, *endpoint.auth.get(*scheme)?)))
        .filter(|(_, count)| *count > 0)
        .collect();
    let Some(count) = seen.iter().map(|(_, count)| *count).max() else { return Vec::new() };
    let only_cookies = seen.iter().all(|(scheme, _)| *scheme == "cookie");
    let names: Vec<&str> = seen.iter().map(|(scheme, _)| *scheme).collect();
    vec![Raised {
        severity: if only_cookies { Severity::Medium } else { Severity::High },
        title: format!(
            "credentials ({}) of {} travel without encryption",
            names.join(", "),
            endpoint.named()
        ),
        direction: Some(Direction::ToServer),
        field: None,
        class: None,
        about: None,
        seen: None,
        count,
    }]
}

#[cfg(test)]
mod tests {
    use super::super::samples::{clear, closed, endpoint, found};
    use super::*;

    #[test]
    fn every_scheme_on_one_endpoint_makes_one_finding() {
        let mut endpoint = endpoint();
        endpoint.auth = [("basic".to_owned(), 3), ("cookie".to_owned(), 9)].into();
        let found = found(RULE.id, &endpoint, &clear());
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].severity, found[0].count), (Severity::High, 9));
        assert!(found[0].title.contains("(basic, cookie)"), "{}", found[0].title);
    }

    #[test]
    fn cookies_alone_are_medium() {
        let mut endpoint = endpoint();
        endpoint.auth = [("cookie".to_owned(), 9), ("none".to_owned(), 1)].into();
        assert_eq!(found(RULE.id, &endpoint, &clear())[0].severity, Severity::Medium);
    }

    #[test]
    fn credentials_over_tls_and_answers_to_challenges_are_not_raised() {
        let mut endpoint = endpoint();
        endpoint.auth = [("basic".to_owned(), 3)].into();
        assert!(found(RULE.id, &endpoint, &closed()).is_empty());
        endpoint.auth = [("digest".to_owned(), 3), ("none".to_owned(), 3)].into();
        endpoint.auth.insert("signed".to_owned(), 3);
        endpoint.auth.insert("username-digest".to_owned(), 3);
        assert!(found(RULE.id, &endpoint, &clear()).is_empty());
    }
}
