//! Joins requests with their responses. Written once, driven by [`Correlation`]; it knows no
//! protocol.
//!
//! In order (HTTP/1) the nth request has the nth response, as long as nothing was lost. Once
//! messages were lost the count means nothing from there on: requests and responses are kept until
//! it is known again which belong together. A client that does not pipeline sends its next request
//! only when the response to the last has come: by then, each response belongs to the last request
//! before it that no later one took. Of a client that does pipeline that is known only at the end,
//! and only if nothing else was lost: the last response answers the last request.
//!
//! A half that was found by searching behind a gap is believed only when its other half is found,
//! so that no endpoint is invented from the middle of a body, and not if what follows it shows that
//! it was none.

use std::collections::VecDeque;

use crate::base::limits::PENDING_REQUESTS_MAX;
use crate::model::{Correlation, Direction};
use crate::protocol::bits;

use super::half::{Exchange, Half, Request, Response};

/// The exchanges of one flow that are not over.
#[derive(Debug, Default)]
pub struct Pairing {
    open: VecDeque<Slot>,
    loss: Loss,
    /// The client sent a request before the response to another had begun.
    pipelined: bool,
    /// The last response ended with its stream.
    closed: bool,
    /// Requests so far.
    asked: u64,
    /// The number of the last of them that was answered.
    answered: u64,
    /// A response came that names no request which waits: any of them may be meant.
    stray: bool,
    /// What many open exchanges took when they were last counted, and how often they were not
    /// counted since.
    counted: (usize, u8),
}

/// What the end of a flow says of requests that wait.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ending {
    /// Something was seen of who answers: an answer would have been, too.
    pub heard: bool,
    /// Who answers ended the stream, or fell silent: the recording did not just end.
    pub over: bool,
}

/// What was lost since requests and responses were last in step.
#[derive(Debug, Default)]
struct Loss {
    /// How often.
    times: u32,
    /// In which direction, [`Direction::index`].
    of: [bool; 2],
    /// And whether no message was found there since.
    searching: [bool; 2],
    /// A response came since requests were lost.
    answered: bool,
    /// Requests that waited before any were lost: their responses come in order.
    sure: usize,
}

impl Loss {
    fn is_any(&self) -> bool {
        self.of != [false; 2]
    }

    fn found(&mut self, direction: Direction) {
        if let Some(searching) = self.searching.get_mut(direction.index()) {
            *searching = false;
        }
    }

    /// Requests and responses are in step again, as far as messages were found again.
    fn settle(&mut self) {
        self.of = self.searching;
        self.times = u32::from(self.is_any());
        self.sure = 0;
    }

    fn explains(&self, missing: Direction) -> bool {
        self.of.get(missing.index()).is_some_and(|lost| *lost)
    }
}

/// What [`Pairing::rest`] tells.
const PIPELINED: u8 = 1;
const CLOSED: u8 = 1 << 1;
const STRAY: u8 = 1 << 2;
const ANSWERED: u8 = 1 << 3;
/// Places for open exchanges that are kept for the next flow.
const OPEN_KEPT: usize = 4;

/// Open exchanges up to which all are looked at with every step.
const COUNTED_AT_ONCE: usize = 4;
/// Steps after which more of them are looked at again.
const COUNT_EVERY: u8 = 64;

#[derive(Debug)]
struct Slot {
    correlation: Correlation,
    exchange: Exchange,
    /// The number of its request; 0 where it has none.
    number: u64,
    /// A response of which it is not known yet which request it answers.
    floating: bool,
}

impl Slot {
    fn half(&mut self, direction: Direction) -> Option<&mut Half> {
        match direction {
            Direction::ToServer => self.exchange.request.as_mut().map(|r| &mut r.half),
            Direction::ToClient => self.exchange.response.as_mut().map(|r| &mut r.half),
        }
    }

    fn waits(&self) -> bool {
        self.exchange.response.is_none()
    }

    fn is_over(&self) -> bool {
        !self.floating
            && self.exchange.request.as_ref().is_none_or(|r| r.half.ended)
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
        if correlation == Correlation::InOrder {
            self.loss.found(Direction::ToServer);
            let responses_lost = self.loss.explains(Direction::ToClient);
            if !responses_lost {
                self.pipelined |= self.open.iter().any(Slot::waits);
            }
            if self.loss.is_any() && !self.pipelined {
                self.resolve(true, done);
                // Otherwise the responses to what was lost may be still to come.
                if responses_lost || self.loss.answered {
                    self.loss.settle();
                }
            }
        }
        self.make_room(done);
        let exchange = Exchange { request: Some(request), ..Exchange::default() };
        self.asked += 1;
        let number = self.asked;
        self.open.push_back(Slot { correlation, exchange, number, floating: false });
    }

