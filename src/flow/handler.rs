//! The seam to whoever reads the streams.

use crate::model::StreamTotals;
use std::net::SocketAddr;

use crate::base::Timestamp;
use crate::model::{Direction, Encapsulation, FiveTuple, SecondCopy, StreamEvent};

use super::{FlowAnomalies, orientation};

/// How it is known who the client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Orientation {
    /// It sent the SYN.
    Syn,
    /// It sent a SYN that nobody answered, as far as was captured, and that says nothing of where
    /// its stream begins.
    SynElsewhere,
    /// It was sent the SYN-ACK.
    SynAck,
    /// A guess from the port numbers: no handshake was seen.
    Ports,
    /// As in the flow of the same five-tuple that had just ended.
    Continued,
    /// It is the server: who opened the flow is asked, on a port of this flow only.
    Turned,
}

impl Orientation {
    /// Whether the first byte delivered may lie in the middle of a message.
    pub fn is_midstream(self) -> bool {
        matches!(self, Orientation::Ports | Orientation::Continued)
    }

    /// Whether the first bytes of the first message may be missing without a gap being told.
    pub fn may_begin_cut(self) -> bool {
        self.is_midstream() || self == Orientation::SynElsewhere
    }
}

/// What is known of a flow from its first packets.
#[derive(Clone, Debug)]
pub struct FlowInfo {
    /// Who opened it.
    pub client: SocketAddr,
    /// Who was asked.
    pub server: SocketAddr,
    /// Time of its first packet.
    pub opened: Timestamp,
    /// What its first packet was wrapped in.
    pub encapsulation: Encapsulation,
    /// How it is known who the client is.
    pub orientation: Orientation,
}

impl FlowInfo {
    /// A number for it that is the same in every process: a hash of the five-tuple, whichever way
    /// round, and [`FlowInfo::opened`].
    pub fn id(&self) -> u64 {
        let tuple = FiveTuple { src: self.client, dst: self.server, transport: FiveTuple::TCP };
        orientation::flow_id(&tuple, self.encapsulation.network(), self.opened)
    }

    /// Where who is asked is found: port 0 where that is of this flow only.
    pub fn asked_at(&self) -> SocketAddr {
        let mut server = self.server;
        if self.orientation == Orientation::Turned {
            server.set_port(0);
        }
        server
    }
}

/// What a flow carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FlowTotals {
    /// From client to server.
    pub to_server: StreamTotals,
    /// From server to client.
    pub to_client: StreamTotals,
    /// What was odd.
    pub anomalies: FlowAnomalies,
    /// Time of the last packet before the end.
    pub last: Timestamp,
}

impl FlowTotals {
    /// The totals of one direction.
    pub fn stream(&self, direction: Direction) -> &StreamTotals {
        match direction {
            Direction::ToServer => &self.to_server,
            Direction::ToClient => &self.to_client,
        }
    }
}

/// What a handler kept of a flow that ended, for copies of its bytes that come late: a number that
/// it gave, below [`Remains::END`]. There are millions of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remains(u32);

impl Remains {
    /// Numbers are below this one.
    pub const END: u32 = (1 << 24) - 2;
    /// Nothing was kept.
    pub const NOTHING: Remains = Remains(Self::END);
    /// Nothing was kept, since the flow was not read.
    pub const UNREAD: Remains = Remains(Self::END + 1);

    /// What is found by this number; of one that is no number nothing is.
    pub fn numbered(number: u32) -> Remains {
        Remains(number.min(Self::END))
    }

    /// The number, with those that stand for nothing.
    pub fn number(self) -> u32 {
        self.0
    }

    /// What [`Remains::number`] gave.
    pub(super) fn restored(number: u32) -> Remains {
        Remains(number.min(Self::END + 1))
    }
}

/// Bytes behind the end of a flow that ended: they stand for some that it had.
#[derive(Clone, Copy, Debug)]
pub struct LateBytes<'a> {
    /// Which stream.
    pub direction: Direction,
    /// How far they begin before its end.
    pub back: u32,
    /// The bytes, as far as they are not behind the end.
    pub bytes: &'a [u8],
}

