//! What runs contribute, and what becomes of them.

use std::collections::BTreeSet;

use super::sample::*;
use crate::base::Span;
use crate::inventory::{EndpointKey, Keys, Part, Rollup};
use crate::model::{Form, ValueKind};
use crate::store::*;

fn identity(hash: u64) -> Option<InputIdentity> {
    Some(InputIdentity { size: 1000, hash, head: Some(hash) })
}

fn loaded(writer: &Writer) -> Vec<RunId> {
    writer.load_sealed(&[]).unwrap().into_iter().map(|l| l.run).collect()
}

#[test]
fn a_rollup_reads_back() {
    let folder = Folder::new();
    let mut writer = folder.writer();
    let run = writer.begin_run(RunKind::Replay, at(0)).unwrap();
    let rollup = rollup(&["/fhir/Patient/{id}", "/fhir/Observation/{id}", ""], 700);
    writer.write_all(run, &Rollup::default()).unwrap();
    writer.write_all(run, &rollup).unwrap();
    assert!(loaded(&writer).is_empty(), "open runs are not for others");
    let inventory = &inventory();
    let end = Seal {
        run,
        inputs: &[],
        interrupted: false,
        replaces: &[],
        ended: at(1),
        inventory: Some(inventory),
    };
    writer.seal(&end).unwrap();
    let read = writer.load_sealed(&[]).unwrap().pop().unwrap();
    assert!(read.unknown_rules.is_empty());
    assert_eq!(observe(&read.rollup), observe(&rollup));
    assert!(writer.load_sealed(&[run]).unwrap().is_empty());
    assert!(writer.write_all(run, &rollup).is_err(), "a sealed run does not change");
}

/// Version 8 and older: no times of schemes, records of evidence without spans.
#[test]
fn what_an_older_version_counted_is_dated_by_its_run() {
    let folder = Folder::new();
    let mut writer = folder.writer();
    let run = writer.begin_run(RunKind::Replay, at(0)).unwrap();
    writer.write_all(run, &rollup(&["/a"], 7)).unwrap();
    let inventory = &inventory();
    let end = Seal {
        run,
        inputs: &[],
        interrupted: false,
        replaces: &[],
        ended: at(1),
        inventory: Some(inventory),
    };
    writer.seal(&end).unwrap();
    writer.close().unwrap();
    // Five strings in the form of tokens, which pass `us.ssn`.
    let kinds = 1 << ValueKind::String as u8;
    let head = [1, 5, 4, kinds, 1, Form::Token as u8, 5, 1, 6];
    let old = [&head[..], b"us.ssn", &[1, 0, 5, 5, 0, 0, 0, 0]].concat();
    let conn = rusqlite::Connection::open(&folder.path).unwrap();
    conn.execute("UPDATE run_endpoint SET times = '{}'", []).unwrap();
    conn.execute("UPDATE run_field SET evidence = ?1", [old]).unwrap();
    drop(conn);
    let read = folder.writer().load_sealed(&[]).unwrap().pop().unwrap().rollup;
    let stats = read.endpoints.into_values().next().unwrap();
    let whole = Span { first: at(0), last: at(60) };
    assert_eq!(stats.times.auth.into_values().collect::<Vec<_>>(), [whole; 2]);
    assert_eq!((stats.times.clear, stats.times.encrypted), (whole, whole));
    let evidence = stats.fields.into_values().next().unwrap();
    assert_eq!((evidence.span, evidence.filled, evidence.rules[0].span), (whole, whole, whole));
}

#[test]
fn rules_that_are_gone_are_left_out_and_named() {
    let folder = Folder::new();
    let mut writer = folder.writer();
    replay(&mut writer, &[], &[]);
    writer.close().unwrap();
    let names = RuleNames::new(["contact.email", "us.ssn"]);
    let writer = Writer::open(&folder.path, KEY, names).unwrap();
    let read = writer.load_sealed(&[]).unwrap().pop().unwrap();
    assert_eq!(read.unknown_rules, ["gb.nhs_number"]);
}

/// All of clients and flows, and these endpoints.
fn part(endpoints: &[EndpointKey]) -> Part {
    let mut part = Part { clients: Keys::All, flows: Keys::All, ..Part::default() };
    for key in endpoints {
        part.services.entry(key.service.clone()).or_default().extend([key.clone()]);
    }
    part
}

