//! The same host with and without encryption.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::base::address_text;
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
    /// encrypted side does what it should; nor does 426 (Upgrade Required), which serves nobody.
    /// Nor does a CONNECT: it asks a proxy for a way to the host, which never sees it. What goes
    /// that way without encryption has rows of its own. Nor does what has to be asked in the clear
    /// for the host to have a certificate at all.
    pub fn of<'a>(
        endpoints: impl IntoIterator<Item = (&'a EndpointKey, &'a EndpointStats)>,
    ) -> Siblings {
        let mut out = Siblings::default();
        let asked_of_it = endpoints.into_iter().filter(|(key, _)| {
            // A session that encrypts nothing is told by its suite.
            &*key.method != "CONNECT" && &*key.standard != "tls" && !is_challenge(key)
        });
        for (key, stats) in asked_of_it {
            let sent = stats.statuses.iter().filter(|(status, _)| is_sent_elsewhere(**status));
            let sent: u64 = sent.map(|(_, count)| count).sum();
            let clear = stats.coverage.exchanges.saturating_sub(stats.encrypted);
            let clear = clear.saturating_sub(sent);
            if clear > 0 {
                let host = out.hosts.entry(host_of(&key.service).into()).or_default();
                *host.entry(key.service.clone()).or_default() += clear;
            }
        }
        out
    }

    /// Those of the host of `service`, which answers on `addresses`. Without encryption some have
    /// no name but their address (HL7 v2), or encrypted ones have none but in their certificates.
    /// Other names on one address are other hosts, but for the first label alone: so a host is
    /// called within its domain. `shares` says whether a service answers on one of `addresses`,
    /// whatever the port.
    pub fn without_encryption<'a>(
        &self,
        service: &str,
        addresses: impl IntoIterator<Item = &'a SocketAddr>,
        stats: &TlsStats,
        shares: impl Fn(&str) -> bool,
    ) -> Vec<(Arc<str>, u64)> {
        let host = host_of(service);
        let mut hosts = BTreeSet::from([host.to_owned()]);
        hosts.extend(addresses.into_iter().map(|address| {
            let address = address_text(*address);
            host_of(&address).to_owned()
        }));
        if service.parse::<SocketAddr>().is_ok() {
            let own = stats.certificates.values().filter(|seen| seen.own > 0);
            let names = own.flat_map(|seen| &seen.facts.names).filter(|n| !n.contains('*'));
            hosts.extend(names.map(|name| name.to_ascii_lowercase()));
        }
        let mut found = BTreeMap::new();
        for known in hosts.iter().filter_map(|host| self.hosts.get(host.as_str())) {
            found.extend(known.iter().map(|(name, count)| (name.clone(), *count)));
        }
        let named = hosts.iter().filter(|host| host.parse::<IpAddr>().is_err());
        let short = named.filter_map(|host| host.split_once('.').map(|(label, _)| label));
        for known in short.filter_map(|label| self.hosts.get(label)) {
            let here = known.iter().filter(|(name, _)| shares(name));
            found.extend(here.map(|(name, count)| (name.clone(), *count)));
        }
        found.into_iter().collect()
    }
}

/// Whether the caller is sent to the encrypted side: by a redirection, or by 426 (RFC 2817 section
/// 4.2, RFC 9110 section 15.5.22).
fn is_sent_elsewhere(status: Status) -> bool {
    matches!(status, Status::Http(301 | 302 | 303 | 307 | 308 | 426))
}

