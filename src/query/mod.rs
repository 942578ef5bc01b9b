//! Floor 6: typed questions to the database and typed answers. The keys of the answers are the
//! JSON contract; every answer is sorted by what matters and the same for the same database.

pub mod changes;
pub mod clients;
pub mod coverage;
pub mod endpoints;
pub mod error;
pub mod fields;
pub mod filter;
pub mod findings;
pub mod groups;
pub mod observed;
pub mod overview;
pub mod report;
pub mod schema;
pub mod services;
pub mod sql;
pub mod undecided;
pub mod watch;

pub use changes::{Change, ChangeFilter, ChangeRow, Changed, Changes, changes};
pub use clients::{ClientFilter, ClientRow, clients};
pub use coverage::{
    AnomalyRow, CoverageAnswer, CoverageFilter, FlowRow, PacketRow, SeenRow, coverage,
};
pub use endpoints::{ClassRow, EndpointFilter, EndpointRow, SeenCounts, endpoints};
pub use error::QueryError;
pub use fields::{FieldClassRow, FieldFilter, FieldRow, fields};
pub use filter::{ClassPattern, OperationFilter, Pattern};
pub use findings::{DecisionRow, FindingFilter, FindingRow, findings, is_open};
pub use groups::{FindingGroup, grouped};
pub use observed::observed;
pub use overview::{Damaged, Overview, OverviewGroup, overview};
pub use report::{
    ClassFlow, ClassSummary, ClientGroup, ExposedService, FirstThing, ReportData, ReportFilter,
    RuleGroup, Since, report, watched,
};
pub use schema::{Question, row_schema};
pub use services::{ServiceFilter, ServiceRow, services};
pub use sql::{SqlAnswer, sql};
pub use undecided::{Undecided, undecided};
pub use watch::{Recorded, SendingApplication};

#[cfg(test)]
mod tests;
