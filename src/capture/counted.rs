//! What an interface counts itself (Linux), beside what its sockets tell: how many packets passed
//! it, and how many it lost.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// What the kernel tells of interfaces (proc_pid_net(5)): of the network namespace that the process
/// is in, which sysfs may not be of.
const TOLD: &str = "/proc/self/net/dev";

/// Counters of an interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counters {
    /// Packets in either direction: a mirror port sends none.
    packets: u64,
    /// Discarded by the interface, its driver or the host (`rx_dropped` and `rx_missed_errors`), as
    /// far as it says so.
    lost: u64,
}

impl Counters {
    /// As they are; `None` where nobody tells.
    fn read(file: &Path, interface: &str) -> Option<Counters> {
        Counters::parse(&fs::read_to_string(file).ok()?, interface)
    }

    fn parse(text: &str, interface: &str) -> Option<Counters> {
        // `name: bytes packets errs drop fifo frame compressed multicast bytes packets …`
        let of = |line: &str| {
            let numbers = line.trim_start().strip_prefix(interface)?.strip_prefix(':')?;
            let mut numbers = numbers.split_whitespace().map(str::parse::<u64>);
            let mut nth = |skip: usize| numbers.nth(skip)?.ok();
            let (received, lost, sent) = (nth(1)?, nth(1)?, nth(5)?);
            Some(Counters { packets: received.saturating_add(sent), lost })
        };
        text.lines().find_map(of)
    }
}

/// What became of an interface's packets since it was opened, for one of its rings. All rings know
/// of one another what they received.
#[derive(Debug)]
pub(super) struct Counted {
    file: PathBuf,
    interface: String,
    /// `None` where nobody tells.
    before: Option<Counters>,
    /// Since then, when it was looked last.
    since: Counters,
    rings: Arc<Rings>,
    ring: usize,
}

/// What the rings of an interface tell one another.
#[derive(Debug)]
pub(super) struct Rings {
    /// Packets that each has received.
    received: Box<[AtomicU64]>,
    /// How many are at their end.
    ended: AtomicUsize,
}

impl Rings {
    pub(super) fn new(count: usize) -> Arc<Rings> {
        let received = (0..count).map(|_| AtomicU64::new(0)).collect();
        Arc::new(Rings { received, ended: AtomicUsize::new(0) })
    }

    fn have_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire) >= self.received.len()
    }
}

/// How often, and for how long each time, the ring that tells waits for the others at the end: all
/// are stopped at once.
const END_WAITS_MAX: u32 = 1000;
/// See [`END_WAITS_MAX`].
const END_WAIT: Duration = Duration::from_millis(1);

impl Counted {
    /// Begins to count at `interface`, which has one ring.
    pub(super) fn of(interface: &str) -> Counted {
        Counted::told_in(Path::new(TOLD), interface)
    }

    fn told_in(file: &Path, interface: &str) -> Counted {
        Counted {
            file: file.to_owned(),
            interface: interface.to_owned(),
            before: Counters::read(file, interface),
            since: Counters::default(),
            rings: Rings::new(1),
            ring: 0,
        }
    }

    /// The interface has several rings: this is which of them, and what all received.
    pub(super) fn share(&mut self, rings: &Arc<Rings>, ring: usize) {
        (self.rings, self.ring) = (Arc::clone(rings), ring);
    }

    /// This ring is at its end and has received so many packets. The first, which tells, waits for
    /// what the others have.
    pub(super) fn end(&mut self, received: u64) {
        self.store(received);
        self.rings.ended.fetch_add(1, Ordering::Release);
        let mut waits = if self.ring == 0 { END_WAITS_MAX } else { 0 };
        while waits > 0 && !self.rings.have_ended() {
            thread::park_timeout(END_WAIT);
            waits -= 1;
        }
    }

    fn store(&self, received: u64) {
        if let Some(slot) = self.rings.received.get(self.ring) {
            slot.store(received, Ordering::Relaxed);
        }
    }

    /// Looks again: this ring has received so many packets since it was opened.
    pub(super) fn update(&mut self, received: u64) {
        self.store(received);
        // All rings are told the same, the first tells it; one that is gone keeps what it told.
        if self.ring == 0
            && let Some(before) = self.before
            && let Some(now) = Counters::read(&self.file, &self.interface)
        {
            self.since = Counters {
                packets: now.packets.saturating_sub(before.packets),
                lost: now.lost.saturating_sub(before.lost),
            };
        }
    }

    /// Packets that the interface lost.
    pub(super) fn lost(&self) -> Option<u64> {
        self.before.map(|_| self.since.lost)
    }

    /// Packets that passed it and that no ring received.
    pub(super) fn not_received(&self) -> Option<u64> {
        let received: u64 = self.rings.received.iter().map(|n| n.load(Ordering::Relaxed)).sum();
        self.before.map(|_| self.since.packets.saturating_sub(received))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop
";

    fn told(file: &Path, [received, lost, sent]: [u64; 3]) {
        let other = "  eth10: 1 77 0 99 0 0 0 0 1 88 0 0 0 0 0 0";
        let line = format!("   eth1: 9000 {received} 4 {lost} 5 6 0 7 8000 {sent} 1 2 0 0 0 0");
        fs::write(file, format!("{HEAD}{other}\n{line}\n")).unwrap();
    }

    #[test]
    fn what_an_interface_counts_is_told_since_it_was_opened_and_kept_when_it_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("dev");
        told(&file, [1000, 10, 50]);
        let mut counted = Counted::told_in(&file, "eth1");
        assert_eq!((counted.lost(), counted.not_received()), (Some(0), Some(0)));
        told(&file, [1900, 17, 150]);
        counted.update(600);
        assert_eq!((counted.lost(), counted.not_received()), (Some(7), Some(400)));
        fs::write(&file, HEAD).unwrap();
        counted.update(600);
        assert_eq!((counted.lost(), counted.not_received()), (Some(7), Some(400)));
    }

    #[test]
    fn rings_of_an_interface_have_received_its_packets_together() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("dev");
        told(&file, [0; 3]);
        let shared = Rings::new(2);
        let mut rings = [0, 1].map(|ring| {
            let mut counted = Counted::told_in(&file, "eth1");
            counted.share(&shared, ring);
            counted
        });
        told(&file, [1000, 0, 0]);
        rings[1].update(300);
        rings[0].update(200);
        assert_eq!(rings[0].not_received(), Some(500));
    }

    #[test]
    fn where_nobody_tells_nothing_is_estimated() {
        let mut counted = Counted::of("no-such-interface");
        counted.update(5);
        assert_eq!((counted.lost(), counted.not_received()), (None, None));
    }
}
