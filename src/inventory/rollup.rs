//! What observations add up to. A [`Rollup`] is a commutative monoid under [`Rollup::merge`]:
//! shards, batches, splits and runs merge to the same result in any order.
//! How it merges is in `merge.rs`, how it is kept small in `compact.rs`.
//!
//! Nothing here is a value from a monitored exchange: strings are names that passed a decision
//! about storage (see `docs/privacy.md`), numbers are counts.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::base::Span;
use crate::model::{Direction, Evidence, Location, Status};

use super::senders::{Sender, SenderStats};
use super::tls::TlsStats;

/// How a request proves who sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AuthScheme {
    /// Nothing that looks like a credential.
    None,
    /// A key in a header field (`X-API-Key`, …).
    ApiKeyHeader,
    /// A key in the query string.
    ApiKeyQuery,
    /// RFC 7617.
    Basic,
    /// RFC 6750, opaque.
    Bearer,
    /// RFC 6750 with a JSON Web Token (RFC 7519).
    BearerJwt,
    /// A client's certificate that a proxy on the way checked and tells of (RFC 9440,
    /// `X-Forwarded-Client-Cert`): without its key it proves nothing.
    ClientCert,
    /// A session cookie.
    Cookie,
    /// RFC 7616.
    Digest,
    /// No credential in the head, and one in the body for which a token was given, or which was
    /// refused: the endpoint is where somebody logs in.
    Login,
    /// RFC 4559.
    Negotiate,
    /// An `Authorization` field of another scheme.
    Other,
    /// A credential that can be used again, for a proxy on the way (RFC 9110 section 11.7): it
    /// proves nothing to the service.
    Proxy,
    /// An assertion of SAML in the header of a SOAP message (OASIS WS-Security, SAML Token
    /// Profile), which whoever bears it can use.
    Saml,
    /// A signature of this request, or a token bound to a key that is not sent: AWS Signature
    /// Version 4, DPoP (RFC 9449), WS-Security with a signature or a ticket of Kerberos.
    Signed,
    /// A name and the digest of a password in the header of a SOAP message (OASIS WS-Security,
    /// Username Token Profile).
    UsernameDigest,
    /// The same with the password itself.
    UsernameToken,
}

impl AuthScheme {
    /// Every scheme, in order.
    pub const ALL: [AuthScheme; 17] = [
        AuthScheme::None,
        AuthScheme::ApiKeyHeader,
        AuthScheme::ApiKeyQuery,
        AuthScheme::Basic,
        AuthScheme::Bearer,
        AuthScheme::BearerJwt,
        AuthScheme::ClientCert,
        AuthScheme::Cookie,
        AuthScheme::Digest,
        AuthScheme::Login,
        AuthScheme::Negotiate,
        AuthScheme::Other,
        AuthScheme::Proxy,
        AuthScheme::Saml,
        AuthScheme::Signed,
        AuthScheme::UsernameDigest,
        AuthScheme::UsernameToken,
    ];

    /// The name shown to users.
    pub fn name(self) -> &'static str {
        match self {
            AuthScheme::None => "none",
            AuthScheme::ApiKeyHeader => "api-key-header",
            AuthScheme::ApiKeyQuery => "api-key-query",
            AuthScheme::Basic => "basic",
            AuthScheme::Bearer => "bearer",
            AuthScheme::BearerJwt => "jwt",
            AuthScheme::ClientCert => "client-cert",
            AuthScheme::Cookie => "cookie",
            AuthScheme::Digest => "digest",
            AuthScheme::Login => "login",
            AuthScheme::Negotiate => "negotiate",
            AuthScheme::Other => "other",
            AuthScheme::Proxy => "proxy",
            AuthScheme::Saml => "saml",
            AuthScheme::Signed => "signed",
            AuthScheme::UsernameDigest => "username-digest",
            AuthScheme::UsernameToken => "username-token",
        }
    }
}

