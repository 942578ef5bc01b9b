//! Everything odd that the HTTP/1 parser tells: a closed list.

use crate::model::Anomaly;

/// Both Transfer-Encoding and Content-Length (RFC 9112 section 6.3): the former counts. Two
/// readers may disagree on where this message ends.
pub const LENGTH_AND_CODING: Anomaly = Anomaly("http-content-length-and-transfer-encoding");
/// Content-Length fields that disagree: the first counts.
pub const LENGTH_CONFLICT: Anomaly = Anomaly("http-content-length-conflict");
/// The same Content-Length more than once.
pub const LENGTH_REPEATED: Anomaly = Anomaly("http-content-length-repeated");
/// A Content-Length that is no number, or too large for one: it does not count.
pub const LENGTH_INVALID: Anomaly = Anomaly("http-content-length-invalid");
/// Transfer codings that are unknown, repeated, or in an order in which the end cannot be told.
pub const CODING_INVALID: Anomaly = Anomaly("http-transfer-encoding-invalid");
/// More than one Transfer-Encoding field.
pub const CODING_REPEATED: Anomaly = Anomaly("http-transfer-encoding-repeated");
/// A transfer coding besides chunked, `gzip` for one: it is undone with the body's own.
pub const CODING_STACKED: Anomaly = Anomaly("http-transfer-encoding-stacked");
/// Transfer-Encoding in HTTP/1.0, which does not know it.
pub const CODING_IN_HTTP_10: Anomaly = Anomaly("http-transfer-encoding-in-1.0");
/// Transfer-Encoding in a response that can have no body.
pub const CODING_WITHOUT_BODY: Anomaly = Anomaly("http-transfer-encoding-without-body");
/// The same Host more than once (RFC 9112 section 3.2: to be refused).
pub const HOST_REPEATED: Anomaly = Anomaly("http-host-repeated");
/// Host fields that disagree: another reader may take the request for one to another service.
pub const HOST_CONFLICT: Anomaly = Anomaly("http-host-conflict");
/// A chunk size without digits or with something else behind them: framing is lost.
pub const CHUNK_SIZE_INVALID: Anomaly = Anomaly("http-chunk-size-invalid");
/// A chunk size beyond 64 bits: framing is lost.
pub const CHUNK_SIZE_OVERFLOW: Anomaly = Anomaly("http-chunk-size-overflow");
/// A chunk extension: nobody uses them but to confuse readers.
pub const CHUNK_EXTENSION: Anomaly = Anomaly("http-chunk-extension");
/// White space or a bare CR where a chunk's line has no place for it.
pub const CHUNK_LINE_ODD: Anomaly = Anomaly("http-chunk-line-odd");
/// Something else than a line end behind a chunk's data: framing is lost.
pub const CHUNK_END_INVALID: Anomaly = Anomaly("http-chunk-end-invalid");
/// Lines that end in LF alone.
pub const BARE_LF: Anomaly = Anomaly("http-bare-lf");
/// CR within a line: read as a space.
pub const BARE_CR: Anomaly = Anomaly("http-bare-cr");
/// A field value folded over several lines (obs-fold): unfolded with spaces.
pub const FOLDED: Anomaly = Anomaly("http-folded-field");
/// White space between the start line and the first field: that line is skipped.
pub const SPACE_BEFORE_FIELDS: Anomaly = Anomaly("http-space-before-fields");
/// White space between a field's name and the colon: taken off the name.
pub const SPACE_BEFORE_COLON: Anomaly = Anomaly("http-space-before-colon");
/// A field line without colon or name: skipped.
pub const FIELD_INVALID: Anomaly = Anomaly("http-field-invalid");
/// A field name with characters that names cannot have.
pub const FIELD_NAME_INVALID: Anomaly = Anomaly("http-field-name-invalid");
/// Control characters in a field value.
pub const FIELD_VALUE_INVALID: Anomaly = Anomaly("http-field-value-invalid");
/// A start line with too much white space, characters that do not belong there, or another
/// version.
pub const START_LINE_ODD: Anomaly = Anomaly("http-start-line-odd");
/// A head larger than [`HEAD_BYTES_MAX`](crate::base::limits::HEAD_BYTES_MAX): what fits is read.
pub const HEAD_TOO_LARGE: Anomaly = Anomaly("http-head-too-large");
/// More fields than [`HEADERS_MAX`](crate::base::limits::HEADERS_MAX): the first are read.
pub const TOO_MANY_FIELDS: Anomaly = Anomaly("http-too-many-fields");
/// A head, or trailers, that a gap or the end of the stream cut off.
pub const HEAD_CUT: Anomaly = Anomaly("http-head-cut");
/// Packets were lost of a request's head before the host was named: which service it asked is not
/// known, unless the target says it.
pub const HOST_LOST: Anomaly = Anomaly("http-host-lost");
/// No message starts where one should.
pub const START_INVALID: Anomaly = Anomaly("http-message-start-invalid");
/// The first bytes that were seen start no message: the capture began inside one, or they are of
/// something else. The next message is searched for.
pub const START_UNSEEN: Anomaly = Anomaly("http-start-unseen");
/// A gap reaches over the end of a message, and what else was in it is not known: it was longer
/// than a segment, had bytes of another message, or requests and responses behind it do not go by
/// turns. The next message is searched for.
pub const MESSAGES_LOST: Anomaly = Anomaly("http-messages-lost");
/// A request line without version, as in HTTP/0.9: the exchange is not read.
pub const HTTP_09: Anomaly = Anomaly("http-0.9");
/// More requests wait for a response than
/// [`PENDING_REQUESTS_MAX`](crate::base::limits::PENDING_REQUESTS_MAX).
pub const TOO_MANY_PENDING: Anomaly = Anomaly("http-too-many-pending-requests");
/// No message was found in a very long search: given up.
pub const NOT_RESYNCHRONISED: Anomaly = Anomaly("http-not-resynchronised");

