//! The same host with and without encryption.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::inventory::rollup::{EndpointKey, EndpointStats};
use crate::model::Status;

use super::stats::TlsStats;

/// What posture rules need to know of a service with TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsFacts {
    /// Its sessions.
    pub stats: TlsStats,
    /// Services of the same host (its own name among them) that were reached without encryption,
    /// with the exchanges that were.
    pub clear: Vec<(Arc<str>, u64)>,
}

/// Exchanges without encryption by host and service.
#[derive(Debug, Default)]
pub struct Siblings {
    hosts: BTreeMap<Arc<str>, BTreeMap<Arc<str>, u64>>,
}

impl Siblings {
    /// Of all endpoints. Redirections do not count: a host that only sends its callers to the
    /// encrypted side does what it should.
    pub fn of<'a>(
        endpoints: impl IntoIterator<Item = (&'a EndpointKey, &'a EndpointStats)>,
    ) -> Siblings {
        let mut out = Siblings::default();
        for (key, stats) in endpoints {
            let redirects = stats.statuses.iter().filter(|(status, _)| is_redirect(**status));
            let redirects: u64 = redirects.map(|(_, count)| count).sum();
            let clear = stats.coverage.exchanges.saturating_sub(stats.encrypted);
            let clear = clear.saturating_sub(redirects);
            if clear > 0 {
                let host = out.hosts.entry(host_of(&key.service).into()).or_default();
                *host.entry(key.service.clone()).or_default() += clear;
            }
        }
        out
    }

    /// Those of the host of `service`.
    pub fn without_encryption(&self, service: &str) -> Vec<(Arc<str>, u64)> {
        let known = self.hosts.get(host_of(service));
        known.into_iter().flatten().map(|(name, count)| (name.clone(), *count)).collect()
    }
}

fn is_redirect(status: Status) -> bool {
    matches!(status, Status::Http(301 | 302 | 303 | 307 | 308))
}

/// The host of a service's name without a port; the address of one that has no name.
fn host_of(service: &str) -> &str {
    match service.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => service,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_no_part_of_a_host() {
        let hosts = ["a.example", "a.example:8443", "10.0.0.1:443", "[fd77::1]:443"].map(host_of);
        assert_eq!(hosts, ["a.example", "a.example", "10.0.0.1", "[fd77::1]"]);
    }

    #[test]
    fn a_host_is_met_again_on_its_other_ports_and_redirections_do_not_count() {
        let endpoint = |service: &str, status: u16, encrypted: u64| {
            let key = EndpointKey {
                service: service.into(),
                standard: "http".into(),
                method: "GET".into(),
                path: "/".into(),
                operation: "".into(),
            };
            let mut stats = EndpointStats { encrypted, ..EndpointStats::default() };
            stats.coverage.exchanges = 3;
            stats.statuses.insert(status.into(), 3);
            (key, stats)
        };
        let all = [
            endpoint("a.example:8080", 200, 1),
            endpoint("a.example", 301, 0),
            endpoint("b.example", 200, 3),
            endpoint("10.0.0.1:80", 200, 0),
        ];
        let siblings = Siblings::of(all.iter().map(|(key, stats)| (key, stats)));
        assert_eq!(siblings.without_encryption("a.example"), [("a.example:8080".into(), 2)]);
        assert!(siblings.without_encryption("b.example").is_empty());
        assert_eq!(siblings.without_encryption("10.0.0.1:443"), [("10.0.0.1:80".into(), 3)]);
    }
}
