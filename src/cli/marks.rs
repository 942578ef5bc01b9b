//! `phitap fields mark` and `phitap fields marks`: what people say of fields.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::args::{
    FieldsCommand, Format, MarkArgs, MarkWord, MarkerArgs, MarksArgs, MarksCommand, StoreArgs,
};
use super::config::{db_key_and_rules, db_path};
use super::exit::{Exit, Failure};
use super::filters;
use super::purge::again;
use super::queries::{open, print_text, show};
use super::record::store_failure;
use super::report::write;
use crate::base::number::grouped;
use crate::base::{Timestamp, clock};
use crate::detect::Detector;
use crate::inventory::{Caps, Inventory, Mark, MarkVerdict, MarkedPlace, Marks};
use crate::model::Location;
use crate::report::Column;
use crate::report::text::escaped;
use crate::rules::Place;
use crate::store::words::{direction_name, direction_named, location_named};
use crate::store::{
    MarkChange, Marker, MarksChanged, PastMark, Reader, RuleNames, StoreError, Writer,
};

/// Characters of a reason, a name or a path.
const TEXT_MAX: usize = 2000;

/// Marks, or what is to be known of marks.
pub fn run(command: &FieldsCommand) -> Result<Exit, Failure> {
    match command {
        FieldsCommand::Mark(args) => mark(args),
        FieldsCommand::Marks(args) => match &args.command {
            None => list(args),
            Some(MarksCommand::Export { output, store }) => export(output, store),
            Some(MarksCommand::Import { file, marker }) => import(file, marker),
        },
    }
}

/// A mark in a file, and as it is listed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MarkRow {
    verdict: String,
    class: String,
    field: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    operation: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    direction: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    reason: String,
    author: String,
    /// Wall time; in a file that someone writes it may be left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    set: Option<String>,
    /// Listed only.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    in_force: Option<bool>,
}

