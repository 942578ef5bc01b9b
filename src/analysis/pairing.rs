//! Joins requests with their responses. Written once, driven by [`Correlation`]; it knows no
//! protocol.
//!
//! In order (HTTP/1) the nth request has the nth response, as long as nothing was lost. Once
//! messages were lost the count means nothing any more; then time decides: a client that does not
//! pipeline sends its next request only when the response to the last has come, so a new request
//! leaves no older one waiting.
//!
//! A half that was found by searching behind a gap is believed only when its other half is found,
//! so that no endpoint is invented from the middle of a body.

use std::collections::VecDeque;

use crate::base::limits::PENDING_REQUESTS_MAX;
use crate::model::{Correlation, Direction};

use super::half::{Exchange, Half, Request, Response};

/// The exchanges of one flow that are not over.
#[derive(Debug, Default)]
pub struct Pairing {
    open: VecDeque<Slot>,
    /// Messages were lost since requests and responses were last in step.
    lost: bool,
}

#[derive(Debug)]
struct Slot {
    correlation: Correlation,
    exchange: Exchange,
}

impl Slot {
    fn half(&mut self, direction: Direction) -> Option<&mut Half> {
        match direction {
            Direction::ToServer => self.exchange.request.as_mut().map(|r| &mut r.half),
            Direction::ToClient => self.exchange.response.as_mut().map(|r| &mut r.half),
        }
    }

    fn is_over(&self) -> bool {
        self.exchange.request.as_ref().is_none_or(|r| r.half.ended)
            && self.exchange.response.as_ref().is_some_and(|r| r.half.ended)
    }
}

impl Pairing {
    /// A request's head. What can no longer find a response is handed to `done`.
    pub fn request(
        &mut self,
        correlation: Correlation,
        request: Box<Request>,
        done: &mut dyn FnMut(Exchange),
    ) {
        if correlation == Correlation::InOrder && self.lost {
            self.give_up_waiting(done);
            self.lost = false;
        }
        if self.open.len() >= PENDING_REQUESTS_MAX
            && let Some(mut oldest) = self.open.pop_front()
        {
            oldest.note("pending-requests-limit");
            finish(oldest.exchange, done);
        }
        let exchange = Exchange { request: Some(request), response: None };
        self.open.push_back(Slot { correlation, exchange });
    }

    /// A response's head.
    pub fn response(&mut self, correlation: Correlation, response: Box<Response>) {
        let waiting = self
            .open
            .iter_mut()
            .find(|slot| slot.exchange.response.is_none() && slot.correlation == correlation);
        match waiting {
            Some(slot) => slot.exchange.response = Some(response),
            None => {
                let exchange = Exchange { request: None, response: Some(response) };
                self.open.push_back(Slot { correlation, exchange });
            }
        }
    }

    /// The half whose body is passing in `direction`.
    pub fn passing(&mut self, direction: Direction) -> Option<&mut Half> {
        self.open.iter_mut().rev().filter_map(|slot| slot.half(direction)).find(|h| !h.ended)
    }

    /// The request that the response now passing answers.
    pub fn answered(&self) -> Option<&Request> {
        let passing = |slot: &&Slot| slot.exchange.response.as_ref().is_some_and(|r| !r.half.ended);
        self.open.iter().rev().find(passing).and_then(|slot| slot.exchange.request.as_deref())
    }

    /// A half has ended: whatever is over is handed to `done`.
    pub fn settle(&mut self, done: &mut dyn FnMut(Exchange)) {
        while let Some(at) = self.open.iter().position(Slot::is_over) {
            if let Some(slot) = self.open.remove(at) {
                finish(slot.exchange, done);
            }
        }
    }

    /// Messages were lost in `direction`.
    pub fn lost(&mut self, _direction: Direction) {
        self.lost = true;
    }

    /// The flow is over, or speaks something else from here on.
    pub fn end(&mut self, done: &mut dyn FnMut(Exchange)) {
        for slot in self.open.drain(..) {
            finish(slot.exchange, done);
        }
    }

