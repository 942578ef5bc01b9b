//! The seam between whoever has packets and whoever wants them.

use std::fmt;
use std::time::Duration;

use crate::base::Timestamp;
use crate::capture::{FileError, LiveError};
use crate::model::Packet;

/// Hands out packets one at a time, lending its own buffer.
pub trait PacketSource: Send {
    /// The next packet, or why there is none now. After [`Next::End`] every further call gives
    /// `End` again.
    ///
    /// Damage inside a file is no error: what precedes it was delivered, the source ends, and
    /// [`PacketSource::incomplete`] tells where.
    fn next_packet(&mut self) -> Result<Next<'_>, CaptureError>;

    /// What users call this source: a path, an interface, or `-`.
    fn name(&self) -> &str;

    /// Packets that were lost before they could be handed out. The packets a source has seen are
    /// those it delivered and [`Losses::kernel`], exactly.
    fn losses(&mut self) -> Losses {
        Losses::default()
    }

    /// How far reading has come.
    fn progress(&self) -> Progress {
        Progress::default()
    }

    /// Where and why the input ended before its end; `None` while it has not.
    fn incomplete(&self) -> Option<&Incomplete> {
        None
    }

    /// Bytes that are kept for it while nobody reads; `None` where nothing is lost then.
    fn buffer(&self) -> Option<u64> {
        None
    }

    /// Nothing more is taken of it: what it says of itself from now on is the last.
    fn end(&mut self) {}

    /// When an interface was away that may come back; `None` while it never was.
    fn absence(&self) -> Option<Absence> {
        None
    }
}

impl<S: PacketSource + ?Sized> PacketSource for Box<S> {
    fn next_packet(&mut self) -> Result<Next<'_>, CaptureError> {
        (**self).next_packet()
    }

    fn name(&self) -> &str {
        (**self).name()
    }

    fn losses(&mut self) -> Losses {
        (**self).losses()
    }

    fn progress(&self) -> Progress {
        (**self).progress()
    }

    fn incomplete(&self) -> Option<&Incomplete> {
        (**self).incomplete()
    }

    fn absence(&self) -> Option<Absence> {
        (**self).absence()
    }

    fn end(&mut self) {
        (**self).end();
    }

    fn buffer(&self) -> Option<u64> {
        (**self).buffer()
    }
}

/// When an interface was away. Shown after its name: `away 2 times, for 31 s in all`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absence {
    /// How often.
    pub times: u32,
    /// For how long in all, until now where it is away.
    pub total: Duration,
    /// Why it is away now; `None` where it is back.
    pub reason: Option<String>,
}

impl fmt::Display for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.total.as_secs_f64().ceil();
        match (self.times, &self.reason) {
            (1, None) => write!(f, "away once, for {seconds} s"),
            (times, None) => write!(f, "away {times} times, for {seconds} s in all"),
            (1, Some(reason)) => write!(f, "away for the last {seconds} s ({reason})"),
            (times, Some(reason)) => {
                write!(f, "away now ({reason}) and {} times before, {seconds} s in all", times - 1)
            }
        }
    }
}

/// What a source has to say.
#[derive(Clone, Copy, Debug)]
pub enum Next<'a> {
    /// The next packet.
    Packet(Packet<'a>),
    /// No packet now, but perhaps later. The time is the operating system's; a packet that was
    /// waiting in the kernel's buffer may still come with a slightly earlier one.
    Idle(Timestamp),
    /// No packet ever again.
    End,
}

/// Packets lost on the way to us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Lost because the kernel's buffer was full; exact. Of a file: what its own statistics say.
    pub kernel: u64,
    /// Lost by the interface or its driver, as far as it says so; an estimate that stands beside
    /// the account and is no part of it. `None` where nobody tells.
    pub interface: Option<u64>,
    /// Excluded by the kernel's filter; an estimate, as before. `None` without a filter.
    pub excluded: Option<u64>,
}

impl Losses {
    /// What was lost here and there.
    pub fn and(self, other: Losses) -> Losses {
        Losses {
            kernel: self.kernel + other.kernel,
            interface: sum(self.interface, other.interface),
            excluded: sum(self.excluded, other.excluded),
        }
    }
}

/// The sum of what is known.
fn sum(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    a.map_or(b, |a| Some(a + b.unwrap_or(0)))
}

/// How far reading has come, for a progress bar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read so far: of the compressed form, where it is compressed.
    pub bytes_read: u64,
    /// Bytes there are; `None` where that is not known (pipes, interfaces).
    pub bytes_total: Option<u64>,
}

/// Why an input ended before its end. Shown after its name:
/// `cut short at offset 1234: the packet record there needs 90 bytes, 16 are left`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incomplete {
    /// In which way.
    pub cause: IncompleteCause,
    /// Where the first record or block begins that could not be read, in bytes of the
    /// (decompressed) capture.
    pub offset: u64,
    /// What was expected there and what was found.
    pub detail: String,
}

/// In which way an input is incomplete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncompleteCause {
    /// The input ends inside a record.
    CutShort,
    /// The input contradicts its format.
    Damaged,
    /// The operating system could not read on.
    Unreadable,
}

impl fmt::Display for Incomplete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cause = match self.cause {
            IncompleteCause::CutShort => "cut short",
            IncompleteCause::Damaged => "damaged",
            IncompleteCause::Unreadable => "unreadable",
        };
        write!(f, "{cause} at offset {}: {}", self.offset, self.detail)
    }
}

/// Why a source has no packets at all, or stopped having them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaptureError {
    /// A capture file that cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// An interface that cannot be listened to.
    #[error(transparent)]
    Live(#[from] LiveError),
}

impl CaptureError {
    /// Whether there is nothing now where there may be a capture another time.
    pub fn may_pass(&self) -> bool {
        matches!(self, CaptureError::File(error) if error.may_pass())
    }
}
