//! From a request's path to its template: `/users/4711/orders` to `/users/{id}/orders`.

use std::ops::Range;

use crate::base::limits::PATH_SEGMENTS_MAX;

use super::shape::{Shape, shape_of};

/// `2024/05/17`
const SPREAD_DATE_BYTES: usize = 10;

/// What one segment of a template is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// The decoded segment itself.
    Literal,
    /// A parameter of this name.
    Parameter(&'static str),
    /// A word of so many bytes and a key in parentheses, as OData writes it: `Patients({id})`.
    Keyed(usize),
    /// A parameter and what is done with it, a word of so many bytes: `{id}:archive`.
    Verb(usize),
}

impl Part {
    /// The name of its parameter.
    fn name(self) -> Option<&'static str> {
        match self {
            Part::Literal => None,
            Part::Parameter(name) => Some(name),
            Part::Keyed(_) | Part::Verb(_) => Some("id"),
        }
    }

    /// What of a decoded segment the template shows before its parameter and behind it.
    fn kept(self, text: &[u8]) -> (&str, &str) {
        let (before, behind) = match self {
            Part::Literal => (Some(text), None),
            Part::Parameter(_) => (None, None),
            Part::Keyed(word) => (text.get(..=word), Some(&b")"[..])),
            Part::Verb(word) => {
                (None, text.len().checked_sub(word + 1).and_then(|at| text.get(at..)))
            }
        };
        // It is ASCII: shape_of lets nothing else be a literal.
        (ascii(before.unwrap_or_default()), ascii(behind.unwrap_or_default()))
    }

    /// The word of a segment that is kept beside its parameter.
    fn word(self, segment: &[u8]) -> &[u8] {
        let word = match self {
            Part::Keyed(word) => segment.get(..word),
            Part::Verb(word) => segment.len().checked_sub(word).and_then(|at| segment.get(at..)),
            Part::Literal | Part::Parameter(_) => None,
        };
        word.unwrap_or_default()
    }
}

fn ascii(text: &[u8]) -> &str {
    std::str::from_utf8(text).unwrap_or_default()
}

/// A segment: what it is, where it (or else its parameter) stands in the path and, decoded, in
/// the buffer.
#[derive(Clone, Debug)]
struct Segment {
    part: Part,
    raw: Range<usize>,
    decoded: Range<usize>,
}

/// The name of a parameter.
#[derive(Clone, Debug)]
enum Name {
    /// Stands in the template, there.
    Shown(Range<usize>),
    /// Belongs to a matrix parameter, which the template does not show.
    Matrix(&'static str),
}

#[derive(Clone, Debug)]
struct Parameter {
    name: Name,
    value: Range<usize>,
}

/// The template of a path and where its parameters were. Holds buffers: keep one and use it again.
///
/// It holds positions, and the literal segments; no value of a parameter outlives the path that
/// was passed in, apart from the scratch space the next path overwrites.
#[derive(Clone, Debug, Default)]
pub struct TemplatedPath {
    template: String,
    parameters: Vec<Parameter>,
    segments: Vec<Segment>,
    matrix: Vec<Parameter>,
    decoded: Vec<u8>,
}

impl TemplatedPath {
    /// The template: `/users/{id}`; `/` for the root, `*` for the asterisk form.
    pub fn template(&self) -> &str {
        &self.template
    }

