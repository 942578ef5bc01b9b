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
fn what_a_field_is_called_says_what_stands_beside_it() {
    let lab = Lab::default();
    let said = [
        Said::json("/token/1", r#"{"grant_type":"authorization_code","code":"SplxlOBeZQQYbYS6"}"#),
        Said::json("/token/2", r#"{"granted":true,"code":"SplxlOBeZQQYbYS6"}"#),
        Said::json("/plan/a", r#"{"memberId":"W123456789","payerName":"Acme Health"}"#),
        Said::json("/plan/b", r#"{"memberId":"W123456789","points":120}"#),
    ];
    let found: Vec<String> = found(&fields(&lab, &said)).into_iter().collect();
    assert_eq!(
        found,
        [
            "GET /plan/a body $.memberId health.plan_id",
            "GET /token/{id} body $.code secret.authorization_code",
        ]
    );
}

#[test]
fn customers_of_whom_most_end_as_firms_do_are_no_persons() {
    let lab = Lab::default();
    let named = |n: usize| {
        let (first, second) =
            (["Alder", "Birch", "Cedar", "Damson"][n % 4], ["Hale", "Marsh"][n % 2]);
        let end = ["", " Group", " Limited", ", Inc."][n % 4];
        format!("{{\"customerName\":\"{first} {second}{}{end}\"}}", ["a", "b", "c"][n % 3])
    };
    let rows: Vec<String> = (0..60).map(named).collect();
    let said = [Said::json("/customers", format!("[{}]", rows.join(",")))];
    let rows = fields(&lab, &said);
    assert!(found(&rows).is_empty(), "{rows:?}");
    let told = rows[0]["explanation"].to_string();
    assert!(told.contains("15 of 60 values have a fitting form; 45 are none"), "{told}");
}

#[test]
fn what_somebody_wrote_says_nothing_of_what_stands_beside_it() {
    let lab = Lab::default();
    let said = [
        Said::json("/tickets/a", r#"{"note":"Caller gave MRN: 00123456, thanks","latitude":52.5}"#),
        Said::json("/people/b", r#"{"mrn":"MRN00123456","latitude":52.5}"#),
    ];
    let found: Vec<String> = found(&fields(&lab, &said)).into_iter().collect();
    assert_eq!(
        found,
        [
            "GET /people/b body $.latitude person.place",
            "GET /people/b body $.mrn health.mrn",
            "GET /tickets/a body $.note health.mrn",
        ]
    );
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

#[test]
fn what_header_fields_hide_is_found() {
    let lab = Lab::default();
    let said: [Said; 3] = std::array::from_fn(|_| {
        Said::json("/home", "{}")
            .with("X-User: ada%40example.org")
            .with("X-Context: {\"ssn\":\"536-22-1234\",\"n\":1}")
            .with("X-Coded: %7B%22ssn%22%3A%22536-22-1235%22%7D")
            .with("X-Rate: 50%")
    });
    let rows = fields(&lab, &said);
    let found = found(&rows);
    let expected: BTreeSet<String> = [
        "GET /home header x-coded|$.ssn us.ssn",
        "GET /home header x-context|$.ssn us.ssn",
        "GET /home header x-user contact.email",
    ]
    .map(str::to_owned)
    .into();
    assert_eq!(found, expected);
    // What is remembered says the same each time.
    for row in rows.iter().filter(|row| row["field"].as_str().unwrap().starts_with("x-")) {
        assert_eq!(row["seen"], 3, "{row}");
    }
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

#[test]
fn what_lies_deep_is_found_under_its_own_name() {
    let deep = |levels: usize| {
        let (open, close) = ("{\"a\":".repeat(levels), "}".repeat(levels));
        format!("{open}{{\"email\":\"ada@example.org\",\"ssn\":\"536-22-1234\"}}{close}")
    };
    let targets = ["/deep/a", "/deep/b", "/deep/c", "/deep/d"];
    let said: Vec<Said> = targets
        .into_iter()
        .zip([120, 130, 200, 3000])
        .map(|(target, levels)| Said::json(target, deep(levels)))
        .collect();
    let lab = Lab::default();
    let found = found(&fields(&lab, &said));
    for target in targets {
        for tail in [".ssn us.ssn", ".email contact.email"] {
            let of = |row: &&String| row.contains(target) && row.ends_with(tail);
            assert_eq!(found.iter().filter(of).count(), 1, "{target} {tail}: {found:#?}");
        }
    }
    assert_eq!(found.len(), 8, "{found:#?}");
}

#[test]
fn what_is_looked_at_in_part_shows_in_coverage() {
    let bottomless = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
    let entities = "<!DOCTYPE r [<!ENTITY e \"536-22-1234\">]><r><ssn>&e;</ssn></r>";
    let said = [
        Said::json("/bottomless", bottomless),
        Said::get("/entities", "HTTP/1.1 200 OK\nContent-Type: application/xml", entities),
        Said::json("/flat", "{\"a\":1}"),
    ];
    let lab = Lab::default();
    let found = found(&fields(&lab, &said));
    assert!(found.contains("GET /entities body /!ENTITY us.ssn"), "{found:#?}");
    let undecoded: Vec<(String, i64)> = lab
        .query("db", &["endpoints"])
        .iter()
        .map(|row| {
            let count = row["coverage"]["undecoded"].as_i64().unwrap();
            (row["operation"].as_str().unwrap().to_owned(), count)
        })
        .collect();
    for (operation, count) in [("GET /bottomless", 1), ("GET /entities", 1), ("GET /flat", 0)] {
        assert!(undecoded.contains(&(operation.to_owned(), count)), "{undecoded:?}");
    }
}

#[test]
fn plain_sentences_say_what_they_hold() {
    let said = [
        ("nino", "National Insurance No AB 12 34 56 C", "gb.nino"),
        ("home", "Address: 742 Evergreen Terrace, Springfield, IL 62704", "person.address"),
        ("lives", "She lives at 12 Elm Road, Leeds LS1 4AP.", "person.address"),
        ("hospital", "Hospital number 1234567", "health.mrn"),
        ("letter", "Dear Mrs Ravensworth,", "person.name"),
    ];
    let text = "HTTP/1.1 200 OK\nContent-Type: text/plain";
    let mut all = Vec::new();
    let mut expected = BTreeSet::new();
    for (name, sentence, class) in said {
        all.push(Said::get(&format!("/text/{name}"), text, sentence));
        all.push(Said::json(&format!("/note/{name}"), format!("{{\"note\":\"{sentence}\"}}")));
        expected.insert(format!("GET /text/{name} body $ {class}"));
        expected.insert(format!("GET /note/{name} body $.note {class}"));
    }
    let lab = Lab::default();
    assert_eq!(found(&fields(&lab, &all)), expected);
}

#[test]
fn values_under_telling_names_are_found() {
    let body = r#"{"amex":"371449635398431","d_o_b":"2/11/70","DateOfBirth":"/Date(34560000000)/",
        "telefon":"+49 30 901820","tel":"555-0134","nhsnumberformatted":"943 476 5919",
        "attending":"Roe, Jane","patient":"Nora Quill"}"#;
    let lab = Lab::default();
    let found = found(&fields(&lab, &[Said::json("/r", body)]));
    let expected: BTreeSet<String> = [
        "$.amex financial.credit_card",
        "$.d_o_b person.birth_date",
        "$.DateOfBirth person.birth_date",
        "$.telefon contact.phone",
        "$.tel contact.phone",
        "$.nhsnumberformatted gb.nhs_number",
        "$.attending person.name",
        "$.patient person.name",
    ]
    .map(|row| format!("GET /r body {row}"))
    .into();
    assert_eq!(found, expected);
}

#[test]
fn a_name_beside_a_value_says_what_the_value_is() {
    let body = r#"[{"name":"ssn","value":"536-22-1234"},{"name":"dateOfBirth","value":"1970-02-11"},
        {"value":"0113 496 0123","key":"phone"},{"name":"colour","value":"1971-03-12"},
        {"name":"dob","value":"none of your business"}]"#;
    let lab = Lab::default();
    let found = found(&fields(&lab, &[Said::json("/r", body)]));
    let expected: BTreeSet<String> = ["us.ssn", "person.birth_date", "contact.phone"]
        .map(|class| format!("GET /r body $[*].value {class}"))
        .into();
    assert_eq!(found, expected);
}

#[test]
fn ids_of_messages_extensions_and_timecodes_are_nobody() {
    let rows: Vec<String> = (10..34)
        .map(|n| {
            format!(
                r#"{{"msgid":"<9f86d081884c7d659a2feaa0c55ad0{n}@mail.example.org>",
                "sip":"sip:1{n}@pbx.example.org","timecode":"{n}:11:12:13:14:15"}}"#
            )
        })
        .collect();
    let lab = Lab::default();
    let found = found(&fields(&lab, &[Said::json("/r", format!("[{}]", rows.join(",")))]));
    assert_eq!(found, BTreeSet::new());
}

#[test]
fn credentials_in_links_redirects_and_for_proxies_are_raised() {
    let token = "9f86d081884c7d659a2feaa0c55ad015";
    let redirect = format!(
        "HTTP/1.1 302 Found\nContent-Type: application/json\n\
         Location: https://app.example/x#access_token={token}"
    );
    let said = [
        Said::json(&format!("/sid?sid={token}"), "{}"),
        Said::json("/pass?pass=hunter2", "{}"),
        Said::json(&format!("/reset/{token}"), "{}"),
        Said::get("/go", &redirect, "{}"),
        Said::json("/proxied", "{\"ssn\":\"536-22-1234\"}").with("Proxy-Authorization: Basic dTpw"),
        Said::json("/empty", "{\"ssn\":\"536-22-1234\"}").with("Authorization: Bearer "),
        Said::json("/map?key=AIzaSyA1234567890abcdefghijklmnopqrstuv", "{\"ssn\":\"536-22-1234\"}"),
        Said::json(&format!("/session?session={token}"), "{\"ssn\":\"536-22-1234\"}"),
        Said::json("/mail?reset_token=abc", "{}"),
        Said::json("/cas?ticket=ST-1856339-aA5Yuvrxzpv8Tau1cYQ7", "{}"),
        Said::json("/acs?SAMLResponse=PHNhbWxwOlJlc3BvbnNlPg%3D%3D", "{}"),
        Said::json("/from", "{}").with("Referer: http://x.example/?access_token=abc"),
        Said::json("/sorted?key=name&sort_key=age&session=morning", "{\"ssn\":\"536-22-1234\"}"),
    ];
    let lab = Lab::default();
    fields(&lab, &said);
    let rows = lab.query("db", &["findings", "--all"]);
    let of = |rule: &str, operation: &str| {
        let is_of = |row: &&serde_json::Value| {
            row["rule"] == rule && row["operation"].as_str().unwrap().starts_with(operation)
        };
        rows.iter().filter(is_of).count()
    };
    for operation in [
        "GET /sid",
        "GET /pass",
        "GET /reset/",
        "GET /go",
        "GET /map",
        "GET /session",
        "GET /mail",
        "GET /cas",
        "GET /acs",
        "GET /from",
    ] {
        assert!(of("credentials-in-url", operation) > 0, "{operation}: {rows:#?}");
    }
    assert_eq!(of("credentials-in-clear", "GET /proxied"), 1, "{rows:#?}");
    assert_eq!(of("credentials-in-clear", "GET /empty"), 0, "{rows:#?}");
    assert_eq!(of("credentials-in-url", "GET /sorted"), 0, "{rows:#?}");
    for operation in ["GET /map", "GET /session"] {
        assert_eq!(of("sensitive-data-unauthenticated", operation), 0, "{operation}: {rows:#?}");
    }
    for operation in ["GET /proxied", "GET /empty", "GET /sorted"] {
        assert!(of("sensitive-data-unauthenticated", operation) > 0, "{operation}: {rows:#?}");
    }
}

#[test]
fn the_system_beside_a_code_says_whether_it_is_clinical() {
    let fhir = "HTTP/1.1 200 OK\nContent-Type: application/fhir+json";
    let xml = "HTTP/1.1 200 OK\nContent-Type: application/xml";
    let coding = |system: &str, code: &str| {
        format!(r#"{{"coding":[{{"code":"{code}","system":"{system}","display":"x"}}]}}"#)
    };
    let observation = format!(
        r#"{{"resourceType":"Observation","status":"final","code":{},"bodySite":{},
        "method":{},"interpretation":[{}],"category":[{}],"valueQuantity":
        {{"value":2,"system":"http://snomed.info/sct","code":"428673006"}},
        "component":[{{"code":{}}}]}}"#,
        // Its own format is that of no code: the system alone says so.
        coding("http://www.nlm.nih.gov/research/umls/rxnorm", "197361"),
        coding("urn:oid:2.16.840.1.113883.6.96", "22298006"),
        coding("http://hospital.example/codes", "8480-6"),
        coding("http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "B20"),
        coding("http://terminology.hl7.org/CodeSystem/observation-category", "vital-signs"),
        coding("http://hospital.example/codes", "8480-6"),
    );
    let list = r#"{"resourceType":"ValueSet","compose":{"include":[{"system":"http://loinc.org",
        "concept":[{"code":"75325-1"}]}]},"expansion":{"contains":[
        {"system":"http://loinc.org","code":"75325-1"}]}}"#;
    let condition = r#"<Condition xmlns="http://hl7.org/fhir"><code><coding>
        <system value="http://hl7.org/fhir/sid/icd-10-cm"/><code value="E11.9"/></coding>
        <coding><system value="http://x.example"/><code value="E11.9"/></coding></code>
        <clinicalStatus><coding><code value="active"/><system
        value="http://terminology.hl7.org/CodeSystem/condition-clinical"/></coding>
        </clinicalStatus></Condition>"#;
    let document = r#"<ClinicalDocument xmlns="urn:hl7-org:v3"><component><section><entry>
        <act><code code="99213" codeSystem="2.16.840.1.113883.6.12"/>
        <statusCode code="active"/><priorityCode code="E11.9" codeSystem="1.2.3.4"/></act>
        </entry></section></component></ClinicalDocument>"#;
    let said = [
        Said::get("/fhir/Observation/1", fhir, observation),
        Said::get("/fhir/ValueSet/1", fhir, list),
        Said::get("/fhir/Condition/1", xml, condition),
        Said::get("/documents", xml, document),
        Said::json("/v1/visit", r#"{"dx":{"system":"ICD-10","code":"B20"},"room":{"code":"B20"}}"#),
    ];
    let lab = Lab::default();
    let mut found = found(&fields(&lab, &said));
    found.retain(|line| line.ends_with("clinical_code"));
    let expected: BTreeSet<String> = [
        "GET /documents body /ClinicalDocument/component/section/entry/act/code/@code",
        "GET /fhir/Condition/{id} body /Condition/code/coding/code/@value",
        "GET /fhir/Observation/{id} body $.bodySite.coding[*].code",
        "GET /fhir/Observation/{id} body $.code.coding[*].code",
        "GET /fhir/Observation/{id} body $.valueQuantity.code",
        "GET /v1/visit body $.dx.code",
    ]
    .map(|line| format!("{line} health.clinical_code"))
    .into();
    assert_eq!(found, expected);
}

#[test]
fn clinical_codes_and_labels_are_found_in_their_elements_and_nowhere_else() {
    let fhir = "HTTP/1.1 200 OK\nContent-Type: application/fhir+json";
    let label = r#""meta":{"security":[{"system":
        "http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"HIV"}]}"#;
    let coding = |code: &str| format!(r#"{{"coding":[{{"code":"{code}"}}]}}"#);
    let said = [
        Said::get(
            "/fhir/Observation/1",
            fhir,
            format!(
                r#"{{"resourceType":"Observation",{label},"status":"final","code":{},
                "valueCodeableConcept":{},"category":[{}]}}"#,
                coding("75325-1"),
                coding("22298006"),
                coding("laboratory")
            ),
        ),
        Said::get(
            "/fhir/Condition/1",
            fhir,
            format!(r#"{{"resourceType":"Condition","code":{}}}"#, coding("E11.9")),
        ),
        // A local code is none, and neither is what a conformance resource lists.
        Said::get(
            "/fhir/Procedure/1",
            fhir,
            format!(r#"{{"resourceType":"Procedure","code":{}}}"#, coding("BP-LOCAL")),
        ),
        Said::get(
            "/fhir/ValueSet/1",
            fhir,
            format!(
                r#"{{"resourceType":"ValueSet","jurisdiction":[{}],"expansion":{{"contains":[
                {{"system":"http://loinc.org","code":"75325-1"}}]}}}}"#,
                coding("22298006")
            ),
        ),
        Said::json(
            "/v1/visit",
            r#"{"icd10":"B20","snomedCode":"38341003","room":"B20","ref":"38341003",
            "vehicle":{"vin":"1M8GDM9AXKP042788"},"code":"HIV",
            "implant":"(01)10884334024317(21)X77","x":"1M8GDM9AXKP042788"}"#,
        ),
    ];
    let lab = Lab::default();
    let mut found = found(&fields(&lab, &said));
    found.retain(|line| line.contains(" body "));
    let expected: BTreeSet<String> = [
        "GET /fhir/Observation/{id} body $.meta.security[*].code health.sensitivity_label",
        "GET /fhir/Observation/{id} body $.code.coding[*].code health.clinical_code",
        "GET /fhir/Observation/{id} body $.valueCodeableConcept.coding[*].code \
         health.clinical_code",
        "GET /fhir/Condition/{id} body $.code.coding[*].code health.clinical_code",
        "GET /v1/visit body $.icd10 health.clinical_code",
        "GET /v1/visit body $.snomedCode health.clinical_code",
        "GET /v1/visit body $.vehicle.vin vehicle.vin",
        "GET /v1/visit body $.implant device.udi",
    ]
    .map(str::to_owned)
    .into();
    assert_eq!(found, expected);
}
