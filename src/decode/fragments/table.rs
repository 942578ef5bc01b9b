//! All datagrams that wait for fragments, and those that became whole a moment ago.

// A decoy may have made one whole that the receiver never saw: the fragment it takes comes later.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use crate::base::limits::{
    FRAGMENT_BYTES_MAX, FRAGMENT_WAIT_SECONDS, FRAGMENT_WAIT_V6_SECONDS, FRAGMENTED_DATAGRAMS_MAX,
    SWEEP_SLACK_SECONDS,
};
use crate::base::{TableMap, Timestamp};
use crate::decode::network::Datagram;
use crate::decode::ports::TunnelPorts;
use crate::decode::{reasons, tunnel};
use crate::model::{Settled, SkipReason};

use super::partial::{Added, Carriers, Partial, UDP, Whole, place};

/// What makes fragments belong together. IPv6 leaves the protocol out (RFC 8200 section 4.5): 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    src: IpAddr,
    dst: IpAddr,
    protocol: u8,
    id: u32,
    network: u64,
}

/// Where a fragment comes from.
#[derive(Clone, Debug)]
pub(in crate::decode) struct Origin {
    pub(in crate::decode) at: Timestamp,
    /// The virtual network it belongs to.
    pub(in crate::decode) network: u64,
    /// The number of the input.
    pub(in crate::decode) input: u32,
    /// The packets before this one that it took to make this fragment whole.
    pub(in crate::decode) carriers: Carriers,
    /// Ports of tunnels that were named.
    pub(in crate::decode) ports: TunnelPorts,
}

/// Limits of a table: those of `base/limits.rs`, smaller in tests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) datagrams: usize,
    pub(super) bytes: usize,
}

/// One datagram's place in the order of age. Where the serial number is not that of its key any
/// more, it is gone.
#[derive(Clone, Copy, Debug)]
struct Turn {
    key: Key,
    serial: u64,
    since: Timestamp,
}

#[derive(Debug)]
pub(in crate::decode) struct Fragments {
    partials: TableMap<Key, Partial>,
    /// Those that wait, the oldest first.
    order: VecDeque<Turn>,
    /// Those that are whole, the oldest first: the first to go.
    kept: VecDeque<Turn>,
    bounds: Bounds,
    serial: u64,
    held: usize,
    settled: Vec<Settled>,
}

impl Default for Fragments {
    fn default() -> Self {
        Fragments::within(FRAGMENT_BYTES_MAX)
    }
}

impl Fragments {
    /// One that holds at most so many bytes.
    pub(in crate::decode) fn within(bytes: usize) -> Self {
        Fragments::new(Bounds { datagrams: FRAGMENTED_DATAGRAMS_MAX, bytes })
    }

    pub(super) fn new(bounds: Bounds) -> Self {
        Fragments {
            partials: TableMap::default(),
            order: VecDeque::new(),
            kept: VecDeque::new(),
            bounds,
            serial: 0,
            held: 0,
            settled: Vec::new(),
        }
    }

    /// Whether there is nothing that could expire.
    #[inline]
    pub(in crate::decode) fn is_empty(&self) -> bool {
        self.order.is_empty() && self.kept.is_empty()
    }

    /// Bytes held, with their overhead.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// What became of packets that were held, since the last time.
    pub(in crate::decode) fn settled(&mut self) -> &mut Vec<Settled> {
        &mut self.settled
    }

    /// Adds a fragment; the datagram it completes or changes, or what became of it.
    pub(in crate::decode) fn add(
        &mut self,
        fragment: &Datagram<'_>,
        mut origin: Origin,
    ) -> Result<Whole, SkipReason> {
        let v6 = fragment.src.is_ipv6();
        let part = fragment.part.ok_or(SkipReason::Skipped(reasons::FRAGMENT_INCOMPLETE))?;
        let Some(range) = place(part, fragment.payload, v6) else {
            let reason = if v6 { reasons::IPV6_FRAGMENT } else { reasons::IPV4_FRAGMENT };
            return self.refuse(&origin.carriers, SkipReason::Malformed(reason));
        };
        let protocol = if v6 { 0 } else { fragment.protocol };
        let (src, dst, id) = (fragment.src, fragment.dst, fragment.id);
        let key = Key { src, dst, protocol, id, network: origin.network };
        self.expire(&key, origin.at);
        let partial = self.partials.entry(key).or_insert_with(|| {
            self.serial += 1;
            self.order.push_back(Turn { key, serial: self.serial, since: origin.at });
            let partial = Partial::new(origin.at, self.serial, fragment.protocol);
            self.held += partial.cost();
            partial
        });
        if partial.dismissed {
            return self.refuse(&origin.carriers, SkipReason::Skipped(reasons::UDP));
        }
        // Only IPv4 says in every fragment that it is UDP.
        if part.offset == 0
            && protocol == UDP
            && !partial.has_first()
            && !leads_on(fragment, origin.ports)
        {
            self.dismiss(&key);
            return self.refuse(&origin.carriers, SkipReason::Skipped(reasons::UDP));
        }
        let before = partial.cost();
        let added = partial.add(fragment, range);
        self.held = (self.held + partial.cost()).saturating_sub(before);
        match added {
            Added::Whole(readings) => {
                let (protocol, oddities) = (partial.protocol(), partial.oddities());
                let mut carriers = std::mem::take(&mut partial.carriers);
                merge(&mut carriers, &origin.carriers);
                self.keep(key, origin.at);
                self.bound();
                Ok(Whole { protocol, readings, oddities, carriers })
            }
            Added::New => {
                self.carry(&key, &mut origin);
                self.bound();
                Err(SkipReason::Held)
            }
            Added::Again => self.refuse(&origin.carriers, SkipReason::Duplicate),
            Added::Full => {
                self.carry(&key, &mut origin);
                self.give_up(&key, SkipReason::Shed(reasons::FRAGMENT_MEMORY));
                Err(SkipReason::Held)
            }
        }
    }