    /// A response's head. What can no longer find a request is handed to `done`.
    pub fn response(
        &mut self,
        correlation: Correlation,
        response: Box<Response>,
        done: &mut dyn FnMut(Exchange),
    ) {
        let mut floating = false;
        if correlation == Correlation::InOrder && self.loss.is_any() {
            self.loss.found(Direction::ToClient);
            self.loss.answered = true;
            floating = self.loss.sure == 0;
            self.loss.sure = self.loss.sure.saturating_sub(1);
        }
        let mut waiting =
            self.open.iter_mut().filter(|slot| slot.waits() && slot.correlation == correlation);
        match waiting.next() {
            Some(slot) if !floating => {
                slot.exchange.response = Some(response);
                self.answered = self.answered.max(slot.number);
            }
            waiting => {
                // Requests come before their responses: without one, none will be found.
                floating &= waiting.is_some();
                self.make_room(done);
                self.stray = true;
                let exchange = Exchange { response: Some(response), ..Exchange::default() };
                self.open.push_back(Slot { correlation, exchange, number: 0, floating });
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
                finish(slot.exchange, &self.loss, done);
            }
        }
    }

    /// Messages were lost in `direction`.
    pub fn lost(&mut self, direction: Direction) {
        if direction == Direction::ToClient {
            self.loss.sure = 0;
        } else {
            self.loss.answered = false;
            if !self.loss.is_any() {
                self.loss.sure = self.open.iter().filter(|slot| slot.waits()).count();
            }
        }
        self.loss.times = self.loss.times.saturating_add(1);
        let at = direction.index();
        for flags in [&mut self.loss.of, &mut self.loss.searching] {
            if let Some(flag) = flags.get_mut(at) {
                *flag = true;
            }
        }
    }

    /// What was found last in `direction` by searching was no message.
    pub fn refuted(&mut self, direction: Direction) {
        let Some(at) = self.open.iter_mut().rposition(|slot| slot.half(direction).is_some()) else {
            return;
        };
        let alone = self.open.get_mut(at).is_some_and(|slot| {
            let tentative = slot.half(direction).is_some_and(|half| half.tentative && half.ended);
            tentative && slot.half(direction.reversed()).is_none()
        });
        if alone {
            self.open.remove(at);
        }
    }

    /// The responses ended as the server meant them to.
    pub fn closed(&mut self) {
        self.closed = true;
    }

    /// The flow is over, or speaks something else from here on.
    pub fn end(&mut self, ending: Ending, done: &mut dyn FnMut(Exchange)) {
        if self.loss.is_any() {
            let found = self.loss.searching == [false; 2];
            let counted = self.closed && self.loss.times == 1 && found;
            self.resolve(!self.pipelined || counted, done);
        }
        for mut slot in self.open.drain(..) {
            let waited = ending.over || slot.number < self.answered;
            let whole = |r: &Request| r.half.ended && !(r.half.gap || r.half.truncated);
            let whole = slot.exchange.request.as_deref().is_some_and(whole);
            slot.exchange.unanswered =
                slot.waits() && whole && waited && ending.heard && !self.stray;
            finish(slot.exchange, &self.loss, done);
        }
    }

    /// Whether nothing is open.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// What is to be remembered of it, where that is all: nothing is open, and all is in step.
    pub fn rest(&self) -> Option<u8> {
        let Loss { times: 0, of: [false, false], searching: [false, false], answered, sure: 0 } =
            self.loss
        else {
            return None;
        };
        // Requests are counted only to tell which of those that are open came first.
        let bits = bits([self.pipelined, self.closed, self.stray, answered]);
        self.open.is_empty().then_some(bits)
    }

    /// Forgets what it was used for and goes on where one rested that told `bits`.
    pub fn resume(&mut self, bits: u8) {
        let mut open = std::mem::take(&mut self.open);
        open.clear();
        open.shrink_to(OPEN_KEPT);
        *self = Pairing {
            open,
            pipelined: bits & PIPELINED != 0,
            closed: bits & CLOSED != 0,
            stray: bits & STRAY != 0,
            loss: Loss { answered: bits & ANSWERED != 0, ..Loss::default() },
            ..Pairing::default()
        };
    }

    /// About how many heap bytes its exchanges take. Many are counted now and then only, so that
    /// the time for it does not grow with their number.
    pub fn held_bytes(&mut self) -> usize {
        let (held, skipped) = self.counted;
        if self.open.len() > COUNTED_AT_ONCE && held > 0 && skipped < COUNT_EVERY {
            self.counted.1 = skipped + 1;
            return held;
        }
        let slots = self.open.iter().map(|slot| size_of::<Slot>() + slot.exchange.held_bytes());
        self.counted = (slots.sum(), 0);
        self.counted.0
    }

