//! Records and handshake messages of one direction (RFC 8446 sections 4 and 5.1), wherever the
//! bytes are cut: a record may come in many segments, a message in many records.

use crate::base::Cursor;
use crate::base::limits::TLS_HANDSHAKE_BYTES_MAX;

/// Longest record: 2^14 bytes and the room RFC 5246 leaves for expansion.
pub const RECORD_BYTES_MAX: u16 = (1 << 14) + 2048;

const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;
const HEARTBEAT: u8 = 24;

/// Bytes of the header of a record.
const HEADER_BYTES: usize = 5;
/// Type and length of a handshake message.
const MESSAGE_HEADER_BYTES: usize = 4;
/// The first bytes of a hello of SSL 2.0: its length, with the high bit set.
const SSL2_HEADER_BYTES: usize = 2;

/// What one direction says in the clear.
#[derive(Clone, Copy, Debug)]
pub enum Said<'a> {
    /// A handshake message: its type and its body.
    Handshake(u8, &'a [u8]),
    /// A message of SSL 2.0: all of it behind the length.
    Ssl2(&'a [u8]),
    /// Level and description.
    Alert(u8, u8),
    /// Something odd, by name; reading goes on.
    Odd(&'static str),
    /// No more can be read, for this reason.
    Lost(&'static str),
}

/// What whoever listens wants next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Go on.
    More,
    /// All that follows is encrypted, or of no interest.
    Done,
}

/// One direction.
#[derive(Debug, Default)]
pub struct Records {
    stage: Stage,
    /// The header of the record at hand, an alert, or the start of a message of SSL 2.0.
    head: Vec<u8>,
    /// Handshake bytes that are not told yet.
    message: Vec<u8>,
    /// Bytes of a message that is too long, still to come.
    skip: usize,
    /// A change_cipher_spec came: only another hello may still be in the clear.
    sealed: bool,
    /// Behind the first handshake another began, or may have.
    again: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// Nothing came yet.
    #[default]
    Start,
    /// In the header of a record.
    Header,
    /// In a record: its type, its length and how much of it is still to come.
    Record { kind: u8, length: usize, left: usize },
    /// In a message of SSL 2.0, so much of it is still to come.
    Ssl2 { left: usize },
    /// The handshake has ended, and nothing but the kinds of records shows any more; so much of the
    /// one at hand is still to come.
    Hidden { left: usize },
    /// No more is read.
    Done,
}

impl Records {
    /// Whether nothing more is read from this direction.
    pub fn is_done(&self) -> bool {
        self.stage == Stage::Done
    }

    /// Whether the handshake has ended, and what follows is encrypted.
    pub fn is_hidden(&self) -> bool {
        matches!(self.stage, Stage::Hidden { .. } | Stage::Done)
    }

    /// Whether another handshake began behind the first one, or may have.
    pub fn has_more(&self) -> bool {
        self.again
    }

    /// Reads no more.
    pub fn finish(&mut self) {
        *self = Records { stage: Stage::Done, again: self.again, ..Records::default() };
    }

    /// Something of it was lost: reads no more.
    pub fn lose_sight(&mut self) {
        self.again |= matches!(self.stage, Stage::Hidden { .. });
        self.finish();
    }

    /// The first encrypted message of the handshake is its last.
    fn hide(&mut self, left: usize) {
        *self = Records { stage: Stage::Hidden { left }, ..Records::default() };
    }

    /// Heap bytes held.
    pub fn held_bytes(&self) -> usize {
        self.head.capacity() + self.message.capacity()
    }

    /// Takes the next bytes and gives what they complete to `each`.
    pub fn push(&mut self, bytes: &[u8], each: &mut dyn FnMut(Said<'_>) -> Next) {
        let mut rest = bytes;
        while !rest.is_empty() && !self.is_done() {
            let used = match self.stage {
                Stage::Start => {
                    let ssl2 = rest.first().is_some_and(|b| b & 0x80 != 0);
                    self.stage = if ssl2 { Stage::Ssl2 { left: 0 } } else { Stage::Header };
                    0
                }
                Stage::Header => self.header(rest, each),
                Stage::Record { kind, length, left } => {
                    self.record(rest, (kind, length, left), each)
                }
                Stage::Ssl2 { left } => self.ssl2(rest, left, each),
                Stage::Hidden { left: 0 } => self.hidden(rest),
                Stage::Hidden { left } => {
                    let used = left.min(rest.len());
                    self.stage = Stage::Hidden { left: left - used };
                    used
                }
                Stage::Done => rest.len(),
            };
            rest = rest.get(used..).unwrap_or_default();
        }
    }

    fn lose(&mut self, why: &'static str, each: &mut dyn FnMut(Said<'_>) -> Next) {
        each(Said::Lost(why));
        self.finish();
    }

    fn header(&mut self, rest: &[u8], each: &mut dyn FnMut(Said<'_>) -> Next) -> usize {
        let used = fill(&mut self.head, HEADER_BYTES, rest);
        let &[kind, major, _, high, low] = self.head.as_slice() else { return used };
        self.head.clear();
        let length = u16::from_be_bytes([high, low]);
        let known = (CHANGE_CIPHER_SPEC..=HEARTBEAT).contains(&kind) && major == 3;
        if !known || length > RECORD_BYTES_MAX {
            self.lose("tls-not-a-record", each);
            return used;
        }
        let length = usize::from(length);
        let encrypted = match kind {
            APPLICATION_DATA => true,
            ALERT => self.sealed || length != 2,
            // Behind change_cipher_spec only a hello may come in the clear: the second one, where
            // the server asked for it (RFC 8446 appendix D.4). Messages are not spread then.
            HANDSHAKE => self.sealed && (length < MESSAGE_HEADER_BYTES || !self.message.is_empty()),
            _ => false,
        };
        if encrypted && kind == HANDSHAKE {
            self.hide(length);
        } else if encrypted {
            self.finish();
        } else if length > 0 {
            if kind == CHANGE_CIPHER_SPEC && self.is_amidst_message() {
                each(Said::Odd("tls-record-within-message"));
            }
            self.stage = Stage::Record { kind, length, left: length };
        }
        used
    }

    fn record(
        &mut self,
        rest: &[u8],
        (kind, length, left): (u8, usize, usize),
        each: &mut dyn FnMut(Said<'_>) -> Next,
    ) -> usize {
        let bytes = rest.get(..left).unwrap_or(rest);
        let left = left - bytes.len();
        self.stage = if left == 0 { Stage::Header } else { Stage::Record { kind, length, left } };
        match kind {
            HANDSHAKE => self.handshake(bytes, length, each),
            ALERT => {
                self.head.extend_from_slice(bytes);
                if let &[level, description] = self.head.as_slice() {
                    self.head.clear();
                    if each(Said::Alert(level, description)) == Next::Done {
                        self.finish();
                    }
                }
            }
            // Within a message it is none of the protocol's (RFC 8446 section 5.1): what follows it
            // is still the message, and in the clear.
            CHANGE_CIPHER_SPEC => self.sealed |= !self.is_amidst_message(),
            _ => {}
        }
        bytes.len()
    }

    /// The header of an encrypted record. Behind the end of the handshake only another one is a
    /// handshake; behind anything else it is told.
    fn hidden(&mut self, rest: &[u8]) -> usize {
        let used = fill(&mut self.head, HEADER_BYTES, rest);
        if let &[kind, major, ..] = self.head.as_slice()
            && self.head.len() == HEADER_BYTES
        {
            self.again |= kind == HANDSHAKE && major == 3;
            self.finish();
        }
        used
    }

    /// Whether a handshake message has begun of which bytes are missing.
    fn is_amidst_message(&self) -> bool {
        !self.message.is_empty() || self.skip > 0
    }

    fn handshake(&mut self, bytes: &[u8], length: usize, each: &mut dyn FnMut(Said<'_>) -> Next) {
        let skipped = self.skip.min(bytes.len());
        self.skip -= skipped;
        self.message.extend_from_slice(bytes.get(skipped..).unwrap_or_default());
        let held = std::mem::take(&mut self.message);
        let mut cursor = Cursor::new(&held);
        while let Some((kind, size)) = message_header(cursor) {
            if self.sealed && !(matches!(kind, 1 | 2) && size + MESSAGE_HEADER_BYTES == length) {
                return match self.stage {
                    Stage::Record { left, .. } => self.hide(left),
                    _ => self.hide(0),
                };
            }
            if size > TLS_HANDSHAKE_BYTES_MAX {
                each(Said::Odd("tls-handshake-too-long"));
                let here = cursor.rest().len().min(size + MESSAGE_HEADER_BYTES);
                cursor.take(here);
                self.skip = size + MESSAGE_HEADER_BYTES - here;
                continue;
            }
            let Some(whole) = cursor.take(size + MESSAGE_HEADER_BYTES) else { break };
            let body = whole.get(MESSAGE_HEADER_BYTES..).unwrap_or_default();
            if each(Said::Handshake(kind, body)) == Next::Done {
                return self.finish();
            }
        }
        let told = held.len() - cursor.rest().len();
        self.message = held;
        self.message.drain(..told);
        if self.message.is_empty() {
            // Most directions say two or three messages: what they took is given back.
            self.message = Vec::new();
        }
    }

    fn ssl2(&mut self, rest: &[u8], left: usize, each: &mut dyn FnMut(Said<'_>) -> Next) -> usize {
        if self.message.len() + self.head.len() < SSL2_HEADER_BYTES && left == 0 {
            let used = fill(&mut self.head, SSL2_HEADER_BYTES, rest);
            if let &[high, low] = self.head.as_slice() {
                let length = usize::from(u16::from_be_bytes([high & 0x7f, low]));
                if length == 0 {
                    self.lose("tls-not-a-record", each);
                } else {
                    self.stage = Stage::Ssl2 { left: length };
                }
            }
            return used;
        }
        let bytes = rest.get(..left).unwrap_or(rest);
        self.message.extend_from_slice(bytes);
        let left = left - bytes.len();
        self.stage = Stage::Ssl2 { left };
        if left == 0 {
            let message = std::mem::take(&mut self.message);
            self.head.clear();
            self.stage = Stage::Header;
            if each(Said::Ssl2(&message)) == Next::Done {
                self.finish();
            }
        }
        bytes.len()
    }
}

/// Fills `held` up to `size` bytes: how many of `rest` that took.
fn fill(held: &mut Vec<u8>, size: usize, rest: &[u8]) -> usize {
    let room = size.saturating_sub(held.len());
    let bytes = rest.get(..room).unwrap_or(rest);
    held.extend_from_slice(bytes);
    bytes.len()
}

/// Type and size of the message that begins here, once they are there.
fn message_header(mut cursor: Cursor<'_>) -> Option<(u8, usize)> {
    let kind = cursor.u8()?;
    let [high, middle, low] = cursor.array()?;
    Some((kind, usize::try_from(u32::from_be_bytes([0, high, middle, low])).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(pieces: &[&[u8]]) -> (Vec<String>, bool) {
        let mut records = Records::default();
        let mut out = Vec::new();
        for piece in pieces {
            records.push(piece, &mut |said| {
                out.push(match said {
                    Said::Handshake(kind, body) => format!("{kind} {}", body.len()),
                    other => format!("{other:?}"),
                });
                Next::More
            });
        }
        (out, records.is_hidden())
    }

    #[test]
    fn a_message_may_come_in_many_records_and_many_messages_in_one() {
        let spread = b"\x16\x03\x03\x00\x03\x0b\x00\x00\x16\x03\x03\x00\x03\x02ab";
        assert_eq!(said(&[spread]), (vec!["11 2".to_owned()], false));
        let joined = b"\x16\x03\x03\x00\x09\x0e\x00\x00\x00\x0d\x00\x00\x01x";
        assert_eq!(said(&[joined]).0, ["14 0", "13 1"]);
        let bytes: Vec<&[u8]> = spread.chunks(1).collect();
        assert_eq!(said(&bytes), said(&[spread]));
    }

    #[test]
    fn a_record_of_another_kind_within_a_message_does_not_end_it() {
        let (begin, end) = (b"\x16\x03\x01\x00\x05\x01\x00\x00\x04a", b"\x16\x03\x01\x00\x03bcd");
        let odd = r#"Odd("tls-record-within-message")"#;
        for (stray, told) in [
            (&b"\x14\x03\x03\x00\x01\x01"[..], vec![odd, "1 4"]),
            (b"\x15\x03\x03\x00\x02\x01\x5a", vec!["Alert(1, 90)", "1 4"]),
            (b"\x18\x03\x03\x00\x03\x01\x00\x00", vec!["1 4"]),
        ] {
            let whole = [begin, stray, end].concat();
            let told: Vec<String> = told.iter().map(|t| (*t).to_owned()).collect();
            assert_eq!(said(&[&whole]), (told.clone(), false));
            let bytes: Vec<&[u8]> = whole.chunks(1).collect();
            assert_eq!(said(&bytes), (told, false));
        }
        // Behind the message it seals as ever.
        let seal = b"\x14\x03\x03\x00\x01\x01";
        let whole = [begin, &seal[..], end, seal, b"\x16\x03\x03\x00\x02\x9f\x00"].concat();
        assert_eq!(said(&[&whole]), (vec![odd.to_owned(), "1 4".to_owned()], true));
    }

    #[test]
    fn behind_change_cipher_spec_only_a_hello_is_in_the_clear() {
        let seal: &[u8] = b"\x14\x03\x03\x00\x01\x01";
        let finished = b"\x16\x03\x03\x00\x06\x9f\x00\x11\x22\x33\x44";
        assert_eq!(said(&[seal, finished]), (vec![], true));
        let hello = b"\x16\x03\x03\x00\x06\x01\x00\x00\x02ab";
        assert_eq!(said(&[seal, hello]), (vec!["1 2".to_owned()], false));
    }

    #[test]
    fn application_data_and_encrypted_alerts_end_what_can_be_read() {
        assert_eq!(said(&[b"\x17\x03\x03\x00\x05hello"]), (vec![], true));
        assert_eq!(said(&[b"\x15\x03\x03\x00\x1a"]), (vec![], true));
        let alert = said(&[b"\x15\x03\x03\x00\x02\x02", b"\x28"]);
        assert_eq!(alert, (vec!["Alert(2, 40)".to_owned()], false));
    }

    #[test]
    fn what_is_no_record_is_told_and_a_message_that_is_too_long_passed_over() {
        assert_eq!(said(&[b"GET / HTTP/1.1"]).0, [r#"Lost("tls-not-a-record")"#]);
        let mut long = b"\x16\x03\x03\x40\x00\x0b\x7f\xff\xff".to_vec();
        long.resize(5 + 0x4000, 0);
        let rest = 0x7f_ffff + 4 - 0x4000;
        let record = [&b"\x16\x03\x03\x40\x00"[..], &[0; 0x4000]].concat();
        let mut pieces = vec![long.as_slice()];
        pieces.extend(std::iter::repeat_n(record.as_slice(), rest / 0x4000));
        let last = rest % 0x4000;
        let tail = [&b"\x16\x03\x03"[..], &u16::try_from(last + 4).unwrap().to_be_bytes()].concat();
        let tail = [tail, vec![0; last], b"\x0e\x00\x00\x00".to_vec()].concat();
        pieces.push(&tail);
        assert_eq!(said(&pieces).0, [r#"Odd("tls-handshake-too-long")"#, "14 0"]);
    }
}
