//! Every limit of the sensor in one place, each with its reason. What traffic can make larger has
//! a limit here; passing it is counted and told, never an error.

mod rows;

pub use rows::{
    ADDRESSES_PER_SERVICE_MAX, CLIENTS_MAX, CLIENTS_PER_ENDPOINT_MAX,
    ENCAPSULATIONS_PER_SERVICE_MAX, ENDPOINTS_MAX, ENDPOINTS_PER_SERVICE_MAX, FIELDS_MAX,
    FIELDS_PER_ENDPOINT_MAX, FLOW_ROWS_MAX, MEDIA_TYPES_PER_ENDPOINT_MAX, PATH_SEGMENTS_MAX,
    PRODUCTS_PER_SERVICE_MAX, ROLLUP_BYTES_MAX, ROLLUP_BYTES_MIN, ROLLUP_ENDPOINTS_MAX,
    ROLLUP_EXCHANGES_MAX, ROLLUP_FIELDS_MAX, ROLLUP_ROW_BYTES, ROWS_SHARE_LEAST,
    SEGMENTS_PER_NODE_MAX, SEGMENTS_PER_ROOT_MAX, SENDERS_PER_ENDPOINT_MAX, SERVICES_MAX,
    SERVICES_PER_CLIENT_MAX, USER_AGENTS_PER_CLIENT_MAX,
};

/// Captured bytes of one packet. Snap lengths are at most 256 KiB in practice and the largest
/// segment offload of Linux is 512 KiB; a record that claims more than this is damage.
pub const CAPTURED_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Interfaces one section of a pcapng file may describe. Real files have one per port or
/// container; each costs 24 bytes here.
pub const CAPTURE_INTERFACES_MAX: usize = 65_536;

/// Bytes one read of a capture file asks for: large enough that the system calls do not show in
/// a profile, small enough to stay in the second-level cache.
pub const CAPTURE_READ_BYTES: usize = 512 * 1024;

/// Nested VLAN tags that are undone. Two are usual, three occur; more is an attack on parsers.
pub const VLAN_DEPTH_MAX: usize = 8;

/// Tunnels and reassembled datagrams one packet is followed into. Real networks nest three or four
/// (a mirror of an overlay of a tunnel); each costs a look at the packet.
pub const TUNNEL_DEPTH_MAX: usize = 8;

/// MPLS labels of one stack that are read; carriers use up to six.
pub const MPLS_LABELS_MAX: usize = 16;

/// Distinct encapsulations a decoder knows at once, about 200 bytes each: a cache, emptied if full.
pub const ENCAPSULATIONS_MAX: usize = 16_384;

/// Datagrams a decoder waits for the missing fragments of; beyond it the oldest is given up.
pub const FRAGMENTED_DATAGRAMS_MAX: usize = 32_768;

/// Bytes of fragments a decoder holds, overhead included; beyond it the oldest datagrams go.
pub const FRAGMENT_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Readings of a datagram beside the first, where its fragments overlap and differ.
pub const FRAGMENT_READINGS_MAX: usize = 9;

/// Bytes that are gone through to read a whole datagram anew, where more fragments of it come that
/// differ: beyond it they are shed, as work for nothing.
pub const FRAGMENT_REREAD_BYTES_MAX: usize = 1024 * 1024;

/// What one fragment is charged beyond its bytes.
pub const FRAGMENT_OVERHEAD: usize = 64;

/// Fragments one datagram may have: the 64 KiB of IP in pieces of 64 bytes. An Ethernet makes 45.
pub const FRAGMENTS_PER_DATAGRAM_MAX: usize = 1024;

/// How long a datagram of IPv4 waits for its missing fragments, by packet time: what Linux waits.
pub const FRAGMENT_WAIT_SECONDS: u64 = 30;

/// The same for IPv6: RFC 8200 section 4.5 says 60 seconds, and Linux does so.
pub const FRAGMENT_WAIT_V6_SECONDS: u64 = 60;

/// Bytes of an IP datagram: its length fields have 16 bits.
pub const DATAGRAM_BYTES_MAX: u32 = 65_535;

