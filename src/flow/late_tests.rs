//! Data behind the end of a flow that stands for what it had.

use crate::base::Timestamp;
use crate::model::{Direction, SecondCopy, StreamEvent, StreamInput};

use super::testing::*;
use super::{
    Compared, FlowAnomalies, FlowConfig, FlowHandler, FlowInfo, FlowTable, FlowTotals, LateBytes,
    Orientation, Remains,
};

/// Keeps what the client said last, and writes down what goes on behind ends.
#[derive(Default)]
struct Keeper {
    said: Vec<u8>,
    copies: Vec<(i64, Vec<u8>)>,
    revived: Vec<Compared>,
    flows: Vec<FlowInfo>,
    bytes: Vec<u64>,
    anomalies: FlowAnomalies,
}

impl FlowHandler for Keeper {
    type State = ();

    fn open(&mut self, flow: &FlowInfo) {
        self.flows.push(flow.clone());
    }

    fn event(&mut self, _: &FlowInfo, (): &mut (), event: StreamEvent<'_>) {
        if let (Direction::ToServer, StreamInput::Bytes(bytes)) = (event.direction, event.input) {
            self.said.extend_from_slice(bytes);
        }
    }

    fn second_copy(&mut self, _: &FlowInfo, (): &mut (), copy: SecondCopy<'_>) -> bool {
        self.copies.push((copy.back, copy.bytes.to_vec()));
        true
    }

    fn keep(&mut self, (): &(), _: Timestamp) -> Remains {
        Remains::numbered(7)
    }

    fn compare(&self, remains: Remains, late: LateBytes<'_>) -> Compared {
        assert_eq!((remains.number(), late.direction), (7, Direction::ToServer));
        let back = late.back as usize;
        match self.said.len().checked_sub(back) {
            Some(from) if self.said[from..].starts_with(late.bytes) => Compared::Same,
            Some(_) => Compared::Copy,
            None => Compared::Apart,
        }
    }

    fn revive(&mut self, flow: &FlowInfo, remains: Remains, why: Compared) {
        assert_eq!(remains.number(), 7);
        self.revived.push(why);
        self.open(flow);
    }

    fn close(&mut self, _: &FlowInfo, (): (), totals: &FlowTotals) {
        self.bytes.push(totals.to_server.bytes);
        self.anomalies.insert(totals.anomalies);
    }
}

/// What is told when the lines follow a handshake, `abcdef` and a RST.
fn after_reset(lines: &[Line]) -> (Keeper, FlowTable<()>) {
    let mut all = handshake();
    all.extend([request(ACK, 101, 501, b"abcdef"), request(RST, 107, 0, b"")]);
    all.extend_from_slice(lines);
    let (mut keeper, mut table) = (Keeper::default(), FlowTable::new(FlowConfig::default()));
    all.iter().for_each(|line| table.process(&line.segment(), &mut keeper));
    table.finish(&mut keeper);
    (keeper, table)
}

#[test]
fn what_repeats_a_flow_that_ended_is_absorbed() {
    let (told, table) = after_reset(&[
        request(ACK, 101, 501, b"abcdef"),
        request(ACK, 103, 501, b"cd"),
        request(ACK, 106, 501, b"\0"),
        request(FIN, 104, 501, b"def"),
    ]);
    assert_eq!((told.flows.len(), told.revived.len()), (1, 0));
    assert_eq!(table.counters().after_end, 4);
}

#[test]
fn what_differs_from_a_flow_that_ended_is_told_as_a_copy_of_it() {
    let (told, _) = after_reset(&[
        request(ACK, 103, 501, b"cX"),
        request(ACK, 105, 501, b"Yf"),
        request(ACK, 107, 501, b"gh"),
    ]);
    assert_eq!(told.revived, [Compared::Copy]);
    assert_eq!(told.copies, [(-4, b"cX".to_vec()), (-2, b"Yf".to_vec())]);
    assert_eq!(told.said, b"abcdefgh", "what is new goes on behind");
    assert_eq!(told.bytes, [6, 2], "no byte counts twice");
    assert_eq!(told.flows[1].orientation, Orientation::Continued);
    let both = [FlowAnomalies::DATA_AFTER_END, FlowAnomalies::OVERLAP_CONFLICT];
    assert!(both.iter().all(|one| told.anomalies.contains(*one)));
}

#[test]
fn of_a_copy_that_goes_on_behind_the_end_the_rest_is_new() {
    let (told, _) = after_reset(&[request(ACK, 105, 501, b"eXgh")]);
    assert_eq!(told.copies, [(-2, b"eX".to_vec())]);
    assert_eq!(told.said, b"abcdefgh");
    // The same, where it repeats what was there.
    let (told, _) = after_reset(&[request(ACK, 105, 501, b"efgh")]);
    assert_eq!((told.copies, told.revived), (vec![(-2, b"ef".to_vec())], vec![Compared::Same]));
    assert_eq!(told.said, b"abcdefgh");
}

#[test]
fn new_data_behind_the_end_hides_no_copy_that_comes_after_it() {
    let (told, _) = after_reset(&[request(ACK, 107, 501, b"g"), request(ACK, 101, 501, b"ABCDEF")]);
    assert_eq!((told.revived, told.copies), (vec![Compared::Same], vec![(-7, b"ABCDEF".to_vec())]));
}

#[test]
fn what_cannot_be_compared_is_a_flow_of_its_own() {
    let (told, _) = after_reset(&[
        request(ACK, 51, 401, b"before"),
        response(ACK, 401, 57, b"answer"),
        request(ACK, 57, 407, b" and on"),
    ]);
    assert_eq!(told.revived, [Compared::Apart]);
    assert_eq!(told.said, b"abcdefbefore and on");
    assert_eq!(told.copies, []);
}

#[test]
fn numbers_of_another_connection_are_no_copy() {
    let (told, _) = after_reset(&[request(ACK, 101, 900_000_501, b"ABCDEF")]);
    assert_eq!((told.revived.len(), told.copies.len(), told.flows.len()), (0, 0, 2));
}

#[test]
fn a_syn_that_nobody_answers_hides_no_copy() {
    let syn = request(SYN, 900_000_000, 0, b"");
    let (told, _) = after_reset(&[syn.clone(), request(ACK, 101, 501, b"ABCDEF")]);
    assert_eq!(told.copies, [(-6, b"ABCDEF".to_vec())]);
    let (told, _) = after_reset(&[syn, request(ACK, 101, 501, b"abcdef")]);
    assert_eq!(told.revived, []);
}
