//! What a conversation takes of the memory budget: at rest, and for messages that are open.

use super::{Conversation, Encrypted, Speaking, Stage, Workbench};

impl Conversation {
    /// Heap bytes it takes even when no message is open.
    pub(super) fn resting_bytes(&self) -> usize {
        match &self.stage {
            Stage::Speaking(speaking) => size_of::<Speaking>() + size_of_val(&*speaking.parser),
            Stage::Encrypted(_) => size_of::<Encrypted>(),
            Stage::Silent | Stage::Identifying(_) | Stage::Resting(_) | Stage::Closed => 0,
        }
    }

    /// Whether its open messages take memory.
    pub(in crate::analysis) fn holds_open(&self) -> bool {
        self.open_bytes > 0
    }

    /// Charges what it holds now; `resting` is what it took at rest before.
    pub(super) fn charge(&mut self, resting: usize, bench: &mut Workbench) {
        if bench.shadow.is_some() {
            return;
        }
        bench.resting_bytes = (bench.resting_bytes + self.resting_bytes()).saturating_sub(resting);
        let open = match &mut self.stage {
            Stage::Speaking(speaking) => {
                speaking.parser.held_bytes()
                    + speaking.pairing.held_bytes()
                    + speaking.back.pairing.held_bytes()
            }
            _ => 0,
        };
        let open = u32::try_from(open).unwrap_or(u32::MAX);
        let grown = bench.message_bytes + open as usize;
        bench.message_bytes = grown.saturating_sub(self.open_bytes as usize);
        self.open_bytes = open;
    }

    /// It is over and holds nothing any more.
    pub(super) fn release(&mut self, resting: usize, bench: &mut Workbench) {
        if let Stage::Speaking(mut speaking) = std::mem::replace(&mut self.stage, Stage::Closed) {
            speaking.clear();
            bench.spares.keep(speaking);
        }
        self.charge(resting, bench);
    }
}
