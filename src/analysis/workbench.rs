//! What all conversations of one worker share: interned paths and columns, remembered values, the
//! accumulator; and what messages are made of and made into.

use std::net::SocketAddr;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::base::limits::SERVICES_MAX;
use crate::base::{InstallationKey, Shares, TableMap};
use crate::content::PathTable;
use crate::detect::Detector;
use crate::inventory::TemplatedPath;
use crate::model::{Direction, EventSink, Location};

use super::accumulate::{Accumulator, SlotRef};
use super::columns::{Columns, Place};
use super::conversation::Spares;
use super::doubts::Histories;
use super::half::{Half, Request, Response};
use super::inspect::{Inspector, Shared};
use super::known_fields::KnownFields;
use super::known_media::KnownMedia;
use super::leaves::Leaves;
use super::names::{self, FieldNames};
use super::operation::http::{self, Authority};
use super::readings::Shadow;
use super::recall::Recall;
use super::remains::RemainsTable;
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
    /// What the walk of a body that may be remembered is logged in.
    pub(super) scratch: Leaves,
    /// Header fields that were seen before.
    pub(super) known_fields: KnownFields,
    /// Media types that were.
    pub(super) known_media: KnownMedia,
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
    organisations: Decisions,
    programs: Decisions,
    pub(super) media: Decisions,
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
    /// What is kept of flows that ended.
    pub(super) remains: RemainsTable,
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
pub(super) const NAME_BYTES_MAX: usize = 256;

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
            scratch: Leaves::default(),
            known_fields: KnownFields::default(),
            known_media: KnownMedia::default(),
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
            organisations: TableMap::default(),
            programs: TableMap::default(),
            media: TableMap::default(),
            claim: Arc::default(),
            finished: SmallVec::new(),
            unframed: SmallVec::new(),
            shadow: None,
            histories: Histories::default(),
            remains: RemainsTable::default(),
            spares: Spares::default(),
            requests: Vec::new(),
            responses: Vec::new(),
        }
    }

    /// The same, with a share of the memory budget.
    pub fn within(shares: Shares, detector: Arc<Detector>, key: &InstallationKey) -> Self {
        let recall = Recall::within(&shares);
        let accumulator = Accumulator::within(&shares);
        let bench = Workbench::new(detector, key);
        let paths = bench.paths.within(shares.paths);
        Workbench { shares, recall, accumulator, paths, ..bench }
    }

    /// Counts something odd that belongs to no endpoint; of another reading nothing is counted.
    pub fn odd(&mut self, name: &'static str) {
        if self.shadow.is_none() {
            self.accumulator.anomaly(name);
        }
    }

    /// The same, of a flow to `server` that speaks `protocol`.
    pub fn odd_at(&mut self, server: SocketAddr, protocol: &'static str, name: &'static str) {
        if self.shadow.is_none() {
            self.accumulator.anomaly_at(server, protocol, name);
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
        (response.sends_credential, response.opens_session) = (false, false);
        response.foreign = false;
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
        self.paths.is_full() && (!open || self.paths.is_at_its_end())
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

    /// The same of the name of an organisation, which may look like an address.
    pub(super) fn organisation(&mut self, text: &[u8]) -> Option<Arc<str>> {
        Self::remembered(&mut self.organisations, text, |name| {
            self.detector.keeps_organisation(text).then(|| name.into())
        })
    }

    /// The name of a parameter, as it stands in a query, where the database keeps it too.
    pub(super) fn parameter(&mut self, pair: &[u8]) -> Option<Arc<str>> {
        let end = memchr::memchr(b'=', pair).map_or(pair.len(), |at| at + 1);
        let name = pair.get(..end).unwrap_or(pair);
        Self::remembered(&mut self.parameters, name, |text| {
            let name = text.strip_suffix('=').unwrap_or(text);
            (!name.is_empty() && self.fields.keeps_parameter(text.as_bytes())).then(|| name.into())
        })
    }

    /// What a program calls itself, as it may be stored.
    pub(super) fn program(&mut self, text: &[u8]) -> Option<Arc<str>> {
        let program = |text: &str| Some(names::program(text, &self.detector)?.into());
        Self::remembered(&mut self.programs, text, program)
    }

    /// What `decide` says of `text`, where that is printable and short.
    pub(super) fn remembered(
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
