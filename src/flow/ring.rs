//! Which flows hold memory that may run short or be freed, so that one to evict or to tidy up is
//! found without a search.

/// Where a flow lies in a ring: its place, or [`NOWHERE`].
pub(super) type Place = u32;

/// Not in the ring.
pub(super) const NOWHERE: Place = u32::MAX;

/// The flows that hold memory of one kind, by their index in the table, in no order. A hand goes
/// round and stops at some of them.
#[derive(Debug, Default)]
pub(super) struct Ring {
    flows: Vec<u32>,
    hand: usize,
}

impl Ring {
    /// Puts a flow in; its place.
    pub(super) fn insert(&mut self, flow: u32) -> Place {
        let place = Place::try_from(self.flows.len()).unwrap_or(NOWHERE);
        self.flows.push(flow);
        place
    }

    /// Flows in it.
    pub(super) fn len(&self) -> usize {
        self.flows.len()
    }

    /// Takes a flow out; the flow that lies in its place now, if any.
    pub(super) fn remove(&mut self, place: Place) -> Option<u32> {
        let at = place as usize;
        if at < self.flows.len() {
            self.flows.swap_remove(at);
        }
        self.flows.get(at).copied()
    }

    /// The next `count` flows the hand comes to; none twice.
    pub(super) fn next(&mut self, count: usize) -> impl Iterator<Item = u32> + '_ {
        let (len, from) = (self.flows.len().max(1), self.hand);
        let count = count.min(self.flows.len());
        self.hand = (from + count) % len;
        (0..count).filter_map(move |step| self.flows.get((from + step) % len).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hand_comes_to_every_flow_and_places_are_closed_up() {
        let mut ring = Ring::default();
        for flow in 10..15 {
            assert_eq!(ring.insert(flow), flow - 10);
        }
        assert_eq!(ring.next(3).collect::<Vec<_>>(), [10, 11, 12]);
        assert_eq!(ring.next(3).collect::<Vec<_>>(), [13, 14, 10]);
        // The last one moves to where one was taken out.
        assert_eq!(ring.remove(1), Some(14));
        assert_eq!(ring.remove(3), None);
        let mut rest: Vec<_> = ring.next(9).collect();
        rest.sort_unstable();
        assert_eq!(rest, [10, 12, 14]);
        assert_eq!(ring.remove(NOWHERE), None);
    }
}
