//! A handler that writes everything down, and segments by the line.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::base::Timestamp;
use crate::model::{Direction, EndCause, FiveTuple, Segment, StreamEvent, StreamInput, TcpFlags};

use super::{FlowConfig, FlowHandler, FlowInfo, FlowTable, FlowTotals};

pub(super) const SYN: u8 = TcpFlags::SYN;
pub(super) const ACK: u8 = TcpFlags::ACK;
pub(super) const FIN: u8 = TcpFlags::FIN | TcpFlags::ACK;
pub(super) const RST: u8 = TcpFlags::RST;

/// What one stream brought: a byte that was never seen is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) bytes: Vec<Option<u8>>,
    pub(super) end: Option<EndCause>,
}

impl Heard {
    /// The bytes, each missing one as `-`.
    pub(super) fn text(&self) -> String {
        self.bytes.iter().map(|byte| char::from(byte.unwrap_or(b'-'))).collect()
    }
}

/// One flow as it was told.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) info: FlowInfo,
    pub(super) streams: [Heard; 2],
    /// The directions of byte events, in order.
    pub(super) order: Vec<Direction>,
    pub(super) totals: Option<FlowTotals>,
}

/// All flows in the order they were opened.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    pub(super) flows: Vec<Told>,
}

impl FlowHandler for Recorder {
    type State = usize;

    fn open(&mut self, flow: &FlowInfo) -> usize {
        self.flows.push(Told {
            info: flow.clone(),
            streams: Default::default(),
            order: Vec::new(),
            totals: None,
        });
        self.flows.len() - 1
    }

    fn event(&mut self, flow: &FlowInfo, state: &mut usize, event: StreamEvent<'_>) {
        let told = &mut self.flows[*state];
        assert_eq!(told.info.id(), flow.id());
        let stream = &mut told.streams[event.direction.index()];
        assert_eq!(stream.end, None, "nothing follows the end");
        match event.input {
            StreamInput::Bytes(bytes) => {
                assert!(!bytes.is_empty());
                stream.bytes.extend(bytes.iter().map(|b| Some(*b)));
                told.order.push(event.direction);
            }
            StreamInput::Gap(len) => {
                assert!(len > 0);
                // Hostile input may claim gigabytes.
                let len = usize::try_from(len.min(1 << 12)).unwrap();
                stream.bytes.extend(std::iter::repeat_n(None, len));
            }
            StreamInput::End(cause) => stream.end = Some(cause),
        }
    }

    fn close(&mut self, _: &FlowInfo, state: usize, totals: &FlowTotals) {
        let told = &mut self.flows[state];
        assert!(told.streams.iter().all(|s| s.end.is_some()), "both ends come before close");
        assert!(told.totals.replace(*totals).is_none(), "closed once");
        for direction in [Direction::ToServer, Direction::ToClient] {
            let stream = &told.streams[direction.index()];
            let seen = stream.bytes.iter().flatten().count() as u64;
            assert_eq!(totals.stream(direction).bytes, seen);
            assert!(totals.stream(direction).gap_bytes >= stream.bytes.len() as u64 - seen);
        }
    }
}

/// A segment as tests write it; times in milliseconds.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) to_server: bool,
    pub(super) flags: u8,
    pub(super) seq: u32,
    pub(super) ack: u32,
    pub(super) payload: Vec<u8>,
    pub(super) wire: u32,
    pub(super) millis: i64,
    pub(super) client_port: u16,
}

/// From the client to the server.
pub(super) fn request(flags: u8, seq: u32, ack: u32, payload: &[u8]) -> Line {
    Line {
        to_server: true,
        flags,
        seq,
        ack,
        payload: payload.to_vec(),
        wire: u32::try_from(payload.len()).unwrap(),
        millis: 0,
        client_port: 40_000,
    }
}

/// From the server to the client.
pub(super) fn response(flags: u8, seq: u32, ack: u32, payload: &[u8]) -> Line {
    Line { to_server: false, ..request(flags, seq, ack, payload) }
}

impl Line {
    pub(super) fn at(self, millis: i64) -> Line {
        Line { millis, ..self }
    }

    /// As if the capture had kept only the first `len` payload bytes.
    pub(super) fn cut_to(mut self, len: usize) -> Line {
        self.payload.truncate(len);
        self
    }

    pub(super) fn segment(&self) -> Segment<'_> {
        let client = SocketAddr::from(([10, 0, 0, 1], self.client_port));
        let server = SocketAddr::from(([10, 0, 0, 2], 80));
        let tuple = FiveTuple { src: client, dst: server, transport: FiveTuple::TCP };
        Segment {
            at: Timestamp::from_micros(self.millis * 1000),
            tuple: if self.to_server { tuple } else { tuple.reversed() },
            seq: self.seq,
            ack: self.ack,
            flags: TcpFlags(self.flags),
            urgent: 0,
            guise: 0,
            payload: &self.payload,
            wire_payload_len: self.wire,
            encapsulation: Default::default(),
            block: None,
        }
    }
}

/// The handshake with ISNs 100 and 500, so that data begins at 101 and 501.
pub(super) fn handshake() -> Vec<Line> {
    vec![request(SYN, 100, 0, b""), response(SYN | ACK, 500, 101, b""), request(ACK, 101, 501, b"")]
}

/// Processes the lines; the table afterwards.
pub(super) fn process(lines: &[Line], recorder: &mut Recorder) -> FlowTable<usize> {
    process_with(FlowConfig::default(), lines, recorder)
}

pub(super) fn process_with(
    config: FlowConfig,
    lines: &[Line],
    recorder: &mut Recorder,
) -> FlowTable<usize> {
    let mut table = FlowTable::new(config);
    for line in lines {
        table.process(&line.segment(), recorder);
    }
    table
}

/// Processes the lines to the end of the input; the flows told.
pub(super) fn told(lines: &[Line]) -> Vec<Told> {
    let mut recorder = Recorder::default();
    let mut table = process(lines, &mut recorder);
    table.finish(&mut recorder);
    assert!(table.is_empty());
    assert_eq!(table.held_bytes(), 0);
    assert!(recorder.flows.iter().all(|flow| flow.totals.is_some()));
    recorder.flows
}

/// What was told of the flows of each client, in order.
pub(super) fn by_client(flows: &[Told]) -> BTreeMap<SocketAddr, Vec<String>> {
    let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for flow in flows {
        let client = flow.info.client;
        let Told { info, streams, order, totals } = flow;
        let summary = format!("{info:?} {streams:?} {order:?} {totals:?}");
        all.entry(client).or_default().push(summary);
    }
    all
}