    /// Name and value of each parameter in order, matrix parameters last. `path` is the path the
    /// template was made of; values are slices of it, still percent-encoded.
    pub fn parameters<'a>(&'a self, path: &'a [u8]) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        self.parameters.iter().map(move |parameter| {
            let name = match &parameter.name {
                Name::Shown(at) => self.template.get(at.clone()).unwrap_or_default(),
                Name::Matrix(name) => name,
            };
            (name, path.get(parameter.value.clone()).unwrap_or_default())
        })
    }

    fn push(&mut self, part: Part, raw: Range<usize>, decoded: Range<usize>) {
        self.segments.push(Segment { part, raw, decoded });
    }

    /// Percent-decodes a segment into the buffer. What is no valid escape stays, and its `%` makes
    /// the segment text.
    fn decode(&mut self, segment: &[u8]) -> Range<usize> {
        let start = self.decoded.len();
        if memchr::memchr(b'%', segment).is_some() {
            self.decoded.extend(percent_encoding::percent_decode(segment));
        } else {
            self.decoded.extend_from_slice(segment);
        }
        start..self.decoded.len()
    }

    /// Makes one parameter of year, month and day that stand in segments of their own:
    /// `2024/05/17`, `17/05/2024`. Numbers of other lengths, and two alone, may be ids.
    fn join_dates(&mut self, path: &[u8]) {
        let mut at = 0;
        while let Some([first, second, third]) = self.segments.get(at..at + 3) {
            let plain = [first, second, third].iter().all(|segment| {
                segment.part == Part::Parameter("id") && segment.raw.len() == segment.decoded.len()
            });
            let raw = first.raw.start..third.raw.end;
            let apart = second.raw.start == first.raw.end + 1
                && third.raw.start == second.raw.end + 1
                && raw.len() == SPREAD_DATE_BYTES;
            let text = path.get(raw.clone()).unwrap_or_default();
            if plain && apart && is_spread_date(text) {
                self.segments.drain(at + 1..at + 3);
                if let Some(segment) = self.segments.get_mut(at) {
                    (segment.part, segment.raw) = (Part::Parameter("date"), raw);
                }
            }
            at += 1;
        }
    }

    fn write(&mut self) {
        for (at, segment) in self.segments.iter().enumerate() {
            self.template.push('/');
            let text = self.decoded.get(segment.decoded.clone()).unwrap_or_default();
            let (before, behind) = segment.part.kept(text);
            self.template.push_str(before);
            if let Some(name) = segment.part.name() {
                let earlier = self.segments.iter().take(at);
                let same = earlier.filter(|s| s.part.name() == Some(name)).count();
                self.template.push('{');
                let start = self.template.len();
                self.template.push_str(name);
                if same > 0 {
                    use std::fmt::Write;
                    // Writing to a String cannot fail.
                    let _ = write!(self.template, "{}", same + 1);
                }
                let shown = Name::Shown(start..self.template.len());
                self.template.push('}');
                self.parameters.push(Parameter { name: shown, value: segment.raw.clone() });
            }
            self.template.push_str(behind);
        }
        if self.segments.is_empty() {
            self.template.push('/');
        }
        self.parameters.append(&mut self.matrix);
    }
}

/// Makes the template of `path`: raw, still percent-encoded, without query and fragment.
///
/// - What a decoded segment is says `shape`, told the one before it, decoded too:
///   [`super::shape_of`], and [`Shape::Withheld`] for a
///   name that may not be stored. Segments of a telling shape become `{id}`, `{date}`, `{email}`,
///   `{file}`, `{text}` or `{value}`; the second of a name is `{id2}`. `{name}` is made by
///   collapsing only.
/// - The word before a key in parentheses (OData 4.01, part 2, section 4.3) and that behind the
///   colon of a custom method (`5:archive`, AIP-136) are kept where `shape` calls them literals.
/// - Year, month and day in three segments are one `{date}`, told by these three alone.
/// - Empty segments and a trailing slash are dropped, dot segments removed (RFC 3986, 5.2.4);
///   percent-encoding is undone where the result is a name (RFC 3986, 6.2.2.2, and `$`, `:`, `@`,
///   `!`, `*`, which clients encode as they like); case is kept.
/// - Matrix parameters (`;jsessionid=…`) are cut off and handed out as parameters that the
///   template does not show, named `jsessionid` or else `matrix`.
/// - What follows the first [`PATH_SEGMENTS_MAX`] segments is one parameter `{rest}`.
///
/// No allocation once the buffers have grown.
pub fn template_path(
    path: &[u8],
    mut shape: impl FnMut(Option<&[u8]>, &[u8]) -> Shape,
    out: &mut TemplatedPath,
) {
    out.template.clear();
    out.parameters.clear();
    out.segments.clear();
    out.matrix.clear();
    out.decoded.clear();
    if path == b"*" {
        out.template.push('*');
        return;
    }
    let mut start = 0;
    while start < path.len() {
        let rest = path.get(start..).unwrap_or_default();
        let len = memchr::memchr(b'/', rest).unwrap_or(rest.len());
        let raw = start..start + len;
        start = raw.end + 1;
        if out.segments.len() >= PATH_SEGMENTS_MAX && !is_skipped(path.get(raw.clone())) {
            out.push(Part::Parameter("rest"), raw.start..path.len(), 0..0);
            break;
        }
        take_segment(path, raw, &mut shape, out);
    }
    out.join_dates(path);
    out.write();
}

