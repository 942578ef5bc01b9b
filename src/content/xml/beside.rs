//! What stands beside every element: text that goes on behind the first (a fragment of HTML, a
//! warning that a server put before its answer), and JSON.

use crate::content::json::{is_blank, skip_blank};
use crate::content::{FieldSink, JsonWalker, PathId, PathTable, Step};

use super::{State, XmlWalker};

impl XmlWalker {
    /// The path of the text at hand: beside every element it is one text.
    pub(super) fn path_of_text(&mut self, paths: &mut PathTable) -> PathId {
        if !self.stack.is_empty() {
            return self.here();
        }
        self.malformed = true;
        let around = self.around(paths);
        paths.step(around, Step::Text)
    }

    /// What the document stands in.
    fn around(&self, paths: &PathTable) -> PathId {
        paths.parent(self.root).unwrap_or(PathId::NONE)
    }

    /// Takes a bracket that begins a text beside every element. Returns where it ends.
    pub(super) fn bracket(&mut self, input: &[u8], at: usize) -> Option<usize> {
        if self.in_text {
            return None;
        }
        let from = skip_blank(input, at);
        let open = *input.get(from)?;
        if !matches!(open, b'{' | b'[') {
            return None;
        }
        self.state = State::Bracket(open);
        Some(from + 1)
    }

    /// The byte behind that bracket tells whether it opens JSON; `false` when it was not taken.
    pub(super) fn behind_bracket<S: FieldSink>(
        &mut self,
        open: u8,
        byte: u8,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> bool {
        if is_blank(byte) {
            return true;
        }
        let is_json = match open {
            b'{' => matches!(byte, b'"' | b'}'),
            _ => matches!(byte, b'"' | b'{' | b'[' | b']' | b'-' | b'0'..=b'9'),
        };
        if !is_json {
            self.state = State::Text;
            self.text(&[open], paths, sink);
            return false;
        }
        let around = self.around(paths);
        let mut json = JsonWalker::at_level(self.leaf.level());
        json.restart(paths.step(around, Step::Json), paths);
        json.push(&[open], paths, sink);
        self.beside = Some(Box::new(json));
        self.malformed = true;
        self.state = State::Json;
        false
    }

    /// The rest is JSON. Returns where it ends.
    pub(super) fn json<S: FieldSink>(
        &mut self,
        input: &[u8],
        at: usize,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> usize {
        if let Some(json) = &mut self.beside {
            json.push(input.get(at..).unwrap_or_default(), paths, sink);
        }
        input.len()
    }

    pub(super) fn gap_in_json<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        if let Some(json) = &mut self.beside {
            json.gap(paths, sink);
        }
    }

    pub(super) fn end_json<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        if let Some(mut json) = self.beside.take() {
            json.finish(paths, sink);
        }
    }
}
