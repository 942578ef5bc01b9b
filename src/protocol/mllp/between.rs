//! What stands between blocks, and what of a lane is remembered there.

use crate::model::Direction;
use crate::protocol::bits;

use super::batch::Batch;
use super::commit::Commit;
use super::lane::{END, ETX, Lane, START, STX, Stage};
use super::out::Out;
use super::starts::{LOWER_MSH, MSH, is_separator};

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

    /// What is to be remembered of it between blocks.
    pub(super) fn rest(&self) -> Option<u8> {
        match self.stage {
            Stage::Between { owed, matched: b"", told }
                if self.held.is_empty() && !self.batch.is_remembered() =>
            {
                let open = self.batch.is_open();
                Some(bits([owed, told, self.begun, self.stx, open, self.bare]))
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
            out.odd("mllp-start-missing");
            self.stx = false;
            self.begin(out);
            self.held.extend_from_slice(matched);
            return 0;
        }
        if self.begun {
            out.odd("mllp-noise");
        }
        // Of a client nothing is expected before its first block.
        if self.begun || out.direction == Direction::ToClient {
            out.unread();
        }
        self.stage = Stage::Noise;
        0
    }

    /// Passes over what is no message.
    pub(super) fn seek(&mut self, rest: &[u8], out: &mut Out<'_>) -> usize {
        // STX stands in anything: it is a block's only where blocks had it. So do bare answers.
        let stops = |byte: &u8| match *byte {
            START => true,
            STX => self.stx,
            byte => self.bare && Commit::bare(byte).is_some(),
        };
        let Some(at) = rest.iter().position(stops) else { return rest.len() };
        if !matches!(rest.get(at), Some(&(START | STX))) {
            self.stage = Stage::default();
            return at;
        }
        self.stx = rest.get(at) == Some(&STX);
        self.begin(out);
        at + 1
    }
}
