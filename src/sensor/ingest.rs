//! Source, filter and decoder in a row: every packet becomes a segment or is counted.

use crate::base::{Span, Timestamp};
use crate::capture::{CaptureError, Filter, Next, PacketSource};
use crate::decode::Decoder;
use crate::model::{
    InputAccount, LinkType, Packet, PacketAccount, Passed, Reason, Segment, Settled, SkipReason,
};
use crate::store::InputIdentity;

/// What came of one step.
pub enum Step<'a> {
    /// A segment, counted as analysed.
    Segment(Segment<'a>),
    /// A packet that made no segment; it was counted.
    Counted,
    /// Nothing now.
    Idle(Timestamp),
    /// Nothing ever again.
    End,
}

/// One input, ready to be read.
pub struct OpenInput {
    /// The input.
    pub ingest: Ingest,
    /// Which file it is, where that is known before it is read.
    pub identity: Option<InputIdentity>,
    /// Tells which file it is, as far as it has been read.
    pub identify: Option<Identify>,
    /// What was read of its beginning before, and is passed over.
    pub before: Passed,
}

/// Tells which file it is up to so many bytes, or to its end.
pub type Identify = Box<dyn Fn(Option<u64>) -> Option<InputIdentity> + Send>;

/// One input with its account.
pub struct Ingest {
    source: Box<dyn PacketSource>,
    filter: Option<Filter>,
    decoder: Decoder,
    account: PacketAccount,
    /// The input's number in its run.
    number: u32,
    /// What became of packets of earlier inputs that waited.
    earlier: Vec<Settled>,
    /// Bytes of the packets up to the last look.
    bytes_before: u64,
    /// The packet that was read to see how late it is.
    held: Option<Held>,
    /// Where its bytes are kept.
    bytes: Vec<u8>,
    /// When the last packet was captured.
    came_to: Timestamp,
    /// Packets at the beginning that are still passed over.
    passed_over: u64,
    /// What was counted before of what the file tells as lost: a total that goes on. It may have
    /// grown right behind the last packet that was read, so it is not what it is at the next.
    lost_before: u64,
}

/// Packets that are passed over before somebody is asked whether to go on.
const PASSED_AT_ONCE: u32 = 4096;

/// A packet but for its bytes.
struct Held {
    at: Timestamp,
    link: LinkType,
    wire_len: u32,
}

impl Ingest {
    /// Reads `source` through `filter`.
    pub fn new(source: Box<dyn PacketSource>, filter: Option<Filter>) -> Self {
        Ingest {
            source,
            filter,
            decoder: Decoder::default(),
            account: PacketAccount::default(),
            number: 0,
            earlier: Vec::new(),
            bytes_before: 0,
            held: None,
            bytes: Vec::new(),
            came_to: Timestamp::MIN,
            passed_over: 0,
            lost_before: 0,
        }
    }

    /// Passes over what was read `before`: it counts as nothing now.
    pub fn pass_over(mut self, before: Passed) -> Self {
        (self.passed_over, self.lost_before) = (before.packets, before.lost);
        self
    }

    /// Goes on with the decoder of the input before: a datagram's fragments, and the two copies of
    /// a packet, may lie in two files. `number` is this input's place in the run.
    pub fn go_on(&mut self, decoder: Decoder, number: u32) {
        self.decoder = decoder;
        self.number = number;
        self.decoder.begin_input(number);
    }

    /// The decoder for the next input.
    pub fn hand_on(&mut self) -> Decoder {
        std::mem::take(&mut self.decoder)
    }

    /// Reads the next packet, where it was not read before, and tells when it was captured; `None`
    /// where there is none. The next step takes it.
    pub fn peek(&mut self) -> Result<Option<Timestamp>, CaptureError> {
        if self.held.is_none() {
            while self.passed_over > 0 {
                let Next::Packet(_) = self.source.next_packet()? else { return Ok(None) };
                self.passed_over -= 1;
            }
            let Next::Packet(packet) = self.source.next_packet()? else { return Ok(None) };
            self.bytes.clear();
            self.bytes.extend_from_slice(packet.data);
            let Packet { at, link, wire_len, .. } = packet;
            self.held = Some(Held { at, link, wire_len });
        }
        Ok(self.held.as_ref().map(|held| held.at))
    }

    /// This input's place in the run.
    pub fn number_is(&mut self, number: u32) {
        self.number = number;
    }

    /// Whether the next step is another reading of the packet before.
    pub fn has_alternative(&self) -> bool {
        self.decoder.has_alternative()
    }

    /// Goes on with the decoder that `other` went on with.
    pub fn take_over(&mut self, other: &mut Ingest) {
        std::mem::swap(&mut self.decoder, &mut other.decoder);
        self.decoder.begin_input(self.number);
    }

    /// What became of packets of earlier inputs that counted as held.
    pub fn settled_earlier(&mut self) -> Vec<Settled> {
        std::mem::take(&mut self.earlier)
    }

