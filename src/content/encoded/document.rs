//! Documents that are the whole of a value and stand there as they are: XML, cards and calendars,
//! tables.

use super::Hidden;
use crate::content::{card, sniff, table};

impl<'a> Hidden<'a> {
    /// The document that a value is which begins with `text`, its first window at least; `known`
    /// tells whether APIs use a word.
    pub(crate) fn document(text: &'a [u8], known: impl Fn(&[u8]) -> bool) -> Option<Self> {
        if let Some(xml) = sniff::document_in(text) {
            return Some(Hidden::plain(xml, None));
        }
        let trimmed = text.trim_ascii_start();
        if card::begins_card(trimmed) {
            return Some(Hidden::plain(trimmed, Some("text/vcard")));
        }
        table::is_table(text, known).then_some(Hidden::plain(text, Some("text/csv")))
    }
}
