//! `phitap rules`

use std::fmt::Write as _;
use std::path::PathBuf;

use serde::Serialize;

use super::args::{Format, RulesArgs, RulesCommand};
use super::config::load_pack;
use super::exit::{Exit, Failure, tell};
use super::import;
use super::queries::{print_text, show_records};
use crate::detect::Detector;
use crate::report::{Column, Record};
use crate::rules::{Rule, RuleError, RulePack};

/// Lists, checks or tests rules.
pub fn run(args: &RulesArgs) -> Result<Exit, Failure> {
    match &args.command {
        RulesCommand::List { rules, format } => list(rules.as_deref(), *format),
        RulesCommand::Check { paths } => check(paths),
        RulesCommand::Import { paths, output } => import::run(paths, output),
        RulesCommand::Test { rules } => test(rules.as_deref()),
    }
}

#[derive(Serialize)]
struct RuleRow<'a> {
    rule: &'a str,
    class: &'a str,
    country: Option<&'a str>,
    hipaa: Option<&'a str>,
    gdpr: Option<&'a str>,
    description: &'a str,
    check: Option<&'a str>,
    references: &'a [String],
    file: &'a str,
    line: Option<usize>,
}

/// In place of a rule, where only the place in a document tells a class.
const BY_PLACE: &str = "(by place)";

const COLUMNS: &[Column] = &[
    Column::text("rule", "RULE", 0),
    Column::text("class", "CLASS", 0).or_below(),
    Column::text("country", "COUNTRY", 0),
    Column::text("hipaa", "HIPAA", 0),
    Column::text("gdpr", "GDPR", 0),
    Column::text("check", "CHECK", 0).or_below(),
    Column::text("references", "SOURCE", 0).or_below(),
    Column::text("description", "DESCRIPTION", 3),
    Column::text("file", "FILE", 5),
    Column::hidden("line"),
];

fn list(folder: Option<&std::path::Path>, format: Format) -> Result<Exit, Failure> {
    let pack = load_pack(folder)?;
    let rules = pack.rules().iter().map(|rule| RuleRow {
        rule: rule.id(),
        class: &rule.class,
        country: rule.country(),
        hipaa: of_class(&pack, rule, |rule| rule.hipaa.as_deref()),
        gdpr: of_class(&pack, rule, |rule| rule.gdpr.as_deref()),
        description: &rule.description,
        check: rule.check.as_deref(),
        references: &rule.references,
        file: rule.file(),
        line: Some(rule.line()),
    });
    let by_place = pack.fhir().classes.iter().map(|(class, known)| RuleRow {
        rule: BY_PLACE,
        class,
        country: None,
        hipaa: known.hipaa.as_deref(),
        gdpr: known.gdpr.as_deref(),
        description: &known.description,
        check: None,
        references: &known.references,
        file: "fields/classes.toml",
        line: None,
    });
    let rows: Vec<RuleRow<'_>> = rules.chain(by_place).collect();
    let records = Record::all(&rows).map_err(Failure::failed)?;
    show_records(&records, COLUMNS, format)
}

/// What the rule says, or else another of the same class: the class is what is classified.
fn of_class<'a>(
    pack: &'a RulePack,
    rule: &'a Rule,
    said: impl Fn(&'a Rule) -> Option<&'a str>,
) -> Option<&'a str> {
    let others = pack.rules().iter().filter(|other| other.class == rule.class);
    std::iter::once(rule).chain(others).find_map(said)
}

fn check(paths: &[PathBuf]) -> Result<Exit, Failure> {
    let mut problems = 0;
    for path in paths {
        let load = || -> Result<usize, RuleError> {
            let added = match path.is_dir() {
                true => RulePack::load_dir(path)?,
                false => RulePack::load_file(path)?,
            };
            let count = added.rules().len();
            let mut pack = RulePack::builtin();
            pack.extend(added);
            pack.check_off()?;
            Detector::compile(&pack)?;
            Ok(count)
        };
        match load() {
            Ok(count) => {
                print_text(&format!("{}: {count} rules, ok\n", path.display()))?;
            }
            Err(error) => {
                problems += 1;
                tell(format!("failed to {error}"));
            }
        }
    }
    Ok(if problems == 0 { Exit::Done } else { Exit::Usage })
}

/// Compiling runs every example; a rule whose examples do not hold is refused.
fn test(folder: Option<&std::path::Path>) -> Result<Exit, Failure> {
    let pack = load_pack(folder)?;
    // Built-in rules, too: `Detector::builtin` leaves their examples out.
    Detector::compile(&pack).map_err(Failure::usage)?;
    let mut text = String::new();
    for rule in pack.rules() {
        let (matches, rejects) = (rule.examples.matches.len(), rule.examples.rejects.len());
        let _ = writeln!(text, "{}: {matches} matches, {rejects} rejects, ok", rule.id());
    }
    let _ = writeln!(text, "{} rules hold", pack.rules().len());
    print_text(&text)
}
