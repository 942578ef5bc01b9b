//! Tables and lists of HTML (WHATWG HTML, sections 4.9 and 4.4.9): a cell is a value under the name
//! of its column, or of the label beside it. Whoever reads the markup tells the tags and the text;
//! what is told here needs no more than one row at a time.

mod cell;
mod spans;

use crate::base::limits::{
    GRID_CELL_BYTES_MAX, GRID_DEPTH_MAX, GRID_LABELS_MAX, GRID_ROW_BYTES_MAX, KEYS_PER_NODE_MAX,
};

use super::columns::{Columns, are_names, is_short_name};
use super::leaf::Leaf;
use super::paths::Interned;
use super::{FieldSink, PathId, PathTable, Step};
use cell::Cell;
pub(crate) use cell::{Span, SpanDigits, Tag};
use spans::Reaching;

/// What the rows of a table are.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Shape {
    /// Not told yet; the first row, where there was one.
    Open(Option<Vec<Cell>>),
    /// Each an object with the names of the columns.
    Named,
    /// A label and its value.
    Labels,
    /// Values without names.
    Plain,
}

/// An open table or list.
#[derive(Debug)]
struct Block {
    tag: Tag,
    /// Where it stands, as the reader of the markup knows it.
    place: usize,
    shape: Shape,
    columns: Columns,
    row: Vec<Cell>,
    row_bytes: usize,
    /// The last cell of the row is open.
    open: bool,
    /// Cells of rows before it that reach into the row at hand.
    reaching: Reaching,
}

/// The tables and lists that are open, and what is known of their cells.
#[derive(Debug, Default)]
pub(crate) struct Grid {
    /// Outermost first; at most [`GRID_DEPTH_MAX`].
    blocks: Vec<Block>,
    /// Those within the innermost of them, which are passed over.
    beyond: usize,
    /// Labels that became names, in all tables and lists.
    labels: Vec<Vec<u8>>,
    leaf: Leaf,
}

impl Grid {
    /// Tables whose cells lie in `level` values.
    pub(crate) fn at_level(level: u8) -> Self {
        Grid { leaf: Leaf::at_level(level), ..Grid::default() }
    }

    /// Heap bytes it takes.
    pub(crate) fn held_bytes(&self) -> usize {
        let cells = |row: &Vec<Cell>| {
            let texts: usize = row.iter().map(|cell| cell.text.capacity()).sum();
            row.capacity() * size_of::<Cell>() + texts
        };
        let block = |block: &Block| {
            let first = match &block.shape {
                Shape::Open(Some(first)) => cells(first),
                _ => 0,
            };
            let reaching = block.reaching.held_bytes();
            size_of::<Block>() + cells(&block.row) + first + block.columns.held_bytes() + reaching
        };
        let labels: usize = self.labels.iter().map(|l| l.capacity() + size_of::<Vec<u8>>()).sum();
        self.blocks.iter().map(block).sum::<usize>() + labels + self.leaf.held_bytes()
    }

    /// Whether text is looked at: a cell is open.
    #[inline]
    pub(crate) fn wants_text(&self) -> bool {
        self.beyond == 0 && self.blocks.last().is_some_and(|block| block.open)
    }

    /// Whether an attribute may say how far the cell at hand reaches.
    #[inline]
    pub(crate) fn wants_spans(&self) -> bool {
        self.wants_text()
    }

    /// What the start tag of the cell at hand says of that.
    pub(crate) fn spans(&mut self, span: Span, digits: SpanDigits) {
        if self.wants_spans()
            && let Some(cell) = self.blocks.last_mut().and_then(|block| block.row.last_mut())
        {
            cell.spans(span, digits);
        }
    }

    /// Where the innermost table or list stands, if one is open.
    pub(crate) fn place(&self) -> Option<usize> {
        self.blocks.last().map(|block| block.place)
    }

    /// Text of the cell at hand; white space is one blank.
    pub(crate) fn text(&mut self, text: &[u8]) {
        if self.beyond > 0 {
            return;
        }
        let Some(block) = self.blocks.last_mut().filter(|block| block.open) else { return };
        let Some(cell) = block.row.last_mut() else { return };
        let room = GRID_CELL_BYTES_MAX.min(GRID_ROW_BYTES_MAX.saturating_sub(block.row_bytes));
        for byte in text {
            let blank = byte.is_ascii_whitespace();
            if blank && matches!(cell.text.last(), None | Some(b' ')) {
                continue;
            }
            if cell.text.len() >= room {
                cell.cut = true;
                return;
            }
            cell.text.push(if blank { b' ' } else { *byte });
        }
    }

