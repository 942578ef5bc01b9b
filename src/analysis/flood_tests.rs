//! Many flows at once that say nothing a protocol is told by.

use std::sync::Arc;

use crate::analysis::conversation::Conversation;
use crate::analysis::workbench::Workbench;
use crate::base::limits::PROBE_BYTES_MAX;
use crate::base::{InstallationKey, Timestamp};
use crate::detect::Detector;
use crate::flow::{FlowInfo, FlowTotals, Orientation};
use crate::model::{Direction, Offsets, StreamEvent, StreamInput};
use crate::rules::RulePack;

fn flow(n: u64) -> FlowInfo {
    FlowInfo {
        client: "10.0.0.1:40000".parse().unwrap(),
        server: "10.0.0.2:80".parse().unwrap(),
        opened: Timestamp::default(),
        id: n,
        encapsulation: Default::default(),
        orientation: Orientation::Syn,
    }
}

fn says(bytes: &[u8], flow: &FlowInfo, to: &mut Conversation, bench: &mut Workbench) {
    let input = StreamInput::Bytes(bytes);
    let (direction, at) = (Direction::ToServer, Timestamp::default());
    let event = StreamEvent { direction, at, offsets: Offsets::default(), input };
    to.event(flow, event, bench);
}

#[test]
fn what_flows_without_a_protocol_hold_is_bounded_and_others_are_still_told() {
    let detector = Arc::new(Detector::compile(&RulePack::builtin()).unwrap());
    let mut bench = Workbench::new(detector, &InstallationKey::from_bytes([7; 32]));
    let noise = vec![b'x'; PROBE_BYTES_MAX / 2];
    let count = 2 * bench.shares.undecided_bytes / noise.len();
    let mut open: Vec<(FlowInfo, Conversation)> = Vec::new();
    for n in 0..count as u64 {
        let flow = flow(n);
        let mut conversation = Conversation::default();
        says(&noise, &flow, &mut conversation, &mut bench);
        assert!(bench.undecided_bytes <= bench.shares.undecided_bytes);
        open.push((flow, conversation));
    }
    let waiting = open.iter().filter(|(_, c)| c.is_identifying()).count();
    assert!((count / 3..count).contains(&waiting), "{waiting} of {count}");
    // Whoever says what it speaks is heard all the same.
    let legitimate = flow(count as u64);
    let mut conversation = Conversation::default();
    says(b"GET / HTTP/1.1\r\n\r\n", &legitimate, &mut conversation, &mut bench);
    assert_eq!(conversation.protocol().map(|p| p.name), Some("http/1"));
    for (flow, conversation) in open {
        conversation.close(&flow, &FlowTotals::default(), &mut bench);
    }
    assert_eq!(bench.undecided_bytes, 0);
}