/// What could be seen of an endpoint's exchanges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CoverageStats {
    /// Exchanges, half ones included.
    pub exchanges: u64,
    /// Only the request or only the response was seen.
    pub one_sided: u64,
    /// A part is missing in the middle.
    pub gaps: u64,
    /// The end is missing.
    pub truncated: u64,
    /// A body could not be decoded (unknown coding, damaged, a bomb).
    pub undecoded: u64,
    /// A body is no text, in part or in whole, and was not walked.
    pub unread: u64,
    /// Such bodies by kind, of a closed vocabulary: `pdf`, `image`, ….
    pub unread_bodies: BTreeMap<&'static str, u64>,
    /// A receiver may have read other bytes than the first copies; both readings were inspected.
    pub ambiguous: u64,
}

impl CoverageStats {
    /// Adds the counts of `other`.
    pub fn merge(&mut self, other: &CoverageStats) {
        self.exchanges += other.exchanges;
        self.one_sided += other.one_sided;
        self.gaps += other.gaps;
        self.truncated += other.truncated;
        self.undecoded += other.undecoded;
        self.unread += other.unread;
        self.ambiguous += other.ambiguous;
        for (kind, bodies) in &other.unread_bodies {
            *self.unread_bodies.entry(kind).or_default() += bodies;
        }
    }
}

/// An endpoint before collapsing: word-like path segments are still literals.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointKey {
    /// The authority or `ip:port` that answers.
    pub service: Arc<str>,
    /// `http`, `fhir-r4`, `fhir` (version not shown), …
    pub standard: Arc<str>,
    /// The HTTP method; empty where the protocol has none.
    pub method: Arc<str>,
    /// The path with segments of a telling shape as `{id}`, `{date}`, …; empty where only the
    /// response was seen or the protocol has none.
    pub path: Arc<str>,
    /// What was asked where it is not method and path (`ADT^A01`); empty for HTTP.
    pub operation: Arc<str>,
}

/// A field of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldKey {
    /// Request or response.
    pub direction: Direction,
    /// Where it lives.
    pub location: Location,
    /// Its canonical path: `$.patients[*].nhs`.
    pub path: Arc<str>,
    /// What structure says of it, from closed vocabularies only (never a string that traffic
    /// made): the FHIR element and, behind `|`, its issuer or kind
    /// (`Patient.identifier.value|us.ssn`). Empty where structure says nothing.
    pub context: Arc<str>,
}

/// When callers authenticated how, and whether they were encrypted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointTimes {
    /// By scheme.
    pub auth: BTreeMap<AuthScheme, Span>,
    /// Exchanges without encryption.
    pub clear: Span,
    /// Exchanges that came over TLS or another encryption.
    pub encrypted: Span,
}

impl EndpointTimes {
    /// Adds what was seen elsewhere.
    pub fn merge(&mut self, other: EndpointTimes) {
        for (scheme, span) in other.auth {
            self.auth.entry(scheme).or_default().merge(span);
        }
        self.clear.merge(other.clear);
        self.encrypted.merge(other.encrypted);
    }
}

