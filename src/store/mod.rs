//! Floor 5: the database. One SQLite file holds what every run contributed, the inventory that is
//! the merge of all runs, and what people decided about findings. `docs/database.md` describes
//! the views that users may rely on.
//!
//! Durability, in one paragraph: the file is created whole or not at all; from then on it is in
//! WAL mode, every change is one transaction, and a run becomes visible only in the transaction
//! that seals it. Killed at any moment, the file opens clean, and what an unfinished replay had
//! written is removed when the file is next opened for writing.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub mod error;
pub mod evidence_codec;
pub mod sqlite;
pub mod words;

mod intern;

pub use crate::model::{InputIdentity, Passed};
pub use error::{FailureKind, StoreError};
pub use evidence_codec::RuleNames;
pub use sqlite::{
    Earlier, EndpointGlance, FindingGlance, FindingState, FlowOutcome, Glancer, InputPlan,
    InputRecord, Loaded, MarkChange, Marker, MarksChanged, PastMark, Plan, Purge, Purged, Reader,
    Reading, Recovery, Replaced, ReportHeld, ReportMade, RunFilter, RunId, RunKind, RunState, Seal,
    Stays, StoredInput, StoredRun, Triage, TriageDecision, TriageState, Writer, made_with_key,
};
