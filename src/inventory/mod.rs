//! Floor 4: pure folds. Observations become a [`Rollup`] that merges in any order; a rollup becomes
//! an [`Inventory`]: what users see.

pub mod assessed;
pub mod rollup;

pub use assessed::{Client, Coverage, DataClassSeen, Endpoint, Field, Finding, Inventory, Service};
pub use rollup::{
    AuthScheme, ClientStats, CoverageStats, EndpointKey, EndpointStats, FieldKey, FlowKey,
    FlowStats, Rollup, ServiceStats, Span,
};
