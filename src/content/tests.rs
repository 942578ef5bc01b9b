//! Whole bodies, from wire bytes to fields.

use std::io::Write;

use proptest::prelude::*;

use crate::base::limits::MULTIPART_DEPTH_MAX;

use super::recorder::{KeepAll, Recorder, cut};
use super::{BodyAnomaly, BodyPlan, BodySummary, BodyWalker, Format, PathTable, Undecoded};

struct Body<'a> {
    media: Option<&'a str>,
    coding: Option<&'a str>,
}

fn json() -> Body<'static> {
    Body { media: Some("application/json"), coding: None }
}

fn media(media: &str) -> Body<'_> {
    Body { media: Some(media), coding: None }
}

impl Body<'_> {
    fn plan(&self) -> BodyPlan {
        BodyPlan::from_headers(self.media.map(str::as_bytes), self.coding.map(str::as_bytes))
    }

    fn pieces(&self, pieces: &[&[u8]]) -> (Recorder, BodySummary) {
        let mut paths = PathTable::new(Box::new(KeepAll));
        let mut sink = Recorder::default();
        let mut walker = BodyWalker::new(self.plan());
        for piece in pieces {
            walker.push(piece, &mut paths, &mut sink);
        }
        let summary = walker.finish(&mut paths, &mut sink);
        (sink, summary)
    }

    fn walk(&self, body: &[u8]) -> (Vec<(String, String)>, BodySummary) {
        let (sink, summary) = self.pieces(&[body]);
        (sink.values(), summary)
    }

    fn with_gap(&self, before: &[u8], after: &[u8]) -> (Vec<(String, String)>, BodySummary) {
        let mut paths = PathTable::new(Box::new(KeepAll));
        let mut sink = Recorder::default();
        let mut walker = BodyWalker::new(self.plan());
        walker.push(before, &mut paths, &mut sink);
        walker.gap(100);
        walker.push(after, &mut paths, &mut sink);
        let summary = walker.finish(&mut paths, &mut sink);
        (sink.values(), summary)
    }
}

