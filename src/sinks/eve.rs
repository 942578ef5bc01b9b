//! Events as JSON lines in the shape of Suricata's EVE, so that existing pipelines read them.
//! <https://docs.suricata.io/en/latest/output/eve/eve-json-format.html>

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use super::common::Common;
use super::flow::FlowLine;
use super::hl7v2::Hl7;
use crate::base::Timestamp;
use crate::base::time::rfc3339;
use crate::inventory::Finding;
use crate::model::{
    EventSink, ExchangeEvent, FlowEvent, Hl7Said, InputAccount, Status, TlsSaid, TlsVersion,
};

/// Lines a worker gathers before it takes the lock.
const BUFFER_BYTES: usize = 64 * 1024;

/// Why events cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum EveError {
    /// The file cannot be made or written.
    #[error("write events to {path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file with raw host names and URLs must be new, so that no one else can have it open.
    #[error(
        "write events to {path}: with --reveal it must be a new file, and this one exists; \
         name another or remove it"
    )]
    Exists {
        /// Which file.
        path: PathBuf,
    },
}

/// Where events go: one file, shared by all workers.
#[derive(Clone)]
pub struct EveFile {
    shared: Arc<Mutex<Shared>>,
    path: PathBuf,
    reveal: bool,
}

struct Shared {
    out: Box<dyn Write + Send>,
    failed: Option<io::Error>,
}

impl EveFile {
    /// Opens `path` to append events, and makes it with mode 0600 where there is none; `-` is
    /// standard output. With `reveal` the file must be new.
    pub fn create(path: &Path, reveal: bool) -> Result<Self, EveError> {
        let io = |source| EveError::Io { path: path.into(), source };
        let out: Box<dyn Write + Send> = if path.as_os_str() == "-" {
            Box::new(io::stdout())
        } else {
            Box::new(open(path, reveal).map_err(|e| match e.kind() {
                io::ErrorKind::AlreadyExists => EveError::Exists { path: path.into() },
                _ => io(e),
            })?)
        };
        let shared = Arc::new(Mutex::new(Shared { out, failed: None }));
        Ok(EveFile { shared, path: path.into(), reveal })
    }

    /// A sink for one worker.
    pub fn sink(&self) -> EveSink {
        EveSink { file: self.clone(), buffer: Vec::new() }
    }

    /// Writes the findings and the accounts at the end of a run, and whatever is left.
    pub fn finish(
        &self,
        findings: &[Finding],
        inputs: &[InputAccount],
        at: Timestamp,
    ) -> Result<(), EveError> {
        let mut lines = Vec::new();
        for finding in findings {
            append(&mut lines, &FindingLine::of(finding));
        }
        append(&mut lines, &StatsLine::of(inputs, at));
        self.write(&lines);
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let flushed = shared.out.flush().err();
        match shared.failed.take().or(flushed) {
            Some(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Some(source) => Err(EveError::Io { path: self.path.clone(), source }),
            None => Ok(()),
        }
    }

    /// Whether a write has failed.
    pub fn failed(&self) -> bool {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).failed.is_some()
    }

    fn write(&self, lines: &[u8]) {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if shared.failed.is_none() {
            shared.failed = shared.out.write_all(lines).err();
        }
    }
}

/// Appends, as logs do: whoever follows the file goes on reading, and no run loses the events of
/// another.
fn open(path: &Path, reveal: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true);
    if reveal {
        options.create_new(true)
    } else {
        options.create(true)
    };
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    if ends_in_a_line_cut_off(path) {
        file.write_all(b"\n")?;
    }
    Ok(file)
}

/// Whether `path` is a file whose last line has no end: its writer ran out of disk, say. A file
/// that cannot be read has none that we know of.
fn ends_in_a_line_cut_off(path: &Path) -> bool {
    let last = || -> io::Result<u8> {
        if !std::fs::metadata(path)?.is_file() {
            return Ok(b'\n');
        }
        let mut file = File::open(path)?;
        file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        Ok(last[0])
    };
    last().is_ok_and(|byte| byte != b'\n')
}

/// One worker's way to the file.
pub struct EveSink {
    file: EveFile,
    buffer: Vec<u8>,
}

