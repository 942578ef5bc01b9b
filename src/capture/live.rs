//! Interfaces, through libpcap (on Linux: TPACKET_V3). phitap only listens: nothing is ever sent.

#[cfg(target_os = "linux")]
use pcap::{Active, Capture, Device, Precision};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
#[cfg(target_os = "linux")]
use std::os::fd::{AsFd, AsRawFd};

use crate::base::{Timestamp, clock};
use crate::capture::counted::{Counted, Rings};
#[cfg(target_os = "linux")]
use crate::capture::fanout::Fanout;
use crate::capture::source::{CaptureError, Losses, Next, PacketSource};
use crate::model::{LinkType, Packet};

/// How to listen.
#[derive(Clone, Debug)]
pub struct LiveOptions {
    /// Also take packets that are for other hosts: what a mirror port delivers.
    pub promiscuous: bool,
    /// Bytes kept of each packet.
    pub snap_len_bytes: u32,
    /// The kernel's buffer.
    pub buffer_bytes: u32,
    /// A filter for the kernel, in the language of pcap-filter(7). What it excludes never reaches
    /// this process and is not counted.
    pub filter: Option<String>,
}

impl Default for LiveOptions {
    fn default() -> Self {
        LiveOptions {
            promiscuous: true,
            snap_len_bytes: 262_144,
            buffer_bytes: 64 * 1024 * 1024,
            filter: None,
        }
    }
}

/// Why an interface cannot be listened to, or no longer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LiveError {
    /// There is none of that name.
    #[error("listen on {device}: there is no such interface; there are: {available}")]
    NoDevice {
        /// What was asked for.
        device: String,
        /// Names of the interfaces there are.
        available: String,
    },
    /// The process may not listen.
    #[error(
        "listen on {device}: it needs CAP_NET_RAW: run as root, or: \
         setcap cap_net_raw=ep /path/to/phitap"
    )]
    NoPermission {
        /// What was asked for.
        device: String,
    },
    /// The kernel filter does not compile for this interface.
    #[error("compile the filter {text:?} for {device}: {reason}")]
    Filter {
        /// What was asked for.
        device: String,
        /// The filter.
        text: String,
        /// What libpcap says about it.
        reason: String,
    },
    /// The interface cannot be opened for another reason.
    #[error("listen on {device}: {reason}")]
    Open {
        /// What was asked for.
        device: String,
        /// What libpcap says about it.
        reason: String,
    },
    /// Its packets cannot be shared among several rings.
    #[error("share the packets of {device} among {rings} rings: {reason}; use --rings 1")]
    Rings {
        /// What was asked for.
        device: String,
        /// Among how many.
        rings: usize,
        /// What the system says about it.
        reason: String,
    },
    /// The interface went away while we listened.
    #[error("go on listening on {device}: {reason}")]
    Gone {
        /// Which interface.
        device: String,
        /// What libpcap says about it.
        reason: String,
    },
}

impl LiveError {
    /// What the system said, in the middle of a sentence.
    pub fn reason(&self) -> String {
        let reason = match self {
            LiveError::Filter { reason, .. }
            | LiveError::Open { reason, .. }
            | LiveError::Rings { reason, .. }
            | LiveError::Gone { reason, .. } => reason.clone(),
            LiveError::NoDevice { .. } | LiveError::NoPermission { .. } => self.to_string(),
        };
        let mut letters = reason.chars();
        letters
            .next()
            .map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
    }
}

/// The greatest buffer that libpcap takes: its size is a C `int`.
pub const BUFFER_BYTES_MAX: u64 = 0x7fff_ffff;

/// Listens on one interface until it is dropped. An interface that is taken down is idle until it
/// comes up again; one that is removed ends the source with [`LiveError::Gone`].
pub struct LiveSource {
    device: String,
    /// What it is called in accounts: the device, and which ring of it.
    name: String,
    /// Whether it tells what the interface lost: of several rings, the first does.
    is_first: bool,
    capture: Capture<Active>,
    link: LinkType,
    /// Nothing was left in the buffer at the last look: wait before the next.
    drained: bool,
    kernel: Widened,
    interface: Widened,
    received: Widened,
    counted: Counted,
    /// Whether the kernel excludes any packets.
    is_filtered: bool,
}

