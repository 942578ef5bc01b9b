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

/// A request to connect in X.224, in which the client says what it can do.
fn rdp_request(cookie: &[u8]) -> Vec<u8> {
    let inner = [b"\xe0\0\0\0\0\0", cookie, b"\x01\0\x08\0\x0b\0\0\0"].concat();
    let length = u8::try_from(inner.len()).unwrap();
    [&[3, 0, 0, length + 5, length], &inner[..]].concat()
}

#[test]
fn remote_desktops_and_nats_go_on_in_tls() {
    let confirm = b"\x03\0\0\x13\x0e\xd0\0\0\x12\x34\0\x02\x09\x08\0\x02\0\0\0";
    for cookie in [&b"Cookie: mstshash=roe\r\n"[..], b""] {
        let steps = [ask(rdp_request(cookie)), answer(confirm), ask(HELLO)];
        assert_eq!(told(Dialect::Rdp, &steps), switched());
    }
    let plain = [ask(rdp_request(b"")), answer(confirm), ask(b"\x03\0\0\x05\x02"), ask(HELLO)];
    assert!(told(Dialect::Rdp, &plain).is_empty());
    let vnc = |choice: u8| {
        let versions = [answer("RFB 003.008\n"), ask("RFB 003.008\n"), answer(b"\x01\x13")];
        let chosen =
            [ask(b"\x13"), answer(b"\0\x02"), ask(b"\0\x02"), answer(b"\0\x01\0\0\x01\x04")];
        let subtype = [ask([0, 0, 1, choice]), answer(b"\x01"), ask(HELLO)];
        told(Dialect::Rfb, &[&versions[..], &chosen, &subtype].concat())
    };
    assert_eq!(vnc(4), switched());
    assert!(vnc(0).is_empty());
    let info = answer("INFO {\"tls_required\":true}\r\n");
    assert_eq!(told(Dialect::Nats, &[info.clone(), ask(HELLO)]), switched());
    assert!(told(Dialect::Nats, &[info, ask("CONNECT {}\r\n"), ask(HELLO)]).is_empty());
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
    assert_eq!(found(ToServer, b"\0\0\0\x08\x04\xd2\x16\x30"), ["postgresql"]);
    assert_eq!(found(ToClient, b"220 x LMTP\r\n"), ["lmtp"]);
    assert_eq!(found(ToClient, b"\"IMPLEMENTATION\" \"Dovecot\"\r\n"), ["sieve"]);
    assert_eq!(found(ToClient, b"INFO {\"server_id\":\"X\"}\r\n"), ["nats"]);
    assert_eq!(found(ToClient, b"RFB 003.008\n"), ["vnc"]);
    for cookie in [&b"Cookie: mstshash=roe\r\n"[..], b""] {
        assert_eq!(found(ToServer, &rdp_request(cookie)), ["rdp"]);
    }
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
        // Another user of TPKT and X.224, and the answer to a desktop's.
        (ToServer, b"\x03\0\0\x16\x11\xe0\0\0\0\x01\0\xc1\x02\x01\0\xc2\x02\x01\x02"),
        (ToClient, b"\x03\0\0\x13\x0e\xd0\0\0\x12\x34\0\x02\x09\x08\0\x02\0\0\0"),
    ] {
        assert!(found(direction, first).is_empty(), "{}", first.escape_ascii());
    }
}

#[test]
fn tls_begins_behind_the_line_that_asks_for_it() {
    for (greeting, command, ready) in [
        ("220 ESMTP\r\n", "EHLO a\r\nSTARTTLS\r\n", "250-a\r\n250 STARTTLS\r\n220 go\r\n"),
        ("220 LMTP\r\n", "LHLO a\r\nSTARTTLS\r\n", "250-a\r\n250 STARTTLS\r\n220 go\r\n"),
        ("\"IMPLEMENTATION\" \"x\"\r\nOK\r\n", "STARTTLS\r\n", "OK \"Begin\"\r\n"),
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
    let gss = [ask(b"\0\0\0\x08\x04\xd2\x16\x30"), answer("N")];
    assert_eq!(told(Dialect::Postgresql, &[&gss[..], &yes].concat()), switched());
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

/// Whatever a server greets with, it speaks HTTP where the client's first line is a request.
#[test]
fn a_request_behind_a_greeting_is_http() {
    for (dialect, greeting) in [
        (Dialect::Lines, "220 smtp.example ESMTP\r\n".as_bytes().to_vec()),
        (Dialect::Lines, b"* OK IMAP4rev1 ready\r\n".to_vec()),
        (Dialect::Mysql, mysql_greeting()),
    ] {
        for (line, told_by) in [
            ("GET /patients?id=1 HTTP/1.1\r\n", "GET /"),
            ("POST http://x/ HTTP/1.1\r\n", "POST http:/"),
            ("BREW /pot HTTP/1.1\r\n", "BREW /pot HTTP/1.1\r\n"),
        ] {
            let (request, reply) = (format!("{line}Host: x\r\n\r\n"), "HTTP/1.1 200 OK\r\n\r\n");
            let steps = [answer(&greeting), ask(&request), answer(reply)];
            let lines = told(dialect, &steps);
            assert_eq!(lines[0], "switch Named(\"http/1\")", "{line}");
            let handed = |way: char| -> String {
                let texts =
                    lines.iter().filter_map(|l| l.strip_prefix(&format!("{way} remainder ")));
                texts.collect()
            };
            assert!(handed('>').starts_with(&told_by.escape_default().to_string()), "{lines:?}");
            assert_eq!(handed('>'), request.escape_default().to_string());
            assert_eq!(handed('<'), reply.escape_default().to_string());
        }
    }
    let greeting = answer("220 smtp.example ESMTP\r\n");
    for line in ["EHLO a/b\r\n", "GET\r\n", "HELO GET /x\r\n"] {
        // What is said later is what is sent, such as the text of a mail.
        let steps = [greeting.clone(), ask(line), answer("250 ok\r\n"), ask("GET / HTTP/1.1\r\n")];
        assert!(told(Dialect::Lines, &steps).is_empty(), "{line}");
    }
}