/// What late bytes are to what was kept of their flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// They repeat what it had, or are of no interest; what goes on behind them is new.
    Same,
    /// They are another copy: the flow goes on, and they are told of as such.
    Copy,
    /// They cannot be compared, and begin a message: a flow of their own.
    Apart,
}

/// Memory of which there is too little.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scarce {
    /// For flows.
    Flows,
    /// For segments that came too early.
    Early,
    /// For messages that are open.
    Messages,
}

/// Receives flows. For each: `open` once, then events, of which the last of each direction is an
/// `End`, then `close` once.
pub trait FlowHandler {
    /// What the handler keeps per flow. It lies inside the table's slot, so keep it small.
    type State;

    /// A flow began and it is known who the client is.
    fn open(&mut self, flow: &FlowInfo) -> Self::State;

    /// One step of one stream.
    fn event(&mut self, flow: &FlowInfo, state: &mut Self::State, event: StreamEvent<'_>);

    /// Another copy of bytes of a stream, or bytes that the first reading leaves out; also behind
    /// the stream's `End`. Whether it is known to differ from what was delivered.
    fn second_copy(
        &mut self,
        _flow: &FlowInfo,
        _state: &mut Self::State,
        _copy: SecondCopy<'_>,
    ) -> bool {
        false
    }

    /// Whether the flow, should it end now, ends in the middle of something. Such a flow is kept
    /// a while: whoever forges an end goes on behind it.
    fn is_midway(&self, _state: &Self::State) -> bool {
        false
    }

    /// Whether `state` holds something for what may still come.
    fn is_untidy(&self, _state: &Self::State) -> bool {
        false
    }

    /// Frees that, if any packet from `now` on would come too late for it. Called for flows that
    /// are untidy now and then; changes nothing else.
    fn tidy(&mut self, _flow: &FlowInfo, _state: &mut Self::State, _now: Timestamp) {}

    /// Whether `state` holds something that the silence of its flow may decide.
    fn waits(&self, _state: &Self::State) -> bool {
        false
    }

    /// Nothing came of a flow for [`GAP_WAIT_MILLIS`](crate::base::limits::GAP_WAIT_MILLIS) since
    /// `at`, its last packet.
    fn fell_silent(&mut self, _flow: &FlowInfo, _state: &mut Self::State, _at: Timestamp) {}

    /// Heap bytes kept for all states together, whatever they are amidst of: what flows at rest
    /// cost beside their places in the table.
    fn resting_bytes(&self) -> usize {
        0
    }

    /// Whether `state` holds something of an open message, which is not counted there.
    fn holds_open(&self, _state: &Self::State) -> bool {
        false
    }

    /// Whether states hold more of open messages, all together, than they may.
    fn is_short(&self) -> bool {
        false
    }

    /// Whether so much came of flows that ended that somebody must take it before more end.
    fn is_full(&self) -> bool {
        false
    }

    /// A flow is evicted; `what` ran short.
    fn evicted(&mut self, _what: Scarce) {}

    /// A flow ends at `at`; what is kept of it, for copies of its bytes that come late.
    fn keep(&mut self, _state: &Self::State, _at: Timestamp) -> Remains {
        Remains::NOTHING
    }

    /// What late bytes are to what was kept.
    fn compare(&self, _remains: Remains, _late: LateBytes<'_>) -> Compared {
        Compared::Same
    }

    /// A flow begins at whose bytes [`FlowHandler::compare`] said `why`: its state, which goes on
    /// where the flow ended of which `remains` was kept, or doubts what comes.
    fn revive(&mut self, flow: &FlowInfo, _remains: Remains, _why: Compared) -> Self::State {
        self.open(flow)
    }

    /// Both streams ended.
    fn close(&mut self, flow: &FlowInfo, state: Self::State, totals: &FlowTotals);
}
