//! What a parser says of one flow, and what becomes of it.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::base::Timestamp;
use crate::flow::FlowInfo;
use crate::model::{
    Anomaly, Correlation, Direction, Hl7Header, MessageEvent, MessageHead, Standing, SwitchTo,
};
use crate::protocol::{HEAD_CUT, HOST_LOST, MessageSink, leaves_framing_open};

use super::half::{Request, Response};
use super::operation::http::{CutMethod, cut_method};
use super::pairing::{Pairing, Stand};
use super::two_way::{TwoWay, turned, turned_flow};
use super::workbench::Workbench;

/// Takes the parser's events of one flow.
pub struct Listener<'a> {
    /// The flow.
    pub flow: &'a FlowInfo,
    /// Its server, whichever side began what is being told.
    pub server: SocketAddr,
    /// What it speaks.
    pub protocol: &'static str,
    /// Its open exchanges.
    pub pairing: &'a mut Pairing,
    /// Those that its server began.
    pub back: &'a mut TwoWay,
    /// What it goes on as.
    pub switch: &'a mut Option<SwitchTo>,
    /// Bytes behind a switch.
    pub remainder: &'a mut Vec<(Direction, Timestamp, Vec<u8>)>,
    /// An interim response went by.
    pub interim: &'a mut bool,
    /// What is known of a flow that is encrypted.
    pub encrypted: &'a mut Option<Arc<str>>,
    /// Number of the next exchange.
    pub next_tx: &'a mut u64,
    /// Where the bytes stand that the parser is given.
    pub stand: Stand,
    /// What is shared.
    pub bench: &'a mut Workbench,
}

impl Listener<'_> {
    /// Finishes the exchanges that are whole.
    pub fn settle(&mut self) {
        let (bench, flow, protocol) = (&mut *self.bench, self.flow, self.protocol);
        let next_tx = &mut *self.next_tx;
        self.pairing.settle(&mut |exchange| bench.finish(flow, protocol, next_tx, exchange));
    }

    fn anomaly(&mut self, direction: Direction, anomaly: Anomaly) {
        if anomaly == HOST_LOST
            && let Some(request) = self.pairing.asking()
        {
            request.head.unnamed = request.head.service.is_none();
        }
        let told = match self.pairing.passing(direction) {
            Some(half) => {
                half.anomaly(anomaly.0);
                None
            }
            None => {
                self.bench.odd_at(self.server, self.protocol, anomaly.0);
                Some(anomaly.0)
            }
        };
        if leaves_framing_open(anomaly) && self.bench.shadow.is_none() {
            self.bench.unframed.push((direction, told));
        }
    }
}

impl MessageSink for Listener<'_> {
    fn message(&mut self, event: MessageEvent<'_>) {
        if self.is_back(&event) {
            return self.answer_back(event);
        }
        match event {
            MessageEvent::Head { direction, at, correlation, standing, head } => {
                self.head((direction, correlation), (at, standing), &head);
            }
            MessageEvent::End { direction: Direction::ToClient, .. } if *self.interim => {
                *self.interim = false;
            }
            MessageEvent::Body { direction, bytes } => {
                if let Some(half) = self.pairing.passing(direction) {
                    self.bench.body(direction, half, bytes);
                }
            }
            MessageEvent::BodyGap { direction, len } => {
                if let Some(half) = self.pairing.passing(direction) {
                    self.bench.body_gap(direction, half, len);
                }
            }
            MessageEvent::Trailers { direction, headers } => {
                if let Some(half) = self.pairing.passing(direction) {
                    self.bench.headers(direction, half, headers);
                }
            }
            MessageEvent::End { direction, complete, .. } => {
                if let Some(half) = self.pairing.passing(direction) {
                    self.bench.end(direction, half, complete);
                }
                if direction == Direction::ToServer {
                    self.pairing.asked_until(self.stand);
                }
                self.settle();
            }
            MessageEvent::Lost { direction, refuted } => {
                if refuted {
                    self.pairing.refuted(direction);
                }
                self.pairing.lost(direction);
                self.back.pairing.lost(direction.reversed());
            }
            MessageEvent::Confirmed { direction } => self.pairing.confirmed(direction),
            MessageEvent::Unread { direction: Direction::ToClient } => self.pairing.unread(),
            MessageEvent::Unread { direction: Direction::ToServer } => self.back.pairing.unread(),
            MessageEvent::Anomaly { direction, anomaly } => self.anomaly(direction, anomaly),
            MessageEvent::Session { session } if self.bench.shadow.is_none() => {
                *self.encrypted = Some(self.bench.tls_session(self.flow, self.next_tx, session));
            }
            // Another reading of a flow is looked at for values; a session has none.
            MessageEvent::Session { .. } => {}
            MessageEvent::Switch { to } => *self.switch = Some(to),
            MessageEvent::Remainder { direction, at, bytes } => {
                self.remainder.push((direction, at, bytes.to_vec()));
            }
            MessageEvent::GaveUp { direction, anomaly } => {
                self.bench.odd_at(self.server, self.protocol, anomaly.0);
                self.pairing.lost(direction);
            }
        }
    }
}

