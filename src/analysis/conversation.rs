//! One flow, from its first bytes to its last: identify, parse, pair.

mod charges;
mod outcome;
mod resting;
mod silence;

use std::sync::Arc;

use crate::base::Timestamp;
use crate::flow::{FlowInfo, FlowTotals};
use crate::model::{Direction, EndCause, FlowEvent, Offsets, StreamEvent, StreamInput, SwitchTo};
use crate::protocol::{Identification, Identifier, Parser, Protocol, Rest, protocol_named};

use super::doubts::{Marks, Memory};
use super::listener::Listener;
use super::pairing::{Ending, Pairing, Stand};
use super::two_way::{TwoWay, turned_flow};
use super::workbench::Workbench;

use outcome::Outcome;
pub use outcome::{EMPTY, UNIDENTIFIED};
use resting::Resting;
pub use resting::{Spares, Tongue};

/// What is known of a flow so far.
pub struct Conversation {
    stage: Stage,
    /// The orientation was guessed wrong: directions are turned round before anything sees them.
    flipped: bool,
    /// The protocol, for the books.
    outcome: Outcome,
    pub(super) marks: Marks,
    next_tx: u64,
    /// Heap bytes that its open messages are charged.
    open_bytes: u32,
    /// What passed, for copies of it that come late.
    pub(super) memory: Memory,
}

enum Stage {
    /// Nothing came yet: most flows of a flood stay here, and cost nothing beyond their places.
    Silent,
    Identifying(Box<Identifier>),
    Speaking(Box<Speaking>),
    /// The same between its exchanges: all there is to know of it.
    Resting(Resting),
    /// Its TLS session was told: what follows is counted for this service.
    Encrypted(Box<Encrypted>),
    /// Nothing more can be made of it.
    Closed,
}

/// A TLS session that was told.
struct Encrypted {
    service: Arc<str>,
    /// Bytes of both directions, handshake included.
    bytes: u64,
}

struct Speaking {
    protocol: &'static Protocol,
    parser: Box<dyn Parser>,
    pairing: Pairing,
    /// The exchanges that the server began.
    back: TwoWay,
    /// Set by an event: what the rest of the flow speaks.
    switch: Option<SwitchTo>,
    /// Bytes behind the switch that came with it.
    remainder: Vec<(Direction, Timestamp, Vec<u8>)>,
    /// An interim response (1xx) is passing: it answers nothing.
    interim: bool,
    /// Bytes of both directions so far.
    bytes: u64,
    /// Set by an event: the service of a TLS session.
    encrypted: Option<Arc<str>>,
    /// Who answers ended the stream, or fell silent.
    over: bool,
}

impl Speaking {
    /// Of a flow of which nothing was parsed yet; `None` where the protocol has no parser.
    fn new(protocol: &'static Protocol) -> Option<Speaking> {
        Some(Speaking {
            protocol,
            parser: protocol.parser?(),
            pairing: Pairing::default(),
            back: TwoWay::default(),
            switch: None,
            remainder: Vec::new(),
            interim: false,
            bytes: 0,
            encrypted: None,
            over: false,
        })
    }

    /// Forgets its flow, and the memory that took.
    fn clear(&mut self) {
        self.parser.resume(Rest::default());
        self.pairing.resume(0);
        self.back.clear();
        (self.switch, self.encrypted) = (None, None);
        self.remainder = Vec::new();
        (self.interim, self.over, self.bytes) = (false, false, 0);
    }
}

impl Default for Conversation {
    /// Of a flow of which nothing is known.
    fn default() -> Self {
        Conversation {
            stage: Stage::Silent,
            flipped: false,
            outcome: Outcome::Empty,
            marks: Marks::default(),
            next_tx: 0,
            open_bytes: 0,
            memory: Memory::default(),
        }
    }
}