    /// Keeps what is open within its limit.
    fn make_room(&mut self, done: &mut dyn FnMut(Exchange)) {
        if self.open.len() < PENDING_REQUESTS_MAX {
            return;
        }
        if self.loss.is_any() {
            self.resolve(!self.pipelined, done);
            self.loss.settle();
        }
        if self.open.len() >= PENDING_REQUESTS_MAX
            && let Some(mut oldest) = self.open.pop_front()
        {
            oldest.note("pending-requests-limit");
            finish(oldest.exchange, &self.loss, done);
        }
    }

    /// Settles which response answers which request: if `in_step`, from the last to the first. What
    /// stays alone is handed to `done`, and whatever else is over.
    fn resolve(&mut self, in_step: bool, done: &mut dyn FnMut(Exchange)) {
        let mut slots = std::mem::take(&mut self.open);
        // Responses that no request took, the last one first.
        let mut free: VecDeque<Slot> = VecDeque::new();
        while let Some(mut slot) = slots.pop_back() {
            if slot.floating {
                slot.floating = false;
                free.push_back(slot);
                continue;
            }
            let asked = slot.correlation == Correlation::InOrder && slot.waits();
            if asked
                && in_step
                && let Some(answer) = free.pop_front()
            {
                slot.exchange.response = answer.exchange.response;
            }
            let unanswered = slot.correlation == Correlation::InOrder && slot.waits();
            if unanswered && slot.exchange.request.as_ref().is_some_and(|r| r.half.ended) {
                self.open.push_front(Slot { floating: true, ..slot });
            } else {
                self.open.push_front(slot);
            }
        }
        for slot in free {
            self.open.push_back(slot);
        }
        // Requests that stay alone were marked.
        while let Some(at) = self.open.iter().position(|slot| slot.floating || slot.is_over()) {
            if let Some(slot) = self.open.remove(at) {
                finish(slot.exchange, &self.loss, done);
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
fn finish(mut exchange: Exchange, loss: &Loss, done: &mut dyn FnMut(Exchange)) {
    let doubtful = match (&mut exchange.request, &mut exchange.response) {
        (Some(request), None) => {
            if loss.explains(Direction::ToClient) {
                request.half.anomaly("response-lost");
                exchange.lost = true;
                exchange.unanswered = false;
            }
            request.half.tentative
        }
        (None, Some(response)) => {
            if loss.explains(Direction::ToServer) {
                response.half.anomaly("request-lost");
                exchange.lost = true;
            }
            response.half.tentative
        }
        _ => false,
    };
    if !doubtful {
        done(exchange);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    /// What comes of the events, whether or not the pairing is put away meanwhile.
    fn told(events: &[(&str, u16)]) -> Vec<(Option<u8>, Option<u16>)> {
        let out = told_by(events, false);
        assert_eq!(told_by(events, true), out, "where it rested");
        out
    }

    fn told_by(events: &[(&str, u16)], rests: bool) -> Vec<(Option<u8>, Option<u16>)> {
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
                "response" => pairing.response(Correlation::InOrder, response(*n), &mut done),
                "requests lost" => pairing.lost(Direction::ToServer),
                "responses lost" => pairing.lost(Direction::ToClient),
                "closed" => pairing.closed(),
                _ => pairing.end(Ending::default(), &mut done),
            }
            pairing.settle(&mut done);
            if let Some(bits) = pairing.rest().filter(|_| rests) {
                pairing = Pairing::default();
                pairing.resume(bits);
                assert_eq!(pairing.rest(), Some(bits));
            }
        }
        out
    }

    proptest! {
        #[test]
        fn a_pairing_that_rested_says_what_another_says(
            whats in prop::collection::vec(prop::sample::select(vec![
                "request", "response", "request", "response", "requests lost",
                "responses lost", "closed", "end",
            ]), 0..24),
        ) {
            let events: Vec<_> = whats.into_iter().zip(1..).collect();
            told(&events);
        }
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
        let lost = ("responses lost", 0);
        let events = [("request", 1), lost, ("request", 2), ("response", 2), ("end", 0)];
        assert_eq!(told(&events), [(Some(1), None), (Some(2), Some(2))]);
        // The loss may be noticed only when the next request was there already.
        let events = [
            ("request", 1),
            ("request", 2),
            ("responses lost", 0),
            ("response", 2),
            ("closed", 0),
            ("end", 0),
        ];
        assert_eq!(told(&events), [(Some(1), None), (Some(2), Some(2))]);
    }

    #[test]
    fn the_response_to_a_lost_request_answers_no_other() {
        let events = [
            ("request", 1),
            ("response", 1),
            ("requests lost", 0),
            ("response", 2),
            ("request", 3),
            ("response", 3),
        ];
        assert_eq!(told(&events), [(Some(1), Some(1)), (None, Some(2)), (Some(3), Some(3))]);
    }

    #[test]
    fn pipelined_exchanges_behind_one_loss_are_counted_from_the_end() {
        let asked = [1, 2, 3, 4].map(|n| ("request", n));
        let answered = [("response", 1), ("responses lost", 0), ("response", 3), ("response", 4)];
        let paired = [(Some(1), Some(1)), (Some(2), None), (Some(3), Some(3)), (Some(4), Some(4))];
        let closed = [("closed", 0), ("end", 0)];
        assert_eq!(told(&[&asked[..], &answered, &closed].concat()), paired);
        // Where more may be missing at the end, nothing is said of who answered whom.
        let events = told(&[&asked[..], &answered, &[("end", 0)]].concat());
        assert!(!events[1..].iter().any(|(a, b)| a.is_some() && b.is_some()), "{events:?}");
        let asked = [("request", 1), ("request", 2), ("requests lost", 0), ("request", 4)];
        let answered = [1, 2, 3, 4].map(|n| ("response", n));
        let paired = [(Some(1), Some(1)), (Some(2), Some(2)), (Some(4), Some(4)), (None, Some(3))];
        assert_eq!(told(&[&asked[..], &answered, &closed].concat()), paired);
    }

    #[test]
    fn what_was_refuted_is_no_half() {
        let mut pairing = Pairing::default();
        let mut out = Vec::new();
        let mut done = |e: Exchange| out.push((e.lost, e.response.map(|r| r.status)));
        pairing.request(Correlation::InOrder, request(1), &mut done);
        pairing.lost(Direction::ToClient);
        let mut phantom = response(1);
        phantom.half.tentative = true;
        pairing.response(Correlation::InOrder, phantom, &mut done);
        pairing.settle(&mut done);
        pairing.refuted(Direction::ToClient);
        pairing.lost(Direction::ToClient);
        pairing.end(Ending::default(), &mut done);
        assert_eq!(out, [(true, None)]);
    }

    #[test]
    fn an_unanswered_request_is_told_when_the_flow_ends() {
        assert_eq!(told(&[("request", 1), ("end", 0)]), [(Some(1), None)]);
    }

    /// Numbers of the requests that were waited for in vain: `answers` are the tokens of
    /// responses that came behind requests 1 to 3.
    fn in_vain(answers: &[u64], ending: Ending, lost: bool) -> Vec<u8> {
        let mut pairing = Pairing::default();
        let mut out = Vec::new();
        let mut done = |e: Exchange| {
            out.extend(e.request.filter(|_| e.unanswered).map(|r| r.head.minor_version));
        };
        for number in 1..=3 {
            pairing.request(Correlation::Token(number.into()), request(number), &mut done);
        }
        if lost {
            pairing.lost(Direction::ToClient);
        }
        for token in answers {
            pairing.response(Correlation::Token(*token), response(1), &mut done);
            pairing.settle(&mut done);
        }
        pairing.end(ending, &mut done);
        out
    }

    #[test]
    fn waiting_in_vain_wants_an_end_or_a_later_answer_and_both_directions() {
        let cut = Ending { heard: true, over: false };
        let over = Ending { heard: true, over: true };
        assert!(in_vain(&[1, 2, 3], over, false).is_empty());
        assert_eq!(in_vain(&[2], over, false), [1, 3]);
        // The recording ended: the answer to the third may have come behind it.
        assert_eq!(in_vain(&[2], cut, false), [1]);
        assert!(in_vain(&[], cut, false).is_empty());
        // Nobody heard who answers, or not all of it.
        assert!(in_vain(&[], Ending { heard: false, over: true }, false).is_empty());
        assert!(in_vain(&[2], over, true).is_empty());
        // An answer that names none of them may be meant for any.
        assert!(in_vain(&[2, 9], over, false).is_empty());
    }

    #[test]
    fn a_tentative_half_counts_only_with_its_other_half() {
        let mut pairing = Pairing::default();
        let mut count = 0;
        let mut done = |_: Exchange| count += 1;
        let mut doubtful = request(1);
        doubtful.half.tentative = true;
        pairing.request(Correlation::InOrder, doubtful, &mut done);
        pairing.end(Ending::default(), &mut done);
        let mut confirmed = request(2);
        confirmed.half.tentative = true;
        pairing.request(Correlation::InOrder, confirmed, &mut done);
        pairing.response(Correlation::InOrder, response(2), &mut done);
        pairing.settle(&mut done);
        assert_eq!(count, 1);
    }
}
