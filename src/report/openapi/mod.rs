//! What was observed as an OpenAPI document: paths, parameters, bodies and answers as they were
//! seen, with the data classes found in them. No value is in it; examples are made up.
//!
//! | file | holds |
//! |---|---|
//! | `document` | the document, its paths and operations |
//! | `schema` | field paths as schemas |
//! | `security` | how callers proved who they are |
//! | `example` | made-up values by data class |

mod document;
mod example;
mod schema;
mod security;

pub use document::{Exported, OpenApiVersion, openapi};

#[cfg(test)]
mod tests;
