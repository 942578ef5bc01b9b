//! Whatever is handed over when, it comes by time, once, and none is left.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::model::{FiveTuple, TcpFlags};

const ROOM: usize = 1 << 30;

fn batch(source: u32, millis: &[i64]) -> SegmentBatch {
    let mut batch = SegmentBatch::default();
    batch.source = source;
    for at in millis {
        batch.push(&Segment {
            at: Timestamp::from_micros(at * 1000),
            tuple: FiveTuple {
                src: ([10, 0, 0, 1], 4000).into(),
                dst: ([10, 0, 0, 2], 80).into(),
                transport: FiveTuple::TCP,
            },
            seq: source,
            ack: 0,
            flags: TcpFlags(TcpFlags::ACK),
            urgent: 0,
            guise: 0,
            payload: b"x",
            wire_payload_len: 1,
            encapsulation: Default::default(),
            block: None,
        });
    }
    batch
}

/// What is due now: each time with the thread that brought it.
fn due(order: &mut Order, all: bool) -> Vec<(i64, u32)> {
    let mut out = Vec::new();
    if order.find(all) {
        assert_eq!(order.count(), order.due().count() as u64);
        out.extend(order.due().map(|(source, segment)| {
            assert_eq!(segment.seq, source);
            (segment.at.micros() / 1000, source)
        }));
        order.done(drop);
    }
    out
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_micros(millis * 1000)
}

fn two(limit: usize) -> (Marks, Order) {
    let marks = Marks::default();
    marks.among(2, 1);
    let mut order = Order::new(marks.clone(), 0, limit);
    order.look();
    (marks, order)
}

#[test]
fn one_thread_needs_no_order() {
    let marks = Marks::default();
    let order = Order::new(marks.clone(), 0, ROOM);
    marks.among(1, 3);
    assert!(!order.wanted());
    marks.among(2, 3);
    assert!(order.wanted(), "shards are made before it is known how many threads there are");
}

#[test]
fn a_segment_waits_until_no_other_thread_may_bring_an_older_one() {
    let (marks, mut order) = two(ROOM);
    order.hold(batch(0, &[1, 4, 5]));
    assert_eq!(due(&mut order, false), []);
    marks.reach(1, 0, at(2));
    order.look();
    assert_eq!(due(&mut order, false), [(1, 0)]);
    order.hold(batch(1, &[2, 3, 9]));
    assert_eq!(due(&mut order, false), [(2, 1), (3, 1), (4, 0), (5, 0)]);
    marks.reach(0, 0, at(8));
    order.look();
    assert_eq!(due(&mut order, false), [], "nine waits for what is from eight on");
    marks.end(0, 0);
    order.look();
    assert_eq!(due(&mut order, false), [(9, 1)]);
    assert!(!order.holds());
}

#[test]
fn what_does_not_fit_is_read_before_its_time_and_none_is_lost() {
    let (_, mut order) = two(0);
    order.hold(batch(0, &[1, 4]));
    assert_eq!(due(&mut order, false), [(1, 0), (4, 0)]);
    order.hold(batch(1, &[2]));
    order.hold(batch(0, &[3]));
    assert_eq!(due(&mut order, false), [(2, 1), (3, 0)]);
    assert!(!order.holds());
}

#[test]
fn a_thread_that_says_nothing_holds_nothing_up_for_longer_than_a_second() {
    let (_, mut order) = two(ROOM);
    order.hold(batch(0, &[1]));
    let held = Stopwatch::start();
    while order.holds() && held.elapsed() < Duration::from_secs(10) {
        std::thread::park_timeout(Duration::from_millis(20));
        due(&mut order, false);
    }
    assert!((PATIENCE..Duration::from_secs(10)).contains(&held.elapsed()), "{:?}", held.elapsed());
}

#[test]
fn a_clock_that_is_set_back_is_followed() {
    assert!(is_far(at(100), at(120)) && !is_far(at(100), at(119)));
    assert!(is_far(at(5000), at(3000)) && !is_far(at(5000), at(4999)));
    assert!(is_far(Timestamp::MIN, at(0)));
}

proptest! {
    #[test]
    fn whatever_is_handed_over_when_it_comes_by_time_and_once(
        steps in vec((0u32..4, 0i64..40, any::<bool>()), 1..120),
        sources in 2usize..5,
    ) {
        let marks = Marks::default();
        marks.among(sources, 1);
        let mut order = Order::new(marks.clone(), 0, ROOM);
        let (mut now, mut out, mut all) = (vec![0i64; sources], Vec::new(), Vec::new());
        for (source, pause, hands_over) in steps {
            let source = source % u32::try_from(sources).unwrap();
            let clock = &mut now[source as usize];
            if hands_over {
                let times: Vec<i64> = (0..3).map(|n| *clock + n * pause).collect();
                *clock += 3 * pause;
                all.extend(times.iter().map(|time| (*time, source)));
                order.look();
                order.hold(batch(source, &times));
            } else {
                *clock += pause;
                marks.reach(source, 0, at(*clock));
                order.look();
            }
            out.extend(due(&mut order, false));
            let come_to = *now.iter().max().unwrap();
            prop_assert!(out.iter().all(|(time, _)| *time <= come_to));
        }
        out.extend(due(&mut order, true));
        prop_assert!(out.is_sorted_by_key(|(time, _)| *time), "{out:?}");
        out.sort_unstable();
        all.sort_unstable();
        prop_assert_eq!(out, all);
        prop_assert!(!order.holds());
    }
}
