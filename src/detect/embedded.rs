//! Longer text: what stands inside it. Every step looks at a bounded number of bytes around a
//! rare place (a digit at the begin of a word, an `@`, a literal), so the whole is linear.

use regex_automata::Input;
use smallvec::SmallVec;

use crate::base::limits::{LEAD_IN_BYTES, MASK_CHARS_MAX};
use crate::base::scan;
use crate::model::{Outcome, RuleBits, RuleId};

use super::anchors::Anchors;
use super::checks::is_email;
use super::eastern::is_unspaced;
use super::finders::Finder;
use super::logins::{has_password_in_uri, is_login};
use super::patterns::{Expression, Guard};
use super::shape::{Shape, is_word_byte};
use super::sift::{Census, is_uuid};
use super::whole::Trial;

/// How a value is found at a place.
#[derive(Debug)]
pub(super) enum Method {
    /// A mask begins there: held apart, by how it begins.
    Shapes,
    /// A built-in finder.
    Finder(Finder),
    /// Around the anchor.
    Pattern(Box<Sought>),
}

/// A pattern searched for around an anchor, and what it asks beside.
#[derive(Debug)]
pub(super) struct Sought {
    /// The pattern.
    pub(super) regex: Expression,
    /// What its value has to be beside its form.
    pub(super) guard: Option<Guard>,
}

/// One way of one rule.
#[derive(Debug)]
pub(super) struct Search {
    /// Whose bit is set, and what has to pass.
    pub(super) trial: Trial,
    /// How.
    pub(super) method: Method,
    /// Lower-case words of which one has to stand before; none needed where empty.
    pub(super) lead_in: Vec<String>,
    /// Lower-case words of which none may end what stands before.
    pub(super) named_otherwise: Vec<String>,
}

/// Shapes that may begin where a word does, by how long that word then is.
type Begins = Vec<Vec<Begin>>;

/// A shape that may begin where a word does.
#[derive(Debug)]
struct Begin {
    shape: Shape,
    /// Of every rule with that mask.
    searches: Vec<usize>,
}

/// All rules over longer text.
#[derive(Debug, Default)]
pub(super) struct Embedded {
    searches: Vec<Search>,
    /// Finders tried where a word with a digit begins.
    at_digits: Vec<usize>,
    /// Shapes tried there, by the number of digits the word begins with.
    by_run: Vec<Begins>,
    /// Shapes that may begin with any number of digits.
    open: Begins,
    anchors: Anchors,
    anchored: Vec<(String, usize)>,
    /// Those in any case.
    to_fold: Vec<(String, usize)>,
    email: Option<RuleId>,
    userinfo: Option<RuleId>,
}

/// Digits that some search wants at least.
const DIGITS_MIN: usize = 4;
/// Letters before the first digit of a word that is tried (`GB29…`, `AB123456C`, `AKIA…`; an
/// Italian tax code begins with six).
const LETTERS_BEFORE_DIGIT_MAX: usize = 6;
/// Bytes before an anchor that a pattern may take.
const BEFORE_ANCHOR: usize = 256;
/// Bytes behind it: a private key has some 3,300. Half of them at least are always looked at.
const BEHIND_ANCHOR: usize = 8192;
/// Bytes before `@` that are looked at.
const LOCAL_MAX: usize = 64;
/// Bytes behind `@` that are looked at.
const HOST_MAX: usize = 253;

impl Embedded {
    /// Adds a search at digits.
    pub(super) fn add_at_digits(&mut self, search: Search, shapes: Vec<Shape>) {
        let number = self.searches.len();
        if matches!(search.method, Method::Finder(_)) {
            self.at_digits.push(number);
        }
        for shape in shapes {
            let Some(run) = shape.leading_digits() else {
                add_shape(&mut self.open, shape, number);
                continue;
            };
            if self.by_run.len() <= run {
                self.by_run.resize_with(run + 1, Vec::new);
            }
            if let Some(shapes) = self.by_run.get_mut(run) {
                add_shape(shapes, shape, number);
            }
        }
        self.searches.push(search);
    }

