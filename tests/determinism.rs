//! The same traffic gives the same inventory, however it is delivered: any number of workers, flows
//! interleaved otherwise, the capture split, segments cut elsewhere, a tag around every frame. The
//! digest of the database says so, for the project's captures and a sample of public ones.

mod support;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use support::capture::{self, Frame};
use support::phitap::{Lab, difference};
use support::recut;
use support::rng::Rng;
use support::{corpus, fixtures, say};

const SEED: u64 = 0x00de_7e12;
/// Captures of the corpus that every run looks at.
const SAMPLED: usize = 24;
/// One-byte segments multiply packets; longer captures are cut into random sizes only.
const ONE_BYTE_MAX_BYTES: u64 = 90_000;

/// One way to deliver a capture: its name, and what to replay (each a run with its options).
struct Variant {
    name: String,
    runs: Vec<(Vec<PathBuf>, Vec<String>)>,
}

impl Variant {
    fn of(name: &str, files: Vec<PathBuf>) -> Variant {
        Variant { name: name.into(), runs: vec![(files, Vec::new())] }
    }
}

/// Everything that must give the digest of `path` replayed by one thread.
fn variants(lab: &Lab, path: &Path, rng: &mut Rng) -> Vec<Variant> {
    let mut all = Vec::new();
    for workers in ["1", "2", "8"] {
        let options = vec!["--workers".to_owned(), workers.to_owned()];
        let name = format!("{workers} workers");
        all.push(Variant { name, runs: vec![(vec![path.into()], options)] });
    }
    let Some(frames) = capture::read(path).filter(|frames| frames.len() > 1) else { return all };
    let put = |name: &str, frames: &[Frame]| {
        let to = lab.path(&format!("{name}.pcap"));
        capture::write(&to, frames);
        to
    };
    let half = rng.among(1..frames.len());
    let parts = vec![put("first", &frames[..half]), put("second", &frames[half..])];
    all.push(Variant::of(&format!("split after packet {half}"), parts));
    all.push(Variant::of("shuffled flows", vec![put("shuffled", &recut::shuffled(&frames, rng))]));
    let pieces = recut::recut(&frames, || rng.among(1..700));
    all.push(Variant::of("segments of random sizes", vec![put("recut", &pieces)]));
    let size: u64 = frames.iter().map(|f| u64::from(f.wire_len)).sum();
    if size <= ONE_BYTE_MAX_BYTES {
        let bytes = put("bytes", &recut::recut(&frames, || 1));
        all.push(Variant::of("segments of one byte", vec![bytes]));
    }
    let tagged = put("tagged", &capture::tagged(&frames, 7, Some(70)));
    all.push(Variant::of("in QinQ", vec![tagged]));
    all.push(by_connection(lab, &frames, rng));
    all
}

/// Two runs into one database, each with some of the connections.
fn by_connection(lab: &Lab, frames: &[Frame], rng: &mut Rng) -> Variant {
    let mut halves = [Vec::new(), Vec::new()];
    for group in recut::connections(frames) {
        halves[rng.below(2)].extend(group);
    }
    let mut runs = Vec::new();
    for (place, mut half) in halves.into_iter().enumerate() {
        half.sort_by_key(|frame| frame.at_us);
        if half.is_empty() {
            continue;
        }
        let to = lab.path(&format!("connections-{place}.pcap"));
        capture::write(&to, &half);
        runs.push((vec![to], Vec::new()));
    }
    Variant { name: "connections in two runs".into(), runs }
}

/// Replays `path` in every way; what differs, as text.
fn disagreements(path: &Path, seed: u64) -> Vec<String> {
    let lab = Lab::default();
    let base = lab.replay("base.db", &[path], &["--workers", "0"]);
    assert!(matches!(base.code, Some(0 | 3)), "{}: {base:#?}", path.display());
    let expected = lab.digest("base.db");
    let mut wrong = Vec::new();
    for (place, variant) in variants(&lab, path, &mut Rng::new(seed)).iter().enumerate() {
        let db = format!("{place}.db");
        for (files, options) in &variant.runs {
            let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
            let options: Vec<&str> = options.iter().map(String::as_str).collect();
            let ran = lab.replay(&db, &files, &options);
            assert!(
                matches!(ran.code, Some(0 | 3)),
                "{} {}: {ran:#?}",
                path.display(),
                variant.name
            );
        }
        if lab.digest(&db) != expected {
            let lines = difference(&lab.export("base.db"), &lab.export(&db));
            wrong.push(format!("{}: {} differs:\n{lines}", path.display(), variant.name));
        }
    }
    wrong
}

