//! What an event says of a message of HL7 v2 and its acknowledgement.

use serde::Serialize;

use crate::model::{ExchangeEvent, Hl7Said, Status};

/// The object `hl7v2`.
#[derive(Serialize)]
pub(super) struct Hl7<'a> {
    operation: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sender: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receiver: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acknowledgement: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    length: Option<u64>,
}

impl<'a> Hl7<'a> {
    /// `length` where the message is all that the event tells.
    pub(super) fn of(event: &'a ExchangeEvent, said: &'a Hl7Said, length: Option<u64>) -> Self {
        Hl7 {
            operation: &said.operation,
            version: said.version.as_deref(),
            sender: said.sender.as_deref(),
            receiver: said.receiver.as_deref(),
            acknowledgement: event.acknowledgement,
            length,
        }
    }
}
