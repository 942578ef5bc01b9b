//! Packs of rules: the built-in one and what users add.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;

use crate::base::limits::RULE_FILE_BYTES_MAX;

use super::builtin;
use super::place::Place;
use super::rule::phrases;
use super::{FhirTables, Rule, RuleError};

/// Rules with their context, in the order they were loaded.
#[derive(Clone, Debug, Default)]
pub struct RulePack {
    rules: Vec<Rule>,
    off: Vec<Off>,
    context: Context,
    fhir: FhirTables,
}

/// Words that matter to every rule.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Context {
    /// Words in a field's name that speak against every personal class.
    #[serde(default)]
    pub negative: Vec<String>,
    /// Words of the names of things: a number under such a name is the thing's.
    #[serde(default, deserialize_with = "phrases")]
    pub things: Vec<String>,
    /// Last words of a name that say nothing, so that the parent's count in full.
    #[serde(default)]
    pub generic: Vec<String>,
    /// Whole values that stand for none, in any case where written in lower case.
    #[serde(default)]
    pub fillers: Vec<String>,
    /// Last words of what offices are called: who is named so is no person.
    #[serde(default)]
    pub offices: Vec<String>,
    /// Words of paths of endpoints that return the words of a program by the names of fields.
    #[serde(default)]
    pub vocabularies: Vec<String>,
    /// Names of objects that say something about fields and hold none of their values.
    #[serde(default)]
    pub about: Vec<String>,
    /// Words in the names of fields in which people write of others.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// A rule that a file switches off.
#[derive(Clone, Debug)]
struct Off {
    rule: String,
    file: Arc<str>,
    line: usize,
    /// Whether there was one to switch off.
    found: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    #[serde(default)]
    rule: Vec<Rule>,
    #[serde(default)]
    off: Vec<Spanned<String>>,
    #[serde(default)]
    context: Context,
}

impl RulePack {
    /// The pack that ships inside the program.
    pub fn builtin() -> RulePack {
        builtin::load()
    }

    /// Whether nothing was added to what comes with the program, and nothing switched off.
    pub fn is_as_built(&self) -> bool {
        self.off.is_empty() && self.rules.iter().all(Rule::is_built_in)
    }

    /// The same without rules that are `gone`.
    pub fn without(&self, gone: &dyn Fn(&Rule) -> bool) -> RulePack {
        let mut left = self.clone();
        left.rules.retain(|rule| !gone(rule));
        left
    }

    /// Notes that every rule in it comes with the program.
    pub(super) fn mark_built_in(&mut self) {
        self.rules.iter_mut().for_each(|rule| rule.built_in = true);
    }

