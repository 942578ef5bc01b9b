//! The arithmetic of judgement: log-odds in nats.
//!
//! A field starts at [`PRIOR`] for every class; what is known of it adds or subtracts the
//! logarithm of how much more likely it is if the field carries the class than if it does not.
//! `confidence = 100 / (1 + exp(-sum))`.

/// What a field is worth before anything is known of it: one in about 8,000 per class. With
/// dozens of classes, fields would otherwise be found by chance.
pub(super) const PRIOR: f64 = -9.0;

/// What a name whose last part has a word of the class adds.
pub(super) const NAME_LEAF: f64 = 8.0;
/// The same for a parent's name when the last part says nothing.
pub(super) const NAME_GENERIC: f64 = 7.0;
/// A word of the class further up.
pub(super) const NAME_PARENT: f64 = 2.5;
/// A word that only hints at the class.
pub(super) const NAME_WEAK: f64 = 4.0;
/// A word that speaks against it.
pub(super) const NAME_NEGATIVE: f64 = -4.0;
/// The name of a thing: of an article, a document, a device.
pub(super) const NAME_THING: f64 = -10.0;
/// A name that says little by itself, in an object that is a person's.
pub(super) const NAME_BESIDE: f64 = 8.0;
/// What the look of values adds where their place leaves open what they are.
pub(super) const LOOK: f64 = 1.0;
/// What a hint in a text is worth, however often it is found: below the line, and above it where a
/// field too many is better than one missed.
pub(super) const HINT: f64 = -2.0;
/// Weight of a format from which on a name that speaks against it, or a small share of the
/// column, changes little: a key in `description` is still a key.
pub(super) const STRONG: f64 = 10.5;
/// A column of which a check refuses more than so many times what fits is of something else: of
/// firms, some of which are called as persons are.
pub(super) const REFUSED_TIMES: u64 = 2;
pub(super) const MOSTLY_REFUSED: f64 = -4.0;
/// What whole values lose when the place or the name already say they are something else.
pub(super) const RIVAL: f64 = -6.0;

/// Chance from which a check says little of one value.
pub(super) const WEAK_CHANCE: f64 = 0.3;
/// More than one in so many values has to pass such a check where no name or place asks for it.
pub(super) const WEAK_SHARE: u64 = 5;

/// By how much one class has to explain the same values better than another to stand alone: less is
/// chance.
pub(super) const SAID_APART: f64 = 3.0;

/// What the values of one column can add at most by passing a check, and lose by failing it.
/// Bounded: a column can be right and something else entirely.
const CHECK_MOST: f64 = 14.0;
const CHECK_LEAST: f64 = -14.0;

/// Share of a real column that passes its check: the rest are typing errors and fillers.
const REAL_PASS_RATE: f64 = 0.97;

/// What `passed` of `tried` distinct values say, if chance passes a share of `chance`: the
/// logarithm of the likelihood ratio of two binomials.
pub(super) fn check_evidence(tried: u64, passed: u64, chance: f64) -> f64 {
    unbounded_check_evidence(tried, passed, chance).clamp(CHECK_LEAST, CHECK_MOST)
}

/// The same without a bound, to compare classes that would explain the same values.
pub(super) fn unbounded_check_evidence(tried: u64, passed: u64, chance: f64) -> f64 {
    let chance = chance.clamp(1e-6, 0.999_999);
    let failed = tried.saturating_sub(passed);
    float(passed) * (REAL_PASS_RATE / chance).ln()
        + float(failed) * ((1.0 - REAL_PASS_RATE) / (1.0 - chance)).ln()
}

/// What a check that no name or place asked for pays when it was one of `searched` that were tried
/// on the same values: the prior of a column being some such number is shared among them (the
/// correction of Bonferroni, in log-odds).
pub(super) fn search_cost(searched: u64) -> f64 {
    float(searched.max(1)).ln()
}

/// What the share of a column's values that fit takes away. A rule whose format alone says a lot
/// (`strong`) loses little: one key among a thousand notes is still a key.
pub(super) fn share_evidence(fitting: u64, seen: u64, strong: bool) -> f64 {
    let share = float(fitting.max(1)) / float(seen.max(1));
    share.min(1.0).ln().max(if strong { -1.5 } else { -8.0 })
}