#[test]
fn changed_endpoints_are_replaced_and_others_left() {
    let folder = Folder::new();
    let mut writer = folder.writer();
    let run = writer.begin_run(RunKind::Capture, at(0)).unwrap();
    writer.write_all(run, &rollup(&["/a", "/b", "/c"], 5)).unwrap();
    let mut now = rollup(&["/a", "/b"], 5);
    now.endpoints.extend(rollup(&["/b", "/d"], 9).endpoints);
    let changed = ["/b", "/c", "/d"].map(key);
    writer.write_part(run, &now, &part(&changed), &[input("eth0", None, None)]).unwrap();
    drop(writer);
    let writer = folder.writer();
    assert_eq!(writer.recovery().kept, [run]);
    let read = writer.load_sealed(&[]).unwrap().pop().unwrap();
    assert_eq!(observe(&read.rollup), observe(&now));
}

#[test]
fn inputs_are_replaced_at_their_places_and_others_left() {
    let folder = Folder::new();
    let mut writer = folder.writer();
    let run = writer.begin_run(RunKind::Capture, at(0)).unwrap();
    let none = Rollup::default();
    let placed = |position, name, cut| InputRecord { position, ..input(name, None, cut) };
    let first = [placed(1, "b", None), placed(0, "a", Some("cut short"))];
    let part = &Part::default();
    writer.write_part(run, &none, part, &first).unwrap();
    writer.write_part(run, &none, part, &[placed(1, "b2", None), placed(2, "c", None)]).unwrap();
    let inputs = &[placed(3, "d", None)];
    let inventory = &inventory();
    let seal = Seal {
        run,
        inputs,
        interrupted: false,
        replaces: &[],
        ended: at(1),
        inventory: Some(inventory),
    };
    writer.seal(&seal).unwrap();
    writer.close().unwrap();
    let reader = folder.reader();
    let read = reader.inputs().unwrap();
    let told: Vec<_> =
        read.iter().map(|i| (i.record.position, i.record.account.name.as_str())).collect();
    assert_eq!(told, [(0, "a"), (1, "b2"), (2, "c"), (3, "d")]);
    let runs = reader.runs().unwrap();
    assert_eq!(runs[0].state, RunState::Partial, "one that was written before is incomplete");
}

#[test]
fn a_replay_that_was_killed_leaves_nothing() {
    let folder = Folder::new();
    let mut writer = folder.writer();
    let sealed = replay(&mut writer, &[input("a.pcap", Some(1), None)], &[]);
    let open = writer.begin_run(RunKind::Replay, at(0)).unwrap();
    writer.write_all(open, &rollup(&["/secret"], 5)).unwrap();
    drop(writer);
    assert_eq!(folder.reader().inventory().unwrap(), inventory());
    let writer = folder.writer();
    assert_eq!(writer.recovery(), &Recovery { removed: vec![open], kept: vec![] });
    assert_eq!(loaded(&writer), [sealed]);
    writer.close().unwrap();
    assert!(folder.reader().check().unwrap().is_empty());
}

#[test]
fn a_capture_that_was_killed_is_kept_as_partial() {
    let folder = Folder::new();
    let mut writer = folder.writer();
    let run = writer.begin_run(RunKind::Capture, at(0)).unwrap();
    let live = rollup(&["/live"], 5);
    let keys: Vec<EndpointKey> = live.endpoints.keys().cloned().collect();
    writer.write_part(run, &live, &part(&keys), &[input("eth0", None, None)]).unwrap();
    drop(writer);
    let writer = folder.writer();
    assert_eq!(loaded(&writer), [run]);
    writer.close().unwrap();
    let reader = folder.reader();
    assert_eq!(reader.runs().unwrap()[0].state, RunState::Partial);
    let input = reader.inputs().unwrap().pop().unwrap();
    assert_eq!(input.record.account.incomplete.as_deref(), Some("the sensor ended without notice"));
}

#[test]
fn run_numbers_are_never_given_again() {
    let folder = Folder::new();
    let mut writer = folder.writer();
    let first = writer.begin_run(RunKind::Replay, at(0)).unwrap();
    writer.abandon(first).unwrap();
    assert!(writer.begin_run(RunKind::Replay, at(0)).unwrap() > first);
    assert!(matches!(writer.abandon(first), Err(StoreError::Missing { .. })));
}