    /// Adds a search at anchors, `folded` where those are found in any case.
    pub(super) fn add_at_anchors(&mut self, search: Search, (anchors, folded): (&[String], bool)) {
        let into = if folded { &mut self.to_fold } else { &mut self.anchored };
        for anchor in anchors {
            into.push((anchor.clone(), self.searches.len()));
        }
        self.searches.push(search);
    }

    /// Mail addresses are counted for `rule`.
    pub(super) fn set_email(&mut self, rule: RuleId) {
        self.email = Some(rule);
    }

    /// Passwords in URIs are counted for `rule`.
    pub(super) fn set_userinfo(&mut self, rule: RuleId) {
        self.userinfo = Some(rule);
    }

    /// Whether `before` names what follows as something else than what `rule` looks for.
    pub(super) fn denies(&self, rule: RuleId, before: &[u8]) -> bool {
        let mut searches = self.searches.iter().filter(|search| search.trial.rule == rule);
        searches.any(|search| {
            let named = Before::of(
                before.get(before.len().saturating_sub(LEAD_IN_BYTES)..).unwrap_or(before),
                true,
            );
            search.is_named_otherwise(named.text())
        })
    }

    /// Compiles the anchors once all searches are there.
    pub(super) fn finish(&mut self) {
        self.anchors = Anchors::compile(&self.anchored, &self.to_fold);
    }

    /// What is found in `text`.
    pub(super) fn apply(&self, text: &[u8], census: &Census, outcome: &mut Outcome) {
        let found = &mut outcome.embedded;
        if census.digits >= DIGITS_MIN {
            self.at_digits(before_id(text), found);
        }
        if census.ats > 0
            && let Some(rule) = self.email
            && has_email(text)
        {
            found.insert(rule);
        }
        if census.ats > 0
            && let Some(rule) = self.userinfo
            && has_password_in_uri(text)
        {
            found.insert(rule);
        }
        if !self.anchors.is_empty() {
            self.at_anchors(text, found);
        }
    }

    fn at_anchors(&self, text: &[u8], found: &mut RuleBits) {
        // How far which pattern was searched for: every byte is looked at a few times at most.
        let mut looked: SmallVec<[(usize, usize); 8]> = SmallVec::new();
        self.anchors.each(text, |search, place| {
            let Some(entry) = self.searches.get(search) else { return };
            if found.contains(entry.trial.rule) {
                return;
            }
            let mut window = place.clone();
            if matches!(entry.method, Method::Pattern(_)) {
                window.start = place.start.saturating_sub(BEFORE_ANCHOR);
                window.end = text.len().min(place.end + BEHIND_ANCHOR);
                let enough = text.len().min(place.end + BEHIND_ANCHOR / 2);
                match looked.iter_mut().find(|(known, _)| *known == search) {
                    Some((_, end)) if *end >= enough => return,
                    Some((_, end)) => *end = window.end,
                    None => looked.push((search, window.end)),
                }
            }
            if entry.finds(text, window) {
                found.insert(entry.trial.rule);
            }
        });
    }

    fn at_digits(&self, text: &[u8], found: &mut RuleBits) {
        let mut from = 0;
        loop {
            let digit = scan::digit(text, from);
            if digit >= text.len() {
                return;
            }
            if let Some(start) = word_start(text, digit) {
                self.at_word(text, start, found);
            }
            // The rest of this word begins no other.
            let rest = text.get(digit..).unwrap_or_default();
            from = digit + rest.iter().take_while(|b| is_word_byte(**b)).count().max(1);
        }
    }