/// A file of marks.
#[derive(Debug, Default, Serialize)]
struct MarksWritten {
    mark: Vec<MarkRow>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct MarksRead {
    #[serde(default)]
    mark: Vec<toml::Spanned<MarkRow>>,
}

const COLUMNS: &[Column] = &[
    Column::text("verdict", "VERDICT", 0),
    Column::text("class", "CLASS", 0),
    Column::text("field", "FIELD", 0),
    Column::text("service", "SERVICE", 1),
    Column::text("operation", "OPERATION", 2),
    Column::text("direction", "DIRECTION", 3),
    Column::text("location", "LOCATION", 3),
    Column::text("author", "AUTHOR", 2),
    Column::text("set", "SET", 4),
    Column::text("reason", "REASON", 1),
    Column::hidden("in_force"),
];

fn row(past: &PastMark, listed: bool) -> MarkRow {
    let mark = &past.mark;
    let verdict = if past.withdrawn { "withdrawn" } else { mark.verdict.name() };
    MarkRow {
        verdict: verdict.to_owned(),
        class: mark.class.to_string(),
        field: mark.place.field.clone(),
        service: mark.place.service.clone(),
        operation: mark.place.operation.clone(),
        direction: mark.place.direction.map(|d| direction_name(d).to_owned()),
        location: mark.place.location.map(|l| l.name().to_owned()),
        reason: mark.reason.clone(),
        author: mark.author.clone(),
        set: Some(mark.set_at.to_string()),
        in_force: listed.then_some(past.in_force),
    }
}

fn rows(reader: &Reader, all: bool, listed: bool) -> Result<Vec<MarkRow>, Failure> {
    let past = reader.marks().map_err(|e| store_failure(&e))?;
    Ok(past.iter().filter(|past| all || past.in_force).map(|past| row(past, listed)).collect())
}

fn list(args: &MarksArgs) -> Result<Exit, Failure> {
    let reader = open(&args.output)?;
    let mut rows = rows(&reader, args.history, true)?;
    rows.truncate(args.output.limit.unwrap_or(usize::MAX));
    if rows.is_empty() && args.output.format == Format::Table {
        return print_text("no marks; phitap fields mark makes one\n");
    }
    show(&rows, COLUMNS, &args.output)
}

fn export(output: &Path, store: &StoreArgs) -> Result<Exit, Failure> {
    let reader = Reader::open(&db_path(store)?).map_err(|e| store_failure(&e))?;
    let mut mark = rows(&reader, false, false)?;
    let key = |row: &MarkRow| (row.class.clone(), row.field.clone(), row.set.clone());
    mark.sort_by_key(key);
    let text = toml::to_string(&MarksWritten { mark })
        .map_err(|e| Failure::failed(format!("write marks: {e}")))?;
    write(output, store, &text)?;
    Ok(Exit::Done)
}

/// One mark, from the command line.
fn mark(args: &MarkArgs) -> Result<Exit, Failure> {
    let author = args.author.clone().or_else(login).ok_or_else(|| {
        Failure::usage("use fields mark: expected --author, since no USER says who you are")
    })?;
    let place = MarkedPlace {
        field: args.field.clone(),
        service: args.service.as_ref().map(|name| name.to_lowercase()),
        operation: args.operation.clone(),
        direction: filters::direction(&args.direction)?,
        location: filters::location(&args.location)?,
    };
    let mark = Mark {
        place,
        class: args.class.to_lowercase().into(),
        verdict: if args.verdict == MarkWord::Is { MarkVerdict::Is } else { MarkVerdict::IsNot },
        reason: args.reason.clone(),
        author,
        set_at: now(),
    };
    sensible(&mark).map_err(|why| Failure::usage(format!("use fields mark: {why}")))?;
    let bench = Bench::open(&args.marker)?;
    if args.verdict == MarkWord::Withdraw {
        let change = MarkChange::Withdraw(mark.clone());
        let done = bench.apply(&[change])?;
        if done.changed.missing > 0 {
            return Err(Failure::usage(
                "use fields mark withdraw: there is no such mark; phitap fields marks lists them, \
                 and each is withdrawn with the class and the options it was made with",
            ));
        }
        return print_text(&format!("withdrawn: {}{}\n", told(&mark), done.after()));
    }
    bench.check_class(&mark.class, None)?;
    let done = bench.apply(&[MarkChange::Set(mark.clone())])?;
    print_text(&format!("{}{}\n", told(&mark), done.after_mark(&mark)))
}

/// The time now, as precisely as it is written.
fn now() -> Timestamp {
    Timestamp::from_micros(clock::wall().nanos() / 1000)
}

/// Who is logged in.
fn login() -> Option<String> {
    let named = ["USER", "LOGNAME"].into_iter().filter_map(|name| std::env::var(name).ok());
    named.into_iter().find(|name| !name.trim().is_empty())
}

/// Whether a mark says something.
fn sensible(mark: &Mark) -> Result<(), String> {
    let place = &mark.place;
    let wanted = [("field", &place.field), ("reason", &mark.reason), ("author", &mark.author)];
    for (what, text) in wanted {
        if text.trim().is_empty() {
            return Err(format!("expected a {what}, not nothing"));
        }
    }
    let optional = [&place.service, &place.operation].into_iter().flatten();
    for text in [&place.field, &mark.reason, &mark.author].into_iter().chain(optional) {
        if text.is_empty() {
            return Err("expected a name, not nothing: leave out what may be anything".to_owned());
        }
        if text.chars().count() > TEXT_MAX {
            return Err(format!("expected at most {TEXT_MAX} characters"));
        }
    }
    Ok(())
}

/// `$.id of ehr.example GET /a is not gb.nhs_number`.
fn told(mark: &Mark) -> String {
    let place = &mark.place;
    let mut text = String::new();
    let words = [
        place.direction.map(direction_name),
        place.location.map(Location::name),
        Some(place.field.as_str()),
        Some("of").filter(|_| place.service.is_some() || place.operation.is_some()),
        place.service.as_deref(),
        place.operation.as_deref(),
    ];
    for word in words.into_iter().flatten() {
        let _ = write!(text, "{} ", escaped(word));
    }
    let verb = match mark.verdict {
        MarkVerdict::Is => "is",
        MarkVerdict::IsNot => "is not",
    };
    text + verb + " " + &escaped(&mark.class)
}

fn import(path: &Path, args: &MarkerArgs) -> Result<Exit, Failure> {
    let file = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|e| Failure::usage(format!("read marks from {file}: {e}")))?;
    let line_of = |at: usize| text.get(..at).unwrap_or_default().matches('\n').count() + 1;
    let read: MarksRead = toml::from_str(&text).map_err(|e| {
        let at = e.span().map_or(0, |span| span.start);
        let key = Place::of(&text, at).key.map(|key| format!(", key {key}")).unwrap_or_default();
        let why = e.message().replace('\n', " ");
        Failure::usage(format!("read marks from {file}, line {}{key}: {why}", line_of(at)))
    })?;
    let bench = Bench::open(args)?;
    let mut changes = Vec::new();
    for row in &read.mark {
        let line = line_of(row.span().start);
        let refuse = |why| Failure::usage(format!("use marks of {file}, line {line}: {why}"));
        let mark = mark_of(row.get_ref()).map_err(refuse)?;
        bench.check_class(&mark.class, Some(&format!("{file}, line {line}")))?;
        changes.push(MarkChange::SetUnlessLater(mark));
    }
    let done = bench.apply(&changes)?;
    let counts = [
        (done.changed.new, "new"),
        (done.changed.replaced, "replaced"),
        (done.changed.unchanged, "unchanged"),
        (done.changed.older, "left out for a later one"),
    ];
    let counts = counts.into_iter().filter(|(n, _)| *n > 0);
    let counts: Vec<String> = counts.map(|(n, what)| format!("{} {what}", grouped(n))).collect();
    let counts = if counts.is_empty() { "no marks in it".to_owned() } else { counts.join(", ") };
    print_text(&format!("{file}: {counts}{}\n", done.after()))
}

