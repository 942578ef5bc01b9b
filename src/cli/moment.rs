//! Points in time as people type them.

use super::exit::Failure;
use crate::base::Timestamp;

/// Which way a duration goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// `7d` is seven days ago.
    Back,
    /// `7d` is in seven days.
    Ahead,
}

/// A date (midnight in UTC), a time, or a duration from `now`: `2026-11-21`, `2026-11-21T08:00Z`,
/// `90m`, `12h`, `7d`, `4w`.
pub fn moment(
    option: &str,
    text: &str,
    (now, way): (Timestamp, Way),
) -> Result<Timestamp, Failure> {
    let at = Timestamp::parse(text).or_else(|| {
        let nanos = duration(text)?;
        let nanos = if way == Way::Back { nanos.checked_neg()? } else { nanos };
        Some(Timestamp::from_nanos(now.nanos().checked_add(nanos)?))
    });
    at.ok_or_else(|| {
        Failure::usage(format!(
            "use {option}: expected a date (2026-11-21), a time (2026-11-21T08:00Z) or a duration \
             (90m, 12h, 7d, 4w), not {text:?}"
        ))
    })
}

fn duration(text: &str) -> Option<i64> {
    let (number, seconds) = [('m', 60), ('h', 3600), ('d', 86_400), ('w', 604_800)]
        .into_iter()
        .find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)))?;
    let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    let number: i64 = digits.then(|| number.parse().ok()).flatten()?;
    number.checked_mul(seconds)?.checked_mul(1_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_go_back_or_ahead() {
        let now = Timestamp::from_seconds(1_700_000_000, 0);
        let at = |text: &str, way| moment("--since", text, (now, way)).unwrap();
        assert_eq!(at("2d", Way::Back), Timestamp::from_seconds(1_700_000_000 - 172_800, 0));
        assert_eq!(at("90m", Way::Ahead), Timestamp::from_seconds(1_700_005_400, 0));
        assert_eq!(at("2023-11-14", Way::Back), Timestamp::from_seconds(1_699_920_000, 0));
        for bad in ["", "d", "-1d", "1y", "+2d", "99999999999w", "yesterday"] {
            let told = moment("--since", bad, (now, Way::Back)).unwrap_err().message;
            assert!(told.contains("--since") && told.contains("7d"), "{told}");
        }
    }
}
