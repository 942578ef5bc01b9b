//! Decisions about path segments, remembered: an API has few literals, and each comes with every
//! request.

use std::sync::Arc;

use crate::base::TableMap;
use crate::detect::Detector;
use crate::inventory::{Shape, shape_of};

/// Literals remembered; beyond it they are forgotten together.
const SEGMENTS_MAX: usize = 4096;

/// See the module. A cache and nothing else.
pub struct Segments {
    detector: Arc<Detector>,
    literals: TableMap<Box<[u8]>, Shape>,
}

impl Segments {
    /// Decides by `detector`'s rules.
    pub fn new(detector: Arc<Detector>) -> Self {
        Segments { detector, literals: TableMap::default() }
    }

    /// What a decoded segment is: its shape, or [`Shape::Withheld`] for one that looks like a name
    /// and may not be stored as one.
    pub fn shape(&mut self, segment: &[u8]) -> Shape {
        if let Some(known) = self.literals.get(segment) {
            return *known;
        }
        let shape = shape_of(segment);
        if shape != Shape::Literal {
            return shape;
        }
        let kept = self.detector.keeps_segment(segment);
        let shape = if kept { Shape::Literal } else { Shape::Withheld };
        if self.literals.len() >= SEGMENTS_MAX {
            self.literals.clear();
        }
        self.literals.insert(segment.into(), shape);
        shape
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::RulePack;

    use super::*;

    #[test]
    fn what_is_remembered_is_what_the_rules_say() {
        let detector = Arc::new(Detector::compile(&RulePack::builtin()).unwrap());
        let mut segments = Segments::new(detector.clone());
        for segment in ["patients", "Chalmers", "943-476-5919", "api", "ada@example.org", "1", ""] {
            let told = match shape_of(segment.as_bytes()) {
                Shape::Literal if !detector.keeps_segment(segment.as_bytes()) => Shape::Withheld,
                shape => shape,
            };
            for _ in 0..2 {
                assert_eq!(segments.shape(segment.as_bytes()), told, "{segment}");
            }
        }
        assert_eq!(segments.shape(b"Chalmers"), Shape::Withheld);
        for n in 0..2 * SEGMENTS_MAX {
            segments.shape(format!("word-{}", words(n)).as_bytes());
        }
        assert!((1..=SEGMENTS_MAX).contains(&segments.literals.len()));
    }

    fn words(mut n: usize) -> String {
        let mut out = String::new();
        loop {
            out.push(char::from(b'a' + u8::try_from(n % 26).unwrap()));
            n /= 26;
            if n == 0 {
                return out;
            }
        }
    }
}
