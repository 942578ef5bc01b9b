//! Flows in which nothing is open: a few bits are kept of them, and what they spoke with goes to
//! whoever speaks next.

use std::ptr;

use crate::protocol::{Protocol, Rest};

use super::outcome::Outcome;
use super::{Conversation, Speaking, Stage, Workbench};

/// What is kept of a flow between its exchanges.
#[derive(Clone, Copy)]
pub(super) struct Resting {
    pub(super) protocol: &'static Protocol,
    parser: Rest,
    pairing: u8,
    over: bool,
}

/// What a flow speaks, as far as that was told.
#[derive(Clone, Copy, Debug)]
pub struct Tongue {
    protocol: Option<&'static Protocol>,
    outcome: Outcome,
    /// Directions are turned round.
    pub flipped: bool,
}

/// Parsers with their pairing that no flow has now.
#[derive(Default)]
pub struct Spares {
    #[expect(clippy::vec_box, reason = "they move between conversations; nothing is copied")]
    speaking: Vec<Box<Speaking>>,
}

/// Spares kept. They are looked through for one that speaks the protocol.
const SPARE_MAX: usize = 32;

impl Spares {
    /// One that goes on where `resting` rested; `None` where the protocol has no parser.
    fn wake(&mut self, resting: Resting) -> Option<Box<Speaking>> {
        let Resting { protocol, parser, pairing, over } = resting;
        let found = self.speaking.iter().rposition(|spare| ptr::eq(spare.protocol, protocol));
        let mut speaking = match found {
            Some(at) => self.speaking.swap_remove(at),
            None => Box::new(Speaking::new(protocol)?),
        };
        speaking.parser.resume(parser);
        speaking.pairing.resume(pairing);
        speaking.back.clear();
        (speaking.over, speaking.bytes) = (over, 0);
        Some(speaking)
    }

    /// Keeps one in which nothing is open.
    pub(super) fn keep(&mut self, speaking: Box<Speaking>) {
        if self.speaking.len() >= SPARE_MAX {
            self.speaking.swap_remove(0);
        }
        self.speaking.push(speaking);
    }
}

impl Resting {
    /// Of a flow that is about to speak `protocol`.
    fn new(protocol: &'static Protocol) -> Resting {
        Resting { protocol, parser: Rest::default(), pairing: 0, over: false }
    }
}

impl Speaking {
    /// What is to be kept of it, where that is all.
    fn rest(&self) -> Option<Resting> {
        let idle = self.switch.is_none()
            && self.remainder.is_empty()
            && self.encrypted.is_none()
            && self.back.is_empty()
            && !self.interim;
        let (parser, pairing) = (self.parser.rest()?, self.pairing.rest()?);
        let (protocol, over) = (self.protocol, self.over);
        idle.then_some(Resting { protocol, parser, pairing, over })
    }
}

impl Conversation {
    /// From here on it speaks `protocol`.
    pub(super) fn begin_speaking(&mut self, protocol: &'static Protocol, bench: &mut Workbench) {
        let speaking = bench.spares.wake(Resting::new(protocol));
        self.stage = speaking.map_or(Stage::Closed, Stage::Speaking);
    }

    /// What it speaks.
    pub(in crate::analysis) fn tongue(&self) -> Tongue {
        Tongue { protocol: self.protocol(), outcome: self.outcome, flipped: self.flipped }
    }

    /// Nothing is open, and what comes is spoken so.
    pub(in crate::analysis) fn go_on(&mut self, tongue: Tongue) {
        (self.outcome, self.flipped) = (tongue.outcome, tongue.flipped);
        self.stage = tongue.protocol.map_or(Stage::Silent, |p| Stage::Resting(Resting::new(p)));
    }

    /// Puts what it speaks with away, where nothing is open.
    pub(super) fn rest(&mut self, bench: &mut Workbench) {
        let Stage::Speaking(speaking) = &self.stage else { return };
        let Some(resting) = speaking.rest() else { return };
        if let Stage::Speaking(speaking) =
            std::mem::replace(&mut self.stage, Stage::Resting(resting))
        {
            bench.spares.keep(speaking);
        }
    }

    /// Goes on where it rested.
    pub(super) fn wake(&mut self, bench: &mut Workbench) {
        if let Stage::Resting(resting) = self.stage {
            let speaking = bench.spares.wake(resting);
            self.stage = speaking.map_or(Stage::Closed, Stage::Speaking);
        }
    }
}
