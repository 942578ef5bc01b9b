//! Conversations as people write them down: lines of the client after `>`, lines of the server
//! after `<`, what is to be done to the next message after `@`. `tests/cases/README.md`
//! describes it.

use std::io::Write as _;

/// One message, as it goes over the wire.
#[derive(Debug, PartialEq, Eq)]
pub struct Said {
    /// Whether the client says it.
    pub by_client: bool,
    /// All of it, head and framed body.
    pub bytes: Vec<u8>,
}

/// What is to be done to a message.
#[derive(Default)]
struct Orders {
    bare: bool,
    hex: bool,
    mllp: bool,
    raw: bool,
    codings: Vec<String>,
    charset: Option<String>,
    chunks: Option<usize>,
    trailers: Vec<String>,
    cut: Option<usize>,
}

impl Orders {
    fn take(&mut self, line: &str) -> Result<(), String> {
        let (word, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        let number = || rest.parse().map_err(|_| format!("a number after @ {word}, not {rest:?}"));
        match word {
            "bare" if rest.is_empty() => self.bare = true,
            "hex" if rest.is_empty() => self.hex = true,
            "mllp" if rest.is_empty() => self.mllp = true,
            "raw" if rest.is_empty() => self.raw = true,
            "coded" => self.codings = rest.split(' ').map(str::to_owned).collect(),
            "charset" => self.charset = Some(rest.to_owned()),
            "chunks" => self.chunks = Some(number()?),
            "trailer" => self.trailers.push(rest.to_owned()),
            "cut" => self.cut = Some(number()?),
            _ => return Err(format!("@ {line} is no order")),
        }
        Ok(())
    }
}

/// The messages of a script, in order.
pub fn messages(script: &str) -> Result<Vec<Said>, String> {
    let mut out = Vec::new();
    let mut orders = Orders::default();
    let mut open: Option<(bool, Vec<&str>)> = None;
    for line in script.lines().chain([""]) {
        let side = line.chars().next().filter(|c| matches!(c, '<' | '>')).map(|c| c == '>');
        if let Some((by_client, lines)) = open.take_if(|(by, _)| side != Some(*by)) {
            let bytes = message(by_client, &lines, &std::mem::take(&mut orders))?;
            out.push(Said { by_client, bytes });
        }
        match (side, line.strip_prefix('@')) {
            (Some(by_client), _) => {
                let text = line.get(1..).unwrap_or("");
                let text = text.strip_prefix(' ').unwrap_or(text);
                open.get_or_insert((by_client, Vec::new())).1.push(text);
            }
            (None, Some(order)) => orders.take(order)?,
            (None, None) if line.is_empty() => {}
            (None, None) => return Err(format!("a line begins with >, < or @: {line:?}")),
        }
    }
    if out.is_empty() { Err("nobody says anything".to_owned()) } else { Ok(out) }
}

fn message(by_client: bool, lines: &[&str], orders: &Orders) -> Result<Vec<u8>, String> {
    if orders.raw {
        return from_hex(&lines.concat());
    }
    if orders.mllp {
        return Ok(format!("\u{b}{}\r\u{1c}\r", lines.join("\r")).into_bytes());
    }
    let end = lines.iter().position(|line| line.is_empty()).unwrap_or(lines.len());
    let (head, text) = lines.split_at(end);
    let text = text.get(1..).unwrap_or_default();
    let mut body = match &orders.charset {
        _ if orders.hex => from_hex(&text.concat())?,
        None => text.join("\n").into_bytes(),
        Some(charset) => encoded(&text.join("\n"), charset)?,
    };
    for coding in &orders.codings {
        body = coded(body, coding)?;
    }
    let mut out = head.join("\r\n").into_bytes();
    if let Some(size) = orders.chunks {
        body = chunked(&body, size, &orders.trailers);
    } else if !orders.trailers.is_empty() {
        return Err("@ trailer needs @ chunks".to_owned());
    } else if !orders.bare && has_length(by_client, head.first().unwrap_or(&""), &body) {
        write!(out, "\r\nContent-Length: {}", body.len()).expect("memory");
    }
    out.extend_from_slice(b"\r\n\r\n");
    out.extend_from_slice(body.get(..orders.cut.unwrap_or(body.len())).ok_or("@ cut: too long")?);
    Ok(out)
}

/// Whether a sender would tell the length: not of nothing it asks with, nor where there is no body
/// by definition (RFC 9110, section 8.6).
fn has_length(by_client: bool, start: &str, body: &[u8]) -> bool {
    let status = start.split(' ').nth(1).unwrap_or("");
    let never = status.starts_with('1') || matches!(status, "204" | "304");
    if by_client { !body.is_empty() } else { !never }
}

fn from_hex(text: &str) -> Result<Vec<u8>, String> {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(16)).collect();
    let clean = text.chars().all(|c| c == ' ' || c.is_ascii_hexdigit());
    if !clean || digits.len() % 2 == 1 {
        return Err(format!("no bytes in hex: {text:?}"));
    }
    let byte = |pair: &[u32]| u8::try_from(pair[0] * 16 + pair[1]).expect("two digits");
    Ok(digits.chunks(2).map(byte).collect())
}

fn encoded(text: &str, charset: &str) -> Result<Vec<u8>, String> {
    let units = || text.encode_utf16();
    match charset {
        "utf-16le" => Ok(units().flat_map(u16::to_le_bytes).collect()),
        "utf-16be" => Ok(units().flat_map(u16::to_be_bytes).collect()),
        "iso-8859-1" => text
            .chars()
            .map(|c| u8::try_from(u32::from(c)).map_err(|_| format!("{c:?} is not in {charset}")))
            .collect(),
        _ => Err(format!("@ charset {charset} is none of utf-16le, utf-16be, iso-8859-1")),
    }
}

fn coded(body: Vec<u8>, coding: &str) -> Result<Vec<u8>, String> {
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    let level = Compression::default();
    let written = match coding {
        "gzip" => {
            let mut encoder = GzEncoder::new(Vec::new(), level);
            encoder.write_all(&body).and_then(|()| encoder.finish())
        }
        "zlib" => {
            let mut encoder = ZlibEncoder::new(Vec::new(), level);
            encoder.write_all(&body).and_then(|()| encoder.finish())
        }
        "deflate" => {
            let mut encoder = DeflateEncoder::new(Vec::new(), level);
            encoder.write_all(&body).and_then(|()| encoder.finish())
        }
        "br" => {
            let mut out = Vec::new();
            let mut input = body.as_slice();
            let parameters = brotli::enc::BrotliEncoderParams::default();
            brotli::BrotliCompress(&mut input, &mut out, &parameters).map(|_| out)
        }
        "zstd" => zstd::encode_all(body.as_slice(), 3),
        _ => return Err(format!("@ coded {coding} is none of gzip, zlib, deflate, br, zstd")),
    };
    written.map_err(|e| e.to_string())
}

fn chunked(body: &[u8], size: usize, trailers: &[String]) -> Vec<u8> {
    let mut out = Vec::new();
    for chunk in body.chunks(size.max(1)) {
        write!(out, "{:x}\r\n", chunk.len()).expect("memory");
        out.extend_from_slice(chunk);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"0\r\n");
    for trailer in trailers {
        write!(out, "{trailer}\r\n").expect("memory");
    }
    out.extend_from_slice(b"\r\n");
    out
}
