//! The classic format: <https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html>.

use crate::base::Timestamp;
use crate::base::limits::CAPTURED_BYTES_MAX;
use crate::capture::file::record::{ByteOrder, Record, damaged, link_type};
use crate::capture::file::window::Window;
use crate::capture::source::Incomplete;
use crate::model::LinkType;

/// Reads packet records behind a file header.
#[derive(Debug)]
pub(super) struct Pcap {
    order: ByteOrder,
    link: LinkType,
    /// Nanoseconds in one unit of a record's time fraction: 1 or 1000.
    unit_nanos: i64,
    record_header_len: usize,
    /// Written before version 2.4, when some programs had the two lengths the other way round.
    lengths_may_be_swapped: bool,
}

const FILE_HEADER_LEN: usize = 24;
const RECORD_HEADER_LEN: usize = 16;
/// Records of the variant by Alexey Kuznetsov have an interface, a protocol and a packet type
/// behind the usual fields.
const MODIFIED_RECORD_HEADER_LEN: usize = 24;

const MICROSECONDS: u32 = 0xa1b2_c3d4;
const NANOSECONDS: u32 = 0xa1b2_3c4d;
const MODIFIED: u32 = 0xa1b2_cd34;

impl Pcap {
    /// Recognises the format by its first four bytes.
    pub(super) fn recognise(magic: [u8; 4]) -> Option<ByteOrder> {
        [ByteOrder::Little, ByteOrder::Big]
            .into_iter()
            .find(|order| matches!(order.u32(magic), MICROSECONDS | NANOSECONDS | MODIFIED))
    }

    /// Reads the file header, whose magic number was recognised.
    pub(super) fn open(window: &mut Window, order: ByteOrder) -> Result<Self, Box<Incomplete>> {
        if !window.fill(FILE_HEADER_LEN) {
            let expected = format!("a pcap file header needs {FILE_HEADER_LEN} bytes");
            return Err(window
                .ending(&expected)
                .unwrap_or_else(|| damaged(window.offset(), expected)));
        }
        let header = window.rest().first_chunk::<FILE_HEADER_LEN>().copied();
        let [m0, m1, m2, m3, j0, j1, n0, n1, .., l0, l1, l2, l3] =
            header.unwrap_or([0; FILE_HEADER_LEN]);
        let (major, minor) = (order.u16([j0, j1]), order.u16([n0, n1]));
        if major != 2 {
            let detail = format!("version {major}.{minor}, expected 2.4");
            return Err(damaged(window.offset() + 4, detail));
        }
        window.consume(FILE_HEADER_LEN);
        let magic = order.u32([m0, m1, m2, m3]);
        Ok(Pcap {
            order,
            link: link_type(order.u32([l0, l1, l2, l3])),
            unit_nanos: if magic == NANOSECONDS { 1 } else { 1000 },
            record_header_len: match magic {
                MODIFIED => MODIFIED_RECORD_HEADER_LEN,
                _ => RECORD_HEADER_LEN,
            },
            lengths_may_be_swapped: minor < 4,
        })
    }

    /// The next record; `None` at the end of the file. The record is in the window.
    #[inline]
    pub(super) fn next(&mut self, window: &mut Window) -> Result<Option<Record>, Box<Incomplete>> {
        let header_len = self.record_header_len;
        if !window.fill(header_len) {
            let expected = format!("a packet record begins with {header_len} bytes");
            return window.ending(&expected).map_or(Ok(None), Err);
        }
        let Some(header) = window.rest().first_chunk::<RECORD_HEADER_LEN>() else {
            return Ok(None);
        };
        let [s0, s1, s2, s3, f0, f1, f2, f3, c0, c1, c2, c3, w0, w1, w2, w3] = *header;
        let seconds = self.order.u32([s0, s1, s2, s3]);
        let fraction = self.order.u32([f0, f1, f2, f3]);
        let mut captured = self.order.u32([c0, c1, c2, c3]);
        let mut wire_len = self.order.u32([w0, w1, w2, w3]);
        if self.lengths_may_be_swapped && captured > wire_len {
            std::mem::swap(&mut captured, &mut wire_len);
        }
        let captured = captured as usize;
        if captured > CAPTURED_BYTES_MAX {
            return Err(damaged(
                window.offset(),
                format!("a packet of {captured} captured bytes, the limit is {CAPTURED_BYTES_MAX}"),
            ));
        }
        let len = header_len + captured;
        if !window.fill(len) {
            let expected = format!("the packet record there needs {len} bytes");
            return window.ending(&expected).map_or(Ok(None), Err);
        }
        let nanos = i64::from(seconds) * 1_000_000_000 + i64::from(fraction) * self.unit_nanos;
        let at = Timestamp::from_nanos(nanos);
        let link = self.link;
        Ok(Some(Record { at, link, wire_len, skip: header_len, captured, len }))
    }
}
