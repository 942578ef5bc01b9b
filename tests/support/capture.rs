//! Capture files as lists of frames: read, changed, written (classic pcap, microseconds, Ethernet).

use std::path::Path;

/// One Ethernet frame as captured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// When, in microseconds since 1970.
    pub at_us: u64,
    /// From the destination address on.
    pub bytes: Vec<u8>,
    /// Its length on the wire; more than `bytes` where the capture cut it.
    pub wire_len: u32,
}

impl Frame {
    /// A whole frame.
    pub fn new(at_us: u64, bytes: Vec<u8>) -> Frame {
        let wire_len = u32::try_from(bytes.len()).expect("a short frame");
        Frame { at_us, bytes, wire_len }
    }
}

const GLOBAL_HEADER_LEN: usize = 24;
const RECORD_HEADER_LEN: usize = 16;
const ETHERNET: u32 = 1;

/// The bytes of a little-endian capture with these frames.
pub fn pcap(frames: &[Frame]) -> Vec<u8> {
    let mut out = Vec::new();
    for word in [0xa1b2_c3d4, 2 | 4 << 16, 0, 0, 262_144, ETHERNET] {
        out.extend_from_slice(&u32::to_le_bytes(word));
    }
    for frame in frames {
        let captured = u32::try_from(frame.bytes.len()).expect("a short frame");
        let seconds = u32::try_from(frame.at_us / 1_000_000).expect("before 2106");
        let micros = u32::try_from(frame.at_us % 1_000_000).expect("below a million");
        for word in [seconds, micros, captured, frame.wire_len] {
            out.extend_from_slice(&word.to_le_bytes());
        }
        out.extend_from_slice(&frame.bytes);
    }
    out
}

/// The bytes of a big-endian capture with nanoseconds.
pub fn pcap_nanoseconds(frames: &[Frame]) -> Vec<u8> {
    let mut out = Vec::new();
    for word in [0xa1b2_3c4d, 2 << 16 | 4, 0, 0, 262_144, ETHERNET] {
        out.extend_from_slice(&u32::to_be_bytes(word));
    }
    for frame in frames {
        let captured = u32::try_from(frame.bytes.len()).expect("a short frame");
        let seconds = u32::try_from(frame.at_us / 1_000_000).expect("before 2106");
        let nanos = u32::try_from(frame.at_us % 1_000_000 * 1000).expect("below a second");
        for word in [seconds, nanos, captured, frame.wire_len] {
            out.extend_from_slice(&word.to_be_bytes());
        }
        out.extend_from_slice(&frame.bytes);
    }
    out
}

/// The bytes of a pcapng whose frames come by turns from two interfaces: one with microseconds, one
/// with nanoseconds (draft-ietf-opsawg-pcapng, sections 4.1 to 4.3).
pub fn pcapng(frames: &[Frame]) -> Vec<u8> {
    let blocks: Vec<Block> = frames.iter().cloned().map(Block::Frame).collect();
    pcapng_of(&blocks)
}

/// What stands in a pcapng.
#[derive(Clone, Debug)]
pub enum Block {
    /// A packet.
    Frame(Frame),
    /// So many were lost on the first interface up to here.
    Lost(u64),
}

/// [`pcapng`], with what it tells as lost.
pub fn pcapng_of(blocks: &[Block]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut block = |kind: u32, body: &[u8]| {
        let padded = body.len().div_ceil(4) * 4;
        let length = u32::try_from(padded + 12).expect("a short block").to_le_bytes();
        out.extend_from_slice(&kind.to_le_bytes());
        out.extend_from_slice(&length);
        out.extend_from_slice(body);
        out.resize(out.len() + padded - body.len(), 0);
        out.extend_from_slice(&length);
    };
    let words = |words: &[u32]| words.iter().flat_map(|w| w.to_le_bytes()).collect::<Vec<u8>>();
    block(0x0a0d_0d0a, &words(&[0x1a2b_3c4d, 1, u32::MAX, u32::MAX]));
    block(1, &words(&[ETHERNET, 0]));
    // if_tsresol (option 9) of ten to the power of minus nine.
    block(1, &words(&[ETHERNET, 0, 9 | 1 << 16, 9, 0]));
    for (number, one) in blocks.iter().enumerate() {
        let frame = match one {
            Block::Frame(frame) => frame,
            Block::Lost(total) => {
                // isb_ifdrop (option 5), eight bytes.
                let halves = [(*total & 0xffff_ffff) as u32, (*total >> 32) as u32];
                block(5, &words(&[0, 0, 0, 5 | 8 << 16, halves[0], halves[1], 0]));
                continue;
            }
        };
        let interface = u32::from(number % 2 == 1);
        let ticks = frame.at_us * if interface == 0 { 1 } else { 1000 };
        let halves = [(ticks >> 32) as u32, (ticks & 0xffff_ffff) as u32];
        let captured = u32::try_from(frame.bytes.len()).expect("a short frame");
        let head = words(&[interface, halves[0], halves[1], captured, frame.wire_len]);
        block(6, &[&head, &frame.bytes[..]].concat());
    }
    out
}

/// Writes a capture.
pub fn write(path: &Path, frames: &[Frame]) {
    std::fs::write(path, pcap(frames)).expect("a capture can be written");
}

/// The frames of a capture, if it is a whole microsecond Ethernet pcap of either byte order.
pub fn read(path: &Path) -> Option<Vec<Frame>> {
    let data = std::fs::read(path).ok()?;
    let little = match data.get(..4)? {
        [0xd4, 0xc3, 0xb2, 0xa1] => true,
        [0xa1, 0xb2, 0xc3, 0xd4] => false,
        _ => return None,
    };
    let word = |at: usize| {
        let bytes: [u8; 4] = data.get(at..at + 4)?.try_into().ok()?;
        Some(if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    };
    if word(20)? != ETHERNET {
        return None;
    }
    let mut frames = Vec::new();
    let mut at = GLOBAL_HEADER_LEN;
    while at < data.len() {
        let captured = word(at + 8)? as usize;
        let at_us = u64::from(word(at)?) * 1_000_000 + u64::from(word(at + 4)?);
        let start = at + RECORD_HEADER_LEN;
        let bytes = data.get(start..start + captured)?.to_vec();
        frames.push(Frame { at_us, bytes, wire_len: word(at + 12)? });
        at = start + captured;
    }
    Some(frames)
}

/// Puts an 802.1Q tag into every frame, or an 802.1ad tag around an 802.1Q tag.
pub fn tagged(frames: &[Frame], vlan: u16, outer: Option<u16>) -> Vec<Frame> {
    let mut tag = Vec::new();
    if let Some(outer) = outer {
        tag.extend_from_slice(&[0x88, 0xa8]);
        tag.extend_from_slice(&outer.to_be_bytes());
    }
    tag.extend_from_slice(&[0x81, 0x00]);
    tag.extend_from_slice(&vlan.to_be_bytes());
    let put = |frame: &Frame| {
        let (addresses, rest) = frame.bytes.split_at(12);
        let bytes = [addresses, &tag, rest].concat();
        let wire_len = frame.wire_len + u32::try_from(tag.len()).expect("a tag");
        Frame { at_us: frame.at_us, bytes, wire_len }
    };
    frames.iter().map(put).collect()
}
