//! Times of an interface: a count of units since an offset.

use crate::base::Timestamp;
use crate::capture::file::record::ByteOrder;

use super::options::for_options;

/// How the counts of one interface become times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clock {
    unit: Unit,
    /// Seconds to add (`if_tsoffset`).
    offset_seconds: i64,
}

/// One unit of the count, as an operation that makes nanoseconds of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// So many nanoseconds.
    Nanoseconds(u64),
    /// One nanosecond has so many.
    PerNanosecond(u64),
    /// A second divided by two to the power of this.
    SecondOverPowerOfTwo(u8),
    /// Too small for any 64-bit count to reach a nanosecond.
    Nothing,
}

const OPTION_RESOLUTION: u16 = 9;
const OPTION_OFFSET: u16 = 14;

impl Clock {
    /// From the options of an interface description block; options that are damaged end the
    /// list, and what is not said is microseconds since 1970.
    pub(super) fn from_options(order: ByteOrder, options: &[u8]) -> Self {
        let mut clock = Clock { unit: Unit::Nanoseconds(1000), offset_seconds: 0 };
        for_options(order, options, |code, value| match (code, value) {
            (OPTION_RESOLUTION, [resolution]) => clock.unit = Unit::new(*resolution),
            (OPTION_OFFSET, value) => {
                if let Ok(value) = <[u8; 8]>::try_from(value) {
                    clock.offset_seconds = order.u64(value).cast_signed();
                }
            }
            _ => {}
        });
        clock
    }

    /// The time of a count.
    #[inline]
    pub(super) fn time(self, ticks: u64) -> Timestamp {
        let nanos = match self.unit {
            Unit::Nanoseconds(factor) => i64::try_from(ticks.saturating_mul(factor)),
            Unit::PerNanosecond(divisor) => i64::try_from(ticks / divisor),
            Unit::SecondOverPowerOfTwo(power) => {
                i64::try_from((u128::from(ticks) * 1_000_000_000) >> power)
            }
            Unit::Nothing => Ok(0),
        };
        let offset = self.offset_seconds.saturating_mul(1_000_000_000);
        Timestamp::from_nanos(nanos.unwrap_or(i64::MAX).saturating_add(offset))
    }
}

impl Unit {
    /// From the byte of `if_tsresol`: the first bit chooses between powers of two and of ten.
    fn new(resolution: u8) -> Self {
        let exponent = resolution & 0x7f;
        if resolution & 0x80 != 0 {
            return Unit::SecondOverPowerOfTwo(exponent);
        }
        match exponent {
            0..=9 => Unit::Nanoseconds(10u64.pow(u32::from(9 - exponent))),
            10..=28 => Unit::PerNanosecond(10u64.pow(u32::from(exponent - 9))),
            _ => Unit::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(resolution: u8, offset_seconds: i64) -> Clock {
        Clock { unit: Unit::new(resolution), offset_seconds }
    }

    #[test]
    fn powers_of_ten_and_two_become_nanoseconds() {
        assert_eq!(clock(6, 0).time(1_500_000).nanos(), 1_500_000_000);
        assert_eq!(clock(9, 0).time(7).nanos(), 7);
        assert_eq!(clock(0, 0).time(3).nanos(), 3_000_000_000);
        assert_eq!(clock(12, 0).time(5_999).nanos(), 5);
        assert_eq!(clock(0x80 | 10, 0).time(1536).nanos(), 1_500_000_000);
        assert_eq!(clock(0x80 | 32, 0).time(1 << 31).nanos(), 500_000_000);
    }

    #[test]
    fn an_offset_in_seconds_is_added() {
        assert_eq!(clock(6, 100).time(1).nanos(), 100_000_001_000);
        assert_eq!(clock(6, -1).time(0).nanos(), -1_000_000_000);
    }

    #[test]
    fn counts_out_of_reach_stay_on_the_line() {
        assert_eq!(clock(0, i64::MAX).time(u64::MAX), Timestamp::MAX);
        assert_eq!(clock(0, i64::MIN).time(0), Timestamp::MIN);
        for resolution in 0..=255 {
            let _ = clock(resolution, 0).time(u64::MAX);
        }
    }
}
