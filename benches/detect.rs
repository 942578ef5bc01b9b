//! What detection costs per value: `cargo bench --bench detect`.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use phitap::detect::Detector;
use phitap::model::ValueKind;
use phitap::rules::RulePack;

/// Strings as FHIR servers send them, none of which is a candidate.
const PLAIN: [&str; 24] = [
    "Observation",
    "final",
    "http://terminology.hl7.org/CodeSystem/observation-category",
    "laboratory",
    "Laboratory",
    "http://loinc.org",
    "8867-4",
    "Heart rate",
    "Body temperature",
    "6ba7b810-9dad-41d1-a0b4-00c04fd430c8",
    "Patient/6ba7b810-9dad-41d1-a0b4-00c04fd430c8",
    "2024-02-29T10:00:00.000+00:00",
    "2024-02-29T11:30:00.000+00:00",
    "/min",
    "http://unitsofmeasure.org",
    "N",
    "urn:uuid:6ba7b810-9dad-41d1-a0b4-00c04fd430c8",
    "searchset",
    "match",
    "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient",
    "185345009",
    "Hemoglobin A1c/Hemoglobin.total in Blood",
    "active",
    "1",
];

/// Values that reach a check.
const CANDIDATES: [&str; 10] = [
    "9434765919",
    "943 476 5919",
    "078-05-1120",
    "ada.lovelace@example.org",
    "(212) 555-0123",
    "1970-01-31",
    "4111111111111111",
    "1EG4-TE5-MK73",
    "GB29NWBK60161331926819",
    "12 Oak Street",
];

const NOTE: &str = "Patient reports mild chest discomfort after exercise, denies shortness of \
    breath; medication reviewed, continue and follow up in six weeks. Labs ordered, blood pressure \
    stable at 132/84, family history significant for diabetes. Advised diet changes. ";

fn inspect(c: &mut Criterion) {
    let detector = Detector::compile(&RulePack::builtin()).expect("the built-in rules compile");
    let note = NOTE.repeat(16);
    let mut group = c.benchmark_group("inspect");
    for (name, values) in
        [("plain", &PLAIN[..]), ("candidates", &CANDIDATES[..]), ("note", &[note.as_str()])]
    {
        let bytes: usize = values.iter().map(|v| v.len()).sum();
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function(format!("{name} ({} values, {bytes} bytes)", values.len()), |b| {
            b.iter(|| {
                for value in values {
                    let seen = detector.inspect(ValueKind::String, value.as_bytes());
                    std::hint::black_box(seen);
                }
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(std::time::Duration::from_millis(300))
        .measurement_time(std::time::Duration::from_secs(1))
        .sample_size(20);
    targets = inspect
}
criterion_main!(benches);
