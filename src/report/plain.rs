//! Data classes and terms in words that people know who have never seen the tool.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use crate::query::ReportData;
use crate::rules::RulePack;

/// What classes are of which the rules say how they are found, rather than what they are.
const NAMES: [(&str, &str); 56] = [
    ("contact.email", "e-mail address"),
    ("contact.phone", "telephone number"),
    ("device.serial_number", "serial number of a medical device"),
    ("device.udi", "number of a medical device"),
    ("financial.account_number", "bank account number"),
    ("financial.credit_card", "payment card number"),
    ("financial.iban", "bank account number (IBAN)"),
    ("financial.routing_number", "routing number of a bank"),
    ("gb.nhs_number", "NHS number"),
    ("health.allergy", "allergy"),
    ("health.attachment", "clinical document or picture"),
    ("health.clinical_code", "clinical code (diagnosis, test, drug)"),
    ("health.diagnosis", "diagnosis"),
    ("health.event_date", "date of a visit or treatment"),
    ("health.free_text", "clinical notes and reports"),
    ("health.genetic", "genes of a person"),
    ("health.medication", "medication"),
    ("health.mrn", "medical record number"),
    ("health.observation", "measurement or result"),
    ("health.plan_id", "health insurance member number"),
    ("health.procedure", "procedure"),
    ("health.sensitivity_label", "mark of especially sensitive data"),
    ("health.visit_number", "number of a visit, account or claim"),
    ("health.vital_sign", "vital sign"),
    ("network.ip_address", "address of somebody's device"),
    ("network.mac_address", "hardware address of a device"),
    ("person.address", "street address"),
    ("person.age", "age over 89"),
    ("person.belief", "political opinion, belief or union"),
    ("person.biometric", "biometric template"),
    ("person.birth_date", "date of birth"),
    ("person.death_date", "date of death"),
    ("person.driving_licence", "driving licence number"),
    ("person.ethnicity", "race or ethnic origin"),
    ("person.identifier", "number that identifies a person"),
    ("person.marital_status", "marital status"),
    ("person.name", "name of a person"),
    ("person.passport", "passport number"),
    ("person.photo", "picture of a person"),
    ("person.place", "place of a person"),
    ("person.religion", "religion"),
    ("person.sexual_orientation", "sexual orientation or gender identity"),
    ("person.url", "page of a person"),
    ("secret.authorization_code", "code that opens one login"),
    ("secret.aws_access_key", "access key of AWS"),
    ("secret.jwt", "access token (JWT)"),
    ("secret.password", "password"),
    ("secret.private_key", "private key"),
    ("secret.session", "id of a session"),
    ("secret.signed_url", "link that opens without a login"),
    ("secret.token", "access token"),
    ("secret.vendor_key", "access key of a cloud service"),
    ("us.mbi", "US Medicare number"),
    ("us.npi", "US number of a clinician (NPI)"),
    ("vehicle.plate", "registration plate of a vehicle"),
    ("vehicle.vin", "vehicle number (VIN)"),
];

/// What a class is, `Belgian national register number`; `None` for classes of rules that were
/// added.
pub(super) fn meaning(class: &str) -> Option<&'static str> {
    static OF_RULES: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    if let Some((_, name)) = NAMES.iter().find(|(of, _)| *of == class) {
        return Some(name);
    }
    let of_rules = OF_RULES.get_or_init(|| {
        let mut names = BTreeMap::new();
        for rule in RulePack::builtin().rules() {
            names.entry(rule.class.to_string()).or_insert_with(|| short(&rule.description));
        }
        names
    });
    of_rules.get(class).map(String::as_str)
}

/// The class in words, or else its id.
pub(super) fn named(class: &str) -> &str {
    meaning(class).unwrap_or(class)
}

/// How callers show who they are, by the name that commands have for it.
const LOGINS: [(&str, &str); 17] = [
    ("api-key-header", "key"),
    ("api-key-query", "key in the URL"),
    ("basic", "user name and password"),
    ("bearer", "token"),
    ("client-cert", "certificate of the client"),
    ("cookie", "cookie of a session"),
    ("digest", "password, hashed"),
    ("jwt", "token (JWT)"),
    ("login", "it is a login"),
    ("negotiate", "login of the network (Kerberos, NTLM)"),
    ("none", "no login"),
    ("other", "of another kind"),
    ("proxy", "login at a proxy"),
    ("saml", "signed statement (SAML)"),
    ("signed", "signed request"),
    ("username-digest", "password, hashed, in the message"),
    ("username-token", "user name and password in the message"),
];

/// How callers show who they are, in words.
pub(super) fn login(scheme: &str) -> &str {
    LOGINS.iter().find(|(of, _)| *of == scheme).map_or(scheme, |(_, words)| words)
}

/// How much is encrypted, in words: of `none`, `some` and `all`.
pub(super) fn encrypted(share: &str) -> &str {
    match share {
        "none" => "no",
        "some" => "in part",
        "all" => "yes",
        other => other,
    }
}

/// `A Polish tax number (NIP).` without its article and what is said more of it.
fn short(description: &str) -> String {
    let text = description.trim_end_matches('.');
    let end = [" (", ": ", " with "].iter().filter_map(|more| text.find(more)).min();
    let text = text.get(..end.unwrap_or(text.len())).unwrap_or(text);
    let bare = ["An ", "A ", "The "].iter().find_map(|article| text.strip_prefix(article));
    bare.unwrap_or(text).to_owned()
}

