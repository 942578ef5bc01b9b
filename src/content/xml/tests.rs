use proptest::prelude::*;

use super::XmlWalker;
use crate::base::limits::DEPTH_MAX;
use crate::content::recorder::{KeepNamed, Recorder, cut};
use crate::content::{PathTable, Root};

/// A parsed document, as a DOM would hold it.
#[derive(Clone, Debug)]
struct Element {
    prefix: &'static str,
    name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Child>,
}

#[derive(Clone, Debug)]
enum Child {
    Element(Element),
    Text(String),
    Cdata(String),
    Comment,
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&#34;").replace('\'', "&#x27;")
}

impl Element {
    fn write(&self, out: &mut String) {
        let Element { prefix, name, attributes, children } = self;
        out.extend(["<", *prefix, name]);
        for (name, value) in attributes {
            out.extend([" ", name, "=\"", &escape(value), "\""]);
        }
        if children.is_empty() {
            out.push_str("/>");
            return;
        }
        out.push('>');
        for child in children {
            match child {
                Child::Element(element) => element.write(out),
                Child::Text(text) => out.push_str(&escape(text)),
                Child::Cdata(text) => out.extend(["<![CDATA[", text, "]]>"]),
                Child::Comment => out.push_str("<!-- <no> - & -->"),
            }
        }
        out.extend(["</", *prefix, name, ">"]);
    }

    fn fields(&self, parent: &str, out: &mut Vec<(String, String)>) {
        let path = format!("{parent}/{}", self.name);
        for (name, value) in &self.attributes {
            out.push((format!("{path}/@{name}"), value.clone()));
        }
        let mut text = String::new();
        let end = |text: &mut String, out: &mut Vec<_>| {
            let value = std::mem::take(text);
            if !value.trim_ascii().is_empty() {
                out.push((path.clone(), value.trim_ascii().to_owned()));
            }
        };
        for child in &self.children {
            match child {
                Child::Element(element) => {
                    end(&mut text, out);
                    element.fields(&path, out);
                }
                Child::Text(piece) | Child::Cdata(piece) => text.push_str(piece),
                Child::Comment => out.push((format!("{path}/comment()"), "<no> - &".into())),
            }
        }
        end(&mut text, out);
    }
}

fn arb_element() -> impl Strategy<Value = Element> {
    let text = "[ \nab&<>\"'é;]{0,8}";
    let head = (
        prop_oneof![Just(""), Just("ns:")],
        "[a-cé][a-c0-9.-]{0,10}",
        proptest::collection::vec(("[a-c]{1,3}", text), 0..3),
    );
    let leaf = prop_oneof![
        text.prop_map(Child::Text),
        "[ab\\]<&]{0,6}".prop_map(Child::Cdata),
        Just(Child::Comment),
    ];
    let child = leaf.prop_recursive(4, 24, 4, move |inner| {
        (head.clone(), proptest::collection::vec(inner, 0..4)).prop_map(
            |((prefix, name, attributes), children)| {
                Child::Element(Element { prefix, name, attributes, children })
            },
        )
    });
    proptest::collection::vec(child, 0..4).prop_map(|children| Element {
        prefix: "",
        name: "root".into(),
        attributes: Vec::new(),
        children,
    })
}

fn walk(pieces: &[&[u8]]) -> (Vec<(String, String)>, XmlWalker) {
    let mut paths = PathTable::new(Box::new(KeepNamed));
    let root = paths.root(Root::Xml);
    let mut walker = XmlWalker::new(root, &paths);
    let mut sink = Recorder::default();
    for piece in pieces {
        walker.push(piece, &mut paths, &mut sink);
    }
    walker.finish(&mut paths, &mut sink);
    (sink.values(), walker)
}

