use crate::model::Direction::{ToClient, ToServer};
use crate::protocol::recorder::{Step, answer, ask, record};
use crate::protocol::{PROTOCOLS, Verdict};

use super::{Dialect, StartTlsParser};

const HELLO: &[u8] = b"\x16\x03\x01\x00\x05\x01\x00\x00\x01x";

fn told(dialect: Dialect, steps: &[Step]) -> Vec<String> {
    record(Box::new(StartTlsParser::new(dialect)), steps, usize::MAX)
}

/// What is told when TLS follows the client's bytes.
fn switched() -> Vec<String> {
    vec!["switch Named(\"tls\")".to_owned(), format!("> remainder {}", HELLO.escape_ascii())]
}

/// The protocol that these first bytes are of.
fn found(direction: crate::model::Direction, first: &[u8]) -> Vec<&'static str> {
    let matching = PROTOCOLS.iter().filter(|p| (p.probe)(direction, first) == Verdict::Match);
    matching.map(|protocol| protocol.name).collect()
}

fn mysql_packet(number: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_le_bytes();
    [&length[..3], &[number], payload].concat()
}

fn mysql_greeting() -> Vec<u8> {
    mysql_packet(0, &[b"\x0a8.0.35\0".as_slice(), &[7; 60]].concat())
}

/// An extended request; the length in one byte or in five.
fn ldap_starttls(long: bool) -> Vec<u8> {
    let request = [b"\x02\x01\x01\x77\x18\x80\x16".as_slice(), b"1.3.6.1.4.1.1466.20037"].concat();
    let length = u8::try_from(request.len()).unwrap();
    let head = if long { vec![0x30, 0x84, 0, 0, 0, length] } else { vec![0x30, length] };
    [head, request].concat()
}

#[test]
fn openings_are_told_apart() {
    assert_eq!(found(ToClient, b"220 mail.example ESMTP ready\r\n"), ["smtp"]);
    assert_eq!(found(ToClient, b"220-Welcome to our ftp server\r\n"), ["ftp"]);
    assert_eq!(found(ToClient, b"* OK IMAP4rev1 ready\r\n"), ["imap"]);
    assert_eq!(found(ToClient, b"+OK ready\r\n"), ["pop3"]);
    assert_eq!(found(ToClient, b"200 news.example ready (posting ok)\r\n"), ["nntp"]);
    assert_eq!(found(ToClient, b"201 NNTP service\r\n"), ["nntp"]);
    assert_eq!(found(ToServer, b"<?xml version='1.0'?>\n<stream:stream to='x'>"), ["xmpp"]);
    assert_eq!(found(ToServer, b"<stream:stream to='x'>"), ["xmpp"]);
    assert_eq!(found(ToServer, &ldap_starttls(false)), ["ldap"]);
    assert_eq!(found(ToServer, &ldap_starttls(true)), ["ldap"]);
    assert_eq!(found(ToServer, b"\0\0\0\x08\x04\xd2\x16\x2f"), ["postgresql"]);
    assert_eq!(found(ToClient, &mysql_greeting()), ["mysql"]);
    for (direction, first) in [
        (ToClient, b"220 hello\r\n".as_slice()),
        (ToClient, b"200 hello\r\n"),
        (ToServer, b"<?xml version='1.0'?><soap:Envelope>"),
        (ToClient, b"<stream:stream from='x'>"),
        (ToClient, b"2200 ESMTP\r\n"),
        (ToServer, b"220 mail.example ESMTP ready\r\n"),
        (ToServer, b"\x30\x0c\x04\x01\x01\x60\0\0"),
        (ToServer, b"\0\0\0\x08\0\x03\0\0"),
        (ToClient, b"\x4a\0\0\x01\x0a8.0.35\0"),
    ] {
        assert!(found(direction, first).is_empty(), "{}", first.escape_ascii());
    }
}

