//! Where TLS begins, or HTTP behind a greeting that is another protocol's.
//!
//! Each direction is followed from one line, packet or message to the next, so that TLS is only
//! found where one ends, and how the input is cut changes nothing. Where bytes are missing, or so
//! many came that TLS is not to be expected any more, nothing is looked for.

use crate::base::Timestamp;
use crate::base::limits::{IDENTIFY_BYTES_MAX, PROBE_BYTES_MAX};
use crate::model::{Direction, MessageEvent, StreamEvent, StreamInput, SwitchTo};
use crate::protocol::{MessageSink, Parser, Rest, Verdict, hand_on, protocol_named};

/// What may follow a greeting instead.
const HTTP: &str = "http/1";
/// Type of the record that opens a TLS session.
const HANDSHAKE: u8 = 22;
/// Bytes of a line, packet or message that are looked at: a step into TLS is short.
const LOOKED_AT: usize = 64;
/// LDAP's extension StartTLS (RFC 4511 section 4.14.1).
const LDAP_STARTTLS: &[u8] = b"1.3.6.1.4.1.1466.20037";
/// MySQL's capability CLIENT_SSL, in the second byte of the flags.
const CLIENT_SSL: u8 = 0x08;

/// PostgreSQL's SSLRequest.
pub(super) const SSL_REQUEST: &[u8] = b"\0\0\0\x08\x04\xd2\x16\x2f";
/// A request to connect in X.224.
const X224_REQUEST: u8 = 0xe0;
/// What a client of RFB says up to TLS, and VeNCrypt as its choice (RFC 6143 section 7.1.2; the
/// registry of security types).
const RFB_CHOICE_BYTES: u64 = 12 + 1 + 2 + 4;
const VENCRYPT: u8 = 19;
/// The subtypes of VeNCrypt with TLS, from 257 on.
const VENCRYPT_TLS: std::ops::RangeInclusive<u8> = 1..=8;

/// What the plain part consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Lines; the client asks by `STARTTLS`, `STLS` or `AUTH TLS`.
    Lines,
    /// Tags of XML; the client asks by `<starttls/>`.
    Xmpp,
    /// Messages in BER; the client asks for an extension.
    Ldap,
    /// Eight bytes of the client and one of the server, twice where GSSAPI is asked for first.
    Postgresql,
    /// A line of the server, behind which the client may begin.
    Nats,
    /// A packet of each.
    Rdp,
    /// The client's version, its choice of VeNCrypt, the version of that and its choice there.
    Rfb,
    /// One packet of each; that of the client says that TLS follows.
    Mysql,
}

/// See the module.
#[derive(Debug)]
pub struct StartTlsParser {
    dialect: Dialect,
    stage: Stage,
    lanes: [Lane; 2],
    /// The client asked for TLS last.
    asked: bool,
    /// Bytes that were gone through.
    passed: usize,
    /// The client's first line, until it is told whether that is a request.
    opening: Option<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Plain,
    /// TLS or HTTP follows in both directions.
    Switched,
    /// Nothing more is looked for.
    Done,
}

/// One direction.
#[derive(Debug, Default)]
struct Lane {
    /// The first bytes of the line, packet or message at hand.
    head: Vec<u8>,
    /// So many bytes of it are still to come, where it said how many there are.
    left: Option<u64>,
}

impl StartTlsParser {
    /// For a flow of which nothing was seen yet.
    pub fn new(dialect: Dialect) -> Self {
        let lanes = Default::default();
        let asked = dialect == Dialect::Nats;
        let opening = Some(Vec::new());
        StartTlsParser { dialect, stage: Stage::Plain, lanes, asked, passed: 0, opening }
    }

