//! What findings and coverage say of traffic that was made to ask them: credentials in URLs,
//! bodies that are no text, stacked codings, a bomb; what the report says of encrypted services and
//! of logins.

mod support;

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use support::capture;
use support::fixture;
use support::phitap::Lab;
use support::tcp::{self, Conversation};

/// Replays exchanges of one connection: a target, the head of the answer, its body.
fn replayed(exchanges: &[(&str, &str, &[u8])]) -> (Lab, String) {
    let lab = Lab::default();
    let mut talk = Conversation::open("10.0.0.1:4000", "10.0.0.2:80", 1_000_000);
    for (target, head, body) in exchanges {
        let request = format!("GET {target} HTTP/1.1\nHost: api.example");
        let response = format!("HTTP/1.1 200 OK\n{head}");
        talk = talk.exchange((request.as_str(), b""), (response.as_str(), body));
    }
    let path = lab.path("made.pcap");
    capture::write(&path, &talk.close());
    let said = lab.replay("phitap.db", &[&path], &[]).expect(0).stdout;
    (lab, said)
}

const JSON: &str = "Content-Type: application/json";

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::best());
    out.write_all(data).unwrap();
    out.finish().unwrap()
}

fn of<'a>(rows: &'a [Value], operation: &str) -> &'a Value {
    let found = rows.iter().find(|row| row["operation"] == operation);
    found.unwrap_or_else(|| panic!("no {operation} in {rows:#?}"))
}

#[test]
fn a_search_by_code_is_neither_a_credential_nor_authenticated() {
    let patient = br#"{"ssn":"536-22-1234"}"#;
    let (lab, _) = replayed(&[
        ("/fhir/Observation?code=8867-4", JSON, patient),
        ("/countries?code=GB", JSON, b"{}"),
        ("/map?key=name", JSON, b"{}"),
        ("/sig?signature=yes", JSON, b"{}"),
        ("/promo?code=SAVE20", JSON, b"{}"),
    ]);
    for endpoint in lab.query("phitap.db", &["endpoints"]) {
        assert_eq!(endpoint["auth"], serde_json::json!(["none"]), "{endpoint:#}");
    }
    let findings = lab.query("phitap.db", &["findings"]);
    assert!(findings.iter().all(|f| f["rule"] != "credentials-in-url"), "{findings:#?}");
    let open = findings.iter().any(|f| f["rule"] == "sensitive-data-unauthenticated");
    assert!(open, "{findings:#?}");
}

#[test]
fn a_credential_in_a_url_is_found_with_its_place_and_name() {
    let (lab, _) = replayed(&[
        ("/blob?sv=2022-11-02&se=2030-01-01&sp=r&sig=abc%3D", JSON, b"{}"),
        ("/map?key=AIzaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY&code=GB", JSON, b"{}"),
        ("http://alice:s3cretPw@api.example/proxied", JSON, b"{}"),
    ]);
    let findings = lab.query("phitap.db", &["findings", "--rule", "credentials-in-url"]);
    assert_eq!(findings.len(), 3, "{findings:#?}");
    for (operation, field) in [("GET /blob", "sig"), ("GET /map", "key")] {
        let finding = of(&findings, operation);
        assert_eq!(finding["location"], "query");
        assert_eq!(finding["field"], field);
        assert_eq!(finding["direction"], "request");
        assert_eq!(finding["count"], 1);
    }
    assert_eq!(of(&findings, "GET /proxied")["severity"], "high");
}

