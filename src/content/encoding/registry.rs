//! Every encoding, one line each.

use super::{base64, brotli, deflate, gzip, hex, percent, quoted_printable, references, zstd};

/// Undoes one encoding, resumable at any byte of input and output.
pub trait Decode {
    /// Reads from `input` and writes to `output`, as much of each as it can. When neither moves
    /// and the status is [`Status::More`], it needs more input.
    fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Progress;

    /// Decodes what it still holds when no more input comes; called until nothing is written.
    fn finish(&mut self, _output: &mut [u8]) -> Progress {
        Progress { read: 0, written: 0, status: Status::More }
    }

    /// Whether the stream may end here: nothing is missing of what began.
    fn is_complete(&self) -> bool;

    /// Whether the bytes were not encoded at all and pass as they are.
    fn is_mismatched(&self) -> bool {
        false
    }

    /// About how much memory it takes at the moment, window and tables included.
    fn held_bytes(&self) -> usize;

    /// Makes it ready for another body; `false` when it is not worth keeping.
    fn reset(&mut self) -> bool;
}

/// What one call to a decoder did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes taken from the input.
    pub read: usize,
    /// Bytes put into the output.
    pub written: usize,
    /// How it goes on.
    pub status: Status,
}

/// How a decoder goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// There may be more.
    More,
    /// The stream is over; what follows does not belong to it.
    End,
    /// The stream contradicts itself; what was written so far stands.
    Damaged,
}

/// A named encoding.
pub struct Coding {
    /// Its names, the usual one first.
    pub names: &'static [&'static str],
    /// Makes a decoder.
    pub make: fn() -> Option<Box<dyn Decode + Send>>,
}

impl Coding {
    /// Whether `name` is one of its names, in any case.
    pub fn is_named(&self, name: &[u8]) -> bool {
        self.names.iter().any(|n| n.as_bytes().eq_ignore_ascii_case(name))
    }
}

impl std::fmt::Debug for Coding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.names.first().unwrap_or(&""))
    }
}

/// Content codings.
pub static CODINGS: [Coding; 4] = [
    Coding { names: &["gzip", "x-gzip"], make: gzip::make },
    Coding { names: &["deflate"], make: deflate::make },
    Coding { names: &["br"], make: brotli::make },
    Coding { names: &["zstd"], make: zstd::make },
];

/// Transfer encodings of parts.
pub static TRANSFER_CODINGS: [Coding; 2] = [
    Coding { names: &["base64"], make: base64::make },
    Coding { names: &["quoted-printable"], make: quoted_printable::make },
];

/// Encodings of values only, which no message names.
pub static VALUE_CODINGS: [Coding; 3] = [
    Coding { names: &["hex"], make: hex::make },
    Coding { names: &["percent"], make: percent::make },
    Coding { names: &["references"], make: references::make },
];

/// The usual one of values that hold something else.
pub(crate) fn base64_coding() -> &'static Coding {
    let [base64, _] = &TRANSFER_CODINGS;
    base64
}

/// Of bytes that are written as digits.
pub(crate) fn hex_coding() -> &'static Coding {
    let [hex, ..] = &VALUE_CODINGS;
    hex
}

/// Of what stands in a URL or a form.
pub(crate) fn percent_coding() -> &'static Coding {
    let [_, percent, _] = &VALUE_CODINGS;
    percent
}

/// Of what stands in markup.
pub(crate) fn references_coding() -> &'static Coding {
    let [.., references] = &VALUE_CODINGS;
    references
}

/// The content coding called `name`.
pub(crate) fn coding_named(name: &[u8]) -> Option<&'static Coding> {
    CODINGS.iter().find(|c| c.is_named(name))
}
