//! PPP (RFC 1661), wherever it comes from.

use crate::decode::content::Content;
use crate::decode::reasons;
use crate::decode::view::View;
use crate::model::SkipReason;

const CUT: SkipReason = SkipReason::Malformed(reasons::PPP_HEADER);

/// Removes address and control (RFC 1662), where they were not left out, and the protocol field,
/// which may be compressed to one byte. Control protocols, compressed and encrypted packets are
/// skipped.
pub(super) fn strip(view: View<'_>) -> Result<(Content, View<'_>), SkipReason> {
    let view = match view.bytes() {
        [0xff, 0x03, ..] => view.after(2).ok_or(CUT)?,
        _ => view,
    };
    let first = view.u8(0).ok_or(CUT)?;
    let (protocol, len) =
        if first & 1 == 1 { (u16::from(first), 1) } else { (view.be_u16(0).ok_or(CUT)?, 2) };
    let content = match protocol {
        0x0021 => Content::Ipv4,
        0x0057 => Content::Ipv6,
        // MPLS (RFC 3032 section 4).
        0x0281 => Content::EtherType(0x8847),
        0x0283 => Content::EtherType(0x8848),
        _ => return Err(SkipReason::Skipped(reasons::PPP)),
    };
    Ok((content, view.after(len).ok_or(CUT)?))
}
