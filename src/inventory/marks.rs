//! What people say of fields: this is of a class, or it is not. A mark outlives the runs it was
//! made over: it is applied to every field that it covers whenever the inventory is made.

use std::cmp::Reverse;
use std::sync::Arc;

use super::judge::{Judgement, Verdict};
use crate::base::{Span, Timestamp};
use crate::model::{Direction, Location};

/// The confidence of a class that someone gave: surer than any rule is.
pub const CONFIDENCE_MARKED: u8 = 100;

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MarkVerdict {
    /// The field carries the class.
    Is,
    /// It does not.
    IsNot,
}

impl MarkVerdict {
    /// As users write it: `is`, `is-not`.
    pub fn name(self) -> &'static str {
        match self {
            MarkVerdict::Is => "is",
            MarkVerdict::IsNot => "is-not",
        }
    }

    /// The verdict that [`MarkVerdict::name`] calls so.
    pub fn named(name: &str) -> Option<MarkVerdict> {
        [MarkVerdict::Is, MarkVerdict::IsNot].into_iter().find(|v| v.name() == name)
    }
}

/// Which fields are meant. What is absent may be anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct MarkedPlace {
    /// The field's path as it is shown.
    pub field: String,
    /// The service's whole name.
    pub service: Option<String>,
    /// The operation as it is shown (`GET /patients/{id}`), or as it was before its path became a
    /// template.
    pub operation: Option<String>,
    /// Of the message.
    pub direction: Option<Direction>,
    /// Of the field in the message.
    pub location: Option<Location>,
}

impl MarkedPlace {
    /// Whether fields of this operation can be meant.
    pub fn covers_operation(&self, service: &str, operation: &str) -> bool {
        self.service.as_deref().is_none_or(|own| own == service)
            && self.operation.as_deref().is_none_or(|own| covers(operation, own, '/'))
    }

    /// Whether this field of such an operation is meant.
    pub fn covers_field(&self, direction: Direction, location: Location, field: &str) -> bool {
        self.direction.is_none_or(|own| own == direction)
            && self.location.is_none_or(|own| own == location)
            && covers(field, &self.field, '.')
    }

    /// How closely it is named.
    fn closeness(&self) -> usize {
        let said = [self.service.is_some(), self.operation.is_some(), self.direction.is_some()];
        said.into_iter().chain([self.location.is_some()]).filter(|said| *said).count()
    }
}

/// Whether `shown` is `named`, or a template of it: `/a/{id}` of `/a/b`, `$.a.*.c` of `$.a.b.c`.
fn covers(shown: &str, named: &str, separator: char) -> bool {
    if shown == named {
        return true;
    }
    let (mut shown, mut named) = (shown.split(separator), named.split(separator));
    loop {
        match (shown.next(), named.next()) {
            (None, None) => return true,
            (Some(own), Some(theirs)) if own == theirs || is_template(own) => {}
            _ => return false,
        }
    }
}

fn is_template(part: &str) -> bool {
    part == "*" || (part.starts_with('{') && part.ends_with('}'))
}

/// A mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Which fields.
    pub place: MarkedPlace,
    /// Of which class.
    pub class: Arc<str>,
    /// Whether they carry it.
    pub verdict: MarkVerdict,
    /// Why.
    pub reason: String,
    /// Who says so.
    pub author: String,
    /// Wall time, in whole microseconds.
    pub set_at: Timestamp,
}

impl Mark {
    /// Who said so and why, for an explanation.
    fn said(&self) -> String {
        format!("{} said so on {}: {}", self.author, self.day(), self.reason)
    }

    fn day(&self) -> String {
        self.set_at.to_string().chars().take_while(|c| *c != 'T').collect()
    }

    /// Changes what the rules said of a field with `filled` values, seen in `span`.
    fn apply(&self, (filled, span): (u64, Span), judgement: &mut Judgement) {
        let class = &self.class;
        let verdicts = &mut judgement.verdicts;
        let known = verdicts.iter().position(|verdict| verdict.class == *class);
        match (self.verdict, known) {
            (MarkVerdict::Is, _) if filled == 0 => {}
            (MarkVerdict::Is, known) => {
                let confidence = CONFIDENCE_MARKED;
                let all = Verdict {
                    class: Arc::clone(class),
                    confidence,
                    count: filled,
                    span,
                    in_text: false,
                };
                let verdict = known.map_or(all, |at| verdicts.remove(at));
                let verdict = Verdict { confidence, ..verdict };
                let at = verdicts.partition_point(|other| other.class < *class);
                verdicts.insert(at, verdict);
                judgement.reasons.push(format!("{class}: marked as it: {}", self.said()));
            }
            (MarkVerdict::IsNot, Some(at)) => {
                let confidence = verdicts.remove(at).confidence;
                judgement.reasons.push(format!(
                    "withheld {class}, which the rules gave {confidence}: marked as not it: {}",
                    self.said()
                ));
            }
            (MarkVerdict::IsNot, None) => {
                let said = self.said();
                judgement.reasons.push(format!("withheld {class}: marked as not it: {said}"));
            }
        }
    }
}

