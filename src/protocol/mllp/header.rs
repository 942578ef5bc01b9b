//! The header of an HL7 v2 message (HL7 v2.8.2 sections 2.14.8 MSH, 2.14.9 MSA), found as its
//! first segments arrive.

use memchr::memchr2;

use crate::model::Hl7Header;

/// Segments that may stand before MSH: headers of a file and of a batch.
const BATCH: [&[u8]; 2] = [b"FHS", b"BHS"];
/// Segments that may stand between MSH and MSA.
const BETWEEN: [&[u8]; 2] = [b"SFT", b"UAC"];

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
    /// A header of a file or of a batch was passed over.
    batch: bool,
}

/// What the bytes so far are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scanned {
    /// More are needed.
    NeedMore,
    /// All that the header says is there.
    Whole,
    /// They are no HL7 v2.
    Foreign,
}

impl HeaderScan {
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
        let is = |names: &[&[u8]]| names.iter().any(|name| line.starts_with(name));
        match self.msh {
            None if is(&[b"MSH"]) => {
                if over {
                    self.msh = place;
                }
                Some(Scanned::NeedMore)
            }
            None if is(&BATCH) => {
                self.batch = true;
                None
            }
            None => Some(Scanned::Foreign),
            Some(_) if is(&[b"MSA"]) => {
                if over {
                    self.msa = place;
                    return Some(Scanned::Whole);
                }
                Some(Scanned::NeedMore)
            }
            Some(_) if is(&BETWEEN) => None,
            Some(_) => Some(Scanned::Whole),
        }
    }

    fn conclude(&self) -> Scanned {
        if self.msh.is_some() { Scanned::Whole } else { Scanned::Foreign }
    }

    /// Whether the message stands behind the header of a batch.
    pub(super) fn begins_batch(&self) -> bool {
        self.batch
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
        read(at(self.msh), at(self.msa))
    }
}

/// Without a byte order mark and blanks: both are seen before MSH.
fn without_mark(line: &[u8]) -> &[u8] {
    line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii_start()
}

/// Whether MSH-15 and MSH-16 ask for an acknowledgement whatever becomes of the message (HL7 v2.8.2
/// section 2.9.2): always in the original mode, in which both are empty, else where one says `AL`.
fn asks(accept: &[u8], application: &[u8]) -> bool {
    let both = [accept.trim_ascii(), application.trim_ascii()];
    both.iter().all(|b| b.is_empty()) || both.iter().any(|b| b.eq_ignore_ascii_case(b"AL"))
}

/// Reads MSH, and MSA where there is one (else empty).
pub(super) fn read<'a>(msh: &'a [u8], msa: &'a [u8]) -> Hl7Header<'a> {
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
    let acknowledges = msa.starts_with(b"MSA").then(|| {
        let mut parts = msa.split(|b| b == separator).skip(1);
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
    });
    Hl7Header {
        kind: component(kind, 0),
        event: component(kind, 1),
        control_id: id,
        version: component(version, 0),
        sender: [component(app, 0), component(facility, 0)],
        receiver: [component(to_app, 0), component(to_facility, 0)],
        acknowledges,
        unasked: !asks(accept, application),
    }
}