fn agree(paths: &[PathBuf]) {
    let wrong: Vec<String> =
        paths.iter().zip(SEED..).flat_map(|(path, seed)| disagreements(path, seed)).collect();
    assert!(wrong.is_empty(), "{} differences\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_fixture_gives_one_digest_however_it_is_delivered() {
    agree(&fixtures());
}

#[test]
fn public_captures_give_one_digest_however_they_are_delivered() {
    let with_http = corpus::captures("determinism over the corpus")
        .into_iter()
        .filter(|e| e.requests + e.responses > 0 && e.frames < 2000)
        .collect();
    let sample = corpus::sample("determinism", with_http, SAMPLED, SEED);
    let paths: Vec<PathBuf> = sample.into_iter().map(|e| e.path).collect();
    agree(&paths);
    say(&format!("determinism: {} public captures agree", paths.len()));
}

#[test]
fn different_traffic_gives_another_digest() {
    let lab = Lab::default();
    let frames = capture::read(&support::fixture("clinic/clinic.pcap")).expect("a pcap");
    let groups = recut::connections(&frames);
    let without_last = lab.path("without.pcap");
    capture::write(&without_last, &groups[..groups.len() / 2].concat());
    lab.replay("all.db", &[&support::fixture("clinic/clinic.pcap")], &[]).expect(0);
    lab.replay("less.db", &[&without_last], &[]).expect(0);
    assert_ne!(lab.digest("all.db"), lab.digest("less.db"));
}

#[test]
fn every_container_gives_the_same_digest() {
    let lab = Lab::default();
    let clinic = support::fixture("clinic/clinic.pcap");
    let frames = capture::read(&clinic).expect("a pcap");
    lab.replay("base.db", &[&clinic], &[]).expect(0);
    let (plain, swapped) = (capture::pcap(&frames), capture::pcap_nanoseconds(&frames));
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(&swapped).expect("memory");
    let files = [
        lab.file("big-endian.pcap", &swapped),
        lab.file("two-interfaces.pcapng", capture::pcapng(&frames)),
        lab.file("packed.pcap.gz", packer.finish().expect("memory")),
        lab.file("packed.zst", zstd::encode_all(plain.as_slice(), 1).expect("memory")),
    ];
    for (place, file) in files.iter().enumerate() {
        let db = format!("{place}.db");
        lab.replay(&db, &[file], &[]).expect(0);
        let differs = difference(&lab.export("base.db"), &lab.export(&db));
        assert_eq!(lab.digest("base.db"), lab.digest(&db), "{}\n{differs}", file.display());
    }
    let mut command = lab.command(lab.replay_args("pipe.db", &[Path::new("-")], &[]));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("starts");
    child.stdin.take().expect("a pipe").write_all(&plain).expect("it reads");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    assert_eq!(lab.digest("base.db"), lab.digest("pipe.db"), "standard input");
}

#[test]
fn a_directory_is_its_captures_by_name_and_nothing_else() {
    let lab = Lab::default();
    let frames = capture::read(&support::fixture("clinic/clinic.pcap")).expect("a pcap");
    let folder = lab.path("captures");
    std::fs::create_dir(&folder).expect("a folder");
    let third = frames.len() / 3;
    capture::write(&folder.join("a.pcap"), &frames[..third]);
    capture::write(&folder.join("b"), &frames[third..2 * third]);
    capture::write(&folder.join("c.dump"), &frames[2 * third..]);
    std::fs::write(folder.join("README.txt"), "Three captures.\n").expect("a file");
    lab.replay("folder.db", &[&folder], &[]).expect(0);
    lab.replay("base.db", &[&support::fixture("clinic/clinic.pcap")], &[]).expect(0);
    let differs = difference(&lab.export("base.db"), &lab.export("folder.db"));
    assert_eq!(lab.digest("base.db"), lab.digest("folder.db"), "{differs}");
}
