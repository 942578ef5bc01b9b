//! What came of telling a flow's protocol, in two bytes: there are millions of these.

use crate::protocol::{PROTOCOLS, Protocol};

/// Outcome of a flow that never carried payload.
pub const EMPTY: &str = "empty";
/// Outcome of a flow nobody could identify.
pub const UNIDENTIFIED: &str = "unidentified";

/// See the module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It never carried payload.
    #[default]
    Empty,
    /// Nobody could tell.
    Unidentified,
    /// The protocol at this place of the registry.
    Told(u8),
}

impl Outcome {
    /// It speaks `protocol`.
    pub(super) fn of(protocol: &'static Protocol) -> Outcome {
        let place = PROTOCOLS.iter().position(|one| std::ptr::eq(*one, protocol));
        let place = place.and_then(|place| u8::try_from(place).ok());
        place.map_or(Outcome::Unidentified, Outcome::Told)
    }

    /// As users see it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Outcome::Empty => EMPTY,
            Outcome::Unidentified => UNIDENTIFIED,
            Outcome::Told(place) => {
                PROTOCOLS.get(usize::from(place)).map_or(UNIDENTIFIED, |protocol| protocol.name)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_protocol_is_told_by_its_name() {
        for protocol in PROTOCOLS {
            assert_eq!(Outcome::of(protocol).name(), protocol.name);
        }
        assert_eq!(Outcome::default().name(), EMPTY);
    }
}
