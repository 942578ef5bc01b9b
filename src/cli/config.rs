//! What the configuration file says, and what follows from it and the command line together.

use std::fmt::{self, Display};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use serde::Deserialize;

use super::args::{RecordArgs, StoreArgs, TunnelArgs};
use super::exit::{Failure, tell};
use super::outputs::{Kept, is_stream, spare_precious};
use super::tunnel_args;
use crate::base::{InstallationKey, KeyError, limits};
use crate::decode::TunnelPorts;
use crate::detect::{Detector, Profile};
use crate::model::Severity;
use crate::rules::{Place, RulePack};
use crate::store::{self, StoreError};

/// The database when nobody names one.
pub const DEFAULT_DB: &str = "phitap.db";
/// Less than this and one large message could not be reassembled.
/// More threads than this share queues, not work.
const WORKERS_MAX: usize = 256;

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
    vxlan_port: Option<Vec<u16>>,
    geneve_port: Option<Vec<u16>>,
    profile: Option<String>,
    /// The file itself.
    #[serde(skip)]
    path: PathBuf,
}

/// Where a setting comes from, so that what is wrong with it is told there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An option: `--memory`.
    Option(&'static str),
    /// A key of the configuration file.
    Key {
        /// The key.
        key: &'static str,
        /// The file.
        file: PathBuf,
    },
}

impl Origin {
    /// A setting that cannot be used, and why: one line.
    pub fn refuse(&self, why: impl Display) -> Failure {
        Failure::usage(format!("use {self}: {why}"))
    }

    /// A failure that already says what was meant: it is told with the file it comes from.
    pub fn explain(&self, mut failure: Failure) -> Failure {
        if let Origin::Key { .. } = self {
            failure.message = format!("use {self}: {}", failure.message);
        }
        failure
    }
}

impl Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Option(name) => f.write_str(name),
            Origin::Key { key, file } => {
                write!(f, "key {key} of configuration {}", file.display())
            }
        }
    }
}

/// A setting and where it comes from.
#[derive(Clone, Debug)]
pub struct Said<T> {
    /// What is wanted.
    pub value: T,
    /// Who wants it.
    pub origin: Origin,
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
    /// The memory budget, in bytes.
    pub memory: u64,
    /// Where events go.
    pub events: Option<Said<PathBuf>>,
    /// From which severity on the exit code is 1.
    pub fail_on: Option<Severity>,
    /// The filter of the configuration file.
    pub filter: Option<Said<String>>,
    /// Ports of tunnels.
    pub tunnels: TunnelPorts,
}

/// The database that is meant: the option's, else the environment's, else the configuration
/// file's, else the default.
pub fn db_path(store: &StoreArgs) -> Result<PathBuf, Failure> {
    ConfigFile::of(store)?.db_of(store)
}

/// The folder of rules that the configuration file names.
pub fn rules_folder(store: &StoreArgs) -> Result<Option<Said<PathBuf>>, Failure> {
    let file = ConfigFile::of(store)?;
    file.path_said(None, file.rules.as_ref(), ("--rules", "rules"))
}

impl RecordSettings {
    /// Reads the configuration file, the rules and the key. `inputs` are the files that will be
    /// read: no event is written to one of them, nor to any other file that is in use.
    pub fn resolve(args: &RecordArgs, inputs: &[PathBuf]) -> Result<Self, Failure> {
        let file = ConfigFile::of(&args.store)?;
        let db = file.new_db_of(&args.store)?;
        let memory = file.said(args.memory.as_ref(), file.memory.as_ref(), ("--memory", "memory"));
        let memory = memory.map_or(Ok(limits::MEMORY_DEFAULT), |said| memory_of(&said))?;
        let workers = file.said(args.workers, file.workers, ("--workers", "workers"));
        if let Some(said) = workers.as_ref().filter(|said| said.value > WORKERS_MAX) {
            let why = format!("expected 0 to {WORKERS_MAX}, not {}", said.value);
            return Err(said.origin.refuse(why));
        }
        let workers = workers.map_or_else(default_workers, |said| said.value);
        let profile = file.profile(args.profile.as_deref())?;
        let detector = Arc::new(file.detector(args.rules.as_ref())?.judging_by(profile));
        let filter = file.filter.as_ref();
        let filter = file.said(None, filter, ("--filter", "filter"));
        let events = (args.events.as_ref(), file.events.as_ref());
        let events = file.path_said(events.0, events.1, ("--events", "events"))?;
        if let Some(said) = &events {
            let named = (args.key_file.as_ref(), args.rules.as_ref());
            let mut kept = file.kept(&args.store, named)?;
            inputs.iter().for_each(|input| kept.file("an input", input));
            kept.spare(&said.value, &said.origin)?;
            spare_precious(&said.value, &said.origin)?;
        }
        let tunnels = file.tunnels(&args.tunnels)?;
        let key = file.key(args.key_file.as_ref(), &db)?;
        Ok(RecordSettings {
            db,
            key,
            detector,
            workers,
            memory,
            events,
            fail_on: args.fail_on.or(file.fail_on),
            filter: filter.map(|said| Said { value: said.value.clone(), origin: said.origin }),
            tunnels,
        })
    }
}

