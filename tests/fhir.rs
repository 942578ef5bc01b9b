//! What FHIR says by place where it stands in no element of a resource: extensions, patches, what
//! nests in itself; and exchanges that say nothing of themselves.

mod support;

use std::collections::BTreeSet;

use support::phitap::Lab;
use support::said::{Said, fields, found};

const FHIR: &str = "HTTP/1.1 200 OK\nContent-Type: application/fhir+json";

#[track_caller]
fn expect(found: &BTreeSet<String>, expected: &[&str]) {
    let expected: BTreeSet<String> = expected.iter().map(|&row| row.to_owned()).collect();
    assert_eq!(*found, expected);
}

const PERSONS_IN_EXTENSION: &str = r#"
    {"url":"http://a.example/n","valueHumanName":{"family":"Lovelace","given":["Ada"]}},
    {"url":"http://a.example/a","valueAddress":{"line":["Rose Cottage"],"city":"Leeds"}},
    {"url":"http://a.example/t","valueAttachment":{"data":"aGVsbG8="}},
    {"url":"http://a.example/w","valueAnnotation":{"text":"seen on Monday"}},
    {"url":"http://a.example/c","valueString":"Green"}"#;

#[test]
fn what_extensions_hold_is_known_by_its_type_wherever_they_are() {
    let resource = |kind: &str, more: &str| {
        let body = format!(r#"{{"resourceType":"{kind}",{more}}}"#);
        Said::get(&format!("/fhir/{kind}/1"), FHIR, body)
    };
    let said = [
        resource("Patient", &format!(r#""extension":[{PERSONS_IN_EXTENSION}]"#)),
        resource(
            "Observation",
            &format!(
                r#""component":[{{"modifierExtension":[{{"extension":[{PERSONS_IN_EXTENSION}],
                "url":"http://a.example/x"}}]}}]"#
            ),
        ),
        resource("Organization", &format!(r#""extension":[{PERSONS_IN_EXTENSION}]"#)),
        Said::get(
            "/fhir/Encounter/1",
            "HTTP/1.1 200 OK\nContent-Type: application/fhir+xml",
            r#"<Encounter xmlns="http://hl7.org/fhir"><extension url="http://a.example/n">
                <valueHumanName><text value="Ada Lovelace"/></valueHumanName></extension>
                </Encounter>"#,
        ),
    ];
    let lab = Lab::default();
    let (patient, observation) = (
        "GET /fhir/Patient/{id} body $.extension[*].",
        "GET /fhir/Observation/{id} body $.component[*].modifierExtension[*].extension[*].",
    );
    let mut expected = Vec::new();
    for place in [patient, observation] {
        for row in [
            "valueHumanName.family person.name",
            "valueHumanName.given[*] person.name",
            "valueAddress.line[*] person.address",
            "valueAddress.city person.address",
            "valueAttachment.data health.attachment",
            "valueAnnotation.text health.free_text",
        ] {
            expected.push(format!("{place}{row}"));
        }
    }
    for name in ["family", "given[*]"] {
        let place = "GET /fhir/Organization/{id} body $.extension[*].valueHumanName";
        expected.push(format!("{place}.{name} person.name"));
    }
    let xml = "GET /fhir/Encounter/{id} body /Encounter/extension/valueHumanName/text/@value";
    expected.push(format!("{xml} person.name"));
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    expect(&found(&fields(&lab, &said)), &expected);
}

#[test]
fn what_nests_in_itself_is_known_at_every_level() {
    let said = [
        Said::get(
            "/fhir/QuestionnaireResponse/1",
            FHIR,
            r#"{"resourceType":"QuestionnaireResponse","item":[{"item":[{"answer":[{"item":[
                {"answer":[{"valueString":"sleeps badly"}]}]}]}]}]}"#,
        ),
        Said::post(
            "/fhir/Patient/$find",
            "application/fhir+json",
            r#"{"resourceType":"Parameters","parameter":[{"name":"x","part":[{"name":"y","part":[
                {"name":"z","valueHumanName":{"family":"Lovelace"}}]}]}]}"#,
        ),
    ];
    let lab = Lab::default();
    expect(
        &found(&fields(&lab, &said)),
        &[
            "GET /fhir/QuestionnaireResponse/{id} body \
             $.item[*].item[*].answer[*].item[*].answer[*].valueString health.free_text",
            "POST /fhir/Patient/$find body \
             $.parameter[*].part[*].part[*].valueHumanName.family person.name",
        ],
    );
}

