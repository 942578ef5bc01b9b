use crate::base::limits::{HEAD_BYTES_MAX, HEADERS_MAX, PENDING_REQUESTS_MAX};
use crate::model::{Direction, EndCause};
use crate::protocol::recorder::{Step, answer, ask, record};

use super::{Http1, anomalies};

mod corpus;
mod losses;

/// What the parser makes of the steps; the same whether they come whole or byte by byte.
fn parse(steps: &[Step]) -> Vec<String> {
    let whole = record(Box::new(Http1::new()), steps, usize::MAX);
    assert_eq!(record(Box::new(Http1::new()), steps, 1), whole);
    whole
}

fn end(direction: Direction, cause: EndCause) -> Step {
    Step::End(direction, cause)
}

#[test]
fn a_small_exchange_is_told_whole() {
    let events = parse(&[
        ask("GET /Patient/1?x=y HTTP/1.1\r\nHost: fhir.example\r\nAccept: */*\r\n\r\n"),
        answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX:  a b\t\r\n\r\nhi"),
    ]);
    let expected = [
        "> GET /Patient/1?x=y 1.1 Host=fhir.example Accept=*/*",
        "> end",
        "< 200 1.1 Content-Length=2 X=a b",
        "< body hi",
        "< end",
    ];
    assert_eq!(events, expected);
}

/// Response to a `method` request: what its head says, and how it is framed.
#[test]
fn responses_are_framed_by_the_rules_of_rfc_9112() {
    let next = "HTTP/1.1 201 Next\r\nContent-Length: 0\r\n\r\n";
    for (method, head, body) in [
        ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 3", "abc"),
        ("GET", "HTTP/1.1 200 OK\r\ncontent-length: 003", "abc"),
        ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 3, 3", "abc"),
        ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3", "abc"),
        ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4", "abc"),
        ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 0", ""),
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 3", ""),
        ("HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", ""),
        ("GET", "HTTP/1.1 204 No Content\r\nContent-Length: 3", ""),
        ("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 3", ""),
        ("GET", "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked", ""),
        ("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", "3\r\nabc\r\n0\r\n\r\n"),
        ("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked", "3\r\nabc\r\n000\r\n\r\n"),
        ("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked", "3\r\nabc\r\n0\r\n\r\n"),
        (
            "GET",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 9",
            "3\r\nabc\r\n0\r\n\r\n",
        ),
        ("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 3", "abc"),
        ("CONNECT", "HTTP/1.1 407 No\r\nContent-Length: 3", "abc"),
    ] {
        let events = parse(&[
            ask(format!("{method} /x HTTP/1.1\r\n\r\nGET /y HTTP/1.1\r\n\r\n")),
            answer(format!("{head}\r\n\r\n{body}{next}")),
        ]);
        let told: Vec<_> = events.iter().filter(|e| e.starts_with("< body")).collect();
        let expected = if body.is_empty() { vec![] } else { vec!["< body abc"] };
        assert_eq!(told, expected, "{method} {head}");
        let tail = &events[events.len() - 3..];
        assert_eq!(tail, ["< end", "< 201 1.1 Content-Length=0", "< end"], "{method} {head}");
    }
}

#[test]
fn a_304_may_say_how_its_200_would_have_come_and_a_204_may_not() {
    let odd = |status| {
        let head = format!("HTTP/1.1 {status} x\r\nTransfer-Encoding: chunked\r\n\r\n");
        let events = parse(&[ask("GET / HTTP/1.1\r\n\r\n"), answer(head)]);
        events.iter().any(|e| e.contains(anomalies::CODING_WITHOUT_BODY.0))
    };
    assert!(!odd(304));
    assert!(odd(204));
}

#[test]
fn bodies_without_length_last_until_the_close() {
    let steps = |cause| {
        [
            ask("GET / HTTP/1.0\r\n\r\n"),
            answer("HTTP/1.0 200 OK\r\n\r\nall HTTP/1.1 200 OK\r\n\r\n"),
            end(Direction::ToClient, cause),
        ]
    };
    let events = parse(&steps(EndCause::Fin));
    assert_eq!(events[3..], ["< body all HTTP/1.1 200 OK\\r\\n\\r\\n", "< end"]);
    assert_eq!(parse(&steps(EndCause::Reset)).last().unwrap(), "< end incomplete");
    let events = parse(&[ask("POST / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n")]);
    assert_eq!(events, ["> POST / 1.1", "> end", "> GET / 1.1", "> end"]);
}

