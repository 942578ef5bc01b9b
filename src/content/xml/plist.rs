//! Property lists (Apple, `PropertyList-1.0.dtd`): in a `dict` a `key` names the element behind it,
//! whose own name is the type of the value. That element is called by its key: `/plist/dict/ssn`.

use crate::base::limits::KEY_BYTES_MAX;

/// The root of a property list.
pub(super) const ROOT: &[u8] = b"plist";

/// The keys of a property list.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// The last key.
    key: Vec<u8>,
    /// Elements around it.
    depth: usize,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// No key names what comes.
    #[default]
    None,
    /// Within the element that is one.
    Within,
    /// The next element is its value.
    Behind,
}

impl Keys {
    /// Heap bytes they take.
    pub(super) fn held_bytes(&self) -> usize {
        self.key.capacity()
    }

    /// An element called `name` begins within `depth` others, and is called by its key where it
    /// has one.
    pub(super) fn begin(&mut self, name: &mut Vec<u8>, depth: usize) {
        if name == b"key" {
            self.key.clear();
            (self.depth, self.stage) = (depth, Stage::Within);
            return;
        }
        let named = self.stage == Stage::Behind && self.depth == depth && !self.key.is_empty();
        if named {
            std::mem::swap(name, &mut self.key);
        }
        self.stage = Stage::None;
    }

    /// Text of the element at hand.
    pub(super) fn text(&mut self, piece: &[u8]) {
        if self.stage == Stage::Within {
            // One byte too many shows that it is too long.
            let room = (KEY_BYTES_MAX + 1).saturating_sub(self.key.len());
            self.key.extend_from_slice(piece.get(..room).unwrap_or(piece));
        }
    }

    /// An element ends.
    pub(super) fn end(&mut self) {
        self.stage = match self.stage {
            Stage::Within => {
                self.key.truncate(self.key.trim_ascii_end().len());
                Stage::Behind
            }
            _ => Stage::None,
        };
    }
}
