//! Tables whose columns are named apart from their rows, as query engines and data frames write
//! them: `{"columns":["name"],"rows":[["Ann"]]}`. Each row is an object whose members the columns
//! are, `$.rows[*].name`. Rows that come before their columns are held back, as far as they are
//! short.

use crate::base::limits::KEYS_PER_NODE_MAX;
use crate::content::columns::{Columns, NAME_BYTES_MAX, are_names};
use crate::content::{FieldSink, PathTable, Step};

use super::containers::{Container, Frame};
use super::{JsonWalker, State};

/// Bytes of rows that are held back until the names of their columns come; longer ones are walked
/// without.
const ROWS_HELD_BYTES_MAX: usize = 64 * 1024;
/// Tables that are open within one another.
const TABLES_MAX: usize = 4;
/// Members that hold the names of columns.
const NAMES: [&[u8]; 14] = [
    b"Columns",
    b"colnames",
    b"cols",
    b"column_names",
    b"columnNames",
    b"columns",
    b"fields",
    b"header",
    b"headers",
    b"keys",
    b"meta",
    b"names",
    b"rowType",
    b"schema",
];
/// Members that hold the rows.
const ROWS: [&str; 10] = [
    "Rows",
    "body",
    "data",
    "data_array",
    "items",
    "records",
    "results",
    "rows",
    "tuples",
    "values",
];
/// Members of a row that hold its cells.
const CELLS: [&[u8]; 6] = [b"c", b"cells", b"data", b"f", b"row", b"values"];
/// Objects that say what columns those around them have.
const SCHEMAS: [&[u8]; 6] =
    [b"manifest", b"meta", b"metadata", b"resultSetMetaData", b"schema", b"tableSchema"];

/// What is known of tables.
#[derive(Debug, Default)]
pub(super) struct Tables {
    /// Those of open objects, the innermost last.
    known: Vec<Known>,
    /// The names of the columns at hand, and how much their members say.
    names: Vec<Vec<u8>>,
    ranks: Vec<u8>,
    held: Held,
    /// What was held is walked, within so many containers: what does not close as it opened closes
    /// none of them.
    replaying: Option<usize>,
}

/// A table whose columns have names.
#[derive(Debug)]
struct Known {
    /// Containers around the object that it is.
    depth: usize,
    names: Vec<Vec<u8>>,
    columns: Columns,
}

/// Rows that came before their columns, from the first row to the end of their list.
#[derive(Debug, Default)]
struct Held {
    bytes: Vec<u8>,
    /// Open brackets in them.
    nesting: usize,
    quoted: bool,
    escaped: bool,
    /// The member they are.
    name: &'static str,
    /// Containers around the object they are a member of.
    depth: usize,
    /// Their end came.
    whole: bool,
}

impl Held {
    /// Takes bytes up to the end of the rows. How many.
    fn take(&mut self, input: &[u8]) -> usize {
        let room = ROWS_HELD_BYTES_MAX.saturating_sub(self.bytes.len());
        let input = input.get(..room).unwrap_or(input);
        let end = input.iter().position(|byte| self.ends(*byte));
        let used = end.map_or(input.len(), |end| end + 1);
        self.bytes.extend_from_slice(input.get(..used).unwrap_or_default());
        used
    }

    /// Whether `byte` ends the rows.
    fn ends(&mut self, byte: u8) -> bool {
        if self.quoted {
            let escaped = std::mem::take(&mut self.escaped);
            self.escaped = byte == b'\\' && !escaped;
            self.quoted = byte != b'"' || escaped;
            return false;
        }
        match byte {
            b'"' => self.quoted = true,
            b'[' | b'{' => self.nesting += 1,
            b']' | b'}' if self.nesting == 0 => self.whole = true,
            b']' | b'}' => self.nesting -= 1,
            _ => {}
        }
        self.whole
    }
}

impl Tables {
    /// Memory they take.
    pub(super) fn held_bytes(&self) -> usize {
        let names = |names: &[Vec<u8>]| -> usize {
            names.iter().map(|name| name.capacity() + size_of::<Vec<u8>>()).sum()
        };
        let of = |known: &Known| names(&known.names) + known.columns.held_bytes();
        let known: usize = self.known.iter().map(|known| size_of::<Known>() + of(known)).sum();
        size_of::<Self>() + known + names(&self.names) + self.held.bytes.capacity()
    }

