//! A body that was walked before says what walking it again says.

use std::io::Write;
use std::sync::{Arc, LazyLock};

use proptest::prelude::*;

use crate::analysis::Commons;
use crate::analysis::half::Exchange;
use crate::analysis::recall::Recall;
use crate::analysis::workbench::Workbench;
use crate::base::{InstallationKey, Shares, Timestamp};
use crate::detect::Detector;
use crate::flow::{FlowInfo, Orientation};
use crate::model::{Direction, Header, MessageHead};
use crate::rules::RulePack;

static DETECTOR: LazyLock<Arc<Detector>> =
    LazyLock::new(|| Arc::new(Detector::compile(&RulePack::builtin()).unwrap()));

/// A response's body: media type, coding, bytes.
type Body = (&'static str, Option<&'static str>, Vec<u8>);

fn bodies() -> Vec<Body> {
    let patient = br#"{"resourceType":"Patient","id":"p1","name":[{"family":"Archer","given":
        ["Ada"]}],"identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":
        "9434765919"}],"birthDate":"1970-01-31","text":{"div":"call 212-555-0187 or ada@x.org"}}"#;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(patient).unwrap();
    let bundle = br#"{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET",
        "url":"Patient/p1"}},{"resource":{"value":"1","resourceType":"Observation"}}]}"#;
    vec![
        ("application/fhir+json", None, patient.to_vec()),
        ("application/json", None, patient.to_vec()),
        ("application/fhir+json", Some("gzip"), packed.finish().unwrap()),
        ("application/json", Some("gzip"), b"no gzip at all".to_vec()),
        ("application/fhir+json; fhirVersion=4.0", None, bundle.to_vec()),
        ("application/json", None, br#"{"broken": [1, 2"#.to_vec()),
        ("text/plain", None, b"Mr. Adam Archer, NHS number 943 476 5919".to_vec()),
        ("application/octet-stream", None, vec![0xfe; 700]),
    ]
}

fn flow() -> FlowInfo {
    FlowInfo {
        client: "10.0.0.1:40000".parse().unwrap(),
        server: "10.0.0.2:80".parse().unwrap(),
        opened: Timestamp::default(),
        encapsulation: Default::default(),
        orientation: Orientation::Syn,
    }
}

fn bench(recall: Recall) -> Workbench {
    let key = InstallationKey::from_bytes([7; 32]);
    let mut bench = Workbench::new(DETECTOR.clone(), &key);
    bench.recall = recall;
    bench
}

/// Sends one response whose body comes in pieces of `size` bytes; `lost` bytes are missing behind
/// the first piece.
fn answer(bench: &mut Workbench, (media, coding, body): &Body, size: usize, lost: u64) {
    let (flow, direction) = (flow(), Direction::ToClient);
    let mut headers = vec![Header::new(b"Content-Type", media.as_bytes())];
    if let Some(coding) = coding {
        headers.push(Header::new(b"Content-Encoding", coding.as_bytes()));
    }
    let head = MessageHead::HttpResponse { status: 200, minor_version: 1, headers: &headers };
    let mut response = bench.spare_response();
    bench.response_head(&head, &mut response);
    for (n, piece) in body.chunks(size).enumerate() {
        bench.body(direction, &mut response.half, piece);
        if n == 0 && lost > 0 {
            bench.body_gap(direction, &mut response.half, lost);
        }
    }
    bench.end(direction, &mut response.half, true);
    bench.finish(
        &flow,
        "http/1",
        &mut 0,
        Exchange { response: Some(response), ..Exchange::default() },
    );
}

/// Everything in the books, in an order of its own.
fn books(bench: &mut Workbench) -> Vec<String> {
    let (columns, paths, values) = (&mut bench.columns, &bench.paths, &bench.values);
    let rollup = bench.accumulator.take(columns, paths, values);
    let mut lines = Vec::new();
    for (endpoint, mut stats) in rollup.endpoints {
        for (field, mut evidence) in std::mem::take(&mut stats.fields) {
            let sample: Vec<crate::model::evidence::SampleEntry> =
                evidence.sample.entries().collect();
            evidence.sample = Default::default();
            lines.push(format!("{endpoint:?} {field:?} {evidence:?} {sample:?}"));
        }
        let (media, odd) = (&stats.media, &stats.anomalies);
        let coverage = &stats.coverage;
        lines.push(format!("{endpoint:?} {} {coverage:?} {media:?} {odd:?}", stats.requests));
    }
    lines.sort();
    lines
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_repeat_says_what_walking_it_says(
        sent in proptest::collection::vec((0usize..8, 1usize..900, 0u64..3), 1..24),
    ) {
        let bodies = bodies();
        let (mut with, mut without) = (bench(Recall::default()), bench(Recall::none()));
        for (n, size, lost) in sent {
            let lost = if lost == 2 { 5 } else { 0 };
            answer(&mut with, &bodies[n], size, lost);
            answer(&mut without, &bodies[n], size, lost);
        }
        prop_assert_eq!(books(&mut with), books(&mut without));
    }
}

