//! What is handed over: the report in its forms, and the OpenAPI document.

mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use support::phitap::Lab;
use support::tcp::Conversation;
use support::{capture, fixture, fixtures, skip};

fn clinic() -> Lab {
    let lab = Lab::default();
    lab.replay("db", &[&fixture("clinic/clinic.pcap")], &[]).expect(0);
    lab
}

fn read(lab: &Lab, name: &str) -> String {
    std::fs::read_to_string(lab.path(name)).unwrap()
}

#[test]
fn the_report_is_one_private_file_in_the_form_that_its_name_asks_for() {
    let lab = clinic();
    for (name, start, word) in [
        ("report.html", "<!DOCTYPE html>", "What to do first"),
        ("report.md", "# Ward", "## What to do first"),
        ("report.sarif", "{", "\"2.1.0\""),
        ("report.csv", "severity,", "gb.nhs_number"),
    ] {
        lab.run(["report", "--db", "db", "-o", name, "--title", "Ward"]).expect(0);
        let text = read(&lab, name);
        assert!(text.starts_with(start) && text.contains(word), "{name}");
        assert!(text.len() < 2_000_000, "{name} has {} bytes", text.len());
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(lab.path(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let said = lab.run(["report", "--db", "db", "--format", "markdown"]).expect(0).stdout;
    assert!(said.contains("# API exposure report"), "{said}");
    lab.run(["report", "--db", "none.db"]).expect(2);
    lab.run(["report", "--db", "db", "--since", "then"]).expect(2);
    lab.run(["report", "--db", "db", "-o", "no/where.html"]).expect(4);
}

#[test]
fn a_tls_session_is_told_as_a_flow_and_not_as_a_body_that_could_not_be_decoded() {
    let lab = Lab::default();
    lab.replay("db", &[&fixture("tls/tls.pcap")], &[]).expect(0);
    let said = lab.run(["report", "--db", "db", "--format", "markdown"]).expect(0).stdout;
    assert!(said.contains("encrypted \\(TLS\\)"), "{said}");
    assert!(!said.contains("could not be decoded"), "{said}");
}

#[test]
fn senders_of_messages_are_named_with_where_they_send_and_what_no_input_recorded_is_told() {
    let lab = Lab::default();
    lab.replay("db", &[&fixture("hl7v2/hl7v2.pcap")], &[]).expect(0);
    let report = |lab: &Lab| {
        let said = lab.run(["report", "--db", "db", "--draft", "--format", "markdown"]).expect(0);
        said.stdout.replace('\\', "").replace("&#58;", ":")
    };
    let said = report(&lab);
    assert!(!said.contains("nothing was recorded"), "{said}");
    let senders = said.split("## Sending applications").nth(1).unwrap();
    let senders = senders.split("\n## ").next().unwrap();
    let row = "| REGADT / NORTH | 10.25.0.0/24 | 10.25.0.1:2575 (LABSYS / EAST) | ADT^A01, \
               ADT^A04, ADT^A08 | 8 |";
    assert!(senders.contains(row), "{senders}");
    // The same operation at two paths is told apart.
    assert!(said.contains("ADT^A01 at POST /"), "{said}");
    let rows = lab.query("db", &["coverage"]);
    let all = rows.iter().find(|r| r["scope"] == "all").unwrap();
    let first = all["first_packet"].as_str().unwrap();
    assert!(first <= all["last_packet"].as_str().unwrap());
    lab.replay("db", &[&fixture("clinic/clinic.pcap")], &[]).expect(0);
    let said = report(&lab);
    let watched = said.lines().find(|l| l.contains("Watched")).unwrap();
    assert!(watched.contains("were recorded, in 2 stretches"), "{watched}");
    assert_eq!(said.matches("nothing was recorded for").count(), 1, "{said}");
}

#[test]
fn the_same_message_at_several_paths_of_a_host_is_told_apart_wherever_people_read_of_it() {
    let lab = Lab::default();
    let head = "MSH|^~\\&|REG|NORTH|EHR|NORTH|20260301101500||";
    let message = format!("{head}ADT^A01|a1|P|2.5.1\rPID|1||4711^^^NORTH^MR||ROE^JANE\r");
    let answer = format!("{head}ACK|k1|P|2.5.1\rMSA|AE|a1\r");
    let mut talk = Conversation::open("10.0.0.1:4000", "10.0.0.2:80", 1_000_000);
    for path in ["/in", "/new"] {
        let request = format!("POST {path} HTTP/1.1\nHost: eng.example\nContent-Type: text/plain");
        let sent = (request.as_str(), message.as_bytes());
        talk =
            talk.exchange(sent, ("HTTP/1.1 200 OK\nContent-Type: text/plain", answer.as_bytes()));
    }
    capture::write(&lab.path("v2.pcap"), &talk.close());
    let summary = lab.replay("db", &[&lab.path("v2.pcap")], &[]).expect(0).stdout;
    let table = |more: &[&str]| {
        lab.run([&["findings", "--rule", "messages-refused", "--db", "db"], more].concat()).stdout
    };
    let tables = [table(&[]), table(&["--all"]), table(&["--explain"])];
    for path in ["/in", "/new"] {
        let named = format!("ADT^A01 at POST {path}");
        assert_eq!(summary.matches(&format!("high      {named}, request")).count(), 1, "{summary}");
        for table in &tables {
            assert_eq!(table.matches(&named).count(), 1, "{table}");
        }
    }
    // Of what scripts compare only the title says more.
    let rows = lab.query("db", &["findings", "--rule", "messages-refused"]);
    let told = |key: &str| rows.iter().map(|r| r[key].as_str().unwrap()).collect::<BTreeSet<_>>();
    assert_eq!(told("operation"), BTreeSet::from(["ADT^A01"]));
    assert_eq!(told("title").len(), 2);
    let log = lab.run(["report", "--db", "db", "--draft", "--format", "sarif"]).expect(0).json();
    let results = log["runs"][0]["results"].as_array().unwrap();
    for key in ["/message/text", "/locations/0/logicalLocations/0/fullyQualifiedName"] {
        let of_rule = |r: &&Value| r["ruleId"] == "messages-refused";
        let told: BTreeSet<_> =
            results.iter().filter(of_rule).map(|r| r.pointer(key).unwrap().as_str()).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        let at = |r: &Value| r.pointer(key).unwrap().as_str().unwrap().contains(" at POST /");
        assert!(results.iter().all(at), "{results:#?}");
    }
}

#[test]
fn every_finding_of_the_report_has_its_evidence_its_remedy_and_what_it_supports() {
    let lab = clinic();
    lab.run(["report", "--db", "db", "-o", "r.html"]).expect(0);
    let page = read(&lab, "r.html");
    let rules: std::collections::BTreeSet<String> = lab
        .query("db", &["findings"])
        .iter()
        .map(|f| f["rule"].as_str().unwrap().to_owned())
        .collect();
    assert!(rules.len() > 3, "{rules:?}");
    for rule in &rules {
        let article = page.split(&format!("<article id=\"rule-{rule}\">")).nth(1).unwrap();
        let article = article.split("</article>").next().unwrap();
        for word in ["Remedy", "Proof:", "Supports evidence for:", "OWASP API", "Evidence of "] {
            assert!(article.contains(word), "{rule}: {word}");
        }
    }
    assert!(!page.contains("Other findings"), "every rule has a remedy of its own");
}

#[test]
fn the_second_report_tells_what_changed_since_the_first_and_a_draft_is_none() {
    let lab = clinic();
    let changes = |lab: &Lab, more: &[&str]| {
        let args = ["report", "--db", "db", "--format", "markdown"];
        let said = lab.run(args.iter().chain(more)).expect(0).stdout;
        said.split("## Changes").nth(1).unwrap().split("\n## ").next().unwrap().to_owned()
    };
    assert!(changes(&lab, &["--draft"]).contains("first report of this database"));
    assert!(changes(&lab, &[]).contains("first report of this database"));
    assert!(changes(&lab, &[]).contains("Since the last report"));
    assert!(changes(&lab, &["--since", "2001-01-01"]).contains("Since 2001-01-01 00:00:00"));
}

#[test]
fn a_report_tells_what_was_read_later_and_what_was_removed() {
    let lab = clinic();
    let report = ["report", "--db", "db", "--format", "markdown"];
    lab.run(report).expect(0);
    let services = lab.query("db", &["services"]);
    let (gone, stays) = (&services[0]["service"], &services[1]["service"]);
    let (gone, stays) = (gone.as_str().unwrap(), stays.as_str().unwrap());
    let key = lab.path("key");
    let key = ["--key-file", key.to_str().unwrap()];
    let purge = ["db", "purge", "--db", "db", "--service", gone, "--yes"];
    lab.run(purge.iter().chain(&key)).expect(0);
    // Recorded nine seconds before, read afterwards.
    lab.replay("db", &[&fixture("encodings/encodings.pcap")], &[]).expect(0);
    let said = lab.run(report).expect(0).stdout;
    let told = said.split("## Changes").nth(1).unwrap().split("\n## ").next().unwrap();
    assert!(told.contains("Of what it told of, 1 service and "), "{told}");
    assert!(told.contains("| new | service |"), "{told}");
    assert!(!told.contains("| gone |") && !told.contains(stays), "{told}");
    let again = lab.run(report).expect(0).stdout;
    assert!(again.contains("Nothing was seen or read since then"), "{again}");
}

/// The columns of a report as CSV, and its rows of findings and of rules.
fn spreadsheet(lab: &Lab, more: &[&str]) -> (Vec<Row>, Vec<Row>) {
    lab.run(["report", "--db", "db", "-o", "r.csv"].iter().chain(more)).expect(0);
    let mut reader = csv::Reader::from_path(lab.path("r.csv")).unwrap();
    let rows: Vec<Row> = reader.deserialize().collect::<Result<_, _>>().unwrap();
    rows.into_iter().partition(|row| row["scope"] == "finding")
}

type Row = std::collections::BTreeMap<String, String>;

#[test]
fn the_spreadsheet_has_every_finding_and_the_texts_of_each_rule_once() {
    let lab = clinic();
    let (findings, rules) = spreadsheet(&lab, &[]);
    assert_eq!(findings.len(), lab.query("db", &["findings"]).len());
    assert!(rules.len() > 3 && rules.iter().all(|row| row["scope"] == "rule"));
    for finding in &findings {
        let mut rule = rules.iter().filter(|row| row["rule"] == finding["rule"]);
        let (rule, other) = (rule.next().expect("its rule has a row"), rule.next());
        assert!(other.is_none(), "one row of {}", finding["rule"]);
        assert!(rule["remedy"].ends_with('.') && rule["explanation"].contains(". "), "{rule:?}");
        assert!(!rule["references"].is_empty() && !finding["title"].is_empty());
        // Nothing that the rule says stands with the finding.
        for text in ["remedy", "explanation", "references"] {
            assert_eq!(finding[text], "");
        }
        let bytes: usize = finding.values().map(String::len).sum();
        assert!(bytes < 500, "{bytes} bytes: {finding:?}");
    }
}

#[test]
fn findings_below_a_severity_are_left_out_where_it_is_asked_for() {
    let lab = clinic();
    let (all, _) = spreadsheet(&lab, &[]);
    let (some, rules) = spreadsheet(&lab, &["--severity", "high"]);
    let high = |row: &&Row| ["high", "critical"].contains(&row["severity"].as_str());
    assert_eq!(some.len(), all.iter().filter(high).count());
    assert!(!some.is_empty() && some.len() < all.len());
    assert!(rules.iter().all(|rule| some.iter().any(|row| row["rule"] == rule["rule"])));
    let args = ["report", "--db", "db", "--severity", "high", "--format", "sarif"];
    let log: serde_json::Value = serde_json::from_str(&lab.run(args).expect(0).stdout).unwrap();
    assert_eq!(log["runs"][0]["results"].as_array().map(Vec::len), Some(some.len()));
    let told = lab.run(["report", "--db", "db", "--severity", "high"]).expect(2).stderr;
    assert!(told.contains("--severity") && told.contains("sarif"), "{told}");
}

const VALIDATE: &str = "
import json, sys
from openapi_spec_validator import validate
for name in sys.argv[1:]:
    validate(json.load(open(name)))
";

/// Exports what every fixture shows, in both versions, into files.
fn documents(lab: &Lab) -> Vec<std::path::PathBuf> {
    let mut made = Vec::new();
    for (n, capture) in fixtures().iter().enumerate() {
        let db = format!("{n}.db");
        lab.replay(&db, &[capture], &[]);
        for version in ["3.1", "3.0"] {
            let name = format!("{n}-{version}.json");
            let args =
                ["openapi", "export", "--db", &db, "-o", &name, "--openapi-version", version];
            match lab.run(args).code {
                Some(0) => made.push(lab.path(&name)),
                // Captures without HTTP have nothing to export.
                code => assert_eq!(code, Some(2), "{}", capture.display()),
            }
        }
    }
    made
}

#[test]
fn exported_documents_hold_every_operation_of_http_and_no_value() {
    let lab = clinic();
    lab.run(["openapi", "export", "--db", "db", "-o", "api.json"]).expect(0);
    let document: Value = serde_json::from_str(&read(&lab, "api.json")).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let (mut missing, mut classes) = (Vec::new(), 0);
    for endpoint in lab.query("db", &["endpoints"]) {
        // Of what is encrypted, and of other protocols, there is no method.
        let Some(method) = endpoint["method"].as_str().map(str::to_lowercase) else { continue };
        let found = paths.iter().any(|(path, item)| {
            let same = nameless(path) == nameless(endpoint["path"].as_str().unwrap());
            same && item.get(&method).is_some()
        });
        if !found {
            missing.push(endpoint["operation"].clone());
        }
        classes += endpoint["data_classes"].as_array().unwrap().len();
    }
    assert!(missing.is_empty(), "{missing:?}");
    assert!(classes > 0 && read(&lab, "api.json").contains("\"x-phitap-data-classes\""));
    let one = ["openapi", "export", "--db", "db", "--service", "nobody.example"];
    let said = lab.run(one).expect(2).stderr;
    assert!(said.contains("find service \"nobody.example\": nothing in the inventory"), "{said}");
}

fn nameless(path: &str) -> String {
    let mut parts = path.split('{');
    let head = parts.next().unwrap_or_default().to_owned();
    parts.fold(head, |text, part| text + "{}" + part.split_once('}').map_or("", |(_, rest)| rest))
}

#[test]
fn openapi_spec_validator_accepts_what_is_exported() {
    let python = std::env::var("PHITAP_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has = Command::new(&python).args(["-c", "import openapi_spec_validator"]).output();
    if !has.is_ok_and(|ran| ran.status.success()) {
        let why = "python3 with the PyPI package openapi-spec-validator not found \
                   (PHITAP_PYTHON names another)";
        skip("OpenAPI against openapi-spec-validator", why);
        return;
    }
    let lab = Lab::default();
    let documents = documents(&lab);
    assert!(documents.len() >= 4, "{documents:?}");
    let args: Vec<&Path> = documents.iter().map(std::path::PathBuf::as_path).collect();
    let ran = Command::new(&python).args(["-c", VALIDATE]).args(&args).output().expect("python");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

const VALIDATE_SARIF: &str = r#"
const folder = "@microsoft/jest-sarif/lib/";
const home = require.resolve("@microsoft/jest-sarif/package.json");
const Ajv = require(require.resolve("ajv", { paths: [home] }));
const draft = require(require.resolve("ajv/lib/refs/json-schema-draft-04.json", { paths: [home] }));
const ajv = new Ajv({ schemaId: "auto", validateSchema: false, allErrors: true, logger: false });
ajv.addMetaSchema(draft);
const check = ajv.compile(require(folder + "schemas/sarif-2.1.0-rtm.5.json"));
let wrong = 0;
for (const name of process.argv.slice(1)) {
  if (!check(JSON.parse(require("fs").readFileSync(name, "utf8")))) {
    wrong += 1;
    console.error(name, JSON.stringify(check.errors.slice(0, 5), null, 1));
  }
}
process.exit(wrong ? 1 : 0);
"#;

/// Whether node finds the package that holds the schema.
fn has_sarif_schema() -> bool {
    let find = "require.resolve('@microsoft/jest-sarif/package.json')";
    Command::new("node").args(["-e", find]).output().is_ok_and(|ran| ran.status.success())
}

fn sarif_is_valid(files: &[std::path::PathBuf]) -> Result<(), String> {
    let ran = Command::new("node").args(["-e", VALIDATE_SARIF]).args(files).output();
    let ran = ran.map_err(|e| e.to_string())?;
    if ran.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&ran.stderr).into_owned())
}

#[test]
fn the_json_schema_of_sarif_accepts_every_report() {
    if !has_sarif_schema() {
        let why = "node with the npm package @microsoft/jest-sarif not found (NODE_PATH names \
                   the folder node_modules)";
        skip("SARIF against its JSON schema", why);
        return;
    }
    let lab = Lab::default();
    let mut files = Vec::new();
    for name in ["clinic/clinic.pcap", "hospital/hospital.pcap", "tls/tls.pcap"] {
        let db = name.replace('/', "-");
        lab.replay(&db, &[&fixture(name)], &[]);
        let states = ["accepted", "resolved"];
        for (finding, state) in lab.query(&db, &["findings"]).iter().zip(states) {
            let id = finding["id"].as_str().unwrap();
            let set = ["findings", "set", id, state, "--reason", "known", "--db", &db];
            lab.run(set).expect(0);
        }
        let file = format!("{db}.sarif");
        lab.run(["report", "--db", &db, "-o", &file]).expect(0);
        files.push(lab.path(&file));
    }
    sarif_is_valid(&files).unwrap();
    // The judge is awake: a result without a message is refused.
    let mut log: Value = serde_json::from_str(&read(&lab, "clinic-clinic.pcap.sarif")).unwrap();
    log["runs"][0]["results"][0].as_object_mut().unwrap().remove("message");
    std::fs::write(lab.path("bad.sarif"), log.to_string()).unwrap();
    let refused = sarif_is_valid(&[lab.path("bad.sarif")]).unwrap_err();
    assert!(refused.contains("message"), "{refused}");
}

fn hospital() -> Lab {
    let lab = Lab::default();
    lab.replay("db", &[&fixture("hospital/hospital.pcap")], &[]).expect(0);
    lab
}

/// What `key` says of the services, by name.
fn services(lab: &Lab, key: &str) -> std::collections::BTreeMap<String, Value> {
    let rows = lab.query("db", &["services"]);
    rows.iter().map(|s| (s["service"].as_str().unwrap().to_owned(), s[key].clone())).collect()
}

#[test]
fn one_inventory_holds_what_a_hospital_says_in_clear_over_mllp_and_over_tls() {
    let lab = hospital();
    let encrypted = services(&lab, "encrypted");
    for (service, how) in [
        ("10.30.0.21:2575", "none"),
        ("10.30.0.22:2575", "none"),
        ("10.30.0.23:2575", "none"),
        ("archive.hospital.example", "all"),
        ("canteen.example", "all"),
        ("fhir.hospital.example", "some"),
        ("pacs.hospital.example", "all"),
        ("portal.hospital.example", "some"),
        ("ward.hospital.example", "none"),
        ("www.hospital.example", "none"),
    ] {
        assert_eq!(encrypted[service], how, "{service}");
    }
    assert_eq!(encrypted.len(), 10);
    let tls = services(&lab, "tls");
    let clinical = |service: &str| tls[service]["clinical"].as_array().map_or(0, Vec::len);
    for service in ["archive.hospital.example", "fhir.hospital.example", "pacs.hospital.example"] {
        assert!(clinical(service) > 0, "{service}");
    }
    // Whose they are does not make them clinical.
    assert_eq!((clinical("canteen.example"), clinical("portal.hospital.example")), (0, 0));
    assert_eq!(tls["archive.hospital.example"]["client_certificates"], 1);
    let rows = lab.query("db", &["endpoints", "--service", "10.30.0.22:2575"]);
    assert_eq!(rows[0]["statuses"], serde_json::json!({"AA": 6, "AE": 1, "AR": 1}));
    let rows = lab.query("db", &["endpoints", "--service", "archive.hospital.example"]);
    assert_eq!((&rows[0]["encrypted"], &rows[0]["clients"]), (&"all".into(), &1.into()));
    assert_eq!(rows[0]["coverage"]["undecoded"], 1);
}

#[test]
fn the_hospitals_findings_are_those_that_were_put_there() {
    let lab = hospital();
    let findings = lab.query("db", &["findings"]);
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let mut seen: Vec<(String, String)> =
        findings.iter().map(|f| (text(f, "rule"), text(f, "service"))).collect();
    seen.sort();
    seen.dedup();
    let expected = [
        ("clear-beside-tls", "fhir.hospital.example"),
        ("credentials-in-clear", "fhir.hospital.example"),
        ("messages-refused", "10.30.0.22:2575"),
        ("messages-unacknowledged", "10.30.0.23:2575"),
        ("sensitive-data-in-clear", "10.30.0.21:2575"),
        ("sensitive-data-in-clear", "10.30.0.22:2575"),
        ("sensitive-data-in-clear", "10.30.0.23:2575"),
        ("sensitive-data-in-clear", "fhir.hospital.example"),
        ("sensitive-data-in-clear", "ward.hospital.example"),
        ("sensitive-data-in-url", "fhir.hospital.example"),
        ("sensitive-data-unauthenticated", "ward.hospital.example"),
        ("tls-certificate-expiry", "pacs.hospital.example"),
        ("tls-certificate-expiry", "portal.hospital.example"),
        ("tls-certificate-self-signed", "canteen.example"),
        ("tls-version-obsolete", "pacs.hospital.example"),
    ];
    let seen: Vec<(&str, &str)> = seen.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(seen, expected);
}

#[test]
fn one_report_says_what_a_stranger_to_the_tool_needs_to_act() {
    let lab = hospital();
    lab.run(["report", "--db", "db", "-o", "r.html", "--title", "North Hospital"]).expect(0);
    lab.run(["report", "--db", "db", "-o", "r.md", "--draft"]).expect(0);
    for name in ["r.html", "r.md"] {
        // What Markdown escapes is meant as it is without.
        let page = read(&lab, name).replace('\\', "").replace("&#58;", ":");
        let page = page.replace("<span class=\"d\">", "").replace("</span>", "");
        for word in [
            "What to do first",
            "ward.hospital.example",
            "10.30.0.21:2575 (LABSYS / NORTH)",
            "negotiates TLS 1.1",
            "require authentication",
            "Encrypted services",
            "nothing is decrypted",
            "CN=pacs.hospital.example",
            "until 2024-01-01",
            "hidden by TLS 1.3",
            "with a certificate of the client",
            "Messages were refused by their receiver",
            "Messages were never acknowledged",
            "ADT^A01",
            "packets not analysed: udp",
            "Supports evidence for",
            "10 services were seen, called by 8 computers.",
            "recognised at 5 services: 5 of them with calls that are not encrypted",
            "name of a person, date of birth, UK National Insurance number",
            "Words in this report",
            "ADT admissions, transfers, discharges",
            "8 sessions",
        ] {
            assert!(page.contains(word), "{name}: {word:?} is missing");
        }
        let addresses = page.matches("10.30.1.").count();
        assert_eq!(addresses, page.matches("10.30.1.0/24").count(), "{name}: clients by network");
    }
    let page = read(&lab, "r.html");
    let first = page.split("id=\"first\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert_eq!(first.matches("<li>").count(), 5);
    assert!(page.contains("RESULTS / NORTH"), "who answers on an address that has no name");
}
