//! From what a user names to the captures that are read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use crate::base::StableHasher;
use crate::capture::file::{FileError, FileSource};
use crate::capture::numbered::Numbered;
use crate::model::InputIdentity;

/// The captures behind the arguments of a replay, in the order they are read.
///
/// Files keep the order they were given in. A directory stands for the captures in it and in the
/// directories inside it, sorted by path, numbers in it as numbers. A link to a directory is
/// followed where it was named and passed over where it was found, so that no loop of links is
/// walked; a link to a file is that file. Whether a file is a capture is decided by its first
/// bytes.
#[derive(Debug, Default)]
pub struct Inputs {
    /// What can be read.
    pub usable: Vec<Input>,
    /// What was asked for and cannot be read.
    pub unusable: Vec<InputError>,
    /// What was found in directories and is not read.
    pub skipped: Vec<SkippedFile>,
}

/// One capture to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A file, or a pipe that has a path.
    Path(PathBuf),
    /// Standard input.
    Stdin,
}

/// A file in a directory that is no capture, or a link to another directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedFile {
    /// Which file.
    pub path: PathBuf,
    /// What it is instead.
    pub reason: String,
}

/// Why an argument cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// A file that was named is no usable capture.
    #[error(transparent)]
    File(#[from] FileError),
    /// The directory cannot be listed.
    #[error("list the directory {path}: {source}")]
    Directory {
        /// Which directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A directory that was named holds no captures.
    #[error("find a pcap or pcapng capture in the directory {path} (files looked at: {files})")]
    NoCaptures {
        /// Which directory.
        path: PathBuf,
        /// How many files it and the directories inside it hold.
        files: usize,
    },
    /// Standard input was named twice.
    #[error("read -: standard input can be read only once")]
    StdinTwice,
}

impl InputError {
    /// Whether there is nothing now where there may be a capture another time.
    pub fn may_pass(&self) -> bool {
        match self {
            InputError::File(error) => error.may_pass(),
            other => matches!(other, InputError::Directory { .. }),
        }
    }
}

const IDENTITY_BYTES: u64 = 1024 * 1024;
/// Bytes that tell which files may be the beginning of another: a few packets with their times,
/// also behind what pcapng says of several interfaces.
const HEAD_BYTES: usize = 8192;

impl Inputs {
    /// Finds the captures behind `arguments`; `-` is standard input. Every file is opened once to
    /// see what it is.
    pub fn expand(arguments: &[PathBuf]) -> Self {
        let mut inputs = Inputs::default();
        for argument in arguments {
            if argument.as_os_str() == "-" {
                inputs.add_stdin();
            } else if argument.is_dir() {
                inputs.add_directory(argument);
            } else {
                inputs.add_file(argument);
            }
        }
        inputs
    }

    fn add_stdin(&mut self) {
        if self.usable.contains(&Input::Stdin) {
            self.unusable.push(InputError::StdinTwice);
        } else {
            self.usable.push(Input::Stdin);
        }
    }

    fn add_file(&mut self, path: &Path) {
        // To look into a pipe would be to take from it.
        let is_pipe = path.metadata().is_ok_and(|metadata| !metadata.is_file());
        let error = if is_pipe { None } else { FileSource::open(path).err() };
        match error {
            None => self.usable.push(Input::Path(path.into())),
            Some(error) => self.unusable.push(error.into()),
        }
    }

    fn add_directory(&mut self, path: &Path) {
        let found = Found::below(path);
        let failed = !found.errors.is_empty();
        self.unusable.extend(found.errors);
        let passed =
            |(Numbered(path), reason): (_, &str)| SkippedFile { path, reason: reason.to_owned() };
        self.skipped.extend(found.others.into_iter().map(passed));
        let (mut captures, count) = (0, found.files.len());
        for Numbered(file) in found.files {
            match FileSource::open(&file) {
                Ok(_) => {
                    captures += 1;
                    self.usable.push(Input::Path(file));
                }
                Err(error) if error.is_other_kind() => {
                    let reason = error.to_string();
                    self.skipped.push(SkippedFile { path: file, reason });
                }
                Err(error) => {
                    captures += 1;
                    self.unusable.push(error.into());
                }
            }
        }
        if captures == 0 && !failed {
            self.unusable.push(InputError::NoCaptures { path: path.into(), files: count });
        }
    }
}

impl Input {
    /// Opens the capture; what comes through a pipe ends where nothing comes and `stopped` says so.
    pub fn open(
        &self,
        stopped: impl FnMut() -> bool + Send + 'static,
    ) -> Result<FileSource, FileError> {
        match self {
            Input::Path(path) if path.metadata().is_ok_and(|m| m.file_type().is_fifo()) => {
                FileSource::pipe(path, stopped)
            }
            Input::Path(path) => FileSource::open(path),
            Input::Stdin => FileSource::stdin(stopped),
        }
    }

    /// What users call it.
    pub fn name(&self) -> String {
        match self {
            Input::Path(path) => path.display().to_string(),
            Input::Stdin => "-".to_owned(),
        }
    }

    /// The identity of a regular file; `None` for pipes and standard input, which cannot be read
    /// twice.
    pub fn identity(&self, hasher: &StableHasher) -> Result<Option<InputIdentity>, FileError> {
        let Input::Path(path) = self else {
            return Ok(None);
        };
        let open = |source| FileError::Open { name: path.display().to_string(), source };
        if !path.metadata().map_err(open)?.is_file() {
            return Ok(None);
        }
        read_identity(path, hasher).map(Some).map_err(open)
    }
}

impl Input {
    /// The identity that the first `size` bytes of a regular file would have, had it ended there.
    pub fn identity_of_first(&self, size: u64, hasher: &StableHasher) -> Option<InputIdentity> {
        let Input::Path(path) = self else { return None };
        // What cannot be read is told of elsewhere.
        identity_of_first(&File::open(path).ok()?, size, hasher).ok()
    }
}

/// Reads both ends of a file: captures of one size that agree in them differ nowhere else, since
/// the times of their packets would differ in the first MiB.
fn read_identity(path: &Path, hasher: &StableHasher) -> io::Result<InputIdentity> {
    identity_of(&File::open(path)?, hasher)
}

/// The same of a file that is open; where it is read next is changed.
pub(super) fn identity_of(file: &File, hasher: &StableHasher) -> io::Result<InputIdentity> {
    let size = file.metadata()?.len();
    identity_of_first(file, size, hasher)
}

pub(super) fn identity_of_first(
    mut file: &File,
    size: u64,
    hasher: &StableHasher,
) -> io::Result<InputIdentity> {
    let mut bytes = Vec::new();
    for from in [0, size.saturating_sub(IDENTITY_BYTES)] {
        file.seek(SeekFrom::Start(from))?;
        file.take(IDENTITY_BYTES.min(size)).read_to_end(&mut bytes)?;
    }
    let has_head = usize::try_from(size).is_ok_and(|size| size >= HEAD_BYTES);
    let head = bytes.get(..HEAD_BYTES).filter(|_| has_head).map(|head| hasher.hash(head));
    Ok(InputIdentity { size, hash: hasher.hash(&bytes), head })
}

/// What is in a directory and in those inside it.
#[derive(Default)]
struct Found {
    /// Regular files and links to such, sorted by path.
    files: BTreeSet<Numbered>,
    /// What is neither and is passed over, sorted by path, and why.
    others: BTreeMap<Numbered, &'static str>,
    errors: Vec<InputError>,
}

impl Found {
    fn below(directory: &Path) -> Self {
        let mut found = Found::default();
        let mut todo = vec![directory.to_path_buf()];
        while let Some(path) = todo.pop() {
            if let Err(source) = found.list(&path, &mut todo) {
                found.errors.push(InputError::Directory { path, source });
            }
        }
        found.errors.sort_by_key(ToString::to_string);
        found
    }

    /// Lists one directory; those inside it are still `todo`.
    fn list(&mut self, path: &Path, todo: &mut Vec<PathBuf>) -> io::Result<()> {
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                todo.push(path);
                continue;
            }
            let why = match path.metadata() {
                Ok(metadata) if metadata.is_file() => {
                    self.files.insert(Numbered(path));
                    continue;
                }
                Ok(metadata) if metadata.is_dir() => {
                    "a link to a directory, which is followed only when it is named"
                }
                Ok(_) => "a pipe, socket or device, which is read only when it is named",
                Err(_) => "a link that leads nowhere",
            };
            self.others.insert(Numbered(path), why);
        }
        Ok(())
    }
}
