//! Rotating captures as they appear: what `tcpdump -G`, `dumpcap -b` and the like write into a
//! directory, read while it is written.
//!
//! Files are read in the order of their names, numbers in them as numbers, which must be that of
//! their times. A file is done when a capture with a later name is there that was not read yet,
//! when one that was read is written anew, or when it was renamed, emptied or removed; until then
//! its end is only where it has come to. Files that are written anew are read again, as that
//! happens: a ring of names, or one name whose file is renamed when it is full.

mod known;
mod seen;

use std::collections::{BTreeSet, VecDeque};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use crate::base::StableHasher;
use crate::capture::file::{FileError, FileSource};
use crate::capture::inputs::{identity_of, identity_of_first};
use crate::capture::numbered::Numbered;
use crate::capture::source::{CaptureError, Incomplete, Losses, Next, PacketSource, Progress};
use crate::model::InputIdentity;

use known::Known;
use seen::Seen;

/// How long whoever has nothing waits before the next look.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// A directory whose captures are read as they appear. What lies in directories below is not
/// looked at.
#[derive(Debug)]
pub struct Follow {
    directory: PathBuf,
    /// Names that are to be read, in order.
    waiting: VecDeque<Numbered>,
    /// The file read last.
    last: Option<Last>,
    /// Files that the directory had at the last look.
    known: Known,
    /// Names that are not read: the inventory has them.
    skipped: BTreeSet<Numbered>,
    /// The file whose turn it is, where it could not be read yet.
    unready: Option<PathBuf>,
}

/// The file read last.
#[derive(Debug)]
struct Last {
    name: Numbered,
    /// Held open so that no new file is given its inode number.
    file: File,
    seen: Seen,
    /// Whether another was found under its name, or it was written anew.
    replaced: bool,
}

