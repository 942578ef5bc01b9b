//! What the last exchanges of flows said that ended a moment ago, for copies that come late.
//!
//! ```text
//! bytes    | to server, to client | to server, to client | …     oldest first, at most their share
//! records  | of the oldest flow   | of the next          | …     found by number
//! ```
//!
//! Retransmissions behind the end of a flow repeat it; what an evader had an end forged before does
//! not. A flow whose end is called in question goes on with a [`History`] of what is kept of it.
//! What ended longer ago than its flow is known by goes first, then the oldest where room is short:
//! then nobody can say whether a copy differs.

use std::collections::VecDeque;
use std::time::Duration;

use crate::base::Timestamp;
use crate::base::limits::{
    FLOW_CLOSED_SECONDS, HISTORY_BEFORE_BYTES, HISTORY_SLACK_SECONDS, REMAINS_BYTES_PER_STREAM,
};
use crate::flow::{Compared, FlowInfo, LateBytes, Remains};
use crate::model::Direction;
use crate::protocol::{Verdict, begins_what_is_read};

use super::accumulate::SlotRef;
use super::conversation::{Conversation, Tongue};
use super::history::History;
use super::lane::Lane;
use super::readings::turned;
use super::workbench::Workbench;

const BOTH: [Direction; 2] = [Direction::ToServer, Direction::ToClient];
/// Late bytes came of a flow of which nothing was kept any more.
const NOT_KEPT: &str = "ended-flow-not-kept";
/// The anomaly of what may be a copy and cannot be compared.
const AFTER_END: &str = "data-after-end";

/// See the module.
#[derive(Debug, Default)]
pub struct RemainsTable {
    bytes: VecDeque<u8>,
    /// How many bytes are gone.
    gone: u64,
    records: VecDeque<Record>,
    /// Number of the first record.
    first: u32,
}

/// What is kept of one flow.
#[derive(Clone, Copy, Debug)]
struct Record {
    ended: Timestamp,
    /// Where its bytes begin among all that ever were.
    begin: u64,
    /// The bytes of each direction, by [`Direction::index`].
    lanes: [Part; 2],
    /// The endpoint of its last exchange.
    last: Option<SlotRef>,
    tongue: Tongue,
    /// See [`History::first`].
    first: bool,
}

/// The last bytes of one direction.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    len: u16,
    /// How many of them are of the period; more than there are where its begin is missing.
    period: u16,
}

impl RemainsTable {
    /// Bytes that are kept, with what finds them.
    fn len(&self) -> usize {
        self.bytes.len() + self.records.len() * size_of::<Record>()
    }

    /// Forgets what ended too long ago before `now`, and the oldest until `more` bytes have room
    /// within `most`.
    fn make_room(&mut self, now: Timestamp, more: usize, most: usize) {
        let over = Duration::from_secs(FLOW_CLOSED_SECONDS + HISTORY_SLACK_SECONDS);
        while let Some(oldest) = self.records.front()
            && (now.since(oldest.ended) > over || self.len() + more > most)
        {
            let len = oldest.len();
            self.bytes.drain(..len.min(self.bytes.len()));
            self.gone += len as u64;
            self.records.pop_front();
            self.first = after(self.first, 1);
        }
        let needed = self.bytes.len() + more;
        if needed > self.bytes.capacity() {
            let capacity = needed.max(2 * self.bytes.capacity()).min(needed.max(most));
            self.bytes.reserve_exact(capacity - self.bytes.len());
        }
    }

    /// Keeps what `history` holds of a flow, its latest bytes, within `most` bytes in all.
    fn keep(&mut self, record: Record, history: Option<&History>, most: usize) -> Remains {
        let mut record = record;
        if let Some(history) = history {
            record.lanes = BOTH.map(|direction| Part::of(history.lane(direction)));
        }
        let room = size_of::<Record>() + record.len();
        self.make_room(record.ended, room, most);
        if self.len() + room > most {
            return Remains::NOTHING;
        }
        record.begin = self.gone + self.bytes.len() as u64;
        for (direction, part) in BOTH.into_iter().zip(record.lanes) {
            if let Some(history) = history {
                part.copy(history.lane(direction), &mut self.bytes);
            }
        }
        let number = u32::try_from(self.records.len()).unwrap_or(u32::MAX);
        self.records.push_back(record);
        Remains::numbered(after(self.first, number))
    }

    fn record(&self, remains: Remains) -> Option<&Record> {
        if remains == Remains::NOTHING || remains == Remains::UNREAD {
            return None;
        }
        let number = remains.number();
        let wrapped = if number < self.first { Remains::END } else { 0 };
        self.records.get((number + wrapped).checked_sub(self.first)? as usize)
    }