/// Benches whose workers share what bodies said.
fn sharing(shares: &Shares) -> [Workbench; 2] {
    let commons = Arc::new(Commons::within(shares));
    [(); 2].map(|()| {
        let mut recall = Recall::within(shares);
        recall.share(Arc::clone(&commons));
        bench(recall)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_body_that_another_worker_walked_says_what_walking_it_says(
        sent in proptest::collection::vec((0usize..2, 0usize..8, 1usize..900), 1..24),
        clear in 0usize..24,
    ) {
        let bodies = bodies();
        let mut with = sharing(&Shares::of(64 << 20, 2));
        let mut without = [(); 2].map(|()| bench(Recall::none()));
        for (at, (to, n, size)) in sent.into_iter().enumerate() {
            answer(&mut with[to], &bodies[n], size, 0);
            answer(&mut without[to], &bodies[n], size, 0);
            if at == clear {
                // As when the path table of one is full.
                for benches in [&mut with, &mut without] {
                    let bench = &mut benches[0];
                    prop_assert!(!books(bench).is_empty() || to == 1);
                    bench.paths.clear();
                    bench.columns.clear();
                    bench.roles.clear();
                    bench.recall.clear();
                    bench.accumulator.forget_columns();
                }
            }
        }
        for (with, without) in with.iter_mut().zip(&mut without) {
            prop_assert_eq!(books(with), books(without));
        }
    }
}

#[test]
fn what_another_worker_walked_is_not_walked_again() {
    let [mut first, mut second] = sharing(&Shares::of(64 << 20, 2));
    let body = &bodies()[0];
    answer(&mut first, body, 100, 0);
    // A walk asks what each path means.
    assert!(!first.roles.is_empty());
    answer(&mut second, body, 64, 0);
    assert!(second.roles.is_empty(), "it was walked");
    assert_eq!(books(&mut first), books(&mut second));
}

#[test]
fn what_is_too_deep_to_be_shared_is_walked_by_each() {
    let [mut first, mut second] = sharing(&Shares::of(64 << 20, 2));
    let deep = format!("{}1{}", "{\"a\":".repeat(100), "}".repeat(100));
    let body = ("application/json", None, deep.into_bytes());
    answer(&mut first, &body, 100, 0);
    answer(&mut second, &body, 64, 0);
    assert!(!second.roles.is_empty(), "it was not walked");
    assert_eq!(books(&mut first), books(&mut second));
}

#[test]
fn a_repeat_is_not_walked_again() {
    let mut bench = bench(Recall::default());
    let body = &bodies()[0];
    answer(&mut bench, body, 100, 0);
    let told = bench.paths.len();
    assert!(told > 5);
    // What would be walked would be interned again.
    bench.paths.clear();
    bench.columns.clear();
    answer(&mut bench, body, 64, 0);
    assert!(bench.paths.len() < 5, "{} paths", bench.paths.len());
}

#[test]
fn a_body_whose_start_is_missing_is_not_taken_for_a_whole_one() {
    let mut bench = bench(Recall::default());
    let mut response = bench.spare_response();
    let headers = [Header::new(b"Content-Type", b"application/json")];
    let head = MessageHead::HttpResponse { status: 200, minor_version: 1, headers: &headers };
    bench.response_head(&head, &mut response);
    bench.body_gap(Direction::ToClient, &mut response.half, 40);
    bench.body(Direction::ToClient, &mut response.half, br#""lost":"somewhere"}"#);
    bench.end(Direction::ToClient, &mut response.half, true);
    assert_eq!(response.half.leaves.count(), 0, "nobody knows in which field this lies");
    assert!(response.half.truncated && response.half.gap);
}

#[test]
fn a_map_keyed_by_ids_is_one_column_and_keeps_no_id() {
    let mut bench = bench(Recall::default());
    let members: Vec<String> = (0..24u32)
        .map(|n| format!(r#""6ba7b810-9dad-11d1-80b4-00c04fd4{n:04x}":{{"k7":"x{n}"}},"{n}":1"#))
        .collect();
    let body = format!("{{{}}}", members.join(","));
    answer(&mut bench, &("application/json", None, body.into_bytes()), 4000, 0);
    let books = books(&mut bench).join("\n");
    assert!(books.contains(r#"path: "$.*.k7""#), "{books}");
    assert!(!books.contains("6ba7b810") && !books.contains("$['1']"), "{books}");
}