/// What a look at the directory brought.
pub enum Followed {
    /// The next capture.
    File(Box<FollowedFile>),
    /// Nothing now.
    Nothing,
    /// A file that is passed over, and why.
    Passed {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

impl Follow {
    /// Follows `directory`.
    pub fn new(directory: &Path) -> Self {
        Follow {
            directory: directory.to_owned(),
            waiting: VecDeque::new(),
            last: None,
            known: Known::default(),
            skipped: BTreeSet::new(),
            unready: None,
        }
    }

    /// Captures in the directory that are done: all but the last.
    pub fn done(&self) -> io::Result<Vec<PathBuf>> {
        let names = list(&self.directory)?;
        let mut paths: Vec<PathBuf> =
            names.iter().map(|name| self.directory.join(name.path())).collect();
        paths.retain(|path| is_capture(path));
        paths.pop();
        Ok(paths)
    }

    /// Passes over a file silently when its turn comes.
    pub fn skip(&mut self, path: &Path) {
        self.skipped.extend(path.file_name().map(|name| Numbered(name.into())));
    }

    /// The file whose turn it is and which is not told otherwise: it is still written, and too
    /// little of it is there to read, be that because it is compressed.
    pub fn unready(&self) -> Option<&Path> {
        self.unready.as_deref().filter(|path| fs::metadata(path).is_ok_and(|file| file.len() > 0))
    }

    /// The next capture, once it can be read. Waits a little where there is none.
    pub fn look(&mut self) -> Result<Followed, FileError> {
        if let Some(Last { name, file, seen, replaced: false }) = &self.last {
            self.known.note_read(name, file, seen);
        }
        if self.waiting.is_empty()
            && let Some(late) = self.list_again()?
        {
            return Ok(late);
        }
        let Some(name) = self.waiting.front().cloned() else {
            thread::park_timeout(LOOK_INTERVAL);
            return Ok(Followed::Nothing);
        };
        let path = self.directory.join(name.path());
        self.unready = None;
        if self.is_read(&name, &path) {
            self.waiting.pop_front();
            return Ok(Followed::Nothing);
        }
        // What it is before it is read: what comes later makes it another.
        self.known.note(&name, &path);
        let followed = match Tail::open(&path, self.neighbours()) {
            Ok(tail) => tail.source(),
            // Removed before its turn came.
            Err(e) if e.kind() == ErrorKind::NotFound => {
                self.waiting.pop_front();
                let reason = "it was removed before it could be read".to_owned();
                return Ok(Followed::Passed { path, reason });
            }
            Err(source) => {
                self.waiting.pop_front();
                return Err(FileError::Open { name: path.display().to_string(), source });
            }
        };
        match followed {
            Opened::File(file) => {
                self.waiting.pop_front();
                let seen = file.seen.clone();
                let handle = file.handle.try_clone().ok();
                self.last = handle.map(|file| Last { name, file, seen, replaced: false });
                Ok(Followed::File(file))
            }
            Opened::NotYet => {
                self.unready = Some(path);
                thread::park_timeout(LOOK_INTERVAL);
                Ok(Followed::Nothing)
            }
            Opened::Never(error) => {
                self.waiting.pop_front();
                // Who writes it may be slower than who wrote the next.
                if matches!(error, FileError::Empty { .. } | FileError::Header { .. }) {
                    self.known.note_passed(&name);
                }
                if !error.is_other_kind() {
                    return Err(error);
                }
                Ok(Followed::Passed { path, reason: error.to_string() })
            }
        }
    }

    /// What is known of the files beside the one whose turn it is.
    fn neighbours(&self) -> Neighbours {
        let waiting: BTreeSet<Numbered> = self.waiting.iter().cloned().collect();
        let handled = self.known.clone().without(waiting.iter().cloned());
        Neighbours { handled, waiting }
    }

    /// Looks at the directory; tells of one file that came too late, the others at the next look.
    fn list_again(&mut self) -> Result<Option<Followed>, FileError> {
        let names = list(&self.directory).map_err(|source| FileError::Open {
            name: self.directory.display().to_string(),
            source,
        })?;
        let path = |name: &Numbered| self.directory.join(name.path());
        let anew: Vec<Numbered> =
            names.iter().filter(|n| self.known.is_replaced(n, &path(n))).cloned().collect();
        let last = self.last.as_ref().map(|last| &last.name);
        let later = |name: &&Numbered| last.is_none_or(|last| *name >= last);
        let unknown = names.iter().filter(later).filter(|n| !self.known.has(n)).cloned();
        let mut waiting: Vec<Numbered> = anew.iter().cloned().chain(unknown).collect();
        if !anew.is_empty() {
            // Names say no longer which was written first.
            waiting.sort_by_cached_key(|name| modified(&path(name)));
        }
        let late = names.iter().find(|n| !later(n) && !self.known.has(n)).cloned();
        if let Some(late) = late {
            let path = path(&late);
            self.known.note(&late, &path);
            // What was read under another name is not late: rotation named it by its date.
            if !is_capture(&path) || self.is_read(&late, &path) {
                return Ok(Some(Followed::Nothing));
            }
            let reason = "it appeared when captures with later names had been read; names must \
                          sort by time"
                .to_owned();
            return Ok(Some(Followed::Passed { path, reason }));
        }
        // What is gone is not asked for again.
        self.skipped.retain(|name| names.contains(name) && !anew.contains(name));
        self.known.keep(|name| names.contains(name));
        for name in &waiting {
            self.known.note(name, &self.directory.join(name.path()));
        }
        if let Some(last) = &mut self.last {
            last.replaced |= waiting.contains(&last.name);
        }
        self.waiting = waiting.into();
        Ok(None)
    }

    /// Whether a file is known already: by the inventory, or as the one read last under a name
    /// that says more (`a.pcap` became `a.pcap.gz`).
    fn is_read(&self, name: &Numbered, path: &Path) -> bool {
        if self.skipped.contains(name) {
            return true;
        }
        let Some(Last { name: last, file: handle, .. }) = &self.last else { return false };
        let bytes = |name: &Numbered| name.path().as_os_str().as_encoded_bytes().to_vec();
        let (name, last) = (bytes(name), bytes(last));
        let longer = name.strip_prefix(last.as_slice());
        let renamed = longer.is_some_and(|more| more.starts_with(b".") && !is_number(more));
        let same = is_at(handle, path) && name != last;
        renamed || same || self.known.was_read(path)
    }
}

/// A capture that may still be written.
pub struct FollowedFile {
    source: FileSource,
    handle: File,
    seen: Seen,
}

impl FollowedFile {
    /// Tells which file it was, once it has been read or was left behind so many bytes, unless it
    /// holds something else by then.
    pub fn identity(
        &self,
        hasher: StableHasher,
    ) -> impl Fn(Option<u64>) -> Option<InputIdentity> + use<> {
        let handle = self.handle.try_clone();
        let seen = self.seen.clone();
        move |left| {
            let mut file = handle.as_ref().ok()?;
            // The position is that of whoever reads.
            let at = file.stream_position().ok()?;
            let identity = match left {
                Some(bytes) => identity_of_first(file, bytes, &hasher),
                None => identity_of(file, &hasher),
            };
            file.seek(SeekFrom::Start(at)).ok()?;
            identity.ok().filter(|_| !seen.is_anew(file))
        }
    }

    /// The place of the first of `known` that this file is or begins with.
    pub fn begins_like(
        &self,
        hasher: &StableHasher,
        known: impl IntoIterator<Item = InputIdentity>,
    ) -> Option<usize> {
        let mut file = &self.handle;
        let at = file.stream_position().ok()?;
        let now = identity_of(file, hasher).ok();
        let found = now.and_then(|now| {
            // What was kept without a head is read to be told: not too often.
            let mut whole = 0;
            let mut is = |known: InputIdentity| {
                let headless = known.head.is_none() && known.size > SMALL_BYTES;
                whole += usize::from(headless && known.size <= now.size);
                known.size <= now.size
                    && known.head == now.head.filter(|_| known.head.is_some())
                    && (!headless || whole <= HEADLESS_MAX)
                    && identity_of_first(file, known.size, hasher).is_ok_and(|i| i.is(&known))
            };
            known.into_iter().position(&mut is)
        });
        file.seek(SeekFrom::Start(at)).ok()?;
        found
    }
}

/// Files of no more bytes are compared whole: they have no head.
const SMALL_BYTES: u64 = 8192;
/// Larger ones without one, from databases of earlier formats, that are compared.
const HEADLESS_MAX: usize = 256;

impl PacketSource for FollowedFile {
    fn next_packet(&mut self) -> Result<Next<'_>, CaptureError> {
        let next = self.source.next_packet();
        if let Ok(Next::Idle(_)) = next {
            thread::park_timeout(LOOK_INTERVAL);
        }
        next
    }

    fn name(&self) -> &str {
        self.source.name()
    }

    fn losses(&mut self) -> Losses {
        self.source.losses()
    }

    fn progress(&self) -> Progress {
        self.source.progress()
    }

    fn incomplete(&self) -> Option<&Incomplete> {
        self.source.incomplete()
    }
}

/// Reads a file to where it has come to, and to its end once it is done.
struct Tail {
    file: File,
    path: PathBuf,
    seen: Seen,
    beside: Neighbours,
}

/// The files beside one that is read.
struct Neighbours {
    /// Those that were read, or passed over.
    handled: Known,
    /// Those that are to be read.
    waiting: BTreeSet<Numbered>,
}

impl Neighbours {
    /// Whether the capture `other`, at `path`, shows that the writer is done with `name`.
    fn shows_done(&self, name: &Numbered, other: &Numbered, path: &Path) -> bool {
        if self.handled.has(other) {
            let anew = self.handled.is_replaced(other, path);
            return anew && is_capture(path) && !self.handled.was_read(path);
        }
        (other > name || self.waiting.contains(other)) && is_capture(path)
    }
}

enum Opened {
    File(Box<FollowedFile>),
    NotYet,
    Never(FileError),
}

impl Tail {
    fn open(path: &Path, beside: Neighbours) -> io::Result<Tail> {
        let (file, path) = (File::open(path)?, path.to_owned());
        Ok(Tail { file, path, seen: Seen::default(), beside })
    }

