//! TLS sessions against Wireshark's: host, version, JA3, JA3S, the protocol that the server chose,
//! how keys were agreed on, certificates (how many, and the serial number of the first). And each
//! certificate by itself: subject, issuer, serial number, from when until when. Where the two
//! differ on purpose, the capture is listed with the reason. JA4 is compared where tshark knows it.

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use support::capture;
use support::certificates::{self, Certificate};
use support::phitap::Lab;
use support::tcp::Conversation;
use support::{corpus, fixture, fixtures, say, skip};

/// How often a session was seen that says this.
type Bag = BTreeMap<String, u64>;

/// One reason, and the captures with the number of sessions that only we and only tshark see.
struct Meant {
    why: &'static str,
    captures: &'static [(&'static str, u64, u64)],
}

const MEANT: &[Meant] = &[
    Meant {
        why: "behind PostgreSQL's answer tshark does not put together records of the server that \
              come in several segments: it shows no chain, or not even the version",
        captures: &[
            ("zeek+zeek/testing/btest/Traces/postgresql/psql-aws-ssl-preferred.pcap", 1, 1),
            ("zeek+zeek/testing/btest/Traces/postgresql/psql-aws-ssl-require.pcap", 1, 1),
        ],
    },
    Meant {
        why: "the flow runs in a GTP tunnel, which is not undone",
        captures: &[("zeek+zeek/testing/btest/Traces/tunnels/gtp/gtp6_gtp_0x32.pcap", 0, 1)],
    },
    Meant {
        why: "tshark shows the fingerprint of the HelloRetryRequest alone; ours is of the \
              ServerHello",
        captures: &[("zeek+zeek/testing/btest/Traces/tls/hrr.pcap", 1, 1)],
    },
];

/// The same of certificates.
const CERTIFICATES_MEANT: &[Meant] = &[Meant {
    why: "behind PostgreSQL's answer tshark does not put together the records that hold the chain",
    captures: &[
        ("zeek+zeek/testing/btest/Traces/postgresql/psql-aws-ssl-preferred.pcap", 3, 0),
        ("zeek+zeek/testing/btest/Traces/postgresql/psql-aws-ssl-require.pcap", 3, 0),
    ],
}];

fn hex(text: &str) -> String {
    let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
    digits.to_lowercase()
}

fn add(bag: &mut Bag, cells: [&str; 8]) {
    *bag.entry(cells.join(" | ")).or_default() += 1;
}

/// The events of the TLS sessions of a capture.
fn events(path: &Path) -> Vec<Value> {
    let lab = Lab::default();
    let ran = lab.replay("t.db", &[path], &["--events", "events.jsonl"]);
    assert!(matches!(ran.code, Some(0 | 3)), "{}: {ran:#?}", path.display());
    let text = std::fs::read_to_string(lab.path("events.jsonl")).expect("events");
    let events = text.lines().map(|line| serde_json::from_str(line).expect("JSON"));
    events.filter(|event: &Value| event["event_type"] == "tls").collect()
}

