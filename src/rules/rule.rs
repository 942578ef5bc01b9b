//! One rule, as written in TOML.

use std::sync::Arc;

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use crate::base::limits::{NAME_PHRASES_MAX, NAMES_MAX};

/// A rule. Weights are log-odds in nats: what the evidence multiplies the odds of the class by is
/// `exp(weight)` (see `detect::judge` for the sum).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Kebab-case, unique.
    pub(super) id: Spanned<String>,
    /// The data class, a dotted id.
    pub class: Arc<str>,
    /// One sentence for people.
    pub description: String,
    /// Where the format and the check are specified.
    pub references: Vec<String>,
    /// Which identifier of the HIPAA Safe Harbor list it is: the letter, `A` to `R`, of 45 CFR
    /// 164.514(b)(2)(i). Absent where it is none (a secret of the service).
    pub hipaa: Option<String>,
    /// What it is under the GDPR: `health` (article 9(1) with recital 35: numbers that identify a
    /// person for health purposes are data concerning health), `special-category` (what else
    /// article 9(1) lists: origin, religion, opinions, unions, genes, biometrics, sex life),
    /// `national-id` (article 87) or `personal` (article 4(1)).
    pub gdpr: Option<String>,
    /// A whole value that looks like one of these is tried. `#` a digit, `^` a capital, `@` a
    /// letter, `*` a digit or capital, `x` a hexadecimal digit, `{n}` repeats the one before,
    /// `\` takes the next literally; all else stands for itself.
    #[serde(default)]
    pub masks: Vec<String>,
    /// The same without telling separators: counted apart, since it says less.
    #[serde(default)]
    pub bare_masks: Vec<String>,
    /// Name of a built-in recogniser, in place of masks.
    pub recogniser: Option<String>,
    /// A pattern for the whole value, in place of masks.
    pub format: Option<String>,
    /// Further patterns for whole values, each with what it asks beside.
    #[serde(default)]
    pub whole: Vec<WholePattern>,
    /// A value that one of these patterns matches anywhere is none, whatever found it.
    #[serde(default)]
    pub allow: Vec<String>,
    /// A value that holds one of these words, in any case, is none.
    #[serde(default)]
    pub stop_words: Vec<String>,
    /// Names of value forms, in place of masks: the rule then only speaks where the field's name
    /// does. What its recogniser takes is counted: where the name only hints at the class, few
    /// distinct values among many speak against it.
    #[serde(default)]
    pub forms: Vec<String>,
    /// Name of a built-in check that a value of the right format has to pass.
    pub check: Option<String>,
    /// Probability that a random value of the right format passes the check.
    pub chance: Option<f64>,
    /// How `chance` was found.
    #[serde(default)]
    pub chance_from: String,
    /// What one value that passes adds.
    pub weight: f64,
    /// What one value of a bare mask that passes adds, or a column of fitting forms.
    #[serde(default)]
    pub bare_weight: f64,
    /// Whether whole values count only where name, issuer or locator speak for the class.
    #[serde(default)]
    pub needs_context: bool,
    /// The same for bare masks alone.
    #[serde(default)]
    pub bare_needs_context: bool,
    /// Whole words of a field's name that speak for the class; `a|b` stands for either.
    #[serde(default, deserialize_with = "phrases")]
    pub names: Vec<String>,
    /// Names that speak for this rule alone, and not for the others of its class: under `diagnosis`
    /// a code of ICD-10 is one, and any other word none.
    #[serde(default, deserialize_with = "phrases")]
    pub own_names: Vec<String>,
    /// Whether it speaks only where one of these does: a number of a Spanish plan under a Spanish
    /// word.
    #[serde(default)]
    pub own_names_only: bool,
    /// Words that hint at it without being enough.
    #[serde(default, deserialize_with = "phrases")]
    pub weak_names: Vec<String>,
    /// The fewest characters of a value, for rules of forms: where the one that the column is shown
    /// by has fewer, it is a count or a place in a list.
    #[serde(default)]
    pub shortest: usize,
    /// Words that may follow its names, and those of the other rules of its class, in the name of a
    /// field. Where some rule lists any, a name that goes on with another word is that of something
    /// about the value (`passwordCharset`).
    #[serde(default)]
    pub tails: Vec<String>,
    /// Words that speak against it, beside those of the whole pack.
    #[serde(default)]
    pub negative: Vec<String>,
    /// Names that speak for the class where another field of the same object carries one of
    /// `beside`: the whole of the last part, as `name` beside a birth date.
    #[serde(default, deserialize_with = "phrases")]
    pub beside_names: Vec<String>,
    /// Those classes.
    #[serde(default)]
    pub beside: Vec<Arc<str>>,
    /// Names of other fields of the same object that do as well, whatever they carry: the whole of
    /// the last part, as `grant_type` beside `code`.
    #[serde(default, deserialize_with = "phrases")]
    pub beside_fields: Vec<String>,
    /// Leading letters in which the values of a real column differ: where all share theirs, they
    /// are one series of something else, and further values add nothing.
    #[serde(default)]
    pub spread: usize,
    /// FHIR identifier systems and OIDs that issue it.
    #[serde(default)]
    pub systems: Vec<String>,
    /// Code systems whose codes are of the class: URIs, OIDs, names of HL7 table 0396. A code with
    /// such a system beside it is one whatever its format; with another beside it, it is none.
    #[serde(default)]
    pub code_systems: Vec<String>,
    /// Whether the rule's formats list the codes of those systems that are of the class: others are
    /// none.
    #[serde(default)]
    pub value_set: bool,
    /// Identifier type codes of HL7 table 0203.
    #[serde(default)]
    pub types: Vec<String>,
    /// Leading letters and digits of values reserved for tests and examples, `?` for any one:
    /// named, never dropped.
    #[serde(default)]
    pub test_prefixes: Vec<String>,
    /// Leading letters and digits of values that the issuer has given out, `?` for any one: the
    /// others are less likely of the class, and never refused.
    #[serde(default)]
    pub issued: Vec<String>,
    /// Which share of random values that pass begin so.
    pub issued_share: Option<f64>,
    /// Where both are from.
    #[serde(default)]
    pub issued_from: String,
    /// How it is found inside longer text.
    #[serde(default)]
    pub embedded: Vec<Embedded>,
    /// What the first text it is found in adds, where that alone is not enough: the field's name
    /// or more distinct texts have to speak for it as well.
    pub embedded_weight: Option<f64>,
    /// The least share of a column's values that it has to be found in, three distinct ones at
    /// least or half of them all, unless the field's name speaks for the class or for notes.
    pub text_share: Option<f64>,
    /// Whether what is found inside text only hints at the class, however often it is found: the
    /// profile `strict` believes it, and no other.
    #[serde(default)]
    pub hint: bool,
    /// What holds.
    pub examples: Examples,
    #[serde(skip)]
    pub(super) file: Arc<str>,
    #[serde(skip)]
    pub(super) line: usize,
    #[serde(skip)]
    pub(super) built_in: bool,
}

