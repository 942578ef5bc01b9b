//! Made-up values. None can be anyone's: numbers are outside of what their issuers give out, names
//! and hosts are reserved for examples (RFC 2606, 555-01xx).

const EXAMPLES: &[(&str, &str)] = &[
    ("contact.email", "person@example.org"),
    ("contact.phone", "+1 202 555 0100"),
    ("financial.credit_card", "0000 0000 0000 0000"),
    ("financial.iban", "XX00 0000 0000 0000"),
    ("gb.nhs_number", "000 000 0000"),
    ("gb.nino", "QQ 00 00 00 X"),
    ("health.mrn", "MRN-EXAMPLE"),
    ("network.mac_address", "00:00:5E:00:53:00"),
    ("person.address", "1 Example Street"),
    ("person.birth_date", "1900-01-01"),
    ("person.name", "Example Person"),
    ("secret.jwt", "example-token"),
    ("us.mbi", "0AA0-AA0-AA00"),
    ("us.npi", "0000000000"),
    ("us.ssn", "000-00-0000"),
];

/// A made-up value of `class`.
pub(super) fn example(class: &str) -> &'static str {
    EXAMPLES.iter().find(|(known, _)| *known == class).map_or("example", |(_, value)| value)
}
