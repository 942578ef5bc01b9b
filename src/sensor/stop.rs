//! The flag that ends a run early. Set by a signal, read by the capture loop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Cloned freely; all clones are one flag.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks the run to end: what was seen is flushed.
    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether someone asked.
    pub fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
