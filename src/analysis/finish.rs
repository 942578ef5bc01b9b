//! An exchange is over: names it, and adds it to the books.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::base::Span;
use crate::base::limits::PATH_SEGMENTS_MAX;
use crate::content::percent_decode;
use crate::flow::FlowInfo;
use crate::inventory::{
    ANSWER_FOREIGN, AuthScheme, EndpointStats, REQUEST_CUT, Sender, UNACKNOWLEDGED,
    parameter_value, template_path,
};
use crate::model::{Direction, ExchangeEvent, Hl7Said, Location, Status};

use super::accumulate::EndpointRef;
use super::columns::Place;
use super::half::{Exchange, Half, Request, Response};
use super::operation::fhir::{self, Part};
use super::operation::{fhir_path, hl7v2, url_credentials};
use super::workbench::Workbench;

/// What an exchange turned out to be.
#[derive(Default)]
pub(super) struct Named {
    standard: &'static str,
    interaction: Option<&'static str>,
    pub(super) path: String,
    /// What was asked where that is not method and path.
    operation: Arc<str>,
    parameters: Parameters,
}

/// Names and values of a path's parameters; values as sent. Most paths have one or two, and both
/// are short.
type Parameters = SmallVec<[(SmallVec<[u8; 16]>, SmallVec<[u8; 40]>); 2]>;

impl Named {
    /// What was asked is not known. What stood in the path is looked at all the same.
    fn forget(&mut self) {
        self.path.clear();
        self.interaction = None;
        self.operation = REQUEST_CUT.into();
    }
}

impl Workbench {
    /// Adds an exchange to the books.
    pub fn finish(
        &mut self,
        flow: &FlowInfo,
        protocol: &'static str,
        next_tx: &mut u64,
        mut exchange: Exchange,
    ) {
        self.hear_exchange(&mut exchange);
        let mut named = self.name_exchange(&exchange);
        if let Some(request) = exchange.request.as_mut().filter(|r| r.head.unnamed) {
            request.head.method = "";
            named.forget();
        }
        if self.shadow.is_some() {
            if let Some(request) = &mut exchange.request {
                self.inspect_parameters(&named, &mut request.half);
            }
            return self.take_shadow(exchange);
        }
        let service = exchange.request.as_ref().and_then(|r| r.head.service.clone());
        let service = service.unwrap_or_else(|| self.address_service(flow.asked_at()));
        if let Some(request) = &mut exchange.request {
            self.inspect_parameters(&named, &mut request.half);
        }
        self.commit(flow, protocol, &service, &named, &mut exchange);
        self.count_service(flow, &service, &exchange);
        self.count_client(flow, &service, &exchange);
        self.accumulator.exchanges += 1;
        let tx_id = *next_tx;
        *next_tx += 1;
        if self.events.is_some() {
            let event = event_of(flow, protocol, service.clone(), tx_id, &named, &mut exchange);
            if let Some(events) = &mut self.events {
                events.exchange(event);
            }
        }
        let more = exchange.request.as_ref().is_some_and(|r| !r.half.batch.is_empty());
        if more {
            let named = (&named, next_tx);
            self.finish_batch(flow, (protocol, &service), named, &mut exchange);
        }
        self.spare_path = named.path;
        self.recycle(exchange);
    }

