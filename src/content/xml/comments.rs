//! Comments and processing instructions: text that somebody left in, looked at below the element
//! they stand in. They carry what was switched off, records among it.

use crate::content::json::{is_blank, skip_blank};
use crate::content::{FieldSink, PathId, PathTable, Step};
use crate::model::ValueKind;

use super::{State, XmlWalker};

/// What a comment is called in paths: the node test of XPath 1.0 section 2.3.
const COMMENT: &[u8] = b"comment()";
/// The same for a processing instruction.
const INSTRUCTION: &[u8] = b"processing-instruction()";
/// What an instruction is for that only declares the document.
const DECLARATION: &[u8] = b"xml";

impl XmlWalker {
    /// More of a comment (XML 1.0 section 2.5). Returns where what was taken ends.
    pub(super) fn comment<S: FieldSink>(
        &mut self,
        input: &[u8],
        at: usize,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> usize {
        let State::Comment { hyphens } = self.state else { return at };
        let rest = input.get(at..).unwrap_or_default();
        match rest.first() {
            Some(b'-') if hyphens == 2 => self.comment_text(b"-", paths, sink),
            Some(b'-') => self.state = State::Comment { hyphens: hyphens + 1 },
            Some(b'>') if hyphens == 2 => {
                self.end_comment(paths, sink);
                self.state = State::Text;
            }
            _ => {
                let end = memchr::memchr(b'-', rest).unwrap_or(rest.len());
                let held = b"--".get(..usize::from(hyphens)).unwrap_or_default();
                self.comment_text(held, paths, sink);
                self.comment_text(rest.get(..end).unwrap_or_default(), paths, sink);
                self.state = State::Comment { hyphens: 0 };
                return at + end;
            }
        }
        at + 1
    }

    /// One byte of what an instruction is for; `false` when it was not taken.
    pub(super) fn target<S: FieldSink>(
        &mut self,
        byte: u8,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> bool {
        let over = is_blank(byte) || byte == b'?';
        if !over && self.name.len() < DECLARATION.len() {
            self.name.push(byte);
            return true;
        }
        if over && self.name.eq_ignore_ascii_case(DECLARATION) {
            self.state = State::Instruction { question: false };
            return false;
        }
        self.state = State::Remark { question: false };
        let name = std::mem::take(&mut self.name);
        self.comment_text(&name, paths, sink);
        self.name = name;
        false
    }

    /// More of a processing instruction (XML 1.0 section 2.6). Returns where what was taken ends.
    pub(super) fn remark<S: FieldSink>(
        &mut self,
        input: &[u8],
        at: usize,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> usize {
        let State::Remark { question } = self.state else { return at };
        let rest = input.get(at..).unwrap_or_default();
        match rest.first() {
            Some(b'>') if question => {
                self.end_comment(paths, sink);
                self.state = State::Text;
            }
            Some(b'?') if !question => self.state = State::Remark { question: true },
            Some(b'?') => self.comment_text(b"?", paths, sink),
            _ => {
                let end = memchr::memchr(b'?', rest).unwrap_or(rest.len());
                let held = if question { &b"?"[..] } else { b"" };
                self.comment_text(held, paths, sink);
                self.comment_text(rest.get(..end).unwrap_or_default(), paths, sink);
                self.state = State::Remark { question: false };
                return at + end;
            }
        }
        at + 1
    }

    fn comment_text<S: FieldSink>(&mut self, text: &[u8], paths: &mut PathTable, sink: &mut S) {
        let skip = if self.in_comment { 0 } else { skip_blank(text, 0) };
        let text = text.get(skip..).unwrap_or_default();
        if !text.is_empty() {
            self.in_comment = true;
            let path = self.comment_path(paths);
            self.comment.extend(text, path, paths, sink);
        }
    }

    /// The comment is over, or nothing more of it will come.
    pub(super) fn end_comment<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        if std::mem::take(&mut self.in_comment) {
            self.comment.trim_end();
            let path = self.comment_path(paths);
            self.comment.end(ValueKind::String, path, paths, sink);
        }
    }

    /// Looked up each time: the table may have been cleared since the comment began.
    fn comment_path(&self, paths: &mut PathTable) -> PathId {
        let instruction = matches!(self.state, State::Remark { .. });
        let name = if instruction { INSTRUCTION } else { COMMENT };
        paths.intern(self.here(), Step::Element, false, name)
    }
}