    fn at(&mut self, depth: usize) -> Option<&mut Known> {
        self.known.iter_mut().rev().find(|known| known.depth == depth)
    }

    /// A name of the column at `place`, if none that says more came before.
    fn take_name(&mut self, place: u16, rank: u8, name: &[u8]) {
        let place = usize::from(place);
        if place >= KEYS_PER_NODE_MAX || name.len() > NAME_BYTES_MAX {
            return;
        }
        if self.names.len() <= place {
            self.names.resize(place + 1, Vec::new());
            self.ranks.resize(place + 1, 0);
        }
        if let (Some(known), Some(ranked)) = (self.names.get_mut(place), self.ranks.get_mut(place))
            && *ranked < rank
        {
            *ranked = rank;
            known.clear();
            known.extend_from_slice(name);
        }
    }
}

/// How much the member `name` of what describes a column says of what that is called; 0 where
/// nothing.
fn rank_of(name: &[u8]) -> u8 {
    match name {
        b"name" | b"Name" | b"columnName" | b"ColumnName" | b"column_name" => 3,
        b"field" | b"key" | b"label" | b"title" => 2,
        b"id" => 1,
        _ => 0,
    }
}

impl JsonWalker {
    /// Opens a list in an object, where it is a part of a table.
    pub(super) fn open_table<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) -> bool {
        let (child, depth) = (self.top.child, self.stack.len());
        let name = paths.raw_name(child);
        if self.stack.last().is_some_and(|around| around.container == Container::Rows) {
            return CELLS.contains(&name) && self.open_cells(paths);
        }
        if NAMES.contains(&name) {
            let tables = self.tables.get_or_insert_default();
            if self.watching || tables.known.len() >= TABLES_MAX || tables.at(depth).is_some() {
                return false;
            }
            tables.names.clear();
            tables.ranks.clear();
            self.open_as((Container::Names, child), paths);
            self.watching = true;
            return true;
        }
        let Some(name) = ROWS.iter().find(|rows| rows.as_bytes() == name) else { return false };
        let tables = self.tables.get_or_insert_default();
        let free = tables.held.bytes.is_empty() && tables.replaying.is_none();
        let container = match tables.at(depth) {
            Some(known) => {
                known.columns.take_names(known.names.clone(), child, paths, sink);
                Container::Rows
            }
            None if free && !self.lines.are_expected() => {
                tables.held.name = name;
                Container::EarlyRows
            }
            None => return false,
        };
        self.open_as((container, child), paths);
        true
    }

    /// Opens a row.
    pub(super) fn open_row<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) -> bool {
        let path = self.top.child;
        sink.enter(paths, path);
        self.stack.push(self.top);
        self.top = Frame { container: Container::Row, keys: 0, path, child: path };
        self.place_cell(paths);
        true
    }

    /// Opens the cells of a row that is an object.
    fn open_cells(&mut self, paths: &mut PathTable) -> bool {
        let path = self.top.path;
        self.stack.push(self.top);
        self.top = Frame { container: Container::Cells, keys: 0, path, child: path };
        self.place_cell(paths);
        true
    }

    /// The path of the cell at hand.
    pub(super) fn place_cell(&mut self, paths: &mut PathTable) {
        let up = if self.top.container == Container::Row { 1 } else { 2 };
        let Some(at) = self.stack.len().checked_sub(up) else { return };
        let Some(rows) = self.stack.get(at).map(|rows| rows.path) else { return };
        let column = usize::from(self.top.keys);
        if let Some(known) = self.tables.as_mut().and_then(|tables| tables.at(at.wrapping_sub(1))) {
            known.columns.place(rows, paths);
            self.top.child = known.columns.path(column, paths);
        }
    }

    /// A string that may name a column.
    pub(super) fn hear_name(&mut self, text: &[u8], paths: &PathTable) {
        let (place, rank) = match (self.top.container, self.stack.last()) {
            (Container::Names, _) => (self.top.keys, u8::MAX),
            (_, Some(list)) if list.container == Container::Names => {
                (list.keys, rank_of(paths.raw_name(self.top.child)))
            }
            _ => return,
        };
        if let Some(tables) = &mut self.tables {
            tables.take_name(place, rank, text);
        }
    }

    /// Whether a name of a column may come next.
    pub(super) fn is_at_names(&self) -> bool {
        let is_names = |frame: &Frame| frame.container == Container::Names;
        is_names(&self.top)
            || self.top.container == Container::Object && self.stack.last().is_some_and(is_names)
    }

    /// The names of the columns are whole.
    pub(super) fn end_names<S: FieldSink>(
        &mut self,
        closed: Frame,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        let depth = self.stack.len();
        let Some(tables) = &mut self.tables else { return };
        let names = std::mem::take(&mut tables.names);
        // Each has one: else nobody knows which is whose.
        if names.len() != usize::from(closed.keys) + 1
            || names.iter().any(Vec::is_empty)
            || !are_names(&names)
        {
            return;
        }
        tables.known.push(Known { depth, names, columns: Columns::default() });
        if tables.held.whole && tables.held.depth == depth {
            self.replay(paths, sink);
        }
    }

    /// The object at the top ends, and the table that it is.
    pub(super) fn leave_tables<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        let depth = self.stack.len();
        let Some(tables) = &self.tables else { return };
        // Most objects of a document with a list of that name have no part in a table.
        if tables.known.is_empty() && !tables.held.whole {
            return;
        }
        if tables.held.whole && tables.held.depth == depth {
            self.replay(paths, sink);
        }
        let is_object = self.stack.last().is_some_and(|a| a.container == Container::Object);
        let hands_up = is_object && SCHEMAS.contains(&paths.raw_name(self.top.path));
        let Some(tables) = &mut self.tables else { return };
        let above = depth.wrapping_sub(1);
        if hands_up
            && tables.at(above).is_none()
            && let Some(known) = tables.at(depth)
        {
            known.depth = above;
        }
        tables.known.retain(|known| known.depth < depth);
    }

    /// Whether the container at the top is one of those around what was held.
    pub(super) fn is_around_held(&self) -> bool {
        let within = self.tables.as_ref().and_then(|tables| tables.replaying);
        within.is_some_and(|within| self.stack.len() <= within)
    }

    /// Holds a row, the first behind the bracket of which the rest follows, and those behind it.
    pub(super) fn begin_hold(&mut self) -> bool {
        let Some(depth) = self.stack.len().checked_sub(1) else { return false };
        let Some(tables) = &mut self.tables else { return false };
        if !tables.held.bytes.is_empty() || tables.replaying.is_some() {
            return false;
        }
        let name = tables.held.name;
        tables.held = Held { bytes: vec![b'['], nesting: 1, name, depth, ..Held::default() };
        self.state = State::Held;
        true
    }

    /// Takes more of what is held. Returns where that ends.
    pub(super) fn hold<S: FieldSink>(
        &mut self,
        input: &[u8],
        at: usize,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> usize {
        let Some(tables) = &mut self.tables else { return input.len() };
        let used = tables.held.take(input.get(at..).unwrap_or_default());
        if tables.held.whole {
            self.close(paths, sink);
        } else if tables.held.bytes.len() >= ROWS_HELD_BYTES_MAX {
            self.release(paths, sink);
        }
        at + used
    }

    /// What is held will not be whole: walks it as it is.
    pub(super) fn release<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        if self.state != State::Held {
            return;
        }
        self.state = State::Value;
        self.top.container = Container::Array;
        let Some(held) = self.take_held(0) else { return };
        self.scan(&held.bytes, paths, sink);
        self.end_replay();
    }

    /// Walks what is held, as a member of the object at the top.
    fn replay<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        let (depth, child) = (self.stack.len(), self.top.child);
        let Some(held) = self.take_held(depth) else { return };
        self.top.child = paths.intern(self.top.path, Step::Key, false, held.name.as_bytes());
        self.open(Container::Array, paths, sink);
        self.scan(&held.bytes, paths, sink);
        self.end_scalar(paths, sink);
        while self.stack.len() > depth {
            self.close(paths, sink);
        }
        (self.top.child, self.state) = (child, State::After);
        self.end_replay();
    }

    fn take_held(&mut self, within: usize) -> Option<Held> {
        let tables = self.tables.as_mut()?;
        tables.replaying = Some(within);
        Some(std::mem::take(&mut tables.held))
    }

    fn end_replay(&mut self) {
        if let Some(tables) = &mut self.tables {
            tables.replaying = None;
        }
    }
}

#[cfg(test)]
mod tests;
