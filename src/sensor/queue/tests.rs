use std::sync::Arc;
use std::thread;

use crossbeam_channel::bounded;

use crate::analysis::Worker;
use crate::base::{InstallationKey, Shares};
use crate::detect::Detector;
use crate::model::{FiveTuple, Segment, TcpFlags};
use crate::rules::RulePack;

use super::*;

/// A shard, and the way to it.
fn queue(batches: usize) -> (Sender<Work>, ShardQueue) {
    let (to_shard, work) = bounded(batches);
    let (give_back, _) = bounded(1);
    let detector = Arc::new(Detector::compile(&RulePack::builtin()).expect("the pack compiles"));
    let key = InstallationKey::from_bytes([1; 32]);
    let make = Arc::new(move || Worker::new(Shares::default(), detector.clone(), &key));
    let shard = Mutex::new(Some(Shard::new(make, Arc::default())));
    (to_shard, ShardQueue { work, give_back, shard })
}

/// More than a request has bytes: the last ones are empty.
const PIECES: usize = 300;

/// The `n`th piece of one request, a byte long.
fn piece(n: usize, batch: &mut SegmentBatch) {
    let text = format!("GET /n HTTP/1.1\r\nHost: a.example\r\nX-Long: {}\r\n\r\n", "x".repeat(200));
    let payload = text.as_bytes().get(n..=n).unwrap_or_default();
    batch.push(&Segment {
        at: Timestamp::default(),
        tuple: FiveTuple {
            src: ([10, 0, 0, 1], 4000).into(),
            dst: ([10, 0, 0, 2], 80).into(),
            transport: FiveTuple::TCP,
        },
        seq: u32::try_from(1 + n).unwrap_or_default(),
        ack: 1,
        flags: TcpFlags(TcpFlags::ACK),
        urgent: 0,
        guise: 0,
        payload,
        wire_payload_len: u32::try_from(payload.len()).unwrap_or_default(),
        encapsulation: Default::default(),
        block: None,
    });
}

#[test]
fn whoever_works_a_shard_gets_its_batches_in_order_and_none_is_left() {
    let (queues, lanes): (Vec<_>, Vec<_>) = (0..3).map(|_| queue(2)).map(|(a, b)| (b, a)).unzip();
    // What one thread makes of them: a flow whose start was not seen has segments wait at first.
    let alone = {
        let (_, queue) = queue(1);
        let mut shard = queue.shard.lock().expect("no panic");
        let shard = shard.as_mut().expect("not finished");
        let mut batch = SegmentBatch::default();
        (0..PIECES).for_each(|n| piece(n, &mut batch));
        let mut handed = 0;
        shard.process(&batch, &mut |_| handed += 1);
        assert_eq!(handed, 0, "it is not much");
        let counters = shard.worker.counters();
        Some((counters.segments, counters.out_of_order))
    };
    let (to_writer, reports) = bounded(64);
    let (bell, rung) = bounded(1);
    let hand = |first| Hand { queues: &queues, first, to_writer: to_writer.clone() };
    thread::scope(|scope| {
        for first in 0..2 {
            let (hand, rung) = (hand(first), rung.clone());
            scope.spawn(move || hand.serve(&rung));
        }
        for n in 0..PIECES {
            for lane in &lanes {
                let mut batch = SegmentBatch::default();
                piece(n, &mut batch);
                let mut work = Work::Batch(batch);
                while let Err(back) = lane.try_send(work) {
                    work = back.into_inner();
                    hand(2).help();
                }
                let _ = bell.try_send(());
            }
        }
        for queue in &queues {
            while !queue.work.is_empty() {
                hand(2).help();
            }
            // Whoever is still at it has the lock.
            let shard = queue.shard.lock().expect("no panic");
            let counters = shard.as_ref().map(|shard| shard.worker.counters());
            assert_eq!(counters.map(|c| (c.segments, c.out_of_order)), alone);
        }
        drop(bell);
        hand(2).finish();
    });
    drop(to_writer);
    let (mut requests, mut ended) = (0, 0);
    for report in reports {
        let Report::Rollup(rollup) = report else { continue };
        requests += rollup.endpoints.values().map(|e| e.requests).sum::<u64>();
        ended += 1;
    }
    assert_eq!((requests, ended), (3, 3));
}

#[test]
fn what_waits_is_done_before_a_worker_ends() {
    let (lane, queue) = queue(2);
    let queues = [queue];
    let (to_writer, reports) = bounded(64);
    let (bell, rung) = bounded(1);
    assert!(lane.try_send(Work::Tick(Timestamp::default())).is_ok());
    drop(bell);
    Hand { queues: &queues, first: 0, to_writer }.serve(&rung);
    assert_eq!(reports.len(), 2, "of the tick, and of the end");
    assert!(queues[0].shard.lock().expect("no panic").is_none(), "all is done");
}
