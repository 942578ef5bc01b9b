//! A field as judgement is asked of it.

use std::borrow::Cow;
use std::sync::Arc;

use crate::model::{Direction, Location};

use super::locate::NAMED;

/// What says how a value is to be read, for how long it holds, or of which list it is: constants of
/// a standard, whatever is in the extension or parameter around them.
const ABOUT_VALUES: [&str; 9] =
    ["system", "use", "url", "type", "version", "userSelected", "id", "start", "end"];

/// Where a field is.
#[derive(Clone, Copy, Debug)]
pub struct FieldRef<'a> {
    /// Of the endpoint: `http`, `fhir-r4`, …
    pub standard: &'a str,
    /// Of the message it is in.
    pub direction: Direction,
    /// Of the field in the message.
    pub location: Location,
    /// Canonical: `$.patients[*].nhs`.
    pub path: &'a str,
    /// Path of the endpoint, in template form: empty where there is none.
    pub endpoint: &'a str,
    /// Classes that other fields of the same object carry, judged by themselves.
    pub beside: &'a [Arc<str>],
    /// Empty, or the FHIR element from its resource on, and behind `|` the token of its issuer:
    /// `Patient.identifier.value|us.ssn`, `Patient.telecom.value|email`, `Patient.name.family`.
    pub context: &'a str,
}

impl FieldRef<'_> {
    /// What it is called: its path, and of a parameter of a path, which templates name, the word
    /// before it too: `nhs_id` of `/nhs/{id}`, of `/nhs/{id}:verify` and of `/api/nhs({id})`.
    pub(super) fn name(&self) -> Cow<'_, str> {
        // A member's name is a key (XML-RPC, `<struct>`), and says nothing of who it is.
        if let Some(members) = self.path.strip_suffix("/struct/member/name") {
            return Cow::Owned(format!("{members}/key"));
        }
        let placeholder = |segment: &str| {
            let name = segment.split_once('{').and_then(|(_, rest)| rest.split_once('}'));
            name.is_some_and(|(name, _)| name == self.path)
        };
        let mut segments = self.endpoint.rsplit('/').skip_while(|segment| !placeholder(segment));
        let keyed = segments.next().and_then(|own| own.split_once("({")).map(|(word, _)| word);
        match keyed.or_else(|| segments.next()) {
            Some(before)
                if self.location == Location::Path
                    && !before.is_empty()
                    && !before.contains('{') =>
            {
                Cow::Owned(format!("{before}_{}", self.path))
            }
            _ => Cow::Borrowed(self.path),
        }
    }

    /// Whether it is returned by an endpoint that has one of `words` in its path.
    pub(super) fn is_of(&self, words: &[String]) -> bool {
        let mut parts = self.endpoint.split(|c: char| !c.is_ascii_alphanumeric());
        self.direction == Direction::ToClient
            && parts.any(|part| words.iter().any(|word| part.eq_ignore_ascii_case(word)))
    }

    /// Whether it is a parameter of a query or of a form, and not within a document that such a
    /// parameter, or a part of a body, holds.
    pub(super) fn is_parameter(&self) -> bool {
        let document = self.path.starts_with(['$', '/']) || self.path.contains("|$");
        match self.location {
            Location::Query => !document,
            Location::Body => !document && !self.path.starts_with("part:"),
            _ => false,
        }
    }

    /// The name of a parameter in the query of a URL that a header field holds: `family` of
    /// `location|family`.
    pub(super) fn parameter_of_header(&self) -> Option<&str> {
        let (_, name) = self.path.split_once('|').filter(|_| self.location == Location::Header)?;
        let document = name.starts_with(['$', '/']) || name.contains("|$");
        (!document).then_some(name)
    }

    /// The class that a name beside the value speaks for, in a document of no standard: `{"name":
    /// "ssn", "value": …}`.
    pub(super) fn named_beside(&self) -> Option<&str> {
        let (_, token) = self.context.split_once('|').filter(|_| !self.is_of_standard())?;
        token.strip_prefix(NAMED)
    }

    /// Whether its place in a document of a standard says all that its name could say.
    pub(super) fn is_of_standard(&self) -> bool {
        let standard = self.context.starts_with("HL7v2") || self.context.starts_with("CDA.");
        let fhir = self.standard.starts_with("fhir") && !self.context.is_empty();
        (standard || fhir) && self.location == Location::Body && !self.is_within_a_value()
    }

    /// Whether it is in a document of no standard that an element or a field of one holds:
    /// `OBX-5|$.patientName`, `$.data|$.nhsNumber` of a Binary. Its element is told from the root
    /// of the standard on: of more names than the document within has, that is outside of it.
    fn is_within_a_value(&self) -> bool {
        let Some((_, document)) = self.path.rsplit_once('|') else { return false };
        let (element, _) = self.context.split_once('|').unwrap_or((self.context, ""));
        // A narrative is XHTML in a string: an element's own.
        if element.contains(".div.") {
            return false;
        }
        let (above, last) = document.rsplit_once('/').unwrap_or((document, ""));
        let document = if last.starts_with('@') { above } else { document };
        let within = names_in(document);
        within > 0 && element.split('.').skip(1).count() > within
    }
}

/// How many names the path of a document has, that of a parameter or of a property one.
fn names_in(path: &str) -> usize {
    match path.as_bytes().first() {
        Some(b'/') => path.split('/').filter(|name| !name.is_empty()).count(),
        Some(b'$') => path.matches('.').count() + path.matches("['").count(),
        Some(_) => 1,
        None => 0,
    }
}

/// Whether `element` only says how what stands beside it is to be read.
pub(super) fn is_about_value(element: &str) -> bool {
    element.rsplit_once('.').is_some_and(|(_, last)| ABOUT_VALUES.contains(&last))
}
