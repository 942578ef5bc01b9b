//! The page over a small inventory, a large one and a hostile one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::base::Timestamp;
use crate::inventory::Inventory;
use crate::query::{ReportData, ReportFilter, SendingApplication, report};
use crate::report::{html, markdown, sarif};
use crate::store::sqlite::tests::sample::*;
use crate::store::{FindingState, Triage, TriageDecision, TriageState};

/// What a page may weigh, so that it can be mailed.
const BYTES_MAX: usize = 2_000_000;

fn stored(inventory: &Inventory) -> Folder {
    let folder = Folder::new();
    let mut writer = folder.writer();
    replay(&mut writer, &[input("a.pcap", Some(1), None)], &[]);
    writer.publish(inventory).unwrap();
    writer.close().unwrap();
    folder
}

fn gathered(folder: &Folder) -> ReportData {
    report(&folder.reader(), &ReportFilter { now: at(1000), since: None }).unwrap()
}

fn real_findings(mut inventory: Inventory) -> Inventory {
    for finding in &mut inventory.findings {
        finding.references = vec!["HIPAA 45 CFR 164.312(e)(1)".into()];
    }
    inventory
}

/// Whether tags are closed in the order in which they were opened.
fn well_formed(page: &str) -> Result<(), String> {
    const VOID: [&str; 2] = ["meta", "wbr"];
    let mut open: Vec<String> = Vec::new();
    let body = page.strip_prefix("<!DOCTYPE html>").ok_or("no doctype")?;
    let (head, rest) = body.split_once("<style>").ok_or("no style")?;
    let (_, rest) = rest.split_once("</style>").ok_or("no end of style")?;
    for part in [head, rest].concat().split('<').skip(1) {
        let (tag, _) = part.split_once('>').ok_or_else(|| format!("an open tag: {part}"))?;
        let name: String =
            tag.trim_start_matches('/').chars().take_while(|c| c.is_alphanumeric()).collect();
        if tag.starts_with('/') {
            let last = open.pop().unwrap_or_default();
            if last != name {
                return Err(format!("<{last}> is closed by </{name}>"));
            }
        } else if !tag.ends_with('/') && !VOID.contains(&name.as_str()) {
            open.push(name);
        }
    }
    if open.is_empty() { Ok(()) } else { Err(format!("never closed: {open:?}")) }
}

#[test]
fn the_page_tells_what_was_seen_what_to_do_and_how_it_was_done() {
    let folder = stored(&real_findings(inventory()));
    let page = html::html(&gathered(&folder), "Ward network");
    well_formed(&page).unwrap();
    for word in [
        "<title>Ward network</title>",
        "What to do first",
        "serve the endpoint over TLS only",
        "2023-11-14 22:13:20 UTC to 2023-11-14 22:14:20 UTC (1 minute)",
        "5 packets not analysed: arp",
        "encrypted (TLS): what they carry is not visible",
        "ehr.example:8080",
        "us.ssn",
        "10.0.0.0/24 (1 client)",
        "<svg class=\"flow\"",
        "Supports evidence for:</b> HIPAA 45 CFR 164.312(e)(1)",
        "This is the first report",
        "Method and limits",
        "Accepted by",
    ] {
        assert!(page.contains(word), "{word:?} is missing");
    }
    assert!(!page.contains("10.0.0.7"), "clients stand in it by network only");
}