    /// The bytes of one direction.
    fn lane(&self, record: &Record, direction: Direction) -> (Part, impl Iterator<Item = &u8>) {
        let [server, client] = record.lanes;
        let begin = usize::try_from(record.begin.saturating_sub(self.gone)).unwrap_or(usize::MAX);
        let (part, from) = match direction {
            Direction::ToServer => (server, begin),
            Direction::ToClient => (client, begin.saturating_add(usize::from(server.len))),
        };
        let from = from.min(self.bytes.len());
        let to = from.saturating_add(usize::from(part.len)).min(self.bytes.len());
        (part, self.bytes.range(from..to))
    }

    /// Whether `late` repeats what is kept; `None` where that begins behind it.
    fn repeats(&self, record: &Record, late: &LateBytes<'_>) -> Option<bool> {
        let (part, kept) = self.lane(record, late.direction);
        let from = usize::from(part.len).checked_sub(late.back as usize)?;
        Some(kept.skip(from).zip(late.bytes).all(|(a, b)| a == b))
    }
}

/// The number so many behind `number`.
fn after(number: u32, more: u32) -> u32 {
    (number + more % Remains::END) % Remains::END
}

impl Record {
    /// Bytes of both directions.
    fn len(&self) -> usize {
        self.lanes.iter().map(|part| usize::from(part.len)).sum()
    }
}

impl Part {
    /// What is kept of a lane: what it held last. What is missing differs from whatever fills it.
    fn of(lane: &Lane) -> Part {
        let before = lane.start.saturating_sub(HISTORY_BEFORE_BYTES);
        let latest = lane.next().saturating_sub(REMAINS_BYTES_PER_STREAM);
        let from = lane.base.max(before).max(latest);
        let short = |from| u16::try_from(lane.next().saturating_sub(from)).unwrap_or(u16::MAX);
        Part { len: short(from), period: short(lane.start) }
    }

    /// Adds it to `bytes`.
    fn copy(self, lane: &Lane, bytes: &mut VecDeque<u8>) {
        let skipped = lane.bytes.len().saturating_sub(usize::from(self.len));
        let (first, second) = lane.bytes.as_slices();
        bytes.extend(first.get(skipped..).unwrap_or_default());
        bytes.extend(second.get(skipped.saturating_sub(first.len())..).unwrap_or_default());
    }
}

impl Workbench {
    /// Keeps what late copies of a flow that ends at `at` are compared with.
    pub(super) fn keep_remains(&mut self, state: &Conversation, at: Timestamp) -> Remains {
        if state.is_closed() {
            return Remains::UNREAD;
        }
        let history = state.memory.history_at(at);
        let last = state.memory.last();
        if history.is_none() && last.is_none() {
            return Remains::NOTHING;
        }
        let first = history.is_some_and(|history| history.first);
        let (lanes, tongue) = ([Part::default(); 2], state.tongue());
        let record = Record { ended: at, begin: 0, lanes, last, tongue, first };
        self.remains.keep(record, history, self.shares.remains_bytes)
    }

    /// What late bytes are to what was kept of their flow.
    pub(super) fn compare_late(&self, remains: Remains, late: &LateBytes<'_>) -> Compared {
        let record = self.remains.record(remains);
        let flipped = record.is_some_and(|record| record.tongue.flipped);
        let begins = begins_what_is_read(turned(late.direction, flipped), late.bytes);
        if remains == Remains::UNREAD {
            return if begins == Verdict::NoMatch { Compared::Same } else { Compared::Apart };
        }
        match record.and_then(|record| self.remains.repeats(record, late)) {
            Some(true) => Compared::Same,
            Some(false) => Compared::Copy,
            None if begins == Verdict::Match => Compared::Apart,
            None => Compared::Copy,
        }
    }

    /// A conversation that goes on where the flow ended of which `remains` was kept, or of which
    /// what comes first is doubted. What new data speaks is told anew.
    pub(super) fn revive_remains(
        &mut self,
        flow: &FlowInfo,
        remains: Remains,
        why: Compared,
    ) -> Conversation {
        let mut conversation = Conversation::default();
        let kept = self.remains.record(remains).copied();
        if kept.is_none() && remains != Remains::UNREAD && why != Compared::Same {
            self.odd_at(flow.server, conversation.outcome(), NOT_KEPT);
        }
        let record = kept.filter(|_| why != Compared::Apart);
        if why != Compared::Apart && record.is_none() {
            return conversation;
        }
        let Some(mut history) = self.histories.begin(self.shares.history_bytes) else {
            return conversation;
        };
        let before = history.held_bytes();
        match &record {
            Some(record) => {
                for direction in BOTH {
                    let (part, bytes) = self.remains.lane(record, direction);
                    history.lane_mut(direction).restore(bytes.copied(), part.period.into());
                }
                history.first = record.first;
                history.slots.extend(record.last);
                history.spent = Some(flow.opened);
                if why == Compared::Copy {
                    conversation.go_on(record.tongue);
                }
            }
            None => {
                history.first = true;
                history.doubt(AFTER_END);
            }
        }
        self.histories.grew(history.held_bytes().saturating_sub(before));
        conversation.memory.take_up(history, record.and_then(|record| record.last));
        conversation
    }
}

