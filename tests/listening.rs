//! Listening as an operator does it: is the port good enough, does the sensor say when it is blind,
//! with which privileges does it run, how soon does a query know. Each test of an interface runs in
//! a network namespace of its own, where the machine lets it.

mod support;

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use phitap::base::Timestamp;
use phitap::base::clock::{Stopwatch, wall};

use support::capture::{self, Frame};
use support::live::{Running, exchange, exchange_with, is_inside, listen, listen_on, veth};
use support::phitap::Lab;
use support::tcp::{Conversation, payload, tunnelled};
use support::{fixture, say, skip};

#[test]
fn a_silent_interface_turns_health_red_and_packets_turn_it_green() {
    if !is_inside("a_silent_interface_turns_health_red_and_packets_turn_it_green") {
        return;
    }
    let lab = Lab::default();
    let mut running = listen(&lab, &["--blind-after", "2"]);
    let red = running.wait_for("health: red");
    assert!(red.contains("no packets on lo for") && red.contains("check the mirror"), "{red}");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    exchange(&listener, "/a", "{}");
    let green = running.wait_for("health: green");
    assert!(green.contains("no packets on lo"), "{green}");
    assert_eq!(running.end(), Some(0), "blindness alone is told, not punished");
}

#[test]
fn on_loss_exit_ends_with_3_and_what_was_seen() {
    if !is_inside("on_loss_exit_ends_with_3_and_what_was_seen") {
        return;
    }
    let lab = Lab::default();
    let mut running = listen(&lab, &["--blind-after", "2", "--on-loss", "exit"]);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    exchange(&listener, "/seen", "{}");
    running.wait_for("health: red");
    assert_eq!(running.child.wait().expect("a child").code(), Some(3));
    let rows = lab.query("live.db", &["endpoints"]);
    assert!(rows.iter().any(|row| row["path"] == "/seen"), "{rows:?}");
}

#[test]
fn a_second_interrupt_ends_a_capture_at_once() {
    if !is_inside("a_second_interrupt_ends_a_capture_at_once") {
        return;
    }
    // More events than a pipe holds, and nobody reads them: the first signal cannot end it.
    const EXCHANGES: usize = 1000;
    let lab = Lab::default();
    let mut command = lab.command(["capture", "-i", "lo", "--no-progress", "--events", "-"]);
    command.arg("--key-file").arg(lab.path("key")).arg("--db").arg(lab.path("live.db"));
    command.stdout(Stdio::piped());
    let mut running = Running::start(command, "listening on");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    for _ in 0..EXCHANGES {
        exchange(&listener, "/a", "{}");
    }
    let id = running.child.id().to_string();
    let interrupt = || Command::new("kill").args(["-s", "INT", &id]).status().expect("kill runs");
    assert!(interrupt().success());
    running.wait_for("stopping");
    std::thread::park_timeout(Duration::from_millis(500));
    assert!(running.child.try_wait().expect("a child").is_none(), "it waits for a reader");
    let begun = Stopwatch::start();
    assert!(interrupt().success());
    assert_eq!(running.child.wait().expect("a child").code(), Some(3));
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!(lab.run(["db", "check", "--db", "live.db"]).code, Some(0));
}

#[test]
fn tls_alone_turns_health_red() {
    if !is_inside("tls_alone_turns_health_red") {
        return;
    }
    let lab = Lab::default();
    let mut running = listen(&lab, &["--blind-after", "12"]);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let mut open = Vec::new();
    for _ in 0..4 {
        let client = TcpStream::connect(listener.local_addr().expect("bound")).expect("connects");
        let (server, _) = listener.accept().expect("a client");
        open.push((client, server));
    }
    // Records of application data, for longer than two windows.
    let record = [&[23, 3, 3, 0, 40][..], &[0xa5; 40]].concat();
    let begun = Stopwatch::start();
    while begun.elapsed() < Duration::from_secs(60) {
        for (client, server) in &mut open {
            client.write_all(&record).expect("sent");
            server.write_all(&record).expect("sent");
        }
        std::thread::park_timeout(Duration::from_millis(100));
        if let Some(line) = running.told.try_iter().find(|line| line.contains("health: red")) {
            assert!(line.contains("nothing but TLS in"), "{line}");
            assert_eq!(running.end(), Some(0));
            return;
        }
    }
    panic!("health was not red within a minute");
}

