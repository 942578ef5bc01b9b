//! SOCKS version 5 (RFC 1928), 4 and 4A (Ying-Da Lee, "SOCKS: A protocol for TCP proxy across
//! firewalls" and "SOCKS 4A: A Simple Extension to SOCKS 4 Protocol"): what a proxy is asked for is
//! passed over, and what is said through it is identified like any flow. Names and passwords
//! (RFC 1929) are not looked at.

use crate::base::Timestamp;
use crate::base::limits::PROBE_BYTES_MAX;
use crate::model::{Direction, MessageEvent, StreamEvent, StreamInput, SwitchTo};

use super::{MessageSink, Parser, Protocol, Rest, Verdict, hand_on};

/// The registry's entry for versions 4 and 4A.
pub static VERSION_4: Protocol = Protocol {
    name: "socks4",
    ports: &[1080],
    probe: probe_4,
    start_line: |_, _| None,
    parser: Some(|| Box::new(SocksParser::default())),
    read: false,
};

/// The registry's entry for version 5.
pub static PROTOCOL: Protocol = Protocol {
    name: "socks5",
    ports: &[1080],
    probe,
    start_line: |_, _| None,
    parser: Some(|| Box::new(SocksParser::default())),
    read: false,
};

const VERSION: u8 = 5;
/// The version before.
const FOUR: u8 = 4;
/// No authentication, and that by name and password: behind others what follows is encoded.
const METHODS: [u8; 2] = [0, 2];
/// Bytes held of one direction: both steps of a client at their longest.
const HELD_BYTES_MAX: usize = 1024;

/// A client's greeting: its methods, one of which is understood.
fn probe(direction: Direction, bytes: &[u8]) -> Verdict {
    if direction != Direction::ToServer || bytes.first().is_some_and(|b| *b != VERSION) {
        return Verdict::NoMatch;
    }
    let Some(count) = bytes.get(1).copied() else { return Verdict::NeedMore };
    if !(1..=10).contains(&count) {
        return Verdict::NoMatch;
    }
    let methods = bytes.get(2..).unwrap_or_default();
    let methods = methods.get(..usize::from(count)).unwrap_or(methods);
    // Assigned are 0 to 9, private are 128 to 254.
    if !methods.iter().all(|method| matches!(method, 0..=9 | 0x80..=0xfe)) {
        Verdict::NoMatch
    } else if methods.len() < usize::from(count) {
        Verdict::NeedMore
    } else if methods.iter().any(|method| METHODS.contains(method)) {
        Verdict::Match
    } else {
        Verdict::NoMatch
    }
}

/// A request to connect of version 4: port, address, a name up to a zero, and in 4A the host's.
fn probe_4(direction: Direction, bytes: &[u8]) -> Verdict {
    let fits = b"\x04\x01".iter().zip(bytes).all(|(expected, byte)| expected == byte);
    if direction != Direction::ToServer || !fits {
        return Verdict::NoMatch;
    }
    let Some([_, _, port @ .., a, b, c, d]) = bytes.first_chunk::<8>() else {
        return Verdict::NeedMore;
    };
    // A network that is none, but for the addresses that say a name follows: other protocols
    // begin with these bytes and a length.
    let address = *a != 0 || ([*b, *c] == [0, 0] && *d != 0);
    let names = bytes.get(8..).unwrap_or_default();
    let printable = names.iter().all(|byte| *byte == 0 || byte.is_ascii_graphic());
    if *port == [0, 0] || !address || (request_4(bytes).is_none() && !printable) {
        return Verdict::NoMatch;
    }
    match request_4(bytes) {
        None if bytes.len() < PROBE_BYTES_MAX => Verdict::NeedMore,
        Some(whole)
            if names.get(..whole - 8).is_some_and(|names| {
                names.iter().all(|byte| *byte == 0 || byte.is_ascii_graphic())
            }) =>
        {
            Verdict::Match
        }
        _ => Verdict::NoMatch,
    }
}

/// How long the request of version 4 is that `bytes` begin with; `None` where it goes on.
fn request_4(bytes: &[u8]) -> Option<usize> {
    let address = bytes.get(4..8)?;
    let name = bytes.get(8..)?;
    let name_end = 8 + name.iter().position(|byte| *byte == 0)? + 1;
    // 0.0.0.x: the server is to look the name up that follows.
    if !matches!(address, [0, 0, 0, 1..=255]) {
        return Some(name_end);
    }
    let host = bytes.get(name_end..)?;
    Some(name_end + host.iter().position(|byte| *byte == 0)? + 1)
}

