//! Flows of one five-tuple beside each other.
//!
//! Whoever answers a SYN on a live connection proves that a port is used again, or forges both:
//! nothing in the packets tells. So what was there goes on beside what begins, and each segment
//! belongs to the one whose numbers it fits: the true connection loses nothing, and a forged one
//! has what was forged for it. The older ends as any flow does: by its own FINs or RSTs, or idle.

use crate::base::Timestamp;
use crate::base::limits::RIVAL_FLOWS_MAX;
use crate::model::{Direction, EndCause, Segment, TcpFlags};

use super::keyed::tag;
use super::late::Begun;
use super::live::{Flow, Verdict, doubt_at};
use super::reassembler::{first_payload_seq, wire_len};
use super::stream::Stream;
use super::table::{Entry, FlowTable};
use super::{FlowAnomalies, FlowHandler, FlowInfo, Orientation};

/// How far away a stream is taken to be of which nothing is known: farther than most of what goes
/// on in one, nearer than most numbers.
const UNKNOWN_BYTES: u64 = 1 << 24;

impl<S> FlowTable<S> {
    /// Of the flows of its five-tuple the one a segment fits best; of equals the oldest: whose
    /// numbers are exactly those of what was there may be all forged.
    pub(super) fn nearest(&self, hash: u64, segment: &Segment<'_>, network: u64) -> Option<u32> {
        let near = self.rivals(hash, segment, network).filter_map(|at| {
            let flow = self.flows.get(at)?;
            Some((flow.distance(segment), flow.age(), at))
        });
        near.min_by_key(|(distance, age, _)| (*distance, *age)).map(|(.., at)| at)
    }

    fn rivals(&self, hash: u64, segment: &Segment<'_>, network: u64) -> impl Iterator<Item = u32> {
        let tag = tag(hash);
        let entries = self.index.iter_hash(Entry::spread(tag));
        let same = move |at: &u32| {
            self.flows.get(*at).is_some_and(|flow| flow.matches(&segment.tuple, network))
        };
        entries.filter(move |entry| entry.tag == tag).map(|entry| entry.flow).filter(same)
    }

    /// The flow that a segment belongs to which is none of the one at `at`, as its verdict says: it
    /// is known who asks. What brings nothing, and answers no SYN, begins none.
    pub(super) fn strayed(
        &mut self,
        (at, verdict): (u32, Verdict),
        segment: &Segment<'_>,
    ) -> Option<Begun> {
        if verdict == Verdict::Proves {
            return Some(proven(segment));
        }
        let flow = self.flows.get_mut(at)?;
        if wire_len(segment) == 0 {
            flow.count_ignored(segment);
            return None;
        }
        let FlowInfo { client, server, orientation, .. } = flow.identity.info();
        let orientation = match orientation {
            Orientation::Ports => Orientation::Ports,
            _ => Orientation::Continued,
        };
        let (opened, encapsulation) = (segment.at, segment.encapsulation.clone());
        let info = FlowInfo { client, server, opened, encapsulation, orientation };
        Some(Begun::of(info))
    }

    /// Makes room for a flow beside the one at `at`, which goes on.
    pub(super) fn set_beside<H: FlowHandler<State = S>>(
        &mut self,
        (at, hash): (u32, u64),
        segment: &Segment<'_>,
        handler: &mut H,
    ) {
        let Some(flow) = self.flows.get_mut(at) else { return };
        flow.rival = true;
        flow.reassembler.challenge = None;
        let network = flow.network();
        if self.rivals(hash, segment, network).count() < RIVAL_FLOWS_MAX {
            return;
        }
        let rank = |at: u32| {
            let flow = self.flows.get(at)?;
            let carries = (flow.is_midway(handler), !flow.is_half_open());
            Some(((carries, flow.last(), flow.age()), at))
        };
        let least = self.rivals(hash, segment, network).filter_map(rank).min();
        if let Some((_, least)) = least {
            if let Some(flow) = self.flows.get_mut(least) {
                flow.doubt_end(handler);
            }
            self.remember(least, hash, handler);
            self.retire(least, EndCause::Expired, handler);
        }
    }
}

impl<S> Flow<S> {
    /// Whether more of it may come, though another flow of its five-tuple begins: it carried
    /// something, or both ends were heard, or nobody answered its SYN as far as was seen.
    pub(super) fn lives_on<H: FlowHandler<State = S>>(&self, handler: &H) -> bool {
        let open = !self.is_closing() && !self.reassembler.reset;
        let heard = self.reassembler.streams.iter().all(Stream::seen);
        (heard || !self.is_half_open() || self.is_unanswered()) && (open || self.is_midway(handler))
    }

    /// How far from what comes next in it a segment lies, by both its numbers.
    fn distance(&self, segment: &Segment<'_>) -> u64 {
        let direction = self.direction(&segment.tuple);
        let (this, peer) =
            (self.reassembler.stream(direction), self.reassembler.stream(direction.reversed()));
        let (syn, ack) = (segment.flags.has(TcpFlags::SYN), segment.flags.has(TcpFlags::ACK));
        let challenge = self.reassembler.challenge;
        if syn {
            // Numbers of a SYN are near nothing: what it repeats or answers counts.
            let asked =
                |isn: Option<u32>| isn.is_some_and(|isn| isn == segment.ack.wrapping_sub(1));
            let fits = match ack {
                true => asked(peer.isn()) || asked(challenge),
                false => this.isn() == Some(segment.seq),
            };
            return u64::from(!fits);
        }
        let far = |located: bool, ahead: i32| match located {
            true => u64::from(ahead.unsigned_abs()),
            false => UNKNOWN_BYTES,
        };
        let first = first_payload_seq(segment);
        if challenge.is_some_and(|isn| isn.wrapping_add(1) == first) {
            return 1;
        }
        let heard = if ack { far(peer.located(), peer.ahead(segment.ack)) } else { 0 };
        let ahead = this.ahead(first);
        // What a SYN says that nobody answered and nothing followed is near nothing else.
        let hearsay = ahead != 0 && this.isn().is_some() && this.is_hearsay(peer);
        let strange = if hearsay { UNKNOWN_BYTES } else { 0 };
        far(this.located(), ahead) + heard + strange
    }

    /// What tells it from others of its five-tuple: when it began, and where.
    fn age(&self) -> (Timestamp, u32) {
        (self.identity.opened, self.reassembler.stream(Direction::ToServer).next_seq)
    }

    fn network(&self) -> u64 {
        self.identity.encapsulation.network()
    }

    /// It ends for want of room beside others: what it was amidst of may have gone on.
    fn doubt_end<H: FlowHandler<State = S>>(&mut self, handler: &mut H) {
        let (direction, at) = (Direction::ToServer, self.last());
        if self.is_midway(handler)
            && let Some(state) = &mut self.state
        {
            let copy = doubt_at((direction, at), FlowAnomalies::CHALLENGED);
            handler.second_copy(&self.identity.info(), state, copy);
        }
    }
}

/// The flow of which `segment` is the first but for a SYN that was not believed.
fn proven(segment: &Segment<'_>) -> Begun {
    let (client, server) = (segment.tuple.src, segment.tuple.dst);
    let (opened, encapsulation) = (segment.at, segment.encapsulation.clone());
    let orientation = Orientation::Syn;
    let info = FlowInfo { client, server, opened, encapsulation, orientation };
    Begun { next: Some([segment.seq, segment.ack]), ..Begun::of(info) }
}
