//! Files of rules for gitleaks (`.gitleaks.toml`): a pattern, keywords that have to be near, and
//! the entropy of what it captures.

use serde::Deserialize;
use toml::Spanned;

use super::draft::{Asked, Draft, Imported, Inside, Loss, Whole, kebab, one_line};
use super::sample::sample;

/// What stands in the patterns of gitleaks between a name and its value.
const OPERATOR: &str = r#"(?:=|>|:{1,3}=|\|\||:|=>|\?=|,)[\x60'"\s=]{0,5}("#;
/// Rules of a file up to which each becomes one of ours; more would not fit, and become two.
const EACH_MAX: usize = 24;
/// Characters of a keyword that is looked for.
const KEYWORD_MIN: usize = 3;
/// Values that are made of a pattern to see whether all of them hold a keyword.
const SAMPLES: u64 = 256;
/// Names that say nothing of what a field carries: each API has them.
const COMMON: [&str; 14] = [
    "access",
    "api",
    "auth",
    "client",
    "credential",
    "creds",
    "id",
    "key",
    "passw",
    "passwd",
    "password",
    "pwd",
    "secret",
    "token",
];
/// What one value adds whose form alone says what it is.
const WEIGHT_KEY: f64 = 12.0;
/// What one value adds that is a key by its field's name.
const WEIGHT_NAMED: f64 = 3.5;

#[derive(Default, Deserialize)]
#[serde(default)]
struct File {
    rules: Vec<Entry>,
    allowlist: Option<Allowlist>,
    allowlists: Vec<Allowlist>,
    extend: Option<toml::Table>,
}

#[derive(Deserialize)]
struct Entry {
    id: Spanned<String>,
    #[serde(default)]
    description: String,
    regex: Option<String>,
    path: Option<String>,
    #[serde(default)]
    keywords: Vec<String>,
    entropy: Option<f64>,
    #[serde(rename = "secretGroup")]
    secret_group: Option<usize>,
    allowlist: Option<Allowlist>,
    #[serde(default)]
    allowlists: Vec<Allowlist>,
    #[serde(default)]
    required: Vec<toml::Table>,
    #[serde(default, rename = "skipReport")]
    skip_report: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Allowlist {
    condition: String,
    regexes: Vec<String>,
    stopwords: Vec<String>,
    #[serde(rename = "regexTarget")]
    regex_target: String,
}

/// One of their rules as ours, and whether a field's name is part of it.
struct Taken {
    draft: Draft,
    named: bool,
    keywords: Vec<String>,
}

/// What `text` becomes; fails where it is no TOML of gitleaks, by offset.
pub(super) fn translate(text: &str, file: &str) -> Result<Imported, toml::de::Error> {
    let read: File = toml::from_str(text)?;
    let mut out = Imported { all: read.rules.len(), ..Imported::default() };
    if read.extend.is_some() {
        let why = "the files it extends are not read: import them, too".to_owned();
        out.changed.push(Loss { line: 1, what: "extend".to_owned(), why });
    }
    let mut common = Asked::default();
    for list in read.allowlist.iter().chain(&read.allowlists) {
        take_list(list, &mut common, |why| {
            out.changed.push(Loss { line: 1, what: "allowlist".to_owned(), why: why.to_owned() });
        });
    }
    let mut taken = Vec::new();
    for entry in &read.rules {
        let line = text.get(..entry.id.span().start).unwrap_or_default().matches('\n').count() + 1;
        let mut changed = |why: &str| {
            let what = one_line(entry.id.get_ref());
            out.changed.push(Loss { line, what, why: why.to_owned() });
        };
        match take(entry, (file, line), &common, &mut changed) {
            Ok(rule) => taken.push(rule),
            Err(why) => {
                out.left.push(Loss { line, what: one_line(entry.id.get_ref()), why });
            }
        }
    }
    out.taken = taken.len();
    out.drafts = match taken.len() {
        0..=EACH_MAX => taken.into_iter().map(|rule| rule.draft).collect(),
        _ => together(taken, file),
    };
    Ok(out)
}

fn take(
    entry: &Entry,
    (file, line): (&str, usize),
    common: &Asked,
    changed: &mut dyn FnMut(&str),
) -> Result<Taken, String> {
    let regex = pattern_of(entry, changed)?;
    let mut asked = Asked { group: entry.secret_group, entropy: entry.entropy, ..Asked::default() };
    for list in entry.allowlist.iter().chain(&entry.allowlists) {
        take_list(list, &mut asked, &mut *changed);
    }
    // Go's classes are those of ASCII.
    let regex = &braced(regex);
    let format = format!("(?-u){regex}");
    let long = |word: &&String| word.len() >= KEYWORD_MIN && word.is_ascii();
    let anchors: Vec<String> = entry.keywords.iter().filter(long).cloned().collect();
    if anchors.len() < entry.keywords.len() || anchors.is_empty() {
        changed("keywords of less than three characters are not looked for inside text");
    }
    let (id, what) = (kebab(entry.id.get_ref()), one_line(entry.id.get_ref()));
    let mut draft = Draft {
        class: format!("secret.{}", id.replace('-', "_")),
        id: format!("gitleaks-{id}"),
        description: one_line(&entry.description),
        reference: format!("{file}, line {line}, rule {what}"),
        weight: WEIGHT_KEY,
        allow: common.allow.clone(),
        stop_words: common.stop_words.clone(),
        ..Draft::default()
    };
    if draft.description.is_empty() {
        draft.description = format!("What {what} of {file} finds.");
    }
    if !anchors.is_empty() {
        let (format, lead_in) = (format.clone(), Vec::new());
        draft.inside.push(Inside { anchors, format, lead_in, asked: asked.clone() });
    }
    let inner = inner(regex);
    let keywords: Vec<String> = entry.keywords.iter().filter_map(|word| phrase(word)).collect();
    // What its keyword is no part of is a key where that stands beside it, and nowhere else.
    let (some, all) = hold(&format, &entry.keywords);
    let named = !keywords.is_empty() && (inner.is_some() || !some);
    if named && keywords.iter().all(|word| COMMON.contains(&word.as_str())) {
        return Err("its keywords are names that fields of every API have: they say nothing".into());
    }
    let (format, asked) = match inner.filter(|_| named) {
        Some(inner) => (inner, Asked { group: None, ..asked }),
        None if some && !all => {
            changed("a whole value has to hold one of its keywords");
            (format, Asked { keywords: entry.keywords.clone(), ..asked })
        }
        None => (format, asked),
    };
    draft.whole.push(Whole { format, asked });
    if named {
        draft.names.clone_from(&keywords);
        (draft.weight, draft.needs_context) = (WEIGHT_NAMED, true);
    }
    draft.exemplify()?;
    Ok(Taken { draft, named, keywords })
}

/// The pattern of a rule, if it is one that reports something of what traffic has.
fn pattern_of<'e>(entry: &'e Entry, changed: &mut dyn FnMut(&str)) -> Result<&'e str, String> {
    let Some(regex) = &entry.regex else {
        return Err("it has no pattern: names of files are not seen in traffic".to_owned());
    };
    if entry.path.is_some() {
        return Err("it speaks of files with certain names, which traffic does not have".to_owned());
    }
    if entry.skip_report {
        return Err("it reports nothing by itself: others of the file ask for it".to_owned());
    }
    if !entry.required.is_empty() {
        changed("what it requires nearby is not asked for: it finds more");
    }
    Ok(regex)
}

