//! Blocks: found at their frame bytes, and put right where those are missing or doubled.
//!
//! What senders get wrong is named and counted: no vertical tab before a message, two of them, no
//! file separator behind it, no carriage return behind that, lines of something else between
//! blocks, STX and ETX in place of vertical tab and file separator. A block may hold a batch, or
//! several messages: each MSH begins one. After a gap the next message is the one behind the next
//! vertical tab; in a direction whose messages came without, or of whose answers the first may be
//! what was lost, also a bare byte and an MSH at the start of a line.

use crate::base::table_state;
use crate::model::{Direction, MessageEvent, StreamEvent, StreamInput};
use crate::protocol::{MessageSink, Parser, Rest};

use super::lane::{Lane, Stage};
use super::out::Out;

/// See the module.
#[derive(Debug)]
pub struct MllpParser {
    lanes: [Lane; 2],
    state: foldhash::quality::RandomState,
}

impl Default for MllpParser {
    fn default() -> Self {
        MllpParser { lanes: Default::default(), state: table_state() }
    }
}

impl Parser for MllpParser {
    fn push(&mut self, event: StreamEvent<'_>, sink: &mut dyn MessageSink) {
        // What is lost before the first answer may have been that.
        let begun = self.lanes.iter().any(|lane| lane.begun);
        let [to_server, to_client] = &mut self.lanes;
        let lane = match event.direction {
            Direction::ToServer => to_server,
            Direction::ToClient => to_client,
        };
        let direction = event.direction;
        let mut out = Out { direction, at: event.at, state: &self.state, sink };
        match event.input {
            StreamInput::Bytes(bytes) => lane.bytes(bytes, &mut out),
            StreamInput::Gap(len) => {
                lane.cut(Some(len), &mut out);
                if begun {
                    out.tell(MessageEvent::Lost { direction, refuted: false });
                }
                lane.stage = Stage::Seek { line: Some(0), lost: true };
            }
            StreamInput::End(_) => {
                lane.cut(None, &mut out);
                lane.stage = Stage::default();
            }
        }
    }

    fn is_between_messages(&self) -> bool {
        let between = |lane: &Lane| matches!(lane.stage, Stage::Between { matched: b"", .. });
        let holds = |lane: &Lane| !lane.held.is_empty() || lane.batch.is_waiting();
        self.lanes.iter().all(|lane| between(lane) && !holds(lane))
    }

    fn held_bytes(&self) -> usize {
        self.lanes.iter().map(Lane::held_bytes).sum()
    }

    fn rest(&self) -> Option<Rest> {
        let [to_server, to_client] = &self.lanes;
        Some(Rest::of([to_server.rest()?, to_client.rest()?]))
    }

    fn resume(&mut self, rest: Rest) {
        self.lanes = rest.lanes().map(Lane::resumed);
    }
}