#[test]
fn bodies_that_are_no_text_are_counted_by_kind_and_raise_nothing() {
    let multipart = b"--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.pdf\"\r\n\
        Content-Type: application/pdf\r\n\r\n%PDF-1.7 \x00\x01\r\n--b--\r\n";
    let (lab, said) = replayed(&[
        ("/logo.png", "Content-Type: image/png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
        ("/report", "Content-Type: application/pdf", b"%PDF-1.7\n\x80\x81\x82"),
        ("/rpc", "Content-Type: application/x-protobuf", b"\x0a\x03abc\x12\x05hello"),
        ("/scan", "Content-Type: application/octet-stream", b"\x01\x02\x03\x04\xff\xfe"),
        ("/cbor", "Content-Type: application/cbor", b"\xa1\x63ssn\x6b536-22-1234"),
        ("/parts", "Content-Type: multipart/form-data; boundary=b", multipart),
        ("/text", JSON, br#"{"ok":true}"#),
        ("/none", JSON, b""),
    ]);
    let rows = lab.query("phitap.db", &["endpoints"]);
    for (operation, kind) in [
        ("GET /logo.png", "image"),
        ("GET /report", "pdf"),
        ("GET /rpc", "protobuf"),
        ("GET /scan", "binary"),
        ("GET /cbor", "cbor"),
        ("GET /parts", "pdf"),
    ] {
        let row = of(&rows, operation);
        assert_eq!(row["coverage"]["unread"], 1, "{row:#}");
        assert_eq!(row["coverage"]["undecoded"], 0, "{row:#}");
        assert_eq!(row["unread_bodies"], serde_json::json!({ kind: 1 }), "{row:#}");
    }
    for operation in ["GET /text", "GET /none"] {
        assert_eq!(of(&rows, operation)["coverage"]["unread"], 0);
        assert!(of(&rows, operation).get("unread_bodies").is_none());
    }
    assert!(lab.query("phitap.db", &["findings"]).is_empty());
    let told = "6 bodies are no text and were not read: 2 pdf, 1 binary, 1 cbor, 1 image, 1 proto";
    let joined = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(joined.contains(told), "{said}");
    let coverage = lab.query("phitap.db", &["coverage"]);
    let service = coverage.iter().find(|row| row["scope"] == "service").unwrap();
    assert_eq!((&service["unread"], &service["unread_bodies"]["pdf"]), (&6.into(), &2.into()));
}

#[test]
fn two_lines_of_codings_are_one_list() {
    let body = gzip(&gzip(br#"{"ssn":"536-22-1234"}"#));
    let twice = format!("{JSON}\nContent-Encoding: gzip\nContent-Encoding: gzip");
    let (lab, _) = replayed(&[("/twice", &twice, &body)]);
    let fields = lab.query("phitap.db", &["fields", "--location", "body"]);
    assert_eq!(fields.len(), 1, "{fields:#?}");
    assert_eq!(fields[0]["field"], "$.ssn");
    assert_eq!(fields[0]["data_classes"][0]["class"], "us.ssn");
}

#[test]
fn a_bomb_is_flagged_and_the_next_message_is_read() {
    // Three stacked layers: 400 MB of zeros behind a record, in a few hundred bytes.
    let mut layer = GzEncoder::new(Vec::new(), Compression::best());
    layer.write_all(br#"{"ssn":"536-22-1234","pad":""#).unwrap();
    let zeros = vec![b'0'; 4 << 20];
    for _ in 0..100 {
        layer.write_all(&zeros).unwrap();
    }
    let bomb = gzip(&gzip(&layer.finish().unwrap()));
    let coded = format!("{JSON}\nContent-Encoding: gzip, gzip, gzip");
    let (lab, said) = replayed(&[
        ("/bomb", &coded, &bomb),
        ("/after", JSON, br#"{"email":"jane.roe@mail.example"}"#),
    ]);
    let rows = lab.query("phitap.db", &["endpoints"]);
    let bombed = of(&rows, "GET /bomb");
    assert_eq!(bombed["anomalies"]["expansion-limit"], 1, "{bombed:#}");
    assert_eq!(bombed["coverage"]["undecoded"], 1, "{bombed:#}");
    assert_eq!(bombed["coverage"]["truncated"], 1, "{bombed:#}");
    assert!(said.contains("1 exchange with a body that could not be decoded"), "{said}");
    let fields = lab.query("phitap.db", &["fields", "--location", "body"]);
    assert_eq!(of(&fields, "GET /bomb")["field"], "$.ssn", "what precedes the limit is kept");
    assert_eq!(of(&fields, "GET /after")["data_classes"][0]["class"], "contact.email");
    let after = of(&rows, "GET /after");
    assert_eq!(after["coverage"]["undecoded"], 0);
    assert_eq!(after["statuses"]["200"], 1);
}

#[test]
fn a_body_that_grows_more_than_bodies_do_is_told_and_inspected_to_its_end() {
    // One layer of gzip, which cannot grow by more than 1032 times: 24 MiB of blanks.
    let mut layer = GzEncoder::new(Vec::new(), Compression::best());
    layer.write_all(br#"{"pad":""#).unwrap();
    for _ in 0..24 {
        layer.write_all(&[b' '; 1 << 20]).unwrap();
    }
    layer.write_all(br#"","ssn":"536-22-1234"}"#).unwrap();
    let small = gzip(format!(r#"{{"pad":"{}"}}"#, " ".repeat(1 << 20)).as_bytes());
    let coded = format!("{JSON}\nContent-Encoding: gzip");
    let (lab, _) = replayed(&[
        ("/grown", &coded, &layer.finish().unwrap()),
        ("/small", &coded, &small),
        ("/plain", &coded, &gzip(br#"{"a":1}"#)),
    ]);
    let rows = lab.query("phitap.db", &["endpoints"]);
    let grown = of(&rows, "GET /grown");
    assert_eq!(grown["anomalies"]["expansion"], 1, "{grown:#}");
    assert_eq!(grown["coverage"]["undecoded"], 0, "{grown:#}");
    assert_eq!(grown["coverage"]["truncated"], 0, "{grown:#}");
    for other in ["GET /small", "GET /plain"] {
        assert!(of(&rows, other)["anomalies"].get("expansion").is_none(), "{other}");
    }
    let fields = lab.query("phitap.db", &["fields", "--location", "body", "--all"]);
    let ssn = fields.iter().find(|row| row["field"] == "$.ssn").expect("the last field");
    assert_eq!(ssn["data_classes"][0]["class"], "us.ssn", "{ssn:#}");
}

#[test]
fn every_finding_has_a_severity_an_explanation_and_what_it_is_about() {
    let lab = Lab::default();
    lab.replay("db", &[&fixture("clinic/clinic.pcap")], &[]).expect(0);
    let findings = lab.query("db", &["findings"]);
    let mut rules = std::collections::BTreeSet::new();
    for finding in &findings {
        let text = |key: &str| finding[key].as_str().unwrap_or_default();
        rules.insert(text("rule").to_owned());
        assert!(["info", "low", "medium", "high", "critical"].contains(&text("severity")));
        // Why it matters, then what to do about it.
        let explanation = text("explanation");
        assert!(explanation.split(". ").count() >= 2, "{finding:#}");
        // Of what is encrypted no operation is known: it is about the service.
        let about = if text("standard") == "tls" { "service" } else { "operation" };
        assert!(text("title").contains(text(about)), "{finding:#}");
        assert!(text("title").contains(text("data_class")), "{finding:#}");
        assert!(!finding["references"].as_array().unwrap().is_empty(), "{finding:#}");
        assert!(finding["count"].as_u64().unwrap() > 0, "{finding:#}");
    }
    // One explanation per rule, and every rule another.
    let explanations: std::collections::BTreeSet<&str> =
        findings.iter().filter_map(|f| f["explanation"].as_str()).collect();
    assert_eq!(explanations.len(), rules.len());
    assert!(rules.len() >= 5, "{rules:?}");
    let explained = lab.run(["findings", "--db", "db", "--explain", "--limit", "1"]).expect(0);
    let first = findings[0]["explanation"].as_str().unwrap();
    let shown = explained.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains(first), "{shown}");
}

#[test]
fn a_part_that_says_how_it_is_compressed_is_no_undeclared_coding() {
    let parts = |head: &str| {
        let mut body = format!(
            "--x\r\nContent-Disposition: form-data; name=\"a\"; filename=\"a.json\"\r\n\
             Content-Type: application/json\r\n{head}\r\n"
        )
        .into_bytes();
        body.extend(gzip(br#"{"ssn":"536-22-1234"}"#));
        body.extend(b"\r\n--x--\r\n");
        body
    };
    let kind = "Content-Type: multipart/mixed; boundary=x";
    let (lab, _) = replayed(&[
        ("/said", kind, &parts("Content-Encoding: gzip\r\n")),
        ("/unsaid", kind, &parts("")),
    ]);
    let endpoints = lab.query("phitap.db", &["endpoints"]);
    for (operation, undeclared) in [("GET /said", false), ("GET /unsaid", true)] {
        let endpoint = of(&endpoints, operation);
        assert_eq!(endpoint["data_classes"][0]["class"], "us.ssn", "{endpoint:#}");
        let told = endpoint["anomalies"].to_string().contains("coding-undeclared");
        assert_eq!(told, undeclared, "{endpoint:#}");
    }
}

#[test]
fn a_target_with_a_blank_is_an_exchange_and_counted_as_odd() {
    let (lab, _) =
        replayed(&[("/a b?name=x y", JSON, b"{\"ssn\":\"536-22-1234\"}"), ("/plain", JSON, b"{}")]);
    let endpoints = lab.query("phitap.db", &["endpoints"]);
    assert_eq!(endpoints.len(), 2, "{endpoints:#?}");
    let odd = endpoints.iter().find(|e| e["operation"] != "GET /plain").unwrap();
    assert_eq!(odd["requests"], 1, "{odd:#}");
    assert_eq!(odd["anomalies"]["http-start-line-odd"], 1, "{odd:#}");
    assert_eq!(odd["data_classes"][0]["class"], "us.ssn", "{odd:#}");
}

#[test]
fn a_part_of_a_resource_is_not_taken_for_the_whole() {
    let lab = Lab::default();
    let mut talk = Conversation::open("10.0.0.1:4000", "10.0.0.2:80", 1_000_000);
    for (target, range) in [
        ("/middle", "Content-Range: bytes 100-104/900\n"),
        ("/all", "Content-Range: bytes 0-4/5\n"),
        ("/unsaid", ""),
    ] {
        let request = format!("GET {target} HTTP/1.1\nHost: api.example\nRange: bytes=100-");
        let head = format!("HTTP/1.1 206 Partial Content\n{range}Content-Type: text/plain");
        talk = talk.exchange((&request, b""), (&head, b"hello"));
    }
    let path = lab.path("made.pcap");
    capture::write(&path, &talk.close());
    lab.replay("phitap.db", &[&path], &[]).expect(0);
    let endpoints = lab.query("phitap.db", &["endpoints"]);
    for (operation, truncated) in [("GET /middle", 1), ("GET /all", 0), ("GET /unsaid", 1)] {
        let endpoint = of(&endpoints, operation);
        assert_eq!(endpoint["coverage"]["truncated"], truncated, "{endpoint:#}");
    }
}

#[test]
fn a_revealed_host_is_the_authority_that_counts_as_sent() {
    let lab = Lab::default();
    let mut talk = Conversation::open("10.0.0.1:4000", "10.0.0.2:80", 1_000_000);
    for request in [
        "GET http://Proxied.Example:80/a HTTP/1.1\nHost: other.example",
        "GET /b HTTP/1.1\nHost: API.Example:80",
        "GET /c HTTP/1.0",
    ] {
        talk = talk.exchange((request, b""), ("HTTP/1.1 200 OK", b""));
    }
    let path = lab.path("made.pcap");
    capture::write(&path, &talk.close());
    for (options, expected) in [
        (&["--events", "raw", "--reveal"][..], ["Proxied.Example:80", "API.Example:80"]),
        (&["--events", "names"], ["proxied.example", "api.example"]),
    ] {
        lab.replay(&format!("{}.db", options[1]), &[&path], options).expect(0);
        let text = std::fs::read_to_string(lab.path(options[1])).unwrap();
        let events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let http = events.filter(|event| event["event_type"] == "http");
        let hosts: Vec<String> =
            http.map(|event| event["http"]["hostname"].as_str().unwrap().to_owned()).collect();
        assert_eq!(hosts, [expected[0], expected[1], "10.0.0.2:80"]);
    }
}

/// The rows of endpoints after a replay of these frames.
fn endpoints_of(frames: &[capture::Frame]) -> Vec<Value> {
    let lab = Lab::default();
    let path = lab.path("made.pcap");
    capture::write(&path, frames);
    lab.replay("phitap.db", &[&path], &[]).expect(0);
    lab.query("phitap.db", &["endpoints"])
}

#[test]
fn http_behind_the_greeting_of_something_else_is_read() {
    let method = "M".repeat(1000);
    for (greeting, method) in [
        ("220 smtp.example ESMTP\r\n", "POST"),
        ("220 ftp.example FTP\r\n", "BREW"),
        ("", method.as_str()),
    ] {
        let mut talk = Conversation::open("10.0.0.1:4000", "10.0.0.2:2525", 1_000_000);
        if !greeting.is_empty() {
            talk = talk.answer(greeting);
        }
        let body = br#"{"ssn":"536-22-1234"}"#;
        let request = format!("{method} /patients HTTP/1.1\nHost: api.example\n{JSON}");
        let response = format!("HTTP/1.1 200 OK\n{JSON}");
        let talk = talk.exchange((request.as_str(), body), (response.as_str(), b"{}"));
        let rows = endpoints_of(&talk.close());
        let shown = if method == "POST" { "POST" } else { "OTHER" };
        let row = of(&rows, &format!("{shown} /patients"));
        let classes = row["data_classes"].to_string();
        assert!(classes.contains("us.ssn"), "{greeting} {classes}");
    }
}

#[test]
fn what_stands_behind_a_lost_size_of_a_chunk_is_read_and_the_exchange_has_a_gap() {
    let size = "23\r\n";
    let talk = Conversation::open("10.0.0.1:4000", "10.0.0.2:80", 1_000_000)
        .ask("GET /charlie HTTP/1.1\r\nHost: api.example\r\n\r\n")
        .answer(format!("HTTP/1.1 200 OK\r\n{JSON}\r\nTransfer-Encoding: chunked\r\n\r\n"))
        .answer("d\r\n{\"first\":\"v\",\r\n")
        .answer(size)
        .answer("\"ssn\":\"536-22-1234\",\"second\":\"vvv\",\r\n")
        .answer("c\r\n\"last\":\"v\"}\n\r\n0\r\n\r\n")
        .exchange(("GET /next HTTP/1.1\nHost: api.example", b""), ("HTTP/1.1 204 No\nA: b", b""));
    let mut frames = talk.close();
    let all = frames.len();
    frames.retain(|frame| tcp::payload(frame).1 != size.as_bytes());
    assert_eq!(frames.len(), all - 1);
    let rows = endpoints_of(&frames);
    let row = of(&rows, "GET /charlie");
    assert_eq!(row["coverage"]["gaps"], 1, "{row}");
    // The chunks before and behind, and what is missing.
    assert_eq!(row["response_bytes"], 13 + 4 + 35 + 12, "{row}");
    assert_eq!(of(&rows, "GET /next")["coverage"]["exchanges"], 1);
}

#[test]
fn services_that_differ_by_a_number_stand_apart_up_to_their_limit() {
    let mut talk = Conversation::open("10.0.0.1:4000", "10.0.0.2:80", 1_000_000);
    for n in [7, 30_000, 30_001, 100_000] {
        for host in [format!("far-{n}.ev"), format!("srv{n}.example"), format!("mrn{n}.example")] {
            let request = format!("GET /rep/2024/01/02/x HTTP/1.1\nHost: {host}");
            talk = talk.exchange((request.as_str(), b""), ("HTTP/1.1 204 No\nA: b", b""));
        }
    }
    let rows = endpoints_of(&talk.close());
    let mut services: Vec<&str> = rows.iter().filter_map(|row| row["service"].as_str()).collect();
    services.sort_unstable();
    assert_eq!(
        services,
        [
            "far-100000.ev",
            "far-30000.ev",
            "far-30001.ev",
            "far-7.ev",
            "mrn7.example",
            "srv100000.example",
            "srv30000.example",
            "srv30001.example",
            "srv7.example",
            "{value}.example",
        ]
    );
    assert!(rows.iter().all(|row| row["operation"] == "GET /rep/{date}/x"), "{rows:#?}");
}

#[test]
fn clients_and_bytes_of_an_encrypted_service_are_those_of_its_sessions() {
    let lab = Lab::default();
    let mut frames = capture::read(&fixture("tls/tls.pcap")).expect("a fixture");
    let tls_alone = lab.path("tls.pcap");
    capture::write(&tls_alone, &frames);
    lab.replay("tls", &[&tls_alone], &[]).expect(0);
    let hidden = |db: &str| -> Vec<(String, u64, u64)> {
        let rows = lab.query(db, &["services"]);
        let told = rows.iter().filter_map(|row| {
            let [clients, bytes] = ["clients", "bytes"].map(|key| row["tls"][key].as_u64());
            Some((row["service"].as_str()?.to_owned(), clients?, bytes?))
        });
        let mut told: Vec<_> = told.collect();
        told.sort();
        told
    };
    let alone = hidden("tls");
    let (service, clients, _) = alone.iter().find(|(name, ..)| name.contains("clinic")).unwrap();
    let body = "a".repeat(50_000);
    let long = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let request = format!("GET /list HTTP/1.1\r\nHost: {service}\r\n\r\n");
    for n in 0..9 {
        let client = format!("10.44.0.{}:40000", n + 1);
        let said = Conversation::open(&client, "198.51.100.20:80", 1_767_225_600_000_000);
        frames.extend(said.ask(&request).answer(&long).close());
    }
    let both = lab.path("both.pcap");
    capture::write(&both, &frames);
    lab.replay("db", &[&both], &[]).expect(0);
    assert_eq!(hidden("db"), alone, "clear text adds nothing to them");
    // What could not be seen is what the sessions carried.
    let flows = lab.query("db", &["coverage"]);
    let flows = flows.iter().filter(|row| row["scope"] == "flows" && row["outcome"] == "tls");
    let unseen: u64 = flows.filter_map(|row| row["bytes"].as_u64()).sum();
    assert_eq!(unseen, alone.iter().map(|(_, _, bytes)| bytes).sum::<u64>());
    lab.run(["report", "--db", "db", "-o", "r.md"]).expect(0);
    let report = std::fs::read_to_string(lab.path("r.md")).expect("a report");
    let (_, section) = report.split_once("## Encrypted services").expect("a section");
    let line = section.lines().find(|line| line.starts_with(&format!("| {service} |"))).unwrap();
    let cells: Vec<&str> = line.split(" | ").collect();
    assert_eq!(cells[6], clients.to_string(), "{line}");
    assert!(cells[7].ends_with("kB |"), "{line}");
}

#[test]
fn a_login_is_no_call_without_login() {
    let lab = Lab::default();
    let form = "Content-Type: application/x-www-form-urlencoded";
    let ask = |path: &str| format!("POST {path} HTTP/1.1\nHost: id.example\n{form}");
    let json = "HTTP/1.1 200 OK\nContent-Type: application/json";
    let token: &[u8] = br#"{"access_token":"2YotnFZFEjr1zCsicMWpAA"}"#;
    let mut said = Conversation::open("10.44.0.2:40000", "10.44.0.9:80", 1_767_225_600_000_000);
    for (path, form) in [
        ("/oauth/token", "grant_type=password&username=ada&password=correct-horse"),
        ("/anyone/token", "grant_type=client_credentials&client_id=app"),
    ] {
        said = said.exchange((&ask(path), form.as_bytes()), (json, token));
    }
    let path = lab.path("login.pcap");
    capture::write(&path, &said.close());
    lab.replay("db", &[&path], &[]).expect(0);
    lab.run(["report", "--db", "db", "-o", "r.md"]).expect(0);
    let report = std::fs::read_to_string(lab.path("r.md")).expect("a report");
    let cell = |heading: &str, begins: &str, column: &str| {
        let (_, section) = report.split_once(&format!("## {heading}")).expect("a section");
        let rows = || section.lines().filter(|line| line.starts_with('|'));
        let heads: Vec<&str> = rows().next().expect("heads").split(" | ").collect();
        let row = rows().find(|row| row.contains(begins)).expect("a row");
        let place = heads.iter().position(|head| head.contains(column)).expect("a column");
        row.split(" | ").nth(place).expect("a cell").trim_end_matches(" |").to_owned()
    };
    let open = "ithout login";
    assert_eq!(cell("Services by exposure", "id.example", open), "1");
    assert_eq!(cell("Data classes", "token", open), "1");
}

#[test]
fn what_tells_of_damage_counts_among_no_endpoints_of_the_summary() {
    let lab = Lab::default();
    let exchange = |client: &str, at_us| {
        Conversation::open(client, "10.0.0.2:80", at_us)
            .exchange(
                ("GET /wards HTTP/1.1\nHost: api.example", b""),
                (&format!("HTTP/1.1 200 OK\n{JSON}"), br#"{"mail":"ada@example.org"}"#),
            )
            .close()
    };
    let mut frames = exchange("10.0.0.1:4000", 1_000_000);
    // Of the second exchange the request was not captured.
    let mut half = exchange("10.0.0.1:4001", 2_000_000);
    half.retain(|frame| !tcp::payload(frame).1.starts_with(b"GET "));
    frames.extend(half);
    let path = lab.path("half.pcap");
    capture::write(&path, &frames);
    let said = lab.replay("phitap.db", &[&path], &[]).expect(0).stdout;
    let rows = lab.run(["endpoints", "--db", "phitap.db", "--format", "jsonl"]).expect(0).stdout;
    assert!(rows.contains("(response only)"), "{rows}");
    assert!(said.contains("1 of 1 endpoint in clear text, 1 called without"), "{said}");
}
