//! Posture rules: what about an endpoint someone should look at. One file per rule, one line each
//! in `registry`.

mod clear_beside_tls;
mod company;
mod credentials_in_clear;
mod credentials_in_url;
mod messages_refused;
mod messages_unacknowledged;
mod raise;
mod registry;
mod secret_in_response;
mod sender_new;
mod sensitive_data_in_clear;
mod sensitive_data_in_url;
mod sensitive_data_unauthenticated;
mod sensitivity;
mod tls_certificate_expiry;
mod tls_certificate_self_signed;
mod tls_cipher_weak;
mod tls_key_weak;
mod tls_name_in_subject;
mod tls_name_mismatch;
mod tls_version_obsolete;

#[cfg(test)]
mod samples;

pub use raise::{About, Facts, PostureRule, Raised, Subject, findings};
pub use registry::RULES;
pub use sensitivity::{Sensitivity, sensitivity};
