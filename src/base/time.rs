//! Points in time, as packets carry them.

use std::fmt;
use std::time::Duration;

/// Nanoseconds since 1970-01-01T00:00:00Z, signed, so that a capture with a broken clock still has
/// a place on the line. Reaches from 1677 to 2262.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The earliest representable time.
    pub const MIN: Timestamp = Timestamp(i64::MIN);
    /// The latest representable time.
    pub const MAX: Timestamp = Timestamp(i64::MAX);

    /// From nanoseconds since the epoch.
    pub const fn from_nanos(nanos: i64) -> Self {
        Timestamp(nanos)
    }

    /// From seconds and a fraction in nanoseconds; saturates at the ends of the line.
    pub fn from_seconds(seconds: i64, nanos: u32) -> Self {
        Timestamp(seconds.saturating_mul(1_000_000_000).saturating_add(i64::from(nanos)))
    }

    /// From microseconds since the epoch; saturates.
    pub fn from_micros(micros: i64) -> Self {
        Timestamp(micros.saturating_mul(1000))
    }

    /// Nanoseconds since the epoch.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Microseconds since the epoch, rounded down: the resolution that is stored.
    pub fn micros(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// From RFC 3339 (`2026-11-21T23:09:41Z`, with a fraction or an offset), or from a date or a
    /// date and time without an offset, which are in UTC.
    pub fn parse(text: &str) -> Option<Self> {
        let at = text.parse::<jiff::Timestamp>().ok().or_else(|| {
            let civil = text.parse::<jiff::civil::DateTime>().ok()?;
            Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
        })?;
        Some(Timestamp(i64::try_from(at.as_nanosecond()).ok()?))
    }

    /// The time so long before it.
    pub fn before(self, by: Duration) -> Timestamp {
        Timestamp(self.0.saturating_sub(i64::try_from(by.as_nanos()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` this is; zero when it is not after.
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_nanos(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// First and last time something was seen, by packet time: the least and the greatest add up in any
/// order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First.
    pub first: Timestamp,
    /// Last.
    pub last: Timestamp,
}

impl Span {
    /// Never: the neutral element of [`Span::merge`].
    pub const NEVER: Span = Span { first: Timestamp::MAX, last: Timestamp::MIN };

    /// Both at once.
    pub fn at(at: Timestamp) -> Span {
        Span { first: at, last: at }
    }

    /// The span that holds both.
    pub fn merge(&mut self, other: Span) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }

    /// Whether nothing was seen.
    pub fn is_never(self) -> bool {
        self.first > self.last
    }

    /// What of it lies within `whole`; all of `whole` where nothing does.
    pub fn within(self, whole: Span) -> Span {
        let inside = Span { first: self.first.max(whole.first), last: self.last.min(whole.last) };
        if inside.is_never() { whole } else { inside }
    }
}

impl Default for Span {
    fn default() -> Self {
        Span::NEVER
    }
}

/// RFC 3339 in UTC with microseconds: `2026-11-21T23:09:41.000000Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.micros();
        match jiff::Timestamp::from_microsecond(micros) {
            Ok(at) => write!(f, "{at:.6}"),
            Err(_) => write!(f, "{micros}us"),
        }
    }
}

/// Whole seconds since the epoch as RFC 3339 in UTC: `2026-11-21T23:09:41Z`. Certificates say times
/// that a [`Timestamp`] does not reach.
pub fn rfc3339(seconds: i64) -> String {
    const EPOCH: jiff::civil::DateTime = jiff::civil::DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
    match EPOCH.checked_add(jiff::SignedDuration::from_secs(seconds)) {
        Ok(at) => format!("{at}Z"),
        Err(_) => format!("{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_print_as_rfc_3339_with_microseconds() {
        let at = Timestamp::from_seconds(1_700_000_000, 123_456_789);
        assert_eq!(at.to_string(), "2023-11-14T22:13:20.123456Z");
        assert_eq!(Timestamp::default().to_string(), "1970-01-01T00:00:00.000000Z");
    }

    #[test]
    fn seconds_reach_as_far_as_certificates() {
        assert_eq!(rfc3339(253_402_300_799), "9999-12-31T23:59:59Z");
        assert_eq!(rfc3339(-631_152_000), "1950-01-01T00:00:00Z");
        assert_eq!(rfc3339(i64::MAX), "9223372036854775807s");
    }

    #[test]
    fn what_is_printed_is_read_back_and_a_date_is_its_midnight_in_utc() {
        let at = Timestamp::from_seconds(1_700_000_000, 123_456_000);
        assert_eq!(Timestamp::parse(&at.to_string()), Some(at));
        let midnight = Timestamp::from_seconds(1_699_920_000, 0);
        let same = ["2023-11-14", "2023-11-14T00:00", "2023-11-14 00:00:00", "2023-11-14T01:00+01"];
        for text in same {
            assert_eq!(Timestamp::parse(text), Some(midnight), "{text}");
        }
        for text in ["", "now", "2023-13-01", "14.11.2023", "1700000000"] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn spans_widen_in_any_order_and_stay_within_what_holds_them() {
        let at = |n| Span::at(Timestamp::from_nanos(n));
        let of = |all: &[i64]| {
            all.iter().fold(Span::NEVER, |mut sum, n| {
                sum.merge(at(*n));
                sum
            })
        };
        assert_eq!(of(&[5, 2, 9]), of(&[9, 5, 2]));
        assert_eq!((of(&[5, 2]).is_never(), Span::NEVER.is_never()), (false, true));
        assert_eq!(of(&[1, 9]).within(of(&[3, 7])), of(&[3, 7]));
        assert_eq!(of(&[4, 9]).within(of(&[3, 7])), of(&[4, 7]));
        assert_eq!(Span::NEVER.within(of(&[3, 7])), of(&[3, 7]));
    }

    #[test]
    fn since_is_never_negative() {
        let (a, b) = (Timestamp::from_nanos(5), Timestamp::from_nanos(9));
        assert_eq!(b.since(a), Duration::from_nanos(4));
        assert_eq!(a.since(b), Duration::ZERO);
    }
}
