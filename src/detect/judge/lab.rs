//! What the profile for laboratories leaves out: data made for tests.

use std::sync::Arc;

use super::super::profile::Profile;
use super::{Column, Judge, JudgeClass};
use crate::model::RuleId;

impl Judge {
    /// Whether the profile wants test data left out, and all values that speak for `class` are.
    pub(super) fn is_all_test(&self, class: &Arc<str>, column: &Column<'_>) -> bool {
        let known = self.by_class.get(class).and_then(|at| self.classes.get(*at));
        self.profile == Profile::Lab && known.is_some_and(|class| column.is_all_test(class))
    }
}

impl Column<'_> {
    /// Whether all distinct values that pass a rule of `class` are of ranges for tests, and none
    /// was found inside text, where ranges are not told apart.
    fn is_all_test(&self, class: &JudgeClass) -> bool {
        let (mut passed, mut tests) = (0, 0);
        for rule in &class.rules {
            if self.evidence.of_rule(rule.id).embedded > 0 {
                return false;
            }
            let of = |id: Option<RuleId>| id.map_or(0, |id| self.distinct.of_rule(id).1);
            passed += of(Some(rule.id)) + of(rule.bare);
            tests += of(rule.test);
        }
        tests > 0 && tests >= passed
    }
}
