//! Every check by name.

use super::super::shape::{Compact, Given};
use super::national::NATIONAL;
use super::{
    aba, card, clinical, date, e164, email, given_name, iban, ip, jwt, luhn, mac, mbi, nhs, nino,
    npi, opaque, person_name, phone, phone_plan, ssn, verhoeff, written_date,
};

/// What a check is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// The letters and digits of the value alone, in capitals.
    Compact,
    /// The value as it stands.
    Whole,
}

/// A check by name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Check {
    /// As rules name it.
    pub(crate) name: &'static str,
    /// What it is given.
    pub(crate) input: Input,
    /// Whether it passes. Never panics, whatever the bytes; linear in their number.
    pub(crate) run: fn(&[u8]) -> bool,
}

impl Check {
    /// Whether `value`, as it stands in traffic, passes.
    pub(crate) fn passes(&self, value: &[u8]) -> bool {
        match self.input {
            Input::Whole => (self.run)(value),
            Input::Compact => (self.run)(Compact::of(value).as_bytes()),
        }
    }

    /// The same of a value that many checks are given.
    pub(crate) fn passes_given(&self, value: &mut Given<'_>) -> bool {
        match self.input {
            Input::Whole => (self.run)(value.bytes),
            Input::Compact => (self.run)(value.compact()),
        }
    }
}

const CHECKS: [Check; 36] = [
    Check { name: "aba", input: Input::Compact, run: aba::aba },
    Check { name: "aws-access-key", input: Input::Whole, run: aws_access_key },
    Check { name: "birth-date", input: Input::Whole, run: date::birth_date },
    Check { name: "card", input: Input::Compact, run: card::card },
    Check { name: "e164", input: Input::Compact, run: e164::e164 },
    Check { name: "email", input: Input::Whole, run: email::is_email },
    Check { name: "given-name", input: Input::Whole, run: given_name::given_name },
    Check { name: "gtin-14", input: Input::Whole, run: clinical::gtin_14 },
    Check { name: "icd-10", input: Input::Compact, run: clinical::icd_10 },
    Check { name: "iban", input: Input::Compact, run: iban::iban },
    Check { name: "ip", input: Input::Whole, run: ip::ip },
    Check { name: "jwt", input: Input::Whole, run: jwt::jwt },
    Check { name: "loinc", input: Input::Compact, run: clinical::loinc },
    Check { name: "luhn", input: Input::Compact, run: luhn::luhn },
    Check { name: "mac", input: Input::Compact, run: mac::mac },
    Check { name: "mbi", input: Input::Compact, run: mbi::mbi },
    Check { name: "nhs", input: Input::Compact, run: nhs::nhs },
    Check { name: "nino", input: Input::Compact, run: nino::nino },
    Check { name: "npi", input: Input::Compact, run: npi::npi },
    Check { name: "opaque", input: Input::Whole, run: opaque::opaque },
    Check { name: "person-name", input: Input::Whole, run: person_name::person_name },
    Check { name: "phone", input: Input::Whole, run: phone::phone },
    Check { name: "phone-east", input: Input::Compact, run: phone_plan::phone_east },
    Check { name: "phone-north", input: Input::Compact, run: phone_plan::phone_north },
    Check { name: "phone-plan", input: Input::Compact, run: phone_plan::phone_plan },
    Check { name: "phone-portuguese", input: Input::Compact, run: phone_plan::phone_portuguese },
    Check { name: "phone-south", input: Input::Compact, run: phone_plan::phone_south },
    Check { name: "phone-us", input: Input::Compact, run: phone::phone_us },
    Check { name: "phone-west", input: Input::Compact, run: phone_plan::phone_west },
    Check { name: "snomed-ct", input: Input::Compact, run: clinical::snomed_ct },
    Check { name: "ssn", input: Input::Compact, run: ssn::ssn },
    Check { name: "udi-gs1", input: Input::Whole, run: clinical::udi_gs1 },
    Check { name: "udi-hibc", input: Input::Whole, run: clinical::udi_hibc },
    Check { name: "verhoeff", input: Input::Compact, run: verhoeff::is_verhoeff },
    Check { name: "vin", input: Input::Compact, run: clinical::vin },
    Check { name: "written-date", input: Input::Whole, run: written_date::written_date },
];

/// Access keys of AWS, but for those of its documentation (AKIAIOSFODNN7EXAMPLE and its like).
fn aws_access_key(value: &[u8]) -> bool {
    !value.ends_with(b"EXAMPLE")
}

/// Every check.
fn all() -> impl Iterator<Item = &'static Check> {
    CHECKS.iter().chain(&NATIONAL)
}

/// The check called `name`.
pub(crate) fn find(name: &str) -> Option<Check> {
    all().find(|check| check.name == name).copied()
}

/// The names of all checks, for messages.
pub(crate) fn names() -> String {
    check_names().collect::<Vec<_>>().join(", ")
}

/// The name of every built-in check, as the key `check` of a rule takes it.
pub fn check_names() -> impl Iterator<Item = &'static str> {
    all().map(|check| check.name)
}

/// Whether `value` passes the built-in check called `name`, read as rules read it: of most checks
/// only its letters and digits count. `None` where no check has that name.
pub fn passes_check(name: &str, value: &[u8]) -> Option<bool> {
    find(name).map(|check| check.passes(value))
}