impl Rule {
    /// Whether it comes with the program, whose tests compile all of it.
    pub fn is_built_in(&self) -> bool {
        self.built_in
    }

    /// The rule's id.
    pub fn id(&self) -> &str {
        self.id.get_ref()
    }

    /// The country of its class, by ISO 3166-1 (`eu` for the Union), in lower case; `None` for
    /// classes of every country.
    pub fn country(&self) -> Option<&str> {
        let (head, _) = self.class.split_once('.')?;
        (head.len() == 2).then_some(head)
    }

    /// The file it came from.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The line of its `id`, counted from 1.
    pub fn line(&self) -> usize {
        self.line
    }
}

/// One way in which a rule finds its values inside longer text.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Embedded {
    /// Masks, tried where a word begins that holds a digit.
    #[serde(default)]
    pub masks: Vec<String>,
    /// Literals at which `recogniser` or `format` is tried.
    #[serde(default)]
    pub anchors: Vec<String>,
    /// Name of a built-in recogniser for what stands at an anchor.
    pub recogniser: Option<String>,
    /// Whether anchors are found in any case. Slower: for the text where it is so only.
    #[serde(default)]
    pub ignore_case: bool,
    /// A pattern searched for around an anchor.
    pub format: Option<String>,
    /// The group of `format` that is the value; by default the first that took part, else all.
    pub group: Option<usize>,
    /// Bits of Shannon entropy per character above which a value is one.
    pub entropy: Option<f64>,
    /// As those of the rule, for this alone.
    #[serde(default)]
    pub allow: Vec<String>,
    /// As those of the rule, for this alone.
    #[serde(default)]
    pub stop_words: Vec<String>,
    /// Whole words of which one has to stand shortly before.
    #[serde(default)]
    pub lead_in: Vec<String>,
    /// Words that say right before a value that it is something else.
    #[serde(default, deserialize_with = "phrases")]
    pub named_otherwise: Vec<String>,
}

/// A pattern for whole values.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WholePattern {
    /// The pattern.
    pub format: String,
    /// The group of `format` that is the value; by default the first that took part, else all.
    pub group: Option<usize>,
    /// Bits of Shannon entropy per character above which a value is one.
    pub entropy: Option<f64>,
    /// As those of the rule, for this alone.
    #[serde(default)]
    pub allow: Vec<String>,
    /// As those of the rule, for this alone.
    #[serde(default)]
    pub stop_words: Vec<String>,
    /// Words, in any case, of which a value holds one. None needed where empty.
    #[serde(default)]
    pub keywords: Vec<String>,
}

/// What a rule must find and must leave.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Examples {
    /// At least three.
    #[serde(rename = "match")]
    pub matches: Vec<Example>,
    /// At least three.
    #[serde(rename = "reject")]
    pub rejects: Vec<Example>,
}

/// One example.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(untagged)]
pub enum Example {
    /// A value: it passes the check, or the rule finds something embedded in it.
    Value(String),
    /// A field with one value: the class is reported.
    Field {
        /// The field's canonical path.
        field: String,
        /// Its value.
        value: String,
        /// Names of other fields of its object, as the rule has them.
        #[serde(default)]
        beside_fields: Vec<String>,
        /// Classes that other fields of its object carry.
        #[serde(default)]
        beside: Vec<Arc<str>>,
    },
}

/// Names that do not stand for more phrases than fit: every `|` multiplies them.
pub(super) fn phrases<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let names = Vec::<String>::deserialize(from)?;
    let mut all = 0usize;
    for name in &names {
        let choices = name.split_whitespace().map(|word| word.split('|').count());
        let stands_for = choices.fold(1usize, usize::saturating_mul);
        if stands_for > NAME_PHRASES_MAX {
            let head: String = name.chars().take(40).collect();
            return Err(Error::custom(format!(
                "{head:?}… stands for more than {NAME_PHRASES_MAX} phrases: \
                 write it as several names with fewer choices"
            )));
        }
        all = all.saturating_add(stands_for);
    }
    if all > NAMES_MAX {
        let reason = format!("expected at most {NAMES_MAX} phrases, every choice counted");
        return Err(Error::custom(reason));
    }
    Ok(names)
}
