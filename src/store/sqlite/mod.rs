//! The database as a SQLite file: `schema.sql` is the truth about its tables.
//!
//! * [`Writer`]: the one sensor that adds runs; holds a lock on the file as long as it lives.
//! * [`Triage`]: decisions about findings, beside a running sensor.
//! * [`Marker`]: what people say of fields, the same way.
//! * [`Reader`]: queries, beside all of them.

mod columns;
mod contribution;
mod glance;
mod marks;
mod migrations;
mod open;
mod plan;
mod publish;
mod purge;
mod reader;
mod readings;
mod reported;
mod runs;
mod senders;
mod small;
mod triage;
mod writer;

pub use glance::{EndpointGlance, FindingGlance, Glancer};
pub use marks::{MarkChange, Marker, MarksChanged, PastMark};
pub use open::{APPLICATION_ID, made_with_key};
pub use plan::{Earlier, InputPlan, Plan, Replaced, RunFilter, Stays};
pub use purge::{Purge, Purged};
pub use reader::{FlowOutcome, Reader, StoredInput, StoredRun};
pub use readings::Reading;
pub use reported::{ReportHeld, ReportMade};
pub use runs::{InputRecord, Loaded, Recovery, RunId, RunKind, RunState, Seal};
pub use senders::SendersOf;
pub use triage::{FindingState, Triage, TriageDecision, TriageState};
pub use writer::Writer;

#[cfg(test)]
pub(crate) mod tests;
