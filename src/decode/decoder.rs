//! The way through the layers.

use crate::decode::view::View;
use crate::decode::{link, network, transport};
use crate::model::{Encapsulation, FiveTuple, Packet, Segment, SkipReason};

/// Turns frames into TCP segments. Checksums are not verified: a monitored host's offload leaves
/// them wrong on the wire's near side.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Decoder {}

impl Decoder {
    /// The TCP segment in `packet`, its payload borrowed from it, or why there is none.
    ///
    /// `wire_payload_len` follows from the IP length fields; where they are zero (segmentation
    /// offload) from the frame's length. It exceeds the payload where the capture cut the packet.
    #[inline]
    pub fn decode<'a>(&mut self, packet: &Packet<'a>) -> Result<Segment<'a>, SkipReason> {
        let mut encapsulation = Encapsulation::default();
        let frame = View::new(packet.data, packet.wire_len);
        let (content, view) = link::strip(packet.link, frame, &mut encapsulation)?;
        let datagram = network::strip(content, view)?;
        if datagram.protocol != FiveTuple::TCP {
            return Err(super::reasons::of_ip_protocol(datagram.protocol));
        }
        let tcp = transport::tcp(datagram.payload)?;
        Ok(Segment {
            at: packet.at,
            tuple: FiveTuple::tcp((datagram.src, tcp.src_port), (datagram.dst, tcp.dst_port)),
            seq: tcp.seq,
            ack: tcp.ack,
            flags: tcp.flags,
            payload: tcp.payload.bytes(),
            wire_payload_len: u32::try_from(tcp.payload.wire_len()).unwrap_or(u32::MAX),
            encapsulation,
        })
    }
}
