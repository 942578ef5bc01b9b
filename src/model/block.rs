//! Memory that is read into once and shared by whoever holds a part of it.

use std::sync::Arc;

/// A piece of a capture file in memory. Segments that lie in it are not copied on their way to a
/// worker: their batch holds the block, and once no batch does it can be read into again.
#[derive(Clone, Debug, Default)]
pub struct Block(Arc<Vec<u8>>);

impl Block {
    /// One of `len` bytes, zero.
    pub fn of(len: usize) -> Block {
        Block(Arc::new(vec![0; len]))
    }

    /// All its bytes.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, to be written; `None` while anyone else holds the block.
    pub fn alone(&mut self) -> Option<&mut Vec<u8>> {
        Arc::get_mut(&mut self.0)
    }

    /// Whether both are one.
    #[inline]
    pub fn is(&self, other: &Block) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Where in the block `part` lies; `None` where it does not lie there whole.
    #[inline]
    pub fn place_of(&self, part: &[u8]) -> Option<usize> {
        let start = part.as_ptr().addr().checked_sub(self.0.as_ptr().addr())?;
        (start.checked_add(part.len())? <= self.0.len()).then_some(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_in_a_block_has_a_place_there() {
        let block = Block::of(8);
        let bytes = block.bytes();
        assert_eq!(block.place_of(bytes), Some(0));
        assert_eq!(block.place_of(&bytes[3..5]), Some(3));
        assert_eq!(block.place_of(&bytes[8..]), Some(8));
        assert_eq!(block.place_of(&[0; 3]), None);
        assert_eq!(Block::of(8).place_of(&bytes[1..2]), None);
    }

    #[test]
    fn a_block_is_written_by_who_holds_it_alone() {
        let mut block = Block::of(1);
        let held = block.clone();
        assert!(held.is(&block) && !held.is(&Block::of(1)));
        assert!(block.alone().is_none());
        drop(held);
        assert_eq!(block.alone(), Some(&mut vec![0]));
    }
}