    fn name_exchange(&mut self, exchange: &Exchange) -> Named {
        if let Some(said) = exchange.hl7v2() {
            let http = exchange.request.as_ref().filter(|r| !r.head.method.is_empty());
            let named = http.map_or_else(Named::default, |request| self.name_http(request, false));
            let told = http.is_none() || *said.operation != *hl7v2::UNKNOWN;
            let operation = if told { said.operation.clone() } else { Arc::default() };
            return Named { standard: hl7v2::STANDARD, operation, ..named };
        }
        let halves = || {
            let request = exchange.request.as_ref().map(|r| &r.half);
            request.into_iter().chain(exchange.response.as_ref().map(|r| &r.half))
        };
        let version = halves().filter_map(|h| h.facts.version.or(h.fhir.version)).max();
        let sent = halves().any(|h| h.fhir.sent || h.facts.resource.is_some());
        let accepted = halves().any(|h| h.fhir.accepted);
        let pathed = !sent && !accepted && !exchange.is_page();
        let by_path =
            exchange.request.as_ref().filter(|r| pathed && fhir_path::may_name_fhir(&r.head.path));
        let by_path = by_path.and_then(|request| self.name_fhir(request, true));
        let fhir = sent || accepted || by_path.is_some();
        let version = version.or_else(|| {
            let request = exchange.request.as_ref().filter(|_| fhir)?;
            request.half.fhir.asked.or_else(|| version_of_base(&request.head.path))
        });
        let standard = version.map_or("fhir", |v| v.standard());
        let Some(request) = &exchange.request else {
            let standard = if sent { standard } else { "http" };
            return Named { standard, ..Named::default() };
        };
        if halves().any(|h| h.facts.hl7v2) {
            return Named { standard: hl7v2::STANDARD, ..self.name_http(request, false) };
        }
        if let Some(named) = by_path {
            return Named { standard, ..named };
        }
        if sent || accepted {
            if let Some(mut named) = self.name_fhir(request, false) {
                named.standard = standard;
                return named;
            }
            if sent {
                let mut named = self.name_http(request, true);
                named.standard = standard;
                return named;
            }
        }
        self.name_http(request, sent || accepted)
    }

    /// What `request` asks of a FHIR server; `by_path` where its path alone has to say that there
    /// is one.
    fn name_fhir(&mut self, request: &Request, by_path: bool) -> Option<Named> {
        let segments: Vec<&[u8]> = request
            .head
            .path
            .split(|b| *b == b'/')
            .filter(|s| !s.is_empty())
            .take(PATH_SEGMENTS_MAX)
            .collect();
        let facts = &request.half.facts;
        let context = fhir::Context {
            method: request.head.method,
            query: request.head.has_query,
            body: facts.resource,
            bundle: facts.bundle,
        };
        let operation = fhir::parse(&segments, &context)?;
        if by_path && !fhir_path::is_conclusive(&operation) {
            return None;
        }
        let base = operation.base.join(&b'/');
        let mut templated = self.template(&base, true);
        for part in &operation.tail {
            if templated.0 == "/" {
                templated.0.clear();
            }
            templated.0.push('/');
            match part {
                Part::Literal(text) => templated.0.push_str(text),
                Part::Parameter(name, value) => {
                    let taken = |n: &str| templated.1.iter().any(|(t, _)| **t == *n.as_bytes());
                    let mut unique = (*name).to_string();
                    let mut n = 2;
                    while taken(&unique) {
                        unique = format!("{name}{n}");
                        n += 1;
                    }
                    templated.0.push_str(&format!("{{{unique}}}"));
                    templated.1.push((unique.as_bytes().into(), (*value).into()));
                }
            }
        }
        let (path, parameters) = templated;
        let interaction = Some(operation.interaction);
        Some(Named { standard: "fhir", interaction, path, parameters, ..Named::default() })
    }

    fn name_http(&mut self, request: &Request, fhir: bool) -> Named {
        let (path, parameters) = match request.head.method {
            "CONNECT" => Default::default(),
            _ => self.template(&request.head.path, fhir),
        };
        Named { standard: "http", path, parameters, ..Named::default() }
    }

    /// `fhir` where more than its path says that a request is FHIR's.
    fn template(&mut self, path: &[u8], fhir: bool) -> (String, Parameters) {
        let out = &mut self.templated;
        let named = fhir || fhir_path::path_names_fhir(path);
        let shape = |before: Option<&[u8]>, text: &[u8]| self.segments.shape(before, text, named);
        template_path(path, shape, out);
        let parameters =
            out.parameters(path).map(|(name, value)| (name.as_bytes().into(), value.into()));
        let parameters = parameters.collect();
        let mut template = std::mem::take(&mut self.spare_path);
        template.clear();
        template.push_str(out.template());
        (template, parameters)
    }

