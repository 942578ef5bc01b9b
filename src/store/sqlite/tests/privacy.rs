//! What is removed is gone from the disk.

use super::sample::*;
use crate::inventory::Inventory;
use crate::store::sqlite::open::beside;
use crate::store::*;

const PLANTED: &str = "zq-planted-name-7731";

fn traces(folder: &Folder) -> usize {
    ["", "-wal", "-shm"]
        .map(|suffix| bytes_of(&beside(&folder.path, suffix)))
        .iter()
        .map(|bytes| bytes.windows(PLANTED.len()).filter(|w| *w == PLANTED.as_bytes()).count())
        .sum()
}

#[test]
fn a_removed_run_leaves_no_trace() {
    let folder = Folder::new();
    let mut writer = folder.writer();
    replay(&mut writer, &[input("-", None, None)], &[]);
    let run = writer.begin_run(RunKind::Replay, at(0)).unwrap();
    let paths: Vec<String> = (0..500).map(|n| format!("/{PLANTED}/{n}")).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    writer.write_all(run, &rollup(&paths, 3)).unwrap();
    let mut with = inventory();
    with.endpoints.iter_mut().for_each(|e| e.operation = format!("GET /{PLANTED}"));
    let seal = Seal {
        run,
        inputs: &[input(PLANTED, Some(5), None)],
        interrupted: false,
        replaces: &[],
        // Earlier than the other run, which ends at 200.
        ended: at(1),
        inventory: Some(&with),
    };
    writer.seal(&seal).unwrap();
    assert!(traces(&folder) > 500);
    let removed = writer.purge(Purge::Before(at(2)), |left, _| {
        assert_eq!(left.len(), 1);
        inventory()
    });
    assert_eq!(removed.unwrap().runs, 1);
    assert_eq!(traces(&folder), 0);
    writer.close().unwrap();
    assert_eq!(traces(&folder), 0);
}

#[test]
fn an_abandoned_run_leaves_no_trace_when_closed() {
    let folder = Folder::new();
    let mut writer = folder.writer();
    let run = writer.begin_run(RunKind::Replay, at(0)).unwrap();
    writer.write_all(run, &rollup(&[PLANTED], 3)).unwrap();
    assert!(traces(&folder) > 0);
    writer.abandon(run).unwrap();
    writer.publish(&Inventory::default()).unwrap();
    writer.close().unwrap();
    assert_eq!(traces(&folder), 0);
}
