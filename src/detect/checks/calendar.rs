//! Dates inside numbers.

/// Whether the Gregorian calendar has that day.
pub(super) fn is_date(year: u32, month: u32, day: u32) -> bool {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day)
}

/// The same where the century is not told: in 1900 or 2000.
pub(super) fn is_date_of_any_century(year: u32, month: u32, day: u32) -> bool {
    is_date(1900 + year, month, day) || is_date(2000 + year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leap_days_are_those_of_the_gregorian_calendar() {
        assert!(is_date(2000, 2, 29) && is_date(2024, 2, 29));
        assert!(!is_date(1900, 2, 29) && !is_date(2023, 2, 29));
        assert!(!is_date(2023, 13, 1) && !is_date(2023, 4, 31) && !is_date(2023, 4, 0));
        assert!(is_date_of_any_century(0, 2, 29) && !is_date_of_any_century(1, 2, 29));
    }
}
