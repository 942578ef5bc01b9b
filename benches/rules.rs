//! FHIR JSON through walker and detector, every value inspected anew, by the number of rules: 20
//! to 200 of the built-in ones, all of them, and these with the rules of a folder beside them; and
//! 20, 200 and all of them as analysis asks them, which remembers what was said of the values of a
//! document.
//!
//! `cargo bench --bench rules`; `PHITAP_BENCH_RULES=DIR` names the folder. Times are the best of
//! interleaved rounds. On a busy machine instructions say more: `scripts/bench-rules` counts them.

#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "it times, and tells")]

use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use phitap::analysis::values::Values;
use phitap::base::InstallationKey;
use phitap::content::{BodyPlan, BodyWalker, FieldSink, PathId, PathTable};
use phitap::detect::Detector;
use phitap::model::Value;
use phitap::rules::RulePack;

mod fhir;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ENTRIES: u64 = 2000;
const ROUNDS: usize = 40;
/// Numbers of rules that are compared; the first is what the others are held to.
const COUNTS: [usize; 4] = [20, 50, 100, 200];

/// Inspects every field, as analysis does with values it has not seen; none without a detector.
struct Inspector<'a> {
    detector: Option<&'a Detector>,
    found: u64,
}

impl FieldSink for Inspector<'_> {
    fn field(&mut self, _: &PathTable, _: PathId, value: Value<'_>) {
        self.found += match self.detector {
            Some(detector) => {
                u64::from(!detector.inspect(value.kind, value.bytes).outcome.is_empty())
            }
            None => u64::from(value.continued),
        };
    }
}

/// Asks as analysis does: what the rules say of a value that comes again is looked up.
struct Remembering<'a> {
    values: &'a mut Values,
    found: u64,
}

impl FieldSink for Remembering<'_> {
    fn field(&mut self, _: &PathTable, _: PathId, value: Value<'_>) {
        let looked = self.values.look(&value, false);
        self.found += u64::from(looked.hash != 0);
    }
}

/// One way to go through the bundle.
struct Row {
    name: String,
    /// How many rules it has, of those that are compared.
    count: usize,
    detector: Option<Arc<Detector>>,
    /// Whether values are remembered.
    remembers: bool,
    best: Duration,
}

fn main() -> Result<(), Box<dyn Error>> {
    let json = fhir::bundle(ENTRIES).into_bytes();
    let before = fhir::bundle_of(ENTRIES, 20_261_123).into_bytes();
    let wanted = std::env::args().skip(1).find(|arg| arg.starts_with("only="));
    let mut rows = rows()?;
    if let Some(name) = wanted.as_deref().and_then(|arg| arg.strip_prefix("only=")) {
        let row = rows.iter().find(|row| row.name == name).ok_or("no row has that name")?;
        let found = match values(row, &before) {
            Some(mut values) => asked(&json, &mut values),
            None => through(&json, row.detector.as_deref()),
        };
        println!("{} bytes, {found} values found", json.len());
        return Ok(());
    }
    for _ in 0..ROUNDS {
        for row in &mut rows {
            let values = values(row, &before);
            let start = Instant::now();
            black_box(match values {
                Some(mut values) => asked(&json, &mut values),
                None => through(&json, row.detector.as_deref()),
            });
            row.best = row.best.min(start.elapsed());
        }
    }
    // Each way of asking is held to itself.
    let base = |remembers: bool| {
        let of_20 = rows.iter().find(|row| row.count == COUNTS[0] && row.remembers == remembers);
        of_20.map(|row| row.best).unwrap_or_default().as_secs_f64()
    };
    println!(
        "{} bytes of FHIR\n{:<24} {:>9} {:>8} {:>12}",
        json.len(),
        "rules",
        "ms",
        "GB/s",
        "against 20"
    );
    for Row { name, best, remembers, .. } in &rows {
        let seconds = best.as_secs_f64();
        let speed = json.len() as f64 / seconds / 1e9;
        let more = (seconds / base(*remembers) - 1.0) * 100.0;
        println!("{name:<24} {:>9.2} {speed:>8.3} {more:>+10.0} %", seconds * 1e3);
    }
    Ok(())
}