fn patch(target: &str, media: &str, sent: &str) -> Said {
    let said = Said::post(target, media, sent);
    Said { request: said.request.replacen("POST", "PATCH", 1), ..said }
}

#[test]
fn what_a_json_patch_sets_is_known_by_its_path() {
    let set = |path: &str, value: &str| {
        format!(r#"[{{"value":{value},"op":"replace","path":"{path}"}}]"#)
    };
    let mut said = Vec::new();
    let mut expected = Vec::new();
    for (number, (kind, path, value, found)) in (b'a'..).map(char::from).zip([
        ("Patient", "/birthDate", r#""1970-02-11""#, " person.birth_date"),
        ("Patient", "/name/0/family", r#""Lovelace""#, " person.name"),
        ("Patient", "/name/-", r#"{"family":"Lovelace"}"#, ".family person.name"),
        ("Patient", "/address/0/line/0", r#""Rose Cottage""#, " person.address"),
        ("Patient", "/extension/0/valueAddress", r#"{"city":"Leeds"}"#, ".city person.address"),
        (
            "Patient",
            "/telecom/-",
            r#"{"system":"phone","value":"555 1234"}"#,
            ".value contact.phone",
        ),
        ("Patient", "/active", r#""Rose""#, ""),
        ("Observation", "/birthDate", r#""1970-02-11""#, ""),
        ("Observation", "/note/0/text", r#""seen on Monday""#, " health.free_text"),
    ]) {
        let base = format!("/fhir/{number}/{kind}/1");
        said.push(patch(&base, "application/json-patch+json", &set(path, value)));
        if !found.is_empty() {
            expected.push(format!("PATCH /fhir/{number}/{kind}/{{id}} body $[*].value{found}"));
        }
    }
    said.push(patch("/staff/1", "application/json-patch+json", &set("/ssn", r#""219-09-9999""#)));
    expected.push("PATCH /staff/{id} body $[*].value us.ssn".to_owned());
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    let lab = Lab::default();
    expect(&found(&fields(&lab, &said)), &expected);
}

#[test]
fn what_an_xml_patch_sets_is_known_by_its_selector() {
    let mut said = Vec::new();
    let mut expected = Vec::new();
    for (number, (operation, found)) in (b'a'..).map(char::from).zip([
        (
            r#"<replace sel="Patient/birthDate/@value">1970-02-11</replace>"#,
            "/diff/replace person.birth_date",
        ),
        (
            r#"<replace sel="/f:Patient/f:name[1]/f:family/@value">Lovelace</replace>"#,
            "/diff/replace person.name",
        ),
        (
            r#"<add sel="f:Patient/f:name[1]"><family value="Lovelace"/></add>"#,
            "/diff/add/family/@value person.name",
        ),
        (
            r#"<add sel="Patient" pos="prepend"><birthDate value="1970-02-11"/></add>"#,
            "/diff/add/birthDate/@value person.birth_date",
        ),
        (r#"<replace sel="Patient/active/@value">Rose</replace>"#, ""),
        (r#"<remove sel="Patient/name[family/@value='Rose']"/>"#, ""),
    ]) {
        let target = format!("/fhir/{number}/Patient/1");
        let body = format!(r#"<diff xmlns:f="http://hl7.org/fhir">{operation}</diff>"#);
        said.push(patch(&target, "application/xml-patch+xml", &body));
        if !found.is_empty() {
            expected.push(format!("PATCH /fhir/{number}/Patient/{{id}} body {found}"));
        }
    }
    let staff = r#"<diff><replace sel="/staff/ssn/text()">219-09-9999</replace></diff>"#;
    said.push(patch("/staff/1", "application/xml-patch+xml", staff));
    expected.push("PATCH /staff/{id} body /diff/replace us.ssn".to_owned());
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    let lab = Lab::default();
    expect(&found(&fields(&lab, &said)), &expected);
}

#[test]
fn what_a_fhirpath_patch_sets_is_known_by_its_path() {
    let mut said = Vec::new();
    let mut expected = Vec::new();
    for (number, (parts, found)) in (b'a'..).map(char::from).zip([
        (
            r#"{"name":"path","valueString":"Patient.birthDate"},
               {"name":"value","valueDate":"1970-02-11"}"#,
            "valueDate person.birth_date",
        ),
        (
            r#"{"valueString":"Lovelace","name":"value"},
               {"valueString":"Patient.name.where(use = 'official').family","name":"path"}"#,
            "valueString person.name",
        ),
        (
            r#"{"name":"path","valueString":"Patient"},{"name":"name","valueString":"deceased"},
               {"name":"value","valueDateTime":"2024-02-11"}"#,
            "valueDateTime person.death_date",
        ),
        (
            r#"{"name":"path","valueString":"Patient.active"},
               {"name":"value","valueString":"Rose"}"#,
            "",
        ),
    ]) {
        let body = format!(
            r#"{{"resourceType":"Parameters","parameter":[{{"name":"operation","part":[
            {{"name":"type","valueCode":"replace"}},{parts}]}}]}}"#
        );
        let target = format!("/fhir/{number}/Patient/1");
        said.push(patch(&target, "application/fhir+json", &body));
        if !found.is_empty() {
            let place = format!("PATCH /fhir/{number}/Patient/{{id}} body");
            expected.push(format!("{place} $.parameter[*].part[*].{found}"));
        }
    }
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    let lab = Lab::default();
    expect(&found(&fields(&lab, &said)), &expected);
}

#[test]
fn what_says_nothing_of_itself_is_fhirs_below_a_base_that_is() {
    let asked = |method: &str, target: &str, head: &str| {
        let request = format!("{method} {target} HTTP/1.1\nHost: ehr.example");
        Said { request, ..Said::get(target, head, "") }
    };
    let empty = "HTTP/1.1 204 No Content";
    let said = [
        asked("DELETE", "/r4/Patient/17", empty),
        asked("DELETE", "/r4/Patient?identifier=17", empty),
        asked("POST", "/r4/$export", "HTTP/1.1 202 Accepted"),
        asked("GET", "/r4/Binary/4711", "HTTP/1.1 200 OK\nContent-Type: application/pdf"),
        asked("GET", "/r4/Patient/17/_history/2", "HTTP/1.1 304 Not Modified"),
        asked("DELETE", "/api/Patient/17", empty),
        Said::get("/r4/Patient/17", FHIR, r#"{"resourceType":"Patient","active":true}"#),
    ];
    let lab = Lab::default();
    fields(&lab, &said);
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let rows = lab.query("db", &["endpoints"]).into_iter().map(|row| {
        let named = text(&row["interactions"][0]);
        format!("{} {} {named}", text(&row["standard"]), text(&row["operation"]))
    });
    let expected = [
        "fhir-r4 DELETE /r4/Patient delete",
        "fhir-r4 DELETE /r4/Patient/{id} delete",
        "fhir-r4 GET /r4/Binary/{id} read",
        "fhir-r4 GET /r4/Patient/{id} read",
        "fhir-r4 GET /r4/Patient/{id}/_history/{vid} vread",
        "fhir-r4 POST /r4/$export operation",
        "http DELETE /api/Patient/{id} ",
    ];
    assert_eq!(rows.collect::<BTreeSet<_>>(), expected.map(str::to_owned).into());
}

#[test]
fn persons_in_elements_of_stu3_and_r5_are_known() {
    let resource = |kind: &str, more: &str| {
        let body = format!(r#"{{"resourceType":"{kind}",{more}}}"#);
        Said::get(&format!("/fhir/{kind}/1"), FHIR, body)
    };
    let person = r#"{"display":"Ada Lovelace"}"#;
    let said = [
        // R5
        resource("Appointment", &format!(r#""subject":{person}"#)),
        resource("EncounterHistory", &format!(r#""subject":{person}"#)),
        resource("Practitioner", r#""deceasedDateTime":"2024-02-03""#),
        // STU3
        resource("EnrollmentRequest", &format!(r#""subject":{person}"#)),
        resource("ImagingManifest", &format!(r#""patient":{person}"#)),
        resource("BodySite", r#""text":{"status":"generated","div":"<div>left knee</div>"}"#),
        // Of an element that no version has nothing is known.
        resource("Appointment", &format!(r#""other":{person}"#)),
    ];
    expect(
        &found(&fields(&Lab::default(), &said)),
        &[
            "GET /fhir/Appointment/{id} body $.subject.display person.name",
            "GET /fhir/EncounterHistory/{id} body $.subject.display person.name",
            "GET /fhir/Practitioner/{id} body $.deceasedDateTime person.death_date",
            "GET /fhir/EnrollmentRequest/{id} body $.subject.display person.name",
            "GET /fhir/ImagingManifest/{id} body $.patient.display person.name",
            "GET /fhir/BodySite/{id} body $.text.div health.free_text",
        ],
    );
}