/// What the server of version 4 says: 0, its code (90 grants), port and address.
fn reply_4(bytes: &[u8]) -> Step {
    match bytes {
        [0, 90, rest @ ..] if rest.len() >= 6 => Step::Whole(8),
        [] | [0] | [0, 90, ..] => Step::NeedMore,
        _ => Step::Over,
    }
}

/// The request of a client of version 4, of which only that to connect (1) makes a way through.
fn connect_4(bytes: &[u8]) -> Step {
    match bytes.get(1) {
        Some(command) if *command != 1 => Step::Over,
        _ => request_4(bytes).map_or(Step::NeedMore, Step::Whole),
    }
}

/// See the module.
#[derive(Debug, Default)]
pub struct SocksParser {
    /// What of each direction is not understood yet.
    held: [Vec<u8>; 2],
    client: Client,
    server: Server,
    /// Nothing more is looked for.
    done: bool,
    /// Both sides are through: all that comes is something else.
    switched: bool,
}

/// What the client says next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Client {
    #[default]
    Greeting,
    /// Nothing until the server has chosen.
    Waits,
    Password,
    Request,
    Through,
}

/// What the server says next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Server {
    #[default]
    Method,
    Password,
    Reply,
    /// The same in version 4.
    Reply4,
    Through,
}

/// How much of what is held is a step.
enum Step {
    NeedMore,
    Whole(usize),
    /// It is none, or one behind which nothing can be read.
    Over,
}

impl SocksParser {
    /// Takes one step of one side: whether there was one.
    fn step(&mut self) -> bool {
        let [client, server] = &self.held;
        let (direction, step) = match (self.client, self.server) {
            (Client::Greeting, _) if client.first() == Some(&FOUR) => {
                (Direction::ToServer, connect_4(client))
            }
            (Client::Greeting, _) => (Direction::ToServer, counted(client, VERSION)),
            (Client::Password, Server::Password) | (Client::Password, Server::Reply) => {
                (Direction::ToServer, password(client))
            }
            (_, Server::Method) => (Direction::ToClient, method(server)),
            (Client::Request, Server::Password) => (Direction::ToClient, granted(server)),
            (Client::Request, _) => (Direction::ToServer, address(client, 1)),
            (Client::Through, Server::Password) => (Direction::ToClient, granted(server)),
            (Client::Through, Server::Reply) => (Direction::ToClient, address(server, 0)),
            (Client::Through, Server::Reply4) => (Direction::ToClient, reply_4(server)),
            _ => return false,
        };
        let used = match step {
            Step::NeedMore => return false,
            Step::Over => {
                self.done = true;
                return false;
            }
            Step::Whole(used) => used,
        };
        match direction {
            Direction::ToServer if client.first() == Some(&FOUR) && self.is_new() => {
                (self.client, self.server) = (Client::Through, Server::Reply4);
            }
            Direction::ToServer => {
                self.client = match self.client {
                    Client::Greeting => Client::Waits,
                    Client::Password => Client::Request,
                    _ => Client::Through,
                };
            }
            Direction::ToClient if self.server == Server::Method => {
                let named = server.get(1) == Some(&2);
                self.client = if named { Client::Password } else { Client::Request };
                self.server = if named { Server::Password } else { Server::Reply };
            }
            Direction::ToClient => {
                let granted = self.server == Server::Password;
                self.server = if granted { Server::Reply } else { Server::Through };
            }
        }
        if let Some(held) = self.held.get_mut(direction.index()) {
            held.drain(..used.min(held.len()));
        }
        true
    }

    fn is_new(&self) -> bool {
        (self.client, self.server) == (Client::Greeting, Server::Method)
    }

    /// Both sides are through: what they said since, and all that follows, is something else.
    fn switch(&mut self, at: Timestamp, sink: &mut dyn MessageSink) {
        (self.done, self.switched) = (true, true);
        sink.message(MessageEvent::Switch { to: SwitchTo::Unknown });
        for (direction, bytes) in [Direction::ToServer, Direction::ToClient]
            .into_iter()
            .zip(std::mem::take(&mut self.held))
        {
            hand_on((direction, at), &bytes, sink);
        }
    }
}

