//! Which protocol a flow speaks, and whether its orientation was guessed right.
//!
//! Probes look at the first bytes of both directions, as oriented and the other way round. A flow
//! that was picked up in the middle rarely starts with a message, so there identification goes on
//! through whole lines, within a budget, until one starts a message. Nothing depends on how the
//! bytes are cut.

use crate::base::Timestamp;
use crate::base::limits::{
    IDENTIFY_BYTES_MAX, IDENTIFY_PIECES_MAX, PROBE_BYTES_MAX, PROBE_WORD_BYTES_MAX,
    RESYNC_LINE_BYTES_MAX,
};
use crate::model::{Direction, EndCause, Offsets, StreamEvent, StreamInput};

use super::{PROTOCOLS, Protocol, Verdict, ssh};

/// What is known of a flow.
#[derive(Clone, Copy, Debug)]
pub enum Identification {
    /// Not told yet. What is needed of the event is kept.
    Undecided,
    /// Told by this event: what was kept before it is there to replay; the event itself is not.
    Found {
        /// The protocol.
        protocol: &'static Protocol,
        /// Whether the bytes go the other way round than the flow was oriented: requests came
        /// `ToClient` or responses `ToServer`.
        flipped: bool,
    },
    /// Given up: it is none of the registry, or nothing telling came within the budget.
    Unidentified,
}

/// Identifies one flow, or what follows a switch in one.
#[derive(Debug)]
pub struct Identifier {
    lanes: [Lane; 2],
    /// What a parser needs to see before the event that told, oldest first.
    held: Vec<Held>,
    /// Whether the first bytes may be the middle of something.
    midstream: bool,
    /// Whether it is known who opened the flow.
    oriented: bool,
    /// What one end's greeting is of that proves nothing yet.
    greeting: Option<(&'static Protocol, bool)>,
}

/// What identification still does in one direction.
#[derive(Debug)]
enum Lane {
    /// Collecting first bytes.
    Probing,
    /// Going through lines; so many bytes were gone through. `mid_line`: the line at hand is too
    /// long, or began in a gap.
    Searching { searched: usize, mid_line: bool },
    /// No protocol fits.
    Dead,
}

#[derive(Debug)]
struct Held {
    direction: Direction,
    at: Timestamp,
    offsets: Offsets,
    input: HeldInput,
}

#[derive(Debug)]
enum HeldInput {
    Bytes(Vec<u8>),
    /// Bytes never seen, or seen and not kept: then nobody is told where they stand, for what
    /// follows was found by searching.
    Gap(u64),
    End(EndCause),
}

impl Identifier {
    /// For a flow of which nothing was seen yet. `midstream`: its start was not captured.
    pub fn new(midstream: bool) -> Self {
        let lanes = [Lane::Probing, Lane::Probing];
        Identifier { lanes, held: Vec::new(), midstream, oriented: !midstream, greeting: None }
    }

    /// Takes the next event of the flow. Not to be called again once it has decided.
    pub fn push(&mut self, event: &StreamEvent<'_>) -> Identification {
        match event.input {
            StreamInput::Bytes(bytes) => self.bytes(event, bytes),
            StreamInput::Gap(len) => self.gap(event, len),
            StreamInput::End(cause) => self.end(event, cause),
        }
    }

