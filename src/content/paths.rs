//! Interned field paths: a tree of (parent, step) whose nodes are numbers.
//!
//! Walkers meet the same few hundred paths millions of times. Objects of one kind also repeat the
//! order of their keys, so every node remembers which sibling followed it last time; the bytes of
//! the next key are then compared in place with those of the guess, and only a wrong guess is
//! looked up by hash.

mod room;

use std::fmt;
use std::hash::{BuildHasher, Hasher};

use hashbrown::HashTable;

use crate::base::limits::{KEY_BYTES_MAX, PATHS_MAX};
use crate::base::table_state;

use super::step::{Root, Step};

/// A path in one generation of one [`PathTable`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathId(u32);

impl PathId {
    /// No path: never handed to a sink.
    pub(crate) const NONE: PathId = PathId(u32::MAX);

    /// The path's place in its table, dense from 0.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Decides which names are names and which are data.
pub trait KeyPolicy {
    /// Whether `key` may be stored as part of a path. What is refused becomes `*` and is handed to
    /// [`super::FieldSink::key`] each time it occurs. Asked once per path that is made, and each
    /// time for what was refused.
    fn keep(&self, key: &[u8]) -> bool;

    /// Whether `text`, which stands where a name with its value is expected and has no value
    /// (`?flag`, `?8f14e45f…`), may be stored as a name. It may as well be a value alone.
    fn keep_bare(&self, text: &[u8]) -> bool {
        self.keep(text)
    }
}

impl<F: Fn(&[u8]) -> bool> KeyPolicy for F {
    fn keep(&self, key: &[u8]) -> bool {
        self(key)
    }
}

/// The result of interning a name that traffic controls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interned {
    /// The name is part of the path.
    Named(PathId),
    /// The name is data: this is the `*` beside it.
    Data(PathId),
}

impl Interned {
    /// The path, either way.
    pub(crate) fn id(self) -> PathId {
        match self {
            Interned::Named(path) | Interned::Data(path) => path,
        }
    }
}

/// One interned path.
#[derive(Clone, Debug)]
struct Node {
    parent: PathId,
    step: Step,
    /// A name that was refused: `*`.
    data: bool,
    /// Length of `name":` as it stands in JSON, 0 when the name cannot stand there unescaped.
    quoted: u8,
    name_len: u8,
    name_at: u32,
    /// The first eight bytes of `name":`, and the last eight where it is longer.
    head: u64,
    tail: u64,
    /// The children that came first lately.
    first: Lately,
    /// The siblings that followed lately.
    next: Lately,
    index: PathId,
}

/// Which paths came at one place lately, the latest first. Two, because members are left out
/// and kinds of objects take turns.
#[derive(Clone, Copy, Debug)]
struct Lately([PathId; 2]);

impl Default for Lately {
    fn default() -> Self {
        Lately([PathId::NONE; 2])
    }
}

impl Lately {
    fn note(&mut self, path: PathId) {
        let Lately([latest, before]) = self;
        (*latest, *before) = (path, *latest);
    }
}

/// The paths of one worker.
pub struct PathTable {
    policy: Box<dyn KeyPolicy + Send>,
    nodes: Vec<Node>,
    /// Every name once, each followed by `":`.
    names: Vec<u8>,
    lookup: HashTable<PathId>,
    hasher: foldhash::quality::RandomState,
    generation: u32,
    overflows: u64,
    /// Paths from which on it is full.
    most: usize,
}

impl PathTable {
    /// An empty table whose names pass `policy`.
    pub fn new(policy: Box<dyn KeyPolicy + Send>) -> Self {
        PathTable {
            policy,
            nodes: Vec::new(),
            names: Vec::new(),
            lookup: HashTable::new(),
            hasher: table_state(),
            generation: 0,
            overflows: 0,
            most: PATHS_MAX,
        }
    }

