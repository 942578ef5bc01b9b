//! What a receiver would have read that believed other copies than the first.
//!
//! The period in question is parsed once more for each reading: first as it was delivered, to know
//! what that says, then with copies put in place of what they stand for. Receivers choose by where
//! segments begin and end (Novak and Sturges 2007), so copies are taken apart where the first ones
//! were cut, and every choice among them is a reading, as far as they are few. What a reading says
//! beyond the first goes to the exchange of the first: no reading makes an endpoint.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::base::TableSet;
use crate::base::limits::{COPY_GUISES_MAX, READING_BYTES_MAX, READINGS_MAX};
use crate::content::BodyPlan;
use crate::flow::FlowInfo;
use crate::model::{Direction, EndCause, Offsets, StreamEvent, StreamInput};
use crate::protocol::Protocol;

use super::conversation::Conversation;
use super::half::{Exchange, Half};
use super::history::{Copy, History};
use super::leaves::{Candidate, Leaf, Leaves};
use super::workbench::Workbench;

/// Set while a reading is inspected: nothing is added to the books then.
#[derive(Debug, Default)]
pub struct Shadow {
    seen: TableSet<(Leaf, Candidate)>,
    found: Vec<(Leaf, Candidate)>,
    /// It is the first reading: what it says is known.
    first: bool,
    /// Exchanges of the first reading, and of the others.
    exchanges: [usize; 2],
}

impl Shadow {
    fn take(&mut self, leaves: &Leaves) {
        for one in leaves.candidates() {
            if self.seen.insert(one) && !self.first {
                self.found.push(one);
            }
        }
    }
}

/// A piece of a copy: one choice of a receiver.
struct Piece<'a> {
    at: usize,
    replaces: usize,
    bytes: &'a [u8],
    guise: u16,
}

impl Workbench {
    /// Inspects all readings of what `history` holds, as a flow that speaks `protocol` (or of which
    /// that is not known yet). What they say beyond the first is added to `history.found`.
    pub fn read_again(
        &mut self,
        flow: &FlowInfo,
        protocol: Option<&'static Protocol>,
        flipped: bool,
        history: &mut History,
    ) {
        let (apart, copies): (Vec<Copy>, Vec<Copy>) =
            history.take_copies().into_iter().partition(|copy| copy.apart);
        for copy in &apart {
            history.doubt(copy.why);
            for direction in BOTH.into_iter().filter(|d| d.index() == copy.lane) {
                // What is delivered behind it goes on with it.
                let text = [&copy.bytes[..], &history.lane(direction).behind(copy)].concat();
                self.read_text(turned(direction, flipped), &text, history);
            }
        }
        if history.lasting && !history.first {
            for direction in BOTH {
                let text = history.lane(direction).held();
                self.read_text(turned(direction, flipped), &text, history);
            }
        }
        if let Some(why) = history.overflowed {
            history.doubt(why);
        }
        for direction in BOTH {
            let mine: Vec<&Copy> = copies.iter().filter(|c| c.lane == direction.index()).collect();
            let pieces = pieces(history, direction, &mine);
            if pieces.is_empty() {
                continue;
            }
            for copy in &mine {
                history.doubt(copy.why);
            }
            let Some(cells) = history.lane(direction).cells() else {
                self.as_text((direction, flipped), &pieces, history);
                continue;
            };
            let start = history.lane(direction).start();
            let other = history.lane(direction.reversed()).cells().unwrap_or_default();
            self.shadow = Some(Shadow { first: true, ..Shadow::default() });
            let replay = Replay { flow, protocol, flipped, history, direction, other: &other };
            replay.run(&cells, self);
            // Whoever forges a question forges the answer to it: all copies of the other end are
            // one more reading of what it said.
            let answers = all_copies(history, direction.reversed(), &copies);
            let against = answers.as_ref().map(|other| Replay { other, ..replay });
            let mut left = READING_BYTES_MAX;
            'choices: for choice in guises(&pieces).chain(choices(pieces.len())) {
                let reading = reading(&cells, start, &pieces, choice);
                for replay in [Some(&replay), against.as_ref()].into_iter().flatten() {
                    let len = reading.len() + replay.other.len();
                    let Some(rest) = left.checked_sub(len) else { break 'choices };
                    left = rest;
                    replay.run(&reading, self);
                }
            }
            self.keep_found(history);
        }
    }

