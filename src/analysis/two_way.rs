//! Exchanges that the server of a flow begins: over MLLP either side may send messages on one
//! connection, and the other acknowledges them there. Seen from such an exchange the flow is turned
//! round: who takes the message is the server.

use crate::flow::{FlowInfo, Orientation};
use crate::model::{Correlation, Direction, MessageEvent, MessageHead};

use super::half::Request;
use super::operation::hl7v2;
use super::pairing::{Ending, Pairing};

/// See the module.
#[derive(Debug, Default)]
pub struct TwoWay {
    /// Those that are open.
    pub(super) pairing: Pairing,
    /// What passes in a direction ([`Direction::index`]) belongs to one.
    passing: [bool; 2],
    /// The client ended its stream, or fell silent.
    pub(super) over: bool,
}

impl TwoWay {
    /// Whether nothing is open.
    pub fn is_empty(&self) -> bool {
        self.pairing.is_empty() && self.passing == [false; 2]
    }

    /// Forgets its flow.
    pub fn clear(&mut self) {
        self.pairing.resume(0);
        (self.passing, self.over) = ([false; 2], false);
    }

    /// Whether a message belongs here: one that answers nothing and comes from the server, and what
    /// answers one of these. `forward` are the exchanges that the client began; a server that
    /// answers without saying so gives its answer the name of the message, and its type too where
    /// answers have another.
    pub(super) fn begins(
        &self,
        (way, by): (Direction, Correlation),
        (head, forward): (&MessageHead<'_>, &Pairing),
    ) -> bool {
        match (way, by) {
            (Direction::ToServer, Correlation::Answer { .. }) => self.pairing.waits_for(by),
            (Direction::ToServer, Correlation::Oldest { .. }) => true,
            (Direction::ToClient, Correlation::Token(_)) => {
                !(forward.waits_for(by) || is_of_no_type(head) && forward.waits_for_any())
            }
            (Direction::ToClient, Correlation::Asks(_)) => {
                !forward.awaiting(by).is_some_and(|request| is_of_type(request, head))
            }
            _ => false,
        }
    }

    /// Whether an event is of a message that belongs here; what begins one decides for the others.
    pub(super) fn takes(&mut self, event: &MessageEvent<'_>, begins: bool) -> bool {
        let way = match event {
            MessageEvent::Head { direction, .. }
            | MessageEvent::Body { direction, .. }
            | MessageEvent::BodyGap { direction, .. }
            | MessageEvent::Trailers { direction, .. }
            | MessageEvent::End { direction, .. }
            | MessageEvent::Anomaly { direction, .. } => *direction,
            _ => return false,
        };
        let Some(passing) = self.passing.get_mut(way.index()) else { return false };
        match event {
            MessageEvent::Head { .. } => *passing = begins,
            MessageEvent::End { .. } => return std::mem::take(passing),
            _ => {}
        }
        *passing
    }

    /// The flow is over: what is left.
    pub(super) fn end(&mut self, heard: bool, done: &mut dyn FnMut(super::half::Exchange)) {
        self.pairing.end(Ending { heard, over: self.over }, done);
    }
}

/// Whether it is not known of a message whether it asks: its header was cut off.
fn is_of_no_type(head: &MessageHead<'_>) -> bool {
    matches!(head, MessageHead::Hl7v2(said) if said.kind.trim_ascii().is_empty())
}

/// Whether a message is of the same type and event as one that waits.
fn is_of_type(request: &Request, head: &MessageHead<'_>) -> bool {
    let MessageHead::Hl7v2(said) = head else { return false };
    let waits = request.head.hl7v2.as_ref().map(|said| &said.operation);
    waits == Some(&hl7v2::operation(said.kind, said.event))
}

/// An event as whoever is spoken to here sees it.
pub(super) fn turned(mut event: MessageEvent<'_>) -> MessageEvent<'_> {
    match &mut event {
        MessageEvent::Head { direction, .. }
        | MessageEvent::Body { direction, .. }
        | MessageEvent::BodyGap { direction, .. }
        | MessageEvent::Trailers { direction, .. }
        | MessageEvent::End { direction, .. }
        | MessageEvent::Anomaly { direction, .. } => *direction = direction.reversed(),
        _ => {}
    }
    event
}

/// The flow as it is seen here. The port of who is asked is the client's, another with each flow.
pub(super) fn turned_flow(flow: &FlowInfo) -> FlowInfo {
    let mut flow = flow.clone();
    std::mem::swap(&mut flow.client, &mut flow.server);
    flow.orientation = Orientation::Turned;
    flow
}