fn take_list(list: &Allowlist, asked: &mut Asked, mut changed: impl FnMut(&str)) {
    if list.condition.eq_ignore_ascii_case("and") {
        changed("an allowlist that wants several things at once is left out: it finds more");
        return;
    }
    if list.regex_target.eq_ignore_ascii_case("line") {
        changed("an allowlist over whole lines is left out: it finds more");
    } else {
        for regex in &list.regexes {
            let pattern = format!("(?-u){}", braced(regex));
            if regex_syntax::ParserBuilder::new().utf8(false).build().parse(&pattern).is_ok() {
                asked.allow.push(pattern);
            } else {
                changed("an allowlist has a pattern that cannot be read: it finds more");
            }
        }
    }
    asked.stop_words.extend(list.stopwords.iter().cloned());
}

/// Go takes a brace that begins no repetition for itself; ours has to be told.
fn braced(regex: &str) -> String {
    let mut out = String::with_capacity(regex.len());
    let (mut escaped, mut in_class) = (false, false);
    // Behind `\p`, `\x` and the like a brace is part of the escape.
    let mut letter = false;
    for (at, c) in regex.char_indices() {
        if c == '{' && !escaped && !in_class && !letter && !repeats(regex.get(at + 1..)) {
            out.push('\\');
        }
        letter = escaped && matches!(c, 'p' | 'P' | 'x' | 'u' | 'U');
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            _ => {}
        }
        out.push(c);
    }
    out
}

/// Whether `behind` a brace stand numbers and its end.
fn repeats(behind: Option<&str>) -> bool {
    let inner = behind.and_then(|rest| rest.split_once('}')).map_or("", |(inner, _)| inner);
    let (least, most) = inner.split_once(',').unwrap_or((inner, ""));
    let number = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    !least.is_empty() && number(least) && number(most)
}