    /// Inspects the bytes of directions in which another reader may delimit messages otherwise, as
    /// text: whatever is a body to that reader is among them. What the first reading found in
    /// its place is not told again.
    pub fn read_unframed(
        &mut self,
        flow: &FlowInfo,
        protocol: Option<&'static Protocol>,
        flipped: bool,
        history: &mut History,
    ) {
        let unframed = std::mem::take(&mut history.unframed);
        let midstream = history.first && flow.orientation.is_midstream();
        for spoken in [Direction::ToServer, Direction::ToClient] {
            let direction = turned(spoken, flipped);
            let open = || unframed.iter().filter(|(direction, _)| *direction == spoken);
            if midstream || open().next().is_none() {
                continue;
            }
            let whole = history.lane(direction).cells();
            let Some(cells) = whole.filter(|cells| cells.iter().all(Option::is_some)) else {
                continue;
            };
            let text: Vec<u8> = cells.iter().flatten().copied().collect();
            let other = history.lane(direction.reversed()).cells().unwrap_or_default();
            self.shadow = Some(Shadow { first: true, ..Shadow::default() });
            let replay = Replay { flow, protocol, flipped, history, direction, other: &other };
            replay.run(&cells, self);
            let known: TableSet<u64> = match &self.shadow {
                Some(shadow) => shadow.seen.iter().map(|(_, found)| found.hash()).collect(),
                None => TableSet::default(),
            };
            self.text(spoken, &text);
            if let Some(shadow) = &mut self.shadow {
                shadow.found.retain(|(_, found)| !known.contains(&found.hash()));
            }
            self.keep_found(history);
            history.framing = true;
            for name in open().filter_map(|(_, name)| *name) {
                history.doubt(name);
            }
        }
    }

    /// Inspects bytes of which it is not known where they stand.
    pub fn read_text(&mut self, direction: Direction, text: &[u8], history: &mut History) {
        self.shadow = Some(Shadow::default());
        self.text(direction, text);
        self.keep_found(history);
    }

    fn as_text(
        &mut self,
        (direction, flipped): (Direction, bool),
        pieces: &[Piece<'_>],
        history: &mut History,
    ) {
        self.shadow = Some(Shadow::default());
        for piece in pieces {
            let lane = history.lane(direction);
            let before = lane.bytes(piece.at.saturating_sub(AROUND), piece.at);
            let end = piece.at + piece.replaces;
            let text = [&before, piece.bytes, &lane.bytes(end, end + AROUND)].concat();
            self.text(turned(direction, flipped), &text);
        }
        self.keep_found(history);
    }

    fn text(&mut self, direction: Direction, text: &[u8]) {
        let mut request = self.spare_request();
        let half: &mut Half = &mut request.half;
        half.plan = Some(Arc::new(BodyPlan::from_headers(Some(b"text/plain"), None)));
        self.body(direction, half, text);
        self.end(direction, half, true);
        if let Some(shadow) = &mut self.shadow {
            shadow.take(&half.leaves);
        }
        self.recycle(Exchange { request: Some(request), ..Exchange::default() });
    }

    fn keep_found(&mut self, history: &mut History) {
        let shadow = self.shadow.take().unwrap_or_default();
        history.hides_exchange |= matches!(shadow.exchanges, [0, others] if others > 0);
        let found = shadow.found;
        if history.generation != self.paths.generation() {
            history.found.clear();
            history.generation = self.paths.generation();
        }
        history.found.extend(found);
    }

    /// An exchange of a reading is over.
    pub fn take_shadow(&mut self, exchange: Exchange) {
        if let Some(shadow) = &mut self.shadow {
            let request = exchange.request.as_ref().map(|r| &r.half);
            let response = exchange.response.as_ref().map(|r| &r.half);
            let [first, others] = &mut shadow.exchanges;
            *(if shadow.first { first } else { others }) += 1;
            for half in request.into_iter().chain(response) {
                shadow.take(&half.leaves);
            }
        }
        self.recycle(exchange);
    }
}

/// The direction as it is spoken.
pub fn turned(direction: Direction, flipped: bool) -> Direction {
    if flipped { direction.reversed() } else { direction }
}

const BOTH: [Direction; 2] = [Direction::ToServer, Direction::ToClient];

/// Bytes on both sides that are looked at with a copy that stands alone.
const AROUND: usize = 512;

/// One way to parse the period.
#[derive(Clone, Copy)]
struct Replay<'a> {
    flow: &'a FlowInfo,
    protocol: Option<&'static Protocol>,
    flipped: bool,
    history: &'a History,
    /// The lane of which there are several readings.
    direction: Direction,
    /// The bytes of the other lane.
    other: &'a [Option<u8>],
}

