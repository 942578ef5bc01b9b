//! Handshakes made by hand. Those of real programs are in `tests/tls.rs`.

use proptest::prelude::*;

use super::*;
use crate::model::{Direction, EndCause, MessageEvent, TlsKeyExchange, TlsSession, TlsVersion};
use crate::protocol::recorder::{Step, answer, ask, each, record};
use crate::protocol::{MessageSink, Parser};

/// Keeps the sessions that were told.
#[derive(Default)]
struct Sessions(Vec<TlsSession>);

impl MessageSink for Sessions {
    fn message(&mut self, event: MessageEvent<'_>) {
        if let MessageEvent::Session { session } = event {
            self.0.push(session.clone());
        }
    }
}

fn session_of(steps: &[Step]) -> TlsSession {
    let mut parser = TlsParser::default();
    let mut sink = Sessions::default();
    for step in steps {
        each(step, usize::MAX, &mut |event| parser.push(event, &mut sink));
    }
    let [session] = <[TlsSession; 1]>::try_from(sink.0).expect("told once");
    session
}

fn counted(bytes: &[u8], digits: usize) -> Vec<u8> {
    let len = u32::try_from(bytes.len()).unwrap().to_be_bytes();
    [&len[4 - digits..], bytes].concat()
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [vec![kind], counted(body, 3)].concat()
}

fn record_of(kind: u8, bytes: &[u8]) -> Vec<u8> {
    [vec![kind, 3, 3], counted(bytes, 2)].concat()
}

fn extension(kind: u8, data: &[u8]) -> Vec<u8> {
    [vec![0, kind], counted(data, 2)].concat()
}

/// A ClientHello for `api.example` that offers h2, TLS 1.3 and 1.2.
fn client_hello(session_id: &[u8]) -> Vec<u8> {
    let host = [vec![0], counted(b"api.example", 2)].concat();
    let extensions = [
        extension(0, &counted(&host, 2)),
        extension(16, &counted(b"\x02h2", 2)),
        extension(43, b"\x04\x03\x04\x03\x03"),
    ];
    let parts = [
        vec![3, 3],
        vec![0x5a; 32],
        counted(session_id, 1),
        counted(&[0x13, 0x01, 0xc0, 0x2f], 2),
        vec![1, 0],
        counted(&extensions.concat(), 2),
    ];
    message(1, &parts.concat())
}

fn server_hello(random: &[u8], session_id: &[u8], cipher: [u8; 2], extensions: &[u8]) -> Vec<u8> {
    let parts = [
        vec![3, 3],
        random.to_vec(),
        counted(session_id, 1),
        cipher.to_vec(),
        vec![0],
        counted(extensions, 2),
    ];
    message(2, &parts.concat())
}

const SEAL: &[u8] = b"\x14\x03\x03\x00\x01\x01";
const DATA: &[u8] = b"\x17\x03\x03\x00\x04abcd";
const RANDOM: [u8; 32] = [0x33; 32];

fn finished() -> Vec<u8> {
    record_of(22, b"\x9f\x10\x20\x30\x40")
}

/// A whole handshake of TLS 1.2, with a client certificate that cannot be read.
fn tls12(session_id: &[u8]) -> Vec<Step> {
    let hello = server_hello(&RANDOM, session_id, [0xc0, 0x2f], &extension(16, b"\0\x03\x02h2"));
    let exchange = message(12, b"\x03\0\x1d\x02ab");
    let server = [hello, exchange, message(13, b"\x01\x01\0\0\0\0"), message(14, b"")].concat();
    let client = [message(11, &counted(&counted(b"no certificate", 3), 3)), message(16, b"k")];
    vec![
        ask(record_of(22, &client_hello(b"known"))),
        answer(record_of(22, &server)),
        ask([record_of(22, &client.concat()), SEAL.to_vec(), finished()].concat()),
        answer([SEAL, &finished()].concat()),
        ask(DATA),
        answer(DATA),
    ]
}