    fn inspect_parameters(&mut self, named: &Named, half: &mut Half) {
        if half.generation != self.paths.generation() {
            return;
        }
        let place = Place { direction: Direction::ToServer, location: Location::Path };
        for (name, value) in &named.parameters {
            self.leaf(place, half, name, parameter_value(&percent_decode(value)));
        }
    }

    /// Adds counters and evidence to the endpoint.
    fn commit(
        &mut self,
        flow: &FlowInfo,
        protocol: &'static str,
        service: &Arc<str>,
        named: &Named,
        exchange: &mut Exchange,
    ) {
        let method = exchange.request.as_ref().map_or("", |r| r.head.method);
        let &Named { standard, ref path, ref operation, .. } = named;
        let key = EndpointRef { service, standard, method, path, operation };
        let Some(place) = self.accumulator.endpoint(key) else { return };
        let Some(slot) = self.accumulator.slot(place) else { return };
        self.finished.push(place);
        let stats = &mut slot.stats;
        stats.requests += 1;
        *stats.protocols.entry(protocol).or_default() += 1;
        if let Some(interaction) = named.interaction {
            *stats.interactions.entry(interaction).or_default() += 1;
        }
        stats.coverage.exchanges += 1;
        let answered = exchange.response.is_some() || exchange.answered.is_some();
        let one_sided = exchange.request.is_none() || !answered;
        let foreign = exchange.response.as_ref().is_some_and(|r| r.foreign);
        // A message that waited in vain, both directions heard, lacks nothing in the capture.
        let in_vain = standard == hl7v2::STANDARD
            && (exchange.unanswered || foreign)
            && exchange.request.as_ref().is_some_and(|r| r.head.expects_acknowledgement);
        stats.coverage.one_sided += u64::from(one_sided && !exchange.lost && !in_vain);
        if let Some(request) = &exchange.request {
            count_request(stats, flow, (request, exchange.logs_in()));
            if standard == hl7v2::STANDARD {
                let name = request.head.hl7v2.as_ref().and_then(|said| said.sender.clone());
                count_sender(stats, flow, (request, name));
                if in_vain {
                    *stats.anomalies.entry(UNACKNOWLEDGED).or_default() += 1;
                }
                if foreign {
                    *stats.anomalies.entry(ANSWER_FOREIGN).or_default() += 1;
                }
            }
        }
        count_answer(stats, exchange);
        let mut coverage = (exchange.lost, false, false, false);
        let request = exchange.request.as_mut().map(|r| &mut r.half);
        let response = exchange.response.as_mut().map(|r| &mut r.half);
        for (direction, half) in [(0, request), (1, response)] {
            let Some(half) = half else { continue };
            count_half(stats, direction, half);
            coverage.0 |= half.gap;
            coverage.1 |= half.truncated || !half.ended;
            coverage.2 |= half.undecoded;
            coverage.3 |= !half.unread.is_empty();
            if half.generation == self.paths.generation() {
                slot.columns.begin(1, Span::at(half.at));
                half.leaves.commit(&mut slot.columns, &self.values);
                // No other leaves of a message have the columns of its body.
                if let Some(known) = half.recalled.take() {
                    let known = (known, half.at);
                    slot.repeats.add(known, &mut slot.columns, &self.values);
                }
            }
        }
        stats.coverage.gaps += u64::from(coverage.0);
        stats.coverage.truncated += u64::from(coverage.1);
        stats.coverage.undecoded += u64::from(coverage.2);
        stats.coverage.unread += u64::from(coverage.3);
    }

