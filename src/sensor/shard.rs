//! A worker whose panics are caught: what traffic may not do, it cannot do twice.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::analysis::Worker;
use crate::base::Timestamp;
use crate::inventory::Rollup;
use crate::model::{Segment, SegmentBatch};

use super::copies::{Copies, Twice};
use super::order::Order;
use super::sight::{Gauge, Payload, Sight, Sights};

/// Segments after which it is asked whether there is much to hand over: each may open a flow with a
/// request to a service of its own, some 6 KiB.
const LOOK_SEGMENTS: u64 = 16;

/// A worker whose panics are caught: the shard starts anew and the sensor goes on.
pub(super) struct Shard {
    make: Arc<dyn Fn() -> Worker + Send + Sync>,
    pub(super) worker: Worker,
    panics: Arc<Panics>,
    /// What can be seen of the flows, where someone wants to know.
    sight: Option<(Gauge, Sight)>,
    /// Payload that the gauge knows of.
    told: Payload,
    /// What came by several threads at once is looked at once.
    copies: Arc<Copies>,
    twice: Twice,
    /// What is read in the order of several threads.
    pub(super) order: Order,
}

/// What panics cost.
#[derive(Debug, Default)]
pub(super) struct Panics {
    count: AtomicU64,
    segments: AtomicU64,
}

impl Panics {
    /// How many there were.
    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Segments that were not looked at because of them.
    pub(super) fn segments(&self) -> u64 {
        self.segments.load(Ordering::Relaxed)
    }
}

impl Shard {
    /// A shard with a new worker.
    pub(super) fn new(make: Arc<dyn Fn() -> Worker + Send + Sync>, panics: Arc<Panics>) -> Self {
        let worker = make();
        Shard {
            make,
            worker,
            panics,
            sight: None,
            told: Payload::default(),
            copies: Arc::default(),
            twice: Twice::default(),
            order: Order::default(),
        }
    }

