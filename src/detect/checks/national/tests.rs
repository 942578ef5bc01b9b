//! Specimens that issuers publish, or that follow from their rules.

use super::super::registry::find;

/// Check, values that pass, values that do not.
const SPECIMENS: &[(&str, &[&str], &[&str])] = &[];

#[test]
fn placeholder() {
    assert!(SPECIMENS.is_empty() && find("at-svnr").is_some());
}