#[test]
fn a_complete_file_is_skipped_and_a_partial_one_replaced() {
    let folder = Folder::new();
    let mut writer = folder.writer();
    let whole = replay(&mut writer, &[input("a.pcap", Some(1), None)], &[]);
    let cut = replay(&mut writer, &[input("b.pcap", Some(2), Some("cut at byte 77"))], &[]);
    let plan = writer
        .plan(&[identity(1), identity(2), identity(3), None, identity(3)], &Earlier::default())
        .unwrap();
    assert_eq!(
        plan.inputs,
        [
            InputPlan::Skip(whole),
            InputPlan::Replace(cut),
            InputPlan::Read,
            InputPlan::Read,
            InputPlan::Twice(2),
        ]
    );
    let replaces: Vec<RunId> = plan.replaces.iter().map(|replaced| replaced.run).collect();
    assert_eq!(replaces, [cut]);
    assert_eq!(plan.replaces[0].holds, [(identity(2).unwrap(), 110)], "as far as it was read");
    assert!(plan.kept.is_empty());
    let new = replay(&mut writer, &[input("b.pcap", Some(2), None)], &replaces);
    assert_eq!(loaded(&writer), [whole, new]);
    assert_eq!(
        writer.plan(&[identity(2)], &Earlier::default()).unwrap().inputs,
        [InputPlan::Skip(new)]
    );
}

#[test]
fn a_partial_file_takes_the_files_of_its_run_along() {
    let folder = Folder::new();
    let mut writer = folder.writer();
    let both = [input("a.pcap", Some(1), None), input("b.pcap", Some(2), Some("cut"))];
    let run = replay(&mut writer, &both, &[]);
    let plan = writer.plan(&[identity(1), identity(2)], &Earlier::default()).unwrap();
    assert_eq!(plan.inputs, [InputPlan::Replace(run), InputPlan::Replace(run)]);
    assert!(plan.kept.is_empty());
    let plan = writer.plan(&[identity(2)], &Earlier::default()).unwrap();
    assert_eq!(
        (plan.inputs, plan.replaces),
        (vec![InputPlan::ReadOn(run, Passed { packets: 110, lost: 0 })], vec![])
    );
    let others = Stays {
        with: RunFilter::None,
        shown: true,
        others: vec!["a.pcap".to_owned()],
        twice: false,
    };
    assert_eq!(plan.kept, [(run, others)], "nothing stored is lost");
    let plan = writer.plan(&[identity(1)], &Earlier::default()).unwrap();
    assert_eq!(plan.inputs, [InputPlan::Skip(run)], "nothing is lost for a complete file");
}

#[test]
fn an_interrupted_run_is_partial() {
    let folder = Folder::new();
    let mut writer = folder.writer();
    let run = writer.begin_run(RunKind::Replay, at(0)).unwrap();
    let inventory = &inventory();
    let seal = Seal {
        run,
        inputs: &[],
        interrupted: true,
        replaces: &[],
        ended: at(1),
        inventory: Some(inventory),
    };
    writer.seal(&seal).unwrap();
    assert!(writer.seal(&seal).is_err(), "a run ends once");
    writer.close().unwrap();
    assert_eq!(folder.reader().runs().unwrap()[0].state, RunState::Partial);
}

#[test]
fn inputs_read_back_with_their_reasons() {
    let folder = Folder::new();
    let mut writer = folder.writer();
    let inputs = [input("a.pcap", Some(u64::MAX), None), input("-", None, Some("cut at byte 9"))];
    replay(&mut writer, &inputs, &[]);
    writer.close().unwrap();
    let reader = folder.reader();
    let read = reader.inputs().unwrap();
    let names: BTreeSet<_> = read.iter().map(|i| i.record.account.name.as_str()).collect();
    assert_eq!(names, BTreeSet::from(["-", "a.pcap"]));
    for (stored, written) in read.iter().zip(&inputs) {
        assert_eq!(stored.record.identity, written.identity);
        assert_eq!(stored.record.account.packets, written.account.packets);
        assert_eq!(stored.record.account.incomplete, written.account.incomplete);
        assert!(stored.record.account.packets.balances());
    }
    let flows = reader.flows().unwrap();
    assert_eq!(flows.len(), 1);
    assert_eq!((flows[0].outcome.as_str(), flows[0].stats.flows), ("tls", 3));
}
