//! What a walker stands on, kept so that it survives a cleared path table.

use crate::content::{PathId, PathTable, Step};

/// The steps from the root to where a walker stands, with their names. Saved when a push ends, at
/// the cost of what changed since the last one.
#[derive(Debug, Default)]
pub(in crate::content) struct Trail {
    generation: u32,
    ids: Vec<PathId>,
    steps: Vec<Mark>,
    names: Vec<u8>,
    climb: Vec<PathId>,
}

#[derive(Clone, Copy, Debug)]
struct Mark {
    step: Step,
    data: bool,
    name_end: usize,
}

impl Trail {
    /// Heap bytes it takes.
    pub(in crate::content) fn held_bytes(&self) -> usize {
        (self.ids.capacity() + self.climb.capacity()) * size_of::<PathId>()
            + self.steps.capacity() * size_of::<Mark>()
            + self.names.capacity()
    }

    /// Remembers `deepest` and all above it.
    pub(in crate::content) fn save(&mut self, paths: &PathTable, deepest: PathId) {
        if self.generation == paths.generation() && self.ids.last() == Some(&deepest) {
            return;
        }
        if self.generation != paths.generation() {
            self.truncate(0);
            self.generation = paths.generation();
        }
        self.climb.clear();
        let mut at = Some(deepest);
        while let Some(id) = at {
            self.climb.push(id);
            at = paths.parent(id);
        }
        let same = self.ids.iter().zip(self.climb.iter().rev()).take_while(|(a, b)| a == b).count();
        self.truncate(same);
        for id in self.climb.iter().rev().skip(same) {
            let Some(step) = paths.step_of(*id) else { continue };
            self.ids.push(*id);
            self.names.extend_from_slice(paths.raw_name(*id));
            let (data, name_end) = (paths.is_data(*id), self.names.len());
            self.steps.push(Mark { step, data, name_end });
        }
    }

    /// Whether the table was cleared since the last [`Trail::save`].
    pub(in crate::content) fn is_stale(&self, paths: &PathTable) -> bool {
        self.generation != paths.generation()
    }

    /// Interns again what was saved and hands out each old path with its new one, root first.
    pub(in crate::content) fn restore(&mut self, paths: &mut PathTable) -> Vec<(PathId, PathId)> {
        let mut pairs = Vec::with_capacity(self.ids.len());
        let mut parent = PathId::NONE;
        let mut from = 0;
        for (id, mark) in self.ids.iter_mut().zip(&self.steps) {
            let name = self.names.get(from..mark.name_end).unwrap_or_default();
            parent = paths.intern(parent, mark.step, mark.data, name);
            pairs.push((*id, parent));
            (*id, from) = (parent, mark.name_end);
        }
        self.generation = paths.generation();
        pairs
    }

    fn truncate(&mut self, len: usize) {
        self.ids.truncate(len);
        self.steps.truncate(len);
        self.names.truncate(self.steps.last().map_or(0, |m| m.name_end));
    }
}

/// The new path of `old`.
pub(in crate::content) fn moved(pairs: &[(PathId, PathId)], old: PathId) -> PathId {
    pairs.iter().find(|(from, _)| *from == old).map_or(PathId::NONE, |(_, to)| *to)
}
