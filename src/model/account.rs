//! The accounting identity: every packet that was seen is in exactly one of these places.

use std::collections::BTreeMap;

use crate::base::Span;

/// Why packets were not analysed; the names users see.
pub type Reason = &'static str;

/// Why decoding made no segment of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SkipReason {
    /// The same packet a second time.
    Duplicate,
    /// A fragment that waits for the others of its datagram. It counts as analysed until that is
    /// settled (see [`Settled`]).
    Held,
    /// Its headers contradict themselves or end too soon: `ipv4-header`, `tcp-header`, …
    Malformed(Reason),
    /// Given up for memory: `fragment-memory`.
    Shed(Reason),
    /// Not ours to decode: `arp`, `udp`, `icmp`, `link-type`, …
    Skipped(Reason),
}

/// What became of packets that were [held](SkipReason::Held) and made no segment after all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The number of the input they came from.
    pub input: u32,
    /// How many.
    pub packets: u64,
    /// Where they belong.
    pub why: SkipReason,
}

/// What became of the packets of one input, exact to the packet:
/// `seen = analysed + duplicate + filtered + skipped + malformed + shed + dropped`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PacketAccount {
    /// Packets the source had for us, those the kernel dropped included.
    pub seen: u64,
    /// Bytes on the wire of all packets that were delivered.
    pub bytes: u64,
    /// Segments that reached reassembly.
    pub analysed: u64,
    /// The same packet a second time.
    pub duplicate: u64,
    /// Excluded by the user's filter.
    pub filtered: u64,
    /// Not ours to decode.
    pub skipped: BTreeMap<Reason, u64>,
    /// Contradicting or cut headers.
    pub malformed: BTreeMap<Reason, u64>,
    /// Discarded by us under load.
    pub shed: BTreeMap<Reason, u64>,
    /// Lost in the kernel's buffer.
    pub dropped: u64,
    /// Of the analysed: payload the capture cut off (snap length), in packets.
    pub cut: u64,
    /// Lost by the interface or its driver before that, where the system tells: an estimate that
    /// stands beside the account.
    pub interface_lost: Option<u64>,
    /// Excluded by the kernel's filter before that: an estimate, as before.
    pub filter_excluded: Option<u64>,
    /// Packet times of the first and the last of the seen.
    pub span: Span,
}

impl PacketAccount {
    /// Everything but `seen`, added up.
    pub fn accounted(&self) -> u64 {
        let sum = |of: &BTreeMap<Reason, u64>| of.values().sum::<u64>();
        self.analysed
            + self.duplicate
            + self.filtered
            + sum(&self.skipped)
            + sum(&self.malformed)
            + sum(&self.shed)
            + self.dropped
    }

    /// Whether the identity holds.
    pub fn balances(&self) -> bool {
        self.seen == self.accounted()
    }

    /// Counts one packet that made no segment.
    pub fn skip(&mut self, why: SkipReason) {
        self.count(why, 1);
    }

    /// Moves packets that were held from the analysed to where they belong.
    pub fn settle(&mut self, settled: &Settled) {
        let packets = settled.packets.min(self.analysed);
        self.analysed -= packets;
        self.count(settled.why, packets);
    }

    fn count(&mut self, why: SkipReason, packets: u64) {
        let (reasons, reason) = match why {
            SkipReason::Duplicate => return self.duplicate += packets,
            SkipReason::Held => return self.analysed += packets,
            SkipReason::Malformed(reason) => (&mut self.malformed, reason),
            SkipReason::Shed(reason) => (&mut self.shed, reason),
            SkipReason::Skipped(reason) => (&mut self.skipped, reason),
        };
        if packets > 0 {
            *reasons.entry(reason).or_default() += packets;
        }
    }

    /// Adds what another part of the same input counted.
    pub fn merge(&mut self, other: &PacketAccount) {
        self.seen += other.seen;
        self.bytes += other.bytes;
        self.analysed += other.analysed;
        self.duplicate += other.duplicate;
        self.filtered += other.filtered;
        self.dropped += other.dropped;
        self.cut += other.cut;
        self.span.merge(other.span);
        for (mine, theirs) in [
            (&mut self.interface_lost, other.interface_lost),
            (&mut self.filter_excluded, other.filter_excluded),
        ] {
            *mine = mine.map_or(theirs, |mine| Some(mine + theirs.unwrap_or(0)));
        }
        for (mine, theirs) in [
            (&mut self.skipped, &other.skipped),
            (&mut self.malformed, &other.malformed),
            (&mut self.shed, &other.shed),
        ] {
            for (reason, count) in theirs {
                *mine.entry(reason).or_default() += count;
            }
        }
    }
}

/// The account of one input, with its name and how it ended.
#[derive(Clone, Debug, Default)]
pub struct InputAccount {
    /// File name, interface name, or `-`.
    pub name: String,
    /// The account.
    pub packets: PacketAccount,
    /// Why it is incomplete (cut in the middle, interrupted), where it is.
    pub incomplete: Option<String>,
}
