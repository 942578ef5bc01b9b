//! The bytes of a flow that may still be called in question, and the copies that do.
//!
//! A history holds what both streams brought since nothing was open (a *period*: one exchange,
//! several where the client pipelines), and some of what came before. Other copies of its bytes
//! are compared with it; those that differ are kept until the period is over, when
//! [`super::readings`] looks at what a receiver would have read that believed them.
//!
//! ```text
//! lane   | before, for comparison | this period ................. | next byte
//!                                  start        copy: back, bytes
//! ```
//!
//! What is compared depends on the flow's own packets and times only.

use std::time::Duration;

use smallvec::SmallVec;

use crate::base::Timestamp;
use crate::base::limits::{
    COPIES_MAX, COPY_BYTES_MAX, COPY_GUISES_MAX, HISTORY_BEFORE_BYTES, HISTORY_BYTES,
    HISTORY_SECONDS,
};
use crate::model::{Direction, SecondCopy, StreamInput};

use super::accumulate::SlotRef;
pub use super::lane::{Compared, Lane};
use super::leaves::{Candidate, Leaf};

/// A copy that differs, or may.
#[derive(Debug)]
pub struct Copy {
    /// Which lane: [`Direction::index`].
    pub lane: usize,
    /// Where it begins in its lane.
    pub at: usize,
    /// How many bytes it stands for.
    pub replaces: usize,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// What its packet looks like.
    pub guise: u16,
    /// What it stands for is not held: it is looked at by itself.
    pub apart: bool,
    /// The anomaly.
    pub why: &'static str,
}

/// Copies, from the last one on, that one more may go on with.
const JOINED_AMONG: usize = 8;

