//! Codes and the systems beside them: `Coding.system` of FHIR, `codeSystem` of HL7 version 3, and
//! the third component of a coded field of HL7 v2. Which system is whose is the rules' to say.

use super::columns::OTHER_CODE;
use super::frames::{Frame, Notes};
use super::inspect::Inspector;

/// A code and the system that it is of.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Coding {
    /// The leaf with the code, where one was logged.
    code: Option<usize>,
    /// Token of the system, 0 where none is named.
    system: u16,
}

impl Coding {
    /// The log of leaves was emptied.
    pub(super) fn forget_leaf(&mut self) {
        self.code = None;
    }
}

impl Inspector<'_> {
    /// The coding number `at` of the frame that is `up` frames up.
    fn coding(&mut self, (up, at): (u8, u8)) -> Option<&mut Coding> {
        self.frames.notes(up)?.codings.get_mut(usize::from(at))
    }

    /// The leaf of a code.
    pub(super) fn found_code(&mut self, place: (u8, u8), leaf: usize) {
        if let Some(coding) = self.coding(place) {
            coding.code = Some(leaf);
        }
    }

    /// What is named as a system: whether `token` is that of a code system.
    pub(super) fn found_code_system(&mut self, place: (u8, u8), token: u16) -> bool {
        let is_known = self.shared.columns.is_code_system(token);
        if let Some(coding) = self.coding(place) {
            coding.system = if is_known { token } else { OTHER_CODE };
        }
        is_known
    }

    /// The system beside a code tells what it is. Of one that is not known no more can be said
    /// than that it is not known, which only the elements of a standard mind.
    pub(super) fn close_codings(&mut self, frame: &Frame, notes: &Notes) {
        let columns = &mut *self.shared.columns;
        for Coding { code, system } in notes.codings {
            if let Some(leaf) = code
                && system != 0
                && (system != OTHER_CODE || columns.context_at(frame.context).resource.is_some())
            {
                self.leaves.amend_one(leaf, |column| columns.with_issuer(column, system));
            }
        }
    }
}
