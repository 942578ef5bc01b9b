//! Every posture rule, one line each.

use super::raise::PostureRule;

/// The rules, by id.
pub const RULES: &[&PostureRule] = &[
    &super::clear_beside_tls::RULE,
    &super::credentials_in_clear::RULE,
    &super::credentials_in_url::RULE,
    &super::messages_refused::RULE,
    &super::messages_unacknowledged::RULE,
    &super::secret_in_response::RULE,
    &super::sender_new::RULE,
    &super::sensitive_data_in_clear::RULE,
    &super::sensitive_data_in_url::RULE,
    &super::sensitive_data_unauthenticated::RULE,
    &super::tls_certificate_expiry::RULE,
    &super::tls_certificate_self_signed::RULE,
    &super::tls_cipher_weak::RULE,
    &super::tls_key_weak::RULE,
    &super::tls_name_in_subject::RULE,
    &super::tls_name_mismatch::RULE,
    &super::tls_version_obsolete::RULE,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_sorted_and_distinct() {
        assert!(RULES.windows(2).all(|w| w[0].id < w[1].id));
    }

    #[test]
    fn every_rule_names_what_it_rests_on() {
        for rule in RULES {
            assert!(rule.references.iter().any(|r| r.starts_with("CWE-")), "{}", rule.id);
            assert!(rule.references.iter().any(|r| r.contains("2023")), "{}", rule.id);
            assert!(rule.explanation.ends_with('.'), "{}", rule.id);
        }
    }
}