fn mark_of(row: &MarkRow) -> Result<Mark, String> {
    let direction = row.direction.as_deref();
    let location = row.location.as_deref();
    let named = |what: &str, text: Option<&str>| format!("{what}: {text:?} is none");
    let mark = Mark {
        place: MarkedPlace {
            field: row.field.clone(),
            service: row.service.as_ref().map(|name| name.to_lowercase()),
            operation: row.operation.clone(),
            direction: match direction {
                Some(name) => {
                    Some(direction_named(name).ok_or_else(|| named("direction", direction))?)
                }
                None => None,
            },
            location: match location {
                Some(name) => {
                    Some(location_named(name).ok_or_else(|| named("location", location))?)
                }
                None => None,
            },
        },
        class: row.class.to_lowercase().into(),
        verdict: MarkVerdict::named(&row.verdict).ok_or("verdict: expected is or is-not")?,
        reason: row.reason.clone(),
        author: row.author.clone(),
        set_at: match &row.set {
            Some(text) => Timestamp::parse(text).ok_or("set: expected a time (RFC 3339)")?,
            None => now(),
        },
    };
    sensible(&mark).map(|()| mark)
}

/// What marks are made with: the database, its key and the rules.
struct Bench {
    db: std::path::PathBuf,
    key: crate::base::InstallationKey,
    detector: Detector,
    before: Inventory,
    known: BTreeSet<String>,
}

/// What came of marks.
struct Applied {
    changed: MarksChanged,
    before: Inventory,
    /// Absent where a sensor is writing, which then applies them.
    after: Option<Inventory>,
}