#[test]
fn a_capture_goes_on_as_another_user_without_any_privilege() {
    if !is_inside("a_capture_goes_on_as_another_user_without_any_privilege") {
        return;
    }
    let lab = Lab::default();
    // What is nobody's own: the folder, and the key in it.
    for name in ["", "key"] {
        let path = lab.path(name);
        let owned = Command::new("chown").arg("nobody").arg(&path).status();
        assert!(owned.expect("chown runs").success());
    }
    let mut running = listen(&lab, &["--user", "nobody", "tcp"]);
    let status = format!("/proc/{}/status", running.child.id());
    let status = std::fs::read_to_string(status).expect("it runs");
    let line = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let uid =
        std::fs::metadata(lab.path("live.db")).map(|m| std::os::unix::fs::MetadataExt::uid(&m));
    let uid = uid.expect("the database is made");
    assert_ne!(uid, 0, "the database is the user's");
    assert_eq!(line("Uid:"), [uid.to_string().as_str(); 4].join(" "));
    assert_eq!(line("Groups:"), "");
    for set in ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"] {
        assert_eq!(line(set), "0000000000000000", "{set}");
    }
    assert_eq!(line("NoNewPrivs:"), "1");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    exchange(&listener, "/as-nobody", "{}");
    std::thread::park_timeout(Duration::from_millis(200));
    assert_eq!(running.end(), Some(0));
    let rows = lab.query("live.db", &["endpoints"]);
    assert!(rows.iter().any(|row| row["path"] == "/as-nobody"), "{rows:?}");
}

#[test]
fn a_user_that_cannot_be_become_or_cannot_open_the_key_ends_the_capture() {
    if !is_inside("a_user_that_cannot_be_become_or_cannot_open_the_key_ends_the_capture") {
        return;
    }
    let lab = Lab::default();
    let key = lab.path("key");
    std::fs::set_permissions(lab.path(""), std::fs::Permissions::from_mode(0o755)).expect("ours");
    let key = key.to_str().expect("UTF-8");
    let with = |user: &str| {
        lab.run(["capture", "-i", "lo", "--user", user, "--key-file", key, "--db", "x.db"])
            .expect(2)
    };
    for (user, said) in
        [("no-such-user", "no such user"), ("root", "other than root"), ("nobody", key)]
    {
        let told = with(user).stderr;
        assert!(told.contains(said), "{user}: {told}");
        assert!(!lab.path("x.db").exists(), "{user}: nothing was opened");
    }
}

/// Says how long it took from the answer's last byte to a query that shows the finding. How busy
/// the machine is decides on that, so it is told and not judged here.
#[test]
fn every_finding_shows_while_the_capture_runs() {
    if !is_inside("every_finding_shows_while_the_capture_runs") {
        return;
    }
    // More of them make a percentile worth the name, and take longer.
    let exchanges = std::env::var("PHITAP_EXCHANGES").ok().and_then(|n| n.parse().ok());
    let exchanges: usize = exchanges.unwrap_or(40);
    let endpoints = std::env::var("PHITAP_ENDPOINTS").ok().and_then(|n| n.parse().ok());
    let endpoints: usize = endpoints.unwrap_or(400);
    let lab = Lab::default();
    // What an earlier run left: it is no reason to tell new things later.
    let earlier = lab.path("earlier.pcap");
    capture::write(&earlier, &many_endpoints(endpoints));
    lab.replay("live.db", &[&earlier], &[]).expect(0);
    let mut running = listen(&lab, &["tcp"]);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let sender = std::thread::spawn(move || {
        let mut sent = Vec::new();
        for number in 0..exchanges {
            // A service each, so that each has a finding of its own.
            let body = r#"{"email": "jane.roe@clinic.example", "nhs_number": "943 476 5919"}"#;
            exchange_with(&listener, (&format!("h{number}.example"), "/patient"), body);
            sent.push(wall());
            std::thread::park_timeout(Duration::from_millis(100));
        }
        sent
    });
    let mut shown = vec![None; exchanges];
    let begun = Stopwatch::start();
    while shown.iter().any(Option::is_none) && begun.elapsed() < Duration::from_secs(120) {
        note_shown(&lab, &mut shown);
    }
    let sent = sender.join().expect("it sends");
    assert_eq!(running.end(), Some(0));
    let mut took: Vec<i64> = sent
        .iter()
        .zip(&shown)
        .map(|(sent, shown)| {
            let shown = shown.expect("every finding is shown within two minutes");
            (shown.nanos() - sent.nanos()).max(0) / 1_000_000
        })
        .collect();
    took.sort_unstable();
    let percentile = |p: usize| took[(exchanges * p / 100).min(exchanges - 1)];
    say(&format!(
        "from packet to finding, {exchanges} times beside {endpoints} endpoints: median {} ms, \
         99th percentile {} ms",
        percentile(50),
        percentile(99)
    ));
}

