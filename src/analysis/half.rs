//! One half of an exchange while it passes: a request or a response.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::base::Timestamp;
use crate::content::{BodyPlan, BodyWalker, UnreadKinds};
use crate::model::{AckCode, Hl7Said, Standing, Status};

use super::batched::Batched;
use super::frames::Frames;
use super::inspect::BodyFacts;
use super::leaves::Leaves;
use super::operation::auth::AuthSchemes;
use super::operation::fhir::Version;
use super::recall::{Held, Remembered};

/// Bytes of a request target that are kept until the exchange is over. Longer ones are cut: their
/// query was inspected in full when the head passed.
pub const TARGET_BYTES_MAX: usize = 8 * 1024;

/// Heap bytes of a half that is kept for another message.
const SPARE_BYTES_MAX: usize = 16 * 1024;

/// What both halves have.
#[derive(Debug, Default)]
pub struct Half {
    /// Time of the first byte.
    pub at: Timestamp,
    /// Generation of the path table that the log speaks of.
    pub generation: u32,
    /// Held while the log may still grow: the path table is emptied when nobody holds one.
    pub claim: Option<Arc<()>>,
    /// The leaves so far.
    pub leaves: Leaves,
    /// Open objects of the body.
    pub frames: Frames,
    /// What the body says of the exchange.
    pub facts: BodyFacts,
    /// The body's walker, once there is a body.
    pub walker: Option<Box<BodyWalker>>,
    /// How to walk it.
    pub plan: Option<Arc<BodyPlan>>,
    /// Identifies what the head said of the body; 0 before there was one.
    pub plan_key: u64,
    /// The body so far, while it may turn out to be one that was walked before.
    pub held: Option<Held>,
    /// What the body said when it was walked before: to be added beside the log.
    pub recalled: Option<Arc<Remembered>>,
    /// Bytes of the head.
    pub head_bytes: u64,
    /// Bytes of the body, transfer coding removed.
    pub body_bytes: u64,
    /// Media type of the body.
    pub media: Option<Arc<str>>,
    /// FHIR's media type, and the version it states.
    pub fhir: FhirHint,
    /// Its head is that of an HL7 v2 message: the body has nothing to add to what that said.
    pub headed: bool,
    /// How sure it is that it is a message.
    pub standing: Standing,
    /// The message is over.
    pub ended: bool,
    /// A part is missing in the middle.
    pub gap: bool,
    /// The end is missing.
    pub truncated: bool,
    /// The body could not be decoded.
    pub undecoded: bool,
    /// What of the body is no text and was not walked.
    pub unread: UnreadKinds,
    /// Odd things, by name.
    pub anomalies: Vec<&'static str>,
    /// Messages in it, where it is a batch of HL7 v2 over HTTP.
    pub messages: u32,
    /// Those behind the first.
    pub batch: Vec<Batched>,
    /// Codes of the acknowledgements in it, in order.
    pub answers: SmallVec<[AckCode; 8]>,
}

/// What media types say of FHIR.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FhirHint {
    /// `Accept` names FHIR.
    pub accepted: bool,
    /// `fhirVersion` parameter of `Accept`.
    pub asked: Option<Version>,
    /// `Content-Type` names FHIR.
    pub sent: bool,
    /// `fhirVersion` parameter.
    pub version: Option<Version>,
}