    /// Whether nothing is open.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    fn give_up_waiting(&mut self, done: &mut dyn FnMut(Exchange)) {
        let waits = |slot: &Slot| {
            slot.exchange.response.is_none()
                && slot.exchange.request.as_ref().is_some_and(|r| r.half.ended)
        };
        while let Some(at) = self.open.iter().position(waits) {
            if let Some(slot) = self.open.remove(at) {
                finish(slot.exchange, done);
            }
        }
    }
}

impl Slot {
    fn note(&mut self, anomaly: &'static str) {
        if let Some(request) = &mut self.exchange.request {
            request.half.anomaly(anomaly);
        }
    }
}

/// Hands an exchange on, unless it is a half that nobody confirmed.
fn finish(exchange: Exchange, done: &mut dyn FnMut(Exchange)) {
    let doubtful = match (&exchange.request, &exchange.response) {
        (Some(request), None) => request.half.tentative,
        (None, Some(response)) => response.half.tentative,
        _ => false,
    };
    if !doubtful {
        done(exchange);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Status;

    fn request(number: u8) -> Box<Request> {
        let mut request = Request::default();
        request.head.minor_version = number;
        request.half.ended = true;
        Box::new(request)
    }

    fn response(status: u16) -> Box<Response> {
        let mut response = Response { status: Some(status.into()), ..Response::default() };
        response.half.ended = true;
        Box::new(response)
    }

    fn told(events: &[(&str, u16)]) -> Vec<(Option<u8>, Option<u16>)> {
        let mut pairing = Pairing::default();
        let mut out = Vec::new();
        let mut done = |e: Exchange| {
            let status = e.response.and_then(|r| match r.status {
                Some(Status::Http(code)) => Some(code),
                _ => None,
            });
            out.push((e.request.map(|r| r.head.minor_version), status));
        };
        for (what, n) in events {
            match *what {
                "request" => pairing.request(
                    Correlation::InOrder,
                    request(u8::try_from(*n).unwrap()),
                    &mut done,
                ),
                "response" => pairing.response(Correlation::InOrder, response(*n)),
                "lost" => pairing.lost(Direction::ToServer),
                _ => pairing.end(&mut done),
            }
            pairing.settle(&mut done);
        }
        out
    }

    #[test]
    fn pipelined_requests_are_answered_in_order() {
        let events = [("request", 1), ("request", 2), ("response", 1), ("response", 2)];
        assert_eq!(told(&events), [(Some(1), Some(1)), (Some(2), Some(2))]);
    }

    #[test]
    fn a_response_before_its_request_is_unpaired() {
        let events = [("response", 9), ("request", 1), ("response", 1)];
        assert_eq!(told(&events), [(None, Some(9)), (Some(1), Some(1))]);
    }

    #[test]
    fn after_a_loss_a_new_request_leaves_no_older_one_waiting() {
        let events = [("request", 1), ("lost", 0), ("request", 2), ("response", 2)];
        assert_eq!(told(&events), [(Some(1), None), (Some(2), Some(2))]);
    }

    #[test]
    fn an_unanswered_request_is_told_when_the_flow_ends() {
        assert_eq!(told(&[("request", 1), ("end", 0)]), [(Some(1), None)]);
    }

    #[test]
    fn a_tentative_half_counts_only_with_its_other_half() {
        let mut pairing = Pairing::default();
        let mut count = 0;
        let mut done = |_: Exchange| count += 1;
        let mut doubtful = request(1);
        doubtful.half.tentative = true;
        pairing.request(Correlation::InOrder, doubtful, &mut done);
        pairing.end(&mut done);
        let mut confirmed = request(2);
        confirmed.half.tentative = true;
        pairing.request(Correlation::InOrder, confirmed, &mut done);
        pairing.response(Correlation::InOrder, response(2));
        pairing.settle(&mut done);
        assert_eq!(count, 1);
    }
}
