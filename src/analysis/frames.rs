//! The open objects of one message, and what they say of the leaves in them.
//!
//! Most objects say nothing: a frame is small, and has notes only once there is something to note.

use crate::content::PathId;

use super::codings::Coding;
use super::heard::Header;
use super::patches::Patch;

/// The most methods of a Bundle's entry that are told apart.
pub(super) const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];
/// Deeper nesting keeps the context of the deepest frame.
const FRAMES_MAX: usize = 256;

/// An object or element that is open.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) path: PathId,
    /// First leaf inside it.
    pub(super) from: usize,
    /// Context of its leaves.
    pub(super) context: u32,
    /// Whether it is the root of a resource.
    pub(super) resource: bool,
    /// One more than the place of its notes; 0 where it has none.
    notes: u32,
}

/// What an open object says.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// `value` leaf, where one was logged.
    pub(super) value: Option<usize>,
    /// Token of `system`, or else of the type code.
    pub(super) issuer: u16,
    /// What is a code, and whose: only HL7 v2 has two beside each other.
    pub(super) codings: [Coding; 2],
    /// Method and URL of a Bundle entry's request.
    pub(super) entry: Option<Box<Entry>>,
    /// `display` leaf of a reference, where one was logged.
    pub(super) display: Option<usize>,
    /// Type of what the reference points at.
    pub(super) target: Option<&'static str>,
    /// Token of an extension or parameter, and the leaf with its `url` or name.
    pub(super) extension: Option<(u16, usize)>,
    /// Token of what the name in it says that `value` or `text` beside it is.
    pub(super) named: u16,
    /// `value` is a name of something itself: what a form asks for, and no answer.
    pub(super) label: bool,
    /// `text` leaf, where one was logged.
    pub(super) text: Option<usize>,
    /// In an OBX segment: what its values are called by their type.
    pub(super) observed: Option<&'static str>,
    /// A query whose parameters are told by their places.
    pub(super) placed: bool,
    /// What it says of a patch.
    pub(super) patch: Patch,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Entry {
    pub(super) method: Option<&'static str>,
    /// What the interaction would be with each of the methods that matter.
    pub(super) url: Option<[Option<&'static str>; METHODS.len()]>,
}

/// The open frames of one message, kept between chunks.
#[derive(Debug, Default)]
pub struct Frames {
    stack: Vec<Frame>,
    /// Of open frames, and empty ones.
    notes: Vec<Notes>,
    /// Places of the empty ones.
    free: Vec<u32>,
    /// Frames deeper than [`FRAMES_MAX`]: counted, not kept.
    beyond: usize,
    /// How many frames are open with the outermost of HL7 v2, whose values are kept apart from all
    /// others; 0 where none is.
    apart: usize,
    /// The header of the HL7 v2 message that is walked, if one is.
    pub(super) header: Option<Box<Header>>,
    /// Its messages are not to be taken apart.
    pub(super) whole: bool,
}

impl Frames {
    /// Heap bytes they take.
    pub fn held_bytes(&self) -> usize {
        self.stack.capacity() * size_of::<Frame>()
            + self.notes.capacity() * size_of::<Notes>()
            + self.free.capacity() * size_of::<u32>()
            + self.header_bytes()
    }

    /// Forgets the frames, and keeps their memory.
    pub fn clear(&mut self) {
        self.stack.clear();
        self.notes.clear();
        self.free.clear();
        (self.beyond, self.apart, self.header) = (0, 0, None);
    }

    /// Opens a frame whose first leaf will be `from`.
    #[inline]
    pub(super) fn open(&mut self, path: PathId, from: usize, context: u32) {
        self.stack.push(Frame { path, from, context, resource: false, notes: 0 });
    }

    /// Whether no frame is opened any more; counts one that is not, if so.
    pub(super) fn is_too_deep(&mut self) -> bool {
        let too_deep = self.stack.len() >= FRAMES_MAX;
        self.beyond += usize::from(too_deep);
        too_deep
    }

    /// Closes the innermost frame; with its notes where there is something to do.
    #[inline]
    pub(super) fn close(&mut self) -> Option<(Frame, Notes)> {
        if self.beyond > 0 {
            self.beyond -= 1;
            return None;
        }
        let frame = self.stack.pop()?;
        if self.stack.len() < self.apart {
            self.apart = 0;
        }
        let place = frame.notes.checked_sub(1)?;
        let notes = std::mem::take(self.notes.get_mut(place as usize)?);
        self.free.push(place);
        Some((frame, notes))
    }

    /// What is walked in the frame `up` frames up is HL7 v2.
    pub(super) fn set_apart(&mut self, up: usize) {
        if self.apart == 0 {
            self.apart = self.stack.len().saturating_sub(up);
        }
    }

    /// Whether what is walked is HL7 v2.
    pub(super) fn is_apart(&self) -> bool {
        self.apart > 0
    }

    /// How many are open.
    pub(super) fn depth(&self) -> usize {
        self.stack.len()
    }

    /// The innermost frame.
    #[inline]
    pub(super) fn last(&self) -> Option<&Frame> {
        self.stack.last()
    }

    /// The innermost frame, to be changed.
    pub(super) fn last_mut(&mut self) -> Option<&mut Frame> {
        self.stack.last_mut()
    }

    /// Changes the innermost frame and the one around it.
    pub(super) fn last_two(&mut self, change: impl FnMut(&mut Frame)) {
        self.stack.iter_mut().rev().take(2).for_each(change);
    }

    /// What the frame so many frames up is named by a leaf in it, 0 for nothing.
    pub(super) fn named(&self, up: u8) -> u16 {
        let at = self.stack.len().checked_sub(1 + usize::from(up));
        let frame = at.and_then(|at| self.stack.get(at));
        let notes = frame.and_then(|frame| frame.notes.checked_sub(1));
        notes.and_then(|place| self.notes.get(place as usize)).map_or(0, |notes| notes.named)
    }

    /// The notes of the frame that is `up` frames up, to be added to.
    pub(super) fn notes(&mut self, up: u8) -> Option<&mut Notes> {
        let at = self.stack.len().checked_sub(1 + usize::from(up))?;
        let frame = self.stack.get_mut(at)?;
        if frame.notes == 0 {
            let place = match self.free.pop() {
                Some(place) => place,
                None => {
                    self.notes.push(Notes::default());
                    u32::try_from(self.notes.len() - 1).ok()?
                }
            };
            frame.notes = place + 1;
        }
        self.notes.get_mut(frame.notes as usize - 1)
    }

    /// The frame around the innermost, and what its values are called by their type.
    pub(super) fn observed(&self) -> Option<(PathId, &'static str)> {
        let segment = self.stack.len().checked_sub(2).and_then(|at| self.stack.get(at))?;
        let notes = self.notes.get(segment.notes.checked_sub(1)? as usize)?;
        notes.observed.map(|kind| (segment.path, kind))
    }

    /// The log of leaves was emptied: what was noted of leaves in it is void.
    pub(super) fn forget_leaves(&mut self) {
        for frame in &mut self.stack {
            frame.from = 0;
        }
        for notes in &mut self.notes {
            (notes.value, notes.display, notes.extension) = (None, None, None);
            notes.text = None;
            notes.codings.iter_mut().for_each(Coding::forget_leaf);
            notes.patch.forget_leaves();
        }
    }
}
