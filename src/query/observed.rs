//! Endpoints with everything known of them, for documents made of them.

use super::QueryError;
use super::filter::OperationFilter;
use crate::inventory::Endpoint;
use crate::store::Reader;

/// The endpoints that pass `filter` with their fields, by identity.
pub fn observed(reader: &Reader, filter: &OperationFilter) -> Result<Vec<Endpoint>, QueryError> {
    let mut endpoints = reader.endpoints_with_fields()?;
    endpoints.retain(|e| filter.matches(e));
    Ok(endpoints)
}