/// Whether three numbers with slashes between them are a date, as they would be with dashes.
fn is_spread_date(text: &[u8]) -> bool {
    let Ok(mut dashed) = <[u8; SPREAD_DATE_BYTES]>::try_from(text) else { return false };
    for byte in dashed.iter_mut().filter(|byte| **byte == b'/') {
        *byte = b'-';
    }
    text.iter().all(|b| b.is_ascii_digit() || *b == b'/') && shape_of(&dashed) == Shape::Date
}

/// Empty and dot segments say nothing, so they do not begin a rest.
fn is_skipped(segment: Option<&[u8]>) -> bool {
    segment.is_none_or(|s| matches!(s, b"" | b"." | b".."))
}

fn take_segment(
    path: &[u8],
    raw: Range<usize>,
    shape: &mut impl FnMut(Option<&[u8]>, &[u8]) -> Shape,
    out: &mut TemplatedPath,
) {
    let segment = path.get(raw.clone()).unwrap_or_default();
    let (segment, matrix) = match memchr::memchr(b';', segment) {
        Some(at) => segment.split_at_checked(at).unwrap_or((segment, b"")),
        None => (segment, &b""[..]),
    };
    if matrix.len() > 1 && out.matrix.len() < PATH_SEGMENTS_MAX {
        out.matrix.push(matrix_parameter(matrix, raw.start + segment.len()));
    }
    let decoded = out.decode(segment);
    let text = out.decoded.get(decoded.clone()).unwrap_or_default();
    match text {
        b"" | b"." => return,
        b".." => {
            out.segments.pop();
            return;
        }
        _ => {}
    }
    let before = out.segments.last().and_then(|s| out.decoded.get(s.decoded.clone()));
    let told = shape(before, text);
    if let Some((part, key)) = worded(segment, told)
        && shape(before, part.word(segment)) == Shape::Literal
    {
        return out.push(part, raw.start + key.start..raw.start + key.end, decoded);
    }
    let part = match told {
        Shape::Withheld => Part::Parameter("value"),
        Shape::Literal => Part::Literal,
        Shape::Id => Part::Parameter("id"),
        Shape::Date => Part::Parameter("date"),
        Shape::Email => Part::Parameter("email"),
        Shape::File => Part::Parameter("file"),
        Shape::Text => Part::Parameter("text"),
    };
    out.push(part, raw.start..raw.start + segment.len(), decoded);
}

/// A raw segment that is a parameter with a word before or behind it, and where in it that
/// parameter stands. The word is written without escapes.
fn worded(segment: &[u8], told: Shape) -> Option<(Part, Range<usize>)> {
    let (part, key) = match (told, segment) {
        (Shape::Text, [.., b')']) => {
            let word = memchr::memchr(b'(', segment)?;
            (Part::Keyed(word), word + 1..segment.len() - 1)
        }
        (Shape::Id, _) => {
            let colon = memchr::memrchr(b':', segment)?;
            (Part::Verb(segment.len() - colon - 1), 0..colon)
        }
        _ => return None,
    };
    let word = part.word(segment);
    let verb = matches!(part, Part::Verb(_));
    let first = |b: &u8| if verb { b.is_ascii_lowercase() } else { b.is_ascii_alphabetic() };
    let rest = |b: &u8| b.is_ascii_alphanumeric() || !verb && matches!(b, b'_' | b'.');
    (!key.is_empty() && word.first().is_some_and(first) && word.iter().all(rest))
        .then_some((part, key))
}

