//! Exchanges as a test says them, and what is found in them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use super::capture;
use super::phitap::Lab;
use super::tcp::Conversation;

/// Head of an answer in JSON.
pub const JSON: &str = "HTTP/1.1 200 OK\nContent-Type: application/json";

/// One request and the body of its answer, with the media type.
pub struct Said {
    pub request: String,
    pub sent: String,
    pub head: String,
    pub body: String,
}

impl Said {
    pub fn json(target: &str, body: impl Into<String>) -> Said {
        Said::get(target, JSON, body)
    }

    pub fn get(target: &str, head: &str, body: impl Into<String>) -> Said {
        Said {
            request: format!("GET {target} HTTP/1.1\nHost: ehr.example"),
            sent: String::new(),
            head: head.to_owned(),
            body: body.into(),
        }
    }

    pub fn post(target: &str, media: &str, sent: impl Into<String>) -> Said {
        Said {
            request: format!("POST {target} HTTP/1.1\nHost: ehr.example\nContent-Type: {media}"),
            sent: sent.into(),
            head: JSON.to_owned(),
            body: "{\"ok\":true}".to_owned(),
        }
    }

    pub fn with(mut self, header: &str) -> Said {
        let _ = write!(self.request, "\n{header}");
        self
    }
}

/// Replays what was said, one connection each, and gives the rows of `fields --all`.
pub fn fields(lab: &Lab, said: &[Said]) -> Vec<Value> {
    let mut frames = Vec::new();
    for (at, one) in (0u64..).zip(said) {
        let client = format!("10.9.0.{}:{}", 1 + at % 200, 40_000 + at);
        let talk =
            Conversation::open(&client, "10.9.1.1:80", 1_767_225_600_000_000 + at * 1_000_000);
        let request = (one.request.as_str(), one.sent.as_bytes());
        frames.extend(talk.exchange(request, (&one.head, one.body.as_bytes())).close());
    }
    let path = lab.path("said.pcap");
    capture::write(&path, &frames);
    lab.replay("db", &[&path], &[]).expect(0);
    lab.query("db", &["fields", "--all"])
}

/// `operation location field class`, of everything that was found.
pub fn found(rows: &[Value]) -> BTreeSet<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut out = BTreeSet::new();
    for row in rows {
        for class in row["data_classes"].as_array().into_iter().flatten() {
            out.insert(format!(
                "{} {} {} {}",
                text(&row["operation"]),
                text(&row["location"]),
                text(&row["field"]),
                text(&class["class"])
            ));
        }
    }
    out
}
