//! What an interface counts itself (Linux: sysfs), beside what its sockets tell: how many packets
//! passed it, and how many it lost.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counters of an interface (the kernel's `Documentation/ABI/testing/sysfs-class-net-statistics`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counters {
    /// Packets in either direction: a mirror port sends none.
    packets: u64,
    /// Discarded by the interface, its driver or the host before any socket, as far as told.
    lost: u64,
}

impl Counters {
    /// As they are; `None` where nobody tells.
    fn read(folder: &Path) -> Option<Counters> {
        let number = |name: &str| {
            let text = fs::read_to_string(folder.join(name)).ok()?;
            text.trim().parse::<u64>().ok()
        };
        Some(Counters {
            packets: number("rx_packets")?.saturating_add(number("tx_packets")?),
            lost: number("rx_dropped")?.saturating_add(number("rx_missed_errors")?),
        })
    }
}

/// What became of an interface's packets since it was opened, for one of its rings. All rings know
/// of one another what they received.
#[derive(Debug)]
pub(super) struct Counted {
    folder: std::path::PathBuf,
    /// `None` where nobody tells.
    before: Option<Counters>,
    /// Since then, when it was looked last.
    since: Counters,
    received: Arc<[AtomicU64]>,
    ring: usize,
}

impl Counted {
    /// Begins to count at `interface`, which has one ring.
    pub(super) fn of(interface: &str) -> Counted {
        Counted::in_folder(&Path::new("/sys/class/net").join(interface).join("statistics"))
    }

    fn in_folder(folder: &Path) -> Counted {
        Counted {
            folder: folder.to_owned(),
            before: Counters::read(folder),
            since: Counters::default(),
            received: [AtomicU64::new(0)].into(),
            ring: 0,
        }
    }

    /// The interface has several rings: this is which of them, and what all received.
    pub(super) fn share(&mut self, received: &Arc<[AtomicU64]>, ring: usize) {
        (self.received, self.ring) = (Arc::clone(received), ring);
    }

    /// Looks again: this ring has received so many packets since it was opened.
    pub(super) fn update(&mut self, received: u64) {
        if let Some(slot) = self.received.get(self.ring) {
            slot.store(received, Ordering::Relaxed);
        }
        // An interface that is gone keeps what it told last.
        if let (Some(before), Some(now)) = (self.before, Counters::read(&self.folder)) {
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
        let received: u64 = self.received.iter().map(|n| n.load(Ordering::Relaxed)).sum();
        self.before.map(|_| self.since.packets.saturating_sub(received))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, counters: [u64; 4]) {
        let names = ["rx_packets", "tx_packets", "rx_dropped", "rx_missed_errors"];
        for (name, value) in names.iter().zip(counters) {
            fs::write(folder.join(name), format!("{value}\n")).unwrap();
        }
    }

    #[test]
    fn what_an_interface_counts_is_told_since_it_was_opened_and_kept_when_it_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), [1000, 50, 7, 3]);
        let mut counted = Counted::in_folder(folder.path());
        assert_eq!((counted.lost(), counted.not_received()), (Some(0), Some(0)));
        write(folder.path(), [1900, 150, 9, 8]);
        counted.update(600);
        assert_eq!((counted.lost(), counted.not_received()), (Some(7), Some(400)));
        drop(folder);
        counted.update(600);
        assert_eq!((counted.lost(), counted.not_received()), (Some(7), Some(400)));
    }

    #[test]
    fn rings_of_an_interface_have_received_its_packets_together() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), [0; 4]);
        let received: Arc<[AtomicU64]> = (0..2).map(|_| AtomicU64::new(0)).collect();
        let mut rings = [0, 1].map(|ring| {
            let mut counted = Counted::in_folder(folder.path());
            counted.share(&received, ring);
            counted
        });
        write(folder.path(), [1000, 0, 0, 0]);
        rings[1].update(300);
        rings[0].update(200);
        assert_eq!(rings[0].not_received(), Some(500));
    }

    #[test]
    fn where_nobody_tells_nothing_is_estimated() {
        let folder = tempfile::tempdir().unwrap();
        let mut counted = Counted::in_folder(folder.path());
        counted.update(5);
        assert_eq!((counted.lost(), counted.not_received()), (None, None));
    }
}
