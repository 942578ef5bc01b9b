//! Start lines and fields (RFC 9112 sections 3 to 5). httparse reads what is well-formed; what it
//! refuses and real servers accept is read line by line.

use std::mem::MaybeUninit;

use memchr::{memchr, memchr_iter, memmem, memrchr};
use smallvec::SmallVec;

use crate::base::limits::{HEADERS_MAX, HTTP_METHOD_BYTES_MAX};
use crate::model::{Direction, Header, MessageHead};

use super::anomalies;
use super::framing::{Framing, Odd};

/// Methods that tell a request (RFC 9110, 5789, 4918).
pub(super) const METHODS: [&[u8]; 17] = [
    b"GET",
    b"POST",
    b"PUT",
    b"DELETE",
    b"HEAD",
    b"OPTIONS",
    b"PATCH",
    b"TRACE",
    b"CONNECT",
    b"PROPFIND",
    b"PROPPATCH",
    b"MKCOL",
    b"COPY",
    b"MOVE",
    b"LOCK",
    b"UNLOCK",
    b"SEARCH",
];

/// Fields read without touching the heap. Real heads have under 40.
const FIELDS_INLINE: usize = 64;

/// The fields of one head.
pub(super) type Fields<'a> = SmallVec<[Header<'a>; FIELDS_INLINE]>;

/// A start line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start<'a> {
    Request { method: &'a [u8], target: &'a [u8], minor_version: u8 },
    Response { status: u16, minor_version: u8 },
}

impl<'a> Start<'a> {
    pub(super) fn minor_version(&self) -> u8 {
        match self {
            Start::Request { minor_version, .. } | Start::Response { minor_version, .. } => {
                *minor_version
            }
        }
    }

    /// Whether it is a response that another follows for the same request (RFC 9110 section 15.2).
    pub(super) fn is_interim(&self) -> bool {
        matches!(self, Start::Response { status: 100 | 102..=199, .. })
    }

    pub(super) fn with_fields<'b>(self, headers: &'b [Header<'b>]) -> MessageHead<'b>
    where
        'a: 'b,
    {
        match self {
            Start::Request { method, target, minor_version } => {
                MessageHead::HttpRequest { method, target, minor_version, headers }
            }
            Start::Response { status, minor_version } => {
                MessageHead::HttpResponse { status, minor_version, headers }
            }
        }
    }
}

/// Reads a well-formed head that `text` starts with: its length and start line; the fields go to
/// `fields` and `framing`. `None` when it is not well-formed or not whole.
pub(super) fn strict<'a>(
    direction: Direction,
    text: &'a [u8],
    fields: &mut Fields<'a>,
    framing: &mut Framing,
) -> Option<(usize, Start<'a>)> {
    let mut space = [const { MaybeUninit::uninit() }; FIELDS_INLINE];
    let config = httparse::ParserConfig::default();
    let (length, start, read) = match direction {
        Direction::ToServer => {
            let mut request = httparse::Request::new(&mut []);
            let status =
                config.parse_request_with_uninit_headers(&mut request, text, &mut space).ok()?;
            let httparse::Status::Complete(length) = status else { return None };
            let method = request.method?.as_bytes();
            if method.len() > HTTP_METHOD_BYTES_MAX {
                return None;
            }
            let target = request.path?.as_bytes();
            let start = Start::Request { method, target, minor_version: request.version? };
            (length, start, request.headers)
        }
        Direction::ToClient => {
            let mut response = httparse::Response::new(&mut []);
            let status =
                config.parse_response_with_uninit_headers(&mut response, text, &mut space).ok()?;
            let httparse::Status::Complete(length) = status else { return None };
            let status = response.code.filter(|code| *code >= 100)?;
            (length, Start::Response { status, minor_version: response.version? }, response.headers)
        }
    };
    for field in read.iter() {
        let header = Header::new(field.name.as_bytes(), field.value);
        framing.field(&header);
        fields.push(header);
    }
    let head = text.get(..length)?;
    if memchr_iter(b'\n', head).any(|lf| lf == 0 || head.get(lf - 1) != Some(&b'\r')) {
        framing.odd.note(anomalies::BARE_LF);
    }
    Some((length, start))
}

