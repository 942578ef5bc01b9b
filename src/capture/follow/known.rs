//! What a followed directory held when it was looked at, to tell files that were written anew:
//! writers of a ring begin again with the first name, others rename the file they have filled.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{self, File, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::capture::numbered::Numbered;

use super::seen::Seen;

/// Bytes by which a capture is known: they reach to its first packets, which carry their times,
/// also behind what pcapng says of several interfaces with a long filter each.
pub(super) const HEAD_BYTES: usize = 8192;
/// Fewer hold no packet.
const HEAD_BYTES_LEAST: usize = 40;
/// Heads of captures that were read, by which renamed ones are known.
const HEADS_KEPT: usize = 1024;
/// When no file was written.
const NEVER: (i64, i64) = (i64::MIN, 0);

/// A file as it was.
#[derive(Clone, Debug)]
pub(super) struct Print {
    inode: (u64, u64),
    len: u64,
    modified: (i64, i64),
    head: Box<[u8]>,
    /// Whether it was passed over, as it held nothing.
    passed: bool,
}

impl Print {
    fn new(metadata: &Metadata, head: Vec<u8>) -> Print {
        let inode = (metadata.dev(), metadata.ino());
        let modified = (metadata.mtime(), metadata.mtime_nsec());
        Print { inode, len: metadata.len(), modified, head: head.into(), passed: false }
    }

    /// Of the file at `path`.
    fn of(path: &Path) -> Option<Print> {
        let metadata = fs::metadata(path).ok()?;
        Some(Print::new(&metadata, head_of(path, HEAD_BYTES)))
    }

    /// Whether another file is at `path` now, or this one was emptied and written anew.
    fn is_replaced(&self, path: &Path) -> bool {
        let Ok(now) = fs::metadata(path) else { return false };
        if (now.dev(), now.ino()) != self.inode || now.len() < self.len {
            return true;
        }
        if self.passed && now.len() > self.len {
            return true;
        }
        let touched = (now.mtime(), now.mtime_nsec()) != self.modified;
        touched && *head_of(path, self.head.len()) != *self.head
    }

    /// Where no more can tell it from another.
    fn is_telling(&self) -> bool {
        let whole = self.len == self.head.len() as u64;
        self.head.len() == HEAD_BYTES || whole && self.head.len() >= HEAD_BYTES_LEAST
    }
}

fn head_of(path: &Path, len: usize) -> Vec<u8> {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(len as u64).read_to_end(&mut head));
    read.map_or_else(|_| Vec::new(), |_| head)
}

/// The files that were looked at, and what is known of those that were read.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    prints: BTreeMap<Numbered, Print>,
    heads: VecDeque<Box<[u8]>>,
}

impl Known {
    pub(super) fn has(&self, name: &Numbered) -> bool {
        self.prints.contains_key(name)
    }

    /// Notes a file as it is now.
    pub(super) fn note(&mut self, name: &Numbered, path: &Path) {
        if let Some(print) = Print::of(path) {
            self.prints.insert(name.clone(), print);
        }
    }

    /// Notes that a file was passed over when its turn came, as it held nothing.
    pub(super) fn note_passed(&mut self, name: &Numbered) {
        if let Some(print) = self.prints.get_mut(name) {
            print.passed = true;
        }
    }

    /// Forgets names that are gone.
    pub(super) fn keep(&mut self, is_there: impl Fn(&Numbered) -> bool) {
        self.prints.retain(|name, _| is_there(name));
    }

    /// Forgets a name: its file is read now, or is to be.
    pub(super) fn without(mut self, names: impl Iterator<Item = Numbered>) -> Known {
        for name in names {
            self.prints.remove(&name);
        }
        self
    }

    /// Whether a file that was looked at was written anew since.
    pub(super) fn is_replaced(&self, name: &Numbered, path: &Path) -> bool {
        self.prints.get(name).is_some_and(|print| print.is_replaced(path))
    }

    /// Learns what was read of a capture: not what its file holds now, which may be another, and
    /// may have another name.
    pub(super) fn note_read(&mut self, name: &Numbered, file: &File, seen: &Seen) {
        let Ok(metadata) = file.metadata() else { return };
        let mut print = Print::new(&metadata, seen.head());
        print.len = seen.bytes();
        if seen.is_anew(file) {
            print.modified = NEVER;
        }
        if print.is_telling() && !self.heads.contains(&print.head) {
            if self.heads.len() >= HEADS_KEPT {
                self.heads.pop_front();
            }
            self.heads.push_back(print.head.clone());
        }
        if let Some(known) = self.prints.get_mut(name) {
            *known = print;
        }
    }

    /// Whether the capture at `path` was read under another name.
    pub(super) fn was_read(&self, path: &Path) -> bool {
        let print = Print::of(path).filter(Print::is_telling);
        print.is_some_and(|print| self.heads.contains(&print.head))
    }
}