/// Packets among which a second copy is looked for: a switch that mirrors both sides of a path
/// hands the copies on within a few packets, two mirrors that meet in an aggregator within some
/// hundred, and a copy that comes [`DUPLICATE_MILLIS`] late among all that passed since. 384 KB,
/// which stay in the second-level cache.
pub const DUPLICATE_PACKETS: usize = 16_384;

/// The same where packets come so fast that more pass in that time: up to 655,360 a second. 1.5 MB
/// for each thread that decodes.
pub const DUPLICATE_PACKETS_MAX: usize = 65_536;

/// The same in milliseconds: longer than any box between two taps takes, a mirror session over
/// a loaded link included, shorter than the least retransmission timeout (Linux: 200 ms).
pub const DUPLICATE_MILLIS: u64 = 100;

/// IPv6 extension headers of one packet that are followed. RFC 8200 foresees at most seven, but
/// receivers follow as many as there are: each takes eight bytes of a datagram or more.
pub const IPV6_EXTENSIONS_MAX: usize = 8192;

/// Distinct candidate values a field's sample keeps (bottom-k by keyed hash). At 256 a pass rate
/// of 9 % and one of 100 % cannot be confused, and a full sample costs under 4 KiB.
pub const SAMPLE_K: usize = 256;

/// Bytes of one scalar that are handed to detection at once. Longer scalars are handed on in
/// overlapping windows; nothing is left out.
pub const SCALAR_WINDOW_BYTES: usize = 64 * 1024;

/// Bytes two neighbouring windows of one scalar share, so that a value on the cut is seen whole.
/// Longer than every built-in pattern but private keys, which are recognised by their first line.
pub const SCALAR_OVERLAP_BYTES: usize = 512;

/// Nesting depth of JSON and XML that keeps its own path. What lies deeper is told by its own name
/// below `*` at the deepest.
pub const DEPTH_MAX: usize = 128;

/// Nesting depth of JSON and XML whose containers are told apart at all, with twelve bytes for each
/// that is open. Values below are still looked at, without their names, and the body counts as not
/// decoded.
pub const DEPTH_TOLD_MAX: usize = 4096;

/// Bytes of one object key or element name. Longer ones are data, not names: they become `*`.
pub const KEY_BYTES_MAX: usize = 128;

/// Bytes of the first row of a table by which its columns are named; what is longer is text.
pub const TABLE_HEAD_BYTES_MAX: usize = 16 * 1024;

/// Bytes of one cell of a table of HTML that is a value of its column; what is longer is text, as
/// which it is looked at anyway.
pub const GRID_CELL_BYTES_MAX: usize = 1024;

/// Bytes of the cells of one row of a table of HTML, which is held until it ends; those of cells
/// behind them are text.
pub const GRID_ROW_BYTES_MAX: usize = 16 * 1024;

/// Tables and lists of HTML within each other whose cells are told apart: pages that are laid out
/// by tables have five or six.
pub const GRID_DEPTH_MAX: usize = 8;

/// Labels of lists and tables of one document that become names; values beside others are those of
/// `*`. A page of a record has a few dozen.
pub const GRID_LABELS_MAX: usize = 128;

/// Literal children one node of a body path may have before they collapse to `*`.
pub const KEYS_PER_NODE_MAX: usize = 256;

/// Flows of which is remembered that they may come by two virtual networks, of each worker: 16 MB
/// at most. Of more the older half is forgotten; such a flow is then seen as two halves.
pub const CROSSING_FLOWS_MAX: usize = 131_072;

/// Seconds within which a SYN is answered, where its answer comes by another virtual network.
pub const CROSSING_SECONDS: u64 = 10;

/// While a rollup accumulates, tables of endpoints and fields may grow to this multiple of what
/// is shown, so that rows which a later collapse joins are not sent to overflow before it.
pub const ACCUMULATION_FACTOR: usize = 4;

/// Ids of merged rows that one endpoint row lists, the least ones: they serve to find the state
/// that someone gave a row before it was merged.
pub const ABSORBED_IDS_MAX: usize = 1024;

/// Bytes of one URL path segment that may be a name; longer ones are values.
pub const SEGMENT_BYTES_MAX: usize = 64;

