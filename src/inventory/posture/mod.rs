//! Posture rules: what about an endpoint someone should look at. One file per rule, one line each
//! in `registry`.

mod credentials_in_clear;
mod credentials_in_url;
mod messages_refused;
mod raise;
mod registry;
mod secret_in_response;
mod sensitive_data_in_clear;
mod sensitive_data_in_url;
mod sensitive_data_unauthenticated;
mod sensitivity;

#[cfg(test)]
mod samples;

pub use raise::{Facts, PostureRule, Raised, Subject, findings};
pub use registry::RULES;
pub use sensitivity::{Sensitivity, sensitivity};
