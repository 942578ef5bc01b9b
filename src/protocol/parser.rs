//! What a protocol is to the rest of the house.

use crate::base::Timestamp;
use crate::model::{Direction, MessageEvent, StreamEvent};

/// Takes what a parser makes of its streams.
pub trait MessageSink {
    /// One event; what it borrows is valid during the call only.
    fn message(&mut self, event: MessageEvent<'_>);
}

/// A sans-IO parser of one flow. Both directions go into one value, because the framing of a
/// response depends on its request.
///
/// How the input is cut into [`StreamEvent`]s does not change what comes out, but for where the
/// bytes of bodies are cut. No input is an error; every input is handled in linear time and in
/// bounded memory.
///
/// Between messages a parser needs no memory: [`Parser::rest`] tells in a few bits what the next
/// message needs to know, and any parser of its protocol goes on from there.
pub trait Parser: Send {
    /// Takes the next step of one stream and tells `sink` what follows from it.
    fn push(&mut self, event: StreamEvent<'_>, sink: &mut dyn MessageSink);

    /// Whether no message is open in either direction, and not a byte of one is held.
    fn is_between_messages(&self) -> bool;

    /// Heap bytes this parser holds at the moment.
    fn held_bytes(&self) -> usize;

    /// What is to be remembered of it, where that is all: it is between messages in both
    /// directions.
    fn rest(&self) -> Option<Rest>;

    /// Forgets what it was used for and goes on where a parser rested that told `rest`.
    fn resume(&mut self, rest: Rest);
}

/// All that a parser between messages has to remember: bits whose meaning its protocol knows. The
/// default is that of a parser which has seen nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rest(u16);

impl Rest {
    /// Bits of each direction.
    const LANE: u16 = 8;

    /// Of flags of both directions, in the order of [`Direction::index`].
    pub fn of([to_server, to_client]: [u8; 2]) -> Rest {
        Rest(u16::from(to_server) | u16::from(to_client) << Self::LANE)
    }

    /// The flags of both directions.
    pub fn lanes(self) -> [u8; 2] {
        self.0.to_le_bytes()
    }
}

/// The first of `flags` as bit 0, and so on.
pub fn bits<const N: usize>(flags: [bool; N]) -> u8 {
    flags.into_iter().rev().fold(0, |bits, flag| bits << 1 | u8::from(flag))
}

/// Hands on what is left of an event's bytes, behind a switch to another protocol.
pub fn hand_on((direction, at): (Direction, Timestamp), rest: &[u8], sink: &mut dyn MessageSink) {
    if !rest.is_empty() {
        sink.message(MessageEvent::Remainder { direction, at, bytes: rest });
    }
}

/// What a probe says of the first bytes of one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// These bytes are of the protocol and go in the given direction.
    Match,
    /// They are of the protocol, and what such bytes usually do is go the other way: where it is
    /// known who opened the flow, the side that is usually asked asks.
    Turned,
    /// They are not, whatever follows.
    NoMatch,
    /// They may be; more bytes will tell.
    NeedMore,
}

/// One entry of the registry.
#[derive(Debug)]
pub struct Protocol {
    /// The name users see: `http/1`.
    pub name: &'static str,
    /// Ports it usually has; a hint for flows in which nobody said anything telling.
    pub ports: &'static [u16],
    /// Looks at the first bytes of one direction. It decides within
    /// [`PROBE_BYTES_MAX`](crate::base::limits::PROBE_BYTES_MAX).
    pub probe: fn(Direction, &[u8]) -> Verdict,
    /// For flows picked up in the middle: where in a line a message starts, and which way it goes.
    /// The line comes without its LF; the flag says that it begins where a line does.
    #[expect(
        clippy::type_complexity,
        reason = "it is written once, and every part of it said above"
    )]
    pub start_line: fn(&[u8], bool) -> Option<(usize, Direction)>,
    /// Makes a parser; `None` where the protocol is only identified, so that its flows are told
    /// as not decodable.
    pub parser: Option<fn() -> Box<dyn Parser>>,
    /// Whether what its messages say is read: not where a parser only follows a flow to its keys.
    pub read: bool,
}