#[test]
fn terms_of_standards_are_explained_where_they_were_seen() {
    let mut data = gathered(&stored(&inventory()));
    for (standard, operation, term) in [
        ("hl7v2", "ORU^R01", "ORU results"),
        ("tls", "(encrypted)", "counted in sessions"),
        ("http", "GET /x", "One thing that a service can be asked for"),
    ] {
        let [one, ..] = &mut data.endpoints[..] else { panic!("no endpoint") };
        (one.standard, one.operation) = (standard.into(), operation.into());
        one.sessions = (standard == "tls").then_some(1_234);
        let other = data.endpoints.split_off(1);
        for text in [html::html(&data, "x"), markdown::markdown(&data, "x")] {
            assert!(text.contains(term), "{standard}: {term}");
            assert_eq!(text.contains("HL7 v2, MLLP"), standard == "hl7v2", "{standard}");
            let sessions = text.contains("1\u{a0}234 sessions") || text.contains("1234 sessions");
            assert_eq!(sessions, standard == "tls", "{standard}");
        }
        data.endpoints.extend(other);
    }
}

#[test]
fn the_page_needs_nothing_from_outside_and_no_script() {
    let page = html::html(&gathered(&stored(&inventory())), "x");
    for word in [
        "<script", "<link", "<img", "<iframe", "@import", "url(", "http://", "https://", " src=",
        " onload",
    ] {
        assert!(!page.contains(word), "{word:?} is in it");
    }
    assert!(page.contains("default-src 'none'"));
}

/// Names as an attacker would choose them, in every place that traffic controls.
fn hostile(nasty: &str) -> Inventory {
    let mut hostile = inventory();
    for endpoint in &mut hostile.endpoints {
        endpoint.service = nasty.into();
        endpoint.operation = format!("GET {nasty}");
        endpoint.path = Some(nasty.into());
        endpoint.auth = BTreeMap::from([(nasty.into(), 1)]);
        endpoint.fields[0].field = nasty.into();
        endpoint.data_classes[0].1.class = nasty.into();
    }
    hostile.services[0].service = nasty.into();
    hostile.services[0].names = vec![nasty.into()];
    hostile.clients[0].services = vec![nasty.into()];
    for finding in &mut hostile.findings {
        finding.title = nasty.into();
        finding.field = Some(nasty.into());
        finding.data_class = Some(nasty.into());
        finding.references = vec![nasty.into()];
    }
    hostile
}

#[test]
fn names_from_traffic_cannot_break_out_of_any_form() {
    let nasty = "</td><script>alert(1)</script>\"'`|\u{202e}\u{1b}[31m=cmd()\n# x";
    let folder = stored(&hostile(nasty));
    let mut data = gathered(&folder);
    data.senders = vec![SendingApplication {
        name: Some(nasty.into()),
        service: nasty.into(),
        operations: vec![nasty.into()],
        networks: vec!["10.0.0.0/24".into()],
        messages: 1,
        last_seen: at(1),
    }];
    let page = html::html(&data, nasty);
    well_formed(&page).unwrap();
    assert!(!page.contains("<script") && page.contains("&lt;script&gt;"));
    assert!(!page.contains(['\u{202e}', '\u{1b}']), "unsafe characters are shown, not sent");
    let text = markdown::markdown(&data, nasty);
    assert!(!text.contains("<script") && !text.contains(['\u{202e}', '\u{1b}']));
    let cells = text.lines().filter(|l| l.starts_with('|'));
    let ends = |line: &str| line.replace("\\|", "").matches('|').count();
    let counts: std::collections::BTreeSet<usize> = cells.map(ends).collect();
    assert!(counts.iter().all(|n| (5..=9).contains(n)), "{counts:?}");
    let csv = sarif::csv(&data).unwrap();
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    for record in reader.records() {
        for cell in &record.unwrap() {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?}");
            assert!(!cell.contains(['\u{202e}', '\u{1b}']), "{cell:?}");
        }
    }
}

