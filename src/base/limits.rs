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

/// Paths one worker keeps interned before it should forget them between messages: about 6 MB.
pub const PATHS_MAX: usize = 65_536;

/// Paths at which interning stops within one push of bytes; what is new then shares the path of
/// its parent. Reached only by input made for it: one push of wire bytes adds far fewer.
pub const PATHS_HARD_MAX: usize = 4 * PATHS_MAX;

/// Levels of JSON inside a string of JSON that are walked. Real ones have one, rarely two.
pub const JSON_IN_TEXT_MAX: u8 = 4;

/// Levels of multipart inside a part of multipart that are walked.
pub const MULTIPART_DEPTH_MAX: u8 = 3;

/// Bytes of the head of one part that are read; real ones have a few hundred.
pub const PART_HEAD_BYTES_MAX: usize = 8 * 1024;

/// Bytes at the start of a body by which its charset and format are told.
pub const SNIFF_BYTES: usize = 512;

/// Bytes of a character or entity reference in XML; longer ones are text.
pub const REFERENCE_BYTES_MAX: usize = 12;

/// Output of a decoder that is handed on at once.
pub const DECODE_BUFFER_BYTES: usize = 64 * 1024;

/// Binary logarithm of the largest zstd window that is decoded: 8 MiB, what RFC 9659 lets
/// senders of HTTP use. (Brotli's own format ends at 16 MiB.)
pub const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// Idle decoders of one kind a worker keeps for the next body.
pub const DECODERS_POOLED_MAX: usize = 8;
