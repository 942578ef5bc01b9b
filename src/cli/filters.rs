//! Filters as typed: what can match nothing is refused with what was expected, since an empty
//! answer would read as "there is none".

use std::collections::BTreeSet;

use super::args::{EndpointFilterArgs, FindingsArgs, OutputArgs};
use super::config::{load_rules, rules_folder};
use super::exit::Failure;
use crate::inventory::AuthScheme;
use crate::inventory::posture::RULES;
use crate::model::{Direction, FindingKind, Location};
use crate::query::{ClassPattern, OperationFilter, Pattern};
use crate::store::words::{
    FINDING_KINDS, direction_name, direction_named, finding_kind_named, location_named,
};
use crate::store::{Reader, TriageState};

/// How alike a word must be to be offered instead (Jaro-Winkler, 0 to 1).
const ALIKE_MIN: f64 = 0.8;
/// Known words that are listed; more are better looked up.
const LISTED_MAX: usize = 20;
/// Methods that are known whether or not they were seen (RFC 9110 section 9, RFC 5789).
const METHODS: [&str; 9] =
    ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];
/// What `--encrypted` takes.
const ENCRYPTED: [&str; 3] = ["all", "none", "some"];

/// Text to look for.
pub fn pattern(text: &Option<String>) -> Option<Pattern> {
    text.as_deref().map(Pattern::new)
}

/// Which endpoints, checked. The class is not part of it: see [`class`].
pub fn operation(args: &EndpointFilterArgs, reader: &Reader) -> Result<OperationFilter, Failure> {
    let method = args.method.as_ref().map(|m| m.to_ascii_uppercase());
    if let Some(method) = method.as_deref().filter(|m| !METHODS.contains(m)) {
        let endpoints = reader.endpoints().map_err(|e| super::record::store_failure(&e))?;
        let seen = endpoints.iter().filter_map(|e| e.method.as_deref());
        let known: BTreeSet<&str> = METHODS.into_iter().chain(seen).collect();
        let known: Vec<&str> = known.into_iter().collect();
        check("method", method, &known, |name| name.eq_ignore_ascii_case(method))?;
    }
    Ok(OperationFilter {
        service: pattern(&args.service),
        operation: pattern(&args.operation),
        method,
        ..OperationFilter::default()
    })
}

/// Which classes: such as the rules can give or the database holds.
pub fn class(
    args: &EndpointFilterArgs,
    output: &OutputArgs,
    reader: &Reader,
) -> Result<Option<ClassPattern>, Failure> {
    let Some(text) = &args.class else { return Ok(None) };
    let wanted = ClassPattern::new(text);
    let folder = rules_folder(&output.store)?;
    let detector = load_rules(folder.as_ref().map(|said| said.value.as_path()))?;
    let mut known = detector.classes();
    if !known.iter().any(|class| wanted.matches(class)) {
        let endpoints = reader.endpoints().map_err(|e| super::record::store_failure(&e))?;
        let seen: Vec<String> =
            endpoints.into_iter().flat_map(|e| e.data_classes).map(|(_, c)| c.class).collect();
        known.extend(seen.iter().map(String::as_str));
        let known: Vec<&str> = known.into_iter().collect();
        check("class", text, &known, |class| wanted.matches(class))?;
    }
    Ok(Some(wanted))
}

/// Whether `class` is one of those known.
pub fn known_class(class: &str, known: &[&str]) -> Result<(), Failure> {
    check("class", class, known, |name| name == class)
}

/// An authentication scheme.
pub fn auth(text: &Option<String>) -> Result<(), Failure> {
    let Some(text) = text else { return Ok(()) };
    check("auth", text, &AuthScheme::ALL.map(AuthScheme::name), |name| name == text)
}

/// How many of an endpoint's exchanges are encrypted.
pub fn encrypted(text: &Option<String>) -> Result<(), Failure> {
    let Some(text) = text else { return Ok(()) };
    check("encrypted", text, &ENCRYPTED, |name| name == text)
}

