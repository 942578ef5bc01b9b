//! One body from its wire bytes to its fields: codings, charset, format, walk.

use crate::base::limits::{
    EXPANSION_BYTES_TOLD, EXPANSION_RATIO_TOLD, MULTIPART_DEPTH_MAX, SNIFF_BYTES,
};

use super::card::CardWalker;
use super::charset::{self, Charset};
use super::encoding::{Chain, ChainState};
use super::events::EventWalker;
use super::form::FormWalker;
use super::hl7v2::{self, Hl7Walker};
use super::multipart::MultipartWalker;
use super::page::PageWalker;
use super::table::TableWalker;
use super::text::TextWalker;
use super::walkers::Walker;
use super::xml::XmlWalker;
use super::{
    BodyAnomalies, BodyAnomaly, BodyPlan, BodySummary, FieldSink, Format, JsonWalker, MediaType,
    PathId, PathTable, Root, Step, Undecoded, Unread, UnreadKinds, sniff,
};

/// Walks one body. Push its bytes, tell its gaps, finish: the sink sees the same fields however
/// the bytes were cut.
#[derive(Debug)]
pub struct BodyWalker {
    plan: BodyPlan,
    chain: Option<Chain>,
    /// First bytes of a body that may be encoded without saying so, until they are enough to tell.
    first: Option<Vec<u8>>,
    inner: Decoded,
    encoded_bytes: u64,
    missing_bytes: u64,
    gap: bool,
    undecoded: Option<Undecoded>,
}

impl BodyWalker {
    /// A walker for the body of a message whose head gave `plan`.
    pub fn new(plan: BodyPlan) -> Self {
        BodyWalker::at_depth(plan, 0)
    }

    /// A walker for a part within `depth` multipart bodies.
    pub(crate) fn at_depth(plan: BodyPlan, depth: u8) -> Self {
        let unknown = plan.unknown_coding;
        let chain = (!plan.codings.is_empty()).then(|| Chain::new(&plan.codings));
        let mut inner = Decoded::at_depth(depth);
        note(&mut inner.anomalies, BodyAnomaly::CodingUnknown, unknown);
        note(&mut inner.anomalies, BodyAnomaly::CodingDepth, plan.many_codings);
        let closed = unknown || plan.many_codings;
        let first = plan.may_hide_coding().then(Vec::new);
        BodyWalker {
            plan,
            chain,
            first,
            inner,
            encoded_bytes: 0,
            missing_bytes: 0,
            gap: false,
            undecoded: closed.then_some(Undecoded::Coding),
        }
    }

    /// A walker for what stands encoded in a value within `level` others.
    pub(crate) fn within_value(plan: BodyPlan, level: u8) -> Self {
        let mut walker = BodyWalker::new(plan);
        walker.inner.level = level;
        walker
    }

    /// The body stands in the value at `path`.
    pub(crate) fn move_below(&mut self, path: PathId) {
        self.inner.below = path;
        if let Walker::Hl7v2(hl7v2) = &mut self.inner.walker {
            hl7v2.move_below(path);
        }
    }

    /// What the head said of the body.
    pub fn plan(&self) -> &BodyPlan {
        &self.plan
    }

    /// Walks the next bytes.
    pub fn push<S: FieldSink>(&mut self, bytes: &[u8], paths: &mut PathTable, sink: &mut S) {
        if bytes.is_empty() {
            return;
        }
        self.settle_gap(paths, sink);
        self.encoded_bytes += bytes.len() as u64;
        if self.undecoded.is_some() {
            return;
        }
        match &mut self.first {
            Some(first) if !first.is_empty() || bytes.len() < sniff::CODING_BYTES => {
                first.extend_from_slice(bytes);
                if first.len() >= sniff::CODING_BYTES {
                    self.settle_coding(paths, sink);
                }
                return;
            }
            Some(_) => {
                self.first = None;
                self.tell_coding(bytes);
            }
            None => {}
        }
        self.decode(bytes, paths, sink);
    }

    fn tell_coding(&mut self, first: &[u8]) {
        let Some(coding) = sniff::hidden_coding(first) else { return };
        self.chain = Some(Chain::new(&[coding]));
        // A type that names the coding says nothing of what is in it.
        let media = self.plan.media.take_if(|media| media.is_compressed());
        note(&mut self.inner.anomalies, BodyAnomaly::CodingUndeclared, media.is_none());
    }

