//! Arithmetic checks: what a value of the right format must satisfy. One file each; a rule names
//! its check, and the registry below is the one place that knows them all.

mod aba;
mod arithmetic;
mod calendar;
mod card;
mod clinical;
mod date;
mod e164;
mod email;
mod given_name;
mod iban;
mod ip;
mod iso7064;
mod jwt;
mod luhn;
mod mac;
mod mbi;
mod national;
mod nhs;
mod nino;
mod npi;
mod opaque;
mod person_name;
mod phone;
mod phone_plan;
mod registry;
mod ssn;
mod verhoeff;
mod written_date;

pub(super) use date::{birth_date, starts_with_date};
pub(super) use email::{is_annotation, is_email};
pub(super) use iban::country_length;
pub(super) use person_name::person_name;
pub(super) use registry::{Check, find, names};
pub use registry::{check_names, passes_check};
pub use written_date::names_month;
pub(super) use written_date::written_date;
