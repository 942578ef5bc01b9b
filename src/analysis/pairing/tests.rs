//! What belongs together, and what does not.

use proptest::prelude::*;

use super::*;
use crate::base::limits::COMMITTED_BYTES_MAX;
use crate::model::Status;

fn request(number: u8) -> Box<Request> {
    let mut request = Request::default();
    request.head.minor_version = number;
    request.half.ended = true;
    Box::new(request)
}

fn response(status: u16) -> Box<Response> {
    let mut response = Response { status: Some(status.into()), ..Response::default() };
    response.half.ended = true;
    Box::new(response)
}

/// The number of a request, and the status of what answers it.
type Shown = (Option<u8>, Option<u16>);

fn shown(exchange: Exchange) -> Shown {
    let status = exchange.response.and_then(|r| match r.status {
        Some(Status::Http(code)) => Some(code),
        _ => None,
    });
    (exchange.request.map(|r| r.head.minor_version), status)
}

/// What comes of the events, whether or not the pairing is put away meanwhile.
fn told(events: &[(&str, u16)]) -> Vec<(Option<u8>, Option<u16>)> {
    let out = told_by(events, false);
    assert_eq!(told_by(events, true), out, "where it rested");
    out
}

fn told_by(events: &[(&str, u16)], rests: bool) -> Vec<(Option<u8>, Option<u16>)> {
    let mut pairing = Pairing::default();
    let mut out = Vec::new();
    let mut done = |e: Exchange| out.push(shown(e));
    for (what, n) in events {
        match *what {
            "request" => pairing.request(
                Correlation::InOrder,
                (request(u8::try_from(*n).unwrap()), Stand::default()),
                &mut done,
            ),
            "response" => {
                let answer = (response(*n), Stand::default());
                pairing.response(Correlation::InOrder, answer, &mut done);
            }
            "requests lost" => pairing.lost(Direction::ToServer),
            "responses lost" => pairing.lost(Direction::ToClient),
            "closed" => pairing.closed(),
            "silence" => pairing.fell_silent(&mut done),
            _ => pairing.end(Ending::default(), &mut done),
        }
        pairing.settle(&mut done);
        if let Some(bits) = pairing.rest().filter(|_| rests) {
            pairing = Pairing::default();
            pairing.resume(bits);
            assert_eq!(pairing.rest(), Some(bits));
        }
    }
    out
}

