//! Cards and calendars in JSON (jCard, RFC 7095; jCal, RFC 7265): lists whose elements have their
//! meaning by their places. Their paths are those of the same card as text:
//! `["vcard",[["fn",{},"text","Ann"]]]` at `$` has `$.vcard.full_name`.

use crate::content::card;
use crate::content::paths::Interned;
use crate::content::{FieldSink, PathId, PathTable, Step};

use super::JsonWalker;
use super::containers::{Container, Frame};

/// Places of a property: its name, its parameters, and this is its type; values are behind it.
const TYPE: u16 = 2;

impl JsonWalker {
    /// Opens a list in one that is a part of a card.
    pub(super) fn open_in_card<S: FieldSink>(
        &mut self,
        paths: &mut PathTable,
        sink: &mut S,
    ) -> bool {
        let Frame { container, keys, path, .. } = self.top;
        match container {
            Container::Card(place) => {
                let component = self.component(place, paths);
                self.top.container = Container::CardBody(place);
                sink.enter(paths, component);
                self.open_as((Container::Properties, component), paths);
            }
            Container::CardBody(place) => {
                let component = self.component(place, paths);
                self.open_as((Container::Components, component), paths);
            }
            Container::Components => {
                self.open_as((Container::Component, path), paths);
                self.watching = true;
            }
            Container::Properties => {
                self.open_at(Container::Property, path);
                self.watching = true;
            }
            Container::Property if keys > TYPE => {
                self.open_at(Container::Parts, path);
                self.place_in_card(paths);
            }
            _ => return false,
        }
        true
    }

    /// Opens a list whose elements have places.
    fn open_at(&mut self, container: Container, path: PathId) {
        self.stack.push(self.top);
        self.top = Frame { container, keys: 0, path, child: path };
    }

    /// The path of the component whose name has this place, in the list at hand.
    fn component(&self, place: u8, paths: &mut PathTable) -> PathId {
        let name = card::COMPONENTS.get(usize::from(place)).copied().unwrap_or_default();
        paths.named(self.top.path, Step::Key, name.as_bytes()).id()
    }

    /// The name of a component or property; whether it is one.
    pub(super) fn hear_in_card<S: FieldSink>(
        &mut self,
        text: &[u8],
        paths: &mut PathTable,
        sink: &mut S,
    ) -> bool {
        self.watching = false;
        let Frame { container, keys, path, .. } = self.top;
        match container {
            Container::Array | Container::Component => {
                let known = |known: &&str| known.as_bytes() == text;
                let place = card::COMPONENTS.iter().position(known);
                self.top.container = match place.and_then(|place| u8::try_from(place).ok()) {
                    Some(place) => Container::Card(place),
                    None => Container::Array,
                };
                false
            }
            Container::Property if keys == 0 => {
                let member = card::member_of(text);
                let named = paths.named(path, Step::Key, member);
                if let Interned::Data(data) = named {
                    sink.key(paths, data, member);
                }
                (self.top.path, self.top.child) = (named.id(), named.id());
                true
            }
            _ => false,
        }
    }

    /// The path of what stands at the place at hand of a property or of its value.
    pub(super) fn place_in_card(&mut self, paths: &mut PathTable) {
        self.watching = false;
        let Frame { container, keys, path, .. } = self.top;
        self.top.child = match container {
            Container::Property if keys == TYPE => paths.named(path, Step::Key, b"value_type").id(),
            Container::Parts => match card::parts_of(paths.raw_name(path)).get(usize::from(keys)) {
                Some(part) => paths.named(path, Step::Key, part.as_bytes()).id(),
                None => path,
            },
            _ => path,
        };
    }
}

#[cfg(test)]
mod tests;