#[test]
fn a_large_inventory_still_makes_a_page_that_can_be_mailed() {
    let mut large = inventory();
    let long = "<&\"'".repeat(60);
    large.endpoints.clear();
    large.findings.clear();
    for n in 0..3000 {
        let mut e = endpoint(&format!("ep-{n:05}"), &format!("/{long}/{n}"));
        e.service = format!("{}-{long}", n % 400);
        e.data_classes[0].1.class = format!("us.{n:03}{long}");
        let mut f = finding(&format!("fi-{n:05}"), &e.id);
        f.field = Some(long.clone());
        large.findings.push(f);
        large.endpoints.push(e);
    }
    large.services = (0..400)
        .map(|n| {
            let mut s = inventory().services.remove(0);
            s.service = format!("{n}-{long}");
            s
        })
        .collect();
    let folder = stored(&large);
    let data = gathered(&folder);
    let page = html::html(&data, "large");
    assert!(page.len() < BYTES_MAX, "{} bytes", page.len());
    let left = format!("and {} more behind these, in the same order.", data.endpoints.len() - 250);
    let told = page.replace('\u{a0}', "");
    assert!(told.contains(&format!("{left} All of them: <code>phitap endpoints</code>")));
    let text = markdown::markdown(&data, "large");
    assert!(text.len() < BYTES_MAX);
    // What is cut says in which order it stands.
    let captions: Vec<&str> = page.split("<caption>").skip(1).collect();
    assert!(captions.len() > 5);
    for caption in captions {
        let (caption, _) = caption.split_once("</caption>").unwrap();
        assert!(caption.contains("first"), "{caption}");
    }
    let tables = text.lines().filter(|line| line.starts_with("|---|")).count();
    let ordered = text.lines().filter(|line| line.contains("first") && line.ends_with('.')).count();
    assert!(ordered + 1 >= tables, "{ordered} of {tables}, of which one is to be signed");
}

#[test]
fn an_empty_database_makes_a_page_that_says_so() {
    let folder = Folder::new();
    folder.writer().close().unwrap();
    let data = gathered(&folder);
    let page = html::html(&data, "empty");
    well_formed(&page).unwrap();
    for word in [
        "no exchange was seen",
        "No packet was seen. That is no sign of safety.",
        "Of what is exposed this report can say nothing.",
        "Nothing was found in what could be seen",
    ] {
        assert!(page.contains(word), "{word:?}");
    }
    let text = markdown::markdown(&data, "empty");
    assert!(text.contains("no exchange was seen") && text.contains("No packet was seen. That is"));
    for all_clear in ["exchange was whole", "asks for action"] {
        assert!(!page.contains(all_clear) && !text.contains(all_clear), "{all_clear}");
    }
}

#[test]
fn five_things_come_first_and_one_rule_does_not_fill_them() {
    let mut many = inventory();
    let source = many.endpoints[0].clone();
    for n in 0..6 {
        let mut e = source.clone();
        e.id = format!("ep-{n}x");
        e.service = format!("s{n}.example");
        e.operation = format!("GET /{n}");
        many.findings.push(finding(&format!("fi-{n}x"), &e.id));
        let mut f = finding(&format!("fi-{n}y"), &e.id);
        f.rule = ["credentials-in-url", "credentials-in-clear"][n % 2];
        f.severity = crate::model::Severity::Medium;
        many.findings.push(f);
        many.endpoints.push(e);
    }
    let data = gathered(&stored(&many));
    assert_eq!(data.first.len(), 5);
    let same = data.first.iter().filter(|t| t.rule == "sensitive-data-in-clear").count();
    assert_eq!(same, 2);
    assert_eq!(data.first[0].severity, crate::model::Severity::High);
    // Why these five is told, and of how many.
    let open = data.findings.iter().flat_map(|g| &g.open);
    let problems: BTreeSet<_> = open.map(|f| (f.rule, f.service.clone())).collect();
    assert!(problems.len() > 5, "{problems:?}");
    let told = format!("5 of {} problems, each of one kind at one service", problems.len());
    assert!(html::html(&data, "Five").contains(&told));
    assert!(markdown::markdown(&data, "Five").contains(&told));
}