impl Conversation {
    /// For another reading of a flow: one that speaks `protocol`, or is to be identified anew.
    pub fn shadow(
        protocol: Option<&'static Protocol>,
        flipped: bool,
        bench: &mut Workbench,
    ) -> Conversation {
        let mut conversation = Conversation::default();
        if let Some(protocol) = protocol {
            conversation.begin_speaking(protocol, bench);
            conversation.flipped = flipped;
        }
        conversation
    }

    /// The other reading is over.
    pub fn end_shadow(mut self, flow: &FlowInfo, bench: &mut Workbench) {
        self.end_speaking(flow, [false; 2], bench);
        self.give_up(bench);
    }

    /// What its protocol is called, or why there is none.
    pub(super) fn outcome(&self) -> &'static str {
        self.outcome.name()
    }

    /// Whether directions are turned round.
    pub(super) fn is_flipped(&self) -> bool {
        self.flipped
    }

    /// Whether nothing more can be made of it.
    pub(super) fn is_closed(&self) -> bool {
        matches!(self.stage, Stage::Closed | Stage::Encrypted(_))
    }

    /// Whether its protocol is not told yet.
    pub(super) fn is_identifying(&self) -> bool {
        matches!(self.stage, Stage::Silent | Stage::Identifying(_))
    }

    /// The protocol it speaks.
    pub(super) fn protocol(&self) -> Option<&'static Protocol> {
        match &self.stage {
            Stage::Speaking(speaking) => Some(speaking.protocol),
            Stage::Resting(resting) => Some(resting.protocol),
            _ => None,
        }
    }

    /// Whether no message is open.
    pub(super) fn is_over(&self) -> bool {
        match &self.stage {
            Stage::Closed | Stage::Encrypted(_) | Stage::Resting(_) => true,
            Stage::Silent | Stage::Identifying(_) => false,
            Stage::Speaking(speaking) => {
                speaking.pairing.is_empty()
                    && speaking.back.is_empty()
                    && speaking.parser.is_between_messages()
            }
        }
    }

    /// Whether what comes now is the begin of something.
    pub(super) fn may_remember(&self) -> bool {
        self.is_identifying() || self.is_over()
    }

    /// Takes the next step of one stream.
    pub fn event(&mut self, flow: &FlowInfo, event: StreamEvent<'_>, bench: &mut Workbench) {
        let resting = self.resting_bytes();
        if self.marks.has(Marks::UNHEARD) && bench.shadow.is_none() {
            self.hear(flow, &event, bench);
        }
        self.remember(flow, &event, bench);
        let at = event.at;
        let mut event = event;
        if self.flipped {
            event.direction = event.direction.reversed();
        }
        self.step(flow, event, bench);
        self.settle_memory(at, bench);
        self.charge(resting, bench);
        self.note_unsettled();
    }

    fn step(&mut self, flow: &FlowInfo, event: StreamEvent<'_>, bench: &mut Workbench) {
        match &mut self.stage {
            Stage::Closed => {}
            Stage::Encrypted(session) => session.bytes += byte_count(&event),
            Stage::Silent => {
                let identifier = Identifier::new(flow.orientation.is_midstream());
                self.stage = Stage::Identifying(Box::new(identifier));
                self.identify(flow, event, bench);
            }
            Stage::Identifying(_) => self.identify(flow, event, bench),
            Stage::Speaking(_) => self.speak(flow, event, bench),
            Stage::Resting(_) => {
                self.wake(bench);
                self.speak(flow, event, bench);
            }
        }
    }

    /// The flow is over.
    pub fn close(mut self, flow: &FlowInfo, totals: &FlowTotals, bench: &mut Workbench) {
        let resting = self.resting_bytes();
        let mut heard = [totals.to_client.seen(), totals.to_server.seen()];
        if self.flipped {
            heard.reverse();
        }
        self.end_speaking(flow, heard, bench);
        if let Stage::Encrypted(session) = &self.stage {
            bench.encrypted_bytes(&session.service, session.bytes, totals.last);
        }
        self.settle_memory(totals.last, bench);
        self.forget(flow, bench);
        self.give_up(bench);
        self.release(resting, bench);
        let flow = self.oriented(flow);
        let stats = bench.accumulator.flow(flow.server, self.outcome());
        stats.flows += 1;
        for stream in [&totals.to_server, &totals.to_client] {
            stats.bytes += stream.bytes;
            stats.gap_bytes += stream.gap_bytes;
        }
        stats.one_sided += u64::from(!totals.to_server.seen() || !totals.to_client.seen());
        for anomaly in totals.anomalies.names() {
            bench.accumulator.anomaly_at(flow.server, self.outcome(), anomaly);
        }
        self.tell(&flow, totals, bench);
    }

    /// Tells of the flow that is over, where somebody asked for events.
    fn tell(&self, flow: &FlowInfo, totals: &FlowTotals, bench: &mut Workbench) {
        let Some(events) = &mut bench.events else { return };
        let (mut to_server, mut to_client) = (totals.to_server, totals.to_client);
        if self.flipped {
            std::mem::swap(&mut to_server, &mut to_client);
        }
        events.flow(FlowEvent {
            first: flow.opened,
            last: totals.last,
            flow_id: flow.id(),
            client: flow.client,
            server: flow.server,
            outcome: self.outcome(),
            to_server,
            to_client,
        });
    }

    fn oriented(&self, flow: &FlowInfo) -> FlowInfo {
        let mut flow = flow.clone();
        if self.flipped {
            std::mem::swap(&mut flow.client, &mut flow.server);
        }
        flow
    }

    fn identify(&mut self, flow: &FlowInfo, event: StreamEvent<'_>, bench: &mut Workbench) {
        let Stage::Identifying(identifier) = &mut self.stage else { return };
        // Also of a tunnel: what it carries was not read because the request for it was.
        if matches!(event.input, StreamInput::Bytes(_)) {
            self.outcome = Outcome::Unidentified;
        }
        bench.release_undecided(identifier.held_bytes());
        let (protocol, flipped) = match identifier.push(&event) {
            Identification::Undecided => {
                bench.undecided_bytes += identifier.held_bytes();
                if bench.undecided_bytes > bench.shares.undecided_bytes {
                    bench.odd_at(flow.server, self.outcome(), "identification-limit");
                    self.give_up(bench);
                }
                return;
            }
            Identification::Unidentified => {
                self.stage = Stage::Closed;
                return;
            }
            Identification::Found { protocol, flipped } => (protocol, flipped),
        };
        self.outcome = Outcome::of(protocol);
        self.flipped ^= flipped;
        let alone = !identifier.has_heard(Direction::ToServer);
        let unheard = alone && !self.flipped && event.direction == Direction::ToClient;
        self.marks.set(Marks::UNHEARD, unheard);
        let Stage::Identifying(mut identifier) = std::mem::replace(&mut self.stage, Stage::Closed)
        else {
            return;
        };
        self.begin_speaking(protocol, bench);
        let mut turned = |mut event: StreamEvent<'_>| {
            if flipped {
                event.direction = event.direction.reversed();
            }
            self.step(flow, event, bench);
        };
        identifier.replay(&mut turned);
        turned(event);
    }

    fn speak(&mut self, flow: &FlowInfo, event: StreamEvent<'_>, bench: &mut Workbench) {
        let turned;
        let flow = if self.flipped {
            turned = self.oriented(flow);
            &turned
        } else {
            flow
        };
        let Stage::Speaking(speaking) = &mut self.stage else { return };
        let mut sink = Listener {
            flow,
            server: flow.server,
            protocol: speaking.protocol.name,
            pairing: &mut speaking.pairing,
            back: &mut speaking.back,
            switch: &mut speaking.switch,
            remainder: &mut speaking.remainder,
            interim: &mut speaking.interim,
            encrypted: &mut speaking.encrypted,
            next_tx: &mut self.next_tx,
            stand: Stand::of(&event),
            bench,
        };
        if let (Direction::ToClient, StreamInput::End(cause)) = (event.direction, event.input) {
            if cause == EndCause::Fin {
                sink.pairing.closed();
            }
            speaking.over = cause != EndCause::Cut;
        }
        if let (Direction::ToServer, StreamInput::End(cause)) = (event.direction, event.input) {
            sink.back.over = cause != EndCause::Cut;
        }
        speaking.parser.push(event, &mut sink);
        speaking.bytes += byte_count(&event);
        if let Some(service) = speaking.encrypted.take() {
            let bytes = speaking.bytes;
            // Whatever the session stood in.
            self.outcome = protocol_named(super::tls::STANDARD).map_or(self.outcome, Outcome::of);
            self.stage = Stage::Encrypted(Box::new(Encrypted { service, bytes }));
            return;
        }
        if let Some(to) = speaking.switch {
            let remainder = std::mem::take(&mut speaking.remainder);
            self.end_speaking(flow, [false; 2], bench);
            self.switch(to, bench);
            for (direction, at, bytes) in remainder {
                let input = StreamInput::Bytes(&bytes);
                let offsets = Offsets::default();
                self.step(flow, StreamEvent { direction, at, offsets, input }, bench);
            }
            return;
        }
        self.rest(bench);
    }

    /// Stops trying to tell the protocol, if that is what it does.
    fn give_up(&mut self, bench: &mut Workbench) {
        if let Stage::Identifying(identifier) = &self.stage {
            bench.release_undecided(identifier.held_bytes());
            self.stage = Stage::Closed;
        }
    }

    fn switch(&mut self, to: SwitchTo, bench: &mut Workbench) {
        match to {
            SwitchTo::Unknown => {
                self.stage = Stage::Identifying(Box::new(Identifier::new(false)));
            }
            SwitchTo::Named(name) => {
                let protocol = protocol_named(name);
                self.outcome = protocol.map_or(Outcome::Unidentified, Outcome::of);
                match protocol {
                    Some(protocol) => self.begin_speaking(protocol, bench),
                    None => self.stage = Stage::Closed,
                }
            }
        }
    }

    /// What told its protocol proves nothing: what follows will.
    pub(super) fn tell_anew(&mut self, flow: &FlowInfo, bench: &mut Workbench) {
        if let Stage::Resting(_) = &self.stage {
            self.wake(bench);
        }
        self.end_speaking(flow, [false; 2], bench);
        self.give_up(bench);
        if let Stage::Encrypted(session) = &self.stage {
            bench.encrypted_bytes(&session.service, session.bytes, flow.opened);
        }
        self.stage = Stage::Identifying(Box::new(Identifier::new(false)));
    }

    /// `heard`: something was seen of the server, and of the client.
    fn end_speaking(&mut self, flow: &FlowInfo, heard: [bool; 2], bench: &mut Workbench) {
        let flow = self.oriented(flow);
        let next_tx = &mut self.next_tx;
        if let Stage::Speaking(speaking) = &mut self.stage {
            let protocol = speaking.protocol.name;
            let [server, client] = heard;
            let ending = Ending { heard: server, over: speaking.over };
            let mut done = |exchange| bench.finish(&flow, protocol, next_tx, exchange);
            speaking.pairing.end(ending, &mut done);
            if !speaking.back.is_empty() {
                let flow = turned_flow(&flow);
                let mut done = |exchange| bench.finish(&flow, protocol, next_tx, exchange);
                speaking.back.end(client, &mut done);
            }
        }
    }
}

fn byte_count(event: &StreamEvent<'_>) -> u64 {
    match event.input {
        StreamInput::Bytes(bytes) => bytes.len() as u64,
        StreamInput::Gap(_) | StreamInput::End(_) => 0,
    }
}
