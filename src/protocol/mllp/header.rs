//! The header of an HL7 v2 message (HL7 v2.8.2 sections 2.14.8 MSH, 2.14.9 MSA), found as its
//! first segments arrive.

use memchr::memchr2;

use crate::model::Hl7Header;

use super::kinds::asks;
use super::starts::is_separator;

/// Segments that may stand before MSH: headers of a file and of a batch.
const BATCH: [&[u8]; 2] = [b"FHS", b"BHS"];
/// Segments that end a batch and a file.
const TRAILERS: [&[u8]; 2] = [b"BTS", b"FTS"];
/// Segments that may stand between MSH and MSA.
const BETWEEN: [&[u8]; 2] = [b"SFT", b"UAC"];
/// Segments that some receivers write before MSA, at most.
const BEFORE_MSA_MAX: u8 = 8;

/// Bytes in which a segment shows its name: a byte order mark, some blanks, three letters.
const NAME_WINDOW: usize = 8;

/// Goes through the first segments of one message, each byte once.
#[derive(Debug, Default)]
pub(super) struct HeaderScan {
    /// Where the segment at hand begins.
    line: usize,
    /// Up to where no end of it was found.
    scanned: usize,
    /// Where MSH was.
    msh: Option<(usize, usize)>,
    /// Where MSA was.
    msa: Option<(usize, usize)>,
    /// Where EVN was, of a message whose MSH names no event.
    evn: Option<(usize, usize)>,
    /// Segments behind MSH that may be passed over until MSA comes, whatever they are.
    passes: u8,
    /// MSH names no event.
    nameless: bool,
    /// A header of a file or of a batch was passed over.
    batch: bool,
    /// The last of them that has a name (FHS-11, BHS-11).
    named: Option<(usize, usize)>,
    /// A trailer of a file or of a batch was passed over.
    trailer: bool,
}

/// What the bytes so far are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scanned {
    /// More are needed.
    NeedMore,
    /// All that the header says is there.
    Whole,
    /// They are headers of a file or of a batch, and no message follows.
    Opening,
    /// They are trailers of a file or of a batch, and no message follows.
    Closing,
    /// They are no HL7 v2.
    Foreign,
}

impl HeaderScan {
    /// Whether nothing was shown to it yet.
    pub(super) fn is_new(&self) -> bool {
        self.line == 0 && self.scanned == 0
    }

    /// Looks at what was appended to `held`; `last` when no more of the header will come.
    pub(super) fn push(&mut self, held: &[u8], last: bool) -> Scanned {
        loop {
            let rest = held.get(self.scanned..).unwrap_or_default();
            let end = memchr2(b'\r', b'\n', rest).map(|at| self.scanned + at);
            self.scanned = end.unwrap_or(held.len());
            let line = held.get(self.line..self.scanned).unwrap_or_default();
            let over = end.is_some() || last;
            match self.segment(line, over) {
                Some(Scanned::NeedMore) | None if end.is_none() => {
                    return if last { self.conclude() } else { Scanned::NeedMore };
                }
                Some(Scanned::NeedMore) | None => {
                    self.scanned += 1;
                    self.line = self.scanned;
                }
                Some(told) => return told,
            }
        }
    }

    /// What one segment says, `None` when it is to be passed over.
    fn segment(&mut self, line: &[u8], over: bool) -> Option<Scanned> {
        let skipped = line.len() - without_mark(line).len();
        let line = without_mark(line);
        if line.is_empty() || (line.len() < 3 && !over) {
            return None;
        }
        let place = Some((self.line + skipped, self.line + skipped + line.len()));
        let is = |names: &[&[u8]]| names.iter().any(|name| is_named(line, name));
        match self.msh {
            None if is(&[b"MSH"]) => {
                if over {
                    self.msh = place;
                    let kind = read(line, b"", b"").kind;
                    self.nameless = !names_event(line);
                    self.passes = if asks(kind) { 0 } else { BEFORE_MSA_MAX };
                }
                Some(Scanned::NeedMore)
            }
            None if is(&BATCH) => {
                self.batch = true;
                if over && !name_of(line).is_empty() {
                    self.named = place;
                }
                None
            }
            None if is(&TRAILERS) => {
                self.trailer = true;
                None
            }
            None if is(&[b"MSA"]) && line.get(3).is_none_or(|b| is_separator(*b)) => {
                if over {
                    self.msa = place;
                    return Some(Scanned::Whole);
                }
                Some(Scanned::NeedMore)
            }
            None => Some(Scanned::Foreign),
            Some(_) if is(&[b"MSA"]) => {
                if over {
                    self.msa = place;
                    return Some(Scanned::Whole);
                }
                Some(Scanned::NeedMore)
            }
            Some(_) if is(&[b"EVN"]) && self.nameless => {
                if over {
                    self.evn = place;
                    self.nameless = false;
                    return (self.passes == 0).then_some(Scanned::Whole);
                }
                Some(Scanned::NeedMore)
            }
            Some(_) if is(&BETWEEN) => None,
            Some(_) if is(&[b"MSH"]) || is(&BATCH) || is(&TRAILERS) => Some(Scanned::Whole),
            Some(_) if self.passes > 0 => {
                self.passes -= u8::from(over);
                None
            }
            Some(_) => Some(Scanned::Whole),
        }
    }

    fn conclude(&self) -> Scanned {
        match self.msh {
            Some(_) => Scanned::Whole,
            None if self.batch => Scanned::Opening,
            None if self.trailer => Scanned::Closing,
            None => Scanned::Foreign,
        }
    }

    /// Whether the message stands behind the header of a batch.
    pub(super) fn begins_batch(&self) -> bool {
        self.batch
    }

