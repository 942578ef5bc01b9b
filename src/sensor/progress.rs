//! Numbers a progress bar reads while the run goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Cloned freely; all clones are one set of numbers.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Numbers>);

#[derive(Debug, Default)]
struct Numbers {
    bytes: AtomicU64,
    total: AtomicU64,
    packets: AtomicU64,
}

impl Progress {
    /// Adds what has been read, in bytes as stored, and in packets.
    pub fn add(&self, bytes: u64, packets: u64) {
        self.0.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.0.packets.fetch_add(packets, Ordering::Relaxed);
    }

    /// Sets the size of all inputs, where it is known.
    pub fn set_total(&self, total: u64) {
        self.0.total.store(total, Ordering::Relaxed);
    }

    /// Bytes read so far.
    pub fn bytes(&self) -> u64 {
        self.0.bytes.load(Ordering::Relaxed)
    }

    /// Bytes there are; 0 when that is not known.
    pub fn total(&self) -> u64 {
        self.0.total.load(Ordering::Relaxed)
    }

    /// Packets read so far.
    pub fn packets(&self) -> u64 {
        self.0.packets.load(Ordering::Relaxed)
    }
}
