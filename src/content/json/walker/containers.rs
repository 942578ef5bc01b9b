//! Containers: those of JSON, and lists whose elements mean something by their places.

use crate::base::limits::{DEPTH_MAX, DEPTH_TOLD_MAX};
use crate::content::{FieldSink, PathId, PathTable, Step};

use super::{JsonWalker, State};

/// Containers that may still lie in a list with a meaning of its own: none begins so deep that
/// paths are cut within it.
const LISTS_WITHIN: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    Document,
    Object,
    Array,
    /// The names of the columns of a table.
    Names,
    /// The rows of a table whose columns have names.
    Rows,
    /// The same where names may come behind them.
    EarlyRows,
    /// One of these: each element is a value of its column.
    Row,
    /// The cells of a row that is an object with more in it.
    Cells,
    /// A component of jCard (RFC 7095) or jCal (RFC 7265) whose name comes next.
    Component,
    /// The same behind its name, which has this place among those that are known.
    Card(u8),
    /// The same behind its properties.
    CardBody(u8),
    /// The properties of a component.
    Properties,
    /// One of these: name, parameters, type, values.
    Property,
    /// A value that has parts by their order.
    Parts,
    /// Components within another.
    Components,
}

impl Container {
    /// Whether its end is a square bracket.
    pub(super) fn is_list(self) -> bool {
        !matches!(self, Container::Document | Container::Object)
    }

    /// Whether `byte`, a bracket, ends it.
    pub(super) fn ends_with(self, byte: u8) -> bool {
        match self {
            Container::Document => false,
            Container::Object => byte == b'}',
            _ => byte == b']',
        }
    }

    /// Whether all its elements have one path, that of an element.
    pub(super) fn has_elements(self) -> bool {
        use Container::{Cells, Document, Object, Parts, Property, Row};
        !matches!(self, Document | Object | Row | Cells | Property | Parts)
    }

    /// Whether more is to be done at its end than to go back to what is around it.
    fn closes_apart(self) -> bool {
        matches!(self, Container::Names | Container::Row | Container::Properties)
    }
}

/// An open container.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) container: Container,
    /// Keys so far; of a list whose elements have places, the place of the element at hand.
    pub(super) keys: u16,
    pub(super) path: PathId,
    /// Path of the value that is next or was last.
    pub(super) child: PathId,
}

impl JsonWalker {
    pub(super) fn open<S: FieldSink>(
        &mut self,
        container: Container,
        paths: &mut PathTable,
        sink: &mut S,
    ) {
        self.too_deep |= self.stack.len() >= DEPTH_MAX;
        if self.stack.len() >= DEPTH_TOLD_MAX {
            (self.nameless, self.over) = (true, 1);
            // All below goes to the path that the containers here share.
            self.top.child = self.top.path;
            self.state = State::Over;
            return;
        }
        if self.top.container == Container::Document {
            self.values += 1;
        }
        // Deeper containers are one to their members: the path is cut there.
        let path = match self.stack.len() {
            ..DEPTH_MAX => self.top.child,
            DEPTH_MAX => paths.data(self.top.child, Step::Key),
            _ => self.top.path,
        };
        if container == Container::Object {
            self.stack.push(self.top);
            self.top = Frame { container, keys: 0, path, child: PathId::NONE };
            self.state = State::Key;
            return sink.enter(paths, path);
        }
        self.state = State::Value;
        if self.top.container != Container::Array
            && self.top.container != Container::Document
            && self.stack.len() + LISTS_WITHIN < DEPTH_MAX
            && self.open_list(paths, sink)
        {
            return;
        }
        self.open_as((Container::Array, path), paths);
    }

    /// Opens a list whose elements have one path.
    pub(super) fn open_as(
        &mut self,
        (container, path): (Container, PathId),
        paths: &mut PathTable,
    ) {
        self.stack.push(self.top);
        let child = paths.step(path, Step::Index);
        self.top = Frame { container, keys: 0, path, child };
    }

    /// Opens a list that has a meaning by what it lies in; `false` where it has none.
    #[inline(never)]
    fn open_list<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) -> bool {
        match self.top.container {
            Container::Object => self.open_table(paths, sink),
            Container::Rows => self.open_row(paths, sink),
            Container::EarlyRows => self.begin_hold(),
            _ => self.open_in_card(paths, sink),
        }
    }

    pub(super) fn close<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) {
        let closed = self.top;
        if self.tables.is_some() && self.is_around_held() {
            (self.malformed, self.state) = (true, State::After);
            return;
        }
        if closed.container == Container::Object {
            if self.tables.is_some() {
                self.leave_tables(paths, sink);
            }
            sink.leave(paths, closed.path);
            self.last = closed.child;
        }
        match self.stack.pop() {
            Some(outer) => self.top = outer,
            None => self.malformed = true,
        }
        self.state = State::After;
        self.watching = self.tables.is_some() && self.is_at_names();
        if closed.container.closes_apart() {
            match closed.container {
                Container::Names => self.end_names(closed, paths, sink),
                _ => sink.leave(paths, closed.path),
            }
        }
    }

    /// Behind the comma in a list whose elements have places, or in an object.
    #[inline(never)]
    pub(super) fn next_place(&mut self, paths: &mut PathTable) {
        self.state = State::Value;
        self.top.keys = self.top.keys.saturating_add(1);
        match self.top.container {
            Container::Row | Container::Cells => self.place_cell(paths),
            Container::Property | Container::Parts => self.place_in_card(paths),
            _ => {}
        }
    }

    /// Whether the string `text` may be a name of what comes behind it: asked of every value that
    /// does not follow a key as it is expected to.
    #[inline]
    pub(super) fn watches(&self, text: &[u8]) -> bool {
        self.watching
            || (self.top.container == Container::Array && matches!(text, b"vcard" | b"vcalendar"))
    }

    /// Takes a string that is watched for; whether it is a name and no value.
    #[cold]
    pub(super) fn heard<S: FieldSink>(
        &mut self,
        text: &[u8],
        paths: &mut PathTable,
        sink: &mut S,
    ) -> bool {
        if self.over > 0 {
            return false;
        }
        match self.top.container {
            Container::Names | Container::Object => {
                self.hear_name(text, paths);
                false
            }
            _ => self.hear_in_card(text, paths, sink),
        }
    }

    /// The same of the string that the leaf holds.
    #[cold]
    pub(super) fn heard_held<S: FieldSink>(&mut self, paths: &mut PathTable, sink: &mut S) -> bool {
        let mut held = [0u8; crate::base::limits::KEY_BYTES_MAX];
        let text = self.leaf.held();
        let whole = self.leaf.is_whole();
        let Some(held) = held.get_mut(..text.len()).filter(|_| whole) else { return false };
        held.copy_from_slice(text);
        self.heard(held, paths, sink)
    }
}
