//! Cells that reach over several columns or rows (WHATWG HTML section 4.9.12, in short): those
//! beside and below them stand in the columns that are left.

use crate::base::limits::KEYS_PER_NODE_MAX;

use super::cell::Cell;

/// Cells of rows that are over which reach into those that follow, by column.
#[derive(Debug, Default)]
pub(super) struct Reaching(Vec<Option<(u16, Cell)>>);

impl Reaching {
    /// Heap bytes it takes.
    pub(super) fn held_bytes(&self) -> usize {
        let texts: usize = self.0.iter().flatten().map(|(_, cell)| cell.text.capacity()).sum();
        self.0.capacity() * size_of::<Option<(u16, Cell)>>() + texts
    }

    /// The cells of a row in their columns. Where one stands that is another's, it is empty; names
    /// and labels are those of all that they reach over.
    pub(super) fn spread(&mut self, row: Vec<Cell>) -> Vec<Cell> {
        let plain = |cell: &Cell| cell.wider == 0 && cell.longer == 0;
        if self.0.is_empty() && row.iter().all(plain) {
            return row;
        }
        // A title, or layout: it has no column of its own.
        let alone = row.len() == 1 && self.0.is_empty();
        let heads = row.iter().all(|cell| cell.heads);
        let mut out: Vec<Cell> = Vec::with_capacity(row.len());
        let mut cells = row.into_iter().peekable();
        while let Some(mut cell) = cells.next() {
            self.fill(&mut out);
            let (wider, longer) = (usize::from(cell.wider), cell.longer);
            (cell.wider, cell.longer) = (0, 0);
            // What reaches over the columns behind the last cell shifts nothing.
            let last = cells.peek().is_none() && !heads && longer == 0 && self.0.is_empty();
            let wide = if alone || last { 0 } else { wider };
            let copy = copy_of(&cell);
            for place in 0..=wide {
                if out.len() >= KEYS_PER_NODE_MAX {
                    return out;
                }
                if longer > 0 {
                    self.reach(out.len(), longer, &copy);
                }
                out.push(if place == 0 { std::mem::take(&mut cell) } else { copy.clone() });
            }
        }
        self.fill(&mut out);
        while matches!(self.0.last(), Some(None)) {
            self.0.pop();
        }
        out
    }

    /// Adds what reaches into the next columns.
    fn fill(&mut self, out: &mut Vec<Cell>) {
        while let Some(place) = self.0.get_mut(out.len())
            && let Some((rows, cell)) = place
        {
            out.push(cell.clone());
            *rows -= 1;
            if *rows == 0 {
                *place = None;
            }
        }
    }

    fn reach(&mut self, column: usize, rows: u16, cell: &Cell) {
        if self.0.len() <= column {
            self.0.resize(column + 1, None);
        }
        if let Some(place) = self.0.get_mut(column) {
            *place = Some((rows, cell.clone()));
        }
    }
}

/// What stands in the other places of a cell: its name where it has one, and nothing to look at
/// again.
fn copy_of(cell: &Cell) -> Cell {
    let name = if cell.heads { cell.name() } else { b"" };
    Cell { heads: cell.heads, text: name.to_vec(), cut: cell.cut, ..Cell::default() }
}