    /// Whether MSA stands alone.
    pub(super) fn lacks_header(&self) -> bool {
        self.msh.is_none() && self.msa.is_some()
    }

    /// What the batch is called whose header was passed over: BHS-11, or else FHS-11.
    pub(super) fn batch_name<'a>(&self, held: &'a [u8]) -> Option<&'a [u8]> {
        self.named.and_then(|(from, to)| held.get(from..to)).map(name_of)
    }

    /// Whether the segment at hand may still lack its name, `held` bytes being there.
    pub(super) fn awaits_name(&self, held: usize) -> bool {
        held.saturating_sub(self.line) < NAME_WINDOW
    }

    /// How many of the bytes lie before the segment that showed the header to be whole.
    pub(super) fn header_bytes(&self) -> usize {
        self.msh.map_or(0, |(_, end)| end.max(self.line))
    }

    /// The header, once it is whole.
    pub(super) fn header<'a>(&self, held: &'a [u8]) -> Hl7Header<'a> {
        let at = |place: Option<(usize, usize)>| {
            place.and_then(|(from, to)| held.get(from..to)).unwrap_or_default()
        };
        match self.lacks_header() {
            true => Hl7Header {
                kind: b"ACK",
                acknowledges: Some(answered(at(self.msa))),
                ..Hl7Header::default()
            },
            false => read(at(self.msh), at(self.msa), at(self.evn)),
        }
    }
}

/// What stands behind the start of a block of HLLP (HL7 v2.3 appendix C: `D23`, and a line end that
/// some leave out); `None` while that may still be one.
pub(super) fn without_hllp(text: &[u8]) -> Option<&[u8]> {
    let digit = |at: usize| text.get(at).is_none_or(u8::is_ascii_digit);
    if text.first() != Some(&b'D') || !digit(1) || !digit(2) {
        return Some(text);
    }
    match text.get(3..)? {
        [] => None,
        [b'\r', behind @ ..] => Some(behind),
        behind => Some(behind),
    }
}

/// The control id of a batch or file in its header (HL7 v2.8.2 sections 2.14.2 and 2.14.6): field
/// 11, of which the separator is the first.
fn name_of(header: &[u8]) -> &[u8] {
    let Some(separator) = header.get(3) else { return b"" };
    header.split(|b| b == separator).nth(10).unwrap_or_default().trim_ascii()
}

/// Whether MSH-9 has a second component.
fn names_event(msh: &[u8]) -> bool {
    let (Some(separator), Some(mark)) = (msh.get(3), msh.get(4)) else { return false };
    // The separator itself is MSH-1.
    let kind = msh.split(|b| b == separator).nth(8).unwrap_or_default();
    kind.split(|b| b == mark).nth(1).is_some_and(|event| !event.is_empty())
}

/// Whether a segment has a name; some senders write it in lower case.
pub(super) fn is_named(line: &[u8], name: &[u8]) -> bool {
    line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
}

/// Without a byte order mark and blanks: both are seen before MSH.
fn without_mark(line: &[u8]) -> &[u8] {
    line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii_start()
}

/// Whether MSH-15 and MSH-16 ask for an acknowledgement whatever becomes of the message (HL7 v2.8.2
/// section 2.9.2): always in the original mode, in which both are empty, else where one says `AL`.
fn expects(accept: &[u8], application: &[u8]) -> bool {
    let both = [accept.trim_ascii(), application.trim_ascii()];
    both.iter().all(|b| b.is_empty()) || both.iter().any(|b| b.eq_ignore_ascii_case(b"AL"))
}

/// MSA-1 and MSA-2. Its fields are separated as those of the message are.
fn answered(msa: &[u8]) -> (&[u8], &[u8]) {
    let Some(separator) = msa.get(3) else { return (b"", b"") };
    let mut parts = msa.split(|b| b == separator).skip(1);
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}

/// Reads MSH, and MSA and EVN where there is one (else empty). Where MSH-9 lacks type or event its
/// third component has them, but for the event that EVN-1 names.
pub(super) fn read<'a>(msh: &'a [u8], msa: &'a [u8], evn: &'a [u8]) -> Hl7Header<'a> {
    let Some(separator) = msh.get(3) else { return Hl7Header::default() };
    let mut fields = [&b""[..]; 17];
    // The separator itself is MSH-1.
    let parts = msh.splitn(18, |b| b == separator);
    for (place, part) in fields.iter_mut().skip(1).zip(parts) {
        *place = part;
    }
    let [_, _, marks, app, facility, to_app, to_facility, _, _, kind, id, _, version, ..] = fields;
    let [.., accept, application] = fields;
    let mark = *marks.first().unwrap_or(&b'^');
    let component = |field: &'a [u8], n| field.split(|b| *b == mark).nth(n).unwrap_or_default();
    let acknowledges = is_named(msa, b"MSA").then(|| {
        let mut parts = msa.split(|b| b == separator).skip(1);
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
    });
    let mut structure = component(kind, 2).splitn(2, |b| *b == b'_');
    let mut or_of_structure = |said: &'a [u8]| {
        let other = structure.next().unwrap_or_default();
        if said.is_empty() { other } else { said }
    };
    let (kind, event) = (component(kind, 0), component(kind, 1));
    let recorded = evn.split(|b| b == separator).nth(1).unwrap_or_default();
    let event = if event.is_empty() { recorded } else { event };
    Hl7Header {
        kind: or_of_structure(kind),
        event: or_of_structure(event),
        control_id: id,
        version: component(version, 0),
        sender: [component(app, 0), component(facility, 0)],
        receiver: [component(to_app, 0), component(to_facility, 0)],
        acknowledges,
        unasked: !expects(accept, application),
        batch: 0,
        commit_only: application.trim_ascii().eq_ignore_ascii_case(b"NE"),
        foreign: false,
    }
}
