use proptest::prelude::*;

use crate::content::recorder::{KeepAll, Recorder, cut};
use crate::content::{BodyPlan, BodyWalker, PathTable};

const CARD: &str = r#"{"handle":"X","vcardArray":["vcard",[
    ["version",{},"text","4.0"],
    ["fn",{},"text","Jane \"J\" Roe"],
    ["n",{},"text",["Roe","Jane",["Ann","Lee"],"",""]],
    ["tel",{"type":["home","voice"]},"uri","tel:+1-555-0100"],
    ["adr",{},"text",["","","12 Elm Road","Leeds","","LS1 4AP","UK"]],
    ["bday",{},"date","1971-03-09"]
]],"after":1}"#;

const CALENDAR: &str = r#"["vcalendar",[["version",{},"text","2.0"]],[
    ["vevent",[["summary",{},"text","Visit"],
        ["attendee",{"cn":"Jane Roe"},"cal-address","mailto:j@example.org"]],[]],
    ["vtodo",[["due",{},"date","2024-01-01","2024-01-02"]],[]]
]]"#;

fn seen(pieces: &[&[u8]], clear: bool) -> Vec<(String, String)> {
    let mut paths = PathTable::new(Box::new(KeepAll));
    let mut sink = Recorder::default();
    let mut walker = BodyWalker::new(BodyPlan::from_headers(Some(b"application/json"), None));
    for piece in pieces {
        walker.push(piece, &mut paths, &mut sink);
        if clear {
            paths.clear();
        }
    }
    walker.finish(&mut paths, &mut sink);
    let count = |what| sink.seen.iter().filter(|s| s.what == what).count();
    assert_eq!(count("enter"), count("leave"));
    sink.values()
}

fn has(values: &[(String, String)], path: &str, value: &str) -> bool {
    values.iter().any(|(p, v)| p == path && v == value)
}

#[test]
fn properties_of_a_card_in_json_are_called_as_in_text() {
    let values = seen(&[CARD.as_bytes()], false);
    for (path, value) in [
        ("$.handle", "X"),
        ("$.vcardArray.vcard.version", "4.0"),
        ("$.vcardArray.vcard.full_name", "Jane \"J\" Roe"),
        ("$.vcardArray.vcard.full_name.value_type", "text"),
        ("$.vcardArray.vcard.n.family_name", "Roe"),
        ("$.vcardArray.vcard.n.given_name", "Jane"),
        ("$.vcardArray.vcard.n.middle_name[*]", "Lee"),
        ("$.vcardArray.vcard.tel.type[*]", "voice"),
        ("$.vcardArray.vcard.tel", "tel:+1-555-0100"),
        ("$.vcardArray.vcard.adr.street_address", "12 Elm Road"),
        ("$.vcardArray.vcard.adr.postal_code", "LS1 4AP"),
        ("$.vcardArray.vcard.bday", "1971-03-09"),
        ("$.after", "1"),
    ] {
        assert!(has(&values, path, value), "{path} {values:#?}");
    }
}

#[test]
fn components_of_a_calendar_in_json_are_within_one_another() {
    let values = seen(&[CALENDAR.as_bytes()], false);
    for (path, value) in [
        ("$.vcalendar.version", "2.0"),
        ("$.vcalendar.vevent.summary", "Visit"),
        ("$.vcalendar.vevent.attendee", "mailto:j@example.org"),
        ("$.vcalendar.vevent.attendee.cn", "Jane Roe"),
        ("$.vcalendar.vtodo.due", "2024-01-02"),
    ] {
        assert!(has(&values, path, value), "{path} {values:#?}");
    }
}

#[test]
fn lists_with_such_a_word_stay_lists() {
    let values = seen(&[br#"{"kinds":["ics","vcard","csv"],"x":[["vcard"],["a"]]}"#], false);
    let paths: Vec<&str> = values.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["$.kinds[*]", "$.kinds[*]", "$.kinds[*]", "$.x[*][*]", "$.x[*][*]"]);
}

proptest! {
    #[test]
    fn cutting_a_card_in_json_anywhere_changes_nothing(
        cuts in proptest::collection::vec(any::<usize>(), 0..6),
        calendar in any::<bool>(),
        clear in any::<bool>(),
    ) {
        let body = if calendar { CALENDAR } else { CARD };
        let pieces = cut(body.as_bytes(), &cuts);
        prop_assert_eq!(seen(&[body.as_bytes()], false), seen(&pieces, clear));
    }
}