/// Bytes of an HTTP head (request or status line and fields). Real servers refuse beyond 8 to
/// 64 KiB; this also bounds what a connection may make us hold.
pub const HEAD_BYTES_MAX: usize = 256 * 1024;

/// Fields in an HTTP head that are read; the rest of a longer head is skipped and told.
pub const HEADERS_MAX: usize = 512;

/// Packet time for which a client goes on after a request, and then waits in vain: senders of HL7
/// v2 that wait at all give up within a minute or two.
pub const ANSWER_WAIT_MAX: std::time::Duration = std::time::Duration::from_secs(5 * 60);

/// Requests on one connection that wait for their response.
pub const PENDING_REQUESTS_MAX: usize = 1024;

/// Bytes of the exchanges of one connection whose messages were committed and may be answered yet
/// (HL7 v2 in its enhanced mode): some hundred messages. What is answered behind more stands alone,
/// and says so.
pub const COMMITTED_BYTES_MAX: usize = 512 * 1024;

/// Bytes of a field line that are looked at behind the part of a head that is read. Only fields
/// that decide on the body matter there, and these are short.
pub const SKIPPED_LINE_BYTES_MAX: usize = 256;

/// Bytes of an HTTP method. The longest registered one has 17 (`UPDATEREDIRECTREF`); RFC 9110
/// section 9.1 sets no limit, servers take any that fits a start line, which they limit to 8 KiB.
pub const HTTP_METHOD_BYTES_MAX: usize = 8 * 1024;

/// Bytes of a line that a search for the next message looks at: real servers refuse start lines
/// beyond 8 KiB.
pub const RESYNC_LINE_BYTES_MAX: usize = 16 * 1024;

/// Bytes one search for the next HTTP message goes through before that direction is given up. A
/// search costs little and what it saves is the rest of a connection, so this is large: the rest
/// of a bulk export whose framing was lost.
pub const RESYNC_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;

/// Bytes at the start of an HL7 v2 message in which its header is looked for: batch headers, MSH,
/// software segments and MSA. Real ones have a few hundred.
pub const HL7_HEAD_BYTES_MAX: usize = 16 * 1024;

/// First bytes of each direction that are kept until the protocol is told.
pub const PROBE_BYTES_MAX: usize = 512;

/// The same while nothing but one word came that a request may begin with: its method, and the
/// first bytes of what stands behind it.
pub const PROBE_WORD_BYTES_MAX: usize = HTTP_METHOD_BYTES_MAX + PROBE_BYTES_MAX / 2;

/// Pieces of both directions that identification keeps in the order they came. Clients and servers
/// take turns once or twice before a protocol is told; beyond that, pieces are joined.
pub const IDENTIFY_PIECES_MAX: usize = 64;

/// Bytes of a flow picked up in the middle in which identification looks for a message start.
pub const IDENTIFY_BYTES_MAX: usize = 1024 * 1024;

/// Output a chain of decoders may make from one body before the body is flagged as a bomb. The
/// rest of it is then no longer decoded.
pub const EXPANSION_RATIO_MAX: u64 = 2000;

/// Output below which the ratio is not looked at, so that small bodies of zeros pass.
pub const EXPANSION_FREE_BYTES: u64 = 64 * 1024 * 1024;

/// Times a body may grow under its codings before that is told as an anomaly; it is inspected all
/// the same. Text grows 5 to 20 times, tables full of blanks 100; DEFLATE cannot make more than
/// 1032 of one (RFC 1951: 258 bytes for two bits), so a single gzip never comes to
/// [`EXPANSION_RATIO_MAX`].
pub const EXPANSION_RATIO_TOLD: u64 = 200;

/// Decoded bytes below which that is not told: small bodies of blanks are nobody's bomb.
pub const EXPANSION_BYTES_TOLD: u64 = 8 * 1024 * 1024;

/// Content codings stacked on one body that are undone.
pub const CODINGS_MAX: usize = 8;

/// Out-of-order bytes held for one direction of one flow, where the budget has room: a segment that
/// is lost on a long fat link comes again a window later, and windows of Linux grow to 6 MB.
pub const REASSEMBLY_BYTES_PER_STREAM: usize = 8 * 1024 * 1024;