fn rows() -> Result<Vec<Row>, Box<dyn Error>> {
    let row = |name: String, pack: Option<&RulePack>| -> Result<Row, Box<dyn Error>> {
        let count = name.parse().unwrap_or(0);
        let detector = pack.map(Detector::compile).transpose()?.map(Arc::new);
        Ok(Row { name, count, detector, remembers: false, best: Duration::MAX })
    };
    let all = RulePack::builtin();
    let mut rows = vec![row("walked-alone".to_owned(), None)?];
    for count in COUNTS {
        let fits = count <= all.rules().len();
        let pack = first(&all, count)?;
        // Examples of some rules hold only beside others of their class: such a row is left out.
        match row(count.to_string(), Some(&pack)) {
            Ok(row) if fits => rows.push(row),
            Ok(_) => println!("{count} rules: there are fewer"),
            Err(error) => println!("{count} rules: left out: {error}"),
        }
    }
    rows.push(row("all".to_owned(), Some(&all))?);
    for count in [COUNTS[0], COUNTS[3]] {
        let name = format!("{count}-as-analysis");
        let row = row(count.to_string(), Some(&first(&all, count)?))?;
        rows.push(Row { remembers: true, name, ..row });
    }
    rows.push(Row { remembers: true, ..row("all-as-analysis".to_owned(), Some(&all))? });
    if let Some(dir) = std::env::var_os("PHITAP_BENCH_RULES") {
        let mut more = all.clone();
        more.extend(RulePack::load_dir(Path::new(&dir))?);
        rows.push(row("all-and-folder".to_owned(), Some(&more))?);
    }
    Ok(rows)
}

/// The built-in rules without all but `count`, taken evenly over the pack, and its tables.
fn first(all: &RulePack, count: usize) -> Result<RulePack, Box<dyn Error>> {
    let rules = all.rules();
    let stays = |at: usize| (at * count) / rules.len() != ((at + 1) * count) / rules.len();
    let gone = rules.iter().enumerate().filter(|(at, _)| !stays(*at));
    let gone: Vec<String> = gone.map(|(_, rule)| format!("{:?}", rule.id())).collect();
    let mut pack = all.clone();
    pack.extend(RulePack::parse("off.toml", &format!("off = [{}]", gone.join(", ")))?);
    Ok(pack)
}

/// A memory of what was said of another document, where the row has one.
fn values(row: &Row, before: &[u8]) -> Option<Values> {
    let detector = row.detector.as_ref().filter(|_| row.remembers).map(Arc::clone)?;
    let mut values = Values::new(detector, &InstallationKey::from_bytes([7; 32]));
    black_box(remembering(before, &mut values));
    Some(values)
}

/// The same as [`through`], with a memory; its name is what instructions are counted in.
#[inline(never)]
fn asked(json: &[u8], values: &mut Values) -> u64 {
    remembering(json, values)
}

#[inline(never)]
fn remembering(json: &[u8], values: &mut Values) -> u64 {
    let plan = BodyPlan::from_headers(Some(b"application/fhir+json"), None);
    let mut paths = PathTable::new(Box::new(|_: &[u8]| true));
    let mut sink = Remembering { values, found: 0 };
    let mut walker = BodyWalker::new(plan);
    walker.push(json, &mut paths, &mut sink);
    walker.finish(&mut paths, &mut sink);
    sink.found
}

/// Walks the bundle once; its name is what instructions are counted in.
#[inline(never)]
fn through(json: &[u8], detector: Option<&Detector>) -> u64 {
    let plan = BodyPlan::from_headers(Some(b"application/fhir+json"), None);
    let mut paths = PathTable::new(Box::new(|_: &[u8]| true));
    let mut sink = Inspector { detector, found: 0 };
    let mut walker = BodyWalker::new(plan);
    walker.push(json, &mut paths, &mut sink);
    walker.finish(&mut paths, &mut sink);
    sink.found
}
