//! Reassembly against Wireshark's: for every connection of a capture, the bytes of each direction,
//! gaps included, as `tshark -z follow,tcp,raw` puts them together. Where the two differ on
//! purpose, the capture is listed with the reason (`tests/support/streams.rs`).
//!
//! Wireshark reassembles here by itself, from the packets of the file: it orders, drops what it
//! has seen, and says how many bytes are missing. Before the first byte and behind the last one,
//! what is missing is not compared: phitap tells it from acknowledgments and FINs, Wireshark does
//! not. Connections are compared by their two ends: where one pair of ends was used again, what
//! was said over all of them is joined, so that where a connection ends is not compared, and every
//! byte is.

mod support;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use phitap::capture::{FileSource, Next, PacketSource};
use phitap::decode::Decoder;
use phitap::flow::{FlowConfig, FlowHandler, FlowInfo, FlowTable, FlowTotals};
use phitap::model::{Direction, StreamEvent, StreamInput};

use support::corpus;
use support::streams::{DIFFER, is_of, reason};
use support::{fixtures, say, skip};

const SEED: u64 = 0x57_4e;
/// Captures of the corpus that every run compares.
const SAMPLED: usize = 40;
/// Streams of one capture that are compared.
const STREAMS_MAX: usize = 3000;

/// What went from one end to another.
type Streams = BTreeMap<(SocketAddr, SocketAddr), Vec<u8>>;

/// Keeps what every stream brings, for as long as its flow lasts: flows are told in the order in
/// which they began.
#[derive(Default)]
struct Listener {
    flows: Vec<(SocketAddr, SocketAddr, [Vec<u8>; 2])>,
}

impl FlowHandler for Listener {
    type State = usize;

    fn open(&mut self, flow: &FlowInfo) -> usize {
        self.flows.push((flow.client, flow.server, Default::default()));
        self.flows.len() - 1
    }

    fn event(&mut self, _: &FlowInfo, at: &mut usize, event: StreamEvent<'_>) {
        let said = &mut self.flows[*at].2[event.direction.index()];
        match event.input {
            StreamInput::Bytes(bytes) => said.extend_from_slice(bytes),
            StreamInput::Gap(len) => said.extend_from_slice(&missing(len)),
            StreamInput::End(_) => {}
        }
    }

    fn close(&mut self, _: &FlowInfo, _: usize, _: &FlowTotals) {}
}

/// What Wireshark writes for bytes that are not in the capture.
fn missing(len: u64) -> Vec<u8> {
    format!("[{len} bytes missing in capture file]").into_bytes()
}

/// What was said from the first byte to the last, each gap between them told once. `behind` stands
/// behind each: Wireshark puts a NUL there.
fn between(said: &[u8], behind: &[u8]) -> Vec<u8> {
    const TEXT: &[u8] = b" bytes missing in capture file]";
    let (mut out, mut gap, mut rest) = (Vec::new(), 0, said);
    while let Some(first) = rest.first() {
        let digits = rest.iter().skip(1).take_while(|byte| byte.is_ascii_digit()).count();
        let after = rest.get(1 + digits..).and_then(|rest| rest.strip_prefix(TEXT));
        if let (b'[', Some(after)) = (first, after) {
            let count = std::str::from_utf8(&rest[1..=digits]).expect("digits");
            gap += count.parse::<u64>().expect("a number");
            rest = after.strip_prefix(behind).unwrap_or(after);
            continue;
        }
        if gap > 0 && !out.is_empty() {
            out.extend_from_slice(&missing(gap));
        }
        gap = 0;
        out.push(*first);
        rest = &rest[1..];
    }
    out
}

#[test]
fn gaps_are_told_once_and_at_the_ends_not_at_all() {
    let said =
        [missing(4), b"ab".to_vec(), missing(5), missing(6), b"\0c[5 x".to_vec(), missing(7)];
    assert_eq!(between(&said.concat(), b"\0"), [&b"ab"[..], &missing(11), b"c[5 x"].concat());
    assert!(between(&missing(9), b"").is_empty());
}

/// What phitap makes of a capture, and how many flows there were; nothing where it cannot be read.
fn ours(path: &Path) -> Option<(Streams, usize)> {
    let mut source = FileSource::open(path).ok()?;
    let (mut decoder, mut listener) = (Decoder::default(), Listener::default());
    let mut table = FlowTable::new(FlowConfig::default());
    while let Ok(Next::Packet(packet)) = source.next_packet() {
        if let Ok(segment) = decoder.decode(&packet) {
            table.process(&segment, &mut listener);
        }
    }
    table.finish(&mut listener);
    let mut streams = Streams::new();
    for (client, server, [asked, answered]) in &listener.flows {
        for (ends, said) in [((*client, *server), asked), ((*server, *client), answered)] {
            streams.entry(ends).or_default().extend_from_slice(&between(said, b""));
        }
    }
    streams.retain(|_, said| !said.is_empty());
    assert_eq!(Direction::ToServer.index(), 0, "as the pairs above are ordered");
    Some((streams, listener.flows.len()))
}