impl Bench {
    fn open(args: &MarkerArgs) -> Result<Bench, Failure> {
        let (db, key, detector) =
            db_key_and_rules(&args.store, args.key_file.as_ref(), args.rules.as_ref())?;
        let reader = Reader::open(&db).map_err(|e| store_failure(&e))?;
        let before = reader.inventory().map_err(|e| store_failure(&e))?;
        let marked = reader.marks().map_err(|e| store_failure(&e))?;
        let mut known: BTreeSet<String> =
            detector.classes().into_iter().map(str::to_owned).collect();
        let seen = before.endpoints.iter().flat_map(|e| &e.data_classes);
        known.extend(seen.map(|(_, class)| class.class.clone()));
        known.extend(marked.into_iter().map(|past| past.mark.class.to_string()));
        Ok(Bench { db, key, detector, before, known })
    }

    /// Whether the rules can give `class`, or something in the database has it.
    fn check_class(&self, class: &str, place: Option<&str>) -> Result<(), Failure> {
        let known: Vec<&str> = self.known.iter().map(String::as_str).collect();
        filters::known_class(class, &known).map_err(|mut failure| {
            if let Some(place) = place {
                let why = failure.message.trim_start_matches("use --class: ");
                failure.message = format!("use marks of {place}: class: {why}");
            }
            failure
        })
    }

    /// Stores marks and makes the inventory anew, unless a sensor is writing.
    fn apply(self, changes: &[MarkChange]) -> Result<Applied, Failure> {
        let Bench { db, key, detector, before, .. } = self;
        let names = RuleNames::new(detector.rule_names().map(str::to_owned).collect::<Vec<_>>());
        let mut writer = match Writer::open(&db, &key.id(), names) {
            Err(StoreError::Busy { .. }) => {
                let mut marker = Marker::open(&db).map_err(|e| store_failure(&e))?;
                let changed = marker.store(changes).map_err(|e| store_failure(&e))?;
                return Ok(Applied { changed, before, after: None });
            }
            opened => opened.map_err(|e| store_failure(&e))?,
        };
        let profile = writer.profile().map_err(|e| store_failure(&e))?;
        let detector = detector.judging_by(profile);
        let caps = Caps::new(key.hasher("caps"));
        let mut after = None;
        let assess =
            |loaded, marks: &Marks| after.insert(again(loaded, marks, (&detector, &caps))).clone();
        let changed = writer.mark(changes, assess).map_err(|e| store_failure(&e))?;
        writer.close().map_err(|e| store_failure(&e))?;
        Ok(Applied { changed, before, after })
    }
}

impl Applied {
    /// What changed in the inventory.
    fn after(&self) -> String {
        let Some(after) = &self.after else {
            return "\na sensor is writing to the database; it applies this with what it \
                    publishes next"
                .to_owned();
        };
        let ids = |inventory: &Inventory| -> BTreeSet<String> {
            inventory.findings.iter().map(|finding| finding.id.clone()).collect()
        };
        let (old, new) = (ids(&self.before), ids(after));
        let counts =
            [(old.difference(&new).count(), "gone"), (new.difference(&old).count(), "new")];
        let mut text = String::new();
        for (n, what) in counts.into_iter().filter(|(n, _)| *n > 0) {
            let noun = if n == 1 { "finding" } else { "findings" };
            let _ = write!(text, "; {} {noun} {what}", grouped(n as u64));
        }
        text
    }

    /// The same, and how many fields the mark covers.
    fn after_mark(&self, mark: &Mark) -> String {
        let inventory = self.after.as_ref().unwrap_or(&self.before);
        let place = &mark.place;
        let covered = inventory
            .endpoints
            .iter()
            .filter(|e| place.covers_operation(&e.service, &e.operation))
            .flat_map(|e| &e.fields)
            .filter(|f| place.covers_field(f.direction, f.location, &f.field))
            .count();
        let covers = match covered {
            0 => "; it matches no field of the inventory, and will apply where one is seen"
                .to_owned(),
            1 => "; 1 field".to_owned(),
            n => format!("; {} fields", grouped(n as u64)),
        };
        covers + &self.after()
    }
}
