//! What a burst of new endpoints costs: work is counted, not timed.

use super::sample::*;
use crate::inventory::Inventory;
use crate::store::*;

const ENDPOINTS: usize = 2000;
const FINDINGS_OF_EACH: usize = 3;

/// Endpoints of one service, whose keys sort in no order that they come in.
fn part(number: usize) -> Inventory {
    let mut out = inventory();
    let mut service = out.services.remove(0);
    service.service = format!("svc-{number}.example");
    out = Inventory { services: vec![service], ..Inventory::default() };
    for n in 0..ENDPOINTS / 4 {
        let place = 4 * n + number;
        let id = |kind: &str, nth: usize| {
            let mixed = (place * 8 + nth).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            format!("{kind}-{mixed:016x}")
        };
        let mut endpoint = endpoint(&id("ep", 0), &format!("/fhir/{place}"));
        endpoint.service = format!("svc-{number}.example");
        let found = (0..FINDINGS_OF_EACH).map(|nth| finding(&id("f", nth), &endpoint.id));
        out.findings.extend(found);
        out.endpoints.push(endpoint);
    }
    out.endpoints.sort_by(|a, b| a.path.cmp(&b.path));
    out
}

fn end<'a>(run: RunId) -> Seal<'a> {
    let (ended, replaces) = (at(200), &[]);
    Seal { run, inputs: &[], interrupted: false, replaces, ended, inventory: None }
}

fn number(writer: &Writer, sql: &str) -> usize {
    let number: i64 = writer.conn().query_row(sql, [], |row| row.get(0)).unwrap();
    usize::try_from(number).unwrap()
}

#[test]
fn what_is_new_is_written_once_and_what_is_known_not_at_all() {
    let folder = Folder::new();
    let mut writer = folder.writer();
    let changes = |writer: &Writer| number(writer, "SELECT total_changes()");
    let run = writer.begin_run(RunKind::Replay, at(100)).unwrap();
    let before = changes(&writer);
    writer.seal_in_parts(&end(run), (0..4).map(part)).unwrap();
    // A row of the endpoint, of its one field and of each finding; four services, what the rule of
    // all findings says, and the run.
    let rows = ENDPOINTS * (2 + FINDINGS_OF_EACH) + 4 + 1 + 1;
    assert_eq!(changes(&writer) - before, rows);
    // No page of an index goes to the log again and again, however the keys come.
    let log = std::fs::metadata(folder.path.with_extension("db-wal")).unwrap().len();
    let size = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
    let size = number(&writer, size) as u64;
    assert!(log < size + size / 4, "{log} bytes written for {size}");

    let run = writer.begin_run(RunKind::Replay, at(300)).unwrap();
    let before = changes(&writer);
    writer.seal_in_parts(&end(run), (0..4).map(part)).unwrap();
    let only = "only the run has changed, and the one before it, which read nothing, is gone";
    assert_eq!(changes(&writer) - before, 2, "{only}");

    // A part that no longer comes is gone, with its fields and findings.
    let run = writer.begin_run(RunKind::Replay, at(400)).unwrap();
    writer.seal_in_parts(&end(run), (0..3).map(part)).unwrap();
    for (table, of_each) in [("endpoint", 1), ("field", 1), ("finding", FINDINGS_OF_EACH)] {
        let rows = number(&writer, &format!("SELECT count(*) FROM {table}"));
        assert_eq!(rows, of_each * ENDPOINTS / 4 * 3, "{table}");
    }
}

#[test]
fn what_a_rule_says_of_all_its_findings_stands_once() {
    let folder = Folder::new();
    let mut writer = folder.writer();
    let run = writer.begin_run(RunKind::Replay, at(100)).unwrap();
    writer.seal_in_parts(&end(run), (0..4).map(part)).unwrap();
    assert_eq!(number(&writer, "SELECT count(*) FROM finding_text"), 1);
    let told = "SELECT count(*) FROM v_findings WHERE explanation = \
                'Anyone on the way can read them. Use TLS.' AND \"references\" LIKE '%164.312%'";
    assert_eq!(number(&writer, told), ENDPOINTS * FINDINGS_OF_EACH);
    writer.close().unwrap();
    let read = folder.reader().all_findings().unwrap();
    assert_eq!(read.len(), ENDPOINTS * FINDINGS_OF_EACH);
    assert!(read.iter().all(|f| f.references == ["45 CFR 164.312(e)(1)"]));
}
