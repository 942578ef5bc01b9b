//! Pages of HTML: one text, and in it the scripts that are JSON (WHATWG HTML, section 4.12.1, "data
//! blocks": `application/json`, `application/ld+json`), as servers render the state of a page, and
//! the cells of tables and lists.

use memchr::memchr;

use super::markup::MarkupWalker;
use super::text::TextWalker;
use super::{FieldSink, Format, JsonWalker, MediaType, PathId, PathTable, Step};

const START: &[u8] = b"<script";
const END: &[u8] = b"</script";
/// Bytes of the longest start tag that is read.
const TAG_BYTES_MAX: usize = 1024;

/// Walks a page.
#[derive(Debug)]
pub(crate) struct PageWalker {
    text: TextWalker,
    place: Place,
    /// What of a tag was read.
    tag: Vec<u8>,
    json: Box<JsonWalker>,
    markup: MarkupWalker,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Page,
    /// In a script that is JSON.
    Script,
}

impl PageWalker {
    /// A page within `level` values.
    pub(crate) fn at_level(level: u8) -> Self {
        PageWalker {
            text: TextWalker::at_level(level),
            place: Place::Page,
            tag: Vec::new(),
            json: Box::new(JsonWalker::at_level(level + 1)),
            markup: MarkupWalker::at_level(level + 1),
        }
    }

    /// Memory it takes.
    pub(crate) fn held_bytes(&self) -> usize {
        let parts = self.text.held_bytes() + self.json.held_bytes() + self.markup.held_bytes();
        size_of::<Self>() + self.tag.capacity() + parts
    }

    /// Walks the next bytes of the page at `root`.
    pub(crate) fn push<S: FieldSink>(
        &mut self,
        bytes: &[u8],
        root: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        self.text.push(bytes, root, paths, sink);
        self.markup.push(bytes, root, paths, sink);
        let mut rest = bytes;
        while !rest.is_empty() {
            rest = match (self.place, self.tag.is_empty()) {
                (Place::Page, true) => {
                    let at = memchr(b'<', rest).unwrap_or(rest.len());
                    self.begin_tag(rest.get(at..).unwrap_or_default())
                }
                (Place::Script, true) => {
                    let at = memchr(b'<', rest).unwrap_or(rest.len());
                    let (json, tag) = rest.split_at_checked(at).unwrap_or((rest, &[]));
                    self.json.push(json, paths, sink);
                    self.begin_tag(tag)
                }
                (Place::Page, false) => self.start_tag(rest, root, paths),
                (Place::Script, false) => self.end_tag(rest, paths, sink),
            };
        }
    }

    /// Bytes are missing: a script that is open ends.
    pub(crate) fn gap<S: FieldSink>(&mut self, root: PathId, paths: &mut PathTable, sink: &mut S) {
        self.finish(root, paths, sink);
    }

    /// No more will come.
    pub(crate) fn finish<S: FieldSink>(
        &mut self,
        root: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        self.text.finish(root, paths, sink);
        self.markup.finish(root, paths, sink);
        self.tag.clear();
        if std::mem::replace(&mut self.place, Place::Page) == Place::Script {
            self.json.finish(paths, sink);
        }
    }

    /// Takes the `<` that `rest` begins with, if it begins with anything.
    fn begin_tag<'a>(&mut self, rest: &'a [u8]) -> &'a [u8] {
        let Some((byte, behind)) = rest.split_first() else { return rest };
        self.tag.push(*byte);
        behind
    }

    /// Reads on in what may be the start tag of a script.
    fn start_tag<'a>(&mut self, rest: &'a [u8], root: PathId, paths: &mut PathTable) -> &'a [u8] {
        let Some((byte, behind)) = rest.split_first() else { return rest };
        if let Some(expected) = START.get(self.tag.len()) {
            if !byte.eq_ignore_ascii_case(expected) {
                self.tag.clear();
                return rest;
            }
        } else if *byte == b'>' {
            if is_json(&self.tag) {
                self.place = Place::Script;
                self.json.restart(paths.step(root, Step::Nested), paths);
            }
            self.tag.clear();
            return behind;
        } else if self.tag.len() >= TAG_BYTES_MAX
            || self.tag.len() == START.len() && !byte.is_ascii_whitespace() && *byte != b'/'
        {
            // Too long, or another element whose name begins like this.
            self.tag.clear();
            return rest;
        }
        self.tag.push(*byte);
        behind
    }

    /// Reads on in what may be the end tag of the script.
    fn end_tag<'a, S: FieldSink>(
        &mut self,
        rest: &'a [u8],
        paths: &mut PathTable,
        sink: &mut S,
    ) -> &'a [u8] {
        let Some((byte, behind)) = rest.split_first() else { return rest };
        let expected = END.get(self.tag.len());
        if !expected.is_some_and(|expected| byte.eq_ignore_ascii_case(expected)) {
            // It was part of the JSON, and this byte may be as well.
            self.json.push(&self.tag, paths, sink);
            self.tag.clear();
            return rest;
        }
        self.tag.push(*byte);
        if self.tag.len() == END.len() {
            self.json.finish(paths, sink);
            self.place = Place::Page;
            self.tag.clear();
        }
        behind
    }
}

