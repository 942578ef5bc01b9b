//! Behind a gap: lists of records are walked on from the next member that was at hand when bytes
//! were lost. Which member that was is told by this body alone, so it is the same whoever walks it.
//!
//! A key with the comma or the brace before it and the colon behind it stands in no string: there
//! its quotes would be escaped.

use crate::base::limits::KEY_BYTES_MAX;
use crate::content::{FieldSink, PathId, PathTable};

use super::containers::{Container, Frame};
use super::{JsonWalker, State, is_blank};

/// How much of a key with its marks stands before the next byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Seek {
    #[default]
    Nothing,
    /// A comma or a brace.
    Mark,
    /// The quote, and what is held of the key.
    Key,
    /// The other quote.
    Quoted,
}

impl JsonWalker {
    /// Whether there is a record to be found again: an object in a list, with a member at hand.
    /// Where elements have their meaning by their places, these are not known any more.
    fn may_resume(&self, paths: &PathTable) -> bool {
        let mut listed = false;
        let mut any = false;
        for frame in self.stack.iter().chain([&self.top]) {
            match frame.container {
                Container::Document => {}
                Container::Object => any |= listed && !paths.raw_name(frame.child).is_empty(),
                Container::Array | Container::Rows | Container::EarlyRows => listed = true,
                _ => return false,
            }
        }
        any && !self.watching
    }

    /// Where a record has no member yet, or the next has not begun, the last of the record before
    /// is at hand.
    fn take_last<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        let Frame { container, path, child, .. } = self.top;
        if self.last == PathId::NONE || paths.parent(self.last) != Some(self.here()) {
            return;
        }
        if container == Container::Object && child == PathId::NONE {
            self.top.child = self.last;
        } else if container.has_elements() && child != path {
            self.open(Container::Object, paths, sink);
            self.top.child = self.last;
        }
    }

    /// Ends what is at hand and looks for a record; `false` where none can be told.
    pub(super) fn go_astray<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) -> bool {
        self.revive(paths);
        self.release(paths, sink);
        if self.state == State::Lost || self.over > 0 {
            return false;
        }
        self.end_scalar(paths, sink);
        self.state = State::After;
        self.take_last(paths, sink);
        if !self.may_resume(paths) {
            return false;
        }
        let malformed = self.is_malformed();
        self.before_gap.get_or_insert(malformed);
        self.leaf.forget();
        (self.state, self.seek) = (State::Astray, Seek::Nothing);
        true
    }

    /// Looks for the key of a member at hand. Returns where it, or what is here, ends.
    pub(super) fn astray<S: FieldSink>(
        &mut self,
        input: &[u8],
        at: usize,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> usize {
        let mut at = at;
        while let Some(&byte) = input.get(at) {
            at += 1;
            self.seek = match (self.seek, byte) {
                (Seek::Key, b'"') => Seek::Quoted,
                (Seek::Key, b'\\') => Seek::Nothing,
                (Seek::Key, _) if self.key.len() < KEY_BYTES_MAX => {
                    self.key.push(byte);
                    Seek::Key
                }
                (Seek::Quoted, b':') => {
                    self.seek = Seek::Nothing;
                    if self.resume(paths, sink) {
                        return at;
                    }
                    Seek::Nothing
                }
                (Seek::Mark, b'"') => {
                    self.key.clear();
                    Seek::Key
                }
                (_, b',' | b'{') => Seek::Mark,
                (seek @ (Seek::Mark | Seek::Quoted), byte) if is_blank(byte) => seek,
                _ => Seek::Nothing,
            };
        }
        at
    }

    /// Goes on behind the key that is held, if it is that of a member at hand: the innermost.
    fn resume<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) -> bool {
        let listed = self.stack.iter().position(|frame| frame.container.is_list());
        let Some(listed) = listed else { return false };
        let is_it = |frame: &Frame| {
            frame.container == Container::Object && paths.raw_name(frame.child) == self.key
        };
        let inner = self.stack.iter().chain([&self.top]).skip(listed);
        let Some(place) = inner.enumerate().filter(|(_, frame)| is_it(frame)).last() else {
            return false;
        };
        let depth = listed + place.0;
        while self.stack.len() > depth {
            self.close(paths, sink);
        }
        // It may be another record: what was said of the one before says nothing of it.
        sink.leave(paths, self.top.path);
        sink.enter(paths, self.top.path);
        self.key.clear();
        self.top.keys = 1;
        self.state = State::Value;
        true
    }
}

#[cfg(test)]
mod tests;
