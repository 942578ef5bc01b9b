//! What all conversations of one worker share: interned paths and columns, remembered values, the
//! accumulator; and what is done with heads and bodies as they pass.

use std::net::SocketAddr;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::base::limits::{PATHS_HARD_MAX, SERVICES_MAX};
use crate::base::{InstallationKey, Shares, TableMap};
use crate::content::{
    BodyPlan, PathTable, Root, header_meaning, hides_something, walk_cookies, walk_header,
    walk_query,
};
use crate::detect::Detector;
use crate::inventory::{AuthScheme, TemplatedPath};
use crate::model::{
    Direction, EventSink, Header, HeaderName, Location, MessageHead, Revealed, Value, ValueKind,
};

use super::accumulate::{Accumulator, SlotRef};
use super::bodies::codings_of;
use super::columns::{Columns, Place};
use super::conversation::Spares;
use super::doubts::Histories;
use super::half::{FhirHint, Half, Request, Response, TARGET_BYTES_MAX};
use super::inspect::{Inspector, Shared};
use super::known_fields::KnownFields;
use super::names::{self, FieldNames};
use super::operation::fhir;
use super::operation::http::{self, Authority, Target};
use super::operation::{auth, url_credentials};
use super::readings::Shadow;
use super::recall::Recall;
use super::roles::Roles;
use super::segments::Segments;
use super::values::Values;