    /// The first bytes are enough, or all: tells whether they are encoded, and walks them.
    fn settle_coding<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        let Some(first) = self.first.take() else { return };
        self.tell_coding(&first);
        if !first.is_empty() {
            self.decode(&first, paths, sink);
        }
    }

    fn decode<S: FieldSink>(&mut self, bytes: &[u8], paths: &mut PathTable, sink: &mut S) {
        let overflows = paths.overflows();
        let (inner, plan) = (&mut self.inner, &self.plan);
        if let Some(chain) = &mut self.chain {
            let state = chain.push(bytes, &mut |bytes| inner.push(bytes, plan, paths, sink));
            self.note(state);
        } else {
            inner.push(bytes, plan, paths, sink);
        }
        if paths.overflows() != overflows {
            self.inner.anomalies.insert(BodyAnomaly::PathLimit);
        }
    }

    /// Bytes are missing here; how many, 0 where that is not known.
    pub fn gap(&mut self, len: u64) {
        self.missing_bytes = self.missing_bytes.saturating_add(len);
        self.gap = true;
        self.inner.truncated = true;
    }

    /// About how much memory it takes, decoders with their windows included.
    pub fn held_bytes(&self) -> usize {
        let chain = self.chain.as_ref().map_or(0, Chain::held_bytes);
        let first = self.first.as_ref().map_or(0, Vec::capacity);
        size_of::<Self>() + chain + first + self.inner.held_bytes()
    }

    /// No more will come: hands on what is unfinished and tells what there was.
    pub fn finish<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) -> BodySummary {
        self.settle_gap(paths, sink);
        self.settle_coding(paths, sink);
        self.finish_chain(paths, sink);
        if let Some(chain) = &mut self.chain {
            let cut = !chain.is_complete() && self.encoded_bytes > 0;
            // What is not encoded as it is said to be was walked as it is, to its end.
            self.inner.truncated |= cut && !chain.is_mismatched();
            if chain.is_mismatched() {
                self.inner.anomalies.insert(BodyAnomaly::CodingMismatch);
            }
            let grown = self.encoded_bytes.saturating_mul(EXPANSION_RATIO_TOLD);
            let told = self.inner.bytes > grown.max(EXPANSION_BYTES_TOLD)
                && self.undecoded != Some(Undecoded::ExpansionLimit);
            note(&mut self.inner.anomalies, BodyAnomaly::Expansion, told);
        }
        self.inner.finish(&self.plan, paths, sink);
        let mut format = self.inner.format.unwrap_or(Format::Empty);
        if format == Format::Empty && self.encoded_bytes > 0 {
            format = Format::Unknown;
        }
        BodySummary {
            format,
            encoded_bytes: self.encoded_bytes,
            missing_bytes: self.missing_bytes,
            decoded_bytes: self.inner.bytes,
            truncated: self.inner.truncated || self.undecoded.is_some_and(Undecoded::truncates),
            anomalies: self.inner.anomalies,
            undecoded: self.undecoded.or(self.inner.undecoded),
            unread: self.inner.unread,
        }
    }

    fn settle_gap<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        if !std::mem::take(&mut self.gap) {
            return;
        }
        self.settle_coding(paths, sink);
        if self.chain.is_some() {
            // With the missing bytes went the dictionary of those that follow.
            self.finish_chain(paths, sink);
            self.undecoded = self.undecoded.or(Some(Undecoded::Gap));
        } else {
            self.inner.gap(&self.plan, paths, sink);
        }
    }

    /// Walks what decoders still hold.
    fn finish_chain<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        let (inner, plan) = (&mut self.inner, &self.plan);
        let Some(chain) = &mut self.chain else { return };
        let state = chain.finish(&mut |bytes| inner.push(bytes, plan, paths, sink));
        if self.undecoded.is_none() {
            self.note(state);
        }
    }

    fn note(&mut self, state: ChainState) {
        let (undecoded, anomaly) = match state {
            ChainState::Open => return,
            ChainState::Damaged => (Undecoded::Damaged, BodyAnomaly::CodingDamaged),
            ChainState::ExpansionLimit => (Undecoded::ExpansionLimit, BodyAnomaly::ExpansionLimit),
        };
        self.undecoded = Some(undecoded);
        self.inner.anomalies.insert(anomaly);
    }
}

/// The body behind its codings.
#[derive(Debug)]
struct Decoded {
    /// The value it stands in, if any.
    below: PathId,
    /// Values around this one.
    level: u8,
    /// Multipart bodies around this one.
    depth: u8,
    bytes: u64,
    /// The first bytes, until they are enough to tell the format.
    head: Vec<u8>,
    charset: Charset,
    /// Bytes of a byte order mark, and of what a script puts before JSON, still to be left out.
    mark: usize,
    format: Option<Format>,
    walker: Walker,
    anomalies: BodyAnomalies,
    truncated: bool,
    /// Why something was walked in part only.
    undecoded: Option<Undecoded>,
    unread: UnreadKinds,
}

