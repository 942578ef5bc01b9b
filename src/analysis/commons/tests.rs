use std::sync::Arc;

use super::*;

#[test]
fn numbers_are_dense_and_the_same_for_the_same() {
    let mut tokens = Numbered::<Arc<str>>::default();
    assert_eq!(
        [tokens.number("a".into()), tokens.number("b".into()), tokens.number("a".into())],
        [0, 1, 0]
    );
    assert_eq!(tokens.at(1).map(|t| &**t), Some("b"));
    assert_eq!(tokens.at(2), None);
}

#[test]
fn a_dictionary_of_another_edition_is_void() {
    let commons = Commons::within(&Shares::of(64 << 20, 2));
    let mut book = commons.book.lock().expect("nobody panicked");
    let mut known = Dictionary::default();
    known.columns.note(7, 3);
    assert_eq!((known.columns.there(7), known.columns.here(3)), (Some(3), Some(7)));
    known.follow(&book);
    assert_eq!(known.columns.there(7), Some(3), "the same edition");
    book.forget();
    known.follow(&book);
    assert_eq!((known.columns.there(7), known.columns.here(3)), (None, None));
}

#[test]
fn as_many_paths_are_shared_as_there_is_room_for_and_then_others() {
    let mut own = PathTable::new(Box::new(|_: &[u8]| true));
    let mut book = Commons::within(&Shares::default()).book.into_inner().expect("no panic");
    let root = own.root(crate::content::Root::Query);
    let mut copied = 0;
    while !book.paths.is_full() {
        let name = format!("name{copied}");
        let path = own.named(root, crate::content::Step::Name, name.as_bytes()).id();
        let Some(there) = book.paths.copy(&own, path) else { break };
        assert_eq!(book.paths.render(there), own.render(path));
        copied += 1;
        if own.is_full() {
            own.clear();
            own.root(crate::content::Root::Query);
        }
    }
    assert!(copied > 60_000, "{copied}");
    book.forget();
    assert!(book.paths.is_empty() && book.edition == 1);
}