/// See the module.
pub struct Workbench {
    /// The rules.
    pub detector: Arc<Detector>,
    /// Interned field paths.
    pub paths: PathTable,
    /// Interned columns.
    pub columns: Columns,
    /// Values with their memory.
    pub values: Values,
    /// Roles of paths.
    pub roles: Roles,
    /// Bodies that were walked before.
    pub recall: Recall,
    /// Header fields that were seen before.
    known_fields: KnownFields,
    /// Segments of paths that were seen before.
    pub segments: Segments,
    /// What was observed since the last rollup.
    pub accumulator: Accumulator,
    /// Where exchanges are told, if anyone asked.
    pub events: Option<Box<dyn EventSink>>,
    /// Holds the template that is being made.
    pub(super) templated: TemplatedPath,
    /// What the last template was stored in.
    pub(super) spare_path: String,
    /// What this worker may hold of what.
    pub(super) shares: Shares,
    /// Bytes held by flows whose protocol is not told yet.
    pub(super) undecided_bytes: usize,
    /// Bytes of conversations at rest.
    pub(super) resting_bytes: usize,
    /// Bytes of messages that are open.
    pub(super) message_bytes: usize,
    hosts: Decisions,
    names: Decisions,
    programs: Decisions,
    media: Decisions,
    parameters: Decisions,
    fields: FieldNames,
    /// Cloned by every open message.
    claim: Arc<()>,
    /// Endpoints of the exchanges that ended since the last step of a conversation.
    pub finished: SmallVec<[SlotRef; 4]>,
    /// Directions in which, in the last step of a conversation, it became open where messages end,
    /// with the anomaly where no exchange was told it.
    pub unframed: SmallVec<[(Direction, Option<&'static str>); 2]>,
    /// Set while another reading is inspected.
    pub shadow: Option<Shadow>,
    /// Histories of flows.
    pub histories: Histories,
    /// Parsers that no flow has now.
    pub(super) spares: Spares,
    #[expect(clippy::vec_box, reason = "exchanges hand boxes over; nothing is copied")]
    requests: Vec<Box<Request>>,
    #[expect(clippy::vec_box, reason = "exchanges hand boxes over; nothing is copied")]
    responses: Vec<Box<Response>>,
}

/// Strings with the decision about them: what is stored, if anything.
type Decisions = TableMap<Vec<u8>, Option<Arc<str>>>;

/// Halves kept for reuse.
const SPARE_MAX: usize = 256;
/// Names of one kind (media types, programs, parameters) remembered with the decision about them.
const NAMES_MAX: usize = 16 * 1024;
/// Bytes of a name that may be kept.
const NAME_BYTES_MAX: usize = 256;

impl Workbench {
    /// An empty bench.
    pub fn new(detector: Arc<Detector>, key: &InstallationKey) -> Self {
        let fields = FieldNames::new(detector.clone());
        Workbench {
            segments: Segments::new(detector.clone()),
            values: Values::new(detector.clone(), key),
            paths: PathTable::new(Box::new(fields.clone())),
            fields,
            parameters: TableMap::default(),
            detector,
            columns: Columns::default(),
            roles: Roles::default(),
            recall: Recall::default(),
            known_fields: KnownFields::default(),
            accumulator: Accumulator::default(),
            events: None,
            templated: TemplatedPath::default(),
            spare_path: String::new(),
            shares: Shares::default(),
            undecided_bytes: 0,
            resting_bytes: 0,
            message_bytes: 0,
            hosts: TableMap::default(),
            names: TableMap::default(),
            programs: TableMap::default(),
            media: TableMap::default(),
            claim: Arc::default(),
            finished: SmallVec::new(),
            unframed: SmallVec::new(),
            shadow: None,
            histories: Histories::default(),
            spares: Spares::default(),
            requests: Vec::new(),
            responses: Vec::new(),
        }
    }

    /// The same, with a share of the memory budget.
    pub fn within(shares: Shares, detector: Arc<Detector>, key: &InstallationKey) -> Self {
        let recall = Recall::within(&shares);
        Workbench { shares, recall, ..Workbench::new(detector, key) }
    }

    /// Counts something odd that belongs to no endpoint; of another reading nothing is counted.
    pub fn odd(&mut self, name: &'static str) {
        if self.shadow.is_none() {
            self.accumulator.anomaly(name);
        }
    }

    /// A flow whose protocol was not told holds so many bytes less.
    pub(super) fn release_undecided(&mut self, bytes: usize) {
        self.undecided_bytes = self.undecided_bytes.saturating_sub(bytes);
    }

    /// A request to fill in.
    pub fn spare_request(&mut self) -> Box<Request> {
        let mut request = self.requests.pop().unwrap_or_default();
        self.prepare(&mut request.half);
        request.head.reset();
        request
    }

    /// A response to fill in.
    pub fn spare_response(&mut self) -> Box<Response> {
        let mut response = self.responses.pop().unwrap_or_default();
        self.prepare(&mut response.half);
        (response.product, response.status, response.hl7v2) = (None, None, None);
        response.sends_credential = false;
        response
    }

    /// Keeps what an exchange was made of for the next.
    pub fn recycle(&mut self, exchange: super::half::Exchange) {
        if let Some(mut request) = exchange.request
            && self.requests.len() < SPARE_MAX
        {
            request.half.retire();
            self.requests.push(request);
        }
        if let Some(mut response) = exchange.response
            && self.responses.len() < SPARE_MAX
        {
            response.half.retire();
            self.responses.push(response);
        }
    }

    /// Whether the path table should be emptied now: it is full, and no message is open whose log
    /// speaks of it. At its hard limit it is emptied all the same; such a message then says that
    /// it was not seen to its end.
    pub fn must_forget_paths(&self) -> bool {
        let open = Arc::strong_count(&self.claim) > 1;
        self.paths.is_full() && (!open || self.paths.len() >= PATHS_HARD_MAX)
    }

    fn prepare(&mut self, half: &mut Half) {
        let mut leaves = std::mem::take(&mut half.leaves);
        let mut frames = std::mem::take(&mut half.frames);
        leaves.clear();
        frames.clear();
        let generation = self.paths.generation();
        let claim = Some(self.claim.clone());
        *half = Half { leaves, frames, generation, claim, ..Half::default() };
    }

    /// A request's head: its service, credentials, parameters, fields and cookies.
    pub fn request_head(&mut self, head: &MessageHead<'_>, request: &mut Request) {
        let MessageHead::HttpRequest { method, target: raw, minor_version, headers } = *head else {
            return;
        };
        let target = Target::parse(method, raw);
        let out = &mut request.head;
        out.method = http::method_name(method);
        out.minor_version = minor_version;
        out.secure = target.secure;
        out.path_cut = target.path.len() > TARGET_BYTES_MAX;
        out.path.extend_from_slice(target.path.get(..TARGET_BYTES_MAX).unwrap_or(target.path));
        out.has_query = target.query.is_some_and(|q| !q.is_empty());
        let host = headers.iter().find(|h| h.known == HeaderName::Host).map(|h| h.value);
        let authority = target.authority.or(host);
        if let Some(authority) = authority {
            out.service = self.service_name(authority, target.secure);
            if let Some(userinfo) = http::userinfo(authority) {
                request.half.anomaly("userinfo-in-authority");
                if http::has_password(userinfo) {
                    out.url_credentials.push("userinfo");
                }
            }
        }
        if self.events.as_ref().is_some_and(|e| e.reveals()) {
            let hostname = authority.map(<[u8]>::to_vec);
            out.revealed = Some(Box::new(Revealed { hostname, url: raw.to_vec() }));
        }
        for header in headers {
            auth::from_header(header, &mut out.auth);
            if header.known == HeaderName::UserAgent {
                out.user_agent = self.program(header.value);
            }
            if header.name.eq_ignore_ascii_case(url_credentials::REFERER.as_bytes())
                && url_credentials::in_location(header.value).next().is_some()
                && !out.url_credentials.contains(&url_credentials::REFERER)
            {
                out.url_credentials.push(url_credentials::REFERER);
            }
        }
        if url_credentials::has_link(target.path) {
            out.url_credentials.push(url_credentials::LINK);
        }
        if let Some(text) = target.query {
            for name in url_credentials::in_query(target.path, text) {
                out.auth.insert(AuthScheme::ApiKeyQuery);
                if !out.url_credentials.contains(&name) {
                    out.url_credentials.push(name);
                }
            }
            self.query(text, request);
        }
        self.headers(Direction::ToServer, &mut request.half, headers);
    }

    /// A response's head.
    pub fn response_head(&mut self, head: &MessageHead<'_>, response: &mut Response) {
        let MessageHead::HttpResponse { status, minor_version, headers } = *head else { return };
        response.status = Some(status.into());
        response.minor_version = minor_version;
        for header in headers {
            if header.known == HeaderName::Server {
                response.product = self.program(header.value);
            }
            if header.name.eq_ignore_ascii_case(b"location") {
                response.sends_credential |=
                    url_credentials::in_location(header.value).next().is_some();
            }
        }
        if status == 206 {
            let range = headers.iter().find(|h| h.name.eq_ignore_ascii_case(b"content-range"));
            response.half.truncated |= http::is_part(range.map(|header| header.value));
        }
        self.headers(Direction::ToClient, &mut response.half, headers);
    }

    /// Header fields of a head or a trailer.
    pub fn headers(&mut self, direction: Direction, half: &mut Half, headers: &[Header<'_>]) {
        let mut media = None;
        for header in headers {
            half.head_bytes += (header.name.len() + header.value.len() + 4) as u64;
            match (header.known, direction) {
                (HeaderName::ContentType, _) => media = Some(header.value),
                (HeaderName::Accept, _) => {
                    half.fhir.accepted |= FhirHint::is_fhir(header.value);
                    half.fhir.asked = half.fhir.asked.or(FhirHint::version(header.value));
                }
                (HeaderName::Cookie, Direction::ToServer)
                | (HeaderName::SetCookie, Direction::ToClient) => {
                    self.cookies(direction, half, header);
                    continue;
                }
                _ => {}
            }
            if !header.known.is_grammar() {
                self.header(direction, half, header);
            }
        }
        if let Some(media) = media {
            half.fhir.sent = FhirHint::is_fhir(media);
            half.fhir.version = FhirHint::version(media);
            let end = memchr::memchr(b';', media).unwrap_or(media.len());
            let essence = media.get(..end).unwrap_or(media).trim_ascii();
            let mut lower = [0; NAME_BYTES_MAX];
            half.media = lower.get_mut(..essence.len()).and_then(|lower| {
                lower.copy_from_slice(essence);
                lower.make_ascii_lowercase();
                self.media_type(lower)
            });
        }
        if half.plan.is_none() {
            let codings = codings_of(headers);
            half.plan_key = self.recall.plan_key(media, codings.as_deref());
            half.plan = Some(BodyPlan::from_headers(media, codings.as_deref()));
        }
    }

    fn header(&mut self, direction: Direction, half: &mut Half, header: &Header<'_>) {
        let key = self.known_fields.key(direction, self.paths.generation(), header);
        if let Some((column, looked)) = key.and_then(|key| self.known_fields.find(key))
            && !half.leaves.is_full()
        {
            half.leaves.push(column, &looked, false);
            return;
        }
        let path = self.paths.header(header.name);
        let meaning = header_meaning(header.value);
        if matches!(meaning.first(), Some(b'{' | b'[')) || hides_something(&meaning) {
            // It may be many fields, which are not remembered as one.
            let (paths, shared) = self.shared();
            let place = Place { direction, location: Location::Header };
            let (leaves, frames, facts) = (&mut half.leaves, &mut half.frames, &mut half.facts);
            let mut sink = Inspector { shared, leaves, frames, facts, place };
            walk_header(&meaning, path, paths, &mut sink);
            return;
        }
        let value = Value::new(ValueKind::String, &meaning);
        let mut inspector = self.inspector(direction, Location::Header, half);
        let (column, looked) = inspector.leaf(path, value);
        if let Some(key) = key {
            self.known_fields.insert(key, column, looked);
        }
    }

    fn cookies(&mut self, direction: Direction, half: &mut Half, header: &Header<'_>) {
        let (paths, shared) = self.shared();
        let place = Place { direction, location: Location::Cookie };
        let (leaves, frames, facts) = (&mut half.leaves, &mut half.frames, &mut half.facts);
        let mut sink = Inspector { shared, leaves, frames, facts, place };
        // Of `Set-Cookie` only the first pair is the cookie; attributes follow.
        let value = match direction {
            Direction::ToServer => header.value,
            Direction::ToClient => {
                header.value.split(|b| *b == b';').next().unwrap_or(header.value)
            }
        };
        walk_cookies(value, paths, &mut sink);
    }

    fn query(&mut self, text: &[u8], request: &mut Request) {
        let told = self.events.is_some();
        for pair in text.split(|b| *b == b'&').take(256).filter(|_| told) {
            request.head.query.extend(self.parameter(pair));
        }
        let half = &mut request.half;
        let (paths, shared) = self.shared();
        let place = Place { direction: Direction::ToServer, location: Location::Query };
        let (leaves, frames, facts) = (&mut half.leaves, &mut half.frames, &mut half.facts);
        let mut sink = Inspector { shared, leaves, frames, facts, place };
        // A search over the whole system names the types it asks for.
        match fhir::person_asked(text) {
            Some(kind) => {
                let root = paths.root(Root::Query);
                sink.within(kind, root, |sink| walk_query(text, paths, sink));
            }
            None => walk_query(text, paths, &mut sink),
        }
    }

    /// What is shared between all messages, and the paths beside it.
    pub(super) fn shared(&mut self) -> (&mut PathTable, Shared<'_>) {
        let shared = Shared {
            columns: &mut self.columns,
            values: &mut self.values,
            roles: &mut self.roles,
            detector: &self.detector,
        };
        (&mut self.paths, shared)
    }

    /// An inspector over `half`'s log for one place.
    pub fn inspector<'a>(
        &'a mut self,
        direction: Direction,
        location: Location,
        half: &'a mut Half,
    ) -> Inspector<'a> {
        let (_, shared) = self.shared();
        Inspector {
            shared,
            leaves: &mut half.leaves,
            frames: &mut half.frames,
            facts: &mut half.facts,
            place: Place { direction, location },
        }
    }

    /// `text` as a name that may be stored: printable, short, and no detector hits it.
    pub fn name(&mut self, text: &[u8]) -> Option<Arc<str>> {
        Self::remembered(&mut self.names, text, |name| {
            (!self.detector.is_sensitive(text)).then(|| name.into())
        })
    }

    /// The name of a parameter, as it stands in a query, where the database keeps it too.
    fn parameter(&mut self, pair: &[u8]) -> Option<Arc<str>> {
        let end = memchr::memchr(b'=', pair).map_or(pair.len(), |at| at + 1);
        let name = pair.get(..end).unwrap_or(pair);
        Self::remembered(&mut self.parameters, name, |text| {
            let name = text.strip_suffix('=').unwrap_or(text);
            (!name.is_empty() && self.fields.keeps_parameter(text.as_bytes())).then(|| name.into())
        })
    }

    /// What a program calls itself, as it may be stored.
    fn program(&mut self, text: &[u8]) -> Option<Arc<str>> {
        let program = |text: &str| Some(names::program(text, &self.detector)?.into());
        Self::remembered(&mut self.programs, text, program)
    }

    /// A media type without parameters, in lower case, as it may be stored.
    fn media_type(&mut self, essence: &[u8]) -> Option<Arc<str>> {
        let media = |text: &str| Some(names::media_type(text, &self.detector).into());
        Self::remembered(&mut self.media, essence, media)
    }

    /// What `decide` says of `text`, where that is printable and short.
    fn remembered(
        known: &mut Decisions,
        text: &[u8],
        decide: impl FnOnce(&str) -> Option<Arc<str>>,
    ) -> Option<Arc<str>> {
        if text.is_empty() || text.len() > NAME_BYTES_MAX {
            return None;
        }
        if let Some(name) = known.get(text) {
            return name.clone();
        }
        let printable = |t: &&str| !t.chars().any(char::is_control);
        let kept = std::str::from_utf8(text).ok().filter(printable).and_then(decide);
        if known.len() >= NAMES_MAX {
            known.clear();
        }
        known.insert(text.to_vec(), kept.clone());
        kept
    }

    /// The service that an authority names; labels that are data become `{value}`.
    pub(super) fn service_name(&mut self, authority: &[u8], secure: bool) -> Option<Arc<str>> {
        if let Some(known) = self.hosts.get(authority) {
            return known.clone();
        }
        let name = match http::authority(authority, secure) {
            Authority::Address => None,
            Authority::Name(name) => Some(names::host(&name, &self.detector).into()),
        };
        if self.hosts.len() >= SERVICES_MAX {
            self.hosts.clear();
        }
        self.hosts.insert(authority.to_vec(), name.clone());
        name
    }

    /// The name of a service without one.
    pub fn address_service(&self, server: SocketAddr) -> Arc<str> {
        http::address_name(server).into()
    }
}