fn fields(text: &str) -> Vec<(String, String)> {
    walk(&[text.as_bytes()]).0
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

proptest! {
    #[test]
    fn the_walk_is_that_of_a_dom(
        root in arb_element(),
        cuts in proptest::collection::vec(any::<usize>(), 0..8),
    ) {
        let mut text = String::from("<?xml version=\"1.0\"?>\n");
        root.write(&mut text);
        let mut expected = Vec::new();
        root.fields("", &mut expected);
        // `]]>` cannot stand in CDATA: the strategy never makes one.
        let (seen, walker) = walk(&cut(text.as_bytes(), &cuts));
        prop_assert_eq!(seen, expected, "{}", text);
        prop_assert!(!walker.is_malformed());
    }

    #[test]
    fn cutting_anything_like_xml_anywhere_changes_nothing(
        text in "[<>/=\"'a!\\[\\]CDAT&;# ?x-]{0,60}",
        cuts in proptest::collection::vec(any::<usize>(), 0..8),
    ) {
        let text = format!("<a>{text}");
        let (whole, cut) = (walk(&[text.as_bytes()]), walk(&cut(text.as_bytes(), &cuts)));
        prop_assert_eq!(whole.0, cut.0);
        prop_assert_eq!(whole.1.is_malformed(), cut.1.is_malformed());
    }
}

#[test]
fn entities_of_a_document_never_grow() {
    let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>";
    let seen = [("/!ENTITY", "bbbb"), ("/!ENTITY", "&b;&b;"), ("/a", "&c;")];
    assert_eq!(fields(bomb), pairs(&seen));
}

#[test]
fn a_cut_document_is_walked_as_far_as_it_goes() {
    assert_eq!(fields("<a><b>uncle"), pairs(&[("/a/b", "uncle")]));
    assert_eq!(fields("<a><b c=\"unc"), pairs(&[("/a/b/@c", "unc")]));
}

#[test]
fn tags_that_do_not_match_are_told_and_survived() {
    let text = "<a><b>1<c>2</b><d e=f g>3</d></x><i>4 < 5</i></a>";
    let (seen, walker) = walk(&[text.as_bytes()]);
    let expected =
        [("/a/b", "1"), ("/a/b/c", "2"), ("/a/d/@e", "f"), ("/a/d", "3"), ("/a/i", "4 < 5")];
    assert_eq!(seen, pairs(&expected));
    assert!(walker.is_malformed());
}

#[test]
fn what_is_deep_keeps_its_own_name_below_a_cut_path() {
    let depth = DEPTH_MAX + 20;
    let text = format!("{}x{}<z>1</z>", "<a>".repeat(depth), "</a>".repeat(depth - 1));
    let seen = fields(&text);
    let cut = format!("{}/*/a", "/a".repeat(DEPTH_MAX));
    assert_eq!(seen, pairs(&[(&cut, "x"), ("/a/z", "1")]));
}

#[test]
fn comments_are_looked_at_where_they_stand() {
    let text = "<!-- <nhs>943 476 5919</nhs> --><r>a<!--\n jo@clinic.nl -- - --->b<!----><x>1</x>\
        <!-- {\"mrn\":\"77\"} --></r>";
    let expected = [
        ("/comment()", "<nhs>943 476 5919</nhs>"),
        ("/comment()|/nhs", "943 476 5919"),
        ("/r/comment()", "jo@clinic.nl -- - -"),
        ("/r", "ab"),
        ("/r/x", "1"),
        ("/r/comment()|$.mrn", "77"),
    ];
    let (seen, walker) = walk(&[text.as_bytes()]);
    assert_eq!(seen, pairs(&expected));
    assert!(!walker.is_malformed());
    for size in 1..6 {
        let pieces: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
        assert_eq!(walk(&pieces).0, seen);
    }
    assert_eq!(fields("<r>a<!-- uncle"), pairs(&[("/r/comment()", "uncle"), ("/r", "a")]));
}

#[test]
fn entities_are_looked_at_and_never_expanded() {
    let text = "<!DOCTYPE r [<!ENTITY e \"536-22-1234\"><!ENTITY f '&e;&e;'><!-- it's -->]>\
        <r><ssn>&e;</ssn><b c='&f;'/></r>";
    let expected = [
        ("/!ENTITY", "536-22-1234"),
        ("/!ENTITY", "&e;&e;"),
        ("/r/ssn", "&e;"),
        ("/r/b/@c", "&f;"),
    ];
    let (seen, walker) = walk(&[text.as_bytes()]);
    assert_eq!(seen, pairs(&expected));
    assert!(walker.has_unexpanded() && !walker.is_malformed());
    let pieces: Vec<&[u8]> = text.as_bytes().chunks(3).collect();
    assert_eq!(walk(&pieces).0, seen);
    assert!(!walk(&[b"<r>&e;</r>"]).1.has_unexpanded());
}

#[test]
fn values_of_a_property_list_are_called_by_their_keys() {
    let text = "<?xml version=\"1.0\"?><!DOCTYPE plist><plist version=\"1.0\"><dict>\
        <key>ssn</key><string>536-22-8745</string><key>active</key><true/>\
        <key> last &amp; first </key><string>Roe</string>\
        <key>home</key><dict><key>city</key><string>Leeds</string></dict>\
        <key>phones</key><array><string>1</string><dict><key>n</key><integer>2</integer></dict>\
        </array><string>left</string><key></key><string>none</string></dict></plist>";
    let expected = [
        ("/plist/@version", "1.0"),
        ("/plist/dict/key", "ssn"),
        ("/plist/dict/ssn", "536-22-8745"),
        ("/plist/dict/key", "active"),
        ("/plist/dict/key", "last & first"),
        ("/plist/dict/last & first", "Roe"),
        ("/plist/dict/key", "home"),
        ("/plist/dict/home/key", "city"),
        ("/plist/dict/home/city", "Leeds"),
        ("/plist/dict/key", "phones"),
        ("/plist/dict/phones/string", "1"),
        ("/plist/dict/phones/dict/key", "n"),
        ("/plist/dict/phones/dict/n", "2"),
        ("/plist/dict/string", "left"),
        ("/plist/dict/string", "none"),
    ];
    let (seen, walker) = walk(&[text.as_bytes()]);
    assert_eq!(seen, pairs(&expected));
    assert!(!walker.is_malformed() && walker.is_complete());
    for size in 1..6 {
        let pieces: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
        assert_eq!(walk(&pieces).0, seen);
    }
    // Elsewhere an element that is called so names nothing.
    let other = "<r><key>ssn</key><string>1</string></r>";
    assert_eq!(fields(other), pairs(&[("/r/key", "ssn"), ("/r/string", "1")]));
}