impl EventSink for EveSink {
    fn exchange(&mut self, event: ExchangeEvent) {
        match (&event.hl7v2, &event.tls) {
            (Some(said), _) if event.method.is_none() => {
                append(&mut self.buffer, &Hl7Line::of(&event, said))
            }
            (_, Some(said)) => append(&mut self.buffer, &TlsLine::of(&event, said)),
            (_, None) => append(&mut self.buffer, &HttpLine::of(&event)),
        }
        self.flush_much();
    }

    fn flow(&mut self, event: FlowEvent) {
        append(&mut self.buffer, &FlowLine::of(&event));
        self.flush_much();
    }

    /// Whole lines in one write: whoever follows the file never reads half of one, and a sensor
    /// that is killed leaves none.
    fn flush(&mut self) {
        if !self.buffer.is_empty() {
            self.file.write(&self.buffer);
            self.buffer.clear();
        }
    }

    fn reveals(&self) -> bool {
        self.file.reveal
    }
}

impl EveSink {
    fn flush_much(&mut self) {
        if self.buffer.len() >= BUFFER_BYTES {
            self.flush();
        }
    }
}

impl Drop for EveSink {
    fn drop(&mut self) {
        self.flush();
    }
}

fn append(lines: &mut Vec<u8>, line: &impl Serialize) {
    // Serialising these structs into memory cannot fail.
    if serde_json::to_writer(&mut *lines, line).is_ok() {
        lines.push(b'\n');
    }
}

#[derive(Serialize)]
struct Hl7Line<'a> {
    #[serde(flatten)]
    common: Common,
    hl7v2: Hl7<'a>,
}

impl<'a> Hl7Line<'a> {
    fn of(event: &'a ExchangeEvent, said: &'a Hl7Said) -> Self {
        Hl7Line {
            common: Common::of(event, "hl7v2"),
            hl7v2: Hl7::of(event, said, Some(event.length)),
        }
    }
}

#[derive(Serialize)]
struct TlsLine<'a> {
    #[serde(flatten)]
    common: Common,
    tls: Tls<'a>,
}

/// Names as Suricata has them; `cipher`, `key_exchange`, `mutual` and `chain_length` are ours.
#[derive(Serialize)]
struct Tls<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sni: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cipher: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_exchange: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuerdn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subjectaltname: Option<&'a [Arc<str>]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notbefore: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notafter: Option<String>,
    #[serde(skip_serializing_if = "<[Arc<str>]>::is_empty")]
    client_alpns: &'a [Arc<str>],
    #[serde(skip_serializing_if = "Option::is_none")]
    server_alpns: Option<[&'a str; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ja3: Option<Hash<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ja3s: Option<Hash<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ja4: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_resumed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mutual: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chain_length: Option<usize>,
}

#[derive(Serialize)]
struct Hash<'a> {
    hash: &'a str,
}

impl<'a> TlsLine<'a> {
    fn of(event: &'a ExchangeEvent, said: &'a TlsSaid) -> Self {
        let own = said.certificate.as_ref();
        let hash = |text: &'a Option<Arc<str>>| text.as_deref().map(|hash| Hash { hash });
        let names = own.map(|c| c.names.as_slice()).filter(|names| !names.is_empty());
        TlsLine {
            common: Common::of(event, "tls"),
            tls: Tls {
                version: said.version.map(suricata_version),
                sni: said.sni.as_deref(),
                cipher: said.cipher.as_deref(),
                key_exchange: said.key_exchange.as_deref(),
                subject: own.map(|c| &*c.subject),
                issuerdn: own.map(|c| &*c.issuer),
                serial: own.map(|c| c.serial.to_uppercase()),
                fingerprint: own.map(|c| &*c.sha1),
                subjectaltname: names,
                notbefore: own.map(|c| without_zone(c.not_before)),
                notafter: own.map(|c| without_zone(c.not_after)),
                client_alpns: &said.alpn_offered,
                server_alpns: said.alpn.as_deref().map(|name| [name]),
                ja3: hash(&said.ja3),
                ja3s: hash(&said.ja3s),
                ja4: said.ja4.as_deref(),
                session_resumed: said.resumed,
                mutual: said.mutual,
                chain_length: said.chain_length,
            },
        }
    }
}

