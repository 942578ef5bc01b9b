//! Batches of HL7 v2 over HTTP (HL7 v2.8.2 section 2.10.3): one body, many messages. Each is an
//! exchange, as it is over MLLP, where messages come one by one: the fields of those behind the
//! first are set aside as the walk comes to the next.

use std::sync::Arc;

use crate::base::{Span, TableMap};
use crate::flow::FlowInfo;
use crate::model::{AckCode, Evidence, Hl7Said, Status};

use super::accumulate::EndpointRef;
use super::finish::{Named, count_request, count_sender, event_of};
use super::half::{Exchange, Half};
use super::heard::Parts;
use super::leaves::Leaves;
use super::operation::hl7v2;
use super::values::Values;
use super::workbench::Workbench;

/// Kinds of messages (operation, sender, receiver) in one batch that are told apart: an interface
/// sends a few.
const BATCH_KINDS_MAX: usize = 64;

/// Messages of one batch whose own answers are looked up in a batch of answers.
pub(super) const BATCH_ANSWERS_MAX: usize = 4096;

/// Messages of a batch, behind the first, that say the same of themselves.
#[derive(Debug, Default)]
pub(super) struct Alike {
    pub(super) parts: Parts,
    messages: u64,
    /// Which of the batch they are, counted from 0; of those behind the most that are kept none.
    places: Vec<u32>,
    fields: TableMap<u32, Evidence>,
}

/// What of a batch stands behind its first message.
#[derive(Debug, Default)]
pub(super) struct Behind {
    alike: Vec<Alike>,
    /// Messages so far, the first among them.
    messages: u32,
    /// What was logged up to the end of the first.
    first: Leaves,
    /// What the header of the message at hand says.
    pub(super) parts: Parts,
}

impl Behind {
    pub(super) fn held_bytes(&self) -> usize {
        let of = |alike: &Alike| {
            alike.fields.capacity() * size_of::<(u32, Evidence)>()
                + alike.places.capacity() * size_of::<u32>()
                + size_of::<Alike>()
        };
        self.alike.iter().map(of).sum::<usize>() + self.first.held_bytes()
    }

    /// A message is over, of which `leaves` are the fields: they are moved away.
    pub(super) fn set_aside(&mut self, leaves: &mut Leaves, values: &Values) {
        let parts = std::mem::take(&mut self.parts);
        let place = self.messages;
        self.messages = self.messages.saturating_add(1);
        if place == 0 {
            self.first = std::mem::take(leaves);
            return;
        }
        let known = self.alike.iter().position(|alike| alike.parts == parts);
        let at = match known {
            Some(at) => at,
            // Of more kinds than are told apart those of one operation count as one.
            None if self.alike.len() >= BATCH_KINDS_MAX => {
                let same = |alike: &Alike| alike.parts.operation() == parts.operation();
                self.alike.iter().position(same).unwrap_or(0)
            }
            None => {
                self.alike.push(Alike { parts, ..Alike::default() });
                self.alike.len() - 1
            }
        };
        let Some(alike) = self.alike.get_mut(at) else { return };
        alike.messages += 1;
        if alike.places.len() < BATCH_ANSWERS_MAX {
            alike.places.push(place);
        }
        for (column, mut evidence) in leaves.drain_folded(values) {
            evidence.exchanges = 1;
            alike.fields.entry(column).or_default().merge(evidence);
        }
    }

    /// The walk is over: what was logged of the first message, and the others.
    pub(super) fn finish(self, leaves: &mut Leaves) -> Vec<Alike> {
        *leaves = self.first;
        self.alike
    }
}

/// The same as it may be kept.
#[derive(Debug)]
pub struct Batched {
    said: Hl7Said,
    messages: u64,
    places: Vec<u32>,
    fields: TableMap<u32, Evidence>,
}

impl Workbench {
    /// What may be kept of messages behind the first.
    pub(super) fn batched(&mut self, alike: Vec<Alike>) -> Vec<Batched> {
        let keep = |Alike { parts, messages, places, fields }| {
            let said = self.said_by(&parts);
            Batched { said, messages, places, fields }
        };
        alike.into_iter().map(keep).collect()
    }

