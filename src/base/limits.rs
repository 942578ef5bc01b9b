//! Every limit of the sensor in one place, each with its reason. What traffic can make larger has
//! a limit here; passing it is counted and told, never an error.

/// Distinct candidate values a field's sample keeps (bottom-k by keyed hash). At 256 a pass rate
/// of 9 % and one of 100 % cannot be confused, and a full sample costs under 4 KiB.
pub const SAMPLE_K: usize = 256;

/// Bytes of one scalar that are handed to detection at once. Longer scalars are handed on in
/// overlapping windows; nothing is left out.
pub const SCALAR_WINDOW_BYTES: usize = 64 * 1024;

/// Bytes two neighbouring windows of one scalar share, so that a value on the cut is seen whole.
/// Longer than every built-in pattern but private keys, which are recognised by their first line.
pub const SCALAR_OVERLAP_BYTES: usize = 512;

/// Nesting depth of JSON and XML that keeps its own path; deeper levels share the path of the
/// deepest and are still inspected.
pub const DEPTH_MAX: usize = 128;

/// Bytes of one object key or element name. Longer ones are data, not names: they become `*`.
pub const KEY_BYTES_MAX: usize = 128;

/// Literal children one node of a body path may have before they collapse to `*`.
pub const KEYS_PER_NODE_MAX: usize = 256;

/// Literal children one node of a URL path may have before they collapse to a parameter.
pub const SEGMENTS_PER_NODE_MAX: usize = 32;

/// The same at the root of a service and right behind `api` or a version, where collections
/// stand side by side.
pub const SEGMENTS_PER_ROOT_MAX: usize = 256;

/// URL path segments that are kept; what follows is one trailing parameter.
pub const PATH_SEGMENTS_MAX: usize = 24;

/// Services one run keeps by name; beyond it, host names collapse to the server's address.
pub const SERVICES_MAX: usize = 4096;

/// Endpoint rows one service may have after all collapsing; the rest is one overflow row.
pub const ENDPOINTS_PER_SERVICE_MAX: usize = 2048;

/// Fields one endpoint may have after all collapsing; the rest is counted.
pub const FIELDS_PER_ENDPOINT_MAX: usize = 4096;

/// Clients one run keeps by address (bottom-k by keyed hash); beyond it they are counted.
pub const CLIENTS_MAX: usize = 65_536;

/// Client addresses kept per endpoint (bottom-k by keyed hash).
pub const CLIENTS_PER_ENDPOINT_MAX: usize = 64;

/// User agents kept per client (bottom-k by keyed hash).
pub const USER_AGENTS_PER_CLIENT_MAX: usize = 16;

/// Bytes of an HTTP head (request or status line and fields). Real servers refuse beyond 8 to
/// 64 KiB; this also bounds what a connection may make us hold.
pub const HEAD_BYTES_MAX: usize = 256 * 1024;

/// Fields in an HTTP head that are read; the rest of a longer head is skipped and told.
pub const HEADERS_MAX: usize = 512;

/// Requests on one connection that wait for their response.
pub const PENDING_REQUESTS_MAX: usize = 1024;

/// Output a chain of decoders may make from one body before the body is flagged as a bomb. The
/// rest of it is then no longer decoded.
pub const EXPANSION_RATIO_MAX: u64 = 2000;

/// Output below which the ratio is not looked at, so that small bodies of zeros pass.
pub const EXPANSION_FREE_BYTES: u64 = 64 * 1024 * 1024;

/// Content codings stacked on one body that are undone.
pub const CODINGS_MAX: usize = 8;

/// Out-of-order bytes held for one direction of one flow.
pub const REASSEMBLY_BYTES_PER_STREAM: usize = 1024 * 1024;

/// Out-of-order bytes held in one worker.
pub const REASSEMBLY_BYTES_PER_WORKER: usize = 64 * 1024 * 1024;

/// Out-of-order segments held for one direction of one flow.
pub const REASSEMBLY_SEGMENTS_PER_STREAM: usize = 1024;

/// Flows one worker keeps; beyond it the longest idle goes first.
pub const FLOWS_MAX: usize = 1_000_000;

/// A flow without packets for this long has ended, by packet time.
pub const FLOW_IDLE_SECONDS: u64 = 300;

/// The same for a flow of which both ends were closed or reset: late segments still belong to it.
pub const FLOW_CLOSED_SECONDS: u64 = 10;

/// Rules one detector holds: their outcomes are bits of a fixed set.
pub const RULES_MAX: usize = 256;

/// Bytes of one pattern in a rule. Every known identifier takes under 200.
pub const PATTERN_BYTES_MAX: usize = 1024;

/// Patterns of all rules that are searched for inside longer text: one bit each.
pub const EMBEDDED_PATTERNS_MAX: usize = 64;

/// Bytes one compiled pattern may take, so that no rule makes detection leave the cache.
pub const PATTERN_COMPILED_BYTES_MAX: usize = 1024 * 1024;

/// Characters a mask may stand for. Longer identifiers have recognisers.
pub const MASK_CHARS_MAX: usize = 64;

/// Bytes before a value in a text in which its lead-in words may stand.
pub const LEAD_IN_BYTES: usize = 40;