    fn bytes(
        &mut self,
        (direction, at): (Direction, Timestamp),
        bytes: &[u8],
        sink: &mut dyn MessageSink,
    ) {
        let mut rest = bytes;
        while self.stage == Stage::Plain
            && let Some((byte, behind)) = rest.split_first()
        {
            if self.begins_tls(direction, *byte) {
                self.stage = Stage::Switched;
                sink.message(MessageEvent::Switch { to: SwitchTo::Named("tls") });
                break;
            }
            if direction == Direction::ToServer
                && let Some(request) = self.opens_with_request(*byte)
            {
                self.stage = Stage::Switched;
                sink.message(MessageEvent::Switch { to: SwitchTo::Named(HTTP) });
                hand_on((direction, at), &request, sink);
                rest = behind;
                break;
            }
            self.plain(direction, *byte);
            rest = behind;
            self.passed += 1;
            if self.passed > IDENTIFY_BYTES_MAX {
                self.stage = Stage::Done;
            }
            let granted = self.dialect == Dialect::Postgresql && self.asked;
            if self.stage == Stage::Plain && granted && direction == Direction::ToClient {
                // One byte answers, and no line or packet follows it.
                let yes = *byte == b'S';
                self.stage = if yes { Stage::Switched } else { Stage::Done };
                if yes {
                    sink.message(MessageEvent::Switch { to: SwitchTo::Named("tls") });
                }
            }
        }
        if self.stage == Stage::Switched {
            hand_on((direction, at), rest, sink);
        }
    }

    /// The client's first line, where this byte shows that it is a request of HTTP: whatever the
    /// server said before, that is what is spoken.
    fn opens_with_request(&mut self, byte: u8) -> Option<Vec<u8>> {
        let mut line = self.opening.take()?;
        line.push(byte);
        // A path behind a method tells as a whole line does; a line has few slashes up to there.
        let telling = byte == b'\n' || byte == b'/' && line.len() <= LOOKED_AT;
        let http = protocol_named(HTTP).filter(|_| telling);
        if http.is_some_and(|http| (http.probe)(Direction::ToServer, &line) == Verdict::Match) {
            return Some(line);
        }
        if byte != b'\n' && line.len() < PROBE_BYTES_MAX {
            self.opening = Some(line);
        }
        None
    }

    /// Whether the client's TLS begins with this byte: at the start of something, as it asked for.
    fn begins_tls(&self, direction: Direction, byte: u8) -> bool {
        let [client, _] = &self.lanes;
        let asks = direction == Direction::ToServer && self.asked;
        asks && byte == HANDSHAKE && client.head.is_empty() && client.left.is_none()
    }

    /// One byte of the plain part.
    fn plain(&mut self, direction: Direction, byte: u8) {
        let [client, server] = &mut self.lanes;
        let (lane, client) = match direction {
            Direction::ToServer => (client, true),
            Direction::ToClient => (server, false),
        };
        let over = match self.dialect {
            Dialect::Lines | Dialect::Nats => lane.until(b'\n', byte),
            Dialect::Rdp => lane.counted(byte, tpkt_length),
            Dialect::Rfb if client => lane.counted(byte, |_| Length::Left(RFB_CHOICE_BYTES - 1)),
            Dialect::Rfb => Over::No,
            // Blanks between tags keep a stream alive.
            Dialect::Xmpp if lane.head.is_empty() && byte.is_ascii_whitespace() => Over::No,
            Dialect::Xmpp => lane.until(b'>', byte),
            Dialect::Ldap => lane.counted(byte, ber_length),
            Dialect::Mysql => lane.counted(byte, packet_length),
            // The server's answer is handled where it comes.
            Dialect::Postgresql => lane.counted(byte, |_| Length::Left(if client { 7 } else { 0 })),
        };
        match over {
            Over::No => {}
            Over::Unknown => self.stage = Stage::Done,
            Over::Yes => {
                let head = std::mem::take(&mut lane.head);
                if client {
                    self.asked = asks(self.dialect, &head);
                }
                lane.head = head;
                lane.head.clear();
            }
        }
    }
}

impl Parser for StartTlsParser {
    fn push(&mut self, event: StreamEvent<'_>, sink: &mut dyn MessageSink) {
        match event.input {
            StreamInput::Bytes(bytes) => self.bytes((event.direction, event.at), bytes, sink),
            StreamInput::Gap(_) if self.stage == Stage::Plain => self.stage = Stage::Done,
            StreamInput::Gap(_) | StreamInput::End(_) => {}
        }
    }

    /// There are no messages.
    fn is_between_messages(&self) -> bool {
        true
    }

    /// Never: what it is amidst of is all that it has.
    fn rest(&self) -> Option<Rest> {
        None
    }

    fn resume(&mut self, _: Rest) {
        *self = StartTlsParser::new(self.dialect);
    }

    fn held_bytes(&self) -> usize {
        let opening = self.opening.as_ref().map_or(0, Vec::capacity);
        self.lanes.iter().map(|lane| lane.head.capacity()).sum::<usize>() + opening
    }
}