/// What more distinct values of a telling format add to the first: little, since they may share
/// a cause.
pub(super) fn repeat_evidence(distinct: u64) -> f64 {
    (float(distinct.max(1)).ln() / 2.0).min(2.5)
}

/// Share of a real column whose values are of ranges that were given out: the rest are synthetic,
/// or newer than what is known.
const REAL_ISSUED_RATE: f64 = 0.95;
/// What ranges say at most, for and against: they shift a judgement, and make none.
const ISSUED_MOST: f64 = 1.0;
/// The same where name or place speak for the class: what was made for tests is called so, too.
const ISSUED_MOST_IN_CONTEXT: f64 = 0.25;

/// What it says that `issued` of `passed` distinct values are of ranges that were given out, which
/// hold a share of `share` of all: the logarithm of the likelihood ratio of two binomials, bounded.
pub(super) fn issued_evidence(passed: u64, issued: u64, share: f64, in_context: bool) -> f64 {
    let share = share.clamp(1e-6, 0.999_999);
    let others = passed.saturating_sub(issued);
    let says = float(issued) * (REAL_ISSUED_RATE / share).ln()
        + float(others) * ((1.0 - REAL_ISSUED_RATE) / (1.0 - share)).ln();
    let most = if in_context { ISSUED_MOST_IN_CONTEXT } else { ISSUED_MOST };
    says.clamp(-most, most)
}

/// Values of a column from which on their repeats say something.
const FEW_MIN: u64 = 20;
/// Repeats of each up to which they say nothing: people come again.
const FEW_TIMES: u64 = 5;

/// What is taken away where `count` values are only `distinct` different ones: names of kinds of
/// things repeat, those of people differ.
pub(super) fn few_evidence(count: u64, distinct: u64) -> f64 {
    if count < FEW_MIN || distinct == 0 || distinct.saturating_mul(FEW_TIMES) > count {
        return 0.0;
    }
    -2.0 * (float(count) / float(distinct)).ln()
}

/// Share of a column of persons whose given names are listed: of some languages nearly all, of
/// others one in five.
const GIVEN_RATE: f64 = 0.5;
/// What given names say at most, for and against: of rarer languages few are listed.
const GIVEN_MOST: f64 = 2.0;
const GIVEN_LEAST: f64 = -4.0;

/// What it says that `given` of `tried` distinct values have a given name, as of other capitalised
/// words a share of `chance` has: the logarithm of the likelihood ratio of two binomials, bounded.
pub(super) fn given_evidence(tried: u64, given: u64, chance: f64) -> f64 {
    let chance = chance.clamp(1e-6, 0.999_999);
    let others = tried.saturating_sub(given);
    let says = float(given) * (GIVEN_RATE / chance).ln()
        + float(others) * ((1.0 - GIVEN_RATE) / (1.0 - chance)).ln();
    says.clamp(GIVEN_LEAST, GIVEN_MOST)
}

/// The sum as a confidence, 0 to 99: nothing is certain.
pub(super) fn confidence(log_odds: f64) -> u8 {
    let percent = (100.0 / (1.0 + (-log_odds).exp())).round().clamp(0.0, 99.0);
    // Between 0 and 99.
    (0..=99u8).rev().find(|n| f64::from(*n) <= percent).unwrap_or(0)
}

/// The log-odds of a confidence.
pub(super) fn log_odds(confidence: u8) -> f64 {
    let share = f64::from(confidence.clamp(1, 99)) / 100.0;
    (share / (1.0 - share)).ln()
}

