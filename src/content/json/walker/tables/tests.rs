use proptest::prelude::*;

use super::super::JsonWalker;
use super::ROWS_HELD_BYTES_MAX;
use crate::content::PathTable;
use crate::content::recorder::{KeepAll, Recorder, Seen, cut};
use crate::content::{PathId, Root};

fn walk(pieces: &[&[u8]], clear: bool) -> (Vec<Seen>, bool) {
    let mut paths = PathTable::new(Box::new(KeepAll));
    let mut sink = Recorder::default();
    let root = paths.root(Root::Json);
    let mut walker = JsonWalker::new(root, &paths);
    for piece in pieces {
        walker.push(piece, &mut paths, &mut sink);
        if clear {
            paths.clear();
        }
    }
    let whole = walker.is_complete() && !walker.is_malformed();
    walker.finish(&mut paths, &mut sink);
    assert_ne!(root, PathId::NONE);
    (sink.seen, whole)
}

/// The fields below a path that are not the names themselves.
fn values(body: &str) -> Vec<(String, String)> {
    let (seen, whole) = walk(&[body.as_bytes()], false);
    assert!(whole, "{body}");
    let entered = seen.iter().filter(|s| s.what == "enter").count();
    let left = seen.iter().filter(|s| s.what == "leave").count();
    assert_eq!(entered, left, "{body}");
    let told = Recorder { seen }.values();
    told.into_iter().filter(|(_, value)| value.contains('8') || value.contains("Roe")).collect()
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

#[test]
fn cells_are_called_by_their_columns() {
    let rows = r#""rows":[["Jane Roe","536-22-8745"],["Jim Roe","536-22-8746"]]"#;
    let meant = pairs(&[
        ("$.rows[*].name", "Jane Roe"),
        ("$.rows[*].ssn", "536-22-8745"),
        ("$.rows[*].name", "Jim Roe"),
        ("$.rows[*].ssn", "536-22-8746"),
    ]);
    for names in [
        r#""columns":["name","ssn"]"#,
        r#""fields":[ "name" , "ssn" ]"#,
        r#""header":["name","ss\u006e"]"#,
        r#""columns":[{"name":"name","type":"text"},{"type":"text","name":"ssn"}]"#,
        r#""cols":[{"id":"A","label":"name","of":{"x":[1]}},{"label":"ssn","id":"B"}]"#,
        r#""Columns":[{"ColumnName":"name"},{"ColumnName":"ssn"}]"#,
        r#""meta":[{"name":"name"},{"name":"ssn"}]"#,
        r#""schema":{"fields":[{"name":"name"},{"name":"ssn"}]}"#,
    ] {
        assert_eq!(values(&format!("{{{names},{rows}}}")), meant, "{names}");
    }
    // Rows first, as far as names follow in the same object.
    for names in [r#""columns":["name","ssn"]"#, r#""cols":[{"name":"name"},{"name":"ssn"}]"#] {
        assert_eq!(values(&format!("{{{rows},\"n\":2,{names}}}")), meant, "{names}");
    }
    let nested = format!(r#"{{"results":[{{"columns":["name","ssn"],{rows}}}]}}"#);
    let below = |(path, value): (String, String)| (path.replace("$.", "$.results[*]."), value);
    assert_eq!(values(&nested), meant.into_iter().map(below).collect::<Vec<_>>());
}

#[test]
fn rows_that_are_objects_have_cells() {
    let neo = r#"{"columns":["name","ssn"],"data":[{"row":["Jane Roe","536-22-8745"],"n":1}]}"#;
    let meant = pairs(&[("$.data[*].name", "Jane Roe"), ("$.data[*].ssn", "536-22-8745")]);
    assert_eq!(values(neo), meant);
    let typed = r#"{"schema":{"fields":[{"name":"name"},{"name":"ssn"}]},
        "rows":[{"f":[{"v":"Jane Roe"},{"v":"536-22-8745"}]}]}"#;
    let meant = pairs(&[("$.rows[*].name.v", "Jane Roe"), ("$.rows[*].ssn.v", "536-22-8745")]);
    assert_eq!(values(typed), meant);
}

#[test]
fn lists_that_are_no_tables_stay_lists() {
    for body in [
        r#"{"rows":[["Jane Roe"]]}"#,
        r#"{"columns":["a","b"],"points":[["Jane Roe"]]}"#,
        r#"{"columns":["a",null],"rows":[["Jane Roe"]]}"#,
        r#"{"columns":[1,2],"rows":[["Jane Roe"]]}"#,
        r#"{"columns":["2020","2021"],"rows":[["Jane Roe"]]}"#,
        r#"{"x":{"columns":["a"]},"rows":[["Jane Roe"]]}"#,
        r#"{"schema":{"fields":["a"]},"data":{"values":[["Jane Roe"]]}}"#,
    ] {
        let told = values(body);
        assert!(told.iter().all(|(path, _)| path.ends_with("[*][*]")), "{told:?}");
        assert_eq!(told.len(), 1, "{body}");
    }
    // A cell without a column is still a value.
    let more = r#"{"columns":["a"],"rows":[[1,"Jane Roe"]]}"#;
    assert_eq!(values(more), pairs(&[("$.rows[*].*", "Jane Roe")]));
    // A table in a cell.
    let inner = r#"{"columns":["a","b"],"rows":[[{"columns":["c"],"rows":[["Roe 1"]]},"Roe 2"]]}"#;
    let meant = pairs(&[("$.rows[*].a.rows[*].c", "Roe 1"), ("$.rows[*].b", "Roe 2")]);
    assert_eq!(values(inner), meant);
}

#[test]
fn what_was_held_is_walked_however_it_ends() {
    let (seen, _) = walk(&[br#"{"rows":[["Jane Roe","536"#], false);
    let told = Recorder { seen }.values();
    assert_eq!(told, pairs(&[("$.rows[*][*]", "Jane Roe"), ("$.rows[*][*]", "536")]));
    let (seen, _) = walk(&[br#"{"rows":[["Jane Roe"]],"x":1"#], false);
    let told = Recorder { seen }.values();
    assert_eq!(told, pairs(&[("$.x", "1"), ("$.rows[*][*]", "Jane Roe")]));
    // More rows than are held.
    let row = r#"["Jane Roe","536-22-8745"],"#;
    let count = ROWS_HELD_BYTES_MAX / row.len() + 2;
    let long = format!("{{\"rows\":[{}[]],\"columns\":[\"a\",\"b\"]}}", row.repeat(count));
    let told = values(&long);
    assert_eq!(told.len(), 2 * count);
    assert!(told.iter().all(|(path, _)| path == "$.rows[*][*]"));
}

proptest! {
    #[test]
    fn cutting_a_table_anywhere_changes_nothing(
        cuts in proptest::collection::vec(any::<usize>(), 0..6),
        late in any::<bool>(),
        clear in any::<bool>(),
    ) {
        let names = r#""columns":["name",{"id":"x","name":"s\u0073n"},"c"]"#;
        let rows = [
            r#""rows":[["Jane \"Roe\"","]",[1,{"rows":[[2]]}]],"#,
            r#"[null,{"k":"v"}],3,{"row":["x"]}]"#,
        ]
        .concat();
        let body = match late {
            true => format!("[{{{rows},\"n\":[[1]],{names}}},{{\"columns\":[\"q\"]}}]"),
            false => format!("[{{{names},{rows}}}]"),
        };
        let (whole, _) = walk(&[body.as_bytes()], false);
        let (pieces, _) = walk(&cut(body.as_bytes(), &cuts), clear);
        prop_assert_eq!(whole, pieces);
    }

    #[test]
    fn anything_in_the_place_of_a_table_is_walked_to_its_end(
        text in "[\\[\\]{},:\"\\\\ar1 ]{0,60}",
        cuts in proptest::collection::vec(any::<usize>(), 0..4),
    ) {
        let body = format!("{{\"rows\":[[{text}]],\"columns\":[\"a\",\"b\"]}}");
        let (whole, _) = walk(&[body.as_bytes()], false);
        let (pieces, _) = walk(&cut(body.as_bytes(), &cuts), false);
        prop_assert_eq!(&whole, &pieces);
        let count = |what| whole.iter().filter(|s| s.what == what).count();
        prop_assert_eq!(count("enter"), count("leave"));
    }
}