/// A matrix parameter that starts at `start` of the path with its semicolon.
fn matrix_parameter(matrix: &[u8], start: usize) -> Parameter {
    const SESSION: &[u8] = b";jsessionid=";
    let session = matrix.get(..SESSION.len()).is_some_and(|s| s.eq_ignore_ascii_case(SESSION));
    let (name, skipped) = if session { ("jsessionid", SESSION.len()) } else { ("matrix", 1) };
    Parameter { name: Name::Matrix(name), value: start + skipped..start + matrix.len() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::shape::shape_of;
    use super::*;

    fn shape(text: &[u8]) -> Shape {
        if text == b"smith" { Shape::Withheld } else { shape_of(text) }
    }

    fn template(path: &str) -> String {
        let mut out = TemplatedPath::default();
        template_path(path.as_bytes(), |_, s| shape(s), &mut out);
        out.template().to_owned()
    }

    fn parameters(path: &str) -> Vec<(String, String)> {
        let mut out = TemplatedPath::default();
        template_path(path.as_bytes(), |_, s| shape(s), &mut out);
        out.parameters(path.as_bytes())
            .map(|(n, v)| (n.to_owned(), String::from_utf8_lossy(v).into_owned()))
            .collect()
    }

    #[test]
    fn telling_segments_become_numbered_parameters() {
        assert_eq!(template("/users/4711/orders/99/items"), "/users/{id}/orders/{id2}/items");
        assert_eq!(template("/api/v2/labs/2024-05-17"), "/api/v2/labs/{date}");
        assert_eq!(template("/p/Smith,%20John/ada@example.org"), "/p/{text}/{email}");
        assert_eq!(template("/static/app.3f9a1c.js"), "/static/{file}");
        assert_eq!(template("/static/app.js"), "/static/app.js");
    }

    #[test]
    fn a_date_over_three_segments_is_one_parameter() {
        assert_eq!(template("/rep/2024/01/02/x"), "/rep/{date}/x");
        assert_eq!(template("/17/05/2024/2024/05/18"), "/{date}/{date2}");
        assert_eq!(template("/7/2024/05/17/8"), "/{id}/{date}/{id2}");
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let expected = [pair("date", "2024/01/02"), pair("id", "7")];
        assert_eq!(parameters("/rep/2024/01/02/x/7"), expected);
        // Numbers of other lengths, no dates, two alone, and what stands apart in the path.
        assert_eq!(template("/a/2024/1/2"), "/a/{id}/{id2}/{id3}");
        assert_eq!(template("/a/2024/13/02"), "/a/{id}/{id2}/{id3}");
        assert_eq!(template("/a/2024/05"), "/a/{id}/{id2}");
        assert_eq!(template("/a/2024;v=1/05/17"), "/a/{id}/{id2}/{id3}");
        assert_eq!(template("/a/2024/x/../05/17"), "/a/{id}/{id2}/{id3}");
    }

    #[test]
    fn words_beside_a_key_stay() {
        assert_eq!(template("/odata/Patients(1)/Orders(2)"), "/odata/Patients({id})/Orders({id2})");
        assert_eq!(template("/odata/Patients('A%201')"), "/odata/Patients({id})");
        assert_eq!(template("/v1/patients/5:archive"), "/v1/patients/{id}:archive");
        assert_eq!(template("/v1/patients/5:batchGet/6"), "/v1/patients/{id}:batchGet/{id2}");
        assert_eq!(template("/v1/patients:search"), "/v1/patients:search");
        assert_eq!(template("/v1/patients/5"), "/v1/patients/{id}");
        // Neither a word that may not be kept, nor what is none.
        assert_eq!(template("/odata/smith(1)/5:smith"), "/odata/{text}/{id}");
        assert_eq!(template("/odata/Pa%74ients(1)"), "/odata/{text}");
        assert_eq!(template("/Patients()/(1)/a1b2(1)/nhs:943/12:30"), {
            "/{text}/{text2}/{text3}/{id}/{id2}"
        });
        assert_eq!(
            parameters("/Patients(Id='A%201')/5:archive"),
            [("id", "Id='A%201'"), ("id2", "5")].map(|(n, v)| (n.to_owned(), v.to_owned()))
        );
        // A template is its own template.
        assert_eq!(template("/Patients({id})"), "/Patients({id})");
    }

    #[test]
    fn a_word_that_a_detector_hits_is_not_kept() {
        assert_eq!(template("/people/smith"), "/people/{value}");
        assert_eq!(template("/people/%73mith"), "/people/{value}");
        assert_eq!(template("/people/jones"), "/people/jones");
    }

    #[test]
    fn equal_paths_in_other_words_have_one_template() {
        for path in ["/a/b", "/a//b", "/a/b/", "/a/./b", "/a/c/../b", "/%61/%62", "a/b", "/a;x=1/b"]
        {
            assert_eq!(template(path), "/a/b", "{path}");
        }
        for path in ["", "/", "//", "/.", "/..", "/a/.."] {
            assert_eq!(template(path), "/", "{path}");
        }
        assert_eq!(template("*"), "*");
        assert_eq!(template("/Patient/%24everything"), "/Patient/$everything");
        assert_eq!(template("/A/a"), "/A/a");
        assert_eq!(template("/1/../2/3"), "/{id}/{id2}");
    }

    #[test]
    fn parameters_carry_their_raw_values() {
        let pairs = |path| parameters(path);
        let expect = |list: &[(&str, &str)]| -> Vec<(String, String)> {
            list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
        };
        assert_eq!(pairs("/u/1/x/2"), expect(&[("id", "1"), ("id2", "2")]));
        assert_eq!(pairs("/p/J%C3%BC"), expect(&[("text", "J%C3%BC")]));
        assert_eq!(
            pairs("/u/1;JSESSIONID=abc/x;b=2"),
            expect(&[("id", "1"), ("jsessionid", "abc"), ("matrix", "b=2")])
        );
    }

    #[test]
    fn a_bottomless_path_ends_in_a_rest() {
        let path = "/a".repeat(200);
        let expect = format!("{}/{{rest}}", "/a".repeat(PATH_SEGMENTS_MAX));
        assert_eq!(template(&path), expect);
        assert_eq!(
            parameters(&path),
            [("rest".to_owned(), path[PATH_SEGMENTS_MAX * 2 + 1..].to_owned())]
        );
        let exact = "/a".repeat(PATH_SEGMENTS_MAX);
        assert_eq!(template(&format!("{exact}/")), exact);
    }

    #[test]
    fn nothing_can_pose_as_a_parameter() {
        assert_eq!(template("/{name}/%7Bname%7D"), "/{text}/{text2}");
        assert_eq!(template("/a%2Fb"), "/{text}");
        assert_eq!(template("/a%00b/%ff"), "/{text}/{text2}");
    }

    proptest! {
        #[test]
        fn any_bytes_make_a_clean_template(path in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut out = TemplatedPath::default();
            template_path(&path, |_, s| shape_of(s), &mut out);
            let made = out.template().to_owned();
            prop_assert!(made.bytes().all(|b| b.is_ascii_graphic()));
            prop_assert!(made.split('/').count() <= PATH_SEGMENTS_MAX + 2);
            let count = made.matches('{').count();
            prop_assert!(out.parameters(&path).count() >= count);
            // The buffers carry nothing over.
            template_path(b"/x/1", |_, s| shape_of(s), &mut out);
            prop_assert_eq!(out.template(), "/x/{id}");
        }

        #[test]
        fn literals_of_a_template_are_literals_again(path in "(/[a-zA-Z0-9.%;~ ():-]{0,12}){0,6}") {
            let mut out = TemplatedPath::default();
            template_path(path.as_bytes(), |_, s| shape_of(s), &mut out);
            let literal: String = out.template().split('/').skip(1)
                .filter(|s| !s.contains('{')).map(|s| format!("/{s}")).collect();
            let literal = if literal.is_empty() { "/".to_owned() } else { literal };
            template_path(literal.as_bytes(), |_, s| shape_of(s), &mut out);
            prop_assert_eq!(out.template(), literal);
        }
    }
}