/// Makes every line's value one piece in place: line ends inside folded values and bare CRs
/// become spaces. `text` is whole lines.
pub(super) fn straighten(text: &mut [u8], odd: &mut Odd) {
    let mut line = 0;
    let mut first = true;
    while let Some(rest) = text.get_mut(line..) {
        let Some(lf) = memchr(b'\n', rest) else { break };
        let folds = !first && matches!(rest.get(lf + 1), Some(b' ' | b'\t'));
        let (content, ends_in_lf_only) = match rest.get_mut(..lf) {
            Some([content @ .., b'\r']) => (content, false),
            Some(content) => (content, true),
            None => break,
        };
        if ends_in_lf_only {
            odd.note(anomalies::BARE_LF);
        }
        for byte in content.iter_mut().filter(|byte| **byte == b'\r') {
            odd.note(anomalies::BARE_CR);
            *byte = b' ';
        }
        if folds && !content.is_empty() {
            odd.note(anomalies::FOLDED);
            if let Some(end) = rest.get_mut(if ends_in_lf_only { lf..=lf } else { lf - 1..=lf }) {
                end.fill(b' ');
            }
        }
        line += lf + 1;
        first = false;
    }
}

/// Reads straightened lines tolerantly: `None` when the first is no start line.
pub(super) fn tolerant<'a>(
    direction: Direction,
    text: &'a [u8],
    fields: &mut Fields<'a>,
    framing: &mut Framing,
) -> Option<Start<'a>> {
    let (line, rest) = split_line(text)?;
    let (start, odd) = start_line(direction, line)?;
    if odd {
        framing.odd.note(anomalies::START_LINE_ODD);
    }
    let rest = skip_indented(rest, &mut framing.odd);
    for header in FieldLines(rest) {
        let Some(header) = header_of(header, &mut framing.odd) else { continue };
        framing.field(&header);
        if fields.len() < HEADERS_MAX {
            fields.push(header);
        } else {
            framing.odd.note(anomalies::TOO_MANY_FIELDS);
        }
    }
    Some(start)
}

/// Reads straightened trailer lines.
pub(super) fn trailers<'a>(text: &'a [u8], fields: &mut Fields<'a>, odd: &mut Odd) {
    let rest = skip_indented(text, odd);
    for header in FieldLines(rest).filter_map(|line| header_of(line, odd)).take(HEADERS_MAX) {
        fields.push(header);
    }
}

/// Lines that look like folded ones where there is nothing to fold them to.
fn skip_indented<'a>(mut rest: &'a [u8], odd: &mut Odd) -> &'a [u8] {
    while let Some((line, behind)) = split_line(rest)
        && matches!(line.first(), Some(b' ' | b'\t'))
    {
        odd.note(anomalies::SPACE_BEFORE_FIELDS);
        rest = behind;
    }
    rest
}

/// The lines up to the empty one, without line ends.
struct FieldLines<'a>(&'a [u8]);

impl<'a> Iterator for FieldLines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (line, rest) = split_line(self.0)?;
        self.0 = rest;
        if line.is_empty() { None } else { Some(line) }
    }
}

/// The first whole line without its end, and what is behind it.
fn split_line(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let lf = memchr(b'\n', text)?;
    let (line, rest) = (text.get(..lf)?, text.get(lf + 1..)?);
    Some((line.strip_suffix(b"\r").unwrap_or(line), rest))
}

/// Reads one field line.
pub(super) fn header_of<'a>(line: &'a [u8], odd: &mut Odd) -> Option<Header<'a>> {
    let Some((written, value)) = memchr(b':', line).and_then(|at| line.split_at_checked(at)) else {
        odd.note(anomalies::FIELD_INVALID);
        return None;
    };
    let name = written.trim_ascii();
    if name.is_empty() {
        odd.note(anomalies::FIELD_INVALID);
        return None;
    }
    if name.len() != written.len() {
        odd.note(anomalies::SPACE_BEFORE_COLON);
    }
    if !name.iter().all(|b| is_token(*b)) {
        odd.note(anomalies::FIELD_NAME_INVALID);
    }
    let value = value.get(1..).unwrap_or_default().trim_ascii();
    if value.iter().any(|b| (*b < b' ' && *b != b'\t') || *b == 0x7f) {
        odd.note(anomalies::FIELD_VALUE_INVALID);
    }
    Some(Header::new(name, value))
}

/// Reads a start line; the flag says that it is odd. Takes at least what httparse takes.
pub(super) fn start_line(direction: Direction, line: &[u8]) -> Option<(Start<'_>, bool)> {
    match direction {
        Direction::ToServer => request_line(line),
        Direction::ToClient => status_line(line),
    }
}

