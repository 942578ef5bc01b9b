//! The end of a run: parts of the inventory are assessed on every core, while the one thread that
//! may write writes those that are done.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crossbeam_channel::bounded;

use crate::detect::Detector;
use crate::inventory::{Caps, Inventory, Keys, Marks, Part, Rollup, assess};

/// Parts that are assessed and wait to be written: a few, so that nobody holds the inventory.
const READY_MAX: usize = 16;

/// All that was observed, and how it is judged.
#[derive(Clone, Copy)]
pub(super) struct Observed<'a> {
    /// By all other runs.
    pub(super) others: Option<&'a Rollup>,
    /// By this one.
    pub(super) own: &'a Rollup,
    pub(super) detector: &'a Detector,
    pub(super) marks: &'a Marks,
    pub(super) caps: &'a Caps,
}

impl Observed<'_> {
    /// What all runs add up to in `part`.
    pub(super) fn assess(&self, part: &Part) -> Inventory {
        let mut rollup = self.others.map(|others| others.part(part)).unwrap_or_default();
        rollup.merge(self.own.part(part), self.caps);
        assess(rollup, &self.detector.judging(), self.marks, self.caps)
    }

    /// Parts of about so many endpoints that make up the whole; one where services have to make
    /// room for others, for then what is concluded of one depends on all.
    pub(super) fn all_parts(&self, endpoints: usize) -> Vec<Part> {
        let mut services: BTreeMap<&Arc<str>, usize> = BTreeMap::new();
        for rollup in self.others.iter().chain([&self.own]) {
            for name in rollup.services.keys() {
                services.entry(name).or_default();
            }
            for key in rollup.endpoints.keys() {
                *services.entry(&key.service).or_default() += 1;
            }
        }
        let apart = services.len() <= self.caps.services;
        let mut parts = Vec::new();
        let mut part = Part { clients: Keys::All, ..Part::default() };
        let mut held = 0;
        for (service, count) in services {
            if apart && held >= endpoints {
                parts.push(std::mem::take(&mut part));
                held = 0;
            }
            held += count.max(1);
            part.services.insert(service.clone(), Keys::All);
        }
        parts.push(part);
        parts
    }
}

/// Hands every one of `parts` with what `assess` makes of it to `take`, in whatever order they are
/// done. Where assessing panics, so does the iterator: nothing that is only a part is sealed.
pub(super) fn assessed<T>(
    parts: &[Part],
    assess: impl Fn(&Part) -> Inventory + Sync,
    take: impl FnOnce(&mut dyn Iterator<Item = (&Part, Inventory)>) -> T,
) -> T {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let (next, assess) = (AtomicUsize::new(0), &assess);
    let (done, ready) = bounded(READY_MAX);
    thread::scope(|scope| {
        let assessor = |_| {
            let (done, next) = (done.clone(), &next);
            scope.spawn(move || {
                while let Some(part) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if done.send((part, assess(part))).is_err() {
                        return;
                    }
                }
            })
        };
        let mut assessors: Vec<_> = (0..cores.min(parts.len())).map(assessor).collect();
        drop(done);
        let mut ready = std::iter::from_fn(move || {
            let one = ready.recv().ok();
            if one.is_none() {
                for ended in assessors.drain(..).map(thread::ScopedJoinHandle::join) {
                    ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                }
            }
            one
        });
        // Whatever is left of `ready` goes before the assessors are waited for.
        let taken = take(&mut ready);
        drop(ready);
        taken
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::tests::sample;

    fn part(service: usize) -> Part {
        let mut part = Part::default();
        part.services.insert(service.to_string().into(), Keys::All);
        part
    }

    fn named(part: &Part) -> Inventory {
        let mut inventory = sample::inventory();
        inventory.services.truncate(1);
        for (service, name) in inventory.services.iter_mut().zip(part.services.keys()) {
            service.service = name.to_string();
        }
        inventory
    }

    #[test]
    fn every_part_comes_once_with_its_own() {
        for many in [0, 1, 2, 100] {
            let parts: Vec<Part> = (0..many).map(part).collect();
            let mut names = assessed(&parts, named, |ready| {
                ready
                    .map(|(part, inventory)| {
                        let name = inventory.services.first().map(|s| s.service.clone());
                        assert_eq!(part.services.keys().next().map(ToString::to_string), name);
                        name.and_then(|name| name.parse().ok())
                    })
                    .collect::<Option<Vec<usize>>>()
            })
            .expect("each has a name");
            names.sort_unstable();
            assert_eq!(names, (0..many).collect::<Vec<_>>());
        }
    }

    #[test]
    fn who_takes_no_more_ends_the_work() {
        let parts: Vec<Part> = (0..1000).map(part).collect();
        let begun = AtomicUsize::new(0);
        let counted = |part: &Part| {
            begun.fetch_add(1, Ordering::Relaxed);
            named(part)
        };
        let first = assessed(&parts, counted, |ready| ready.next().map(|(_, i)| i.services.len()));
        assert_eq!(first, Some(1));
        assert!(begun.into_inner() < 1000, "nobody assesses what nobody takes");
    }

    #[test]
    fn a_panic_of_one_is_the_panic_of_all() {
        let parts: Vec<Part> = (0..40).map(part).collect();
        let fails = |part: &Part| match part.services.contains_key("7") {
            true => panic!("it cannot be assessed"),
            false => named(part),
        };
        let caught = std::panic::catch_unwind(|| {
            assessed(&parts, fails, |ready| ready.count());
            // Whoever takes them all never gets here, where a run would be sealed.
        });
        assert!(caught.is_err());
    }
}
