//! `phitap db purge`

use std::fmt::Write as _;

use super::args::PurgeArgs;
use super::config::db_key_and_rules;
use super::exit::{Exit, Failure, tell};
use super::moment::{Way, moment};
use super::queries::print_text;
use super::record::store_failure;
use crate::base::clock;
use crate::detect::Detector;
use crate::inventory::{Caps, Inventory, Marks, Rollup, assess};
use crate::report::text::escaped;
use crate::store::{Loaded, Purge, Purged, Reader, RuleNames, Writer};

/// Removes a service, or what was last seen before a time.
pub fn run(args: &PurgeArgs) -> Result<Exit, Failure> {
    let before = args.before.as_deref();
    let before = before.map(|text| moment("--before", text, (clock::wall(), Way::Back)));
    let service = args.service.as_ref().map(|name| name.to_lowercase());
    let what = match (before.transpose()?, &service) {
        (Some(time), _) => Purge::Before(time),
        (None, Some(service)) => Purge::Service(service),
        (None, None) => return Err(Failure::usage("use db purge: expected --service or --before")),
    };
    let (path, key, detector) =
        db_key_and_rules(&args.store, args.key_file.as_ref(), args.rules.as_ref())?;
    // Opening to write would make a database where there is none.
    drop(Reader::open(&path).map_err(|e| store_failure(&e))?);
    let names = RuleNames::new(detector.rule_names().map(str::to_owned).collect::<Vec<_>>());
    let mut writer = Writer::open(&path, &key.id(), names).map_err(|e| store_failure(&e))?;
    let detector = detector.judging_by(writer.profile().map_err(|e| store_failure(&e))?);
    let caps = Caps::new(key.hasher("caps"));
    let merged = |loaded, marks: &Marks| again(loaded, marks, (&detector, &caps));
    let done = match args.yes {
        true => writer.purge(what, merged),
        false => writer.would_purge(what, merged),
    };
    let purged = done.map_err(|e| store_failure(&e))?;
    writer.close().map_err(|e| store_failure(&e))?;
    let name = match what {
        Purge::Service(service) => format!("service {}", escaped(service)),
        Purge::Before(time) => format!("what was last seen before {time}"),
    };
    if purged.is_nothing() && purged.finishes {
        if args.yes {
            return print_text(&format!(
                "{name}: nothing left to remove; what an earlier purge removed is overwritten now\n"
            ));
        }
        return Err(Failure::usage(format!(
            "remove {name}: nothing is left to remove, but what an earlier purge removed is not \
             overwritten yet; add --yes to do it"
        )));
    }
    if purged.is_nothing() && matches!(what, Purge::Service(_)) {
        return Err(Failure::usage(format!(
            "remove {name}: there is no such service; phitap services lists them"
        )));
    }
    if purged.is_nothing() {
        print_text(&format!("{name}: nothing to remove\n"))?;
        return Ok(Exit::Done);
    }
    if args.yes {
        return print_text(&format!("removed {name}: {}\n", counted(&purged)));
    }
    print_text(&format!("would remove {name}: {}\n", counted(&purged)))?;
    Err(Failure::usage(format!("remove {name}: nothing was removed; add --yes to do it")))
}

/// The inventory, made anew of what runs contributed.
pub fn again(
    loaded: Vec<Loaded>,
    marks: &Marks,
    (detector, caps): (&Detector, &Caps),
) -> Inventory {
    let mut whole = Rollup::default();
    for Loaded { rollup, unknown_rules, .. } in loaded {
        for rule in unknown_rules {
            tell(format!("rule {rule:?} is not loaded (--rules); its classes are not shown"));
        }
        whole.merge(rollup, caps);
    }
    assess(whole, &detector.judging(), marks, caps)
}

fn counted(purged: &Purged) -> String {
    let counts = [
        (purged.runs, "run", "runs"),
        (purged.services, "service", "services"),
        (purged.endpoints, "endpoint", "endpoints"),
        (purged.fields, "field", "fields"),
        (purged.clients, "client", "clients"),
        (purged.findings, "finding", "findings"),
        (purged.decisions, "decision", "decisions"),
        (purged.contributions, "row of single runs", "rows of single runs"),
    ];
    let mut text = String::new();
    for (count, one, many) in counts.into_iter().filter(|(count, ..)| *count > 0) {
        let what = if count == 1 { one } else { many };
        let separator = if text.is_empty() { "" } else { ", " };
        let _ = write!(text, "{separator}{count} {what}");
    }
    text
}