    fn count_service(&mut self, flow: &FlowInfo, service: &Arc<str>, exchange: &Exchange) {
        let stats = self.accumulator.service(service);
        stats.requests += 1;
        *stats.addresses.entry(flow.asked_at()).or_default() += 1;
        for layer in flow.encapsulation.names() {
            *stats.encapsulation.entry(layer.clone()).or_default() += 1;
        }
        let halves = (exchange.request.as_ref().map(|r| &r.half))
            .into_iter()
            .chain(exchange.response.as_ref().map(|r| &r.half));
        for half in halves {
            stats.bytes += half.head_bytes + half.body_bytes;
            stats.span.merge(Span::at(half.at));
        }
        // A message says whom it is for, an answer who gives it: over MLLP the same, most often,
        // over HTTP the application and the server in front of it.
        let receiver =
            exchange.request.as_ref().and_then(|r| r.head.hl7v2.as_ref()?.receiver.as_ref());
        let product = exchange.response.as_ref().and_then(|r| r.product.as_ref());
        let product = product.filter(|_| receiver.is_none() || !exchange.is_over_mllp());
        for name in receiver.into_iter().chain(product) {
            *stats.products.entry(name.clone()).or_default() += 1;
        }
    }

    fn count_client(&mut self, flow: &FlowInfo, service: &Arc<str>, exchange: &Exchange) {
        let Some(request) = &exchange.request else { return };
        let stats = self.accumulator.client(flow.client.ip());
        stats.requests += 1;
        stats.span.merge(Span::at(request.half.at));
        *stats.services.entry(service.clone()).or_default() += 1;
        let sender = request.head.hl7v2.as_ref().and_then(|said| said.sender.as_ref());
        let sender = sender.filter(|_| !exchange.is_over_mllp());
        for name in request.head.user_agent.iter().chain(sender) {
            *stats.user_agents.entry(name.clone()).or_default() += 1;
        }
    }
}

impl Exchange {
    /// What its message says, or else its answer where that came over MLLP.
    fn hl7v2(&self) -> Option<&Hl7Said> {
        let request = self.request.as_ref().and_then(|r| r.head.hl7v2.as_deref());
        request.or_else(|| self.response.as_ref().and_then(|r| r.hl7v2.as_deref()))
    }

    /// Whether neither half is of HTTP.
    fn is_over_mllp(&self) -> bool {
        self.request.as_ref().is_none_or(|r| r.head.method.is_empty())
    }

    /// Whether the answer is a page for people.
    fn is_page(&self) -> bool {
        let good = self.response.as_ref().filter(|r| r.status.is_some_and(Status::is_success));
        good.and_then(|r| r.half.media.as_deref()).is_some_and(|media| media == "text/html")
    }
}

/// The version of FHIR that a segment before the first resource type names.
fn version_of_base(path: &[u8]) -> Option<fhir::Version> {
    let segments = path.split(|b| *b == b'/').take(PATH_SEGMENTS_MAX);
    segments
        .take_while(|segment| fhir::resource_type(segment).is_none())
        .filter_map(fhir::Version::of_segment)
        .last()
}

/// Adds what a request, which may be a login, says of who sends it and how.
pub(super) fn count_request(
    stats: &mut EndpointStats,
    flow: &FlowInfo,
    (request, login): (&Request, bool),
) {
    let at = Span::at(request.half.at);
    for scheme in request.head.auth.iter() {
        let scheme = match scheme {
            AuthScheme::None if login => AuthScheme::Login,
            scheme => scheme,
        };
        *stats.auth.entry(scheme).or_default() += 1;
        stats.times.auth.entry(scheme).or_default().merge(at);
    }
    for name in &request.head.url_credentials {
        *stats.url_credentials.entry(name).or_default() += 1;
    }
    stats.span.merge(at);
    stats.encrypted += u64::from(request.head.secure);
    let how = if request.head.secure { &mut stats.times.encrypted } else { &mut stats.times.clear };
    how.merge(at);
    *stats.clients.entry(flow.client.ip()).or_default() += 1;
    for (interaction, count) in &request.half.facts.entries {
        *stats.interactions.entry(interaction).or_default() += count;
    }
}