/// A length as a count.
pub(super) fn count(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

/// A count for arithmetic; beyond 2^53 the last digits are lost, which changes no judgement.
pub(super) fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_real_column_stands_out_and_a_chance_one_does_not() {
        assert!(PRIOR + check_evidence(24, 24, 0.0909) > 4.0);
        assert!(PRIOR + check_evidence(1, 1, 0.0909) < -5.0);
        assert!(PRIOR + check_evidence(3, 3, 0.0909) < 0.0);
        assert!(check_evidence(256, 23, 0.0909) < -10.0);
    }

    #[test]
    fn the_formula_is_documented_with_its_numbers() {
        let page = include_str!("../../docs/rules.md");
        let (_, formula) = page.split_once("### The formula").unwrap();
        let (formula, _) = formula.split_once("\n`needs_context").unwrap();
        let row = |what: &str, nats: f64| {
            let sign = if nats > 0.0 { "+" } else { "" };
            let line = formula.lines().find(|line| line.contains(what));
            let line = line.unwrap_or_else(|| panic!("no row says {what:?}"));
            assert!(line.contains(&format!("| {sign}{nats} |")), "{line}");
        };
        row("before anything is known", PRIOR);
        row("last part of the name", NAME_LEAF);
        row("in the part above", NAME_GENERIC);
        row("further up", NAME_PARENT);
        row("only hints at it", NAME_WEAK);
        row("in an object that is a person's", NAME_BESIDE);
        row("speaks against it (`negative`)", NAME_NEGATIVE);
        row("the name of a thing", NAME_THING);
        row("say is another class", RIVAL);
        for said in [
            format!("from {STRONG} on"),
            format!("{CHECK_LEAST} to +{CHECK_MOST}"),
            format!("ln({REAL_PASS_RATE} / c)"),
            format!("than {} % of random", WEAK_CHANCE * 100.0),
            format!("one value in {WEAK_SHARE} passes"),
            format!("of at least {FEW_MIN} values"),
            format!(
                "0 to {}, of strong formats to {}",
                share_evidence(1, u64::MAX, false),
                share_evidence(1, u64::MAX, true)
            ),
            format!("0 to +{}", repeat_evidence(u64::MAX)),
            format!("-{ISSUED_MOST} to +{ISSUED_MOST}"),
            format!("-{ISSUED_MOST_IN_CONTEXT} to +{ISSUED_MOST_IN_CONTEXT}"),
            format!("ln({REAL_ISSUED_RATE} / s)"),
            format!("{GIVEN_LEAST} to +{GIVEN_MOST}"),
            format!("ln({GIVEN_RATE} / c)"),
        ] {
            assert!(formula.contains(&said), "{said}");
        }
    }

    #[test]
    fn confidence_and_log_odds_are_inverse() {
        for percent in 1..=99 {
            assert_eq!(confidence(log_odds(percent)), percent);
        }
        assert_eq!(confidence(1e9), 99);
        assert_eq!(confidence(-1e9), 0);
    }

    #[test]
    fn few_values_that_come_again_and_again_are_kinds() {
        assert_eq!(few_evidence(500, 400), 0.0);
        assert_eq!(few_evidence(10, 1), 0.0);
        assert_eq!(few_evidence(500, 0), 0.0);
        assert!((few_evidence(500, 5) + 9.21).abs() < 0.01);
        assert!(few_evidence(50, 5) < -4.5);
    }

    #[test]
    fn ranges_shift_a_judgement_and_make_none() {
        let says = |passed, issued| issued_evidence(passed, issued, 0.3, false);
        assert!(says(1, 1) > 0.9);
        assert_eq!((says(100, 100), says(100, 0)), (ISSUED_MOST, -ISSUED_MOST));
        assert_eq!(says(0, 0), 0.0);
        assert!(says(10, 9) > 0.0, "one synthetic number among ten");
        assert!(says(10, 3) < 0.0, "what chance would give");
        assert_eq!(issued_evidence(100, 0, 0.3, true), -ISSUED_MOST_IN_CONTEXT);
    }

    #[test]
    fn given_names_tell_persons_from_firms() {
        let says = |tried, given| given_evidence(tried, given, 0.05);
        assert!(says(5, 0) < -3.0, "firms");
        assert!(says(20, 2) < -3.0, "firms of which two are called as persons are");
        assert!(says(20, 5) > 0.0, "persons of a language of which few names are listed");
        assert_eq!((says(100, 0), says(100, 90), says(0, 0)), (GIVEN_LEAST, GIVEN_MOST, 0.0));
    }

    #[test]
    fn a_share_costs_its_logarithm() {
        assert_eq!(share_evidence(10, 10, false), 0.0);
        assert!((share_evidence(1, 2, false) + 0.693).abs() < 0.001);
        assert_eq!(share_evidence(1, 1_000_000, true), -1.5);
    }
}