/// What stands between the name of an interface and the number of its ring.
const RING: &str = ", ring ";

/// The interface that an input of this name reads, be it a ring of it only.
pub fn interface_of(name: &str) -> &str {
    name.split_once(RING).map_or(name, |(interface, _)| interface)
}

/// An interface of this host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Whether it is up and has a carrier.
    pub is_up: bool,
    /// Whether it only speaks to this host.
    pub is_loopback: bool,
}

/// The MTU of an interface, where the system tells (Linux: sysfs).
pub fn mtu(interface: &str) -> Option<u32> {
    let path = std::path::Path::new("/sys/class/net").join(interface).join("mtu");
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// A filter that no packet passes.
#[cfg(target_os = "linux")]
const NOTHING: &str = "less 0";

/// libpcap holds packets back for at most this long, to hand over many at once.
const BATCH_TIMEOUT_MS: i32 = 20;
/// A quiet interface is reported idle this often.
const IDLE_INTERVAL_MS: i64 = 50;
/// Nanosecond times are always to be had on Linux; elsewhere libpcap may refuse without a word.
const NANOSECONDS: bool = cfg!(target_os = "linux");

impl LiveSource {
    /// Opens `device`; `any` stands for all interfaces.
    pub fn open(device: &str, options: &LiveOptions) -> Result<Self, LiveError> {
        let refused = |e: pcap::Error| explain(device, e);
        let bytes = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
        let inactive = Capture::from_device(device)
            .map_err(refused)?
            // libpcap warns, and its binding gives up, where promiscuous mode has no meaning.
            .promisc(options.promiscuous && device != "any")
            .snaplen(bytes(options.snap_len_bytes))
            .buffer_size(bytes(options.buffer_bytes))
            .immediate_mode(false)
            .timeout(BATCH_TIMEOUT_MS)
            .precision(if NANOSECONDS { Precision::Nano } else { Precision::Micro });
        let capture = inactive.open().and_then(Capture::setnonblock).map_err(refused)?;
        let link = link_type(capture.get_datalink().0);
        let counted = Counted::of(device);
        let (device, name) = (device.to_owned(), device.to_owned());
        let mut source = LiveSource {
            device,
            name,
            is_first: true,
            capture,
            link,
            drained: false,
            kernel: Widened::default(),
            interface: Widened::default(),
            received: Widened::default(),
            counted,
            is_filtered: false,
        };
        if let Some(text) = &options.filter {
            source.filter(text)?;
        }
        Ok(source)
    }

    /// Opens `device` as often as `rings` says: each source takes a share of the flows, by the
    /// kernel's choice, and has a buffer and counters of its own.
    #[cfg(target_os = "linux")]
    pub fn open_rings(
        device: &str,
        rings: usize,
        options: &LiveOptions,
    ) -> Result<Vec<Self>, LiveError> {
        if rings <= 1 {
            return Ok(vec![LiveSource::open(device, options)?]);
        }
        // Until all have joined, nothing is taken: no packet is seen by two of them.
        let closed = LiveOptions { filter: Some(NOTHING.to_owned()), ..options.clone() };
        let opened: Result<Vec<_>, _> =
            (0..rings).map(|_| LiveSource::open(device, &closed)).collect();
        let mut sources = opened?;
        let refused = |reason: nix::errno::Errno| {
            let (device, reason) = (device.to_owned(), reason.desc().to_lowercase());
            LiveError::Rings { device, rings, reason }
        };
        let mut group: Option<Fanout> = None;
        let shared = Rings::new(rings);
        for (source, number) in sources.iter_mut().zip(1..) {
            source.counted.share(&shared, number - 1);
            let socket = source.capture.as_fd();
            match group {
                Some(group) => group.join(socket).map_err(refused)?,
                None => group = Some(Fanout::found(socket).map_err(refused)?),
            }
            source.name = format!("{device}{RING}{number} of {rings}");
            source.is_first = number == 1;
        }
        for source in &mut sources {
            source.discard()?;
            source.filter(options.filter.as_deref().unwrap_or(""))?;
        }
        Ok(sources)
    }

    /// The same where the system cannot share packets: one ring only.
    #[cfg(not(target_os = "linux"))]
    pub fn open_rings(
        device: &str,
        rings: usize,
        options: &LiveOptions,
    ) -> Result<Vec<Self>, LiveError> {
        if rings <= 1 {
            return Ok(vec![LiveSource::open(device, options)?]);
        }
        let reason = "this system has no PACKET_FANOUT".to_owned();
        Err(LiveError::Rings { device: device.to_owned(), rings, reason })
    }

    /// Throws away what came before the filter was set.
    #[cfg(target_os = "linux")]
    fn discard(&mut self) -> Result<(), LiveError> {
        loop {
            match self.capture.next_packet() {
                Ok(_) => {}
                Err(pcap::Error::TimeoutExpired | pcap::Error::NoMorePackets) => return Ok(()),
                Err(e) => {
                    return Err(LiveError::Gone {
                        device: self.device.clone(),
                        reason: message(e),
                    });
                }
            }
        }
    }

    /// Sets the kernel's filter; libpcap discards what came before it. Takes no privilege.
    pub fn filter(&mut self, text: &str) -> Result<(), LiveError> {
        self.is_filtered = !text.trim().is_empty();
        self.capture.filter(text, true).map_err(|e| LiveError::Filter {
            device: self.device.clone(),
            text: text.to_owned(),
            reason: message(e),
        })
    }

    /// Bytes of the kernel's buffer, where the system tells: libpcap takes less than it was asked
    /// for where memory is short, and does not say so.
    #[cfg(target_os = "linux")]
    pub fn buffer_bytes(&self) -> Option<u64> {
        let socket = format!("/proc/self/fd/{}", self.capture.as_fd().as_raw_fd());
        let socket = std::fs::read_link(socket).ok()?;
        let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
        mapped(&maps, socket.to_str()?)
    }

    /// The same where nobody can tell.
    #[cfg(not(target_os = "linux"))]
    pub fn buffer_bytes(&self) -> Option<u64> {
        None
    }

    /// What every packet of this interface starts with.
    pub fn link_type(&self) -> LinkType {
        self.link
    }

    /// Names of the interfaces there are, as far as this process may know.
    pub fn devices() -> Vec<String> {
        Device::list().unwrap_or_default().into_iter().map(|device| device.name).collect()
    }

    /// Everything there is to know of the interfaces there are, as far as this process may.
    pub fn interfaces() -> Vec<Interface> {
        let of = |device: Device| Interface {
            is_up: device.flags.is_up() && device.flags.is_running(),
            is_loopback: device.flags.is_loopback(),
            name: device.name,
        };
        Device::list().unwrap_or_default().into_iter().map(of).collect()
    }

    /// Waits until there may be packets, [`IDLE_INTERVAL_MS`] at most. libpcap's own timeout does
    /// not end on a quiet interface.
    fn wait(&self) {
        let timeout = Timespec { tv_sec: 0, tv_nsec: IDLE_INTERVAL_MS * 1_000_000 };
        let mut fds = [PollFd::new(&self.capture, PollFlags::IN)];
        // A signal ends the wait early; what is wrong with the descriptor, the read will tell.
        let _ = poll(&mut fds, Some(&timeout));
    }
}

impl PacketSource for LiveSource {
    fn next_packet(&mut self) -> Result<Next<'_>, CaptureError> {
        if self.drained {
            // After a quiet wait libpcap is asked too: only then it notices a removed interface.
            self.wait();
        }
        match self.capture.next_packet() {
            Ok(packet) => {
                self.drained = false;
                Ok(Next::Packet(Packet {
                    at: time(packet.header.ts.tv_sec, packet.header.ts.tv_usec),
                    link: self.link,
                    data: packet.data,
                    wire_len: packet.header.len,
                    block: None,
                }))
            }
            Err(pcap::Error::TimeoutExpired | pcap::Error::NoMorePackets) => {
                self.drained = true;
                Ok(Next::Idle(clock::wall()))
            }
            Err(e) => {
                Err(LiveError::Gone { device: self.device.clone(), reason: message(e) }.into())
            }
        }
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn end(&mut self) {
        if let Ok(stats) = self.capture.stats() {
            self.received.update(stats.received);
        }
        self.counted.end(self.received.total);
    }

    /// What libpcap reports as received is used for an estimate only: it counts the dropped packets
    /// too, and on some systems packets nobody delivered.
    fn losses(&mut self) -> Losses {
        if let Ok(stats) = self.capture.stats() {
            self.kernel.update(stats.dropped);
            self.received.update(stats.received);
            self.interface.update(stats.if_dropped);
        }
        self.counted.update(self.received.total);
        // All rings of an interface are told what became of all its packets.
        let of_all = |estimate: Option<u64>| estimate.filter(|_| self.is_first);
        let lost = self.counted.lost().map(|lost| lost.max(self.interface.total));
        let excluded = self.counted.not_received().filter(|_| self.is_filtered);
        Losses { kernel: self.kernel.total, interface: of_all(lost), excluded: of_all(excluded) }
    }
}

/// A 32-bit counter that may wrap, continued in 64 bits.
#[derive(Clone, Copy, Debug, Default)]
struct Widened {
    last: u32,
    total: u64,
}

impl Widened {
    fn update(&mut self, now: u32) {
        self.total += u64::from(now.wrapping_sub(self.last));
        self.last = now;
    }
}

fn time(seconds: i64, fraction: i64) -> Timestamp {
    let nanos = if NANOSECONDS { fraction } else { fraction.saturating_mul(1000) };
    Timestamp::from_seconds(seconds, u32::try_from(nanos).unwrap_or(0))
}

/// The file format's number for libpcap's: they disagree about raw IP.
fn link_type(dlt: i32) -> LinkType {
    match dlt {
        12 | 14 => LinkType::RAW,
        other => LinkType(u16::try_from(other).unwrap_or(u16::MAX)),
    }
}

fn explain(device: &str, error: pcap::Error) -> LiveError {
    let (device, reason) = (device.to_owned(), message(error));
    let available = LiveSource::devices();
    if !available.is_empty() && !available.contains(&device) {
        return LiveError::NoDevice { device, available: available.join(", ") };
    }
    let lower = reason.to_lowercase();
    if lower.contains("permission") || lower.contains("not permitted") {
        return LiveError::NoPermission { device };
    }
    if lower.contains("not up") {
        let reason = format!("it is down; ip link set {device} up");
        return LiveError::Open { device, reason };
    }
    LiveError::Open { device, reason }
}

/// How much of `file` is mapped, as proc_pid_maps(5) tells: `start-end perms offset dev inode
/// file`.
#[cfg(target_os = "linux")]
fn mapped(maps: &str, file: &str) -> Option<u64> {
    let bytes = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        let (start, end) = words.next()?.split_once('-')?;
        let number = |hex| u64::from_str_radix(hex, 16).ok();
        (words.nth(4)? == file).then_some(number(end)?.checked_sub(number(start)?)?)
    };
    maps.lines().filter_map(bytes).reduce(|all, more| all + more)
}