    /// Interned paths.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether no path is interned.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Forgets every path: all [`PathId`]s of before are void. Allowed between any two
    /// calls to a walker; walkers notice and intern again what they stand on.
    pub fn clear(&mut self) {
        self.nodes.clear();
        self.names.clear();
        self.lookup.clear();
        self.generation = self.generation.wrapping_add(1);
    }

    /// How often the table was cleared.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// The path of a root.
    pub fn root(&mut self, root: Root) -> PathId {
        self.step(PathId::NONE, root.into())
    }

    /// The path of one header field; `name` is lowered.
    pub fn header(&mut self, name: &[u8]) -> PathId {
        let root = self.root(Root::Header);
        let mut lower = [0u8; KEY_BYTES_MAX];
        let Some(lower) = lower.get_mut(..name.len()) else {
            return self.data(root, Step::Name);
        };
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        self.named(root, Step::Name, lower).id()
    }

    /// The last name of `path`; empty for a root or an index, `*` for a name that is data.
    pub fn name(&self, path: PathId) -> &str {
        match self.nodes.get(path.index()) {
            Some(node) if node.data => "*",
            Some(node) => std::str::from_utf8(self.name_bytes(node)).unwrap_or("*"),
            None => "",
        }
    }

    /// The path without its last step; `None` for a root.
    pub fn parent(&self, path: PathId) -> Option<PathId> {
        self.nodes.get(path.index()).map(|n| n.parent).filter(|p| *p != PathId::NONE)
    }

    /// The last step of `path`.
    pub fn step_of(&self, path: PathId) -> Option<Step> {
        self.nodes.get(path.index()).map(|n| n.step)
    }

    /// Whether the last name of `path` was data and became `*`.
    pub fn is_data(&self, path: PathId) -> bool {
        self.nodes.get(path.index()).is_some_and(|n| n.data)
    }

    /// The canonical spelling, such as `$.patients[*].nhs`, `/record/@id` or `part:$.x`.
    pub fn render(&self, path: PathId) -> String {
        let mut chain = Vec::new();
        let mut at = Some(path);
        while let Some(id) = at {
            chain.push(id);
            at = self.parent(id);
        }
        let mut out = String::new();
        for id in chain.into_iter().rev() {
            self.render_step(id, &mut out);
        }
        out
    }

    fn render_step(&self, path: PathId, out: &mut String) {
        let Some(node) = self.nodes.get(path.index()) else { return };
        let name = self.name(path);
        match node.step {
            Step::Json | Step::Text => out.push('$'),
            Step::Nested => out.push_str("|$"),
            Step::Decoded => out.push('|'),
            Step::Xml | Step::Form | Step::Query | Step::Header | Step::Cookie => {}
            Step::Hl7v2 => {}
            Step::Field => out.extend(["-", name]),
            Step::Component => out.extend([".", name]),
            Step::Part => out.push_str("part:"),
            Step::FileName => out.push_str(";filename"),
            Step::Index => out.push_str("[*]"),
            Step::Element => out.extend(["/", name]),
            Step::Attribute => out.extend(["/@", name]),
            Step::Name | Step::Segment => out.push_str(name),
            Step::Key if node.data => out.push_str(".*"),
            Step::Key => super::names::push_member(name, out),
        }
    }

    /// A step without a name below `parent`.
    pub(crate) fn step(&mut self, parent: PathId, step: Step) -> PathId {
        if step == Step::Index
            && let Some(node) = self.nodes.get(parent.index())
            && node.index != PathId::NONE
        {
            return node.index;
        }
        let made = self.intern(parent, step, false, b"");
        if step == Step::Index
            && let Some(node) = self.nodes.get_mut(parent.index())
        {
            node.index = made;
        }
        made
    }

    /// A step whose name traffic controls.
    pub(crate) fn named(&mut self, parent: PathId, step: Step, name: &[u8]) -> Interned {
        let key = NodeKey { parent, step, data: false, name };
        let hash = key.hash(&self.hasher);
        if let Some(found) = self.find(hash, key) {
            return Interned::Named(found);
        }
        let keep = name.len() <= KEY_BYTES_MAX
            && std::str::from_utf8(name).is_ok()
            && self.policy.keep(name);
        if keep {
            Interned::Named(self.make(hash, key))
        } else {
            Interned::Data(self.data(parent, step))
        }
    }

