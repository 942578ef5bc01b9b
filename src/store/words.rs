//! The words the database and the queries use for what the model keeps as enums.

use crate::model::{Direction, FindingKind, Location};

/// `request` or `response`.
pub fn direction_name(direction: Direction) -> &'static str {
    match direction {
        Direction::ToServer => "request",
        Direction::ToClient => "response",
    }
}

/// The direction that [`direction_name`] calls so.
pub fn direction_named(name: &str) -> Option<Direction> {
    [Direction::ToServer, Direction::ToClient].into_iter().find(|d| direction_name(*d) == name)
}

/// The location that [`Location::name`] calls so.
pub fn location_named(name: &str) -> Option<Location> {
    Location::ALL.into_iter().find(|l| l.name() == name)
}

/// Every kind of finding, by name.
pub const FINDING_KINDS: [FindingKind; 7] = [
    FindingKind::Auth,
    FindingKind::Behaviour,
    FindingKind::Configuration,
    FindingKind::Drift,
    FindingKind::Exposure,
    FindingKind::SensitiveData,
    FindingKind::Transport,
];

/// The kind that [`FindingKind::name`] calls so.
pub fn finding_kind_named(name: &str) -> Option<FindingKind> {
    FINDING_KINDS.into_iter().find(|k| k.name() == name)
}
