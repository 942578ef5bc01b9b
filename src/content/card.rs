//! Cards and calendars (vCard, RFC 6350 and before; iCalendar, RFC 5545): components with
//! properties, one on each line, folded where that is long. Resumes at any byte.
//!
//! A component is an object below `$`, and a property a member of it by its name in lower case:
//! `$.vcalendar.vevent.summary`. What is abbreviated or has parts by their order is called by its
//! words: `FN` is `$.vcard.full_name`, the first part of `N` is `$.vcard.n.family_name`.

use memchr::memchr3;
use smallvec::SmallVec;

use crate::model::ValueKind;

use super::encoding::QuotedPrintable;
use super::leaf::Leaf;
use super::media::for_parameters;
use super::paths::Interned;
use super::{FieldSink, PathId, PathTable, Step};

/// Bytes of the longest name with its parameters: one that is longer is none.
const HEAD_BYTES_MAX: usize = 2048;
/// Components within one another that are told apart.
const DEPTH_MAX: usize = 8;

/// The components, and what they are called in paths.
pub(crate) const COMPONENTS: [&str; 10] = [
    "daylight",
    "standard",
    "valarm",
    "vcalendar",
    "vcard",
    "vevent",
    "vfreebusy",
    "vjournal",
    "vtimezone",
    "vtodo",
];
/// Parts of `N` by their order (RFC 6350 section 6.2.2).
const NAME: [&str; 5] = ["family_name", "given_name", "middle_name", "name_prefix", "name_suffix"];
/// Parts of `ADR` by their order (section 6.3.1).
const ADDRESS: [&str; 7] =
    ["po_box", "extended_address", "street_address", "city", "region", "postal_code", "country"];
/// Parameters that say who somebody is, and what they are called.
const PERSONAL: [(&[u8], &str); 4] =
    [(b"cn", "full_name"), (b"email", "email"), (b"label", "address"), (b"sent-by", "sent_by")];

/// Walks the lines of a card or calendar.
#[derive(Debug)]
pub(crate) struct CardWalker {
    place: Place,
    /// Name and parameters of the line at hand.
    head: Vec<u8>,
    /// A quote is open in them.
    quoted: bool,
    /// A line ended, and may go on in the next.
    ended: bool,
    /// The last byte was the backslash of an escape.
    escaped: bool,
    /// Open components.
    open: SmallVec<[(&'static str, PathId); 4]>,
    /// Of the paths below.
    generation: u32,
    /// The property at hand, what it is called, its parts by their order, and which of them is
    /// read.
    property: PathId,
    member: Vec<u8>,
    parts: &'static [&'static str],
    part: usize,
    /// Undoes how the value at hand is encoded (vCard 2.1).
    printable: Option<QuotedPrintable>,
    leaf: Leaf,
}

/// Where in a line the next byte lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Head,
    Value,
    /// In the name of a component that begins or ends.
    Begin,
    End,
    /// The rest of a line of which bytes are missing, or that is none.
    Lost,
}

/// Whether `head` begins a card or calendar.
pub(crate) fn begins_card(head: &[u8]) -> bool {
    let starts = |text: &[u8]| head.get(..text.len()).is_some_and(|h| h.eq_ignore_ascii_case(text));
    starts(b"BEGIN:VCARD") || starts(b"BEGIN:VCALENDAR")
}

/// What the property `name`, in lower case, is called in paths.
pub(crate) fn member_of(name: &[u8]) -> &[u8] {
    match name {
        b"fn" => b"full_name",
        name => name,
    }
}

/// What the parts of the property `name` are called, by their order; none where it has none.
pub(crate) fn parts_of(name: &[u8]) -> &'static [&'static str] {
    match name {
        b"n" => &NAME,
        b"adr" => &ADDRESS,
        _ => &[],
    }
}

impl CardWalker {
    /// A walker of cards within `level` values.
    pub(crate) fn at_level(level: u8) -> Self {
        CardWalker {
            place: Place::Head,
            head: Vec::new(),
            quoted: false,
            ended: false,
            escaped: false,
            open: SmallVec::new(),
            generation: 0,
            property: PathId::NONE,
            member: Vec::new(),
            parts: &[],
            part: 0,
            printable: None,
            leaf: Leaf::at_level(level),
        }
    }