#[test]
fn interim_responses_answer_nothing() {
    let events = parse(&[
        ask("HEAD / HTTP/1.1\r\nExpect: 100-continue\r\n\r\n"),
        answer("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"),
        answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\n"),
    ]);
    let expected = ["< 100 1.1", "< end", "< 103 1.1 Link=x", "< end"];
    assert_eq!(events[2..6], expected);
    assert_eq!(events[6..], ["< 200 1.1 Content-Length=5", "< end"]);
}

#[test]
fn pipelined_responses_find_the_method_they_answer() {
    let events = parse(&[
        ask("GET /1 HTTP/1.1\r\n\r\nHEAD /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\n"),
        answer("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"),
        answer("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"),
        answer("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nc"),
    ]);
    let responses: Vec<_> = events.iter().filter(|e| e.starts_with('<')).collect();
    let head = "< 200 1.1 Content-Length=1";
    assert_eq!(responses, [head, "< body a", "< end", head, "< end", head, "< body c", "< end"]);
}

#[test]
fn switches_hand_on_what_is_behind_them() {
    for (request, response, to) in [
        (
            "CONNECT h:25 HTTP/1.1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
            "Unknown",
        ),
        (
            "GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n",
            "HTTP/1.1 101 x\r\nUpgrade: WebSocket\r\n\r\n",
            "Named(\"websocket\")",
        ),
        (
            "GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n",
            "HTTP/1.1 101 x\r\nUpgrade: h2c\r\n\r\n",
            "Named(\"http/2\")",
        ),
        ("POST / HTTP/1.1\r\n\r\n", "HTTP/1.1 101 x\r\nUpgrade: tcp\r\n\r\n", "Unknown"),
    ] {
        let events = parse(&[
            ask(request),
            answer(format!("{response}220 hello")),
            answer(" there\r\n"),
            ask("EHLO\r\n"),
            Step::Gap(Direction::ToServer, 3),
        ]);
        let switch = format!("switch {to}");
        let expected = [&*switch, "< remainder 220 hello there\\r\\n", "> remainder EHLO\\r\\n"];
        assert_eq!(events[events.len() - 3..], expected);
    }
}

#[test]
fn chunked_bodies_keep_their_data_and_trailers() {
    let events = parse(&[ask("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\
         4;n=\"v\"\r\nwiki\r\nA\r\n0123456789\r\n0\r\nCheck: 1\r\nX: a\r\n b\r\n\r\n\
         GET /n HTTP/1.1\r\n\r\n")]);
    let expected = [
        "> POST / 1.1 Transfer-Encoding=chunked",
        "> odd http-chunk-extension",
        "> body wiki0123456789",
        "> trailers Check=1 X=a   b",
        "> odd http-folded-field",
        "> end",
        "> GET /n 1.1",
        "> end",
    ];
    assert_eq!(events, expected);
}

#[test]
fn broken_chunks_lose_the_message_and_find_the_next() {
    for (chunks, anomaly) in [
        ("fffffffffffffffff\r\nabc", anomalies::CHUNK_SIZE_OVERFLOW),
        ("xyz\r\nabc", anomalies::CHUNK_SIZE_INVALID),
        ("0x5\r\nabcde", anomalies::CHUNK_SIZE_INVALID),
        ("2\r\nabcd\r\n", anomalies::CHUNK_END_INVALID),
    ] {
        let events = parse(&[ask(format!(
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\
             {chunks}\r\nGET /n HTTP/1.1\r\n\r\n"
        ))]);
        let lost = events.iter().position(|e| e == "> lost").unwrap();
        assert_eq!(events[lost - 2], format!("> odd {}", anomaly.0), "{chunks}");
        assert_eq!(
            events[lost - 1..],
            ["> end incomplete", "> lost", "> tentative GET /n 1.1", "> end"]
        );
    }
}

