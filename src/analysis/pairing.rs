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

mod batch;
mod found;
mod kept;
mod oldest;
mod resolve;
mod silence;
mod stand;

use std::collections::VecDeque;

use crate::base::Timestamp;
use crate::base::limits::{ANSWER_WAIT_MAX, PENDING_REQUESTS_MAX};
use crate::model::{Correlation, Direction, Standing};
use crate::protocol::bits;

use super::half::{Exchange, Half, Request, Response};
pub use stand::Stand;

use kept::{ANSWER_LATE, Kept};
use resolve::finish;
use stand::Loss;

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
    /// When the last of them began.
    latest: Timestamp,
    /// A response came that names no request which waits: any of them may be meant.
    stray: bool,
    /// What exchanges are charged whose response stands while there is room.
    kept_bytes: usize,
    /// There was no room for some of them: better responses may come that are not awaited.
    released: bool,
    /// Better responses came behind some that say only that a message was kept.
    bettered: bool,
    /// What many open exchanges took when last counted, and how often they were not since.
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

/// Responses of one flow that wait for requests which they may answer.
const EARLY_MAX: usize = 4;
/// What [`Pairing::rest`] tells.
const PIPELINED: u8 = 1;
const CLOSED: u8 = 1 << 1;
const STRAY: u8 = 1 << 2;
const ANSWERED: u8 = 1 << 3;
const RELEASED: u8 = 1 << 4;
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
    /// A response to no request that was seen: one that its server had heard may be to come.
    early: bool,
    /// How long its response stands while no better one comes.
    kept: Kept,
    /// Bytes it is charged while that stands for more than one request.
    charge: usize,
    /// Where its request stands, or else its response.
    stand: Stand,
    /// Offset behind the request's last byte; 0 while that is to come.
    until: u64,
    /// Losses before it in the direction of the half that began it.
    losses: u32,
    /// Losses of responses before the one that stands while no better one comes.
    losses_kept: u32,
    /// It was asked while nothing had been heard since requests before it were lost: these waited
    /// for their responses, too.
    beside_lost: bool,
}

impl Slot {
    fn new(correlation: Correlation, exchange: Exchange, stand: Stand) -> Slot {
        Slot {
            correlation,
            exchange,
            number: 0,
            floating: false,
            early: false,
            kept: Kept::No,
            charge: 0,
            stand,
            until: 0,
            losses: 0,
            losses_kept: 0,
            beside_lost: false,
        }
    }

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
        !(self.floating || self.early || self.kept != Kept::No)
            && self.exchange.request.as_ref().is_none_or(|r| r.half.ended)
            && self.exchange.response.as_ref().is_some_and(|r| r.half.ended)
    }
}

