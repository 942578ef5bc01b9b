//! Names of fields as words, and the phrases of rules looked for among them. Whole words only:
//! `lic` is not in `public`.

/// The words of a field's path, in lower case.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Words {
    words: Vec<String>,
    /// Where those of the last named part begin.
    leaf: usize,
    /// Where those of the part before it begin.
    above: usize,
}

/// How a phrase stands in a name, the strongest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// Not at all.
    Absent,
    /// Among the words of a parent.
    Parent,
    /// In a parent whose last part says nothing of its own (`ssn.value`).
    GenericLeaf,
    /// In the last part, or ending there.
    Leaf,
}

/// Keys that say what type a value has and not what it is, of DynamoDB's JSON (`{"email": {"S":
/// …}}`, Amazon DynamoDB API Reference, AttributeValue) and of Google's (Firestore REST API,
/// Value; BigQuery, whose cells are `{"v": …}`).
const TYPES: [&str; 15] = [
    "S",
    "N",
    "B",
    "L",
    "M",
    "SS",
    "NS",
    "BS",
    "stringValue",
    "integerValue",
    "doubleValue",
    "timestampValue",
    "arrayValue",
    "mapValue",
    "v",
];

/// What an element of xCard (RFC 6351) means: abbreviations are called by their words, and what
/// only says the type of the value around it by none.
fn part_of_card(name: &str) -> &str {
    match name {
        "fn" => "full_name",
        "surname" => "family_name",
        "given" => "given_name",
        "street" => "street_address",
        "locality" => "city",
        "code" => "postal_code",
        "text" | "uri" | "date" | "date-time" | "date-and-or-time" | "timestamp" => "",
        other => other,
    }
}

impl Words {
    /// Of a canonical path: JSON, XML, multipart, or a plain name.
    pub(super) fn of_path(path: &str) -> Words {
        let mut out = Words::default();
        // Where a document stands in a message is no name of its fields.
        let path = path.trim_start_matches("part:");
        // Extended JSON of MongoDB.
        let path = path.strip_suffix("['$date']").unwrap_or(path);
        let in_card = path.contains("/vcard/");
        for part in path.split(['.', '/', '[', ']', '|', ':', '\'', '"', '$', '*', '@']) {
            let part = if in_card { part_of_card(part) } else { part };
            let before = out.words.len();
            if before > 0 && TYPES.contains(&part) {
                continue;
            }
            split_words(part, &mut out.words);
            if out.words.len() > before {
                (out.above, out.leaf) = (out.leaf, before);
            }
        }
        out
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(String::as_str)
    }

    /// The words of the last part.
    pub(super) fn leaf(&self) -> &[String] {
        self.words.get(self.leaf..).unwrap_or_default()
    }

