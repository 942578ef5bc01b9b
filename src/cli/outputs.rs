//! What is written never lands in what is read or kept: files are compared before any is opened
//! for writing.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::config::Origin;
use super::exit::Failure;

/// Links behind links that are followed by hand, as many as Linux follows.
const LINKS_MAX: usize = 40;

/// How captures begin, plain or compressed, and databases: what no report is written over.
const PRECIOUS: &[(&[u8], &str)] = &[
    (b"SQLite format 3\0", "a database"),
    (&[0xa1, 0xb2, 0xc3, 0xd4], "a capture"),
    (&[0xd4, 0xc3, 0xb2, 0xa1], "a capture"),
    (&[0xa1, 0xb2, 0x3c, 0x4d], "a capture"),
    (&[0x4d, 0x3c, 0xb2, 0xa1], "a capture"),
    (&[0x0a, 0x0d, 0x0d, 0x0a], "a capture"),
    (&[0x1f, 0x8b], "a compressed file"),
    (&[0x28, 0xb5, 0x2f, 0xfd], "a compressed file"),
];

/// Files that a command reads or keeps, each with what it is.
#[derive(Clone, Debug, Default)]
pub struct Kept(Vec<(&'static str, PathBuf)>);

impl Kept {
    /// Adds a file; it need not exist yet.
    pub fn file(&mut self, what: &'static str, path: &Path) {
        self.0.push((what, path.into()));
    }

    /// Adds a database with the files that SQLite keeps beside it.
    pub fn database(&mut self, path: &Path) {
        self.file("the database", path);
        for suffix in ["-wal", "-shm", "-journal"] {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            self.file("a part of the database", Path::new(&name));
        }
    }

    /// Adds the files of a folder of rules. One that cannot be listed is told elsewhere.
    pub fn rules(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            self.file("a file of rules", &entry.path());
        }
    }

    /// Refuses to write to `output` where that is one of these files under whatever name; `-` is
    /// standard output.
    ///
    /// # Errors
    ///
    /// One line that says which file it is.
    pub fn spare(&self, output: &Path, origin: &Origin) -> Result<(), Failure> {
        if output.as_os_str() == "-" {
            return Ok(());
        }
        let Some(identity) = Identity::of(output) else { return Ok(()) };
        let same = self.0.iter().find(|(_, path)| Identity::of(path).as_ref() == Some(&identity));
        let Some((what, _)) = same else { return Ok(()) };
        let why = format!("{} is {what}; name another file", output.display());
        Err(origin.refuse(why))
    }
}

/// Refuses to replace a capture or a database, whichever it is.
///
/// # Errors
///
/// One line that says what the file is.
pub fn spare_precious(output: &Path, origin: &Origin) -> Result<(), Failure> {
    // A pipe has nothing to lose, and a look into it would take from it.
    if output.as_os_str() == "-" || !output.is_file() {
        return Ok(());
    }
    let mut head = Vec::new();
    let read = File::open(output).and_then(|file| file.take(16).read_to_end(&mut head));
    // What cannot be read may be anything; whether it can be written is told when it is.
    if read.is_err() {
        return Ok(());
    }
    let Some((_, what)) = PRECIOUS.iter().find(|(magic, _)| head.starts_with(magic)) else {
        return Ok(());
    };
    let why = format!("{} is {what}; name another file", output.display());
    Err(origin.refuse(why))
}

/// Whether a path means what no file can take the place of: a device, a pipe, a socket, or
/// something that is open already (`/dev/stdout`, `/dev/fd/3`), whatever that is.
pub fn is_stream(path: &Path) -> bool {
    if fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        return true;
    }
    // Links of the system to what is open: behind them may be a file.
    let mut path = path.to_path_buf();
    for _ in 0..LINKS_MAX {
        let folder = path.parent().and_then(|folder| fs::canonicalize(folder).ok());
        let system = |folder: PathBuf| {
            folder == Path::new("/dev") || folder.starts_with("/proc") || folder.ends_with("dev/fd")
        };
        if path.is_symlink() && folder.is_some_and(system) {
            return true;
        }
        let Ok(link) = fs::read_link(&path) else { return false };
        path = path.parent().map_or_else(|| link.clone(), |folder| folder.join(&link));
    }
    true
}

