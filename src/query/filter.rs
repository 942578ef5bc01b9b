//! What filters are made of.

use crate::base::Timestamp;
use crate::inventory::Endpoint;

/// Text to look for: anywhere in the other text, or, where it holds `*` (any characters) or `?`
/// (one character), over the whole of it. Case does not matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    chars: Vec<char>,
    glob: bool,
}

impl Pattern {
    /// From what the user typed.
    pub fn new(text: &str) -> Self {
        Pattern { chars: lower(text), glob: text.contains(['*', '?']) }
    }

    /// Whether `text` is what is looked for.
    pub fn matches(&self, text: &str) -> bool {
        let text = lower(text);
        if self.glob {
            return glob(&self.chars, &text);
        }
        self.chars.is_empty() || text.windows(self.chars.len()).any(|w| w == self.chars)
    }
}

fn lower(text: &str) -> Vec<char> {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// Matches with one level of retry: a later `*` makes all earlier ones final, so the time is at
/// most the product of the lengths.
fn glob(pattern: &[char], text: &[char]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while let Some(c) = text.get(t) {
        match pattern.get(p) {
            Some('*') => {
                retry = Some((p, t));
                p += 1;
            }
            Some(wanted) if *wanted == '?' || wanted == c => {
                p += 1;
                t += 1;
            }
            _ => match &mut retry {
                Some((star, from)) => {
                    *from += 1;
                    (p, t) = (*star + 1, *from);
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).is_some_and(|rest| rest.iter().all(|c| *c == '*'))
}

/// Data classes to look for: a class (`gb.nhs_number`), all of a family (`gb`), or a pattern with
/// `*` and `?`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassPattern {
    text: String,
    glob: Option<Pattern>,
}

impl ClassPattern {
    /// From what the user typed.
    pub fn new(text: &str) -> Self {
        let glob = text.contains(['*', '?']).then(|| Pattern::new(text));
        ClassPattern { text: text.to_lowercase(), glob }
    }

    /// Whether `class` is one of them.
    pub fn matches(&self, class: &str) -> bool {
        match &self.glob {
            Some(glob) => glob.matches(class),
            None => class
                .strip_prefix(self.text.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.')),
        }
    }
}

/// Which endpoints: shared by the questions whose rows belong to one.
#[derive(Clone, Debug, Default)]
pub struct OperationFilter {
    /// The service's name.
    pub service: Option<Pattern>,
    /// The operation (`GET /fhir/Patient/{id}`, `ADT^A01`), and so the path within it.
    pub operation: Option<Pattern>,
    /// The path template alone.
    pub path: Option<Pattern>,
    /// The HTTP method, in any case.
    pub method: Option<String>,
    /// The standard: `fhir-r4`, ….
    pub standard: Option<Pattern>,
}

impl OperationFilter {
    /// Whether `endpoint` is one of them.
    pub fn matches(&self, endpoint: &Endpoint) -> bool {
        wanted(&self.service, |p| p.matches(&endpoint.service))
            && wanted(&self.operation, |p| p.matches(&endpoint.operation))
            && wanted(&self.standard, |p| p.matches(&endpoint.standard))
            && wanted(&self.path, |p| endpoint.path.as_deref().is_some_and(|t| p.matches(t)))
            && wanted(&self.method, |m| {
                endpoint.method.as_deref().is_some_and(|t| m.eq_ignore_ascii_case(t))
            })
    }

    /// Whether it asks for nothing but a service.
    pub fn is_service_only(&self) -> bool {
        OperationFilter { service: None, ..self.clone() }.is_empty()
    }

    /// Whether it lets everything pass.
    pub fn is_empty(&self) -> bool {
        self.service.is_none()
            && self.operation.is_none()
            && self.path.is_none()
            && self.method.is_none()
            && self.standard.is_none()
    }
}

/// A filter that was not given lets everything pass.
pub(super) fn wanted<T>(filter: &Option<T>, passes: impl FnOnce(&T) -> bool) -> bool {
    filter.as_ref().is_none_or(passes)
}

/// First and last time as text; absent where nothing was ever seen.
pub(super) fn seen(first: Timestamp, last: Timestamp) -> (Option<String>, Option<String>) {
    if first > last {
        return (None, None);
    }
    (Some(first.to_string()), Some(last.to_string()))
}

/// Cuts `rows` to `limit`.
pub(super) fn limited<T>(mut rows: Vec<T>, limit: Option<usize>) -> Vec<T> {
    if let Some(limit) = limit {
        rows.truncate(limit);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_looked_for_anywhere() {
        let pattern = Pattern::new("Patient");
        assert!(pattern.matches("GET /fhir/patient/{id}"));
        assert!(!pattern.matches("GET /fhir/Observation"));
        assert!(Pattern::new("").matches("anything"));
    }

    #[test]
    fn stars_match_the_whole_text() {
        let pattern = Pattern::new("/fhir/*/{id}");
        assert!(pattern.matches("/fhir/Patient/{id}"));
        assert!(!pattern.matches("/v2/fhir/Patient/{id}"));
        assert!(!pattern.matches("/fhir/Patient/{id}/x"));
        assert!(Pattern::new("*a*b?").matches("xxaxxbxaabz"));
        assert!(!Pattern::new("?").matches(""));
        assert!(Pattern::new("*").matches(""));
    }

    #[test]
    fn many_stars_take_no_time() {
        let text = "a".repeat(20_000);
        assert!(!Pattern::new(&format!("{}b", "*a".repeat(50))).matches(&text));
    }

    #[test]
    fn a_class_pattern_takes_a_family() {
        assert!(ClassPattern::new("gb").matches("gb.nhs_number"));
        assert!(ClassPattern::new("gb.nhs_number").matches("gb.nhs_number"));
        assert!(!ClassPattern::new("gb.nhs").matches("gb.nhs_number"));
        assert!(ClassPattern::new("*.nhs*").matches("gb.nhs_number"));
    }
}