    fn at_word(&self, text: &[u8], start: usize, found: &mut RuleBits) {
        let rest = text.get(start..).unwrap_or_default();
        let most = self.by_run.len();
        let run = rest.iter().take(most).take_while(|b| b.is_ascii_digit()).count();
        let word = rest.iter().take(MASK_CHARS_MAX + 1).take_while(|b| is_word_byte(**b)).count();
        let told = self.by_run.get(run).and_then(|begins| begins.get(word));
        let begins = told.into_iter().chain(self.open.get(word)).flatten();
        for Begin { shape, searches } in begins {
            let Some(value) = shape.fits_head(rest) else { continue };
            for search in searches.iter().filter_map(|search| self.searches.get(*search)) {
                if !found.contains(search.trial.rule)
                    && search.trial.passes(value)
                    && shape.stands_alone(text, start)
                    && search.is_led_in(text, start)
                {
                    found.insert(search.trial.rule);
                }
            }
        }
        for search in &self.at_digits {
            let Some(search) = self.searches.get(*search) else { continue };
            if !found.contains(search.trial.rule) && search.finds(text, start..start) {
                found.insert(search.trial.rule);
            }
        }
    }
}

/// Adds a search to its shape, which may be there already.
fn add_shape(begins: &mut Begins, shape: Shape, search: usize) {
    let word = shape.first_word();
    if begins.len() <= word {
        begins.resize_with(word + 1, Vec::new);
    }
    let Some(shapes) = begins.get_mut(word) else { return };
    match shapes.iter_mut().find(|known| known.shape == shape) {
        Some(known) => known.searches.push(search),
        None => {
            shapes.push(Begin { shape, searches: vec![search] });
        }
    }
}

impl Search {
    fn finds(&self, text: &[u8], place: std::ops::Range<usize>) -> bool {
        let found = match &self.method {
            Method::Shapes => None,
            Method::Finder(finder) => (finder.run)(text, place)
                .filter(|range| {
                    text.get(range.clone()).is_some_and(|value| self.trial.passes(value))
                })
                .map(|range| range.start),
            Method::Pattern(sought) => sought.regex.compiled().and_then(|regex| {
                let guard = sought.guard.as_ref();
                let passes = |value| self.trial.passes(value);
                let mut hits = regex.find_iter(Input::new(text).range(place));
                let hit = hits.find(|hit| {
                    text.get(hit.range()).is_some_and(passes)
                        && self.is_led_in(text, hit.start())
                        && guard.is_none_or(|g| g.lets_pass(&sought.regex, text, hit.range()))
                });
                hit.map(|hit| hit.start())
            }),
        };
        found.is_some_and(|start| self.is_led_in(text, start))
    }

    /// Whether one of the lead-in words, if there have to be any, stands shortly before `start`,
    /// and none that names something else right before it.
    fn is_led_in(&self, text: &[u8], start: usize) -> bool {
        if self.lead_in.is_empty() && self.named_otherwise.is_empty() {
            return true;
        }
        let from = start.saturating_sub(LEAD_IN_BYTES);
        let window = text.get(from..start).unwrap_or_default();
        // `IdNr` is one word and `nhsNumber` two: both readings are asked.
        let plain = Before::of(window, false);
        let parted = Before::of(window, true);
        let parted = Some(&parted).filter(|parted| parted.len > plain.len);
        let all = || parted.into_iter().chain([&plain]).map(|before| last_sentence(before.text()));
        let leads =
            |text| self.lead_in.iter().any(|words: &String| has_words(text, words.as_bytes()));
        !all().any(|text| self.is_named_otherwise(text))
            && (self.lead_in.is_empty() || all().any(leads))
    }

    /// Whether what stands right behind `before` is named as something else there.
    fn is_named_otherwise(&self, before: &[u8]) -> bool {
        let is_mark = |b: &u8| b.is_ascii_whitespace() || b":#='\"/".contains(b);
        let end = before.iter().rposition(|b| !is_mark(b)).map_or(0, |last| last + 1);
        let named = before.get(..end).unwrap_or_default();
        self.named_otherwise.iter().any(|words| {
            let head = named.strip_suffix(words.as_bytes());
            head.is_some_and(|head| !head.last().is_some_and(|b| is_word_byte(*b)))
        })
    }
}

/// What stands before a value, as its words are compared: in lower case, low lines as spaces.
struct Before {
    bytes: [u8; 2 * LEAD_IN_BYTES],
    len: usize,
}