/// Out-of-order segments held for one direction of one flow: as many as those bytes have in full
/// segments of an Ethernet, and some smaller ones.
pub const REASSEMBLY_SEGMENTS_PER_STREAM: usize = 8 * 1024;

/// Flows one worker keeps; beyond it the longest idle goes first.
pub const FLOWS_MAX: usize = 1_000_000;

/// A flow without packets for this long has ended, by packet time.
pub const FLOW_IDLE_SECONDS: u64 = 300;

/// The same while an exchange is open and neither end was closed: what Linux keeps a connection for
/// that nobody closed (`nf_conntrack_tcp_timeout_established`), so that nobody hides a value by
/// waiting in the middle of it. Where memory runs short such flows go sooner.
pub const FLOW_IDLE_OPEN_SECONDS: u64 = 5 * 24 * 3600;

/// The same where an end was closed, or reset, in the middle of an exchange: who forged that may
/// wait, who meant it sends no more.
pub const FLOW_IDLE_ENDING_SECONDS: u64 = 1800;

/// The same for a flow of which both ends were closed or reset: late segments still belong to it.
pub const FLOW_CLOSED_SECONDS: u64 = 10;

/// Inputs that a capture is done with and that it keeps the accounts of, one by one: fragments of
/// them may still wait, and rotated captures are read for months.
pub const INPUTS_KEPT: usize = 256;

/// What one flow costs with its place in the index; what a parser keeps of it, while a message is
/// open, comes on top.
pub const FLOW_BYTES: usize = 352;

/// The memory budget where none is said, and the least there may be (see `base/budget.rs`).
pub const MEMORY_DEFAULT: u64 = 512 * 1024 * 1024;
/// Below it not even the decoders of a few bodies fit.
pub const MEMORY_MIN: u64 = 16 * 1024 * 1024;

/// Flows evicted at most for the memory that one segment takes: bounds the work. What one segment
/// takes beyond what eight flows hold, the next ones make up for.
pub const EVICTIONS_PER_SEGMENT: usize = 8;

/// Packets of a flow, since data went missing, after which the receiver's acknowledgment is
/// believed and the data given up. Capture over several queues reorders by a few dozen packets, so
/// an acknowledgment may be seen before what it acknowledges.
pub const GAP_WAIT_PACKETS: u32 = 32;

/// The same in milliseconds of the flow's packet time: no capture reorders by a second.
pub const GAP_WAIT_MILLIS: u64 = 1000;

/// The wait where nothing was heard from the receiver since (captures of one direction). A sender
/// retransmits well within it.
pub const GAP_WAIT_UNHEARD_MILLIS: u64 = 10_000;

/// Flows of one five-tuple beside each other, where a SYN on a live connection was answered: an
/// evader forges one, a port that is used again makes one more, and each costs a place.
pub const RIVAL_FLOWS_MAX: usize = 4;

/// How far ahead of the expected byte a segment may lie: the largest window that window scaling
/// allows (RFC 7323 section 2.3).
pub const WINDOW_BYTES_MAX: u32 = 1 << 30;

/// Missing bytes that data of the other direction waits for because it acknowledges them. The
/// wait only keeps answers behind their questions, so it need not cover the largest window.
pub const ACK_HOLD_BYTES_MAX: u32 = 1 << 20;

/// What one out-of-order segment is charged beyond its bytes: map entry and allocation.
pub const REASSEMBLY_SEGMENT_OVERHEAD: usize = 96;

/// What the first early segment of a stream is charged beyond that: the map with a first node.
pub const REASSEMBLY_STREAM_OVERHEAD: usize = 1024;

/// Ended flows that are remembered per generation (see `FLOW_CLOSED_SECONDS`): seven eighths of a
/// power of two, so that a full generation fills its table, about 13 MB.
pub const FLOWS_CLOSED_MAX: usize = 458_752;

/// Flows looked at by one sweep: a few microseconds.
pub const FLOWS_PER_SWEEP: usize = 1024;

/// Flows among which the one to evict is chosen.
pub const FLOWS_PER_EVICTION: usize = 16;

/// How much earlier than the newest packet seen so far a flow's next packet may be stamped without
/// the sweep having ended the flow too soon.
pub const SWEEP_SLACK_SECONDS: u64 = 60;