fn request_line(line: &[u8]) -> Option<(Start<'_>, bool)> {
    let trimmed = line.trim_ascii_end();
    let (rest, version) = trimmed.split_at_checked(trimmed.len().checked_sub(8)?)?;
    let (minor_version, odd_version) = version_of(version)?;
    let end = rest.iter().position(|b| matches!(b, b' ' | b'\t'))?;
    let (method, target) = rest.split_at_checked(end)?;
    if !is_method(method) || !matches!(target.last(), Some(b' ' | b'\t')) {
        return None;
    }
    let spaced = target;
    let target = target.trim_ascii();
    if target.is_empty() {
        return None;
    }
    let odd = odd_version
        || trimmed.len() != line.len()
        || spaced.len() != target.len() + 2
        || target.iter().any(|b| *b <= b' ' || *b >= 0x7f);
    Some((Start::Request { method, target, minor_version }, odd))
}

fn status_line(line: &[u8]) -> Option<(Start<'_>, bool)> {
    let (version, rest) = line.split_at_checked(8)?;
    let (minor_version, odd_version) = version_of(version)?;
    let code = rest.trim_ascii_start();
    let (digits, reason) = code.split_at_checked(3)?;
    if code.len() == rest.len() || !matches!(reason.first(), None | Some(b' ' | b'\t' | b'\r')) {
        return None;
    }
    let status = digits.iter().try_fold(0u16, |number, digit| {
        let digit = digit.checked_sub(b'0').filter(|d| *d <= 9)?;
        Some(number * 10 + u16::from(digit))
    })?;
    if status < 100 {
        return None;
    }
    let odd = odd_version || rest.len() != code.len() + 1;
    Some((Start::Response { status, minor_version }, odd))
}

/// `HTTP/1.x` in any case; the flag says that it is not as the standard has it.
fn version_of(version: &[u8]) -> Option<(u8, bool)> {
    let (name, digit) = version.split_at_checked(7)?;
    match digit.first()? {
        _ if !name.eq_ignore_ascii_case(b"HTTP/1.") => None,
        b'0' => Some((0, name != b"HTTP/1.")),
        b'1' => Some((1, name != b"HTTP/1.")),
        b'2'..=b'9' => Some((1, true)),
        _ => None,
    }
}

/// Bytes by which [`begins_status_line`] is sure.
pub(super) const STATUS_SHOWN: usize = 13;

/// Whether `text`, as far as it goes, is the start of a status line (RFC 9112 section 4):
/// `HTTP/1.1 200 `.
pub(super) fn begins_status_line(text: &[u8]) -> bool {
    const LINE: [fn(u8) -> bool; STATUS_SHOWN] = [
        |b| b == b'H',
        |b| b == b'T',
        |b| b == b'T',
        |b| b == b'P',
        |b| b == b'/',
        |b| b == b'1',
        |b| b == b'.',
        |b| matches!(b, b'0' | b'1'),
        |b| b == b' ',
        |b| matches!(b, b'1'..=b'5'),
        |b| b.is_ascii_digit(),
        |b| b.is_ascii_digit(),
        |b| matches!(b, b' ' | b'\r' | b'\n'),
    ];
    LINE.iter().zip(text).all(|(is, byte)| is(*byte))
}

/// Whether `text` is the start of a request line with a known method and a path.
pub(super) fn begins_request(text: &[u8]) -> bool {
    METHODS.iter().any(|m| text.strip_prefix(*m).is_some_and(|rest| rest.starts_with(b" /")))
}

/// Whether a start line may begin with these bytes. Looks at the first few only.
pub(super) fn viable(direction: Direction, prefix: &[u8]) -> bool {
    match direction {
        Direction::ToClient => {
            let shown = prefix.get(..7).unwrap_or(prefix);
            b"HTTP/1.".get(..shown.len()).is_some_and(|name| name.eq_ignore_ascii_case(shown))
        }
        Direction::ToServer => {
            let shown = prefix.get(..=HTTP_METHOD_BYTES_MAX).unwrap_or(prefix);
            match shown.iter().position(|b| !is_token(*b)) {
                None => shown.len() <= HTTP_METHOD_BYTES_MAX,
                Some(end) => end > 0 && matches!(shown.get(end), Some(b' ' | b'\t')),
            }
        }
    }
}

/// A request line without version (HTTP/0.9): a method and a path.
pub(super) fn is_http_09(line: &[u8]) -> bool {
    let mut words = line.trim_ascii_end().split(|b| *b == b' ');
    words.next() == Some(b"GET")
        && words.next().is_some_and(|path| path.starts_with(b"/"))
        && words.next().is_none()
}

