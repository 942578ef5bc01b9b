//! Which input a file is, whatever it is called.

/// Size and keyed hash of a file's first and last MiB: what tells one capture file from another.
/// Standard input and interfaces have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InputIdentity {
    /// Bytes of the file.
    pub size: u64,
    /// Keyed hash of its ends.
    pub hash: u64,
}
