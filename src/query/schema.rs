//! JSON Schema (2020-12) of the rows, made from the types that are written: what a key means is the
//! comment of its field.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::{
    AnomalyRow, ChangeRow, ClientRow, EndpointRow, FieldRow, FindingRow, FlowRow, PacketRow,
    SeenRow, ServiceRow,
};
use crate::model::Severity;

/// The questions whose rows have a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Rows of [`mod@super::services`].
    Services,
    /// Rows of [`mod@super::endpoints`].
    Endpoints,
    /// Rows of [`mod@super::fields`].
    Fields,
    /// Rows of [`mod@super::findings`].
    Findings,
    /// Rows of [`mod@super::clients`].
    Clients,
    /// Rows of [`mod@super::changes`].
    Changes,
    /// Rows of [`mod@super::coverage`], which are of three kinds.
    Coverage,
}

/// The schema of one row of the answer: an item of the array of `--format json`, a line of
/// `--format jsonl`. Keys may be added to rows later; those that are there stay what they are.
pub fn row_schema(question: Question) -> Value {
    match question {
        Question::Services => of::<ServiceRow>(),
        Question::Endpoints => of::<EndpointRow>(),
        Question::Fields => of::<FieldRow>(),
        Question::Findings => of::<FindingRow>(),
        Question::Clients => of::<ClientRow>(),
        Question::Changes => of::<ChangeRow>(),
        Question::Coverage => json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "anyOf": [of::<PacketRow>(), of::<FlowRow>(), of::<AnomalyRow>(), of::<SeenRow>()],
        }),
    }
}

fn of<T: JsonSchema>() -> Value {
    let mut settings = SchemaSettings::draft2020_12().for_serialize();
    settings.inline_subschemas = true;
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

/// A severity's name.
pub(super) fn severity(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": Severity::ALL.map(Severity::name) })
}