/// A version as Suricata names it.
fn suricata_version(version: TlsVersion) -> &'static str {
    match version {
        TlsVersion::Ssl2 => "SSLv2",
        TlsVersion::Ssl3 => "SSLv3",
        TlsVersion::Tls10 => "TLSv1",
        TlsVersion::Tls11 | TlsVersion::Tls12 | TlsVersion::Tls13 => version.name(),
        TlsVersion::Other => "UNDETERMINED",
    }
}

/// `2026-11-21T23:09:41`
fn without_zone(seconds: i64) -> String {
    rfc3339(seconds).trim_end_matches('Z').to_owned()
}

#[derive(Serialize)]
struct HttpLine<'a> {
    #[serde(flatten)]
    common: Common,
    http: Http<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hl7v2: Option<Hl7<'a>>,
}

#[derive(Serialize)]
struct Http<'a> {
    hostname: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_method: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_content_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_user_agent: Option<&'a str>,
    length: u64,
}

impl<'a> HttpLine<'a> {
    fn of(event: &'a ExchangeEvent) -> Self {
        let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (hostname, url) = match &event.revealed {
            Some(revealed) => (revealed.hostname.as_deref().map(lossy), Some(lossy(&revealed.url))),
            None => (None, event.url.clone()),
        };
        let http_status = |status| match status {
            Status::Http(code) => Some(code),
            Status::Hl7(_) => None,
        };
        HttpLine {
            common: Common::of(event, "http"),
            http: Http {
                hostname: hostname.unwrap_or_else(|| event.service.to_string()),
                http_method: event.method,
                url,
                protocol: event.version,
                status: event.status.and_then(http_status),
                http_content_type: event.content_type.as_deref(),
                http_user_agent: event.user_agent.as_deref(),
                length: event.length,
            },
            hl7v2: event.hl7v2.as_deref().map(|said| Hl7::of(event, said, None)),
        }
    }
}

#[derive(Serialize)]
struct FindingLine<'a> {
    timestamp: String,
    event_type: &'static str,
    finding: FindingBody<'a>,
}

#[derive(Serialize)]
struct FindingBody<'a> {
    id: &'a str,
    rule: &'a str,
    kind: &'a str,
    severity: &'a str,
    title: &'a str,
    endpoint: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_class: Option<&'a str>,
    count: u64,
}

impl<'a> FindingLine<'a> {
    fn of(finding: &'a Finding) -> Self {
        FindingLine {
            timestamp: finding.last_seen.to_string(),
            event_type: "finding",
            finding: FindingBody {
                id: &finding.id,
                rule: finding.rule,
                kind: finding.kind.name(),
                severity: finding.severity.name(),
                title: &finding.title,
                endpoint: &finding.endpoint,
                field: finding.field.as_deref(),
                data_class: finding.data_class.as_deref(),
                count: finding.count,
            },
        }
    }
}

#[derive(Serialize)]
struct StatsLine {
    timestamp: String,
    event_type: &'static str,
    stats: Stats,
}

#[derive(Serialize)]
struct Stats {
    packets: u64,
    bytes: u64,
    analysed: u64,
    duplicate: u64,
    filtered: u64,
    skipped: u64,
    malformed: u64,
    shed: u64,
    dropped: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    interface_lost: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter_excluded: Option<u64>,
}

impl StatsLine {
    fn of(inputs: &[InputAccount], at: Timestamp) -> Self {
        let mut all = crate::model::PacketAccount::default();
        for input in inputs {
            all.merge(&input.packets);
        }
        StatsLine {
            timestamp: at.to_string(),
            event_type: "stats",
            stats: Stats {
                packets: all.seen,
                bytes: all.bytes,
                analysed: all.analysed,
                duplicate: all.duplicate,
                filtered: all.filtered,
                skipped: all.skipped.values().sum(),
                malformed: all.malformed.values().sum(),
                shed: all.shed.values().sum(),
                dropped: all.dropped,
                interface_lost: all.interface_lost,
                filter_excluded: all.filter_excluded,
            },
        }
    }
}
