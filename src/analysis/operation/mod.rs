//! What was asked: naming the operation of a message, whatever framed it.

pub mod auth;
pub mod fhir;
pub mod hl7v2;
pub mod http;
pub mod url_credentials;
