//! Texts that ask for something, whose literals have names: documents of GraphQL, filters of OData
//! and of FHIR. What they say is written as JSON, and walked as that.

mod filter;
mod graphql;
mod scan;

use super::{PathId, PathTable};

/// Parameters that hold a filter (OData 4.01 URL Conventions section 5.1.2; FHIR `_filter`; SCIM,
/// RFC 7644 section 3.4.2.2).
const FILTERS: [&str; 3] = ["$filter", "_filter", "filter"];

/// Whether a value that begins so may be one, whatever its name is: asked of every longer string.
#[inline]
pub(crate) fn may_begin(value: &[u8]) -> bool {
    matches!(value.first(), Some(b'q' | b'm' | b's' | b'f')) && graphql::begins(value)
}

/// What the whole `value` at `path` asks for, as JSON.
pub(crate) fn as_json(value: &[u8], path: PathId, paths: &PathTable) -> Option<Vec<u8>> {
    if graphql::begins(value)
        && let Some(json) = graphql::as_json(value)
    {
        return Some(json);
    }
    FILTERS.contains(&paths.name(path)).then(|| filter::as_json(value)).flatten()
}
