//! How much harm a data class can do, from its id.

/// Groups of data classes that are treated alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sensitivity {
    /// Identifies a device or vehicle, is public by law (`us.npi` is a provider's number), or says
    /// nothing without a person (`health.clinical_code`).
    Device,
    /// Reaches a person: mail address, telephone number.
    Contact,
    /// Describes a person: name, birth date, address, and classes of the user's own.
    Person,
    /// Moves money.
    Financial,
    /// Identifies a person for life: national and insurance numbers.
    National,
    /// Tells of a person's health, or identifies a patient.
    Health,
    /// Gives access.
    Secret,
}

/// The group of a dotted class id. National numbers are `<country>.<name>`.
pub fn sensitivity(class: &str) -> Sensitivity {
    // A code is a word of a public vocabulary: whom it is about makes it someone's.
    if matches!(class, "us.npi" | "health.clinical_code") {
        return Sensitivity::Device;
    }
    let (group, _) = class.split_once('.').unwrap_or((class, ""));
    match group {
        "secret" => Sensitivity::Secret,
        "health" => Sensitivity::Health,
        "financial" => Sensitivity::Financial,
        "contact" => Sensitivity::Contact,
        "network" | "vehicle" | "device" => Sensitivity::Device,
        country if country.len() == 2 && country.bytes().all(|b| b.is_ascii_lowercase()) => {
            Sensitivity::National
        }
        _ => Sensitivity::Person,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_follow_the_id() {
        for (class, expect) in [
            ("gb.nhs_number", Sensitivity::National),
            ("us.mbi", Sensitivity::National),
            ("us.npi", Sensitivity::Device),
            ("health.clinical_code", Sensitivity::Device),
            ("health.mrn", Sensitivity::Health),
            ("secret.jwt", Sensitivity::Secret),
            ("financial.iban", Sensitivity::Financial),
            ("contact.email", Sensitivity::Contact),
            ("network.mac_address", Sensitivity::Device),
            ("person.name", Sensitivity::Person),
            ("acme.badge", Sensitivity::Person),
        ] {
            assert_eq!(sensitivity(class), expect, "{class}");
        }
    }
}