/// A head, what is read of it, and what is odd about it.
#[test]
fn odd_heads_are_read_and_told() {
    use anomalies as odd;
    for (head, read, told) in [
        ("get  /x HTTP/1.1\r\n\r\n", "get /x 1.1", vec![odd::START_LINE_ODD]),
        ("M-SEARCH * HTTP/1.1\r\n\r\n", "M-SEARCH * 1.1", vec![]),
        ("GET http://h:1/x HTTP/1.1\r\n\r\n", "GET http://h:1/x 1.1", vec![]),
        ("GET /a b HTTP/1.0\r\n\r\n", "GET /a b 1.0", vec![odd::START_LINE_ODD]),
        ("GET /\u{e9} http/1.2\r\n\r\n", "GET /\\xc3\\xa9 1.1", vec![odd::START_LINE_ODD]),
        ("\r\n\nGET / HTTP/1.1\nA: b\n\n", "GET / 1.1 A=b", vec![odd::BARE_LF]),
        ("GET / HTTP/1.1\r\nA: b\r\n\tc\r\n\r\n", "GET / 1.1 A=b  \\tc", vec![odd::FOLDED]),
        (
            "GET / HTTP/1.1\r\n A: b\r\nC: d\r\n\r\n",
            "GET / 1.1 C=d",
            vec![odd::SPACE_BEFORE_FIELDS],
        ),
        ("GET / HTTP/1.1\r\nA : b\r\n\r\n", "GET / 1.1 A=b", vec![odd::SPACE_BEFORE_COLON]),
        ("GET / HTTP/1.1\r\nnone\r\nC: d\r\n\r\n", "GET / 1.1 C=d", vec![odd::FIELD_INVALID]),
        ("GET / HTTP/1.1\r\n: d\r\n\r\n", "GET / 1.1", vec![odd::FIELD_INVALID]),
        ("GET / HTTP/1.1\r\nA(: d\r\n\r\n", "GET / 1.1 A(=d", vec![odd::FIELD_NAME_INVALID]),
        ("GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", "GET / 1.1 A=b c", vec![odd::BARE_CR]),
        ("GET / HTTP/1.1\r\nA: \x01\r\n\r\n", "GET / 1.1 A=\\x01", vec![odd::FIELD_VALUE_INVALID]),
        ("GET / HTTP/1.1\r\nA: \u{e9}\r\n\r\n", "GET / 1.1 A=\\xc3\\xa9", vec![]),
    ] {
        let events = parse(&[ask(head)]);
        let mut expected = vec![format!("> {read}")];
        expected.extend(told.iter().map(|a| format!("> odd {}", a.0)));
        expected.push("> end".into());
        assert_eq!(events, expected, "{head:?}");
    }
}

#[test]
fn ambiguous_lengths_are_told() {
    use anomalies as odd;
    for (fields, told, framed) in [
        ("Content-Length: 3\r\nTransfer-Encoding: chunked", odd::LENGTH_AND_CODING, false),
        ("Content-Length: 3\r\nContent-Length: 5", odd::LENGTH_CONFLICT, true),
        ("Content-Length: 3\r\nContent-Length: 3", odd::LENGTH_REPEATED, true),
        ("Content-Length: 3, 3", odd::LENGTH_REPEATED, true),
        ("Content-Length: +3", odd::LENGTH_INVALID, false),
        ("Content-Length: 99999999999999999999", odd::LENGTH_INVALID, false),
        ("Content-Length: ", odd::LENGTH_INVALID, false),
        ("Content-Length: 3\r\nTransfer-Encoding: xchunked", odd::CODING_INVALID, true),
        ("Transfer-Encoding: chunked, identity", odd::CODING_INVALID, false),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: x", odd::CODING_REPEATED, false),
        ("Transfer-Encoding : chunked", odd::SPACE_BEFORE_COLON, false),
        ("Transfer-Encoding: gzip, chunked", odd::CODING_STACKED, false),
    ] {
        let events = parse(&[ask(format!("POST / HTTP/1.1\r\n{fields}\r\n\r\nabc"))]);
        let line = format!("> odd {}", told.0);
        assert!(events.contains(&line), "{fields:?}: {events:?}");
        assert_eq!(events.contains(&"> body abc".into()), framed, "{fields:?}: {events:?}");
    }
    let events = parse(&[ask("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n")]);
    assert_eq!(events[1], format!("> odd {}", odd::CODING_IN_HTTP_10.0));
}

#[test]
fn anomaly_names_are_unique() {
    let names: std::collections::BTreeSet<_> = anomalies::ALL.iter().collect();
    assert_eq!(names.len(), anomalies::ALL.len());
}

