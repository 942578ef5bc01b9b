//! Who sends HL7 v2 messages, read over all runs.

use crate::inventory::{Sender, SenderStats};
use crate::store::StoreError;

use super::columns::text;
use super::contribution::senders_from;
use super::reader::{Reader, all};

impl Reader {
    /// The senders of messages to each service, by service and operation; a sender may stand in
    /// several rows of one.
    pub fn senders(&self) -> Result<Vec<SendersOf>, StoreError> {
        let sql = "SELECT service, operation, senders FROM run_endpoint WHERE senders != '[]' \
                   ORDER BY service, operation, run";
        self.at_once(|conn| {
            all(conn, sql, |row| {
                Ok(SendersOf {
                    service: text(row, "service")?,
                    operation: text(row, "operation")?,
                    senders: senders_from(row)?.into_iter().collect(),
                })
            })
        })
    }
}

/// The senders that one run saw of one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendersOf {
    /// Who takes the messages.
    pub service: String,
    /// `ADT^A01`; empty where it is not known.
    pub operation: String,
    /// Senders with what adds up of each.
    pub senders: Vec<(Sender, SenderStats)>,
}
