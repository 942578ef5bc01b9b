//! The inputs that a capture thread is done with, and what became of their packets.
//!
//! Who follows a directory is done with inputs for as long as it runs. Each is handed over when it
//! has changed; those the writer has are forgotten but for their sum, while a few are kept: of
//! them fragments may still wait.

use std::collections::VecDeque;

use crate::base::limits::INPUTS_KEPT;
use crate::model::{PacketAccount, Settled};
use crate::store::InputRecord;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    kept: VecDeque<Kept>,
    /// Place of the next input in the run.
    next: u32,
    earlier: Earlier,
}

#[derive(Debug)]
struct Kept {
    record: InputRecord,
    /// It was handed over as it is.
    told: bool,
}

/// Inputs that are known to the store only.
#[derive(Clone, Debug, Default)]
pub struct Earlier {
    /// How many.
    pub inputs: u64,
    /// Of them, how many are incomplete.
    pub incomplete: u64,
    /// What became of the packets of all.
    pub packets: PacketAccount,
}

impl Inputs {
    /// Of a thread whose first input has this place in the run.
    pub(super) fn from(first: u32) -> Self {
        Inputs { next: first, ..Inputs::default() }
    }

    /// Place of the input at hand in the run.
    pub(super) fn next(&self) -> u32 {
        self.next
    }

    /// The input at hand is done.
    pub(super) fn push(&mut self, record: InputRecord) {
        self.kept.push_back(Kept { record, told: false });
        self.next = self.next.saturating_add(1);
    }

    /// Adds those of another thread.
    pub(super) fn absorb(&mut self, other: Inputs) {
        self.kept.extend(other.kept);
        self.next = self.next.max(other.next);
        self.earlier.inputs += other.earlier.inputs;
        self.earlier.incomplete += other.earlier.incomplete;
        self.earlier.packets.merge(&other.earlier.packets);
    }

    /// The account of the one that was done last, to be changed.
    pub(super) fn last(&mut self) -> Option<&mut PacketAccount> {
        let last = self.kept.back_mut()?;
        last.told = false;
        Some(&mut last.record.account.packets)
    }

    /// Accounts for packets that waited as fragments. Of inputs that are forgotten the sum alone is
    /// put right: nobody waits for fragments through so many captures.
    pub(super) fn settle(&mut self, settled: &Settled) {
        let found = self.kept.iter_mut().find(|kept| kept.record.position == settled.input);
        match found {
            Some(kept) => {
                kept.told = false;
                kept.record.account.packets.settle(settled);
            }
            None => self.earlier.packets.settle(settled),
        }
    }

    /// Those that have not been handed over as they are.
    pub(super) fn changed(&self) -> impl Iterator<Item = InputRecord> + '_ {
        self.kept.iter().filter(|kept| !kept.told).map(|kept| kept.record.clone())
    }

    /// What has changed was handed over.
    pub(super) fn note_told(&mut self) {
        self.kept.iter_mut().for_each(|kept| kept.told = true);
        while self.kept.len() > INPUTS_KEPT
            && let Some(Kept { record, .. }) = self.kept.pop_front()
        {
            self.earlier.inputs += 1;
            self.earlier.incomplete += u64::from(record.account.incomplete.is_some());
            self.earlier.packets.merge(&record.account.packets);
        }
    }

    /// All there is to tell.
    pub(super) fn into_parts(self) -> (Vec<InputRecord>, Earlier) {
        (self.kept.into_iter().map(|kept| kept.record).collect(), self.earlier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SkipReason;

    fn done(inputs: &mut Inputs, packets: u64) {
        let mut record = InputRecord { position: inputs.next(), ..InputRecord::default() };
        (record.account.packets.seen, record.account.packets.analysed) = (packets, packets);
        inputs.push(record);
    }

    #[test]
    fn however_many_are_done_few_are_kept_and_each_is_handed_over_once() {
        let (mut inputs, mut told) = (Inputs::default(), Vec::new());
        for number in 0..10 * INPUTS_KEPT as u64 {
            done(&mut inputs, number);
            told.extend(inputs.changed().map(|record| record.position));
            inputs.note_told();
            assert_eq!(inputs.changed().count(), 0);
            assert!(inputs.kept.len() <= INPUTS_KEPT);
        }
        let all = 10 * u32::try_from(INPUTS_KEPT).unwrap();
        assert_eq!(told, (0..all).collect::<Vec<u32>>());
        let (kept, earlier) = inputs.into_parts();
        assert_eq!(kept.len() as u64 + earlier.inputs, u64::from(all));
        let seen: u64 = kept.iter().map(|record| record.account.packets.seen).sum();
        let sum = u64::from(all) * u64::from(all - 1) / 2;
        assert_eq!(seen + earlier.packets.seen, sum);
        assert_eq!(earlier.packets.accounted(), earlier.packets.seen);
    }

    #[test]
    fn what_changes_is_handed_over_again_and_what_was_not_stays() {
        let mut inputs = Inputs::default();
        for _ in 0..2 * INPUTS_KEPT {
            done(&mut inputs, 5);
        }
        assert_eq!(inputs.changed().count(), 2 * INPUTS_KEPT, "nobody took them yet");
        inputs.note_told();
        let last = inputs.next() - 1;
        let why = SkipReason::Skipped("fragment-incomplete");
        inputs.settle(&Settled { input: last, packets: 2, why });
        inputs.settle(&Settled { input: 0, packets: 1, why });
        let changed: Vec<InputRecord> = inputs.changed().collect();
        assert_eq!(changed.len(), 1);
        assert_eq!((changed[0].position, changed[0].account.packets.analysed), (last, 3));
        let (_, earlier) = inputs.into_parts();
        assert_eq!(earlier.packets.accounted(), earlier.packets.seen);
    }
}
