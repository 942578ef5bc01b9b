//! Floor 0: what every other floor stands on. No knowledge of networks, protocols or privacy law,
//! only time, keys, hashes, masks and limits.

pub mod budget;
pub mod clock;
pub mod cursor;
pub mod hash;
pub mod key;
pub mod limits;
pub mod mask;
pub mod network;
pub mod number;
pub mod recent;
pub mod scan;
pub mod time;

pub use budget::Shares;
pub use cursor::Cursor;
pub use hash::{StableHasher, TableMap, TableSet, table_state};
pub use key::{InstallationKey, KeyError};
pub use mask::Mask;
pub use network::{address_text, network_of};
pub use time::{Span, Timestamp};
