//! What the head of a message says of its body.

use smallvec::SmallVec;

use crate::base::limits::CODINGS_MAX;

use super::encoding::{Coding, TRANSFER_CODINGS, coding_named};
use super::{Format, MediaType};

/// How a body was made, as its head tells.
#[derive(Clone, Debug, Default)]
pub struct BodyPlan {
    pub(crate) media: Option<MediaType>,
    /// In the order in which they are undone.
    pub(crate) codings: SmallVec<[&'static Coding; 2]>,
    /// A coding is not known.
    pub(crate) unknown_coding: bool,
    /// There are more codings than are undone.
    pub(crate) many_codings: bool,
}

impl BodyPlan {
    /// From the values of `Content-Type` and `Content-Encoding` (RFC 9110 section 8.4; several
    /// fields joined by commas). What `Transfer-Encoding` names was applied after the latter and
    /// may stand behind it (RFC 9112 section 6.1); `chunked` is framing, undone before.
    pub fn from_headers(content_type: Option<&[u8]>, content_encoding: Option<&[u8]>) -> Self {
        let mut plan = BodyPlan { media: content_type.map(MediaType::parse), ..Self::default() };
        let applied = content_encoding.unwrap_or_default().rsplit(|b| *b == b',');
        for name in applied.map(|n| n.trim_ascii()).filter(|n| !n.is_empty()) {
            if [&b"identity"[..], b"chunked"].iter().any(|n| name.eq_ignore_ascii_case(n)) {
                continue;
            }
            match coding_named(name) {
                Some(coding) if plan.codings.len() < CODINGS_MAX => plan.codings.push(coding),
                Some(_) => plan.many_codings = true,
                None => plan.unknown_coding = true,
            }
        }
        plan
    }

    /// Of a part of a multipart body: `codings` are its `Content-Encoding`, which is undone last,
    /// and its `Content-Transfer-Encoding` (RFC 2045 section 6).
    pub(crate) fn of_part(
        content_type: Option<&[u8]>,
        (coding, encoding): (Option<&[u8]>, Option<&[u8]>),
    ) -> Self {
        let mut plan = BodyPlan::from_headers(content_type, coding);
        let name = encoding.unwrap_or_default().trim_ascii();
        plan.codings.extend(TRANSFER_CODINGS.iter().filter(|c| c.is_named(name)));
        plan
    }

    /// `declared`, where the body is said to be text of some kind: of pictures a charset says
    /// nothing (`charset=binary`).
    pub(crate) fn text_charset<'a>(&self, declared: Option<&'a str>) -> Option<&'a str> {
        let said = self.media.as_ref().and_then(MediaType::format);
        let text = said.is_some_and(|f| !matches!(f, Format::Binary | Format::Multipart));
        declared.filter(|_| text)
    }

    /// Whether the body is said to be plain text of some kind, or nothing is said of it: if it is
    /// compressed all the same, someone forgot to say so. Files that are compressed by nature
    /// (`application/gzip`) are binary data, and stay what they are.
    pub(crate) fn may_hide_coding(&self) -> bool {
        let said = self.media.as_ref().map(MediaType::format);
        let compressed = self.media.as_ref().is_some_and(MediaType::is_compressed);
        self.codings.is_empty()
            && !self.unknown_coding
            && !self.many_codings
            && match said {
                None => true,
                Some(_) if compressed => true,
                Some(format) => format.is_some_and(|f| {
                    use Format::{Events, Form, Html, Json, Table, Text, Xml};
                    matches!(f, Json | Xml | Form | Html | Table | Text | Events)
                }),
            }
    }

    /// What the body is said to be.
    pub fn media_type(&self) -> Option<&MediaType> {
        self.media.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(value: &str) -> (Vec<&'static str>, bool) {
        let plan = BodyPlan::from_headers(None, Some(value.as_bytes()));
        (plan.codings.iter().map(|c| c.names[0]).collect(), plan.unknown_coding)
    }

    #[test]
    fn codings_are_undone_last_first() {
        assert_eq!(names("gzip, identity, BR"), (vec!["br", "gzip"], false));
        assert_eq!(names("x-gzip"), (vec!["gzip"], false));
        assert_eq!(names(" "), (vec![], false));
        // The transfer's codings came last.
        assert_eq!(names("br,gzip, chunked"), (vec!["gzip", "br"], false));
    }

    #[test]
    fn unknown_and_too_many_codings_are_told() {
        assert_eq!(names("gzip, compress"), (vec!["gzip"], true));
        let many = BodyPlan::from_headers(None, Some(["gzip"; 9].join(",").as_bytes()));
        assert!(many.many_codings && !many.unknown_coding);
    }
}
