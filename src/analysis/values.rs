//! What detection says of values, remembered by value.
//!
//! Most values of real traffic are repeats: codes, systems, units, states. What the rules say is a
//! function of the value alone, so the answer to a repeat is looked up. The memory is a cache and
//! nothing else: with or without it the evidence is the same.

use std::hash::BuildHasher;
use std::sync::Arc;

use crate::base::{InstallationKey, Mask, StableHasher, TableMap, table_state};
use crate::detect::{Detector, Inspection};
use crate::model::{Form, Outcome, Value, ValueKind};

/// Slots of the memory. At 8 bytes each it stays within a core's second-level cache.
const SLOTS: usize = 1 << 14;

/// Longer values seldom repeat, and hashing them costs more than it saves.
const MEMO_BYTES_MAX: usize = 512;

/// Everything that evidence keeps of one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ValueClass {
    /// The type the format gives it.
    pub kind: ValueKind,
    /// Its outer form.
    pub form: Form,
    /// What the rules say.
    pub outcome: Outcome,
}

/// One value, looked at.
#[derive(Clone, Copy, Debug)]
pub struct Looked {
    /// Place of its [`ValueClass`] in [`Values::class`].
    pub class: u32,
    /// Keyed hash, for candidates only.
    pub hash: u64,
    /// Mask, for candidates only.
    pub mask: u64,
    /// Its slot in the memory; [`FORGOTTEN`] where it has none.
    slot: u32,
}

/// Spreads small numbers over all bits (Knuth, TAOCP 3, 6.4).
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
/// The slot of a value that is not remembered.
const FORGOTTEN: u32 = u32::MAX;
/// The issuer of a value that nobody asked for yet.
const UNASKED: u16 = u16::MAX;

/// Looks at values, with a memory.
pub struct Values {
    detector: Arc<Detector>,
    stable: StableHasher,
    /// The same for values of HL7 v2, whose hashes are comparable with no others.
    apart: StableHasher,
    state: foldhash::quality::RandomState,
    slots: Vec<Slot>,
    /// Hash and mask of the candidates in `slots`.
    candidates: Vec<(u64, u64)>,
    /// Tokens of the issuers that the values in `slots` name, [`UNASKED`] at first.
    issuers: Vec<u16>,
    classes: Vec<ValueClass>,
    /// Classes without outcome, by kind and form: what most values have.
    plain: [[Option<u32>; Form::ALL.len()]; ValueKind::ALL.len()],
    index: TableMap<ValueClass, u32>,
}

/// The upper bits of the hash of a value, which with its place are 58 of 64; whether the hash and
/// mask of a candidate are beside it; and the place of its class.
#[derive(Clone, Copy, Default)]
struct Slot(u64);

const CLASS_BITS: u32 = 20;
const CANDIDATE: u64 = 1 << CLASS_BITS;
/// What a slot has of a hash: never 0, so that an empty one is nothing's.
const KEY: u64 = !(CANDIDATE | (CANDIDATE - 1));

impl Slot {
    /// `None` where there are more classes than it can tell apart.
    fn of(key: u64, class: u32, candidate: bool) -> Option<Slot> {
        let is = if candidate { CANDIDATE } else { 0 };
        (class >> CLASS_BITS == 0).then_some(Slot(key & KEY | is | u64::from(class)))
    }

    fn is_of(self, key: u64) -> bool {
        (self.0 ^ key) & KEY == 0
    }

    fn is_candidate(self) -> bool {
        self.0 & CANDIDATE != 0
    }

    fn class(self) -> u32 {
        u32::try_from(self.0 & (CANDIDATE - 1)).unwrap_or_default()
    }
}

impl Values {
    /// Candidate values are placed in samples by hashes under keys derived from `key`, values of
    /// HL7 v2 under one of their own.
    pub fn new(detector: Arc<Detector>, key: &InstallationKey) -> Self {
        Values {
            detector,
            stable: key.hasher("sample"),
            apart: key.hasher("sample-hl7v2"),
            state: table_state(),
            slots: vec![Slot::default(); SLOTS],
            candidates: vec![(0, 0); SLOTS],
            issuers: vec![UNASKED; SLOTS],
            classes: Vec::new(),
            plain: Default::default(),
            index: TableMap::default(),
        }
    }

