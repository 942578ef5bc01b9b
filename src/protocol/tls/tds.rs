//! TDS, which Microsoft SQL Server speaks (MS-TDS sections 2.2.3.1 and 2.2.6.5): of it only TLS is
//! looked for, whose handshake stands within packets of TDS 7.
//!
//! A client and a server agree in PRELOGIN whether all is encrypted. Where only the login is, what
//! follows goes in the clear, and no session is told.

use crate::model::{Direction, StreamEvent, StreamInput};

use crate::protocol::{MessageSink, Parser, Protocol, Rest, Verdict};

use super::TlsParser;

/// The registry's entry.
pub static PROTOCOL: Protocol = Protocol {
    name: "tds",
    ports: &[1433],
    probe,
    start_line: |_, _| None,
    parser: Some(|| Box::new(TdsParser::default())),
    read: false,
};

/// Type of the packets of PRELOGIN, and of those around a handshake.
const PRELOGIN: u8 = 0x12;
/// Bytes of a packet's header: type, status, length, channel, number, window.
const HEADER_BYTES: usize = 8;
/// Bytes of PRELOGIN that are looked at: a list of at most nine options, then their values.
const PRELOGIN_BYTES_MAX: usize = 256;
/// The option in which both say how much they encrypt.
const ENCRYPTION: u8 = 1;
/// Everything is encrypted: it can be, or it must be. A flag more asks for certificates.
const ENCRYPTED: [u8; 2] = [1, 3];

/// A client's PRELOGIN, whose first option is its version.
fn probe(direction: Direction, bytes: &[u8]) -> Verdict {
    let told = |at: usize, is: fn(u8) -> bool| bytes.get(at).copied().is_none_or(is);
    let fits = direction == Direction::ToServer
        && told(0, |b| b == PRELOGIN)
        && told(1, |b| b <= 1)
        && told(2, |b| b <= 1)
        && told(4, |b| b == 0)
        && told(5, |b| b == 0)
        && told(6, |b| b <= 1)
        && told(7, |b| b == 0)
        && told(8, |b| b == 0)
        && told(9, |b| b == 0)
        && told(11, |b| b == 0)
        && told(12, |b| b == 6);
    match (fits, bytes.len()) {
        (false, _) => Verdict::NoMatch,
        (true, 13..) => Verdict::Match,
        (true, _) => Verdict::NeedMore,
    }
}

/// See the module.
#[derive(Debug, Default)]
pub struct TdsParser {
    lanes: [Lane; 2],
    tls: TlsParser,
    stage: Stage,
    /// The server's PRELOGIN.
    prelogin: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// The server has not said what it does.
    #[default]
    Prelogin,
    /// TLS follows, its handshake in packets.
    Encrypted,
    /// Nothing more is looked for.
    Done,
}

/// One direction.
#[derive(Debug, Default)]
struct Lane {
    header: [u8; HEADER_BYTES],
    have: usize,
    /// Bytes of the packet at hand that are still to come.
    left: usize,
    /// Packets behind.
    packets: u32,
    /// Records of TLS follow without packets around them.
    bare: bool,
}

impl Lane {
    /// One byte of a header; whether it is whole, or `None` where it is none.
    fn header(&mut self, byte: u8) -> Option<bool> {
        if let Some(place) = self.header.get_mut(self.have) {
            *place = byte;
        }
        self.have += 1;
        if self.have < HEADER_BYTES {
            return Some(false);
        }
        self.have = 0;
        let [_, _, high, low, ..] = self.header;
        self.left = usize::from(u16::from_be_bytes([high, low])).checked_sub(HEADER_BYTES)?;
        Some(true)
    }
}

