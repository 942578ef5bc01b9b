//! Decoders and output buffers that wait for the next body. Making a decoder means allocating and
//! clearing tens of kilobytes, as much work as decoding a small body.

use std::cell::RefCell;
use std::fmt;

use crate::base::limits::{DECODE_BUFFER_BYTES, DECODERS_POOLED_MAX};

use super::{Coding, Decode};

type Idle = (&'static Coding, Box<dyn Decode + Send>);

thread_local! {
    static DECODERS: RefCell<Vec<Idle>> = const { RefCell::new(Vec::new()) };
    static BUFFERS: RefCell<Vec<Box<[u8]>>> = const { RefCell::new(Vec::new()) };
}

/// A decoder that goes back to the pool of the thread it is dropped on.
pub(super) struct Pooled {
    coding: &'static Coding,
    decoder: Option<Box<dyn Decode + Send>>,
}

impl Pooled {
    /// A decoder as new.
    pub(super) fn take(coding: &'static Coding) -> Pooled {
        let idle = DECODERS.with_borrow_mut(|idle| {
            let at = idle.iter().position(|(c, _)| std::ptr::eq(*c, coding))?;
            Some(idle.swap_remove(at).1)
        });
        Pooled { coding, decoder: idle.or_else(coding.make) }
    }

    /// The decoder; `None` when none could be made.
    pub(super) fn held_bytes(&self) -> usize {
        self.decoder.as_ref().map_or(0, |decoder| decoder.held_bytes())
    }

    pub(super) fn decoder(&mut self) -> Option<&mut (dyn Decode + Send + 'static)> {
        self.decoder.as_deref_mut()
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        let Some(mut decoder) = self.decoder.take() else { return };
        // The pool itself may be gone when the thread ends.
        let _ = DECODERS.try_with(|idle| {
            let Ok(mut idle) = idle.try_borrow_mut() else { return };
            let same = idle.iter().filter(|(c, _)| std::ptr::eq(*c, self.coding)).count();
            if same < DECODERS_POOLED_MAX && decoder.reset() {
                idle.push((self.coding, decoder));
            }
        });
    }
}

impl fmt::Debug for Pooled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pooled").field(self.coding).finish()
    }
}

/// Lends a buffer of [`DECODE_BUFFER_BYTES`]. Calls may nest; each level has a buffer of its own.
pub(crate) fn with_buffer<T>(run: impl FnOnce(&mut [u8]) -> T) -> T {
    let idle = BUFFERS.with_borrow_mut(Vec::pop);
    let mut buffer = idle.unwrap_or_else(|| vec![0; DECODE_BUFFER_BYTES].into_boxed_slice());
    let result = run(&mut buffer);
    BUFFERS.with_borrow_mut(|idle| idle.push(buffer));
    result
}
