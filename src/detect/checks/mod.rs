//! Arithmetic checks: what a value of the right format must satisfy. One file each; a rule names
//! its check, and the registry below is the one place that knows them all.

mod card;
mod date;
mod e164;
mod email;
mod iban;
mod jwt;
mod luhn;
mod mac;
mod mbi;
mod nhs;
mod nino;
mod npi;
mod phone;
mod registry;
mod ssn;
mod written_date;

pub(super) use date::{birth_date, starts_with_date};
pub(super) use email::is_email;
pub(super) use iban::country_length;
pub(super) use registry::{Check, Input, find, names};
pub(super) use written_date::written_date;
