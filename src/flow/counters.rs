//! What a flow table counts.

/// Counters of one table since it was made. They add up over tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlowCounters {
    /// Segments processed.
    pub segments: u64,
    /// Payload bytes delivered.
    pub bytes: u64,
    /// Flows begun.
    pub opened: u64,
    /// Flows both of whose streams ended by FIN.
    pub finished: u64,
    /// Flows ended by a RST.
    pub reset: u64,
    /// Flows that fell silent, or whose five-tuple was used again.
    pub expired: u64,
    /// Flows removed because there were too many.
    pub evicted: u64,
    /// Flows removed because of the early segments they held.
    pub evicted_early: u64,
    /// Flows removed because of the open messages they held.
    pub evicted_messages: u64,
    /// Flows that were open when the input ended.
    pub cut: u64,
    /// Segments that had to wait for earlier data.
    pub out_of_order: u64,
    /// Their bytes.
    pub out_of_order_bytes: u64,
    /// Gaps given up.
    pub gaps: u64,
    /// Their bytes.
    pub gap_bytes: u64,
    /// Times the wait for missing bytes was broken off because buffers were full.
    pub waits_broken_off: u64,
    /// Segments that brought only bytes seen before.
    pub retransmissions: u64,
    /// Keep-alive probes (RFC 9293 section 3.8.4).
    pub keep_alives: u64,
    /// Segments that overlap bytes still held.
    pub overlaps: u64,
    /// Of these: the copies differ.
    pub conflicts: u64,
    /// Segments with bytes that had been given up.
    pub late: u64,
    /// Segments absorbed after their flow had ended.
    pub after_end: u64,
    /// Ended flows forgotten sooner than configured because there were too many: a late segment
    /// of theirs begins a new flow.
    pub forgotten: u64,
    /// RSTs not believed.
    pub resets_ignored: u64,
    /// SYNs on live flows not believed.
    pub syns_challenged: u64,
    /// Segments and acknowledgments beyond any window.
    pub out_of_window: u64,
    /// Data segments without ACK flag.
    pub without_ack: u64,
}

impl FlowCounters {
    /// Adds what another table counted.
    pub fn merge(&mut self, other: &FlowCounters) {
        self.segments += other.segments;
        self.bytes += other.bytes;
        self.opened += other.opened;
        self.finished += other.finished;
        self.reset += other.reset;
        self.expired += other.expired;
        self.evicted += other.evicted;
        self.evicted_early += other.evicted_early;
        self.evicted_messages += other.evicted_messages;
        self.cut += other.cut;
        self.out_of_order += other.out_of_order;
        self.out_of_order_bytes += other.out_of_order_bytes;
        self.gaps += other.gaps;
        self.gap_bytes += other.gap_bytes;
        self.waits_broken_off += other.waits_broken_off;
        self.retransmissions += other.retransmissions;
        self.keep_alives += other.keep_alives;
        self.overlaps += other.overlaps;
        self.conflicts += other.conflicts;
        self.late += other.late;
        self.after_end += other.after_end;
        self.forgotten += other.forgotten;
        self.resets_ignored += other.resets_ignored;
        self.syns_challenged += other.syns_challenged;
        self.out_of_window += other.out_of_window;
        self.without_ack += other.without_ack;
    }
}
