//! TCP headers (RFC 9293 section 3.1).

use crate::decode::reasons;
use crate::decode::view::View;
use crate::model::{SkipReason, TcpFlags};

/// The fields of a TCP header that reassembly needs, and what follows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tcp<'a> {
    pub(super) src_port: u16,
    pub(super) dst_port: u16,
    pub(super) seq: u32,
    pub(super) ack: u32,
    pub(super) flags: TcpFlags,
    pub(super) urgent: u16,
    /// Length of the header in words of four bytes.
    pub(super) words: u8,
    pub(super) payload: View<'a>,
}

const LEN_MIN: usize = 20;

/// Slices a TCP header. The twenty fixed bytes must have been captured; where the snap length cut
/// the options, the payload is a gap whose length is known.
#[inline]
pub(super) fn tcp(view: View<'_>) -> Result<Tcp<'_>, SkipReason> {
    const MALFORMED: SkipReason = SkipReason::Malformed(reasons::TCP_HEADER);
    let header = view.bytes().first_chunk::<LEN_MIN>().ok_or(MALFORMED)?;
    let [s0, s1, d0, d1, q0, q1, q2, q3, a0, a1, a2, a3, offset, flags, _, _, _, _, u0, u1] =
        *header;
    let header_len = usize::from(offset >> 4) * 4;
    if header_len < LEN_MIN {
        return Err(MALFORMED);
    }
    Ok(Tcp {
        src_port: u16::from_be_bytes([s0, s1]),
        dst_port: u16::from_be_bytes([d0, d1]),
        seq: u32::from_be_bytes([q0, q1, q2, q3]),
        ack: u32::from_be_bytes([a0, a1, a2, a3]),
        flags: TcpFlags(flags),
        urgent: u16::from_be_bytes([u0, u1]),
        words: offset >> 4,
        payload: view.after(header_len).ok_or(MALFORMED)?,
    })
}