    /// Keeps this order.
    pub(super) fn ordered(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// Tells of the second copies it finds.
    pub(super) fn telling(mut self, copies: Arc<Copies>) -> Self {
        self.copies = copies;
        self
    }

    /// Also counts what can be seen of the flows.
    pub(super) fn gauged(mut self, gauge: Option<Gauge>) -> Self {
        self.sight = gauge.map(|gauge| (gauge, Sight::default()));
        self
    }

    /// Panics of this and its fellow shards.
    pub(super) fn panics(&self) -> &Arc<Panics> {
        &self.panics
    }

    /// Processes every segment of a batch and gives `hand` what was observed, whenever that is
    /// much. After a panic the shard starts anew: its open flows are lost, and what had been
    /// observed before is handed over.
    pub(super) fn process(&mut self, batch: &SegmentBatch, hand: &mut dyn FnMut(Rollup)) {
        let segments = batch.iter().map(|segment| (batch.source, segment));
        self.read(batch.len() as u64, segments, hand);
    }

    /// The same with what is due of several threads, or with `all` that is held of them; whether
    /// there was anything. Batches of which nothing is left are given back.
    pub(super) fn process_due(
        &mut self,
        all: bool,
        hand: &mut dyn FnMut(Rollup),
        give_back: impl FnMut(SegmentBatch),
    ) -> bool {
        let mut order = std::mem::take(&mut self.order);
        let found = order.find(all);
        if found {
            self.read(order.count(), order.due(), hand);
            order.done(give_back);
        }
        self.order = order;
        found
    }

    /// Processes so many segments, each of the thread that brought it.
    fn read<'a>(
        &mut self,
        mut left: u64,
        segments: impl Iterator<Item = (u32, Segment<'a>)>,
        hand: &mut dyn FnMut(Rollup),
    ) {
        let mut last = None;
        let (wanted, mut again) = (self.copies.wanted(), (0, 0));
        let caught = catch_unwind(AssertUnwindSafe(|| {
            for (source, segment) in segments {
                left -= 1;
                last = Some(segment.at);
                if wanted && self.twice.saw(&segment) {
                    if again.0 != source {
                        let (before, copies) = std::mem::replace(&mut again, (source, 0));
                        self.copies.add(before, copies);
                    }
                    again.1 += 1;
                    continue;
                }
                if let Some((_, sight)) = &mut self.sight {
                    sight.note(&segment);
                }
                self.worker.process(&segment);
                if left.is_multiple_of(LOOK_SEGMENTS) && self.worker.has_much() {
                    hand(self.take());
                }
            }
            if let Some(at) = last {
                self.worker.sweep(at);
            }
            if self.worker.has_much() {
                hand(self.take());
            }
        }));
        self.copies.add(again.0, again.1);
        if caught.is_ok() {
            return;
        }
        // The segment that caused it was looked at as far as it went; the rest is lost.
        self.panics.count.fetch_add(1, Ordering::Relaxed);
        self.panics.segments.fetch_add(left, Ordering::Relaxed);
        let observed = catch_unwind(AssertUnwindSafe(|| self.take())).ok();
        self.worker = (self.make)();
        self.told = Payload::default();
        if let Some(observed) = observed {
            hand(observed);
        }
    }

    /// Frees what is known to be over at `now`.
    pub(super) fn sweep(&mut self, now: Timestamp) {
        self.worker.sweep(now);
        if let Some((gauge, sight)) = &mut self.sight
            && let Some(sights) = sight.take_due(now)
        {
            gauge.add(sights);
        }
        self.tell_payload();
    }

    /// Tells what was seen of payload since the last time, and what is missing of it.
    fn tell_payload(&mut self) {
        let Some((gauge, _)) = &self.sight else { return };
        let now = Payload::of(self.worker.counters());
        let payload = now.since(std::mem::replace(&mut self.told, now));
        gauge.add(Sights { payload, ..Sights::default() });
    }

    /// What was observed since the last rollup.
    pub(super) fn take(&mut self) -> Rollup {
        let rollup = self.worker.take();
        if let Some((gauge, _)) = &self.sight {
            let exchanges = rollup.endpoints.values().map(|e| e.coverage.exchanges).sum();
            if exchanges > 0 {
                gauge.add(Sights { exchanges, ..Sights::default() });
            }
        }
        rollup
    }

    /// Ends every flow and gives `hand` what was observed since the last rollup, in as many as that
    /// takes.
    pub(super) fn finish(&mut self, hand: &mut dyn FnMut(Rollup)) {
        let caught = catch_unwind(AssertUnwindSafe(|| {
            while self.worker.finish() {
                hand(self.take());
            }
            hand(self.take());
        }));
        self.tell_payload();
        if let Some((gauge, sight)) = &mut self.sight {
            gauge.add(sight.take());
        }
        if caught.is_err() {
            self.panics.count.fetch_add(1, Ordering::Relaxed);
            if let Ok(observed) = catch_unwind(AssertUnwindSafe(|| self.take())) {
                hand(observed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{InstallationKey, Shares};
    use crate::detect::Detector;
    use crate::model::{EventSink, ExchangeEvent, FiveTuple, FlowEvent, Segment, TcpFlags};
    use crate::rules::RulePack;

    /// Stands for a mistake of ours that one client's traffic brings to light.
    struct Mine;

    impl EventSink for Mine {
        fn exchange(&mut self, event: ExchangeEvent) {
            assert_ne!(event.client.port(), 666);
        }

        fn flow(&mut self, _: FlowEvent) {}
    }

    fn exchange(port: u16, batch: &mut SegmentBatch) {
        begin(port, ("a.example", 6), batch);
    }

    /// The first segments of an exchange with this host.
    fn begin(port: u16, (host, segments): (&str, usize), batch: &mut SegmentBatch) {
        let tuple = FiveTuple {
            src: ([10, 0, 0, 1], port).into(),
            dst: ([10, 0, 0, 2], 80).into(),
            transport: FiveTuple::TCP,
        };
        let request = format!("GET /ping HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let request = request.as_bytes();
        let response = b"HTTP/1.1 204 No Content\r\n\r\n";
        let len = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap();
        let (asked, answered) = (1 + len(request), 1 + len(response));
        let ack = TcpFlags::ACK;
        let all = [
            (tuple, 0, 0, TcpFlags::SYN, &b""[..]),
            (tuple.reversed(), 0, 1, TcpFlags::SYN | ack, b""),
            (tuple, 1, 1, ack, request),
            (tuple.reversed(), 1, asked, ack, response),
            (tuple, asked, answered, TcpFlags::FIN | ack, b""),
            (tuple.reversed(), answered, asked + 1, TcpFlags::FIN | ack, b""),
        ];
        for (tuple, seq, ack, flags, payload) in all.into_iter().take(segments) {
            batch.push(&Segment {
                at: Timestamp::default(),
                tuple,
                seq,
                ack,
                flags: TcpFlags(flags),
                urgent: 0,
                guise: 0,
                payload,
                wire_payload_len: len(payload),
                encapsulation: Default::default(),
                block: None,
            });
        }
    }

    #[test]
    fn what_flows_leave_is_handed_over_as_it_comes_within_a_batch_and_at_the_end() {
        let detector = Arc::new(Detector::compile(&RulePack::builtin()).unwrap());
        let key = InstallationKey::from_bytes([1; 32]);
        let make = Arc::new(move || Worker::new(Shares::of(16 << 20, 1), detector.clone(), &key));
        // Those that are over, and those that wait for an answer when the input ends.
        for segments in [6, 3] {
            let mut shard = Shard::new(make.clone(), Arc::default());
            let mut batch = SegmentBatch::default();
            for port in 1000..1500 {
                begin(port, (&format!("h{port}.example"), segments), &mut batch);
            }
            let mut rows = Vec::new();
            shard.process(&batch, &mut |rollup| rows.push(rollup.endpoints.len()));
            assert_eq!(rows.is_empty(), segments == 3, "{rows:?}");
            shard.finish(&mut |rollup| rows.push(rollup.endpoints.len()));
            assert_eq!(rows.iter().sum::<usize>(), 500);
            // A row with its service takes some 5 KiB, of 256 KiB.
            assert!(rows.iter().all(|rows| *rows < 64), "{rows:?}");
        }
    }

    #[test]
    fn a_panic_costs_the_open_flows_and_nothing_that_was_observed() {
        let detector = Arc::new(Detector::compile(&RulePack::builtin()).unwrap());
        let make = Arc::new(move || {
            let key = InstallationKey::from_bytes([1; 32]);
            let mut worker = Worker::new(Shares::default(), detector.clone(), &key);
            worker.tell(Box::new(Mine));
            worker
        });
        let mut shard = Shard::new(make, Arc::default());
        let requests = |rollup: &Rollup| rollup.endpoints.values().map(|e| e.requests).sum::<u64>();
        let mut batch = SegmentBatch::default();
        exchange(4000, &mut batch);
        exchange(666, &mut batch);
        exchange(4001, &mut batch);
        let mut observed = Vec::new();
        shard.process(&batch, &mut |rollup| observed.push(rollup));
        assert!(requests(&observed[0]) >= 1, "what was observed before");
        assert_eq!(shard.panics().count(), 1);
        assert!((6..12).contains(&shard.panics().segments()), "the rest of the batch");
        batch.clear();
        exchange(4002, &mut batch);
        let mut rest = Vec::new();
        shard.process(&batch, &mut |rollup| rest.push(rollup));
        assert!(rest.is_empty(), "it is not much");
        shard.finish(&mut |rollup| rest.push(rollup));
        assert_eq!(rest.iter().map(requests).sum::<u64>(), 1);
    }
}
