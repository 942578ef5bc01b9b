//! Gaps, ends and the search for the next message.

use super::*;
use crate::base::limits::RESYNC_LINE_BYTES_MAX;
use crate::model::{Offsets, StreamEvent};
use crate::protocol::Parser;
use crate::protocol::recorder::{Recorder, each};

fn gap(direction: Direction, len: u64) -> Step {
    Step::Gap(direction, len)
}

#[test]
fn a_gap_in_a_body_of_known_length_is_counted_over() {
    use Direction::ToServer;
    let events = parse(&[
        ask("POST / HTTP/1.1\r\nContent-Length: 50\r\n\r\nabc"),
        gap(ToServer, 40),
        ask("1234567GET /n HTTP/1.1\r\n\r\n"),
    ]);
    let expected = ["> body abc", "> gap 40", "> body 1234567", "> end", "> GET /n 1.1", "> end"];
    assert_eq!(events[1..], expected);
    let events = parse(&[
        ask("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n30\r\nabc"),
        gap(ToServer, 45),
        ask("\r\n0\r\n\r\nGET /n HTTP/1.1\r\n\r\n"),
    ]);
    assert_eq!(events[1..], ["> body abc", "> gap 45", "> end", "> GET /n 1.1", "> end"]);
}

#[test]
fn text_like_a_request_inside_a_body_is_body() {
    let inside = "GET /phantom HTTP/1.1\r\nHost: x\r\n\r\n";
    let len = inside.len() * 2;
    let events = parse(&[
        ask(format!("POST / HTTP/1.1\r\nContent-Length: {len}\r\n\r\n{inside}")),
        gap(Direction::ToServer, 2),
        ask(&inside[2..]),
    ]);
    assert!(!events.iter().any(|e| e.starts_with("> GET")), "{events:?}");
    assert_eq!(events.last().unwrap(), "> end");
}

#[test]
fn a_gap_over_the_end_of_a_message_resynchronises_at_the_next() {
    let events = parse(&[
        ask("POST / HTTP/1.1\r\nContent-Length: 50\r\n\r\nabc"),
        gap(Direction::ToServer, 60),
        ask("st: x\r\nA: b\r\n\r\nGET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\n\r\n"),
        ask("GET /3 HTTP/1.1\r\n\r\n"),
    ]);
    let expected = [
        "> body abc",
        "> gap 47",
        "> end incomplete",
        "> odd http-messages-lost",
        "> lost",
        "> tentative GET /1 1.1 Host=x",
        "> end",
        "> confirmed",
        "> GET /2 1.1",
        "> end",
        "> GET /3 1.1",
        "> end",
    ];
    assert_eq!(events[1..], expected);
}

/// What is told of `steps`, each with where it stands in its stream and how far its sender had
/// heard the other, whole and byte by byte.
fn parse_placed(steps: &[(Step, [u64; 2])]) -> Vec<String> {
    let told = |piece| {
        let (mut parser, mut recorder) = (Http1::new(), Recorder::default());
        for (step, [begin, heard]) in steps {
            each(step, piece, &mut |event| {
                let offsets = Offsets { begin: *begin, heard: *heard, cut: false };
                parser.push(StreamEvent { offsets, ..event }, &mut recorder);
            });
        }
        recorder.finish()
    };
    let whole = told(usize::MAX);
    assert_eq!(told(1), whole);
    whole
}

#[test]
fn what_stands_right_behind_a_gap_is_likely_a_message() {
    use Direction::ToServer;
    let found = |steps: &[(Step, [u64; 2])]| {
        let told = parse_placed(steps);
        told.into_iter().find(|line| line.contains("/next")).unwrap_or_default()
    };
    let begun = (ask("POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n"), [100, 50]);
    let lost = (gap(ToServer, 70_000), [200, 0]);
    let next = "GET /next HTTP/1.1\r\nHost: x\r\n\r\n";
    assert_eq!(
        found(&[begun.clone(), lost.clone(), (ask(next), [70_200, 60])]),
        "> likely GET /next 1.1 Host=x"
    );
    // Where that is not known, it was found by searching.
    let unknown = (gap(ToServer, 70_000), [0, 0]);
    let guess = "> tentative GET /next 1.1 Host=x";
    assert_eq!(found(&[begun.clone(), unknown, (ask(next), [0, 60])]), guess);
    // So it was behind the end of a body.
    let behind = (ask(format!("}}{next}")), [70_200, 60]);
    assert_eq!(found(&[begun.clone(), lost.clone(), behind]), guess);
    // Unless the other end said something before it.
    for rest in ["1,\"b\":2}", "some\r\nlines\r\n", "a line\r\nGET /"] {
        let body = (ask(rest), [70_200, 50]);
        let turn =
            |heard| [begun.clone(), lost.clone(), body.clone(), (ask(next), [70_300, heard])];
        assert_eq!(found(&turn(60)), "> likely GET /next 1.1 Host=x", "{rest}");
        assert_ne!(found(&turn(50)), "> likely GET /next 1.1 Host=x", "{rest}");
    }
}