    /// Gives what was kept, oldest first, in the directions it came.
    pub fn replay(&mut self, mut each: impl FnMut(StreamEvent<'_>)) {
        for held in std::mem::take(&mut self.held) {
            let input = match &held.input {
                HeldInput::Bytes(bytes) => StreamInput::Bytes(bytes),
                HeldInput::Gap(len) => StreamInput::Gap(*len),
                HeldInput::End(cause) => StreamInput::End(*cause),
            };
            let (direction, at) = (held.direction, held.at);
            each(StreamEvent { direction, at, offsets: held.offsets, input });
        }
    }

    /// Whether anything came in this direction.
    pub fn has_heard(&self, direction: Direction) -> bool {
        self.held.iter().any(|held| held.direction == direction)
    }

    /// Bytes kept at the moment.
    pub fn held_bytes(&self) -> usize {
        let held = |h: &Held| match &h.input {
            HeldInput::Bytes(bytes) => bytes.capacity(),
            HeldInput::Gap(_) | HeldInput::End(_) => 0,
        };
        self.held.iter().map(|h| held(h) + size_of::<Held>()).sum()
    }

    fn lane(&mut self, direction: Direction) -> &mut Lane {
        let [to_server, to_client] = &mut self.lanes;
        match direction {
            Direction::ToServer => to_server,
            Direction::ToClient => to_client,
        }
    }

    fn bytes(&mut self, event: &StreamEvent<'_>, bytes: &[u8]) -> Identification {
        if bytes.is_empty() {
            return Identification::Undecided;
        }
        match *self.lane(event.direction) {
            Lane::Probing => self.probe(event, bytes),
            Lane::Searching { searched, mid_line } => self.search(event, bytes, searched, mid_line),
            Lane::Dead => {
                self.hold_first(event, bytes);
                self.unless_dead()
            }
        }
    }

    fn probe(&mut self, event: &StreamEvent<'_>, bytes: &[u8]) -> Identification {
        let direction = event.direction;
        let held = self.held_of(direction);
        // Empty lines before a request are passed over (RFC 9112 section 2.2), however many.
        let empty = if held.is_empty() { empty_lines(bytes) } else { 0 };
        let bytes = bytes.get(empty..).unwrap_or_default();
        if bytes.is_empty() {
            return Identification::Undecided;
        }
        let room = PROBE_WORD_BYTES_MAX.saturating_sub(held.len());
        let fits = bytes.get(..room).unwrap_or(bytes);
        // The usual flow is told by its first chunk, without a copy.
        let joined;
        let first = if held.is_empty() {
            fits
        } else {
            joined = [held.as_slice(), fits].concat();
            &joined
        };
        // Of what may begin in the middle of something, lines tell.
        let window = if self.midstream { PROBE_BYTES_MAX } else { probe_window(first) };
        let first = first.get(..window).unwrap_or(first);
        if let Some(found) = verdict(direction, first, self.oriented) {
            return self.found(event, bytes, found);
        }
        if first.len() < window && undecided(direction, first) {
            self.hold(event, bytes);
            return Identification::Undecided;
        }
        if self.midstream {
            // What is held has no whole start line in it, or the probe had told.
            self.keep_last_line(event);
            return self.search(event, bytes, 0, false);
        }
        *self.lane(direction) = Lane::Dead;
        self.hold_first(event, bytes);
        self.unless_dead()
    }

    /// The bytes in this direction are of `found`. Both ends of SSH greet, so what only one of them
    /// says proves nothing: who answers with a request speaks HTTP.
    fn found(
        &mut self,
        event: &StreamEvent<'_>,
        bytes: &[u8],
        found: (&'static Protocol, bool),
    ) -> Identification {
        let (protocol, flipped) = found;
        let open = matches!(self.lane(event.direction.reversed()), Lane::Probing);
        if open && self.greeting.is_none() && std::ptr::eq(protocol, &ssh::PROTOCOL) {
            self.greeting = Some(found);
            *self.lane(event.direction) = Lane::Dead;
            self.hold_first(event, bytes);
            return Identification::Undecided;
        }
        Identification::Found { protocol, flipped }
    }

    fn search(
        &mut self,
        event: &StreamEvent<'_>,
        bytes: &[u8],
        searched: usize,
        mut mid_line: bool,
    ) -> Identification {
        let direction = event.direction;
        // A line began in these bytes, there.
        let (mut begun, mut line_start) = (false, 0);
        let ends = bytes.iter().enumerate().filter(|(_, byte)| ends_line(**byte));
        for (end, byte) in ends {
            let piece = bytes.get(line_start..end).unwrap_or_default();
            let found = if !begun && self.held_len(direction) > 0 {
                let line = [self.held_of(direction).as_slice(), piece].concat();
                starts_message(&line, !mid_line, direction)
            } else {
                starts_message(piece, !mid_line, direction)
            };
            if let Some((protocol, goes)) = found {
                return Identification::Found { protocol, flipped: goes != direction };
            }
            // What was held told nothing, so it is passed over here, wherever the bytes were cut.
            if !begun {
                self.drop_held_but(event, 0);
            }
            (mid_line, begun) = (false, true);
            line_start = behind(end, *byte);
        }
        let rest = bytes.get(line_start..).unwrap_or_default();
        let searched = searched.saturating_add(bytes.len());
        let dead = searched > IDENTIFY_BYTES_MAX;
        self.pass_over(event, line_start);
        if dead {
            self.drop_held_but(event, 0);
            self.pass_over(event, rest.len());
        } else {
            mid_line |= self.hold_end(event, rest);
        }
        *self.lane(direction) =
            if dead { Lane::Dead } else { Lane::Searching { searched, mid_line } };
        self.unless_dead()
    }

    /// Keeps what came of an unfinished line, as much of its end as may matter; whether that is not
    /// all of it.
    fn hold_end(&mut self, event: &StreamEvent<'_>, rest: &[u8]) -> bool {
        let len = self.held_len(event.direction) + rest.len();
        let cut = len > 2 * RESYNC_LINE_BYTES_MAX;
        let mut from = 0;
        if cut {
            self.drop_held_but(event, RESYNC_LINE_BYTES_MAX.saturating_sub(rest.len()));
            from = rest.len().saturating_sub(RESYNC_LINE_BYTES_MAX);
            self.pass_over(event, from);
        }
        if let Some(end) = rest.get(from..).filter(|end| !end.is_empty()) {
            self.hold(event, end);
        }
        cut
    }

    fn gap(&mut self, event: &StreamEvent<'_>, len: u64) -> Identification {
        self.midstream = true;
        self.drop_held_but(event, 0);
        self.hold_gap(event, len);
        let lane = self.lane(event.direction);
        match lane {
            Lane::Probing => *lane = Lane::Searching { searched: 0, mid_line: false },
            Lane::Searching { mid_line, .. } => *mid_line = false,
            Lane::Dead => {}
        }
        Identification::Undecided
    }

    /// What has not told anything by its end will not.
    fn end(&mut self, event: &StreamEvent<'_>, cause: EndCause) -> Identification {
        let &StreamEvent { direction, at, offsets, .. } = event;
        *self.lane(direction) = Lane::Dead;
        self.held.push(Held { direction, at, offsets, input: HeldInput::End(cause) });
        self.unless_dead()
    }

    fn unless_dead(&self) -> Identification {
        let dead = self.lanes.iter().all(|lane| matches!(lane, Lane::Dead));
        match self.greeting {
            _ if !dead => Identification::Undecided,
            Some((protocol, flipped)) => Identification::Found { protocol, flipped },
            None => Identification::Unidentified,
        }
    }

    fn last_held(&mut self, direction: Direction) -> Option<&mut Held> {
        self.held.iter_mut().rev().find(|held| held.direction == direction)
    }

    /// Keeps a copy, joined to what came right before in the same direction.
    fn hold(&mut self, event: &StreamEvent<'_>, bytes: &[u8]) {
        let &StreamEvent { direction, at, offsets, .. } = event;
        // Pieces that alternate between the directions keep their order while they are few.
        let join = self.held.len() >= IDENTIFY_PIECES_MAX
            || self.held.last().is_some_and(|held| held.direction == direction);
        match self.last_held(direction) {
            Some(Held { input: HeldInput::Bytes(held), offsets, .. }) if join => {
                // Of several segments none speaks for all.
                offsets.heard = 0;
                held.extend_from_slice(bytes);
            }
            _ => {
                let input = HeldInput::Bytes(bytes.to_vec());
                self.held.push(Held { direction, at, offsets, input });
            }
        }
    }

    /// Keeps what belongs to the first bytes: the other direction may tell a protocol yet.
    fn hold_first(&mut self, event: &StreamEvent<'_>, bytes: &[u8]) {
        let room = match self.last_held(event.direction) {
            Some(Held { input: HeldInput::Gap(_) | HeldInput::End(_), .. }) => 0,
            _ => PROBE_BYTES_MAX.saturating_sub(self.held_len(event.direction)),
        };
        let (fits, rest) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
        if !fits.is_empty() {
            self.hold(event, fits);
        }
        self.pass_over(event, rest.len());
    }

    /// Keeps that so many bytes are missing, joined to what was missing right before.
    fn hold_gap(&mut self, event: &StreamEvent<'_>, len: u64) {
        let &StreamEvent { direction, at, offsets, .. } = event;
        match self.last_held(direction) {
            Some(Held { input: HeldInput::Gap(missing), offsets: known, .. }) => {
                *missing = missing.saturating_add(len);
                *known = offsets;
            }
            _ => self.held.push(Held { direction, at, offsets, input: HeldInput::Gap(len) }),
        }
    }

    /// Bytes that told nothing and are not kept.
    fn pass_over(&mut self, event: &StreamEvent<'_>, len: usize) {
        if len > 0 {
            self.hold_gap(event, len as u64);
            if let Some(held) = self.last_held(event.direction) {
                held.offsets = Offsets::default();
            }
        }
    }

    /// Of the bytes that came last no longer keeps more than the last `keep`.
    fn drop_held_but(&mut self, event: &StreamEvent<'_>, keep: usize) {
        let mut end = self.held_of(event.direction);
        let len = end.len().saturating_sub(keep);
        end.drain(..len);
        let first = self.last_bytes(event.direction);
        let mut at = 0;
        self.held.retain(|held| {
            at += 1;
            at <= first || held.direction != event.direction
        });
        self.pass_over(event, len);
        if !end.is_empty() {
            self.hold(event, &end);
        }
    }

    /// Keeps only the unfinished line of the bytes that came last.
    fn keep_last_line(&mut self, event: &StreamEvent<'_>) {
        let held = self.held_of(event.direction);
        let last = held.iter().enumerate().rfind(|(_, byte)| ends_line(**byte));
        if let Some((end, byte)) = last {
            self.drop_held_but(event, held.len().saturating_sub(behind(end, *byte)));
        }
    }

    /// Where in `held` the bytes begin that came last in this direction, behind any gap.
    fn last_bytes(&self, direction: Direction) -> usize {
        let ends =
            |held: &Held| held.direction == direction && !matches!(held.input, HeldInput::Bytes(_));
        self.held.iter().rposition(ends).map_or(0, |at| at + 1)
    }

    /// The pieces of the bytes that came last in this direction.
    fn pieces(&self, direction: Direction) -> impl Iterator<Item = &[u8]> {
        let last = self.held.get(self.last_bytes(direction)..).unwrap_or_default();
        last.iter().filter(move |held| held.direction == direction).map(|held| match &held.input {
            HeldInput::Bytes(bytes) => bytes.as_slice(),
            HeldInput::Gap(_) | HeldInput::End(_) => &[],
        })
    }

    fn held_len(&self, direction: Direction) -> usize {
        self.pieces(direction).map(<[u8]>::len).sum()
    }

    fn held_of(&self, direction: Direction) -> Vec<u8> {
        self.pieces(direction).flatten().copied().collect()
    }
}

/// Start of an MLLP block: the first byte of what it begins.
const BLOCK_START: u8 = 0x0b;

/// What messages are searched between: lines, and the blocks of MLLP, which have no line feeds.
fn ends_line(byte: u8) -> bool {
    matches!(byte, b'\n' | BLOCK_START | 0x1c)
}

/// How many bytes are empty lines.
fn empty_lines(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count()
}

/// Where the line begins that `byte` at `end` ends or starts.
fn behind(end: usize, byte: u8) -> usize {
    end + usize::from(byte != BLOCK_START)
}

/// The protocol these first bytes are of; as oriented before the other way round. Where it is known
/// who opened the flow, only what cannot go this way turns it.
fn verdict(
    direction: Direction,
    first: &[u8],
    oriented: bool,
) -> Option<(&'static Protocol, bool)> {
    [(direction, false), (direction.reversed(), true)].into_iter().find_map(|(goes, flipped)| {
        PROTOCOLS.iter().find_map(|protocol| match (protocol.probe)(goes, first) {
            Verdict::Match => Some((*protocol, flipped)),
            Verdict::Turned if oriented => Some((*protocol, false)),
            Verdict::Turned | Verdict::NoMatch | Verdict::NeedMore => None,
        })
    })
}

/// Whether these bytes, in this direction, begin what is read: of the protocols that are, what the
/// one says that says most.
pub fn begins_what_is_read(direction: Direction, bytes: &[u8]) -> Verdict {
    let bytes = bytes.get(empty_lines(bytes)..).unwrap_or_default();
    let first = bytes.get(..PROBE_BYTES_MAX).unwrap_or(bytes);
    if first.is_empty() {
        return Verdict::NoMatch;
    }
    let mut best = Verdict::NoMatch;
    for protocol in PROTOCOLS.iter().filter(|protocol| protocol.read) {
        match (protocol.probe)(direction, first) {
            Verdict::Match | Verdict::Turned => return Verdict::Match,
            Verdict::NeedMore => best = Verdict::NeedMore,
            Verdict::NoMatch => {}
        }
    }
    best
}

/// Whether more bytes may still tell.
fn undecided(direction: Direction, first: &[u8]) -> bool {
    let either = [direction, direction.reversed()];
    PROTOCOLS.iter().any(|p| either.iter().any(|goes| (p.probe)(*goes, first) == Verdict::NeedMore))
}

/// How many of the first bytes are looked at: more where they begin with a long word, which may be
/// the method of a request.
fn probe_window(first: &[u8]) -> usize {
    let word = first.iter().position(u8::is_ascii_whitespace).unwrap_or(first.len());
    let behind = PROBE_BYTES_MAX / 2;
    PROBE_BYTES_MAX.max(word + behind).min(PROBE_WORD_BYTES_MAX)
}

/// The protocol of which a message starts in this line, and which way it goes. `whole`: the line
/// begins with its first byte. Only a start at the begin of a line may turn the flow round.
fn starts_message(
    line: &[u8],
    whole: bool,
    direction: Direction,
) -> Option<(&'static Protocol, Direction)> {
    let passed = line.len().saturating_sub(RESYNC_LINE_BYTES_MAX);
    let (line, whole) = (line.get(passed..)?, whole && passed == 0);
    PROTOCOLS.iter().find_map(|protocol| {
        let (at, goes) = (protocol.start_line)(line, whole)?;
        (goes == direction || (whole && at == 0)).then_some((*protocol, goes))
    })
}

#[cfg(test)]
mod tests;