/// What a request's head says.
#[derive(Debug, Default)]
pub struct RequestHead {
    /// A registered method, or `OTHER`.
    pub method: &'static str,
    /// The path as sent.
    pub path: Vec<u8>,
    /// Whether the path was longer than is kept.
    pub path_cut: bool,
    /// Names of the query parameters that may be shown, in order.
    pub query: Vec<Arc<str>>,
    /// Whether there was a query.
    pub has_query: bool,
    /// The service's number in the accumulator; `None` when only its address is known.
    pub service: Option<Arc<str>>,
    /// The credentials seen.
    pub auth: AuthSchemes,
    /// What carried a credential in the target, by names of a closed vocabulary.
    pub url_credentials: SmallVec<[&'static str; 4]>,
    /// The user agent, unless a detector hit it.
    pub user_agent: Option<Arc<str>>,
    /// HTTP minor version.
    pub minor_version: u8,
    /// The target and host as sent, for `--reveal`.
    pub revealed: Option<Box<crate::model::Revealed>>,
    /// What was asked is not known: of the method or the host too much was lost.
    pub unnamed: bool,
    /// The target said `https`.
    pub secure: bool,
    /// What an HL7 v2 header says, where that is what the request is.
    pub hl7v2: Option<Box<Hl7Said>>,
    /// It asks for an acknowledgement whatever becomes of it.
    pub expects_acknowledgement: bool,
    /// A commit is the last answer to it.
    pub commit_only: bool,
    /// What it says of a message that it acknowledges on a connection of its own.
    pub acknowledges: Option<AckCode>,
    /// Hash of the name of the batch it stands in, as of a token; 0 where it stands in none.
    pub batch: u64,
}

/// A request.
#[derive(Debug, Default)]
pub struct Request {
    /// What every half has.
    pub half: Half,
    /// Its head.
    pub head: RequestHead,
}

/// A response.
#[derive(Debug, Default)]
pub struct Response {
    /// What every half has.
    pub half: Half,
    /// Its status, where it has one.
    pub status: Option<Status>,
    /// HTTP minor version.
    pub minor_version: u8,
    /// `Server` product.
    pub product: Option<Arc<str>>,
    /// Its `Location` carries a credential.
    pub sends_credential: bool,
    /// Its head gives a session: a cookie, or a token in a field.
    pub opens_session: bool,
    /// What an HL7 v2 header says, where that is what the response is.
    pub hl7v2: Option<Box<Hl7Said>>,
    /// Something else was answered to an HL7 v2 message.
    pub foreign: bool,
}

/// Whichever halves were seen, ready to be told.
#[derive(Debug, Default)]
pub struct Exchange {
    /// The request.
    pub request: Option<Box<Request>>,
    /// The response.
    pub response: Option<Box<Response>>,
    /// One is missing because bytes of its direction were lost or not understood.
    pub lost: bool,
    /// What was answered to the batch that it stands in.
    pub answered: Option<Status>,
    /// Nothing answered the whole request, although answers would have been seen and it was waited
    /// for to the end.
    pub unanswered: bool,
}

impl Exchange {
    /// About how many heap bytes it takes.
    pub fn held_bytes(&self) -> usize {
        let request = self.request.as_ref().map_or(0, |request| {
            size_of::<Request>() + request.head.path.capacity() + request.half.held_bytes()
        });
        let response = self
            .response
            .as_ref()
            .map_or(0, |response| size_of::<Response>() + response.half.held_bytes());
        request + response
    }

    /// Whether somebody showed a credential in the body and got a token or a session for it:
    /// neither alone authenticates. A password that is set for somebody proves nothing, nor does a
    /// token that is given to everyone. Servers give a session to whoever asks, so that one counts
    /// for what is a credential beyond doubt.
    pub fn is_login(&self) -> bool {
        let Some(response) = &self.response else { return false };
        let sure = self.request.as_ref().is_some_and(|r| r.half.facts.login.sure);
        let given = response.half.facts.login.given || sure && response.opens_session;
        given && self.shows_proof()
    }

    /// Whether somebody showed a credential in the body.
    fn shows_proof(&self) -> bool {
        // What is put or changed somewhere is a password that somebody sets.
        let asks = |method: &str| !matches!(method, "PUT" | "PATCH" | "DELETE");
        let shows = |r: &Request| r.half.facts.login.shown && asks(r.head.method);
        self.request.as_deref().is_some_and(shows)
    }

    /// Whether somebody logged in by the body alone, or tried to and was refused, of which nobody
    /// got anything.
    pub fn logs_in(&self) -> bool {
        let open = self.request.as_ref().is_some_and(|r| r.head.auth.is_empty());
        let refused = || matches!(self.answer(), Some(Status::Http(400..=499)));
        open && (self.is_login() || self.shows_proof() && refused())
    }
}

impl Half {
    /// About how many heap bytes it takes; what is held back to be recalled is counted there.
    pub fn held_bytes(&self) -> usize {
        let walker = self.walker.as_ref().map_or(0, |walker| walker.held_bytes());
        self.leaves.held_bytes() + self.frames.held_bytes() + walker
    }

    /// It waits for another message: large logs are not worth their memory.
    pub fn retire(&mut self) {
        self.claim = None;
        if self.held_bytes() > SPARE_BYTES_MAX {
            (self.leaves, self.frames) = (Leaves::default(), Frames::default());
        }
    }

    /// Notes something odd, once.
    pub fn anomaly(&mut self, name: &'static str) {
        if !self.anomalies.contains(&name) {
            self.anomalies.push(name);
        }
    }
}

impl RequestHead {
    /// Makes it as new and keeps its memory.
    pub fn reset(&mut self) {
        let mut path = std::mem::take(&mut self.path);
        let mut query = std::mem::take(&mut self.query);
        path.clear();
        query.clear();
        *self = RequestHead { path, query, ..RequestHead::default() };
    }
}

impl FhirHint {
    /// `application/fhir+json`, `application/json+fhir` (DSTU2), `text/fhir+ndjson`, ….
    pub fn is_fhir(media: &[u8]) -> bool {
        media.windows(4).any(|w| w.eq_ignore_ascii_case(b"fhir"))
    }

    /// The `fhirVersion` parameter.
    pub fn version(media: &[u8]) -> Option<Version> {
        const NAME: &[u8] = b"fhirversion=";
        let at = media.windows(NAME.len()).position(|w| w.eq_ignore_ascii_case(NAME))?;
        let value = media.get(at + NAME.len()..)?.trim_ascii();
        Version::parse(value.strip_prefix(b"\"").unwrap_or(value))
    }
}