#[test]
fn what_was_decided_stands_apart_and_changes_are_those_since_the_last_report() {
    let folder = stored(&inventory());
    let decision = FindingState {
        state: TriageState::Accepted,
        reason: Some("behind a gateway".into()),
        set_at: at(500),
        until: Some(at(5000)),
        ..FindingState::default()
    };
    let mut triage = Triage::open(&folder.path).unwrap();
    triage.set(&TriageDecision { finding: "fi-1", decision }).unwrap();
    triage.note_report(at(900), at(60)).unwrap();
    let mut later = inventory();
    let mut fresh = endpoint("ep-3", "/fresh");
    (fresh.first_seen, fresh.last_seen) = (at(70), at(80));
    later.services[0].last_seen = at(80);
    later.endpoints.push(fresh);
    folder.writer().publish(&later).unwrap();
    let data = gathered(&folder);
    let group = &data.findings[0];
    assert_eq!((group.open.len(), group.decided.len()), (1, 1));
    let page = html::html(&data, "x");
    assert!(page.contains("accepted until 2023-11-14: behind a gateway"), "decision");
    assert!(page.contains("Since the last report, which was made 2023-11-14 22:28:20 UTC"));
    assert!(page.contains("<td>new</td><td>endpoint</td>"), "what is new");
    let past = ReportFilter { now: at(5001), since: None };
    let data = report(&folder.reader(), &past).unwrap();
    assert_eq!(data.findings[0].open.len(), 2, "the decision has ended");
}

#[test]
fn what_is_read_later_is_new_whenever_it_was_recorded_and_what_was_removed_is_counted() {
    let folder = stored(&inventory());
    Triage::open(&folder.path).unwrap().note_report(at(900), at(60)).unwrap();
    let told = |folder: &Folder| gathered(folder).changes.unwrap().1;
    assert!(!told(&folder).compared, "nothing came");
    let mut later = inventory();
    let mut fresh = endpoint("ep-3", "/fresh");
    (fresh.first_seen, fresh.last_seen) = (at(-80), at(-70));
    later.endpoints.push(fresh);
    folder.writer().publish(&later).unwrap();
    let changes = told(&folder);
    let rows: Vec<_> = changes.rows.iter().map(|r| (r.change.name(), r.what.name())).collect();
    assert!(changes.compared);
    assert_eq!(rows, [("new", "endpoint")], "what was there is not gone: {:#?}", changes.rows);
    let held = inventory();
    let (services, endpoints) = (held.services.len() as u64, held.endpoints.len() as u64);
    let purge = crate::store::Purge::Before(at(1_000_000));
    folder.writer().purge(purge, |_, _| Inventory::default()).unwrap();
    let changes = told(&folder);
    assert_eq!(changes.removed, (services, endpoints));
    let page = html::html(&gathered(&folder), "x");
    assert!(page.contains("were removed (phitap db purge)"), "the page says so");
    let held = folder.reader().report_held().unwrap();
    assert_eq!(held, Default::default(), "no name is left");
}

