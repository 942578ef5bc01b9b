//! JSON: one array, or one object per line.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter, Serializer};

use super::record::Record;
use super::text::is_unsafe;

/// One array, one object per line within it.
pub(super) fn write_array<'a>(
    records: impl Iterator<Item = &'a Record>,
    out: &mut dyn Write,
) -> io::Result<()> {
    out.write_all(b"[")?;
    let mut separator: &[u8] = b"\n";
    for record in records {
        out.write_all(separator)?;
        write_object(record, out)?;
        separator = b",\n";
    }
    out.write_all(if separator == b"\n" { b"]\n" } else { b"\n]\n" })
}

/// One object per line.
pub(super) fn write_lines<'a>(
    records: impl Iterator<Item = &'a Record>,
    out: &mut dyn Write,
) -> io::Result<()> {
    for record in records {
        write_object(record, out)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn write_object(record: &Record, out: &mut dyn Write) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(out, Visible);
    record.serialize(&mut serializer).map_err(io::Error::from)
}

/// JSON must escape C0 controls; this also escapes what else a terminal would act on. Programs
/// read the same text.
struct Visible;

impl Formatter for Visible {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(is_unsafe) {
            let (clean, from) = rest.split_at(at);
            writer.write_all(clean.as_bytes())?;
            let mut chars = from.chars();
            if let Some(c) = chars.next() {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
            rest = chars.as_str();
        }
        writer.write_all(rest.as_bytes())
    }

    fn write_char_escape<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        serde_json::ser::CompactFormatter.write_char_escape(writer, escape)
    }
}
