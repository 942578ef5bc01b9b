//! What earlier runs have of the captures that a replay names.

use std::collections::BTreeMap;

use super::args::ReplayArgs;
use super::exit::{Exit, Failure, tell};
use super::record::store_failure;
use crate::base::StableHasher;
use crate::capture::Input;

use crate::store::{
    Earlier, InputIdentity, InputPlan, Passed, Plan, RunFilter, RunId, Stays, Writer,
};

/// What becomes of the captures in `readable`, read through `filter`.
pub(super) fn plan(
    readable: &[(Input, Option<InputIdentity>)],
    writer: &Writer,
    hasher: &StableHasher,
    filter: Option<&str>,
) -> Result<Plan, Failure> {
    let identities: Vec<Option<InputIdentity>> = readable.iter().map(|(_, i)| *i).collect();
    let grown = grown(readable, writer, hasher)?;
    let earlier = Earlier { grown, filter: filter.map(str::to_owned), only_reads_on: false };
    writer.plan(&identities, &earlier).map_err(|e| store_failure(&e))
}

/// Says which runs stay although they hold a part of what was named.
pub(super) fn tell_kept(kept: &[(RunId, Stays)], filter: Option<&str>) -> Exit {
    let mut exit = Exit::Done;
    for (run, Stays { with, shown, others, twice }) in kept {
        let others = match others.as_slice() {
            [] => None,
            [one] => Some(one.clone()),
            [one, two] => Some(format!("{one} and {two}")),
            [one, rest @ ..] => Some(format!("{one} and {} other files", rest.len())),
        };
        let beside = others.as_ref().map(|others| format!(", and {others}")).unwrap_or_default();
        let named = others.map(|others| format!("name {others}, too"));
        let unfiltered = (!shown).then(|| "replay without a filter".to_owned());
        let helps: Vec<String> = unfiltered.into_iter().chain(named).collect();
        let helps = helps.join(" and ");
        if !twice {
            tell(format!(
                "run {run} has read a part of what was named{beside}: it stays, and what is new \
                 is read on behind it; {helps} to have all of it read as one"
            ));
            continue;
        }
        exit = Exit::Incomplete;
        let with = match with {
            RunFilter::None => "without a filter".to_owned(),
            RunFilter::Text(text) => format!("with the filter {text:?}"),
            RunFilter::Unknown => "with a filter that was not kept".to_owned(),
        };
        let passes = if filter.is_some() { "both filters" } else { "it" };
        tell(format!(
            "run {run} has read a part of what is read now{beside}, {with}: it stays, and what \
             passes {passes} is counted twice; {helps} to have all of it once"
        ));
    }
    exit
}

/// Which files have grown since they were read: how each is known now, and how its beginning was.
fn grown(
    readable: &[(Input, Option<InputIdentity>)],
    writer: &Writer,
    hasher: &StableHasher,
) -> Result<BTreeMap<InputIdentity, Vec<InputIdentity>>, Failure> {
    let mut grown = BTreeMap::new();
    for (input, identity) in readable {
        let Some(now) = identity else { continue };
        let name = input.name();
        let name = name.rsplit('/').next().unwrap_or(&name);
        let before = writer.beginnings(now, name).map_err(|e| store_failure(&e))?;
        let is_beginning = |before: &InputIdentity| {
            input.identity_of_first(before.size, hasher).is_some_and(|first| first.is(before))
        };
        grown.insert(*now, before.into_iter().filter(is_beginning).collect());
    }
    Ok(grown)
}

/// A capture that is to be read.
pub(super) struct ToRead {
    pub(super) input: Input,
    pub(super) identity: Option<InputIdentity>,
    /// What earlier runs have of its beginning.
    pub(super) before: Passed,
}

/// What is to be read; says what is not, and why.
pub(super) fn to_read(
    readable: Vec<(Input, Option<InputIdentity>)>,
    plan: &[InputPlan],
    args: &ReplayArgs,
) -> Vec<ToRead> {
    let names: Vec<String> = readable.iter().map(|(input, _)| input.name()).collect();
    let mut todo = Vec::new();
    for ((input, identity), plan) in readable.into_iter().zip(plan) {
        let (name, mut before) = (input.name(), Passed::default());
        match plan {
            _ if args.again => {}
            // Whoever counts again what was read one by one has it twice.
            InputPlan::Skip(run) if args.merge => {
                tell(format!(
                    "{name} is in the inventory already (run {run}); to have it read with others \
                     at once, name another database with --db"
                ));
                continue;
            }
            InputPlan::Skip(run) => {
                tell(format!(
                    "{name} is in the inventory already (run {run}); --again counts it again"
                ));
                continue;
            }
            InputPlan::Twice(first) => {
                match names.get(*first).filter(|first| **first != name) {
                    Some(first) => {
                        tell(format!("{name} is the same capture as {first}; it is read once"));
                    }
                    None => tell(format!("{name} was named twice; it is read once")),
                }
                continue;
            }
            InputPlan::ReadOn(run, passed) => {
                tell(format!(
                    "{name}: its first {} packets are in the inventory already (run {run}); \
                     it is read on behind them",
                    passed.packets
                ));
                before = *passed;
            }
            InputPlan::Read | InputPlan::Replace(_) => {}
        }
        todo.push(ToRead { input, identity, before });
    }
    todo
}