    /// Memory it takes.
    pub(crate) fn held_bytes(&self) -> usize {
        size_of::<Self>() + self.head.capacity() + self.member.capacity() + self.leaf.held_bytes()
    }

    /// Walks the next bytes of what lies at `root`.
    pub(crate) fn push<S: FieldSink>(
        &mut self,
        bytes: &[u8],
        root: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        self.revive(root, paths);
        let mut rest = bytes;
        while let Some((byte, behind)) = rest.split_first() {
            if matches!(byte, b'\r' | b'\n') && !self.is_soft_break(*byte) {
                self.ended = true;
                rest = behind;
                continue;
            }
            if std::mem::take(&mut self.ended) {
                if matches!(byte, b' ' | b'\t') {
                    rest = behind;
                    continue;
                }
                self.end_line(root, paths, sink);
            }
            rest = match self.place {
                Place::Value => self.encoded_value(rest, paths, sink),
                Place::Head | Place::Begin | Place::End => {
                    self.head_byte(*byte, root, paths, sink);
                    behind
                }
                Place::Lost => {
                    let end = memchr::memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
                    rest.get(end..).unwrap_or_default()
                }
            };
        }
    }

    /// Bytes are missing: the value at hand ends, and the next line is walked.
    pub(crate) fn gap<S: FieldSink>(&mut self, root: PathId, paths: &mut PathTable, sink: &mut S) {
        self.revive(root, paths);
        self.end_line(root, paths, sink);
        self.ended = false;
        self.place = Place::Lost;
    }

    /// No more will come.
    pub(crate) fn finish<S: FieldSink>(
        &mut self,
        root: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        self.revive(root, paths);
        self.end_line(root, paths, sink);
        while let Some((_, path)) = self.open.pop() {
            sink.leave(paths, path);
        }
    }

    /// Interns again what this stands on when the table was cleared.
    fn revive(&mut self, root: PathId, paths: &mut PathTable) {
        if self.generation == paths.generation() {
            return;
        }
        self.generation = paths.generation();
        let mut object = root;
        for (name, path) in &mut self.open {
            object = paths.intern(object, Step::Key, false, name.as_bytes());
            *path = object;
        }
        let data = self.member.is_empty();
        self.property = paths.intern(object, Step::Key, data, &self.member);
    }

    fn object(&self, root: PathId) -> PathId {
        self.open.last().map_or(root, |(_, path)| *path)
    }

    /// A byte of the name and the parameters, or of the name of a component.
    fn head_byte<S: FieldSink>(
        &mut self,
        byte: u8,
        root: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        let named = self.place == Place::Head;
        if byte == b'"' {
            self.quoted = !self.quoted;
        }
        if named && byte == b':' && !self.quoted {
            self.end_head(root, paths, sink);
        } else if self.head.len() < HEAD_BYTES_MAX {
            self.head.push(byte);
        } else {
            self.place = Place::Lost;
        }
    }

    /// Name and parameters are whole.
    fn end_head<S: FieldSink>(&mut self, root: PathId, paths: &mut PathTable, sink: &mut S) {
        let mut head = std::mem::take(&mut self.head);
        let end = memchr::memchr(b';', &head).unwrap_or(head.len());
        let (name, parameters) = head.split_at_mut(end);
        name.make_ascii_lowercase();
        // A group stands before its name: `item1.TEL`.
        let name = name.rsplit(|b| *b == b'.').next().unwrap_or_default();
        self.place = match name {
            b"begin" => Place::Begin,
            b"end" => Place::End,
            _ => Place::Value,
        };
        if self.place == Place::Value {
            self.begin_property(name, root, paths, sink);
            let property = self.property;
            let parameters = parameters.get(1..).unwrap_or_default();
            // It may stand without its name (vCard 2.1 section 2.1.5).
            let printable = parameters.split(|b| *b == b';').any(|parameter| {
                let value = parameter.rsplit(|b| *b == b'=').next().unwrap_or_default();
                value.trim_ascii().eq_ignore_ascii_case(b"quoted-printable")
            });
            self.printable = printable.then(QuotedPrintable::default);
            for_parameters(parameters, |name, value| {
                if let Some((_, member)) = PERSONAL.iter().find(|(known, _)| *known == name) {
                    let path = paths.named(property, Step::Key, member.as_bytes()).id();
                    Leaf::at_level(self.leaf.level()).whole_text(value, path, paths, sink);
                }
            });
        }
        head.clear();
        self.head = head;
        self.quoted = false;
    }