impl TdsParser {
    /// Takes the next bytes up to the end of a header or packet: how many.
    fn next(&mut self, event: StreamEvent<'_>, bytes: &[u8], sink: &mut dyn MessageSink) -> usize {
        let client = event.direction == Direction::ToServer;
        let [to_server, to_client] = &mut self.lanes;
        let lane = if client { to_server } else { to_client };
        let first = bytes.first().copied().unwrap_or(0);
        let record = (0x14..=0x17).contains(&first) && lane.have == 0 && lane.left == 0;
        lane.bare |= record && self.stage == Stage::Encrypted;
        if lane.bare {
            self.tls.push(StreamEvent { input: StreamInput::Bytes(bytes), ..event }, sink);
            return bytes.len();
        }
        if lane.left == 0 {
            match lane.header(first) {
                Some(true) if lane.left == 0 => lane.packets += 1,
                Some(_) => {}
                None => self.stage = Stage::Done,
            }
            return 1;
        }
        let chunk = bytes.get(..lane.left).unwrap_or(bytes);
        let [kind, ..] = lane.header;
        lane.left -= chunk.len();
        match (self.stage, lane.packets) {
            (Stage::Encrypted, 1..) if kind == PRELOGIN => {
                self.tls.push(StreamEvent { input: StreamInput::Bytes(chunk), ..event }, sink);
            }
            (Stage::Prelogin, 0) => {
                let room = PRELOGIN_BYTES_MAX.saturating_sub(self.prelogin.len());
                if !client {
                    self.prelogin.extend_from_slice(chunk.get(..room).unwrap_or(chunk));
                }
            }
            // A client that does not wait, or something else than TLS.
            _ => self.stage = Stage::Done,
        }
        if lane.left == 0 {
            lane.packets += 1;
            if !client && self.stage == Stage::Prelogin {
                let all = is_encrypted(&self.prelogin);
                self.stage = if all { Stage::Encrypted } else { Stage::Done };
            }
        }
        chunk.len()
    }
}

impl Parser for TdsParser {
    fn push(&mut self, event: StreamEvent<'_>, sink: &mut dyn MessageSink) {
        match event.input {
            StreamInput::Bytes(bytes) => {
                let mut rest = bytes;
                while !rest.is_empty() && self.stage != Stage::Done {
                    let used = self.next(event, rest, sink);
                    rest = rest.get(used..).unwrap_or_default();
                }
            }
            _ if self.stage == Stage::Encrypted => {
                self.tls.push(event, sink);
                // Where packets begin behind a gap is not known.
                if matches!(event.input, StreamInput::Gap(_)) {
                    let [to_server, to_client] = &mut self.lanes;
                    let lane = match event.direction {
                        Direction::ToServer => to_server,
                        Direction::ToClient => to_client,
                    };
                    lane.bare = true;
                }
            }
            StreamInput::Gap(_) => self.stage = Stage::Done,
            StreamInput::End(_) => {}
        }
    }

    /// There are no messages, but for the one that the session is.
    fn is_between_messages(&self) -> bool {
        self.stage != Stage::Encrypted || self.tls.is_between_messages()
    }

    /// Never: what it is amidst of is all that it has.
    fn rest(&self) -> Option<Rest> {
        None
    }

    fn resume(&mut self, _: Rest) {
        *self = TdsParser::default();
    }

    fn held_bytes(&self) -> usize {
        self.prelogin.capacity() + self.tls.held_bytes()
    }
}

