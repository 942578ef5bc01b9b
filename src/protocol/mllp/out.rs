//! What lanes tell.

use std::hash::BuildHasher;

use crate::base::Timestamp;
use crate::model::{
    Anomaly, Correlation, Direction, Hl7Header, MessageEvent, MessageHead, Standing,
};
use crate::protocol::MessageSink;

use super::commit::Commit;

/// Where events go.
pub(super) struct Out<'a> {
    pub(super) direction: Direction,
    pub(super) at: Timestamp,
    pub(super) state: &'a foldhash::quality::RandomState,
    pub(super) sink: &'a mut dyn MessageSink,
}

impl Out<'_> {
    pub(super) fn tell(&mut self, event: MessageEvent<'_>) {
        self.sink.message(event);
    }

    pub(super) fn odd(&mut self, name: &'static str) {
        let direction = self.direction;
        self.tell(MessageEvent::Anomaly { direction, anomaly: Anomaly(name) });
    }

    /// A commit of MLLP release 2. Those of clients answer what a server sent.
    pub(super) fn commit(&mut self, commit: Commit, at: Timestamp) {
        self.sure_head(commit.header(), commit.correlation(), at);
        self.end(true);
    }

    /// A block that is no HL7 v2. Nobody sends another message before it is answered: what stands
    /// in the place of an answer is one to the oldest that waits, up to where a better one comes.
    /// Of what was cut off `sure` is false: it may have become anything.
    pub(super) fn foreign(&mut self, sure: bool, at: Timestamp) {
        self.odd("mllp-not-hl7");
        if sure {
            let header = Hl7Header { foreign: true, ..Hl7Header::default() };
            self.sure_head(header, Correlation::Oldest { last: false }, at);
            self.end(true);
        } else {
            self.unread();
        }
    }

    /// The head of what is framed by itself: there is no doubt that it is a message.
    fn sure_head(&mut self, header: Hl7Header<'_>, correlation: Correlation, at: Timestamp) {
        let (direction, head) = (self.direction, MessageHead::Hl7v2(header));
        let standing = Standing::Sure;
        self.tell(MessageEvent::Head { direction, at, correlation, standing, head });
    }

    /// Trailers of a batch in a block of their own. Where they have a comment (BTS-2, FTS-2) they
    /// are told as a message, which nobody acknowledges; else they say how many there were.
    pub(super) fn trailers(&mut self, text: &[u8], at: Timestamp) {
        let name = text.split(|b| b.is_ascii_punctuation()).next().unwrap_or_default();
        let Some(separator) = text.get(name.len()) else { return };
        let has_comment = |line: &[u8]| {
            let comments = line.split(|b| b == separator).skip(2);
            comments.flatten().any(|b| !b.is_ascii_whitespace())
        };
        if !text.split(|b| matches!(b, b'\r' | b'\n')).any(has_comment) {
            return;
        }
        let kind = name.get(name.len().saturating_sub(3)..).unwrap_or_default();
        let header = Hl7Header { kind, unasked: true, ..Hl7Header::default() };
        let correlation = Correlation::Token(self.state.hash_one(text));
        self.sure_head(header, correlation, at);
        self.body(text);
        self.end(true);
    }

    /// Something that may be an answer, or may not.
    pub(super) fn unread(&mut self) {
        self.tell(MessageEvent::Unread { direction: self.direction });
    }

    pub(super) fn body(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.tell(MessageEvent::Body { direction: self.direction, bytes });
        }
    }

    pub(super) fn end(&mut self, complete: bool) {
        let (direction, at) = (self.direction, self.at);
        self.tell(MessageEvent::End { direction, at, complete });
    }
}
