use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::super::recorder::{KeepAll, KeepNamed, Recorder, cut};
use super::super::{BodyPlan, BodyWalker, PathTable, walk_query};
use super::*;

const NOTE: &str = "Seen today; write to ada@example.org about 943 476 5919.";

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn seen(media: &str, pieces: &[&[u8]]) -> Vec<(String, String)> {
    let mut paths = PathTable::new(Box::new(KeepAll));
    let mut sink = Recorder::default();
    let mut walker = BodyWalker::new(BodyPlan::from_headers(Some(media.as_bytes()), None));
    for piece in pieces {
        walker.push(piece, &mut paths, &mut sink);
    }
    walker.finish(&mut paths, &mut sink);
    sink.values()
}

/// What is seen inside the one value of a JSON body.
fn inside(value: &str) -> Vec<(String, String)> {
    let body = serde_json::json!({ "v": value }).to_string();
    let mut values = seen("application/json", &[body.as_bytes()]);
    assert_eq!(values.remove(0), ("$.v".to_owned(), value.to_owned()));
    values
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

/// What is seen inside the one value `/m/v` of a document of XML, and of `v` in a form.
fn inside_others(value: &str) -> [Vec<(String, String)>; 2] {
    let escaped = value.replace('&', "&amp;").replace('<', "&lt;");
    let xml = format!("<m><v>{escaped}</v></m>");
    let form = encoded_form(value);
    [("application/xml", xml), ("application/x-www-form-urlencoded", form)].map(|(media, body)| {
        let mut values = seen(media, &[body.as_bytes()]);
        assert_eq!(values.remove(0).1, value.trim());
        values
    })
}

fn encoded_form(value: &str) -> String {
    let hex: String = value.bytes().map(|byte| format!("%{byte:02x}")).collect();
    format!("v={hex}")
}

#[test]
fn a_card_or_calendar_that_is_a_value_is_walked() {
    let card = "BEGIN:VCARD\r\nFN:Jane Roe\r\nN:Roe;Jane;;;\r\nBDAY:1971-\r\n 03-09\r\nEND:VCARD";
    let meant = |root: &str| {
        [
            ("full_name", "Jane Roe"),
            ("n.family_name", "Roe"),
            ("n.given_name", "Jane"),
            ("bday", "1971-03-09"),
        ]
        .map(|(name, value)| (format!("{root}|$.vcard.{name}"), value.to_owned()))
        .to_vec()
    };
    assert_eq!(inside(card), meant("$.v"));
    assert_eq!(inside(&format!("\n {card}\n")), meant("$.v"));
    assert_eq!(inside_others(card), [meant("/m/v"), meant("v")]);
    let calendar = "begin:vcalendar\nBEGIN:VEVENT\nSUMMARY:Jane Roe\nEND:VEVENT\nEND:VCALENDAR";
    assert_eq!(inside(calendar), pairs(&[("$.v|$.vcalendar.vevent.summary", "Jane Roe")]));
    // All of it, however long: a photo goes before the name.
    let photo = format!("BEGIN:VCARD\nPHOTO:{}\nFN:Jane Roe\nEND:VCARD", "ab ".repeat(40_000));
    let body = serde_json::json!({ "v": photo }).to_string();
    let values = seen("application/json", &[body.as_bytes()]);
    assert_eq!(values.last(), Some(&("$.v|$.vcard.full_name".to_owned(), "Jane Roe".to_owned())));
    for text in ["begin: see VCARD", "BEGIN:VTODO\nSUMMARY:x", "the BEGIN:VCARD\nFN:x"] {
        assert_eq!(inside(text), [], "{text}");
    }
}

#[test]
fn a_table_that_is_a_value_is_walked() {
    let meant = |root: &str| {
        pairs(&[("name", "Jane Roe"), ("ssn", "536-22-8745"), ("name", "Jim, \"J\""), ("ssn", "")])
            .into_iter()
            .map(|(name, value)| (format!("{root}|$[*].{name}"), value))
            .collect::<Vec<_>>()
    };
    for table in [
        "name,ssn\nJane Roe,536-22-8745\n\"Jim, \"\"J\"\"\",\n",
        "\"name\";\"ssn\"\r\nJane Roe;536-22-8745\r\n\"Jim, \"\"J\"\"\";",
        "name\tssn\nJane Roe\t536-22-8745\n\"Jim, \"\"J\"\"\"\t",
    ] {
        assert_eq!(inside(table), meant("$.v"), "{table}");
        if table.ends_with('\n') {
            assert_eq!(inside_others(table), [meant("/m/v"), meant("v")], "{table}");
        }
    }
    for text in [
        "name,ssn",
        "name,ssn\n",
        "name,ssn\nJane Roe",
        "name,ssn\nJane,Roe,1\n2,3",
        "name,ssn\n1,2\n3,4,5",
        "Dear Ann,\nsee below, Bob",
        "name, 12\n1, 2",
        "1,2\n3,4",
        "name\nJane",
    ] {
        assert_eq!(inside(text), [], "{text}");
    }
    // Words that are none of any API make no table.
    let mut paths = PathTable::new(Box::new(KeepNamed));
    let mut sink = Recorder::default();
    let mut walker = BodyWalker::new(BodyPlan::default());
    walker.push(br#"{"v":"name,ssn\n1,2"}"#, &mut paths, &mut sink);
    walker.finish(&mut paths, &mut sink);
    assert_eq!(sink.values(), pairs(&[("$.v", "name,ssn\n1,2")]));
}

#[test]
fn what_stands_in_base64_is_walked_by_what_it_is() {
    let json = br#"{"mail":"ada@example.org"}"#;
    let mail = pairs(&[("$.v|$.mail", "ada@example.org")]);
    assert_eq!(inside(&STANDARD.encode(json)), mail);
    assert_eq!(inside(&URL_SAFE_NO_PAD.encode(json)), mail);
    assert_eq!(inside(&STANDARD.encode(gz(json))), mail);
    let note = pairs(&[("$.v|$", NOTE)]);
    assert_eq!(inside(&STANDARD.encode(NOTE)), note);
    assert_eq!(inside(&STANDARD.encode(gz(NOTE.as_bytes()))), note);
    let lines: Vec<String> = STANDARD
        .encode(NOTE)
        .as_bytes()
        .chunks(20)
        .map(|c| String::from_utf8_lossy(c).into())
        .collect();
    assert_eq!(inside(&lines.join("\r\n")), note);
    let wide: Vec<u8> =
        [0xfeff].into_iter().chain(NOTE.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert_eq!(inside(&STANDARD.encode(wide)), note);
    let xml = inside(&STANDARD.encode("<a><b c='1'>two</b></a>"));
    assert_eq!(xml, pairs(&[("$.v|/a/b/@c", "1"), ("$.v|/a/b", "two")]));
    let hl7 = inside(&STANDARD.encode("MSH|^~\\&|A|B|C|D|1||ADT^A01|1|P|2.5\rPID|1||943"));
    assert!(hl7.contains(&("$.v|PID-3".to_owned(), "943".to_owned())), "{hl7:?}");
    assert_eq!(inside(&STANDARD.encode("9434765919")), pairs(&[("$.v|$", "9434765919")]));
}

#[test]
fn data_urls_and_tokens_are_looked_into() {
    let mail = pairs(&[("$.v|$.mail", "ada@example.org")]);
    let json = br#"{"mail":"ada@example.org"}"#;
    let url = format!("data:application/json;charset=utf-8;base64,{}", STANDARD.encode(json));
    assert_eq!(inside(&url), mail);
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let token = format!("{}.{}.{}", part(br#"{"alg":"none"}"#), part(json), part(&[147; 64]));
    assert_eq!(inside(&token), mail);
    assert_eq!(inside(&format!("Bearer {token}")), mail);
    assert_eq!(inside(&format!("{token}.{token}")), []);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn what_stands_in_hexadecimal_is_walked_by_what_it_is() {
    let json = br#"{"mail":"ada@example.org"}"#;
    let mail = pairs(&[("$.v|$.mail", "ada@example.org")]);
    assert_eq!(inside(&hex(json)), mail);
    assert_eq!(inside(&hex(json).to_uppercase()), mail);
    assert_eq!(inside(&format!("0x{}", hex(json))), mail);
    assert_eq!(inside(&format!("\\x{}", hex(json))), mail);
    assert_eq!(inside(&hex(&gz(json))), mail);
    assert_eq!(inside(&hex(NOTE.as_bytes())), pairs(&[("$.v|$", NOTE)]));
    let number = "943 476 5919 and";
    assert_eq!(inside(&hex(number.as_bytes())), pairs(&[("$.v|$", number)]));
    assert_eq!(inside(&hex(b"9434765919401023")), pairs(&[("$.v|$", "9434765919401023")]));
    let xml = inside(&hex(b"<a><b c='1'>two</b></a>"));
    assert_eq!(xml, pairs(&[("$.v|/a/b/@c", "1"), ("$.v|/a/b", "two")]));
    let long = NOTE.repeat(2_000);
    let body = serde_json::json!({ "v": hex(long.as_bytes()) }).to_string();
    let whole = seen("application/json", &[body.as_bytes()]);
    assert!(whole.last().is_some_and(|(path, text)| path == "$.v|$" && text.ends_with(NOTE)));
    let pieces: Vec<&[u8]> = body.as_bytes().chunks(777).collect();
    assert!(seen("application/json", &pieces) == whole, "pieces say something else");
}

#[test]
fn hashes_and_numbers_in_hexadecimal_hold_nothing() {
    for value in [
        "d41d8cd98f00b204e9800998ecf8427e",
        "6a204bd89f3c8348afd5c77c717a097a6a204bd89f3c8348afd5c77c717a097a",
        "31415926535897932384626433832795",
        "416461204c6f76656c61636",
        "0x71c7656ec7ab88b098defb751b7401b5f6d8976f",
        "4a6f2052",
    ] {
        assert_eq!(inside(value), [], "{value}");
    }
    // One digit short of a byte.
    assert_eq!(inside(&hex(NOTE.as_bytes())[1..]), []);
}

#[test]
fn what_stands_encoded_among_text_is_walked_beside_it() {
    let json = br#"{"mail":"ada@example.org"}"#;
    let mail = pairs(&[("$.v|$.mail", "ada@example.org")]);
    let text = STANDARD.encode(json);
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let token = format!("{}.{}.{}", part(br#"{"alg":"HS256"}"#), part(json), part(&[147; 64]));
    for value in [
        format!("sent payload {text} to queue 7"),
        format!("GET /x 200 body=\"{text}\""),
        format!("src: data:application/json;base64,{text}"),
        format!("Basic {text}"),
        format!("[2026-01-01] user='ada' blob='{text}', size=34"),
        format!("level=info payload={text}"),
        format!("authorization is Bearer {token} for now"),
    ] {
        assert_eq!(inside(&value), mail, "{value}");
        assert!(hides_something(value.as_bytes()), "{value}");
    }
    let two = format!("{text} and {text} again");
    assert_eq!(inside(&two), [&mail[..], &mail].concat());
    // What stands in the record at the end of a text is a value of that.
    let record = inside(&format!("got {{\"w\": \"{text}\"}}"));
    let expected = pairs(&[("$.v|$.w", &text), ("$.v|$.w|$.mail", "ada@example.org")]);
    assert_eq!(record, expected);
}

#[test]
fn words_hosts_and_hashes_among_text_hold_nothing() {
    for value in [
        "see src/analysis/operation/url_credentials.rs for more of it",
        "the internationalizationOfEverything is done in one go, mostly",
        "urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8 is the id = 1",
        "integrity=\"sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC\"",
        "<img src=\"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAA\">",
        "com.example.healthcare.patients.AbstractPatientRepositoryFactoryBean, 12",
        "Negotiate TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAAKAGFKAAAADw==",
    ] {
        assert_eq!(inside(value), [], "{value}");
    }
}

#[test]
fn what_stands_among_a_long_text_is_found_once_wherever_it_stands() {
    let text = STANDARD.encode(r#"{"mail":"ada@example.org"}"#);
    let window = crate::base::limits::SCALAR_WINDOW_BYTES;
    let overlap = crate::base::limits::SCALAR_OVERLAP_BYTES;
    for end in [window, window - overlap] {
        for place in (end - 70..end + 40).chain([10, window / 2]) {
            let value = format!("{}{text} {}", "ab ".repeat(place / 3), "cd ".repeat(window / 2));
            let body = serde_json::json!({ "v": value }).to_string();
            let found = seen("application/json", &[body.as_bytes()]);
            let count = found.iter().filter(|(path, _)| path == "$.v|$.mail").count();
            assert_eq!(count, 1, "{place}");
        }
    }
}

#[test]
fn looking_among_text_takes_linear_time() {
    // A quadratic look at any of these would take minutes.
    for piece in ["x".repeat(23) + " ", "x".repeat(24) + " ", "eyJ".repeat(9) + "."] {
        let text = format!("a {}", piece.repeat(2_000_000 / piece.len()));
        within(text.as_bytes(), Window::WHOLE).count();
    }
}

#[test]
fn values_around_values_are_undone_four_deep() {
    let mut value = NOTE.to_owned();
    for level in 1..=5 {
        value = STANDARD.encode(value);
        let found = inside(&value).iter().any(|(_, text)| text == NOTE);
        assert_eq!(found, level <= 4, "{level}");
    }
    let twice = serde_json::json!({ "w": STANDARD.encode(NOTE) }).to_string();
    assert_eq!(
        inside(&STANDARD.encode(&twice)).last(),
        Some(&("$.v|$.w|$".to_owned(), NOTE.to_owned()))
    );
}

#[test]
fn messages_of_saml_are_inflated_in_a_query() {
    let mut raw = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    raw.write_all(b"<Response><NameID>ada@example.org</NameID></Response>").unwrap();
    let text = STANDARD.encode(raw.finish().unwrap());
    let text = text.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let mut paths = PathTable::new(Box::new(KeepAll));
    let mut sink = Recorder::default();
    walk_query(format!("SAMLResponse={text}&x={text}").as_bytes(), &mut paths, &mut sink);
    let values = sink.values();
    let found = ("SAMLResponse|/Response/NameID".to_owned(), "ada@example.org".to_owned());
    assert_eq!(values.get(1), Some(&found));
    assert_eq!(values.len(), 3, "{values:?}");
}

#[test]
fn what_only_looks_encoded_is_left_alone() {
    for value in [
        "1234567890123456",
        "acknowledgements",
        "internationalization",
        "application/json",
        "d41d8cd98f00b204e9800998ecf8427e",
        "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "AKIAIOSFODNN7EXAMPL2",
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB",
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB",
        "data:text/plain,hello there and good bye",
    ] {
        assert_eq!(inside(value), [], "{value}");
    }
}

#[test]
fn a_long_attachment_is_decoded_window_by_window() {
    let lines: String = (0..9_000).map(|n| format!("line {n} of a long report\n")).collect();
    let note = format!("{lines}{NOTE}");
    let body = serde_json::json!({ "v": STANDARD.encode(&note) }).to_string();
    let whole = seen("application/json", &[body.as_bytes()]);
    assert!(whole.last().is_some_and(|(path, text)| path == "$.v|$" && text.ends_with(NOTE)));
    let pieces: Vec<&[u8]> = body.as_bytes().chunks(777).collect();
    assert!(seen("application/json", &pieces) == whole, "pieces say something else");
}

proptest! {
    #[test]
    fn cutting_a_body_anywhere_changes_nothing_of_what_is_encoded_in_it(
        text in "[ -~]{12,80}",
        cuts in proptest::collection::vec(0usize..200, 0..6),
    ) {
        let body = serde_json::json!({ "v": STANDARD.encode(&text), "w": text }).to_string();
        let pieces = cut(body.as_bytes(), &cuts);
        prop_assert_eq!(
            seen("application/json", &pieces),
            seen("application/json", &[body.as_bytes()])
        );
    }

    #[test]
    fn every_long_run_among_text_is_met(text in "[ab=,. ]{0,30}[a-zA-Z/]{20,30}[ =,.ab]{0,99}") {
        let text = text.as_bytes();
        let mut naive = Vec::new();
        let mut from = 0;
        for piece in text.split(|b| sextet(*b).is_none()) {
            if piece.len() >= 24 {
                naive.push((from, from + piece.len()));
            }
            from += piece.len() + 1;
        }
        prop_assert_eq!(within::runs(text).collect::<Vec<_>>(), naive);
    }

    #[test]
    fn cutting_a_text_anywhere_changes_nothing_of_what_stands_among_it(
        text in "[ -~]{18,80}",
        around in "[a-z ,=]{0,40}",
        cuts in proptest::collection::vec(0usize..300, 0..6),
    ) {
        let hex = hex(text.as_bytes());
        let value = format!("{around} {} {around}", STANDARD.encode(&text));
        let body = serde_json::json!({ "v": value, "w": hex }).to_string();
        let whole = seen("application/json", &[body.as_bytes()]);
        prop_assert_eq!(seen("application/json", &cut(body.as_bytes(), &cuts)), whole);
    }

    #[test]
    fn any_bytes_are_looked_at(value in proptest::collection::vec(any::<u8>(), 0..200)) {
        hides_something(&value);
        hidden_in_head(&value);
        hidden_parameter("SAMLRequest", &value);
        within(&value, Window::WHOLE).count();
    }

    #[test]
    fn random_tokens_hold_nothing(bytes in proptest::collection::vec(any::<u8>(), 24..48)) {
        // But for what decoders take for a compressed beginning, which yields nothing.
        prop_assume!(sniff::hidden_coding(&bytes).is_none() && bytes[0] < 0xfe);
        let token = URL_SAFE_NO_PAD.encode(&bytes);
        prop_assert_eq!(hidden(token.as_bytes()), None);
        let text = format!("token {token} is it");
        prop_assert_eq!(within(text.as_bytes(), Window::WHOLE).next(), None);
        let digits = hex(&bytes);
        prop_assert_eq!(hidden(digits.as_bytes()), None);
    }
}

#[test]
fn a_document_of_xml_in_a_string_is_walked() {
    let name = pairs(&[("$.v|/r/name", "Ada"), ("$.v|/r/@id", "7")]);
    let sorted = |mut of: Vec<(String, String)>| {
        of.sort_by(|a, b| b.cmp(a));
        of
    };
    for xml in [
        "<r id=\"7\"><name>Ada</name></r>",
        "\r\n <?xml version=\"1.0\"?>\n<r id='7'><name>Ada</name></r>\n",
        "\u{feff}<!-- x --><r id='7'><name>Ada</name></r>",
    ] {
        let comment = |(path, _): &(String, String)| path.contains("comment");
        let seen = inside(xml).into_iter().filter(|value| !comment(value)).collect();
        assert_eq!(sorted(seen), name, "{xml}");
    }
    let note = "a letter ".repeat(20_000);
    let long = format!("<letter><to>ada@example.org</to><text>{note}</text></letter>");
    let body = serde_json::json!({ "v": long }).to_string();
    let values = seen("application/json", &[body.as_bytes()]);
    assert!(values.contains(&("$.v|/letter/to".to_owned(), "ada@example.org".to_owned())));
}

#[test]
fn markup_and_what_stands_in_brackets_are_no_documents() {
    for text in [
        "<ada@example.org>",
        "<redacted>",
        "<none/>",
        "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Ada</p></div>",
        "<p>Seen today</p>",
        "<b>Note</b>: seen",
        "<!-- x --> Ada",
        "< 5 and </p>",
        "2 < 3",
    ] {
        assert_eq!(inside(text), pairs(&[]), "{text}");
    }
}

#[test]
fn what_is_percent_encoded_or_has_references_is_walked() {
    let json = r#"{"name": "Ada Roe","mrn":"0048"}"#;
    let walked = |below: &str| {
        let path = |name: &str| format!("{below}|$.{name}");
        vec![(path("name"), "Ada Roe".to_owned()), (path("mrn"), "0048".to_owned())]
    };
    let percent = |text: &str| -> String {
        let keep = |b: u8| b.is_ascii_alphanumeric();
        text.bytes()
            .map(|b| if keep(b) { char::from(b).to_string() } else { format!("%{b:02X}") })
            .collect()
    };
    let escaped = |text: &str| {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
    };
    assert_eq!(inside(&percent(json)), walked("$.v"));
    assert_eq!(inside(&percent(json).to_lowercase().replace("%20", "+")).len(), 2);
    assert_eq!(inside(&percent(&percent(json))).get(1..).unwrap(), walked("$.v|$"));
    assert_eq!(inside(&escaped(json)), walked("$.v"));
    assert_eq!(inside(&json.replace('"', "&#34;")), walked("$.v"));
    let xml = "<r><name>Ada &amp; Roe</name></r>";
    let name = pairs(&[("$.v|/r/name", "Ada & Roe")]);
    assert_eq!(inside(&escaped(xml)), name);
    assert_eq!(inside(&percent(xml)), name);
    // A string of JSON in a string of JSON, and once more.
    let quoted = serde_json::json!(json).to_string();
    assert_eq!(inside(&quoted), walked("$.v|$"));
    let twice = inside(&serde_json::json!(quoted).to_string());
    assert_eq!(twice.get(1..).unwrap(), walked("$.v|$|$"));
    assert_eq!(inside(&percent(&quoted)), walked("$.v|$"));
    let long = format!("<r><name>Ada</name><text>{}</text></r>", "a letter ".repeat(20_000));
    for value in [escaped(&long), percent(&long)] {
        let body = serde_json::json!({ "v": value }).to_string();
        let whole = seen("application/json", &[body.as_bytes()]);
        assert!(whole.contains(&("$.v|/r/name".to_owned(), "Ada".to_owned())));
        let pieces: Vec<&[u8]> = body.as_bytes().chunks(777).collect();
        assert!(seen("application/json", &pieces) == whole, "pieces say something else");
    }
}

#[test]
fn parameters_of_urls_and_forms_are_walked() {
    let found = pairs(&[("$.v|name", "Ada Roe"), ("$.v|mrn", "0048")]);
    for value in [
        "name=Ada+Roe&mrn=0048",
        "https://p.test/s?name=Ada%20Roe&mrn=0048",
        "/s?name=Ada+Roe&mrn=0048",
        "?name=Ada+Roe&mrn=0048",
        "Patient?name=Ada+Roe&mrn=0048",
        "%2Fs%3Fname%3DAda%2BRoe%26mrn%3D0048",
        "https%3A%2F%2Fp.test%2Fs%3fname%3DAda%2BRoe%26mrn%3D0048",
    ] {
        assert_eq!(inside(value), found, "{value}");
    }
    assert_eq!(inside("/patients/search?mrn=0048"), pairs(&[("$.v|mrn", "0048")]));
    let back = inside("/login?next=%2Fsearch%3Fmrn%3D0048%26x%3D1");
    assert_eq!(back.get(1..), Some(&pairs(&[("$.v|next|mrn", "0048"), ("$.v|next|x", "1")])[..]));
    let form = |text: &str| seen("application/x-www-form-urlencoded", &[text.as_bytes()]);
    let data = form("data=name%3DAda%2BRoe%26mrn%3D0048");
    assert_eq!(data.get(1..), Some(&pairs(&[("data|name", "Ada Roe"), ("data|mrn", "0048")])[..]));
}

#[test]
fn text_that_only_has_escapes_or_equals_signs_is_left_alone() {
    for value in [
        "https://example.org/a%20b/c.html",
        "https://example.org/?flag",
        "100%25 of all values",
        "a%20sentence%20with%20spaces",
        "CN=Ada Roe,OU=Staff,DC=example",
        "name=Ada Roe&mrn=7 is a form",
        "key=value-without-more",
        "What? a=1&b=2",
        "x==y&&z!=w|long",
        "1=2&3=4&5=6&7=8&9=0",
        "&lt;p&gt;Seen today&lt;/p&gt;",
        "&quot;quoted&quot; text",
        "Tom &amp; Jerry went",
        "\"quoted text here\"",
        "\"{ not json }\" at all",
        "{&quot; is a quote in braces",
        "max-age=31536000; includeSubDomains",
    ] {
        assert_eq!(inside(value), [], "{value}");
    }
}

#[test]
fn what_is_asked_for_is_walked() {
    let asked = inside("query { patient(mrn: \"0048\", last: \"Roe\") { id } }");
    let found = pairs(&[("$.v|$.patient.mrn", "0048"), ("$.v|$.patient.last", "Roe")]);
    assert_eq!(asked, found);
    let text = seen("application/graphql", &[b"{patient(mrn:\"0048\",last:\"Roe\"){id}}"]);
    let found = pairs(&[("$|$.patient.mrn", "0048"), ("$|$.patient.last", "Roe")]);
    assert_eq!(text.get(1..), Some(&found[..]));
    let mut paths = PathTable::new(Box::new(KeepAll));
    let mut sink = Recorder::default();
    walk_query(b"$filter=Last%20eq%20'Roe'%20and%20Mrn%20eq%20'0048'", &mut paths, &mut sink);
    let found = pairs(&[("$filter|$.Last", "Roe"), ("$filter|$.Mrn", "0048")]);
    assert_eq!(sink.values().get(1..), Some(&found[..]));
}
