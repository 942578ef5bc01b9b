//! Rows in the making: what is known of a field, and of a class in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::Span;
use crate::inventory::judge::{Judgement, Verdict, nothing_found};
use crate::model::evidence::Exemplar;
use crate::model::{Evidence, Form};

/// A class in the making: how surely, how often and when.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ClassRow {
    pub(super) confidence: u8,
    pub(super) count: u64,
    pub(super) span: Span,
}

impl ClassRow {
    /// Confidences do not add up, counts do.
    pub(super) fn join(&mut self, other: ClassRow) {
        self.confidence = self.confidence.max(other.confidence);
        self.count += other.count;
        self.span.merge(other.span);
    }
}

/// A row in the making: fields of one place and path, whatever structure says of them.
#[derive(Default)]
pub(super) struct FieldRow {
    pub(super) kinds: u8,
    pub(super) seen: u64,
    pub(super) exchanges: u64,
    pub(super) span: Span,
    pub(super) classes: BTreeMap<Arc<str>, ClassRow>,
    pub(super) explanation: Vec<String>,
    pub(super) forms: BTreeMap<Form, u64>,
    pub(super) exemplar: Option<Exemplar>,
}

impl FieldRow {
    /// One field, judged.
    pub(super) fn of(evidence: Evidence, judgement: Judgement) -> FieldRow {
        let mut row = FieldRow {
            kinds: evidence.kinds,
            seen: evidence.seen,
            exchanges: evidence.exchanges,
            span: evidence.span,
            classes: BTreeMap::new(),
            explanation: judgement.reasons,
            forms: evidence.forms.into_iter().collect(),
            exemplar: evidence.exemplar,
        };
        for Verdict { class, confidence, count, span, .. } in judgement.verdicts {
            let seen = ClassRow { confidence: confidence.min(100), count, span };
            row.classes.entry(class).or_default().join(seen);
        }
        row
    }

    /// Adds a field judged apart.
    pub(super) fn join(&mut self, other: FieldRow) {
        self.kinds |= other.kinds;
        self.seen += other.seen;
        self.exchanges += other.exchanges;
        self.span.merge(other.span);
        for (class, seen) in other.classes {
            self.classes.entry(class).or_default().join(seen);
        }
        for (form, n) in other.forms {
            *self.forms.entry(form).or_default() += n;
        }
        for reason in other.explanation {
            if !self.explanation.contains(&reason) {
                self.explanation.push(reason);
            }
        }
        if let Some(theirs) = other.exemplar
            && self.exemplar.as_ref().is_none_or(|mine| theirs < *mine)
        {
            self.exemplar = Some(theirs);
        }
    }

    /// Why each class was given or withheld: never nothing.
    pub(super) fn explained(&mut self) -> Vec<String> {
        if self.explanation.is_empty() {
            let forms: Vec<(Form, u64)> = self.forms.iter().map(|(f, n)| (*f, *n)).collect();
            self.explanation.push(nothing_found(&forms));
        }
        std::mem::take(&mut self.explanation)
    }
}
