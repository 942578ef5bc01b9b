//! No value that travels is kept: more than 500 planted values of every class, in every place of an
//! exchange, are looked for in everything the program writes, in every form they could take.
//!
//! Names of persons are planted in capitals, as records have them. In lower case, or one word alone
//! as a key, they are no part of this: nothing tells a surname from any other word. Nor are names
//! of persons in `User-Agent`, where programs name themselves in capitalised words of their own.

mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use support::capture::Frame;
use support::phitap::Lab;
use support::planted::{Planted, classes, make};
use support::rng::Rng;
use support::tcp::Conversation;
use support::{capture, say};

const SEED: u64 = 0x9417;
/// Values of each class in each place.
const EACH: usize = 3;
const QUERIES: &[&[&str]] = &[
    &["services"],
    &["endpoints"],
    &["fields", "--all"],
    &["findings"],
    &["clients"],
    &["coverage"],
];

/// Places where a value may stand in the request or the response, and how to put it there.
type Place = (&'static str, fn(&Planted, &mut Rng) -> Exchange);

/// What both sides say, without Content-Length.
struct Exchange {
    request: String,
    sent: Vec<u8>,
    response: String,
    received: Vec<u8>,
}

impl Exchange {
    fn get(target: &str) -> Exchange {
        Exchange::sending("GET", target, "", "")
    }

    fn sending(method: &str, target: &str, media: &str, body: &str) -> Exchange {
        let media =
            if media.is_empty() { String::new() } else { format!("\nContent-Type: {media}") };
        Exchange {
            request: format!("{method} {target} HTTP/1.1\nHost: records.clinic.example{media}"),
            sent: body.into(),
            response: "HTTP/1.1 200 OK\nContent-Type: application/json".into(),
            received: b"{\"ok\":true}".to_vec(),
        }
    }

    fn receiving(target: &str, media: &str, body: &str) -> Exchange {
        let mut this = Exchange::get(target);
        this.response = format!("HTTP/1.1 200 OK\nContent-Type: {media}");
        this.received = body.into();
        this
    }

    fn header(mut self, line: &str) -> Exchange {
        let _ = write!(self.request, "\n{line}");
        self
    }
}

fn json(text: &str) -> String {
    serde_json::to_string(text).expect("a string")
}

fn escaped(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// Places that hold values: any class is told there, by its field or not at all, and never kept.
const VALUES: &[Place] = &[
    ("JSON under a telling key", |p, _| {
        let key = p.class.rsplit('.').next().unwrap_or(p.class);
        Exchange::receiving(
            "/v1/json",
            "application/json",
            &format!("{{\"{key}\":{}}}", json(&p.value)),
        )
    }),
    ("JSON under a meaningless key", |p, _| {
        let body = format!("[{{\"q7\":{}}},{{\"q7\":null}}]", json(&p.value));
        Exchange::receiving("/v1/rows", "application/json", &body)
    }),
    ("JSON inside a JSON string", |p, _| {
        let inner = format!("{{\"note\":{}}}", json(&p.value));
        Exchange::receiving(
            "/v1/nested",
            "application/json",
            &format!("{{\"doc\":{}}}", json(&inner)),
        )
    }),
    ("base64 inside JSON", |p, rng| {
        let lead = "x".repeat(rng.below(3));
        let code = STANDARD.encode(format!("{lead}{}", p.value));
        Exchange::receiving("/v1/blob", "application/json", &format!("{{\"data\":\"{code}\"}}"))
    }),
    ("NDJSON", |p, _| {
        let body = format!("{{\"v\":{}}}\n{{\"v\":0}}\n", json(&p.value));
        Exchange::receiving("/v1/export", "application/x-ndjson", &body)
    }),
    ("XML", |p, _| {
        let body = format!("<record kind=\"{}\"><v>{}</v></record>", p.value, p.value);
        Exchange::receiving("/v1/record.xml", "application/xml", &body)
    }),
    ("form", |p, _| {
        let body = format!("patient={}&submit=1", escaped(&p.value));
        Exchange::sending("POST", "/v1/form", "application/x-www-form-urlencoded", &body)
    }),
    ("multipart", |p, _| {
        let part = format!("Content-Disposition: form-data; name=\"patient\"\r\n\r\n{}", p.value);
        let body = format!("--cut\r\n{part}\r\n--cut--\r\n");
        Exchange::sending("POST", "/v1/upload", "multipart/form-data; boundary=cut", &body)
    }),
    ("multipart file name", |p, _| {
        let part =
            format!("Content-Disposition: form-data; name=\"f\"; filename=\"{}.txt\"", p.value);
        let body = format!("--cut\r\n{part}\r\nContent-Type: text/plain\r\n\r\nx\r\n--cut--\r\n");
        Exchange::sending("POST", "/v1/upload", "multipart/form-data; boundary=cut", &body)
    }),
    ("plain text", |p, _| {
        let body = format!("Seen today: {}. Review in six weeks.\n", p.value);
        Exchange::sending("POST", "/v1/notes", "text/plain", &body)
    }),
    ("query value", |p, _| Exchange::get(&format!("/v1/search?q={}&page=2", escaped(&p.value)))),
    ("header", |p, _| Exchange::get("/v1/headers").header(&format!("X-Subject: {}", p.value))),
    ("cookie", |p, _| {
        Exchange::get("/v1/cookies")
            .header(&format!("Cookie: theme=dark; who={}", escaped(&p.value)))
    }),
    ("Basic credentials", |p, _| {
        let code = STANDARD.encode(format!("{}:pw", p.value));
        Exchange::get("/v1/basic").header(&format!("Authorization: Basic {code}"))
    }),
    ("Referer", |p, _| {
        let from = format!("Referer: http://records.clinic.example/s?q={}", escaped(&p.value));
        Exchange::get("/v1/refer").header(&from)
    }),
];

/// Places whose strings the inventory is made of: what its shape tells must not stay there.
const NAMES: &[Place] = &[
    ("path segment", |p, _| Exchange::get(&format!("/v1/people/{}/visits", escaped(&p.value)))),
    ("path segment of its own shape", |p, _| {
        Exchange::get(&format!("/{}/v2/{}.json", escaped(&p.value), escaped(&p.value)))
    }),
    ("query name", |p, _| Exchange::get(&format!("/v1/flags?{}=1", escaped(&p.value)))),
    ("JSON key", |p, _| {
        let body = format!("{{\"by\":{{{}:{{\"n\":1}}}}}}", json(&p.value));
        Exchange::receiving("/v1/index", "application/json", &body)
    }),
    ("cookie name", |p, _| {
        Exchange::get("/v1/jar").header(&format!("Cookie: {}=1", escaped(&p.value)))
    }),
    ("form name", |p, _| {
        let body = format!("{}=on", escaped(&p.value));
        Exchange::sending("POST", "/v1/ticks", "application/x-www-form-urlencoded", &body)
    }),
    ("multipart name", |p, _| {
        let part = |more: &str| {
            format!("Content-Disposition: form-data; name=\"{}\"{more}\r\n\r\nx", p.value)
        };
        let body =
            format!("--cut\r\n{}\r\n--cut\r\n{}\r\n--cut--\r\n", part(""), part("; filename=a"));
        Exchange::sending("POST", "/v1/parts", "multipart/form-data; boundary=cut", &body)
    }),
    ("User-Agent", |p, _| {
        Exchange::get("/v1/agents").header(&format!("User-Agent: sync/1.0 (+{})", p.value))
    }),
];

/// Programs name themselves in capitalised words that no list has.
const NOT_TOLD: (&str, &str) = ("User-Agent", "person.name");

/// Classes whose values can be a label of a host name.
const IN_HOSTS: &[&str] = &[
    "us.ssn",
    "us.npi",
    "us.mbi",
    "gb.nhs_number",
    "gb.nino",
    "financial.credit_card",
    "financial.iban",
    "person.birth_date",
    "health.mrn",
    "person.name",
    "person.address",
    "secret.aws_access_key",
];

/// A planted value with its place.
struct Planting {
    place: &'static str,
    planted: Planted,
}

/// Every class in every place, as conversations of a few exchanges each.
fn plant() -> (Vec<Planting>, Vec<Frame>) {
    let mut rng = Rng::new(SEED);
    let mut plantings = Vec::new();
    let mut exchanges = Vec::new();
    let mut put = |place: &'static str,
                   class: &str,
                   rng: &mut Rng,
                   make_exchange: &dyn Fn(&Planted, &mut Rng) -> Exchange| {
        let planted = make(class, rng);
        exchanges.push(make_exchange(&planted, rng));
        plantings.push(Planting { place, planted });
    };
    for class in classes() {
        for (place, make_exchange) in VALUES {
            (0..EACH).for_each(|_| put(place, class, &mut rng, make_exchange));
        }
        for (place, make_exchange) in NAMES {
            if (*place, class) == NOT_TOLD {
                continue;
            }
            (0..EACH).for_each(|_| put(place, class, &mut rng, make_exchange));
        }
    }
    for class in IN_HOSTS {
        for _ in 0..EACH {
            put("host name", class, &mut rng, &|planted, _| {
                let mut exchange = Exchange::get("/v1/tenant");
                let host = format!("{}.clinic.example", planted.value.replace('.', ""));
                exchange.request = exchange.request.replace("records.clinic.example", &host);
                exchange
            });
        }
    }
    rng.shuffle(&mut exchanges);
    (plantings, conversations(&exchanges, &mut rng))
}

/// A few exchanges a connection; every seventh connection loses a segment, every ninth has no end.
fn conversations(exchanges: &[Exchange], rng: &mut Rng) -> Vec<Frame> {
    let mut frames = Vec::new();
    for (number, few) in exchanges.chunks(6).enumerate() {
        let client = format!("10.9.{}.{}:{}", number / 200, 1 + number % 200, 40000 + number);
        let at = 1_767_225_600_000_000 + 1_000_000 * number as u64;
        let mut talk =
            Conversation::open(&client, "10.9.255.1:80", at).segments_of(rng.among(9..1400));
        for e in few {
            talk = talk.exchange((&e.request, &e.sent), (&e.response, &e.received));
        }
        let mut packets = if number % 9 == 8 { talk.frames() } else { talk.close() };
        if number % 7 == 6 {
            packets.remove(rng.among(4..packets.len() - 4));
        }
        frames.append(&mut packets);
    }
    frames
}

/// Looks for every form of every planted value; finds leaks by name.
struct Search {
    automaton: AhoCorasick,
    /// Planting and form of each pattern.
    of: Vec<(usize, &'static str)>,
}

impl Search {
    fn new(plantings: &[Planting]) -> Search {
        let (mut patterns, mut of) = (Vec::new(), Vec::new());
        for (number, planting) in plantings.iter().enumerate() {
            for (form, bytes) in planting.planted.forms() {
                patterns.push(bytes);
                of.push((number, form));
            }
        }
        let automaton = AhoCorasick::builder().ascii_case_insensitive(true).build(&patterns);
        Search { automaton: automaton.expect("an automaton"), of }
    }

    /// Adds what leaked into `bytes`, which is `name`, by place and class.
    fn look(&self, name: &str, bytes: &[u8], plantings: &[Planting], leaks: &mut Leaks) {
        for hit in self.automaton.find_overlapping_iter(bytes) {
            let (number, form) = self.of[hit.pattern().as_usize()];
            let planting = &plantings[number];
            let around =
                bytes.get(hit.start().saturating_sub(60)..(hit.end() + 40).min(bytes.len()));
            let around: String = String::from_utf8_lossy(around.unwrap_or_default())
                .chars()
                .map(|c| if c.is_control() { '·' } else { c })
                .collect();
            let key = (planting.place, planting.planted.class);
            leaks.entry(key).or_default().entry((name.to_owned(), form)).or_insert(around);
        }
    }
}

/// By place and class: where it leaked and in which form, with what stands around it.
type Leaks = BTreeMap<(&'static str, &'static str), BTreeMap<(String, &'static str), String>>;

fn report(leaks: &Leaks) -> String {
    let mut out = format!("{} kinds of planted values leaked\n", leaks.len());
    for ((place, class), wheres) in leaks {
        let _ = writeln!(out, "* {class} planted in {place}:");
        for ((name, form), around) in wheres.iter().take(3) {
            let _ = writeln!(out, "    in {name} ({form}): {around}");
        }
        if wheres.len() > 3 {
            let _ = writeln!(out, "    and {} more artifacts or forms", wheres.len() - 3);
        }
    }
    out
}

/// Everything that reading `db` can print.
fn answers(lab: &Lab, db: &str) -> Vec<(String, Vec<u8>)> {
    let mut out = Vec::new();
    let mut keep = |name: String, command: &mut Command| {
        let ran = command.env("RUST_LOG", "trace").env("COLUMNS", "400").output().expect("runs");
        assert!(ran.status.success(), "{name}: {ran:?}");
        out.push((format!("standard output of {name}"), ran.stdout));
        out.push((format!("standard error of {name}"), ran.stderr));
    };
    for query in QUERIES {
        for format in ["table", "json", "jsonl", "csv"] {
            let args = query.iter().copied().chain(["--db", db, "--format", format]);
            keep(format!("{} --format {format}", query[0]), &mut lab.command(args));
        }
    }
    let explain = ["fields", "--all", "--explain", "--db", db];
    keep("fields --explain".into(), &mut lab.command(explain));
    keep("db digest --export".into(), &mut lab.command(["db", "digest", "--export", "--db", db]));
    keep("db check".into(), &mut lab.command(["db", "check", "--db", db]));
    let views =
        lab.query(db, &["sql", "SELECT name FROM sqlite_schema WHERE type IN ('table','view')"]);
    assert!(views.len() > 5, "too few tables and views: {views:?}");
    for view in views.iter().filter_map(|row| row["name"].as_str()) {
        let select = format!("SELECT * FROM \"{view}\"");
        keep(
            format!("sql {select}"),
            &mut lab.command(["sql", &select, "--db", db, "--format", "jsonl"]),
        );
    }
    out
}

/// The files of `db`: itself, its log, its index.
fn files(lab: &Lab, db: &str) -> Vec<(String, Vec<u8>)> {
    ["", "-wal", "-shm"]
        .iter()
        .filter_map(|suffix| {
            let name = format!("{db}{suffix}");
            std::fs::read(lab.path(&name)).ok().map(|bytes| (name, bytes))
        })
        .collect()
}

#[test]
fn no_planted_value_is_kept_or_told() {
    let (plantings, frames) = plant();
    assert!(plantings.len() >= 500, "only {} values", plantings.len());
    let search = Search::new(&plantings);
    let lab = Lab::default();
    let planted = lab.path("planted.pcap");
    capture::write(&planted, &frames);
    // The search works: in the capture itself it finds every place and class.
    let mut found = Leaks::new();
    let payloads: Vec<u8> = whole(&frames);
    search.look("the capture", &payloads, &plantings, &mut found);
    let kinds: std::collections::BTreeSet<_> =
        plantings.iter().map(|p| (p.place, p.planted.class)).collect();
    assert!(found.len() * 10 >= kinds.len() * 9, "{} of {} kinds found", found.len(), kinds.len());

    let mut leaks = Leaks::new();
    let mut artifacts = Vec::new();
    for workers in ["0", "2"] {
        let db = format!("{workers}.db");
        // Somebody reads all the while, so that the write-ahead log stays.
        lab.replay(&db, &[&support::fixture("ipv6-vlan/ipv6-vlan.pcap")], &[]).expect(0);
        let reader = rusqlite::Connection::open(lab.path(&db)).expect("a database");
        let begin = "BEGIN; SELECT count(*) FROM sqlite_schema;";
        reader.execute_batch(begin).expect("a read transaction");
        let events = format!("{workers}.events.jsonl");
        let mut replay = lab.command(lab.replay_args(
            &db,
            &[&planted],
            &["--workers", workers, "--events", &events],
        ));
        let ran = replay.env("RUST_LOG", "trace").output().expect("runs");
        assert!(ran.status.success(), "{ran:?}");
        let wal = format!("{db}-wal");
        let kept = files(&lab, &db);
        assert!(kept.iter().any(|(name, bytes)| *name == wal && !bytes.is_empty()), "no log");
        artifacts.extend(kept);
        drop(reader);
        artifacts.push((format!("standard output of replay --workers {workers}"), ran.stdout));
        artifacts.push((format!("standard error of replay --workers {workers}"), ran.stderr));
        artifacts.push((events.clone(), std::fs::read(lab.path(&events)).expect("events")));
        artifacts.extend(answers(&lab, &db));
        artifacts.extend(files(&lab, &db));
        let exchanges = lab.query(&db, &["sql", "SELECT sum(requests) AS n FROM v_endpoints"]);
        assert!(exchanges[0]["n"].as_u64() > Some(700), "too little was seen: {exchanges:?}");
    }
    for (name, bytes) in &artifacts {
        search.look(name, bytes, &plantings, &mut leaks);
    }
    say(&format!("privacy: {} values, {} artifacts", plantings.len(), artifacts.len()));
    assert!(leaks.is_empty(), "{}", report(&leaks));
}

/// What all sides said, in one piece: the frames' bytes without the heads that cut values apart.
fn whole(frames: &[Frame]) -> Vec<u8> {
    frames.iter().flat_map(|f| f.bytes.get(54..).unwrap_or_default()).copied().collect()
}

/// Names that are data, each in its place: target, host, program, media type.
const NAMED: &[[&str; 4]] = &[
    ["/fhir/Patient/nora-quill/Observation/5", "h.example", "x/1", "text/plain"],
    ["/fhir/Patient/nora-quill/_tags/7/x", "h.example", "x/1", "text/plain"],
    ["/fhir/patient/nora-quill", "h.example", "x/1", "text/plain"],
    ["/fhir/CustomThing/nora-quill", "943.476.5919.h.example", "x/1", "text/plain"],
    ["/fhir/Patient/1/$patient-Nora-Quill", "h.example", "x/1", "text/plain"],
    ["/api/Patient/nora-quill", "6a616e65726f65406d61696c2e6f7267.h.example", "x/1", "text/plain"],
    ["/users/quill3/orders/1", "h.example", "App/6 sess=Zk3q8VtYw1RmN5bX0cLp", "text/plain"],
    ["/g/QCLLJKBM", "h.example", "App/2 token=6a616e65726f65406d61696c2e6f7267", "text/plain"],
    ["/a", "h.example", "am9obi5kb2VAbWFpbC5leGFtcGxlLm9yZw==", "application/quill,nora"],
    ["/a", "h.example", "x/1", "application/12quillroad"],
    ["/documents/Nora_Quill.pdf", "h.example", "x/1", "text/plain"],
    ["/documents/Quill-Nora.docx", "h.example", "x/1", "text/plain"],
    ["/documents/Quill.json", "h.example", "x/1", "text/plain"],
    ["/documents/letter-Quill.tar.gz", "h.example", "x/1", "text/plain"],
    ["/documents/QUILL", "h.example", "x/1", "text/plain"],
    ["/documents/NORA.pdf", "h.example", "x/1", "text/plain"],
    ["/bare?quill", "h.example", "x/1", "text/plain"],
    ["/bare?8f14e45fceea167a5a36dedd4bea2543", "h.example", "x/1", "text/plain"],
    ["/bare?6ba7b810-9dad-11d1-80b4-00c04fd43001", "h.example", "x/1", "text/plain"],
    ["/bare?am9obi5kb2VAbWFpbC5leGFtcGxlLm9yZw", "h.example", "x/1", "text/plain"],
    ["/bare?1937465", "h.example", "x/1", "text/plain"],
    ["/q?8f14e45fceea167a5a36dedd4bea2543=1", "h.example", "x/1", "text/plain"],
    ["/q?p[6ba7b810-9dad-11d1-80b4-00c04fd43001][name]=1", "h.example", "x/1", "text/plain"],
    ["/q?p%5B8f14e45fceea167a5a36dedd4bea2543%5D=1", "h.example", "x/1", "text/plain"],
];
/// What must be nowhere of them.
const UNSAID: &[&str] = &[
    "nora",
    "quill",
    "cllj",
    "943.476",
    "6a616e6572",
    "zk3q8vt",
    "am9obi5k",
    "8f14e45f",
    "6ba7b810",
    "1937465",
];

#[test]
fn names_that_are_data_are_not_kept() {
    let mut frames = Vec::new();
    for (number, [target, host, program, media]) in NAMED.iter().enumerate() {
        let at = 1_767_225_600_000_000 + 1_000_000 * number as u64;
        let ask = format!("GET {target} HTTP/1.1\nHost: {host}\nUser-Agent: {program}");
        let answer = format!("HTTP/1.1 200 OK\nServer: {program}\nContent-Type: {media}");
        let talk = Conversation::open(&format!("10.9.0.1:{}", 41000 + number), "10.9.0.2:80", at);
        frames.append(&mut talk.exchange((&ask, b""), (&answer, b"ok")).close());
    }
    let lab = Lab::default();
    let pcap = lab.path("names.pcap");
    capture::write(&pcap, &frames);
    lab.replay("n.db", &[&pcap], &["--events", "n.jsonl"]).expect(0);
    let mut written = files(&lab, "n.db");
    written.push(("events".into(), std::fs::read(lab.path("n.jsonl")).expect("events")));
    assert_eq!(
        written.last().map(|(_, e)| e.split(|b| *b == b'\n').count() > NAMED.len()),
        Some(true)
    );
    let search = AhoCorasick::builder().ascii_case_insensitive(true).build(UNSAID).expect("built");
    for (name, bytes) in &written {
        let found: Vec<&str> = search.find_iter(bytes).map(|hit| UNSAID[hit.pattern()]).collect();
        assert!(found.is_empty(), "{name} holds {found:?}");
    }
}

#[test]
fn keys_with_a_value_in_them_are_not_kept() {
    const KEYS: &str = r#"{"Patient/8f14e45fceea167a5a36dedd4bea2543":1,
        "urn:uuid:8f14e45fceea167a5a36dedd4bea2543":1,
        "6ba7b810-9dad-11d1-80b4-00c04fd43001 note":{"kept":1},"k:1937465":1}"#;
    const FORM: &str = "p[6ba7b810-9dad-11d1-80b4-00c04fd43001][name]=1&8f14e45fceea167a&kept=1";
    let mut frames = Vec::new();
    for (number, (media, body)) in
        [("json", KEYS), ("x-www-form-urlencoded", FORM)].iter().enumerate()
    {
        let at = 1_767_225_600_000_000 + 1_000_000 * number as u64;
        let ask =
            format!("POST /keys HTTP/1.1\nHost: h.example\nContent-Type: application/{media}");
        let talk = Conversation::open(&format!("10.9.0.1:{}", 42000 + number), "10.9.0.2:80", at);
        let answer = "HTTP/1.1 200 OK\nContent-Type: text/plain";
        frames.append(&mut talk.exchange((&ask, body.as_bytes()), (answer, b"ok")).close());
    }
    let lab = Lab::default();
    let pcap = lab.path("keys.pcap");
    capture::write(&pcap, &frames);
    lab.replay("k.db", &[&pcap], &[]).expect(0);
    let rows = lab.query("k.db", &["fields", "--all"]);
    let kept =
        |row: &&serde_json::Value| row["field"].as_str().is_some_and(|f| f.ends_with("kept"));
    assert_eq!(rows.iter().filter(kept).count(), 2, "{rows:#?}");
    let search = AhoCorasick::builder().ascii_case_insensitive(true).build(UNSAID).expect("built");
    for (name, bytes) in &files(&lab, "k.db") {
        let found: Vec<&str> = search.find_iter(bytes).map(|hit| UNSAID[hit.pattern()]).collect();
        assert!(found.is_empty(), "{name} holds {found:?}");
    }
}

#[test]
fn with_reveal_raw_targets_are_in_the_events_and_nowhere_else() {
    let (plantings, frames) = plant();
    let search = Search::new(&plantings);
    let lab = Lab::default();
    let planted = lab.path("planted.pcap");
    capture::write(&planted, &frames);
    let ran = lab.replay("r.db", &[&planted], &["--events", "raw.jsonl", "--reveal"]).expect(0);
    assert!(ran.stderr.contains("reveal"), "says so: {ran:#?}");
    let raw = std::fs::read(lab.path("raw.jsonl")).expect("events");
    let mut revealed = Leaks::new();
    search.look("raw.jsonl", &raw, &plantings, &mut revealed);
    for place in ["path segment", "query value", "host name"] {
        assert!(revealed.keys().any(|(p, _)| *p == place), "{place} is not revealed");
    }
    assert!(mode_of(&lab.path("raw.jsonl")) == 0o600, "others can read what was revealed");
    let mut leaks = Leaks::new();
    for (name, bytes) in files(&lab, "r.db").iter().chain(&answers(&lab, "r.db")) {
        search.look(name, bytes, &plantings, &mut leaks);
    }
    search.look("standard output", ran.stdout.as_bytes(), &plantings, &mut leaks);
    search.look("standard error", ran.stderr.as_bytes(), &plantings, &mut leaks);
    assert!(leaks.is_empty(), "{}", report(&leaks));
    // A file that exists is never written to.
    lab.replay("r.db", &[&planted], &["--again", "--events", "raw.jsonl", "--reveal"]).expect(2);
    assert_eq!(std::fs::read(lab.path("raw.jsonl")).expect("events"), raw);
    lab.replay("r.db", &[&planted], &["--again", "--events", "-", "--reveal"]).expect(2);
}

fn mode_of(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).expect("a file").permissions().mode() & 0o777
}
