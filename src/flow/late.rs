//! Which flow a segment begins that belongs to none in the table.
//!
//! Whoever forges the end of a flow behind a decoy has what is really said come after it, at the
//! same place. So what lies before the end of a flow that ended is compared with what it had:
//! retransmissions are, too, and are of no interest.

use crate::model::{Direction, Segment, TcpFlags};

use super::closed::{Late, Old, Stray};
use super::orientation;
use super::table::FlowTable;
use super::{Compared, FlowAnomalies, FlowHandler, FlowInfo, LateBytes, Orientation, Remains};

/// A flow that begins.
#[derive(Debug)]
pub(super) struct Begun {
    /// Who it is.
    pub(super) info: FlowInfo,
    /// What is odd about it.
    pub(super) anomalies: FlowAnomalies,
    /// Where it goes on.
    pub(super) next: Option<[u32; 2]>,
    /// It goes on after a flow that ended, or calls it in question: what was kept of that.
    pub(super) after: Option<(Remains, Compared)>,
}

impl Begun {
    /// One with nothing before it.
    pub(super) fn of(info: FlowInfo) -> Begun {
        Begun { info, anomalies: FlowAnomalies::default(), next: None, after: None }
    }
}

impl<S> FlowTable<S> {
    /// What is known of the flow that `segment` begins; `None` where it begins none.
    pub(super) fn begin<H: FlowHandler<State = S>>(
        &mut self,
        hash: u64,
        segment: &Segment<'_>,
        handler: &H,
    ) -> Option<Begun> {
        let (tuple, flags) = (&segment.tuple, segment.flags);
        if flags.has(TcpFlags::RST) {
            // Nothing can follow it.
            self.shared.counters.after_end += 1;
            return None;
        }
        let forth = (tuple.src, tuple.dst);
        let back = (tuple.dst, tuple.src);
        let (mut anomalies, mut resumed, mut after) = (FlowAnomalies::default(), None, None);
        let ((client, server), orientation) = if flags.has(TcpFlags::SYN) {
            if flags.has(TcpFlags::ACK) {
                (back, Orientation::SynAck)
            } else {
                (forth, Orientation::Syn)
            }
        } else {
            let late = self.closed.judge(&Stray::of(hash, segment));
            let (from_client, next, old) = match late {
                Late::Absorbed => (None, None, None),
                Late::NewData { from_client, next, old, remains } => {
                    after = next.map(|_| (remains, Compared::Same));
                    (Some(from_client), next, old)
                }
                Late::Old(old) => (Some(old.from_client), None, Some(old)),
                Late::Unknown => (None, None, None),
            };
            resumed = next;
            let compared = old.map_or(Compared::Same, |old| compare(&old, segment, handler));
            if compared == Compared::Same && matches!(late, Late::Absorbed | Late::Old(_)) {
                self.shared.counters.after_end += 1;
                return None;
            }
            if let Some(old) = old.filter(|_| compared != Compared::Same || next.is_some()) {
                let own = || own_numbers(&old, segment);
                resumed = Some(if compared == Compared::Apart { own() } else { old.next });
                after = Some((old.remains, compared));
            }
            match from_client {
                Some(from_client) => {
                    anomalies.insert(FlowAnomalies::DATA_AFTER_END);
                    (if from_client { forth } else { back }, Orientation::Continued)
                }
                None => {
                    let ports = &self.shared.config.server_ports;
                    (orientation::by_ports(tuple, ports), Orientation::Ports)
                }
            }
        };
        let (opened, encapsulation) = (segment.at, segment.encapsulation.clone());
        let info = FlowInfo { client, server, opened, encapsulation, orientation };
        Some(Begun { info, anomalies, next: resumed, after })
    }

    /// Whether a segment belongs to the flow that ended before the one at hand, which nobody
    /// answered: it brings what that one did not have.
    pub(super) fn leads_back<H: FlowHandler<State = S>>(
        &self,
        hash: u64,
        segment: &Segment<'_>,
        handler: &H,
    ) -> bool {
        match self.closed.judge(&Stray::of(hash, segment)) {
            Late::NewData { next, .. } => next.is_some(),
            Late::Old(old) => compare(&old, segment, handler) != Compared::Same,
            Late::Absorbed | Late::Unknown => false,
        }
    }
}

/// What a segment says of bytes that a flow had which ended.
fn compare<H: FlowHandler>(old: &Old, segment: &Segment<'_>, handler: &H) -> Compared {
    let bytes = segment.payload;
    let bytes = bytes.get(..old.back as usize).unwrap_or(bytes);
    // A probe: its byte stands for nothing (RFC 1122 section 4.2.3.6).
    let probe = bytes == [0] && segment.payload.len() == 1 && old.back == 1;
    if bytes.is_empty() || probe {
        return Compared::Same;
    }
    let late = LateBytes { direction: old.direction(), back: old.back, bytes };
    handler.compare(old.remains, late)
}

/// Where both streams go on by the numbers of a segment, of a flow that may be another.
fn own_numbers(old: &Old, segment: &Segment<'_>) -> [u32; 2] {
    let [server, client] = old.next;
    let heard = |known| if segment.flags.has(TcpFlags::ACK) { segment.ack } else { known };
    match old.direction() {
        Direction::ToServer => [segment.seq, heard(client)],
        Direction::ToClient => [heard(server), segment.seq],
    }
}
