//! Flows whose two directions come by two virtual networks.
//!
//! Where the first hop routes (distributed routers of NSX, asymmetric IRB of EVPN, RFC 9135), a
//! packet travels in the network of its receiver, so that a request carries one VNI and its answer
//! another. Two such halves are one flow where the answer to a SYN comes by another network and
//! acknowledges exactly that SYN: nobody guesses 32 bits. Flows of networks whose addresses repeat
//! stay apart, and so do those of which every packet comes by both networks: each is whole.
//!
//! What is known is known of each flow, not of networks, so the same flows are joined whichever
//! worker has them. Both tables forget their older half when the younger is full.

use std::collections::HashMap;
use std::time::Duration;

use crate::base::limits::{CROSSING_FLOWS_MAX, CROSSING_SECONDS};
use crate::base::{Timestamp, table_state};
use crate::model::{Segment, TcpFlags};

type State = foldhash::quality::RandomState;

/// See the module. Keys are hashes of a five-tuple under the seed of the flow table: of itself for
/// the SYNs, and with a network for what was joined.
#[derive(Debug)]
pub(super) struct Crossings {
    asked: Halves<Asked>,
    joined: Halves<u64>,
}

/// A SYN that came by a virtual network.
#[derive(Clone, Copy, Debug)]
struct Asked {
    /// Which; `None` where it came by several.
    network: Option<u64>,
    /// What its answer acknowledges.
    next: u32,
    at: Timestamp,
}

#[derive(Debug)]
struct Halves<V> {
    young: HashMap<u64, V, State>,
    old: HashMap<u64, V, State>,
}

impl<V: Copy> Halves<V> {
    fn new() -> Self {
        let (young, old) =
            (HashMap::with_hasher(table_state()), HashMap::with_hasher(table_state()));
        Halves { young, old }
    }

    fn get(&self, key: u64) -> Option<V> {
        self.young.get(&key).or_else(|| self.old.get(&key)).copied()
    }

    fn insert(&mut self, key: u64, value: V) {
        if self.young.len() >= CROSSING_FLOWS_MAX / 2 {
            self.old = std::mem::replace(&mut self.young, HashMap::with_hasher(table_state()));
        }
        self.young.insert(key, value);
    }

    fn remove(&mut self, key: u64) {
        self.young.remove(&key);
        self.old.remove(&key);
    }
}

impl Crossings {
    pub(super) fn new() -> Self {
        Crossings { asked: Halves::new(), joined: Halves::new() }
    }

    /// The network of the flow that `segment`, which came by a virtual network, belongs to. `hash`
    /// is that of its five-tuple in a network, 0 for none.
    pub(super) fn network(&mut self, segment: &Segment<'_>, hash: impl Fn(u64) -> u64) -> u64 {
        let network = segment.encapsulation.network();
        let syn = segment.flags.has(TcpFlags::SYN) && !segment.flags.has(TcpFlags::RST);
        if !syn {
            // Nothing was ever joined: most sensors see no such flows.
            let none = self.joined.young.is_empty() && self.joined.old.is_empty();
            return if none { network } else { self.joined.get(hash(network)).unwrap_or(network) };
        }
        let tuple = hash(0);
        let is_near = |asked: &Asked| {
            let apart = segment.at.since(asked.at).max(asked.at.since(segment.at));
            apart <= Duration::from_secs(CROSSING_SECONDS)
        };
        let asked = self.asked.get(tuple).filter(is_near);
        if segment.flags.has(TcpFlags::ACK) {
            let answers =
                |asked: &Asked| asked.next == segment.ack && asked.network != Some(network);
            let Some(asker) = asked.filter(answers).and_then(|asked| asked.network) else {
                return network;
            };
            self.joined.insert(hash(network), asker);
            return asker;
        }
        let next = segment.seq.wrapping_add(1);
        let twice = asked.is_some_and(|a| a.next == next && a.network != Some(network));
        let network_of_it = if twice { None } else { Some(network) };
        self.asked.insert(tuple, Asked { network: network_of_it, next, at: segment.at });
        // Whoever asks by this network begins another flow than the one that was answered by it.
        self.joined.remove(hash(network));
        network
    }
}
