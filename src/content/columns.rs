//! Columns of a table under the names that its first row gives them, however it is written.

use crate::base::limits::KEYS_PER_NODE_MAX;

use super::paths::Interned;
use super::{FieldSink, PathId, PathTable, Step};

/// Bytes of the longest name of a column: what is longer is text.
pub(crate) const NAME_BYTES_MAX: usize = 64;
/// Words of the longest name of a column of what nobody calls a table.
const NAME_WORDS_MAX: usize = 3;

/// The columns of one table: each row is an object whose members they are.
#[derive(Debug)]
pub(crate) struct Columns {
    /// Their names as they stand in the first row; none where that has none.
    names: Vec<Vec<u8>>,
    /// Their paths in one generation of the table of paths.
    paths: Vec<PathId>,
    generation: u32,
    row: PathId,
}

impl Default for Columns {
    fn default() -> Self {
        Columns { names: Vec::new(), paths: Vec::new(), generation: 0, row: PathId::NONE }
    }
}

impl Columns {
    /// Heap bytes they take.
    pub(crate) fn held_bytes(&self) -> usize {
        let names: usize = self.names.iter().map(|n| n.capacity() + size_of::<Vec<u8>>()).sum();
        names + self.paths.capacity() * size_of::<PathId>()
    }

    /// How many have a name.
    pub(crate) fn named(&self) -> usize {
        self.names.len()
    }

    /// The path of a row, once they have their places.
    pub(crate) fn row(&self) -> PathId {
        self.row
    }

    /// The cells of the first row are names.
    pub(crate) fn take_names<S: FieldSink>(
        &mut self,
        names: Vec<Vec<u8>>,
        root: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        self.names = names;
        self.row = PathId::NONE;
        let row = paths.step(root, Step::Index);
        for name in self.names.iter().take(KEYS_PER_NODE_MAX) {
            if let Interned::Data(path) = paths.named(row, Step::Key, name) {
                sink.key(paths, path, name);
            }
        }
    }

    /// Makes their paths below `root`, once for a generation of `paths`.
    pub(crate) fn place(&mut self, root: PathId, paths: &mut PathTable) {
        if self.row != PathId::NONE && self.generation == paths.generation() {
            return;
        }
        self.generation = paths.generation();
        self.row = paths.step(root, Step::Index);
        self.paths.clear();
        for name in self.names.iter().take(KEYS_PER_NODE_MAX) {
            self.paths.push(paths.named(self.row, Step::Key, name).id());
        }
    }

    /// The path of a cell in the column of this number, from 0: `column1` and so on where the first
    /// row names nothing, `*` where it names fewer.
    pub(crate) fn path(&self, column: usize, paths: &mut PathTable) -> PathId {
        if let Some(path) = self.paths.get(column) {
            return *path;
        }
        if self.names.is_empty() && column < KEYS_PER_NODE_MAX {
            let name = format!("column{}", column + 1);
            return paths.intern(self.row, Step::Key, false, name.as_bytes());
        }
        paths.data(self.row, Step::Key)
    }
}

/// Whether the cells of a first row name columns: short text that begins with no digit and is no
/// address, most of it there.
pub(crate) fn are_names(cells: &[Vec<u8>]) -> bool {
    let there = cells.iter().filter(|cell| !cell.is_empty()).count();
    there * 2 > cells.len() && cells.iter().all(|cell| is_name(cell))
}

/// Whether one cell may be a name.
pub(crate) fn is_name(cell: &[u8]) -> bool {
    cell.len() <= NAME_BYTES_MAX
        && std::str::from_utf8(cell).is_ok()
        && !cell.first().is_some_and(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+'))
        && !cell.contains(&b'@')
}

/// Whether a cell may be a name where nobody says that there is a table: few words, no sentence.
pub(crate) fn is_short_name(cell: &[u8]) -> bool {
    !cell.iter().any(|b| matches!(b, b'.' | b':' | b'=' | b'{' | b'<' | b'('))
        && cell.split(|b| *b == b' ').count() <= NAME_WORDS_MAX
}
