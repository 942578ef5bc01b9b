//! Where flows lie: in blocks that never move, so that a million flows grow without a pause to copy
//! them and without needing twice their memory meanwhile.

/// Bytes of a block: an allocator has a class for that size, so nothing is lost to rounding.
const BLOCK_BYTES: usize = 64 * 1024;

/// A growing store whose entries keep their index. Freed places are used again, last freed first.
#[derive(Debug)]
pub(super) struct Slab<T> {
    blocks: Vec<Vec<Option<T>>>,
    free: Vec<u32>,
    len: usize,
}

impl<T> Slab<T> {
    /// Entries per block.
    const BLOCK: usize = match BLOCK_BYTES / size_of::<Option<T>>() {
        0 => 1,
        entries => entries,
    };

    pub(super) fn new() -> Self {
        Slab { blocks: Vec::new(), free: Vec::new(), len: 0 }
    }

    /// Entries in use.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Indexes that were ever used are below this.
    pub(super) fn bound(&self) -> u32 {
        let full = self.blocks.len().saturating_sub(1) * Self::BLOCK;
        let bound = full + self.blocks.last().map_or(0, Vec::len);
        u32::try_from(bound).unwrap_or(u32::MAX)
    }

    pub(super) fn get(&self, index: u32) -> Option<&T> {
        let (block, place) = Self::split(index);
        self.blocks.get(block)?.get(place)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        let (block, place) = Self::split(index);
        self.blocks.get_mut(block)?.get_mut(place)?.as_mut()
    }

    /// Puts `entry` somewhere and says where.
    pub(super) fn insert(&mut self, entry: T) -> u32 {
        self.len += 1;
        if let Some(index) = self.free.pop() {
            let (block, place) = Self::split(index);
            let slot = self.blocks.get_mut(block).and_then(|block| block.get_mut(place));
            if let Some(slot) = slot {
                *slot = Some(entry);
            }
            return index;
        }
        let index = self.bound();
        match self.blocks.last_mut() {
            Some(block) if block.len() < Self::BLOCK => block.push(Some(entry)),
            _ => {
                let mut block = Vec::with_capacity(Self::BLOCK);
                block.push(Some(entry));
                self.blocks.push(block);
            }
        }
        index
    }

    pub(super) fn remove(&mut self, index: u32) -> Option<T> {
        let (block, place) = Self::split(index);
        let entry = self.blocks.get_mut(block)?.get_mut(place)?.take()?;
        self.free.push(index);
        self.len -= 1;
        Some(entry)
    }

    fn split(index: u32) -> (usize, usize) {
        let index = index as usize;
        (index / Self::BLOCK, index % Self::BLOCK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_keep_their_index_and_places_are_used_again() {
        let mut slab = Slab::new();
        let indexes: Vec<u32> = (0..1000).map(|n| slab.insert(n)).collect();
        assert_eq!(slab.bound(), 1000);
        assert_eq!(slab.remove(indexes[300]), Some(300));
        assert_eq!(slab.remove(indexes[300]), None);
        assert_eq!(slab.insert(7), indexes[300]);
        assert_eq!((slab.len(), slab.bound()), (1000, 1000));
        assert_eq!(slab.get(indexes[999]), Some(&999));
        assert_eq!(slab.get(1000), None);
    }
}