/// Kinds of messages of HL7 v2 (table 0076) and what they are about.
const MESSAGES: [(&str, &str); 18] = [
    ("ADT", "admissions, transfers, discharges and changes of a patient's record"),
    ("BAR", "billing accounts"),
    ("DFT", "charges"),
    ("MDM", "documents"),
    ("MFN", "changes of master files"),
    ("OML", "laboratory orders"),
    ("OMG", "orders"),
    ("ORM", "orders"),
    ("ORU", "results"),
    ("PPR", "problems of a patient"),
    ("QBP", "queries"),
    ("QRY", "queries"),
    ("RAS", "drugs that were given"),
    ("RDE", "prescriptions"),
    ("RDS", "drugs that were dispensed"),
    ("REF", "referrals"),
    ("SIU", "appointments"),
    ("VXU", "vaccinations"),
];

/// Terms that every report uses and what they mean.
const TERMS: &[(&str, &str)] = &[
    (
        "Service",
        "A program that answers on the network, by the name that callers use, else by its \
         address and port.",
    ),
    (
        "Endpoint",
        "One thing that a service can be asked for, such as GET /patients/{id}; a name in \
         braces stands for any value. A request is one call of it.",
    ),
    ("Client", "A computer that calls a service."),
    (
        "In clear, without encryption",
        "Whoever has access to the network on the way can read and change what is sent.",
    ),
    (
        "No login, without authentication",
        "The service answered although the caller had not shown who it is, as far as that \
         can be seen in the traffic.",
    ),
    (
        "Finding",
        "One thing that is wrong at one endpoint; where it is about data, with one data class \
         in one field. So a record with ten fields may be ten findings, and one change mends \
         them all.",
    ),
    (
        "Critical, high, medium, low, info",
        "How severe a finding is: how much harm it can do to persons, and how easily. A \
         service or an endpoint is as severe as the worst of its findings.",
    ),
    (
        "Times seen",
        "Of a finding about a field, how many values it held; of any other, how many calls, \
         messages or sessions show it.",
    ),
    ("Confidence", "How sure it is that data is what it is taken for, of 100, where it is surest."),
    (
        "Exchange",
        "A request and its response. Not seen whole are those of which a part did not reach \
         the sensor or could not be read.",
    ),
    (
        "Data class",
        "A kind of personal, health or secret data that was recognised; its short name is \
         what commands and filters take.",
    ),
];

/// Terms that the report uses and what they mean; those of standards only where they were seen.
pub(super) fn terms(data: &ReportData) -> Vec<(&'static str, String)> {
    let seen = |standard: &str| data.endpoints.iter().any(|e| e.standard.starts_with(standard));
    let everyday = TERMS.iter().map(|(term, meaning)| (*term, (*meaning).to_owned()));
    let mut terms: Vec<(&'static str, String)> = everyday.collect();
    if seen("tls") {
        terms.push((
            "TLS, certificate",
            "The usual encryption of connections (as in https), and the document by which a \
             server shows who it is. What is encrypted is counted in sessions."
                .to_owned(),
        ));
    }
    if seen("hl7v2") {
        terms.push(("HL7 v2, MLLP", hl7v2(data)));
    }
    if seen("fhir") {
        terms.push((
            "FHIR",
            "The newer standard by which clinical systems exchange records over the web; Patient, \
             Observation and the like are its kinds of record."
                .to_owned(),
        ));
    }
    terms
}

fn hl7v2(data: &ReportData) -> String {
    let messages = data.endpoints.iter().filter(|e| e.standard == "hl7v2");
    let kinds: BTreeSet<&str> = messages.filter_map(|e| e.operation.get(..3)).collect();
    let known = MESSAGES.iter().filter(|(kind, _)| kinds.contains(kind));
    let known: Vec<String> = known.map(|(kind, about)| format!("{kind} {about}")).collect();
    let mut text = "The messages by which the systems of a hospital tell each other of patients, \
        usually sent by a protocol (MLLP) that has neither encryption nor login of its own. A \
        name such as ADT^A01 is the kind of message and the event."
        .to_owned();
    if !known.is_empty() {
        text += &format!(" Seen here: {}.", known.join("; "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::AuthScheme;

    #[test]
    fn every_class_that_can_be_found_is_named_in_words() {
        let pack = RulePack::builtin();
        let rules = pack.rules().iter().map(|rule| rule.class.to_string());
        let classes: BTreeSet<String> = rules.chain(pack.fhir().classes.keys().cloned()).collect();
        assert!(classes.len() > 100, "{classes:?}");
        for class in &classes {
            let name = meaning(class).unwrap_or_else(|| panic!("{class} has no name"));
            let fits = (4..=60).contains(&name.chars().count()) && !name.ends_with('.');
            assert!(fits && !name.contains("field"), "{class}: {name}");
        }
        assert!(NAMES.is_sorted(), "sorted");
        for (class, _) in NAMES {
            assert!(classes.contains(class), "{class} is no class");
        }
        assert_eq!(meaning("be.nn"), Some("Belgian national register number"));
        assert_eq!(named("local.staff_number"), "local.staff_number");
    }

    #[test]
    fn every_way_to_show_who_one_is_has_words() {
        let names: BTreeSet<&str> = AuthScheme::ALL.iter().map(|scheme| scheme.name()).collect();
        let told: BTreeSet<&str> = LOGINS.iter().map(|(of, _)| *of).collect();
        assert_eq!(told, names);
        assert_eq!((login("jwt"), login("of-tomorrow")), ("token (JWT)", "of-tomorrow"));
        assert_eq!(["none", "some", "all"].map(encrypted), ["no", "in part", "yes"]);
    }

    #[test]
    fn articles_and_what_is_said_more_are_left_out() {
        assert_eq!(short("An Italian tax code of a person."), "Italian tax code of a person");
        assert_eq!(short("A US number (X): nine digits."), "US number");
        assert_eq!(short("The driver number of Great Britain."), "driver number of Great Britain");
    }
}
