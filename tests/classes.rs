//! What is found where: every class of the first pack in the kind of payload that carries it, with
//! the path it is reported at; and a shop's traffic, in which nothing is found.

mod support;

use std::collections::BTreeSet;

use support::phitap::Lab;
use support::planted::make;
use support::rng::Rng;
use support::said::{Said, fields, found};

/// As many lines as there are values, each an object made of one of every class.
fn patients(rng: &mut Rng, count: usize) -> String {
    let rows: Vec<String> = (0..count)
        .map(|_| {
            let mut of = |class: &str| make(class, rng).value;
            format!(
                r#"{{"name":"{}","mrn":"{}","dob":"{}","nhsNumber":"{}","nino":"{}","contact":{{
                "email":"{}","mobile":"{}","address":{{"line1":"{}"}}}},"coverage":{{"mbi":"{}",
                "ssn":"{}"}},"billing":{{"cardNumber":"{}","iban":"{}"}},"gp":{{"npi":"{}"}},
                "device":{{"mac":"{}"}}}}"#,
                of("person.name"),
                of("health.mrn"),
                of("person.birth_date"),
                of("gb.nhs_number"),
                of("gb.nino"),
                of("contact.email"),
                of("contact.phone"),
                of("person.address"),
                of("us.mbi"),
                of("us.ssn"),
                of("financial.credit_card"),
                of("financial.iban"),
                of("us.npi"),
                of("network.mac_address"),
            )
        })
        .collect();
    format!("{{\"patients\":[{}]}}", rows.join(","))
}

#[test]
fn every_class_of_the_first_pack_is_found_at_its_path() {
    let mut rng = Rng::new(0x1557);
    let (jwt, key, aws) = (
        make("secret.jwt", &mut rng).value,
        make("secret.private_key", &mut rng).value,
        make("secret.aws_access_key", &mut rng).value,
    );
    let secrets =
        format!(r#"{{"session":"{jwt}","tls":{{"pem":"{key}"}},"export":{{"id":"{aws}"}}}}"#);
    let said =
        [Said::json("/v1/patients", patients(&mut rng, 12)), Said::json("/v1/setup", secrets)];
    let lab = Lab::default();
    let found = found(&fields(&lab, &said));
    let expected: BTreeSet<String> = [
        "/v1/patients body $.patients[*].name person.name",
        "/v1/patients body $.patients[*].mrn health.mrn",
        "/v1/patients body $.patients[*].dob person.birth_date",
        "/v1/patients body $.patients[*].nhsNumber gb.nhs_number",
        "/v1/patients body $.patients[*].nino gb.nino",
        "/v1/patients body $.patients[*].contact.email contact.email",
        "/v1/patients body $.patients[*].contact.mobile contact.phone",
        "/v1/patients body $.patients[*].contact.address.line1 person.address",
        "/v1/patients body $.patients[*].coverage.mbi us.mbi",
        "/v1/patients body $.patients[*].coverage.ssn us.ssn",
        "/v1/patients body $.patients[*].billing.cardNumber financial.credit_card",
        "/v1/patients body $.patients[*].billing.iban financial.iban",
        "/v1/patients body $.patients[*].gp.npi us.npi",
        "/v1/patients body $.patients[*].device.mac network.mac_address",
        "/v1/setup body $.session secret.jwt",
        "/v1/setup body $.tls.pem secret.private_key",
        "/v1/setup body $.export.id secret.aws_access_key",
    ]
    .map(|row| format!("GET {row}"))
    .into();
    assert_eq!(found, expected);
    assert_eq!(expected.len(), support::planted::classes().len());
}

#[test]
fn a_persons_name_is_known_by_what_stands_beside_it() {
    let lab = Lab::default();
    let said = [
        Said::json(
            "/ward/1",
            r#"[{"name":"Ada Lovelace","mrn":"MRN00123456","dob":"1970-02-11",
                "ward":{"name":"Renal Unit"}},
                {"name":"Alan Turing","mrn":"MRN00123457","dob":"1971-03-12",
                "ward":{"name":"Renal Unit"}}]"#,
        ),
        Said::get(
            "/export",
            "HTTP/1.1 200 OK\nContent-Type: application/x-ndjson",
            "{\"family\":\"Lovelace\",\"given\":\"Ada\",\"born\":\"1970-02-11\"}\n\
             {\"family\":\"Turing\",\"given\":\"Alan\",\"born\":\"1971-03-12\"}\n",
        ),
        Said::json("/shop", r#"[{"name":"Blue Kettle","ean":"5012345678900"}]"#),
    ];
    let found = found(&fields(&lab, &said));
    let names: Vec<&String> = found.iter().filter(|row| row.ends_with("person.name")).collect();
    assert_eq!(
        names,
        [
            "GET /export body $.family person.name",
            "GET /export body $.given person.name",
            "GET /ward/{id} body $[*].name person.name",
        ]
    );
}

