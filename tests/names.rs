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