impl Replay<'_> {
    fn run(&self, cells: &[Option<u8>], bench: &mut Workbench) {
        let mut conversation = Conversation::shadow(self.protocol, self.flipped, bench);
        let first = if self.flipped { Direction::ToClient } else { Direction::ToServer };
        for direction in [first, first.reversed()] {
            let bytes = if direction == self.direction { cells } else { self.other };
            for run in bytes.chunk_by(|a, b| a.is_some() == b.is_some()) {
                let known: Vec<u8> = run.iter().flatten().copied().collect();
                let input = match known.is_empty() {
                    true => StreamInput::Gap(run.len() as u64),
                    false => StreamInput::Bytes(&known),
                };
                self.step(&mut conversation, direction, input, bench);
            }
        }
        for direction in [first, first.reversed()] {
            let end = self.history.lane(direction).end.unwrap_or(EndCause::Cut);
            self.step(&mut conversation, direction, StreamInput::End(end), bench);
        }
        conversation.end_shadow(self.flow, bench);
        if let Some(shadow) = &mut bench.shadow {
            shadow.first = false;
        }
    }

    fn step(
        &self,
        conversation: &mut Conversation,
        direction: Direction,
        input: StreamInput<'_>,
        bench: &mut Workbench,
    ) {
        let (at, offsets) = (self.flow.opened, Offsets::default());
        conversation.event(self.flow, StreamEvent { direction, at, offsets, input }, bench);
    }
}

/// The lane as whoever reads it believes every copy of it; `None` where there are none.
fn all_copies(history: &History, direction: Direction, copies: &[Copy]) -> Option<Vec<Option<u8>>> {
    let mine: Vec<&Copy> = copies.iter().filter(|c| c.lane == direction.index()).collect();
    let pieces = pieces(history, direction, &mine);
    let lane = history.lane(direction);
    let cells = lane.cells().filter(|_| !pieces.is_empty())?;
    Some(reading(&cells, lane.start(), &pieces, Choice::Range(0, pieces.len())))
}

/// Takes copies apart where the first ones were cut; what agrees with them is left out.
fn pieces<'a>(history: &History, direction: Direction, copies: &[&'a Copy]) -> Vec<Piece<'a>> {
    let lane = history.lane(direction);
    let mut pieces = Vec::new();
    for copy in copies {
        if copy.replaces != copy.bytes.len() {
            let inside = copy.at < lane.start() + lane.cells().map_or(0, |cells| cells.len());
            if inside {
                let (replaces, bytes) = (copy.replaces, &copy.bytes);
                pieces.push(Piece { at: copy.at, replaces, bytes, guise: copy.guise });
            }
            continue;
        }
        let end = copy.at + copy.bytes.len();
        let bounds = [copy.at].into_iter().chain(lane.cuts(copy.at, end)).chain([end]);
        let bounds: Vec<usize> = bounds.collect();
        for pair in bounds.windows(2) {
            let &[from, to] = pair else { continue };
            let bytes = copy.bytes.get(from - copy.at..to - copy.at).unwrap_or_default();
            let guise = copy.guise;
            if lane.is_open(from, to) {
                pieces.push(Piece { at: from, replaces: bytes.len(), bytes, guise });
                continue;
            }
            // Without what agrees at both ends, so that one choice does not undo another.
            let first = lane.bytes(from, to);
            let differs = |n: &usize| first.get(*n) != bytes.get(*n);
            let (begin, end) =
                ((0..bytes.len()).find(differs), (0..bytes.len()).rev().find(differs));
            if let (Some(begin), Some(end)) = (begin, end) {
                let bytes = bytes.get(begin..=end).unwrap_or_default();
                pieces.push(Piece { at: from + begin, replaces: bytes.len(), bytes, guise });
            }
        }
    }
    pieces
}

/// Which of `n` pieces are believed: all choices where they are few, else all of them, every one
/// alone, and the first and the last ones.
fn choices(n: usize) -> impl Iterator<Item = Choice> {
    let all = n <= CHOICES_OF;
    let subsets = (1..1u32 << n.min(CHOICES_OF)).rev().map(Choice::Set).filter(move |_| all);
    let ranges = [Choice::Range(0, n)]
        .into_iter()
        .chain((0..n).map(|at| Choice::Range(at, at + 1)))
        .chain((2..n).map(|to| Choice::Range(0, to)))
        .chain((1..n).map(move |from| Choice::Range(from, n)))
        .filter(move |_| !all);
    subsets.chain(ranges).take(READINGS_MAX)
}

