//! A stretch of a packet that may have been cut by the capture.

/// The captured bytes of a layer, and how long that layer was on the wire.
///
/// ```text
/// |<------- wire_len ------->|
/// |<-- bytes -->|~~~ cut ~~~~|
/// ```
///
/// `bytes.len() <= wire_len`, always.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    bytes: &'a [u8],
    wire_len: usize,
}

impl<'a> View<'a> {
    /// A whole frame. A wire length below the captured length is a recorder's mistake: the
    /// captured length then counts.
    pub(super) fn new(bytes: &'a [u8], wire_len: u32) -> Self {
        View { bytes, wire_len: bytes.len().max(wire_len as usize) }
    }

    /// What was put together from fragments: `wire_len` bytes of which only `bytes` were captured.
    pub(super) fn of_datagram(bytes: &'a [u8], wire_len: usize) -> Self {
        View { bytes, wire_len: bytes.len().max(wire_len) }
    }

    pub(super) fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    pub(super) fn wire_len(self) -> usize {
        self.wire_len
    }

    /// What follows the first `n` bytes; nothing of it may have been captured. `None` where the
    /// layer was shorter than `n` on the wire.
    pub(super) fn after(self, n: usize) -> Option<Self> {
        let wire_len = self.wire_len.checked_sub(n)?;
        Some(View { bytes: self.bytes.get(n..).unwrap_or_default(), wire_len })
    }

    /// The same with the length its own header gives: padding behind it goes, and what the
    /// header promises beyond the frame counts as cut.
    pub(super) fn of_len(self, wire_len: usize) -> Self {
        View { bytes: self.bytes.get(..wire_len).unwrap_or(self.bytes), wire_len }
    }

    /// The two bytes at `at`, most significant first; `None` where they were not captured.
    #[inline]
    pub(super) fn be_u16(self, at: usize) -> Option<u16> {
        let bytes = self.bytes.get(at..)?.first_chunk::<2>()?;
        Some(u16::from_be_bytes(*bytes))
    }

    /// The four bytes at `at`, most significant first; `None` where they were not captured.
    pub(super) fn be_u32(self, at: usize) -> Option<u32> {
        let bytes = self.bytes.get(at..)?.first_chunk::<4>()?;
        Some(u32::from_be_bytes(*bytes))
    }

    /// The byte at `at`; `None` where it was not captured.
    pub(super) fn u8(self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }
}
