//! HL7 v2 in its XML encoding ("HL7 Version 2: XML Encoding Rules", release 2): what an element
//! stands for, by its name and those around it. `PID` is a segment, `PID.5` a field of it, `XPN.1`
//! in that a component, whatever its data type is called; interface engines write `PID.5.1`.

use smallvec::SmallVec;

use crate::content::{PathId, PathTable, Step};

/// The deepest place: segment, field, component, subcomponent.
const NAMES_MAX: usize = 4;
/// The root of messages that interface engines write for themselves.
const ENGINES_ROOT: &str = "HL7Message";

/// Where in a message a value stands: its segment, and the numbers of the standard below that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place<'a> {
    /// `PID`.
    pub(super) segment: &'a str,
    /// Field, component, subcomponent, as many as there are.
    pub(super) numbers: SmallVec<[&'a str; 3]>,
}

/// The place of an element of that encoding; `None` for others.
pub(super) fn place(paths: &PathTable, path: PathId) -> Option<Place<'_>> {
    let mut names: SmallVec<[&str; NAMES_MAX]> = SmallVec::new();
    let mut at = path;
    while paths.step_of(at)? == Step::Element && names.len() < NAMES_MAX {
        let name = paths.name(at);
        names.push(name);
        if is_segment(name) {
            let segment = names.pop()?;
            let field = names.last().is_none_or(|field| number(field, segment));
            names.reverse();
            let numbers = names.iter().map(|name| last(name)).collect();
            return field.then_some(Place { segment, numbers });
        }
        name.contains('.').then_some(())?;
        at = paths.parent(at)?;
    }
    None
}

/// Whether the element at `path` is the message that `MSH` in it begins.
pub(super) fn is_message(paths: &PathTable, path: PathId) -> bool {
    let name = paths.name(path);
    let structure = |name: &str| match name.split_once('_') {
        Some((kind, event)) => is_segment(kind) && is_segment(event),
        None => is_segment(name) || name == ENGINES_ROOT,
    };
    paths.step_of(path) == Some(Step::Element) && structure(name)
}

/// What an element is called in the tables of fields; `None` for a group of segments, which has no
/// place there.
pub(super) fn table_name(name: &str) -> Option<&str> {
    (!name.contains('_')).then(|| last(name))
}

/// Segments, message types and events have three capitals or digits, the first a capital.
fn is_segment(name: &str) -> bool {
    let fits = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    name.len() == 3
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.as_bytes().iter().all(fits)
}

/// Whether `name` is that of a field of `segment`.
fn number(name: &str, segment: &str) -> bool {
    let digits = name.strip_prefix(segment).and_then(|rest| rest.strip_prefix('.'));
    digits.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
