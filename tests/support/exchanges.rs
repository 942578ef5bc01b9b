//! Exchanges as bags: how often each request was answered with each status, as phitap tells it and
//! as tshark does.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::phitap::Lab;

/// A request as sent, and the status of its final response; what was not seen is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exchange {
    /// As in the request line.
    pub method: Option<String>,
    /// The host it names: in the target where that is absolute, else in `Host`.
    pub host: Option<String>,
    /// As in the request line.
    pub target: Option<String>,
    /// Of the final response, or 101.
    pub status: Option<u64>,
}

/// How often each exchange was seen.
pub type Bag = BTreeMap<Exchange, u64>;

/// How often each method and each status was seen, whatever belongs together.
pub fn totals(bag: &Bag) -> BTreeMap<String, u64> {
    let mut out = BTreeMap::new();
    for (exchange, count) in bag {
        let status = exchange.status.map(|status| status.to_string());
        for what in exchange.method.iter().cloned().chain(status) {
            *out.entry(what).or_default() += count;
        }
    }
    out
}

/// How many exchanges `bag` has that `other` has not.
pub fn only(bag: &Bag, other: &Bag) -> u64 {
    bag.iter().map(|(e, n)| n.saturating_sub(other.get(e).copied().unwrap_or(0))).sum()
}

/// What `--events --reveal` tells of a capture, and what tshark does.
pub fn both(path: &Path) -> (Bag, Bag) {
    let (mut ours, theirs) = (ours(path), theirs(path));
    // A service without a name is named by its address; a request that names no host by none.
    let nameless: Vec<Exchange> = theirs.keys().filter(|e| e.host.is_none()).cloned().collect();
    let plain = |e: &Exchange| Exchange { host: None, ..e.clone() };
    let known: Vec<Exchange> = ours.keys().filter(|e| e.method.is_some()).cloned().collect();
    for exchange in known {
        let address = exchange.host.as_deref().is_some_and(|h| h.parse::<Address>().is_ok());
        if address && nameless.iter().any(|e| same_request(e, &exchange)) {
            let count = ours.remove(&exchange).unwrap_or(0);
            *ours.entry(plain(&exchange)).or_default() += count;
        }
    }
    (ours, theirs)
}

type Address = std::net::SocketAddr;

fn same_request(a: &Exchange, b: &Exchange) -> bool {
    a.method == b.method && a.target == b.target
}

fn ours(path: &Path) -> Bag {
    let lab = Lab::default();
    let ran = lab.replay("o.db", &[path], &["--reveal", "--events", "events.jsonl"]);
    assert!(matches!(ran.code, Some(0 | 2 | 3)), "{}: {ran:#?}", path.display());
    let text = std::fs::read_to_string(lab.path("events.jsonl")).unwrap_or_default();
    let mut bag = Bag::new();
    for line in text.lines() {
        let event: Value = serde_json::from_str(line).expect("every line is JSON");
        if event["event_type"] != "http" {
            continue;
        }
        let http = &event["http"];
        let text = |key: &str| http[key].as_str().map(str::to_owned);
        let status = http["status"].as_u64();
        let whole = Exchange {
            method: text("http_method"),
            host: text("hostname"),
            target: text("url"),
            status,
        };
        let half = Exchange { status, ..Exchange::default() };
        *bag.entry(if whole.method.is_some() { whole } else { half }).or_default() += 1;
    }
    bag
}

/// A response belongs to the request in the frame that tshark says it answers; of several requests
/// in one frame to the first that has no response yet.
fn theirs(path: &Path) -> Bag {
    let mut all: Vec<Exchange> = Vec::new();
    let mut in_frame: HashMap<String, Vec<usize>> = HashMap::new();
    for (frame, message) in messages(path) {
        let text = |key: &str| find(&message, key).and_then(|v| v.as_str()).map(str::to_owned);
        if let Some(method) = text("http.request.method") {
            in_frame.entry(frame).or_default().push(all.len());
            let target = text("http.request.uri");
            let host = host(&method, target.as_deref()).or_else(|| text("http.host"));
            all.push(Exchange { method: Some(method), host, target, status: None });
        } else if let Some(status) = text("http.response.code").and_then(|s| s.parse().ok())
            && (status == 101 || !(100..200).contains(&status))
        {
            let asked = text("http.request_in").and_then(|frame| in_frame.get(&frame));
            let open = asked.and_then(|all_in| all_in.iter().find(|&&n| all[n].status.is_none()));
            match open.copied() {
                Some(request) => all[request].status = Some(status),
                None => all.push(Exchange { status: Some(status), ..Exchange::default() }),
            }
        }
    }
    let mut bag = Bag::new();
    for exchange in all {
        *bag.entry(exchange).or_default() += 1;
    }
    bag
}

/// The host that a target names (RFC 9112, section 3.2).
fn host(method: &str, target: Option<&str>) -> Option<String> {
    let target = target?;
    if method == "CONNECT" {
        return Some(target.to_owned());
    }
    let (scheme, rest) = target.split_once("://")?;
    let named = scheme.bytes().all(|b| b.is_ascii_alphabetic());
    named.then(|| rest.split(['/', '?']).next().unwrap_or("").to_owned())
}

/// Each HTTP message of tshark with the number of its frame.
fn messages(path: &Path) -> Vec<(String, Value)> {
    let output = Command::new("tshark")
        .args(["-n", "-r"])
        .arg(path)
        .args(["-Y", "http && tcp && !icmp && !icmpv6"])
        .args(["-T", "json", "-J", "http frame", "--no-duplicate-keys"])
        .output()
        .expect("tshark runs");
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    // It leaves some control characters as they are.
    text = text.replace(|c: char| c < ' ', " ");
    let text = if text.trim().is_empty() { "[]" } else { &text };
    let packets: Vec<Value> = serde_json::from_str(text)
        .unwrap_or_else(|e| panic!("JSON of tshark for {}: {e}", path.display()));
    let mut all = Vec::new();
    for packet in packets {
        let layers = &packet["_source"]["layers"];
        let number = layers["frame"]["frame.number"].as_str().unwrap_or_default();
        let one_or_more = match &layers["http"] {
            Value::Array(several) => several.clone(),
            one => vec![one.clone()],
        };
        all.extend(one_or_more.into_iter().map(|message| (number.to_owned(), message)));
    }
    all
}

/// The first value with this key, however deep.
fn find<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    let object = value.as_object()?;
    object.get(key).or_else(|| object.values().find_map(|inner| find(inner, key)))
}
