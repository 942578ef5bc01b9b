//! What is done with heads as they pass: who speaks to whom, with which credentials, and what the
//! fields say of the body.

use std::sync::Arc;

use crate::content::{
    BodyPlan, Root, header_meaning, hides_something, query_below, walk_cookies, walk_header,
    walk_query, walk_query_below,
};
use crate::inventory::AuthScheme;
use crate::model::{
    Direction, Header, HeaderName, Location, MessageHead, Revealed, Value, ValueKind,
};

use super::bodies::codings_of;
use super::columns::Place;
use super::half::{FhirHint, Half, Request, Response, TARGET_BYTES_MAX};
use super::inspect::Inspector;
use super::known_media::SaidOfBody;
use super::names;
use super::operation::http::{self, Target};
use super::operation::{auth, fhir, url_credentials};
use super::values::Looked;
use super::workbench::{NAME_BYTES_MAX, Workbench};

/// Header fields whose value is one URL (RFC 9110 sections 8.7, 10.1.3 and 10.2.2).
const URLS: [&[u8]; 3] = [b"content-location", b"location", b"referer"];

impl Workbench {
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
        for name in url_credentials::in_path(target.path) {
            out.auth.insert(AuthScheme::ApiKeyQuery);
            if !out.url_credentials.contains(&name) {
                out.url_credentials.push(name);
            }
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
            response.opens_session |= auth::opens_session(header);
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
                    let value = header.value;
                    let of = || (FhirHint::is_fhir(value), FhirHint::version(value));
                    let (accepted, asked) = self.known_media.accepted(value, of);
                    half.fhir.accepted |= accepted;
                    half.fhir.asked = half.fhir.asked.or(asked);
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
        if half.plan_key == 0 {
            self.plan(half, media, codings_of(headers).as_deref());
        }
    }

    /// What a head says of its body.
    fn plan(&mut self, half: &mut Half, media: Option<&[u8]>, codings: Option<&[u8]>) {
        half.plan_key = self.recall.plan_key(media, codings);
        if self.known_media.body(half.plan_key).is_none() {
            let said = SaidOfBody {
                plan: Arc::new(BodyPlan::from_headers(media, codings)),
                media: media.and_then(|media| self.essence(media)),
                fhir: media.map_or((false, None), |m| (FhirHint::is_fhir(m), FhirHint::version(m))),
            };
            self.known_media.insert(half.plan_key, said);
        }
        let Some(said) = self.known_media.body(half.plan_key) else { return };
        half.plan = Some(Arc::clone(&said.plan));
        half.media.clone_from(&said.media);
        (half.fhir.sent, half.fhir.version) = said.fhir;
    }

    /// A media type without parameters, in lower case, as it may be stored.
    fn essence(&mut self, media: &[u8]) -> Option<Arc<str>> {
        let end = memchr::memchr(b';', media).unwrap_or(media.len());
        let essence = media.get(..end).unwrap_or(media).trim_ascii();
        let mut lower = [0; NAME_BYTES_MAX];
        let lower = lower.get_mut(..essence.len())?;
        lower.copy_from_slice(essence);
        lower.make_ascii_lowercase();
        let media = |text: &str| Some(names::media_type(text, &self.detector).into());
        Self::remembered(&mut self.media, lower, media)
    }

    fn header(&mut self, direction: Direction, half: &mut Half, header: &Header<'_>) {
        let generation = self.paths.generation();
        let key = self.known_fields.key(direction, generation, header);
        if let Some((column, looked)) = key.and_then(|key| self.known_fields.find(key))
            && !half.leaves.is_full()
        {
            half.leaves.push(column, &looked, false);
            return;
        }
        let place = Place { direction, location: Location::Header };
        if let Some(at) = memchr::memchr(b'?', header.value)
            && URLS.iter().any(|url| header.name.eq_ignore_ascii_case(url))
        {
            return self.url(place, half, header, at);
        }
        let meaning = header_meaning(header.value);
        if matches!(meaning.first(), Some(b'{' | b'[')) || hides_something(&meaning) {
            // It may be many fields, which are not remembered as one.
            let path = self.paths.header(header.name);
            let (paths, shared) = self.shared();
            let (leaves, frames, facts) = (&mut half.leaves, &mut half.frames, &mut half.facts);
            let mut sink = Inspector { shared, leaves, frames, facts, place };
            walk_header(&meaning, path, paths, &mut sink);
            return;
        }
        let logged = self.leaf(place, half, header.name, &meaning);
        if let (Some(key), Some((column, looked))) = (key, logged) {
            self.known_fields.insert(key, column, looked);
        }
    }

    /// A header field whose value is a URL with a query, which begins at `at`: its parameters are
    /// fields below it, and of FHIR those of a search for the type that the URL names.
    fn url(&mut self, place: Place, half: &mut Half, header: &Header<'_>, at: usize) {
        let (resource, query) = header.value.split_at_checked(at).unwrap_or((header.value, b""));
        self.leaf(place, half, header.name, &header_meaning(resource));
        let path = self.paths.header(header.name);
        let kind = resource.rsplit(|b| *b == b'/').next().and_then(fhir::resource_type);
        let (paths, shared) = self.shared();
        let (leaves, frames, facts) = (&mut half.leaves, &mut half.frames, &mut half.facts);
        let mut sink = Inspector { shared, leaves, frames, facts, place };
        // What a fragment says stands behind the query, written like one.
        for text in query.split(|b| matches!(b, b'?' | b'#')).filter(|text| !text.is_empty()) {
            match kind.or_else(|| fhir::person_asked(text)) {
                Some(kind) => {
                    let root = query_below(path, paths);
                    sink.within(kind, root, |sink| walk_query_below(text, path, paths, sink));
                }
                None => walk_query_below(text, path, paths, &mut sink),
            }
        }
    }

    /// Logs a value that its name alone tells of, in a place where names have no structure. Its
    /// column and class, unless it was folded at once.
    pub(super) fn leaf(
        &mut self,
        place: Place,
        half: &mut Half,
        name: &[u8],
        value: &[u8],
    ) -> Option<(u32, Looked)> {
        let value = Value::new(ValueKind::String, value);
        if half.leaves.is_full() {
            let path = self.paths.header(name);
            self.inspector(place.direction, place.location, half).leaf(path, value);
            return None;
        }
        let column = self.known_fields.column((place, self.paths.generation()), name, || {
            self.columns.column(place, self.paths.header(name), 0)
        });
        let looked = self.values.look(&value, false);
        half.leaves.push(column, &looked, false);
        Some((column, looked))
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
}