    /// The rules of every `*.toml` right inside `dir`, by file name.
    pub fn load_dir(dir: &Path) -> Result<RulePack, RuleError> {
        let unreadable = |source| RuleError::Read { file: dir.display().to_string(), source };
        let mut files: Vec<PathBuf> = Vec::new();
        for entry in fs::read_dir(dir).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.extension().is_some_and(|e| e == "toml") {
                files.push(path);
            }
        }
        files.sort();
        let mut pack = RulePack::default();
        for file in files {
            pack.extend(RulePack::load_file(&file)?);
        }
        Ok(pack)
    }

    /// The rules of one file.
    pub fn load_file(path: &Path) -> Result<RulePack, RuleError> {
        let file = path.display().to_string();
        let text =
            read_rules(path).map_err(|source| RuleError::Read { file: file.clone(), source })?;
        RulePack::parse(&file, &text)
    }

    /// The rules in `text`; `file` is named in errors.
    pub fn parse(file: &str, text: &str) -> Result<RulePack, RuleError> {
        let parsed: RuleFile = read_toml(file, text)?;
        let mut rules = parsed.rule;
        let name: Arc<str> = file.into();
        for rule in &mut rules {
            rule.file = Arc::clone(&name);
            rule.line = line_of(text, rule.id.span().start);
        }
        let off = parsed.off.into_iter().map(|off| Off {
            line: line_of(text, off.span().start),
            rule: off.into_inner(),
            file: Arc::clone(&name),
            found: false,
        });
        let pack = RulePack {
            off: off.collect(),
            rules,
            context: parsed.context,
            fhir: Default::default(),
        };
        pack.refuse_doubles()?;
        Ok(pack)
    }

    /// The tables of fields in `text`; `file` is named in errors.
    pub fn parse_fields(file: &str, text: &str) -> Result<RulePack, RuleError> {
        Ok(RulePack { fhir: read_toml(file, text)?, ..RulePack::default() })
    }

    /// Adds `other`: a rule with an id that is there already takes its place, and those that
    /// `other` lists under `off` go.
    pub fn extend(&mut self, other: RulePack) {
        let known = self.rules.iter().enumerate().map(|(at, rule)| (rule.id().to_owned(), at));
        let mut known: BTreeMap<String, usize> = known.collect();
        for rule in other.rules {
            match known.get(rule.id()).and_then(|at| self.rules.get_mut(*at)) {
                Some(mine) => *mine = rule,
                None => {
                    known.insert(rule.id().to_owned(), self.rules.len());
                    self.rules.push(rule);
                }
            }
        }
        for mut off in other.off {
            let before = self.rules.len();
            self.rules.retain(|rule| rule.id() != off.rule);
            off.found |= self.rules.len() < before;
            self.off.push(off);
        }
        self.context.negative.extend(other.context.negative);
        self.context.things.extend(other.context.things);
        self.context.generic.extend(other.context.generic);
        self.context.fillers.extend(other.context.fillers);
        self.context.offices.extend(other.context.offices);
        self.context.about.extend(other.context.about);
        self.context.vocabularies.extend(other.context.vocabularies);
        self.context.notes.extend(other.context.notes);
        self.fhir.types.extend(other.fhir.types);
        for (resource, elements) in other.fhir.elements {
            self.fhir.elements.entry(resource).or_default().extend(elements);
        }
        self.fhir.search.extend(other.fhir.search);
        self.fhir.marks.extend(other.fhir.marks);
        self.fhir.tokens.extend(other.fhir.tokens);
        self.fhir.classes.extend(other.fhir.classes);
        self.fhir.definitions.extend(other.fhir.definitions);
        self.fhir.names.extend(other.fhir.names);
    }

    /// The rules in order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Words that matter to every rule.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Which FHIR element carries what.
    pub fn fhir(&self) -> &FhirTables {
        &self.fhir
    }

    /// Refuses a rule that was switched off and never was there: a name that is mistyped leaves
    /// the rule on. To be asked of the whole pack, built-in rules included.
    pub fn check_off(&self) -> Result<(), RuleError> {
        // Of one rule that two files switch off only the first finds it.
        let found = |rule: &str| self.off.iter().any(|off| off.found && off.rule == rule);
        match self.off.iter().find(|off| !found(&off.rule)) {
            None => Ok(()),
            Some(off) => Err(RuleError::Off {
                file: off.file.to_string(),
                line: off.line,
                rule: off.rule.clone(),
            }),
        }
    }

    fn refuse_doubles(&self) -> Result<(), RuleError> {
        for (at, rule) in self.rules.iter().enumerate() {
            let before = self.rules.get(..at).unwrap_or_default();
            if let Some(first) = before.iter().find(|r| r.id() == rule.id()) {
                return Err(RuleError::Rule {
                    file: rule.file().to_owned(),
                    line: rule.line(),
                    rule: rule.id().to_owned(),
                    key: "id",
                    reason: format!("already used on line {}: choose another", first.line()),
                });
            }
        }
        Ok(())
    }
}

/// The text of a file of rules, and of no larger one: a link may lead to what never ends.
pub fn read_rules(path: &Path) -> io::Result<String> {
    let mut text = Vec::new();
    fs::File::open(path)?.take(RULE_FILE_BYTES_MAX + 1).read_to_end(&mut text)?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > RULE_FILE_BYTES_MAX {
        let most = RULE_FILE_BYTES_MAX / 1024 / 1024;
        return Err(io::Error::other(format!("larger than {most} MiB: no file of rules")));
    }
    String::from_utf8(text).map_err(|_| io::Error::other("no UTF-8 text"))
}

