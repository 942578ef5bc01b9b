//! Writes captures in every variant the reader knows.

use crate::capture::file::record::ByteOrder;

/// Bytes of a capture in one byte order.
pub(super) struct Writer {
    pub(super) order: ByteOrder,
    pub(super) bytes: Vec<u8>,
}

impl Writer {
    pub(super) fn new(order: ByteOrder) -> Self {
        Writer { order, bytes: Vec::new() }
    }

    pub(super) fn u16(&mut self, n: u16) -> &mut Self {
        self.bytes.extend(match self.order {
            ByteOrder::Big => n.to_be_bytes(),
            ByteOrder::Little => n.to_le_bytes(),
        });
        self
    }

    pub(super) fn u32(&mut self, n: u32) -> &mut Self {
        self.bytes.extend(match self.order {
            ByteOrder::Big => n.to_be_bytes(),
            ByteOrder::Little => n.to_le_bytes(),
        });
        self
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    pub(super) fn pcap_header(&mut self, magic: u32, minor: u16, link: u32) -> &mut Self {
        self.u32(magic).u16(2).u16(minor).u32(0).u32(0).u32(65_535).u32(link)
    }

    pub(super) fn pcap_packet(
        &mut self,
        time: (u32, u32),
        wire_len: u32,
        data: &[u8],
    ) -> &mut Self {
        self.u32(time.0).u32(time.1).u32(len(data)).u32(wire_len).raw(data)
    }

    pub(super) fn block(&mut self, kind: u32, body: &[u8]) -> &mut Self {
        let padding = body.len().next_multiple_of(4) - body.len();
        let total = len(body) + u32::try_from(padding).unwrap() + 12;
        self.u32(kind).u32(total).raw(body).raw(&vec![0; padding]).u32(total)
    }

    pub(super) fn section(&mut self) -> &mut Self {
        let mut body = Writer::new(self.order);
        body.u32(0x1a2b_3c4d).u16(1).u16(0).u32(u32::MAX).u32(u32::MAX);
        self.block(0x0a0d_0d0a, &body.bytes)
    }

    /// Options are (code, value); the end mark is added.
    pub(super) fn interface(
        &mut self,
        link: u16,
        snap_len: u32,
        options: &[(u16, &[u8])],
    ) -> &mut Self {
        let mut body = Writer::new(self.order);
        body.u16(link).u16(0).u32(snap_len);
        for (code, value) in options {
            let padding = value.len().next_multiple_of(4) - value.len();
            body.u16(*code).u16(u16::try_from(value.len()).unwrap());
            body.raw(value).raw(&vec![0; padding]);
        }
        body.u16(0).u16(0);
        self.block(1, &body.bytes)
    }

    pub(super) fn enhanced(&mut self, id: u32, ticks: u64, data: &[u8]) -> &mut Self {
        let mut body = Writer::new(self.order);
        let [high, low] = [ticks >> 32, ticks & 0xffff_ffff].map(|n| u32::try_from(n).unwrap());
        body.u32(id).u32(high).u32(low).u32(len(data)).u32(len(data) + 7).raw(data);
        self.block(6, &body.bytes)
    }

    /// Options are (code, count).
    pub(super) fn statistics(&mut self, id: u32, options: &[(u16, u64)]) -> &mut Self {
        let mut body = Writer::new(self.order);
        body.u32(id).u32(0).u32(0);
        for (code, count) in options {
            let value = match self.order {
                ByteOrder::Big => count.to_be_bytes(),
                ByteOrder::Little => count.to_le_bytes(),
            };
            body.u16(*code).u16(8).raw(&value);
        }
        body.u16(0).u16(0);
        self.block(5, &body.bytes)
    }

    /// Statistics without options, of a time below 2^32 units.
    pub(super) fn statistics_at(&mut self, id: u32, ticks: u32) -> &mut Self {
        let mut body = Writer::new(self.order);
        body.u32(id).u32(0).u32(ticks);
        self.block(5, &body.bytes)
    }

    pub(super) fn obsolete(&mut self, id: u16, ticks: u32, data: &[u8]) -> &mut Self {
        let mut body = Writer::new(self.order);
        body.u16(id).u16(0).u32(0).u32(ticks).u32(len(data)).u32(len(data)).raw(data);
        self.block(2, &body.bytes)
    }

    pub(super) fn simple(&mut self, wire_len: u32, data: &[u8]) -> &mut Self {
        let mut body = Writer::new(self.order);
        body.u32(wire_len).raw(data);
        self.block(3, &body.bytes)
    }
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

fn len(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap()
}
