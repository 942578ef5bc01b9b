//! Files of recognisers for Presidio: patterns with a score, context words, lists of words.

use super::draft::{Asked, Draft, Imported, Inside, Loss, Whole, kebab, one_line};
use super::sample::literal;
use super::yaml::{Node, Wrong};

/// A value has to be so sure, by itself, to be reported.
const SCORE_STRONG: f64 = 0.5;
/// What a field is worth before anything is known of it, in nats (docs/rules.md).
const PRIOR: f64 = 9.0;
/// Characters of a word that is looked for.
const WORD_MIN: usize = 3;
/// Bytes of the words that go into one pattern.
const WORDS_BYTES: usize = 600;

/// Look-around that stands for the edge of a word, or nearly.
const EDGES: [(&str, &str); 10] = [
    (r"(?<!\w)", r"\b"),
    (r"(?<![\w])", r"\b"),
    (r"(?<!\d)", r"\b"),
    (r"(?<![0-9])", r"\b"),
    (r"(?<![A-Za-z0-9])", r"\b"),
    (r"(?!\w)", r"\b"),
    (r"(?!\d)", r"\b"),
    (r"(?![0-9])", r"\b"),
    (r"(?![A-Za-z0-9])", r"\b"),
    (r"\Z", r"\z"),
];

/// What `text` becomes; fails where it is no YAML of recognisers.
pub(super) fn translate(text: &str, file: &str) -> Result<Imported, Wrong> {
    let tree = Node::parse(text)?;
    // By itself, as a registry's, or as part of the configuration of an analyser.
    let registry = tree.get("recognizer_registry").unwrap_or(&tree);
    let list = registry.get("recognizers").unwrap_or(registry).list();
    if list.is_empty() {
        return Err((tree.line, "expected a list of recognizers".to_owned()));
    }
    let mut out = Imported { all: list.len(), ..Imported::default() };
    for node in list {
        let before = out.drafts.len();
        take(node, file, &mut out);
        out.taken += usize::from(out.drafts.len() > before);
    }
    Ok(out)
}

fn take(node: &Node, file: &str, out: &mut Imported) {
    let name = node.text_of("name").or(node.text()).unwrap_or("(without a name)");
    let what = one_line(name);
    let loss = |why: &str| Loss { line: node.line, what: what.clone(), why: why.to_owned() };
    if node.text_of("enabled") == Some("false") {
        out.left.push(loss("it is switched off"));
        return;
    }
    let (patterns, words) = (node.get("patterns"), node.texts_of("deny_list"));
    if patterns.is_none() && words.is_empty() {
        out.left.push(loss("it is code of Presidio: there is nothing in the file to take over"));
        return;
    }
    let entity = node.text_of("supported_entity").unwrap_or(name);
    let mut context = node.texts_of("context");
    for language in node.get("supported_languages").map_or(&[][..], Node::list) {
        context.extend(language.texts_of("context"));
    }
    let context: Vec<String> = context.iter().filter_map(|word| phrase(word)).collect();
    let base = Draft {
        id: format!("presidio-{}", kebab(name)),
        class: format!("presidio.{}", kebab(entity).replace('-', "_")),
        description: format!("What the recogniser {what} finds."),
        reference: format!("{file}, line {}, recogniser {what}", node.line),
        names: context.clone(),
        ..Draft::default()
    };
    let recogniser = Recogniser { base, context, what };
    let mut found = recogniser.by_pattern(patterns.map_or(&[][..], Node::list), out);
    let score = node.text_of("deny_list_score").and_then(|text| text.parse().ok()).unwrap_or(1.0);
    found.extend(recogniser.by_words(&words, score));
    for mut draft in found {
        match draft.exemplify() {
            Ok(()) => out.drafts.push(draft),
            Err(why) => {
                let what = recogniser.what.clone();
                out.left.push(Loss { line: node.line, what, why });
            }
        }
    }
}

struct Recogniser {
    base: Draft,
    /// Words that speak for it.
    context: Vec<String>,
    what: String,
}

