//! How many rows an inventory has, and how much one of them says.

/// Literal children one node of a URL path may have before they collapse to a parameter.
pub const SEGMENTS_PER_NODE_MAX: usize = 32;

/// The same at the root of a service and right behind `api` or a version, where collections
/// stand side by side.
pub const SEGMENTS_PER_ROOT_MAX: usize = 256;

/// URL path segments that are kept; what follows is one trailing parameter.
pub const PATH_SEGMENTS_MAX: usize = 24;

/// Services that are kept by name, by what matters (`inventory::room`); the rest is one overflow
/// service.
pub const SERVICES_MAX: usize = 4096;

/// Endpoint rows one service may have after all collapsing (bottom-k by keyed hash); the rest is
/// one overflow row per standard.
pub const ENDPOINTS_PER_SERVICE_MAX: usize = 2048;

/// Fields one endpoint may have after all collapsing (bottom-k by keyed hash); values of the rest
/// are counted.
pub const FIELDS_PER_ENDPOINT_MAX: usize = 4096;

/// Endpoint rows one run keeps in all: services with the most give up theirs first. At some 4 KiB
/// each these are 128 MiB.
pub const ENDPOINTS_MAX: usize = 32_768;

/// Fields one run keeps in all: endpoints with the most give up theirs first, those of which no
/// rule says anything before others. At 430 to 700 bytes each these are at most 175 MiB.
pub const FIELDS_MAX: usize = 262_144;

/// Where memory is short a run keeps fewer rows (`Caps::within`), but no fewer than one in so many.
pub const ROWS_SHARE_LEAST: usize = 16;

/// Clients one run keeps by address (bottom-k by keyed hash); beyond it they are counted.
pub const CLIENTS_MAX: usize = 65_536;

/// Client addresses kept per endpoint (bottom-k by keyed hash).
pub const CLIENTS_PER_ENDPOINT_MAX: usize = 64;

/// User agents kept per client (bottom-k by keyed hash).
pub const USER_AGENTS_PER_CLIENT_MAX: usize = 16;

/// Media types kept per endpoint and direction (bottom-k by keyed hash).
pub const MEDIA_TYPES_PER_ENDPOINT_MAX: usize = 16;

/// Server addresses kept per service (bottom-k by keyed hash): pools are smaller.
pub const ADDRESSES_PER_SERVICE_MAX: usize = 256;

/// Product names kept per service (bottom-k by keyed hash).
pub const PRODUCTS_PER_SERVICE_MAX: usize = 16;

/// Senders of HL7 v2 messages kept per endpoint (bottom-k by keyed hash): an interface has a few,
/// an integration engine some dozens.
pub const SENDERS_PER_ENDPOINT_MAX: usize = 256;

/// VLANs and tunnels kept per service (bottom-k by keyed hash).
pub const ENCAPSULATIONS_PER_SERVICE_MAX: usize = 32;

/// Services kept per client (bottom-k by keyed hash).
pub const SERVICES_PER_CLIENT_MAX: usize = 64;

/// Rows of server and flow outcome one run keeps (bottom-k by keyed hash); a port scan makes one
/// per port, so the rest goes to one row per outcome.
pub const FLOW_ROWS_MAX: usize = 65_536;

/// Exchanges a worker folds before it hands a rollup to the writer.
pub const ROLLUP_EXCHANGES_MAX: u64 = 32 * 1024;

/// Endpoints they may be of: each has evidence for every field.
pub const ROLLUP_ENDPOINTS_MAX: usize = 1024;

/// Fields they may have in all.
pub const ROLLUP_FIELDS_MAX: usize = 32_768;

/// What a rollup takes at most, in bytes, and where memory is short: a few wait for the writer.
pub const ROLLUP_BYTES_MAX: usize = 8 * 1024 * 1024;
/// See [`ROLLUP_BYTES_MAX`]: smaller ones would be handed over all the time.
pub const ROLLUP_BYTES_MIN: usize = 128 * 1024;

/// What an endpoint, a field of it, a client, a service and a row of flows take in a rollup, as
/// measured with one entry in each of their tables, whose nodes hold eleven.
pub const ROLLUP_ROW_BYTES: [usize; 5] = [4096, 600, 800, 1024, 256];