/// Where in a line a message starts that is found by searching, and which way it goes. `line` has
/// no LF; `whole` says that it begins where a line does. Stricter than [`start_line`], and most so
/// in the middle of a line, right behind a body: it must not be met by chance.
pub(super) fn found_start(line: &[u8], whole: bool) -> Option<(usize, Direction)> {
    let content = line.strip_suffix(b"\r").unwrap_or(line);
    if whole && let Some(direction) = starts_with_start(content) {
        return Some((0, direction));
    }
    if content.len() == line.len() {
        return None;
    }
    let (at, direction) = request_behind_body(content)
        .map(|at| (at, Direction::ToServer))
        .or_else(|| Some((status_behind_body(content)?, Direction::ToClient)))?;
    // A quotation in running text has a space before it; bodies do not end with one.
    let apart = at.checked_sub(1).and_then(|before| content.get(before));
    (!matches!(apart, Some(b' ' | b'\t'))).then_some((at, direction))
}

/// Where the last status line starts that reaches up to the end of `line`.
fn status_behind_body(line: &[u8]) -> Option<usize> {
    let at = memmem::rfind(line, b"HTTP/1.")?;
    let status = line.get(at..)?;
    let (_, odd) = status_line(status)?;
    let printable = status.iter().all(|b| *b >= b' ' && *b != 0x7f);
    (!odd && printable).then_some(at)
}

/// Where a request line starts that reaches up to the end of `line`. Only known methods: whether
/// letters before them belong to a body cannot be told otherwise.
fn request_behind_body(line: &[u8]) -> Option<usize> {
    let rest = line.strip_suffix(b" HTTP/1.1").or_else(|| line.strip_suffix(b" HTTP/1.0"))?;
    let (before, target) = rest.split_at_checked(memrchr(b' ', rest)?)?;
    let known = METHODS.iter().filter(|m| before.ends_with(m)).max_by_key(|m| m.len())?;
    let at = before.len().checked_sub(known.len())?;
    let target = target.get(1..)?;
    let visible = target.iter().all(u8::is_ascii_graphic);
    (visible && is_plausible(known, target)).then_some(at)
}

/// Whether `target` is what requests ask for with `method`.
fn is_plausible(method: &[u8], target: &[u8]) -> bool {
    let lead = target.get(..4).unwrap_or(target);
    lead.starts_with(b"/")
        || target == b"*"
        || lead.eq_ignore_ascii_case(b"http")
        || method == b"CONNECT"
}

/// Which way a message goes that starts with this whole line.
fn starts_with_start(line: &[u8]) -> Option<Direction> {
    if line.starts_with(b"HTTP/1.") {
        return match status_line(line)? {
            (_, false) => Some(Direction::ToClient),
            _ => None,
        };
    }
    // Most lines end here, before any other look at them.
    if !(line.ends_with(b" HTTP/1.1") || line.ends_with(b" HTTP/1.0")) {
        return None;
    }
    let (Start::Request { method, target, .. }, false) = request_line(line)? else { return None };
    let plausible = is_plausible(method, target);
    let shouted = method.iter().all(|b| b.is_ascii_uppercase() || matches!(b, b'-' | b'_'));
    (plausible && shouted && !target.contains(&b' ')).then_some(Direction::ToServer)
}

/// Whether a line (without LF) in a head that was found by searching is a field or the fold of one,
/// and no other head starts in it.
pub(super) fn is_field_line(direction: Direction, line: &[u8]) -> bool {
    if found_start(line, false).is_some_and(|(_, goes)| goes == direction) {
        return false;
    }
    match line.iter().position(|b| !is_token(*b)) {
        Some(0) => matches!(line.first(), Some(b' ' | b'\t')),
        Some(end) => line.get(end) == Some(&b':'),
        None => false,
    }
}

/// Whether the well-formed head of a response in `text` leaves its body without an end and does not
/// say that the connection closes behind it: servers that keep a connection do not send that.
pub(super) fn is_endless(direction: Direction, text: &[u8]) -> bool {
    let (mut fields, mut framing) = (Fields::new(), Framing::new());
    match strict(direction, text, &mut fields, &mut framing) {
        Some((_, Start::Response { status: 100..=199 | 204 | 304, .. })) => false,
        Some((_, Start::Response { minor_version: 1.., .. })) => framing.is_endless(),
        _ => false,
    }
}

fn is_method(method: &[u8]) -> bool {
    (1..=HTTP_METHOD_BYTES_MAX).contains(&method.len()) && method.iter().all(|b| is_token(*b))
}

/// `tchar` of RFC 9110 section 5.6.2.
pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