/// Where not every choice is tried: all pieces that look as if one sender had sent them, since a
/// receiver may have got no others.
fn guises(pieces: &[Piece<'_>]) -> impl Iterator<Item = Choice> {
    let mut guises: SmallVec<[(u16, bool); COPY_GUISES_MAX]> = SmallVec::new();
    for piece in pieces.iter().filter(|_| pieces.len() > CHOICES_OF) {
        let guise = (piece.guise, piece.replaces == piece.bytes.len());
        if !guises.contains(&guise) {
            guises.push(guise);
        }
    }
    let choice = |(guise, stands)| match stands {
        true => Choice::Guise(guise),
        false => Choice::Taken(guise),
    };
    guises.into_iter().take(COPY_GUISES_MAX).map(choice)
}

/// Pieces up to which every choice is tried: fewer than [`READINGS_MAX`] then.
const CHOICES_OF: usize = 4;

#[derive(Clone, Copy, Debug)]
enum Choice {
    Set(u32),
    Range(usize, usize),
    /// Those of one guise that stand for as many bytes as they have.
    Guise(u16),
    /// The others of that guise: all urgent bytes of a sender, where one meaning of the pointer
    /// has them.
    Taken(u16),
}

impl Choice {
    fn has(self, n: usize, piece: &Piece<'_>) -> bool {
        match self {
            Choice::Set(bits) => bits >> n & 1 == 1,
            Choice::Range(from, to) => (from..to).contains(&n),
            Choice::Guise(guise) => piece.guise == guise && piece.replaces == piece.bytes.len(),
            Choice::Taken(guise) => piece.guise == guise && piece.replaces != piece.bytes.len(),
        }
    }
}

/// The bytes of a lane with the chosen pieces, in the order they came.
fn reading(
    first: &[Option<u8>],
    start: usize,
    pieces: &[Piece<'_>],
    choice: Choice,
) -> Vec<Option<u8>> {
    let mut cells = first.to_vec();
    let chosen = || pieces.iter().enumerate().filter(|(n, p)| choice.has(*n, p)).map(|(_, p)| p);
    for piece in chosen().filter(|piece| piece.replaces == piece.bytes.len()) {
        let at = piece.at - start;
        if cells.len() < at + piece.bytes.len() {
            cells.resize(at + piece.bytes.len(), None);
        }
        for (cell, byte) in cells.iter_mut().skip(at).zip(piece.bytes) {
            *cell = Some(*byte);
        }
    }
    let mut shifts: Vec<&Piece<'_>> =
        chosen().filter(|piece| piece.replaces != piece.bytes.len()).collect();
    shifts.sort_by_key(|piece| std::cmp::Reverse(piece.at));
    for piece in shifts {
        let from = (piece.at - start).min(cells.len());
        let to = (from + piece.replaces).min(cells.len());
        cells.splice(from..to, piece.bytes.iter().map(|byte| Some(*byte)));
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Piece<'static> = Piece { at: 0, replaces: 0, bytes: &[], guise: 0 };

    #[test]
    fn every_choice_among_few_pieces_is_a_reading_and_many_are_bounded() {
        let sets: Vec<u32> = choices(3)
            .map(|choice| (0..3).filter(|n| choice.has(*n, &NONE)).map(|n| 1 << n).sum())
            .collect();
        assert_eq!(sets, [7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(choices(0).count(), 0);
        assert_eq!(choices(500).count(), READINGS_MAX);
        assert!((0..500).all(|n| choices(500).next().is_some_and(|all| all.has(n, &NONE))));
    }

    #[test]
    fn a_reading_replaces_fills_extends_and_takes_out() {
        let first: Vec<Option<u8>> = b"ab-def".iter().map(|b| (*b != b'-').then_some(*b)).collect();
        let piece = |at, replaces, bytes| Piece { at, replaces, bytes, guise: 0 };
        let pieces =
            [piece(11, 1, &b"B"[..]), piece(12, 1, b"C"), piece(14, 1, b""), piece(16, 1, b"G")];
        let text = |choice| {
            let cells = reading(&first, 10, &pieces, choice);
            cells.iter().map(|c| char::from(c.unwrap_or(b'-'))).collect::<String>()
        };
        assert_eq!(text(Choice::Range(0, 4)), "aBCdfG");
        assert_eq!(text(Choice::Set(0b0010)), "abCdef");
        assert_eq!(text(Choice::Set(0b0100)), "ab-df");
    }
}