#[test]
fn tls_begins_behind_the_line_that_asks_for_it() {
    for (greeting, command, ready) in [
        ("220 ESMTP\r\n", "EHLO a\r\nSTARTTLS\r\n", "250-a\r\n250 STARTTLS\r\n220 go\r\n"),
        ("220 FTP\r\n", "AUTH TLS\r\n", "234 go\r\n"),
        ("* OK IMAP\r\n", "a1 CAPABILITY\r\na2 starttls\r\n", "a1 OK\r\na2 OK\r\n"),
        ("+OK\r\n", "STLS\r\n", "+OK go\r\n"),
        ("200 NNTP\r\n", "MODE READER\r\nSTARTTLS\r\n", "200 ok\r\n382 go\r\n"),
    ] {
        let steps = [answer(greeting), ask(command), answer(ready), ask(HELLO)];
        assert_eq!(told(Dialect::Lines, &steps), switched(), "{command}");
        let joined = [command.as_bytes(), HELLO].concat();
        let bytes = [answer(greeting), ask(joined)];
        assert_eq!(told(Dialect::Lines, &bytes), switched(), "{command}");
    }
}

#[test]
fn tls_begins_behind_the_tag_that_asks_for_it() {
    let open = "<?xml version='1.0'?><stream:stream to='chat.example' version='1.0'>";
    let features = "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
    let asks = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
    let proceed = answer("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    for blank in ["", "\n "] {
        let asks = ask(format!("{asks}{blank}"));
        let steps = [ask(open), answer(features), asks, proceed.clone(), ask(HELLO)];
        assert_eq!(told(Dialect::Xmpp, &steps), switched(), "{blank:?}");
    }
    let other = [ask(open), answer(features), ask("<auth>eA==</auth>"), ask(HELLO)];
    assert!(told(Dialect::Xmpp, &other).is_empty());
}

#[test]
fn without_the_question_without_tls_or_with_a_gap_nothing_is_told() {
    let begin = [answer("220 ESMTP\r\n"), ask("EHLO a\r\nMAIL FROM:<a@b.example>\r\n")];
    let with = |more: &[Step]| told(Dialect::Lines, &[&begin, more].concat());
    assert!(with(&[ask(HELLO)]).is_empty());
    assert!(
        with(&[ask("STARTTLS\r\n"), answer("454 no\r\n"), ask("MAIL FROM:<a>\r\n")]).is_empty()
    );
    assert!(with(&[ask("STARTTLS\r\n"), ask("NOOP\r\n"), ask(HELLO)]).is_empty());
    assert!(with(&[Step::Gap(ToServer, 9), ask("STARTTLS\r\n"), ask(HELLO)]).is_empty());
}

#[test]
fn ldap_asks_by_an_extension() {
    let bind = b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\0\x80\0";
    for long in [false, true] {
        let steps = [ask(ldap_starttls(long)), answer(b"\x30\x0c\x02"), ask(HELLO)];
        assert_eq!(told(Dialect::Ldap, &steps), switched());
    }
    assert!(told(Dialect::Ldap, &[ask(bind), ask(HELLO)]).is_empty());
    assert!(told(Dialect::Ldap, &[ask(b"\x30\x80\x02\x01\x01"), ask(HELLO)]).is_empty());
}

#[test]
fn postgresql_answers_with_one_byte() {
    let ask_tls = ask(b"\0\0\0\x08\x04\xd2\x16\x2f");
    let yes = [ask_tls.clone(), answer("S"), ask(HELLO)];
    assert_eq!(told(Dialect::Postgresql, &yes), switched());
    let no = [ask_tls, answer("N"), ask(b"\0\0\0\x08\0\x03\0\0")];
    assert!(told(Dialect::Postgresql, &no).is_empty());
}

#[test]
fn mysql_says_in_its_flags_that_tls_follows() {
    let request = |flags: u8| {
        let payload = [&[0x85, flags, 0x0f, 0, 0, 0, 0, 1, 45][..], &[0; 23]].concat();
        ask(mysql_packet(1, &payload))
    };
    let with = |step: Step| told(Dialect::Mysql, &[answer(mysql_greeting()), step, ask(HELLO)]);
    assert_eq!(with(request(0xae)), switched());
    assert!(with(request(0xa6)).is_empty());
}
