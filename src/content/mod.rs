//! Bodies: undoing their encodings and walking their fields, byte by byte as they arrive.
//!
//! A [`BodyWalker`] is made of what the head of a message says ([`BodyPlan`]) and pushed the bytes
//! of its body. It undoes content codings, converts the charset, tells the format and walks it;
//! what it finds goes to a [`FieldSink`] as (path, value), with paths interned in the worker's
//! [`PathTable`]. Nothing waits for a whole body: each stage resumes at any byte, and cutting the
//! input elsewhere changes nothing of what the sink sees. Odd bodies are walked as far as they
//! make sense and named anomalies tell of the rest.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod asked;
mod body;
mod card;
mod charset;
mod columns;
mod cookie;
mod encoded;
pub mod encoding;
mod events;
mod form;
mod grid;
mod hl7v2;
mod json;
mod leaf;
mod markup;
mod media;
mod multipart;
mod names;
mod page;
mod paths;
mod plan;
mod record;
mod records;
mod sink;
mod sniff;
mod step;
mod summary;
mod table;
mod text;
mod unread;
mod walkers;
mod xml;

#[cfg(test)]
mod recorder;
#[cfg(test)]
mod tests;

pub use body::BodyWalker;
pub use cookie::{header_meaning, walk_cookies, walk_header};
pub use encoded::hides_something;
pub use form::{percent_decode, query_below, walk_query, walk_query_below};
pub use json::JsonWalker;
pub use media::MediaType;
pub use paths::{KeyPolicy, PathId, PathTable};
pub use plan::BodyPlan;
pub use sink::FieldSink;
pub use step::{Root, Step};
pub use summary::{BodyAnomalies, BodyAnomaly, BodySummary, Format, Undecoded};
pub use unread::{Unread, UnreadKinds};