/// Whether a line, packet or message is over.
enum Over {
    No,
    Yes,
    /// It does not say.
    Unknown,
}

/// What the head of a packet says of its length.
enum Length {
    /// More bytes are needed to know.
    NeedMore,
    /// So many follow.
    Left(u64),
    /// None that is understood.
    Unknown,
}

impl Lane {
    fn look_at(&mut self, byte: u8) {
        if self.head.len() < LOOKED_AT {
            self.head.push(byte);
        }
    }

    fn until(&mut self, end: u8, byte: u8) -> Over {
        self.look_at(byte);
        if byte == end { Over::Yes } else { Over::No }
    }

    /// Of something whose `length` its first bytes say.
    fn counted(&mut self, byte: u8, length: impl Fn(&[u8]) -> Length) -> Over {
        self.look_at(byte);
        let left = match self.left {
            Some(left) => left.saturating_sub(1),
            None => match length(&self.head) {
                Length::NeedMore => return Over::No,
                Length::Left(left) => left,
                Length::Unknown => return Over::Unknown,
            },
        };
        self.left = (left > 0).then_some(left);
        if left == 0 { Over::Yes } else { Over::No }
    }
}

/// Tag, length, value: the length is in one byte, or in so many as the first one says.
fn ber_length(head: &[u8]) -> Length {
    let Some(first) = head.get(1) else { return Length::NeedMore };
    match first {
        0..=0x7f => Length::Left(u64::from(*first)),
        0x81..=0x84 => {
            let many = usize::from(first & 0x7f);
            let Some(digits) = head.get(2..2 + many) else { return Length::NeedMore };
            Length::Left(digits.iter().fold(0, |sum, digit| sum << 8 | u64::from(*digit)))
        }
        _ => Length::Unknown,
    }
}

/// Three bytes of length, the least first, and a number.
fn packet_length(head: &[u8]) -> Length {
    match head {
        [low, middle, high, _] => {
            Length::Left(u64::from(u32::from_le_bytes([*low, *middle, *high, 0])))
        }
        _ => Length::NeedMore,
    }
}

/// A packet of TPKT: version, a byte in reserve, the length with these.
fn tpkt_length(head: &[u8]) -> Length {
    match head {
        [3, _, high, low] => {
            let length = u64::from(u16::from_be_bytes([*high, *low]));
            length.checked_sub(4).map_or(Length::Unknown, Length::Left)
        }
        [] | [3] | [3, _] | [3, _, _] => Length::NeedMore,
        _ => Length::Unknown,
    }
}

/// Whether the client asks for TLS with this line, packet or message, of which the start is `head`.
fn asks(dialect: Dialect, head: &[u8]) -> bool {
    match dialect {
        Dialect::Lines => asks_in_line(head),
        Dialect::Xmpp => head.starts_with(b"<starttls"),
        Dialect::Ldap => head.windows(LDAP_STARTTLS.len()).any(|part| part == LDAP_STARTTLS),
        Dialect::Postgresql => head == SSL_REQUEST,
        Dialect::Nats => false,
        Dialect::Rdp => head.starts_with(&[3, 0]) && head.get(5) == Some(&X224_REQUEST),
        Dialect::Rfb => match head.get(12..) {
            Some([VENCRYPT, _, _, 0, 0, 1, choice]) => VENCRYPT_TLS.contains(choice),
            _ => false,
        },
        // Number 1, nothing but flags, the largest packet, a character set and zeros.
        Dialect::Mysql => {
            head.starts_with(&[32, 0, 0, 1]) && head.get(5).is_some_and(|f| f & CLIENT_SSL != 0)
        }
    }
}

fn asks_in_line(line: &[u8]) -> bool {
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let is = |word: &[u8], name: &[u8]| word.eq_ignore_ascii_case(name);
    let (first, second, third) = (words.next(), words.next(), words.next());
    match (first.unwrap_or_default(), second.unwrap_or_default(), third) {
        (only, b"", _) => is(only, b"STARTTLS") || is(only, b"STLS"),
        (auth, how, None) if is(auth, b"AUTH") => {
            [&b"TLS"[..], b"TLS-C", b"SSL"].iter().any(|name| is(how, name))
        }
        // IMAP puts a tag of its own before each command.
        (_, command, None) => is(command, b"STARTTLS"),
        _ => false,
    }
}
