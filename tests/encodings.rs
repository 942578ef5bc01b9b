//! Values that stand in other values: base64, compressed or not, tokens, escapes, tables. Through
//! the real program.

mod support;

use std::collections::BTreeSet;
use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use support::phitap::Lab;
use support::rng::Rng;
use support::said::{Said, fields, found};

const PERSON: &str = r#"{"mail":"ada@example.org"}"#;
const NOTE: &str = "Seen today; write to ada@example.org.";

fn gzip(text: &str) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    out.write_all(text.as_bytes()).unwrap();
    out.finish().unwrap()
}

fn deflate(text: &str) -> Vec<u8> {
    let mut out = DeflateEncoder::new(Vec::new(), Compression::default());
    out.write_all(text.as_bytes()).unwrap();
    out.finish().unwrap()
}

fn percent(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn one(name: &str, value: &str) -> String {
    serde_json::json!({ name: value }).to_string()
}

fn expect(said: &[Said], expected: &[&str]) {
    let found = found(&fields(&Lab::default(), said));
    let expected: BTreeSet<String> = expected.iter().map(|&row| row.to_owned()).collect();
    assert_eq!(found, expected);
}

#[test]
fn what_stands_in_base64_is_found_below_its_field() {
    let hl7 = "MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|P|2.5\rPID|1||9434765919^^^NHS^NH\r";
    let saml = "<Response><NameID>ada@example.org</NameID></Response>";
    let said = [
        Said::json("/json", one("v", &STANDARD.encode(PERSON))),
        Said::json("/url", one("v", &URL_SAFE_NO_PAD.encode(PERSON))),
        Said::json("/gzip", one("v", &STANDARD.encode(gzip(PERSON)))),
        Said::json("/text", one("v", &STANDARD.encode(NOTE))),
        Said::json("/twice", one("v", &STANDARD.encode(STANDARD.encode(NOTE)))),
        Said::json("/hl7", one("v", &STANDARD.encode(hl7))),
        Said::json(
            "/image",
            one("v", &format!("data:text/plain;base64,{}", STANDARD.encode(NOTE))),
        ),
        Said::post(
            "/acs",
            "application/x-www-form-urlencoded",
            format!("SAMLResponse={}", percent(&STANDARD.encode(saml))),
        ),
        Said::json(
            &format!("/sso?SAMLResponse={}", percent(&STANDARD.encode(deflate(saml)))),
            "{}",
        ),
        Said::json("/head", "{}").with(&format!("X-User-Context: {}", STANDARD.encode(PERSON))),
        Said::json("/cookie", "{}")
            .with(&format!("Cookie: s={}", percent(&STANDARD.encode(PERSON)))),
    ];
    expect(
        &said,
        &[
            "GET /json body $.v|$.mail contact.email",
            "GET /url body $.v|$.mail contact.email",
            "GET /gzip body $.v|$.mail contact.email",
            "GET /text body $.v|$ contact.email",
            "GET /twice body $.v|$|$ contact.email",
            "GET /hl7 body $.v|PID-3.1 gb.nhs_number",
            "GET /image body $.v|$ contact.email",
            "POST /acs body SAMLResponse|/Response/NameID contact.email",
            "GET /sso query SAMLResponse|/Response/NameID contact.email",
            "GET /head header x-user-context|$.mail contact.email",
            "GET /cookie cookie s|$.mail contact.email",
        ],
    );
}

#[test]
fn the_claims_of_a_token_are_found_beside_it() {
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let head = part(br#"{"alg":"RS256","typ":"JWT"}"#);
    let token = format!("{head}.{}.{}", part(PERSON.as_bytes()), part(&[147; 64]));
    let said = [
        Said::json("/token", one("id_token", &token)),
        Said::json("/me", "{}").with(&format!("Authorization: Bearer {token}")),
    ];
    expect(
        &said,
        &[
            "GET /token body $.id_token secret.jwt",
            "GET /token body $.id_token|$.mail contact.email",
            "GET /me header authorization secret.jwt",
            "GET /me header authorization|$.mail contact.email",
        ],
    );
}

#[test]
fn attachments_and_binaries_of_fhir_are_looked_into() {
    let cda = "<ClinicalDocument xmlns=\"urn:hl7-org:v3\"><recordTarget><patientRole><patient>\
        <birthTime value=\"19700101\"/></patient></patientRole></recordTarget></ClinicalDocument>";
    let attachment = serde_json::json!({ "resourceType": "DocumentReference", "content": [
        { "attachment": { "contentType": "text/xml", "data": STANDARD.encode(cda) } } ] });
    let binary = serde_json::json!({ "resourceType": "Binary", "contentType": "text/plain",
        "data": STANDARD.encode(NOTE) });
    let said = [Said::json("/a", attachment.to_string()), Said::json("/b", binary.to_string())];
    let found = found(&fields(&Lab::default(), &said));
    for row in [
        "body $.content[*].attachment.data|/ClinicalDocument/recordTarget/patientRole/patient\
         /birthTime/@value person.birth_date",
        "body $.data|$ contact.email",
    ] {
        assert!(found.iter().any(|found| found.ends_with(row)), "{row}: {found:#?}");
    }
}

#[test]
fn what_an_element_of_a_standard_holds_is_told_by_its_names() {
    let record = r#"{"nhsNumber":"9434765919","lastName":"Smith","password":"Zomer!2024x"}"#;
    let table = "nhs_number,surname,ward\n9434765919,Smith,North\n4010232137,Jones,West\n";
    let binary = |media: &str, data: &str| {
        let body = serde_json::json!({ "resourceType": "Binary", "contentType": media,
            "data": STANDARD.encode(data) });
        body.to_string()
    };
    let task = serde_json::json!({ "resourceType": "Task", "status": "draft", "intent": "order",
        "input": [{ "type": { "text": "record" }, "valueString": record }] });
    let cda = format!(
        "<ClinicalDocument xmlns=\"urn:hl7-org:v3\"><component><nonXMLBody><text mediaType=\
         \"application/json\" representation=\"B64\">{}</text></nonXMLBody></component>\
         </ClinicalDocument>",
        STANDARD.encode(record)
    );
    // What FHIR has no element for is the program's own; the elements beside it stay what they are.
    let own = serde_json::json!({ "resourceType": "Patient", "mrn": "H991823",
        "password": "Zomer!2024x", "managingOrganization": { "display": "North Ward" },
        "communication": [{ "language": { "text": "English" } }] });
    let said = [
        Said::json("/fhir/Binary/1", binary("application/json", record)),
        Said::json("/fhir/Binary/table", binary("text/csv", table)),
        Said::json(
            "/fhir/Binary/xml",
            binary("text/xml", "<p><nhsNumber n=\"1\">9434765919</nhsNumber></p>"),
        ),
        Said::json("/fhir/Task/7", task.to_string()),
        Said::get("/cda", "HTTP/1.1 200 OK\nContent-Type: application/xml", cda),
        Said::json("/fhir/Patient/9", own.to_string()),
    ];
    let found = found(&fields(&Lab::default(), &said));
    for row in [
        "$.data|$.nhsNumber gb.nhs_number",
        "$.data|$.lastName person.name",
        "$.data|$.password secret.password",
        "$.data|$[*].nhs_number gb.nhs_number",
        "$.data|$[*].surname person.name",
        "$.data|/p/nhsNumber gb.nhs_number",
        "$.input[*].valueString|$.nhsNumber gb.nhs_number",
        "$.input[*].valueString|$.password secret.password",
        "nonXMLBody/text|$.nhsNumber gb.nhs_number",
        "nonXMLBody/text|$.password secret.password",
        "$.mrn health.mrn",
        "$.password secret.password",
    ] {
        assert!(found.iter().any(|found| found.ends_with(row)), "{row}: {found:#?}");
    }
    let others = found.iter().filter(|row| row.contains("/fhir/Patient"));
    assert_eq!(others.count(), 2, "{found:#?}");
}

#[test]
fn escapes_in_values_are_undone() {
    let said = [
        Said::json("/link", one("v", "https://x.example/p?to=ada%40example.org&n=1")),
        Said::json("/twice?v=ada%252540example.org", "{}"),
        Said::json("/page", one("v", "<p>write to ada&#64;example.org</p>")),
        Said::json("/number", one("v", "NHS number 943&nbsp;476&#xA0;5919")),
    ];
    expect(
        &said,
        &[
            "GET /link body $.v contact.email",
            "GET /link body $.v|to contact.email",
            "GET /twice query v contact.email",
            "GET /page body $.v contact.email",
            "GET /number body $.v gb.nhs_number",
        ],
    );
}

#[test]
fn json_in_streams_scripts_and_text_is_found_by_its_names() {
    let record = r#"{"ssn":"219-09-9998","note":"x"}"#;
    let of = |target: &str, media: &str, body: String| {
        Said::get(target, &format!("HTTP/1.1 200 OK\nContent-Type: {media}"), body)
    };
    let page = format!(
        "<html><body><script type=\"application/json\">{record}</script><p>hello</p></body></html>"
    );
    let said = [
        of("/stream", "text/event-stream", format!("event: m\nid: 7\ndata: {record}\n\n")),
        of("/jsonp", "application/javascript", format!("cb({record});")),
        of("/page", "text/html", page),
        of("/line", "text/plain", format!("received: {record}\n")),
        Said::json("/log", one("message", &format!("request body: {record}"))),
    ];
    let found = found(&fields(&Lab::default(), &said));
    for row in [
        "GET /stream body $.ssn us.ssn",
        "GET /jsonp body $.ssn us.ssn",
        "GET /page body $|$.ssn us.ssn",
        "GET /line body $|$.ssn us.ssn",
        "GET /log body $.message|$.ssn us.ssn",
    ] {
        assert!(found.contains(row), "{row}: {found:#?}");
    }
}

#[test]
fn what_is_written_for_another_place_is_found_by_its_names() {
    let record = r#"{"lastName":"Delgado","mrn":"00483920"}"#;
    let escaped = record.replace('"', "&quot;");
    let quoted = serde_json::json!(record).to_string();
    let page = format!(
        "<html><script>window.__STATE__ = {record};</script><input name=dob value=1961-03-14>"
    );
    let query = "mutation { login(username: \"rd\", password: \"hunter2Blue!\") { token } }";
    let said = [
        Said::json("/percent", one("v", &percent(record))),
        Said::json("/references", one("v", &escaped)),
        Said::json("/quoted", one("v", &quoted)),
        Said::json("/form", one("v", "lastName=Delgado&mrn=00483920")),
        Said::json("/url", one("v", "https://x.example/s?lastName=Delgado&mrn=00483920")),
        Said::json("/graphql", one("query", query)),
        Said::get("/page", "HTTP/1.1 200 OK\nContent-Type: text/html", page),
        Said::json("/odata?$filter=LastName%20eq%20'Delgado'%20and%20Mrn%20eq%20'00483920'", "{}"),
        Said::json("/login?returnUrl=%2Fs%3FlastName%3DDelgado%26mrn%3D00483920", "{}"),
    ];
    let found = found(&fields(&Lab::default(), &said));
    for row in [
        "GET /percent body $.v|$.lastName person.name",
        "GET /percent body $.v|$.mrn health.mrn",
        "GET /references body $.v|$.mrn health.mrn",
        "GET /quoted body $.v|$|$.mrn health.mrn",
        "GET /form body $.v|lastName person.name",
        "GET /form body $.v|mrn health.mrn",
        "GET /url body $.v|mrn health.mrn",
        "GET /graphql body $.query|$.login.password secret.password",
        "GET /page body $|$.mrn health.mrn",
        "GET /page body $|dob person.birth_date",
        "GET /odata query $filter|$.LastName person.name",
        "GET /odata query $filter|$.Mrn health.mrn",
        "GET /login query returnUrl|mrn health.mrn",
    ] {
        assert!(found.contains(row), "{row}: {found:#?}");
    }
}

#[test]
fn names_inside_a_value_are_words_of_it() {
    let said = [
        Said::json("/url", one("v", "http://x.example/p?nhs_number=9434765919")),
        Said::json("/camel", one("v", "lookup nhsNumber: 9434765919 done")),
        Said::json("/ssn", one("v", "patient_ssn=219-09-9998 ok")),
        Said::json("/order", one("v", "http://x.example/p?order_number=9434765919")),
    ];
    expect(
        &said,
        &[
            "GET /url body $.v gb.nhs_number",
            "GET /url body $.v|nhs_number gb.nhs_number",
            "GET /camel body $.v gb.nhs_number",
            "GET /ssn body $.v us.ssn",
        ],
    );
}

#[test]
fn a_table_is_found_by_its_columns() {
    let table = "code;nhs_number;last name;e-mail\r\n\
        17;943 476 5919;\"Roe; Jr\";ada@example.org\r\n";
    expect(
        &[Said::get("/export", "HTTP/1.1 200 OK\nContent-Type: text/csv", table)],
        &[
            "GET /export body $[*].nhs_number gb.nhs_number",
            "GET /export body $[*]['last name'] person.name",
            "GET /export body $[*]['e-mail'] contact.email",
        ],
    );
}

#[test]
fn cells_of_html_are_found_by_their_columns_and_labels() {
    let table = "<table><thead><tr><th>Ward</th><th>NHS number</th></tr></thead>\
        <tr><td>7</td><td>943 476 5919</td></tr></table>";
    let list = "<dl><dt>SSN:</dt><dd>536-22-1234</dd></dl>";
    let page = format!("<!doctype html><html><body>{table}{list}</body></html>");
    let narrative = format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{table}</div>");
    let html = "HTTP/1.1 200 OK\nContent-Type: text/html";
    let xhtml = "HTTP/1.1 200 OK\nContent-Type: application/xhtml+xml";
    let said = [
        Said::get("/page", html, page),
        Said::get("/x", xhtml, format!("<?xml version='1.0'?><html><body>{table}</body></html>")),
        Said::json("/note", one("div", &narrative)),
    ];
    let rows = found(&fields(&Lab::default(), &said));
    for row in [
        "GET /page body $[*]['NHS number'] gb.nhs_number",
        "GET /page body $.SSN us.ssn",
        "GET /x body /html/body/table|$[*]['NHS number'] gb.nhs_number",
        "GET /note body $.div|$[*]['NHS number'] gb.nhs_number",
    ] {
        assert!(rows.contains(row), "{row}: {rows:#?}");
    }
}

#[test]
fn a_label_that_may_be_a_person_is_kept_nowhere() {
    let html = "HTTP/1.1 200 OK\nContent-Type: text/html";
    let page = "<html><dl><dt>Ada Quartermain</dt><dd>536-22-1234</dd></dl></html>";
    let rows = fields(&Lab::default(), &[Said::get("/staff", html, page)]);
    assert!(!rows.is_empty());
    for row in rows {
        assert!(!row.to_string().contains("Quartermain"), "{row}");
    }
}

#[test]
fn what_stands_in_hexadecimal_or_among_text_is_found_below_its_field() {
    let hex: String = PERSON.bytes().map(|byte| format!("{byte:02x}")).collect();
    let text = STANDARD.encode(PERSON);
    let said = [
        Said::json("/hex", one("blob", &hex)),
        Said::json("/log", one("line", &format!("queue 7 got payload {text} twice"))),
        Said::json("/head", "{}").with(&format!("X-Trace: seen \"{text}\" here")),
    ];
    expect(
        &said,
        &[
            "GET /hex body $.blob|$.mail contact.email",
            "GET /log body $.line|$.mail contact.email",
            "GET /head header x-trace|$.mail contact.email",
        ],
    );
}

#[test]
fn parameters_of_a_url_in_a_header_are_fields_below_it() {
    let created = "HTTP/1.1 201 Created\nLocation: http://a.example/p?nhs_number=9434765919&n=1";
    let fhir = "HTTP/1.1 200 OK\nContent-Type: application/fhir+json\n\
        Content-Location: Patient?family=Lovelace&_count=3";
    let said = [
        Said::get("/next", created, "{}"),
        Said::get("/home", "HTTP/1.1 200 OK", "").with("Referer: /find?ssn=536-22-1234#x"),
        Said::get("/fhir/Observation/1", fhir, r#"{"resourceType":"Observation"}"#),
    ];
    expect(
        &said,
        &[
            "GET /next header location|nhs_number gb.nhs_number",
            "GET /home header referer|ssn us.ssn",
            "GET /fhir/Observation/{id} header content-location|family person.name",
        ],
    );
}

#[test]
fn random_bytes_in_base64_hold_nothing() {
    let mut rng = Rng::new(0xb64);
    let values: Vec<String> = (0..400)
        .map(|at| {
            let bytes: Vec<u8> =
                (0..12 + at % 60).map(|_| u8::try_from(rng.below(256)).unwrap()).collect();
            if at % 2 == 0 { STANDARD.encode(bytes) } else { URL_SAFE_NO_PAD.encode(bytes) }
        })
        .collect();
    let body = serde_json::json!({ "v": values }).to_string();
    let rows = fields(&Lab::default(), &[Said::json("/noise", body)]);
    let inside = |row: &&serde_json::Value| row["field"].as_str().unwrap().contains('|');
    assert_eq!(rows.iter().filter(inside).count(), 0, "{rows:#?}");
}