#[test]
fn persons_in_fhir_are_found_by_reference_extension_and_search() {
    let fhir = "HTTP/1.1 200 OK\nContent-Type: application/fhir+json";
    let xml = "HTTP/1.1 200 OK\nContent-Type: application/fhir+xml";
    let extension = "http://hl7.org/fhir/StructureDefinition/patient-";
    let said = [
        Said::get(
            "/fhir/Appointment/1",
            fhir,
            r#"{"resourceType":"Appointment","participant":[
                {"actor":{"display":"Ada Lovelace","reference":"Patient/1"}},
                {"actor":{"reference":"Location/1","display":"Clinic Room"}}]}"#,
        ),
        Said::get(
            "/fhir/Encounter/1",
            fhir,
            r#"{"resourceType":"Encounter","location":[{"location":{"reference":"Location/1",
                "display":"Renal Unit"}}],
                "subject":{"reference":"Group/1","display":"All Staff"}}"#,
        ),
        Said::get(
            "/fhir/Patient/1",
            fhir,
            format!(
                r#"{{"resourceType":"Patient","extension":[
                {{"valueString":"Byron","url":"{extension}mothersMaidenName"}},
                {{"url":"{extension}birthPlace","valueAddress":{{"city":"Leeds"}}}},
                {{"url":"http://example.org/colour","valueString":"Green"}}]}}"#
            ),
        ),
        Said::get(
            "/fhir/Person/1",
            xml,
            r#"<Person xmlns="http://hl7.org/fhir"><text><div xmlns="http://www.w3.org/1999/xhtml">
                <p>Ada, seen in Leeds</p></div></text>
                <extension url="http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName">
                <valueString value="Byron"/></extension></Person>"#,
        ),
        Said::get("/fhir/Patient?name=Lovelace", fhir, r#"{"resourceType":"Bundle"}"#),
        Said::get("/fhir/Organization?name=Lovelace", fhir, r#"{"resourceType":"Bundle"}"#),
        Said {
            head: fhir.to_owned(),
            body: r#"{"resourceType":"Bundle"}"#.to_owned(),
            ..Said::post(
                "/fhir/Patient/_search",
                "application/x-www-form-urlencoded",
                "name=Lovelace",
            )
        },
    ];
    let lab = Lab::default();
    let found = found(&fields(&lab, &said));
    let expected: BTreeSet<String> = [
        "GET /fhir/Appointment/{id} body $.participant[*].actor.display person.name",
        "GET /fhir/Patient/{id} body $.extension[*].valueString person.name",
        "GET /fhir/Patient/{id} body $.extension[*].valueAddress.city person.address",
        "GET /fhir/Person/{id} body /Person/text/div/p health.free_text",
        "GET /fhir/Person/{id} body /Person/text/div/p person.name",
        "GET /fhir/Person/{id} body /Person/extension/valueString/@value person.name",
        "GET /fhir/Patient query name person.name",
        "POST /fhir/Patient/_search body name person.name",
    ]
    .map(str::to_owned)
    .into();
    assert_eq!(found, expected);
}

