//! Numbers as options take them.

use std::ops::RangeInclusive;

/// A whole number within `range`.
pub(super) fn number<T: TryFrom<u32>>(
    range: RangeInclusive<u32>,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync {
    move |text| {
        let number = text.parse().ok().filter(|number| range.contains(number));
        number
            .and_then(|number| T::try_from(number).ok())
            .ok_or_else(|| format!("expected a number of {} to {}", range.start(), range.end()))
    }
}
