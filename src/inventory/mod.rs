//! Floor 4: pure folds. Observations become a [`Rollup`] that merges in any order; a rollup becomes
//! an [`Inventory`]: what users see. The algebra and its laws are in `docs/algebra.md`.
//!
//! | file | holds |
//! |---|---|
//! | `rollup` | the types that add up |
//! | `merge` | how they add up, and the caps |
//! | `part` | what of them changed |
//! | `senders` | who sends HL7 v2 messages, and who is new |
//! | `tls` | what TLS sessions of a service show |
//! | `template/` | path templates: segment shapes, collapsing of paths and of object keys |
//! | `compact` | collapsing and caps over a whole rollup |
//! | `room` | which services keep their rows where there are too many |
//! | `standards` | one endpoint, one standard |
//! | `fhir` | the grammar of FHIR's paths |
//! | `judge` | the seam to detection |
//! | `login` | names of what somebody logs in with, and of what comes back |
//! | `marks` | what people say of fields |
//! | `assess` | rollup to inventory |
//! | `posture/` | finding rules, one file each |
//! | `digest` | the canonical export and its hash |

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub mod assess;
pub mod assessed;
pub mod compact;
pub mod digest;
pub mod fhir;
pub mod judge;
pub mod login;
pub mod marks;
pub mod merge;
pub mod part;
pub mod posture;
pub mod rollup;
pub mod room;
pub mod senders;
pub mod template;
pub mod tls;

mod standards;

#[cfg(test)]
mod samples;

pub use assess::{REQUEST_CUT, RESPONSE_ONLY, assess, endpoint_id, is_damage_marker};
pub use assessed::{
    Client, Coverage, DataClassSeen, Endpoint, Field, Finding, Inventory, SeenTimes, Service,
    operation_at,
};
pub use digest::{canonical_lines, digest};
pub use judge::{FieldRef, Judge, Judgement, Verdict};
pub use marks::{Mark, MarkVerdict, MarkedPlace, Marks};
pub use merge::Caps;
pub use part::{Keys, Part};
pub use rollup::{
    AuthScheme, ClientStats, CoverageStats, EndpointKey, EndpointStats, EndpointTimes, FieldKey,
    FlowKey, FlowStats, Rollup, ServiceStats,
};
pub use senders::{ANSWER_FOREIGN, Sender, SenderStats, UNACKNOWLEDGED};
pub use template::{
    CollapseMap, Shape, TemplatedPath, is_numbered_word, key_is_code, key_is_data, parameter_value,
    shape_of, template_path,
};
pub use tls::{CertificateFacts, CertificateShown, CertificateStats, ServiceTls, TlsStats};
pub use tls::{clinical_port, clinical_word, encrypts};
