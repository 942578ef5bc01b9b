use proptest::prelude::*;

use super::super::JsonWalker;
use crate::content::recorder::{KeepAll, Recorder, cut};
use crate::content::{PathTable, Root};

/// What is seen of a body of which the bytes between `before` and `after` are missing.
fn around(before: &str, after: &str, cuts: &[usize]) -> Vec<(String, String)> {
    walked(before, after, cuts, false)
}

/// The same, the table of paths being cleared before and behind each piece.
fn walked(before: &str, after: &str, cuts: &[usize], clear: bool) -> Vec<(String, String)> {
    let mut paths = PathTable::new(Box::new(KeepAll));
    let mut sink = Recorder::default();
    let root = paths.root(Root::Json);
    let mut walker = JsonWalker::new(root, &paths);
    walker.push(before.as_bytes(), &mut paths, &mut sink);
    if clear {
        paths.clear();
    }
    walker.gap(&mut paths, &mut sink);
    for piece in cut(after.as_bytes(), cuts) {
        if clear {
            paths.clear();
        }
        walker.push(piece, &mut paths, &mut sink);
    }
    assert!(!walker.is_malformed(), "{before} … {after}");
    walker.finish(&mut paths, &mut sink);
    let count = |what| sink.seen.iter().filter(|s| s.what == what).count();
    assert_eq!(count("enter"), count("leave"), "{before} … {after}");
    sink.values()
}

/// The same, of what stands behind the gap.
fn behind(before: &str, after: &str) -> Vec<(String, String)> {
    let already = around(before, "", &[]).len();
    around(before, after, &[]).split_off(already)
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

#[test]
fn a_list_of_records_is_walked_on_behind_a_gap() {
    for (before, after, seen) in [
        (
            r#"[{"id":1,"ssn":"536-2"#,
            r#"45"},{"id":3,"ssn":"536-22-8745"},{"id":4}]"#,
            &[("$[*].ssn", "536-22-8745"), ("$[*].id", "4")][..],
        ),
        (
            r#"{"n":2,"data":[{"of":{"id":1,"name":"A"}},{"of":{"id":2,"na"#,
            r#"x, \"of\":{"}},{ "of" : {"id":3,"name":"C"}}],"total":9}"#,
            &[("$.data[*].of.id", "3"), ("$.data[*].of.name", "C"), ("$.total", "9")],
        ),
        // The innermost member that was at hand.
        (
            r#"{"rows":[{"a":[{"v":1},{"v":2"#,
            r#"3},{"v":4}]},{"a":[{"v":5}]}]}"#,
            &[("$.rows[*].a[*].v", "4"), ("$.rows[*].a[*].v", "5")],
        ),
        // Between two records, or before the first key of one.
        (r#"[{"id":1,"b":2}"#, r#"3},{"id":4,"b":5}]"#, &[("$[*].b", "5")]),
        (
            r#"[{"id":1,"b":2},{"i"#,
            r#"3},{"id":4,"b":5},{"id":6}]"#,
            &[("$[*].b", "5"), ("$[*].id", "6")],
        ),
        (r#"[{"id":1,"x":[1,2"#, r#"],"y":1},{"id":2,"x":[3]}]"#, &[("$[*].x[*]", "3")]),
    ] {
        assert_eq!(behind(before, after), pairs(seen), "{before} … {after}");
    }
}

#[test]
fn what_cannot_be_placed_is_left() {
    for (before, after) in [
        (r#"{"a":"begun"#, r#"","a":1,"b":2}"#),
        (r#"[1,2"#, r#",3,{"a":1}]"#),
        (r#"[{"a":1"#, r#"},{"b":2}] {"c":3}"#),
        (r#"[{"a":1"#, r#"\",{\"a\":2}","b":"{'a':1}"}]"#),
        (r#"{"columns":["a","b"],"rows":[[1"#, r#"],[{"a":1}]]}"#),
    ] {
        assert_eq!(behind(before, after), [], "{before} … {after}");
    }
}

proptest! {
    #[test]
    fn cutting_what_is_behind_a_gap_changes_nothing(
        from in 0usize..60,
        missing in 1usize..30,
        clear in any::<bool>(),
        cuts in proptest::collection::vec(any::<usize>(), 0..5),
    ) {
        let body = [
            r#"{"data":[{"id":1,"x":{"n":"a,\"b\":"}},"#,
            r#"{"id":2,"x":{"n":"c"}},{"id":3,"x":{"n":"d"}}],"e":1}"#,
        ]
        .concat();
        let (before, rest) = body.split_at(from);
        let after = &rest[missing.min(rest.len())..];
        prop_assert_eq!(walked(before, after, &cuts, clear), around(before, after, &[]));
    }

    #[test]
    fn whatever_is_behind_a_gap_is_walked_to_its_end(
        before in "[\\[\\]{},:\"ab1 ]{0,40}",
        after in "[\\[\\]{},:\"\\\\ab1 ]{0,60}",
        cuts in proptest::collection::vec(any::<usize>(), 0..4),
    ) {
        let before = format!("[{{\"a\":{{\"b\":1}}}},{{\"a\":{before}");
        let walk = |cuts: &[usize]| {
            let mut paths = PathTable::new(Box::new(KeepAll));
            let mut sink = Recorder::default();
            let root = paths.root(Root::Json);
            let mut walker = JsonWalker::new(root, &paths);
            walker.push(before.as_bytes(), &mut paths, &mut sink);
            walker.gap(&mut paths, &mut sink);
            for piece in cut(after.as_bytes(), cuts) {
                walker.push(piece, &mut paths, &mut sink);
            }
            walker.finish(&mut paths, &mut sink);
            let count = |what| sink.seen.iter().filter(|s| s.what == what).count();
            assert_eq!(count("enter"), count("leave"));
            sink.values()
        };
        prop_assert_eq!(walk(&cuts), walk(&[]));
    }
}