impl Recogniser {
    /// Those that say enough by themselves in one rule, the others in another.
    fn by_pattern(&self, patterns: &[Node], out: &mut Imported) -> Vec<Draft> {
        let mut made: [Option<Draft>; 2] = [None, None];
        for node in patterns {
            let what = node.text_of("name").map_or(self.what.clone(), |name| {
                format!("{}, pattern {}", self.what, one_line(name))
            });
            let lose = |list: &mut Vec<Loss>, why: String| {
                list.push(Loss { line: node.line, what: what.clone(), why });
            };
            let Some(regex) = node.text_of("regex") else {
                lose(&mut out.left, "it has no regex".to_owned());
                continue;
            };
            let score: Option<f64> = node.text_of("score").and_then(|text| text.parse().ok());
            let score = score.unwrap_or(0.5).clamp(0.01, 0.99);
            let (regex, edged) = without_edges(regex);
            if edged {
                lose(&mut out.changed, "look-around at its edges became edges of words".into());
            }
            // The flags that Presidio compiles with, and classes of ASCII.
            let format = format!("(?ims-u){regex}");
            let mut alone = self.draft(score, usize::from(score < SCORE_STRONG));
            let anchors = self.anchors(&regex, score);
            if anchors.is_empty() {
                let why = "it has no text to look for: only whole values are tried";
                lose(&mut out.changed, why.to_owned());
            } else {
                let weak = score < SCORE_STRONG;
                let lead_in = if weak { self.context.clone() } else { Vec::new() };
                let (format, asked) = (format.clone(), Asked::default());
                alone.inside.push(Inside { anchors, format, lead_in, asked });
            }
            alone.whole.push(Whole { format, asked: Asked::default() });
            // Each is tried by itself, so that one that cannot be used takes none with it.
            if let Err(why) = alone.clone().exemplify() {
                lose(&mut out.left, why);
                continue;
            }
            match &mut made[usize::from(score < SCORE_STRONG)] {
                Some(all) => {
                    all.weight = all.weight.min(alone.weight);
                    all.whole.append(&mut alone.whole);
                    all.inside.append(&mut alone.inside);
                }
                none => *none = Some(alone),
            }
        }
        made.into_iter().flatten().collect()
    }

    fn draft(&self, score: f64, weak: usize) -> Draft {
        let suffix = if weak == 1 { "-weak" } else { "" };
        Draft {
            id: format!("{}{suffix}", self.base.id),
            weight: (PRIOR + (score / (1.0 - score)).ln()).clamp(0.0, 15.0),
            needs_context: weak == 1,
            ..self.base.clone()
        }
    }

    /// What is looked for in text: something that every value holds, or the words around it.
    fn anchors(&self, regex: &str, score: f64) -> Vec<String> {
        let long = |text: &String| text.len() >= WORD_MIN;
        let own = literal(&format!("(?-u){regex}")).filter(long);
        if let Some(own) = own.filter(|_| score >= SCORE_STRONG) {
            return vec![own];
        }
        self.context.iter().filter(|word| long(word)).cloned().collect()
    }

    /// The words of a deny list.
    fn by_words(&self, words: &[String], score: f64) -> Option<Draft> {
        if words.is_empty() {
            return None;
        }
        let mut draft = self.draft(score.clamp(0.01, 0.99), usize::from(score < SCORE_STRONG));
        draft.id = format!("{}-words", self.base.id);
        let mut rest = words;
        while let Some(first) = rest.first() {
            let mut bytes = first.len();
            let more = rest.iter().skip(1).take_while(|word| {
                bytes += word.len() * 2 + 1;
                bytes <= WORDS_BYTES
            });
            let (some, left) = rest.split_at(1 + more.count());
            rest = left;
            let any: Vec<String> = some.iter().map(|word| regex_syntax::escape(word)).collect();
            let any = any.join("|");
            let format = format!("(?-u)(?:{any})");
            draft.whole.push(Whole { format, asked: Asked::default() });
            let long = some.iter().filter(|word| word.len() >= WORD_MIN && word.is_ascii());
            let anchors: Vec<String> = long.cloned().collect();
            if !anchors.is_empty() {
                let format = format!(r"(?-u)(?:^|\W)(?:{any})(?:\W|$)");
                let (lead_in, asked) = (Vec::new(), Asked::default());
                draft.inside.push(Inside { anchors, format, lead_in, asked });
            }
        }
        Some(draft)
    }
}

/// With look-around at the edges of words as `\b`, and whether there was any.
fn without_edges(regex: &str) -> (String, bool) {
    let mut out = regex.to_owned();
    for (theirs, ours) in EDGES {
        out = out.replace(theirs, ours);
    }
    let changed = out.replace(r"\z", r"\Z") != regex.replace(r"\z", r"\Z");
    (out, changed)
}

/// A context word as words of a field's name.
fn phrase(word: &str) -> Option<String> {
    let lower = word.to_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognisers_are_found_wherever_they_are_listed() {
        let list = "- name: zip\n  patterns: [{regex: 'Z[0-9]{5}', score: 0.9}]\n";
        let nested = list.replace('\n', "\n    ");
        for text in [
            list.to_owned(),
            format!("recognizers:\n  {}", list.replace('\n', "\n  ")),
            format!("nlp_configuration: {{}}\nrecognizer_registry:\n  recognizers:\n    {nested}"),
        ] {
            assert_eq!(translate(text.trim_end(), "f.yaml").unwrap().taken, 1, "{text}");
        }
        assert!(translate("recognizer_registry: {}", "f.yaml").is_err());
    }

    #[test]
    fn edges_are_edges_and_other_look_around_is_not() {
        assert_eq!(without_edges(r"(?<!\w)a\Z"), (r"\ba\z".to_owned(), true));
        assert_eq!(without_edges(r"(?!000)\d"), (r"(?!000)\d".to_owned(), false));
    }
}