    /// Where the strongest of `phrases` stands, and which it is.
    pub(super) fn standing<'p>(
        &self,
        phrases: &'p [Phrase],
        generic: &[String],
    ) -> (Standing, Option<&'p Phrase>) {
        let empty_leaf = self.leaf().iter().all(|word| generic.contains(word));
        let mut best = (Standing::Absent, None);
        for phrase in phrases {
            for (start, end) in phrase.places(&self.words) {
                let standing = if end > self.leaf {
                    Standing::Leaf
                } else if empty_leaf && end == self.leaf {
                    Standing::GenericLeaf
                } else {
                    Standing::Parent
                };
                // A phrase begun by a generic word alone in the leaf says as little.
                debug_assert!(start < end);
                if standing > best.0 {
                    best = (standing, Some(phrase));
                }
            }
        }
        best
    }

    /// The places of `phrases`, first word and the one behind the last.
    fn places<'a>(&'a self, phrases: &'a [Phrase]) -> impl Iterator<Item = (usize, usize)> + 'a {
        phrases.iter().flat_map(|phrase| phrase.places(&self.words))
    }

    /// Whether every place of `phrases` is part of a longer one of `longer`: in `social insurance
    /// number` no `insurance number` is meant.
    pub(super) fn is_part_of(&self, phrases: &[Phrase], longer: &[Phrase]) -> bool {
        let within = |(from, to): (usize, usize)| {
            let mut all = self.places(longer);
            all.any(|(start, end)| start <= from && to <= end && end - start > to - from)
        };
        self.places(phrases).next().is_some() && self.places(phrases).all(within)
    }

    /// Whether behind the last place of `phrases` a word follows that is none of `tails`.
    pub(super) fn goes_on(&self, phrases: &[Phrase], tails: &[String]) -> bool {
        let end = self.places(phrases).map(|(_, end)| end).max();
        let behind = end.and_then(|end| self.words.get(end..)).unwrap_or_default();
        behind.iter().any(|word| !tails.iter().any(|tail| same_word(word, tail)))
    }

    /// The first of `words` in the part above the last.
    pub(super) fn any_above<'w>(&self, words: &'w [String]) -> Option<&'w String> {
        let above = self.words.get(self.above..self.leaf).unwrap_or_default();
        words.iter().find(|word| above.contains(word))
    }

    /// The first of `phrases` that stands in the last part (in the parent too where that says
    /// nothing).
    pub(super) fn any_phrase<'p>(
        &self,
        phrases: &'p [Phrase],
        generic: &[String],
    ) -> Option<&'p Phrase> {
        let near = self.near(generic);
        phrases.iter().find(|phrase| phrase.places(near).next().is_some())
    }

    /// The words of the last part, with those before it where they say nothing.
    fn near(&self, generic: &[String]) -> &[String] {
        let empty_leaf = self.leaf().iter().all(|word| generic.contains(word));
        let from = if empty_leaf { self.leaf.saturating_sub(2) } else { self.leaf };
        self.words.get(from..).unwrap_or_default()
    }

    /// The first word of the last part (of the parent too where that says nothing) that is one
    /// of `words`.
    pub(super) fn any_of<'w>(&self, words: &'w [String], generic: &[String]) -> Option<&'w String> {
        self.any_beside(words, generic, &[])
    }

    /// The same, but for words that are part of one of `names` there: `status` says nothing against
    /// `hiv status`.
    pub(super) fn any_beside<'w>(
        &self,
        words: &'w [String],
        generic: &[String],
        names: &[Phrase],
    ) -> Option<&'w String> {
        let near = self.near(generic);
        let named = |at: usize| {
            let mut places = names.iter().flat_map(|name| name.places(near));
            places.any(|(from, to)| (from..to).contains(&at))
        };
        let stands = |word: &String| {
            let mut all = near.iter().enumerate();
            all.any(|(at, mine)| same_word(mine, word) && !named(at))
        };
        words.iter().find(|word| stands(word))
    }
}

impl Words {
    /// Whether one of `phrases` is the whole of the last part, or that with words right above it
    /// (`to name` in `to.name`), and what else the part above has is none of the words and phrases
    /// of `negative` and `things`.
    pub(super) fn leaf_is(
        &self,
        phrases: &[Phrase],
        negative: &[String],
        things: &[Phrase],
    ) -> bool {
        let near = self.words.get(self.above..).unwrap_or_default();
        let leaf = self.leaf - self.above;
        let speaks = |above: &[String]| {
            !above.iter().any(|word| negative.iter().any(|not| same_word(word, not)))
                && !things.iter().any(|thing| thing.places(above).next().is_some())
        };
        let is = |phrase: &Phrase| {
            let mut all = phrase.places(near);
            all.any(|(from, to)| {
                let whole = from <= leaf && to == near.len();
                whole && near.get(..from).is_some_and(speaks)
            })
        };
        leaf < near.len() && phrases.iter().any(is)
    }
}

/// Some words in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Phrase {
    words: Vec<String>,
    joined: String,
}

/// Letters of a phrase that may also be written as one word (`nhsnumber`): shorter ones would be
/// words of their own.
const JOINED_MIN: usize = 5;

impl Phrase {
    /// Every phrase that `text` stands for: `first|given name` is two.
    pub(super) fn expand(text: &str) -> Vec<Phrase> {
        let mut all: Vec<Vec<String>> = vec![Vec::new()];
        for word in text.split_whitespace() {
            all = word
                .split('|')
                .flat_map(|choice| {
                    all.iter().map(move |before| {
                        before.iter().cloned().chain([choice.to_lowercase()]).collect()
                    })
                })
                .collect();
        }
        all.into_iter().map(|words| Phrase { joined: words.concat(), words }).collect()
    }

    /// Its words.
    pub(super) fn words(&self) -> &[String] {
        &self.words
    }

    /// As written.
    pub(super) fn text(&self) -> String {
        self.words.join(" ")
    }

    /// What a name has among its words where this stands in it, perhaps with a plural's `s`.
    pub(super) fn starts(&self) -> impl Iterator<Item = &str> {
        let joined = (self.words.len() > 1).then_some(self.joined.as_str());
        self.words.first().map(String::as_str).into_iter().chain(joined)
    }

