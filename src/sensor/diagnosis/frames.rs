//! Lengths of frames as they pass: segments that the receiving host put together (GRO, LRO) are
//! longer than anything a wire carries.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::capture::{CaptureError, Incomplete, Losses, Next, PacketSource, Progress};

use super::unopened::UnopenedKinds;

/// What an Ethernet frame has around its MTU: header, two VLAN tags.
pub const FRAME_OVERHEAD: u32 = 14 + 8;

/// Lengths of the frames of a diagnosis. Cloned freely; all clones are one.
#[derive(Clone, Debug)]
pub struct FrameLengths(Arc<Lengths>);

#[derive(Debug)]
struct Lengths {
    limit: u32,
    longest: AtomicU32,
    longer: AtomicU64,
}

impl FrameLengths {
    /// Counts frames that no link of this MTU carries.
    pub fn of_mtu(mtu: u32) -> Self {
        let limit = mtu.saturating_add(FRAME_OVERHEAD);
        FrameLengths(Arc::new(Lengths {
            limit,
            longest: AtomicU32::new(0),
            longer: AtomicU64::new(0),
        }))
    }

    /// Bytes of the longest frame.
    pub fn longest(&self) -> u32 {
        self.0.longest.load(Ordering::Relaxed)
    }

    /// Frames beyond the MTU.
    pub fn longer(&self) -> u64 {
        self.0.longer.load(Ordering::Relaxed)
    }

    /// The MTU.
    pub fn mtu(&self) -> u32 {
        self.0.limit.saturating_sub(FRAME_OVERHEAD)
    }

    fn note(&self, wire_len: u32) {
        self.0.longest.fetch_max(wire_len, Ordering::Relaxed);
        if wire_len > self.0.limit {
            self.0.longer.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// What is measured of frames. Cloned freely; all clones are one.
#[derive(Clone, Debug)]
pub struct Frames {
    /// Their lengths.
    pub lengths: FrameLengths,
    /// What they came to that is not opened.
    pub unopened: UnopenedKinds,
}

/// A source whose frames are measured.
pub struct Measured {
    source: Box<dyn PacketSource>,
    frames: Frames,
}

impl Measured {
    /// Measures the frames of `source`.
    pub fn new(source: Box<dyn PacketSource>, frames: Frames) -> Self {
        Measured { source, frames }
    }
}

impl PacketSource for Measured {
    fn next_packet(&mut self) -> Result<Next<'_>, CaptureError> {
        let next = self.source.next_packet()?;
        if let Next::Packet(packet) = &next {
            self.frames.lengths.note(packet.wire_len);
            self.frames.unopened.note(packet);
        }
        Ok(next)
    }

    fn name(&self) -> &str {
        self.source.name()
    }

    fn losses(&mut self) -> Losses {
        self.source.losses()
    }

    fn progress(&self) -> Progress {
        self.source.progress()
    }

    fn incomplete(&self) -> Option<&Incomplete> {
        self.source.incomplete()
    }
}
