//! What the header of an HL7 v2 body says of an exchange over HTTP, heard as the body is walked:
//! over MLLP the parser reads it before there is a body.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::model::{AckCode, Hl7Said, Status};

use super::batched::{Alike, BATCH_ANSWERS_MAX, Behind};
use super::frames::Frames;
use super::half::{Exchange, Half};
use super::leaves::Leaves;
use super::operation::hl7v2;
use super::values::Values;
use super::workbench::Workbench;

/// Longest name that is heard; HL7 v2.8.2 allows 227 characters for an application and facility.
const PART_BYTES_MAX: usize = 256;

/// Parts of a header that tell what a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// MSH-3.
    SendingApplication,
    /// MSH-4.
    SendingFacility,
    /// MSH-5.
    ReceivingApplication,
    /// MSH-6.
    ReceivingFacility,
    /// MSH-9.1.
    Kind,
    /// MSH-9.2.
    Event,
    /// MSH-9.3.
    Structure,
    /// EVN-1.
    Recorded,
    /// MSH-12.1.
    Version,
    /// MSA-1.
    Acknowledgement,
}

const PARTS: usize = Part::Acknowledgement as usize + 1;

impl Part {
    /// What is at that place; a field without components is its own first.
    pub(super) fn at(segment: &str, field: &str, component: &str) -> Option<Part> {
        Some(match (segment, field, component) {
            ("MSH", "3", "1") => Part::SendingApplication,
            ("MSH", "4", "1") => Part::SendingFacility,
            ("MSH", "5", "1") => Part::ReceivingApplication,
            ("MSH", "6", "1") => Part::ReceivingFacility,
            ("MSH", "9", "1") => Part::Kind,
            ("MSH", "9", "2") => Part::Event,
            ("MSH", "9", "3") => Part::Structure,
            ("EVN", "1", "1") => Part::Recorded,
            ("MSH", "12", "1") => Part::Version,
            ("MSA", "1", "1") => Part::Acknowledgement,
            _ => return None,
        })
    }
}

/// Codes of acknowledgements in one body.
pub(super) type Codes = SmallVec<[AckCode; 8]>;

/// What the header of one message says, as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Parts([SmallVec<[u8; 16]>; PARTS]);

/// The headers of a body, until the walk is over.
#[derive(Debug, Default)]
pub(super) struct Header {
    messages: u32,
    /// Of the first message.
    first: Parts,
    /// The messages behind it, where they are kept apart.
    behind: Option<Box<Behind>>,
    /// Codes of acknowledgements.
    answers: Codes,
}

impl Header {
    /// A message begins behind what was logged, of which `values` tells: what was logged of another
    /// is set aside, unless the body is to stay `whole`. Whether the log was emptied.
    pub(super) fn begin(&mut self, whole: bool, leaves: &mut Leaves, values: &Values) -> bool {
        self.messages = self.messages.saturating_add(1);
        if self.messages == 1 || whole {
            return false;
        }
        self.behind.get_or_insert_default().set_aside(leaves, values);
        true
    }

    /// A part of it; of repetitions the first.
    pub(super) fn hear(&mut self, part: Part, value: &[u8]) {
        if part == Part::Acknowledgement && self.answers.len() < BATCH_ANSWERS_MAX {
            self.answers.push(AckCode::read(value.trim_ascii()));
        }
        let parts = match &mut self.behind {
            _ if self.messages == 1 => Some(&mut self.first),
            behind => behind.as_mut().map(|behind| &mut behind.parts),
        };
        if value.len() <= PART_BYTES_MAX
            && let Some(parts) = parts
            && let Some(place) = parts.0.get_mut(part as usize)
            && place.is_empty()
        {
            place.extend_from_slice(value);
        }
    }

    /// The walk is over: the messages behind the first, and `leaves` those of that.
    fn end(&mut self, leaves: &mut Leaves, values: &Values) -> Vec<Alike> {
        let Some(mut behind) = self.behind.take() else { return Vec::new() };
        behind.set_aside(leaves, values);
        behind.finish(leaves)
    }
}

impl Parts {
    fn part(&self, part: Part) -> &[u8] {
        self.0.get(part as usize).map_or(b"", |text| text.trim_ascii())
    }

