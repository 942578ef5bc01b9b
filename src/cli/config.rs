//! What the configuration file says, and what follows from it and the command line together.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use serde::Deserialize;

use super::args::{RecordArgs, StoreArgs};
use super::exit::Failure;
use crate::base::{InstallationKey, limits};
use crate::detect::Detector;
use crate::flow::FlowConfig;
use crate::model::Severity;
use crate::rules::{Place, RulePack};

/// The database when nobody names one.
pub const DEFAULT_DB: &str = "phitap.db";
const DEFAULT_MEMORY: u64 = 512 * 1024 * 1024;
/// Less than this and one large message could not be reassembled.
const MEMORY_MIN: u64 = 16 * 1024 * 1024;

/// The keys of a configuration file; the names are those of the options.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ConfigFile {
    db: Option<PathBuf>,
    key_file: Option<PathBuf>,
    rules: Option<PathBuf>,
    workers: Option<usize>,
    memory: Option<String>,
    events: Option<PathBuf>,
    fail_on: Option<Severity>,
    filter: Option<String>,
}

/// Everything a run needs, checked.
pub struct RecordSettings {
    /// The database.
    pub db: PathBuf,
    /// The key.
    pub key: InstallationKey,
    /// The rules.
    pub detector: Arc<Detector>,
    /// Worker threads.
    pub workers: usize,
    /// Settings of each worker's flow table.
    pub flows: FlowConfig,
    /// Where events go.
    pub events: Option<PathBuf>,
    /// From which severity on the exit code is 1.
    pub fail_on: Option<Severity>,
    /// The filter of the configuration file.
    pub filter: Option<String>,
}

/// The database that is meant: the option's, else the environment's, else the configuration
/// file's, else the default.
pub fn db_path(store: &StoreArgs) -> Result<PathBuf, Failure> {
    ConfigFile::of(store).map(|file| file.db_of(store))
}

impl RecordSettings {
    /// Reads the configuration file, the rules and the key.
    pub fn resolve(args: &RecordArgs) -> Result<Self, Failure> {
        let file = ConfigFile::of(&args.store)?;
        let db = file.db_of(&args.store);
        let memory = args.memory.as_deref().or(file.memory.as_deref());
        let memory = memory.map_or(Ok(DEFAULT_MEMORY), |text| size("--memory", text))?;
        if memory < MEMORY_MIN {
            return Err(Failure::usage("use --memory: expected at least 16M"));
        }
        let workers = args.workers.or(file.workers).unwrap_or_else(default_workers);
        if workers > 256 {
            return Err(Failure::usage("use --workers: expected 0 to 256"));
        }
        let detector = load_rules(args.rules.as_deref().or(file.rules.as_deref()))?;
        let key = load_key(args.key_file.as_deref().or(file.key_file.as_deref()))?;
        Ok(RecordSettings {
            db,
            key,
            detector,
            workers,
            flows: flow_config(memory, workers),
            events: args.events.clone().or(file.events),
            fail_on: args.fail_on.or(file.fail_on),
            filter: file.filter,
        })
    }
}

/// The database, its key and the rules, for what changes a database without reading traffic.
pub fn db_key_and_rules(
    store: &StoreArgs,
    key_file: Option<&Path>,
    rules: Option<&Path>,
) -> Result<(PathBuf, InstallationKey, Arc<Detector>), Failure> {
    let file = ConfigFile::of(store)?;
    let detector = load_rules(rules.or(file.rules.as_deref()))?;
    let key = load_key(key_file.or(file.key_file.as_deref()))?;
    Ok((file.db_of(store), key, detector))
}

fn load_key(named: Option<&Path>) -> Result<InstallationKey, Failure> {
    let path = match named {
        Some(path) => path.to_path_buf(),
        None => InstallationKey::default_path().map_err(Failure::usage)?,
    };
    InstallationKey::load_or_make(&path).map_err(Failure::usage)
}

impl ConfigFile {
    /// The file that is named; without one, no key is set.
    fn of(store: &StoreArgs) -> Result<Self, Failure> {
        store.config.as_deref().map_or_else(|| Ok(ConfigFile::default()), ConfigFile::read)
    }

    /// `store.db` holds the variable `PHITAP_DB` where the option was not given.
    fn db_of(&self, store: &StoreArgs) -> PathBuf {
        let named = store.db.as_ref().or(self.db.as_ref());
        named.map_or_else(|| DEFAULT_DB.into(), Clone::clone)
    }

    fn read(path: &Path) -> Result<Self, Failure> {
        let told = |e: &dyn std::fmt::Display| {
            Failure::usage(format!("read configuration {}: {e}", path.display()))
        };
        let text = std::fs::read_to_string(path).map_err(|e| told(&e))?;
        toml::from_str(&text).map_err(|e| {
            let at = e.span().map_or(0, |span| span.start);
            let line = text.get(..at).unwrap_or("").matches('\n').count() + 1;
            let place = Place::of(&text, at);
            told(&format!("line {line}{place}: {}", e.message().replace('\n', " ")))
        })
    }
}

/// The built-in rules with those of a folder.
pub fn load_pack(folder: Option<&Path>) -> Result<RulePack, Failure> {
    let mut pack = RulePack::builtin();
    if let Some(folder) = folder {
        pack.extend(RulePack::load_dir(folder).map_err(Failure::usage)?);
        pack.check_off().map_err(Failure::usage)?;
    }
    Ok(pack)
}

/// The same, compiled.
pub fn load_rules(folder: Option<&Path>) -> Result<Arc<Detector>, Failure> {
    let pack = load_pack(folder)?;
    Ok(Arc::new(Detector::compile(&pack).map_err(Failure::usage)?))
}

/// The capture thread and the writer need a share of a core, too.
fn default_workers() -> usize {
    thread::available_parallelism().map_or(1, |n| n.get().saturating_sub(1)).clamp(1, 16)
}

/// A quarter of the budget holds out-of-order data, half of it flows, the rest is for parsers.
fn flow_config(memory: u64, workers: usize) -> FlowConfig {
    let share = memory / workers.max(1) as u64;
    let usize_of = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    let per_table = usize_of(share / 4);
    FlowConfig {
        flows_max: usize_of(share / 2 / limits::FLOW_BYTES).min(limits::FLOWS_MAX),
        bytes_per_table: per_table,
        bytes_per_stream: limits::REASSEMBLY_BYTES_PER_STREAM.min(per_table),
        ..FlowConfig::default()
    }
}

/// `512M` in bytes.
pub fn size(option: &str, text: &str) -> Result<u64, Failure> {
    let bad = || Failure::usage(format!("use {option}: expected a size such as 64M, not {text:?}"));
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.get(digits.len()..).unwrap_or("").to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        _ => return Err(bad()),
    };
    digits.parse::<u64>().ok().and_then(|n| n.checked_mul(unit)).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(size("--memory", "512M").unwrap(), 512 << 20);
        assert_eq!(size("--memory", "1GiB").unwrap(), 1 << 30);
        assert_eq!(size("--memory", "1000").unwrap(), 1000);
        for bad in ["", "M", "12X", "-1M", "99999999999999G"] {
            assert!(size("--memory", bad).is_err(), "{bad}");
        }
    }
}