/// What a command about an existing database must not write over.
pub fn kept(store: &StoreArgs) -> Result<Kept, Failure> {
    ConfigFile::of(store)?.kept(store, (None, None))
}

/// The database, its key and the rules, for what changes a database without reading traffic. A key
/// is not made: only the one the database was made with is of use.
pub fn db_key_and_rules(
    store: &StoreArgs,
    key_file: Option<&PathBuf>,
    rules: Option<&PathBuf>,
) -> Result<(PathBuf, InstallationKey, Detector), Failure> {
    let file = ConfigFile::of(store)?;
    let (detector, key) = (file.detector(rules)?, file.made_key(key_file)?);
    Ok((file.db_of(store)?, key, detector))
}

impl ConfigFile {
    /// The file that is named; without one, no key is set.
    fn of(store: &StoreArgs) -> Result<Self, Failure> {
        store.config.as_deref().map_or_else(|| Ok(ConfigFile::default()), ConfigFile::read)
    }

    fn detector(&self, rules: Option<&PathBuf>) -> Result<Detector, Failure> {
        load_said_rules(self.path_said(rules, self.rules.as_ref(), ("--rules", "rules"))?.as_ref())
    }

    /// Ports of tunnels: those of the command line, or else those of the file, of each kind.
    fn tunnels(&self, args: &TunnelArgs) -> Result<TunnelPorts, Failure> {
        let or = |named: &[u16], key: Option<&Vec<u16>>| match (named.is_empty(), key) {
            (true, Some(key)) => key.clone(),
            _ => named.to_vec(),
        };
        let vxlan = or(&args.vxlan_port, self.vxlan_port.as_ref());
        let geneve = or(&args.geneve_port, self.geneve_port.as_ref());
        tunnel_args::ports(&vxlan, &geneve)
            .map_err(|why| Failure::usage(format!("use vxlan-port and geneve-port: {why}")))
    }

    /// How fields are judged.
    fn profile(&self, option: Option<&str>) -> Result<Profile, Failure> {
        let names = ("--profile", "profile");
        let Some(said) = self.said(option, self.profile.as_deref(), names) else {
            return Ok(Profile::default());
        };
        Profile::named(said.value).ok_or_else(|| {
            let known = Profile::ALL.map(Profile::name).join(", ");
            said.origin.refuse(format!("expected one of {known}, not {:?}", said.value))
        })
    }

    /// The installation's key, which is there already.
    fn made_key(&self, named: Option<&PathBuf>) -> Result<InstallationKey, Failure> {
        let names = ("--key-file", "key-file");
        let Some(said) = self.path_said(named, self.key_file.as_ref(), names)? else {
            let path = InstallationKey::default_path().map_err(Failure::usage)?;
            return InstallationKey::load(&path).map_err(|e| key_failure(&e));
        };
        InstallationKey::load(&said.value).map_err(|e| said.origin.explain(key_failure(&e)))
    }

    /// The installation's key, made where there is none; but not for a database that was made with
    /// another.
    fn key(&self, named: Option<&PathBuf>, db: &Path) -> Result<InstallationKey, Failure> {
        let said = self.path_said(named, self.key_file.as_ref(), ("--key-file", "key-file"))?;
        let path = match &said {
            Some(said) => said.value.clone(),
            None => InstallationKey::default_path().map_err(Failure::usage)?,
        };
        if matches!(path.try_exists(), Ok(false))
            && let Some(found) = store::made_with_key(db)
        {
            let failure = Failure::usage(StoreError::NoKey { path: db.into(), found, key: path });
            return Err(match &said {
                Some(said) => said.origin.explain(failure),
                None => failure,
            });
        }
        let loaded = match &said {
            Some(_) => InstallationKey::load_or_make(&path),
            None => InstallationKey::load_or_make_with_folder(&path),
        };
        let (key, made) = loaded.map_err(|e| {
            let failure = key_failure(&e);
            match &said {
                Some(said) => said.origin.explain(failure),
                None => failure,
            }
        })?;
        if made {
            tell(format!(
                "made a new key: {}; keep it, only with it can the database be extended",
                path.display()
            ));
        }
        Ok(key)
    }

    /// The files that are in use besides inputs; `named` are the options for key and rules.
    fn kept(
        &self,
        store: &StoreArgs,
        named: (Option<&PathBuf>, Option<&PathBuf>),
    ) -> Result<Kept, Failure> {
        let mut kept = Kept::default();
        kept.database(&self.db_of(store)?);
        let key = named.0.or(self.key_file.as_ref()).cloned();
        if let Some(key) = key.or_else(|| InstallationKey::default_path().ok()) {
            kept.file("the key", &key);
        }
        if let Some(config) = &store.config {
            kept.file("the configuration", config);
        }
        if let Some(folder) = named.1.or(self.rules.as_ref()) {
            kept.rules(folder);
        }
        Ok(kept)
    }