#[test]
fn what_a_gap_follows_is_not_refuted_and_what_another_message_follows_is_confirmed() {
    use Direction::ToServer;
    let lost = |at| (gap(ToServer, 10), [at, 0]);
    let found = |at| (ask("GET /1 HTTP/1.1\r\n\r\n"), [at, 0]);
    let told = parse_placed(&[lost(100), found(110), lost(129), found(139)]);
    let likely = ["> likely GET /1 1.1", "> end"];
    let again = ["> odd http-messages-lost", "> lost"];
    assert_eq!(told[1..], [&["> lost"][..], &likely, &again, &likely].concat());
    let told = parse_placed(&[lost(100), found(110), found(129)]);
    let sure = ["> confirmed", "> GET /1 1.1", "> end"];
    assert_eq!(told[1..], [&["> lost"][..], &likely, &sure].concat());
}

#[test]
fn a_body_that_may_not_be_there_is_told_from_the_next_message_however_short() {
    let next = "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n";
    let told = ["< 404 1.1 Content-Length=0", "< end"];
    for len in [1, 2, 9, 11, 12, 13, 14, 500] {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n");
        let bare = parse(&[answer(format!("{head}{next}"))]);
        let first = format!("< 200 1.1 Content-Length={len}");
        assert_eq!(bare, [&[first.as_str(), "< end"][..], &told].concat());
        let body = &"HTTP/1.1 20 is a status".repeat(40)[..len];
        let body = if len == 13 || len == 14 { &"HTTP/".repeat(3)[..len] } else { body };
        let whole = parse(&[answer(format!("{head}{body}{next}"))]);
        let text = format!("< body {body}");
        assert_eq!(whole, [&[first.as_str(), text.as_str(), "< end"][..], &told].concat(), "{len}");
        let alone =
            parse(&[answer(format!("{head}{body}")), end(Direction::ToClient, EndCause::Fin)]);
        assert_eq!(alone, [first.as_str(), text.as_str(), "< end"]);
    }
    // A gap may have had the body, or the next message in it.
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n";
    let told = parse(&[answer(head), gap(Direction::ToClient, 100), answer(next)]);
    let over = ["< gap 100", "< odd http-messages-lost", "< end incomplete", "< lost"];
    assert_eq!(told[1..5], over);
    assert_eq!(told[5..], ["< likely 404 1.1 Content-Length=0", "< end"]);
    let told = parse(&[answer(head), gap(Direction::ToClient, 499), answer(format!("}}{next}"))]);
    let over = ["< gap 499", "< body }", "< end", "< 404 1.1 Content-Length=0", "< end"];
    assert_eq!(told[1..], over);
}

#[test]
fn a_gap_between_messages_and_a_start_in_the_middle_are_searched_through() {
    let found = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let expected =
        ["< odd http-start-unseen", "< lost", "< tentative 200 1.1 Content-Length=0", "< end"];
    assert_eq!(parse(&[gap(Direction::ToClient, 9), answer(found)]), expected);
    assert_eq!(parse(&[answer(format!("of a body\r\n\x00{{}}\n{found}"))]), expected);
    assert_eq!(parse(&[answer(format!("{{\"of\":\"a body\"}}{found}"))]), expected);
}

