//! The next generation format:
//! <https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-02.html>. Sections, interfaces and
//! packets are read, and what an interface's statistics say of packets that were lost; every other
//! block is passed over.

mod clock;
mod options;

use crate::base::Timestamp;
use crate::base::limits::{CAPTURE_INTERFACES_MAX, CAPTURED_BYTES_MAX};
use crate::capture::file::record::{ByteOrder, Record, damaged, link_type};
use crate::capture::file::window::Window;
use crate::capture::source::{Incomplete, IncompleteCause};
use crate::model::LinkType;

use clock::Clock;
use options::for_options;

/// Reads blocks. Each section has its own byte order and its own interfaces.
#[derive(Debug)]
pub(super) struct PcapNg {
    order: ByteOrder,
    interfaces: Vec<Interface>,
    /// Simple packet blocks carry no time: they get that of the packet or statistics before them,
    /// or else the one that their interface counts from.
    last_at: Option<Timestamp>,
    /// A block that is passed over and did not come whole yet.
    passing: Option<Passing>,
    /// Packets that interfaces of earlier sections lost.
    lost_before: u64,
}

#[derive(Clone, Copy, Debug)]
struct Passing {
    offset: u64,
    len: u64,
    left: u64,
}

#[derive(Debug)]
struct Interface {
    link: LinkType,
    /// 0: no limit.
    snap_len: u32,
    clock: Clock,
    /// Packets it lost, as far as its last statistics say.
    lost: u64,
}

/// Reads the same in both byte orders.
const SECTION_HEADER: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];
const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;

const INTERFACE_DESCRIPTION: u32 = 1;
const OBSOLETE_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const INTERFACE_STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;

/// Packets that the interface had no room for, and those that the operating system had none for.
const OPTION_INTERFACE_DROPS: u16 = 5;
const OPTION_SYSTEM_DROPS: u16 = 7;

/// Type, length, and the length again at the end.
const BLOCK_LEN_MIN: usize = 12;
const SECTION_LEN_MIN: usize = 28;
const INTERFACE_LEN_MIN: usize = 20;
const STATISTICS_LEN_MIN: usize = 24;
/// What precedes the data of enhanced and obsolete packet blocks.
const PACKET_HEADER_LEN: usize = 28;
const SIMPLE_HEADER_LEN: usize = 12;
const TRAILER_LEN: usize = 4;
/// Blocks that are held in memory whole: a packet with its options.
const HELD_BLOCK_BYTES_MAX: usize = CAPTURED_BYTES_MAX + 64 * 1024;

/// A block in the window: its type, and the whole length its header gives.
#[derive(Clone, Copy)]
struct Block {
    kind: u32,
    len: usize,
}

impl PcapNg {
    /// Whether a file that begins with these bytes is pcapng.
    pub(super) fn recognise(magic: [u8; 4]) -> bool {
        magic == SECTION_HEADER
    }

    /// Reads the first section header.
    pub(super) fn open(window: &mut Window) -> Result<Self, Box<Incomplete>> {
        let mut reader = PcapNg {
            order: ByteOrder::Little,
            interfaces: Vec::new(),
            last_at: None,
            passing: None,
            lost_before: 0,
        };
        reader.section(window)?;
        Ok(reader)
    }

    /// The next packet's record; `None` at the end of the file. The record is in the window.
    #[inline]
    pub(super) fn next(&mut self, window: &mut Window) -> Result<Option<Record>, Box<Incomplete>> {
        loop {
            let Some(block) = self.block(window)? else {
                return Ok(None);
            };
            match block.kind {
                ENHANCED_PACKET | OBSOLETE_PACKET => return self.packet(window, block).map(Some),
                SIMPLE_PACKET => return self.simple_packet(window, block).map(Some),
                INTERFACE_DESCRIPTION => self.interface(window, block)?,
                INTERFACE_STATISTICS => self.statistics(window, block)?,
                _ => self.pass_over(window, block.len)?,
            }
        }
    }

    /// The header of the next block that belongs to a section.
    #[inline]
    fn block(&mut self, window: &mut Window) -> Result<Option<Block>, Box<Incomplete>> {
        loop {
            if self.passing.is_some() {
                self.go_on_passing(window)?;
            }
            if !window.fill(BLOCK_LEN_MIN) {
                let expected = format!("a block needs at least {BLOCK_LEN_MIN} bytes");
                return window.ending(&expected).map_or(Ok(None), Err);
            }
            let [k0, k1, k2, k3, l0, l1, l2, l3] = array(window, 0);
            if [k0, k1, k2, k3] == SECTION_HEADER {
                self.section(window)?;
                continue;
            }
            let kind = self.order.u32([k0, k1, k2, k3]);
            let len = self.order.u32([l0, l1, l2, l3]) as usize;
            check_len(window, len, BLOCK_LEN_MIN)?;
            return Ok(Some(Block { kind, len }));
        }
    }