impl Parser for SocksParser {
    fn push(&mut self, event: StreamEvent<'_>, sink: &mut dyn MessageSink) {
        match event.input {
            StreamInput::Bytes(bytes) if self.switched => {
                hand_on((event.direction, event.at), bytes, sink);
            }
            _ if self.done => {}
            StreamInput::Bytes(bytes) => {
                for (place, byte) in bytes.iter().enumerate() {
                    if let Some(held) = self.held.get_mut(event.direction.index()) {
                        held.push(*byte);
                        self.done |= held.len() > HELD_BYTES_MAX;
                    }
                    while !self.done && self.step() {}
                    if self.server == Server::Through && !self.done {
                        self.switch(event.at, sink);
                        let rest = bytes.get(place + 1..).unwrap_or_default();
                        hand_on((event.direction, event.at), rest, sink);
                    }
                    if self.done {
                        self.held = Default::default();
                        return;
                    }
                }
            }
            StreamInput::Gap(_) => self.done = true,
            StreamInput::End(_) => {}
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
        *self = SocksParser::default();
    }

    fn held_bytes(&self) -> usize {
        self.held.iter().map(Vec::capacity).sum()
    }
}

/// A version, a length, so many bytes.
fn counted(bytes: &[u8], version: u8) -> Step {
    match bytes {
        [first, ..] if *first != version => Step::Over,
        [_, count, rest @ ..] if rest.len() >= usize::from(*count) => {
            Step::Whole(2 + usize::from(*count))
        }
        _ => Step::NeedMore,
    }
}

/// A name and a password (RFC 1929 section 2).
fn password(bytes: &[u8]) -> Step {
    let Step::Whole(name) = counted(bytes, 1) else { return counted(bytes, 1) };
    match bytes.get(name) {
        Some(count) if bytes.len() > name + usize::from(*count) => {
            Step::Whole(name + 1 + usize::from(*count))
        }
        _ => Step::NeedMore,
    }
}

/// The method that the server chose.
fn method(bytes: &[u8]) -> Step {
    match bytes {
        [] | [VERSION] => Step::NeedMore,
        [VERSION, method, ..] if METHODS.contains(method) => Step::Whole(2),
        _ => Step::Over,
    }
}

/// What the server says to a password.
fn granted(bytes: &[u8]) -> Step {
    match bytes {
        [] | [_] => Step::NeedMore,
        [_, 0, ..] => Step::Whole(2),
        _ => Step::Over,
    }
}

/// A request or a reply: version, command or result, 0, address and port. Of commands only that to
/// connect (1) makes a way through, of results only success (0).
fn address(bytes: &[u8], expected: u8) -> Step {
    if bytes.first().is_some_and(|b| *b != VERSION) || bytes.get(1).is_some_and(|b| *b != expected)
    {
        return Step::Over;
    }
    let length = match bytes.get(3) {
        None => return Step::NeedMore,
        Some(1) => 4,
        Some(4) => 16,
        Some(3) => match bytes.get(4) {
            None => return Step::NeedMore,
            Some(count) => 1 + usize::from(*count),
        },
        Some(_) => return Step::Over,
    };
    let whole = 4 + length + 2;
    if bytes.len() < whole { Step::NeedMore } else { Step::Whole(whole) }
}

#[cfg(test)]
mod tests {
    use super::super::recorder::{self, answer, ask, record};
    use super::*;

    fn told(steps: &[recorder::Step]) -> Vec<String> {
        record(Box::new(SocksParser::default()), steps, usize::MAX)
    }

    const REPLY: &[u8] = b"\x05\0\0\x01\x0a\0\0\x09\x1f\x90";

    #[test]
    fn what_is_said_through_a_proxy_is_handed_on() {
        let asked = |address: &[u8]| [b"\x05\x01\0".as_slice(), address, b"\x1f\x90"].concat();
        let addresses: [&[u8]; 3] = [
            b"\x01\x0a\0\0\x09",
            b"\x03\x05a.xyz",
            b"\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01",
        ];
        for address in addresses {
            let steps = [
                ask(b"\x05\x02\0\x02"),
                answer(b"\x05\0"),
                ask(asked(address)),
                answer([REPLY, b"hello"].concat()),
            ];
            assert_eq!(told(&steps), ["switch Unknown", "< remainder hello"], "{address:?}");
        }
        let early = [
            ask([b"\x05\x01\x02", b"\x01\x03ada\x02pw".as_slice(), &asked(addresses[0]), b"GET"]
                .concat()),
            answer([b"\x05\x02\x01\0".as_slice(), REPLY].concat()),
        ];
        assert_eq!(told(&early), ["switch Unknown", "> remainder GET"]);
    }