    /// Keeps what became whole for as long as a receiver may still wait.
    fn keep(&mut self, key: Key, since: Timestamp) {
        let Some(partial) = self.partials.get_mut(&key) else { return };
        self.serial += 1;
        (partial.serial, partial.since) = (self.serial, since);
        self.kept.push_back(Turn { key, serial: self.serial, since });
    }

    /// Notes the packet, and those before it, with the datagram.
    fn carry(&mut self, key: &Key, origin: &mut Origin) {
        merge(&mut origin.carriers, &[(origin.input, 1)]);
        if let Some(partial) = self.partials.get_mut(key) {
            merge(&mut partial.carriers, &origin.carriers);
        }
    }

    /// The fragment at hand makes nothing: `why` is its own account, and that of the packets that
    /// carried it.
    fn refuse(&mut self, carriers: &Carriers, why: SkipReason) -> Result<Whole, SkipReason> {
        self.settle(carriers, why);
        Err(why)
    }

    /// Says what became of packets that count as analysed so far.
    pub(in crate::decode) fn settle(&mut self, carriers: &Carriers, why: SkipReason) {
        let settle = |&(input, packets): &(u32, u64)| Settled { input, packets, why };
        self.settled.extend(carriers.iter().map(settle));
    }

    /// Decides by its own times whether what is held under `key` waited too long for a packet of
    /// time `at`: then that begins another datagram.
    fn expire(&mut self, key: &Key, at: Timestamp) {
        let v6 = key.src.is_ipv6();
        let wait = if v6 { FRAGMENT_WAIT_V6_SECONDS } else { FRAGMENT_WAIT_SECONDS };
        let wait = Duration::from_secs(wait);
        if self.partials.get(key).is_some_and(|partial| at.since(partial.since) > wait) {
            self.give_up(key, SkipReason::Skipped(reasons::FRAGMENT_INCOMPLETE));
        }
    }

    /// Frees what any later packet would find expired.
    pub(in crate::decode) fn sweep(&mut self, now: Timestamp) {
        let wait = Duration::from_secs(FRAGMENT_WAIT_V6_SECONDS + SWEEP_SLACK_SECONDS);
        let why = SkipReason::Skipped(reasons::FRAGMENT_INCOMPLETE);
        let is_due = |turn: &Turn| now.since(turn.since) > wait;
        while self.order.front().is_some_and(is_due) {
            let turn = self.order.pop_front();
            self.give_up_turn(turn, why);
        }
        while self.kept.front().is_some_and(is_due) {
            let turn = self.kept.pop_front();
            self.give_up_turn(turn, why);
        }
    }

    /// The input ended: nothing more can come.
    pub(in crate::decode) fn finish(&mut self) {
        while !self.is_empty() {
            let turn = self.oldest();
            self.give_up_turn(turn, SkipReason::Skipped(reasons::FRAGMENT_INCOMPLETE));
        }
    }

    /// Gives up the oldest while too much is held.
    fn bound(&mut self) {
        while self.partials.len() > self.bounds.datagrams || self.held > self.bounds.bytes {
            if self.is_empty() {
                return;
            }
            let turn = self.oldest();
            self.give_up_turn(turn, SkipReason::Shed(reasons::FRAGMENT_MEMORY));
        }
        // Entries of datagrams that are gone, or became whole, go with the next one that is older,
        // at the latest when they outnumber the others.
        let partials = &self.partials;
        for turns in [&mut self.order, &mut self.kept] {
            if turns.len() > 2 * partials.len() + 64 {
                turns.retain(|turn| {
                    partials.get(&turn.key).is_some_and(|partial| partial.serial == turn.serial)
                });
            }
        }
    }

    /// The next to go: what was read already before what waits.
    fn oldest(&mut self) -> Option<Turn> {
        self.kept.pop_front().or_else(|| self.order.pop_front())
    }

    fn give_up_turn(&mut self, turn: Option<Turn>, why: SkipReason) {
        let Some(Turn { key, serial, .. }) = turn else { return };
        if self.partials.get(&key).is_some_and(|partial| partial.serial == serial) {
            self.give_up(&key, why);
        }
    }

    fn take(&mut self, key: &Key) -> Option<Partial> {
        let partial = self.partials.remove(key)?;
        self.held = self.held.saturating_sub(partial.cost());
        Some(partial)
    }

    fn give_up(&mut self, key: &Key, why: SkipReason) {
        if let Some(partial) = self.take(key) {
            self.settle(&partial.carriers, why);
        }
    }

    /// What is held under `key` is UDP for somebody else: what comes of it is not kept any more.
    fn dismiss(&mut self, key: &Key) {
        let Some(partial) = self.partials.get_mut(key) else { return };
        let carriers = std::mem::take(&mut partial.carriers);
        self.held = self.held.saturating_sub(partial.cost());
        partial.dismiss();
        self.held += partial.cost();
        self.settle(&carriers, SkipReason::Skipped(reasons::UDP));
    }
}

/// Whether the first fragment of a UDP datagram goes to a tunnel's port.
fn leads_on(fragment: &Datagram<'_>, ports: TunnelPorts) -> bool {
    fragment.payload.be_u16(2).is_some_and(|port| tunnel::is_port(ports.known(port)))
}

fn merge(carriers: &mut Carriers, more: &[(u32, u64)]) {
    for &(input, packets) in more {
        match carriers.iter_mut().find(|(held, _)| *held == input) {
            Some((_, sum)) => *sum += packets,
            None => carriers.push((input, packets)),
        }
    }
}