    fn section(&mut self, window: &mut Window) -> Result<(), Box<Incomplete>> {
        need(window, SECTION_LEN_MIN, "a section header block")?;
        let magic = array(window, 8);
        let order = [ByteOrder::Little, ByteOrder::Big]
            .into_iter()
            .find(|order| order.u32(magic) == BYTE_ORDER_MAGIC);
        let Some(order) = order else {
            let [a, b, c, d] = magic;
            return Err(damaged(
                window.offset() + 8,
                format!("the byte-order magic is {a:02x}{b:02x}{c:02x}{d:02x}, expected 1a2b3c4d"),
            ));
        };
        let (major, minor) = (order.u16(array(window, 12)), order.u16(array(window, 14)));
        if major != 1 {
            let detail = format!("section version {major}.{minor}, expected 1.0");
            return Err(damaged(window.offset() + 12, detail));
        }
        let len = order.u32(array(window, 4)) as usize;
        check_len(window, len, SECTION_LEN_MIN)?;
        self.order = order;
        self.lost_before = self.lost();
        self.interfaces.clear();
        self.pass_over(window, len)
    }

    /// Consumes a block that is not read, however long, without holding it.
    fn pass_over(&mut self, window: &mut Window, len: usize) -> Result<(), Box<Incomplete>> {
        let len = len as u64;
        self.passing = Some(Passing { offset: window.offset(), len, left: len });
        self.go_on_passing(window)
    }

    fn go_on_passing(&mut self, window: &mut Window) -> Result<(), Box<Incomplete>> {
        let Some(mut block) = self.passing.take() else { return Ok(()) };
        block.left -= window.skip(block.left);
        if block.left == 0 {
            return Ok(());
        }
        self.passing = Some(block);
        let Passing { offset, len, left } = block;
        let expected = format!("the block there needs {len} bytes, {} are left", len - left);
        let mut incomplete = window.ending("").unwrap_or_else(|| {
            Box::new(Incomplete { cause: IncompleteCause::CutShort, offset, detail: expected })
        });
        incomplete.offset = offset;
        Err(incomplete)
    }

    fn interface(&mut self, window: &mut Window, block: Block) -> Result<(), Box<Incomplete>> {
        hold(self.order, window, block.len, INTERFACE_LEN_MIN)?;
        if self.interfaces.len() >= CAPTURE_INTERFACES_MAX {
            let detail = format!("more than {CAPTURE_INTERFACES_MAX} interfaces in one section");
            return Err(damaged(window.offset(), detail));
        }
        let options = window.rest().get(16..block.len - TRAILER_LEN).unwrap_or_default();
        self.interfaces.push(Interface {
            link: link_type(u32::from(self.order.u16(array(window, 8)))),
            snap_len: self.order.u32(array(window, 12)),
            clock: Clock::from_options(self.order, options),
            lost: 0,
        });
        window.consume(block.len);
        Ok(())
    }

    /// Packets that were lost before they could be recorded, as far as the file says so.
    pub(super) fn lost(&self) -> u64 {
        let lost = self.interfaces.iter().map(|interface| interface.lost);
        lost.fold(self.lost_before, u64::saturating_add)
    }

    /// A count of an interface's clock, as blocks write it.
    #[inline]
    fn ticks(&self, high: [u8; 4], low: [u8; 4]) -> u64 {
        u64::from(self.order.u32(high)) << 32 | u64::from(self.order.u32(low))
    }

    /// What an interface says of itself, from its start up to here.
    fn statistics(&mut self, window: &mut Window, block: Block) -> Result<(), Box<Incomplete>> {
        hold(self.order, window, block.len, STATISTICS_LEN_MIN)?;
        let (order, mut lost) = (self.order, 0u64);
        let options = window.rest().get(20..block.len - TRAILER_LEN).unwrap_or_default();
        for_options(order, options, |code, value| {
            if matches!(code, OPTION_INTERFACE_DROPS | OPTION_SYSTEM_DROPS)
                && let Ok(value) = <[u8; 8]>::try_from(value)
            {
                lost = lost.saturating_add(order.u64(value));
            }
        });
        let id = self.order.u32(array(window, 8));
        let ticks = self.ticks(array(window, 12), array(window, 16));
        if let Some(interface) = self.interfaces.get_mut(id as usize) {
            interface.lost = lost;
            if ticks > 0 {
                // Statistics that came late speak of no time before that of the last packet.
                self.last_at = self.last_at.max(Some(interface.clock.time(ticks)));
            }
        }
        window.consume(block.len);
        Ok(())
    }