/// The pattern of the value alone, where the whole one is of a name, an operator and a value.
fn inner(regex: &str) -> Option<String> {
    let (_, behind) = regex.split_once(OPERATOR)?;
    let mut depth = 1;
    let (mut escaped, mut in_class) = (false, false);
    for (at, c) in behind.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => depth += 1,
            ')' if !in_class => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            let flags = if regex.starts_with("(?i)") { "(?i-u)" } else { "(?-u)" };
            return Some(format!("{flags}{}", behind.get(..at)?));
        }
    }
    None
}

/// Whether some and whether all of what `pattern` matches hold one of `keywords`, as far as can be
/// tried; all where there are none to hold.
fn hold(pattern: &str, keywords: &[String]) -> (bool, bool) {
    let lower: Vec<String> = keywords.iter().map(|word| word.to_lowercase()).collect();
    let holds = |text: String| {
        let text = text.to_lowercase();
        lower.is_empty() || lower.iter().any(|word| text.contains(word.as_str()))
    };
    let samples = (1..=SAMPLES).filter_map(|seed| sample(pattern, seed)).map(holds);
    samples.fold((false, true), |(some, all), one| (some || one, all && one))
}

/// A keyword as the words of a field's name.
fn phrase(keyword: &str) -> Option<String> {
    let lower = keyword.to_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let letters = lower.chars().filter(char::is_ascii_alphabetic).count();
    (letters >= KEYWORD_MIN).then(|| words.join(" "))
}

/// Many rules as two: those whose values say what they are, and those that need a name.
fn together(taken: Vec<Taken>, file: &str) -> Vec<Draft> {
    let (named, keys): (Vec<Taken>, Vec<Taken>) = taken.into_iter().partition(|rule| rule.named);
    let both = [
        (keys, "keys", "A key or token of a vendor, by its form."),
        (named, "named", "A key or token of a vendor, by its field's name and its form."),
    ];
    let made = both.into_iter().filter(|(rules, ..)| !rules.is_empty());
    made.map(|(rules, what, description)| {
        let mut all = Draft {
            id: format!("gitleaks-{what}"),
            class: format!("secret.vendor_{}", if what == "keys" { "key" } else { "secret" }),
            description: description.to_owned(),
            reference: format!("{file}: {} rules", rules.len()),
            ..Draft::default()
        };
        for Taken { mut draft, keywords, .. } in rules {
            (all.weight, all.needs_context) = (draft.weight, draft.needs_context);
            (all.allow, all.stop_words) = (draft.allow, draft.stop_words);
            all.whole.append(&mut draft.whole);
            all.inside.append(&mut draft.inside);
            all.names.extend(keywords.into_iter().filter(|_| draft.needs_context));
            let [matches, rejects] = draft.examples;
            let [known, rejected] = &mut all.examples;
            known.extend(matches.into_iter().take(1));
            if rejected.is_empty() {
                *rejected = rejects;
            } else {
                rejected.retain(|example| rejects.contains(example));
            }
        }
        all.names.sort();
        all.names.dedup();
        all
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMED: [&str; 3] = [
        r#"(?i)[\w.-]{0,50}?(?:acme)(?:[ \t\w.-]{0,20})[\s'"]{0,3}"#,
        OPERATOR,
        r#"[a-f0-9]{32}|[)(]{3})(?:[\x60'"\s;]|\\[nr]|$)"#,
    ];

    #[test]
    fn the_value_of_a_named_pattern_is_taken_out() {
        assert_eq!(inner(&NAMED.concat()).as_deref(), Some("(?i-u)[a-f0-9]{32}|[)(]{3}"));
        assert_eq!(inner("ghp_[a-z]+"), None);
        assert_eq!(braced(r"^\$(?:\d+|{\d+})$"), r"^\$(?:\d+|\{\d+})$");
        assert_eq!(braced(r"[{]a{2,}\{\p{L}{3}"), r"[{]a{2,}\{\p{L}{3}");
        assert_eq!(phrase("CO_API_KEY").as_deref(), Some("co api key"));
        assert_eq!(phrase("a1"), None);
        let held = |pattern: &str, word: &str| hold(pattern, &[word.to_owned()]);
        assert_eq!(held("(?i)(?:acme_[a-f0-9]{16}|x-acme-[0-9]{4})", "ACME"), (true, true));
        assert_eq!(held("(?i)(?:acme_[a-f0-9]{16}|[a-f0-9]{40})", "acme_"), (true, false));
        assert_eq!(held("[a-f0-9]{40}", "acme"), (false, false));
        assert_eq!(hold("[a-f0-9]{40}", &[]), (true, true));
    }
}
