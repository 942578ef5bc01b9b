//! How fast bodies are walked: bytes of JSON, XML and forms per second into a sink that only
//! counts; and into one that inspects every value, by the number of rules.
//!
//! `cargo bench --bench content`; with `PHITAP_BENCH_JSON=FOLDER` the JSON files of a folder are
//! walked too.

use std::fmt::Write;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use flate2::Compression;
use flate2::write::GzEncoder;
use phitap::content::{BodyPlan, BodyWalker, FieldSink, PathId, PathTable};
use phitap::detect::Detector;
use phitap::model::Value;
use phitap::rules::RulePack;

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

/// A sequence of numbers that looks random and is the same every time (Lehmer, MINSTD).
struct Sequence(u64);

impl Sequence {
    fn next(&mut self) -> u64 {
        self.0 = self.0 * 48271 % 0x7fff_ffff;
        self.0
    }
}

/// A searchset of patients and observations in the shape FHIR R4 servers send.
fn bundle(entries: u64) -> String {
    let mut random = Sequence(20_261_121);
    let mut out = String::from(r#"{"resourceType":"Bundle","type":"searchset","entry":["#);
    for n in 0..entries {
        if n > 0 {
            out.push(',');
        }
        let (a, b, c) = (random.next(), random.next(), random.next());
        let id =
            format!("{a:08x}-{:04x}-4{:03x}-8{:03x}-{c:012x}", b & 0xffff, b & 0xfff, c & 0xfff);
        write!(out, r#"{{"fullUrl":"http://fhir.example.org/fhir/x/{id}","resource":{{"#).unwrap();
        if n.is_multiple_of(4) {
            patient(&mut out, &id, a, b);
        } else {
            observation(&mut out, &id, a, b, c);
        }
        out.push_str(r#"},"search":{"mode":"match"}}"#);
    }
    out.push_str("]}");
    out
}

fn patient(out: &mut String, id: &str, a: u64, b: u64) {
    write!(
        out,
        concat!(
            r#""resourceType":"Patient","id":"{id}","meta":{{"versionId":"1","#,
            r#""lastUpdated":"2024-02-10T18:57:40.514+00:00","#,
            r#""profile":["http://hl7.org/fhir/us/core/StructureDefinition/"#,
            r#"us-core-patient"]}},"text":{{"status":"generated","#,
            r#""div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Grace Hughes</div>"}},"#,
            r#""identifier":[{{"use":"usual","#,
            r#""type":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/"#,
            r#"v2-0203","code":"MR"}}]}},"system":"urn:oid:2.16.840.1.113883.19","#,
            r#""value":"{}"}},{{"system":"https://fhir.nhs.uk/Id/nhs-number","#,
            r#""value":"{}"}}],"active":true,"name":[{{"use":"official","#,
            r#""family":"Hughes{}","given":["Grace","M"]}}],"#,
            r#""telecom":[{{"system":"phone","value":"555-{:04}","use":"home"}}],"#,
            r#""gender":"female","birthDate":"19{:02}-0{}-1{}","#,
            r#""address":[{{"line":["{} Main St"],"city":"Anytown","state":"MA","#,
            r#""postalCode":"0{:04}"}}]"#,
        ),
        a % 10_000_000,
        b % 10_000_000_000,
        a % 97,
        b % 10_000,
        a % 100,
        b % 9 + 1,
        a % 10,
        b % 1000,
        a % 10_000,
        id = id,
    )
    .unwrap();
}

fn observation(out: &mut String, id: &str, a: u64, b: u64, c: u64) {
    write!(
        out,
        concat!(
            r#""resourceType":"Observation","id":"{id}","meta":{{"versionId":"1","#,
            r#""lastUpdated":"2024-02-10T18:57:40.514+00:00"}},"status":"final","#,
            r#""category":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/"#,
            r#"observation-category","code":"vital-signs","#,
            r#""display":"Vital Signs"}}]}}],"#,
            r#""code":{{"coding":[{{"system":"http://loinc.org","code":"{}-{}","#,
            r#""display":"Body Height"}}],"text":"Body Height"}},"#,
            r#""subject":{{"reference":"Patient/{id}"}},"#,
            r#""encounter":{{"reference":"Encounter/{id}"}},"#,
            r#""effectiveDateTime":"20{:02}-03-1{}T11:22:33Z","#,
            r#""issued":"2024-03-11T11:22:33.123Z","#,
        ),
        a % 99_999,
        b % 10,
        a % 30,
        c % 10,
        id = id,
    )
    .unwrap();
    if c.is_multiple_of(3) {
        write!(out, r#""valueString":"within limits""#).unwrap();
    } else {
        write!(
            out,
            concat!(
                r#""valueQuantity":{{"value":{}.{},"unit":"cm","#,
                r#""system":"http://unitsofmeasure.org","code":"cm"}}"#,
            ),
            a % 200,
            b % 100,
        )
        .unwrap();
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

/// Inspects every field, as analysis does with values it has not seen.
struct Inspector<'a> {
    detector: &'a Detector,
    candidates: u64,
}

impl FieldSink for Inspector<'_> {
    fn field(&mut self, _: &PathTable, _: PathId, value: Value<'_>) {
        let seen = self.detector.inspect(value.kind, value.bytes);
        self.candidates += u64::from(!seen.outcome.is_empty());
    }
}

/// The rules of every country alone, without the numbers of single countries.
fn common_rules() -> RulePack {
    let mut pack = RulePack::default();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/rules");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    for file in files.iter().filter(|f| f.extension().is_some_and(|e| e == "toml")) {
        let text = std::fs::read_to_string(file).unwrap();
        pack.extend(RulePack::parse(&file.display().to_string(), &text).unwrap());
    }
    pack
}

/// Walking and inspecting FHIR, by the number of rules.
fn rules(c: &mut Criterion) {
    let json = bundle(2000).into_bytes();
    let plan = BodyPlan::from_headers(Some(b"application/fhir+json"), None);
    let mut group = c.benchmark_group("walk and inspect");
    group.throughput(Throughput::Bytes(json.len() as u64));
    for pack in [common_rules(), RulePack::builtin()] {
        let detector = Detector::compile(&pack).expect("the built-in rules compile");
        let mut paths = PathTable::new(Box::new(|_: &[u8]| true));
        group.bench_function(format!("{} rules", pack.rules().len()), |b| {
            b.iter(|| {
                let mut sink = Inspector { detector: &detector, candidates: 0 };
                let mut walker = BodyWalker::new(plan.clone());
                walker.push(&json, &mut paths, &mut sink);
                walker.finish(&mut paths, &mut sink);
                black_box(sink.candidates)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, bodies, rules);
criterion_main!(benches);
