//! What was asked: naming the operation of a message, whatever framed it.

pub mod auth;
pub mod cda;
pub mod fhir;
pub mod fhir_names;
pub mod fhir_path;
pub mod hl7v2;
pub mod http;
pub mod login;
pub mod soap_security;
pub mod url_credentials;