/// What the schema of SARIF 2.1.0 demands of what we use of it (sections 3.13, 3.14, 3.27, 3.49).
fn sarif_is_sound(log: &Value) {
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(run["tool"]["driver"]["name"].is_string());
    assert_eq!(run["invocations"][0]["executionSuccessful"], json!(true));
    for rule in rules {
        assert!(rule["id"].is_string() && rule["help"]["text"].is_string());
        assert!(rule["shortDescription"]["text"].as_str().is_some_and(|t| !t.is_empty()));
    }
    let ids: std::collections::BTreeSet<&str> =
        rules.iter().map(|r| r["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), rules.len(), "rules are distinct");
    for result in run["results"].as_array().unwrap() {
        let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[rule]["id"], result["ruleId"]);
        // A result that does not say so has the level of its rule.
        let usual = &rules[rule]["defaultConfiguration"]["level"];
        let level = result.get("level").unwrap_or(usual).as_str().unwrap();
        assert!(["error", "warning", "note"].contains(&level));
        assert!(result["message"]["text"].as_str().is_some_and(|t| !t.is_empty()));
        assert!(result["occurrenceCount"].as_u64().is_some_and(|n| n >= 1));
        let place = &result["locations"][0]["logicalLocations"][0];
        assert!(["property", "resource"].contains(&place["kind"].as_str().unwrap()));
        let prints = result["partialFingerprints"].as_object().unwrap();
        assert!(prints.values().all(Value::is_string));
        for suppression in result["suppressions"].as_array().into_iter().flatten() {
            assert_eq!(
                (&suppression["kind"], &suppression["status"]),
                (&json!("external"), &json!("accepted"))
            );
        }
    }
}

#[test]
fn sarif_holds_every_finding_once_and_what_was_decided_is_suppressed() {
    let folder = stored(&inventory());
    for (state, again, said) in [
        (TriageState::Acknowledged, false, None),
        (TriageState::Accepted, false, Some("accepted: test data")),
        (TriageState::FalsePositive, false, Some("false-positive: test data")),
        (TriageState::Resolved, false, Some("resolved: test data")),
        (TriageState::Resolved, true, None),
    ] {
        let (reason, set_at) = (Some("test data".into()), at(500));
        let decision = FindingState { state, reason, set_at, ..FindingState::default() };
        let mut triage = Triage::open(&folder.path).unwrap();
        triage.set(&TriageDecision { finding: "fi-1", decision }).unwrap();
        if again {
            let mut inventory = inventory();
            let finding = &mut inventory.findings[0];
            (finding.count, finding.last_seen) = (finding.count + 1, at(600));
            folder.writer().publish(&inventory).unwrap();
        }
        let log: Value = serde_json::from_str(&sarif::sarif(&gathered(&folder)).unwrap()).unwrap();
        sarif_is_sound(&log);
        let results = log["runs"][0]["results"].as_array().unwrap();
        assert_eq!(results.len(), 2);
        let suppressed = results.iter().filter_map(|result| {
            let id = result["partialFingerprints"]["phitapFinding/v1"].as_str()?;
            Some((id, result["suppressions"][0]["justification"].as_str()?))
        });
        let expected = said.map(|said| ("fi-1", said));
        assert_eq!(suppressed.collect::<Vec<_>>(), expected.into_iter().collect::<Vec<_>>());
    }
    let log: Value = serde_json::from_str(&sarif::sarif(&gathered(&folder)).unwrap()).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    // Texts stand with the rule, however many results it has.
    let text = |key: &str| {
        let told = log["runs"][0]["tool"]["driver"]["rules"][0][key]["text"].as_str();
        told.filter(|text| !text.is_empty()).unwrap().to_owned()
    };
    for told in [text("fullDescription"), text("help")] {
        assert_eq!(log.to_string().matches(json!(told).to_string().as_str()).count(), 1);
    }
    for result in results {
        let own = result.to_string();
        assert!(own.len() < 700, "{own}");
    }
    let empty: Value =
        serde_json::from_str(&sarif::sarif(&ReportData::default()).unwrap()).unwrap();
    sarif_is_sound(&empty);
    assert_eq!(Timestamp::default(), ReportData::default().made);
}

#[test]
fn both_what_was_watched_and_what_of_it_was_recorded_are_told() {
    let mut data = gathered(&stored(&inventory()));
    let hour = |h: i64| Timestamp::from_nanos(h * 3_600_000_000_000);
    let recorded = |breaks: Vec<(i64, i64)>| crate::query::Recorded {
        time: std::time::Duration::from_secs(5400),
        stretches: breaks.len() as u64 + 1,
        breaks: breaks.into_iter().map(|(from, to)| (hour(from), hour(to))).collect(),
    };
    data.recorded = Some(recorded(Vec::new()));
    assert!(!html::html(&data, "x").contains("recorded for"));
    assert!(!html::html(&data, "x").contains("were recorded"));
    data.recorded = Some(recorded(vec![(50, 100), (1, 3)]));
    let pages = [html::html(&data, "x"), markdown::markdown(&data, "x").replace("&#58;", ":")];
    for page in pages.map(|page| page.replace('\\', "")) {
        for said in [
            "(1 minute, of which 1 hour 30 minutes were recorded, in 3 stretches)",
            "nothing was recorded for 2 days 2 hours: from 1970-01-03 02:00:00 UTC to",
            "nothing was recorded for 2 hours: from 1970-01-01 01:00:00 UTC to",
        ] {
            assert!(page.contains(said), "{said}");
        }
    }
    data.recorded = Some(recorded((0..9).map(|n| (10 * n, 10 * n + 1)).collect()));
    assert!(html::html(&data, "x").contains("nor in 4 shorter breaks"));
}

#[test]
fn the_markdown_tells_who_calls_as_the_page_does() {
    let data = gathered(&stored(&inventory()));
    let page = html::html(&data, "x");
    assert!(page.contains("tbody tr:first-child { break-before: avoid; }"));
    for text in [page, markdown::markdown(&data, "x").replace("&#58;", ":")] {
        let (_, table) = text.split_once("Client networks").expect("a column");
        assert!(table.replace('\\', "").contains("10.0.0.0/24 (1 client)"), "{table}");
    }
}

#[test]
fn no_service_is_drawn_that_leads_to_no_class() {
    let mut data = gathered(&stored(&inventory()));
    let flow = |service: &str, class: String, requests| crate::query::ClassFlow {
        service: service.into(),
        class,
        endpoints: 1,
        requests,
        sent: true,
        returned: false,
    };
    data.flows = (0..20).map(|n| flow("many.example", format!("xx.c{n:02}"), 5)).collect();
    data.flows.push(flow("two.example", "zz.rare".into(), 9));
    let page = html::html(&data, "x");
    let drawing = page.split("<svg").nth(1).unwrap().split("</svg>").next().unwrap();
    assert!(drawing.contains(">zz.rare<") && drawing.contains(">two.example<"), "{drawing}");
    let bands = drawing.matches("<path class=\"band national\"").count();
    assert_eq!(bands, 15, "fourteen classes of the one, and that of the other");
}

#[test]
fn a_date_in_a_cell_is_not_broken() {
    let mut cell = super::markup::Html::default();
    cell.dated_cell("RSA 2048, until 2036-11-19 2036-11-1x <b>");
    let said = "<td>RSA 2048, until <span class=\"d\">2036-11-19</span> 2036-11-1x &lt;b&gt;</td>";
    assert_eq!(cell.finish(), said);
}

/// What a narrow column of a printed page does to names.
#[test]
fn names_in_tables_break_behind_their_separators_and_counts_stand_under_their_heads() {
    let page = html::html(&gathered(&stored(&inventory())), "Test");
    assert!(page.contains("ehr.<wbr>example:<wbr>8080"), "{page}");
    // On a narrow screen the lines of a row have the heads of its table.
    assert!(page.contains("<table style=\"--h1:'Severity';--h2:'Service';"), "heads of lines");
    assert!(page.contains("<th scope=\"col\" class=\"n\">Endpoints</th>"));
    let mut long = super::markup::Html::default();
    long.code_cell(&"x".repeat(40));
    let shown = long.finish();
    assert_eq!(shown.matches("<wbr>").count(), 2, "{shown}");
    assert_eq!(shown.matches('x').count(), 40);
}

#[test]
fn no_column_is_wider_than_the_narrowest_window() {
    let page = html::html(&gathered(&stored(&inventory())), "Test");
    let least =
        page.split("minmax(").skip(1).filter_map(|rest| rest.split_once("rem")?.0.parse().ok());
    let least: Vec<f64> = least.collect();
    assert!(!least.is_empty() && least.iter().all(|rem| *rem <= 14.0), "{least:?} rem of 280 px");
}
