//! Packets in memory, for tests and benches.

use crate::base::Timestamp;
use crate::capture::source::{CaptureError, Next, PacketSource};
use crate::model::{LinkType, Packet};

/// Packets that were put in, in that order. All bytes lie in one arena.
#[derive(Clone, Debug, Default)]
pub struct MemorySource {
    name: String,
    arena: Vec<u8>,
    packets: Vec<Stored>,
    next: usize,
}

#[derive(Clone, Copy, Debug)]
struct Stored {
    at: Timestamp,
    link: LinkType,
    wire_len: u32,
    start: usize,
    len: usize,
}

impl MemorySource {
    /// An empty source that users know by `name`.
    pub fn new(name: &str) -> Self {
        MemorySource { name: name.to_owned(), ..MemorySource::default() }
    }

    /// Everything another source has to give; idle times are left out.
    pub fn drain(source: &mut dyn PacketSource) -> Result<Self, CaptureError> {
        let mut all = MemorySource::new(source.name());
        loop {
            match source.next_packet()? {
                Next::Packet(packet) => all.push(&packet),
                Next::Idle(_) => {}
                Next::End => return Ok(all),
            }
        }
    }

    /// Appends a copy of `packet`.
    pub fn push(&mut self, packet: &Packet<'_>) {
        let start = self.arena.len();
        self.arena.extend_from_slice(packet.data);
        self.packets.push(Stored {
            at: packet.at,
            link: packet.link,
            wire_len: packet.wire_len,
            start,
            len: packet.data.len(),
        });
    }

    /// How many packets there are, handed out or not.
    pub fn len(&self) -> usize {
        self.packets.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// All packets, handed out or not.
    pub fn packets(&self) -> impl Iterator<Item = Packet<'_>> {
        self.packets.iter().map(|stored| self.lend(stored))
    }

    /// Starts again with the first packet.
    pub fn rewind(&mut self) {
        self.next = 0;
    }

    fn lend(&self, stored: &Stored) -> Packet<'_> {
        Packet {
            at: stored.at,
            link: stored.link,
            data: self.arena.get(stored.start..stored.start + stored.len).unwrap_or_default(),
            wire_len: stored.wire_len,
            block: None,
        }
    }
}

impl PacketSource for MemorySource {
    fn next_packet(&mut self) -> Result<Next<'_>, CaptureError> {
        let Some(stored) = self.packets.get(self.next) else {
            return Ok(Next::End);
        };
        self.next += 1;
        Ok(Next::Packet(self.lend(stored)))
    }

    fn name(&self) -> &str {
        &self.name
    }
}
