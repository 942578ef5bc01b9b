//! How many paths there may be.

use crate::base::limits::PATHS_HARD_FACTOR;

use super::PathTable;

impl PathTable {
    /// The same, full at so many paths.
    pub fn within(self, most: usize) -> Self {
        PathTable { most, ..self }
    }

    /// Whether it is time to [`PathTable::clear`].
    pub fn is_full(&self) -> bool {
        self.nodes.len() >= self.most
    }

    /// Whether no path will be made any more until it is cleared.
    pub fn is_at_its_end(&self) -> bool {
        self.nodes.len() >= self.most.saturating_mul(PATHS_HARD_FACTOR)
    }

    /// How often a path was not made because the table was at its hard limit.
    pub fn overflows(&self) -> u64 {
        self.overflows
    }
}