    /// What the message is, as over MLLP: MSH-9.3 has what MSH-9.1 and MSH-9.2 lack, but for the
    /// event that EVN-1 names.
    pub(super) fn operation(&self) -> Arc<str> {
        let mut structure = self.part(Part::Structure).splitn(2, |b| *b == b'_');
        let [kind, event] = [&[Part::Kind][..], &[Part::Event, Part::Recorded]].map(|parts| {
            let structure = structure.next().unwrap_or_default();
            let said = parts.iter().map(|part| self.part(*part));
            said.chain([structure]).find(|text| !text.is_empty()).unwrap_or_default()
        });
        hl7v2::operation(kind, event)
    }
}

impl Frames {
    /// Heap bytes of the header.
    pub(super) fn header_bytes(&self) -> usize {
        self.header.as_ref().map_or(0, |header| {
            let long = header.first.0.iter().filter(|part| part.spilled());
            let long = long.map(SmallVec::capacity);
            let behind = header.behind.as_ref().map_or(0, |behind| behind.held_bytes());
            size_of::<Header>() + long.sum::<usize>() + behind + header.answers.capacity()
        })
    }

    /// A part of the header of the message that is walked.
    pub(super) fn hear(&mut self, part: Part, value: &[u8]) {
        if let Some(header) = &mut self.header {
            header.hear(part, value);
        }
    }
}

/// What of it may be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// As over MLLP.
    pub said: Hl7Said,
    /// Code of the acknowledgement that the message is.
    pub acknowledges: Option<AckCode>,
}

impl Workbench {
    /// Keeps what may be kept of the header that the walk of a body came by.
    pub(super) fn hear(&mut self, half: &mut Half) {
        let Some(mut header) = half.frames.header.take() else { return };
        let behind = header.end(&mut half.leaves, &self.values);
        if half.headed || half.facts.heard.is_some() {
            return;
        }
        half.batches(header.messages, self.batched(behind));
        half.answers = std::mem::take(&mut header.answers);
        let code = header.first.part(Part::Acknowledgement);
        half.facts.heard = Some(Arc::new(Heard {
            said: self.said_by(&header.first),
            acknowledges: (!code.is_empty()).then(|| AckCode::read(code)),
        }));
    }

    /// What may be kept of a header.
    pub(super) fn said_by(&mut self, parts: &Parts) -> Hl7Said {
        use Part::{ReceivingApplication, ReceivingFacility, SendingApplication, SendingFacility};
        let names = |of: [Part; 2]| of.map(|part| parts.part(part));
        Hl7Said {
            operation: parts.operation(),
            version: hl7v2::version(parts.part(Part::Version))
                .and_then(|text| self.name(text.as_bytes())),
            sender: self.party(names([SendingApplication, SendingFacility])),
            receiver: self.party(names([ReceivingApplication, ReceivingFacility])),
        }
    }

    /// A request whose body is an HL7 v2 message asks what that says, and one in SOAP may say who
    /// sends it.
    pub(super) fn hear_exchange(&mut self, exchange: &mut Exchange) {
        if let Some(response) = &mut exchange.response {
            self.hear(&mut response.half);
        }
        let Some(request) = &mut exchange.request else { return };
        self.hear(&mut request.half);
        request.head.auth.merge(request.half.facts.schemes);
        if request.head.hl7v2.is_none()
            && let Some(heard) = &request.half.facts.heard
        {
            request.head.hl7v2 = Some(Box::new(heard.said.clone()));
        }
    }
}

impl Exchange {
    /// How it was answered: the code of the acknowledgement where one answers a message, the
    /// status of the response else.
    pub(super) fn answer(&self) -> Option<Status> {
        self.acknowledgement().or_else(|| self.response.as_ref()?.status)
    }

    /// The code of the acknowledgement that answers a message. One on a connection of its own says
    /// itself what became of a message; what is answered to it is that it was kept.
    pub(super) fn acknowledgement(&self) -> Option<Status> {
        if let Some(code) = self.request.as_ref().and_then(|r| r.head.acknowledges) {
            return Some(Status::Hl7(code));
        }
        let Some(response) = &self.response else { return self.answered };
        let asked = self.request.as_ref().is_some_and(|r| r.head.hl7v2.is_some());
        let code = response.half.facts.heard.as_ref().and_then(|heard| heard.acknowledges);
        let over_mllp = response.status.filter(|status| matches!(status, Status::Hl7(_)));
        code.filter(|_| asked).map(Status::Hl7).or(over_mllp)
    }
}
