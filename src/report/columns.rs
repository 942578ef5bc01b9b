//! What is shown of the rows of each question. Every key that a row can have stands here: CSV has
//! all of them, a table those that have a rank.

use super::column::{Column, Show, Shrink};

/// Columns of [`mod@crate::query::services`].
pub const SERVICES: &[Column] = &[
    Column::text("severity", "severity", 0).shown(Show::Severity),
    Column::text("service", "service", 0).shrinking(Shrink::Middle(20)),
    Column::text("protocols", "protocols", 4).shrinking(Shrink::End(10)),
    Column::number("endpoints", "endpoints", 6),
    Column::number("requests", "requests", 2),
    Column::number("bytes", "bytes", 3),
    Column::text("names", "software", 7).shrinking(Shrink::End(12)).or_below(),
    Column::text("addresses", "addresses", 3).shrinking(Shrink::End(16)).or_below(),
    Column::text("encapsulation", "came through", 5)
        .shown(Show::Few)
        .shrinking(Shrink::End(16))
        .or_below(),
    Column::text("encrypted", "tls", 3),
    Column::text("tls", "sessions", 4).shown(Show::Tls).shrinking(Shrink::End(16)).or_below(),
    Column::hidden("first_seen"),
    Column::text("last_seen", "last seen", 8).shown(Show::Time),
];

/// Columns of [`mod@crate::query::endpoints`].
pub const ENDPOINTS: &[Column] = &[
    Column::text("severity", "severity", 0).shown(Show::Severity),
    Column::text("service", "service", 1).if_same(5).shrinking(Shrink::Middle(12)).or_below(),
    Column::text("operation", "operation", 0).shown(Show::Operation).shrinking(Shrink::Middle(26)),
    Column::text("data_classes", "data classes", 1)
        .shown(Show::Classes)
        .shrinking(Shrink::End(16))
        .or_below(),
    Column::text("auth", "auth", 3).shrinking(Shrink::End(6)),
    Column::text("encrypted", "tls", 4),
    Column::number("requests", "requests", 2),
    Column::number("sessions", "sessions", 9),
    Column::text("statuses", "statuses", 6).shown(Show::Counts).shrinking(Shrink::End(10)),
    Column::text("coverage", "not seen", 7)
        .shown(Show::Missing)
        .shrinking(Shrink::End(12))
        .or_below(),
    Column::text("standard", "standard", 8),
    Column::number("clients", "clients", 9),
    Column::hidden("protocol"),
    Column::hidden("method"),
    Column::hidden("path"),
    Column::hidden("interactions"),
    Column::hidden("request_bytes"),
    Column::hidden("response_bytes"),
    Column::hidden("unread_bodies"),
    Column::hidden("anomalies"),
    Column::hidden("absorbed"),
    Column::hidden("first_seen"),
    Column::text("last_seen", "last seen", 10).shown(Show::Time),
    Column::hidden("id"),
];

/// Columns of [`mod@crate::query::fields`].
pub const FIELDS: &[Column] = &[
    Column::text("service", "service", 1).if_same(6).shrinking(Shrink::Middle(12)).or_below(),
    Column::text("operation", "operation", 0)
        .shown(Show::Operation)
        .shrinking(Shrink::Middle(20))
        .or_below(),
    Column::text("direction", "direction", 2),
    Column::text("location", "in", 4),
    Column::text("field", "field", 0).shrinking(Shrink::Middle(16)),
    Column::text("data_classes", "data classes", 1)
        .shown(Show::Classes)
        .shrinking(Shrink::End(14))
        .or_below(),
    Column::number("seen", "seen", 3),
    Column::text("types", "types", 5),
    Column::text("mask", "mask", 7).shrinking(Shrink::End(12)),
    Column::hidden("first_seen"),
    Column::hidden("last_seen"),
    Column::hidden("exchanges"),
    Column::hidden("protocol"),
    Column::hidden("standard"),
    Column::hidden("method"),
    Column::hidden("path"),
    Column::hidden("explanation"),
    Column::hidden("endpoint"),
];

/// Columns of [`mod@crate::query::findings`].
pub const FINDINGS: &[Column] = &[
    Column::text("severity", "severity", 0).shown(Show::Severity),
    Column::text("rule", "finding", 0).shrinking(Shrink::End(23)),
    Column::text("data_class", "data class", 1).shrinking(Shrink::End(12)),
    Column::text("service", "service", 1).if_same(7).shrinking(Shrink::Middle(12)).or_below(),
    Column::text("operation", "operation", 0)
        .shown(Show::Operation)
        .shrinking(Shrink::Middle(16))
        .or_below(),
    Column::text("field", "field", 2).shrinking(Shrink::Middle(14)).or_below(),
    Column::text("direction", "direction", 2),
    Column::number("count", "count", 3),
    // What `findings set` is told.
    Column::text("id", "id", 5).or_below(),
    Column::text("state", "state", 6),
    Column::text("kind", "kind", 9),
    Column::text("last_seen", "last seen", 8).shown(Show::Time),
    Column::hidden("title"),
    Column::hidden("explanation"),
    Column::hidden("endpoint"),
    Column::hidden("protocol"),
    Column::hidden("standard"),
    Column::hidden("method"),
    Column::hidden("path"),
    Column::hidden("location"),
    Column::hidden("first_seen"),
    Column::hidden("reason"),
    Column::hidden("owner"),
    Column::hidden("until"),
    Column::hidden("history"),
    Column::hidden("references"),
];