/// Those behind which another reader may delimit messages otherwise, so that bytes of this one's
/// framing or of nothing are a body to it; or may take the request for another's.
const FRAMING: &[Anomaly] = &[
    LENGTH_AND_CODING,
    LENGTH_CONFLICT,
    LENGTH_INVALID,
    CODING_INVALID,
    CODING_REPEATED,
    CODING_IN_HTTP_10,
    CODING_WITHOUT_BODY,
    HOST_CONFLICT,
    CHUNK_SIZE_INVALID,
    CHUNK_SIZE_OVERFLOW,
    CHUNK_END_INVALID,
    START_INVALID,
    HTTP_09,
];

/// Whether another reader may delimit messages, or understand them, otherwise where this was told.
pub fn leaves_framing_open(anomaly: Anomaly) -> bool {
    FRAMING.contains(&anomaly)
}

/// All of them.
pub const ALL: &[Anomaly] = &[
    LENGTH_AND_CODING,
    LENGTH_CONFLICT,
    LENGTH_REPEATED,
    LENGTH_INVALID,
    CODING_INVALID,
    CODING_REPEATED,
    CODING_STACKED,
    CODING_IN_HTTP_10,
    CODING_WITHOUT_BODY,
    HOST_REPEATED,
    HOST_CONFLICT,
    CHUNK_SIZE_INVALID,
    CHUNK_SIZE_OVERFLOW,
    CHUNK_EXTENSION,
    CHUNK_LINE_ODD,
    CHUNK_END_INVALID,
    BARE_LF,
    BARE_CR,
    FOLDED,
    SPACE_BEFORE_FIELDS,
    SPACE_BEFORE_COLON,
    FIELD_INVALID,
    FIELD_NAME_INVALID,
    FIELD_VALUE_INVALID,
    START_LINE_ODD,
    HEAD_TOO_LARGE,
    TOO_MANY_FIELDS,
    HEAD_CUT,
    HOST_LOST,
    START_INVALID,
    START_UNSEEN,
    MESSAGES_LOST,
    HTTP_09,
    TOO_MANY_PENDING,
    NOT_RESYNCHRONISED,
];