/// Which file a path means.
#[derive(Debug, PartialEq, Eq)]
enum Identity {
    /// A file that exists: device and inode.
    #[cfg(unix)]
    File(u64, u64),
    /// One that does not exist yet: where it would be made.
    Path(PathBuf),
}

impl Identity {
    /// Nothing for what is no regular file: a terminal may be read and written at once.
    fn of(path: &Path) -> Option<Identity> {
        match fs::metadata(path) {
            Ok(metadata) if !metadata.is_file() => None,
            #[cfg(unix)]
            Ok(metadata) => {
                use std::os::unix::fs::MetadataExt;
                Some(Identity::File(metadata.dev(), metadata.ino()))
            }
            #[cfg(not(unix))]
            Ok(_) => Some(Identity::Path(fs::canonicalize(path).ok()?)),
            Err(_) => Some(Identity::Path(target(path))),
        }
    }
}

/// Where a file would be made that is opened by `path`: behind every link.
fn target(path: &Path) -> PathBuf {
    let mut path = path.to_path_buf();
    for _ in 0..LINKS_MAX {
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let folder = fs::canonicalize(folder)
            .or_else(|_| std::path::absolute(folder))
            .unwrap_or_else(|_| folder.into());
        let there = path.file_name().map_or_else(|| folder.clone(), |name| folder.join(name));
        match fs::read_link(&there) {
            // A relative link starts in the folder it is in.
            Ok(link) => path = folder.join(link),
            Err(_) => return there,
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_every_name_it_has() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("there"), "x").unwrap();
        fs::hard_link(at("there"), at("hard")).unwrap();
        fs::create_dir(at("folder")).unwrap();
        for (link, to) in
            [("soft", "there"), ("again", "soft"), ("to-new", "new"), ("chain", "to-new")]
        {
            std::os::unix::fs::symlink(to, at(link)).unwrap();
        }
        let mut kept = Kept::default();
        kept.database(&at("there"));
        kept.file("the key", &at("new"));
        let origin = Origin::Option("--events");
        let refused = |path: PathBuf| kept.spare(&path, &origin).is_err();
        let same = ["there", "hard", "soft", "again", "folder/../there", "there-wal", "to-new"];
        for name in same.into_iter().chain(["new", "chain", "./new", "there-shm", "there-journal"])
        {
            assert!(refused(at(name)), "{name}");
        }
        for name in ["other", "folder/new", "there-wa", "folder/there"] {
            assert!(!refused(at(name)), "{name}");
        }
        assert!(!refused("-".into()));
        assert!(!refused("/dev/null".into()));
    }

    #[test]
    fn devices_pipes_and_what_is_open_are_streams() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("file"), "x").unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("pipe")).unwrap();
        std::os::unix::fs::symlink("/dev/null", at("nothing")).unwrap();
        std::os::unix::fs::symlink("file", at("link")).unwrap();
        for path in [at("pipe"), at("nothing"), "/dev/null".into(), "/dev/stdout".into()] {
            assert!(is_stream(&path), "{}", path.display());
        }
        for path in [at("file"), at("link"), at("new"), at("no/such"), "relative".into()] {
            assert!(!is_stream(&path), "{}", path.display());
        }
    }

    #[test]
    fn captures_and_databases_are_precious() {
        let dir = tempfile::tempdir().unwrap();
        let origin = Origin::Option("--output");
        for (bytes, spared) in [
            (&b"SQLite format 3\0..."[..], true),
            (&[0xd4, 0xc3, 0xb2, 0xa1, 2, 0], true),
            (&[0x0a, 0x0d, 0x0d, 0x0a, 1], true),
            (b"<!doctype html>", false),
            (b"", false),
        ] {
            let path = dir.path().join("file");
            fs::write(&path, bytes).unwrap();
            assert_eq!(spare_precious(&path, &origin).is_err(), spared, "{bytes:?}");
        }
        assert!(spare_precious(&dir.path().join("missing"), &origin).is_ok());
    }
}