#[test]
fn a_session_tells_version_cipher_host_and_protocol_once() {
    let session = session_of(&tls12(b"other"));
    let (client, server) = (session.client.unwrap(), session.server.unwrap());
    assert_eq!(client.server_name.as_deref(), Some(&b"api.example"[..]));
    assert_eq!(client.alpn, [b"h2"]);
    assert_eq!(server.version, TlsVersion::Tls12);
    assert_eq!(server.cipher, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
    assert_eq!(server.alpn.as_deref(), Some(&b"h2"[..]));
    assert_eq!(session.key_exchange, Some(TlsKeyExchange::Group(29)));
    assert!(session.certificate_requested && !session.resumed);
    // The certificate of the client could not be read.
    assert!(session.incomplete && session.client_chain.is_empty());
}

#[test]
fn an_id_that_comes_back_resumes_up_to_tls_1_2_and_a_chosen_key_from_1_3() {
    assert!(session_of(&tls12(b"known")).resumed);
    let versions = extension(43, b"\x03\x04");
    let hello = |more: &[u8]| {
        let extensions = [&versions[..], more].concat();
        record_of(22, &server_hello(&RANDOM, b"known", [0x13, 1], &extensions))
    };
    let steps = |more: &[u8]| {
        let first = ask(record_of(22, &client_hello(b"known")));
        vec![first, answer(hello(more)), ask([SEAL, DATA].concat())]
    };
    let session = session_of(&steps(b""));
    assert_eq!(session.server.as_ref().unwrap().version, TlsVersion::Tls13);
    assert!(!session.resumed && !session.incomplete);
    assert!(session_of(&steps(&extension(41, b"\0\0"))).resumed);
}

#[test]
fn another_hello_may_follow_behind_change_cipher_spec() {
    const RETRY: &[u8] = b"\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91\
        \xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c";
    let versions = extension(43, b"\x03\x04");
    let hello = |random: &[u8], cipher| {
        record_of(22, &server_hello(random, b"", [0x13, cipher], &versions))
    };
    let steps = [
        ask(record_of(22, &client_hello(b""))),
        answer([hello(RETRY, 1), SEAL.to_vec()].concat()),
        ask([SEAL.to_vec(), record_of(22, &client_hello(b""))].concat()),
        answer([&hello(&RANDOM, 2), DATA].concat()),
        ask(DATA),
    ];
    let session = session_of(&steps);
    assert_eq!(session.server.unwrap().cipher, "TLS_AES_256_GCM_SHA384");
    assert!(!session.incomplete);
}

#[test]
fn the_size_of_what_keys_are_agreed_on_with_is_told() {
    let prime = [&[0x00, 0x80][..], &[0x11; 127]].concat();
    let params = [counted(&prime, 2), counted(&[2], 2), counted(&[7], 2)].concat();
    let steps = |params: &[u8]| {
        let hello = server_hello(&RANDOM, b"", [0x00, 0x33], b"");
        let server = [hello, message(12, params), message(14, b"")].concat();
        let client = [record_of(22, &message(16, b"k")), SEAL.to_vec(), finished()].concat();
        let first = ask(record_of(22, &client_hello(b"")));
        let sealed = [SEAL, &finished(), DATA].concat();
        vec![first, answer(record_of(22, &server)), ask(client), answer(sealed), ask(DATA)]
    };
    let session = session_of(&steps(&params));
    assert_eq!(session.key_exchange, Some(TlsKeyExchange::DiffieHellman(1024)));
    assert!(!session.incomplete);
    // What cannot be read is told, and the rest is.
    let session = session_of(&steps(&params[..100]));
    assert_eq!((session.key_exchange, session.incomplete), (None, true));
    let events = record(Box::new(TlsParser::default()), &steps(&params[..100]), usize::MAX);
    assert!(events.iter().any(|e| e.contains("tls-malformed-key-exchange")), "{events:?}");
    let share = [extension(43, b"\x03\x04"), extension(51, b"\x11\xec\0\x02ab")].concat();
    let hello = record_of(22, &server_hello(&RANDOM, b"", [0x13, 1], &share));
    let steps = [ask(record_of(22, &client_hello(b""))), answer(hello), ask(DATA), answer(DATA)];
    let session = session_of(&steps);
    assert_eq!(session.key_exchange, Some(TlsKeyExchange::Group(0x11ec)));
}

#[test]
fn alerts_before_encryption_are_named_and_fatal_ones_end_the_session() {
    let steps = [
        ask(record_of(22, &client_hello(b""))),
        answer(b"\x15\x03\x03\x00\x02\x02\x46"),
        Step::End(Direction::ToServer, EndCause::Fin),
    ];
    let session = session_of(&steps);
    assert!(session.failed() && session.server.is_none());
    assert_eq!(session.alerts[0].name, "protocol_version");
    assert_eq!(session.alerts[0].direction, Direction::ToClient);
}

/// A handshake of TLS 1.2 without a certificate of the client, up to where it is encrypted.
fn without_certificate() -> Vec<Step> {
    let hello = server_hello(&RANDOM, b"", [0xc0, 0x2f], b"");
    let client = [record_of(22, &message(16, b"k")), SEAL.to_vec(), finished()];
    vec![
        ask(record_of(22, &client_hello(b""))),
        answer(record_of(22, &[hello, message(14, b"")].concat())),
        ask(client.concat()),
        answer([SEAL, &finished()].concat()),
    ]
}

#[test]
fn where_another_handshake_may_have_brought_a_certificate_it_is_not_known() {
    use Direction::{ToClient, ToServer};
    let again = record_of(22, b"\x9f\x10\x20\x30\x40\x50");
    let mutual = |more: &[Step]| {
        let steps = [&without_certificate(), more, &[Step::End(ToServer, EndCause::Fin)]].concat();
        let steps = [&steps[..], &[Step::End(ToClient, EndCause::Fin)]].concat();
        let whole = record(Box::new(TlsParser::default()), &steps, usize::MAX);
        for piece in [1, 2, 7] {
            assert_eq!(record(Box::new(TlsParser::default()), &steps, piece), whole);
        }
        let session = session_of(&steps);
        assert!(!session.incomplete);
        session.mutual()
    };
    assert_eq!(mutual(&[]), Some(false));
    assert_eq!(mutual(&[ask(DATA), answer(DATA)]), Some(false));
    assert_eq!(mutual(&[answer(b"\x15\x03\x03\0\x1aabcdefghijklmnopqrstuvwxyz")]), Some(false));
    // The server asks once it knows what for, or the client begins by itself.
    assert_eq!(mutual(&[ask(DATA), answer(&again), ask(&again), answer(DATA)]), None);
    assert_eq!(mutual(&[ask([&again[..], DATA].concat()), answer(DATA)]), None);
    assert_eq!(mutual(&[ask(DATA), Step::Gap(ToClient, 100), answer(DATA)]), None);
    // A session is told when both have said something: what comes later is not waited for.
    assert_eq!(mutual(&[ask(DATA), answer(DATA), ask(DATA), answer(&again)]), Some(false));
}

#[test]
fn a_gap_in_the_handshake_is_told_and_one_behind_it_is_none_of_it() {
    let mut steps = tls12(b"other");
    steps.insert(1, Step::Gap(Direction::ToClient, 100));
    let events = record(Box::new(TlsParser::default()), &steps, usize::MAX);
    assert!(events.contains(&"< gave up tls-handshake-gap".to_owned()), "{events:?}");
    let session = session_of(&steps);
    assert!(session.incomplete && session.server.is_none() && session.client.is_some());
    let mut steps = tls12(b"other");
    steps.truncate(5);
    steps.push(Step::Gap(Direction::ToServer, 9));
    let events = record(Box::new(TlsParser::default()), &steps, usize::MAX);
    assert!(!events.iter().any(|e| e.contains("gave up")), "{events:?}");
}

#[test]
fn the_middle_of_a_session_is_a_session_of_which_nothing_is_known() {
    let session = session_of(&[ask(DATA), answer(DATA), ask(DATA)]);
    assert_eq!(session, TlsSession { at: session.at, ..TlsSession::default() });
}

#[test]
fn an_old_client_may_open_with_ssl_2_and_go_on_with_tls() {
    let old = b"\x80\x0c\x01\x03\x01\x00\x03\x00\x00\x00\x00\x00\x00\x2f";
    let old = [&old[..], b""].concat();
    let mut steps = tls12(b"x");
    steps[0] = ask(&old);
    let session = session_of(&steps);
    assert_eq!(session.client, Some(Default::default()));
    assert_eq!(session.server.unwrap().version, TlsVersion::Tls12);
    let answered = answer(b"\x80\x0b\x04\x00\x01\x00\x02\x00\x00\x00\x00\x00\x00");
    let end = Step::End(Direction::ToServer, EndCause::Fin);
    let session = session_of(&[ask(&old), answered, end]);
    assert_eq!(session.server.unwrap().version, TlsVersion::Ssl2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn how_messages_are_spread_over_records_and_segments_changes_nothing(
        record_bytes in 1usize..60, piece in 1usize..90,
    ) {
        let hello = client_hello(b"known");
        let spread: Vec<Vec<u8>> = hello.chunks(record_bytes).map(|c| record_of(22, c)).collect();
        let mut steps = tls12(b"other");
        let whole = record(Box::new(TlsParser::default()), &steps, usize::MAX);
        steps[0] = ask(spread.concat());
        prop_assert_eq!(&record(Box::new(TlsParser::default()), &steps, piece), &whole);
    }

    #[test]
    fn damage_anywhere_is_never_more_than_a_session_of_which_less_is_known(
        at in 0usize..400, byte: u8, piece in 1usize..50,
    ) {
        let mut steps = tls12(b"other");
        let mut left = at;
        for step in &mut steps {
            if let Step::Bytes(_, bytes) = step {
                if let Some(damaged) = bytes.get_mut(left) {
                    *damaged = byte;
                    break;
                }
                left -= bytes.len();
            }
        }
        for direction in [Direction::ToServer, Direction::ToClient] {
            steps.push(Step::End(direction, EndCause::Cut));
        }
        let whole = record(Box::new(TlsParser::default()), &steps, usize::MAX);
        prop_assert_eq!(&record(Box::new(TlsParser::default()), &steps, piece), &whole);
        prop_assert_eq!(whole.iter().filter(|e| e.starts_with("TlsSession")).count(), 1);
    }
}
