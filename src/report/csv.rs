//! CSV (RFC 4180) with a header, safe to open in a spreadsheet.

use std::borrow::Cow;
use std::io::{self, Write};

use serde_json::Value;

use super::column::Column;
use super::record::Record;
use super::text::is_unsafe;

/// One header and one line per record; the same columns whatever the records hold.
pub(super) fn write<'a>(
    records: impl Iterator<Item = &'a Record>,
    columns: &[&Column],
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new().from_writer(out);
    writer.write_record(columns.iter().map(|c| cell(&c.key).into_owned()))?;
    for record in records {
        let cells = columns.iter().map(|c| match record.value(&c.key) {
            // Numbers are ours: they stay numbers, also below zero.
            Some(Value::Number(number)) => number.to_string(),
            other => cell(&flat(other)).into_owned(),
        });
        writer.write_record(cells)?;
    }
    writer.flush()
}

/// A value as text: lists joined by `; `, objects as JSON.
fn flat(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => {
            items.iter().map(|item| flat(Some(item))).collect::<Vec<_>>().join("; ")
        }
        Some(other) => other.to_string(),
    }
}

/// Text that no spreadsheet takes for a formula (OWASP, "CSV Injection": a leading `=`, `+`, `-`,
/// `@`, tab or carriage return) and no terminal for a command.
fn cell(text: &str) -> Cow<'_, str> {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let acts = |c: char| is_unsafe(c) && !matches!(c, '\t' | '\r' | '\n');
    if !formula && !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::from(if formula { "'" } else { "" });
    for c in text.chars() {
        if acts(c) {
            safe.extend(c.escape_unicode());
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rendered(values: &[Value]) -> String {
        let records: Vec<Record> =
            values.iter().map(|v| Record::from_entries(vec![("name".into(), v.clone())])).collect();
        let mut out = Vec::new();
        write(records.iter(), &[&Column::named("name")], &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn formulas_stay_text() {
        for start in ["=", "+", "-", "@", "\t", "\r"] {
            let text = format!("{start}cmd|' /C calc'!A0");
            let csv = rendered(&[json!(text)]);
            let mut reader = csv::Reader::from_reader(csv.as_bytes());
            let read = reader.records().next().unwrap().unwrap();
            assert_eq!(&read[0], format!("'{text}"), "{csv:?}");
        }
    }

    #[test]
    fn values_keep_their_kind() {
        let csv = rendered(&[json!(-5), json!(["a", "b"]), json!({"200": 3}), json!(null)]);
        assert_eq!(csv, "name\n-5\na; b\n\"{\"\"200\"\":3}\"\n\"\"\n");
    }

    #[test]
    fn escapes_for_terminals_do_nothing() {
        assert_eq!(rendered(&[json!("a\u{1b}]0;x\u{7}")]), "name\na\\u{1b}]0;x\\u{7}\n");
    }
}
