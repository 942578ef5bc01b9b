//! Changes to a capture that must change nothing in the inventory.

use std::collections::HashMap;

use super::capture::Frame;
use super::rng::Rng;

/// Where the parts of an untagged, unfragmented TCP frame are.
struct Tcp {
    ip_at: usize,
    tcp_at: usize,
    payload_at: usize,
    end: usize,
}

/// The parts, where the frame is whole and plain.
fn tcp_of(frame: &Frame) -> Option<Tcp> {
    let tcp = header_of(frame)?;
    let length = frame.bytes.len();
    let whole = tcp.payload_at >= tcp.tcp_at + 20 && tcp.payload_at <= tcp.end && tcp.end <= length;
    (whole && length as u64 == u64::from(frame.wire_len)).then_some(tcp)
}

/// The parts, where the frame is plain; the capture may have cut it.
fn header_of(frame: &Frame) -> Option<Tcp> {
    let b = &frame.bytes;
    let be16 = |at: usize| Some(usize::from(u16::from_be_bytes([*b.get(at)?, *b.get(at + 1)?])));
    let (tcp_at, end) = match be16(12)? {
        0x0800 => {
            let fragmented = be16(20)? & 0x3fff != 0;
            let header = usize::from(b.get(14)? & 15) * 4;
            if b.get(14)? >> 4 != 4 || header < 20 || fragmented || *b.get(23)? != 6 {
                return None;
            }
            (14 + header, 14 + be16(16)?)
        }
        0x86dd if b.get(14)? >> 4 == 6 && *b.get(20)? == 6 => (54, 54 + be16(18)?),
        _ => return None,
    };
    let payload_at = tcp_at + usize::from(b.get(tcp_at + 12)? >> 4) * 4;
    Some(Tcp { ip_at: 14, tcp_at, payload_at, end })
}

/// Both ends of a frame's connection, in one order for both directions; empty for what is not TCP.
fn connection(frame: &Frame) -> Vec<u8> {
    let b = &frame.bytes;
    let Some(tcp) = header_of(frame) else { return Vec::new() };
    let addresses = if b[12] == 0x08 { &b[26..34] } else { &b[22..54] };
    let (source, target) = addresses.split_at(addresses.len() / 2);
    let source = [source, &b[tcp.tcp_at..tcp.tcp_at + 2]].concat();
    let target = [target, &b[tcp.tcp_at + 2..tcp.tcp_at + 4]].concat();
    if source < target { [source, target].concat() } else { [target, source].concat() }
}

/// The packets of each connection, in the order they first appear; what is not TCP is one group.
pub fn connections(frames: &[Frame]) -> Vec<Vec<Frame>> {
    let mut places: HashMap<Vec<u8>, usize> = HashMap::new();
    let mut groups: Vec<Vec<Frame>> = Vec::new();
    for frame in frames {
        let place = *places.entry(connection(frame)).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Vec::new());
        }
        groups[place].push(frame.clone());
    }
    groups
}

/// Payload bytes of each direction of each connection, in order. For captures without loss: what
/// does not continue its stream is a second copy and is left out.
pub fn streams(frames: &[Frame]) -> Vec<Vec<u8>> {
    let mut places: HashMap<Vec<u8>, usize> = HashMap::new();
    let mut streams: Vec<(u32, Vec<u8>)> = Vec::new();
    for frame in frames {
        let Some(tcp) = tcp_of(frame) else { continue };
        let b = &frame.bytes;
        let addresses = if b[12] == 0x08 { &b[26..34] } else { &b[22..54] };
        let key = [addresses, &b[tcp.tcp_at..tcp.tcp_at + 4]].concat();
        let seq = &b[tcp.tcp_at + 4..tcp.tcp_at + 8];
        let seq = u32::from_be_bytes(seq.try_into().expect("four bytes"));
        let syn = b[tcp.tcp_at + 13] & 2 != 0;
        if syn || !places.contains_key(&key) {
            places.insert(key.clone(), streams.len());
            streams.push((seq.wrapping_add(u32::from(syn)), Vec::new()));
        }
        let (next, bytes) = &mut streams[places[&key]];
        let payload = &b[tcp.payload_at..tcp.end];
        if !syn && seq == *next {
            *next = next.wrapping_add(u32::try_from(payload.len()).expect("a segment"));
            bytes.extend_from_slice(payload);
        }
    }
    streams.into_iter().map(|(_, bytes)| bytes).collect()
}

/// Interleaves connections otherwise; the order inside each stays, and so does every packet's time.
pub fn shuffled(frames: &[Frame], rng: &mut Rng) -> Vec<Frame> {
    let mut groups = connections(frames);
    for group in &mut groups {
        group.reverse();
    }
    let mut out = Vec::with_capacity(frames.len());
    while !groups.is_empty() {
        let at = rng.below(groups.len());
        let run = rng.among(1..6);
        for _ in 0..run {
            out.extend(groups[at].pop());
        }
        if groups[at].is_empty() {
            groups.swap_remove(at);
        }
    }
    out
}

/// Cuts every TCP payload into pieces of the sizes `size` gives; but for data in a SYN, whose other
/// pieces would have no ACK flag, and such segments count for nothing (RFC 9293 section 3.10.7.4).
pub fn recut(frames: &[Frame], mut size: impl FnMut() -> usize) -> Vec<Frame> {
    let mut out = Vec::new();
    for frame in frames {
        match tcp_of(frame) {
            Some(tcp) if tcp.end - tcp.payload_at > 1 && !is_syn(frame, &tcp) => {
                pieces(frame, &tcp, &mut size, &mut out)
            }
            _ => out.push(frame.clone()),
        }
    }
    out
}

fn is_syn(frame: &Frame, tcp: &Tcp) -> bool {
    frame.bytes[tcp.tcp_at + 13] & 2 != 0
}

fn pieces(frame: &Frame, tcp: &Tcp, size: &mut impl FnMut() -> usize, out: &mut Vec<Frame>) {
    const FIN_PSH: u8 = 9;
    let payload = &frame.bytes[tcp.payload_at..tcp.end];
    let seq_at = tcp.tcp_at + 4;
    let seq: [u8; 4] = frame.bytes[seq_at..seq_at + 4].try_into().expect("four bytes");
    let mut at = 0;
    while at < payload.len() {
        let end = (at + size().max(1)).min(payload.len());
        let mut bytes = frame.bytes[..tcp.payload_at].to_vec();
        bytes.extend_from_slice(&payload[at..end]);
        let past = u32::try_from(at).expect("a segment");
        let moved = u32::from_be_bytes(seq).wrapping_add(past);
        bytes[seq_at..seq_at + 4].copy_from_slice(&moved.to_be_bytes());
        let flags = &mut bytes[tcp.tcp_at + 13];
        if end < payload.len() {
            *flags &= !FIN_PSH;
        }
        let length = bytes.len() - if frame.bytes[12] == 0x08 { tcp.ip_at } else { tcp.ip_at + 40 };
        let length = u16::try_from(length).expect("a packet").to_be_bytes();
        let length_at = tcp.ip_at + if frame.bytes[12] == 0x08 { 2 } else { 4 };
        bytes[length_at..length_at + 2].copy_from_slice(&length);
        out.push(Frame::new(frame.at_us, bytes));
        at = end;
    }
}