/// See the module.
#[derive(Debug, Default)]
pub struct History {
    lanes: [Lane; 2],
    copies: Vec<Copy>,
    copied: usize,
    /// Copies kept of each guise: how many, and their bytes.
    guises: SmallVec<[(u16, usize, usize); 2]>,
    /// There were more copies than are kept.
    pub overflowed: Option<&'static str>,
    /// The first of its flow's protocol: what it speaks was told by these bytes.
    pub first: bool,
    /// When nothing was open any more.
    pub spent: Option<Timestamp>,
    /// The endpoints of the period's exchanges.
    pub slots: SmallVec<[SlotRef; 2]>,
    /// What other readings held beyond the first, under this generation of paths.
    pub found: Vec<(Leaf, Candidate)>,
    /// Generation of the path table that `found` speaks of.
    pub generation: u32,
    /// Directions, as spoken, in which another reader may delimit messages otherwise, with the
    /// anomaly where no exchange was told it.
    pub unframed: SmallVec<[(Direction, Option<&'static str>); 2]>,
    /// A copy that differs came when nothing was open any more: what follows may belong to it.
    pub goes_on: bool,
    /// A reading has an exchange where the first has none.
    pub hides_exchange: bool,
    /// A copy calls in question what a flow speaks that is not read: it is kept until that ends.
    pub lasting: bool,
    /// Another reader may have, by anomalies that are counted already.
    pub framing: bool,
    /// The anomalies of readings that differ.
    pub doubts: SmallVec<[&'static str; 2]>,
}

impl History {
    /// Of a flow that was not remembered so far: copies of what passed have a place, too.
    pub fn picked_up(&mut self) {
        for lane in &mut self.lanes {
            (lane.base, lane.start) = (HISTORY_BYTES, HISTORY_BYTES);
        }
        self.last();
    }

    /// Is kept, and all that comes with it, until its flow ends; what passed is missing.
    pub fn last(&mut self) {
        self.lasting = true;
        for lane in &mut self.lanes {
            let passed = std::mem::take(&mut lane.passed);
            if passed > 0 {
                lane.skip(passed as u64);
            }
        }
    }

    /// Makes it as new and keeps its memory, if that is little.
    pub fn clear(&mut self) {
        let lanes = std::mem::take(&mut self.lanes).map(Lane::emptied);
        *self = History { lanes, ..History::default() };
    }

    /// One lane.
    pub fn lane(&self, direction: Direction) -> &Lane {
        let [to_server, to_client] = &self.lanes;
        match direction {
            Direction::ToServer => to_server,
            Direction::ToClient => to_client,
        }
    }

    pub(super) fn lane_mut(&mut self, direction: Direction) -> &mut Lane {
        let [to_server, to_client] = &mut self.lanes;
        match direction {
            Direction::ToServer => to_server,
            Direction::ToClient => to_client,
        }
    }

    /// The copies of this period, taken out.
    pub fn take_copies(&mut self) -> Vec<Copy> {
        self.copied = 0;
        self.guises.clear();
        std::mem::take(&mut self.copies)
    }

    /// The copies of what is still to come, taken out: they are of the next period.
    pub fn take_ahead(&mut self) -> Vec<Copy> {
        let lanes = [Direction::ToServer, Direction::ToClient].map(|direction| {
            let lane = self.lane(direction);
            (direction.index(), lane.end.is_none(), lane.next())
        });
        let is_ahead = |copy: &Copy| {
            lanes.iter().any(|(lane, open, next)| *lane == copy.lane && *open && copy.at >= *next)
        };
        let copies = self.take_copies();
        let (ahead, now): (Vec<Copy>, Vec<Copy>) = copies.into_iter().partition(is_ahead);
        self.put_back(now);
        ahead
    }

    /// Puts copies back that were taken out.
    pub fn put_back(&mut self, copies: Vec<Copy>) {
        for copy in copies {
            if self.counts(copy.guise, copy.bytes.len()) {
                self.copies.push(copy);
            }
        }
    }

    /// Whether anything calls this period in question.
    pub fn is_doubted(&self) -> bool {
        !self.copies.is_empty()
            || self.overflowed.is_some()
            || self.has_doubts()
            || !self.unframed.is_empty()
    }

    /// Whether there is another reading.
    pub fn has_doubts(&self) -> bool {
        !self.doubts.is_empty() || self.framing
    }

    /// Notes why there is another reading, once.
    pub fn doubt(&mut self, why: &'static str) {
        if !self.doubts.contains(&why) {
            self.doubts.push(why);
        }
    }

    /// Whether whatever comes at `now` comes too late for it.
    pub fn is_over(&self, now: Timestamp, slack: Duration) -> bool {
        let limit = Duration::from_secs(HISTORY_SECONDS).saturating_add(slack);
        !self.lasting && self.spent.is_some_and(|spent| now.since(spent) > limit)
    }

    /// Whether the next bytes in `direction` do not fit any more: copies must be looked at first.
    pub fn is_full(&self, direction: Direction, len: usize) -> bool {
        let lane = self.lane(direction);
        lane.next().saturating_sub(lane.start).saturating_add(len) > HISTORY_BYTES
    }

    /// Adds what was delivered.
    pub fn add(&mut self, direction: Direction, input: StreamInput<'_>) {
        let lane = self.lane_mut(direction);
        match input {
            StreamInput::Bytes(bytes) => lane.add(bytes),
            StreamInput::Gap(len) => lane.skip(len),
            StreamInput::End(cause) => lane.end = Some(cause),
        }
    }

    /// Lets what was delivered pass: of what nobody reads only the places are counted, so that
    /// copies of what was remembered before are still compared with that.
    pub fn pass(&mut self, direction: Direction, input: StreamInput<'_>) {
        let len = match input {
            StreamInput::Bytes(bytes) => bytes.len() as u64,
            StreamInput::Gap(len) => len,
            StreamInput::End(_) => 0,
        };
        let lane = self.lane_mut(direction);
        lane.passed = lane.passed.saturating_add(usize::try_from(len).unwrap_or(usize::MAX));
    }

    /// Goes on with what was delivered of a stream that nobody reads: only where another copy of
    /// the bytes that told its protocol came, and nothing passed since. Whichever direction the
    /// copy is of: what the other end says then answers it. How much more it takes.
    pub fn go_on(&mut self, direction: Direction, input: StreamInput<'_>) -> usize {
        let before = self.held_bytes();
        let doubted = self.lasting || (self.first && !self.copies.is_empty());
        let fits = match input {
            StreamInput::Bytes(bytes) => !self.is_full(direction, bytes.len()),
            StreamInput::Gap(_) | StreamInput::End(_) => false,
        };
        if doubted && fits && self.lane(direction).passed == 0 {
            self.add(direction, input);
        } else {
            self.pass(direction, input);
        }
        self.held_bytes().saturating_sub(before)
    }

    /// A new period begins with the next byte.
    pub fn begin_period(&mut self) {
        for lane in &mut self.lanes {
            lane.begin_period();
        }
        (self.spent, self.first, self.overflowed) = (None, false, None);
        self.slots.clear();
        self.found.clear();
        self.doubts.clear();
        self.unframed.clear();
        (self.framing, self.goes_on, self.lasting) = (false, false, false);
        self.hides_exchange = false;
    }

    /// Compares a copy with what was delivered, and keeps it if it calls that in question.
    pub fn offer(&mut self, copy: &SecondCopy<'_>) -> Compared {
        let lane = self.lane(copy.direction);
        let at = lane.place(copy.back);
        let behind = at.is_none_or(|at| at.saturating_add(copy.bytes.len()) > lane.next());
        if lane.passed > 0 && behind {
            return Compared::Beyond;
        }
        let held = lane.base..=lane.next().saturating_add(HISTORY_BYTES);
        let Some(at) = at.filter(|at| held.contains(at)) else { return Compared::Unknown };
        let shifts = copy.replaces as usize != copy.bytes.len();
        let compared = if shifts { Compared::Differs } else { lane.compare(at, copy.bytes) };
        if compared == Compared::Same {
            return compared;
        }
        if at < lane.start {
            return Compared::Before;
        }
        self.goes_on |= self.keep(copy, at, false) && self.spent.is_some();
        compared
    }

    /// Keeps a copy of what is not held any more, joined to those it goes on with: who sends a
    /// value again in pieces sends them one after the other. Whether it was kept.
    pub fn keep_apart(&mut self, copy: &SecondCopy<'_>) -> bool {
        let Some(at) = self.lane(copy.direction).place(copy.back) else { return false };
        let lane = copy.direction.index();
        let before = self.copies.iter_mut().rev().take(JOINED_AMONG).find(|one| {
            one.apart
                && one.lane == lane
                && one.guise == copy.guise
                && one.at.saturating_add(one.bytes.len()) == at
        });
        let Some(before) = before.filter(|one| one.bytes.len() < HISTORY_BYTES) else {
            return self.keep(copy, at, true);
        };
        before.bytes.extend_from_slice(copy.bytes);
        self.copied += copy.bytes.len();
        true
    }

    /// Keeps a copy while there are few of its kind: many of one kind leave room for others.
    fn keep(&mut self, copy: &SecondCopy<'_>, at: usize, apart: bool) -> bool {
        if !self.counts(copy.guise, copy.bytes.len()) {
            self.overflowed = Some(copy.why);
            return false;
        }
        self.copies.push(Copy {
            lane: copy.direction.index(),
            at,
            replaces: copy.replaces as usize,
            bytes: copy.bytes.to_vec(),
            guise: copy.guise,
            apart,
            why: copy.why,
        });
        true
    }

    /// Counts a copy of this guise with so many bytes, if there is room for it.
    fn counts(&mut self, guise: u16, len: usize) -> bool {
        let known = self.guises.iter().position(|(one, ..)| *one == guise);
        if known.is_none() && self.guises.len() < COPY_GUISES_MAX {
            self.guises.push((guise, 0, 0));
        }
        let Some((_, count, bytes)) = self.guises.iter_mut().find(|(one, ..)| *one == guise) else {
            return false;
        };
        if *count >= COPIES_MAX || *bytes + len > COPY_BYTES_MAX {
            return false;
        }
        (*count, *bytes) = (*count + 1, *bytes + len);
        self.copied += len;
        true
    }

    /// `copy` with what stands around it, missing bytes left out.
    pub fn around(&self, copy: &SecondCopy<'_>) -> Vec<u8> {
        let lane = self.lane(copy.direction);
        let Some(at) = Some(copy.back).filter(|back| *back < 0).and_then(|b| lane.place(b)) else {
            return copy.bytes.to_vec();
        };
        let end = at + copy.replaces as usize;
        let before = lane.bytes(at.saturating_sub(HISTORY_BEFORE_BYTES), at);
        [&before, copy.bytes, &lane.bytes(end, end + HISTORY_BEFORE_BYTES)].concat()
    }

    /// Bytes it takes, its own place included.
    pub fn held_bytes(&self) -> usize {
        let lanes = self.lanes.iter().map(|lane| lane.bytes.capacity() + 8 * lane.cuts.capacity());
        size_of::<History>() + lanes.sum::<usize>() + self.copied
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_compared_with_what_was_remembered_wherever_the_stream_is_now() {
        let mut history = History::default();
        let direction = Direction::ToClient;
        history.add(direction, StreamInput::Bytes(b"abcdef"));
        history.pass(direction, StreamInput::Bytes(b"unread"));
        history.pass(direction, StreamInput::Gap(4));
        let mut offer = |back, bytes: &[u8]| {
            let replaces = u32::try_from(bytes.len()).unwrap();
            let (at, why) = (Timestamp::default(), "overlap-conflict");
            let (begins, guise) = (false, 0);
            history.offer(&SecondCopy { direction, at, back, begins, replaces, bytes, guise, why })
        };
        assert_eq!(offer(-16, b"abc"), Compared::Same);
        assert_eq!(offer(-14, b"cXe"), Compared::Differs);
        assert_eq!(offer(-10, b"unread"), Compared::Beyond);
        assert_eq!(offer(-4, b"lost"), Compared::Beyond);
    }
}
