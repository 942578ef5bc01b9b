//! What the first reading leaves out is told as another.

use crate::base::Timestamp;
use crate::model::{Direction, SecondCopy, StreamEvent, StreamInput, TcpFlags};

use super::testing::*;
use super::{FlowAnomalies, FlowConfig, FlowHandler, FlowInfo, FlowTable, FlowTotals};

/// A copy as it was told: how far back, how many bytes it stands for, the bytes, the anomaly.
type Copy = (i64, u32, Vec<u8>, &'static str);

/// Writes copies down; says that they differ if they are not the same as what was delivered.
#[derive(Default)]
struct Copyist {
    copies: Vec<Copy>,
    said: Vec<u8>,
    anomalies: FlowAnomalies,
}

impl FlowHandler for Copyist {
    type State = ();

    fn open(&mut self, _: &FlowInfo) {}

    fn event(&mut self, _: &FlowInfo, (): &mut (), event: StreamEvent<'_>) {
        if let (Direction::ToServer, StreamInput::Bytes(bytes)) = (event.direction, event.input) {
            self.said.extend_from_slice(bytes);
        }
    }

    fn second_copy(&mut self, _: &FlowInfo, (): &mut (), copy: SecondCopy<'_>) -> bool {
        assert!(copy.at >= Timestamp::default());
        self.copies.push((copy.back, copy.replaces, copy.bytes.to_vec(), copy.why));
        let back = usize::try_from(-copy.back).unwrap_or(0);
        let from = self.said.len() - back.min(self.said.len());
        self.said[from..].iter().zip(copy.bytes).any(|(a, b)| a != b)
    }

    fn close(&mut self, _: &FlowInfo, (): (), totals: &FlowTotals) {
        self.anomalies = totals.anomalies;
    }
}

/// What is told when the lines follow a handshake and `abcdef`.
fn after_six(lines: &[Line]) -> Copyist {
    let mut all = handshake();
    all.push(request(ACK, 101, 501, b"abcdef"));
    all.extend_from_slice(lines);
    let (mut copyist, mut table) = (Copyist::default(), FlowTable::new(FlowConfig::default()));
    all.iter().for_each(|line| table.process(&line.segment(), &mut copyist));
    table.finish(&mut copyist);
    copyist
}

fn copy(back: i64, bytes: &[u8], why: &'static str) -> Copy {
    (back, u32::try_from(bytes.len()).unwrap(), bytes.to_vec(), why)
}

#[test]
fn a_retransmission_is_told_and_is_no_conflict_where_it_is_the_same() {
    let told = after_six(&[request(ACK, 103, 501, b"cdef")]);
    assert_eq!(told.copies, [copy(-4, b"cdef", FlowAnomalies::OVERLAP)]);
    assert!(!told.anomalies.ambiguous());
    let told = after_six(&[request(ACK, 103, 501, b"cXef")]);
    assert_eq!(told.copies, [copy(-4, b"cXef", FlowAnomalies::OVERLAP)]);
    assert!(told.anomalies.ambiguous());
    assert_eq!(told.said, b"abcdef", "the first copy is the reading");
}

#[test]
fn of_a_segment_that_goes_on_only_the_old_bytes_are_a_copy() {
    let told = after_six(&[request(ACK, 105, 501, b"eXgh")]);
    assert_eq!(told.copies, [copy(-2, b"eX", FlowAnomalies::OVERLAP)]);
    assert_eq!(told.said, b"abcdefgh");
}

#[test]
fn a_keep_alive_probe_is_no_copy() {
    let acked = response(ACK, 501, 107, b"");
    let told = after_six(&[acked, request(ACK, 106, 501, b"\0")]);
    assert_eq!(told.copies, []);
    assert!(!told.anomalies.ambiguous());
    // Of a byte that nobody acknowledged the same is a copy.
    let told = after_six(&[request(ACK, 106, 501, b"\0")]);
    assert_eq!(told.copies, [copy(-1, b"\0", FlowAnomalies::OVERLAP)]);
}

#[test]
fn data_without_ack_is_told_where_it_would_stand() {
    let told = after_six(&[request(TcpFlags::PSH, 107, 501, b"gh")]);
    assert_eq!(told.copies, [copy(0, b"gh", FlowAnomalies::WITHOUT_ACK)]);
    assert_eq!(told.said, b"abcdef");
}

#[test]
fn data_behind_a_fin_is_told_beyond_the_end() {
    let told = after_six(&[request(FIN, 107, 501, b""), request(ACK, 107, 501, b"gh")]);
    assert_eq!(told.copies, [copy(0, b"gh", FlowAnomalies::BEHIND_FIN)]);
    assert_eq!(told.said, b"abcdef");
}

#[test]
fn the_urgent_byte_may_be_left_out_at_either_place_the_pointer_may_mean() {
    let line = request(ACK | TcpFlags::URG, 107, 501, b"ghij");
    let mut segment = line.segment();
    segment.urgent = 3;
    let (mut copyist, mut table) = (Copyist::default(), FlowTable::new(FlowConfig::default()));
    let mut before = handshake();
    before.push(request(ACK, 101, 501, b"abcdef"));
    before.iter().for_each(|line| table.process(&line.segment(), &mut copyist));
    table.process(&segment, &mut copyist);
    let taken_out = |back| (back, 1, Vec::new(), FlowAnomalies::URGENT_BYTE);
    assert_eq!(copyist.copies, [taken_out(2), taken_out(3)]);
    assert_eq!(copyist.said, b"abcdefghij");
    // So it does where the pointer comes before the byte, in a segment without data.
    copyist.copies.clear();
    let line = request(ACK | TcpFlags::URG, 111, 501, b"");
    let mut segment = line.segment();
    segment.urgent = 2;
    table.process(&segment, &mut copyist);
    assert_eq!(copyist.copies, [taken_out(1), taken_out(2)]);
}

#[test]
fn what_was_given_up_and_comes_late_is_told_as_late() {
    let lost = [
        request(ACK, 110, 501, b"jkl"),
        // The receiver has it all; a while later it is still missing.
        response(ACK, 501, 113, b"").at(10),
        response(ACK, 501, 113, b"").at(1500),
        response(ACK, 501, 113, b"").at(3000),
        request(ACK, 107, 501, b"ghi").at(3100),
    ];
    let told = after_six(&lost);
    assert_eq!(told.copies, [copy(-6, b"ghi", FlowAnomalies::LATE)]);
    assert_eq!(told.said, b"abcdefjkl");
}

#[test]
fn bytes_before_the_stream_began_are_nobodys() {
    let told = after_six(&[request(ACK, 91, 501, b"0123456789abc")]);
    assert_eq!(told.copies, [copy(-6, b"abc", FlowAnomalies::OVERLAP)]);
}

#[test]
fn what_lies_beyond_any_window_or_before_the_begin_is_told_as_another_reading() {
    for far in [0x7000_0000_i32, -0x1000_0000] {
        let told = after_six(&[request(ACK, 101_u32.wrapping_add_signed(far), 501, b"zz")]);
        let back = i64::from(far) - 6;
        assert_eq!(told.copies, [copy(back, b"zz", FlowAnomalies::ELSEWHERE)], "{far}");
        assert_eq!(told.said, b"abcdef");
    }
    assert_eq!(after_six(&[request(ACK, 100, 501, b"z")]).copies, [], "a probe");
}

#[test]
fn what_lies_before_a_begin_that_was_guessed_is_told_too() {
    let mut lines: Vec<Line> = (0..40).map(|n| request(ACK, 1000 + n, 501, b"x")).collect();
    lines.push(request(ACK, 500, 501, b"GET"));
    let (mut copyist, mut table) = (Copyist::default(), FlowTable::new(FlowConfig::default()));
    lines.iter().for_each(|line| table.process(&line.segment(), &mut copyist));
    assert_eq!(copyist.copies, [copy(-540, b"GET", FlowAnomalies::ELSEWHERE)]);
}

#[test]
fn a_copy_that_lost_against_an_early_segment_is_told_when_its_time_comes() {
    let told = after_six(&[
        request(ACK, 109, 501, b"ijkl"),
        request(ACK, 109, 501, b"iXkl"),
        request(ACK, 107, 501, b"gh"),
    ]);
    assert_eq!(told.copies, [copy(0, b"iXkl", FlowAnomalies::OVERLAP)]);
    assert_eq!(told.said, b"abcdefghijkl");
    assert!(told.anomalies.ambiguous());
}