    fn begin_property<S: FieldSink>(
        &mut self,
        name: &[u8],
        root: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        let object = self.object(root);
        let member = member_of(name);
        self.parts = parts_of(name);
        self.part = 0;
        let named = paths.named(object, Step::Key, member);
        self.property = named.id();
        self.member.clear();
        match named {
            Interned::Named(_) => self.member.extend_from_slice(member),
            Interned::Data(_) => sink.key(paths, self.property, member),
        }
    }

    /// The path of the part of the value at hand.
    fn path(&self, paths: &mut PathTable) -> PathId {
        match self.parts.get(self.part).or(self.parts.last()) {
            Some(part) => paths.named(self.property, Step::Key, part.as_bytes()).id(),
            None => self.property,
        }
    }

    /// Whether the line end `byte` is none of the value's.
    fn is_soft_break(&self, byte: u8) -> bool {
        let goes_on = |printable: &QuotedPrintable| printable.goes_on(byte);
        self.place == Place::Value && !self.ended && self.printable.as_ref().is_some_and(goes_on)
    }

    /// The same as [`Self::value`] of one that may be encoded.
    fn encoded_value<'a, S: FieldSink>(
        &mut self,
        bytes: &'a [u8],
        paths: &mut PathTable,
        sink: &mut S,
    ) -> &'a [u8] {
        let Some(printable) = &mut self.printable else { return self.value(bytes, paths, sink) };
        let end = memchr::memchr(b'=', bytes).unwrap_or(bytes.len());
        if printable.is_plain() && end > 0 {
            let (plain, behind) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
            let left = self.value(plain, paths, sink).len();
            return bytes.get(bytes.len() - behind.len() - left..).unwrap_or_default();
        }
        let Some((byte, behind)) = bytes.split_first() else { return bytes };
        let (meant, len) = printable.step(*byte);
        self.escaped = false;
        let path = self.path(paths);
        self.leaf.extend(meant.get(..len).unwrap_or_default(), path, paths, sink);
        behind
    }

    /// Takes text of a value up to what means something in it. What is behind.
    fn value<'a, S: FieldSink>(
        &mut self,
        bytes: &'a [u8],
        paths: &mut PathTable,
        sink: &mut S,
    ) -> &'a [u8] {
        let path = self.path(paths);
        if std::mem::take(&mut self.escaped) {
            let Some((byte, behind)) = bytes.split_first() else { return bytes };
            let meant = if matches!(byte, b'n' | b'N') { b'\n' } else { *byte };
            self.leaf.extend(&[meant], path, paths, sink);
            return behind;
        }
        let divides = !self.parts.is_empty();
        let mut end = memchr3(b'\r', b'\n', b'\\', bytes).unwrap_or(bytes.len());
        let text = bytes.get(..end).unwrap_or_default();
        if divides && let Some(at) = memchr::memchr(b';', text) {
            end = at;
        }
        let (text, rest) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
        self.leaf.extend(text, path, paths, sink);
        match rest {
            [b'\\', behind @ ..] => {
                self.escaped = true;
                behind
            }
            [b';', behind @ ..] if divides => {
                self.end_value(paths, sink);
                self.part += 1;
                behind
            }
            rest => rest,
        }
    }

    /// A value or a part of one is over; one that is empty is none.
    fn end_value<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        let path = self.path(paths);
        if self.leaf.is_whole() && self.leaf.held().is_empty() {
            self.leaf.forget();
        } else {
            self.leaf.end(ValueKind::String, path, paths, sink);
        }
    }

    fn end_line<S: FieldSink>(&mut self, root: PathId, paths: &mut PathTable, sink: &mut S) {
        match std::mem::replace(&mut self.place, Place::Head) {
            Place::Value => self.end_value(paths, sink),
            Place::Begin => self.begin_component(root, paths, sink),
            Place::End => self.end_component(paths, sink),
            // What has no name is a text by itself.
            Place::Head if !self.head.is_empty() => {
                let head = std::mem::take(&mut self.head);
                self.leaf.whole_text(&head, self.object(root), paths, sink);
            }
            Place::Head | Place::Lost => {}
        }
        self.head.clear();
        self.printable = None;
        (self.quoted, self.escaped) = (false, false);
    }

    fn component(&self) -> Option<&'static str> {
        let name = self.head.trim_ascii();
        COMPONENTS.into_iter().find(|known| known.as_bytes().eq_ignore_ascii_case(name))
    }

    fn begin_component<S: FieldSink>(&mut self, root: PathId, paths: &mut PathTable, sink: &mut S) {
        if let Some(name) = self.component()
            && self.open.len() < DEPTH_MAX
        {
            let path = paths.named(self.object(root), Step::Key, name.as_bytes()).id();
            self.open.push((name, path));
            sink.enter(paths, path);
        }
    }

    fn end_component<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        let name = self.component();
        if self.open.last().is_some_and(|(open, _)| Some(*open) == name)
            && let Some((_, path)) = self.open.pop()
        {
            sink.leave(paths, path);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::recorder::{KeepAll, Recorder};
    use super::super::{BodyPlan, BodyWalker, PathTable};

    fn seen(media: &str, pieces: &[&[u8]]) -> Vec<(String, String)> {
        let mut paths = PathTable::new(Box::new(KeepAll));
        let mut sink = Recorder::default();
        let mut walker = BodyWalker::new(BodyPlan::from_headers(Some(media.as_bytes()), None));
        for piece in pieces {
            walker.push(piece, &mut paths, &mut sink);
        }
        walker.finish(&mut paths, &mut sink);
        sink.values()
    }

    const CARD: &str = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Jane Q. Roe\r\nN:Roe;Jane;;Dr.;\r\n\
        item1.ADR;TYPE=home;LABEL=\"12 Elm: Leeds\":;;12 Elm\\, Road;Leeds;;LS1 4AP\r\n\
        NOTE:two\\nlines\\; on\r\n  e\r\nnonsense\r\nEND:VCARD\r\n";

    fn expected() -> Vec<(String, String)> {
        [
            ("$.vcard.version", "3.0"),
            ("$.vcard.full_name", "Jane Q. Roe"),
            ("$.vcard.n.family_name", "Roe"),
            ("$.vcard.n.given_name", "Jane"),
            ("$.vcard.n.name_prefix", "Dr."),
            ("$.vcard.adr.address", "12 Elm: Leeds"),
            ("$.vcard.adr.street_address", "12 Elm, Road"),
            ("$.vcard.adr.city", "Leeds"),
            ("$.vcard.adr.postal_code", "LS1 4AP"),
            ("$.vcard.note", "two\nlines; on e"),
            ("$.vcard", "nonsense"),
        ]
        .map(|(path, value)| (path.to_owned(), value.to_owned()))
        .to_vec()
    }

    #[test]
    fn properties_are_members_of_their_components() {
        for media in
            ["text/vcard; charset=utf-8", "text/x-vcard", "text/directory", "text/plain", ""]
        {
            assert_eq!(seen(media, &[CARD.as_bytes()]), expected(), "{media}");
        }
        let bare = CARD.replace("\r\n", "\n");
        assert_eq!(seen("text/vcard", &[bare.as_bytes()]), expected());
    }

    #[test]
    fn cutting_a_card_anywhere_changes_nothing() {
        for at in 0..CARD.len() {
            let (a, b) = CARD.as_bytes().split_at(at);
            assert_eq!(seen("text/vcard", &[a, b]), expected(), "{at}");
        }
        let bytes: Vec<&[u8]> = CARD.as_bytes().chunks(1).collect();
        assert_eq!(seen("text/vcard", &bytes), expected());
    }

    proptest! {
        #[test]
        fn whatever_it_holds_a_card_is_walked_the_same(
            lines in proptest::collection::vec("[A-Zn;:,.\"\\\\ \t\r\n=é]{0,12}", 0..12),
            at in any::<prop::sample::Index>(),
        ) {
            let text = format!("BEGIN:VCARD\nN:{}", lines.join("\nADR:"));
            let at = at.index(text.len());
            let (a, b) = text.as_bytes().split_at(at);
            let whole = seen("text/vcard", &[text.as_bytes()]);
            prop_assert_eq!(seen("text/vcard", &[a, b]), whole);
        }
    }

    #[test]
    fn a_cleared_table_changes_no_path() {
        let mut paths = PathTable::new(Box::new(KeepAll));
        let mut sink = Recorder::default();
        let mut walker = BodyWalker::new(BodyPlan::from_headers(Some(b"text/vcard"), None));
        for byte in CARD.as_bytes().chunks(1) {
            walker.push(byte, &mut paths, &mut sink);
            paths.clear();
        }
        walker.finish(&mut paths, &mut sink);
        assert_eq!(sink.values(), expected());
    }

    /// As telephones write them (vCard 2.1).
    const PRINTABLE: &str = "BEGIN:VCARD\r\nVERSION:2.1\r\n\
        N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCl=\r\nler;An=\r\nna;;;\r\n\
        NOTE;encoding=quoted-printable:SSN=20536-=\r\n90-4399 and=0D=0A=\r\n more\r\n\
        X-NHS-NUMBER;QUOTED-PRINTABLE:9434=\r\n765919\r\n\
        TITLE;ENCODING=QUOTED-PRINTABLE:a=ZZb=\r\n\r\nFN:a=3Db=\r\nEND:VCARD\r\n";

    #[test]
    fn quoted_printable_is_decoded_wherever_it_is_cut() {
        let expected = [
            ("$.vcard.version", "2.1"),
            ("$.vcard.n.family_name", "Müller"),
            ("$.vcard.n.given_name", "Anna"),
            ("$.vcard.note", "SSN 536-90-4399 and\r\n more"),
            ("$.vcard['x-nhs-number']", "9434765919"),
            ("$.vcard.title", "a=ZZb"),
            // Only where it is said.
            ("$.vcard.full_name", "a=3Db="),
        ]
        .map(|(path, value)| (path.to_owned(), value.to_owned()));
        assert_eq!(seen("text/x-vcard", &[PRINTABLE.as_bytes()]), expected);
        for at in 0..PRINTABLE.len() {
            let (a, b) = PRINTABLE.as_bytes().split_at(at);
            assert_eq!(seen("text/x-vcard", &[a, b]), expected, "{at}");
        }
        let bytes: Vec<&[u8]> = PRINTABLE.as_bytes().chunks(1).collect();
        assert_eq!(seen("text/x-vcard", &bytes), expected);
        let bare = PRINTABLE.replace("\r\n", "\n");
        assert_eq!(seen("text/x-vcard", &[bare.as_bytes()]), expected);
    }

    #[test]
    fn calendars_have_events_within() {
        let text = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Visit\n\
            ATTENDEE;CN=\"Roe; Jane\";ROLE=CHAIR:mailto:jane@exam\n ple.org\n\
            BEGIN:VALARM\nTRIGGER:-PT1H\nEND:VALARM\nLOCATION:Leeds\nEND:VEVENT\nX-A:1\n\
            END:VCALENDAR";
        let expected = [
            ("$.vcalendar.vevent.summary", "Visit"),
            ("$.vcalendar.vevent.attendee.full_name", "Roe; Jane"),
            ("$.vcalendar.vevent.attendee", "mailto:jane@example.org"),
            ("$.vcalendar.vevent.valarm.trigger", "-PT1H"),
            ("$.vcalendar.vevent.location", "Leeds"),
            ("$.vcalendar.x-a", "1"),
        ];
        let shown: Vec<_> = seen("text/calendar", &[text.as_bytes()]);
        let shown: Vec<_> =
            shown.into_iter().map(|(p, v)| (p.replace("['", ".").replace("']", ""), v)).collect();
        assert_eq!(shown, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }
}