impl Decoded {
    /// Within `depth` multipart bodies.
    fn at_depth(depth: u8) -> Self {
        Decoded {
            below: PathId::NONE,
            level: 0,
            depth,
            bytes: 0,
            head: Vec::new(),
            charset: Charset::default(),
            mark: 0,
            format: None,
            walker: Walker::None,
            anomalies: BodyAnomalies::default(),
            truncated: false,
            undecoded: None,
            unread: UnreadKinds::default(),
        }
    }

    fn push<S: FieldSink>(
        &mut self,
        mut bytes: &[u8],
        plan: &BodyPlan,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        self.bytes += bytes.len() as u64;
        if self.format.is_none() {
            if self.head.is_empty() && bytes.len() >= SNIFF_BYTES {
                self.tell(bytes.get(..SNIFF_BYTES).unwrap_or(bytes), plan, paths);
            } else {
                let room = SNIFF_BYTES.saturating_sub(self.head.len()).min(bytes.len());
                let (head, rest) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
                self.head.extend_from_slice(head);
                bytes = rest;
                if self.head.len() < SNIFF_BYTES {
                    return;
                }
                self.settle(plan, paths, sink);
            }
        }
        self.convert(bytes, false, paths, sink);
    }

    fn held_bytes(&self) -> usize {
        self.head.capacity() + self.walker.held_bytes()
    }

    fn gap<S: FieldSink>(&mut self, plan: &BodyPlan, paths: &mut PathTable, sink: &mut S) {
        self.truncated = true;
        if self.format.is_none() {
            self.settle(plan, paths, sink);
        }
        let root = self.root_of_walker(paths);
        self.walker.gap(root, paths, sink);
    }

    fn finish<S: FieldSink>(&mut self, plan: &BodyPlan, paths: &mut PathTable, sink: &mut S) {
        if self.format.is_none() {
            if self.bytes == 0 {
                return;
            }
            self.settle(plan, paths, sink);
        }
        self.convert(&[], true, paths, sink);
        let root = self.root_of_walker(paths);
        match &mut self.walker {
            Walker::None => {}
            Walker::Card(card) => card.finish(root, paths, sink),
            Walker::Events(events) => {
                self.truncated |= events.is_within_line();
                events.finish(root, paths, sink);
                note(&mut self.anomalies, BodyAnomaly::JsonSyntax, events.is_malformed());
            }
            Walker::Form(form) => form.finish(paths, sink),
            Walker::Hl7v2(hl7v2) => hl7v2.finish(paths, sink),
            Walker::Json(json) => {
                self.truncated |= !json.is_complete();
                json.finish(paths, sink);
                note(&mut self.anomalies, BodyAnomaly::JsonSyntax, json.is_malformed());
                note(&mut self.anomalies, BodyAnomaly::Depth, json.is_too_deep());
                self.undecoded = json.has_nameless().then_some(Undecoded::Depth);
            }
            Walker::Multipart(multipart) => {
                let told = multipart.finish(paths, sink);
                self.truncated |= told.truncated;
                self.anomalies.merge(told.anomalies);
                self.unread.merge(told.unread);
                self.undecoded = told.undecoded;
            }
            Walker::Page(page) => page.finish(root, paths, sink),
            Walker::Table(table) => table.finish(root, paths, sink),
            Walker::Text(text) => text.finish(root, paths, sink),
            Walker::Xml(xml) => {
                self.truncated |= !xml.is_complete();
                xml.finish(paths, sink);
                note(&mut self.anomalies, BodyAnomaly::XmlSyntax, xml.is_malformed());
                note(&mut self.anomalies, BodyAnomaly::Depth, xml.is_too_deep());
                note(&mut self.anomalies, BodyAnomaly::XmlEntity, xml.has_unexpanded());
                let nameless = xml.has_nameless().then_some(Undecoded::Depth);
                let entity = xml.has_unexpanded().then_some(Undecoded::Entity);
                self.undecoded = nameless.or(entity);
            }
        }
    }

    /// Tells the format from the head that was held, and walks the head.
    fn settle<S: FieldSink>(&mut self, plan: &BodyPlan, paths: &mut PathTable, sink: &mut S) {
        let head = std::mem::take(&mut self.head);
        self.tell(&head, plan, paths);
        self.convert(&head, false, paths, sink);
    }

