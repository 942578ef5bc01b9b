//! Line feeds within fields. The standard ends segments with CR (HL7 v2.8.2 section 2.4), and some
//! senders with LF: how a header ends says which of them the segments of its message do, so that a
//! line feed in a text is of that text.

use super::super::super::{FieldSink, PathTable};
use super::super::marks::is_header;
use super::super::segments::{is_known, is_name};
use super::{At, Hl7Walker};

impl Hl7Walker {
    /// How a header ends says how the segments of its message do. Those that end with CR LF leave
    /// an empty line between them.
    pub(super) fn ends_header(&mut self, end: u8) {
        if is_header(self.name) {
            self.by_cr = end == b'\r';
        }
    }

    /// A byte behind a line feed in a field: whether it was used. Some senders end the header with
    /// CR and what follows with LF: the feed is of the text unless a segment begins behind it.
    pub(super) fn fed_byte<S: FieldSink>(
        &mut self,
        have: usize,
        byte: u8,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> bool {
        if let Some(place) = self.ahead.get_mut(have)
            && byte.is_ascii_alphanumeric()
        {
            *place = byte;
            self.at = At::Fed(have + 1);
            return true;
        }
        if have == 0 && byte == b'\r' {
            // A line feed before the end of a segment says nothing.
            self.at = At::Fields;
            return false;
        }
        let name = if self.lower { self.ahead.map(|b| b.to_ascii_uppercase()) } else { self.ahead };
        let begins = have == name.len() && is_name(name) && is_known(name);
        if begins && byte == self.marks.field {
            let ahead = self.ahead;
            self.at = At::Fields;
            self.end_segment(paths, sink);
            self.name = ahead;
            self.at = At::Name(have);
        } else {
            self.unfed(have, paths, sink);
        }
        false
    }

    /// What stands behind a line feed is text of the field.
    pub(super) fn unfed<S: FieldSink>(&mut self, have: usize, paths: &mut PathTable, sink: &mut S) {
        self.at = At::Fields;
        let [a, b, c] = self.ahead;
        let text = [b'\n', a, b, c];
        self.text(text.get(..=have).unwrap_or_default(), paths, sink);
    }
}