#[test]
fn a_head_that_is_too_large_is_read_as_far_as_it_fits_and_framed_by_all_of_it() {
    let filler = "F: 0123456789\r\n".repeat(HEAD_BYTES_MAX / 15 + 10);
    let text = format!(
        "POST /big HTTP/1.1\r\nHost: h\r\n{filler}Content-Length: 3\r\n\r\n\
         abcGET /n HTTP/1.1\r\n\r\n"
    );
    let mut events = parse(&[ask(text)]);
    assert!(events.remove(0).starts_with("> POST /big 1.1 Host=h F=0123456789 F="));
    let expected = [
        format!("> odd {}", anomalies::TOO_MANY_FIELDS.0),
        format!("> odd {}", anomalies::HEAD_TOO_LARGE.0),
        "> body abc".into(),
        "> end".into(),
        "> GET /n 1.1".into(),
        "> end".into(),
    ];
    assert_eq!(events, expected);
}

#[test]
fn fields_beyond_the_limit_still_frame_the_body() {
    let filler = "F: 0\r\n".repeat(HEADERS_MAX);
    let text = format!("POST / HTTP/1.1\r\n{filler}Content-Length: 3\r\n\r\nabc");
    let events = parse(&[ask(text)]);
    assert_eq!(events[0].matches("F=0").count(), HEADERS_MAX);
    let told = format!("> odd {}", anomalies::TOO_MANY_FIELDS.0);
    assert_eq!(events[1..], [&told, "> body abc", "> end"]);
}

#[test]
fn requests_nobody_answers_are_bounded() {
    let text = "GET / HTTP/1.1\r\n\r\n".repeat(PENDING_REQUESTS_MAX + 3);
    let events = parse(&[ask(text)]);
    let told = format!("> odd {}", anomalies::TOO_MANY_PENDING.0);
    assert_eq!(events.iter().filter(|e| **e == told).count(), 1);
    assert_eq!(events.iter().filter(|e| *e == "> end").count(), PENDING_REQUESTS_MAX + 3);
}

#[test]
fn repeated_hosts_are_told_and_those_that_differ_leave_a_doubt() {
    use anomalies as odd;
    for (fields, told) in [
        ("Host: a", None),
        ("Host: a\r\nX: b", None),
        ("Host: a\r\nhost: A", Some(odd::HOST_REPEATED)),
        ("Host: a\r\nHost: b", Some(odd::HOST_CONFLICT)),
        ("Host: a\r\nX: y\r\nHost: a\r\nHost:", Some(odd::HOST_CONFLICT)),
        // With an odd line, so that the head is read tolerantly.
        ("Host : a\r\nHost: b", Some(odd::HOST_CONFLICT)),
    ] {
        let events = parse(&[ask(format!("GET / HTTP/1.1\r\n{fields}\r\n\r\n"))]);
        let hosts: Vec<_> = events.iter().filter(|e| e.starts_with("> odd http-host")).collect();
        let expected: Vec<String> = told.iter().map(|a| format!("> odd {}", a.0)).collect();
        assert_eq!(hosts, expected.iter().collect::<Vec<_>>(), "{fields:?}");
    }
    assert!(anomalies::leaves_framing_open(odd::HOST_CONFLICT));
    assert!(!anomalies::leaves_framing_open(odd::HOST_REPEATED));
}

#[test]
fn a_body_that_was_refused_before_it_was_sent_swallows_no_request() {
    let put = |length: u32| {
        ask(format!("PUT /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: {length}\r\n\r\n"))
    };
    let refused = || answer("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n");
    // The next request line is longer than the body, as long, or much shorter.
    for length in [7, 16, 17, 18, 500, 100_000] {
        let events = parse(&[put(length), refused(), ask("GET /b HTTP/1.1\r\nX: y\r\n\r\n")]);
        let got: Vec<_> = events.iter().filter(|e| e.starts_with("> ")).skip(1).collect();
        assert_eq!(got, ["> end", "> GET /b 1.1 X=y", "> end"], "{length}: {events:?}");
    }
    // A body that was sent all the same, or that was asked for, is a body.
    let go = || answer("HTTP/1.1 100 Continue\r\n\r\n");
    let text = "GET /b HTTP/1.1\r\nX: y\r\n";
    for (between, body) in
        [(refused(), "GET it\r\nnow\r\n"), (refused(), "{\"a\":1}"), (go(), text)]
    {
        let length = u32::try_from(body.len()).unwrap();
        let events = parse(&[put(length), between, ask(body), ask("GET /c HTTP/1.1\r\n\r\n")]);
        let got: Vec<_> = events.iter().filter(|e| e.starts_with("> ")).collect();
        assert!(got.iter().any(|e| e.starts_with("> body ")), "{body:?}: {events:?}");
        assert!(got[got.len() - 2].starts_with("> GET /c"), "{body:?}: {events:?}");
    }
}