fn read_toml<T: serde::de::DeserializeOwned>(file: &str, text: &str) -> Result<T, RuleError> {
    toml::from_str(text).map_err(|e| RuleError::Syntax {
        file: file.to_owned(),
        line: e.span().map_or(1, |span| line_of(text, span.start)),
        place: e.span().map(|span| Place::of(text, span.start)).unwrap_or_default(),
        message: e.message().to_owned(),
    })
}

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|b| *b == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = r##"
[[rule]]
id = "shoe-size"
class = "person.shoe_size"
description = "A shoe size."
references = ["https://example.org/shoes"]
masks = ["EU ##"]
weight = 9.5
[rule.examples]
match = ["EU 42", "EU 38", "EU 40"]
reject = ["UK 8", "EU", "42"]
"##;

    #[test]
    fn a_rule_is_read_with_its_place() {
        let pack = RulePack::parse("shoes.toml", RULE).unwrap();
        assert_eq!(pack.rules()[0].id(), "shoe-size");
        assert_eq!((pack.rules()[0].file(), pack.rules()[0].line()), ("shoes.toml", 3));
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        let text = RULE.replace("weight", "wieght");
        let error = RulePack::parse("shoes.toml", &text).unwrap_err().to_string();
        assert!(
            error
                .contains("shoes.toml, line 8, rule shoe-size, key wieght: unknown field `wieght`"),
            "{error}"
        );
    }

    #[test]
    fn names_that_stand_for_too_many_phrases_are_refused() {
        let word = "a|b|c|d|e|f|g|h|i|j";
        let named = |key: &str, name: &str| {
            let text = RULE.replace("[rule.examples]", &format!("{key} = [{name:?}]\n$&"));
            RulePack::parse("shoes.toml", &text.replace("$&", "[rule.examples]"))
        };
        for key in ["names", "weak_names", "beside_names"] {
            named(key, &[word; 2].join(" ")).unwrap();
            let error = named(key, &[word; 12].join(" ")).unwrap_err().to_string();
            let place = format!("shoes.toml, line 9, rule shoe-size, key {key}: ");
            assert!(error.contains(&place), "{error}");
            assert!(error.contains("stands for more than 256 phrases"), "{error}");
        }
        let things = format!("[context]\nthings = [{:?}]", [word; 30].join(" "));
        let error = RulePack::parse("c.toml", &things).unwrap_err().to_string();
        assert!(error.contains("c.toml, line 2, key things: "), "{error}");
        let many = vec![format!("{:?}", [word; 2].join(" ")); 41].join(", ");
        let text = RULE.replace("weight = 9.5", &format!("weight = 9.5\nnames = [{many}]"));
        let error = RulePack::parse("shoes.toml", &text).unwrap_err().to_string();
        assert!(error.contains("at most 4096 phrases"), "{error}");
    }

    #[test]
    fn one_id_stands_for_one_rule() {
        let error = RulePack::parse("shoes.toml", &RULE.repeat(2)).unwrap_err().to_string();
        assert!(
            error.contains("rule shoe-size of shoes.toml, line 14: id: already used"),
            "{error}"
        );
    }

    #[test]
    fn own_rules_replace_and_switch_off() {
        let mut pack = RulePack::builtin();
        let count = pack.rules().len();
        pack.extend(RulePack::parse("a.toml", RULE).unwrap());
        assert_eq!(pack.rules().len(), count + 1);
        pack.extend(RulePack::parse("b.toml", &RULE.replace("EU", "US")).unwrap());
        assert_eq!(pack.rules().len(), count + 1);
        assert_eq!(pack.rules()[count].masks, ["US ##"]);
        pack.extend(RulePack::parse("c.toml", "off = [\"shoe-size\"]").unwrap());
        assert_eq!(pack.rules().len(), count);
    }

    #[test]
    fn a_value_of_another_type_is_named_with_rule_and_key() {
        let text = RULE.replace("weight = 9.5", "weight = \"much\"");
        let error = RulePack::parse("shoes.toml", &text).unwrap_err().to_string();
        let place = "shoes.toml, line 8, rule shoe-size, key weight: invalid type";
        assert!(error.contains(place), "{error}");
    }

    #[test]
    fn a_rule_that_is_not_there_cannot_be_switched_off() {
        let mut pack = RulePack::builtin();
        let known = pack.rules()[0].id().to_owned();
        pack.extend(RulePack::parse("a.toml", &format!("off = [{known:?}]")).unwrap());
        pack.extend(RulePack::parse("b.toml", &format!("off = [{known:?}]")).unwrap());
        pack.check_off().unwrap();
        pack.extend(RulePack::parse("c.toml", "\noff = [\"nosuchrule\"]").unwrap());
        let error = pack.check_off().unwrap_err().to_string();
        assert!(error.contains("\"nosuchrule\" in c.toml, line 2: off"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_without_end_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/dev/zero", folder.path().join("a.toml")).unwrap();
        let error = RulePack::load_dir(folder.path()).unwrap_err().to_string();
        assert!(error.contains("a.toml: larger than 8 MiB"), "{error}");
    }

    #[test]
    fn a_missing_folder_is_named() {
        let error = RulePack::load_dir(Path::new("/no/such/rules")).unwrap_err().to_string();
        assert!(error.starts_with("read rules from /no/such/rules: "), "{error}");
    }
}
