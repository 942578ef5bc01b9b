//! What a followed directory held when it was looked at, to tell files that were written anew:
//! writers of a ring begin again with the first name, others rename the file they have filled.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{self, File, Metadata};
use std::io::Read;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use crate::capture::numbered::Numbered;

/// Bytes by which a capture is known: they reach to its first packets, which carry their times.
const HEAD_BYTES: usize = 512;
/// Fewer hold no packet.
const HEAD_BYTES_LEAST: usize = 40;
/// Heads of captures that were read, by which renamed ones are known.
const HEADS_KEPT: usize = 1024;

/// A file as it was.
#[derive(Clone, Debug)]
pub(super) struct Print {
    inode: (u64, u64),
    len: u64,
    modified: (i64, i64),
    head: Box<[u8]>,
}

impl Print {
    fn new(metadata: &Metadata, head: Vec<u8>) -> Print {
        let inode = (metadata.dev(), metadata.ino());
        let modified = (metadata.mtime(), metadata.mtime_nsec());
        Print { inode, len: metadata.len(), modified, head: head.into() }
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
        let touched = (now.mtime(), now.mtime_nsec()) != self.modified;
        touched && *head_of(path, self.head.len()) != *self.head
    }

    /// Whether it may be the file that was so `before`.
    fn extends(&self, before: &Print) -> bool {
        self.inode == before.inode && self.len >= before.len && self.head.starts_with(&before.head)
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

    /// Learns the head of a capture that was read, from the file itself: it may have another name.
    pub(super) fn note_read(&mut self, name: &Numbered, file: &File) {
        let mut head = vec![0; HEAD_BYTES];
        let (Ok(metadata), Ok(len)) = (file.metadata(), file.read_at(&mut head, 0)) else { return };
        head.truncate(len);
        let print = Print::new(&metadata, head);
        let Some(before) = self.prints.get(name) else { return };
        // Not where it was written anew: what is there now was not read.
        if !print.extends(before) {
            return;
        }
        if print.is_telling() && !self.heads.contains(&print.head) {
            if self.heads.len() >= HEADS_KEPT {
                self.heads.pop_front();
            }
            self.heads.push_back(print.head.clone());
        }
        self.prints.insert(name.clone(), print);
    }

    /// Whether the capture at `path` was read under another name.
    pub(super) fn was_read(&self, path: &Path) -> bool {
        let print = Print::of(path).filter(Print::is_telling);
        print.is_some_and(|print| self.heads.contains(&print.head))
    }
}
