//! What the header of an HL7 v2 body says of an exchange over HTTP, heard as the body is walked:
//! over MLLP the parser reads it before there is a body.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::model::{AckCode, Hl7Said, Status};

use super::frames::Frames;
use super::half::{Exchange, Half};
use super::operation::hl7v2;
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

/// The first header of a body, as written, until the walk is over.
#[derive(Debug, Default)]
pub(super) struct Header {
    messages: u32,
    parts: [SmallVec<[u8; 16]>; PARTS],
}

impl Header {
    /// A message begins: only the first of a body is heard.
    pub(super) fn begin(&mut self) {
        self.messages = self.messages.saturating_add(1);
    }

    /// A part of it; of repetitions the first.
    pub(super) fn hear(&mut self, part: Part, value: &[u8]) {
        if self.messages == 1
            && value.len() <= PART_BYTES_MAX
            && let Some(place) = self.parts.get_mut(part as usize)
            && place.is_empty()
        {
            place.extend_from_slice(value);
        }
    }

    fn part(&self, part: Part) -> &[u8] {
        self.parts.get(part as usize).map_or(b"", |text| text.trim_ascii())
    }

    /// What the message is, as over MLLP: MSH-9.3 has what MSH-9.1 and MSH-9.2 lack, but for the
    /// event that EVN-1 names.
    fn operation(&self) -> Arc<str> {
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
            let long = header.parts.iter().filter(|part| part.spilled());
            size_of::<Header>() + long.map(SmallVec::capacity).sum::<usize>()
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
        let Some(header) = half.frames.header.take() else { return };
        if half.headed || half.facts.heard.is_some() {
            return;
        }
        use Part::{ReceivingApplication, ReceivingFacility, SendingApplication, SendingFacility};
        let names = |parts: [Part; 2]| parts.map(|part| header.part(part));
        let code = header.part(Part::Acknowledgement);
        half.facts.heard = Some(Arc::new(Heard {
            said: Hl7Said {
                operation: header.operation(),
                version: hl7v2::version(header.part(Part::Version))
                    .and_then(|text| self.name(text.as_bytes())),
                sender: self.party(names([SendingApplication, SendingFacility])),
                receiver: self.party(names([ReceivingApplication, ReceivingFacility])),
            },
            acknowledges: (!code.is_empty()).then(|| AckCode::read(code)),
        }));
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
        let response = self.response.as_ref()?;
        self.acknowledgement().or(response.status)
    }

    /// The code of the acknowledgement that answers a message.
    pub(super) fn acknowledgement(&self) -> Option<Status> {
        let response = self.response.as_ref()?;
        let asked = self.request.as_ref().is_some_and(|r| r.head.hl7v2.is_some());
        let code = response.half.facts.heard.as_ref().and_then(|heard| heard.acknowledges);
        let over_mllp = response.status.filter(|status| matches!(status, Status::Hl7(_)));
        code.filter(|_| asked).map(Status::Hl7).or(over_mllp)
    }
}
