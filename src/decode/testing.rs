//! Frames by hand, from the inside out, and what is decoded from them.

use crate::base::Timestamp;
use crate::model::{
    FiveTuple, FragmentOddities, LinkType, Packet, PacketAccount, Segment, SkipReason, TcpFlags,
};

use super::Decoder;

/// What was decoded, of its own.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found {
    pub(super) at: Timestamp,
    pub(super) tuple: FiveTuple,
    pub(super) seq: u32,
    pub(super) ack: u32,
    pub(super) flags: TcpFlags,
    pub(super) payload: Vec<u8>,
    pub(super) wire_payload_len: u32,
    pub(super) wrapped: Vec<String>,
    pub(super) network: u64,
    pub(super) oddities: FragmentOddities,
}

impl Found {
    pub(super) fn of(segment: &Segment<'_>) -> Found {
        Found {
            at: segment.at,
            tuple: segment.tuple,
            seq: segment.seq,
            ack: segment.ack,
            flags: segment.flags,
            payload: segment.payload.to_vec(),
            wire_payload_len: segment.wire_payload_len,
            wrapped: segment.encapsulation.names().iter().map(ToString::to_string).collect(),
            network: segment.encapsulation.network(),
            oddities: segment.encapsulation.oddities(),
        }
    }
}

pub(super) fn decode(link: LinkType, data: &[u8]) -> Result<Found, SkipReason> {
    decode_cut(link, data, data.len())
}

pub(super) fn decode_cut(
    link: LinkType,
    data: &[u8],
    wire_len: usize,
) -> Result<Found, SkipReason> {
    decode_by(&mut Decoder::default(), 9, (link, data, wire_len))
}

/// Decodes a frame captured at `nanos`.
pub(super) fn decode_by(
    decoder: &mut Decoder,
    nanos: i64,
    (link, data, wire_len): (LinkType, &[u8], usize),
) -> Result<Found, SkipReason> {
    let wire_len = u32::try_from(wire_len).unwrap();
    let at = Timestamp::from_nanos(nanos);
    let found = decoder.decode(&Packet { at, link, data, wire_len, block: None });
    found.map(|segment| Found::of(&segment))
}

/// Ports 1000 to 80, sequence number 7, acknowledgment 8, PSH and ACK, four bytes of options.
pub(super) fn tcp(payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0x03, 0xe8, 0, 80, 0, 0, 0, 7, 0, 0, 0, 8, 0x60, 0x18, 0xff, 0xff];
    out.extend([0xba, 0xad, 0, 0, 1, 1, 1, 0]);
    out.extend(payload);
    out
}

/// From 10.0.0.1 to 10.0.0.2. `flags_offset` is the fragment field.
pub(super) fn ipv4_with(
    protocol: u8,
    flags_offset: u16,
    options: &[u8],
    content: &[u8],
) -> Vec<u8> {
    let header_len = 20 + options.len();
    let total = u16::try_from(header_len + content.len()).unwrap().to_be_bytes();
    let [f0, f1] = flags_offset.to_be_bytes();
    let ihl = u8::try_from(header_len / 4).unwrap();
    let mut out = vec![0x40 | ihl, 0, total[0], total[1], 0, 1, f0, f1, 64, protocol, 0xba, 0xad];
    out.extend([10, 0, 0, 1, 10, 0, 0, 2]);
    out.extend(options);
    out.extend(content);
    out
}

pub(super) fn ipv4(content: &[u8]) -> Vec<u8> {
    ipv4_with(6, 0x4000, &[], content)
}

/// From fd00::1 to fd00::2.
pub(super) fn ipv6(next_header: u8, content: &[u8]) -> Vec<u8> {
    let [l0, l1] = u16::try_from(content.len()).unwrap().to_be_bytes();
    let mut out = vec![0x60, 0, 0, 0, l0, l1, next_header, 64];
    for last in [1, 2] {
        out.extend([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]);
    }
    out.extend(content);
    out
}

pub(super) fn ethernet(types: &[u8], content: &[u8]) -> Vec<u8> {
    [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2], types, content].concat()
}

/// From 1000 to `port`, without checksum.
pub(super) fn udp(port: u16, content: &[u8]) -> Vec<u8> {
    let len = u16::try_from(8 + content.len()).unwrap();
    [&[0x03, 0xe8][..], &port.to_be_bytes(), &len.to_be_bytes(), &[0, 0], content].concat()
}

/// The fragments of an IPv4 packet from 10.0.0.1 to 10.0.0.2 with identification `id`, cut at
/// `cuts`, which are multiples of 8.
pub(super) fn fragments(protocol: u8, id: u16, content: &[u8], cuts: &[usize]) -> Vec<Vec<u8>> {
    let mut ends = cuts.to_vec();
    ends.push(content.len());
    let mut out = Vec::new();
    let mut from = 0;
    for to in ends {
        out.push(fragment(protocol, id, (from, to < content.len()), &content[from..to]));
        from = to;
    }
    out
}

/// One fragment of an IPv4 packet.
pub(super) fn fragment(protocol: u8, id: u16, place: (usize, bool), content: &[u8]) -> Vec<u8> {
    let (offset, more) = place;
    let field = u16::try_from(offset / 8).unwrap() | if more { 0x2000 } else { 0 };
    let mut out = ipv4_with(protocol, field, &[], content);
    out[4..6].copy_from_slice(&id.to_be_bytes());
    out
}

/// Decodes packets that begin with an IP header, a microsecond apart, to the end of the input, and
/// keeps their account. Packets that were held are looked after to the last one.
#[derive(Debug, Default)]
pub(super) struct Bookkeeper {
    pub(super) decoder: Decoder,
    pub(super) account: PacketAccount,
    pub(super) nanos: i64,
}

impl Bookkeeper {
    /// Every reading of every segment.
    pub(super) fn take<'a>(
        &mut self,
        packets: impl IntoIterator<Item = &'a Vec<u8>>,
    ) -> Vec<Found> {
        let mut out = Vec::new();
        for packet in packets {
            self.nanos += 1000;
            self.account.seen += 1;
            let input = (LinkType::RAW, &packet[..], packet.len());
            match decode_by(&mut self.decoder, self.nanos, input) {
                Ok(found) => {
                    self.account.analysed += 1;
                    out.push(found);
                }
                Err(why) => self.account.skip(why),
            }
            while self.decoder.has_alternative() {
                out.extend(self.decoder.alternative().map(|s| Found::of(&s)));
            }
            self.settle();
        }
        out
    }

    fn settle(&mut self) {
        for settled in self.decoder.settled() {
            assert!(settled.packets <= self.account.analysed, "settled twice");
            self.account.settle(&settled);
        }
        assert!(self.account.balances(), "{:?}", self.account);
    }

    /// The account at the end of the input.
    pub(super) fn finish(mut self) -> PacketAccount {
        self.decoder.finish();
        self.settle();
        self.account
    }
}
