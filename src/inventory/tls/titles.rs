//! How findings speak of the certificates of a service, of which its addresses may have several.

use std::collections::BTreeSet;

use super::stats::CertificateStats;

/// Names of certificates in a title.
const NAMED: usize = 3;

/// `the certificate of ehr.example at 10.0.0.1:443 is`, or `2 certificates of … are`.
pub fn these(many: usize, service: &str, at: &str) -> String {
    match many {
        1 => format!("the certificate of {service}{at} is"),
        _ => format!("{many} certificates of {service}{at} are"),
    }
}

/// What these are called, each name once.
pub fn names<'a>(
    certificates: impl Iterator<Item = &'a CertificateStats>,
    name: impl Fn(&CertificateStats) -> String,
) -> String {
    let names: BTreeSet<String> = certificates.map(name).collect();
    let left = names.len().saturating_sub(NAMED);
    let named: Vec<String> = names.into_iter().take(NAMED).collect();
    let more = if left > 0 { format!(" and {left} more") } else { String::new() };
    named.join("; ") + &more
}
