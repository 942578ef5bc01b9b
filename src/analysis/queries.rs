//! Parameters of queries in HL7 v2 (QPD): what a value is stands beside it.
//!
//! `@PID.5.1.1^Roe` asks for what PID-5.1.1 has to hold (data type QIP, HL7 v2.8.2 section 2A.3.62;
//! IHE ITI TF-2, PDQ), so the value is judged as that field is. An identifier that is asked for
//! (data type CX; IHE PIX) has its authority beside it. Of some queries each parameter has its
//! place.

use crate::model::Value;

use super::inspect::Inspector;
use super::roles::{Asked, QueryPart};
use super::values::Looked;

/// What an identifier in a query is, unless its authority or type says more.
const IDENTIFIER: &[u8] = b"NK1.33.1";
/// Names of queries whose parameters have their places, see [`Asked`].
const PLACED: [&[u8]; 2] = [b"Z34", b"Z44"];
/// Longest name of a field that is looked at: `@PID.11.10.2`.
const NAME_BYTES_MAX: usize = 16;

impl Inspector<'_> {
    /// Notes a component of a parameter whose field is `up` frames up.
    pub(super) fn note_query(
        &mut self,
        (part, up): (QueryPart, u8),
        value: &Value<'_>,
        leaf: usize,
        looked: &Looked,
    ) {
        if let QueryPart::Name(asked) | QueryPart::Value(asked) | QueryPart::Other(asked) = part
            && self.note_placed((asked, up), leaf)
        {
            return;
        }
        match part {
            QueryPart::Kind => {
                let placed = PLACED.contains(&value.bytes);
                if let Some(notes) = self.frames.notes(up + 1) {
                    notes.placed = placed;
                }
            }
            QueryPart::Other(_) => {}
            QueryPart::Name(_) => {
                // Some write it in lower case.
                let name = value.bytes.get(..NAME_BYTES_MAX).unwrap_or(value.bytes);
                let named = self.shared.detector.queried(&name.to_ascii_uppercase());
                let token = named.map_or(0, |field| self.shared.columns.token(field));
                let Some(notes) = self.frames.notes(up) else { return };
                notes.named = token;
                notes.value = Some(leaf).filter(|_| token == 0);
            }
            QueryPart::Value(_) => {
                let token = self.frames.notes(up).map_or(0, |notes| notes.named);
                if token != 0 {
                    let columns = &mut *self.shared.columns;
                    self.leaves.amend_one(leaf, |column| columns.with_issuer(column, token));
                }
            }
            QueryPart::Authority => {
                let issuer = self.issuer(value, looked);
                let named = self.shared.detector.queried(IDENTIFIER);
                let named = named.map_or(0, |field| self.shared.columns.token(field));
                let Some(notes) = self.frames.notes(up) else { return };
                if notes.value.is_some() {
                    notes.named = named;
                }
                if issuer != 0 {
                    notes.issuer = issuer;
                }
            }
        }
    }

    /// Judges a parameter by its place, where the query is one of those.
    fn note_placed(&mut self, (asked, up): (Asked, u8), leaf: usize) -> bool {
        let Asked(field, component) = asked;
        // What the segment said of itself is one frame above its field.
        if field == 0 || !self.frames.notes(up + 1).is_some_and(|notes| notes.placed) {
            return false;
        }
        let name = match component {
            0 => format!("PID.{field}"),
            _ => format!("PID.{field}.{component}"),
        };
        if let Some(known) = self.shared.detector.queried(name.as_bytes()) {
            let columns = &mut *self.shared.columns;
            let token = columns.token(known);
            self.leaves.amend_one(leaf, |column| columns.with_issuer(column, token));
        }
        true
    }
}
