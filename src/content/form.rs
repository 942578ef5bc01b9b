//! Names with values: urlencoded forms (WHATWG URL standard, section 5) and query strings.

use std::borrow::Cow;

use crate::base::limits::SCALAR_WINDOW_BYTES;
use crate::model::ValueKind;

use super::json::{Trail, moved};
use super::leaf::Leaf;
use super::paths::Interned;
use super::{FieldSink, PathId, PathTable, Root, Step};

/// Walks `name=value&…` as it arrives.
#[derive(Debug)]
pub(crate) struct FormWalker {
    root: PathId,
    /// The path of the value at hand; `None` while its name is read.
    path: Option<PathId>,
    /// The path of the pair before.
    last: PathId,
    name: Vec<u8>,
    percent: Percent,
    leaf: Leaf,
    trail: Trail,
    /// What follows a gap has no name of its own until the next separator.
    lost: bool,
}

/// What is open of a percent-encoded byte where the input was cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Percent {
    #[default]
    None,
    Sign,
    Digit(u8),
}

impl FormWalker {
    /// Memory it takes.
    pub(crate) fn held_bytes(&self) -> usize {
        let leaf = self.leaf.held_bytes();
        size_of::<Self>() + self.name.capacity() + leaf + self.trail.held_bytes()
    }

    /// A walker whose names lie below `root`.
    pub(crate) fn new(root: PathId, paths: &PathTable) -> Self {
        let mut trail = Trail::default();
        trail.save(paths, root);
        FormWalker {
            root,
            path: None,
            last: PathId::NONE,
            name: Vec::new(),
            percent: Percent::None,
            leaf: Leaf::default(),
            trail,
            lost: false,
        }
    }

    /// The form stands in `level` values.
    pub(crate) fn at_level(mut self, level: u8) -> Self {
        self.leaf = Leaf::at_level(level);
        self
    }

    /// Walks the next bytes.
    pub(crate) fn push<S: FieldSink>(&mut self, input: &[u8], paths: &mut PathTable, sink: &mut S) {
        self.revive(paths);
        let mut rest = input;
        while let Some(end) = rest.iter().position(|b| self.ends_piece(*b)) {
            let (piece, behind) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            self.text(piece, paths, sink);
            rest = behind.get(1..).unwrap_or_default();
            if behind.first() == Some(&b'&') {
                self.end_pair(paths, sink);
            } else {
                self.end_name(paths, sink);
            }
        }
        self.text(rest, paths, sink);
        self.trail.save(paths, self.path.unwrap_or(self.root));
    }

    /// Bytes are missing: the value at hand ends, and the next pair is walked.
    pub(crate) fn gap<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        self.finish(paths, sink);
        self.lost = true;
    }

    /// No more will come.
    pub(crate) fn finish<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        self.revive(paths);
        self.end_pair(paths, sink);
    }

    fn revive(&mut self, paths: &mut PathTable) {
        if self.trail.is_stale(paths) {
            let pairs = self.trail.restore(paths);
            self.root = moved(&pairs, self.root);
            self.last = PathId::NONE;
            self.path = self.path.map(|path| moved(&pairs, path));
        }
    }

    /// `=` ends a name only: in a value it is a byte like others.
    fn ends_piece(&self, byte: u8) -> bool {
        byte == b'&' || byte == b'=' && self.path.is_none() && !self.lost
    }

    fn text<S: FieldSink>(&mut self, piece: &[u8], paths: &mut PathTable, sink: &mut S) {
        if self.lost {
            return;
        }
        let mut rest = piece;
        while !rest.is_empty() {
            if self.percent != Percent::None {
                let (byte, behind) = rest.split_first().unwrap_or((&0, &[]));
                if self.percent_byte(*byte, paths, sink) {
                    rest = behind;
                }
                continue;
            }
            let end = rest.iter().position(|b| matches!(b, b'%' | b'+')).unwrap_or(rest.len());
            let (plain, behind) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            self.plain(plain, paths, sink);
            match behind.split_first() {
                Some((b'+', behind)) => {
                    self.plain(b" ", paths, sink);
                    rest = behind;
                }
                Some((_, behind)) => {
                    self.percent = Percent::Sign;
                    rest = behind;
                }
                None => rest = behind,
            }
        }
    }

    /// One byte behind `%`; `false` when it does not belong to it.
    fn percent_byte<S: FieldSink>(
        &mut self,
        byte: u8,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> bool {
        match std::mem::take(&mut self.percent) {
            Percent::Sign if byte.is_ascii_hexdigit() => {
                self.percent = Percent::Digit(byte);
                true
            }
            Percent::Digit(high) if byte.is_ascii_hexdigit() => {
                self.plain(&[hex_value(high) << 4 | hex_value(byte)], paths, sink);
                true
            }
            Percent::Digit(high) => {
                self.plain(&[b'%', high], paths, sink);
                false
            }
            Percent::Sign | Percent::None => {
                self.plain(b"%", paths, sink);
                false
            }
        }
    }

    /// Decoded bytes of the name or value at hand.
    fn plain<S: FieldSink>(&mut self, bytes: &[u8], paths: &mut PathTable, sink: &mut S) {
        if let Some(path) = self.path {
            self.leaf.extend(bytes, path, paths, sink);
        } else {
            let room = SCALAR_WINDOW_BYTES.saturating_sub(self.name.len());
            self.name.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        }
    }

    fn end_name<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        self.end_percent(paths, sink);
        self.intern(false, paths, sink);
    }

    /// The name at hand is whole; `bare` where no value follows it.
    fn intern<S: FieldSink>(&mut self, bare: bool, paths: &mut PathTable, sink: &mut S) {
        let name = self.name.trim_ascii();
        let interned = if bare && !paths.keeps_bare(name) {
            Interned::Data(paths.data(self.root, Step::Name))
        } else {
            paths.named_after(self.last, self.root, Step::Name, name)
        };
        if let Interned::Data(path) = interned {
            sink.key(paths, path, name);
        }
        self.last = interned.id();
        self.path = Some(self.last);
        self.name.clear();
    }

    fn end_pair<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        self.end_percent(paths, sink);
        if self.path.is_none() && !self.name.trim_ascii().is_empty() {
            self.intern(true, paths, sink);
        }
        if let Some(path) = self.path.take() {
            self.leaf.trim_line_end();
            self.leaf.end(ValueKind::String, path, paths, sink);
        }
        self.name.clear();
        self.lost = false;
    }

    fn end_percent<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        match std::mem::take(&mut self.percent) {
            Percent::None => {}
            Percent::Sign => self.plain(b"%", paths, sink),
            Percent::Digit(digit) => self.plain(&[b'%', digit], paths, sink),
        }
    }
}