    fn places<'a>(&'a self, words: &'a [String]) -> impl Iterator<Item = (usize, usize)> + 'a {
        let joined = self.words.len() > 1 && self.joined.len() >= JOINED_MIN;
        let in_a_row = words
            .windows(self.words.len().max(1))
            .enumerate()
            .filter(|(_, row)| {
                row.len() == self.words.len()
                    && row.iter().zip(&self.words).all(|(mine, theirs)| same_word(mine, theirs))
            })
            .map(|(at, row)| (at, at + row.len()));
        let as_one = words
            .iter()
            .enumerate()
            .filter(move |(_, word)| joined && same_word(word, &self.joined))
            .map(|(at, _)| (at, at + 1));
        in_a_row.chain(as_one)
    }
}

/// Equal, or equal but for a plural's `s`.
fn same_word(mine: &str, theirs: &str) -> bool {
    mine == theirs || (theirs.len() >= 3 && mine.strip_suffix('s').is_some_and(|m| m == theirs))
}

/// Splits at what is no letter or digit, at camelCase, between letters and digits; numbers go.
fn split_words(part: &str, out: &mut Vec<String>) {
    let mut word = String::new();
    let mut chars = part.chars().peekable();
    let mut last = ' ';
    while let Some(c) = chars.next() {
        let next_lower = chars.peek().is_some_and(|n| n.is_lowercase());
        let humps =
            c.is_uppercase() && (last.is_lowercase() || (last.is_uppercase() && next_lower));
        if humps || !is_of_word(c) {
            flush(&mut word, out);
        }
        if is_of_word(c) {
            word.extend(c.to_lowercase());
        }
        last = c;
    }
    flush(&mut word, out);
}

/// Letters, and the signs that Indic scripts and Thai write above, below and between them.
fn is_of_word(c: char) -> bool {
    let indic = '\u{93c}'..='\u{94d}';
    let thai = '\u{e31}'..='\u{e4e}';
    c.is_alphabetic()
        || ('\u{300}'..='\u{36f}').contains(&c)
        || indic.contains(&c)
        || (thai.contains(&c) && c != '\u{e3f}')
}

/// Whose a value is, where names are written without a break: `patientzip`, `memberlastname`.
const OWNERS: [&str; 13] = [
    "patient",
    "member",
    "subscriber",
    "customer",
    "insured",
    "guardian",
    "provider",
    "applicant",
    "employee",
    "billing",
    "shipping",
    "emergency",
    "contact",
];
/// Letters behind such a word that may be a word of their own: fewer end a longer one.
const OWNED_MIN: usize = 3;