/// What is left of a body behind a gap, with no line end behind it: the next message is found.
#[test]
fn the_next_message_is_found_right_behind_a_body() {
    let long = "x".repeat(3 * RESYNC_LINE_BYTES_MAX);
    for body in [
        "",
        "}",
        "1,\"b\":[2]}",
        "plain",
        "BASE64",
        "\u{0}\u{ff}",
        "a\r\nb: c",
        "{\"log\":\"GET /phantom HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n\"}",
        "{\"log\":\"HTTP/1.1 500 No\\r\\nServer: x\\r\\n\\r\\n\"}",
        long.as_str(),
    ] {
        for method in ["GET", "POST", "UNLOCK", "PROPPATCH"] {
            let events = parse(&[
                ask("POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n"),
                gap(Direction::ToServer, 70_000),
                ask(format!("{body}{method} /next?a=b HTTP/1.1\r\nHost: x\r\n\r\n")),
            ]);
            let found = format!("> tentative {method} /next?a=b 1.1 Host=x");
            assert_eq!(events[events.len() - 2..], [found.as_str(), "> end"], "{body}");
        }
        let events = parse(&[
            answer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
            gap(Direction::ToClient, 70_000),
            answer(format!("{body}HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{{}}")),
        ]);
        let found = ["< tentative 404 1.1 Content-Length=2", "< body {}", "< end"];
        assert_eq!(events[events.len() - 3..], found, "{body}");
    }
}

/// Text in a body whose beginning was lost that looks like a message, and is none.
#[test]
fn what_only_looks_like_a_message_is_not_taken() {
    for text in [
        "see `GET /phantom HTTP/1.1` and so on\r\n",
        "\"GET /phantom HTTP/1.1\" 200 512\r\n",
        "> GET /phantom HTTP/1.1\r\n> Host: x\r\n>\r\n",
        "write GET /phantom HTTP/1.1\r\nHost: x\r\n\r\n",
        "{}GET /phantom HTTP/1.1\nHost: x\n\n",
        "{}BREW /phantom HTTP/1.1\r\nHost: x\r\n\r\n",
        "{}GET phantom HTTP/1.1\r\nHost: x\r\n\r\n",
        "{}GET /phantom HTTP/1.1\r\n{\"not\": \"a head\"}\r\n\r\n",
        "{}HTTP/1.1 200 OK\r\nA: b\r\n\r\n",
    ] {
        let events = parse(&[gap(Direction::ToServer, 9), ask(text)]);
        assert!(!events.iter().any(|e| e.contains("phantom")), "{text}: {events:?}");
    }
    for text in [
        "a status line is HTTP/1.1 200 OK\r\nServer: x\r\n\r\n",
        "< HTTP/1.1 200 OK\r\n< Server: x\r\n<\r\n",
        "{}HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        "{}HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
        "{}HTTP/1.1 200 OK\r\nnot a field\r\n\r\n",
        // Nothing says where its body ends, nor that the connection does.
        "HTTP/1.1 200 OK\r\nServer: x\r\n\r\n",
        "{}GET /phantom HTTP/1.1\r\nHost: x\r\n\r\n",
    ] {
        let events = parse(&[gap(Direction::ToClient, 9), answer(text)]);
        assert_eq!(events.len(), 2, "{text}: {events:?}");
    }
}

#[test]
fn the_end_of_a_quoted_head_gives_way_to_the_head_that_follows() {
    let events = parse(&[
        gap(Direction::ToClient, 9),
        answer("HTTP/1.1 500 Quoted\r\nServer: x"),
        answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ]);
    assert_eq!(events[2..], ["< tentative 200 1.1 Content-Length=0", "< end"]);
}

#[test]
fn what_the_search_finds_must_have_fields_like_a_head() {
    let events = parse(&[
        gap(Direction::ToServer, 1),
        ask("GET /phantom HTTP/1.1\r\nsome text\r\nGET /real HTTP/1.1\r\nA: b\r\n\r\n"),
    ]);
    assert_eq!(events[1..], ["> lost", "> tentative GET /real 1.1 A=b", "> end"]);
    let events = parse(&[
        gap(Direction::ToServer, 1),
        ask("GET /phantom HTTP/1.1\r\nGET /real HTTP/1.1\r\nA: b\r\n\r\n"),
    ]);
    assert_eq!(events[1..], ["> lost", "> tentative GET /real 1.1 A=b", "> end"]);
}