/// Rules one detector holds: their outcomes are bits of a fixed set.
pub const RULES_MAX: usize = 512;

/// Bytes of one pattern in a rule. Every known identifier takes under 200.
pub const PATTERN_BYTES_MAX: usize = 1024;

/// Phrases that one name of a rule may stand for: `first|last name` is two. Built-in ones have
/// some twenty.
pub const NAME_PHRASES_MAX: usize = 256;

/// Phrases of one list of names, all choices counted. Built-in ones have some two hundred.
pub const NAMES_MAX: usize = 4096;

/// Patterns of all rules that are searched for around literals inside longer text: imported packs
/// have some 220, each a few kilobytes compiled.
pub const EMBEDDED_PATTERNS_MAX: usize = 512;

/// Bytes one compiled pattern may take, so that no rule makes detection leave the cache.
pub const PATTERN_COMPILED_BYTES_MAX: usize = 1024 * 1024;

/// States one pattern may have, what is repeated as often as it may come. Imported packs have up to
/// 2,000; the longest of our own some 14,000, of which one text keeps few alive.
pub const PATTERN_STATES_MAX: usize = 16_384;

/// States of a pattern that one text may keep alive at once: each costs a step for every byte.
/// Those of imported packs have up to 220.
pub const PATTERN_LIVE_MAX: usize = 256;

/// Steps taken to find texts that keep more alive: a few milliseconds, and patterns that have them
/// show it within a quarter of these.
pub const PATTERN_PROBE_STEPS: usize = 400_000;

/// Bytes of an anchor over and over that are tried: twice what a search looks at behind an anchor.
pub const PATTERN_PROBE_BYTES: usize = 16 * 1024;

/// Patterns that are searched for at one anchor: each looks at the same bytes. Packs have up to 5.
pub const PATTERNS_PER_ANCHOR_MAX: usize = 32;

/// Bytes of a file of rules, or of one that is imported: that of gitleaks has some 100,000.
pub const RULE_FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// What people say of fields: each is looked at for every operation whenever the inventory is made.
pub const MARKS_MAX: usize = 4096;

/// Characters a mask may stand for. Longer identifiers have recognisers.
pub const MASK_CHARS_MAX: usize = 64;

/// Bytes before a value in a text in which its lead-in words may stand.
pub const LEAD_IN_BYTES: usize = 40;

/// Paths one worker keeps interned before it should forget them between messages: about 24 MB.
pub const PATHS_MAX: usize = 65_536;

/// The same where memory is short: interfaces have some thousand.
pub const PATHS_MIN: usize = 4096;

/// What one path costs with its columns and keys (measured where tables have just doubled).
pub const PATH_BYTES: usize = 384;

/// So many times as many, and interning stops: what is new shares its parent's path.
pub const PATHS_HARD_FACTOR: usize = 4;

/// Columns that the endpoints of one worker can find in all, at four bytes each.
pub const COLUMN_PLACES_MAX: usize = 4 * 1024 * 1024;

/// Bytes of a body up to which it is held back to see whether it was walked before. Most bodies
/// that repeat are records and lists of this size; longer ones stream.
pub const RECALL_BODY_BYTES_MAX: usize = 256 * 1024;

/// Bodies one worker holds back at a time, whatever the budget. The rest streams.
pub const RECALL_HELD_MAX: usize = 64;

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

/// Input of a brotli decoder that is decoded at once, and what is at most lost before a damage.
/// Under some 30 bytes the decoder has only its slow path.
pub const BROTLI_BLOCK_BYTES: usize = 128;

/// Output of a decoder that is handed on at once.
pub const DECODE_BUFFER_BYTES: usize = 64 * 1024;

/// What an inflater takes with its window and buffers (zlib-rs, measured).
pub const INFLATE_STATE_BYTES: usize = 52 * 1024;

/// What a brotli decoder takes without its window (measured on bodies of text).
pub const BROTLI_STATE_BYTES: usize = 64 * 1024;

/// The largest window of brotli (RFC 7932 section 9.1).
pub const BROTLI_WINDOW_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What a zstd decoder takes without its window: tables and two blocks (libzstd 1.5).
pub const ZSTD_STATE_BYTES: usize = 288 * 1024;