fn hex_value(digit: u8) -> u8 {
    char::from(digit).to_digit(16).and_then(|d| u8::try_from(d).ok()).unwrap_or(0)
}

/// Walks the query of a request target, without its `?`.
pub fn walk_query<S: FieldSink>(query: &[u8], paths: &mut PathTable, sink: &mut S) {
    let root = paths.root(Root::Query);
    let mut walker = FormWalker::new(root, paths);
    walker.push(query, paths, sink);
    walker.finish(paths, sink);
}

/// Walks the query of a URL that is the value at `path`, without its `?`: `location|mrn`.
pub fn walk_query_below<S: FieldSink>(
    query: &[u8],
    path: PathId,
    paths: &mut PathTable,
    sink: &mut S,
) {
    let root = query_below(path, paths);
    let mut walker = FormWalker::new(root, paths).at_level(1);
    walker.push(query, paths, sink);
    walker.finish(paths, sink);
}

/// The parent of the parameters of a URL that is the value at `path`.
pub fn query_below(path: PathId, paths: &mut PathTable) -> PathId {
    let value = paths.step(path, Step::Decoded);
    paths.step(value, Step::Query)
}

/// Undoes percent-encoding (RFC 3986 section 2.1), as in a path segment; `+` stays.
pub fn percent_decode(text: &[u8]) -> Cow<'_, [u8]> {
    percent_encoding::percent_decode(text).into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::recorder::Recorder;
    use super::*;

    fn fields(walk: impl Fn(&mut PathTable, &mut Recorder)) -> Vec<(String, String)> {
        let mut paths = PathTable::new(Box::new(|key: &[u8]| !key.contains(&b'@')));
        let mut sink = Recorder::default();
        walk(&mut paths, &mut sink);
        sink.values()
    }

    fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
        of.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    #[test]
    fn a_query_is_decoded_into_names_and_values() {
        let query = b"name=Ada+L%c3%b6w&&ssn=078-05-1120&flag&x=a=b&bad=%4&worse=%&z%5B%5D=1";
        let expected = [
            ("name", "Ada Löw"),
            ("ssn", "078-05-1120"),
            ("flag", ""),
            ("x", "a=b"),
            ("bad", "%4"),
            ("worse", "%"),
            ("z[]", "1"),
        ];
        assert_eq!(fields(|p, s| walk_query(query, p, s)), pairs(&expected));
    }

    #[test]
    fn a_name_that_is_data_becomes_a_star_and_is_looked_at() {
        let seen = fields(|p, s| walk_query(b"ada@example.org=1", p, s));
        assert_eq!(seen, pairs(&[("key *", "ada@example.org"), ("*", "1")]));
    }

    #[test]
    fn what_has_no_value_is_a_name_only_where_the_policy_says_so() {
        struct Known;
        impl super::super::KeyPolicy for Known {
            fn keep(&self, _: &[u8]) -> bool {
                true
            }
            fn keep_bare(&self, text: &[u8]) -> bool {
                text == b"flag"
            }
        }
        // The same word is a name where it has a value, before or behind.
        for query in ["word=1&word&flag", "word&flag&word=1"] {
            let mut paths = PathTable::new(Box::new(Known));
            let mut sink = Recorder::default();
            walk_query(query.as_bytes(), &mut paths, &mut sink);
            let mut seen = sink.values();
            seen.sort();
            assert_eq!(seen, pairs(&[("*", ""), ("flag", ""), ("key *", "word"), ("word", "1")]));
        }
    }

    #[test]
    fn the_query_of_a_value_is_walked_below_it() {
        let seen = fields(|p, s| {
            let path = p.header(b"Location");
            walk_query_below(b"mrn=17&f=%7B%22ssn%22:1%7D", path, p, s);
        });
        assert_eq!(seen, pairs(&[("location|mrn", "17"), ("location|f|$.ssn", "1")]));
    }

    #[test]
    fn json_in_a_value_is_walked() {
        let seen = fields(|p, s| walk_query(b"filter=%7B%22ssn%22:%22x%22%7D", p, s));
        assert_eq!(seen, pairs(&[("filter|$.ssn", "x")]));
    }

    proptest! {
        #[test]
        fn cutting_a_form_anywhere_changes_nothing(
            form in "[a-c=&%+0-9{}\":;]{0,60}",
            cuts in proptest::collection::vec(0usize..60, 0..6),
        ) {
            let walk = |cuts: &[usize]| fields(|paths, sink| {
                let root = paths.root(Root::Form);
                let mut walker = FormWalker::new(root, paths);
                for piece in crate::content::recorder::cut(form.as_bytes(), cuts) {
                    walker.push(piece, paths, sink);
                }
                walker.finish(paths, sink);
            });
            prop_assert_eq!(walk(&cuts), walk(&[]));
        }
    }
}