/// Notes of which of the services `h0.example`, `h1.example`, … a query shows findings now.
fn note_shown(lab: &Lab, shown: &mut [Option<Timestamp>]) {
    let ran = lab.run(["findings", "--all", "--db", "live.db", "--format", "json"]);
    let at = wall();
    // The first may come before there is a database with an inventory.
    let rows = if ran.code == Some(0) { ran.rows() } else { Vec::new() };
    for row in rows {
        let service = row["service"].as_str().unwrap_or_default();
        let number = service.strip_prefix('h').and_then(|rest| rest.split('.').next());
        if let Some(number) = number.and_then(|n| n.parse::<usize>().ok()) {
            shown[number].get_or_insert(at);
        }
    }
}

/// Sends frames, each a line of hexadecimal digits, into one interface.
const SEND: &str = "
import socket, sys
end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
end.bind(('wire0', 0))
for line in sys.stdin:
    end.send(bytes.fromhex(line))
";

/// Of every answer one segment was lost before it came here, in its middle or at its end; half of
/// the connections stay open.
#[test]
fn what_a_lost_packet_held_back_shows_while_the_capture_runs() {
    let name = "what_a_lost_packet_held_back_shows_while_the_capture_runs";
    if Command::new("python3").arg("--version").output().is_err() {
        return skip(name, "no python3");
    }
    if !is_inside(name) {
        return;
    }
    const CONNECTIONS: usize = 24;
    veth();
    let lab = Lab::default();
    let mut running = listen_on(&lab, "wire1", &["tcp"]);
    let mut python = Command::new("python3");
    let mut python = python.args(["-c", SEND]).stdin(Stdio::piped()).spawn().expect("it starts");
    let mut pipe = python.stdin.take().expect("a pipe");
    let mut sent = Vec::new();
    for number in 0..CONNECTIONS {
        for frame in torn(number) {
            let hex: String = frame.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            writeln!(pipe, "{hex}").expect("it reads");
        }
        pipe.flush().expect("it reads");
        sent.push(wall());
        std::thread::park_timeout(Duration::from_millis(50));
    }
    drop(pipe);
    assert!(python.wait().expect("a child").success());
    let mut shown = vec![None; CONNECTIONS];
    let begun = Stopwatch::start();
    while shown.iter().any(Option::is_none) && begun.elapsed() < Duration::from_secs(45) {
        note_shown(&lab, &mut shown);
    }
    assert_eq!(running.end(), Some(0));
    let hidden: Vec<usize> = (0..CONNECTIONS).filter(|number| shown[*number].is_none()).collect();
    assert_eq!(hidden, [0; 0], "of these connections nothing showed");
    let shown = shown.iter().flatten();
    let took = shown.zip(&sent).map(|(shown, sent)| (shown.nanos() - sent.nanos()) / 1_000_000);
    let mut took: Vec<i64> = took.collect();
    took.sort_unstable();
    say(&format!(
        "from the last packet to a finding that a lost one held back: median {} ms, at most {} ms",
        took[CONNECTIONS / 2],
        took[CONNECTIONS - 1]
    ));
}

