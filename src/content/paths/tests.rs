use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::base::limits::PATHS_HARD_FACTOR;
use crate::content::recorder::KeepAll;

use super::*;

fn member(paths: &mut PathTable, parent: PathId, name: &str) -> PathId {
    paths.named(parent, Step::Key, name.as_bytes()).id()
}

#[test]
fn the_same_name_below_the_same_parent_is_the_same_path() {
    let mut paths = PathTable::new(Box::new(KeepAll));
    let root = paths.root(Root::Json);
    let a = member(&mut paths, root, "a");
    let items = paths.step(a, Step::Index);
    let inner = member(&mut paths, items, "a");
    assert_eq!(member(&mut paths, root, "a"), a);
    assert_ne!(inner, a);
    assert_eq!(paths.render(inner), "$.a[*].a");
    assert_eq!((paths.name(inner), paths.name(items), paths.name(root)), ("a", "", ""));
    assert_eq!((paths.parent(inner), paths.parent(root)), (Some(items), None));
    assert_eq!((paths.step_of(inner), paths.step_of(items)), (Some(Step::Key), Some(Step::Index)));
}

#[test]
fn the_policy_is_asked_once_per_path_it_keeps() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let mut paths = PathTable::new(Box::new(move |key: &[u8]| {
        counter.fetch_add(1, Ordering::Relaxed);
        key != b"943 476 5919"
    }));
    let root = paths.root(Root::Json);
    for _ in 0..3 {
        assert_eq!(
            paths.named(root, Step::Key, b"ok"),
            Interned::Named(member(&mut paths, root, "ok"))
        );
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    let refused = paths.named(root, Step::Key, b"943 476 5919");
    assert!(matches!(refused, Interned::Data(_)));
    assert_eq!(paths.render(refused.id()), "$.*");
    assert_eq!(paths.name(refused.id()), "*");
    assert!(paths.is_data(refused.id()));
    assert_ne!(member(&mut paths, root, "*"), refused.id());
}

#[test]
fn names_that_are_no_text_or_too_long_are_data() {
    let mut paths = PathTable::new(Box::new(KeepAll));
    let root = paths.root(Root::Json);
    assert!(matches!(paths.named(root, Step::Key, b"\xff"), Interned::Data(_)));
    let longest = [b'k'; KEY_BYTES_MAX];
    assert!(matches!(paths.named(root, Step::Key, &longest), Interned::Named(_)));
    let long = [b'k'; KEY_BYTES_MAX + 1];
    assert!(matches!(paths.named(root, Step::Key, &long), Interned::Data(_)));
}

#[test]
fn the_expected_member_is_told_by_its_spelling_alone() {
    for name in
        ["", "a", "123456", "1234567", "12345678901234", "123456789012345", "a name of many bytes"]
    {
        let mut paths = PathTable::new(Box::new(KeepAll));
        let root = paths.root(Root::Json);
        let next = member(&mut paths, root, name);
        paths.followed(root, PathId::NONE, next);
        let text = format!("{name}\":\"value\"");
        let found = paths.expected(root, PathId::NONE, text.as_bytes());
        assert_eq!(found, Some((next, name.len() + 2)), "{name}");
        for at in 0..name.len() + 2 {
            let mut wrong = text.clone().into_bytes();
            wrong[at] ^= 1;
            assert_eq!(paths.expected(root, PathId::NONE, &wrong), None, "{name} {at}");
        }
        assert_eq!(paths.expected(root, next, text.as_bytes()), None);
    }
}

#[test]
fn a_name_that_needs_escapes_is_never_expected() {
    let mut paths = PathTable::new(Box::new(KeepAll));
    let root = paths.root(Root::Json);
    let next = member(&mut paths, root, "a\"b");
    paths.followed(root, PathId::NONE, next);
    assert_eq!(paths.expected(root, PathId::NONE, b"a\"b\":1,\"c\":2"), None);
}

#[test]
fn header_names_are_lowered() {
    let mut paths = PathTable::new(Box::new(KeepAll));
    let path = paths.header(b"X-Patient-ID");
    assert_eq!(paths.render(path), "x-patient-id");
    let long = paths.header(&[b'X'; 400]);
    assert_eq!(paths.render(long), "*");
}

#[test]
fn a_table_that_was_cleared_is_empty_and_of_another_generation() {
    let mut paths = PathTable::new(Box::new(KeepAll));
    paths.root(Root::Json);
    paths.clear();
    assert!(paths.is_empty());
    assert_eq!(paths.generation(), 1);
}

#[test]
fn a_path_is_copied_with_its_steps_and_not_made_where_there_is_no_room() {
    let mut from = PathTable::new(Box::new(KeepAll));
    let root = from.root(Root::Json);
    let array = from.step(root, Step::Index);
    let path = from.named(array, Step::Key, b"nhs number").id();
    // Whoever copies does not ask: the name was kept there.
    let mut to = PathTable::new(Box::new(|_: &[u8]| false));
    let copied = to.copy(&from, path).expect("there is room");
    assert_eq!(to.render(copied), from.render(path));
    assert_eq!(to.copy(&from, path), Some(copied));
    let mut deep = path;
    for _ in 0..64 {
        deep = from.named(deep, Step::Key, b"a").id();
    }
    assert_eq!(to.copy(&from, deep), None);
}

#[test]
fn the_table_ends_at_its_hard_limit() {
    let most = 1000;
    let mut paths = PathTable::new(Box::new(KeepAll)).within(most);
    let root = paths.root(Root::Json);
    for n in 0..PATHS_HARD_FACTOR * most + 10 {
        assert_eq!(paths.is_full(), paths.len() >= most);
        member(&mut paths, root, &n.to_string());
    }
    assert!(paths.is_at_its_end());
    assert_eq!(paths.len(), PATHS_HARD_FACTOR * most);
    assert_eq!(paths.overflows(), 11);
    assert_eq!(member(&mut paths, root, "one more"), root);
}