    /// Whether `text` without a value is a name: asked each time, since the same word may be one
    /// elsewhere.
    pub(crate) fn keeps_bare(&self, text: &[u8]) -> bool {
        self.policy.keep_bare(text)
    }

    /// The same as [`PathTable::named`] where `last` was the path before: what followed it last
    /// time is tried first.
    pub(crate) fn named_after(
        &mut self,
        last: PathId,
        parent: PathId,
        step: Step,
        name: &[u8],
    ) -> Interned {
        let key = NodeKey { parent, step, data: false, name };
        let Lately(guesses) = self.nodes.get(last.index()).map(|n| n.next).unwrap_or_default();
        for guess in guesses {
            if self.nodes.get(guess.index()).is_some_and(|n| self.key(n) == key) {
                return Interned::Named(guess);
            }
        }
        let interned = self.named(parent, step, name);
        if let Some(node) = self.nodes.get_mut(last.index()) {
            node.next.note(interned.id());
        }
        interned
    }

    /// The step below `parent` that stands for every name that is data.
    pub(crate) fn data(&mut self, parent: PathId, step: Step) -> PathId {
        self.intern(parent, step, true, b"")
    }

    /// The member that most likely comes next in the object at `object`, after its member `last`
    /// (or [`PathId::NONE`] at the start), when the bytes behind the opening quote say so: its
    /// path and the length of `name":`.
    #[inline(always)]
    pub(crate) fn expected(
        &self,
        object: PathId,
        last: PathId,
        rest: &[u8],
    ) -> Option<(PathId, usize)> {
        let Lately(guesses) = if last == PathId::NONE {
            self.nodes.get(object.index())?.first
        } else {
            self.nodes.get(last.index())?.next
        };
        for guess in guesses {
            let node = self.nodes.get(guess.index())?;
            if self.spells(node, rest) {
                return Some((guess, usize::from(node.quoted)));
            }
        }
        None
    }

    /// Whether `rest` begins with `name":`.
    #[inline]
    fn spells(&self, node: &Node, rest: &[u8]) -> bool {
        let len = usize::from(node.quoted);
        let Some(head) = rest.first_chunk::<8>() else { return false };
        let head = u64::from_le_bytes(*head);
        if len <= 8 {
            // Never quoted: no mask would be a match of nothing.
            return len != 0 && (head ^ node.head) << (64 - 8 * len) == 0;
        }
        if head != node.head {
            return false;
        }
        let Some(spelled) = rest.get(..len) else { return false };
        if len <= 16 {
            return spelled.last_chunk::<8>().is_some_and(|t| u64::from_le_bytes(*t) == node.tail);
        }
        let at = node.name_at as usize;
        self.names.get(at..at + len) == Some(spelled)
    }

    /// Notes that in the object at `object`, `next` came after `last`.
    #[inline]
    pub(crate) fn followed(&mut self, object: PathId, last: PathId, next: PathId) {
        if last == PathId::NONE {
            if let Some(node) = self.nodes.get_mut(object.index()) {
                node.first.note(next);
            }
        } else if let Some(node) = self.nodes.get_mut(last.index()) {
            node.next.note(next);
        }
    }

    /// Interns without asking the policy: for names that passed it before.
    pub(crate) fn intern(&mut self, parent: PathId, step: Step, data: bool, name: &[u8]) -> PathId {
        let key = NodeKey { parent, step, data, name };
        let hash = key.hash(&self.hasher);
        self.find(hash, key).unwrap_or_else(|| self.make(hash, key))
    }

