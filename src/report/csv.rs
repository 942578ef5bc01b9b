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
    writer.write_record(columns.iter().map(|c| cell(&c.key).into_owned())).map_err(cause)?;
    for record in records {
        let cells = columns.iter().map(|c| match record.value(&c.key) {
            // Numbers are ours: they stay numbers, also below zero.
            Some(Value::Number(number)) => number.to_string(),
            other => cell(&flat(other)).into_owned(),
        });
        writer.write_record(cells).map_err(cause)?;
    }
    writer.flush()
}

/// What the writer below said, of its kind: whoever stops reading early is told by that.
fn cause(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
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

/// With what a spreadsheet begins a formula, or passes over before one (OWASP, "CSV Injection"):
/// also the signs of full width, which some take for those of ASCII.
const FORMULA: [char; 11] =
    ['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

/// Text that no spreadsheet takes for a formula and no terminal for a command.
fn cell(text: &str) -> Cow<'_, str> {
    let formula = text.starts_with(FORMULA);
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
        let wide = ["\u{ff1d}", "\u{ff0b}", "\u{ff0d}", "\u{ff20}"];
        for start in ["=", "+", "-", "@", "\t", "\r", "\n"].into_iter().chain(wide) {
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

    /// Takes so many bytes and then nothing more.
    struct Closed(usize);

    impl Write for Closed {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn whoever_stops_reading_in_the_middle_is_told_as_such() {
        let long = json!("x".repeat(5000));
        let records: Vec<Record> =
            (0..100).map(|_| Record::from_entries(vec![("name".into(), long.clone())])).collect();
        let columns = [&Column::named("name")];
        let error = write(records.iter(), &columns, &mut Closed(20_000)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn escapes_for_terminals_do_nothing() {
        assert_eq!(rendered(&[json!("a\u{1b}]0;x\u{7}")]), "name\na\\u{1b}]0;x\\u{7}\n");
    }
}
