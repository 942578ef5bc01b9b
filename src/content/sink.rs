//! What walkers push into: one trait, one required method.

use crate::model::Value;

use super::{PathId, PathTable};

/// Takes the fields of a body as they are walked. Nothing it is handed outlives the call.
pub trait FieldSink {
    /// An object or element begins at `path`.
    fn enter(&mut self, paths: &PathTable, path: PathId) {
        let _ = (paths, path);
    }

    /// The object or element that began last ends. Every `enter` has one, also where the body
    /// is cut.
    fn leave(&mut self, paths: &PathTable, path: PathId) {
        let _ = (paths, path);
    }

    /// A leaf. A scalar longer than a window comes as several calls with the same path, all but
    /// the first with `continued`.
    fn field(&mut self, paths: &PathTable, path: PathId, value: Value<'_>);

    /// A name that is data: the policy refused it or it is too long, so it became the `*` of
    /// `path`. At most the first window of it.
    fn key(&mut self, paths: &PathTable, path: PathId, key: &[u8]) {
        let _ = (paths, path, key);
    }
}
