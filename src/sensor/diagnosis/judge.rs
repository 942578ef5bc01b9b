//! Facts become remarks: what was measured, what it means, what to do. A pure function.

use crate::base::number::grouped;

use super::facts::{Facts, Place};
use super::services::clinical;
use super::unopened::unknown;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// As it should be.
    Good,
    /// Worth knowing.
    Notice,
    /// Something is not seen that should be.
    Problem,
}

impl Grade {
    /// The name shown to users.
    pub fn name(self) -> &'static str {
        match self {
            Grade::Good => "good",
            Grade::Notice => "notice",
            Grade::Problem => "problem",
        }
    }
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// What was asked: `directions`, `tls`, ….
    pub check: &'static str,
    /// How it stands.
    pub grade: Grade,
    /// What was measured.
    pub measured: String,
    /// What that means.
    pub meaning: String,
    /// What to do: one step each, a command where there is one.
    pub actions: Vec<String>,
}

impl Remark {
    pub(super) fn new(
        (check, grade): (&'static str, Grade),
        measured: String,
        meaning: &str,
        actions: &[String],
    ) -> Self {
        Remark { check, grade, measured, meaning: meaning.to_owned(), actions: actions.to_vec() }
    }
}

/// One packet in so many, lost or missing, that is worth telling.
const FEW: u64 = 1000;
/// One in so many that is too many.
pub(super) const MANY: u64 = 100;
/// Flows from which on a share of them means something.
const FLOWS_LEAST: u64 = 3;
/// Services that are named.
const SERVICES_TOLD: usize = 12;

/// Judges what was measured; the worst first.
pub fn judge(facts: &Facts) -> Vec<Remark> {
    let checks: &[fn(&Facts) -> Option<Remark>] = &[
        packets,
        directions,
        kernel_loss,
        gaps,
        cut,
        offload,
        duplicates,
        malformed,
        unopened,
        unknown,
        tls,
        clinical_services,
        layers,
        incomplete,
    ];
    let mut remarks: Vec<Remark> = checks.iter().filter_map(|check| check(facts)).collect();
    remarks.sort_by_key(|remark| std::cmp::Reverse(remark.grade));
    remarks
}

fn packets(facts: &Facts) -> Option<Remark> {
    let all = &facts.packets;
    if all.seen == 0 {
        let actions = match &facts.place {
            Place::Files => vec!["check the capture: it has no packets".to_owned()],
            Place::Interfaces(names) => names
                .iter()
                .map(|name| format!("ip -s link show {name} (does RX count up?)"))
                .chain(["check the mirror session on the switch, and the cable".to_owned()])
                .collect(),
        };
        let measured = "no packets".to_owned();
        return Some(Remark::new(
            ("packets", Grade::Problem),
            measured,
            "nothing arrives",
            &actions,
        ));
    }
    let measured = format!("{}, {} of them TCP", count(all.seen, "packet"), grouped(all.analysed));
    if all.analysed == 0 {
        let most = all.skipped.iter().max_by_key(|(_, n)| **n);
        let what = most.map_or(String::new(), |(reason, n)| {
            let name = wrapping_of(reason).map_or(*reason, |(name, _)| name);
            format!("; most are {name} ({})", grouped(*n))
        });
        let meaning = format!("no TCP among them{what}: APIs speak TCP, so none is seen");
        let action = match &facts.place {
            Place::Files => "capture without a filter, where clients and servers talk",
            Place::Interfaces(_) => "mirror the port or VLAN of the servers",
        };
        let grade = ("packets", Grade::Problem);
        return Some(Remark::new(grade, measured, &meaning, &[action.to_owned()]));
    }
    Some(Remark::new(("packets", Grade::Good), measured, "traffic arrives", &[]))
}

fn directions(facts: &Facts) -> Option<Remark> {
    let (one, both) = (facts.sights.one_way, facts.sights.both_ways);
    let flows = one + both;
    if flows == 0 {
        return None;
    }
    let measured = format!("{} of {} with one direction only", grouped(one), count(flows, "flow"));
    let actions = [
        "mirror both directions (Cisco: `monitor session 1 source interface … both`)".to_owned(),
        "a tap with two outputs: `phitap capture -i IFACE1 -i IFACE2`".to_owned(),
    ];
    Some(if one * 10 >= flows * 9 && one >= FLOWS_LEAST {
        let meaning = "requests cannot be paired with responses: half of every exchange is missing";
        Remark::new(("directions", Grade::Problem), measured, meaning, &actions)
    } else if one * 10 >= flows && one >= FLOWS_LEAST {
        let meaning = "some traffic returns by a way that is not mirrored (asymmetric routing)";
        Remark::new(("directions", Grade::Notice), measured, meaning, &actions)
    } else {
        Remark::new(("directions", Grade::Good), measured, "both directions are here", &[])
    })
}

fn kernel_loss(facts: &Facts) -> Option<Remark> {
    let Place::Interfaces(_) = facts.place else { return None };
    let all = &facts.packets;
    let lost = all.dropped + all.shed.values().sum::<u64>();
    if all.seen == 0 {
        return None;
    }
    let measured = format!("{} of the packets ({})", percent(lost, all.seen), grouped(lost));
    let Some(grade) = grade_of(lost, all.seen) else {
        let meaning = "nothing was lost between the interface and phitap";
        return Some(Remark::new(("loss", Grade::Good), measured, meaning, &[]));
    };
    let names = facts.interfaces().join(" -i ");
    let meaning = "this host cannot keep up: exchanges have holes, some are not seen at all";
    let actions = [
        format!("phitap capture -i {names} --buffer 512M"),
        format!("listen to less: phitap capture -i {names} 'tcp port 80 or tcp port 2575'"),
    ];
    Some(Remark::new(("loss", grade), measured, meaning, &actions))
}

fn gaps(facts: &Facts) -> Option<Remark> {
    let flows = facts.rollup.flows.values();
    let (missing, bytes) = flows.fold((0_u64, 0), |(m, b), f| (m + f.gap_bytes, b + f.bytes));
    if bytes == 0 {
        return None;
    }
    let all = bytes.saturating_add(missing);
    let measured = format!("{} of the TCP payload ({})", percent(missing, all), size(missing));
    let Some(grade) = grade_of(missing, all) else {
        let meaning = "TCP sequence numbers have no holes to speak of";
        return Some(Remark::new(("gaps", Grade::Good), measured, meaning, &[]));
    };
    let meaning = "bytes that sequence numbers or acknowledgments tell of were never seen: lost by \
                   the mirror (an oversubscribed port), by the network card, or cut off";
    let mut actions = vec![
        "mirror fewer ports, or to a faster port: both directions of 1 Gbit/s need 2".to_owned(),
    ];
    if let Place::Interfaces(names) = &facts.place {
        actions.extend(names.iter().map(|n| format!("ethtool -S {n} | grep -iE 'drop|miss|over'")));
        actions.extend(names.iter().map(|n| format!("ethtool -G {n} rx 4096")));
    }
    Some(Remark::new(("gaps", grade), measured, meaning, &actions))
}

fn cut(facts: &Facts) -> Option<Remark> {
    let all = &facts.packets;
    if all.cut == 0 {
        return None;
    }
    let measured = format!("{} of {} segments cut", grouped(all.cut), grouped(all.analysed));
    let meaning = "only the beginning of these packets was captured: what is behind is not seen";
    let action = match facts.place {
        Place::Interfaces(_) => "remove --snaplen, and truncation from the mirror session",
        Place::Files => "capture whole packets: tcpdump -s 0, dumpcap without -s",
    };
    Some(Remark::new(("snaplen", Grade::Problem), measured, meaning, &[action.to_owned()]))
}

fn offload(facts: &Facts) -> Option<Remark> {
    if facts.frames_over_mtu == 0 {
        return None;
    }
    let measured = format!(
        "{} longer than an MTU of {} allows, the longest {} bytes",
        count(facts.frames_over_mtu, "frame"),
        facts.mtu,
        grouped(u64::from(facts.longest_frame)),
    );
    let meaning = "the network card or the kernel merged packets before they were captured (GRO, \
                   LRO), or links carry jumbo frames: streams stay readable, counts of packets do \
                   not, and a mirror port may drop what is too long for it";
    let names = facts.interfaces();
    let mut actions: Vec<String> =
        names.iter().map(|name| format!("ethtool -K {name} gro off lro off")).collect();
    actions.extend(names.iter().map(|name| format!("jumbo frames: ip link set {name} mtu 9000")));
    Some(Remark::new(("offload", Grade::Notice), measured, meaning, &actions))
}

fn duplicates(facts: &Facts) -> Option<Remark> {
    let all = &facts.packets;
    if all.duplicate * MANY <= all.seen {
        return None;
    }
    let measured =
        format!("{} of the packets ({})", percent(all.duplicate, all.seen), grouped(all.duplicate));
    let meaning = "packets come twice: both ends of a link are mirrored, or both sides of a \
                   router. phitap counts them once; they take room on the mirror port";
    let action = "mirror a port or a VLAN once: rx of every port, or both of the uplink only";
    Some(Remark::new(("duplicates", Grade::Notice), measured, meaning, &[action.to_owned()]))
}

fn malformed(facts: &Facts) -> Option<Remark> {
    let all = &facts.packets;
    let bad: u64 = all.malformed.values().sum();
    if bad * MANY <= all.seen {
        return None;
    }
    let most = all.malformed.iter().max_by_key(|(_, n)| **n).map_or("", |(reason, _)| *reason);
    let measured = format!("{} of the packets, most: {most}", percent(bad, all.seen));
    let meaning = "headers contradict themselves or end too soon";
    let action = "look at some of them: tcpdump -nevvr FILE, or in Wireshark".to_owned();
    Some(Remark::new(("malformed", Grade::Notice), measured, meaning, &[action]))
}

/// Encapsulations that may carry TCP and are not opened: the reason for which a packet is skipped,
/// its name, and where its content is in the clear.
pub(super) const UNOPENED: &[(&str, &str, &str)] = &[
    ("capwap", "CAPWAP (UDP port 5246 or 5247)", "behind the wireless controller"),
    ("cisco-metadata", "Cisco MetaData (EtherType 0x8909)", "outside the TrustSec domain"),
    ("esp", "IPsec ESP (IP protocol 50)", "behind the VPN gateway"),
    ("gtp", "GTP-U (UDP port 2152)", "behind the mobile gateway (UPF, PGW)"),
    ("l2tp", "L2TP (UDP port 1701 or IP protocol 115)", "behind the concentrator"),
    ("macsec", "MACsec (EtherType 0x88e5)", "inside the switch that ends MACsec"),
    ("srv6-ethernet", "Ethernet over SRv6 (next header 143)", "behind the edge router"),
    ("tzsp", "TZSP (UDP port 37008)", "where it is sent from, or as ERSPAN or VXLAN"),
];

fn wrapping_of(reason: &str) -> Option<(&'static str, &'static str)> {
    let (_, name, place) = UNOPENED.iter().find(|(of, ..)| *of == reason)?;
    Some((name, place))
}

fn unopened(facts: &Facts) -> Option<Remark> {
    let all = &facts.packets;
    let mut found: Vec<_> = all
        .skipped
        .iter()
        .filter_map(|(reason, n)| wrapping_of(reason).map(|wrapping| (wrapping, *n)))
        .filter(|(_, n)| n.saturating_mul(MANY) > all.seen)
        .collect();
    found.sort_by_key(|((name, _), n)| (std::cmp::Reverse(*n), *name));
    let sum: u64 = found.iter().map(|(_, n)| *n).sum();
    if sum == 0 {
        return None;
    }
    let measured = format!("{} not opened", count_of(sum, all.seen, "packet"));
    let told: Vec<String> =
        found.iter().map(|((name, _), n)| format!("{name} ({})", grouped(*n))).collect();
    let meaning = format!("{}: what is inside is not seen", told.join(", "));
    let actions: Vec<String> =
        found.iter().map(|((name, place), _)| format!("{name}: mirror {place}")).collect();
    // Half of what arrives and more is blindness.
    let grade = if sum.saturating_mul(2) >= all.seen { Grade::Problem } else { Grade::Notice };
    Some(Remark::new(("unopened", grade), measured, &meaning, &actions))
}

fn tls(facts: &Facts) -> Option<Remark> {
    let (tls, other) = (facts.sights.tls, facts.sights.not_tls);
    let flows = tls + other;
    if flows == 0 {
        return None;
    }
    let measured = format!("{} ({}) TLS", count_of(tls, flows, "flow"), percent(tls, flows));
    let actions =
        ["listen where it is clear: behind the load balancer, proxy or integration engine that \
         ends TLS"
            .to_owned()];
    Some(if tls == flows && facts.sights.exchanges == 0 {
        let meaning = "nothing can be read: the inventory will be empty";
        Remark::new(("tls", Grade::Problem), measured, meaning, &actions)
    } else if tls * 2 > flows {
        let meaning = "most of the traffic cannot be read";
        Remark::new(("tls", Grade::Notice), measured, meaning, &actions)
    } else {
        Remark::new(("tls", Grade::Good), measured, "most of the traffic can be read", &[])
    })
}

fn clinical_services(facts: &Facts) -> Option<Remark> {
    if facts.packets.analysed == 0 {
        return None;
    }
    let found = clinical(&facts.rollup);
    if found.is_empty() {
        let meaning = "no FHIR, HL7 v2 or DICOM was recognised, by content, port or name";
        let action = "mirror the ports of the integration engine, the EHR and the PACS".to_owned();
        let measured = "no service looks clinical".to_owned();
        return Some(Remark::new(("clinical", Grade::Notice), measured, meaning, &[action]));
    }
    let told: Vec<String> = found
        .iter()
        .take(SERVICES_TOLD)
        .map(|(service, why)| {
            let why: Vec<&str> = why.iter().map(String::as_str).collect();
            format!("{service} ({})", why.join(", "))
        })
        .collect();
    let more = found.len().saturating_sub(told.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let verb = if found.len() == 1 { "looks" } else { "look" };
    let measured = format!("{} {verb} clinical", count(found.len() as u64, "service"));
    let meaning = format!("{}{more}", told.join(", "));
    Some(Remark::new(("clinical", Grade::Good), measured, &meaning, &[]))
}

fn layers(facts: &Facts) -> Option<Remark> {
    let layers = &facts.sights.layers;
    if facts.packets.analysed == 0 {
        return None;
    }
    if layers.is_empty() {
        let measured = "no VLAN tags and no tunnels".to_owned();
        let meaning = "packets come as they are";
        return Some(Remark::new(("encapsulation", Grade::Good), measured, meaning, &[]));
    }
    let mut by_count: Vec<_> = layers.iter().collect();
    by_count.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    let told: Vec<String> =
        by_count.iter().take(SERVICES_TOLD).map(|(name, n)| format!("{name} ({n})")).collect();
    let more = layers.len().saturating_sub(told.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let measured = count(layers.len() as u64, "kind") + " of VLAN tags and tunnels";
    let meaning = format!("by segments: {}{more}; all are opened", told.join(", "));
    Some(Remark::new(("encapsulation", Grade::Good), measured, &meaning, &[]))
}

fn incomplete(facts: &Facts) -> Option<Remark> {
    let first = facts.incomplete.first()?;
    let measured = format!("{} incomplete", count(facts.incomplete.len() as u64, "input"));
    let action = "copy the capture again, or end the program that writes it".to_owned();
    Some(Remark::new(("incomplete", Grade::Problem), measured, first, &[action]))
}

/// How bad it is that `part` of `whole` is missing; nothing where it is next to nothing.
fn grade_of(part: u64, whole: u64) -> Option<Grade> {
    if part.saturating_mul(MANY) > whole {
        Some(Grade::Problem)
    } else if part.saturating_mul(FEW) > whole {
        Some(Grade::Notice)
    } else {
        None
    }
}

/// A share: `0 %`, `less than 0.1 %`, `2.6 %`.
fn percent(part: u64, whole: u64) -> String {
    let whole = whole.max(1);
    let tenths = (u128::from(part) * 1000 + u128::from(whole) / 2) / u128::from(whole);
    match (part, tenths) {
        (0, _) => "0 %".to_owned(),
        (_, 0) => "less than 0.1 %".to_owned(),
        _ if tenths % 10 == 0 => format!("{} %", tenths / 10),
        _ => format!("{}.{} %", tenths / 10, tenths % 10),
    }
}

fn count(n: u64, noun: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{} {noun}{s}", grouped(n))
}

pub(super) fn count_of(part: u64, whole: u64, noun: &str) -> String {
    format!("{} of {}", grouped(part), count(whole, noun))
}

/// Bytes in the unit that fits.
fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => count(bytes, "byte"),
        1024..1_048_576 => format!("{} KiB", bytes / 1024),
        _ => format!("{} MiB", grouped(bytes / 1_048_576)),
    }
}
