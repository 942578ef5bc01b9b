//! What came that is not opened, and has no reason of its own: counted by kind, named, and where to
//! look for what is inside.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::number::grouped;
use crate::decode::{TunnelPorts, Unopened, unopened};
use crate::model::Packet;

use super::facts::{Facts, Place};
use super::judge::{Grade, MANY, Remark, count_of};

/// Counts what is not opened. Cloned freely; all clones are one. There are no more kinds than
/// EtherTypes, protocols and ports.
#[derive(Clone, Debug, Default)]
pub struct UnopenedKinds {
    ports: TunnelPorts,
    kinds: Arc<Mutex<BTreeMap<Unopened, u64>>>,
}

impl UnopenedKinds {
    /// Where these ports lead to tunnels that are opened.
    pub fn opening(ports: TunnelPorts) -> Self {
        UnopenedKinds { ports, ..UnopenedKinds::default() }
    }

    /// Ports that lead to tunnels beyond those that are theirs.
    pub fn ports(&self) -> TunnelPorts {
        self.ports
    }

    /// Looks at a packet.
    pub fn note(&self, packet: &Packet<'_>) {
        if let Some(kind) = unopened(packet, self.ports) {
            let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
            *kinds.entry(kind).or_default() += 1;
        }
    }

    /// How many came of each kind.
    pub fn read(&self) -> BTreeMap<Unopened, u64> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// One packet in so many to a UDP port of which nothing is known is worth telling.
const SOME: u64 = 10;
/// Kinds that are told.
const KINDS_TOLD: usize = 6;

/// EtherTypes of protocols that carry no IP: loop tests, ring protection, LACP, LLDP, EAPOL, PTP,
/// industrial and storage networks, audio and video.
const WITHOUT_IP: [u16; 18] = [
    0x22ea, 0x22f0, 0x8808, 0x8809, 0x8892, 0x88a2, 0x88a4, 0x88ba, 0x88b8, 0x88cc, 0x888e, 0x88e3,
    0x88f7, 0x8902, 0x8906, 0x8914, 0x8915, 0x9000,
];
/// IP protocols that carry none either: IGMP, IGP, RSVP, EIGRP, OSPF, PIM, VRRP, PGM.
const ROUTING: [u8; 8] = [2, 9, 46, 88, 89, 103, 112, 113];
/// UDP ports of services: DNS, DHCP, TFTP, NTP, NetBIOS, SNMP, syslog, SSDP, NetFlow, sFlow, SIP,
/// mDNS, RADIUS, Kerberos.
const SERVICES: [u16; 22] = [
    53, 67, 68, 69, 88, 123, 137, 138, 161, 162, 389, 514, 1812, 1813, 1900, 2055, 4739, 5060,
    5061, 5353, 5355, 6343,
];
/// Encapsulations that are known by their port.
const BY_PORT: [(u16, &str, &str); 7] = [
    (443, "QUIC (UDP port 443)", "behind the load balancer or proxy that ends HTTP/3"),
    (1194, "OpenVPN (UDP port 1194)", "behind the VPN gateway"),
    (3544, "Teredo (UDP port 3544)", "behind the relay"),
    (4341, "LISP (UDP port 4341)", "behind the tunnel router"),
    (4500, "IPsec NAT traversal (UDP port 4500)", "behind the VPN gateway"),
    (6635, "MPLS over UDP (port 6635)", "behind the edge router"),
    (51_820, "WireGuard (UDP port 51820)", "behind the VPN gateway"),
];

/// A kind that is worth telling: its name, and what to do.
struct Told {
    name: String,
    action: String,
    packets: u64,
    opens: bool,
}

/// Says what came in numbers, is not opened, and may carry APIs.
pub(super) fn unknown(facts: &Facts) -> Option<Remark> {
    let seen = facts.packets.seen;
    let mut told: Vec<Told> = facts
        .unopened
        .iter()
        .filter(|(kind, n)| n.saturating_mul(least(kind)) > seen)
        .filter_map(|(kind, n)| tell(*kind, *n, &facts.place))
        .collect();
    told.sort_by(|a, b| b.packets.cmp(&a.packets).then_with(|| a.name.cmp(&b.name)));
    told.truncate(KINDS_TOLD);
    let sum: u64 = told.iter().map(|one| one.packets).sum();
    if sum == 0 {
        return None;
    }
    let names: Vec<String> =
        told.iter().map(|one| format!("{} ({})", one.name, grouped(one.packets))).collect();
    let meaning = format!("{}: what is inside, if anything, is not seen", names.join(", "));
    let opens = told.iter().any(|one| one.opens);
    let blind = opens && sum.saturating_mul(2) >= seen;
    let grade = if blind { Grade::Problem } else { Grade::Notice };
    let actions: Vec<String> = told.into_iter().map(|one| one.action).collect();
    let measured = format!("{} of kinds that are not opened", count_of(sum, seen, "packet"));
    Some(Remark::new(("unknown", grade), measured, &meaning, &actions))
}

/// One packet in so many is enough to be told.
fn least(kind: &Unopened) -> u64 {
    match kind {
        Unopened::UdpPort { port, resembles: None } if by_port(*port).is_none() => SOME,
        _ => MANY,
    }
}

fn by_port(port: u16) -> Option<(&'static str, &'static str)> {
    BY_PORT.iter().find(|(of, ..)| *of == port).map(|(_, name, place)| (*name, *place))
}

fn tell(kind: Unopened, packets: u64, place: &Place) -> Option<Told> {
    let taken_off = "mirror where it is taken off, or in front of where it is put on";
    let (name, action) = match kind {
        Unopened::EtherType(number) if WITHOUT_IP.contains(&number) => return None,
        Unopened::EtherType(number) => {
            let name = format!("EtherType 0x{number:04x}");
            let action = format!("{name}: {taken_off}");
            (name, action)
        }
        Unopened::IpProtocol(number) if ROUTING.contains(&number) => return None,
        Unopened::IpProtocol(number) => {
            let name = format!("IP protocol {number}");
            let action = format!("{name}: {taken_off}");
            (name, action)
        }
        Unopened::UdpPort { port, resembles: Some(tunnel) } => {
            let name = format!("what looks like {} on UDP port {port}", tunnel.to_uppercase());
            let option = format!("--{tunnel}-port {port}");
            let action = match place {
                Place::Interfaces(names) => {
                    format!("phitap capture -i {} {option}", names.join(" -i "))
                }
                Place::Files => format!("phitap replay PATH {option}"),
            };
            return Some(Told { name, action, packets, opens: true });
        }
        Unopened::UdpPort { port, .. } if SERVICES.contains(&port) => return None,
        Unopened::UdpPort { port, .. } => match by_port(port) {
            Some((name, place)) => (name.to_owned(), format!("{name}: mirror {place}")),
            None => {
                let name = format!("UDP port {port}");
                let action = format!("{name}: if that is a tunnel, {taken_off}");
                (name, action)
            }
        },
    };
    Some(Told { name, action, packets, opens: false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::Decoder;
    use crate::model::LinkType;

    /// A frame of IPv4 and UDP from port 50000 to `port`, and what it carries.
    fn udp(port: u16, payload: &[u8]) -> Vec<u8> {
        let len = |more: usize| u16::try_from(payload.len() + more).unwrap().to_be_bytes();
        let [ip, dgram] = [len(28), len(8)];
        let ports = [50_000_u16.to_be_bytes(), port.to_be_bytes()].concat();
        let head = [&[0x45, 0][..], &ip, &[0, 1, 0, 0, 64, 17, 0, 0]].concat();
        let ends = [10, 0, 0, 1, 10, 0, 0, 2];
        let ether = [&[2; 12][..], &[8, 0]].concat();
        [&ether, &head, &ends[..], &ports, &dgram, &[0, 0], payload].concat()
    }

    /// A TCP segment in Ethernet, as tunnels carry it.
    fn inner() -> Vec<u8> {
        let tcp = [&[0x9c, 0x40, 0, 80, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10][..], &[0; 6]].concat();
        let ip = [0x45, 0, 0, 40, 0, 1, 0, 0, 64, 6, 0, 0, 10, 1, 0, 1, 10, 1, 0, 2];
        [&[2; 12][..], &[8, 0], &ip, &tcp].concat()
    }

    fn packet(data: &[u8]) -> Packet<'_> {
        let (at, link) = (Default::default(), LinkType::ETHERNET);
        let wire_len = u32::try_from(data.len()).unwrap();
        Packet { at, link, data, wire_len, block: None }
    }

    fn kinds(frames: &[Vec<u8>], ports: TunnelPorts) -> Vec<(Unopened, u64)> {
        let kinds = UnopenedKinds::opening(ports);
        frames.iter().for_each(|frame| kinds.note(&packet(frame)));
        kinds.read().into_iter().collect()
    }

    fn vxlan(port: u16) -> Vec<u8> {
        udp(port, &[&[8, 0, 0, 0, 0, 0, 7, 0][..], &inner()].concat())
    }

    fn geneve(port: u16) -> Vec<u8> {
        udp(port, &[&[1, 0, 0x65, 0x58, 0, 0, 7, 0, 1, 2, 3, 0][..], &inner()].concat())
    }

    #[test]
    fn a_tunnel_on_a_port_of_its_own_is_told_and_opened_where_it_is_named() {
        let none = TunnelPorts::default();
        let of = |port, tunnel| Unopened::UdpPort { port, resembles: Some(tunnel) };
        assert_eq!(kinds(&[vxlan(14_789)], none), [(of(14_789, "vxlan"), 1)]);
        assert_eq!(kinds(&[geneve(16_081)], none), [(of(16_081, "geneve"), 1)]);
        assert_eq!(kinds(&[vxlan(4789), geneve(6081)], none), []);
        let named = TunnelPorts::new(&[14_789], &[16_081]);
        for frame in [vxlan(14_789), geneve(16_081)] {
            assert_eq!(kinds(std::slice::from_ref(&frame), named), []);
            assert!(Decoder::default().decode(&packet(&frame)).is_err());
            let mut decoder = Decoder::default().opening(named);
            let segment = decoder.decode(&packet(&frame)).unwrap();
            assert_eq!(segment.tuple.src.port(), 40_000);
            assert_ne!(segment.encapsulation.network(), 0);
        }
    }

    #[test]
    fn tunnels_of_every_make_are_told_on_ports_of_their_own() {
        let none = TunnelPorts::default();
        let of = |port, tunnel| Unopened::UdpPort { port, resembles: Some(tunnel) };
        let ip = &inner()[14..];
        let frame = inner();
        for (tunnel, head, content) in [
            ("vxlan", [0x88, 0x48, 1, 2, 0, 0, 7, 0], &frame[..]),
            ("vxlan", [0x88, 0, 0, 9, 0, 0, 7, 0], &frame),
            ("vxlan", [0x0c, 0, 0, 1, 0, 0, 7, 0], ip),
            ("vxlan", [0x0c, 0, 0, 3, 0, 0, 7, 0], &frame),
            ("geneve", [0, 0, 8, 0, 0, 0, 7, 0], ip),
        ] {
            let frame = udp(14_789, &[&head[..], content].concat());
            assert_eq!(kinds(std::slice::from_ref(&frame), none), [(of(14_789, tunnel), 1)]);
            // What is named is what opens it.
            let named = match tunnel {
                "vxlan" => TunnelPorts::new(&[14_789], &[]),
                _ => TunnelPorts::new(&[], &[14_789]),
            };
            let mut decoder = Decoder::default().opening(named);
            let segment = decoder.decode(&packet(&frame)).unwrap();
            assert_eq!(segment.tuple.src.port(), 40_000, "{head:x?}");
        }
        // The bits say IPv6, and IPv4 follows.
        let other = udp(9, &[&[0x0c, 0, 0, 2, 0, 0, 7, 0], ip].concat());
        let plain = Unopened::UdpPort { port: 9, resembles: None };
        assert_eq!(kinds(&[other], none), [(plain, 1)]);
    }

    #[test]
    fn what_only_looks_a_little_like_a_tunnel_is_a_port() {
        let plain = |port| Unopened::UdpPort { port, resembles: None };
        let none = TunnelPorts::default();
        let odd = [&[8, 0, 0, 0, 0, 0, 7, 0][..], b"nothing that a frame begins with"].concat();
        assert_eq!(kinds(&[udp(9, &odd)], none), [(plain(9), 1)]);
        assert_eq!(kinds(&[udp(9, b"")], none), [(plain(9), 1)]);
        let ether = [&[2; 12][..], &[0x12, 0x34], &[0; 40]].concat();
        assert_eq!(kinds(&[ether], none), [(Unopened::EtherType(0x1234), 1)]);
        let mut protocol = udp(9, b"");
        protocol[14 + 9] = 99;
        protocol.truncate(34);
        protocol[14 + 3] = 20;
        assert_eq!(kinds(&[protocol], none), [(Unopened::IpProtocol(99), 1)]);
    }
}