#[cfg(test)]
mod tests {
    use crate::model::StreamInput;

    use super::*;

    const MOST: usize = 4096;

    fn history(asked: &[u8], answered: &[u8]) -> History {
        let mut history = History::default();
        history.add(Direction::ToServer, StreamInput::Bytes(asked));
        history.add(Direction::ToClient, StreamInput::Bytes(answered));
        history
    }

    fn keep(table: &mut RemainsTable, seconds: i64, history: &History) -> Remains {
        let (ended, tongue) =
            (Timestamp::from_seconds(seconds, 0), Conversation::default().tongue());
        let lanes = [Part::default(); 2];
        let record = Record { ended, begin: 0, lanes, last: None, tongue, first: true };
        table.keep(record, Some(history), MOST)
    }

    fn repeats(table: &RemainsTable, remains: Remains, back: u32, bytes: &[u8]) -> Option<bool> {
        let late = LateBytes { direction: Direction::ToClient, back, bytes };
        table.repeats(table.record(remains)?, &late)
    }

    #[test]
    fn each_direction_of_each_flow_is_compared_with_its_own_bytes() {
        let mut table = RemainsTable::default();
        let first = keep(&mut table, 1, &history(b"ask", b"tell"));
        let second = keep(&mut table, 2, &history(b"question", b"answer"));
        assert_eq!(repeats(&table, first, 4, b"tell"), Some(true));
        assert_eq!(repeats(&table, first, 3, b"el"), Some(true));
        assert_eq!(repeats(&table, first, 4, b"tall"), Some(false));
        assert_eq!(repeats(&table, second, 6, b"answer"), Some(true));
        assert_eq!(repeats(&table, second, 8, b"question"), None, "it had no such bytes");
        assert_eq!(repeats(&table, Remains::NOTHING, 4, b"tell"), None);
    }

    #[test]
    fn the_oldest_makes_room_and_what_is_over_is_forgotten() {
        let mut table = RemainsTable::default();
        let text = [b'x'; 500];
        let kept: Vec<_> = (0..40).map(|_| keep(&mut table, 1, &history(&text, b"told"))).collect();
        assert!(table.len() <= MOST, "{}", table.len());
        assert!(table.bytes.capacity() <= MOST, "{}", table.bytes.capacity());
        assert_eq!(repeats(&table, kept[0], 4, b"told"), None);
        assert!(kept[35..].iter().all(|one| repeats(&table, *one, 4, b"told") == Some(true)));
        let last = keep(&mut table, 100, &history(b"ask", b"late"));
        assert_eq!((table.records.len(), table.bytes.len()), (1, 7));
        assert_eq!(repeats(&table, last, 4, b"late"), Some(true));
        // One that has no room takes that of no other.
        let huge = [b'x'; MOST];
        assert_eq!(keep(&mut table, 100, &history(&huge, &huge)), Remains::NOTHING);
    }

    #[test]
    fn numbers_are_used_again() {
        let mut table = RemainsTable { first: Remains::END - 2, ..RemainsTable::default() };
        let kept: Vec<_> = [b"one.", b"two.", b"thre", b"four"]
            .into_iter()
            .map(|told| (keep(&mut table, 1, &history(b"ask", told)), told))
            .collect();
        assert!(kept.iter().all(|(one, told)| repeats(&table, *one, 4, *told) == Some(true)));
        assert!(kept[3].0.number() < 2, "{kept:?}");
    }

    #[test]
    fn what_fills_a_hole_is_no_copy_and_what_lies_too_far_back_is_not_compared() {
        let mut table = RemainsTable::default();
        let mut holed = history(b"ask", b"begin");
        holed.add(Direction::ToClient, StreamInput::Gap(3));
        holed.add(Direction::ToClient, StreamInput::Bytes(b"end"));
        let remains = keep(&mut table, 1, &holed);
        assert_eq!(repeats(&table, remains, 3, b"end"), Some(true));
        assert_eq!(repeats(&table, remains, 11, b"begin"), Some(true));
        assert_eq!(repeats(&table, remains, 6, b"gap"), Some(false));
        assert_eq!(repeats(&table, remains, 12, b"_begin"), None);
        let part = Part::of(history(b"", &[b'x'; 30_000]).lane(Direction::ToClient));
        assert_eq!(usize::from(part.len), REMAINS_BYTES_PER_STREAM);
    }
}