impl Pairing {
    /// A request's head. What can no longer find a response is handed to `done`.
    pub fn request(
        &mut self,
        correlation: Correlation,
        (request, stand): (Box<Request>, Stand),
        done: &mut dyn FnMut(Exchange),
    ) {
        let correlation = correlation.asking();
        let mut beside_lost = false;
        if correlation == Correlation::InOrder {
            beside_lost = self.loss.is_unheard();
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
        self.release_kept(done);
        self.asked += 1;
        self.latest = self.latest.max(request.half.at);
        let number = self.asked;
        let early = |slot: &&mut Slot| {
            slot.early && stand.begin < slot.stand.heard && slot.stand.can_answer(stand)
        };
        if let Some(slot) = self.open.iter_mut().find(early) {
            slot.exchange.request = Some(request);
            (slot.early, slot.number, slot.stand) = (false, number, stand);
            self.answered = self.answered.max(number);
            return;
        }
        self.make_room(done);
        let exchange = Exchange { request: Some(request), ..Exchange::default() };
        let losses = self.loss.before(Direction::ToServer);
        let slot = Slot::new(correlation, exchange, stand);
        self.open.push_back(Slot { number, losses, beside_lost, ..slot });
    }

    /// A response's head. What can no longer find a request is handed to `done`.
    pub fn response(
        &mut self,
        correlation: Correlation,
        (response, stand): (Box<Response>, Stand),
        done: &mut dyn FnMut(Exchange),
    ) {
        let Some(response) = self.answer_unnamed(correlation, (response, stand)) else { return };
        let commits = matches!(correlation, Correlation::Answer { last: false, .. });
        let answers = matches!(correlation, Correlation::Answer { last: true, .. });
        let kept = if commits { Kept::WhileRoom } else { Kept::No };
        let named = correlation;
        let correlation = self.nearest(named);
        if answers && self.names_batch(named, correlation) {
            return self.answer_batch(named, response, done);
        }
        let same = |slot: &Slot| slot.correlation == correlation;
        // What was sent again is committed again.
        if !(commits && self.open.iter().any(|slot| same(slot) && slot.waits()))
            && let Some(slot) =
                self.open.iter_mut().find(|slot| slot.kept != Kept::No && same(slot))
        {
            slot.exchange.response = Some(response);
            self.bettered |= answers;
            let (was, is) = slot.keep(kept, self.loss.before(Direction::ToClient));
            self.kept_bytes = (self.kept_bytes + is).saturating_sub(was);
            return;
        }
        let in_order = correlation == Correlation::InOrder;
        let mut floating = in_order && self.loss.is_any() && !self.loss.answer();
        let mut waiting =
            self.open.iter_mut().filter(|slot| slot.waits() && slot.correlation == correlation);
        let can = |slot: &&mut Slot| !in_order || stand.can_answer(slot.stand);
        // Of requests in order, what the first that waits cannot be answered by, none can.
        let found = if floating { waiting.find(can) } else { waiting.next().filter(can) };
        match found {
            Some(slot) if !floating => {
                self.pipelined |= in_order && stand.heard_behind(slot.until);
                slot.exchange.response = Some(response);
                self.kept_bytes += slot.keep(kept, self.loss.before(Direction::ToClient)).1;
                self.answered = self.answered.max(slot.number);
            }
            found => {
                let mut response = response;
                if answers && self.released {
                    response.half.anomaly(ANSWER_LATE);
                }
                floating &= found.is_some();
                let early = in_order
                    && stand.is_known()
                    && !self.loss.is_any()
                    && !self.open.iter().any(Slot::waits);
                if early {
                    self.release_early(EARLY_MAX);
                }
                self.make_room(done);
                self.stray |= !early;
                let exchange = Exchange { response: Some(response), ..Exchange::default() };
                let slot = Slot::new(correlation, exchange, stand);
                let mut slot = Slot { floating, early, ..slot };
                slot.losses = self.loss.before(Direction::ToClient);
                self.kept_bytes += slot.keep(kept, slot.losses).1;
                self.open.push_back(slot);
            }
        }
    }

    /// The request that was passing has ended where `stand` does.
    pub fn asked_until(&mut self, stand: Stand) {
        let ended = |slot: &&mut Slot| {
            slot.until == 0 && slot.exchange.request.as_ref().is_some_and(|r| r.half.ended)
        };
        if let Some(slot) = self.open.iter_mut().rev().find(ended) {
            slot.until = stand.end;
        }
    }

    /// Waits no longer for the requests of early responses, but for the last few.
    fn release_early(&mut self, fewer_than: usize) {
        let mut kept = 0;
        for slot in self.open.iter_mut().rev().filter(|slot| slot.early) {
            kept += 1;
            slot.early = kept < fewer_than;
        }
    }

    /// The half whose body is passing in `direction`.
    pub fn passing(&mut self, direction: Direction) -> Option<&mut Half> {
        self.open.iter_mut().rev().filter_map(|slot| slot.half(direction)).find(|h| !h.ended)
    }

    /// The request that is passing.
    pub fn asking(&mut self) -> Option<&mut Request> {
        let mut requests = self.open.iter_mut().rev().filter_map(|s| s.exchange.request.as_mut());
        requests.find(|request| !request.half.ended).map(|request| &mut **request)
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
            self.loss.heard = true;
        } else {
            // Their requests are among what was lost.
            self.loss.heard = self.open.iter().any(|slot| slot.early);
            self.release_early(0);
            self.loss.answered = false;
            if !self.loss.is_any() {
                self.loss.sure = self.open.iter().filter(|slot| slot.waits()).count();
            }
        }
        self.loss.times = self.loss.times.saturating_add(1);
        let at = direction.index();
        if let Some(count) = self.loss.count.get_mut(at) {
            *count = count.wrapping_add(1);
        }
        for flags in [&mut self.loss.of, &mut self.loss.searching] {
            if let Some(flag) = flags.get_mut(at) {
                *flag = true;
            }
        }
    }