/// Whether a server's PRELOGIN says that everything is encrypted: options are a type, the place of
/// the value and its length, up to one of type 255.
fn is_encrypted(prelogin: &[u8]) -> bool {
    let options = prelogin.chunks_exact(5).take_while(|option| option.first() != Some(&0xff));
    let place = options.filter_map(|option| match option {
        [ENCRYPTION, high, low, ..] => Some(usize::from(u16::from_be_bytes([*high, *low]))),
        _ => None,
    });
    let mut values = place.filter_map(|at| prelogin.get(at));
    values.next().is_some_and(|value| ENCRYPTED.contains(&(value & 0x7f)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::EndCause;
    use crate::protocol::recorder::{Step, answer, ask, record};

    /// Two records: a ClientHello that asks for a host, and a ServerHello (TLS 1.2).
    const CLIENT: &[u8] =
        b"\x16\x03\x01\x00\x3d\x01\x00\x00\x39\x03\x03ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ\
        \x00\x00\x02\xc0\x2f\x01\x00\x00\x0e\x00\x00\x00\x0a\x00\x08\x00\x00\x05sql.x";
    const SERVER: &[u8] = b"\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03\
        YYYYYYYYYYYYYYYYYYYYYYYYYYYYYYYY\x00\xc0\x2f\x00";
    const FINISH: &[u8] = b"\x14\x03\x03\x00\x01\x01";
    const DATA: &[u8] = b"\x17\x03\x03\x00\x03abc";

    fn packet(kind: u8, payload: &[u8]) -> Vec<u8> {
        let length = u16::try_from(payload.len() + HEADER_BYTES).unwrap().to_be_bytes();
        [&[kind, 1], &length[..], &[0, 0, 1, 0], payload].concat()
    }

    /// VERSION, ENCRYPTION, and what they are.
    fn prelogin(encryption: u8) -> Vec<u8> {
        [b"\0\0\x0b\0\x06\x01\0\x11\0\x01\xff\x0f\0\0\0\0\0".as_slice(), &[encryption]].concat()
    }

    fn talk(encryption: u8) -> Vec<Step> {
        let (half, rest) = CLIENT.split_at(20);
        vec![
            ask(packet(PRELOGIN, &prelogin(1))),
            answer(packet(4, &prelogin(encryption))),
            ask([packet(PRELOGIN, half), packet(PRELOGIN, rest)].concat()),
            answer(packet(PRELOGIN, &[SERVER, FINISH].concat())),
            ask([packet(PRELOGIN, FINISH).as_slice(), DATA].concat()),
            answer(DATA),
            Step::End(Direction::ToServer, EndCause::Fin),
            Step::End(Direction::ToClient, EndCause::Fin),
        ]
    }

    fn told(steps: &[Step]) -> Vec<String> {
        let whole = record(Box::new(TdsParser::default()), steps, usize::MAX);
        assert_eq!(record(Box::new(TdsParser::default()), steps, 1), whole);
        whole
    }

    #[test]
    fn a_handshake_in_packets_is_a_session_like_any_other() {
        let bare = [ask([CLIENT, FINISH, DATA].concat()), answer([SERVER, FINISH, DATA].concat())];
        let session = record(Box::new(TlsParser::default()), &bare, usize::MAX);
        assert_eq!(session.len(), 1, "{session:?}");
        for encryption in [1, 3, 0x81] {
            assert_eq!(told(&talk(encryption)), session, "{encryption}");
        }
    }

    #[test]
    fn where_only_the_login_is_encrypted_no_session_is_told() {
        for encryption in [0, 2] {
            assert!(told(&talk(encryption)).is_empty(), "{encryption}");
        }
        let mut without = talk(1);
        without.remove(1);
        assert!(told(&without).is_empty(), "the server has said nothing");
    }

    #[test]
    fn a_gap_in_the_handshake_leaves_what_is_known() {
        let mut cut = talk(1);
        cut.insert(3, Step::Gap(Direction::ToClient, 40));
        let lines = told(&cut);
        assert!(lines.iter().any(|line| line.contains("tls-handshake-gap")), "{lines:?}");
    }

    #[test]
    fn the_first_packet_of_a_client_is_told() {
        let first = packet(PRELOGIN, &prelogin(1));
        assert_eq!(probe(Direction::ToServer, &first), Verdict::Match);
        assert_eq!(probe(Direction::ToClient, &first), Verdict::NoMatch);
        assert_eq!(probe(Direction::ToServer, &first[..9]), Verdict::NeedMore);
        assert_eq!(
            probe(Direction::ToServer, b"\x12\x01\x00\x2f\x00\x00\x01\x00\x16\x03"),
            Verdict::NoMatch
        );
    }
}