fn flush(word: &mut String, out: &mut Vec<String>) {
    if word.is_empty() {
        return;
    }
    let owned = OWNERS.iter().find_map(|owner| {
        let rest = word.strip_prefix(owner)?;
        (rest.len() >= OWNED_MIN).then(|| ((*owner).to_owned(), rest.to_owned()))
    });
    match owned {
        Some((owner, rest)) => {
            out.push(owner);
            *word = rest;
            flush(word, out);
        }
        None => out.push(std::mem::take(word)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(path: &str, phrase: &str) -> Standing {
        let generic = ["value".to_owned(), "number".to_owned()];
        Words::of_path(path).standing(&Phrase::expand(phrase), &generic).0
    }

    #[test]
    fn elements_of_a_card_in_xml_mean_what_they_abbreviate() {
        let words = |path: &str| Words::of_path(path).words;
        assert_eq!(words("/vcards/vcard/fn/text"), ["vcards", "vcard", "full", "name"]);
        assert_eq!(words("/vcards/vcard/bday/date-and-or-time"), ["vcards", "vcard", "bday"]);
        assert_eq!(Words::of_path("/vcards/vcard/n/given").leaf(), ["given", "name"]);
        assert_eq!(words("/functions/fn/text"), ["functions", "fn", "text"]);
    }

    #[test]
    fn names_are_split_at_case_and_separators() {
        let words = |path| Words::of_path(path).words;
        assert_eq!(words("$.patients[*].nhsNumber"), ["patients", "nhs", "number"]);
        assert_eq!(words("$['first name']"), ["first", "name"]);
        assert_eq!(words("X-Patient_SSNValue2"), ["x", "patient", "ssn", "value"]);
        assert_eq!(words("/record/@dateOfBirth"), ["record", "date", "of", "birth"]);
        assert_eq!(words("$.patientzip"), ["patient", "zip"]);
        assert_eq!(words("$['जन्म तिथि']"), ["जन्म", "तिथि"]);
        assert_eq!(words("memberlastname"), ["member", "lastname"]);
        assert_eq!(words("emergencycontactname"), ["emergency", "contact", "name"]);
        assert_eq!(words("$.patients.contacts"), ["patients", "contacts"]);
        assert_eq!(Words::of_path("$.a.b.c").leaf(), ["c"]);
        assert_eq!(Words::of_path("$.items[*]").leaf(), ["items"]);
    }

    #[test]
    fn phrases_are_found_as_whole_words() {
        assert_eq!(standing("$.public", "lic"), Standing::Absent);
        assert_eq!(standing("$.duplicateKey", "lic"), Standing::Absent);
        assert_eq!(standing("$.nhsnumber", "nhs number"), Standing::Leaf);
        assert_eq!(standing("$.nhs_no", "nhs"), Standing::Leaf);
        assert_eq!(standing("$.card.number", "card number"), Standing::Leaf);
        assert_eq!(standing("$.ssn.value", "ssn"), Standing::GenericLeaf);
        assert_eq!(standing("$.ssn.issued", "ssn"), Standing::Parent);
        assert_eq!(standing("$.patients[*].name", "patient|member name"), Standing::Leaf);
    }

    #[test]
    fn a_phrase_within_a_longer_one_is_told() {
        let part = |path: &str, phrase: &str, longer: &str| {
            Words::of_path(path).is_part_of(&Phrase::expand(phrase), &Phrase::expand(longer))
        };
        assert!(part("$.socialInsuranceNumber", "insurance number", "social insurance number"));
        assert!(!part("$.insuranceNumber", "insurance number", "social insurance number"));
        assert!(!part("$.socialInsuranceNumber", "insurance number", "insurance number"));
        let twice = "$.socialInsuranceNumber.insuranceNumber";
        assert!(!part(twice, "insurance number", "social insurance number"));
    }

    #[test]
    fn what_follows_a_name_is_told() {
        let tails = ["confirm".to_owned(), "value".to_owned()];
        let on = |path: &str| Words::of_path(path).goes_on(&Phrase::expand("pass word"), &tails);
        assert!(on("$.passWordCharset"));
        assert!(on("$.password.policy"));
        assert!(!on("$.oldPassWord"));
        assert!(!on("$.password_confirm"));
        assert!(!on("$.passwords[*].value"));
        assert!(!on("$.charset"));
    }

    #[test]
    fn a_leaf_is_a_phrase_or_has_more_words() {
        let is = |path: &str| {
            let negative = ["product".to_owned()];
            let things = Phrase::expand("order number");
            Words::of_path(path).leaf_is(&Phrase::expand("name|family"), &negative, &things)
        };
        assert!(is("$.name"));
        assert!(is("$.patients[*].family"));
        assert!(is("name"));
        assert!(!is("$.fileName"));
        assert!(!is("$.products[*].name"));
        assert!(!is("$.orderNumber.name"));
        assert!(!is("$.name.id"));
        assert!(!is("$"));
        // What a phrase has of the part above says nothing against it.
        let spans = |path: &str| {
            let negative = ["user".to_owned(), "product".to_owned()];
            Words::of_path(path).leaf_is(&Phrase::expand("user|to name"), &negative, &[])
        };
        assert!(spans("$.user.name"));
        assert!(spans("$.mail.to[*].name"));
        assert!(spans("$.userName"));
        assert!(!spans("$.product.userName"));
        assert!(!spans("$.into.name"));
        assert!(!spans("$.to.fullName"));
        assert!(!spans("$.to.you.name"));
    }

    #[test]
    fn a_word_of_the_name_itself_says_nothing_against_it() {
        let negative = ["status".to_owned(), "type".to_owned()];
        let names = Phrase::expand("hiv|smoking status");
        let against = |path: &str| {
            Words::of_path(path).any_beside(&negative, &["value".to_owned()], &names).cloned()
        };
        assert_eq!(against("$.hivStatus"), None);
        assert_eq!(against("$.smoking_status.value"), None);
        assert_eq!(against("$.hivStatusType").as_deref(), Some("type"));
        assert_eq!(against("$.orderStatus").as_deref(), Some("status"));
    }

    #[test]
    fn keys_that_say_the_type_of_a_value_are_no_names() {
        let words = |path| Words::of_path(path).words;
        assert_eq!(words("$.Item.birthDate.S"), ["item", "birth", "date"]);
        assert_eq!(words("$.phones.L[*].M.mobile.N"), ["phones", "mobile"]);
        assert_eq!(words("$.fields.dob.timestampValue"), ["fields", "dob"]);
        assert_eq!(words("$.dob['$date']"), ["dob"]);
        assert_eq!(words("$.S"), ["s"]);
        assert_eq!(words("$.size.s"), ["size", "s"]);
    }

    #[test]
    fn negative_words_are_those_of_the_leaf() {
        let negative = ["order".to_owned()];
        let of = |path| Words::of_path(path).any_of(&negative, &["id".to_owned()]).is_some();
        assert!(of("$.orderId"));
        assert!(of("$.orders[*].id"));
        assert!(!of("$.orders[*].phone"));
        assert!(!of("$.border"));
    }
}
