//! Rules in the making, and how they are written.

use std::fmt::Write as _;

use crate::detect::Detector;
use crate::rules::RulePack;

use super::sample::sample;

/// Examples of each kind that a rule needs.
const EXAMPLES: usize = 3;
/// Seeds that are tried for them.
const SEEDS: u64 = 60;
/// What hardly any pattern should take.
const ORDINARY: [&str; 8] = [
    "an ordinary sentence of words",
    "yes",
    "0.5",
    "/api/v1/items",
    "2024-02-29",
    "Tuesday",
    "n/a",
    "[]",
];

/// What a pattern asks of its value beside its form.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// The group that is the value.
    pub(super) group: Option<usize>,
    /// Bits per character.
    pub(super) entropy: Option<f64>,
    /// Patterns that it must not match.
    pub(super) allow: Vec<String>,
    /// Words that it must not hold.
    pub(super) stop_words: Vec<String>,
    /// Words of which it has to hold one.
    pub(super) keywords: Vec<String>,
}

/// A pattern for whole values.
#[derive(Clone, Debug)]
pub(super) struct Whole {
    pub(super) format: String,
    pub(super) asked: Asked,
}

/// A pattern around literals.
#[derive(Clone, Debug)]
pub(super) struct Inside {
    pub(super) anchors: Vec<String>,
    pub(super) format: String,
    pub(super) lead_in: Vec<String>,
    pub(super) asked: Asked,
}

/// A rule.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub(super) id: String,
    pub(super) class: String,
    pub(super) description: String,
    pub(super) reference: String,
    pub(super) weight: f64,
    pub(super) needs_context: bool,
    pub(super) names: Vec<String>,
    pub(super) allow: Vec<String>,
    pub(super) stop_words: Vec<String>,
    pub(super) whole: Vec<Whole>,
    pub(super) inside: Vec<Inside>,
    /// Found by [`Draft::exemplify`].
    pub(super) examples: [Vec<String>; 2],
}

/// What was not taken over, or not as it was.
#[derive(Clone, Debug)]
pub(super) struct Loss {
    pub(super) line: usize,
    pub(super) what: String,
    pub(super) why: String,
}

/// What a file became.
#[derive(Debug, Default)]
pub(super) struct Imported {
    /// How many rules or recognisers it has.
    pub(super) all: usize,
    /// How many of them are in `drafts`.
    pub(super) taken: usize,
    pub(super) drafts: Vec<Draft>,
    /// What is left out.
    pub(super) left: Vec<Loss>,
    /// What is taken over, but wider or narrower.
    pub(super) changed: Vec<Loss>,
}

impl Draft {
    /// Finds examples that hold, by trying the rule; says why it cannot be used where none do.
    pub(super) fn exemplify(&mut self) -> Result<(), String> {
        let mut first = None;
        let mut matches: Vec<String> = Vec::new();
        for seed in 1..=SEEDS {
            let Some(text) = self.candidate(seed) else { continue };
            if matches.contains(&text) || text.trim() != text {
                continue;
            }
            self.examples = [spaced(&text), self.ordinary()];
            match self.try_out() {
                Ok(()) => matches.push(text),
                // What is wrong with the rule is wrong whatever the example.
                Err(why) if !why.starts_with("examples") => return Err(why),
                Err(why) => first = first.or(Some(why)),
            }
            if matches.len() == EXAMPLES {
                self.examples = [matches, self.ordinary()];
                return self.try_out();
            }
        }
        // Few values are all there are: of a list of two words there is no third.
        if let Some(text) = matches.first() {
            let more = spaced(text).into_iter().skip(1);
            matches.extend(more.take(EXAMPLES.saturating_sub(matches.len())).collect::<Vec<_>>());
            self.examples = [matches, self.ordinary()];
            return self.try_out();
        }
        if first.is_none() {
            // A pattern that cannot be compiled has no values; what is wrong with it says more.
            self.examples = [spaced(""), self.ordinary()];
            first = self.try_out().err().filter(|why| !why.starts_with("examples"));
        }
        Err(first.unwrap_or_else(|| "no value could be made that it matches".to_owned()))
    }

