//! TLS sessions of a service: what adds up, and what is shown of it.
//!
//! - [`stats`]: what adds up
//! - [`shown`]: the object `tls` of a service
//! - [`mod@clinical`]: whether it looks clinical
//! - [`siblings`]: the same host without encryption
//! - [`titles`]: how findings speak of its certificates

pub mod clinical;
pub mod shown;
pub mod siblings;
pub mod stats;
pub mod titles;

pub use clinical::{clinical, clinical_port, clinical_word};
pub use shown::{CertificateShown, ServiceTls};
pub use siblings::{Siblings, TlsFacts};
pub use stats::{CertificateFacts, CertificateStats, TlsStats, encrypts};
