//! Tables and lists of XHTML, and of the narrative of FHIR and CDA, which are written like them: a
//! cell is a value of its element, and of its column below the element of the table.

use crate::content::grid::{Grid, Span, SpanDigits, Tag};
use crate::content::{FieldSink, PathId, PathTable, Step};

use super::XmlWalker;

impl XmlWalker {
    /// An element began.
    pub(super) fn enter_cell<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        // Most documents have no table.
        if self.grid.is_none() && !matches!(self.name.len(), 2 | 5) {
            return;
        }
        let Some(tag) = Tag::of(&self.name) else { return };
        if self.grid.is_none() && !tag.is_block() {
            return;
        }
        let level = self.leaf.level() + 1;
        let mut grid = self.grid.take().unwrap_or_else(|| Box::new(Grid::at_level(level)));
        let root = self.root_of_cells(&grid, paths);
        grid.start((tag, self.stack.len().saturating_sub(1)), root, paths, sink);
        self.grid = Some(grid);
    }

    /// The innermost element ends.
    pub(super) fn leave_cell<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        let Some(mut grid) = self.grid.take() else { return };
        if grid.place().is_some()
            && let Some(path) = self.stack.last()
            && let Some(tag) = Tag::of(paths.raw_name(*path))
        {
            let root = self.root_of_cells(&grid, paths);
            if !tag.is_block() {
                grid.end(tag, root, paths, sink);
            } else if grid.place() == self.stack.len().checked_sub(1) {
                grid.close(root, paths, sink);
            } else {
                grid.end_beyond();
            }
        }
        self.grid = Some(grid);
    }

    /// An attribute began.
    pub(super) fn begin_span(&mut self) {
        self.span = None;
        if self.name.len() == Span::BYTES && self.grid.as_ref().is_some_and(|g| g.wants_spans()) {
            self.span = Span::of(&self.name).map(|span| (span, SpanDigits::default()));
        }
    }

    /// The attribute is over.
    pub(super) fn end_span(&mut self) {
        if let Some((span, digits)) = self.span.take()
            && let Some(grid) = &mut self.grid
        {
            grid.spans(span, digits);
        }
    }

    /// Below the element of the innermost table or list.
    fn root_of_cells(&self, grid: &Grid, paths: &mut PathTable) -> PathId {
        let element = grid.place().and_then(|place| self.stack.get(place));
        element.map_or(PathId::NONE, |element| paths.step(*element, Step::Nested))
    }
}
