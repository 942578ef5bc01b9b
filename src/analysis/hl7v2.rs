//! Heads of HL7 v2 messages as they pass.

use std::sync::Arc;

use crate::content::BodyPlan;
use crate::model::{AckCode, Hl7Header, Hl7Said, Status};

use super::half::{Half, Request, Response};
use super::operation::hl7v2;
use super::workbench::Workbench;

/// The media type of what MLLP blocks hold, as HTTP would name it.
const MEDIA: &[u8] = b"application/hl7-v2";

impl Workbench {
    /// The head of a message that asks.
    pub fn hl7v2_request(&mut self, header: &Hl7Header<'_>, request: &mut Request) {
        let said = self.hl7v2_said(header);
        request.head.user_agent.clone_from(&said.sender);
        request.head.hl7v2 = Some(Box::new(said));
        self.plan_hl7v2(&mut request.half);
    }

    /// The head of a message that answers.
    pub fn hl7v2_response(&mut self, header: &Hl7Header<'_>, response: &mut Response) {
        let said = self.hl7v2_said(header);
        let code = header.acknowledges.map(|(code, _)| AckCode::read(code));
        response.status = code.map(Status::Hl7);
        response.product.clone_from(&said.sender);
        response.hl7v2 = Some(Box::new(said));
        self.plan_hl7v2(&mut response.half);
    }

    fn plan_hl7v2(&mut self, half: &mut Half) {
        half.plan_key = self.recall.plan_key(Some(MEDIA), None);
        half.plan = Some(BodyPlan::from_headers(Some(MEDIA), None));
    }

    fn hl7v2_said(&mut self, header: &Hl7Header<'_>) -> Hl7Said {
        Hl7Said {
            operation: hl7v2::operation(header.kind, header.event),
            version: hl7v2::version(header.version).and_then(|text| self.name(text.as_bytes())),
            sender: self.party(header.sender),
            receiver: self.party(header.receiver),
        }
    }

    /// `REGADT / NORTH`: application and facility, each kept unless a detector hits it.
    fn party(&mut self, names: [&[u8]; 2]) -> Option<Arc<str>> {
        let [application, facility] = names.map(|name| self.name(name.trim_ascii()));
        match (application, facility) {
            (Some(application), Some(facility)) => {
                let both = [&*application, &*facility].join(" / ");
                self.name(both.as_bytes())
            }
            (one, other) => one.or(other),
        }
    }
}
