//! The seam to detection: what is known of a field goes in, what it carries comes out.

pub use crate::detect::{FieldRef, Judgement, Verdict, nothing_found};

use std::sync::Arc;

use crate::detect::Judging;
use crate::model::Evidence;

/// Judges fields. A pure function: equal evidence of equal fields is judged equally. A trait, so
/// that tests can judge without rules.
pub trait Judge {
    /// The judgement of one field. Evidence is `&mut` only so that its sample may settle.
    fn judge(&self, field: &FieldRef<'_>, evidence: &mut Evidence) -> Judgement;

    /// Whether the classes beside a field at `path` can change its judgement.
    fn minds_neighbours(&self, path: &str) -> bool;

    /// What the name of a field at `path` says of the fields beside it, whatever it carries.
    fn clues(&self, _path: &str) -> Vec<Arc<str>> {
        Vec::new()
    }
}

impl Judge for Judging<'_> {
    fn judge(&self, field: &FieldRef<'_>, evidence: &mut Evidence) -> Judgement {
        Judging::judge(self, field, evidence)
    }

    fn minds_neighbours(&self, path: &str) -> bool {
        Judging::minds_neighbours(self, path)
    }

    fn clues(&self, path: &str) -> Vec<Arc<str>> {
        Judging::clues(self, path)
    }
}