#[test]
fn what_follows_a_found_message_without_being_one_is_lost_again() {
    let events = parse(&[
        gap(Direction::ToServer, 1),
        ask("GET /1 HTTP/1.1\r\n\r\nnot a request\r\nGET /2 HTTP/1.1\r\n\r\n"),
    ]);
    let expected = [
        "> lost",
        "> tentative GET /1 1.1",
        "> end",
        "> odd http-message-start-invalid",
        "> lost refuted",
        "> tentative GET /2 1.1",
        "> end",
    ];
    assert_eq!(events[1..], expected);
}

#[test]
fn a_cut_head_gives_its_whole_lines() {
    let cut = "GET /x HTTP/1.1\r\nHost: h\r\nCookie: a=";
    let told = ["> GET /x 1.1 Host=h", "> odd http-head-cut", "> end incomplete"];
    let events = parse(&[ask(cut), gap(Direction::ToServer, 7)]);
    assert_eq!(events[..3], told);
    assert_eq!(events[3..], ["> lost"]);
    assert_eq!(parse(&[ask(cut), end(Direction::ToServer, EndCause::Reset)]), told);
    let events = parse(&[ask("GET /x HT"), end(Direction::ToServer, EndCause::Fin)]);
    assert_eq!(events, ["> odd http-head-cut"]);
}

#[test]
fn a_head_that_lost_its_host_says_so_and_one_that_the_capture_cut_does_not() {
    let cut = "GET /x HTTP/1.1\r\nA: b\r\nHo";
    let events = parse(&[ask(cut), gap(Direction::ToServer, 7)]);
    assert_eq!(events[1..3], ["> odd http-head-cut", "> odd http-host-lost"]);
    let (mut parser, mut recorder) = (Http1::new(), Recorder::default());
    for step in [ask(cut), gap(Direction::ToServer, 7)] {
        each(&step, usize::MAX, &mut |event| {
            let offsets = Offsets { begin: 1, heard: 0, cut: true };
            parser.push(StreamEvent { offsets, ..event }, &mut recorder);
        });
    }
    assert!(!recorder.finish().contains(&"> odd http-host-lost".to_owned()));
    let named = "GET http://h/x HTTP/1.1\r\nHost: h\r\nCo";
    let events = parse(&[ask(named), gap(Direction::ToServer, 7)]);
    assert!(!events.contains(&"> odd http-host-lost".to_owned()));
}

#[test]
fn a_gap_in_a_body_until_the_close_goes_on() {
    let events = parse(&[
        answer("HTTP/1.1 200 OK\r\n\r\nab"),
        gap(Direction::ToClient, 9),
        answer("cd"),
        end(Direction::ToClient, EndCause::Fin),
    ]);
    assert_eq!(events[1..], ["< body ab", "< gap 9", "< body cd", "< end"]);
}

#[test]
fn bodies_and_trailers_that_end_too_soon_are_incomplete() {
    for text in [
        "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n",
    ] {
        let events = parse(&[ask(text), end(Direction::ToServer, EndCause::Fin)]);
        assert_eq!(events.last().unwrap(), "> end incomplete", "{text}");
    }
}

#[test]
fn messages_going_the_wrong_way_are_not_taken() {
    let events = parse(&[ask("HTTP/1.1 200 OK\r\n\r\n"), answer("GET / HTTP/1.1\r\n\r\n")]);
    let unseen = ["> odd http-start-unseen", "> lost", "< odd http-start-unseen", "< lost"];
    assert_eq!(events, unseen);
}

#[test]
fn http_09_is_told_and_searched_through() {
    let events = parse(&[ask("GET /old\r\n"), answer("<html>\nold</html>\n")]);
    assert_eq!(events, ["> odd http-0.9", "> lost", "< odd http-start-unseen", "< lost"]);
}

