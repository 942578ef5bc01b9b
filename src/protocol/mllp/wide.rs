//! Blocks in UTF-16: MSH-18 `UNICODE UTF-16`, or a byte order mark.
//!
//! What such a block holds is made UTF-8 before it is looked at, so that the rest of the parser
//! knows one kind of text. Frames are bytes in the standard; senders that encode all they send
//! write them as characters, which is understood as well.

/// Bytes by which the width is told.
pub(super) const TOLD_BYTES: usize = 3;

/// Which byte of a character comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

/// What the first bytes of a block say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    /// More are needed.
    NeedMore,
    /// Characters of one byte, or UTF-8.
    Narrow,
    /// UTF-16, behind so many bytes.
    Wide(Order, usize),
}

/// Tells the width by a byte order mark, or by the zero beside the first letter of `MSH`, `BHS` or
/// `FHS`. The first byte may be the other half of a start block that is a character.
pub(super) fn tell(first: &[u8]) -> Width {
    match first {
        [] | [0 | 0xff | 0xfe | b'M' | b'B' | b'F'] | [0, 0xff] => Width::NeedMore,
        [0xff, 0xfe, ..] => Width::Wide(Order::Little, 2),
        [0xfe, 0xff, ..] => Width::Wide(Order::Big, 2),
        [0, 0xff, 0xfe, ..] => Width::Wide(Order::Little, 3),
        [0, b'M' | b'B' | b'F', ..] => Width::Wide(Order::Big, 0),
        [b'M' | b'B' | b'F', 0, ..] => Width::Wide(Order::Little, 0),
        _ => Width::Narrow,
    }
}

/// The start of a block with every character that is not ASCII as a question mark.
pub(super) fn narrowed(order: Order, bytes: &[u8]) -> Vec<u8> {
    let units = bytes.chunks_exact(2).filter_map(|pair| <[u8; 2]>::try_from(pair).ok());
    units.map(|pair| u8::try_from(order.unit(pair)).unwrap_or(b'?')).collect()
}

impl Order {
    fn unit(self, pair: [u8; 2]) -> u16 {
        match self {
            Order::Little => u16::from_le_bytes(pair),
            Order::Big => u16::from_be_bytes(pair),
        }
    }
}

/// One block, cut anywhere.
#[derive(Debug)]
pub(super) struct WideBlock {
    order: Order,
    /// The first byte of a character.
    half: Option<u8>,
    /// The first half of a surrogate pair.
    high: Option<u16>,
    /// The character before ended a segment.
    line_end: bool,
}

impl WideBlock {
    pub(super) fn new(order: Order) -> Self {
        WideBlock { order, half: None, high: None, line_end: true }
    }

    /// Appends `bytes` to `out` as UTF-8, up to where `start` or `end` stands, that included: how
    /// many were used, and whether it stood there. What is no UTF-16 becomes U+FFFD.
    ///
    /// `end` as a byte, with its carriage return, is a character of Malayalam where the low byte
    /// comes first: it is believed behind the end of a segment, where every message has one.
    pub(super) fn push(
        &mut self,
        bytes: &[u8],
        (start, end): (u8, u8),
        out: &mut Vec<u8>,
    ) -> (usize, bool) {
        for (place, byte) in bytes.iter().enumerate() {
            let Some(first) = self.half.take() else {
                self.half = Some(*byte);
                continue;
            };
            let used = place + 1;
            if [first, *byte] == [end, b'\r'] && (self.line_end || self.order == Order::Big) {
                out.extend_from_slice(&[end, b'\r']);
                return (used, true);
            }
            let unit = self.order.unit([first, *byte]);
            self.line_end = unit == u16::from(b'\r') || unit == u16::from(b'\n');
            self.unit(unit, out);
            if unit == u16::from(start) || unit == u16::from(end) {
                return (used, true);
            }
        }
        (bytes.len(), false)
    }

    fn unit(&mut self, unit: u16, out: &mut Vec<u8>) {
        let mut add = |c: char| out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        if let Some(high) = self.high.take() {
            if let Some(Ok(c)) = char::decode_utf16([high, unit]).next() {
                return add(c);
            }
            add(char::REPLACEMENT_CHARACTER);
        }
        match char::from_u32(u32::from(unit)) {
            Some(c) => add(c),
            // Its other half is to come.
            None if (0xd800..0xdc00).contains(&unit) => self.high = Some(unit),
            None => add(char::REPLACEMENT_CHARACTER),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(order: Order, bytes: &[u8]) -> (String, usize, bool) {
        let mut out = Vec::new();
        let (used, over) = WideBlock::new(order).push(bytes, (0x0b, 0x1c), &mut out);
        (String::from_utf8(out).unwrap(), used, over)
    }

    fn encoded(order: Order, text: &str) -> Vec<u8> {
        let to_bytes = |unit: u16| match order {
            Order::Little => unit.to_le_bytes(),
            Order::Big => unit.to_be_bytes(),
        };
        text.encode_utf16().flat_map(to_bytes).collect()
    }

    #[test]
    fn text_of_any_script_is_read_up_to_its_frame_byte() {
        // Characters that have a frame byte in them, one beyond the first plane, one of Malayalam.
        let text = "PID|1||下^东^不^ċ^\u{1f600}^ജ^\r";
        for order in [Order::Little, Order::Big] {
            let bytes = encoded(order, text);
            assert_eq!(read(order, &bytes), (text.to_owned(), bytes.len(), false));
            let framed = [&bytes[..], b"\x1c\r\x0bMSH"].concat();
            let expected = (format!("{text}\u{1c}\r"), bytes.len() + 2, true);
            assert_eq!(read(order, &framed), expected);
            let framed = encoded(order, &format!("{text}\u{1c}\r"));
            assert_eq!(read(order, &framed), (format!("{text}\u{1c}"), bytes.len() + 2, true));
        }
        let halves = [0x41, 0, 0, 0xd8, 0, 0xd8, 0x42, 0];
        assert_eq!(read(Order::Little, &halves).0, "A\u{fffd}\u{fffd}B");
    }

    #[test]
    fn the_first_bytes_say_the_width() {
        let wide = |order, skip| Width::Wide(order, skip);
        for (first, width) in [
            (&b"MSH"[..], Width::Narrow),
            (b"\xef\xbb\xbfMSH", Width::Narrow),
            (b"M\0S\0", wide(Order::Little, 0)),
            (b"\0M\0S", wide(Order::Big, 0)),
            (b"\xff\xfeM\0", wide(Order::Little, 2)),
            (b"\xfe\xff\0M", wide(Order::Big, 2)),
            (b"\0\xff\xfeM\0", wide(Order::Little, 3)),
            (b"\0\0", Width::Narrow),
            (b"\x06", Width::Narrow),
        ] {
            assert_eq!(tell(first), width, "{first:?}");
        }
        assert_eq!(narrowed(Order::Big, b"\0M\x4e\x0b\0H"), b"M?H");
    }
}