    /// A start tag. `place` is where its element stands; what ends by it lies below `root`, the
    /// path of the innermost table or list.
    pub(crate) fn start<S: FieldSink>(
        &mut self,
        (tag, place): (Tag, usize),
        root: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        if self.beyond > 0 || tag.is_block() && self.blocks.len() >= GRID_DEPTH_MAX {
            self.beyond += usize::from(tag.is_block());
            return;
        }
        if tag.is_block() {
            let shape = Shape::Open(None);
            let columns = Columns::default();
            let (row, row_bytes, open) = (Vec::new(), 0, false);
            let reaching = Reaching::default();
            self.blocks.push(Block { tag, place, shape, columns, row, row_bytes, open, reaching });
            return;
        }
        let Some(block) = self.blocks.last_mut() else { return };
        match (tag, block.tag) {
            (Tag::Row, Tag::Table) => self.end_row(root, paths, sink),
            (Tag::Header | Tag::Data, Tag::Table) => block.open_cell(tag == Tag::Header),
            (Tag::Term, Tag::List) => {
                // Several terms may stand before what describes them.
                if block.row.last().is_some_and(|cell| !cell.heads) {
                    self.end_row(root, paths, sink);
                }
                self.open_cell(true);
            }
            (Tag::Description, Tag::List) => block.open_cell(false),
            (Tag::Line, _) => self.text(b" "),
            _ => {}
        }
    }

    fn open_cell(&mut self, heads: bool) {
        if let Some(block) = self.blocks.last_mut() {
            block.open_cell(heads);
        }
    }

    /// An end tag of what is no table or list.
    pub(crate) fn end<S: FieldSink>(
        &mut self,
        tag: Tag,
        root: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        if self.beyond > 0 {
            return;
        }
        let Some(block) = self.blocks.last_mut() else { return };
        match (tag, block.tag) {
            (Tag::Row, Tag::Table) => self.end_row(root, paths, sink),
            (Tag::Header | Tag::Data, Tag::Table) | (Tag::Term | Tag::Description, Tag::List) => {
                block.close_cell()
            }
            (Tag::Line, _) => self.text(b" "),
            _ => {}
        }
    }

    /// A table or list that was passed over is over.
    pub(crate) fn end_beyond(&mut self) {
        self.beyond = self.beyond.saturating_sub(1);
    }

    /// The end tag of a table or list: ends the innermost of its kind with all in it. A list does
    /// not end by it the table that it stands in.
    pub(crate) fn end_block<S: FieldSink>(
        &mut self,
        tag: Tag,
        root: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        if self.beyond > 0 {
            return self.end_beyond();
        }
        let table = self.blocks.iter().rposition(|block| block.tag == Tag::Table);
        let within = if tag == Tag::Table { 0 } else { table.map_or(0, |table| table + 1) };
        let Some(at) = self.blocks.iter().rposition(|block| block.tag == tag) else { return };
        while at >= within && self.blocks.len() > at {
            self.close(root, paths, sink);
        }
    }

    /// The innermost table or list is over.
    pub(crate) fn close<S: FieldSink>(
        &mut self,
        root: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        self.beyond = 0;
        self.end_row(root, paths, sink);
        let Some(mut block) = self.blocks.pop() else { return };
        if let Shape::Open(Some(first)) = std::mem::replace(&mut block.shape, Shape::Plain) {
            if self.is_pair(&first, paths) {
                self.pairs(first, root, paths, sink);
            } else {
                self.emit(&mut block.columns, first, root, (paths, sink));
            }
        }
    }

    /// No more will come of the markup, or bytes of it are missing.
    pub(crate) fn finish<S: FieldSink>(
        &mut self,
        root: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        while !self.blocks.is_empty() {
            self.close(root, paths, sink);
        }
    }

    fn end_row<S: FieldSink>(&mut self, root: PathId, paths: &mut PathTable, sink: &mut S) {
        let Some(block) = self.blocks.last_mut() else { return };
        block.close_cell();
        block.row_bytes = 0;
        let row = std::mem::take(&mut block.row);
        if row.is_empty() {
            return;
        }
        let row = block.reaching.spread(row);
        if row.iter().all(|cell| cell.text.is_empty()) {
            return;
        }
        let shape = std::mem::replace(&mut block.shape, Shape::Plain);
        let mut columns = std::mem::take(&mut block.columns);
        let shape = if block.tag == Tag::List {
            self.pairs(row, root, paths, sink);
            shape
        } else {
            self.row((shape, row), &mut columns, root, (paths, sink))
        };
        if let Some(block) = self.blocks.last_mut() {
            (block.shape, block.columns) = (shape, columns);
        }
    }