    /// A capture's header must be there whole, and a compressed file as such: what ends in the
    /// middle of it cannot be told from damage.
    fn source(self) -> Opened {
        let name = self.path.display().to_string();
        let opened = |source| FileError::Open { name: name.clone(), source };
        let done = self.is_done();
        if !done && is_compressed(&self.path) {
            return Opened::NotYet;
        }
        let handle = match self.file.try_clone() {
            Ok(handle) => handle,
            Err(e) => return Opened::Never(opened(e)),
        };
        let seen = self.seen.clone();
        match FileSource::from_reader(&name, self) {
            Ok(source) => Opened::File(Box::new(FollowedFile { source, handle, seen })),
            // Four bytes that are no capture's stay so.
            Err(error @ FileError::NotACapture { .. }) => Opened::Never(error),
            Err(error) if done => Opened::Never(error),
            Err(_) => Opened::NotYet,
        }
    }

    fn is_done(&self) -> bool {
        if !is_at(&self.file, &self.path) {
            return true;
        }
        let (Some(folder), Some(name)) = (self.path.parent(), self.path.file_name()) else {
            return true;
        };
        // Some other file with a later name says nothing.
        let name = Numbered(name.into());
        list(folder).is_ok_and(|names| {
            let mut others = names.iter().filter(|other| **other != name);
            let shows =
                |other: &Numbered| self.beside.shows_done(&name, other, &folder.join(other.path()));
            others.any(shows)
        })
    }
}

impl Read for Tail {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        // What follows is not of the file that was read so far.
        if self.seen.is_anew(&self.file) {
            return Ok(0);
        }
        let mut read = self.file.read(out)?;
        if read == 0 && !out.is_empty() {
            if !self.is_done() {
                return Err(ErrorKind::WouldBlock.into());
            }
            // What was written between the first look and the sign that it is done is read, too.
            read = self.file.read(out)?;
        }
        self.seen.note(out.get(..read).unwrap_or_default());
        Ok(read)
    }
}

/// Whether `path` still leads to `file`.
fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(here), Ok(there)) => (here.dev(), here.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

/// Names of the regular files in `directory`.
fn list(directory: &Path) -> io::Result<BTreeSet<Numbered>> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.path().is_file() {
            names.insert(Numbered(entry.file_name().into()));
        }
    }
    Ok(names)
}

/// When a file was written last.
fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

/// Whether that is how a rotation numbers files: one that is filled gets another name.
fn is_number(suffix: &[u8]) -> bool {
    suffix.len() > 1 && suffix.iter().skip(1).all(u8::is_ascii_digit)
}

fn head(path: &Path) -> [u8; 4] {
    let mut head = [0; 4];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut head));
    read.map_or([0; 4], |()| head)
}

fn is_compressed(path: &Path) -> bool {
    matches!(head(path), [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd])
}

/// Whether a file begins as captures do, compressed ones included.
fn is_capture(path: &Path) -> bool {
    is_compressed(path) || FileSource::begins_capture(head(path))
}

#[cfg(test)]
mod tests;
