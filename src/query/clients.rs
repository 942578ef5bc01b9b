//! Who calls.

use std::cmp::Reverse;

use schemars::JsonSchema;
use serde::Serialize;

use super::QueryError;
use super::filter::{Pattern, limited, seen, wanted};
use crate::inventory::Client;
use crate::store::Reader;

/// Which clients.
#[derive(Clone, Debug, Default)]
pub struct ClientFilter {
    /// The client's address.
    pub client: Option<Pattern>,
    /// A service it called.
    pub service: Option<Pattern>,
    /// A program it named.
    pub user_agent: Option<Pattern>,
    /// At most so many rows.
    pub limit: Option<usize>,
}

/// One client.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ClientRow {
    /// Its address.
    pub client: String,
    /// Programs it named.
    pub user_agents: Vec<String>,
    /// Services it called.
    pub services: Vec<String>,
    /// Requests.
    pub requests: u64,
    /// Packet time of the first request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<String>,
    /// Packet time of the last request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<String>,
}

/// The clients that pass `filter`: the busiest first.
pub fn clients(reader: &Reader, filter: &ClientFilter) -> Result<Vec<ClientRow>, QueryError> {
    let any = |p: &Pattern, names: &[String]| names.iter().any(|name| p.matches(name));
    let mut clients = reader.clients()?;
    clients.retain(|c| {
        wanted(&filter.client, |p| p.matches(&c.client))
            && wanted(&filter.service, |p| any(p, &c.services))
            && wanted(&filter.user_agent, |p| any(p, &c.user_agents))
    });
    clients.sort_by_key(|c| Reverse(c.requests));
    Ok(limited(clients, filter.limit).into_iter().map(row).collect())
}

fn row(c: Client) -> ClientRow {
    let (first_seen, last_seen) = seen(c.first_seen, c.last_seen);
    ClientRow {
        client: c.client,
        user_agents: c.user_agents,
        services: c.services,
        requests: c.requests,
        first_seen,
        last_seen,
    }
}
