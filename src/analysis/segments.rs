//! Decisions about path segments, remembered: an API has few literals, and each comes with every
//! request.

use std::cell::RefCell;
use std::sync::Arc;

use crate::base::TableMap;
use crate::detect::Detector;

/// Literals remembered; beyond it they are forgotten together.
const SEGMENTS_MAX: usize = 4096;

/// See the module. A cache and nothing else.
pub struct Segments {
    detector: Arc<Detector>,
    sensitive: RefCell<TableMap<Box<[u8]>, bool>>,
}

impl Segments {
    /// Decides by `detector`'s rules.
    pub fn new(detector: Arc<Detector>) -> Self {
        Segments { detector, sensitive: RefCell::default() }
    }

    /// Whether a segment that looks like a name may not be stored as one.
    pub fn is_sensitive(&self, segment: &[u8]) -> bool {
        if let Some(known) = self.sensitive.borrow().get(segment) {
            return *known;
        }
        let sensitive = !self.detector.keeps_segment(segment);
        let mut known = self.sensitive.borrow_mut();
        if known.len() >= SEGMENTS_MAX {
            known.clear();
        }
        known.insert(segment.into(), sensitive);
        sensitive
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::RulePack;

    use super::*;

    #[test]
    fn what_is_remembered_is_what_the_rules_say() {
        let detector = Arc::new(Detector::compile(&RulePack::builtin()).unwrap());
        let segments = Segments::new(detector.clone());
        for segment in ["patients", "Chalmers", "943-476-5919", "api", "ada@example.org"] {
            let told = !detector.keeps_segment(segment.as_bytes());
            for _ in 0..2 {
                assert_eq!(segments.is_sensitive(segment.as_bytes()), told, "{segment}");
            }
        }
        for n in 0..2 * SEGMENTS_MAX {
            segments.is_sensitive(format!("word{n}").as_bytes());
        }
        assert!(segments.sensitive.borrow().len() <= SEGMENTS_MAX);
    }
}
