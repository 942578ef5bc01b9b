//! `phitap findings set`

use std::fmt::Write as _;

use super::args::{Decision, FindingsSetArgs};
use super::config::db_path;
use super::exit::{Exit, Failure};
use super::moment::{Way, moment};
use super::queries::print_text;
use super::record::store_failure;
use crate::base::clock;
use crate::report::text::escaped;
use crate::store::{FindingState, Triage, TriageDecision, TriageState};

/// Records what was decided about a finding.
pub fn set(args: &FindingsSetArgs) -> Result<Exit, Failure> {
    let now = clock::wall();
    if args.reason.trim().is_empty() {
        return Err(Failure::usage("use --reason: expected why it was decided so, not nothing"));
    }
    let until = args.until.as_deref().map(|text| moment("--until", text, (now, Way::Ahead)));
    let until = until.transpose()?;
    if let Some(until) = until.filter(|until| *until <= now) {
        return Err(Failure::usage(format!("use --until: expected a time to come, not {until}")));
    }
    let state = state(args.state);
    let decision = FindingState {
        state,
        reason: Some(args.reason.clone()),
        owner: args.owner.clone(),
        until,
        set_at: now,
        count: None,
    };
    let mut triage = Triage::open(&db_path(&args.store)?).map_err(|e| store_failure(&e))?;
    triage.set(&TriageDecision { finding: &args.id, decision }).map_err(|e| store_failure(&e))?;
    let mut said = format!("{} is {}", escaped(&args.id), state.name());
    if let Some(until) = until {
        let _ = write!(said, " until {until}");
    }
    print_text(&(said + "\n"))
}

fn state(decision: Decision) -> TriageState {
    match decision {
        Decision::New => TriageState::New,
        Decision::Acknowledged => TriageState::Acknowledged,
        Decision::FalsePositive => TriageState::FalsePositive,
        Decision::Accepted => TriageState::Accepted,
        Decision::Resolved => TriageState::Resolved,
    }
}