    /// Adds the messages behind the first of a batch to the books.
    pub(super) fn finish_batch(
        &mut self,
        flow: &FlowInfo,
        (protocol, service): (&'static str, &Arc<str>),
        (named, next_tx): (&Named, &mut u64),
        exchange: &mut Exchange,
    ) {
        let Some(request) = &mut exchange.request else { return };
        let batch = std::mem::take(&mut request.half.batch);
        for batched in batch {
            self.count_batched(flow, (protocol, service, named), (exchange, &batched));
            if self.events.is_none() {
                continue;
            }
            for n in 0..batched.messages {
                let code = batched.code(exchange, n);
                if let Some(request) = &mut exchange.request {
                    request.head.hl7v2 = Some(Box::new(batched.said.clone()));
                }
                let tx_id = *next_tx;
                *next_tx += 1;
                let mut event = event_of(flow, protocol, service.clone(), tx_id, named, exchange);
                event.acknowledgement = code.map(Status::Hl7).or(event.acknowledgement);
                if let Some(events) = &mut self.events {
                    events.exchange(event);
                }
            }
        }
    }

    fn count_batched(
        &mut self,
        flow: &FlowInfo,
        (protocol, service, named): (&'static str, &Arc<str>, &Named),
        (exchange, batched): (&Exchange, &Batched),
    ) {
        let Some(request) = &exchange.request else { return };
        let (said, messages) = (&batched.said, batched.messages);
        let told = *said.operation != *hl7v2::UNKNOWN;
        let operation = if told { &*said.operation } else { "" };
        let (method, path) = (request.head.method, named.path.as_str());
        let key = EndpointRef { service, standard: hl7v2::STANDARD, method, path, operation };
        self.accumulator.exchanges += messages;
        if let Some(place) = self.accumulator.endpoint(key)
            && let Some(slot) = self.accumulator.slot(place)
        {
            self.finished.push(place);
            let stats = &mut slot.stats;
            stats.requests += messages;
            *stats.protocols.entry(protocol).or_default() += messages;
            stats.coverage.exchanges += messages;
            for n in 0..messages {
                count_request(stats, flow, (request, false));
                count_sender(stats, flow, (request, said.sender.clone()));
                let code = batched.code(exchange, n).map(Status::Hl7);
                let status = code.or_else(|| exchange.answer());
                stats.count_status(status);
                let open = request.head.auth.is_empty();
                let success = open && status.is_some_and(Status::is_success);
                stats.unauthenticated_successes += u64::from(success);
            }
            match &exchange.response {
                Some(response) => stats.span.merge(Span::at(response.half.at)),
                None => stats.coverage.one_sided += u64::from(!exchange.lost) * messages,
            }
            if request.half.generation == self.paths.generation() {
                let span = Span::at(request.half.at);
                for (column, evidence) in &batched.fields {
                    slot.columns.merge(*column, evidence.clone(), span);
                }
            }
        }
        let stats = self.accumulator.service(service);
        stats.requests += messages;
        if let Some(receiver) = &said.receiver {
            *stats.products.entry(receiver.clone()).or_default() += messages;
        }
        let stats = self.accumulator.client(flow.client.ip());
        stats.requests += messages;
        *stats.services.entry(service.clone()).or_default() += messages;
        if let Some(sender) = &said.sender {
            *stats.user_agents.entry(sender.clone()).or_default() += messages;
        }
    }
}

impl Batched {
    /// The code of the answer to the `n`th of these: of a batch of answers as long as that of
    /// messages, the one at its place.
    fn code(&self, exchange: &Exchange, n: u64) -> Option<AckCode> {
        let answers = &exchange.response.as_ref()?.half.answers;
        let asked = exchange.request.as_ref()?.half.messages;
        let place = *self.places.get(usize::try_from(n).ok()?)?;
        let whole = usize::try_from(asked).is_ok_and(|asked| asked == answers.len());
        answers.get(usize::try_from(place).ok()?).copied().filter(|_| whole)
    }
}

impl Half {
    /// Notes that it is a batch of so many messages.
    pub(super) fn batches(&mut self, messages: u32, batch: Vec<Batched>) {
        self.messages = messages;
        self.batch = batch;
    }
}