    #[test]
    fn version_4_is_passed_through_as_well() {
        let requests: [&[u8]; 3] = [
            b"\x04\x01\x01\xbb\x0a\0\0\x09\0",
            b"\x04\x01\x01\xbb\x0a\0\0\x09ada\0",
            b"\x04\x01\x01\xbb\0\0\0\x01ada\0ehr.clinic.example\0",
        ];
        let granted = b"\0\x5a\x01\xbb\x0a\0\0\x09";
        for request in requests {
            let early = [request, b"GET"].concat();
            for (asked, remainder) in [(request, None), (&early, Some("> remainder GET"))] {
                let steps = [ask(asked), answer([&granted[..], b"hello"].concat())];
                let expected: Vec<&str> = ["switch Unknown"]
                    .into_iter()
                    .chain(remainder)
                    .chain(["< remainder hello"])
                    .collect();
                assert_eq!(told(&steps), expected, "{asked:?}");
            }
            assert!(told(&[ask(request), answer(b"\0\x5b\0\0\0\0\0\0"), ask("x")]).is_empty());
            let verdict = |bytes: &[u8]| probe_4(Direction::ToServer, bytes);
            assert_eq!(verdict(request), Verdict::Match);
            assert_eq!(verdict(&early), Verdict::Match);
            for cut in 0..request.len() {
                assert_eq!(verdict(&request[..cut]), Verdict::NeedMore, "{cut}");
            }
            assert_eq!(probe_4(Direction::ToClient, request), Verdict::NoMatch);
        }
        // To bind; no port; an answer of TDS; a name that is none.
        for other in [
            &b"\x04\x02\x01\xbb\x0a\0\0\x09\0"[..],
            b"\x04\x01\0\0\x0a\0\0\x09\0",
            b"\x04\x01\0\x2b\0\0\x01\0\0\0\x1a",
            b"\x04\x01\0\x2b\0\x34\x01\0\0\0\x1a",
            b"\x04\x01\x01\xbb\x0a\0\0\x09\x01\x02\0",
        ] {
            assert_eq!(probe_4(Direction::ToServer, other), Verdict::NoMatch, "{other:?}");
        }
        assert!(told(&[ask(b"\x04\x02\x01\xbb\x0a\0\0\x09\0"), answer(granted)]).is_empty());
    }

    #[test]
    fn what_is_refused_or_no_way_through_is_not_handed_on() {
        let connect = ask(b"\x05\x01\0\x01\x0a\0\0\x09\x1f\x90");
        let greeting = ask(b"\x05\x01\0");
        for steps in [
            vec![greeting.clone(), answer(b"\x05\xff"), connect.clone()],
            vec![greeting.clone(), answer(b"\x05\x01"), connect.clone(), answer(REPLY)],
            vec![
                greeting.clone(),
                answer(b"\x05\0"),
                connect.clone(),
                answer(b"\x05\x05\0\x01\0\0\0\0\0\0"),
            ],
            vec![
                greeting.clone(),
                answer(b"\x05\0"),
                ask(b"\x05\x03\0\x01\0\0\0\0\0\0"),
                answer(REPLY),
            ],
            vec![greeting, answer(b"HTTP/1.1 200 OK\r\n"), connect, answer(REPLY)],
        ] {
            assert!(told(&steps).is_empty(), "{steps:?}");
        }
    }

    #[test]
    fn a_greeting_is_told() {
        let verdict = |bytes: &[u8]| probe(Direction::ToServer, bytes);
        assert_eq!(verdict(b"\x05\x01\0"), Verdict::Match);
        assert_eq!(verdict(b"\x05\x03\0\x01\x02"), Verdict::Match);
        assert_eq!(verdict(b"\x05\x02\0"), Verdict::NeedMore);
        // DCE/RPC, and methods that nobody assigned.
        assert_eq!(verdict(b"\x05\0\x0b\x03"), Verdict::NoMatch);
        assert_eq!(verdict(b"\x05\x01\x40"), Verdict::NoMatch);
        assert_eq!(probe(Direction::ToClient, b"\x05\x01\0"), Verdict::NoMatch);
    }
}
