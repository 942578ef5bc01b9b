//! Captures that were written at the same time, read at the same time: the packet that was captured
//! first comes first, whichever file it lies in.
//!
//! Of packets of one time the file that was named first goes first, as it does in `mergecap`. A
//! file whose packets are not in order keeps their order. Each has its account; they share a
//! decoder, as files do that are read one after the other.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::base::Timestamp;
use crate::store::InputRecord;

use super::ingest::{Ingest, Step};
use super::pipeline::{Capture, LOOK_PACKETS, Lane, OpenInput};

/// Inputs with the time of the next packet of each that is not at its end.
struct Together {
    inputs: Vec<OpenInput>,
    next: BinaryHeap<Reverse<(Timestamp, usize)>>,
    /// Who has the decoder.
    current: usize,
}

impl Together {
    /// Whose turn it is. Another reading of the packet before goes before the next packet.
    fn turn(&mut self) -> Option<usize> {
        let current = self.inputs.get(self.current);
        if current.is_some_and(|input| input.ingest.has_alternative()) {
            return Some(self.current);
        }
        let Reverse((_, place)) = *self.next.peek()?;
        if place != self.current
            && let Ok([to, from]) = self.inputs.get_disjoint_mut([place, self.current])
        {
            to.ingest.take_over(&mut from.ingest);
            self.current = place;
        }
        Some(place)
    }
}

impl Capture<'_> {
    /// Reads inputs by packet time, to the end of all or until someone stops it.
    pub(super) fn read_together(&mut self, inputs: Vec<OpenInput>, lane: &mut dyn Lane) {
        let mut all = Together { inputs, next: BinaryHeap::new(), current: 0 };
        let first = self.next_place();
        for (input, number) in all.inputs.iter_mut().zip(first..) {
            input.ingest.number_is(number);
        }
        if let Some(first) = all.inputs.first_mut() {
            self.lend_decoder(&mut first.ingest);
        }
        let mut failed = vec![false; all.inputs.len()];
        for place in 0..all.inputs.len() {
            self.peek(&mut all, place, &mut failed);
        }
        let mut steps: u64 = 0;
        let mut stopped = false;
        while let Some(place) = all.turn() {
            steps += 1;
            if steps.is_multiple_of(LOOK_PACKETS) {
                self.note_all(&all.inputs);
                stopped = self.is_stopped() || lane.broken();
                if stopped {
                    break;
                }
            }
            let Some(input) = all.inputs.get_mut(place) else { break };
            let again = input.ingest.has_alternative();
            if let Ok(Step::Segment(segment)) = input.ingest.step() {
                lane.push(&segment);
            }
            if !again {
                all.next.pop();
                self.peek(&mut all, place, &mut failed);
            }
        }
        self.note_all(&all.inputs);
        self.end_together(all, &failed, stopped);
    }

    /// Notes when the next packet of an input comes.
    fn peek(&mut self, all: &mut Together, place: usize, failed: &mut [bool]) {
        match all.inputs.get_mut(place).map(|input| input.ingest.peek()) {
            Some(Ok(Some(at))) => all.next.push(Reverse((at, place))),
            Some(Err(error)) => {
                self.failed(error);
                failed.iter_mut().skip(place).take(1).for_each(|failed| *failed = true);
            }
            Some(Ok(None)) | None => {}
        }
    }

    fn note_all(&mut self, inputs: &[OpenInput]) {
        let read = |i: &Ingest| i.source().progress().bytes_read;
        let bytes = inputs.iter().map(|input| read(&input.ingest)).sum();
        let packets = inputs.iter().map(|input| input.ingest.packets()).sum();
        self.note_read((bytes, packets));
    }

    fn end_together(&mut self, mut all: Together, failed: &[bool], stopped: bool) {
        self.end_progress();
        if let Some(last) = all.inputs.get_mut(all.current) {
            self.take_decoder_back(&mut last.ingest);
        }
        let mut settled = Vec::new();
        for (input, failed) in all.inputs.into_iter().zip(failed) {
            let OpenInput { mut ingest, identity, before, .. } = input;
            let mut account = ingest.account();
            settled.extend(ingest.settled_earlier());
            if (*failed || stopped) && account.incomplete.is_none() {
                let why = if *failed { "ended early" } else { "interrupted" };
                account.incomplete = Some(why.into());
            }
            let position = self.next_place();
            self.done_with(InputRecord { account, identity, position, before });
        }
        self.settle(settled);
    }
}
