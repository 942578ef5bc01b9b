//! A capture file as a packet source.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::base::Timestamp;
use crate::capture::file::container::{self, Position};
use crate::capture::file::error::FileError;
use crate::capture::file::pcap::Pcap;
use crate::capture::file::pcapng::PcapNg;
use crate::capture::file::pipe::Pipe;
use crate::capture::file::window::Window;
use crate::capture::source::{CaptureError, Incomplete, Losses, Next, PacketSource, Progress};
use crate::model::Packet;

/// Reads a capture file from its beginning to its end, or to where it is damaged.
pub struct FileSource {
    name: String,
    window: Window,
    format: Format,
    position: Position,
    bytes_total: Option<u64>,
    ended: bool,
    /// The last packet's: what is idle has no other time.
    last_at: Timestamp,
    incomplete: Option<Incomplete>,
}

enum Format {
    Pcap(Pcap),
    PcapNg(PcapNg),
}

impl FileSource {
    /// Opens the capture file at `path` and reads its file header.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let name = path.display().to_string();
        let file = match File::open(path) {
            Ok(file) => file,
            Err(source) => return Err(FileError::Open { name, source }),
        };
        let metadata = match file.metadata() {
            Ok(metadata) => metadata,
            Err(source) => return Err(FileError::Open { name, source }),
        };
        if metadata.is_dir() {
            return Err(FileError::Directory { name });
        }
        let mut source = Self::from_reader(&name, file)?;
        source.bytes_total = metadata.is_file().then_some(metadata.len());
        Ok(source)
    }

    /// Whether a file that begins with these bytes is a capture.
    pub(in crate::capture) fn begins_capture(magic: [u8; 4]) -> bool {
        PcapNg::recognise(magic) || Pcap::recognise(magic).is_some()
    }

    /// Reads a capture from standard input. Its name is `-`. It ends where nothing comes and
    /// `stopped` says so.
    pub fn stdin(stopped: impl FnMut() -> bool + Send + 'static) -> Result<Self, FileError> {
        let open = |source| FileError::Open { name: "-".to_owned(), source };
        Self::from_reader("-", Pipe::stdin(stopped).map_err(open)?)
    }

    /// The same from a pipe that has a path.
    pub fn pipe(
        path: &Path,
        stopped: impl FnMut() -> bool + Send + 'static,
    ) -> Result<Self, FileError> {
        let name = path.display().to_string();
        match Pipe::open(path, stopped) {
            Ok(pipe) => Self::from_reader(&name, pipe),
            Err(source) => Err(FileError::Open { name, source }),
        }
    }

    /// Reads a capture from any reader, and its file header at once. `name` is what users see. A
    /// reader that fails with [`WouldBlock`](std::io::ErrorKind::WouldBlock) behind the header is
    /// idle for now.
    pub fn from_reader(name: &str, input: impl Read + Send + 'static) -> Result<Self, FileError> {
        let open = |source| FileError::Open { name: name.to_owned(), source };
        let header = |incomplete: Box<Incomplete>| FileError::Header {
            name: name.to_owned(),
            what: incomplete.to_string(),
        };
        let (plain, position) = container::unwrap(input).map_err(open)?;
        let mut window = Window::new(plain);
        if !window.fill(4) {
            return match window.ending("a capture begins with 4 bytes") {
                None => Err(FileError::Empty { name: name.to_owned() }),
                Some(incomplete) if window.rest().is_empty() => Err(header(incomplete)),
                Some(_) => Err(not_a_capture(name, window.rest())),
            };
        }
        let magic = window.rest().first_chunk::<4>().copied().unwrap_or_default();
        let format = if PcapNg::recognise(magic) {
            PcapNg::open(&mut window).map(Format::PcapNg).map_err(header)?
        } else if let Some(order) = Pcap::recognise(magic) {
            Pcap::open(&mut window, order).map(Format::Pcap).map_err(header)?
        } else {
            return Err(not_a_capture(name, window.rest()));
        };
        let (bytes_total, ended, incomplete) = (None, false, None);
        let name = name.to_owned();
        let last_at = Timestamp::default();
        Ok(FileSource { name, window, format, position, bytes_total, ended, last_at, incomplete })
    }
}

impl PacketSource for FileSource {
    #[inline]
    fn next_packet(&mut self) -> Result<Next<'_>, CaptureError> {
        if self.ended {
            return Ok(Next::End);
        }
        let record = match &mut self.format {
            Format::Pcap(reader) => reader.next(&mut self.window),
            Format::PcapNg(reader) => reader.next(&mut self.window),
        };
        match record {
            Ok(Some(record)) => {
                self.last_at = record.at;
                let (data, block) = self.window.lend(record.len, record.skip, record.captured);
                Ok(Next::Packet(Packet {
                    at: record.at,
                    link: record.link,
                    // Some recorders leave the wire length zero; it was at least what was captured.
                    wire_len: record
                        .wire_len
                        .max(u32::try_from(record.captured).unwrap_or(u32::MAX)),
                    data,
                    block,
                }))
            }
            // A reader that has nothing now is asked again: no format has lost anything by then.
            Ok(None) | Err(_) if self.window.take_starved() => Ok(Next::Idle(self.last_at)),
            Ok(None) => {
                self.ended = true;
                Ok(Next::End)
            }
            Err(incomplete) => {
                self.ended = true;
                self.incomplete = Some(*incomplete);
                Ok(Next::End)
            }
        }
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn losses(&mut self) -> Losses {
        match &self.format {
            Format::Pcap(_) => Losses::default(),
            Format::PcapNg(reader) => Losses { kernel: reader.lost(), ..Losses::default() },
        }
    }

    fn progress(&self) -> Progress {
        Progress { bytes_read: self.position.bytes(), bytes_total: self.bytes_total }
    }

    fn incomplete(&self) -> Option<&Incomplete> {
        self.incomplete.as_ref()
    }
}

fn not_a_capture(name: &str, head: &[u8]) -> FileError {
    let head: Vec<u8> = head.iter().copied().take(4).collect();
    let mut found: String = head.iter().map(|b| format!("{b:02x}")).collect();
    let meaning = match head.as_slice() {
        [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd] => " (compressed twice)",
        [0xfd, b'7', b'z', b'X'] => " (xz: decompress it first)",
        [b'B', b'Z', b'h', _] => " (bzip2: decompress it first)",
        [b'P', b'K', 3, 4] => " (a zip archive: unpack it first)",
        [0x04, 0x22, 0x4d, 0x18] => " (lz4: decompress it first)",
        [b's', b'n', b'o', b'o'] => " (snoop: convert it with editcap)",
        [b'S', b'Q', b'L', b'i'] => " (a SQLite database)",
        text if !text.is_empty() && text.iter().all(|b| (b' '..=b'~').contains(b)) => " (text)",
        _ => "",
    };
    found.push_str(meaning);
    FileError::NotACapture { name: name.to_owned(), found }
}