fn message(error: pcap::Error) -> String {
    match error {
        pcap::Error::PcapError(text) => text,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;

    #[test]
    fn a_32_bit_counter_goes_on_after_it_wrapped() {
        let mut counter = Widened::default();
        for (now, total) in [(5, 5), (u32::MAX, u64::from(u32::MAX)), (3, (1 << 32) + 3)] {
            counter.update(now);
            assert_eq!(counter.total, total);
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_is_mapped_of_a_file_adds_up() {
        let maps = "7f00000000-7f00001000 rw-s 00000000 00:08 77   socket:[77]\n\
                    7f00002000-7f00005000 rw-s 00001000 00:08 77   socket:[77]\n\
                    7f00005000-7f00006000 rw-p 00000000 00:00 0\n\
                    7f00006000-7f00007000 rw-s 00000000 00:08 78   socket:[78]\n";
        assert_eq!(mapped(maps, "socket:[77]"), Some(0x4000));
        assert_eq!(mapped(maps, "socket:[7]"), None);
    }

    #[test]
    fn an_interface_delivers_every_packet_once_and_then_is_idle() {
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = receiver.local_addr().unwrap();
        let filter = Some(format!("udp dst port {}", to.port()));
        let options = LiveOptions { filter, ..LiveOptions::default() };
        let mut source = match LiveSource::open("lo", &options) {
            Ok(source) => source,
            Err(error) => return eprintln!("SKIP: capture on lo (failed to {error})"),
        };
        let before = clock::wall();
        for n in 0u8..100 {
            sender.send_to(&[n], to).unwrap();
        }
        let (mut seen, mut idle) = (Vec::new(), 0);
        while idle < 5 {
            match source.next_packet().unwrap() {
                Next::Packet(packet) => {
                    assert!(packet.at >= before, "nanoseconds are read as such");
                    seen.push(packet.data.last().copied());
                }
                Next::Idle(now) => {
                    assert!(now >= before);
                    idle += 1;
                }
                Next::End => panic!("an interface does not end"),
            }
        }
        let expected: Vec<_> = (0u8..100).map(Some).collect();
        assert_eq!((seen, source.losses().kernel), (expected, 0));
    }

    #[test]
    fn packets_longer_than_the_snap_length_are_cut_and_say_how_long_they_were() {
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = receiver.local_addr().unwrap();
        let filter = Some(format!("udp dst port {}", to.port()));
        let options = LiveOptions { filter, snap_len_bytes: 60, ..LiveOptions::default() };
        let mut source = match LiveSource::open("lo", &options) {
            Ok(source) => source,
            Err(error) => return eprintln!("SKIP: snap length on lo (failed to {error})"),
        };
        sender.send_to(&[7; 500], to).unwrap();
        let packet = loop {
            if let Next::Packet(packet) = source.next_packet().unwrap() {
                break (packet.data.len(), packet.wire_len);
            }
        };
        // Ethernet, IPv4 and UDP have 42 bytes.
        assert_eq!(packet, (60, 542));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_interface_is_read_through_a_ring_of_version_3() {
        use nix::{getsockopt_impl, sockopt_impl};

        sockopt_impl!(
            /// How the ring of a packet socket is laid out.
            PacketVersion,
            GetOnly,
            libc::SOL_PACKET,
            libc::PACKET_VERSION,
            libc::c_int
        );
        let source = match LiveSource::open("lo", &LiveOptions::default()) {
            Ok(source) => source,
            Err(error) => return eprintln!("SKIP: ring of lo (failed to {error})"),
        };
        let version = nix::sys::socket::getsockopt(&source.capture.as_fd(), PacketVersion);
        // Versions count from 0: packet(7), TPACKET_V3.
        assert_eq!(version, Ok(libc::tpacket_versions::TPACKET_V3 as libc::c_int));
    }

    #[test]
    fn a_bad_kernel_filter_names_the_interface() {
        let options = LiveOptions { filter: Some("tcp prot 80".into()), ..LiveOptions::default() };
        match LiveSource::open("lo", &options).err().unwrap() {
            LiveError::NoPermission { .. } => eprintln!("SKIP: kernel filter (no permission)"),
            error => assert!(error.to_string().starts_with("compile the filter"), "{error}"),
        }
    }
}
