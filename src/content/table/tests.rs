use proptest::prelude::*;

use super::super::recorder::{KeepNamed, Recorder, cut};
use super::super::{BodyPlan, BodyWalker, Format, PathTable};
use super::*;

fn seen(media: &str, pieces: &[&[u8]]) -> (Recorder, Format) {
    let mut paths = PathTable::new(Box::new(KeepNamed));
    let mut sink = Recorder::default();
    let mut walker = BodyWalker::new(BodyPlan::from_headers(Some(media.as_bytes()), None));
    for piece in pieces {
        walker.push(piece, &mut paths, &mut sink);
    }
    let format = walker.finish(&mut paths, &mut sink).format;
    (sink, format)
}

fn values(table: &str) -> Vec<(String, String)> {
    seen("text/csv", &[table.as_bytes()]).0.values()
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

#[test]
fn cells_stand_under_the_names_of_their_columns() {
    let expected = pairs(&[
        ("$[*].mrn", "1"),
        ("$[*]['last name']", "Roe"),
        ("$[*].mrn", "2"),
        ("$[*]['last name']", "O'Neil, \"Jo\"\nAnn"),
    ]);
    for table in [
        "mrn,last name\r\n1,Roe\r\n2,\"O'Neil, \"\"Jo\"\"\nAnn\"\r\n",
        "\u{feff}mrn;\"last name\"\n1;Roe\n\n2;\"O'Neil, \"\"Jo\"\"\nAnn\"",
        "mrn\tlast name\r1\tRoe\r2\t\"O'Neil, \"\"Jo\"\"\nAnn\"\r",
        "sep=|\nmrn|last name\n\"1\"|Roe\n2|\"O'Neil, \"\"Jo\"\"\nAnn\"\n",
    ] {
        assert_eq!(values(table), expected, "{table}");
    }
}

#[test]
fn what_spreadsheets_put_around_a_number_is_no_part_of_it() {
    let table = "nhs,n\n=\"0123\",1\n\"=\"\"0123\"\"\",'7'\n'0123,'t Hof\n=A1+2,'\n";
    let column = |name: &str| -> Vec<String> {
        let path = format!("$[*].{name}");
        values(table).into_iter().filter(|(at, _)| *at == path).map(|(_, value)| value).collect()
    };
    assert_eq!(column("nhs"), ["0123", "0123", "0123", "=A1+2"]);
    assert_eq!(column("n"), ["1", "7", "'t Hof", "'"]);
}

#[test]
fn rows_are_objects() {
    let (sink, format) = seen("text/csv", &[b"a,b\n1,2\n"]);
    let what: Vec<(&str, &str)> = sink.seen.iter().map(|s| (s.what, s.path.as_str())).collect();
    let row = [("enter", "$[*]"), ("string", "$[*].a"), ("string", "$[*].b"), ("leave", "$[*]")];
    assert_eq!(what, row);
    assert_eq!(format, Format::Table);
}

#[test]
fn a_first_row_of_values_names_nothing() {
    let expected = [
        ("$[*].column1", "1"),
        ("$[*].column2", "ada@example.org"),
        ("$[*].column1", "2"),
        ("$[*].column2", ""),
        ("$[*].column3", "more"),
    ];
    assert_eq!(values("1,ada@example.org\n2,,more\n"), pairs(&expected));
    // More cells than names are nobody's column.
    assert_eq!(values("a,b\n1,2,3\n").last(), Some(&("$[*].*".to_owned(), "3".to_owned())));
}

#[test]
fn what_is_no_table_stays_text() {
    for text in ["Dear Sir or Madam.\nplease find enclosed", "mrn,name", ""] {
        let expected = if text.is_empty() { vec![] } else { pairs(&[("$", text)]) };
        assert_eq!(values(text), expected, "{text}");
    }
    let long = format!("{}\n1,2", "a,".repeat(TABLE_HEAD_BYTES_MAX));
    assert_eq!(values(&long).len(), 1);
    for (text, format) in [
        ("mrn,last,first\n1,Roe,Jo\n2,Poe,Al\n", Format::Table),
        ("mrn,last\n1,Roe\n2,Poe\n", Format::Text),
        ("Dear Ann, Bob, and all of you out there,\nthis, that, is\n so\n", Format::Text),
        ("call(a, b, c)\ncall(d, e, f)\n", Format::Text),
    ] {
        assert_eq!(seen("text/plain", &[text.as_bytes()]).1, format, "{text}");
        assert_eq!(seen("application/octet-stream", &[text.as_bytes()]).1, format, "{text}");
    }
}

#[test]
fn behind_a_gap_the_next_row_is_walked() {
    let mut paths = PathTable::new(Box::new(KeepNamed));
    let mut sink = Recorder::default();
    let mut walker = BodyWalker::new(BodyPlan::from_headers(Some(b"text/csv"), None));
    walker.push(format!("a,b\n{}1,\"x", "0,y\n".repeat(200)).as_bytes(), &mut paths, &mut sink);
    walker.gap(7);
    walker.push(b"tail\"\n3,z\n", &mut paths, &mut sink);
    assert!(walker.finish(&mut paths, &mut sink).truncated);
    let values = sink.values();
    assert_eq!(
        values[400..],
        pairs(&[("$[*].a", "1"), ("$[*].b", "x"), ("$[*].a", "3"), ("$[*].b", "z")])
    );
}

#[test]
fn columns_keep_their_names_when_paths_are_forgotten() {
    let mut paths = PathTable::new(Box::new(KeepNamed));
    let mut sink = Recorder::default();
    let mut walker = TableWalker::at_level(0);
    for piece in ["a,b\n1,", "2\n3,4\n"] {
        let root = paths.root(super::super::Root::Text);
        walker.push(piece.as_bytes(), root, &mut paths, &mut sink);
        paths.clear();
    }
    let last = sink.values().last().cloned();
    assert_eq!(last, Some(("$[*].b".to_owned(), "4".to_owned())));
}

proptest! {
    #[test]
    fn cutting_a_table_anywhere_changes_nothing(
        table in "[a-c,;\"\r\n 1]{0,60}",
        cuts in proptest::collection::vec(0usize..60, 0..6),
    ) {
        let walk = |cuts: &[usize]| {
            let pieces = cut(table.as_bytes(), cuts);
            seen("text/csv", &pieces).0.seen
        };
        prop_assert_eq!(walk(&cuts), walk(&[]));
    }

    #[test]
    fn what_a_writer_of_tables_writes_is_read(
        rows in proptest::collection::vec(
            proptest::collection::vec("[a-z,\"\r\n ;]{0,6}", 3), 0..5),
    ) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["x", "y", "z"]).unwrap();
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let table = writer.into_inner().unwrap();
        prop_assume!(!rows.is_empty());
        let names = ["$[*].x", "$[*].y", "$[*].z"].into_iter().cycle();
        let expected: Vec<(String, String)> =
            names.map(str::to_owned).zip(rows.concat()).collect();
        prop_assert_eq!(seen("text/csv", &[&table]).0.values(), expected);
    }
}