/// Binary logarithm of the largest zstd window that is decoded: 8 MiB, what RFC 9659 lets
/// senders of HTTP use. (Brotli's own format ends at 16 MiB.)
pub const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// Idle decoders of one kind a worker keeps for the next body.
pub const DECODERS_POOLED_MAX: usize = 8;

/// How far both numbers of a segment lie at least from all that came of a connection, if it is one
/// of another on the same ports.
pub const REUSE_BYTES_MIN: u32 = 1 << 16;

/// How far behind a SYN the first bytes of its stream may lie when it is captured after them. A
/// SYN from farther away begins another flow on the same five-tuple. Nobody sends more than a
/// window before an answer comes.
pub const LATE_SYN_BYTES_MAX: i32 = 1 << 16;

/// Bytes of one TLS handshake message that are held. Certificate chains have 2 to 10 KiB, those of
/// large authorities 30; longer messages are passed over and told.
pub const TLS_HANDSHAKE_BYTES_MAX: usize = 128 * 1024;

/// Certificates of one chain that are read. Real chains have two to five.
pub const TLS_CHAIN_MAX: usize = 10;

/// Hosts and addresses of one certificate that are read. Authorities issue up to some 250.
pub const TLS_NAMES_PER_CERTIFICATE_MAX: usize = 512;

/// Hosts and addresses of one certificate that are kept.
pub const TLS_NAMES_KEPT_MAX: usize = 32;

/// Bytes of one part of a name in a certificate that are kept: RFC 5280 allows 64 characters.
pub const TLS_NAME_BYTES_MAX: usize = 256;

/// Application protocols of one hello that are read: clients offer two or three.
pub const TLS_ALPN_MAX: usize = 16;

/// Alerts of one session that are kept: real ones have one.
pub const TLS_ALERTS_MAX: usize = 4;

/// Names of the same kind (cipher suites, application protocols, fingerprints, hosts) that one
/// service keeps of its TLS sessions (bottom-k by keyed hash).
pub const TLS_NAMES_PER_SERVICE_MAX: usize = 32;

/// Certificates that one service keeps (bottom-k by keyed hash): chains of a renewal or two.
pub const TLS_CERTIFICATES_PER_SERVICE_MAX: usize = 32;
/// Bytes of each direction of an exchange that are held for comparison with other copies: what is
/// under way on a local network at once, and more than heads and records have.
pub const HISTORY_BYTES: usize = 32 * 1024;

/// Of them, bytes of earlier exchanges: late copies come from the last one.
pub const HISTORY_BEFORE_BYTES: usize = 4 * 1024;
/// Of them, bytes kept of a flow that ended: an initial window (RFC 6928) may be sent again then.
pub const REMAINS_BYTES_PER_STREAM: usize = 16 * 1024;

/// How long the bytes of an exchange that is over are held, by the flow's packet time: longer than
/// a first retransmission timeout (RFC 6298: one second).
pub const HISTORY_SECONDS: u64 = 2;

/// How much earlier than the newest packet a flow's next one may be stamped without its history
/// having gone too soon: what the buffers of several interfaces hold. A copy that finds none is
/// looked at by itself.
pub const HISTORY_SLACK_SECONDS: u64 = 1;

/// Differing copies of one guise (see `SecondCopy`) kept of one exchange.
pub const COPIES_MAX: usize = 256;

/// Their bytes.
pub const COPY_BYTES_MAX: usize = 64 * 1024;

/// Guises of which copies are kept: a sender's own, and some that are forged. An urgent byte has
/// one of its own for either meaning of the pointer.
pub const COPY_GUISES_MAX: usize = 8;

/// Readings of one direction of an exchange beside the first that are inspected: who sends
/// copies makes us parse that often.
pub const READINGS_MAX: usize = 24;

/// Their bytes.
pub const READING_BYTES_MAX: usize = 1024 * 1024;
/// Flows a worker looks at for health and diagnosis at a time: a sample of this size tells a share
/// to within a few hundredths, in 128 KiB.
pub const SIGHT_FLOWS: usize = 4096;

/// VLANs and tunnels that are told apart there; a network has tens.
pub const SIGHT_LAYERS_MAX: usize = 64;
