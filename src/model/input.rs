//! Which input a file is, whatever it is called.

/// Size and keyed hash of a file's first and last MiB: what tells one capture file from another.
/// Standard input and interfaces have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InputIdentity {
    /// Bytes of the file.
    pub size: u64,
    /// Keyed hash of its ends.
    pub hash: u64,
    /// Keyed hash of its first bytes, by which a file that has grown finds what it was; none where
    /// there were too few of them, and of what was read before they were kept.
    pub head: Option<u64>,
}

/// What earlier runs have of a file, from its beginning on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Passed {
    /// So many packets.
    pub packets: u64,
    /// So many more that the file told as lost, and that were counted.
    pub lost: u64,
}

impl InputIdentity {
    /// Whether both are of one file.
    pub fn is(&self, other: &InputIdentity) -> bool {
        (self.size, self.hash) == (other.size, other.hash)
    }
}