    /// The option, or else the key: `names` are those of both.
    fn said<T>(
        &self,
        option: Option<T>,
        key: Option<T>,
        names: (&'static str, &'static str),
    ) -> Option<Said<T>> {
        let of_key = || Origin::Key { key: names.1, file: self.path.clone() };
        let option = option.map(|value| Said { value, origin: Origin::Option(names.0) });
        option.or_else(|| key.map(|value| Said { value, origin: of_key() }))
    }

    /// The same for paths, which are never empty.
    fn path_said(
        &self,
        option: Option<&PathBuf>,
        key: Option<&PathBuf>,
        names: (&'static str, &'static str),
    ) -> Result<Option<Said<PathBuf>>, Failure> {
        match self.said(option, key, names) {
            Some(said) if said.value.as_os_str().is_empty() => {
                Err(said.origin.refuse("expected a path, not an empty text"))
            }
            said => Ok(said.map(|said| Said { value: said.value.clone(), origin: said.origin })),
        }
    }

    /// The same, where a database may be made: no device, pipe or stream.
    fn new_db_of(&self, store: &StoreArgs) -> Result<PathBuf, Failure> {
        let said = self.path_said(store.db.as_ref(), self.db.as_ref(), ("--db", "db"))?;
        match said {
            Some(said) if is_stream(&said.value) => Err(said.origin.refuse(format!(
                "{} is a device, a pipe or a stream; name a file for the database",
                said.value.display()
            ))),
            said => Ok(said.map_or_else(|| DEFAULT_DB.into(), |said| said.value)),
        }
    }

    /// `store.db` holds the variable `PHITAP_DB` where the option was not given.
    fn db_of(&self, store: &StoreArgs) -> Result<PathBuf, Failure> {
        let said = self.path_said(store.db.as_ref(), self.db.as_ref(), ("--db", "db"))?;
        Ok(said.map_or_else(|| DEFAULT_DB.into(), |said| said.value))
    }

    fn read(path: &Path) -> Result<Self, Failure> {
        let told = |e: &dyn std::fmt::Display| {
            Failure::usage(format!("read configuration {}: {e}", path.display()))
        };
        let text = std::fs::read_to_string(path).map_err(|e| told(&e))?;
        let mut file: ConfigFile = toml::from_str(&text).map_err(|e| {
            let at = e.span().map_or(0, |span| span.start);
            let line = text.get(..at).unwrap_or("").matches('\n').count() + 1;
            let place = Place::of(&text, at);
            told(&format!("line {line}{place}: {}", e.message().replace('\n', " ")))
        })?;
        path.clone_into(&mut file.path);
        Ok(file)
    }
}

/// A key's failure with its exit code: what cannot be written is not the user's mistake.
fn key_failure(error: &KeyError) -> Failure {
    match error {
        KeyError::Unwritable { .. } | KeyError::NoFolder { .. } | KeyError::Random(_) => {
            Failure::failed(error)
        }
        _ => Failure::usage(error),
    }
}

/// The budget that is meant, checked.
fn memory_of(said: &Said<&String>) -> Result<u64, Failure> {
    match size(said.value) {
        Some(bytes) if bytes < limits::MEMORY_MIN => {
            Err(said.origin.refuse(format!("expected at least 16M, not {:?}", said.value)))
        }
        Some(bytes) => Ok(bytes),
        None => Err(said.origin.refuse(size_expected(said.value))),
    }
}

fn load_said_rules(folder: Option<&Said<PathBuf>>) -> Result<Detector, Failure> {
    let Some(said) = folder else { return load_rules(None) };
    load_rules(Some(&said.value)).map_err(|failure| said.origin.explain(failure))
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
pub fn load_rules(folder: Option<&Path>) -> Result<Detector, Failure> {
    let detector = match folder {
        Some(_) => Detector::compile(&load_pack(folder)?),
        None => Detector::builtin(),
    };
    detector.map_err(Failure::usage)
}

/// The capture thread and the writer need a share of a core, too.
fn default_workers() -> usize {
    thread::available_parallelism().map_or(1, |n| n.get().saturating_sub(1)).clamp(1, 16)
}

/// What is said of a text that [`size`] does not take.
pub fn size_expected(text: &str) -> String {
    format!("expected a size such as 64M, not {text:?}")
}

/// `512M` in bytes; nothing where it is no size.
pub fn size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.get(digits.len()..).unwrap_or("").to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        _ => return None,
    };
    digits.parse::<u64>().ok().and_then(|n| n.checked_mul(unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(size("512M"), Some(512 << 20));
        assert_eq!(size("1GiB"), Some(1 << 30));
        assert_eq!(size("1000"), Some(1000));
        for bad in ["", "M", "12X", "-1M", "99999999999999G"] {
            assert_eq!(size(bad), None, "{bad}");
        }
    }
}