impl Before {
    /// Of the bytes before a value; where words are `parted`, also at the humps of camel case, as
    /// those of names of fields are.
    fn of(window: &[u8], parted: bool) -> Before {
        let mut before = Before { bytes: [0; 2 * LEAD_IN_BYTES], len: 0 };
        if !window.is_ascii() {
            before.spell(window, parted);
            return before;
        }
        let mut last = b' ';
        for (at, byte) in window.iter().enumerate() {
            let next_lower = || window.get(at + 1).is_some_and(u8::is_ascii_lowercase);
            let hump = byte.is_ascii_uppercase()
                && (last.is_ascii_lowercase() || last.is_ascii_uppercase() && next_lower());
            if parted && hump {
                before.push(b' ');
            }
            before.push(if *byte == b'_' { b' ' } else { byte.to_ascii_lowercase() });
            last = *byte;
        }
        before
    }

    /// The same of letters beyond ASCII: `СНИЛС` is `снилс`. What is no UTF-8 is a space.
    fn spell(&mut self, window: &[u8], parted: bool) {
        let mut last = ' ';
        for chunk in window.utf8_chunks() {
            let mut chars = chunk.valid().chars().peekable();
            while let Some(c) = chars.next() {
                let next_lower = chars.peek().is_some_and(|next| next.is_lowercase());
                let upper = c.is_uppercase();
                if parted && upper && (last.is_lowercase() || last.is_uppercase() && next_lower) {
                    self.push(b' ');
                }
                for lower in (if c == '_' { ' ' } else { c }).to_lowercase() {
                    let mut buffer = [0; 4];
                    lower.encode_utf8(&mut buffer).bytes().for_each(|byte| self.push(byte));
                }
                last = c;
            }
            if !chunk.invalid().is_empty() {
                self.push(b' ');
            }
        }
    }

    fn push(&mut self, byte: u8) {
        if let Some(slot) = self.bytes.get_mut(self.len) {
            *slot = byte;
            self.len += 1;
        }
    }

    fn text(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// What stands behind the last end of a sentence: what is said there leads in nothing here.
fn last_sentence(text: &[u8]) -> &[u8] {
    // `Tel. No. 212-…`, `Versichertennr. A…`: what is shorter, or ends so, is an abbreviation.
    const WORD_MIN: usize = 5;
    let ends = |at: &usize| {
        let head = text.get(..*at).unwrap_or_default();
        let word = head.iter().rev().take_while(|b| is_word_byte(**b)).count();
        let spaced = text.get(at + 1).is_some_and(u8::is_ascii_whitespace);
        let full = word >= WORD_MIN && !head.ends_with(b"nr");
        spaced && (full || head.last().is_some_and(u8::is_ascii_digit))
    };
    let end = memchr::memrchr3_iter(b'.', b'!', b'?', text).find(ends);
    end.and_then(|at| text.get(at + 1..)).unwrap_or(text)
}

/// Whether `words` stand in `text` as whole words.
pub(super) fn has_words(text: &[u8], words: &[u8]) -> bool {
    // Where no spaces stand between words, a word ends where it ends.
    let unspaced = words.first().is_some_and(|b| is_unspaced(*b));
    let is_word = |b: Option<&u8>| !unspaced && b.is_some_and(|b| is_word_byte(*b));
    memchr::memmem::find_iter(text, words).any(|at| {
        let before = at.checked_sub(1).and_then(|before| text.get(before));
        !is_word(before) && !is_word(text.get(at + words.len()))
    })
}

/// What stands before the UUID that `text` ends in, as most addresses of resources do: its digits
/// are nobody's number.
fn before_id(text: &[u8]) -> &[u8] {
    match text.split_last_chunk::<36>() {
        Some((head @ [.., b'/'], id)) if is_uuid(id) => head,
        _ => text,
    }
}

/// Where the word of the digit at `at` begins, unless it is the later part of a longer one (of a
/// UUID, a version, a path in capitals).
fn word_start(text: &[u8], at: usize) -> Option<usize> {
    let head = text.get(..at)?;
    let letters = head.iter().rev().take(LETTERS_BEFORE_DIGIT_MAX + 1);
    let letters = letters.take_while(|b| is_word_byte(**b)).count();
    if letters > LETTERS_BEFORE_DIGIT_MAX {
        return None;
    }
    let start = at - letters;
    match text.get(..start).unwrap_or_default() {
        [.., before, b'-' | b'.'] if before.is_ascii_alphanumeric() => None,
        _ => Some(start),
    }
}

fn has_email(text: &[u8]) -> bool {
    memchr::memchr_iter(b'@', text).any(|at| {
        let local = text.get(at.saturating_sub(LOCAL_MAX)..at).unwrap_or_default();
        let start = local.iter().rev().take_while(|b| is_mail_byte(**b)).count();
        let host = text.get(at + 1..).unwrap_or_default();
        let host = host.get(..HOST_MAX).unwrap_or(host);
        let end =
            host.iter().take_while(|b| b.is_ascii_alphanumeric() || b"-.".contains(b)).count();
        let trimmed = host.get(..end).unwrap_or_default();
        let end = trimmed.iter().rposition(|b| *b != b'.').map_or(0, |last| last + 1);
        text.get(at - start..at + 1 + end).is_some_and(is_email)
            && !is_login(text, at - start, at + 1 + end)
    })
}

/// What belongs to a local part in running text: less than RFC 5321 allows.
fn is_mail_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._%+-'".contains(&byte) || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lead_in_words_are_whole() {
        assert!(has_words(b"the nhs number is ", b"nhs"));
        assert!(has_words(b"nhs: ", b"nhs"));
        assert!(!has_words(b"public ", b"lic"));
        assert!(!has_words(b"", b"nhs"));
    }