impl Listener<'_> {
    /// Whether an event is of an exchange that the server began.
    fn is_back(&mut self, event: &MessageEvent<'_>) -> bool {
        let begins = match event {
            MessageEvent::Head { direction, correlation, head, .. } => {
                self.back.begins((*direction, *correlation), (head, self.pairing))
            }
            _ => false,
        };
        self.back.takes(event, begins)
    }

    /// The same with sides changed.
    fn answer_back(&mut self, event: MessageEvent<'_>) {
        let flow = turned_flow(self.flow);
        let mut listener = Listener {
            flow: &flow,
            server: self.server,
            protocol: self.protocol,
            pairing: &mut self.back.pairing,
            back: &mut TwoWay::default(),
            switch: &mut *self.switch,
            remainder: &mut *self.remainder,
            interim: &mut *self.interim,
            encrypted: &mut *self.encrypted,
            next_tx: &mut *self.next_tx,
            stand: self.stand,
            bench: &mut *self.bench,
        };
        listener.message(turned(event));
    }

    fn head(
        &mut self,
        (direction, correlation): (Direction, Correlation),
        (at, standing): (Timestamp, Standing),
        head: &MessageHead<'_>,
    ) {
        match head {
            MessageHead::HttpRequest { .. } => {
                let mut request = self.bench.spare_request();
                (request.half.at, request.half.standing) = (at, standing);
                self.bench.request_head(head, &mut request);
                if standing != Standing::Sure || self.flow.orientation.may_begin_cut() {
                    mend_method(head, &mut request);
                }
                self.begin_request(correlation, request);
            }
            // 101 is the last response of the old protocol; the others come before one.
            MessageHead::HttpResponse { status: 100 | 102..=199, .. } => *self.interim = true,
            MessageHead::HttpResponse { .. } => {
                *self.interim = false;
                let mut response = self.bench.spare_response();
                (response.half.at, response.half.standing) = (at, standing);
                self.bench.response_head(head, &mut response);
                self.begin_response(correlation, response);
            }
            MessageHead::Hl7v2(header) => self.hl7v2(direction, at, correlation, header),
        }
    }

    fn hl7v2(&mut self, direction: Direction, at: Timestamp, by: Correlation, said: &Hl7Header) {
        if direction == Direction::ToServer {
            let mut request = self.bench.spare_request();
            request.half.at = at;
            self.bench.hl7v2_request(said, &mut request);
            self.begin_request(by, request);
        } else {
            let mut response = self.bench.spare_response();
            response.half.at = at;
            self.bench.hl7v2_response(said, &mut response);
            self.begin_response(by, response);
        }
    }

    fn begin_request(&mut self, correlation: Correlation, request: Box<Request>) {
        let (bench, flow, protocol) = (&mut *self.bench, self.flow, self.protocol);
        let next_tx = &mut *self.next_tx;
        self.pairing.request(correlation, (request, self.stand), &mut |exchange| {
            bench.finish(flow, protocol, next_tx, exchange);
        });
    }

    fn begin_response(&mut self, correlation: Correlation, response: Box<Response>) {
        let (bench, flow, protocol) = (&mut *self.bench, self.flow, self.protocol);
        let next_tx = &mut *self.next_tx;
        self.pairing.response(correlation, (response, self.stand), &mut |exchange| {
            bench.finish(flow, protocol, next_tx, exchange);
        });
    }
}

/// Behind a loss a head may begin in its method: what is left of one is none.
fn mend_method(head: &MessageHead<'_>, request: &mut Request) {
    let MessageHead::HttpRequest { method, .. } = *head else { return };
    match cut_method(method) {
        CutMethod::Whole => return,
        CutMethod::Of(method) => request.head.method = method,
        CutMethod::Any => request.head.unnamed = true,
    }
    request.half.anomaly(HEAD_CUT.0);
    request.half.gap = true;
}
