//! An interface that went away and may come back: both are told, once each.

use crate::capture::PacketSource;

use super::health::{Return, Watch};

/// Whether the interface at hand was away at the last look.
#[derive(Default)]
pub(super) struct Away {
    is_away: bool,
}

impl Away {
    /// Looks whether it is away now, and tells where that has changed.
    pub(super) fn look(&mut self, source: &dyn PacketSource, watch: Option<&Watch>) {
        let Some(absence) = source.absence() else { return };
        let was_away = std::mem::replace(&mut self.is_away, absence.reason.is_some());
        match (&absence.reason, watch) {
            (Some(reason), Some(watch)) if !was_away => {
                watch.gone(source.name(), reason, Return::Awaited);
            }
            (None, Some(watch)) if was_away => watch.back(source.name()),
            _ => {}
        }
    }
}
