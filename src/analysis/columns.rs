//! Columns: what a leaf is a value of.
//!
//! A column is a place (direction and location), a path and a context. The context is what the
//! structure around the leaf says of it: in FHIR the resource it belongs to and the issuer of an
//! identifier. Columns are interned per worker; endpoints keep evidence by column number.

use std::sync::Arc;

use crate::base::TableMap;
use crate::content::{PathId, PathTable, Step};
use crate::detect::CODE;
use crate::inventory::FieldKey;
use crate::model::{Direction, Location};

use super::operation::{cda, hl7v2};
use super::v2xml;

/// Direction and location of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// Request or response.
    pub direction: Direction,
    /// Where in it.
    pub location: Location,
}

/// What structure says of a leaf.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Context {
    /// The FHIR resource it belongs to: its type and the path of its root.
    pub resource: Option<(&'static str, PathId)>,
    /// Token of the issuer or kind, 0 where there is none.
    pub issuer: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Column {
    place: Place,
    path: PathId,
    context: u32,
}

/// A column, and what beside the path tells it from others.
#[derive(Clone, Copy, Debug)]
struct Recent {
    place: Place,
    context: u32,
    column: u32,
}

/// The token of a code system that no rule knows.
pub(super) const OTHER_CODE: u16 = 1;

/// The interned columns of one worker.
pub struct Columns {
    columns: Vec<Column>,
    index: TableMap<Column, u32>,
    contexts: Vec<Context>,
    context_index: TableMap<Context, u32>,
    tokens: Vec<Arc<str>>,
    token_index: TableMap<Arc<str>, u16>,
    /// The column last used with a path: indexed by path.
    recent: Vec<Recent>,
    /// What a column became last when its issuer was told: indexed by column.
    issued: Vec<(u16, u32)>,
    keys: Vec<Option<FieldKey>>,
}

impl Default for Columns {
    fn default() -> Self {
        let mut columns = Columns {
            columns: Vec::new(),
            index: TableMap::default(),
            contexts: Vec::new(),
            context_index: TableMap::default(),
            tokens: vec!["".into(), CODE.into()],
            token_index: TableMap::default(),
            recent: Vec::new(),
            issued: Vec::new(),
            keys: Vec::new(),
        };
        columns.context(Context::default());
        columns
    }
}

impl Columns {
    /// Forgets the columns: the paths they speak of are void. Tokens, of which there are few, keep
    /// their numbers.
    pub fn clear(&mut self) {
        self.columns.clear();
        self.index.clear();
        self.contexts.clear();
        self.context_index.clear();
        self.recent.clear();
        self.issued.clear();
        self.keys.clear();
        self.context(Context::default());
    }

    /// The number of a column.
    #[inline]
    pub fn column(&mut self, place: Place, path: PathId, context: u32) -> u32 {
        match self.recent.get(path.index()) {
            Some(recent) if recent.context == context && recent.place == place => recent.column,
            _ => self.find(Column { place, path, context }),
        }
    }

    fn number(&mut self, column: Column) -> u32 {
        if let Some(number) = self.index.get(&column) {
            return *number;
        }
        let number = u32::try_from(self.columns.len()).unwrap_or(u32::MAX);
        self.columns.push(column);
        self.index.insert(column, number);
        number
    }

    fn find(&mut self, column: Column) -> u32 {
        let Column { place, path, context } = column;
        let at = path.index();
        let number = self.number(column);
        if at >= self.recent.len() {
            // A context that no column has: such an entry is never taken for one.
            self.recent.resize(at + 1, Recent { place, context: u32::MAX, column: 0 });
        }
        if let Some(recent) = self.recent.get_mut(at) {
            *recent = Recent { place, context, column: number };
        }
        number
    }

    /// The same column in another context.
    pub fn with_context(&mut self, column: u32, change: impl FnOnce(Context) -> Context) -> u32 {
        let Some(old) = self.columns.get(column as usize).copied() else { return column };
        let before = self.contexts.get(old.context as usize).copied().unwrap_or_default();
        let context = self.context(change(before));
        self.column(old.place, old.path, context)
    }

    /// The same column where what stands beside it tells its issuer. Asked of nearly every code of
    /// FHIR: the answer is remembered, and the column used with the path stays.
    #[inline]
    pub fn with_issuer(&mut self, column: u32, issuer: u16) -> u32 {
        match self.issued.get(column as usize) {
            Some((known, issued)) if *known == issuer && issuer != 0 => *issued,
            _ => self.issue(column, issuer),
        }
    }

    fn issue(&mut self, column: u32, issuer: u16) -> u32 {
        let at = column as usize;
        let Some(old) = self.columns.get(at).copied() else { return column };
        let before = self.context_at(old.context);
        let context = self.context(Context { issuer, ..before });
        let issued = self.number(Column { context, ..old });
        if at >= self.issued.len() {
            self.issued.resize(at + 1, (0, 0));
        }
        if let Some(slot) = self.issued.get_mut(at) {
            *slot = (issuer, issued);
        }
        issued
    }

    /// The number of a context; that of the empty context is 0.
    pub fn context(&mut self, context: Context) -> u32 {
        if let Some(number) = self.context_index.get(&context) {
            return *number;
        }
        let number = u32::try_from(self.contexts.len()).unwrap_or(0);
        self.contexts.push(context);
        self.context_index.insert(context, number);
        number
    }

    /// The context with that number.
    pub fn context_at(&self, number: u32) -> Context {
        self.contexts.get(number as usize).copied().unwrap_or_default()
    }

    /// The number of an issuer's token, from a closed vocabulary.
    pub fn token(&mut self, text: &str) -> u16 {
        if let Some(number) = self.token_index.get(text) {
            return *number;
        }
        let Ok(number) = u16::try_from(self.tokens.len()) else { return 0 };
        let text: Arc<str> = text.into();
        self.tokens.push(text.clone());
        self.token_index.insert(text, number);
        number
    }

    /// Whether a token stands for a code system.
    pub fn is_code_system(&self, number: u16) -> bool {
        self.tokens.get(usize::from(number)).is_some_and(|text| text.starts_with(CODE))
    }

    /// The text of a token.
    pub fn token_at(&self, number: u16) -> Arc<str> {
        self.tokens.get(usize::from(number)).cloned().unwrap_or_default()
    }

    /// What the column of that number is: its place, path and context.
    pub fn parts(&self, column: u32) -> Option<(Place, PathId, Context)> {
        let Column { place, path, context } = *self.columns.get(column as usize)?;
        Some((place, path, self.context_at(context)))
    }

    /// The field that a column is, as the inventory knows it.
    pub fn field_key(&mut self, column: u32, paths: &PathTable) -> Option<FieldKey> {
        let at = column as usize;
        if let Some(Some(key)) = self.keys.get(at) {
            return Some(key.clone());
        }
        let Column { place, path, context } = self.columns.get(at).copied()?;
        let key = FieldKey {
            direction: place.direction,
            location: place.location,
            path: paths.render(path).into(),
            context: self.render_context(context, path, paths),
        };
        if at >= self.keys.len() {
            self.keys.resize(at + 1, None);
        }
        if let Some(slot) = self.keys.get_mut(at) {
            *slot = Some(key.clone());
        }
        Some(key)
    }

    /// How many columns there are.
    pub fn count(&self) -> usize {
        self.columns.len()
    }

    /// `Patient.identifier.value|us.ssn`
    fn render_context(&self, context: u32, path: PathId, paths: &PathTable) -> Arc<str> {
        let context = self.context_at(context);
        let token = self.tokens.get(usize::from(context.issuer)).map_or("", |t| &**t);
        let mut out = String::new();
        if let Some((resource, root)) = context.resource {
            out.push_str(resource);
            let mut names = Vec::new();
            let mut at = path;
            while at != root {
                let name = paths.name(at);
                // In FHIR XML a primitive's value is an attribute of its element; in CDA each
                // attribute has a meaning of its own.
                let primitive = names.is_empty()
                    && resource != cda::ROOT
                    && paths.step_of(at) == Some(Step::Attribute);
                let is_v2xml =
                    resource.starts_with(hl7v2::ROOT) && paths.step_of(at) == Some(Step::Element);
                let name = if is_v2xml { v2xml::table_name(name).unwrap_or("") } else { name };
                if !name.is_empty() && !primitive {
                    names.push(name);
                }
                let Some(parent) = paths.parent(at) else { break };
                at = parent;
            }
            for name in names.iter().rev() {
                out.push('.');
                out.push_str(name);
            }
        }
        if !token.is_empty() {
            out.push('|');
            out.push_str(token);
        }
        out.into()
    }
}