/// Whether an authority asks there whether the host is who it says it is, before it signs its
/// certificate: one token, on port 80, without encryption (RFC 8555 section 8.3).
fn is_challenge(key: &EndpointKey) -> bool {
    let token = key.path.strip_prefix("/.well-known/acme-challenge/");
    let port = key.service.get(host_of(&key.service).len()..).unwrap_or_default();
    matches!(&*key.method, "GET" | "HEAD")
        && token.is_some_and(|token| !token.is_empty() && !token.contains('/'))
        && matches!(port, "" | ":80")
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
    use crate::inventory::tls::stats::{CertificateFacts, CertificateStats};

    #[test]
    fn ports_are_no_part_of_a_host() {
        let hosts = ["a.example", "a.example:8443", "10.0.0.1:443", "[fd77::1]:443"].map(host_of);
        assert_eq!(hosts, ["a.example", "a.example", "10.0.0.1", "[fd77::1]"]);
    }

    #[test]
    fn a_way_through_a_proxy_is_nothing_that_a_host_was_asked_in_the_clear() {
        let endpoint = |method: &str, path: &str| {
            let key = EndpointKey {
                service: "a.example:443".into(),
                standard: "http".into(),
                method: method.into(),
                path: path.into(),
                operation: "".into(),
            };
            let mut stats = EndpointStats::default();
            stats.coverage.exchanges = 3;
            (key, stats)
        };
        let clear = |all: &[(EndpointKey, EndpointStats)]| {
            let siblings = Siblings::of(all.iter().map(|(key, stats)| (key, stats)));
            let stats = TlsStats::default();
            siblings.without_encryption("a.example", [], &stats, |_| true)
        };
        let way = endpoint("CONNECT", "");
        assert!(clear(std::slice::from_ref(&way)).is_empty());
        assert_eq!(clear(&[way, endpoint("GET", "/")]), [("a.example:443".into(), 3)]);
    }

    #[test]
    fn what_an_authority_asks_and_who_is_told_to_upgrade_do_not_count() {
        let endpoint = |service: &str, (method, path): (&str, &str), status: u16| {
            let key = EndpointKey {
                service: service.into(),
                standard: "http".into(),
                method: method.into(),
                path: path.into(),
                operation: "".into(),
            };
            let mut stats = EndpointStats::default();
            stats.coverage.exchanges = 3;
            stats.statuses.insert(status.into(), 2);
            (key, stats)
        };
        let clear = |service: &str, asked: (&str, &str), status: u16| {
            let one = endpoint(service, asked, status);
            let siblings = Siblings::of([(&one.0, &one.1)]);
            let found =
                siblings.without_encryption("a.example", [], &TlsStats::default(), |_| true);
            found.iter().map(|(_, count)| count).sum::<u64>()
        };
        let challenge = ("GET", "/.well-known/acme-challenge/evaGxfADs6pSRb2LAv9IZ");
        for service in ["a.example", "a.example:80"] {
            assert_eq!(clear(service, challenge, 200), 0, "{service}");
            assert_eq!(clear(service, ("GET", "/.well-known/acme-challenge/{id}"), 404), 0);
        }
        assert_eq!(clear("a.example:8080", challenge, 200), 3, "an authority asks port 80");
        for other in [
            ("POST", challenge.1),
            ("GET", "/.well-known/acme-challenge/"),
            ("GET", "/.well-known/acme-challenge/a/patients"),
            ("GET", "/fhir/.well-known/acme-challenge/a"),
            ("GET", "/.well-known/smart-configuration"),
        ] {
            assert_eq!(clear("a.example", other, 200), 3, "{other:?}");
        }
        assert_eq!(clear("a.example", ("GET", "/list"), 426), 1, "one was not answered");
        assert_eq!(clear("a.example", ("GET", "/list"), 403), 3);
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
            endpoint("c:8080", 200, 0),
            endpoint("b", 200, 0),
        ];
        let siblings = Siblings::of(all.iter().map(|(key, stats)| (key, stats)));
        let clear = |service: &str, address: &str, certified: &str| {
            let facts = CertificateFacts { names: vec![certified.into()], ..Default::default() };
            let (above, mismatched, in_subject, first, last) = (0, 0, 0, 0, 0);
            let seen =
                CertificateStats { facts, own: 1, above, mismatched, in_subject, first, last };
            let certificates = [("c".into(), seen)].into();
            let stats = TlsStats { certificates, ..TlsStats::default() };
            let address: SocketAddr = address.parse().unwrap();
            let shares = |name: &str| name != "b";
            let found = siblings.without_encryption(service, [&address], &stats, shares);
            found.into_iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>()
        };
        assert_eq!(clear("a.example", "10.0.0.9:443", "x.example"), ["a.example:8080 2"]);
        assert!(clear("b.example", "10.0.0.9:443", "x.example").is_empty());
        assert_eq!(clear("10.0.0.1:443", "10.0.0.1:443", "x.example"), ["10.0.0.1:80 3"]);
        // What has no name stands on the address; what shows none may be certified for one.
        assert_eq!(clear("b.example", "10.0.0.1:443", "x.example"), ["10.0.0.1:80 3"]);
        assert_eq!(clear("10.0.0.9:443", "10.0.0.9:443", "A.example"), ["a.example:8080 2"]);
        // By its first label alone a host is called within its domain: the same, on its address.
        assert_eq!(clear("c.d.example", "10.0.0.9:443", "x.example"), ["c:8080 3"]);
        assert_eq!(clear("10.0.0.9:443", "10.0.0.9:443", "c.example"), ["c:8080 3"]);
        assert!(clear("d.c.example", "10.0.0.9:443", "x.example").is_empty());
        assert!(clear("b.example", "10.0.0.9:443", "x.example").is_empty(), "on another address");
        // Another host on one address is another, whatever its certificate says of it.
        assert!(clear("b.example", "10.0.0.9:443", "a.example").is_empty());
    }
}