    /// What the rules say of `value`. `apart`: it is one of HL7 v2.
    pub fn look(&mut self, value: &Value<'_>, apart: bool) -> Looked {
        if value.bytes.len() > MEMO_BYTES_MAX || seldom_repeats(value.bytes) {
            return self.inspect(value, apart);
        }
        // The kind is part of the key: `1` and `"1"` are different values.
        let realm = (value.kind as u64 | u64::from(apart) << 8).wrapping_mul(SPREAD);
        let key = (self.state.hash_one(value.bytes) ^ realm) | 1 << 63;
        let at = usize::try_from(key).unwrap_or_default() & (SLOTS - 1);
        let place = u32::try_from(at).unwrap_or(FORGOTTEN);
        if let Some(slot) = self.slots.get(at)
            && slot.is_of(key)
        {
            let class = slot.class();
            let found = slot.is_candidate().then(|| self.candidates.get(at).copied()).flatten();
            let (hash, mask) = found.unwrap_or_default();
            return Looked { class, hash, mask, slot: place };
        }
        let looked = Looked { slot: place, ..self.inspect(value, apart) };
        let candidate = looked.hash != 0 || looked.mask != 0;
        let Some(remembered) = Slot::of(key, looked.class, candidate) else { return looked };
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = remembered;
        }
        if let Some(issuer) = self.issuers.get_mut(at) {
            *issuer = UNASKED;
        }
        if candidate && let Some(slot) = self.candidates.get_mut(at) {
            *slot = (looked.hash, looked.mask);
        }
        looked
    }

    /// The token of the issuer that a value names, 0 for none: `find` is asked once for a value
    /// that is remembered.
    pub fn issuer(&mut self, looked: &Looked, find: impl FnOnce() -> u16) -> u16 {
        match self.issuers.get_mut(looked.slot as usize) {
            Some(token) => {
                if *token == UNASKED {
                    *token = find();
                }
                *token
            }
            None => find(),
        }
    }

    /// The class at `place`.
    pub fn class(&self, place: u32) -> Option<&ValueClass> {
        self.classes.get(place as usize)
    }

    fn inspect(&mut self, value: &Value<'_>, apart: bool) -> Looked {
        let inspection = self.detector.inspect(value.kind, value.bytes);
        if inspection.outcome.is_empty() {
            let class = self.plain_place(value.kind, inspection.form);
            return Looked { class, hash: 0, mask: 0, slot: FORGOTTEN };
        }
        let Inspection { form, outcome } = inspection;
        let place = self.place(&ValueClass { kind: value.kind, form, outcome });
        let stable = if apart { &self.apart } else { &self.stable };
        let hash = stable.hash(value.bytes);
        Looked { class: place, hash, mask: Mask::of(value.bytes).bits(), slot: FORGOTTEN }
    }

    fn plain_place(&mut self, kind: ValueKind, form: Form) -> u32 {
        let (row, column) = (kind as usize, form as usize);
        let known = self.plain.get(row).and_then(|forms| forms.get(column)).copied().flatten();
        known.unwrap_or_else(|| {
            let place = self.place(&ValueClass { kind, form, outcome: Outcome::default() });
            if let Some(slot) = self.plain.get_mut(row).and_then(|forms| forms.get_mut(column)) {
                *slot = Some(place);
            }
            place
        })
    }

    /// The place of a class. Kinds, forms and outcomes are few: their combinations stay in the
    /// hundreds.
    pub(super) fn place(&mut self, class: &ValueClass) -> u32 {
        if let Some(place) = self.index.get(class) {
            return *place;
        }
        let place = u32::try_from(self.classes.len()).unwrap_or(u32::MAX);
        self.classes.push(*class);
        self.index.insert(*class, place);
        place
    }
}

/// Whether a value ends in a UUID or is a point in time: it would only push repeats out.
fn seldom_repeats(value: &[u8]) -> bool {
    match value {
        [_, _, _, _, b'-', _, _, b'-', _, _, b'T', ..] => true,
        _ => value.last_chunk::<28>().is_some_and(|tail| {
            [0, 5, 10, 15].into_iter().all(|dash| tail.get(dash) == Some(&b'-'))
        }),
    }
}