#[test]
fn a_coding_that_nobody_declared_is_undone_and_told() {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gz.write_all(br#"{"a":1}"#).unwrap();
    let gz = gz.finish().unwrap();
    let mut zl = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    zl.write_all(br#"{"a":1}"#).unwrap();
    let zl = zl.finish().unwrap();
    let zst = zstd::encode_all(&br#"{"a":1}"#[..], 1).unwrap();
    for encoded in [&gz, &zl, &zst] {
        for body in [json(), media("text/plain"), Body { media: None, coding: None }] {
            let (values, summary) = body.walk(encoded);
            assert_eq!(values.len(), 1, "{values:?}");
            assert!(summary.anomalies.contains(BodyAnomaly::CodingUndeclared));
            let bytes: Vec<&[u8]> = encoded.chunks(1).collect();
            assert_eq!(body.pieces(&bytes).0.values(), values);
        }
        // A file that is compressed by nature is no body that forgot to say so.
        for file in ["application/octet-stream", "image/png"] {
            let (values, summary) = media(file).walk(encoded);
            assert!(values.is_empty(), "{values:?}");
            assert!(!summary.anomalies.contains(BodyAnomaly::CodingUndeclared));
        }
    }
    // One that says what it is compressed with, and nothing else, is looked into.
    for (file, encoded) in [("application/gzip", &gz), ("application/zstd", &zst)] {
        let (values, summary) = media(file).walk(encoded);
        assert_eq!(values, [("$.a".to_owned(), "1".to_owned())]);
        assert!(!summary.anomalies.contains(BodyAnomaly::CodingUndeclared));
        assert!(summary.unread.is_empty());
    }
    let (_, summary) = media("application/gzip").walk(b"PK\x03\x04 is none");
    assert!(!summary.unread.is_empty());
    let (_, summary) = Body { coding: Some("gzip"), ..json() }.walk(&gz);
    assert!(!summary.anomalies.contains(BodyAnomaly::CodingUndeclared));
    for text in ["x", "x^2", "x\u{9c}"] {
        let (values, summary) = media("text/plain").walk(text.as_bytes());
        assert_eq!(values.len(), 1, "{values:?}");
        assert!(!summary.anomalies.contains(BodyAnomaly::CodingUndeclared), "{text}");
    }
}

#[test]
fn codings_of_the_transfer_are_undone_before_those_of_the_content() {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gz.write_all(&zstd::encode_all(&br#"{"a":1}"#[..], 1).unwrap()).unwrap();
    let body = Body { coding: Some("zstd,gzip, chunked"), ..json() };
    let (values, summary) = body.walk(&gz.finish().unwrap());
    assert_eq!((values.len(), summary.undecoded), (1, None));
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

const MULTIPART: &str = "preamble\r\n--xyz\r\nContent-Disposition: form-data; name=\"ssn\"\r\n\r\n\
078-05-1120\r\n--xyz\r\nContent-Type: application/json\r\n\r\n{\"x\":\"--xy\r\\n\"}\r\n--xyz\r\n\
Content-Type: text/xml\r\nContent-Transfer-Encoding: base64\r\n\r\nPGE+PGI+aGk8L2I+PC9hPg==\r\n\
--xyz \r\nContent-Disposition: form-data; name=empty\r\n\r\n\r\n--xyz\r\n\
Content-Disposition: form-data; name=up; filename=\"a.txt\"\r\n\r\n\r\n--xyz\r\n\
Content-Type: multipart/mixed; boundary=in\r\n\r\n--in\r\n\r\ninner text\r\n--in--\r\n\
\r\n--xyz--\r\nepilogue";

/// One body of each format.
fn samples() -> Vec<(Body<'static>, Vec<u8>)> {
    let utf16: Vec<u8> =
        "{\"name\":\"Müller 😀\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let chars = "{\"a\":\"é\"}".chars();
    let utf32: Vec<u8> = chars.flat_map(|c| u32::from(c).to_be_bytes()).collect();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(b"<r a=\"1\">text</r>").unwrap();
    vec![
        (json(), b"{\"a\":[1,\"x\\u00e9\",{\"b\":\"{\\\"c\\\":2}\"}]}".to_vec()),
        (media("application/fhir+ndjson"), b"{\"a\":1}\n{\"a\":2}\n".to_vec()),
        (media("application/json; charset=utf-16"), utf16),
        (json(), utf32),
        (media("application/json; charset=iso-8859-1"), b"{\"a\":\"M\xfcller\"}".to_vec()),
        (json(), b"\xef\xbb\xbf{\"a\":1}".to_vec()),
        (media("application/xml"), SAMPLE_XML.as_bytes().to_vec()),
        (media("application/x-www-form-urlencoded"), b"a=1&b=%7B%22c%22%3A2%7D&d+e=x".to_vec()),
        (media("multipart/form-data; boundary=xyz"), MULTIPART.as_bytes().to_vec()),
        (media("text/plain"), b"call 555 0100\r\nor write".to_vec()),
        (media("text/event-stream"), b"id: 7\ndata: {\"a\":\ndata: 1}\n\n".to_vec()),
        (media("text/javascript"), b"cb({\"a\":\"x\"});\n".to_vec()),
        (media("text/plain"), b"sent {\"a\":\"x\"}\n".to_vec()),
        (media("text/html"), b"<html><body>Ada</body></html>".to_vec()),
        (media("image/png"), b"\x89PNG\r\n\x1a\n0000".to_vec()),
        (Body { media: Some("application/xml"), coding: Some("gzip") }, gz.finish().unwrap()),
    ]
}

const SAMPLE_XML: &str = "<?xml version=\"1.0\"?><!DOCTYPE r [<!ENTITY e \"x\">]>\n\
<f:r xmlns:f=\"urn:f\" xmlns='d' f:id = 'a&amp;b'><!-- no --><s>one<![CDATA[ <two>]]]>\
</s> tail &#x41;&e; <e v=\"\"/></f:r>";

proptest! {
    #[test]
    fn cutting_a_body_anywhere_changes_nothing(
        cuts in proptest::collection::vec(any::<usize>(), 0..8),
    ) {
        for (body, bytes) in samples() {
            let (whole, cut) = (body.pieces(&[&bytes]), body.pieces(&cut(&bytes, &cuts)));
            prop_assert_eq!(&whole.0.seen, &cut.0.seen, "{:?}", body.media);
            prop_assert_eq!(whole.1, cut.1, "{:?}", body.media);
        }
    }

    #[test]
    fn cutting_anything_like_multipart_anywhere_changes_nothing(
        text in "(--b|\r\n--b|\r\n|\r|-|\n|b|a:|\r\n\r\n|--b--|\r\n--b\r\n\r\n){0,20}",
        cuts in proptest::collection::vec(any::<usize>(), 0..8),
    ) {
        let body = media("multipart/mixed; boundary=b");
        let (whole, cut) =
            (body.pieces(&[text.as_bytes()]), body.pieces(&cut(text.as_bytes(), &cuts)));
        prop_assert_eq!(&whole.0.seen, &cut.0.seen);
        prop_assert_eq!(whole.1, cut.1);
    }

    #[test]
    fn no_bytes_panic_and_enters_are_left(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        at in any::<usize>(),
        gap: bool,
    ) {
        for (body, mut sample) in samples() {
            let at = at % (sample.len() + 1);
            sample.splice(at..at, bytes.iter().copied());
            let mut paths = PathTable::new(Box::new(KeepAll));
            let mut sink = Recorder::default();
            let mut walker = BodyWalker::new(body.plan());
            let (before, after) = sample.split_at(at);
            walker.push(before, &mut paths, &mut sink);
            if gap {
                walker.gap(10);
            }
            walker.push(after, &mut paths, &mut sink);
            walker.finish(&mut paths, &mut sink);
            let count = |what| sink.seen.iter().filter(|s| s.what == what).count();
            prop_assert_eq!(count("enter"), count("leave"));
        }
    }

    #[test]
    fn clearing_the_paths_between_pushes_changes_nothing(
        cuts in proptest::collection::vec(any::<usize>(), 0..8),
    ) {
        for (body, bytes) in samples() {
            let mut paths = PathTable::new(Box::new(KeepAll));
            let mut sink = Recorder::default();
            let mut walker = BodyWalker::new(body.plan());
            for piece in cut(&bytes, &cuts) {
                walker.push(piece, &mut paths, &mut sink);
                paths.clear();
            }
            walker.finish(&mut paths, &mut sink);
            prop_assert_eq!(&sink.seen, &body.pieces(&[&bytes]).0.seen, "{:?}", body.media);
        }
    }
}

#[test]
fn samples_are_walked_without_complaint() {
    for (body, bytes) in samples() {
        let (fields, summary) = body.walk(&bytes);
        let odd: Vec<_> = summary
            .anomalies
            .iter()
            .filter(|a| !matches!(a.0, "xml-syntax" | "xml-entity"))
            .collect();
        assert!(odd.is_empty() && !summary.truncated, "{:?} {odd:?}", body.media);
        assert_eq!(fields.is_empty(), summary.format == Format::Binary, "{:?}", body.media);
    }
}

#[test]
fn charsets_are_converted() {
    let walked: Vec<_> = samples().into_iter().map(|(b, bytes)| b.walk(&bytes).0).collect();
    assert_eq!(walked[2], pairs(&[("$.name", "Müller 😀")]));
    assert_eq!(walked[3], pairs(&[("$.a", "é")]));
    assert_eq!(walked[4], pairs(&[("$.a", "Müller")]));
    assert_eq!(walked[5], pairs(&[("$.a", "1")]));
}

#[test]
fn xml_has_local_names_attributes_and_decoded_text() {
    let (fields, summary) = media("text/xml").walk(SAMPLE_XML.as_bytes());
    let expected = [
        ("/!ENTITY", "x"),
        ("/r/@id", "a&b"),
        ("/r/comment()", "no"),
        ("/r/s", "one <two>]"),
        ("/r", "tail A&e;"),
        ("/r/e/@v", ""),
    ];
    assert_eq!(fields, pairs(&expected));
    assert_eq!((summary.format, summary.undecoded), (Format::Xml, Some(Undecoded::Entity)));
}

#[test]
fn parts_are_bodies_of_their_own() {
    let (fields, summary) = media("multipart/form-data; boundary=xyz").walk(MULTIPART.as_bytes());
    let expected = [
        ("part:ssn", "078-05-1120"),
        ("part:$.x", "--xy\r\n"),
        ("part:/a/b", "hi"),
        ("part:empty", ""),
        ("part:up;filename", "a.txt"),
        ("part:part:$", "inner text"),
    ];
    assert_eq!(fields, pairs(&expected));
    assert_eq!(summary.format, Format::Multipart);
}

#[test]
fn names_of_files_are_values_beside_the_names_of_their_parts() {
    let body = b"--b\r\n\
        Content-Disposition: form-data; name=\"scan\"; filename=\"Jane Doe x-ray.dcm\"\r\n\
        Content-Type: application/octet-stream\r\n\r\n\0\x01\r\n--b\r\n\
        Content-Disposition: attachment; filename=\"a \\\"b\\\".json\"; \
        filename*=UTF-8''M%C3%BCller.json\r\n\r\n{\"x\":1}\r\n--b\r\n\
        Content-Disposition: attachment; filename*=iso-8859-1'en'%A3%20rates\r\n\r\n\r\n--b--\r\n";
    let (fields, _) = media("multipart/form-data; boundary=b").walk(body);
    let expected = [
        ("part:scan;filename", "Jane Doe x-ray.dcm"),
        ("part:;filename", "a \"b\".json"),
        ("part:;filename", "M\u{fc}ller.json"),
        ("part:$.x", "1"),
        ("part:;filename", "\u{a3} rates"),
    ];
    assert_eq!(fields, pairs(&expected));
}

#[test]
fn a_boundary_nobody_named_is_that_of_the_first_line() {
    let body = b"--b1\nContent-Disposition: form-data; name=a\n\n1\n--b1\n\n{\"x\":2}\n--b1--\n";
    let (fields, summary) = media("multipart/form-data").walk(body);
    assert_eq!(fields, pairs(&[("part:a", "1"), ("part:$.x", "2")]));
    assert!(!summary.truncated);
}

#[test]
fn a_boundary_other_than_was_said_is_that_of_the_first_line() {
    let body = b"--b1\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--b1--\r\n";
    let (fields, summary) = media("multipart/form-data; boundary=zz").walk(body);
    assert_eq!(fields, pairs(&[("part:a", "1")]));
    assert!(summary.anomalies.contains(BodyAnomaly::MultipartSyntax) && !summary.truncated);
    // The one that was said is used where it is there, whatever comes before.
    let both = b"--b1\r\nContent-Type: text/plain\r\n\r\n--zz\r\n\
        Content-Disposition: form-data; name=a\r\n\r\n1\r\n--zz--\r\n";
    let (fields, summary) = media("multipart/form-data; boundary=zz").walk(both);
    assert_eq!(fields, pairs(&[("part:a", "1")]));
    assert!(!summary.anomalies.contains(BodyAnomaly::MultipartSyntax));
}

#[test]
fn elements_of_html_that_have_no_end_do_not_nest() {
    let fragment = b"<div>a<br>b<input name=\"n\"><hr/><BR><p>c</p><img src=x>d</br></div>";
    let expected = [
        ("/div", "a"),
        ("/div", "b"),
        ("/div/input/@name", "n"),
        ("/div/p", "c"),
        ("/div/img/@src", "x"),
        ("/div", "d"),
    ];
    // The first element tells; documents of XML have such names of their own.
    assert_eq!(media("application/xml").walk(fragment).0, pairs(&expected));
    let order = b"<order><input>5</input><source>lab</source></order>";
    let expected = [("/order/input", "5"), ("/order/source", "lab")];
    assert_eq!(media("application/xml").walk(order).0, pairs(&expected));
    let cell = b"<div><table><tr><td><input value=1></td></tr></table></div>";
    let expected = pairs(&[("/div/table/tr/td/input/@value", "1")]);
    assert_eq!(media("application/xml").walk(cell).0, expected);
}

#[test]
fn what_stands_beside_the_elements_is_looked_at() {
    let warning = "<br />\n<b>Warning</b>: undefined <br />\n";
    let records = r#"[{"nhs":"943 <i>"},{"a":1}]"#;
    let said = pairs(&[("/b", "Warning"), ("$", ": undefined")]);
    let json = pairs(&[("$[*].nhs", "943 <i>"), ("$[*].a", "1")]);
    for (media_type, body, expected) in [
        ("application/json", format!("{warning}{records}"), [said.clone(), json.clone()].concat()),
        (
            "application/json",
            format!("<!-- cached --> {records}"),
            [pairs(&[("/comment()", "cached")]), json.clone()].concat(),
        ),
        (
            "text/html",
            format!("<!-- c -->{records}"),
            [pairs(&[("/comment()", "c")]), json].concat(),
        ),
        ("text/xml", "<r>a</r> b &amp; c".into(), pairs(&[("/r", "a"), ("$", "b & c")])),
        ("text/xml", "<r>a</r> [see c]".into(), pairs(&[("/r", "a"), ("$", "[see c]")])),
        (
            "text/xml",
            "<?xml version='1.0'?><?debug ?no 1? ?><r>a<?b?></r>".into(),
            pairs(&[
                ("/processing-instruction()", "debug ?no 1?"),
                ("/r/processing-instruction()", "b"),
                ("/r", "a"),
            ]),
        ),
        ("multipart/x; boundary=b", "--b\r\n\r\n<r>a</r> b\r\n--b--".into(), {
            pairs(&[("part:/r", "a"), ("part:$", "b")])
        }),
    ] {
        let (fields, summary) = media(media_type).walk(body.as_bytes());
        assert_eq!(fields, expected, "{body}");
        assert!(!summary.truncated, "{body}");
    }
    assert!(media("application/json").walk(b"<br/>[{\"a\":1").1.truncated);
    let (fields, summary) = media("text/xml").walk(b"<r>a</r> [");
    assert_eq!((fields, summary.truncated), (pairs(&[("/r", "a"), ("$", "[")]), true));
}

#[test]
fn a_remark_behind_whole_json_cuts_nothing() {
    for body in ["{\"a\":1}\n// end", "[{\"a\":1}]<!-- 0.02s -->", "{\"a\":1} # end\n"] {
        let (fields, summary) = json().walk(body.as_bytes());
        assert!(!summary.truncated && fields.len() == 2, "{body}: {fields:?}");
        assert!(summary.anomalies.contains(BodyAnomaly::JsonSyntax), "{body}");
    }
    for body in ["{\"a\":1}\n{\"b\"", "{\"a\":1", "{\"a\":1} \"cut"] {
        assert!(json().walk(body.as_bytes()).1.truncated, "{body}");
    }
}

#[test]
fn fragments_of_html_are_texts_with_all_that_is_in_them() {
    for media_type in ["text/html", "text/plain", "text/markdown"] {
        for body in [
            "<strong>Patient:</strong> NHS number 943 476 5919",
            "<h1>Roe</h1> text",
            "<br> text",
            "<IMG src=x/> text",
            "<!-- cached by a plugin -->\n text",
            "<!-- one --> <!-- two --><b>Note</b>: text",
        ] {
            let (fields, summary) = media(media_type).walk(body.as_bytes());
            assert_eq!(fields, pairs(&[("$", body)]), "{media_type}");
            assert!(!summary.anomalies.contains(BodyAnomaly::MediaTypeMismatch), "{body}");
        }
        let document = b"<?xml version='1.0'?><order><a>1</a></order>";
        assert_eq!(media(media_type).walk(document).0, pairs(&[("/order/a", "1")]));
        assert_eq!(media(media_type).walk(b"<order>1</order>").0, pairs(&[("/order", "1")]));
    }
}

proptest! {
    #[test]
    fn cutting_what_stands_beside_elements_anywhere_changes_nothing(
        head in "(<!-- c -->|<br/>|<a>1</a>|<\\?b \\?\\?>)",
        text in "[ \\[{\"a:1,}\\]<b>&;?-]{0,40}",
        cuts in proptest::collection::vec(any::<usize>(), 0..8),
    ) {
        let body = format!("{head}{text}");
        let whole = json().pieces(&[body.as_bytes()]);
        let cut = json().pieces(&cut(body.as_bytes(), &cuts));
        prop_assert_eq!(whole.0.seen, cut.0.seen);
        prop_assert_eq!(whole.1, cut.1);
    }
}

#[test]
fn multipart_in_multipart_ends_at_its_limit() {
    let mut body = b"leaf".to_vec();
    for n in 0..MULTIPART_DEPTH_MAX + 1 {
        let head = format!(
            "--b{n}\r\nContent-Type: multipart/mixed; boundary=b{}\r\n\r\n",
            n.wrapping_sub(1)
        );
        let head = if n == 0 { "--b0\r\n\r\n".to_owned() } else { head };
        body = [head.as_bytes(), &body, format!("\r\n--b{n}--").as_bytes()].concat();
    }
    let outer = format!("multipart/mixed; boundary=b{MULTIPART_DEPTH_MAX}");
    let (fields, _) = media(&outer).walk(&body);
    assert_eq!(fields.len(), 1);
    assert_eq!(fields[0].0, "part:part:part:$");
    assert!(fields[0].1.contains("leaf"));
}

#[test]
fn a_format_is_told_by_its_bytes() {
    let none = Body { media: None, coding: None };
    let told = |body: &Body<'_>, bytes: &[u8]| {
        let summary = body.walk(bytes).1;
        (summary.format, summary.anomalies.contains(BodyAnomaly::MediaTypeMismatch))
    };
    assert_eq!(told(&none, b" \n{\"a\":1}"), (Format::Json, false));
    assert_eq!(told(&none, b"<a/>"), (Format::Xml, false));
    assert_eq!(told(&none, b"<!DOCTYPE HTML><p>"), (Format::Html, false));
    assert_eq!(told(&none, b"a=1&b=2"), (Format::Form, false));
    assert_eq!(told(&none, b"QmFzZTY0=="), (Format::Text, false));
    assert_eq!(told(&none, b"Dear Sir = or Madam"), (Format::Text, false));
    assert_eq!(told(&none, b"\x00\x01\x02\x80"), (Format::Binary, false));
    assert_eq!(told(&none, b""), (Format::Empty, false));
    assert_eq!(told(&media("application/octet-stream"), b"[1]"), (Format::Json, false));
    assert_eq!(told(&media("text/plain"), b"{\"a\":1}"), (Format::Json, false));
    assert_eq!(told(&json(), b"<a>1</a>"), (Format::Xml, true));
    assert_eq!(told(&json(), b"<html>404"), (Format::Html, true));
    assert_eq!(told(&json(), b"%PDF-1.7"), (Format::Binary, true));
    assert_eq!(told(&media("application/xml"), b"{\"a\":1}"), (Format::Json, true));
    assert_eq!(told(&json(), b"\"just a string\""), (Format::Json, false));
}

#[test]
fn the_argument_of_a_call_is_json() {
    let expected = pairs(&[("$.mrn", "12")]);
    for (body, text) in [
        (media("application/javascript"), "cb({\"mrn\":\"12\"});\n"),
        (media("text/javascript; charset=utf-8"), "\u{feff}/**/ a.b({\"mrn\":\"12\"}) ;"),
        (json(), "cb({\"mrn\":\"12\"})"),
        (json(), ")]}',\n{\"mrn\":\"12\"}"),
        (Body { media: None, coding: None }, "for(;;);{\"mrn\":\"12\"}"),
    ] {
        let (values, summary) = body.walk(text.as_bytes());
        assert_eq!(values, expected, "{text}");
        assert_eq!((summary.format, summary.truncated), (Format::Json, false), "{text}");
        assert!(summary.anomalies.iter().next().is_none(), "{text}");
    }
    let script = "define([\"a\"], function (a) { call({\"mrn\":\"12\"}) })";
    assert_eq!(media("text/javascript").walk(script.as_bytes()).1.format, Format::Text);
    assert!(json().walk(b"cb({\"mrn\":").1.truncated);
}

#[test]
fn json_at_the_end_of_a_text_is_walked_below_it() {
    let (values, _) = json().walk(br#"{"log":"sent {\"mrn\":\"12\"}","x":"f(a);"}"#);
    let log = r#"sent {"mrn":"12"}"#;
    assert_eq!(values, pairs(&[("$.log", log), ("$.log|$.mrn", "12"), ("$.x", "f(a);")]));
    let (values, _) = media("text/plain").walk(b"received [{\"mrn\":\"12\"}]\n");
    assert_eq!(values.last(), Some(&("$|$[*].mrn".to_owned(), "12".to_owned())));
    // Levels are counted: what is deeper is text.
    let mut deep = r#"{"a":1}"#.to_owned();
    for _ in 0..8 {
        let quoted = serde_json::to_string(&format!("x {deep}")).unwrap();
        deep = format!("{{\"a\":{quoted}}}");
    }
    let (values, _) = json().walk(deep.as_bytes());
    assert_eq!(values.len(), 1 + usize::from(crate::base::limits::JSON_IN_TEXT_MAX));
}

#[test]
fn a_gap_ends_what_cannot_be_placed() {
    let (fields, summary) = json().with_gap(br#"{"a":"begun"#, br#"","b":1}"#);
    assert_eq!(fields, pairs(&[("$.a", "begun")]));
    assert!(summary.truncated && summary.undecoded.is_none());
    assert_eq!(summary.missing_bytes, 100);
}

#[test]
fn after_a_gap_the_next_line_pair_or_part_is_walked() {
    let lines = media("application/x-ndjson");
    let (fields, _) = lines.with_gap(b"{\"a\":1}\n{\"a\":\"x", b"y\"}\n{\"a\":3}\n");
    assert_eq!(fields, pairs(&[("$.a", "1"), ("$.a", "x"), ("$.a", "3")]));
    let form = media("application/x-www-form-urlencoded");
    assert_eq!(form.with_gap(b"a=1&b=2", b"3&c=4").0, pairs(&[("a", "1"), ("b", "2"), ("c", "4")]));
    let multipart = media("multipart/mixed; boundary=b");
    let (fields, _) = multipart.with_gap(
        b"--b\r\n\r\n{\"a\":\"x",
        b"y\"}\r\n--b\r\nContent-Disposition: form-data; name=n\r\n\r\n2\r\n--b--",
    );
    assert_eq!(fields, pairs(&[("part:$.a", "x"), ("part:n", "2")]));
    assert_eq!(media("text/plain").with_gap(b"ab", b"cd").0, pairs(&[("$", "ab"), ("$", "cd")]));
}

#[test]
fn a_gap_ends_decoding() {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    let text = format!("{{\"a\":\"{}\",\"b\":1}}", "x".repeat(2000));
    gz.write_all(text.as_bytes()).unwrap();
    let bytes = gz.finish().unwrap();
    let body = Body { coding: Some("gzip"), ..json() };
    let (fields, summary) = body.with_gap(&bytes[..1500], &bytes[1600..]);
    assert_eq!(fields.len(), 1);
    assert_eq!(summary.undecoded, Some(Undecoded::Gap));
    assert!(summary.truncated);
    assert_eq!(summary.encoded_bytes, bytes.len() as u64 - 100);
}

#[test]
fn an_unknown_coding_is_counted_and_not_walked() {
    let body = Body { coding: Some("compress"), ..json() };
    let (fields, summary) = body.walk(b"{\"a\":1}");
    assert!(fields.is_empty());
    assert_eq!(summary.undecoded, Some(Undecoded::Coding));
    assert_eq!((summary.format, summary.encoded_bytes), (Format::Unknown, 7));
}

#[test]
fn more_codings_than_are_undone_are_told_as_that() {
    let many = ["gzip"; 9].join(",");
    let body = Body { coding: Some(&many), ..json() };
    let (fields, summary) = body.walk(b"{\"a\":1}");
    assert!(fields.is_empty());
    assert_eq!(summary.undecoded, Some(Undecoded::Coding));
    assert!(summary.anomalies.contains(BodyAnomaly::CodingDepth));
    assert!(!summary.anomalies.contains(BodyAnomaly::CodingUnknown));
}

#[test]
fn a_charset_that_is_no_ascii_and_not_known_is_told_and_not_walked() {
    // EBCDIC (IBM-037): `SSN: 536-90-4399`, and `<?xml version="1.0"?>`.
    let ssn = b"\xe2\xe2\xd5\x7a\x40\xf5\xf3\xf6\x60\xf9\xf0\x60\xf4\xf3\xf9\xf9";
    let xml =
        b"\x4c\x6f\xa7\x94\x93\x40\xa5\x85\x99\xa2\x89\x96\x95\x7e\x7f\xf1\x4b\xf0\x7f\x6f\x6e";
    for (said, bytes) in
        [("text/plain; charset=ibm037", &ssn[..]), ("text/xml", xml), ("text/xml; charset=x", xml)]
    {
        let (fields, summary) = media(said).walk(bytes);
        assert!(fields.is_empty(), "{said}");
        assert_eq!(summary.undecoded, Some(Undecoded::Charset), "{said}");
        assert!(summary.anomalies.contains(BodyAnomaly::CharsetUnknown), "{said}");
        assert!(!summary.truncated, "{said}");
    }
    for (said, bytes) in [
        ("text/plain; charset=x-unknown", &b"caf\xe9, 536-90-4399"[..]),
        ("text/plain; charset=none", "\u{418}\u{432}\u{430}\u{43d}".as_bytes()),
        ("text/plain; charset=koi9", b"\xe9\xd7\xc1\xce \xf0\xc5\xd4\xd2\xcf\xd7"),
        ("text/plain", ssn),
    ] {
        assert_ne!(media(said).walk(bytes).1.undecoded, Some(Undecoded::Charset), "{said}");
    }
    let picture = media("image/png; charset=binary").walk(ssn).1;
    assert_eq!(picture.undecoded, None);
}

#[test]
fn one_byte_at_a_time_takes_linear_time() {
    // A quadratic walk of this would take minutes.
    let text = format!("{{\"a\":\"{}\"}}", "x".repeat(4_000_000));
    let pieces: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
    let (sink, summary) = json().pieces(&pieces);
    assert!(!summary.truncated);
    assert!(sink.seen.len() > 60);
}