#[test]
fn a_response_of_unknown_purpose_may_have_no_body_after_all() {
    // The request, a HEAD, was lost: the length is that of a body which is not there.
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n";
    let next = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    let expected = |body: &str| {
        ["< 200 1.1 Content-Length=30", "< end", "< 200 1.1 Content-Length=2", body, "< end"]
            .map(str::to_owned)
    };
    assert_eq!(parse(&[answer(head), answer(next)]), expected("< body {}"));
    let cut: Vec<Step> = format!("{head}{next}")
        .as_bytes()
        .chunks(1)
        .map(|byte| answer(std::str::from_utf8(byte).unwrap()))
        .collect();
    let told = parse(&cut);
    assert_eq!(told.iter().filter(|e| e.starts_with("< 200")).count(), 2, "{told:?}");
    // One that begins nearly like a status line has one.
    let body = "HTTP/1.1 is what they spoke.\r\n";
    let told = parse(&[answer(format!("{head}{body}"))]);
    assert!(told.iter().any(|e| e.starts_with("< body HTTP/1.1 is")), "{told:?}");
    assert_eq!(told.last().unwrap(), "< end");
}

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// What is told of a chunked response of which `missing` bytes from `at` on were lost, and of the
/// response behind it; without its head.
fn told_without(body: &str, (at, missing): (usize, usize)) -> Vec<String> {
    let next = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    let text = format!("{CHUNKED}{body}{next}");
    let (from, len) = (CHUNKED.len() + at, u64::try_from(missing).unwrap());
    let parts = |size: usize| {
        let pieces = |text: &str| text.as_bytes().chunks(size).map(answer).collect::<Vec<_>>();
        let lost = vec![gap(Direction::ToClient, len)];
        [
            vec![ask("GET / HTTP/1.1\r\n\r\n")],
            pieces(&text[..from]),
            lost,
            pieces(&text[from + missing..]),
        ]
        .concat()
    };
    let told = parse(&parts(usize::MAX));
    assert_eq!(parse(&parts(1)), told, "{at} {missing}");
    told[3..].to_vec()
}

#[test]
fn a_gap_in_the_framing_of_a_chunk_leaves_the_rest_of_the_body() {
    let body = "3\r\nabc\r\n14\r\ntwenty bytes of text\r\n5\r\nhello\r\n0\r\n\r\n";
    for (at, missing, seen) in [
        // Line ends alone: it is known what stood there.
        (6, 1, "abctwenty bytes of texthello"),
        (6, 2, "abctwenty bytes of texthello"),
        (7, 1, "abctwenty bytes of texthello"),
        (4, 4, "atwenty bytes of texthello"),
        // Within a size, all of it, and a size and data.
        (8, 1, "abctwenty bytes of texthello"),
        (8, 2, "abctwenty bytes of texthello"),
        (8, 3, "abctwenty bytes of texthello"),
        (10, 2, "abctwenty bytes of texthello"),
        (8, 11, "abcbytes of texthello"),
        (20, 14, "abctwenty bhello"),
        (1, 30, "thello"),
        (36, 3, "abctwenty bytes of textllo"),
    ] {
        let told = told_without(body, (at, missing));
        let texts: String = told.iter().filter_map(|e| e.strip_prefix("< body ")).collect();
        assert_eq!(texts, seen, "{at} {missing}: {told:?}");
        assert_eq!(told.iter().filter(|e| e.starts_with("< gap")).count(), 1, "{told:?}");
        let behind = ["< end", "< 404 1.1 Content-Length=0", "< end"];
        assert_eq!(told[told.len() - 3..], behind, "{at} {missing}: {told:?}");
    }
}

#[test]
fn what_only_looks_like_a_size_is_content_and_hides_no_message() {
    let line = "20240517\r\n0\r\n5\r\nabc\r\n\r\n";
    let body = format!("3\r\nabc\r\n{:x}\r\n{line}\r\n0\r\n\r\n", line.len());
    let told = told_without(&body, (8, 3));
    assert_eq!(
        told[told.len() - 3..],
        ["< end", "< 404 1.1 Content-Length=0", "< end"],
        "{told:?}"
    );
    // The end of the body is missing as well: the message that follows is found all the same.
    let told = told_without("3\r\nabc\r\nffff\r\nsome text\r\nffff\r\n{}", (8, 2));
    let end = ["< end incomplete", "< lost", "< odd http-messages-lost"];
    let found = ["< tentative 404 1.1 Content-Length=0", "< end"];
    assert_eq!(told[told.len() - 5..], [&end[..], &found].concat(), "{told:?}");
}

