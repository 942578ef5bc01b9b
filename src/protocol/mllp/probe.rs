//! Whether a flow speaks MLLP, and which way its messages go.

use crate::base::limits::PROBE_BYTES_MAX;
use crate::model::Direction;
use crate::protocol::{Protocol, Verdict};

use super::header;
use super::kinds::answers;
use super::parser::MllpParser;
use super::wide::{self, Width};

/// The registry's entry.
pub static PROTOCOL: Protocol = Protocol {
    name: "mllp",
    ports: &[2575],
    probe,
    start_line,
    parser: Some(|| Box::new(MllpParser::default())),
    read: true,
};

/// What begins and ends a block, and what some write in place of its begin.
const START: u8 = 0x0b;
const END: u8 = 0x1c;
const STX: u8 = 0x02;
/// What a commit of release 2 is.
const ACK: u8 = 0x06;
const NAK: u8 = 0x15;

/// Headers of a message, a batch and a file.
const STARTS: [&[u8]; 3] = [b"MSH", b"BHS", b"FHS"];

/// A block, possibly with blanks and empty blocks before it, and a byte order mark or blanks before
/// its header. A message that answers goes to the client, any other to the server: else the server
/// speaks first, or an acknowledgement comes on a connection of its own.
fn probe(direction: Direction, bytes: &[u8]) -> Verdict {
    let bytes = bytes.get(..PROBE_BYTES_MAX).unwrap_or(bytes);
    // Line ends of a terminal, or what keeps a connection alive.
    let (begun, blocks) = without_empty(bytes);
    // Half of a start block in UTF-16.
    let begun = match begun {
        [0] => return Verdict::NeedMore,
        [0, behind @ ..] => behind,
        _ => begun,
    };
    if matches!(begun, [] | [START]) {
        return match bytes.len() < PROBE_BYTES_MAX {
            true => Verdict::NeedMore,
            // Nobody else sends so many of them.
            false if blocks => Verdict::Match,
            false => Verdict::NoMatch,
        };
    }
    let (start, block) = match begun {
        [start @ (START | STX), block @ ..] => (*start, block),
        _ => return bare(direction, bytes, begun),
    };
    let block = block.iter().position(|b| *b != start).and_then(|at| block.get(at..));
    let text = block.unwrap_or_default();
    match wide::tell(text) {
        Width::NeedMore => return Verdict::NeedMore,
        Width::Wide(order, skip) => {
            let text = wide::narrowed(order, text.get(skip..).unwrap_or_default());
            return headed(direction, bytes.len(), &text);
        }
        Width::Narrow => {}
    }
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii_start();
    headed(direction, bytes.len(), text)
}

/// What follows blanks, blocks without anything in them, and commits of MLLP release 2, in blocks
/// or bare: with them connections are kept alive. Whether there were such blocks.
fn without_empty(bytes: &[u8]) -> (&[u8], bool) {
    let (mut rest, mut blocks) = (bytes.trim_ascii_start(), false);
    loop {
        let behind = match rest {
            [START, END, behind @ ..] | [START, ACK | NAK, END, behind @ ..] => {
                blocks = true;
                behind
            }
            [ACK | NAK, behind @ ..] => behind,
            [START, ACK | NAK] => &[],
            _ => return (rest, blocks),
        };
        rest = behind.trim_ascii_start();
    }
}

/// What `text`, the start of a block within the first `seen` bytes, says.
fn headed(direction: Direction, seen: usize, text: &[u8]) -> Verdict {
    let Some(text) = header::without_hllp(text) else { return Verdict::NeedMore };
    if text.len() < 3 {
        let upper = text.to_ascii_uppercase();
        let may = STARTS.iter().any(|start| start.starts_with(&upper))
            || b"\xef\xbb\xbf".starts_with(text);
        return if may { Verdict::NeedMore } else { Verdict::NoMatch };
    }
    if !STARTS.iter().any(|start| header::is_named(text, start)) {
        return Verdict::NoMatch;
    }
    told(direction, seen, text)
}

/// A message, batch or file without a vertical tab before it: only one that begins with all that it
/// should, a byte order mark apart.
fn bare(direction: Direction, seen: &[u8], bytes: &[u8]) -> Verdict {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    const USUAL: &[u8] = b"|^~\\&";
    let text = bytes.strip_prefix(MARK).unwrap_or(bytes);
    let (name, rest) = text.split_at_checked(3).unwrap_or((text, b""));
    let begins = |start: &&[u8]| start.get(..name.len()).is_some_and(|s| is_one_case(name, s));
    let may = STARTS.iter().any(begins) && USUAL.starts_with(rest);
    if may && rest.len() < USUAL.len() || MARK.starts_with(bytes) {
        Verdict::NeedMore
    } else if STARTS.iter().any(|start| is_one_case(name, start)) && rest.starts_with(USUAL) {
        told(direction, seen.len(), text)
    } else {
        Verdict::NoMatch
    }
}

/// Whether a name is `name`, all in capitals or none.
fn is_one_case(text: &[u8], name: &[u8]) -> bool {
    text == name || text == name.to_ascii_lowercase()
}

/// What `text`, the start of a message within the first `seen` bytes, says.
fn told(direction: Direction, seen: usize, text: &[u8]) -> Verdict {
    match goes(text) {
        Some(goes) if goes == direction => Verdict::Match,
        Some(_) => Verdict::Turned,
        // Its type comes late: it is held to be a message as soon as the window is used up.
        None if seen < PROBE_BYTES_MAX => Verdict::NeedMore,
        None if direction == Direction::ToServer => Verdict::Match,
        None => Verdict::Turned,
    }
}

/// Which way a message goes that begins with `text`; `None` while its type is not there. Batches
/// are sent, seldom answered with.
fn goes(text: &[u8]) -> Option<Direction> {
    let separator = text.get(3)?;
    if !header::is_named(text, b"MSH") {
        return Some(Direction::ToServer);
    }
    let line = text.split(|b| matches!(b, b'\r' | b'\n' | 0x1c)).next().unwrap_or_default();
    let whole = line.len() < text.len();
    if !whole && line.iter().filter(|b| *b == separator).count() < 9 {
        return None;
    }
    let kind = header::read(line, b"", b"").kind;
    Some(if answers(kind) { Direction::ToClient } else { Direction::ToServer })
}

/// `MSH|^~\&|…` at the start of a line or block.
fn start_line(line: &[u8], whole: bool) -> Option<(usize, Direction)> {
    if !whole {
        return None;
    }
    let line = line.strip_prefix(b"\x0b").or(line.strip_prefix(b"\x02")).unwrap_or(line);
    let separator = line.strip_prefix(b"MSH").or(line.strip_prefix(b"msh"))?.first()?;
    // Three separators at least, so that no word makes a flow one.
    let plain = !separator.is_ascii_alphanumeric() && (*separator > b' ' || *separator == b'\t');
    let marks = line.get(4..)?.split(|b| b == separator).next()?;
    (plain && (1..=5).contains(&marks.len())).then_some(())?;
    Some((0, goes(line).unwrap_or(Direction::ToServer)))
}