proptest! {
    #[test]
    fn a_pairing_that_rested_says_what_another_says(
        whats in prop::collection::vec(prop::sample::select(vec![
            "request", "response", "request", "response", "requests lost",
            "responses lost", "closed", "silence", "end",
        ]), 0..24),
    ) {
        let events: Vec<_> = whats.into_iter().zip(1..).collect();
        told(&events);
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let events = [("request", 1), ("request", 2), ("response", 1), ("response", 2)];
    assert_eq!(told(&events), [(Some(1), Some(1)), (Some(2), Some(2))]);
}

#[test]
fn a_response_before_its_request_is_unpaired() {
    let events = [("response", 9), ("request", 1), ("response", 1)];
    assert_eq!(told(&events), [(None, Some(9)), (Some(1), Some(1))]);
}

#[test]
fn after_a_loss_a_new_request_leaves_no_older_one_waiting() {
    let lost = ("responses lost", 0);
    let events = [("request", 1), lost, ("request", 2), ("response", 2), ("end", 0)];
    assert_eq!(told(&events), [(Some(1), None), (Some(2), Some(2))]);
    // The loss may be noticed only when the next request was there already.
    let events = [
        ("request", 1),
        ("request", 2),
        ("responses lost", 0),
        ("response", 2),
        ("closed", 0),
        ("end", 0),
    ];
    assert_eq!(told(&events), [(Some(1), None), (Some(2), Some(2))]);
}

#[test]
fn the_response_to_a_lost_request_answers_no_other() {
    let events = [
        ("request", 1),
        ("response", 1),
        ("requests lost", 0),
        ("response", 2),
        ("request", 3),
        ("response", 3),
    ];
    assert_eq!(told(&events), [(Some(1), Some(1)), (None, Some(2)), (Some(3), Some(3))]);
}

#[test]
fn pipelined_exchanges_behind_one_loss_are_counted_from_the_end() {
    let asked = [1, 2, 3, 4].map(|n| ("request", n));
    let answered = [("response", 1), ("responses lost", 0), ("response", 3), ("response", 4)];
    let paired = [(Some(1), Some(1)), (Some(2), None), (Some(3), Some(3)), (Some(4), Some(4))];
    let closed = [("closed", 0), ("end", 0)];
    assert_eq!(told(&[&asked[..], &answered, &closed].concat()), paired);
    // Where more may be missing at the end, nothing is said of who answered whom.
    let events = told(&[&asked[..], &answered, &[("end", 0)]].concat());
    assert!(!events[1..].iter().any(|(a, b)| a.is_some() && b.is_some()), "{events:?}");
    let asked = [("request", 1), ("request", 2), ("requests lost", 0), ("request", 4)];
    let answered = [1, 2, 3, 4].map(|n| ("response", n));
    let paired = [(Some(1), Some(1)), (Some(2), Some(2)), (Some(4), Some(4)), (None, Some(3))];
    assert_eq!(told(&[&asked[..], &answered, &closed].concat()), paired);
}

#[test]
fn silence_tells_what_stands_behind_a_loss_as_the_next_request_would() {
    let silence = ("silence", 0);
    let behind = [("request", 2), ("responses lost", 0), ("response", 2)];
    let want = [(Some(2), Some(2))];
    assert_eq!(told(&[&behind[..], &[silence]].concat()), want);
    assert_eq!(told(&behind), [], "it would wait");
    // Whatever comes then is paired as it would have been.
    let goes_on = [silence, ("request", 3), ("response", 3), ("end", 0)];
    let want = [&want[..], &[(Some(3), Some(3))]].concat();
    assert_eq!(told(&[&behind[..], &goes_on].concat()), want);
    // A server may take its time.
    for waits in [
        &[("request", 1), silence][..],
        &[("request", 1), ("responses lost", 0), silence],
        &[("requests lost", 0), ("response", 1), ("request", 2), silence],
    ] {
        let early = told(waits);
        assert!(early.iter().all(|(request, _)| request.is_none()), "{waits:?}: {early:?}");
        let answered = [waits, &[("response", 9), silence, ("end", 0)]].concat();
        assert!(told(&answered).contains(&(waits_for(waits), Some(9))), "{waits:?}");
    }
    // Where another request may have waited beside it, the end says more.
    let beside = [("requests lost", 0), ("request", 2), ("response", 2)];
    let end = [silence, ("closed", 0), ("end", 0)];
    assert_eq!(told(&[&beside[..], &end].concat()), want[..1]);
    // Those of a client that pipelines are counted from the end.
    let asked = [1, 2, 3].map(|n| ("request", n));
    let answered = [("response", 1), ("responses lost", 0), ("response", 3), silence];
    assert_eq!(told(&[&asked[..], &answered].concat()), [(Some(1), Some(1))]);
}

/// The last request of these events.
fn waits_for(events: &[(&str, u16)]) -> Option<u8> {
    let last = events.iter().rfind(|(what, _)| *what == "request");
    last.and_then(|(_, number)| u8::try_from(*number).ok())
}

#[test]
fn what_was_refuted_is_no_half() {
    let mut pairing = Pairing::default();
    let mut out = Vec::new();
    let mut done = |e: Exchange| out.push((e.lost, e.response.map(|r| r.status)));
    pairing.request(Correlation::InOrder, (request(1), Stand::default()), &mut done);
    pairing.lost(Direction::ToClient);
    let mut phantom = response(1);
    phantom.half.standing = Standing::Likely;
    pairing.response(Correlation::InOrder, (phantom, Stand::default()), &mut done);
    pairing.settle(&mut done);
    pairing.refuted(Direction::ToClient);
    pairing.lost(Direction::ToClient);
    pairing.end(Ending::default(), &mut done);
    assert_eq!(out, [(true, None)]);
}

#[test]
fn an_unanswered_request_is_told_when_the_flow_ends() {
    assert_eq!(told(&[("request", 1), ("end", 0)]), [(Some(1), None)]);
}

/// Numbers of the requests that were waited for in vain: `answers` are the tokens of
/// responses that came behind requests 1 to 3.
fn in_vain(answers: &[u64], ending: Ending, lost: bool) -> Vec<u8> {
    let mut pairing = Pairing::default();
    let mut out = Vec::new();
    let mut done = |e: Exchange| {
        out.extend(e.request.filter(|_| e.unanswered).map(|r| r.head.minor_version));
    };
    for number in 1..=3 {
        let asked = (request(number), Stand::default());
        pairing.request(Correlation::Token(number.into()), asked, &mut done);
    }
    if lost {
        pairing.lost(Direction::ToClient);
    }
    for token in answers {
        let answer = (response(1), Stand::default());
        pairing.response(Correlation::Token(*token), answer, &mut done);
        pairing.settle(&mut done);
    }
    pairing.end(ending, &mut done);
    out
}

#[test]
fn waiting_in_vain_wants_an_end_or_a_later_answer_and_both_directions() {
    let cut = Ending { heard: true, over: false };
    let over = Ending { heard: true, over: true };
    assert!(in_vain(&[1, 2, 3], over, false).is_empty());
    assert_eq!(in_vain(&[2], over, false), [1, 3]);
    // The recording ended: the answer to the third may have come behind it.
    assert_eq!(in_vain(&[2], cut, false), [1]);
    assert!(in_vain(&[], cut, false).is_empty());
    // Nobody heard who answers, or not all of it.
    assert!(in_vain(&[], Ending { heard: false, over: true }, false).is_empty());
    assert!(in_vain(&[2], over, true).is_empty());
    // An answer that names none of them may be meant for any.
    assert!(in_vain(&[2, 9], over, false).is_empty());
}

#[test]
fn who_goes_on_for_minutes_without_an_answer_waits_in_vain() {
    // Requests begin at these seconds; the recording ends, and nothing else.
    let waiting = |seconds: &[i64], answered: &[u64]| {
        let (mut pairing, mut out) = (Pairing::default(), Vec::new());
        let mut done = |e: Exchange| {
            out.extend(e.request.filter(|_| e.unanswered).map(|r| r.head.minor_version));
        };
        for (number, at) in (1..).zip(seconds) {
            let mut asked = request(number);
            asked.half.at = Timestamp::from_seconds(*at, 0);
            let by = Correlation::Token(number.into());
            pairing.request(by, (asked, Stand::default()), &mut done);
        }
        for token in answered {
            let answer = (response(1), Stand::default());
            pairing.response(Correlation::Token(*token), answer, &mut done);
            pairing.settle(&mut done);
        }
        pairing.end(Ending { heard: true, over: false }, &mut done);
        out
    };
    assert_eq!(waiting(&[0, 30, 400], &[]), [1, 2]);
    assert_eq!(waiting(&[0, 30, 400], &[1]), [2]);
    assert!(waiting(&[0, 30, 299], &[]).is_empty());
    assert!(waiting(&[0, 30, 400], &[1, 2]).is_empty());
}

#[test]
fn an_answer_names_what_is_near_only_where_nothing_bears_the_name_itself() {
    let name = |exact: u64, near| Correlation::named(exact << 32, near);
    let told = |asked: &[u64], answer: u64| {
        let (mut pairing, mut out) = (Pairing::default(), Vec::new());
        let mut done = |exchange| out.push(shown(exchange));
        for (number, own) in (1..).zip(asked) {
            let asked = (request(number), Stand::default());
            pairing.request(Correlation::Token(*own), asked, &mut done);
        }
        let by = Correlation::Answer { to: answer, own: 99, last: true };
        pairing.response(by, (response(200), Stand::default()), &mut done);
        pairing.end(Ending::default(), &mut done);
        out.retain(|(_, answer)| answer.is_some());
        out
    };
    let two = [name(1, 5), name(2, 5)];
    assert_eq!(told(&two, name(2, 5)), [(Some(2), Some(200))]);
    assert_eq!(told(&two, name(3, 5)), [(Some(1), Some(200))]);
    assert_eq!(told(&two, name(3, 6)), [(None, Some(200))]);
}

#[test]
fn an_answer_that_names_nothing_stands_until_a_better_one_or_the_next_request() {
    let oldest = |last| Correlation::Oldest { last };
    let told = |answers: &[(Correlation, u16)]| {
        let (mut pairing, mut out) = (Pairing::default(), Vec::new());
        let mut done = |exchange| out.push(shown(exchange));
        let ask = |number: u8| (request(number), Stand::default());
        pairing.request(Correlation::Token(1), ask(1), &mut done);
        for (correlation, status) in answers {
            let answer = (response(*status), Stand::default());
            pairing.response(*correlation, answer, &mut done);
            pairing.settle(&mut done);
        }
        pairing.request(Correlation::Token(2), ask(2), &mut done);
        assert_eq!(pairing.rest(), None);
        pairing.end(Ending::default(), &mut done);
        out
    };
    let (first, second) = (Some(1), (Some(2), None));
    assert_eq!(told(&[(oldest(false), 201)]), [(first, Some(201)), second]);
    assert_eq!(told(&[(oldest(true), 500)]), [(first, Some(500)), second]);
    let better = [(oldest(false), 201), (Correlation::Token(1), 202)];
    assert_eq!(told(&better), [(first, Some(202)), second]);
    // One that answers nothing is no half.
    assert_eq!(told(&[(oldest(true), 500), (oldest(true), 501)]), [(first, Some(500)), second]);
}

/// What a message of 100 bytes that was sent behind so many others has for its place.
fn sent(number: u8) -> Stand {
    let end = 100 * u64::from(number);
    Stand { begin: end - 99, end, heard: u64::from(number) }
}

/// Where the one-byte answer of a server stands that had heard so many of them.
fn behind(number: u8) -> Stand {
    let at = u64::from(number);
    Stand { begin: at, end: at + 1, heard: 100 * at }
}

#[test]
fn behind_a_loss_an_answer_that_names_nothing_is_that_of_the_last_message_heard() {
    let told = |lost: Option<Direction>, steps: &[(bool, u8)]| {
        let (mut pairing, mut out) = (Pairing::default(), Vec::new());
        let mut done = |exchange| out.push(shown(exchange));
        for (at, (asks, number)) in steps.iter().enumerate() {
            if at == 1
                && let Some(direction) = lost
            {
                pairing.lost(direction);
            }
            if *asks {
                let token = Correlation::Token(u64::from(*number));
                pairing.request(token, (request(*number), sent(*number)), &mut done);
                pairing.asked_until(sent(*number));
            } else {
                let answer = (response(u16::from(*number)), behind(*number));
                pairing.response(Correlation::Oldest { last: true }, answer, &mut done);
                pairing.settle(&mut done);
            }
        }
        pairing.end(Ending::default(), &mut done);
        out.sort();
        out
    };
    let pair = |number: u8| (Some(number), Some(u16::from(number)));
    let steps = [(true, 1), (true, 2), (false, 2), (true, 3), (false, 3)];
    let lost = Some(Direction::ToClient);
    assert_eq!(told(lost, &steps), [(Some(1), None), pair(2), pair(3)]);
    // Nothing was lost: whoever sends more meanwhile is answered in order.
    let late = [(Some(1), Some(2)), (Some(2), Some(3)), (Some(3), None)];
    assert_eq!(told(None, &steps), late);
    // The second message was lost: what answers it does not answer the first.
    let steps = [(true, 1), (false, 2), (true, 3), (false, 3)];
    assert_eq!(told(Some(Direction::ToServer), &steps), [(Some(1), None), pair(3)]);
}

#[test]
fn an_acknowledgement_that_names_no_message_answers_the_oldest_or_stands_alone() {
    let unnamed = Correlation::Answer { to: 0, own: 9, last: true };
    let (mut pairing, mut out) = (Pairing::default(), Vec::new());
    let mut done = |exchange| out.push(shown(exchange));
    assert!(!pairing.waits_for(unnamed));
    for number in [1, 2] {
        let token = Correlation::Token(u64::from(number));
        pairing.request(token, (request(number), Stand::default()), &mut done);
    }
    assert!(pairing.waits_for(unnamed));
    for status in [201, 202, 203] {
        pairing.response(unnamed, (response(status), Stand::default()), &mut done);
        pairing.settle(&mut done);
    }
    pairing.end(Ending::default(), &mut done);
    assert_eq!(out, [(Some(1), Some(201)), (Some(2), Some(202)), (None, Some(203))]);
}

/// What is told of a message that is committed, and of its other answers, the first of them behind
/// `between` messages that are committed as well; and whether one of them says that it came late.
fn told_of_commit(between: u64, answers: &[(bool, u16)]) -> (Vec<Shown>, bool) {
    let (mut pairing, mut out, mut late) = (Pairing::default(), Vec::new(), false);
    let mut done = |exchange: Exchange| {
        let response = exchange.response.as_ref();
        late |= response.is_some_and(|r| r.half.anomalies.contains(&ANSWER_LATE));
        out.push(shown(exchange));
    };
    let mut most = 0;
    let mut pass = |pairing: &mut Pairing,
                    (to, number, last, status): (u64, Option<u8>, bool, u16)| {
        if let Some(number) = number {
            let asked = (request(number), Stand::default());
            pairing.request(Correlation::Token(to), asked, &mut done);
        }
        let by = Correlation::Answer { to, own: 10_000_000 + to, last };
        pairing.response(by, (response(status), Stand::default()), &mut done);
        pairing.settle(&mut done);
        most = most.max(pairing.kept_bytes);
    };
    for (place, (last, status)) in answers.iter().enumerate() {
        pass(&mut pairing, (1, (place == 0).then_some(1), *last, *status));
        for other in 0..if place == 0 { between } else { 0 } {
            pass(&mut pairing, (100 + other, Some(9), false, 201));
        }
    }
    pairing.end(Ending::default(), &mut done);
    assert!(most <= COMMITTED_BYTES_MAX + 16 * 1024, "{most}");
    out.retain(|(asked, _)| *asked != Some(9));
    (out, late)
}

#[test]
fn a_commit_stands_until_the_application_answers_or_there_is_no_room() {
    let first = Some(1);
    let told = |answers: &[(bool, u16)]| told_of_commit(0, answers).0;
    assert_eq!(told(&[(false, 201), (true, 500)]), [(first, Some(500))]);
    assert_eq!(told(&[(false, 201), (false, 202)]), [(first, Some(202))]);
    assert_eq!(told(&[(false, 201)]), [(first, Some(201))]);
    // Where the application says nothing, nobody waits.
    let (mut pairing, mut out) = (Pairing::default(), Vec::new());
    let mut asked = request(1);
    asked.head.commit_only = true;
    let mut done = |exchange| out.push(shown(exchange));
    pairing.request(Correlation::Token(1), (asked, Stand::default()), &mut done);
    let by = Correlation::Answer { to: 1, own: 2, last: false };
    pairing.response(by, (response(201), Stand::default()), &mut done);
    pairing.settle(&mut done);
    assert!(pairing.is_empty());
    assert_eq!(out, [(first, Some(201))]);
    for between in [17, 100] {
        let told = told_of_commit(between, &[(false, 201), (true, 500)]);
        assert_eq!(told, (vec![(first, Some(500))], false), "{between}");
    }
    // So long a wait ends: what comes then stands alone, and says why.
    let late = told_of_commit(3_000, &[(false, 201), (true, 500)]);
    assert_eq!(late, (vec![(first, Some(201)), (None, Some(500))], true));
}

/// Whether exchanges are told as lacking an answer, whose messages were asked, answered (by which
/// name, with which status) and lost in turn.
fn lacking(steps: &[(&str, u8)]) -> Vec<(Option<u8>, bool)> {
    let (mut pairing, mut out) = (Pairing::default(), Vec::new());
    let mut done = |exchange: Exchange| {
        let lost = exchange.lost;
        out.push((shown(exchange).0, lost));
    };
    for (step, number) in steps {
        let to = u64::from(*number);
        let answer = (response(200), Stand::default());
        match *step {
            "asks" => {
                let asked = (request(*number), Stand::default());
                pairing.request(Correlation::Token(to), asked, &mut done);
            }
            "kept" => {
                let by = Correlation::Answer { to, own: 90 + to, last: false };
                pairing.response(by, answer, &mut done);
            }
            "answers" => {
                let by = Correlation::Answer { to, own: 70 + to, last: true };
                pairing.response(by, answer, &mut done);
            }
            "kept unnamed" => {
                pairing.response(Correlation::Oldest { last: false }, answer, &mut done);
            }
            _ => pairing.lost(Direction::ToClient),
        }
        pairing.settle(&mut done);
    }
    pairing.end(Ending::default(), &mut done);
    out.sort_unstable();
    out
}

#[test]
fn the_answer_of_an_application_that_was_lost_behind_a_commit_is_told() {
    let (first, second) = (Some(1), Some(2));
    let named = [("asks", 1), ("kept", 1), ("lost", 0)];
    assert_eq!(lacking(&named), [(first, true)]);
    assert_eq!(lacking(&named[..2]), [(first, false)]);
    assert_eq!(lacking(&[&named[..], &[("answers", 1)]].concat()), [(first, false)]);
    // What was lost before says nothing of it.
    assert_eq!(lacking(&[("lost", 0), ("asks", 1), ("kept", 1)]), [(first, false)]);
    // Of commits that name nothing it is due where it came behind another.
    let unnamed = [("asks", 2), ("kept unnamed", 2), ("lost", 0), ("asks", 3)];
    assert_eq!(lacking(&unnamed)[0], (second, false));
    let before = [("asks", 1), ("kept unnamed", 1), ("answers", 1)];
    let told = lacking(&[&before[..], &unnamed].concat());
    assert_eq!(told[..2], [(first, false), (second, true)]);
}

#[test]
fn a_message_is_found_by_its_own_name_where_it_asks_and_by_what_it_answers_else() {
    let (mut pairing, mut out) = (Pairing::default(), Vec::new());
    let mut done = |exchange| out.push(shown(exchange));
    let by = |to, own| Correlation::Answer { to, own, last: true };
    pairing.request(by(7, 8), (request(1), Stand::default()), &mut done);
    assert!(!pairing.waits_for(by(7, 9)) && pairing.waits_for(by(8, 9)));
    pairing.response(by(8, 9), (response(200), Stand::default()), &mut done);
    pairing.settle(&mut done);
    assert!(pairing.is_empty());
    assert_eq!(out, [(Some(1), Some(200))]);
}

#[test]
fn what_is_likely_or_was_confirmed_counts_alone() {
    let lone = |standing, confirmed: bool| {
        let (mut pairing, mut out) = (Pairing::default(), Vec::new());
        let mut done = |exchange| out.push(shown(exchange));
        pairing.lost(Direction::ToServer);
        let mut found = request(1);
        found.half.standing = standing;
        pairing.request(Correlation::InOrder, (found, Stand::default()), &mut done);
        if confirmed {
            pairing.confirmed(Direction::ToServer);
        } else {
            pairing.lost(Direction::ToClient);
        }
        pairing.request(Correlation::InOrder, (request(2), Stand::default()), &mut done);
        pairing.end(Ending::default(), &mut done);
        out.len()
    };
    assert_eq!(lone(Standing::Guess, false), 1);
    assert_eq!(lone(Standing::Guess, true), 2);
    assert_eq!(lone(Standing::Likely, false), 2);
}

#[test]
fn a_tentative_half_counts_only_with_its_other_half() {
    let mut pairing = Pairing::default();
    let mut count = 0;
    let mut done = |_: Exchange| count += 1;
    let mut doubtful = request(1);
    doubtful.half.standing = Standing::Guess;
    pairing.request(Correlation::InOrder, (doubtful, Stand::default()), &mut done);
    pairing.end(Ending::default(), &mut done);
    let mut confirmed = request(2);
    confirmed.half.standing = Standing::Guess;
    pairing.request(Correlation::InOrder, (confirmed, Stand::default()), &mut done);
    pairing.response(Correlation::InOrder, (response(2), Stand::default()), &mut done);
    pairing.settle(&mut done);
    assert_eq!(count, 1);
}

/// One step of a flow with offsets: `begin..end` of the message, and what its sender had heard.
#[derive(Clone, Copy)]
enum Step {
    Ask(u8, [u64; 3]),
    Answer(u16, [u64; 3]),
    RequestsLost,
    ResponsesLost,
    Closed,
    End,
}
use Step::{Answer, Ask, Closed, End, RequestsLost, ResponsesLost};

fn placed(steps: &[Step]) -> Vec<(Option<u8>, Option<u16>)> {
    let mut pairing = Pairing::default();
    let mut out = Vec::new();
    let mut done = |e: Exchange| out.push(shown(e));
    let stand = |[begin, end, heard]: [u64; 3]| Stand { begin, end, heard };
    for step in steps {
        match *step {
            Ask(number, at) => {
                let asked = (request(number), stand(at));
                pairing.request(Correlation::InOrder, asked, &mut done);
                pairing.asked_until(stand(at));
            }
            Answer(number, at) => {
                let answer = (response(number), stand(at));
                pairing.response(Correlation::InOrder, answer, &mut done);
            }
            RequestsLost => pairing.lost(Direction::ToServer),
            ResponsesLost => pairing.lost(Direction::ToClient),
            Closed => pairing.closed(),
            End => pairing.end(Ending::default(), &mut done),
        }
        pairing.settle(&mut done);
    }
    out.sort_unstable();
    out
}

#[test]
fn responses_that_were_captured_before_their_requests_find_them() {
    let steps = [
        Answer(1, [100, 150, 110]),
        Ask(1, [100, 110, 100]),
        Ask(2, [110, 120, 150]),
        Answer(2, [150, 200, 120]),
        Answer(3, [200, 250, 130]),
        Answer(4, [250, 300, 140]),
        Ask(3, [120, 130, 200]),
        Ask(4, [130, 140, 250]),
        End,
    ];
    let expected = [1, 2, 3, 4].map(|n| (Some(n), Some(u16::from(n))));
    assert_eq!(placed(&steps), expected);
}

#[test]
fn a_response_that_the_client_had_when_it_asked_answers_another() {
    // The request that it answers was never seen.
    let steps =
        [Ask(2, [110, 120, 150]), Answer(1, [100, 150, 110]), Answer(2, [150, 200, 120]), End];
    assert_eq!(placed(&steps), [(None, Some(1)), (Some(2), Some(2))]);
    // That its server had not heard the request yet may be a forger's.
    let steps = [Ask(2, [110, 120, 100]), Answer(1, [100, 150, 110]), End];
    assert_eq!(placed(&steps), [(Some(2), Some(1))]);
}

#[test]
fn the_response_to_a_lost_request_is_known_by_what_the_server_had_heard() {
    let ask = Ask(1, [100, 110, 100]);
    let (third, answer) = (Ask(3, [120, 130, 200]), Answer(3, [200, 250, 130]));
    let second = Answer(2, [150, 200, 120]);
    let steps = [ask, RequestsLost, ResponsesLost, second, third, answer, End];
    assert_eq!(placed(&steps), [(None, Some(2)), (Some(1), None), (Some(3), Some(3))]);
}

#[test]
fn what_was_asked_beside_a_lost_request_takes_no_answer_that_may_be_the_others() {
    let begin = [Ask(1, [100, 110, 100]), Answer(1, [100, 150, 110]), RequestsLost];
    let third = [Ask(3, [120, 130, 150]), Answer(2, [150, 200, 130])];
    let fourth = [Ask(4, [130, 140, 250]), Answer(4, [250, 300, 140])];
    let told = |between: Step, over: &[Step]| {
        placed(&[&begin[..], &third, &[between], &fourth, over].concat())
    };
    // Requests 2 and 3 were in flight: the answer to one of them was lost as well.
    let (first, last) = ((Some(1), Some(1)), (Some(4), Some(4)));
    assert_eq!(
        told(ResponsesLost, &[Closed, End]),
        [(None, Some(2)), first, (Some(3), None), last]
    );
    // Where none was, the last answers the last, once it is known which that is.
    let third = Answer(3, [200, 250, 130]);
    assert_eq!(told(third, &[Closed, End]), [(None, Some(2)), first, (Some(3), Some(3)), last]);
    let unsure = told(third, &[End]);
    assert!(
        unsure.iter().all(|(asked, said)| asked.is_none() || said.is_none() || *asked == Some(1))
    );
}

#[test]
fn who_answers_having_heard_more_than_the_request_tells_that_there_was_another() {
    // Requests 2 and 3 are lost, of which one was answered when the fourth was sent.
    let asked = [Ask(1, [100, 110, 100]), RequestsLost, Answer(1, [100, 150, 120])];
    let behind = [Answer(2, [150, 200, 120]), Ask(4, [130, 140, 200]), Answer(3, [200, 250, 140])];
    let said = placed(&[&asked[..], &behind, &[End]].concat());
    let whole: Vec<_> = said.into_iter().filter(|(a, b)| a.is_some() && b.is_some()).collect();
    assert_eq!(whole, [(Some(1), Some(1))]);
}

#[test]
fn few_responses_wait_for_requests_that_may_never_come() {
    let mut pairing = Pairing::default();
    let mut told = 0;
    for n in 0..100u64 {
        let stand = Stand { begin: 100 + n, end: 101 + n, heard: 200 + n };
        pairing.response(Correlation::InOrder, (response(200), stand), &mut |_| told += 1);
        pairing.settle(&mut |_| told += 1);
    }
    assert!(told >= 100 - EARLY_MAX, "{told}");
    pairing.end(Ending::default(), &mut |_| told += 1);
    assert_eq!(told, 100);
}

#[test]
fn a_request_that_is_cut_goes_on_in_the_gap() {
    use crate::base::Timestamp;
    use crate::model::{Offsets, StreamEvent, StreamInput};
    let paired = |missing: u64| {
        let mut pairing = Pairing::default();
        let mut out = Vec::new();
        let mut done = |e: Exchange| out.push(shown(e));
        pairing.lost(Direction::ToServer);
        pairing.lost(Direction::ToClient);
        let gap = Stand::of(&StreamEvent {
            direction: Direction::ToServer,
            at: Timestamp::default(),
            offsets: Offsets { begin: 500, heard: 0, cut: false },
            input: StreamInput::Gap(missing),
        });
        pairing.request(Correlation::InOrder, (request(2), gap), &mut done);
        pairing.asked_until(gap);
        pairing.lost(Direction::ToServer);
        let answer = Stand { begin: 900, end: 1000, heard: 500 + missing };
        pairing.response(Correlation::InOrder, (response(2), answer), &mut done);
        pairing.end(Ending::default(), &mut done);
        out
    };
    assert_eq!(paired(200), [(Some(2), Some(2))]);
    // Another request may have been in a gap so long, and what answers it was seen.
    assert_eq!(paired(5000).len(), 2);
}
