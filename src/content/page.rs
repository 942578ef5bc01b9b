//! Pages of HTML: one text, and in it the scripts that are JSON (WHATWG HTML, section 4.12.1, "data
//! blocks": `application/json`, `application/ld+json`) or begin with setting a variable to some
//! (`window.__STATE__ = {"a":1};`), as servers render the state of a page; the fields of forms with
//! what they are filled with; and the cells of tables and lists.

mod attributes;

use memchr::memchr;

use attributes::{input, is_json, sets_variable};

use super::form::FormWalker;
use super::markup::MarkupWalker;
use super::text::TextWalker;
use super::{FieldSink, JsonWalker, PathId, PathTable, Step};

const START: &[u8] = b"<script";
const INPUT: &[u8] = b"<input";
const END: &[u8] = b"</script";
/// Bytes of the longest start tag that is read.
const TAG_BYTES_MAX: usize = 8 * 1024;
/// Bytes that a script begins with, up to the JSON that a variable is set to.
const CODE_BYTES_MAX: usize = 256;

/// Walks a page.
#[derive(Debug)]
pub(crate) struct PageWalker {
    text: TextWalker,
    place: Place,
    /// What of a tag was read.
    tag: Vec<u8>,
    /// What of the beginning of a script was read.
    code: Vec<u8>,
    /// How many values the page lies in.
    level: u8,
    json: Box<JsonWalker>,
    markup: MarkupWalker,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Page,
    /// In a script that is JSON.
    Script,
    /// At the beginning of one that may set a variable to some.
    Code,
}

impl PageWalker {
    /// A page within `level` values.
    pub(crate) fn at_level(level: u8) -> Self {
        PageWalker {
            text: TextWalker::of(true, level),
            place: Place::Page,
            tag: Vec::new(),
            code: Vec::new(),
            level,
            json: Box::new(JsonWalker::at_level(level + 1)),
            markup: MarkupWalker::at_level(level + 1),
        }
    }

    /// Memory it takes.
    pub(crate) fn held_bytes(&self) -> usize {
        let parts = self.text.held_bytes() + self.json.held_bytes() + self.markup.held_bytes();
        size_of::<Self>() + self.tag.capacity() + self.code.capacity() + parts
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
                (Place::Code, _) => self.code(rest, root, paths, sink),
                (Place::Page, false) => self.start_tag(rest, root, paths, sink),
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
        self.code.clear();
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

    /// Reads on in what may be the start tag of a script or of a field of a form.
    fn start_tag<'a, S: FieldSink>(
        &mut self,
        rest: &'a [u8],
        root: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> &'a [u8] {
        let Some((byte, behind)) = rest.split_first() else { return rest };
        let is_input = matches!(self.tag.get(1), Some(b'i' | b'I'));
        let start = if is_input { INPUT } else { START };
        let at = self.tag.len();
        if let Some(expected) = start.get(at) {
            let other = at == 1 && byte.eq_ignore_ascii_case(&b'i');
            if !byte.eq_ignore_ascii_case(expected) && !other {
                self.tag.clear();
                return rest;
            }
        } else if *byte == b'>' {
            if is_input {
                self.input(root, paths, sink);
            } else {
                let json = is_json(&self.tag);
                self.place = if json { Place::Script } else { Place::Code };
                self.json.restart(paths.step(root, Step::Nested), paths);
            }
            self.tag.clear();
            return behind;
        } else if at >= TAG_BYTES_MAX
            || at == start.len() && !byte.is_ascii_whitespace() && *byte != b'/'
        {
            // Too long, or another element whose name begins like this.
            self.tag.clear();
            return rest;
        }
        self.tag.push(*byte);
        behind
    }

    /// Reads on where a script may set a variable to JSON, which is then walked.
    fn code<'a, S: FieldSink>(
        &mut self,
        rest: &'a [u8],
        root: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> &'a [u8] {
        let Some((byte, behind)) = rest.split_first() else { return rest };
        if *byte == b'<' || self.code.len() >= CODE_BYTES_MAX {
            self.code.clear();
            self.place = Place::Page;
            return rest;
        }
        self.code.push(*byte);
        // The bracket of the JSON, and what it begins with.
        if *byte == b'"'
            && let Some(at) = sets_variable(&self.code)
        {
            self.place = Place::Script;
            self.json.restart(paths.step(root, Step::Nested), paths);
            self.json.expect_argument();
            self.json.push(self.code.get(at..).unwrap_or_default(), paths, sink);
            self.code.clear();
        }
        behind
    }

    /// Walks the field of a form whose start tag was read.
    fn input<S: FieldSink>(&self, root: PathId, paths: &mut PathTable, sink: &mut S) {
        let Some(form) = input(&self.tag) else { return };
        let root = paths.step(root, Step::Decoded);
        let root = paths.step(root, Step::Form);
        let mut walker = FormWalker::new(root, paths).at_level(self.level + 1);
        walker.push(&form, paths, sink);
        walker.finish(paths, sink);
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::recorder::{KeepAll, Recorder, cut};
    use super::super::{BodyPlan, BodyWalker, Format};
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
    fn what_a_variable_is_set_to_and_what_forms_are_filled_with_is_walked() {
        for code in [
            "window.__STATE__ = {\"mrn\":\"12\"};</script>",
            "\n  window['__DATA__']= {\n \"mrn\" : \"12\" };\nvar b = a < 2;</script>",
            "var state={\"mrn\":\"12\"}\nlet other = {\"no\":1};</script>",
            "self.x = [{\"mrn\":\"12\"}];if (a<b) {}</script><p>",
        ] {
            let values = seen(&[format!("<html><script>{code}").as_bytes()]).values();
            let walked: Vec<_> = values.iter().filter(|(path, _)| path != "$").collect();
            assert!(
                matches!(&walked[..], [(path, value)] if path.ends_with(".mrn") && value == "12")
            );
        }
        let page = "<html><form><INPUT type=text name='lastName' value=\"D&amp;G\">\
            <input value=a1&amp;b name=mrn /><input name=x><input type=submit name=go value=Go>\
            <input name=\"s\" value=\"{&quot;dob&quot;:&quot;1961-03-14&quot;}\">\
            <inputs name=a value=b></form>";
        let values = seen(&[page.as_bytes()]).values();
        let expected = [("$|lastName", "D&G"), ("$|mrn", "a1&b"), ("$|s|$.dob", "1961-03-14")];
        let expected = expected.map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(values.get(..3), Some(&expected[..]), "{values:?}");
        assert_eq!(values.len(), 4, "{values:?}");
    }

    #[test]
    fn other_scripts_stay_text() {
        for page in [
            "<html><script type=\"text/javascript\">{\"a\":1}</script>",
            "<html><script data-type=\"application/json\">{\"a\":1}</script>",
            "<html><scripted type=\"application/json\">{\"a\":1}</script>",
            "<html><script type>{\"a\":1}</p>",
            "<html><script>f({\"a\":1})</script>",
            "<html><script>window.a = b; var c = {\"a\":1}</script>",
            "<html><script>window.a = function() { return {\"a\":1} }</script>",
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