    #[test]
    fn low_lines_and_humps_part_words() {
        let of = |text: &str, parted| {
            String::from_utf8(Before::of(text.as_bytes(), parted).text().to_vec()).unwrap()
        };
        assert_eq!(of("?nhs_number=", true), "?nhs number=");
        assert_eq!(of("patientSsn: ", true), "patient ssn: ");
        assert_eq!(of("NHSNo='", true), "nhs no='");
        assert_eq!(of("IdNr. ", false), "idnr. ");
        assert_eq!(of("СНИЛС ", true), "снилс ");
        assert_eq!(of("RodnéČíslo: ", true), "rodné číslo: ");
        assert_eq!(of("FØDSELSNUMMER_", false), "fødselsnummer ");
        let cut = Before::of(&"Ж ".as_bytes()[1..], true);
        assert_eq!(cut.text(), b"  ");
        let longest = "aB".repeat(LEAD_IN_BYTES / 2);
        assert_eq!(of(&longest, true).len(), LEAD_IN_BYTES * 3 / 2);
    }

    #[test]
    fn what_leads_in_stands_in_the_same_sentence() {
        assert_eq!(last_sentence(b"the call lasted 00:12:33. build "), b" build ");
        assert_eq!(last_sentence(b"please ring the lab! it is "), b"please ring the lab! it is ");
        assert_eq!(last_sentence(b"please phone the surgery! it is "), b" it is ");
        assert_eq!(last_sentence(b"tel. no. "), b"tel. no. ");
        assert_eq!(last_sentence(b"d.o.b. "), b"d.o.b. ");
        assert_eq!(last_sentence(b""), b"");
    }

    #[test]
    fn a_digit_later_in_a_chain_begins_no_word() {
        assert_eq!(word_start(b"id 123", 3), Some(3));
        assert_eq!(word_start(b"GB29", 2), Some(0));
        assert_eq!(word_start(b"abcdefg1", 7), None);
        assert_eq!(word_start(b"9dad-11d1", 5), None);
        assert_eq!(word_start(b"(212", 1), Some(1));
    }

    #[test]
    fn addresses_are_found_in_text() {
        assert!(has_email(b"write to <ada@example.org>."));
        assert!(has_email(b"mailto:o'neil@example.org?subject=x"));
        assert!(!has_email(b"pkg@1.2.3 and logo@2x.png"));
        assert!(!has_email(&b"@".repeat(1000)));
    }
}
