//! Which input a file is, whatever it is called.

use std::io::{self, Read, Seek, SeekFrom};

use crate::base::StableHasher;

/// Bytes at either end of a file that are hashed: captures of one size that agree in both differ
/// in their first packets' times at the latest.
const ENDS_BYTES: u64 = 1024 * 1024;

/// Size and keyed hash of the first and last MiB: what tells one capture file from another.
/// Standard input and interfaces have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InputIdentity {
    /// Bytes of the file.
    pub size: u64,
    /// Keyed hash of its ends.
    pub hash: u64,
}

impl InputIdentity {
    /// Reads the identity of `file` and leaves its position at the start.
    pub fn of(file: &mut (impl Read + Seek), hasher: &StableHasher) -> io::Result<Self> {
        let size = file.seek(SeekFrom::End(0))?;
        let mut ends = Vec::new();
        file.rewind()?;
        file.by_ref().take(ENDS_BYTES).read_to_end(&mut ends)?;
        if size > ENDS_BYTES {
            file.seek(SeekFrom::Start((size - ENDS_BYTES).max(ENDS_BYTES)))?;
            file.by_ref().take(ENDS_BYTES).read_to_end(&mut ends)?;
        }
        file.rewind()?;
        Ok(InputIdentity { size, hash: hasher.hash(&ends) })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn identity(bytes: &[u8]) -> InputIdentity {
        let mut file = Cursor::new(bytes);
        let identity = InputIdentity::of(&mut file, &StableHasher::new([7; 16])).unwrap();
        assert_eq!(file.position(), 0, "left at the start");
        identity
    }

    #[test]
    fn both_ends_count() {
        let mib = usize::try_from(ENDS_BYTES).unwrap();
        for len in [1, mib - 1, mib, mib + 1, 2 * mib, 3 * mib + 17] {
            let file = vec![3u8; len];
            let (mut head, mut tail) = (file.clone(), file.clone());
            head[0] = 4;
            *tail.last_mut().unwrap() = 4;
            assert_eq!(identity(&file), identity(&file.clone()));
            assert_ne!(identity(&file), identity(&head), "{len}");
            assert_ne!(identity(&file), identity(&tail), "{len}");
            assert_ne!(identity(&file), identity(&file[..len - 1]), "{len}");
        }
    }
}