    /// The same path as `path` is in `other`: its names passed a policy there. `None` where it is
    /// deeper than most, or this table has no room.
    pub(crate) fn copy(&mut self, other: &PathTable, path: PathId) -> Option<PathId> {
        const STEPS_MAX: usize = 64;
        let (mut chain, mut steps, mut at) = ([PathId::NONE; STEPS_MAX], 0, Some(path));
        while let Some(id) = at {
            *chain.get_mut(steps)? = id;
            (steps, at) = (steps + 1, other.parent(id));
        }
        let room = self.nodes.len() + steps <= self.most;
        let mut copied = PathId::NONE;
        for id in chain.get(..steps).filter(|_| room)?.iter().rev() {
            let node = other.nodes.get(id.index())?;
            copied = self.intern(copied, node.step, node.data, other.name_bytes(node));
        }
        Some(copied)
    }

    /// The raw name of `path`.
    pub(crate) fn raw_name(&self, path: PathId) -> &[u8] {
        self.nodes.get(path.index()).map_or(&[], |n| self.name_bytes(n))
    }

    fn name_bytes(&self, node: &Node) -> &[u8] {
        node.name_in(&self.names)
    }

    fn find(&self, hash: u64, key: NodeKey<'_>) -> Option<PathId> {
        let same = |id: &PathId| self.nodes.get(id.index()).is_some_and(|n| self.key(n) == key);
        self.lookup.find(hash, same).copied()
    }

    fn key<'a>(&'a self, node: &'a Node) -> NodeKey<'a> {
        let Node { parent, step, data, .. } = *node;
        NodeKey { parent, step, data, name: self.name_bytes(node) }
    }

    fn make(&mut self, hash: u64, key: NodeKey<'_>) -> PathId {
        let NodeKey { parent, step, data, name } = key;
        if self.is_at_its_end() && parent != PathId::NONE {
            self.overflows += 1;
            return parent;
        }
        let (Ok(id), Ok(name_at), Ok(name_len)) = (
            u32::try_from(self.nodes.len()),
            u32::try_from(self.names.len()),
            u8::try_from(name.len()),
        ) else {
            return parent;
        };
        let id = PathId(id);
        self.names.extend_from_slice(name);
        self.names.extend_from_slice(b"\":");
        let spelled = self.names.get(name_at as usize..).unwrap_or_default();
        let plain = step == Step::Key && !data && !name.iter().any(|b| matches!(b, b'"' | b'\\'));
        let mut head = [0u8; 8];
        for (into, from) in head.iter_mut().zip(spelled) {
            *into = *from;
        }
        let tail = spelled.last_chunk::<8>().copied().unwrap_or_default();
        self.nodes.push(Node {
            parent,
            step,
            data,
            quoted: if plain { name_len.saturating_add(2) } else { 0 },
            name_len,
            name_at,
            head: u64::from_le_bytes(head),
            tail: u64::from_le_bytes(tail),
            first: Lately::default(),
            next: Lately::default(),
            index: PathId::NONE,
        });
        let (nodes, names, hasher) = (&self.nodes, &self.names, &self.hasher);
        self.lookup.insert_unique(hash, id, |other| {
            let Some(node) = nodes.get(other.index()) else { return 0 };
            let Node { parent, step, data, .. } = *node;
            NodeKey { parent, step, data, name: node.name_in(names) }.hash(hasher)
        });
        id
    }
}

impl Node {
    fn name_in<'a>(&self, names: &'a [u8]) -> &'a [u8] {
        let at = self.name_at as usize;
        names.get(at..at + usize::from(self.name_len)).unwrap_or_default()
    }
}

/// What makes a node itself.
#[derive(Clone, Copy, PartialEq, Eq)]
struct NodeKey<'a> {
    parent: PathId,
    step: Step,
    data: bool,
    name: &'a [u8],
}

impl NodeKey<'_> {
    fn hash(&self, state: &foldhash::quality::RandomState) -> u64 {
        let mut hasher = state.build_hasher();
        let place = u64::from(self.parent.0) << 16 | u64::from(self.step as u8) << 8;
        hasher.write_u64(place | u64::from(self.data));
        hasher.write(self.name);
        hasher.finish()
    }
}

impl fmt::Debug for PathTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PathTable")
            .field("paths", &self.nodes.len())
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
