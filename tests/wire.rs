//! The way into packets against Wireshark's: the same packets carry TCP, through every tunnel and
//! from every fragment. Where the two differ on purpose, the capture is listed with the reason.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use phitap::capture::{FileSource, Next, PacketSource};
use phitap::decode::Decoder;
use phitap::model::{PacketAccount, SkipReason, community_id};

use support::corpus::{self, Expected};
use support::{say, skip};

const SEED: u64 = 0x51_9e;
/// Captures that every run compares.
const SAMPLED: usize = 30;

/// What decoding made of a capture.
#[derive(Default)]
struct Ours {
    /// Numbers of packets that made a segment, with the Community ID of its flow.
    segments: BTreeMap<u64, String>,
    /// Numbers of second copies.
    duplicates: BTreeSet<u64>,
    account: PacketAccount,
    /// Whether a tunnel was opened or fragments were put together.
    is_wrapped: bool,
}

fn ours(path: &Path) -> Option<Ours> {
    let mut source = FileSource::open(path).ok()?;
    let (mut all, mut decoder) = (Ours::default(), Decoder::default());
    while let Ok(Next::Packet(packet)) = source.next_packet() {
        all.account.seen += 1;
        match decoder.decode(&packet) {
            Ok(segment) => {
                all.account.analysed += 1;
                let names = segment.encapsulation.names();
                all.is_wrapped |= names.iter().any(|name| !name.starts_with("vlan"));
                all.segments.insert(all.account.seen, community_id(&segment.tuple));
            }
            Err(why) => {
                all.account.skip(why);
                all.is_wrapped |= why == SkipReason::Held;
                if why == SkipReason::Duplicate {
                    all.duplicates.insert(all.account.seen);
                }
            }
        }
        for settled in decoder.settled() {
            assert!(settled.packets <= all.account.analysed, "settled twice");
            all.account.settle(&settled);
        }
    }
    decoder.finish();
    for settled in decoder.settled() {
        all.account.settle(&settled);
    }
    assert!(all.account.balances(), "{}: {:?}", path.display(), all.account);
    Some(all)
}

/// Numbers of the packets in which tshark finds TCP, with the last Community ID it gives them;
/// what an ICMP error quotes is no segment.
fn theirs(path: &Path) -> BTreeMap<u64, String> {
    let output = Command::new("tshark")
        .args(["-n", "--enable-protocol", "communityid", "-r"])
        .arg(path)
        .args(["-Y", "tcp && !icmp && !icmpv6", "-T", "fields"])
        .args(["-e", "frame.number", "-e", "communityid"])
        .output()
        .expect("tshark runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = |line: &str| {
        let (number, ids) = line.split_once('\t').unwrap_or((line, ""));
        let last = ids.rsplit(',').next().unwrap_or("");
        Some((number.parse().ok()?, last.to_owned()))
    };
    text.lines().filter_map(line).collect()
}

fn has_tshark() -> bool {
    Command::new("tshark").arg("--version").output().is_ok_and(|o| o.status.success())
}

/// Captures in which the two find TCP in different packets, and why.
const DIFFER: &[(&str, &str)] = &[
    ("the-tcpdump-group+tcpdump/tests/bgp-bgp_capabilities_print-oobr-1.pcap", FIRST_FRAGMENT),
    ("the-tcpdump-group+tcpdump/tests/bgp-bgp_capabilities_print-oobr-2.pcap", FIRST_FRAGMENT),
];
const FIRST_FRAGMENT: &str =
    "a first fragment alone: Wireshark shows what is in it, no receiver ever does";

fn difference(ours: &Ours, theirs: &BTreeMap<u64, String>) -> Option<String> {
    let here: BTreeSet<u64> = ours.segments.keys().copied().collect();
    let there: BTreeSet<u64> = theirs.keys().copied().collect();
    let only_here: Vec<u64> = here.difference(&there).copied().collect();
    let missed: Vec<u64> = there
        .difference(&here)
        .filter(|number| !ours.duplicates.contains(number))
        .copied()
        .collect();
    let same = only_here.is_empty() && missed.is_empty();
    let account = &ours.account;
    (!same).then(|| {
        format!(
            "{} here, {} there; only here {:?}, only there {:?}; {:?} {:?}",
            here.len(),
            there.len(),
            only_here.iter().take(5).collect::<Vec<_>>(),
            missed.iter().take(5).collect::<Vec<_>>(),
            account.skipped,
            account.malformed,
        )
    })
}

fn meant(name: &str) -> bool {
    DIFFER.iter().any(|(capture, _)| *capture == name)
}

/// What is compared: captures with tunnels or fragments, and others.
fn chosen() -> Vec<(Expected, Ours)> {
    let read = |capture: Expected| ours(&capture.path).map(|ours| (capture, ours));
    let all = corpus::captures("TCP in tunnels and fragments");
    let (mut wrapped, mut bare) = (Vec::new(), Vec::new());
    for (capture, ours) in all.into_iter().filter_map(read) {
        let published = capture.name.contains("community-id-spec");
        let group = if ours.is_wrapped || published { &mut wrapped } else { &mut bare };
        group.push((capture, ours));
    }
    for (group, name) in [(&mut wrapped, "tunnels and fragments"), (&mut bare, "the wire")] {
        let names = group.iter().map(|(capture, _)| capture.clone()).collect();
        let sample = corpus::sample(name, names, SAMPLED, SEED);
        group.retain(|(capture, _)| sample.iter().any(|one| one.name == capture.name));
    }
    wrapped.append(&mut bare);
    wrapped
}

/// Community IDs that are not tshark's. It gives the ID of one layer only, so tunnels are left out.
fn other_ids(ours: &Ours, theirs: &BTreeMap<u64, String>) -> Vec<String> {
    if ours.is_wrapped {
        return Vec::new();
    }
    let differs = |(number, id): (&u64, &String)| {
        let theirs = theirs.get(number).filter(|theirs| !theirs.is_empty() && *theirs != id)?;
        Some(format!("packet {number}: {id}, not {theirs}"))
    };
    ours.segments.iter().filter_map(differs).collect()
}

#[test]
fn tshark_finds_tcp_in_the_same_packets_and_gives_their_flows_the_same_ids() {
    if !has_tshark() {
        return skip("TCP in tunnels and fragments", "tshark not found");
    }
    let chosen = chosen();
    let (mut wrong, mut segments) = (Vec::new(), 0);
    for (capture, ours) in &chosen {
        segments += ours.segments.len();
        let theirs = theirs(&capture.path);
        match (difference(ours, &theirs), meant(&capture.name)) {
            (None, true) => wrong.push(format!("{}: differs no more", capture.name)),
            (Some(how), false) => wrong.push(format!("{}: {how}", capture.name)),
            _ => {}
        }
        let ids = other_ids(ours, &theirs);
        wrong.extend(ids.into_iter().take(3).map(|how| format!("{}: {how}", capture.name)));
    }
    say(&format!("wire: {} captures, {segments} segments compared", chosen.len()));
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn captures_that_differ_are_there() {
    let all = corpus::captures("differences on the wire");
    for (name, why) in DIFFER {
        assert!(all.is_empty() || all.iter().any(|e| e.name == *name), "{name} is nowhere");
        assert!(why.len() > 20, "no reason: {name}");
    }
}