    /// The next packet.
    pub fn step(&mut self) -> Result<Step<'_>, CaptureError> {
        if self.decoder.has_alternative() {
            // Another reading of a packet that was counted.
            return Ok(self.decoder.alternative().map_or(Step::Counted, Step::Segment));
        }
        if self.decoder.has_settled() {
            self.settle();
        }
        if self.passed_over > 0 {
            return self.step_over();
        }
        let packet = match self.held.take() {
            Some(Held { at, link, wire_len }) => {
                Packet { at, link, wire_len, data: &self.bytes, block: None }
            }
            None => match self.source.next_packet()? {
                Next::Packet(packet) => packet,
                Next::Idle(now) => return Ok(Step::Idle(now)),
                Next::End => return Ok(Step::End),
            },
        };
        self.account.seen += 1;
        self.account.bytes += u64::from(packet.wire_len);
        self.account.span.merge(Span::at(packet.at));
        self.came_to = packet.at;
        if self.filter.as_mut().is_some_and(|f| !f.matches(&packet)) {
            self.account.filtered += 1;
            return Ok(Step::Counted);
        }
        match self.decoder.decode(&packet) {
            Ok(segment) => {
                self.account.analysed += 1;
                let cut = (segment.payload.len() as u64) < u64::from(segment.wire_payload_len);
                self.account.cut += u64::from(cut);
                Ok(Step::Segment(segment))
            }
            Err(why) => {
                self.account.skip(why);
                Ok(Step::Counted)
            }
        }
    }

    fn step_over(&mut self) -> Result<Step<'_>, CaptureError> {
        for _ in 0..PASSED_AT_ONCE {
            match self.source.next_packet()? {
                Next::Packet(_) => self.passed_over -= 1,
                Next::Idle(now) => return Ok(Step::Idle(now)),
                Next::End => return Ok(Step::End),
            }
            if self.passed_over == 0 {
                break;
            }
        }
        Ok(Step::Counted)
    }

    fn settle(&mut self) {
        for settled in self.decoder.settled() {
            if settled.input == self.number {
                self.account.settle(&settled);
            } else {
                self.earlier.push(settled);
            }
        }
    }

    /// Takes `segments` back from the analysed: they were discarded under load, or lost.
    pub fn shed(&mut self, reason: Reason, segments: u64) {
        let taken = segments.min(self.account.analysed);
        self.account.analysed -= taken;
        if taken > 0 {
            *self.account.shed.entry(reason).or_default() += taken;
        }
    }

    /// Takes `segments` back from the analysed: they came by another thread, too.
    pub fn copied(&mut self, packets: u64) {
        let (input, why) = (self.number, SkipReason::Duplicate);
        self.account.settle(&Settled { input, packets, why });
    }

    /// When the last packet was captured, whatever came of it.
    pub fn came_to(&self) -> Timestamp {
        self.came_to
    }

    /// The source.
    pub fn source(&self) -> &dyn PacketSource {
        &*self.source
    }

    /// Bytes of the packets that were seen since this was asked before.
    pub fn take_bytes_since(&mut self) -> u64 {
        let since = self.account.bytes - self.bytes_before;
        self.bytes_before = self.account.bytes;
        since
    }

    /// Bytes read so far: of a file as it is stored, so that it is known how much is left; else of
    /// the packets as they were on the wire.
    pub fn bytes_read(&self, of_file: bool) -> u64 {
        if of_file { self.source.progress().bytes_read } else { self.account.bytes }
    }

    /// Packets seen so far.
    pub fn packets(&self) -> u64 {
        self.account.seen
    }

    /// Nothing more is read: the next account is the last.
    pub fn end(&mut self) {
        self.source.end();
    }

    /// The account so far, the kernel's losses included.
    pub fn account(&mut self) -> InputAccount {
        self.settle();
        let mut packets = self.account.clone();
        let losses = self.source.losses();
        let lost = losses.kernel.saturating_sub(self.lost_before);
        packets.seen += lost;
        packets.dropped = lost;
        packets.interface_lost = losses.interface;
        packets.filter_excluded = losses.excluded;
        let incomplete = self.source.incomplete().map(ToString::to_string);
        let incomplete = incomplete.or_else(|| Some(self.source.absence()?.to_string()));
        InputAccount { name: self.source.name().to_owned(), packets, incomplete }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Losses;

    /// Ten packets; before each the file says that two more were lost, and behind the last.
    #[derive(Default)]
    struct Lossy(u64);

    impl PacketSource for Lossy {
        fn next_packet(&mut self) -> Result<Next<'_>, CaptureError> {
            self.0 += 1;
            let packet = Packet {
                at: Timestamp::default(),
                link: LinkType::RAW,
                wire_len: 0,
                data: &[],
                block: None,
            };
            Ok(if self.0 > 10 { Next::End } else { Next::Packet(packet) })
        }

        fn name(&self) -> &'static str {
            "lossy.pcapng"
        }

        fn losses(&mut self) -> Losses {
            Losses { kernel: 2 * self.0.min(11), ..Losses::default() }
        }
    }

    #[test]
    fn what_is_told_as_lost_counts_once_wherever_it_was_read_up_to() {
        // Before and behind what is told at the same place, too.
        let expected =
            [(0, 0, 10, 22), (4, 8, 6, 14), (4, 10, 6, 12), (10, 20, 0, 2), (10, 22, 0, 0)];
        for (packets, counted, read, lost) in expected {
            let before = Passed { packets, lost: counted };
            let mut ingest = Ingest::new(Box::new(Lossy::default()), None).pass_over(before);
            while !matches!(ingest.step(), Ok(Step::End)) {
                // Looked at now and then, as a follower is.
                ingest.account();
            }
            let now = ingest.account().packets;
            assert_eq!((now.seen - now.dropped, now.dropped), (read, lost), "{before:?}");
        }
    }
}
