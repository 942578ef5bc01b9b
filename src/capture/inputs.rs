//! From what a user names to the captures that are read.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::base::StableHasher;
use crate::capture::file::{FileError, FileSource};
use crate::model::InputIdentity;

/// The captures behind the arguments of a replay, in the order they are read.
///
/// Files keep the order they were given in. A directory stands for the captures directly inside
/// it, sorted by name; directories inside it are not entered. Whether a file is a capture is
/// decided by its first bytes.
#[derive(Debug, Default)]
pub struct Inputs {
    /// What can be read.
    pub usable: Vec<Input>,
    /// What was asked for and cannot be read.
    pub unusable: Vec<InputError>,
    /// Files in directories that are no captures.
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

/// A file in a directory that is no capture.
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
    #[error(
        "read the directory {path}: none of its {files} files is a pcap or pcapng capture \
         (directories inside it are not entered)"
    )]
    NoCaptures {
        /// Which directory.
        path: PathBuf,
        /// How many files it holds.
        files: usize,
    },
    /// Standard input was named twice.
    #[error("read -: standard input can be read only once")]
    StdinTwice,
}

const IDENTITY_BYTES: u64 = 1024 * 1024;

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
        let files = match files_in(path) {
            Ok(files) => files,
            Err(source) => {
                return self.unusable.push(InputError::Directory { path: path.into(), source });
            }
        };
        let (mut captures, count) = (0, files.len());
        for file in files {
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
        if captures == 0 {
            self.unusable.push(InputError::NoCaptures { path: path.into(), files: count });
        }
    }
}

impl Input {
    /// Opens the capture.
    pub fn open(&self) -> Result<FileSource, FileError> {
        match self {
            Input::Path(path) => FileSource::open(path),
            Input::Stdin => FileSource::stdin(),
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

/// Reads both ends of a file: captures of one size that agree in them differ nowhere else, since
/// the times of their packets would differ in the first MiB.
fn read_identity(path: &Path, hasher: &StableHasher) -> io::Result<InputIdentity> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    let mut bytes = Vec::new();
    (&mut file).take(IDENTITY_BYTES).read_to_end(&mut bytes)?;
    file.seek(SeekFrom::Start(size.saturating_sub(IDENTITY_BYTES)))?;
    (&mut file).take(IDENTITY_BYTES).read_to_end(&mut bytes)?;
    Ok(InputIdentity { size, hash: hasher.hash(&bytes) })
}

/// The regular files directly inside a directory, sorted by name, each once.
fn files_in(path: &Path) -> io::Result<BTreeSet<PathBuf>> {
    let mut files = BTreeSet::new();
    for entry in fs::read_dir(path)? {
        let file = entry?.path();
        if file.is_file() {
            files.insert(file);
        }
    }
    Ok(files)
}