    /// What some pattern of the rule should match; the patterns take turns.
    fn candidate(&self, seed: u64) -> Option<String> {
        let turn = usize::try_from(seed).ok()?;
        let (whole, inside) = (self.whole.len(), self.inside.len());
        let way = turn.checked_rem(whole + inside)?;
        if let Some(whole) = self.whole.get(way) {
            return sample(&whole.format, seed);
        }
        let inside = self.inside.get(way - whole)?;
        let text = sample(&inside.format, seed)?;
        let word = inside.lead_in.first().map_or("see", String::as_str);
        Some(format!("{word} {text}"))
    }

    fn ordinary(&self) -> Vec<String> {
        ORDINARY.map(str::to_owned).into()
    }

    /// Compiles the rule with those of its rejected examples that it does reject.
    fn try_out(&mut self) -> Result<(), String> {
        loop {
            let pack = RulePack::parse("the imported rule", &self.written());
            let compiled = pack.and_then(|pack| Detector::compile(&pack).map(drop));
            let Err(error) = compiled else { return Ok(()) };
            let text = error.to_string();
            let taken = self.examples[1].iter().position(|example| {
                text.contains(&format!("examples.reject: {example:?} matches"))
            });
            match taken {
                Some(at) if self.examples[1].len() > EXAMPLES => {
                    self.examples[1].remove(at);
                }
                _ => {
                    let reason = text.split_once(", line ").map_or(&*text, |(_, rest)| rest);
                    let reason = reason.split_once(": ").map_or(reason, |(_, rest)| rest);
                    return Err(reason.split_whitespace().collect::<Vec<_>>().join(" "));
                }
            }
        }
    }

    /// As an entry of a file of rules.
    pub(super) fn written(&self) -> String {
        let mut out = String::from("[[rule]]\n");
        for (key, text) in
            [("id", &self.id), ("class", &self.class), ("description", &self.description)]
        {
            let _ = writeln!(out, "{key} = {}", quoted(text));
        }
        let _ = writeln!(out, "references = [{}]", quoted(&self.reference));
        let _ = writeln!(out, "weight = {:.2}", self.weight);
        if self.needs_context {
            out.push_str("needs_context = true\n");
        }
        list(&mut out, "names", &self.names);
        list(&mut out, "allow", &self.allow);
        list(&mut out, "stop_words", &self.stop_words);
        for whole in &self.whole {
            out.push_str("[[rule.whole]]\n");
            let _ = writeln!(out, "format = {}", quoted(&whole.format));
            whole.asked.write(&mut out);
        }
        for inside in &self.inside {
            out.push_str("[[rule.embedded]]\n");
            list(&mut out, "anchors", &inside.anchors);
            out.push_str("ignore_case = true\n");
            let _ = writeln!(out, "format = {}", quoted(&inside.format));
            list(&mut out, "lead_in", &inside.lead_in);
            inside.asked.write(&mut out);
        }
        out.push_str("[rule.examples]\n");
        let [matches, rejects] = &self.examples;
        list(&mut out, "match", matches);
        list(&mut out, "reject", rejects);
        out
    }
}

impl Asked {
    fn write(&self, out: &mut String) {
        if let Some(group) = self.group {
            let _ = writeln!(out, "group = {group}");
        }
        if let Some(bits) = self.entropy {
            let _ = writeln!(out, "entropy = {bits:?}");
        }
        list(out, "allow", &self.allow);
        list(out, "stop_words", &self.stop_words);
        list(out, "keywords", &self.keywords);
    }
}

/// One value in as many ways as examples are needed: white space around it is no part of it.
fn spaced(text: &str) -> Vec<String> {
    vec![text.to_owned(), format!("{text} "), format!("  {text}")]
}

/// Text as TOML has it.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn list(out: &mut String, key: &str, texts: &[String]) {
    if !texts.is_empty() {
        let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
        let _ = writeln!(out, "{key} = [{}]", texts.join(", "));
    }
}

/// Text as part of an id: lower case, everything else a hyphen.
pub(super) fn kebab(text: &str) -> String {
    let plain = text.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let parts: Vec<&str> = plain.split('-').filter(|part| !part.is_empty()).collect();
    parts.join("-")
}

/// One line, without the control characters that TOML and terminals mind.
pub(super) fn one_line(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
