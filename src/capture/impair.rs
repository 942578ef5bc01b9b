//! Makes a source worse on purpose, the same way every time: for tests.

use std::collections::VecDeque;

use crate::base::Timestamp;
use crate::capture::source::{CaptureError, Incomplete, Losses, Next, PacketSource, Progress};
use crate::model::{LinkType, Packet};

/// How a source is made worse. Chances are in thousandths of all packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Impairment {
    /// The same seed makes the same choices.
    pub seed: u64,
    /// Packets that disappear.
    pub loss_per_mille: u16,
    /// Packets that come twice.
    pub duplicate_per_mille: u16,
    /// Packets a packet may be overtaken by; 0 keeps the order.
    pub reorder_packets_max: usize,
}

/// A source as a bad mirror port would show it. Packets keep their times.
pub struct ImpairedSource<S> {
    inner: S,
    impairment: Impairment,
    random: SplitMix64,
    /// Packets that wait to be overtaken.
    waiting: VecDeque<Owned>,
    current: Option<Owned>,
    ended: bool,
    lost: u64,
}

#[derive(Clone)]
struct Owned {
    at: Timestamp,
    link: LinkType,
    data: Vec<u8>,
    wire_len: u32,
    /// Packets that may still overtake this one.
    patience: usize,
}

impl<S: PacketSource> ImpairedSource<S> {
    /// Wraps `inner`.
    pub fn new(inner: S, impairment: Impairment) -> Self {
        ImpairedSource {
            inner,
            impairment,
            random: SplitMix64(impairment.seed),
            waiting: VecDeque::new(),
            current: None,
            ended: false,
            lost: 0,
        }
    }

    /// Reads from the inner source until one more packet waits, or tells why none can.
    fn pull(&mut self) -> Result<Pulled, CaptureError> {
        loop {
            let packet = match self.inner.next_packet()? {
                Next::Packet(packet) => packet,
                Next::Idle(now) => return Ok(Pulled::Idle(now)),
                Next::End => return Ok(Pulled::End),
            };
            if self.random.chance(self.impairment.loss_per_mille) {
                self.lost += 1;
                continue;
            }
            let copies = 1 + usize::from(self.random.chance(self.impairment.duplicate_per_mille));
            for _ in 0..copies {
                let patience = self.random.below(self.impairment.reorder_packets_max + 1);
                self.waiting.push_back(Owned {
                    at: packet.at,
                    link: packet.link,
                    data: packet.data.to_vec(),
                    wire_len: packet.wire_len,
                    patience,
                });
            }
            return Ok(Pulled::Packet);
        }
    }

    /// The packet to hand out now: whoever has no patience left goes first.
    fn choose(&mut self) -> Option<Owned> {
        let next = self.waiting.iter().position(|packet| packet.patience == 0)?;
        for overtaken in self.waiting.iter_mut().take(next) {
            overtaken.patience -= 1;
        }
        self.waiting.remove(next)
    }
}

enum Pulled {
    Packet,
    Idle(Timestamp),
    End,
}

impl<S: PacketSource> PacketSource for ImpairedSource<S> {
    fn next_packet(&mut self) -> Result<Next<'_>, CaptureError> {
        let chosen = loop {
            let full = self.waiting.len() > self.impairment.reorder_packets_max;
            if full || self.ended {
                // At the end nobody is left to overtake.
                break self.choose().or_else(|| self.waiting.pop_front());
            }
            match self.pull()? {
                Pulled::Packet => {}
                Pulled::Idle(now) => return Ok(Next::Idle(now)),
                Pulled::End => self.ended = true,
            }
        };
        self.current = chosen;
        Ok(match &self.current {
            Some(packet) => Next::Packet(Packet {
                at: packet.at,
                link: packet.link,
                data: &packet.data,
                wire_len: packet.wire_len,
                block: None,
            }),
            None => Next::End,
        })
    }

    fn name(&self) -> &str {
        self.inner.name()
    }

    /// The packets that disappeared count as lost by the kernel.
    fn losses(&mut self) -> Losses {
        let inner = self.inner.losses();
        Losses { kernel: inner.kernel + self.lost, ..inner }
    }

    fn progress(&self) -> Progress {
        self.inner.progress()
    }

    fn incomplete(&self) -> Option<&Incomplete> {
        self.inner.incomplete()
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn chance(&mut self, per_mille: u16) -> bool {
        self.next() % 1000 < u64::from(per_mille)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n.max(1) as u64).unwrap_or(0)
    }
}
