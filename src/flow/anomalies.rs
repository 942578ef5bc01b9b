//! What was odd about a flow.

use crate::model::FragmentOddities;

/// A set of oddities. None of them is an error; those that leave room for another reading of the
/// streams make the flow [ambiguous](FlowAnomalies::ambiguous).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FlowAnomalies(u32);

impl FlowAnomalies {
    /// Two copies of the same bytes differed; the first was kept, the other told as another
    /// reading.
    pub const OVERLAP_CONFLICT: FlowAnomalies = FlowAnomalies(1);
    /// Payload in a SYN (TCP Fast Open, RFC 7413): delivered.
    pub const SYN_DATA: FlowAnomalies = FlowAnomalies(1 << 1);
    /// A SYN with another sequence number on a live flow: ignored.
    pub const SYN_CHALLENGED: FlowAnomalies = FlowAnomalies(1 << 2);
    /// The SYN-ACK acknowledges another sequence number than that of the SYN; it is believed. Or
    /// the first data came where the other end waited for it, and the handshake had said another
    /// place.
    pub const HANDSHAKE_MISMATCH: FlowAnomalies = FlowAnomalies(1 << 3);
    /// A RST with an implausible sequence number: ignored.
    pub const RESET_IGNORED: FlowAnomalies = FlowAnomalies(1 << 4);
    /// A segment or acknowledgment beyond any window, or data before the begin of its stream:
    /// ignored, and the data told as another reading.
    pub const OUT_OF_WINDOW: FlowAnomalies = FlowAnomalies(1 << 5);
    /// Data behind a FIN: told as another reading.
    pub const DATA_AFTER_FIN: FlowAnomalies = FlowAnomalies(1 << 6);
    /// New data after both ends were closed or reset: this flow carries it, or goes on with it.
    pub const DATA_AFTER_END: FlowAnomalies = FlowAnomalies(1 << 7);
    /// Data without ACK flag: ignored, as RFC 9293 section 3.10.7.4 asks of receivers, and told as
    /// another reading.
    pub const DATA_WITHOUT_ACK: FlowAnomalies = FlowAnomalies(1 << 8);
    /// Urgent data: delivered in line, where some receivers take one byte out of it, which is told
    /// as another reading.
    pub const URGENT: FlowAnomalies = FlowAnomalies(1 << 9);
    /// Bytes came after they had been given up as a gap: told as another reading.
    pub const LATE_DATA: FlowAnomalies = FlowAnomalies(1 << 10);
    /// Two FINs at different places: the first is believed.
    pub const FIN_MOVED: FlowAnomalies = FlowAnomalies(1 << 11);
    /// Bytes were given up because the buffers were full.
    pub const BUFFER_FULL: FlowAnomalies = FlowAnomalies(1 << 12);

    /// Fragments of a packet held other bytes for the same place: both readings are delivered, the
    /// one in which the first copies win before the other.
    pub const FRAGMENT_CONFLICT: FlowAnomalies = FlowAnomalies(1 << 13);
    /// Fragments of a packet overlapped and agreed.
    pub const FRAGMENT_OVERLAP: FlowAnomalies = FlowAnomalies(1 << 14);
    /// A first fragment without the whole TCP header (RFC 1858).
    pub const TINY_FRAGMENT: FlowAnomalies = FlowAnomalies(1 << 15);

    /// The name of [`Self::OVERLAP_CONFLICT`].
    pub(super) const OVERLAP: &'static str = "overlap-conflict";
    /// The name of [`Self::SYN_CHALLENGED`].
    pub(super) const CHALLENGED: &'static str = "syn-challenged";
    /// The name of [`Self::HANDSHAKE_MISMATCH`].
    pub(super) const MISMATCH: &'static str = "handshake-mismatch";
    /// The name of [`Self::OUT_OF_WINDOW`].
    pub(super) const ELSEWHERE: &'static str = "out-of-window";
    /// The name of [`Self::DATA_AFTER_FIN`].
    pub(super) const BEHIND_FIN: &'static str = "data-after-fin";
    /// The name of [`Self::DATA_WITHOUT_ACK`].
    pub(super) const WITHOUT_ACK: &'static str = "data-without-ack";
    /// The name of [`Self::URGENT`].
    pub(super) const URGENT_BYTE: &'static str = "urgent";
    /// The name of [`Self::LATE_DATA`].
    pub(super) const LATE: &'static str = "late-data";

    /// The name of [`Self::FRAGMENT_CONFLICT`].
    pub(super) const FRAGMENTS: &'static str = "fragment-conflict";

    const NAMES: [(FlowAnomalies, &'static str); 16] = [
        (Self::OVERLAP_CONFLICT, Self::OVERLAP),
        (Self::SYN_DATA, "syn-data"),
        (Self::SYN_CHALLENGED, Self::CHALLENGED),
        (Self::HANDSHAKE_MISMATCH, Self::MISMATCH),
        (Self::RESET_IGNORED, "reset-ignored"),
        (Self::OUT_OF_WINDOW, Self::ELSEWHERE),
        (Self::DATA_AFTER_FIN, Self::BEHIND_FIN),
        (Self::DATA_AFTER_END, "data-after-end"),
        (Self::DATA_WITHOUT_ACK, Self::WITHOUT_ACK),
        (Self::URGENT, Self::URGENT_BYTE),
        (Self::LATE_DATA, Self::LATE),
        (Self::FIN_MOVED, "fin-moved"),
        (Self::BUFFER_FULL, "buffer-full"),
        (Self::FRAGMENT_CONFLICT, Self::FRAGMENTS),
        (Self::FRAGMENT_OVERLAP, "fragment-overlap"),
        (Self::TINY_FRAGMENT, "tiny-fragment"),
    ];

    /// Adds those of `other`.
    pub fn insert(&mut self, other: FlowAnomalies) {
        self.0 |= other.0;
    }

    /// The oddities of a packet's fragments as those of its flow.
    pub(super) fn of_fragments(oddities: FragmentOddities) -> FlowAnomalies {
        let mut all = FlowAnomalies::default();
        for (oddity, anomaly) in [
            (FragmentOddities::CONFLICT, Self::FRAGMENT_CONFLICT),
            (FragmentOddities::OVERLAP, Self::FRAGMENT_OVERLAP),
            (FragmentOddities::TINY, Self::TINY_FRAGMENT),
        ] {
            if oddities.contains(oddity) {
                all.insert(anomaly);
            }
        }
        all
    }

    /// Whether all of `other` are in it.
    pub fn contains(self, other: FlowAnomalies) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the receiver may have read other bytes than those that were delivered.
    pub fn ambiguous(self) -> bool {
        let harmless = Self::SYN_DATA.0
            | Self::DATA_AFTER_END.0
            | Self::FRAGMENT_OVERLAP.0
            | Self::TINY_FRAGMENT.0;
        self.0 & !harmless != 0
    }

    /// Their names, as users see them.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().filter(move |(one, _)| self.contains(*one)).map(|(_, name)| name)
    }
}
