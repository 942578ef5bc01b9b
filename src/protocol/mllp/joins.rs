//! How a message finds its other half (HL7 v2.8.2 sections 2.14.8.10 MSH-10, 2.14.9.2 MSA-2).

use std::hash::BuildHasher;

use crate::model::{AckCode, Correlation, Hl7Header};

use super::kinds::{answers, asks};
use super::out::Out;

/// Characters of MSH-10 and MSA-2 up to HL7 v2.6; receivers cut longer ones to them.
const CONTROL_ID_CHARS: usize = 20;

/// How a message finds its other half: one that acknowledges another answers it, whichever way it
/// goes, and so does one of a type that answers.
pub(super) fn correlation(header: &Hl7Header<'_>, out: &Out<'_>) -> Correlation {
    let own = token(header.control_id, out);
    match header.acknowledges {
        Some((code, answered)) => {
            let last = AckCode::read(code) != AckCode::CommitAccept;
            let named = !answered.trim_ascii().is_empty();
            let to = if named { token(answered, out) } else { 0 };
            Correlation::Answer { to, own, last }
        }
        None if answers(header.kind) => Correlation::Answer { to: own, own, last: true },
        None if asks(header.kind) => Correlation::Asks(own),
        None => Correlation::Token(own),
    }
}

/// The hash of a control id, the lower half of it of what receivers leave of one: its first
/// component and [`CONTROL_ID_CHARS`], without zeros before it.
pub(super) fn token(control_id: &[u8], out: &Out<'_>) -> u64 {
    let text = control_id.trim_ascii();
    let first = text.split(|b| *b == b'^').next().unwrap_or_default();
    let short = first.get(..CONTROL_ID_CHARS).unwrap_or(first).trim_ascii_end();
    let left = short.iter().position(|b| *b != b'0').and_then(|at| short.get(at..));
    let [exact, near] = [text, left.unwrap_or_default()].map(|text| out.state.hash_one(text));
    Correlation::named(exact, near)
}
