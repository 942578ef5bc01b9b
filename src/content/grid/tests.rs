use proptest::prelude::*;

use super::super::recorder::{KeepAll, Recorder, cut};
use super::super::{BodyPlan, BodyWalker, KeyPolicy};
use super::*;

/// Words that the tests take for names without being told.
struct Words;

impl KeyPolicy for Words {
    fn keep(&self, key: &[u8]) -> bool {
        !key.contains(&b'@')
    }

    fn keep_bare(&self, text: &[u8]) -> bool {
        [&b"mrn"[..], b"Name", b"Born", b"Ward", b"Sex"].contains(&text)
    }
}

fn walk(media: &str, pieces: &[&[u8]]) -> Recorder {
    let mut paths = PathTable::new(Box::new(Words));
    let mut sink = Recorder::default();
    let mut walker = BodyWalker::new(BodyPlan::from_headers(Some(media.as_bytes()), None));
    for piece in pieces {
        walker.push(piece, &mut paths, &mut sink);
    }
    walker.finish(&mut paths, &mut sink);
    sink
}

/// What is seen of a page but its text.
fn cells(page: &str) -> Vec<(String, String)> {
    let page = format!("<html><body>{page}</body></html>");
    let mut values = walk("text/html", &[page.as_bytes()]).values();
    values.retain(|(path, _)| path != "$");
    values
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

#[test]
fn cells_of_html_stand_under_the_names_of_their_columns() {
    let expected = pairs(&[
        ("$[*].mrn", "1"),
        ("$[*]['Last name']", "Roe & Sons"),
        ("$[*].mrn", "2"),
        ("$[*]['Last name']", "Jo Poe"),
        ("$[*].*", "more"),
    ]);
    for page in [
        "<table><thead><tr><th>mrn</th><th> Last\n name:</th></tr></thead><tbody>\
         <tr><td>1</td><td>Roe & Sons</td></tr>\
         <tr><td>2</td><td><b>Jo</b> <i>Poe</i></td><td>more</td></tr></tbody></table>",
        "<TABLE class='a>b'><TR><TH scope=col>mrn<TH>Last&nbsp;name\
         <TR><TD>1<TD>Roe & Sons<TR><TD>2<TD>Jo<br>Poe<TD>more</TABLE>",
        "<table><tr><th colspan=2>All of them</th></tr><tr><th>mrn</th><th>Last name</th></tr>\
         <!-- <tr><td>3</td></tr> --><tr><td>1</td><td>Roe & Sons</td></tr>\
         <tr><td>2</td><td>Jo<script>x = '<td>9'</script> Poe</td><td>more</td></tr></table>",
    ] {
        let mut seen = cells(page);
        seen.retain(|(path, _)| path != "$[*]['All of them']");
        assert_eq!(seen, expected, "{page}");
    }
}

#[test]
fn rows_of_html_are_objects() {
    let page = b"<html><table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>";
    let seen = walk("text/html", &[page]).seen;
    let what: Vec<(&str, &str)> = seen.iter().map(|s| (s.what, s.path.as_str())).collect();
    let row = [("enter", "$[*]"), ("string", "$[*].a"), ("string", "$[*].b"), ("leave", "$[*]")];
    assert_eq!(what.get(..4), Some(&row[..]));
}

#[test]
fn values_stand_under_the_labels_beside_them() {
    let expected = pairs(&[("$.Name", "Jo Roe"), ("$.Born", "1 May 1970")]);
    for page in [
        "<dl><dt>Name</dt><dd>Jo Roe</dd><dt>Born:</dt><dd>1 May 1970</dd></dl>",
        "<dl><div><dt>Name<dd>Jo Roe</div><div><dt>Born<dd>1 May 1970</div></dl>",
        "<table><tr><th>Name</th><td>Jo Roe</td></tr>\
         <tr><th>Born</th><td>1 May 1970</td></tr></table>",
        "<table><tr><th>Name</th><td>Jo Roe</td><th>Born</th><td>1 May 1970</td></tr></table>",
        "<table><tr><td>Name:</td><td>Jo Roe</td></tr>\
         <tr><td>Born</td><td>1 May 1970</td></tr></table>",
    ] {
        assert_eq!(cells(page), expected, "{page}");
    }
    let one = "<table><tr><td>Name</td><td>Jo Roe</td></tr></table>";
    assert_eq!(cells(one), pairs(&[("$.Name", "Jo Roe")]));
    let several = "<dl><dt>Name<dt>Born<dd>Jo<dd>1970</dl>";
    assert_eq!(cells(several), pairs(&[("$.Name", "Jo"), ("$.Name", "1970")]));
}

#[test]
fn cells_that_reach_over_columns_and_rows_shift_those_beside_and_below() {
    let row = |n: &str| {
        pairs(&[("$[*].mrn", n), ("$[*].Name", "Jo"), ("$[*].Born", "1970"), ("$[*].Ward", "7")])
    };
    let both = [row("1"), row("2")].concat();
    let without = |values: Vec<(String, String)>, gone: [usize; 2]| -> Vec<_> {
        let kept = values.into_iter().enumerate().filter(|(at, _)| !gone.contains(at));
        kept.map(|(_, value)| value).collect()
    };
    let heads = "<tr><th>mrn</th><th>Name</th><th>Born</th><th>Ward</th></tr>";
    let first = "<tr><td>1</td><td>Jo</td><td>1970</td><td>7</td></tr>";
    let second = first.replace('1', "2").replace("2970", "1970");
    for (table, expected) in [
        (format!("{heads}{first}{second}"), both.clone()),
        // A head of two rows.
        (
            format!(
                "<tr><th rowspan=2>mrn</th><th colspan=\"2\">Person</th><th ROWSPAN='2'>Ward</th>\
                 </tr><tr><th>Name</th><th>Born</th></tr>{first}{second}"
            ),
            both.clone(),
        ),
        // A value of two rows, and one of two columns.
        (
            format!(
                "{heads}<tr><td>1</td><td rowspan = 2 >Jo</td><td class=\"colspan=9\">1970</td>\
                 <td>7</td></tr><tr><td>2</td><td>1970</td><td>7</td></tr>"
            ),
            without(both.clone(), [5, 5]),
        ),
        (
            format!("{heads}<tr><td>1</td><td colspan=2 id=x>Jo</td><td>7</td></tr>{second}"),
            without(both.clone(), [2, 2]),
        ),
        // What reaches too far, and what says nothing.
        (
            format!(
                "{heads}{}{second}",
                first
                    .replace("<td>7", "<td colspan=99999 rowspan=1>7")
                    .replace("<td>Jo", "<td colspan=x rowspan='' colspan>Jo")
            ),
            both.clone(),
        ),
    ] {
        let page = format!("<table>{table}</table>");
        assert_eq!(cells(&page), expected, "{page}");
        // As XHTML, where attributes are fields as well.
        if !page.contains("colspan>") {
            let quoted =
                page.replace("rowspan=2>", "rowspan='2'>").replace("rowspan = 2 ", "rowspan='2'");
            let quoted = quoted.replace("=2 id=x", "='2' id='x'").replace("ROWSPAN", "rowspan");
            let xml = format!("<r xmlns='http://www.w3.org/1999/xhtml'>{quoted}</r>");
            let below = "$.r.table|$[*]";
            let mut values = walk("application/xhtml+xml", &[xml.as_bytes()]).values();
            values.retain(|(path, _)| path.contains('|'));
            let expected: Vec<_> =
                expected.iter().map(|(p, v)| (p.replacen("$[*]", below, 1), v.clone())).collect();
            let names = |v: &[(String, String)]| -> Vec<String> {
                v.iter().map(|(p, v)| format!("{} {v}", p.rsplit('.').next().unwrap())).collect()
            };
            assert_eq!(names(&values), names(&expected), "{xml}");
        }
    }
    // A label of several rows.
    let page = "<table><tr><th rowspan=2>Name</th><td>Jo</td></tr><tr><td>Al</td></tr></table>";
    assert_eq!(cells(page), pairs(&[("$.Name", "Jo"), ("$.Name", "Al")]));
}

#[test]
fn cells_that_reach_without_end_take_bounded_memory() {
    let head = format!("<th rowspan=0 colspan=1000>{}</th>", "x".repeat(900));
    let page = format!("<html><table>{}", format!("<tr>{head}<td>1</td></tr>").repeat(300));
    let mut paths = PathTable::new(Box::new(Words));
    let mut sink = Recorder::default();
    let mut walker = BodyWalker::new(BodyPlan::from_headers(Some(b"text/html"), None));
    walker.push(page.as_bytes(), &mut paths, &mut sink);
    assert!(walker.held_bytes() < 512 * 1024, "{}", walker.held_bytes());
}

#[test]
fn what_may_be_a_value_names_nothing() {
    let people = "<dl><dt>Jo Roe</dt><dd>020 7946 0123</dd></dl>";
    assert_eq!(cells(people), pairs(&[("key $.*", "Jo Roe"), ("$.*", "020 7946 0123")]));
    let page =
        "<table><tr><td>Jo Roe</td><td>x</td></tr><tr><td>Al Poe</td><td>y</td></tr></table>";
    assert_eq!(
        cells(page),
        pairs(&[
            ("$[*].column1", "Jo Roe"),
            ("$[*].column2", "x"),
            ("$[*].column1", "Al Poe"),
            ("$[*].column2", "y"),
        ])
    );
    let first_row = "<table><tr><td>Name<td>mrn<tr><td>Jo Roe<td>1<tr><td>Al Poe<td>2</table>";
    assert_eq!(
        cells(first_row),
        pairs(&[
            ("$[*].Name", "Jo Roe"),
            ("$[*].mrn", "1"),
            ("$[*].Name", "Al Poe"),
            ("$[*].mrn", "2"),
        ])
    );
    let address = "<table><tr><th>jo@example.org</th><th>b</th></tr><tr><td>1<td>2</table>";
    assert_eq!(cells(address).last(), Some(&("$[*].b".to_owned(), "2".to_owned())));
    assert!(cells(address).contains(&("$[*].*".to_owned(), "1".to_owned())));
}

#[test]
fn tables_within_tables_are_told_apart() {
    let page = "<table><tr><td><table><tr><th>mrn</th></tr><tr><td>1</td></tr></table></td></tr>\
                <tr><td>left<dl><dt>Name<dd>Jo</dl></td></tr></table>";
    assert_eq!(cells(page), pairs(&[("$[*].mrn", "1"), ("$.Name", "Jo")]));
    let inner = "<table><tr><th>mrn<tr><td>1</table>";
    for (depth, found) in [(GRID_DEPTH_MAX, true), (GRID_DEPTH_MAX + 1, false)] {
        let open = "<table><tr><td>".repeat(depth - 1);
        let page = format!("{open}{inner}{}", "</table>".repeat(depth - 1));
        let behind = format!("{page}{inner}");
        assert_eq!(!cells(&page).is_empty(), found, "{depth}");
        assert_eq!(cells(&behind).last().map(|(_, text)| text.as_str()), Some("1"));
    }
}

#[test]
fn tables_of_xhtml_and_of_narrative_are_known_by_their_columns() {
    let table = "<table><thead><tr><th>mrn</th></tr></thead><tr><td>17</td></tr></table>";
    let div = format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{table}</div>");
    let column = |media: &str, body: &str| {
        let values = walk(media, &[body.as_bytes()]).values();
        values.into_iter().find(|(path, text)| path.ends_with("|$[*].mrn") && text == "17")
    };
    let json = serde_json::json!({"resourceType": "Patient", "text": {"div": div}}).to_string();
    let found = column("application/fhir+json", &json).map(|(path, _)| path);
    assert_eq!(found.as_deref(), Some("$.text.div|$[*].mrn"));
    let xml = format!("<Patient><text>{div}</text></Patient>");
    let found = column("application/fhir+xml", &xml).map(|(path, _)| path);
    assert_eq!(found.as_deref(), Some("/Patient/text/div/table|$[*].mrn"));
    let page = format!("<?xml version=\"1.0\"?><html><body><p>x<br>{table}</body></html>");
    assert!(column("application/xhtml+xml", &page).is_some());
    let escaped = format!("<entry><content>{}</content></entry>", div.replace('<', "&lt;"));
    let found = column("application/atom+xml", &escaped).map(|(path, _)| path);
    assert_eq!(found.as_deref(), Some("/entry/content|$[*].mrn"));
}

#[test]
fn long_narrative_is_walked_window_by_window() {
    let rows: String = (0..9_000).map(|n| format!("<tr><td>{n}</td><td>x</td></tr>")).collect();
    let div = format!("<div><table><tr><th>mrn</th><th>Sex</th></tr>{rows}</table></div>");
    let body = serde_json::json!({"div": div}).to_string();
    let whole = walk("application/json", &[body.as_bytes()]).values();
    let found = whole.iter().filter(|(path, _)| path == "$.div|$[*].mrn").count();
    assert_eq!(found, 9_000);
    let pieces: Vec<&[u8]> = body.as_bytes().chunks(777).collect();
    assert!(walk("application/json", &pieces).values() == whole, "pieces say something else");
}

#[test]
fn what_is_held_is_bounded() {
    let mut paths = PathTable::new(Box::new(KeepAll));
    let mut sink = Recorder::default();
    let root = paths.root(super::super::Root::Text);
    let mut grid = Grid::at_level(0);
    let text = vec![b'x'; 3 * GRID_CELL_BYTES_MAX];
    for _ in 0..3 * GRID_DEPTH_MAX {
        grid.start((Tag::Table, 0), root, &mut paths, &mut sink);
        grid.start((Tag::Row, 0), root, &mut paths, &mut sink);
        for _ in 0..2 * KEYS_PER_NODE_MAX {
            grid.start((Tag::Data, 0), root, &mut paths, &mut sink);
            grid.text(&text);
        }
    }
    let bytes = 2 * GRID_ROW_BYTES_MAX + KEYS_PER_NODE_MAX * 2 * size_of::<Cell>();
    assert!(grid.held_bytes() <= GRID_DEPTH_MAX * (bytes + size_of::<Block>()));
}

#[test]
fn labels_beyond_the_limit_name_nothing() {
    let mut paths = PathTable::new(Box::new(KeepAll));
    let mut sink = Recorder::default();
    let root = paths.root(super::super::Root::Text);
    let mut grid = Grid::at_level(0);
    grid.start((Tag::List, 0), root, &mut paths, &mut sink);
    for n in 0..2 * GRID_LABELS_MAX {
        grid.start((Tag::Term, 0), root, &mut paths, &mut sink);
        grid.text(format!("k{n}").as_bytes());
        grid.start((Tag::Description, 0), root, &mut paths, &mut sink);
        grid.text(b"v");
    }
    grid.finish(root, &mut paths, &mut sink);
    let mut names: Vec<String> = sink.values().into_iter().map(|(path, _)| path).collect();
    names.retain(|path| path != "key $.*");
    names.sort();
    names.dedup();
    assert_eq!(names.len(), GRID_LABELS_MAX + 1);
}

const PAGE: &str = "<html><table title='<td>'><tr><th>mrn</th><th>Sex</th></tr>\
    <tr><td>1&nbsp;2</td><td>f <!-- x --> m</td></tr></TABLE><script>'<table>'</script >\
    <dl><dt>Name:</dt><dd>Jo < Al\
    </dd></dl><table><tr><td>Name<td>mrn<tr><td>Jo<td>2</table></html>";

proptest! {
    #[test]
    fn cutting_markup_anywhere_changes_nothing(
        tags in proptest::collection::vec(
            prop_oneof![
                Just("<table>"), Just("</table>"), Just("<tr>"), Just("</tr>"), Just("<th>"),
                Just("<td>"), Just("</td>"), Just("<dl>"), Just("</dl>"), Just("<dt>"),
                Just("<dd>"), Just("mrn"), Just("Name"), Just(" x"), Just("<br>"), Just("&nbsp;"),
                Just("<!--"), Just("-->"), Just("<script>"), Just("</script>"), Just("<a b='"),
                Just("'>"), Just("<"), Just("12"),
            ], 0..40),
        cuts in proptest::collection::vec(any::<usize>(), 0..8),
    ) {
        let tags = tags.concat();
        for page in [format!("<html>{tags}"), PAGE.to_owned()] {
            for media in ["text/html", "application/xhtml+xml"] {
                let pieces = cut(page.as_bytes(), &cuts);
                let whole = walk(media, &[page.as_bytes()]);
                prop_assert_eq!(walk(media, &pieces).seen, whole.seen);
            }
        }
    }

    #[test]
    fn every_row_that_is_entered_is_left(
        tags in "(<(table|/table|tr|td|th|dl|dt|dd|p)>|x| ){0,40}",
    ) {
        for media in ["text/html", "application/xhtml+xml"] {
            let mut open = Vec::new();
            for seen in walk(media, &[format!("<html>{tags}").as_bytes()]).seen {
                match seen.what {
                    "enter" => open.push(seen.path),
                    "leave" => prop_assert_eq!(open.pop(), Some(seen.path)),
                    _ => {}
                }
            }
            prop_assert!(open.is_empty());
        }
    }

    #[test]
    fn any_bytes_are_markup(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        walk("text/html", &[b"<html><table><tr><td>", &bytes]);
    }
}

#[test]
fn columns_of_html_keep_their_names_when_paths_are_forgotten() {
    let mut paths = PathTable::new(Box::new(Words));
    let mut sink = Recorder::default();
    let mut walker = super::super::markup::MarkupWalker::at_level(0);
    for piece in PAGE.as_bytes().chunks(5) {
        let root = paths.root(super::super::Root::Text);
        walker.push(piece, root, &mut paths, &mut sink);
        paths.clear();
    }
    let root = paths.root(super::super::Root::Text);
    walker.finish(root, &mut paths, &mut sink);
    let mut expected = walk("text/html", &[PAGE.as_bytes()]).values();
    expected.retain(|(path, _)| path != "$");
    assert_eq!(sink.values(), expected);
}
