//! What a class stands with: who somebody is and how they are, in one exchange, is protected health
//! information; either alone says less.
//!
//! An inventory keeps what endpoints carry, so "one exchange" is what one endpoint carries, in
//! requests and in responses.

use super::raise::Subject;
use super::sensitivity::Sensitivity;

/// Standards whose messages are about a patient, whom they refer to by an id of their own.
const CLINICAL_STANDARDS: [&str; 4] = ["fhir", "hl7v2", "dicom", "cda"];

/// Numbers that those who care for somebody, or pay for it, know them by: beside who that is they
/// say that somebody is a patient.
const PATIENT_NUMBERS: [&str; 19] = [
    "au.ihi",
    "au.medicare",
    "br.cns",
    "ca.bc_phn",
    "ca.on_hcn",
    "ca.qc_ramq",
    "de.kvnr",
    "eu.ehic",
    "gb.chi",
    "gb.hcn",
    "gb.nhs_number",
    "health.mrn",
    "health.plan_id",
    "health.visit_number",
    "ie.ihi",
    "in.abha",
    "nz.nhi",
    "us.hicn",
    "us.mbi",
];

/// What many have in common, and nobody is known by.
const TRAITS: [&str; 6] = [
    "person.age",
    "person.belief",
    "person.ethnicity",
    "person.marital_status",
    "person.religion",
    "person.sexual_orientation",
];

/// Notes and documents: they name whom they are about.
const RECORDS: [&str; 2] = ["health.attachment", "health.free_text"];

/// A code says what is wrong with somebody where it stands with them; it is a word without.
pub(super) const CODE: &str = "health.clinical_code";

/// Whether a class says who somebody is.
fn identifies(class: &str, group: Sensitivity) -> bool {
    match group {
        Sensitivity::National | Sensitivity::Contact => true,
        Sensitivity::Person => !TRAITS.contains(&class),
        Sensitivity::Health => is_patient_number(class),
        _ => false,
    }
}

fn is_patient_number(class: &str) -> bool {
    PATIENT_NUMBERS.contains(&class)
}

/// Whether a class says how somebody is.
fn is_clinical(class: &str, group: Sensitivity) -> bool {
    class == CODE || (group == Sensitivity::Health && !is_patient_number(class))
}

/// What an endpoint carries, as far as it makes health information of its classes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Company {
    identified: bool,
    /// By more than the number of a patient.
    named: bool,
    /// By the number of a patient.
    numbered: bool,
    clinical: bool,
    /// It speaks a clinical standard.
    standard: bool,
}

impl Company {
    /// Of all classes of an endpoint.
    pub(super) fn of(subject: Subject<'_>) -> Company {
        let any = |is: fn(&str, Sensitivity) -> bool| {
            subject.classes().any(|(_, class, group)| is(&class.class, group))
        };
        let spoken = &subject.endpoint.standard;
        Company {
            identified: any(identifies),
            named: any(|class, group| identifies(class, group) && !is_patient_number(class)),
            numbered: any(|class, _| is_patient_number(class)),
            clinical: any(is_clinical),
            standard: CLINICAL_STANDARDS.iter().any(|standard| spoken.starts_with(standard)),
        }
    }

    /// Whether persons at this endpoint are patients.
    pub(super) fn is_of_patients(self) -> bool {
        self.clinical || self.standard || self.is_patients_record()
    }

    /// Whether somebody is named beside the number that they are cared for under.
    fn is_patients_record(self) -> bool {
        self.named && self.numbered
    }

    /// Whether `class`, carried here, is part of what is known of somebody's health: the other part
    /// is carried, too. A clinical standard is that other part of numbers and findings, of names
    /// and codes only what it carries.
    pub(super) fn is_health_information(self, class: &str, group: Sensitivity) -> bool {
        match group {
            _ if class == CODE => self.identified,
            Sensitivity::Health if RECORDS.contains(&class) => true,
            Sensitivity::Health if is_clinical(class, group) => self.identified || self.standard,
            Sensitivity::Health | Sensitivity::National => {
                self.clinical || self.standard || self.is_patients_record()
            }
            Sensitivity::Person | Sensitivity::Contact => {
                self.is_patients_record() || self.clinical && (self.identified || self.standard)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{clear, endpoint, field};
    use super::*;
    use crate::model::{Direction, Location};

    fn is_health_information(
        standard: &str,
        sent: &[(&str, u8)],
        returned: &[(&str, u8)],
    ) -> Vec<(String, bool)> {
        let mut endpoint = endpoint();
        endpoint.standard = standard.into();
        endpoint.fields = vec![
            field(Direction::ToServer, Location::Body, "$.a", sent),
            field(Direction::ToClient, Location::Body, "$.b", returned),
        ];
        let facts = clear();
        let subject = Subject { endpoint: &endpoint, facts: &facts };
        let company = Company::of(subject);
        let told = subject.classes().map(|(_, class, group)| {
            (class.class.to_string(), company.is_health_information(&class.class, group))
        });
        told.collect()
    }

    fn all(standard: &str, sent: &[(&str, u8)], returned: &[(&str, u8)]) -> bool {
        is_health_information(standard, sent, returned).iter().all(|(_, is)| *is)
    }

    fn none(standard: &str, sent: &[(&str, u8)], returned: &[(&str, u8)]) -> bool {
        is_health_information(standard, sent, returned).iter().all(|(_, is)| !*is)
    }

    #[test]
    fn who_and_how_are_health_information_together_and_neither_alone() {
        let who = ["gb.nhs_number", "health.mrn", "person.name", "contact.email"];
        let how = ["health.vital_sign", "health.diagnosis", "health.clinical_code"];
        for who in who {
            assert!(none("http", &[], &[(who, 90)]), "{who}");
            for how in how {
                assert!(none("http", &[], &[(how, 90)]), "{how}");
                assert!(all("http", &[], &[(who, 90), (how, 90)]), "{who} and {how}");
                assert!(all("http", &[(who, 90)], &[(how, 90)]), "{who} for {how}");
            }
        }
        assert!(none("http", &[], &[("person.name", 90), ("us.ssn", 90)]));
        assert!(none("http", &[], &[("gb.nhs_number", 90), ("health.mrn", 90)]));
        assert!(all("http", &[("health.mrn", 90)], &[("person.name", 90), ("gb.nino", 90)]));
        assert!(all("http", &[], &[("gb.nhs_number", 90), ("person.birth_date", 90)]));
        assert!(none("http", &[], &[("person.ethnicity", 90), ("health.vital_sign", 90)]));
        assert!(none("http", &[], &[("us.npi", 90), ("health.diagnosis", 90)]));
    }

    #[test]
    fn a_clinical_standard_and_a_note_speak_of_a_patient() {
        assert!(all("fhir-r4", &[], &[("health.observation", 90)]));
        assert!(all("hl7v2", &[("health.mrn", 90)], &[]));
        assert!(none("fhir-r4", &[], &[("health.clinical_code", 90)]));
        assert!(none("fhir-r4", &[], &[("person.name", 90)]));
        assert!(all("http", &[], &[("health.free_text", 90)]));
    }
}