/// One exchange whose answer lacks a segment.
fn torn(number: usize) -> Vec<Frame> {
    let client = format!("10.5.0.1:{}", 30_000 + number);
    let body =
        |n: usize| format!(r#"{{"n":{n},"email":"jane.roe@clinic.example","note":"{n:0900}"}}"#);
    let body = format!("[{},{},{},{}]", body(1), body(2), body(3), body(4));
    let talk = Conversation::open(&client, "10.6.0.1:80", 1_700_000_000_000_000);
    let host = format!("GET /patients HTTP/1.1\nHost: h{number}.example");
    let talk = talk.segments_of(1000).exchange(
        (&host, b""),
        ("HTTP/1.1 200 OK\nContent-Type: application/json", body.as_bytes()),
    );
    let at_end = number % 4 < 2;
    let closes = at_end || number.is_multiple_of(2);
    let mut frames = if closes { talk.close() } else { talk.acknowledged() };
    let data: Vec<usize> = (0..frames.len())
        .filter(|at| matches!(payload(&frames[*at]), (80, bytes) if !bytes.is_empty()))
        .collect();
    let lost = if at_end { data.len() - 1 } else { data.len() / 2 };
    frames.remove(data[lost]);
    frames
}

/// An exchange with each of so many endpoints, twenty of a service, each with findings.
fn many_endpoints(endpoints: usize) -> Vec<Frame> {
    let words = [
        "orders", "visits", "claims", "labs", "results", "images", "reports", "invoices", "wards",
        "beds", "nurses", "drugs", "doses", "alerts", "charts", "notes", "letters", "plans",
        "rooms", "teams",
    ];
    let mut frames = Vec::new();
    for service in 0..endpoints.div_ceil(words.len()) {
        let server = format!("10.2.{}.{}:80", service / 250, 1 + service % 250);
        let at_us = 1_700_000_000_000_000 + service as u64 * 100_000;
        let mut talk = Conversation::open("10.1.0.1:40000", &server, at_us);
        for word in words {
            let host = format!("svc{service:04}.example");
            talk = talk.ask(format!("GET /api/{word} HTTP/1.1\r\nHost: {host}\r\n\r\n"));
            let body = r#"{"email":"jane.roe@clinic.example","ssn":"536-22-8745","a":1,"b":"x"}"#;
            let json = "Content-Type: application/json\r\nContent-Length";
            let len = body.len();
            talk = talk.answer(format!("HTTP/1.1 200 OK\r\n{json}: {len}\r\n\r\n{body}"));
        }
        frames.extend(talk.close());
    }
    frames
}

/// What a capture shows of the answers of servers only.
fn one_way(path: &Path) -> Vec<Frame> {
    let mut frames = capture::read(path).expect("a fixture");
    // The source port of TCP over IPv4 without options.
    frames
        .retain(|f| f.bytes.get(34..36).is_some_and(|p| u16::from_be_bytes([p[0], p[1]]) < 10_000));
    frames
}

#[test]
fn doctor_tells_what_is_wrong_with_a_capture() {
    let lab = Lab::default();
    let clinic = fixture("clinic/clinic.pcap");
    let half = lab.path("half.pcap");
    capture::write(&half, &one_way(&clinic));
    let check = |path: &Path, check: &str| {
        let path = path.to_str().expect("UTF-8");
        let rows = lab.run(["doctor", "--format", "json", path]).expect(0).rows();
        let row = rows.iter().find(|row| row["check"] == check);
        row.unwrap_or_else(|| panic!("no {check} in {rows:#?}")).clone()
    };
    assert_eq!(check(&clinic, "directions")["severity"], "good");
    let row = check(&half, "directions");
    assert_eq!(row["severity"], "problem", "{row}");
    assert!(row["actions"][0].as_str().expect("text").contains("both"), "{row}");
    let clinical = check(&clinic, "clinical");
    assert!(clinical["meaning"].as_str().expect("text").contains("(FHIR"), "{clinical}");
    // Snap length: every frame keeps its headers and a little.
    let mut frames = capture::read(&clinic).expect("a fixture");
    frames.iter_mut().for_each(|f| f.bytes.truncate(80));
    let cut = lab.path("cut.pcap");
    capture::write(&cut, &frames);
    assert_eq!(check(&cut, "snaplen")["severity"], "problem");
    assert!(!lab.path("phitap.db").exists(), "nothing is written");
    let table = lab.run(["doctor", half.to_str().expect("UTF-8")]).expect(0).stdout;
    assert!(table.starts_with("problem  "), "the worst first: {table}");
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
}

#[test]
fn a_tunnel_on_a_port_of_its_own_is_named_and_opened() {
    let lab = Lab::default();
    let clinic = fixture("clinic/clinic.pcap");
    let plain = capture::read(&clinic).expect("a fixture");
    lab.replay("plain.db", &[&clinic], &[]).expect(0);
    let (vxlan, geneve) = ([8, 0, 0, 0, 0, 0, 7, 0], [0, 0, 0x65, 0x58, 0, 0, 7, 0]);
    for (tunnel, port, header) in [("vxlan", 14_789, vxlan), ("geneve", 16_081, geneve)] {
        let frames: Vec<Frame> =
            plain.iter().map(|f| tunnelled(f, (50_000, port), &header)).collect();
        let path = lab.path(&format!("{tunnel}.pcap"));
        capture::write(&path, &frames);
        let named = path.to_str().expect("UTF-8");
        let option = format!("--{tunnel}-port");
        let port = port.to_string();
        let doctor = |more: &[&str]| {
            let args = [&["doctor", "--format", "json", named], more].concat();
            lab.run(args).expect(0).rows()
        };
        let unknown = |rows: &[serde_json::Value]| {
            let row = rows.iter().find(|row| row["check"] == "unknown");
            row.map(|row| format!("{} {}", row["severity"], row["actions"]))
        };
        let told = unknown(&doctor(&[])).expect("it is told");
        let action = format!("phitap replay PATH {option} {port}");
        assert!(told.starts_with("\"problem\"") && told.contains(&action), "{told}");
        assert_eq!(unknown(&doctor(&[&option, &port])), None);
        let db = format!("{tunnel}.db");
        lab.replay(&db, &[&path], &[&option, &port]).expect(0);
        assert_eq!(lab.digest(&db), lab.digest("plain.db"), "{tunnel}");
        let services = lab.run(["services", "--db", &db]).expect(0).stdout;
        let through = format!("{tunnel} 7 172.16.0.1>172.16.0.2");
        assert!(services.contains("CAME THROUGH") && services.contains(&through), "{services}");
        // The same from the configuration.
        let config = lab.file("tunnels.toml", format!("{tunnel}-port = [1, {port}]\n").as_bytes());
        let config = config.to_str().expect("UTF-8");
        let db = format!("{tunnel}-configured.db");
        lab.replay(&db, &[&path], &["--config", config]).expect(0);
        assert_eq!(lab.digest(&db), lab.digest("plain.db"), "{tunnel}");
    }
    for wrong in [
        &["--vxlan-port", "0"][..],
        &["--vxlan-port", "70000"],
        &["--vxlan-port", "7", "--geneve-port", "7"],
        &["--vxlan-port=1", "--vxlan-port=2", "--vxlan-port=3", "--vxlan-port=4", "--vxlan-port=5"],
    ] {
        lab.replay("wrong.db", &[&clinic], wrong).expect(2);
    }
}

#[test]
fn doctor_ends_with_what_it_was_given() {
    let lab = Lab::default();
    lab.run(["doctor", "no-such.pcap"]).expect(2);
    let clinic = std::fs::read(fixture("clinic/clinic.pcap")).expect("a fixture");
    let cut = lab.file("cut.pcap", &clinic[..clinic.len() - 5]);
    let ran = lab.run(["doctor", cut.to_str().expect("UTF-8")]).expect(3);
    assert!(ran.stdout.contains("incomplete: 1 input incomplete"), "{}", ran.stdout);
    lab.run(["doctor", "-i", "no-such-if0"]).expect(2);
}

#[test]
fn doctor_listens_for_as_long_as_it_was_told() {
    if !is_inside("doctor_listens_for_as_long_as_it_was_told") {
        return;
    }
    let lab = Lab::default();
    let around = lab.run(["doctor"]).expect(0).stdout;
    assert!(around.contains("lo  up, 0 packets") && around.contains("Next: "), "{around}");
    let ran = lab.run(["doctor", "-i", "lo", "--seconds", "1"]).expect(0);
    assert!(ran.stdout.starts_with("problem  packets: no packets"), "{}", ran.stdout);
}
