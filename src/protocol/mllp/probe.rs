//! Whether a flow speaks MLLP, and which way its messages go.

use crate::base::limits::PROBE_BYTES_MAX;
use crate::model::Direction;
use crate::protocol::{Protocol, Verdict};

use super::header;
use super::parser::MllpParser;

/// The registry's entry.
pub static PROTOCOL: Protocol = Protocol {
    name: "mllp",
    ports: &[2575],
    probe,
    start_line,
    parser: Some(|| Box::new(MllpParser::default())),
    read: true,
};

/// Headers of a message, a batch and a file.
const STARTS: [&[u8]; 3] = [b"MSH", b"BHS", b"FHS"];

/// Message types that answer others, by which a side is told as the one that answers (HL7 v2.8.2
/// table 0076, the responses of its chapters).
const ANSWERS: [&[u8]; 50] = [
    b"ACK", b"ADR", b"BRT", b"CRF", b"DBC", b"EAR", b"ERP", b"MCF", b"MFK", b"MFR", b"NMR", b"ORA",
    b"ORB", b"ORD", b"ORF", b"ORG", b"ORI", b"ORL", b"ORN", b"ORP", b"ORR", b"ORS", b"ORX", b"OSR",
    b"PRR", b"RAR", b"RCI", b"RCL", b"RDR", b"RDY", b"RER", b"RGR", b"ROR", b"RPI", b"RPL", b"RPR",
    b"RRA", b"RRD", b"RRE", b"RRG", b"RRI", b"RSP", b"RTB", b"SQR", b"SRR", b"TBR", b"VXR", b"VXX",
    b"PTR", b"PPV",
];

/// A block, possibly with blanks before it, and a byte order mark or blanks before its header. A
/// message that answers goes to the client, any other to the server.
fn probe(direction: Direction, bytes: &[u8]) -> Verdict {
    // Line ends of a terminal, or what keeps a connection alive.
    let begun = bytes.trim_ascii_start();
    if begun.is_empty() && bytes.len() < PROBE_BYTES_MAX {
        return Verdict::NeedMore;
    }
    let Some(block) = begun.strip_prefix(b"\x0b") else {
        return bare(direction, bytes);
    };
    let block = block.iter().position(|b| *b != 0x0b).and_then(|at| block.get(at..));
    let text = block.unwrap_or_default();
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii_start();
    if text.len() < 3 {
        let may =
            STARTS.iter().any(|start| start.starts_with(text)) || b"\xef\xbb\xbf".starts_with(text);
        return if may { Verdict::NeedMore } else { Verdict::NoMatch };
    }
    if !STARTS.iter().any(|start| text.starts_with(start)) {
        return Verdict::NoMatch;
    }
    told(direction, bytes.len(), text)
}

/// A message, batch or file without a vertical tab before it: only one that begins with all that it
/// should, a byte order mark apart.
fn bare(direction: Direction, bytes: &[u8]) -> Verdict {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    const USUAL: &[u8] = b"|^~\\&";
    let text = bytes.strip_prefix(MARK).unwrap_or(bytes);
    let (name, rest) = text.split_at_checked(3).unwrap_or((text, b""));
    let may = STARTS.iter().any(|start| start.starts_with(name)) && USUAL.starts_with(rest);
    if may && rest.len() < USUAL.len() || MARK.starts_with(bytes) {
        Verdict::NeedMore
    } else if STARTS.contains(&name) && rest.starts_with(USUAL) {
        told(direction, bytes.len(), text)
    } else {
        Verdict::NoMatch
    }
}

/// What `text`, the start of a message within the first `seen` bytes, says.
fn told(direction: Direction, seen: usize, text: &[u8]) -> Verdict {
    match goes(text) {
        Some(goes) if goes == direction => Verdict::Match,
        Some(_) => Verdict::NoMatch,
        // Its type comes late: it is held to be a message as soon as the window is used up.
        None if seen < PROBE_BYTES_MAX => Verdict::NeedMore,
        None if direction == Direction::ToServer => Verdict::Match,
        None => Verdict::NoMatch,
    }
}

/// Which way a message goes that begins with `text`; `None` while its type is not there. Batches
/// are sent, seldom answered with.
fn goes(text: &[u8]) -> Option<Direction> {
    let separator = text.get(3)?;
    if !text.starts_with(b"MSH") {
        return Some(Direction::ToServer);
    }
    let line = text.split(|b| matches!(b, b'\r' | b'\n' | 0x1c)).next().unwrap_or_default();
    let whole = line.len() < text.len();
    if !whole && line.iter().filter(|b| *b == separator).count() < 9 {
        return None;
    }
    let kind = header::read(line, b"").kind;
    Some(if ANSWERS.contains(&kind) { Direction::ToClient } else { Direction::ToServer })
}

/// `MSH|^~\&|…` at the start of a line or block.
fn start_line(line: &[u8], whole: bool) -> Option<(usize, Direction)> {
    if !whole {
        return None;
    }
    let line = line.strip_prefix(b"\x0b").unwrap_or(line);
    let separator = line.strip_prefix(b"MSH")?.first()?;
    // Three separators at least, so that no word makes a flow one.
    let plain = !separator.is_ascii_alphanumeric() && *separator > b' ';
    let marks = line.get(4..)?.split(|b| b == separator).next()?;
    (plain && (1..=5).contains(&marks.len())).then_some(())?;
    Some((0, goes(line).unwrap_or(Direction::ToServer)))
}