/// What adds up per endpoint.
#[derive(Clone, Debug, Default)]
pub struct EndpointStats {
    /// Requests seen, or responses without one.
    pub requests: u64,
    /// Responses by status code; acknowledgements by theirs.
    pub statuses: BTreeMap<Status, u64>,
    /// Requests by authentication scheme; a request with two counts for both.
    pub auth: BTreeMap<AuthScheme, u64>,
    /// Exchanges that came over TLS or another encryption.
    pub encrypted: u64,
    /// Exchanges by wire protocol: `http/1`, `http/2`, ….
    pub protocols: BTreeMap<&'static str, u64>,
    /// Exchanges by FHIR interaction: `read`, `search-type`, ….
    pub interactions: BTreeMap<&'static str, u64>,
    /// Exchanges answered with success (2xx) although the request carried no authentication.
    pub unauthenticated_successes: u64,
    /// Requests by what carried a credential in their target, of a closed vocabulary: `apikey`,
    /// `sig`, `userinfo`, ….
    pub url_credentials: BTreeMap<&'static str, u64>,
    /// What could be seen.
    pub coverage: CoverageStats,
    /// When.
    pub span: Span,
    /// When the parts of it were seen.
    pub times: EndpointTimes,
    /// Body bytes of requests and responses as transferred.
    pub body_bytes: [u64; 2],
    /// Media types of request and response bodies with their counts, bounded.
    pub media: [BTreeMap<Arc<str>, u64>; 2],
    /// Client addresses (those with the least keyed hash) with their request counts.
    pub clients: BTreeMap<IpAddr, u64>,
    /// Who sent HL7 v2 messages (those with the least keyed hash).
    pub senders: BTreeMap<Sender, SenderStats>,
    /// Odd traffic, by name.
    pub anomalies: BTreeMap<&'static str, u64>,
    /// The fields.
    pub fields: BTreeMap<FieldKey, Evidence>,
    /// Values of fields that were not kept because there were too many.
    pub fields_overflow: u64,
}

impl EndpointStats {
    /// Counts a response by its status, where it has one.
    pub fn count_status(&mut self, status: Option<Status>) {
        if let Some(status) = status {
            *self.statuses.entry(status).or_default() += 1;
        }
    }
}

/// What adds up per service.
#[derive(Clone, Debug, Default)]
pub struct ServiceStats {
    /// `ip:port` of servers that answer for it, with request counts, bounded.
    pub addresses: BTreeMap<SocketAddr, u64>,
    /// Requests.
    pub requests: u64,
    /// Bytes of heads and bodies, both directions.
    pub bytes: u64,
    /// `Server` and `X-Powered-By` product names with counts, bounded.
    pub products: BTreeMap<Arc<str>, u64>,
    /// What its flows came wrapped in (`vlan 10`, `vxlan 4096 10.0.0.1>10.0.0.2`) with request
    /// counts, bounded.
    pub encapsulation: BTreeMap<Arc<str>, u64>,
    /// What its TLS sessions show, where it has any.
    pub tls: Option<Box<TlsStats>>,
    /// When.
    pub span: Span,
}

/// What adds up per client address.
#[derive(Clone, Debug, Default)]
pub struct ClientStats {
    /// `User-Agent` values, bounded, unless a detector hit them.
    pub user_agents: BTreeMap<Arc<str>, u64>,
    /// Requests per service, bounded.
    pub services: BTreeMap<Arc<str>, u64>,
    /// Requests.
    pub requests: u64,
    /// When.
    pub span: Span,
}

/// Flows to one server by what could be made of them: `http/1`, `tls`, `unidentified`, ….
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowKey {
    /// The server's `ip:port`.
    pub server: SocketAddr,
    /// The protocol's name, or why there is none.
    pub outcome: &'static str,
}

/// What adds up per flow outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlowStats {
    /// Flows.
    pub flows: u64,
    /// Payload bytes, both directions.
    pub bytes: u64,
    /// Of them, bytes that were lost in gaps.
    pub gap_bytes: u64,
    /// Flows of which only one direction was seen.
    pub one_sided: u64,
    /// What was odd in them and belongs to no message, by name; counted before a flow is over.
    pub anomalies: BTreeMap<&'static str, u64>,
}

/// Everything that was observed, ready to be merged.
#[derive(Clone, Debug, Default)]
pub struct Rollup {
    /// By service name.
    pub services: BTreeMap<Arc<str>, ServiceStats>,
    /// By endpoint.
    pub endpoints: BTreeMap<EndpointKey, EndpointStats>,
    /// By client address.
    pub clients: BTreeMap<IpAddr, ClientStats>,
    /// Requests of clients that were not kept because there were too many.
    pub clients_overflow: u64,
    /// By server and outcome.
    pub flows: BTreeMap<FlowKey, FlowStats>,
    /// Odd traffic that belongs to no endpoint, by name.
    pub anomalies: BTreeMap<&'static str, u64>,
}
