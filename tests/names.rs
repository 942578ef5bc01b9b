//! What fields are called where that is not said beside their value: in the path of a request, in
//! the parts of a body.

mod support;

use support::phitap::Lab;
use support::planted::make;
use support::rng::Rng;
use support::said::{Said, fields, found};

#[test]
fn the_word_before_a_parameter_of_a_path_is_its_name() {
    let mut rng = Rng::new(9);
    let mut said = Vec::new();
    for number in 0..3 {
        let mut of = |class: &str| make(class, &mut rng).value;
        let digits = |text: String| text.replace(|c: char| !c.is_ascii_digit(), "");
        for target in [
            format!("/nhs/{}/record", digits(of("gb.nhs_number"))),
            format!("/ssn/{}", digits(of("us.ssn"))),
            format!("/patients/mrn/{}", 1_000_000 + number * 7919),
            format!("/pages/{}", 1_000_000 + number * 7919),
            format!("/orders/{}", digits(of("us.ssn"))),
        ] {
            said.push(Said::json(&target, "{}"));
        }
    }
    let lab = Lab::default();
    let expected = [
        "GET /nhs/{id}/record path id gb.nhs_number",
        "GET /ssn/{id} path id us.ssn",
        "GET /patients/mrn/{id} path id health.mrn",
    ];
    assert_eq!(found(&fields(&lab, &said)), expected.map(str::to_owned).into());
    let findings = lab.query("db", &["findings", "--rule", "sensitive-data-in-url"]);
    assert_eq!(findings.len(), 3, "{findings:#?}");
}

#[test]
fn a_parameter_of_a_path_is_judged_without_the_name_of_its_file_or_key() {
    let mut rng = Rng::new(11);
    let mut said = Vec::new();
    for number in 0..40 {
        let mut of = |class: &str| {
            let value = make(class, &mut rng).value;
            value.replace(|c: char| !c.is_ascii_digit(), "")
        };
        for target in [
            format!("/patients/{}.json", of("gb.nhs_number")),
            format!("/reports/{}-summary.pdf", of("gb.nhs_number")),
            format!("/odata/Patients('{}')", of("gb.nhs_number")),
            format!("/odata/Records(Number='{}')/Visits", of("gb.nhs_number")),
            format!("/odata/Visits(NhsNumber='{}')", of("gb.nhs_number")),
            format!("/v1/people/{}:archive", of("gb.nhs_number")),
            format!("/odata/Ssn({})", of("us.ssn")),
            format!("/odata/Invoices({})", 1_000_000 + number * 7919),
            format!("/invoices/{}.json", 1_000_000 + number * 7919),
            format!("/v1/people/{number}:merge"),
        ] {
            said.push(Said::json(&target, "{}"));
        }
    }
    let expected = [
        "GET /patients/{file} path file gb.nhs_number",
        "GET /reports/{file} path file gb.nhs_number",
        "GET /odata/Patients({id}) path id gb.nhs_number",
        "GET /odata/Records({id})/Visits path id gb.nhs_number",
        "GET /odata/Visits({id}) path id gb.nhs_number",
        "GET /v1/people/{id}:archive path id gb.nhs_number",
        "GET /odata/Ssn({id}) path id us.ssn",
    ];
    let lab = Lab::default();
    assert_eq!(found(&fields(&lab, &said)), expected.map(str::to_owned).into());
    let endpoints = lab.query("db", &["endpoints"]);
    let merge = endpoints.iter().find(|e| e["operation"] == "GET /v1/people/{id}:merge");
    assert_eq!(merge.map(|e| &e["requests"]), Some(&serde_json::json!(40)), "{endpoints:#?}");
}

#[test]
fn a_name_is_known_by_what_stands_beside_it_in_parts_too() {
    let person = [("name", "Ada Lovelace"), ("ssn", "219-09-9999"), ("dob", "1970-01-31")];
    let parts: String = person
        .iter()
        .map(|(name, value)| {
            format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        })
        .collect();
    let json = r#"{"name":"Ada Lovelace","ssn":"219-09-9999","dob":"1970-01-31"}"#;
    let json = format!(
        "--B\r\nContent-Disposition: form-data; name=\"f\"\r\nContent-Type: application/json\
         \r\n\r\n{json}\r\n--B--\r\n"
    );
    let media = "multipart/form-data; boundary=B";
    let said = [
        Said::post("/fields", media, format!("{parts}--B--\r\n")),
        Said::post("/document", media, json),
    ];
    let lab = Lab::default();
    let found = found(&fields(&lab, &said));
    for row in
        ["POST /fields body part:name person.name", "POST /document body part:$.name person.name"]
    {
        assert!(found.contains(row), "{row} is not in {found:#?}");
    }
}