/// Adds how an exchange was answered.
fn count_answer(stats: &mut EndpointStats, exchange: &Exchange) {
    stats.count_status(exchange.answer());
    let open = exchange.request.as_ref().is_some_and(|r| r.head.auth.is_empty());
    let success = open && !exchange.is_login() && exchange.answer().is_some_and(Status::is_success);
    stats.unauthenticated_successes += u64::from(success);
    let Some(response) = &exchange.response else { return };
    if exchange.request.is_none() {
        stats.times.clear.merge(Span::at(response.half.at));
    }
    stats.span.merge(Span::at(response.half.at));
    if response.sends_credential {
        *stats.url_credentials.entry(url_credentials::REDIRECT).or_default() += 1;
    }
}

/// Adds who sent an HL7 v2 message.
pub(super) fn count_sender(
    stats: &mut EndpointStats,
    flow: &FlowInfo,
    (request, name): (&Request, Option<Arc<str>>),
) {
    let sender = Sender { client: flow.client.ip(), name };
    let seen = stats.senders.entry(sender).or_default();
    seen.messages += 1;
    seen.span.merge(Span::at(request.half.at));
}

/// Adds what one half alone says: its body's bytes and types, and what was odd about it.
fn count_half(stats: &mut EndpointStats, direction: usize, half: &Half) {
    if let Some(bytes) = stats.body_bytes.get_mut(direction) {
        *bytes += half.body_bytes;
    }
    if let (Some(media), Some(counts)) = (&half.media, stats.media.get_mut(direction))
        && half.body_bytes > 0
    {
        *counts.entry(media.clone()).or_default() += 1;
    }
    for kind in half.unread.iter() {
        *stats.coverage.unread_bodies.entry(kind.name()).or_default() += 1;
    }
    for anomaly in &half.anomalies {
        *stats.anomalies.entry(anomaly).or_default() += 1;
    }
}

pub(super) fn event_of(
    flow: &FlowInfo,
    protocol: &'static str,
    service: Arc<str>,
    tx_id: u64,
    named: &Named,
    exchange: &mut Exchange,
) -> ExchangeEvent {
    let response: Option<&Response> = exchange.response.as_deref();
    let first = exchange.request.as_ref().map(|r| r.half.at);
    let minor = exchange.request.as_ref().map(|r| r.head.minor_version);
    let minor = minor.or(response.map(|r| r.minor_version));
    let mut event = ExchangeEvent {
        at: first.or(response.map(|r| r.half.at)).unwrap_or_default(),
        flow_id: flow.id(),
        client: flow.client,
        server: flow.server,
        tx_id,
        protocol,
        service,
        version: minor.map(|m| if m == 0 { "HTTP/1.0" } else { "HTTP/1.1" }),
        method: None,
        url: None,
        status: response.and_then(|r| r.status),
        content_type: response.and_then(|r| r.half.media.clone()),
        user_agent: None,
        length: response.map_or(0, |r| r.half.body_bytes),
        hl7v2: None,
        acknowledgement: exchange.acknowledgement(),
        tls: None,
        revealed: None,
    };
    if let Some(request) = &mut exchange.request {
        let mut url = named.path.clone();
        for (n, name) in request.head.query.iter().enumerate() {
            url.push(if n == 0 { '?' } else { '&' });
            url.push_str(name);
        }
        event.method = Some(request.head.method).filter(|method| !method.is_empty());
        event.url = Some(url);
        event.user_agent = request.head.user_agent.clone();
        event.revealed = request.head.revealed.take();
    }
    if exchange.hl7v2().is_some() {
        event.hl7v2 = match (&mut exchange.request, &mut exchange.response) {
            (Some(request), _) => request.head.hl7v2.take(),
            (None, Some(response)) => response.hl7v2.take(),
            (None, None) => None,
        };
        if exchange.is_over_mllp() {
            event.length = exchange.request.as_ref().map_or(event.length, |r| r.half.body_bytes);
        }
    }
    event
}
