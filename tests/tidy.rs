//! The house rules of the source tree, as tests. What each rule is for stands in
//! `docs/architecture.md`; this file is where the tables live.
//!
//! Sources are read with `syn`; what is compiled for tests only is left out, unless said otherwise.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use walkdir::WalkDir;

/// The floors of the house. A module imports only from lower floors.
const FLOORS: &[(u8, &[&str])] = &[
    (9, &["cli"]),
    (8, &["web"]),
    (7, &["report", "sinks"]),
    (6, &["query", "sensor"]),
    (5, &["analysis", "store"]),
    (4, &["protocol", "inventory"]),
    (3, &["flow", "detect"]),
    (2, &["capture", "decode", "content", "rules"]),
    (1, &["model"]),
    (0, &["base"]),
];

/// Folders whose entries are added with one line in `registry.rs`, and what entries may share.
/// Entries of one registry do not import each other, so that each can be read and removed alone.
const REGISTRIES: &[(&str, &[&str])] = &[
    ("content/encoding", &["chain", "pool"]),
    ("decode/tunnel", &["carried", "guess"]),
    // Arithmetic and dates that many checks are made of; luhn is a check by itself as well.
    ("detect/checks", &["arithmetic", "calendar", "iso7064", "luhn", "verhoeff"]),
    ("detect/checks/national", &[]),
    ("inventory/posture", &["company", "raise", "sensitivity"]),
    ("protocol", &["identify", "parser"]),
];

/// Entries that import another, and why.
const SIBLINGS_EXCEPT: &[(&str, &str, &str)] = &[
    ("content/encoding/gzip", "deflate", "gzip (RFC 1952) is a frame around deflate (RFC 1951)"),
    ("detect/checks/e164", "phone", "behind +1 is the North American plan"),
    ("detect/checks/phone_plan", "e164", "from abroad a number begins with its country's code"),
];

/// Files over the limit, and why.
const LONG_FILES: &[(&str, &str)] = &[
    ("src/content/json/walker.rs", "one state machine, read state by state"),
    ("src/content/xml.rs", "one state machine, read state by state"),
];
const FILE_LINES_MAX: usize = 500;
/// Functions over the limit, as `file function`, and why.
const LONG_FUNCTIONS: &[(&str, &str)] = &[];
const FUNCTION_LINES_MAX: usize = 70;
const COLUMNS_MAX: usize = 100;

/// Where a panic would let traffic stop the sensor.
const NO_PANIC_FLOORS: std::ops::RangeInclusive<u8> = 1..=5;
/// What the map (`mod.rs`) of those floors must deny; clippy then reads every expression.
const NO_PANIC_LINTS: &str = "#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, \
                              clippy::indexing_slicing)]";
const PANICS: &[&str] = &["panic", "unreachable", "todo", "unimplemented"];
const UNWRAPS: &[&str] = &["unwrap", "expect", "unwrap_err", "expect_err"];

/// From packets to observations: nothing here touches a file, a network, a thread or a clock.
const PURE: &[&str] =
    &["model", "decode", "content", "flow", "detect", "protocol", "inventory", "analysis"];
/// Paths that only some may name: who may, and what.
const RESERVED: &[(&[&str], &[&str])] = &[
    (&["base/clock"], &["Instant::now", "SystemTime::now", "Timestamp::now", "Zoned::now"]),
    (&["base/clock", "capture/live", "capture/lasting", "sensor", "cli"], &["crate::base::clock"]),
    (&["cli", "web", "sinks"], &["tokio"]),
    (&["sensor", "cli", "web", "sinks"], &["thread::spawn", "thread::scope", "thread::Builder"]),
    (&["capture"], &["pcap"]),
    (&["store", "query/sql"], &["rusqlite"]),
    (&["decode"], &["etherparse"]),
    (&["protocol/http1"], &["httparse"]),
    (&["protocol/tls"], &["tls_parser", "x509_parser", "md5"]),
];

/// Words that tell of how the project was made, or where, and not of what it is.
const FOREIGN: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("sub", "agent"),
    concat!("artif", "actory"),
    concat!("index.crates", ".io"),
    concat!("pypi", ".org/simple"),
];

