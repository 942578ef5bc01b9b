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
