//! What stands between blocks, and what of a lane is remembered there.

use memchr::{memchr, memchr2};

use crate::model::Direction;
use crate::protocol::bits;

use super::batch::Batch;
use super::commit::Commit;
use super::lane::{END, ETX, Lane, START, STX, Stage};
use super::out::Out;
use super::starts::{LOWER_MSH, MSH, begun, is_separator, one_more};

/// What a block begins with: the header of a message, of a file or of a batch.
const HEADERS: [&[u8]; 6] = [MSH, b"FHS", b"BHS", LOWER_MSH, b"fhs", b"bhs"];
/// The bytes of a byte order mark, which may stand where a block lacks its vertical tab.
const MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

impl Lane {
    const OWED: u8 = 1;
    const TOLD: u8 = 1 << 1;
    const BEGUN: u8 = 1 << 2;
    const STX: u8 = 1 << 3;
    const BATCH: u8 = 1 << 4;
    const BARE: u8 = 1 << 5;
    const UNFRAMED: u8 = 1 << 6;

    /// What is to be remembered of it between blocks.
    pub(super) fn rest(&self) -> Option<u8> {
        match self.stage {
            Stage::Between { owed, matched: b"", told }
                if self.held.is_empty() && !self.batch.is_remembered() =>
            {
                let open = self.batch.is_open();
                let (bare, unframed) = (self.bare, self.unframed);
                Some(bits([owed, told, self.begun, self.stx, open, bare, unframed]))
            }
            _ => None,
        }
    }

    /// One that goes on from there.
    pub(super) fn resumed(bits: u8) -> Lane {
        let (owed, told) = (bits & Self::OWED != 0, bits & Self::TOLD != 0);
        let mut lane = Lane::default();
        lane.stage = Stage::Between { owed, matched: b"", told };
        lane.begun = bits & Self::BEGUN != 0;
        lane.batch = Batch::resumed(bits & Self::BATCH != 0);
        lane.stx = bits & Self::STX != 0;
        lane.bare = bits & Self::BARE != 0;
        lane.unframed = bits & Self::UNFRAMED != 0;
        lane
    }

    /// One byte between blocks.
    pub(super) fn between(
        &mut self,
        rest: &[u8],
        was: (bool, &'static [u8], bool),
        out: &mut Out<'_>,
    ) -> usize {
        let (mut owed, matched, mut told) = was;
        let byte = *rest.first().unwrap_or(&0);
        if byte == 0 && matched.is_empty() {
            // The other half of a character of UTF-16, or what keeps a connection alive.
            return 1;
        }
        if owed && byte == b'\r' {
            self.stage = Stage::Between { owed: false, matched, told };
            return 1;
        }
        if std::mem::take(&mut owed) {
            out.odd("mllp-carriage-return-missing");
            told = true;
        }
        if matches!(byte, START | STX) && matched.is_empty() {
            self.stx = byte == STX;
            if self.stx {
                out.odd("mllp-frame-bytes-other");
            }
            self.begin(out);
            return 1;
        }
        let end = byte == END || byte == ETX && self.stx;
        if matched.is_empty() && (end || matches!(byte, b'\r' | b'\n') || MARK.contains(&byte)) {
            if !told && end {
                out.odd("mllp-frame-bytes-doubled");
                told = true;
            }
            self.stage = Stage::Between { owed, matched, told };
            return 1;
        }
        if let (b"", Some(commit)) = (matched, Commit::bare(byte)) {
            // From here on something is expected of who answers so.
            (self.begun, self.bare) = (true, true);
            out.commit(commit, out.at);
            self.stage = Stage::Between { owed, matched, told };
            return 1;
        }
        let next =
            |name: &&&[u8]| name.starts_with(matched) && name.get(matched.len()) == Some(&byte);
        if let Some(more) = HEADERS.iter().find(next).and_then(|n| n.get(..=matched.len())) {
            self.stage = Stage::Between { owed, matched: more, told };
            return 1;
        }
        if HEADERS.contains(&matched) && is_separator(byte) {
            self.begin_startless(matched, out);
            return 0;
        }
        if self.begun {
            out.odd("mllp-noise");
        }
        // Of a client nothing is expected before its first block.
        if self.begun || out.direction == Direction::ToClient {
            out.unread();
        }
        self.stage = Stage::Seek { line: None, lost: false };
        0
    }

    /// A header stands where a vertical tab should.
    fn begin_startless(&mut self, name: &[u8], out: &mut Out<'_>) {
        out.odd("mllp-start-missing");
        self.stx = false;
        self.begin(out);
        (self.startless, self.unframed) = (true, true);
        self.held.extend_from_slice(name);
    }

    /// Passes over what is no message. `line`: what of an MSH stands at the start of the line at
    /// hand; `lost`: whether something was lost before it.
    pub(super) fn seek(
        &mut self,
        rest: &[u8],
        (line, lost): (Option<u8>, bool),
        out: &mut Out<'_>,
    ) -> usize {
        // STX stands in anything: it is a block's only where blocks had it. So do bare answers, and
        // headers in what is no message. How a server frames is not known where its first answer
        // may be among what was lost.
        let first = lost && !self.begun && out.direction == Direction::ToClient;
        let (bare, unframed) = (self.bare || first, self.unframed || first);
        if !(bare || unframed) {
            // The rest of a block of which a part was lost may be long.
            let stop = if self.stx { memchr2(START, STX, rest) } else { memchr(START, rest) };
            let Some(at) = stop else { return rest.len() };
            self.stx = rest.get(at) == Some(&STX);
            self.begin(out);
            return at + 1;
        }
        let mut line = line;
        for (at, &byte) in rest.iter().enumerate() {
            if byte == START || byte == STX && self.stx {
                self.stx = byte == STX;
                self.begin(out);
                return at + 1;
            }
            if bare && Commit::bare(byte).is_some() {
                self.stage = Stage::default();
                return at;
            }
            let name = begun(line);
            line = match line.and_then(|matched| one_more(matched, byte)) {
                None if unframed && name.len() == MSH.len() && is_separator(byte) => {
                    self.begin_startless(name, out);
                    return at;
                }
                None => ends_line(byte).then_some(0),
                more => more,
            };
        }
        self.stage = Stage::Seek { line, lost };
        rest.len()
    }
}

/// Whether a message may begin behind this byte.
fn ends_line(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n' | END) || Commit::bare(byte).is_some()
}