/// `request` or `response`.
pub fn direction(text: &Option<String>) -> Result<Option<Direction>, Failure> {
    let names = [Direction::ToServer, Direction::ToClient].map(direction_name);
    named("direction", text, &names, direction_named)
}

/// Where in a message a field lives.
pub fn location(text: &Option<String>) -> Result<Option<Location>, Failure> {
    named("location", text, &Location::ALL.map(Location::name), location_named)
}

/// What a finding is about.
pub fn kind(args: &FindingsArgs) -> Result<Option<FindingKind>, Failure> {
    named("kind", &args.kind, &FINDING_KINDS.map(FindingKind::name), finding_kind_named)
}

/// How a finding was judged.
pub fn state(args: &FindingsArgs) -> Result<Option<TriageState>, Failure> {
    named("state", &args.state, &TriageState::ALL.map(TriageState::name), TriageState::named)
}

/// The rules that raised a finding.
pub fn rule(args: &FindingsArgs) -> Result<Option<Pattern>, Failure> {
    let wanted = pattern(&args.rule);
    if let (Some(text), Some(wanted)) = (&args.rule, &wanted) {
        let ids: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
        check("rule", text, &ids, |id| wanted.matches(id))?;
    }
    Ok(wanted)
}

/// The id of a finding.
pub fn finding_id(args: &FindingsArgs) -> Result<Option<String>, Failure> {
    let Some(id) = &args.id else { return Ok(None) };
    let digits = id.strip_prefix("f-").unwrap_or("");
    if digits.len() != 16 || !digits.chars().all(|c| c.is_ascii_hexdigit()) {
        let why = format!("expected an id such as f-0123456789abcdef, not {id:?}");
        let where_from = "phitap findings --all shows them";
        return Err(Failure::usage(format!("use --id: {why}; {where_from}")));
    }
    Ok(Some(id.to_ascii_lowercase()))
}

fn named<T>(
    option: &str,
    text: &Option<String>,
    names: &[&str],
    find: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Failure> {
    let Some(text) = text else { return Ok(None) };
    let found = find(text);
    if found.is_none() {
        check(option, text, names, |_| false)?;
    }
    Ok(found)
}

fn check(
    option: &str,
    text: &str,
    known: &[&str],
    matches: impl Fn(&str) -> bool,
) -> Result<(), Failure> {
    if known.iter().any(|name| matches(name)) {
        return Ok(());
    }
    let near = nearest(text, known).map(|name| format!("; did you mean {name}?"));
    let near = near.unwrap_or_default();
    let expected = match known.len() {
        0..=LISTED_MAX => format!("expected one of {}, not {text:?}", known.join(", ")),
        _ => format!("no {option} is called {text:?}; phitap rules list shows what there is"),
    };
    Err(Failure::usage(format!("use --{option}: {expected}{near}")))
}

/// The known word that is most like `text`, if any is alike. Words of the same last part
/// (`nhs_number` for `gb.nhs_number`) are.
fn nearest<'k>(text: &str, known: &[&'k str]) -> Option<&'k str> {
    let text = text.to_lowercase();
    let alike = |name: &str| {
        let last = name.rsplit('.').next().unwrap_or(name);
        let lower = name.to_lowercase();
        let alike = strsim::jaro_winkler(&text, &lower).max(strsim::jaro_winkler(&text, last));
        // One slip in a short word is much of it.
        if strsim::osa_distance(&text, &lower) <= 1 { alike.max(0.9) } else { alike }
    };
    let scored = known.iter().map(|name| (alike(name), *name));
    let best = scored.filter(|(score, _)| *score >= ALIKE_MIN);
    best.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1))).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_offered_and_nothing_far() {
        let known = ["contact.email", "gb.nhs_number", "us.ssn"];
        assert_eq!(nearest("gb.nhs_nubmer", &known), Some("gb.nhs_number"));
        assert_eq!(nearest("nhs_number", &known), Some("gb.nhs_number"));
        assert_eq!(nearest("EMAIL", &known), Some("contact.email"));
        assert_eq!(nearest("foo", &known), None);
    }
}