/// Sessions of which a hello was seen.
fn ours(path: &Path) -> Bag {
    let mut bag = Bag::new();
    for event in events(path) {
        let tls = &event["tls"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (ja3, ja3s) = (text(&tls["ja3"]["hash"]), text(&tls["ja3s"]["hash"]));
        if !ja3.is_empty() || !ja3s.is_empty() {
            // Absent where certificates are encrypted or were not captured: tshark sees none there.
            let chain = tls["chain_length"].as_u64().unwrap_or(0).to_string();
            let (sni, version) = (text(&tls["sni"]), text(&tls["version"]));
            let serial = hex(&text(&tls["serial"]));
            let alpn = text(&tls["server_alpns"][0]);
            let keys = text(&tls["key_exchange"]);
            add(&mut bag, [&sni, &version, &ja3, &ja3s, &chain, &serial, &alpn, &keys]);
        }
    }
    bag
}

fn tshark(path: &Path, fields: &[&str]) -> Vec<Vec<String>> {
    let mut command = Command::new("tshark");
    command.args(["-n", "-r"]).arg(path).args(["-Y", "tls.handshake.type && tcp"]);
    command.args(["-T", "fields"]);
    for field in fields {
        command.args(["-e", field]);
    }
    let output = command.output().expect("tshark runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

fn version(code: &str) -> &str {
    match code {
        "0x0002" => "SSLv2",
        "0x0300" => "SSLv3",
        "0x0301" => "TLSv1",
        "0x0302" => "TLS 1.1",
        "0x0303" => "TLS 1.2",
        "0x0304" => "TLS 1.3",
        other => other,
    }
}

/// What tshark says of one stream.
#[derive(Default)]
struct Stream {
    server_port: String,
    sni: String,
    version: String,
    ja3: String,
    ja3s: String,
    chain: usize,
    serial: String,
    alpn: String,
    keys: String,
}

/// A group by its number, in whatever base tshark writes it; a prime by its bytes.
fn key_exchange(group: &str, prime: &str) -> String {
    let number = match group.strip_prefix("0x") {
        Some(digits) => u16::from_str_radix(digits, 16).ok(),
        None => group.parse().ok(),
    };
    match (number, prime.parse::<u32>()) {
        (Some(23), _) => "secp256r1".to_owned(),
        (Some(24), _) => "secp384r1".to_owned(),
        (Some(25), _) => "secp521r1".to_owned(),
        (Some(29), _) => "x25519".to_owned(),
        (Some(30), _) => "x448".to_owned(),
        (Some(other), _) => format!("0x{other:04x}"),
        (None, Ok(bytes)) => format!("DH {}", bytes * 8),
        (None, Err(_)) => String::new(),
    }
}

fn theirs(path: &Path) -> Bag {
    const FIELDS: [&str; 14] = [
        "tcp.stream",
        "tcp.srcport",
        "tls.handshake.type",
        "tls.handshake.extensions_server_name",
        "tls.handshake.version",
        "tls.handshake.extensions.supported_version",
        "tls.handshake.ja3",
        "tls.handshake.ja3s",
        "tls.handshake.certificate_length",
        "x509af.serialNumber",
        "tls.handshake.extensions_alpn_str",
        "tls.handshake.extensions_key_share_group",
        "tls.handshake.server_named_curve",
        "tls.handshake.p_len",
    ];
    let mut streams: BTreeMap<String, Stream> = BTreeMap::new();
    for row in tshark(path, &FIELDS) {
        let cell = |n: usize| row.get(n).map_or("", |text| text.as_str());
        let first = |n: usize| cell(n).split(',').next().unwrap_or_default().to_owned();
        let has = |kind: &str| cell(2).split(',').any(|k| k == kind);
        let stream = streams.entry(first(0)).or_default();
        if has("1") && stream.ja3.is_empty() {
            (stream.sni, stream.ja3) = (first(3).to_lowercase(), first(6));
        }
        if has("2") {
            let code = if cell(5).is_empty() { first(4) } else { first(5) };
            stream.version = version(&code).to_owned();
            (stream.ja3s, stream.server_port, stream.alpn) = (first(7), first(1), first(10));
            stream.keys = key_exchange(&first(11), "");
        }
        if has("12") && stream.keys.is_empty() {
            stream.keys = key_exchange(&first(12), &first(13));
        }
        if has("11") && first(1) == stream.server_port && stream.chain == 0 && !cell(8).is_empty() {
            (stream.chain, stream.serial) = (cell(8).split(',').count(), hex(&first(9)));
        }
    }
    let mut bag = Bag::new();
    for s in streams.values().filter(|s| !s.ja3.is_empty() || !s.ja3s.is_empty()) {
        let chain = s.chain.to_string();
        let cells = [&s.sni, &s.version, &s.ja3, &s.ja3s, &chain, &s.serial, &s.alpn, &s.keys];
        add(&mut bag, cells.map(String::as_str));
    }
    bag
}

fn has_tshark() -> bool {
    Command::new("tshark").arg("--version").output().is_ok_and(|o| o.status.success())
}

/// How many of `bag` are not in `other`, and which.
fn only(bag: &Bag, other: &Bag) -> (u64, String) {
    let mut lines = String::new();
    let more = bag.iter().map(|(session, n)| {
        let more = n.saturating_sub(other.get(session).copied().unwrap_or(0));
        if more > 0 {
            lines += &format!("      {more} {session}\n");
        }
        more
    });
    (more.sum(), lines)
}

fn compare(named: &[(String, &Path)]) {
    let (mut wrong, mut sessions) = (String::new(), 0);
    for (name, path) in named {
        let (ours, theirs) = (ours(path), theirs(path));
        sessions += ours.values().sum::<u64>();
        let listed = MEANT.iter().flat_map(|m| m.captures).find(|(n, ..)| n == name);
        let meant = listed.map_or((0, 0), |(_, here, there)| (*here, *there));
        let (here, there) = (only(&ours, &theirs), only(&theirs, &ours));
        if (here.0, there.0) != meant {
            wrong += &format!("{name}\n   ours\n{}   tshark\n{}", here.1, there.1);
        }
    }
    say(&format!("tls: {sessions} sessions of {} captures compared", named.len()));
    assert!(wrong.is_empty(), "differ:\n{wrong}");
    assert!(sessions > 0 || named.is_empty(), "nothing was compared");
}

#[test]
fn fixtures_have_the_tls_sessions_that_tshark_sees() {
    if !has_tshark() {
        return skip("TLS of fixtures against tshark", "tshark not found");
    }
    let all = fixtures();
    let named: Vec<(String, &Path)> =
        all.iter().map(|path| (path.to_str().expect("UTF-8").to_owned(), path.as_path())).collect();
    compare(&named);
}

fn tls_captures(test: &str) -> Vec<corpus::Expected> {
    let mut all = corpus::captures(test);
    all.retain(|capture| capture.tags.split(',').any(|tag| tag == "tls"));
    all
}

#[test]
fn public_captures_have_the_tls_sessions_that_tshark_sees() {
    if !has_tshark() {
        return skip("TLS of the corpus against tshark", "tshark not found");
    }
    let all = tls_captures("TLS of the corpus");
    let named: Vec<(String, &Path)> =
        all.iter().map(|capture| (capture.name.clone(), capture.path.as_path())).collect();
    compare(&named);
}

/// The certificates of services by SHA-256.
fn shown_certificates(path: &Path) -> BTreeMap<String, Value> {
    let lab = Lab::default();
    let ran = lab.replay("c.db", &[path], &[]);
    assert!(matches!(ran.code, Some(0 | 3)), "{}: {ran:#?}", path.display());
    let services = lab.query("c.db", &["services"]);
    let all = services.iter().flat_map(|s| s["tls"]["certificates"].as_array()).flatten();
    all.map(|c| (c["sha256"].as_str().expect("a digest").to_owned(), c.clone())).collect()
}

/// How what is shown of a certificate differs from what tshark says, and how much is withheld.
fn unlike(ours: &Value, theirs: &Certificate) -> Result<usize, String> {
    let text = |key: &str| ours[key].as_str().unwrap_or_default();
    let subject = certificates::withheld(text("subject"), &theirs.subject);
    let issuer = certificates::withheld(text("issuer"), &theirs.issuer);
    let valid = [text("not_before"), text("not_after")] == theirs.valid;
    let serial =
        hex(text("serial")).trim_start_matches('0') == theirs.serial.trim_start_matches('0');
    match (subject, issuer, valid, serial) {
        (Some(subject), Some(issuer), true, true) => Ok(subject + issuer),
        _ => Err(format!("{ours}\n      {theirs:?}")),
    }
}

fn compare_certificates(named: &[(String, &Path)]) {
    let (mut wrong, mut compared, mut withheld) = (String::new(), 0, 0);
    for (name, path) in named {
        let (ours, theirs) = (shown_certificates(path), certificates::theirs(path));
        let only_ours = ours.keys().filter(|id| !theirs.contains_key(*id)).count() as u64;
        let only_theirs = theirs.keys().filter(|id| !ours.contains_key(*id)).count() as u64;
        let differ = (only_ours, only_theirs);
        let listed = CERTIFICATES_MEANT.iter().flat_map(|m| m.captures).find(|(n, ..)| n == name);
        if listed.map_or((0, 0), |(_, here, there)| (*here, *there)) != differ {
            wrong += &format!("{name}: {differ:?} certificates only here, only there\n");
        }
        for (id, theirs) in &theirs {
            match ours.get(id).map(|ours| unlike(ours, theirs)) {
                Some(Err(how)) => wrong += &format!("{name}\n      {how}\n"),
                Some(Ok(hidden)) => (compared, withheld) = (compared + 1, withheld + hidden),
                None => {}
            }
        }
    }
    say(&format!("tls: {compared} certificates compared, {withheld} parts of names withheld"));
    assert!(wrong.is_empty(), "differ:\n{wrong}");
    assert!(compared > 0 || named.is_empty(), "nothing was compared");
}

#[test]
fn fixtures_have_the_certificates_that_tshark_sees() {
    if !has_tshark() {
        return skip("certificates of fixtures against tshark", "tshark not found");
    }
    let all = fixtures();
    let named: Vec<(String, &Path)> =
        all.iter().map(|path| (path.to_str().expect("UTF-8").to_owned(), path.as_path())).collect();
    compare_certificates(&named);
}

#[test]
fn public_captures_have_the_certificates_that_tshark_sees() {
    if !has_tshark() {
        return skip("certificates of the corpus against tshark", "tshark not found");
    }
    let all = tls_captures("certificates of the corpus");
    let named: Vec<(String, &Path)> =
        all.iter().map(|capture| (capture.name.clone(), capture.path.as_path())).collect();
    compare_certificates(&named);
}

#[test]
fn differences_of_tls_that_are_meant_name_captures_that_exist() {
    let all = corpus::captures("differences of TLS");
    for meant in MEANT.iter().chain(CERTIFICATES_MEANT) {
        assert!(meant.why.len() > 20 && !meant.captures.is_empty());
        for (name, ..) in meant.captures {
            assert!(all.is_empty() || all.iter().any(|e| e.name == *name), "{name}");
        }
    }
}

#[test]
fn ja4_is_what_tshark_makes_of_the_same_hellos() {
    let known = Command::new("tshark").args(["-G", "fields"]).output();
    let known =
        known.is_ok_and(|o| String::from_utf8_lossy(&o.stdout).contains("tls.handshake.ja4\t"));
    if !known {
        return skip("JA4 against tshark", "this tshark has no tls.handshake.ja4");
    }
    let path = fixture("tls/tls.pcap");
    let rows = tshark(&path, &["tcp.stream", "tls.handshake.ja4"]);
    let mut theirs = BTreeMap::new();
    for row in rows.iter().filter(|row| row.get(1).is_some_and(|ja4| !ja4.is_empty())) {
        theirs.entry(row[0].clone()).or_insert(row[1].clone());
    }
    let mut theirs: Vec<String> = theirs.into_values().collect();
    let text = |event: &Value| event["tls"]["ja4"].as_str().map(str::to_owned);
    let mut ours: Vec<String> = events(&path).iter().filter_map(text).collect();
    ours.sort();
    theirs.sort();
    assert_eq!(ours, theirs);
}

/// Six segments of the fixture were sent again, as they were, behind the handshakes.
#[test]
fn what_is_sent_again_in_a_session_calls_nothing_in_question() {
    let lab = Lab::default();
    lab.replay("h.db", &[&fixture("hospital/hospital.pcap")], &[]).expect(0);
    let odd: Vec<Value> = lab.query("h.db", &["coverage"]);
    let odd: Vec<&Value> = odd.iter().filter(|row| row["scope"] == "anomaly").collect();
    assert!(odd.is_empty(), "{odd:?}");
}

#[test]
fn nothing_of_a_client_with_a_certificate_is_kept_but_who_signed_it() {
    let lab = Lab::default();
    let path = fixture("tls/tls.pcap");
    lab.replay("t.db", &[&path], &["--events", "events.jsonl"]).expect(0);
    // She is in the capture: the test would prove nothing otherwise.
    let holds = |bytes: &[u8], text: &str| {
        bytes.windows(text.len()).any(|w| w.eq_ignore_ascii_case(text.as_bytes()))
    };
    assert!(holds(&std::fs::read(&path).expect("the capture"), "Ada Lovelace"));
    for file in ["t.db", "events.jsonl"] {
        let bytes = std::fs::read(lab.path(file)).expect(file);
        for text in ["Lovelace", "ada.love"] {
            assert!(!holds(&bytes, text), "{text} in {file}");
        }
        assert!(holds(&bytes, "North Clinic Group"), "{file}");
    }
}

/// Hellos of TLS 1.2, then what says that the rest is encrypted.
const CLIENT: &[u8] =
    b"\x16\x03\x01\x00\x44\x01\x00\x00\x40\x03\x03ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ\
    \x00\x00\x02\xc0\x2f\x01\x00\x00\x15\x00\x00\x00\x11\x00\x0f\x00\x00\x0csql.example.";
const SERVER: &[u8] = b"\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03\
    YYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYY\x00\xc0\x2f\x00";
const DATA: &[u8] = b"\x14\x03\x03\x00\x01\x01\x17\x03\x03\x00\x03abc";

/// A packet of TDS, and the server's or client's PRELOGIN.
fn tds(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len() + 8).expect("a short packet").to_be_bytes();
    [&[kind, 1], &length[..], &[0, 0, 1, 0], payload].concat()
}

fn prelogin(encryption: u8) -> Vec<u8> {
    [b"\0\0\x0b\0\x06\x01\0\x11\0\x01\xff\x0f\0\0\0\0\0".as_slice(), &[encryption]].concat()
}

#[test]
fn a_database_whose_handshake_stands_in_its_own_packets_is_an_encrypted_service() {
    let lab = Lab::default();
    for (encryption, expected) in [(1, vec!["sql.example"]), (0, vec![])] {
        let talk = Conversation::open("10.0.0.2:40000", "10.0.0.9:1433", 1_767_225_600_000_000)
            .ask(tds(0x12, &prelogin(1)))
            .answer(tds(4, &prelogin(encryption)))
            .ask(tds(0x12, CLIENT))
            .answer(tds(0x12, SERVER))
            .ask(DATA)
            .answer(DATA);
        let path = lab.path(&format!("{encryption}.pcap"));
        capture::write(&path, &talk.close());
        let db = format!("{encryption}.db");
        lab.replay(&db, &[&path], &[]).expect(0);
        let rows = lab.query(&db, &["services"]);
        let seen: Vec<&str> = rows.iter().filter_map(|row| row["service"].as_str()).collect();
        assert_eq!(seen, expected, "ENCRYPTION {encryption}");
    }
}

#[test]
fn what_is_said_through_a_proxy_stands_under_its_own_service() {
    let lab = Lab::default();
    let inside = "GET /patients/1 HTTP/1.1\r\nHost: api.example\r\n\r\n";
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let plain = Conversation::open("10.0.0.2:40000", "10.0.0.9:1080", 1_767_225_600_000_000)
        .ask(b"\x05\x01\0")
        .answer(b"\x05\0")
        .ask(b"\x05\x01\0\x03\x0bapi.example\0\x50")
        .answer(b"\x05\0\0\x01\x0a\0\0\x09\x1f\x90")
        .ask(inside)
        .answer(answer);
    let hidden = Conversation::open("10.0.0.3:40000", "10.0.0.9:1080", 1_767_225_601_000_000)
        .ask(b"\x05\x01\x02")
        .answer(b"\x05\x02")
        .ask(b"\x01\x03ada\x02pw")
        .answer(b"\x01\0")
        .ask(b"\x05\x01\0\x01\x0a\0\0\x08\x01\xbb")
        .answer(b"\x05\0\0\x01\x0a\0\0\x09\x1f\x90")
        .ask([CLIENT, DATA].concat())
        .answer([SERVER, DATA].concat());
    let path = lab.path("socks.pcap");
    capture::write(&path, &[plain.close(), hidden.close()].concat());
    lab.replay("s.db", &[&path], &[]).expect(0);
    let rows = lab.query("s.db", &["endpoints"]);
    let seen: BTreeMap<&str, &str> = rows
        .iter()
        .filter_map(|row| Some((row["service"].as_str()?, row["operation"].as_str()?)))
        .collect();
    let expected = [("api.example", "GET /patients/{id}"), ("sql.example", "(encrypted)")];
    assert_eq!(seen, BTreeMap::from(expected));
}

#[test]
fn what_is_said_through_a_proxy_of_version_4_stands_under_its_own_service() {
    let lab = Lab::default();
    let requests: [&[u8]; 2] =
        [b"\x04\x01\x01\xbb\x0a\0\0\x08ada\0", b"\x04\x01\x01\xbb\0\0\0\x01\0sql.example\0"];
    for (number, request) in requests.into_iter().enumerate() {
        let said = Conversation::open("10.0.0.3:40000", "10.0.0.9:1080", 1_767_225_600_000_000)
            .ask(request)
            .answer(b"\0\x5a\0\0\0\0\0\0")
            .ask([CLIENT, DATA].concat())
            .answer([SERVER, DATA].concat());
        let path = lab.path("socks4.pcap");
        capture::write(&path, &said.close());
        let db = format!("{number}.db");
        lab.replay(&db, &[&path], &[]).expect(0);
        let rows = lab.query(&db, &["endpoints"]);
        let seen: Vec<_> = rows.iter().map(|row| (&row["service"], &row["operation"])).collect();
        assert_eq!(
            seen,
            [(&Value::from("sql.example"), &Value::from("(encrypted)"))],
            "{request:?}"
        );
    }
}
