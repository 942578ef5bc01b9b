//! Options behind the fixed part of a block.

use crate::base::Cursor;
use crate::capture::file::record::ByteOrder;

const END: u16 = 0;

/// Hands out code and value of each option; what is damaged ends the list.
pub(super) fn for_options(order: ByteOrder, options: &[u8], mut each: impl FnMut(u16, &[u8])) {
    let mut cursor = Cursor::new(options);
    while let (Some(code), Some(len)) = (cursor.array(), cursor.array()) {
        let (code, len) = (order.u16(code), usize::from(order.u16(len)));
        let Some(value) = cursor.take(len).filter(|_| code != END) else { break };
        let _padding = cursor.take(len.next_multiple_of(4) - len);
        each(code, value);
    }
}