/// Every mark in force, those first that are named closest, then the latest: of marks that speak of
/// the same class of a field the first counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks(Vec<Mark>);

impl Marks {
    /// In whatever order.
    pub fn new(mut marks: Vec<Mark>) -> Marks {
        marks.sort_by(|a, b| {
            let key = |mark: &Mark| (Reverse(mark.place.closeness()), Reverse(mark.set_at));
            (key(a), &a.place, &a.class).cmp(&(key(b), &b.place, &b.class))
        });
        Marks(marks)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Mark> {
        self.0.iter()
    }

    /// Those that may concern fields of an operation.
    pub(super) fn of_operation(&self, service: &str, operation: &str) -> OperationMarks<'_> {
        let covered = self.0.iter().filter(|m| m.place.covers_operation(service, operation));
        OperationMarks(covered.collect())
    }
}

/// The marks that may concern fields of one operation.
pub(super) struct OperationMarks<'a>(Vec<&'a Mark>);

impl OperationMarks<'_> {
    /// Changes what the rules said of a field with `filled` values, seen in `span`.
    pub(super) fn apply(
        &self,
        (direction, location, field): (Direction, Location, &str),
        (filled, span): (u64, Span),
        judgement: &mut Judgement,
    ) {
        let mut done: Vec<&str> = Vec::new();
        for mark in &self.0 {
            if mark.place.covers_field(direction, location, field) && !done.contains(&&*mark.class)
            {
                done.push(&mark.class);
                mark.apply((filled, span), judgement);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(verdict: MarkVerdict, operation: Option<&str>, at: i64) -> Mark {
        Mark {
            place: MarkedPlace {
                field: "$.a".into(),
                operation: operation.map(str::to_owned),
                ..MarkedPlace::default()
            },
            class: "us.ssn".into(),
            verdict,
            reason: "seen".into(),
            author: "ada".into(),
            set_at: Timestamp::from_seconds(at, 0),
        }
    }

    fn judged(marks: Vec<Mark>, filled: u64, confidence: Option<u8>) -> Judgement {
        let verdict = |confidence| Verdict {
            class: "us.ssn".into(),
            confidence,
            count: 3,
            span: Span::NEVER,
            in_text: false,
        };
        let mut judgement = Judgement {
            verdicts: confidence.map(verdict).into_iter().collect(),
            reasons: Vec::new(),
        };
        let marks = Marks::new(marks);
        let place = (Direction::ToClient, Location::Body, "$.a");
        marks.of_operation("s", "GET /a/{id}").apply(place, (filled, Span::NEVER), &mut judgement);
        judgement
    }

    #[test]
    fn a_template_stands_for_what_was_named_before_it_and_for_nothing_longer() {
        assert!(covers("GET /a/{id}/c", "GET /a/b/c", '/'));
        assert!(covers("$.a.*.c", "$.a.b.c", '.'));
        assert!(!covers("GET /a/b", "GET /a/{id}", '/'));
        assert!(!covers("GET /a/{id}", "GET /a/b/c", '/'));
        assert!(!covers("$.a", "$.b", '.'));
    }

    #[test]
    fn a_class_is_given_and_withdrawn_and_the_reason_is_told() {
        let given = judged(vec![mark(MarkVerdict::Is, None, 0)], 7, None);
        assert_eq!((given.verdicts[0].confidence, given.verdicts[0].count), (100, 7));
        assert_eq!(given.reasons, ["us.ssn: marked as it: ada said so on 1970-01-01: seen"]);
        let surer = judged(vec![mark(MarkVerdict::Is, None, 0)], 7, Some(60));
        assert_eq!((surer.verdicts[0].confidence, surer.verdicts[0].count), (100, 3));
        let gone = judged(vec![mark(MarkVerdict::IsNot, None, 0)], 7, Some(60));
        assert!(gone.verdicts.is_empty() && gone.reasons[0].contains("the rules gave 60"));
        assert!(judged(vec![mark(MarkVerdict::Is, None, 0)], 0, None).verdicts.is_empty());
    }

    #[test]
    fn the_mark_that_is_named_closest_counts_and_then_the_latest() {
        let close = mark(MarkVerdict::IsNot, Some("GET /a/{id}"), 1);
        let wide = mark(MarkVerdict::Is, None, 2);
        assert!(judged(vec![wide.clone(), close.clone()], 1, Some(60)).verdicts.is_empty());
        assert!(judged(vec![close, wide], 1, Some(60)).verdicts.is_empty());
        let old = mark(MarkVerdict::Is, None, 1);
        let new = mark(MarkVerdict::IsNot, None, 2);
        assert!(judged(vec![old, new], 1, Some(60)).verdicts.is_empty());
        let other = mark(MarkVerdict::IsNot, Some("GET /b"), 3);
        assert_eq!(judged(vec![other], 1, Some(60)).verdicts.len(), 1);
    }
}
