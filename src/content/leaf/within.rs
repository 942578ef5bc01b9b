//! What stands in a scalar beside other text, or encoded.

use crate::base::limits::{JSON_IN_TEXT_MAX, SCALAR_OVERLAP_BYTES};

use super::super::encoded::{self, Encoded, Hidden, Window};
use super::super::markup::{self, MarkupWalker};
use super::super::records::Records;
use super::super::{FieldSink, PathId, PathTable, Step, asked, record};
use super::{Leaf, Stands};

impl Leaf {
    /// Walks what the window at hand adds to what is encoded in the scalar, or stands in it.
    pub(super) fn decode_window<S: FieldSink>(
        &mut self,
        goes_on: bool,
        path: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        let mut more = &self.buffer[..];
        if self.continued {
            more = more.get(SCALAR_OVERLAP_BYTES..).unwrap_or_default();
        } else if self.level < JSON_IN_TEXT_MAX {
            let hidden = self.document(more, paths).or_else(|| encoded::hidden_in_head(more));
            if let Some(hidden) = hidden {
                self.encoded = Some(Box::new(Encoded::new(self.level + 1, &hidden)));
                more = hidden.text;
            } else if self.stands == Stands::Script {
                self.records = None;
            } else {
                let level = self.level;
                self.records.get_or_insert_with(|| Box::new(Records::at_level(level))).restart();
            }
        }
        if let Some(encoded) = &mut self.encoded {
            let root = paths.step(path, Step::Decoded);
            encoded.push(more, root, paths, sink);
            return;
        }
        if let Some(records) = &mut self.records {
            records.push(more, path, paths, sink);
            if !goes_on {
                records.finish(paths, sink);
            }
        }
        let window = Window { continued: self.continued, goes_on };
        self.decode_within(&self.buffer, window, path, (paths, sink));
    }

    /// Walks what is encoded among other text, and not in a record there.
    pub(super) fn decode_within<S: FieldSink>(
        &self,
        text: &[u8],
        window: Window,
        path: PathId,
        (paths, sink): (&mut PathTable, &mut S),
    ) {
        if self.level >= JSON_IN_TEXT_MAX || !encoded::may_stand_within(text) {
            return;
        }
        for hidden in encoded::within(text, window) {
            let at = hidden.text.as_ptr().addr() - text.as_ptr().addr();
            let left = (text.len() - at) as u64;
            if !self.records.as_deref().is_some_and(|records| records.hold(left)) {
                self.walk_hidden(&hidden, path, paths, sink);
            }
        }
    }

    /// Walks what a scalar or a part of it holds, all of which is at hand.
    pub(super) fn walk_hidden<S: FieldSink>(
        &self,
        hidden: &Hidden<'_>,
        path: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        let root = paths.step(path, Step::Decoded);
        let mut encoded = Encoded::new(self.level + 1, hidden);
        encoded.push(hidden.text, root, paths, sink);
        encoded.finish(paths, sink);
    }

    /// Walks what the window at hand adds to the markup that the scalar is.
    pub(super) fn mark_window<S: FieldSink>(
        &mut self,
        path: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        let mut more = &self.buffer[..];
        if self.continued {
            more = more.get(SCALAR_OVERLAP_BYTES..).unwrap_or_default();
        } else if self.may_be_markup(more) {
            self.markup = Some(Box::new(MarkupWalker::at_level(self.level + 1)));
        }
        if let Some(markup) = &mut self.markup {
            markup.push(more, paths.step(path, Step::Nested), paths, sink);
        }
    }

    /// Whether a scalar may be markup with cells of its own. Of a page that is known already.
    pub(super) fn may_be_markup(&self, bytes: &[u8]) -> bool {
        self.level < JSON_IN_TEXT_MAX && !self.stands.is_all() && bytes.first() == Some(&b'<')
    }

    /// Walks the tables of a scalar of at most one window.
    pub(super) fn walk_markup<S: FieldSink>(
        &self,
        bytes: &[u8],
        path: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        if self.may_be_markup(bytes) && markup::may_hold(bytes) {
            let root = paths.step(path, Step::Nested);
            let mut walker = MarkupWalker::at_level(self.level + 1);
            walker.push(bytes, root, paths, sink);
            walker.finish(root, paths, sink);
        }
    }

    /// Walks the JSON in a text of at most one window.
    pub(super) fn walk_records<S: FieldSink>(
        &mut self,
        bytes: &[u8],
        path: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        if let Some(records) = &mut self.records {
            records.restart();
        }
        if self.level >= JSON_IN_TEXT_MAX || !record::may_hold(bytes) {
            return;
        }
        let at_end = record::at_end(bytes);
        if at_end.is_none() && self.stands == Stands::Script {
            return;
        }
        let level = self.level;
        let records = self.records.get_or_insert_with(|| Box::new(Records::at_level(level)));
        match at_end {
            Some((before, record)) => records.walk(bytes, (before, record), path, (paths, sink)),
            None => {
                records.push(bytes, path, paths, sink);
                records.finish(paths, sink);
            }
        }
    }

    /// Walks what is encoded in a scalar of at most one window; `false` where nothing is.
    pub(super) fn decode<S: FieldSink>(
        &self,
        bytes: &[u8],
        path: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> bool {
        if self.level >= JSON_IN_TEXT_MAX {
            return false;
        }
        let document = self.document(bytes, paths);
        let hidden = document.or_else(|| encoded::hidden_parameter(paths.name(path), bytes));
        if let Some(hidden) = &hidden {
            self.walk_hidden(hidden, path, paths, sink);
            return true;
        }
        let Some(json) = asked::as_json(bytes, path, paths) else { return false };
        self.walk_hidden(&Hidden::json(&json), path, paths, sink);
        true
    }

    /// The document that a scalar is which begins with `bytes`; of a text that is known.
    pub(super) fn document<'a>(&self, bytes: &'a [u8], paths: &PathTable) -> Option<Hidden<'a>> {
        let inside = !self.stands.is_all();
        inside.then(|| Hidden::document(bytes, |word| paths.keeps_bare(word))).flatten()
    }
}
