//! Names that the model keeps as `&'static str`, read back from a file.
//!
//! In a running sensor these names are literals: reasons, outcomes, anomalies, posture rules. Read
//! from a database they are text of unknown length and number, so each distinct one is kept once
//! for the life of the process, up to a limit.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Distinct names one process reads back. The program has a few hundred; a file with more was not
/// written by it.
const NAMES_MAX: usize = 4096;

/// Bytes of one such name.
const NAME_BYTES_MAX: usize = 128;

/// What stands for names beyond the limits.
const OVERFLOW: &str = "other";

static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// `name` for as long as the process lives; `other` beyond the limits.
pub(crate) fn intern(name: &str) -> &'static str {
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return known;
    }
    if names.len() >= NAMES_MAX || name.len() > NAME_BYTES_MAX {
        return OVERFLOW;
    }
    let kept: &'static str = Box::leak(name.to_owned().into_boxed_str());
    names.insert(kept);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_once() {
        let (a, b) = (intern("link-type"), intern(&String::from("link-type")));
        assert_eq!(a, "link-type");
        assert!(std::ptr::eq(a, b));
    }

    #[test]
    fn a_name_that_is_too_long_is_other() {
        assert_eq!(intern(&"x".repeat(NAME_BYTES_MAX + 1)), OVERFLOW);
    }
}
