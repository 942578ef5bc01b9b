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
        request.head.expects_acknowledgement = header.expects_acknowledgement();
        request.head.commit_only = header.commit_only;
        request.head.acknowledges = header.acknowledges.map(|(code, _)| AckCode::read(code));
        request.head.batch = header.batch;
        self.plan_hl7v2(&mut request.half);
    }

    /// The head of a message that answers.
    pub fn hl7v2_response(&mut self, header: &Hl7Header<'_>, response: &mut Response) {
        let said = self.hl7v2_said(header);
        let code = header.acknowledges.map(|(code, _)| AckCode::read(code));
        response.status = code.map(Status::Hl7);
        response.product.clone_from(&said.sender);
        response.foreign = header.foreign;
        response.hl7v2 = Some(Box::new(said));
        self.plan_hl7v2(&mut response.half);
    }

    fn plan_hl7v2(&mut self, half: &mut Half) {
        // Not that of a body over HTTP, which has to be heard.
        half.plan_key = self.recall.plan_key(Some(MEDIA), Some(b"mllp"));
        half.plan = Some(Arc::new(BodyPlan::from_headers(Some(MEDIA), None)));
        half.headed = true;
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
    pub(super) fn party(&mut self, names: [&[u8]; 2]) -> Option<Arc<str>> {
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::half::Exchange;
    use super::*;
    use crate::base::{InstallationKey, Timestamp};
    use crate::detect::Detector;
    use crate::flow::{FlowInfo, Orientation};
    use crate::model::{Direction, Header, MessageHead};
    use crate::rules::RulePack;

    /// Everything by which stored values could be compared: hashes in samples and of exemplars.
    fn hashes(send: impl Fn(&mut Workbench) -> Box<Response>) -> BTreeSet<u64> {
        let detector = Arc::new(Detector::compile(&RulePack::builtin()).unwrap());
        let mut bench = Workbench::new(detector, &InstallationKey::from_bytes([7; 32]));
        let response = Some(send(&mut bench));
        let flow = FlowInfo {
            client: "10.0.0.1:40000".parse().unwrap(),
            server: "10.0.0.2:2575".parse().unwrap(),
            opened: Timestamp::default(),
            encapsulation: Default::default(),
            orientation: Orientation::Syn,
        };
        bench.finish(&flow, "any", &mut 0, Exchange { response, ..Exchange::default() });
        let (columns, paths, values) = (&mut bench.columns, &bench.paths, &bench.values);
        let rollup = bench.accumulator.take(columns, paths, values);
        let mut out = BTreeSet::new();
        for (field, mut evidence) in rollup.endpoints.into_values().flat_map(|e| e.fields) {
            let before = out.len();
            out.extend(evidence.sample.entries().map(|entry| entry.hash));
            out.extend(evidence.exemplar.map(|e| e.hash));
            assert!(out.len() <= before + 1, "{field:?}");
        }
        out
    }

    fn over_http(bench: &mut Workbench, media: &[u8], body: &[u8]) -> Box<Response> {
        let headers = [Header::new(b"Content-Type", media)];
        let head = MessageHead::HttpResponse { status: 200, minor_version: 1, headers: &headers };
        let mut response = bench.spare_response();
        bench.response_head(&head, &mut response);
        bench.body(Direction::ToClient, &mut response.half, body);
        bench.end(Direction::ToClient, &mut response.half, true);
        response
    }

    #[test]
    fn a_value_of_hl7_v2_is_comparable_with_no_other_flow() {
        let message = b"MSH|^~\\&|A\rPID|||9434765919\r";
        let json = hashes(|b| over_http(b, b"application/json", b"{\"nhs\":\"9434765919\"}"));
        let er7 = hashes(|b| over_http(b, b"application/hl7-v2", message));
        let mllp = hashes(|bench| {
            let mut response = bench.spare_response();
            bench.hl7v2_response(&Hl7Header::default(), &mut response);
            bench.body(Direction::ToClient, &mut response.half, message);
            bench.end(Direction::ToClient, &mut response.half, true);
            response
        });
        assert_eq!((json.len(), mllp.len()), (1, 1));
        assert_eq!(er7, mllp);
        assert!(json.is_disjoint(&mllp));
        // JSON in a field is HL7 v2 as well.
        let inside = b"MSH|^~\\&|A\rOBX|||||{\"nhs\":\"9434765919\"}\r";
        assert_eq!(hashes(|b| over_http(b, b"application/hl7-v2", inside)), mllp);
        // So is a message in JSON, one within another with what follows it, and one in XML.
        let value = b"{\"m\":\"MSH|^~\\\\&|A\\rPID|||9434765919\\r\"}";
        assert_eq!(hashes(|b| over_http(b, b"application/json", value)), mllp);
        let twice = b"MSH|^~\\&|A\rOBX|1|TX|||MSH#*!?@#B\rPID|||9434765919\r";
        assert_eq!(hashes(|b| over_http(b, b"application/hl7-v2", twice)), mllp);
        let xml =
            b"<ADT_A01><MSH><MSH.3>A</MSH.3></MSH><PID><PID.3><CX.1>9434765919</CX.1></PID.3>\
            </PID></ADT_A01>";
        assert_eq!(hashes(|b| over_http(b, b"text/xml", xml)), mllp);
    }

    #[test]
    fn names_that_a_detector_hits_are_not_kept() {
        let detector = Arc::new(Detector::compile(&RulePack::builtin()).unwrap());
        let mut bench = Workbench::new(detector, &InstallationKey::from_bytes([7; 32]));
        let mut party = |names: [&str; 2]| bench.party(names.map(str::as_bytes));
        assert_eq!(party(["REG", "NORTH"]).as_deref(), Some("REG / NORTH"));
        assert_eq!(party(["REG", "ada@example.org"]).as_deref(), Some("REG"));
        assert_eq!(party(["", ""]), None);
    }
}
