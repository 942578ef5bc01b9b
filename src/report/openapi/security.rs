//! Security requirements: how callers proved who they are, and what of it is enough.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::analysis::operation::auth::{is_key_header, is_session_cookie};
use crate::analysis::operation::url_credentials::is_credential;
use crate::inventory::{Endpoint, Field};
use crate::model::{Direction, Location};

/// Schemes of the `Authorization` field that OpenAPI describes, and what they are called there.
const HTTP: [(&str, &str); 5] = [
    ("basic", "basic"),
    ("bearer", "bearer"),
    ("jwt", "bearer"),
    ("digest", "digest"),
    ("negotiate", "negotiate"),
];

/// What was seen of the authentication of an operation.
#[derive(Debug, Default)]
pub(super) struct Security {
    requests: u64,
    /// Some came with nothing, or were logins.
    open: bool,
    /// The schemes by their names in the document, and how many requests had each.
    schemes: BTreeMap<String, (Value, u64)>,
    /// A session cookie was seen whose name is not kept.
    nameless_cookie: bool,
}

impl Security {
    /// What all these endpoints together show.
    pub(super) fn of(endpoints: &[&Endpoint]) -> Security {
        let mut security = Security::default();
        for endpoint in endpoints {
            security.add(endpoint);
        }
        security
    }

    fn add(&mut self, endpoint: &Endpoint) {
        self.requests += endpoint.requests;
        self.open |= ["none", "login"].iter().any(|scheme| endpoint.auth.contains_key(*scheme));
        for (name, scheme) in HTTP {
            if let Some(count) = endpoint.auth.get(name) {
                let of_http = json!({"type": "http", "scheme": scheme});
                self.note(name.to_owned(), of_http, *count);
            }
        }
        for (auth, place) in
            [("api-key-header", "header"), ("api-key-query", "query"), ("cookie", "cookie")]
        {
            let Some(count) = endpoint.auth.get(auth) else { continue };
            let named = names(endpoint, auth);
            self.nameless_cookie |= auth == "cookie" && named.is_empty();
            let alone = named.len() == 1;
            for (name, exchanges) in named {
                // How many requests had which of several, their fields know.
                let count = if alone { *count } else { exchanges };
                let key = json!({"type": "apiKey", "in": place, "name": name});
                self.note(format!("{place}.{}", component_name(name)), key, count);
            }
        }
    }

    fn note(&mut self, name: String, scheme: Value, count: u64) {
        self.schemes.entry(name).or_insert((scheme, 0)).1 += count;
    }

    /// What no scheme can say: one in a cookie has its name.
    pub(super) fn description(&self) -> Option<&'static str> {
        self.nameless_cookie.then_some(
            "Some callers sent a session cookie. Its name is not kept, so no security scheme \
             describes it.",
        )
    }

    /// Ways to authenticate, each of which some callers used: what every request had belongs to
    /// each of them. What the schemes are goes into `schemes`.
    pub(super) fn describe(self, schemes: &mut Map<String, Value>) -> Vec<Value> {
        let in_all = |count: u64| count == self.requests && !self.open;
        let (mut always, mut sometimes, mut others) = (Map::new(), Vec::new(), 0);
        for (name, (scheme, count)) in self.schemes {
            match in_all(count) {
                true => drop(always.insert(name.clone(), json!([]))),
                false => {
                    sometimes.push(name.clone());
                    others += count;
                }
            }
            schemes.insert(name, scheme);
        }
        let mut ways = Vec::new();
        // Nothing else came with some of the requests, or may have.
        if !always.is_empty() && others < self.requests {
            ways.push(always.clone().into());
        }
        for name in sometimes {
            let mut way = always.clone();
            way.insert(name, json!([]));
            ways.push(way.into());
        }
        // Without authentication, too: an empty requirement.
        if self.open && !ways.is_empty() {
            ways.push(json!({}));
        }
        ways
    }
}

/// The names under which keys or sessions of a kind were sent, and in how many exchanges.
fn names<'e>(endpoint: &'e Endpoint, auth: &str) -> BTreeMap<&'e str, u64> {
    let (location, is): (_, fn(&Field, &str) -> bool) = match auth {
        "api-key-header" => (Location::Header, |_, name| is_key_header(name.as_bytes())),
        "cookie" => (Location::Cookie, |_, name| is_session_cookie(name.as_bytes())),
        _ => (Location::Query, |field, name| {
            let mut classes = field.data_classes.iter();
            is_credential(name.as_bytes()) || classes.any(|c| c.class.starts_with("secret."))
        }),
    };
    let mut names = BTreeMap::new();
    for field in &endpoint.fields {
        // Behind a bar is what is inside the value.
        let name = field.field.split('|').next().unwrap_or_default();
        let sent = field.direction == Direction::ToServer && field.location == location;
        if sent && name != "*" && is(field, name) {
            let known: &mut u64 = names.entry(name).or_default();
            *known = field.exchanges.max(*known);
        }
    }
    if auth == "api-key-header" && names.is_empty() {
        // `Authorization: ApiKey …` is a scheme of no standard.
        names.insert("authorization", 0);
    }
    names
}

/// A name as a component of a document may have it (OpenAPI 3.1.0, Components Object).
fn component_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-._".contains(c) { c } else { '_' };
    name.chars().map(plain).collect()
}
