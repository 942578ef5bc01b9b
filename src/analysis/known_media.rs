//! Media types that were seen before.
//!
//! What `Content-Type`, the codings and `Accept` say is a function of the fields' values, of which
//! a service has a handful. A cache and nothing else.

use std::hash::BuildHasher;
use std::sync::Arc;

use crate::base::table_state;
use crate::content::BodyPlan;

use super::operation::fhir::Version;

/// Slots of each memory.
const SLOTS: usize = 64;

/// What a head says of its body.
#[derive(Clone, Debug)]
pub struct SaidOfBody {
    /// How to walk it.
    pub plan: Arc<BodyPlan>,
    /// Its media type, as it may be stored.
    pub media: Option<Arc<str>>,
    /// Whether that is FHIR's, and the version it states.
    pub fhir: FhirMedia,
}

/// What one media type says of FHIR: whether it is FHIR's, and which version.
pub type FhirMedia = (bool, Option<Version>);

/// The memory.
pub struct KnownMedia {
    state: foldhash::quality::RandomState,
    bodies: Vec<Option<(u64, SaidOfBody)>>,
    accepted: Vec<Option<(u64, FhirMedia)>>,
}

impl Default for KnownMedia {
    fn default() -> Self {
        KnownMedia { state: table_state(), bodies: vec![None; SLOTS], accepted: vec![None; SLOTS] }
    }
}

impl KnownMedia {
    /// What heads with this key say of their bodies ([`super::recall::Recall::plan_key`]).
    pub fn body(&self, key: u64) -> Option<&SaidOfBody> {
        let slot = self.bodies.get(place(key))?.as_ref();
        slot.filter(|(known, _)| *known == key).map(|(_, said)| said)
    }

    /// Remembers what they say.
    pub fn insert(&mut self, key: u64, said: SaidOfBody) {
        if let Some(slot) = self.bodies.get_mut(place(key)) {
            *slot = Some((key, said));
        }
    }

    /// What an `Accept` field says of FHIR; `find` is asked where it is not remembered.
    pub fn accepted(&mut self, value: &[u8], find: impl FnOnce() -> FhirMedia) -> FhirMedia {
        let key = self.state.hash_one(value);
        let Some(slot) = self.accepted.get_mut(place(key)) else { return find() };
        match slot {
            Some((known, said)) if *known == key => *said,
            _ => slot.insert((key, find())).1,
        }
    }
}

fn place(key: u64) -> usize {
    usize::try_from(key).unwrap_or_default() & (SLOTS - 1)
}