    fn tell(&mut self, head: &[u8], plan: &BodyPlan, paths: &mut PathTable) {
        let declared = plan.media.as_ref().and_then(MediaType::charset);
        // A message names its charset itself.
        let declared = hl7v2::declared(head).or(declared);
        let (charset, mark) = Charset::tell(head, declared);
        let unmarked = head.get(mark..).unwrap_or_default();
        if charset.is_utf8() && charset::is_foreign(head, plan.text_charset(declared)) {
            self.anomalies.insert(BodyAnomaly::CharsetUnknown);
            (self.format, self.undecoded) = (Some(Format::Unknown), Some(Undecoded::Charset));
            return;
        }
        let mut before = 0;
        let (format, mismatch) = if charset.is_utf8() {
            before = sniff::before_argument(plan, unmarked);
            sniff::tell(plan, head, unmarked.get(before..).unwrap_or_default())
        } else {
            let (mut trial, _) = Charset::tell(head, declared);
            let mut text = Vec::new();
            trial.convert(unmarked, false, |bytes| text.extend_from_slice(bytes));
            sniff::tell(plan, head, &text)
        };
        note(&mut self.anomalies, BodyAnomaly::MediaTypeMismatch, mismatch);
        self.walker = self.walker_of(format, plan, head, paths);
        match &mut self.walker {
            Walker::Json(json) if before > 0 => json.expect_argument(),
            _ => before = 0,
        }
        self.format = Some(format);
        if format == Format::Binary {
            self.unread.insert(Unread::tell(plan.media.as_ref(), head));
        }
        if !matches!(format, Format::Multipart | Format::Binary) {
            (self.charset, self.mark) = (charset, mark + before);
        }
    }

    fn walker_of(
        &mut self,
        format: Format,
        plan: &BodyPlan,
        head: &[u8],
        paths: &mut PathTable,
    ) -> Walker {
        match format {
            Format::Json => {
                let mut json = JsonWalker::at_level(self.level);
                json.restart(self.root(Root::Json, paths), paths);
                if plan.media.as_ref().is_some_and(MediaType::is_lines) {
                    json.expect_lines();
                }
                Walker::Json(Box::new(json))
            }
            Format::Xml => {
                let xml = XmlWalker::new(self.root(Root::Xml, paths), paths);
                let mut xml = xml.at_level(self.level);
                if plan.media.as_ref().and_then(MediaType::format) == Some(Format::Html) {
                    xml.expect_html();
                }
                Walker::Xml(Box::new(xml))
            }
            Format::Form => {
                let form = FormWalker::new(self.root(Root::Form, paths), paths);
                Walker::Form(Box::new(form.at_level(self.level)))
            }
            Format::Hl7v2 => {
                let mut hl7v2 = Hl7Walker::at_level(self.level, self.depth);
                hl7v2.move_below(self.below);
                Walker::Hl7v2(Box::new(hl7v2))
            }
            Format::Multipart if self.depth < MULTIPART_DEPTH_MAX => {
                let boundary = plan.media.as_ref().and_then(MediaType::boundary);
                match MultipartWalker::new(boundary, head, self.depth) {
                    Some(multipart) => Walker::Multipart(Box::new(multipart)),
                    None => {
                        self.anomalies.insert(BodyAnomaly::MultipartSyntax);
                        Walker::Text(Box::new(TextWalker::of(false, self.level)))
                    }
                }
            }
            Format::Card => Walker::Card(Box::new(CardWalker::at_level(self.level))),
            Format::Events => Walker::Events(Box::new(EventWalker::at_level(self.level))),
            Format::Table => Walker::Table(Box::new(TableWalker::at_level(self.level))),
            Format::Html => Walker::Page(Box::new(PageWalker::at_level(self.level))),
            Format::Text | Format::Multipart => {
                let script = plan.media.as_ref().is_some_and(MediaType::is_script);
                Walker::Text(Box::new(TextWalker::of(script, self.level)))
            }
            Format::Empty | Format::Unknown | Format::Binary => Walker::None,
        }
    }

    /// To UTF-8, then to the walker.
    fn convert<S: FieldSink>(
        &mut self,
        mut bytes: &[u8],
        last: bool,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        if self.mark > 0 {
            let skip = self.mark.min(bytes.len());
            self.mark -= skip;
            bytes = bytes.get(skip..).unwrap_or_default();
        }
        let mut charset = std::mem::take(&mut self.charset);
        charset.convert(bytes, last, |text| self.walk(text, paths, sink));
        self.charset = charset;
    }

    fn walk<S: FieldSink>(&mut self, text: &[u8], paths: &mut PathTable, sink: &mut S) {
        if text.is_empty() {
            return;
        }
        let root = self.root_of_walker(paths);
        self.walker.push(text, root, paths, sink);
    }

    fn root_of_walker(&self, paths: &mut PathTable) -> PathId {
        if self.walker.is_of_text() { self.root(Root::Text, paths) } else { PathId::NONE }
    }

    /// `root` behind the value it stands in and one `part:` per multipart body around.
    fn root(&self, root: Root, paths: &mut PathTable) -> PathId {
        let mut path = self.below;
        for _ in 0..self.depth {
            path = paths.step(path, Step::Part);
        }
        paths.step(path, root.into())
    }
}

fn note(anomalies: &mut BodyAnomalies, anomaly: BodyAnomaly, found: bool) {
    if found {
        anomalies.insert(anomaly);
    }
}
