//! Text without structure: one long scalar.

use crate::model::ValueKind;

use super::leaf::Leaf;
use super::{FieldSink, PathId, PathTable};

/// Walks text as one scalar, in windows.
#[derive(Debug)]
pub(crate) struct TextWalker {
    leaf: Leaf,
    begun: bool,
}

impl TextWalker {
    /// Memory it takes.
    pub(crate) fn held_bytes(&self) -> usize {
        size_of::<Self>() + self.leaf.held_bytes()
    }

    /// Text within `level` values; the JSON in a `script` or a page is code, or walked by another.
    pub(crate) fn of(script: bool, level: u8) -> Self {
        let leaf = if script { Leaf::of_script(level) } else { Leaf::of_text(level) };
        TextWalker { leaf, begun: false }
    }

    pub(crate) fn push<S: FieldSink>(
        &mut self,
        bytes: &[u8],
        path: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        self.begun |= !bytes.is_empty();
        self.leaf.extend(bytes, path, paths, sink);
    }

    /// The scalar ends; what comes behind it, if anything, is another.
    pub(crate) fn finish<S: FieldSink>(
        &mut self,
        path: PathId,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        if std::mem::take(&mut self.begun) {
            self.leaf.end(ValueKind::String, path, paths, sink);
        }
    }
}