    #[inline]
    fn packet(&mut self, window: &mut Window, block: Block) -> Result<Record, Box<Incomplete>> {
        hold(self.order, window, block.len, PACKET_HEADER_LEN + TRAILER_LEN)?;
        let header: [u8; PACKET_HEADER_LEN] = array(window, 0);
        let [_, _, _, _, _, _, _, _, i0, i1, i2, i3, rest @ ..] = header;
        let [h0, h1, h2, h3, t0, t1, t2, t3, c0, c1, c2, c3, w0, w1, w2, w3] = rest;
        let id = match block.kind {
            OBSOLETE_PACKET => u32::from(self.order.u16([i0, i1])),
            _ => self.order.u32([i0, i1, i2, i3]),
        };
        let Some(interface) = self.interfaces.get(id as usize) else {
            return Err(unknown_interface(window, id));
        };
        let captured = self.order.u32([c0, c1, c2, c3]) as usize;
        if captured > block.len - PACKET_HEADER_LEN - TRAILER_LEN {
            let detail = format!("a packet of {captured} bytes in a block of {}", block.len);
            return Err(damaged(window.offset(), detail));
        }
        let ticks = self.ticks([h0, h1, h2, h3], [t0, t1, t2, t3]);
        let at = interface.clock.time(ticks);
        self.last_at = Some(at);
        Ok(Record {
            at,
            link: interface.link,
            wire_len: self.order.u32([w0, w1, w2, w3]),
            skip: PACKET_HEADER_LEN,
            captured,
            len: block.len,
        })
    }

    fn simple_packet(
        &mut self,
        window: &mut Window,
        block: Block,
    ) -> Result<Record, Box<Incomplete>> {
        hold(self.order, window, block.len, SIMPLE_HEADER_LEN + TRAILER_LEN)?;
        let Some(interface) = self.interfaces.first() else {
            return Err(unknown_interface(window, 0));
        };
        let wire_len = self.order.u32(array(window, 8));
        // The captured length is not written down; it follows from the snap length.
        let captured = match interface.snap_len {
            0 => wire_len,
            snap_len => wire_len.min(snap_len),
        };
        Ok(Record {
            at: self.last_at.unwrap_or_else(|| interface.clock.time(0)),
            link: interface.link,
            wire_len,
            skip: SIMPLE_HEADER_LEN,
            captured: (captured as usize).min(block.len - SIMPLE_HEADER_LEN - TRAILER_LEN),
            len: block.len,
        })
    }
}

/// `N` bytes at `at` in the window; zeros where it ends sooner, which callers exclude.
#[inline]
fn array<const N: usize>(window: &Window, at: usize) -> [u8; N] {
    let bytes = window.rest().get(at..).and_then(|rest| rest.first_chunk());
    bytes.copied().unwrap_or([0; N])
}

fn need(window: &mut Window, len: usize, what: &str) -> Result<(), Box<Incomplete>> {
    if window.fill(len) {
        return Ok(());
    }
    let expected = format!("{what} needs {len} bytes");
    Err(window.ending(&expected).unwrap_or_else(|| {
        let detail = format!("{expected}, none is left");
        Box::new(Incomplete { cause: IncompleteCause::CutShort, offset: window.offset(), detail })
    }))
}

#[inline]
fn check_len(window: &Window, len: usize, least: usize) -> Result<(), Box<Incomplete>> {
    if len >= least && len.is_multiple_of(4) {
        return Ok(());
    }
    let detail = format!("a block length of {len}, expected a multiple of 4 from {least} on");
    Err(damaged(window.offset(), detail))
}

/// Has the whole block in the window, and its length the same at both ends.
#[inline]
fn hold(
    order: ByteOrder,
    window: &mut Window,
    len: usize,
    least: usize,
) -> Result<(), Box<Incomplete>> {
    check_len(window, len, least)?;
    if len > HELD_BLOCK_BYTES_MAX {
        let detail = format!("a block of {len} bytes, the limit is {HELD_BLOCK_BYTES_MAX}");
        return Err(damaged(window.offset(), detail));
    }
    need(window, len, "the block there")?;
    let trailer = order.u32(array(window, len - TRAILER_LEN)) as usize;
    if trailer == len {
        return Ok(());
    }
    let detail = format!("a block of {len} bytes that ends with the length {trailer}");
    Err(damaged(window.offset(), detail))
}

fn unknown_interface(window: &Window, id: u32) -> Box<Incomplete> {
    damaged(window.offset(), format!("a packet of interface {id}, which was not described"))
}