    /// What was found last in `direction` by searching was a message.
    pub fn confirmed(&mut self, direction: Direction) {
        if let Some(half) = self.open.iter_mut().rev().find_map(|slot| slot.half(direction)) {
            half.standing = Standing::Sure;
        }
    }

    /// What was found last in `direction` by searching was no message.
    pub fn refuted(&mut self, direction: Direction) {
        let Some(at) = self.open.iter_mut().rposition(|slot| slot.half(direction).is_some()) else {
            return;
        };
        let alone = self.open.get_mut(at).is_some_and(|slot| {
            let found = |half: &mut Half| half.standing != Standing::Sure && half.ended;
            slot.half(direction).is_some_and(found) && slot.half(direction.reversed()).is_none()
        });
        if alone {
            self.open.remove(at);
        }
    }

    /// Something came that may answer any request.
    pub fn unread(&mut self) {
        self.stray = true;
    }

    /// The responses ended as the server meant them to.
    pub fn closed(&mut self) {
        self.closed = true;
    }

    /// The flow is over, or speaks something else from here on.
    pub fn end(&mut self, ending: Ending, done: &mut dyn FnMut(Exchange)) {
        if self.loss.is_any() {
            self.resolve(!self.pipelined || self.closed, done);
        }
        for mut slot in self.open.drain(..) {
            let since = slot.exchange.request.as_deref().map(|request| request.half.at);
            let long = since.is_some_and(|at| self.latest.since(at) >= ANSWER_WAIT_MAX);
            let waited = ending.over || slot.number < self.answered || long;
            let whole = |r: &Request| r.half.ended && !(r.half.gap || r.half.truncated);
            let whole = slot.exchange.request.as_deref().is_some_and(whole);
            slot.exchange.unanswered =
                slot.waits() && whole && waited && ending.heard && !self.stray;
            let losses = self.loss.before(Direction::ToClient);
            slot.tell_lost_answer(losses, self.bettered);
            finish(slot.exchange, &self.loss, done);
        }
    }

    /// Whether nothing is open.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// What is to be remembered of it, where that is all: nothing is open, and all is in step.
    pub fn rest(&self) -> Option<u8> {
        let Loss { times: 0, of: [false, false], searching: [false, false], .. } = self.loss else {
            return None;
        };
        let Loss { answered, sure: 0, .. } = self.loss else { return None };
        // Requests are counted only to tell which of those that are open came first, and losses
        // which of these came before.
        let bits = bits([self.pipelined, self.closed, self.stray, answered, self.released]);
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
            released: bits & RELEASED != 0,
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
        self.release_one(done);
        if self.loss.is_any() {
            self.resolve(!self.pipelined, done);
            self.loss.settle();
        }
        if self.open.len() >= PENDING_REQUESTS_MAX
            && let Some(mut oldest) = self.open.pop_front()
        {
            self.kept_bytes = self.kept_bytes.saturating_sub(oldest.charge);
            oldest.note("pending-requests-limit");
            finish(oldest.exchange, &self.loss, done);
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

#[cfg(test)]
mod tests;
