//! Certificates of TLS servers, as tshark takes them apart and as `services` shows them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use sha2::{Digest, Sha256};

/// Parts of a distinguished name that are kept, by their object identifiers.
const KEPT: [(&str, &str); 7] = [
    ("2.5.4.3", "CN"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("0.9.2342.19200300.100.1.25", "DC"),
];

/// What a certificate says.
#[derive(Debug, Default)]
pub struct Certificate {
    /// Attribute and text of each part that is kept.
    pub subject: Vec<(&'static str, String)>,
    pub issuer: Vec<(&'static str, String)>,
    /// Hexadecimal digits.
    pub serial: String,
    /// `2024-01-01T00:00:00Z`, from and until.
    pub valid: [String; 2],
}

/// The certificates of the servers of a capture by SHA-256, as tshark sees them.
pub fn theirs(path: &Path) -> BTreeMap<String, Certificate> {
    let output = Command::new("tshark")
        .args(["-n", "-r"])
        .arg(path)
        .args(["-Y", "tls.handshake.type && tcp", "-T", "json", "--no-duplicate-keys"])
        .args(["-J", "tcp tls"])
        .output()
        .expect("tshark runs");
    let text = String::from_utf8_lossy(&output.stdout);
    // A capture without any is no list at all.
    let frames: Vec<Value> = serde_json::from_str(&text).unwrap_or_default();
    let mut servers: BTreeMap<String, String> = BTreeMap::new();
    let mut out = BTreeMap::new();
    for frame in &frames {
        let tcp = &frame["_source"]["layers"]["tcp"];
        let cell = |key: &str| tcp[key].as_str().unwrap_or_default().to_owned();
        let (stream, port) = (cell("tcp.stream"), cell("tcp.srcport"));
        let mut kinds = Vec::new();
        each(frame, "tls.handshake.type", &mut |kind| kinds.extend(strings(kind)));
        if kinds.iter().any(|kind| kind == "2") {
            servers.entry(stream.clone()).or_insert(port.clone());
        }
        if servers.get(&stream) == Some(&port) {
            each(frame, "tls.handshake.certificates", &mut |chain| out.extend(certificates(chain)));
        }
    }
    out
}

/// Every value at `key`, wherever it is.
fn each(value: &Value, key: &str, found: &mut dyn FnMut(&Value)) {
    match value {
        Value::Array(all) => all.iter().for_each(|one| each(one, key, found)),
        Value::Object(map) => {
            for (name, one) in map {
                if name == key {
                    found(one);
                }
                each(one, key, found);
            }
        }
        _ => {}
    }
}

/// A text, or every text of a list.
fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::Array(all) => all.iter().flat_map(strings).collect(),
        other => other.as_str().map(str::to_owned).into_iter().collect(),
    }
}

/// One thing that stands alone, or several in a list.
fn listed(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(all) => all.iter().collect(),
        other => vec![other],
    }
}

fn certificates(chain: &Value) -> Vec<(String, Certificate)> {
    let ders = strings(&chain["tls.handshake.certificate"]);
    let trees = listed(&chain["tls.handshake.certificate_tree"]);
    let pairs = ders.iter().zip(trees);
    pairs.map(|(der, tree)| (sha256(der), certificate(tree))).collect()
}

fn sha256(colons: &str) -> String {
    let bytes = colons.split(':').map(|byte| u8::from_str_radix(byte, 16).expect("hexadecimal"));
    let digest = Sha256::digest(bytes.collect::<Vec<u8>>());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn certificate(tree: &Value) -> Certificate {
    let signed = &tree["x509af.signedCertificate_element"];
    let validity = &signed["x509af.validity_element"];
    let time = |which: &str| {
        let times = &validity[which];
        let time = ["x509af.utcTime", "x509af.generalizedTime"].map(|kind| times[kind].as_str());
        let time = time.into_iter().flatten().next().unwrap_or_default();
        time.trim_end_matches(" (UTC)").replace(' ', "T") + "Z"
    };
    Certificate {
        subject: name(&signed["x509af.subject_tree"]),
        issuer: name(&signed["x509af.issuer_tree"]),
        serial: strings(&signed["x509af.serialNumber"]).concat().replace(':', ""),
        valid: ["x509af.notBefore_tree", "x509af.notAfter_tree"].map(time),
    }
}

fn name(tree: &Value) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    each(tree, "x509if.RelativeDistinguishedName_item_element", &mut |parts| {
        for part in listed(parts) {
            let oid = part["x509if.oid"].as_str().unwrap_or_default();
            if let Some((_, attribute)) = KEPT.iter().find(|(id, _)| *id == oid) {
                out.push((*attribute, text(part)));
            }
        }
    });
    out
}

/// The text of a part: the one leaf that is neither its identifier nor which kind of text it is.
fn text(part: &Value) -> String {
    let Value::Object(map) = part else { return String::new() };
    let tree = map.iter().find_map(|(key, value)| key.ends_with("_tree").then_some(value));
    if let Some(tree) = tree {
        return text(tree);
    }
    let texts = map.iter().filter(|(key, _)| !matches!(key.as_str(), "x509if.oid" | "x509if.id"));
    texts.filter_map(|(_, value)| value.as_str()).collect()
}

/// How many parts of `ours` (`CN=a.example, O={value}`) are not shown; `None` where it says
/// something else than `theirs`.
pub fn withheld(ours: &str, theirs: &[(&'static str, String)]) -> Option<usize> {
    let mut hidden = 0;
    let mut rest = ours;
    for (place, (attribute, text)) in theirs.iter().enumerate() {
        let lead = if place == 0 { "" } else { ", " };
        rest = rest.strip_prefix(lead)?.strip_prefix(attribute)?.strip_prefix('=')?;
        let same = rest.get(..text.len()).is_some_and(|shown| shown.eq_ignore_ascii_case(text));
        let ends = |n: usize| rest.get(n..).is_some_and(|r| r.is_empty() || r.starts_with(", "));
        rest = if same && ends(text.len()) {
            rest.get(text.len()..)?
        } else {
            hidden += 1;
            rest.strip_prefix("{value}")?
        };
    }
    rest.is_empty().then_some(hidden)
}
