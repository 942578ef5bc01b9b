//! What gives access, in a path or query string: by class, by parameter name, by the
//! authentication seen, or as the user information of an absolute target.
//!
//! High; medium for a parameter that is only called `token`, which may serve one request only.

use crate::model::{Direction, FindingKind, Location, Severity};

use super::raise::{PostureRule, Raised, Subject};
use super::sensitivity::Sensitivity;

pub(super) const RULE: PostureRule = PostureRule {
    id: "credentials-in-url",
    kind: FindingKind::Exposure,
    explanation: "URLs are written to logs, histories and Referer fields; whoever reads one can \
        act as the caller for as long as the credential lives. Send credentials in the \
        Authorization header or a request body, and replace those that have been used this way.",
    references: &[
        "OWASP API2:2023 Broken Authentication",
        "CWE-598",
        "CWE-522",
        "RFC 6750 section 5.3",
        "HIPAA 45 CFR 164.312(d)",
        "GDPR Art. 32",
    ],
    raise,
};

/// The anomaly of an absolute request target with user information (RFC 9110, 4.2.4).
const USERINFO: &str = "userinfo-in-url";

/// Parameters that carry a credential, lower-case and without separators. Sorted.
const NAMES: [&str; 20] = [
    "accesskey",
    "accesstoken",
    "apikey",
    "apitoken",
    "authorization",
    "authtoken",
    "bearer",
    "clientsecret",
    "idtoken",
    "jsessionid",
    "jwt",
    "passwd",
    "password",
    "phpsessid",
    "pwd",
    "refreshtoken",
    "sessionid",
    "sessiontoken",
    "subscriptionkey",
    "xapikey",
];

fn raise(subject: Subject<'_>) -> Vec<Raised<'_>> {
    let endpoint = subject.endpoint;
    let mut out = Vec::new();
    let in_url = |location| matches!(location, Location::Path | Location::Query);
    for (field, class, group) in subject.classes() {
        if field.direction == Direction::ToServer
            && in_url(field.location)
            && group == Sensitivity::Secret
        {
            let title = format!(
                "{} in the URL of {}: {}",
                class.class,
                endpoint.operation,
                subject.place(field)
            );
            out.push(Raised::of(field, class, Severity::High).titled(title));
        }
    }
    for field in &endpoint.fields {
        let known = out.iter().any(|r: &Raised<'_>| r.field.is_some_and(|f| f == field));
        if field.direction != Direction::ToServer || !in_url(field.location) || known {
            continue;
        }
        if let Some(severity) = name_severity(&field.field).filter(|_| field.seen > 0) {
            out.push(Raised {
                severity,
                title: format!(
                    "credential in the URL of {}: {}",
                    endpoint.operation,
                    subject.place(field)
                ),
                direction: Some(Direction::ToServer),
                field: Some(field),
                class: None,
                count: field.seen,
            });
        }
    }
    let unnamed = |title: &str, count| Raised {
        severity: Severity::High,
        title: format!("{title} in the URL of {}", endpoint.operation),
        direction: Some(Direction::ToServer),
        field: None,
        class: None,
        count,
    };
    let keys = endpoint.auth.get("api-key-query").copied().unwrap_or(0);
    let userinfo = endpoint.anomalies.get(USERINFO).copied().unwrap_or(0);
    if userinfo > 0 {
        out.push(unnamed("user name and password", userinfo));
    } else if keys > 0 && out.is_empty() {
        out.push(unnamed("API key", keys));
    }
    out
}

fn name_severity(name: &str) -> Option<Severity> {
    let plain: String = name
        .chars()
        .filter(|c| !matches!(c, '-' | '_' | '.'))
        .map(|c| c.to_ascii_lowercase())
        .collect();
    if NAMES.binary_search(&plain.as_str()).is_ok() {
        return Some(Severity::High);
    }
    (plain == "token").then_some(Severity::Medium)
}

#[cfg(test)]
mod tests {
    use super::super::samples::{closed, endpoint, field, found};
    use super::*;

    #[test]
    fn names_are_sorted_for_their_search() {
        assert!(NAMES.is_sorted());
    }

    #[test]
    fn tokens_passwords_and_session_ids_in_urls_are_raised_once_each() {
        let mut endpoint = endpoint();
        endpoint.auth.insert("api-key-query".into(), 10);
        endpoint.fields = vec![
            field(Direction::ToServer, Location::Path, "jsessionid", &[]),
            field(Direction::ToServer, Location::Query, "access_token", &[("secret.jwt", 100)]),
            field(Direction::ToServer, Location::Query, "api-key", &[]),
        ];
        let found = found(RULE.id, &endpoint, &closed());
        assert_eq!(found.len(), 3);
        assert!(found.iter().all(|f| f.severity == Severity::High));
        assert_eq!(found.iter().filter(|f| f.data_class.is_some()).count(), 1);
    }

    #[test]
    fn a_key_whose_parameter_is_not_known_by_name_is_raised_without_field() {
        let mut endpoint = endpoint();
        endpoint.auth.insert("api-key-query".into(), 4);
        let found = found(RULE.id, &endpoint, &closed());
        assert_eq!((found.len(), found[0].count), (1, 4));
        assert_eq!(found[0].field, None);
    }

    #[test]
    fn user_information_in_a_target_is_raised() {
        let mut endpoint = endpoint();
        endpoint.anomalies.insert(USERINFO.into(), 2);
        assert_eq!(found(RULE.id, &endpoint, &closed())[0].count, 2);
    }

    #[test]
    fn page_tokens_and_credentials_elsewhere_are_not_raised() {
        let mut endpoint = endpoint();
        endpoint.auth.insert("jwt".into(), 10);
        endpoint.fields = vec![
            field(Direction::ToServer, Location::Query, "pageToken", &[]),
            field(Direction::ToServer, Location::Query, "monkey", &[]),
            field(Direction::ToServer, Location::Header, "authorization", &[("secret.jwt", 100)]),
            field(Direction::ToServer, Location::Body, "password", &[]),
        ];
        assert!(found(RULE.id, &endpoint, &closed()).is_empty());
    }
}