#[test]
fn a_gap_in_which_another_message_may_have_begun_ends_a_chunked_body() {
    let ask_twice = ask("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
    let rest = "of another\r\n5\r\nhello\r\n0\r\n\r\n";
    let steps = |missing| {
        let begin = answer(format!("{CHUNKED}3\r\nabc\r\n"));
        [ask_twice.clone(), begin, gap(Direction::ToClient, missing), answer(rest)]
    };
    let told = parse(&steps(500));
    let over = ["< gap 500", "< end incomplete", "< lost"];
    assert_eq!(told[told.len() - 3..], over);
    let told = parse(&[&steps(500)[..], &[end(Direction::ToClient, EndCause::Fin)]].concat());
    assert_eq!(told.last().unwrap(), "< odd http-messages-lost");
    // Nothing fits into few bytes.
    let told = parse(&steps(20));
    assert_eq!(told.last().unwrap(), "< end", "{told:?}");
    assert!(told.contains(&"< gap 20".to_owned()), "{told:?}");
}

/// A capture that leaves out the ends of long packets leaves out no message.
#[test]
fn messages_are_lost_only_where_what_follows_does_not_go_by_turns() {
    use Direction::{ToClient, ToServer};
    const LOST: &str = "odd http-messages-lost";
    let asked = || [ask("GET /a HTTP/1.1\r\nHost: h\r\nCookie: a="), gap(ToServer, 300)];
    let begun = answer(format!("{CHUNKED}96\r\nabc"));
    let answered = || [begun.clone(), gap(ToClient, 60_000)];
    let head_cut = || [answer("HTTP/1.1 200 OK\r\nServer: x\r\nSet-Cookie: a"), gap(ToClient, 90)];
    let over = || [end(ToServer, EndCause::Fin), end(ToClient, EndCause::Fin)];
    let lost = |steps: Vec<Step>| parse(&steps).iter().filter(|e| e.ends_with(LOST)).count();
    // One exchange after the other, both sides cut.
    let turns = [asked(), answered(), asked(), head_cut(), asked(), answered()].concat();
    assert_eq!(lost([turns.clone(), over().to_vec()].concat()), 0);
    let asked_requests = parse(&turns).iter().filter(|e| e.contains("GET /a")).count();
    assert_eq!(asked_requests, 3);
    // Nobody asked for the second response: a request was in the gap.
    let whole = answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let twice = [whole.clone(), whole.clone()];
    assert_eq!(lost([asked().to_vec(), twice.to_vec(), asked().to_vec()].concat()), 1);
    assert_eq!(lost([asked().to_vec(), twice.to_vec(), over().to_vec()].concat()), 1);
    // Two asked, one response was found: the other was in its gap.
    let two = ask("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
    assert_eq!(lost([vec![two], answered().to_vec(), over().to_vec()].concat()), 1);
    // More than one segment may hold anything; what is behind a body is of another message.
    let long = [ask("GET /a HTTP/1.1\r\nHost: h\r\nCookie: a="), gap(ToServer, 70_000)];
    assert_eq!(lost([long.to_vec(), vec![whole.clone()], asked().to_vec()].concat()), 1);
    let sized = [ask("POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\n"), gap(ToServer, 40)];
    assert_eq!(lost([sized.to_vec(), vec![whole], over().to_vec()].concat()), 1);
}

/// Wherever a gap begins and ends, no size is taken for content once a chunk has ended behind it.
#[test]
fn sizes_behind_a_gap_are_no_content() {
    let text: String = (0..60).map(|n| format!("{{'id':{n},'x':'y'}},")).collect();
    let chunk = |part: &[u8]| format!("{:x}\r\n{}\r\n", part.len(), String::from_utf8_lossy(part));
    let body: String = text.as_bytes().chunks(50).map(chunk).collect();
    let body = body + "0\r\n\r\n";
    for at in 60..body.len() - 350 {
        let told = told_without(&body, (at, 200));
        let content: String = told.iter().filter_map(|e| e.strip_prefix("< body ")).collect();
        assert!(!content.contains("\\r"), "{at}: {told:#?}");
        assert_eq!(told[told.len() - 3..], ["< end", "< 404 1.1 Content-Length=0", "< end"]);
    }
}
