//! The seam to detection: what is known of a field goes in, what it carries comes out.

use std::sync::Arc;

use crate::model::{Direction, Evidence, Location};

/// A field as judgement sees it: its names, no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldRef<'a> {
    /// The endpoint's standard: `http`, `fhir-r4`, ….
    pub standard: &'a str,
    /// Request or response.
    pub direction: Direction,
    /// Where it lives.
    pub location: Location,
    /// Canonical path.
    pub path: &'a str,
    /// What structure says of it, from closed vocabularies; empty where it says nothing.
    pub context: &'a str,
}

/// One data class that a field carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Dotted id: `gb.nhs_number`.
    pub class: Arc<str>,
    /// 0 to 100.
    pub confidence: u8,
    /// Values that carry it.
    pub count: u64,
}

/// What a field's column of evidence amounts to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// Classes the field carries.
    pub verdicts: Vec<Verdict>,
    /// Why each was given or withheld, one clause each.
    pub reasons: Vec<String>,
}

/// Judges fields. A pure function: equal evidence of equal fields is judged equally.
pub trait Judge {
    /// The judgement of one field. Evidence is `&mut` only so that its sample may settle.
    fn judge(&self, field: &FieldRef<'_>, evidence: &mut Evidence) -> Judgement;
}
