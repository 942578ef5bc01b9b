//! How fast bodies are walked: bytes of JSON, XML and forms per second into a sink that only
//! counts.
//!
//! `cargo bench --bench content`; with `PHITAP_BENCH_JSON=FOLDER` the JSON files of a folder are
//! walked too.

use std::fmt::Write;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use flate2::Compression;
use flate2::write::GzEncoder;
use phitap::content::{BodyPlan, BodyWalker, FieldSink, PathId, PathTable};
use phitap::model::Value;

mod fhir;

use fhir::{Sequence, bundle};

/// Counts fields and bytes, so that nothing is optimised away.
#[derive(Default)]
struct Counter {
    fields: u64,
    bytes: u64,
}

impl FieldSink for Counter {
    fn field(&mut self, _: &PathTable, path: PathId, value: Value<'_>) {
        self.fields += 1;
        self.bytes += value.bytes.len() as u64 + path.index() as u64;
    }
}

/// The same data as XML.
fn record(entries: u64) -> String {
    let mut random = Sequence(7);
    let mut out = String::from("<?xml version=\"1.0\"?>\n<Bundle xmlns=\"http://hl7.org/fhir\">");
    for _ in 0..entries {
        let (a, b) = (random.next(), random.next());
        write!(
            out,
            concat!(
                "\n  <entry>",
                "\n    <resource>",
                "\n      <Patient>",
                "\n        <id value=\"{a}\"/>",
                "\n        <identifier>",
                "\n          <system value=\"https://fhir.nhs.uk/Id/nhs-number\"/>",
                "\n          <value value=\"{b}\"/>",
                "\n        </identifier>",
                "\n        <note>Seen on the ward &amp; sent home</note>",
                "\n        <birthDate value=\"1970-01-01\"/>",
                "\n      </Patient>",
                "\n    </resource>",
                "\n  </entry>",
            ),
            a = a,
            b = b,
        )
        .unwrap();
    }
    out.push_str("\n</Bundle>\n");
    out
}

fn form(pairs: u64) -> String {
    let mut random = Sequence(9);
    let pair = |n: u64| format!("field{}=value+{}%40example.org", n % 40, random.next());
    (0..pairs).map(pair).collect::<Vec<_>>().join("&")
}

/// Walks `bodies`, each pushed in pieces of `chunk` bytes.
fn walk(bodies: &[Vec<u8>], chunk: usize, plan: &BodyPlan, paths: &mut PathTable) -> u64 {
    let mut sink = Counter::default();
    for body in bodies {
        let mut walker = BodyWalker::new(plan.clone());
        for piece in body.chunks(chunk) {
            walker.push(piece, paths, &mut sink);
        }
        walker.finish(paths, &mut sink);
    }
    sink.fields ^ sink.bytes
}

fn folder() -> Option<Vec<Vec<u8>>> {
    let folder = std::env::var_os("PHITAP_BENCH_JSON")?;
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    files.retain(|f| f.extension().is_some_and(|e| e == "json"));
    Some(files.iter().map(|f| std::fs::read(f).unwrap()).collect())
}

fn bodies(c: &mut Criterion) {
    let json: Vec<Vec<u8>> = vec![bundle(2000).into_bytes(); 4];
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    std::io::Write::write_all(&mut gzip, &json[0]).unwrap();
    let gzip = vec![gzip.finish().unwrap(); 4];
    let plain = |media: &str| BodyPlan::from_headers(Some(media.as_bytes()), None);
    let json_plan = plain("application/fhir+json");
    let gzip_plan = BodyPlan::from_headers(Some(b"application/json"), Some(b"gzip"));
    let mut cases = vec![
        ("json", json.clone(), 1 << 16, json_plan.clone()),
        ("json-1460", json.clone(), 1460, json_plan.clone()),
        ("json-gzip", gzip, 1 << 16, gzip_plan),
        ("xml", vec![record(4000).into_bytes()], 1 << 16, plain("application/fhir+xml")),
        (
            "form",
            vec![form(20_000).into_bytes()],
            1 << 16,
            plain("application/x-www-form-urlencoded"),
        ),
    ];
    if let Some(files) = folder() {
        cases.push(("folder", files.clone(), 1 << 16, json_plan.clone()));
        cases.push(("folder-1460", files, 1460, json_plan));
    }
    let mut group = c.benchmark_group("walk");
    for (name, bodies, chunk, plan) in cases {
        let out = if name == "json-gzip" { &json } else { &bodies };
        let bytes: usize = out.iter().map(Vec::len).sum();
        group.throughput(Throughput::Bytes(bytes as u64));
        let mut paths = PathTable::new(Box::new(|_: &[u8]| true));
        group.bench_function(BenchmarkId::from_parameter(name), |b| {
            b.iter(|| black_box(walk(&bodies, chunk, &plan, &mut paths)));
        });
    }
    group.finish();
}

criterion_group!(benches, bodies);
criterion_main!(benches);
