//! What was read of a followed file, to tell when its writer has begun it anew.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::known::HEAD_BYTES;

/// What was read of one file; its reader and whoever follows the directory share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    head: Vec<u8>,
    bytes: u64,
    anew: bool,
}

impl Seen {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes read.
    pub(super) fn bytes(&self) -> u64 {
        self.state().bytes
    }

    /// The first bytes read.
    pub(super) fn head(&self) -> Vec<u8> {
        self.state().head.clone()
    }

    /// Notes what was read next.
    pub(super) fn note(&self, bytes: &[u8]) {
        let mut state = self.state();
        let missing = HEAD_BYTES.saturating_sub(state.head.len()).min(bytes.len());
        state.head.extend_from_slice(bytes.get(..missing).unwrap_or_default());
        state.bytes += bytes.len() as u64;
    }

    /// Whether `file` was emptied since, or begins otherwise now: what it holds was not read. It
    /// stays so when as much has been written again.
    pub(super) fn is_anew(&self, file: &File) -> bool {
        let mut state = self.state();
        if !state.anew {
            let mut head = [0; HEAD_BYTES];
            let head = head.get_mut(..state.head.len()).unwrap_or_default();
            let begins = file.read_exact_at(head, 0).is_ok() && *head == *state.head;
            let shorter = file.metadata().is_ok_and(|now| now.len() < state.bytes);
            state.anew = shorter || !begins;
        }
        state.anew
    }
}