/// What Wireshark makes of the first `count` TCP streams of a capture.
fn theirs(path: &Path, count: usize) -> Streams {
    let mut command = Command::new("tshark");
    command.args(["-n", "-q", "-r"]).arg(path);
    for number in 0..count {
        command.arg("-z").arg(format!("follow,tcp,raw,{number}"));
    }
    let output = command.output().expect("tshark runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (mut streams, mut nodes) = (Streams::new(), [None, None]);
    // Taps may be told in any order; connections are joined in that of their numbers.
    let mut followed: BTreeMap<(usize, SocketAddr, SocketAddr), Vec<u8>> = BTreeMap::new();
    let mut number = 0;
    for line in text.lines() {
        if let Some(filter) = line.strip_prefix("Filter: tcp.stream eq ") {
            number = filter.trim().parse().expect("a number");
        } else if let Some(node) = line.strip_prefix("Node 0: ") {
            nodes[0] = address(node);
        } else if let Some(node) = line.strip_prefix("Node 1: ") {
            nodes[1] = address(node);
        } else if let ([Some(a), Some(b)], Some(bytes)) = (nodes, from_hex(line.trim_start())) {
            let ends = if line.starts_with('\t') { (b, a) } else { (a, b) };
            followed.entry((number, ends.0, ends.1)).or_default().extend_from_slice(&bytes);
        }
    }
    for ((_, from, to), said) in followed {
        streams.entry((from, to)).or_default().extend_from_slice(&between(&said, b"\0"));
    }
    streams.retain(|_, said| !said.is_empty());
    streams
}

/// `10.0.0.1:80`, or an IPv6 address that Wireshark writes without brackets.
fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.trim().rsplit_once(':')?;
    let ip = ip.trim_start_matches('[').trim_end_matches(']');
    Some(SocketAddr::new(ip.parse().ok()?, port.parse().ok()?))
}

fn from_hex(line: &str) -> Option<Vec<u8>> {
    if line.is_empty() || line.len() % 2 == 1 {
        return None;
    }
    (0..line.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(line.get(at..at + 2)?, 16).ok())
        .collect()
}

/// In how many streams the two differ, and how in the first.
fn difference(ours: &Streams, theirs: &Streams) -> Option<(usize, String)> {
    let none = Vec::new();
    let mut found: Option<(usize, String)> = None;
    let all: std::collections::BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
    for ends in all {
        let [here, there] = [ours, theirs].map(|side| side.get(ends).unwrap_or(&none));
        if here == there {
            continue;
        }
        let at = here.iter().zip(there).take_while(|(a, b)| a == b).count();
        let show = |bytes: &[u8]| {
            let near = bytes.get(at..(at + 40).min(bytes.len())).unwrap_or_default();
            String::from_utf8_lossy(near).escape_debug().to_string()
        };
        let how = format!(
            "{} to {}: {} bytes here, {} there; from {at} on {} here, {} there",
            ends.0,
            ends.1,
            here.len(),
            there.len(),
            show(here),
            show(there),
        );
        let (count, _) = found.get_or_insert((0, how));
        *count += 1;
    }
    found
}

fn has_tshark() -> bool {
    Command::new("tshark").arg("--version").output().is_ok_and(|o| o.status.success())
}

/// Compares captures; the streams and bytes that were.
fn compare(captures: &[(String, PathBuf)]) {
    let (mut wrong, mut streams, mut bytes, mut read) = (Vec::new(), 0, 0, 0);
    for (name, path) in captures {
        let Some((ours, flows)) = ours(path) else { continue };
        if flows == 0 {
            continue;
        }
        read += 1;
        let theirs = theirs(path, (2 * flows + 16).min(STREAMS_MAX));
        let (differs, meant) = (difference(&ours, &theirs), reason(name));
        match (&differs, meant) {
            (None, Some(_)) => wrong.push(format!("{name}: differs no more")),
            (Some((count, _)), Some((expected, _))) if *count != expected => {
                wrong.push(format!("{name}: {count} streams differ, not {expected}"));
            }
            (Some((count, how)), None) => wrong.push(format!("{name}: {count} streams: {how}")),
            _ => {}
        }
        if differs.is_none() {
            streams += ours.len();
            bytes += ours.values().map(Vec::len).sum::<usize>();
        }
    }
    say(&format!(
        "streams: {read} captures with TCP, {streams} streams of {bytes} bytes are equal"
    ));
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn tshark_puts_the_same_bytes_together_of_public_captures() {
    if !has_tshark() {
        return skip("streams of public captures", "tshark not found");
    }
    let test = "streams of public captures";
    let all = corpus::sample(test, corpus::captures(test), SAMPLED, SEED);
    let captures: Vec<_> = all.into_iter().map(|capture| (capture.name, capture.path)).collect();
    if !captures.is_empty() {
        compare(&captures);
    }
}

#[test]
fn tshark_puts_the_same_bytes_together_of_fixtures() {
    if !has_tshark() {
        return skip("streams of fixtures", "tshark not found");
    }
    let name = |path: PathBuf| {
        let name = path.strip_prefix(support::root()).expect("of the project");
        (name.to_string_lossy().into_owned(), path)
    };
    compare(&fixtures().into_iter().map(name).collect::<Vec<_>>());
}

#[test]
fn captures_that_differ_are_there() {
    let all = corpus::captures("differences between streams");
    for differ in DIFFER {
        assert!(differ.why.len() > 20, "no reason: {}", differ.why);
        for (name, _) in differ.captures {
            let ours = name.starts_with("fixtures/") && support::root().join(name).is_file();
            let there = all.is_empty() || ours || all.iter().any(|e| is_of(&e.name, name));
            assert!(there, "{name} is nowhere");
        }
    }
}