/// A source file without what is compiled for tests only.
struct Source {
    /// Below `src`, without `.rs` and `/mod`: `flow/table`, `flow`.
    name: String,
    /// As it stands on disk, below the root.
    path: String,
    text: String,
    ast: syn::File,
    /// Lines that only tests are made of.
    test_lines: usize,
    /// Whether the whole file is compiled for tests only.
    test: bool,
}

impl Source {
    fn top(&self) -> &str {
        self.name.split('/').next().unwrap_or("")
    }

    fn is_map(&self) -> bool {
        self.path.ends_with("/mod.rs") || self.path == "src/lib.rs"
    }

    /// The path of the module from the crate's root.
    fn module(&self) -> Vec<String> {
        match self.path.as_str() {
            "src/lib.rs" | "src/main.rs" => Vec::new(),
            _ => self.name.split('/').map(String::from).collect(),
        }
    }

    /// Every path that is named, `super::` and `self::` resolved to `crate::`.
    fn paths(&self) -> Vec<String> {
        let mut named = Named { paths: Vec::new() };
        named.visit_file(&self.ast);
        let module = self.module();
        let resolve = |path: Vec<String>| {
            let ups = path.iter().take_while(|s| *s == "super").count();
            let own = path.first().is_some_and(|s| s == "self" || s == "super");
            let rest = path.iter().filter(|s| *s != "super" && *s != "self").cloned();
            let base = module.get(..module.len().saturating_sub(ups)).unwrap_or_default();
            let parts: Vec<String> = match own {
                true => std::iter::once("crate".into()).chain(base.to_vec()).chain(rest).collect(),
                false => path,
            };
            parts.join("::")
        };
        named.paths.into_iter().map(resolve).collect()
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn is_for_tests(attrs: &[syn::Attribute]) -> bool {
    attrs.iter().any(|a| {
        a.path().is_ident("cfg")
            && a.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}

/// Attributes of an item, where it may be for tests only.
fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Mod(i) => &i.attrs,
        syn::Item::Use(i) => &i.attrs,
        syn::Item::Fn(i) => &i.attrs,
        syn::Item::Impl(i) => &i.attrs,
        syn::Item::Const(i) => &i.attrs,
        syn::Item::Struct(i) => &i.attrs,
        _ => &[],
    }
}

/// The library, file by file.
fn sources() -> Vec<Source> {
    let mut sources = Vec::new();
    let mut test_modules = BTreeSet::new();
    for entry in WalkDir::new(root().join("src")).sort_by_file_name() {
        let entry = entry.unwrap();
        if entry.path().extension().is_none_or(|e| e != "rs") {
            continue;
        }
        let path = relative(entry.path());
        let text = fs::read_to_string(entry.path()).unwrap();
        let mut ast = syn::parse_file(&text).unwrap_or_else(|e| panic!("{path}: {e}"));
        let name = path.trim_start_matches("src/").trim_end_matches(".rs");
        let name = name.trim_end_matches("/mod").to_owned();
        let mut test_lines = 0;
        ast.items.retain(|item| {
            let test = is_for_tests(attributes(item));
            if test && let syn::Item::Mod(module) = item {
                let parent = if name == "lib" { String::new() } else { format!("{name}/") };
                test_modules.insert(format!("{parent}{}", module.ident));
            }
            if test {
                test_lines += item.span().end().line + 1 - item.span().start().line;
            }
            !test
        });
        sources.push(Source { name, path, text, ast, test_lines, test: false });
    }
    for source in &mut sources {
        let parts: Vec<&str> = source.name.split('/').collect();
        source.test = (1..=parts.len())
            .any(|n| test_modules.contains(&parts.get(..n).unwrap_or_default().join("/")));
    }
    sources
}

/// What ships.
fn shipped() -> Vec<Source> {
    sources().into_iter().filter(|s| !s.test).collect()
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned()
}

/// Collects what is named: imports, paths in types and expressions, and paths inside macros.
struct Named {
    paths: Vec<Vec<String>>,
}

impl Named {
    fn tree(&mut self, before: &[String], tree: &syn::UseTree) {
        let with = |ident: &syn::Ident| [before, &[ident.to_string()]].concat();
        match tree {
            syn::UseTree::Path(t) => self.tree(&with(&t.ident), &t.tree),
            syn::UseTree::Name(t) => self.paths.push(with(&t.ident)),
            syn::UseTree::Rename(t) => self.paths.push(with(&t.ident)),
            syn::UseTree::Glob(_) => self.paths.push([before, &["*".to_owned()]].concat()),
            syn::UseTree::Group(t) => t.items.iter().for_each(|t| self.tree(before, t)),
        }
    }

    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.paths.extend((path.len() > 1).then(|| std::mem::take(&mut path)));
                        path.clear();
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(p) if p.as_char() == ':' => colons += 1,
                other => {
                    self.paths.extend((path.len() > 1).then(|| std::mem::take(&mut path)));
                    path.clear();
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        self.paths.extend((path.len() > 1).then_some(path));
    }
}

impl<'a> Visit<'a> for Named {
    fn visit_item_use(&mut self, item: &'a syn::ItemUse) {
        self.tree(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        self.paths.push(path.segments.iter().map(|s| s.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, mac: &'a syn::Macro) {
        self.tokens(mac.tokens.clone());
        visit::visit_macro(self, mac);
    }

    /// Attributes hold documentation and lints, no code.
    fn visit_attribute(&mut self, _: &'a syn::Attribute) {}
}

/// One failure for all that was found.
fn none(what: &str, found: Vec<String>) {
    let list = found.iter().fold(String::new(), |mut list, one| {
        let _ = write!(list, "\n  {one}");
        list
    });
    assert!(found.is_empty(), "{what}:{list}");
}

fn floor(module: &str) -> Option<u8> {
    FLOORS.iter().find(|(_, modules)| modules.contains(&module)).map(|(floor, _)| *floor)
}

/// What stands at the top of the project, and the packages that it is made of.
const TOP: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "src",
    "rules",
    "fixtures",
    "tests",
    "docs",
    "LICENSE",
    "README.md",
    "CHANGELOG.md",
    ".ci/run",
];
const PACKAGES: &[&str] =
    &["pcap", "etherparse", "tokio", "httparse", "aho-corasick", "rusqlite", "clap", "serde"];

#[test]
fn the_top_level_is_what_its_users_know() {
    let missing = TOP.iter().filter(|name| !root().join(name).exists());
    none("missing at the top level", missing.map(ToString::to_string).collect());
    let read = |name: &str| fs::read_to_string(root().join(name)).expect("a file of ours");
    assert!(read("LICENSE").contains("Apache License"));
    let manifest = read("Cargo.toml");
    let (_, packages) = manifest.split_once("[dependencies]").expect("dependencies");
    let is_there =
        |name: &str| packages.lines().any(|line| line.starts_with(&format!("{name} = ")));
    let missing = PACKAGES.iter().filter(|name| !is_there(name));
    none("missing packages", missing.map(ToString::to_string).collect());
    assert!(manifest.contains("name = \"phitap\"") && manifest.contains("bundled"));
}

#[test]
fn every_module_has_a_floor() {
    let sources = shipped();
    let tops: BTreeSet<&str> = sources.iter().map(Source::top).collect();
    let homeless = |top: &&str| floor(top).is_none() && !["lib", "main"].contains(top);
    none(
        "modules without a floor in tests/tidy.rs",
        tops.into_iter().filter(homeless).map(String::from).collect(),
    );
}

#[test]
fn modules_import_only_from_lower_floors() {
    let mut wrong = BTreeSet::new();
    for source in shipped() {
        let Some(own) = floor(source.top()) else { continue };
        for path in source.paths() {
            let Some(there) = path.strip_prefix("crate::") else { continue };
            let there = there.split("::").next().unwrap_or("");
            if there == source.top() {
                continue;
            }
            if floor(there).is_none_or(|floor| floor >= own) {
                wrong.insert(format!("{} (floor {own}) names {path}", source.path));
            }
        }
    }
    none("imports from the same or a higher floor", wrong.into_iter().collect());
}

#[test]
fn maps_hold_no_logic() {
    let mut wrong = Vec::new();
    for source in shipped().iter().filter(|s| s.is_map()) {
        for item in &source.ast.items {
            let plain = match item {
                syn::Item::Use(_) => true,
                syn::Item::Mod(module) => module.content.is_none(),
                _ => false,
            };
            if !plain {
                wrong.push(format!("{}:{}", source.path, item.span().start().line));
            }
        }
    }
    none("more than docs, mod and use in a mod.rs", wrong);
}

#[test]
fn entries_of_a_registry_do_not_import_each_other() {
    let sources = shipped();
    let mut wrong = Vec::new();
    for (folder, shared) in REGISTRIES {
        let entries = entries(&sources, folder, shared);
        assert!(entries.len() > 1, "{folder}/registry.rs has no entries");
        for source in &sources {
            let Some(own) = entries.iter().find(|e| is_within(&source.name, folder, e)) else {
                continue;
            };
            let prefix = format!("crate::{}::", folder.replace('/', "::"));
            for path in source.paths() {
                let Some(there) = path.strip_prefix(&prefix) else { continue };
                let there = there.split("::").next().unwrap_or("");
                let meant = SIBLINGS_EXCEPT.iter().any(|e| e.0 == source.name && e.1 == there);
                if there != own && entries.contains(there) && !meant {
                    wrong.push(format!("{} names {path}", source.path));
                }
            }
        }
    }
    none("entries that import a sibling", wrong);
}

/// The modules that `registry.rs` of a folder names.
fn entries(sources: &[Source], folder: &str, shared: &[&str]) -> BTreeSet<String> {
    let registry = sources.iter().find(|s| s.name == format!("{folder}/registry")).unwrap();
    let prefix = format!("crate::{}::", folder.replace('/', "::"));
    let named = registry.paths();
    let named = named.iter().filter_map(|p| p.strip_prefix(&prefix)?.split("::").next());
    let is_module =
        |n: &&str| n.starts_with(char::is_lowercase) && *n != "registry" && !shared.contains(n);
    named.filter(is_module).map(String::from).collect()
}

fn is_within(name: &str, folder: &str, entry: &str) -> bool {
    let own = format!("{folder}/{entry}");
    name == own || name.strip_prefix(&own).is_some_and(|rest| rest.starts_with('/'))
}

#[test]
fn every_module_beside_a_registry_is_in_it() {
    let sources = shipped();
    let mut wrong = Vec::new();
    for (folder, shared) in REGISTRIES {
        let entries = entries(&sources, folder, shared);
        for source in &sources {
            let Some(rest) = source.name.strip_prefix(&format!("{folder}/")) else { continue };
            let module = rest.split('/').next().unwrap_or("");
            if module != "registry" && !shared.contains(&module) && !entries.contains(module) {
                wrong.push(source.path.clone());
            }
        }
    }
    none("modules that their registry.rs does not name", wrong);
}

#[test]
fn every_entry_of_a_registry_has_a_test() {
    let sources = sources();
    let mut wrong = Vec::new();
    for (folder, shared) in REGISTRIES {
        for entry in entries(&sources, folder, shared) {
            // Beside the entries, tests over the whole registry name each of them.
            let shared = [format!("{folder}/laws"), format!("{folder}/tests")];
            let tested = sources.iter().any(|s| {
                let own = is_within(&s.name, folder, &entry) && s.text.contains("#[test]");
                own || shared.contains(&s.name) && s.text.contains(entry.as_str())
            });
            if !tested {
                wrong.push(format!("{folder}/{entry}"));
            }
        }
    }
    none("entries of a registry without a test of their own", wrong);
}

#[test]
fn every_detection_rule_has_examples_and_a_reference() {
    let pack = phitap::rules::RulePack::builtin();
    assert!(!pack.rules().is_empty());
    let mut wrong = Vec::new();
    for rule in pack.rules() {
        let (matches, rejects) = (rule.examples.matches.len(), rule.examples.rejects.len());
        if matches < 3 || rejects < 3 || rule.references.is_empty() {
            wrong.push(format!("{}:{} {}", rule.file(), rule.line(), rule.id()));
        }
    }
    none("rules with fewer than three match and three reject examples, or no reference", wrong);
}

#[test]
fn files_functions_and_lines_are_short() {
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    for source in shipped() {
        let lines = source.text.lines().count() - source.test_lines;
        if lines > FILE_LINES_MAX && !LONG_FILES.iter().any(|(path, _)| *path == source.path) {
            wrong.push(format!("{}: {lines} lines", source.path));
        }
        let mut functions = Functions { found: Vec::new() };
        functions.visit_file(&source.ast);
        for (name, line, lines) in functions.found {
            let key = format!("{} {name}", source.path);
            match LONG_FUNCTIONS.iter().find(|(except, _)| *except == key) {
                Some(_) if lines > FUNCTION_LINES_MAX => drop(used.insert(key)),
                None if lines > FUNCTION_LINES_MAX => {
                    wrong.push(format!("{}:{line}: {name}: {lines} lines", source.path));
                }
                _ => {}
            }
        }
    }
    for path in rust_files() {
        for (at, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            let columns = line.chars().count();
            if columns > COLUMNS_MAX {
                wrong.push(format!("{}:{}: {columns} columns", relative(&path), at + 1));
            }
        }
    }
    let stale = LONG_FUNCTIONS.iter().filter(|(key, _)| !used.contains(*key));
    wrong.extend(stale.map(|(key, _)| format!("{key} is no exception any more")));
    none("files, functions or lines over the limit", wrong);
}

/// Functions with their first line and their length.
struct Functions {
    found: Vec<(String, usize, usize)>,
}

impl Functions {
    fn add(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let first = signature.span().start().line;
        let lines = block.span().end().line + 1 - first;
        self.found.push((signature.ident.to_string(), first, lines));
    }
}

impl<'a> Visit<'a> for Functions {
    fn visit_item_fn(&mut self, item: &'a syn::ItemFn) {
        self.add(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'a syn::ImplItemFn) {
        self.add(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }
}

fn rust_files() -> Vec<PathBuf> {
    let below = |folder: &str| WalkDir::new(root().join(folder)).sort_by_file_name();
    let files = ["src", "tests", "benches"].into_iter().flat_map(below);
    let files = files.filter_map(Result::ok).map(walkdir::DirEntry::into_path);
    files.filter(|path| path.extension().is_some_and(|e| e == "rs")).collect()
}

#[test]
fn nothing_that_touches_traffic_can_panic() {
    let mut wrong = Vec::new();
    for source in shipped() {
        let Some(true) = floor(source.top()).map(|f| NO_PANIC_FLOORS.contains(&f)) else {
            continue;
        };
        if source.name == source.top() && !source.text.contains(NO_PANIC_LINTS) {
            wrong.push(format!("{} does not say {NO_PANIC_LINTS}", source.path));
        }
        let mut panics = Panics { found: Vec::new() };
        panics.visit_file(&source.ast);
        for (what, line) in panics.found {
            wrong.push(format!("{}:{line}: {what}", source.path));
        }
    }
    none("panics where traffic is handled", wrong);
}

struct Panics {
    found: Vec<(String, usize)>,
}

impl<'a> Visit<'a> for Panics {
    fn visit_expr_method_call(&mut self, call: &'a syn::ExprMethodCall) {
        if UNWRAPS.iter().any(|name| call.method == name) {
            self.found.push((call.method.to_string(), call.span().start().line));
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, mac: &'a syn::Macro) {
        if let Some(last) = mac.path.segments.last()
            && PANICS.iter().any(|name| last.ident == name)
        {
            self.found.push((format!("{}!", last.ident), mac.span().start().line));
        }
        visit::visit_macro(self, mac);
    }
}

#[test]
fn nothing_between_capture_and_store_touches_the_world() {
    let mut wrong = Vec::new();
    for source in shipped().iter().filter(|s| PURE.contains(&s.top())) {
        for path in source.paths() {
            let net = path.starts_with("std::net::") && is_socket(&path);
            let world = ["std::fs", "std::env", "std::process", "std::thread", "std::io::stdin"];
            if net || world.iter().any(|w| path == *w || path.starts_with(&format!("{w}::"))) {
                wrong.push(format!("{} names {path}", source.path));
            }
        }
    }
    none("files, sockets, environment or threads where only bytes and packet time belong", wrong);
}

/// Addresses are data; these are not.
fn is_socket(path: &str) -> bool {
    ["TcpStream", "TcpListener", "UdpSocket", "ToSocketAddrs"].iter().any(|s| path.contains(s))
}

#[test]
fn clocks_threads_and_libraries_stay_where_they_belong() {
    let mut wrong = BTreeSet::new();
    for source in shipped() {
        for path in source.paths() {
            for (owners, reserved) in RESERVED {
                let own = owners
                    .iter()
                    .any(|o| source.name == *o || source.name.starts_with(&format!("{o}/")));
                if !own && reserved.iter().any(|r| names(&path, r)) {
                    wrong.insert(format!("{} names {path}, kept for {owners:?}", source.path));
                }
            }
        }
    }
    none("names out of their place", wrong.into_iter().collect());
}

/// Whether `path` is, ends in or begins with `what`, by whole segments.
fn names(path: &str, what: &str) -> bool {
    let crate_like = !what.contains("::") || what.starts_with("crate");
    match crate_like {
        true => path == what || path.starts_with(&format!("{what}::")),
        false => path == what || path.ends_with(&format!("::{what}")),
    }
}

#[test]
fn tests_are_never_switched_off_and_never_wait() {
    // Spelled apart, or this file would be found.
    let banned =
        [concat!("#[ign", "ore"), concat!("#[should_", "panic"), concat!("thread::sl", "eep")];
    let mut wrong = Vec::new();
    // It ends the program at moments that are chosen by time.
    let mut files = rust_files();
    files.retain(|path| !path.ends_with("tests/durability.rs"));
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let found = banned.iter().filter(|word| text.contains(**word));
        wrong.extend(found.map(|word| format!("{} has {word}", relative(&path))));
    }
    none("tests that hide something", wrong);
}

/// Every text file of the project.
fn texts() -> Vec<(String, String)> {
    let skipped = ["target", ".git", "proptest-regressions"];
    let walk = WalkDir::new(root()).sort_by_file_name().into_iter();
    let walk =
        walk.filter_entry(move |e| e.file_name().to_str().is_none_or(|n| !skipped.contains(&n)));
    let files = walk.filter_map(Result::ok).filter(|e| e.file_type().is_file());
    files
        .filter_map(|e| Some((relative(e.path()), fs::read_to_string(e.path()).ok()?)))
        .filter(|(path, _)| path != "Cargo.lock")
        .collect()
}

#[test]
fn the_project_speaks_of_itself_alone() {
    let mut wrong = Vec::new();
    for (path, text) in texts() {
        for (at, line) in text.lines().enumerate() {
            let lower = line.to_lowercase();
            if let Some(word) = FOREIGN.iter().find(|word| lower.contains(**word)) {
                wrong.push(format!("{path}:{}: {word}", at + 1));
            }
        }
    }
    none("words that tell of where or how the project was made", wrong);
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut wrong = Vec::new();
    for (path, text) in texts().into_iter().filter(|(path, _)| path.ends_with(".md")) {
        let folder = root().join(&path).parent().unwrap().to_owned();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap_or("");
            let away = link.contains("://") || target.is_empty();
            if !away && !folder.join(target).exists() {
                wrong.push(format!("{path}: {link}"));
            }
        }
    }
    none("links to nothing", wrong);
}

/// Names of odd traffic of HTTP and MLLP, and what docs/cli.md says they mean.
#[test]
fn every_anomaly_of_a_protocol_is_explained() {
    let mut told = BTreeSet::new();
    for folder in ["src/protocol/http1", "src/protocol/mllp", "src/protocol/tls"] {
        let files = rust_files().into_iter().filter(|path| path.starts_with(root().join(folder)));
        for file in files.filter(|path| {
            !path.components().any(|c| c.as_os_str().to_string_lossy().starts_with("tests"))
        }) {
            let text = fs::read_to_string(file).expect("a source");
            let quoted = text.split('"').skip(1).step_by(2);
            let named = quoted.filter(|name| {
                let known = ["http-", "mllp-", "tls-"].iter().any(|p| name.starts_with(p));
                let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
                known && name.bytes().all(plain)
            });
            told.extend(named.map(str::to_owned));
        }
    }
    assert!(told.len() > 40, "{told:?}");
    let page = fs::read_to_string(root().join("docs/cli.md")).expect("the page");
    let (_, table) = page.split_once("### Odd traffic by name").expect("the table");
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let explained: BTreeSet<String> =
        rows.filter(|(_, means)| means.len() > 12).map(|(name, _)| name.to_owned()).collect();
    let lacking: Vec<_> = told.difference(&explained).collect();
    assert!(lacking.is_empty(), "docs/cli.md explains no {lacking:?}");
}

#[test]
fn tests_named_in_the_ledger_exist() {
    let functions = test_functions();
    let ledger = fs::read_to_string(root().join("docs/testing.md")).unwrap();
    let algebra = fs::read_to_string(root().join("docs/algebra.md")).unwrap();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for quoted in ledger.split('`').skip(1).step_by(2).chain(algebra.split('`').skip(1).step_by(2))
    {
        let Some((module, name)) = quoted.rsplit_once("::") else { continue };
        let is_name =
            |n: &str| n.chars().all(|c| c.is_ascii_lowercase() || "_0123456789:".contains(c));
        if !is_name(module) || !is_name(name) || name.is_empty() {
            continue;
        }
        seen += 1;
        let top = module.split("::").next().unwrap_or("");
        if !functions.get(name).is_some_and(|tops| tops.contains(top)) {
            wrong.push(quoted.to_owned());
        }
    }
    assert!(seen > 50, "the ledger names only {seen} tests");
    none("tests that docs/testing.md or docs/algebra.md names and that do not exist", wrong);
}

/// Names of all functions, with the top-level modules or test files that have them.
fn test_functions() -> BTreeMap<String, BTreeSet<String>> {
    let mut functions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in rust_files() {
        let name = relative(&path);
        let top = name.split('/').nth(1).unwrap_or("").trim_end_matches(".rs").to_owned();
        for line in fs::read_to_string(&path).unwrap().lines() {
            if let Some(rest) = line.trim_start().strip_prefix("fn ")
                && let Some(end) = rest.find('(')
                && let Some(function) = rest.get(..end)
            {
                functions.entry(function.to_owned()).or_default().insert(top.clone());
            }
        }
    }
    functions
}

/// Whether a capture is one of a folder that `SOURCES.md` names as a whole and whose `cases.json`
/// names each.
fn is_listed_as_case(listed: &str, folder: &Path, name: &str) -> bool {
    let Some((of, file)) = name.split_once('/') else { return false };
    let cases = fs::read_to_string(folder.join(of).join("cases.json")).unwrap_or_default();
    let case = format!("\"{}\"", file.trim_end_matches(".pcap"));
    listed.contains(&format!("`{of}/*.pcap`")) && cases.contains(&case)
}

#[test]
fn every_fixture_is_listed_and_used() {
    let folder = root().join("fixtures");
    let Ok(listed) = fs::read_to_string(folder.join("SOURCES.md")) else {
        assert!(!folder.exists(), "fixtures/ has no SOURCES.md");
        eprintln!("SKIP: every_fixture_is_listed_and_used (no fixtures/)");
        return;
    };
    let mut wrong = Vec::new();
    let tests: String = rust_files()
        .iter()
        .filter(|path| path.starts_with(root().join("tests")))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    // The corpus test takes whatever lies in the folder.
    let all_used = tests.contains("fn every_fixture_is_whole_and_accounted_for");
    let mut captures = BTreeSet::new();
    for entry in WalkDir::new(&folder).into_iter().filter_map(Result::ok) {
        if entry.path().extension().is_none_or(|e| e != "pcap" && e != "pcapng") {
            continue;
        }
        let name = entry.path().strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
        if !listed.contains(&format!("`{name}`")) && !is_listed_as_case(&listed, &folder, &name) {
            wrong.push(format!("{name} is not in fixtures/SOURCES.md"));
        }
        if !all_used && !tests.contains(&name) {
            wrong.push(format!("{name} is used by no test"));
        }
        captures.insert(name);
    }
    for name in listed.split('`').skip(1).step_by(2).filter(|n| n.ends_with(".pcap")) {
        let of_folder = name.strip_suffix("*.pcap");
        let exists = |prefix: &str| captures.iter().any(|capture| capture.starts_with(prefix));
        if !captures.contains(name) && !of_folder.is_some_and(exists) {
            wrong.push(format!("{name} is listed and does not exist"));
        }
    }
    none("fixtures", wrong);
}