#[test]
fn what_cookies_hide_is_found() {
    let lab = Lab::default();
    let said = [Said::json("/home", "{}").with(
        "Cookie: u=%22ada%40example.org%22; j=%7B%22ssn%22%3A%22536-22-1234%22%7D; \
         k=\"536-22-1235\"",
    )];
    let found = found(&fields(&lab, &said));
    let expected: BTreeSet<String> = [
        "GET /home cookie j|$.ssn us.ssn",
        "GET /home cookie k us.ssn",
        "GET /home cookie u contact.email",
    ]
    .map(str::to_owned)
    .into();
    assert_eq!(found, expected);
}

/// A row of telemetry and trade: everything in it looks like something.
fn benign(rng: &mut Rng) -> String {
    let hex = |rng: &mut Rng, len: usize| -> String {
        (0..len).map(|_| format!("{:x}", rng.below(16))).collect()
    };
    let octets = |rng: &mut Rng, count: usize| -> String {
        let all: Vec<String> = (0..count).map(|_| format!("{:02X}", rng.below(256))).collect();
        all.join(":")
    };
    let pairs: Vec<(&str, String)> = vec![
        ("ts", format!("17{}", rng.digits(8))),
        ("tsMs", format!("17{}", rng.digits(11))),
        ("pageId", rng.digits(10)),
        ("orderNo", rng.digits(10)),
        ("requestId", rng.digits(16)),
        ("version", format!("{}.{}.{}", rng.below(9), rng.below(20), rng.below(99))),
        ("build", format!("{}-{}-{}", rng.digits(3), rng.digits(3), rng.digits(4))),
        ("sha1", hex(rng, 40)),
        ("md5", hex(rng, 32)),
        ("traceId", hex(rng, 16)),
        ("node", hex(rng, 12)),
        ("fingerprint", octets(rng, 20)),
        ("eui64", octets(rng, 8)),
        ("sku", format!("AB{}C", rng.digits(6))),
        ("productCode", format!("HJ{}A", rng.digits(6))),
        ("ean", rng.digits(13)),
        ("gtin", rng.digits(14)),
        ("isbn", make("gb.nhs_number", rng).value),
        ("tracking", format!("1Z{}", hex(rng, 16).to_uppercase())),
        ("remote", format!("git@github.com:org/repo{}.git", rng.below(99))),
        ("command", format!("ssh deploy@web{}.internal.example.com", rng.below(99))),
        ("image", format!("logo@{}x.png", rng.below(4))),
        ("package", format!("react@{}.2.1", rng.below(20))),
        ("drink", "Dr. Pepper".to_owned()),
        ("machine", "Mr. Coffee maker".to_owned()),
        ("disk", format!("{} GB Hard Drive", 100 + rng.below(900))),
        ("name", "Blue Kettle".to_owned()),
        ("fileName", "Report Final.pdf".to_owned()),
        ("period", format!("20{:02}-{:02}", rng.below(30), 1 + rng.below(12))),
        ("createdAt", format!("20{:02}-02-{:02}T10:00:00Z", rng.below(30), 1 + rng.below(28))),
        ("delta", format!("+{}", rng.below(100_000))),
        ("ratio", format!("0.{}", rng.digits(9))),
        ("ip", format!("10.{}.{}.{}", rng.below(250), rng.below(250), rng.below(250))),
        ("loinc", format!("{}-{}", rng.digits(4), rng.below(10))),
        ("partNo", format!("900-{:02}-{}", rng.below(100), rng.digits(4))),
        ("colour", format!("#{}", hex(rng, 6))),
    ];
    let members: Vec<String> = pairs.iter().map(|(k, v)| format!("\"{k}\":\"{v}\"")).collect();
    format!("{{{}}}", members.join(","))
}

#[test]
fn what_only_looks_like_something_is_nothing() {
    let mut rng = Rng::new(0xb319);
    let many: Vec<String> = (0..400).map(|_| benign(&mut rng)).collect();
    let said = [
        Said::json("/telemetry", format!("{{\"rows\":[{}]}}", many.join(","))),
        Said::json("/single", benign(&mut rng)),
        Said::post("/ingest", "application/json", benign(&mut rng)),
    ];
    let lab = Lab::default();
    assert_eq!(found(&fields(&lab, &said)), BTreeSet::new());
}