/// Whether the start tag of a script says that it is JSON.
fn is_json(tag: &[u8]) -> bool {
    let attributes = tag.get(START.len()..).unwrap_or_default();
    let named = |at: &usize| {
        let before = at.checked_sub(1).and_then(|before| attributes.get(before));
        before.is_some_and(|b| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'/'))
    };
    let lower = attributes.to_ascii_lowercase();
    let types = memchr::memmem::find_iter(&lower, b"type").filter(named);
    types
        .filter_map(|at| {
            let value = lower.get(at + b"type".len()..)?.trim_ascii_start().strip_prefix(b"=")?;
            let value = value.trim_ascii_start();
            let value = match value {
                [quote @ (b'"' | b'\''), quoted @ ..] => quoted.split(|b| b == quote).next(),
                _ => value.split(u8::is_ascii_whitespace).next(),
            };
            MediaType::parse(value?).format()
        })
        .any(|format| format == Format::Json)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::recorder::{KeepAll, Recorder, cut};
    use super::super::{BodyPlan, BodyWalker};
    use super::*;

    const PAGE: &str = "<!doctype html><html><script>x = {\"no\":1}</script><a title='<'>\n\
        <SCRIPT id=state Type = 'application/json; charset=utf-8'>{\"mrn\":\"1</b><\"}</Script >\
        <script type=application/ld+json>[{\"name\":\"Roe\"}]</script><p>end</p></html>";

    fn seen(pieces: &[&[u8]]) -> Recorder {
        let mut paths = PathTable::new(Box::new(KeepAll));
        let mut sink = Recorder::default();
        let mut walker = BodyWalker::new(BodyPlan::from_headers(Some(b"text/html"), None));
        for piece in pieces {
            walker.push(piece, &mut paths, &mut sink);
        }
        assert_eq!(walker.finish(&mut paths, &mut sink).format, Format::Html);
        sink
    }

    #[test]
    fn scripts_that_are_json_are_walked_beside_the_text() {
        let values = seen(&[PAGE.as_bytes()]).values();
        let expected = [("$|$.mrn", "1</b><"), ("$|$[*].name", "Roe"), ("$", PAGE)];
        assert_eq!(values, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
        let cut_short = seen(&[b"<html><script type=\"application/json\">{\"mrn\":\"12"]).values();
        assert!(cut_short.contains(&("$|$.mrn".to_owned(), "12".to_owned())), "{cut_short:?}");
    }

    #[test]
    fn other_scripts_stay_text() {
        for page in [
            "<html><script type=\"text/javascript\">{\"a\":1}</script>",
            "<html><script data-type=\"application/json\">{\"a\":1}</script>",
            "<html><scripted type=\"application/json\">{\"a\":1}</script>",
            "<html><script type>{\"a\":1}</p>",
        ] {
            let values = seen(&[page.as_bytes()]).values();
            assert_eq!(values, [("$".to_owned(), page.to_owned())], "{page}");
        }
        let long = format!("<html><script {}", "a".repeat(3 * TAG_BYTES_MAX));
        let mut page = PageWalker::at_level(0);
        let mut paths = PathTable::new(Box::new(KeepAll));
        let root = paths.root(super::super::Root::Text);
        page.push(long.as_bytes(), root, &mut paths, &mut Recorder::default());
        assert!(page.tag.capacity() <= 2 * TAG_BYTES_MAX);
    }

    proptest! {
        #[test]
        fn cutting_a_page_anywhere_changes_nothing(
            cuts in proptest::collection::vec(any::<usize>(), 0..8),
        ) {
            let pieces = cut(PAGE.as_bytes(), &cuts);
            prop_assert_eq!(seen(&pieces).seen, seen(&[PAGE.as_bytes()]).seen);
        }

        #[test]
        fn forgetting_the_paths_changes_nothing(
            cuts in proptest::collection::vec(any::<usize>(), 0..8),
        ) {
            let mut paths = PathTable::new(Box::new(KeepAll));
            let mut sink = Recorder::default();
            let mut page = PageWalker::at_level(0);
            for piece in cut(PAGE.as_bytes(), &cuts) {
                let root = paths.root(super::super::Root::Text);
                page.push(piece, root, &mut paths, &mut sink);
                paths.clear();
            }
            let root = paths.root(super::super::Root::Text);
            page.finish(root, &mut paths, &mut sink);
            prop_assert_eq!(sink.values(), seen(&[PAGE.as_bytes()]).values());
        }
    }
}