/// Columns of [`mod@crate::query::changes`].
pub const CHANGES: &[Column] = &[
    Column::text("change", "change", 0),
    Column::text("what", "what", 0),
    // Of a service that is new or gone it is all there is to tell.
    Column::text("service", "service", 0).shrinking(Shrink::Middle(14)),
    Column::text("operation", "operation", 0)
        .shown(Show::Operation)
        .shrinking(Shrink::Middle(16))
        .or_below(),
    Column::text("direction", "direction", 6).or_below(),
    Column::text("location", "in", 7).or_below(),
    Column::text("field", "field", 2).shrinking(Shrink::Middle(12)).or_below(),
    Column::text("data_class", "data class", 1).shrinking(Shrink::End(12)).or_below(),
    // Below a row nothing else says which of the two it is.
    Column::text("before", "before", 3).shown(Show::Was).shrinking(Shrink::End(8)).or_below(),
    Column::text("after", "now", 3).shown(Show::Is).shrinking(Shrink::End(8)).or_below(),
    Column::text("first_seen", "first seen", 8).shown(Show::Time),
    Column::text("last_seen", "last seen", 9).shown(Show::Time),
    Column::hidden("endpoint"),
    Column::hidden("protocol"),
    Column::hidden("standard"),
    Column::hidden("method"),
    Column::hidden("path"),
];

/// Columns of [`crate::query::FindingGroup`].
pub const FINDING_GROUPS: &[Column] = &[
    Column::text("severity", "severity", 0).shown(Show::Severity),
    Column::text("rule", "finding", 0).shrinking(Shrink::End(23)),
    Column::text("direction", "direction", 2),
    Column::number("findings", "findings", 1),
    Column::number("count", "count", 3),
    Column::text("state", "state", 4),
    Column::text("service", "service", 1).if_same(7).shrinking(Shrink::Middle(12)).or_below(),
    Column::text("operation", "operation", 0)
        .shown(Show::Operation)
        .shrinking(Shrink::Middle(16))
        .or_below(),
    Column::text("data_classes", "data classes", 1).shrinking(Shrink::End(16)).or_below(),
    Column::text("fields", "fields", 1).shown(Show::Few).shrinking(Shrink::Middle(14)).or_below(),
    Column::text("last_seen", "last seen", 8).shown(Show::Time),
    Column::hidden("method"),
    Column::hidden("path"),
    Column::hidden("endpoint"),
];

/// Columns of [`mod@crate::query::clients`].
pub const CLIENTS: &[Column] = &[
    Column::text("client", "client", 0).shrinking(Shrink::End(15)),
    Column::number("requests", "requests", 1),
    Column::text("services", "services", 2).shrinking(Shrink::End(20)).or_below(),
    Column::text("user_agents", "user agents", 3).shrinking(Shrink::End(16)).or_below(),
    Column::hidden("first_seen"),
    Column::text("last_seen", "last seen", 4).shown(Show::Time),
];

/// Columns of [`crate::query::PacketRow`].
pub const PACKETS: &[Column] = &[
    Column::hidden("scope"),
    Column::text("input", "input", 0).shown(Show::NameOrAll).shrinking(Shrink::Middle(10)),
    Column::number("seen", "seen", 0),
    Column::number("analysed", "analysed", 0),
    Column::number("duplicate", "duplicate", 5),
    Column::number("filtered", "filtered", 4),
    Column::number("skipped", "skipped", 1).shown(Show::Sum),
    Column::number("malformed", "malformed", 1).shown(Show::Sum),
    Column::number("shed", "shed", 3).shown(Show::Sum),
    Column::number("dropped", "dropped", 2),
    Column::number("cut", "cut", 6),
    Column::number("interface_lost", "lost before (est.)", 2),
    Column::number("filter_excluded", "excluded (est.)", 4),
    Column::number("bytes", "bytes", 7),
    Column::text("state", "state", 8),
    Column::text("incomplete", "why", 9).shrinking(Shrink::End(16)),
    Column::hidden("run"),
    Column::hidden("balanced"),
    Column::hidden("first_packet"),
    Column::hidden("last_packet"),
];

/// Columns of [`crate::query::FlowRow`].
pub const FLOWS: &[Column] = &[
    Column::hidden("scope"),
    Column::text("server", "server", 0).shrinking(Shrink::Middle(15)),
    Column::text("outcome", "seen as", 0),
    Column::number("flows", "flows", 1),
    Column::number("bytes", "bytes", 2),
    Column::number("gap_bytes", "lost bytes", 4),
    Column::number("one_sided", "one-sided", 3),
];

/// Columns of [`crate::query::AnomalyRow`].
pub const ANOMALIES: &[Column] = &[
    Column::hidden("scope"),
    Column::text("anomaly", "what", 0),
    Column::number("count", "times", 0),
    Column::text("service", "in messages of", 1).shrinking(Shrink::Middle(15)),
    Column::text("server", "at", 1).shrinking(Shrink::Middle(15)),
];

/// Columns of [`crate::query::SeenRow`].
pub const SEEN: &[Column] = &[
    Column::hidden("scope"),
    Column::text("service", "service", 1).shrinking(Shrink::Middle(14)).or_below(),
    Column::text("operation", "operation", 1).shown(Show::Operation).shrinking(Shrink::Middle(20)),
    Column::number("exchanges", "exchanges", 0),
    Column::number("one_sided", "one-sided", 2),
    Column::number("gaps", "gaps", 3),
    Column::number("truncated", "truncated", 4),
    Column::number("undecoded", "undecoded", 5),
    Column::number("unread", "not read", 2),
    Column::number("ambiguous", "ambiguous", 6),
    Column::text("unread_bodies", "kinds", 7).shown(Show::Counts).shrinking(Shrink::End(10)),
    Column::hidden("endpoint"),
    Column::hidden("protocol"),
    Column::hidden("standard"),
    Column::hidden("method"),
    Column::hidden("path"),
];