    /// Tells what a row is from what those before it were; what the next will be.
    fn row<S: FieldSink>(
        &mut self,
        (mut shape, row): (Shape, Vec<Cell>),
        columns: &mut Columns,
        root: PathId,
        (paths, sink): (&mut PathTable, &mut S),
    ) -> Shape {
        if shape == Shape::Named && columns.named() < 2 && row.len() > 1 {
            // What seemed to be the name of the only column is a title.
            *columns = Columns::default();
            shape = Shape::Open(None);
        }
        if row.iter().all(|cell| cell.heads) {
            if let Shape::Open(Some(title)) = &mut shape {
                let title = std::mem::take(title);
                self.emit(columns, title, root, (paths, sink));
            }
            // One alone, among others, is the title of what follows.
            if row.len() > 1 || columns.named() < 2 {
                let names = row.into_iter().map(|cell| cell.name().to_vec()).collect();
                columns.take_names(names, root, paths, sink);
            }
            return Shape::Named;
        }
        let labelled = row.iter().any(|cell| cell.heads) && shape != Shape::Named;
        if labelled {
            self.pairs(row, root, paths, sink);
            return shape;
        }
        match shape {
            Shape::Open(None) => return Shape::Open(Some(row)),
            Shape::Open(Some(first)) => {
                let shape = self.tell(&first, &row, paths);
                match shape {
                    Shape::Labels => self.pairs(first, root, paths, sink),
                    Shape::Named => {
                        let names = first.into_iter().map(|cell| cell.name().to_vec()).collect();
                        columns.take_names(names, root, paths, sink);
                    }
                    _ => self.emit(columns, first, root, (paths, sink)),
                }
                return self.row((shape, row), columns, root, (paths, sink));
            }
            Shape::Labels if self.is_pair(&row, paths) => self.pairs(row, root, paths, sink),
            _ => self.emit(columns, row, root, (paths, sink)),
        }
        shape
    }

    /// What a table is whose first two rows say nothing of it: in two columns labels stand above
    /// each other, names of columns only in the first row. What is no word of any API may be a
    /// value, and names nothing.
    fn tell(&self, first: &[Cell], second: &[Cell], paths: &PathTable) -> Shape {
        if self.is_pair(first, paths) && self.is_pair(second, paths) {
            return Shape::Labels;
        }
        let names: Vec<Vec<u8>> = first.iter().map(|cell| cell.name().to_vec()).collect();
        let name = |name: &Vec<u8>| is_short_name(name) && paths.keeps_bare(name);
        if names.len() >= 2 && are_names(&names) && names.iter().all(name) {
            Shape::Named
        } else {
            Shape::Plain
        }
    }

    /// Whether a row is a label and its value.
    fn is_pair(&self, row: &[Cell], paths: &PathTable) -> bool {
        match row {
            [label, _] => label.is_label(paths),
            _ => false,
        }
    }

    /// The cells of a row in their columns. One alone, of which nothing is known, is layout.
    fn emit<S: FieldSink>(
        &mut self,
        columns: &mut Columns,
        row: Vec<Cell>,
        root: PathId,
        (paths, sink): (&mut PathTable, &mut S),
    ) {
        if columns.named() == 0 && row.len() < 2 {
            return;
        }
        columns.place(root, paths);
        sink.enter(paths, columns.row());
        for (at, cell) in row.into_iter().enumerate() {
            if cell.is_value() {
                let path = columns.path(at, paths);
                self.leaf.whole_text(&cell.text, path, paths, sink);
            }
        }
        sink.leave(paths, columns.row());
    }

    /// Values beside their labels: each of those that follow one.
    fn pairs<S: FieldSink>(
        &mut self,
        row: Vec<Cell>,
        root: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        // Without a head the first cell is one.
        let headless = !row.iter().any(|cell| cell.heads);
        let (mut path, mut named) = (PathId::NONE, false);
        sink.enter(paths, root);
        for (at, cell) in row.into_iter().enumerate() {
            if cell.heads || headless && at == 0 {
                // Of several heads beside each other the first known one counts.
                if !named {
                    (path, named) = self.label(&cell, root, paths, sink);
                }
                continue;
            }
            if path == PathId::NONE {
                path = paths.data(root, Step::Key);
            }
            named = false;
            if cell.is_value() {
                self.leaf.whole_text(&cell.text, path, paths, sink);
            }
        }
        sink.leave(paths, root);
    }

    /// The path of what a label stands beside, and whether it names it.
    fn label<S: FieldSink>(
        &mut self,
        label: &Cell,
        root: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> (PathId, bool) {
        let name = label.name();
        let known = self.labels.iter().any(|known| known == name);
        let keeps = known || self.labels.len() < GRID_LABELS_MAX && label.is_label(paths);
        if keeps && let Interned::Named(path) = paths.named(root, Step::Key, name) {
            if !known {
                self.labels.push(name.to_vec());
            }
            return (path, true);
        }
        let path = paths.data(root, Step::Key);
        if !name.is_empty() {
            sink.key(paths, path, name);
        }
        (path, false)
    }
}

impl Block {
    fn open_cell(&mut self, heads: bool) {
        self.close_cell();
        self.open = self.row.len() < KEYS_PER_NODE_MAX;
        if self.open {
            self.row.push(Cell { heads, ..Cell::default() });
        }
    }

    fn close_cell(&mut self) {
        if std::mem::take(&mut self.open)
            && let Some(cell) = self.row.last_mut()
        {
            cell.settle();
            self.row_bytes += cell.text.len();
        }
    }
}

#[cfg(test)]
mod tests;
