//! Events that a protocol parser makes of a flow's streams.

use crate::base::Timestamp;

use super::{Direction, Header, TlsSession};

/// What the first segments of an HL7 v2 message say (MSH, and MSA where it answers another), still
/// in the message's own character set. Empty where a field is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hl7Header<'a> {
    /// MSH-9.1: `ADT`.
    pub kind: &'a [u8],
    /// MSH-9.2: `A01`.
    pub event: &'a [u8],
    /// MSH-10.
    pub control_id: &'a [u8],
    /// MSH-12.1: `2.5.1`.
    pub version: &'a [u8],
    /// MSH-3.1 and MSH-4.1: application and facility that send it.
    pub sender: [&'a [u8]; 2],
    /// MSH-5.1 and MSH-6.1: application and facility that it is for.
    pub receiver: [&'a [u8]; 2],
    /// MSA-1 and MSA-2: the code of an acknowledgement and the control id it answers.
    pub acknowledges: Option<(&'a [u8], &'a [u8])>,
    /// It asks for no acknowledgement, or not for one by itself: MSH-15 and MSH-16 say so, or it
    /// stands in a batch (FHS, BHS), which may be acknowledged as a whole.
    pub unasked: bool,
    /// Whether it is kept is all that is answered (MSH-16 says `NE`): the application says nothing.
    pub commit_only: bool,
    /// Hash of the name of the batch that it stands in (BHS-11, FHS-11), as of a token; 0 where it
    /// stands in none that has one. An acknowledgement may name the batch.
    pub batch: u64,
    /// There is none: what is framed as a message is no HL7 v2.
    pub foreign: bool,
}

impl Hl7Header<'_> {
    /// Whether whoever sends it waits for an acknowledgement, whatever becomes of it.
    pub fn expects_acknowledgement(&self) -> bool {
        !self.unasked && self.acknowledges.is_none()
    }
}

/// The head of a message, borrowed from the parser for the length of the call.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum MessageHead<'a> {
    /// An HTTP request (RFC 9110, 9112).
    HttpRequest {
        /// `GET`, …, as sent.
        method: &'a [u8],
        /// The request target as sent: origin, absolute, authority or asterisk form.
        target: &'a [u8],
        /// 0 for HTTP/1.0, 1 for HTTP/1.1.
        minor_version: u8,
        /// The fields in order.
        headers: &'a [Header<'a>],
    },
    /// An HTTP response.
    HttpResponse {
        /// 100 to 999.
        status: u16,
        /// 0 for HTTP/1.0, 1 for HTTP/1.1.
        minor_version: u8,
        /// The fields in order.
        headers: &'a [Header<'a>],
    },
    /// An HL7 v2 message. Its body is all of it, header segments included.
    Hl7v2(Hl7Header<'a>),
}

/// The half of a token that texts share which are near each other.
const NEAR: u64 = 0xffff_ffff;

/// How a message finds its other half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Correlation {
    /// The nth request has the nth response (HTTP/1).
    InOrder,
    /// Both halves carry this number (HTTP/2 stream).
    Stream(u64),
    /// Both halves carry a text of which this is a hash (HL7 v2: MSH-10 and MSA-2). Of several that
    /// wait under one text the oldest is answered. See [`Correlation::named`].
    Token(u64),
    /// The same of a message that, by its type, answers none.
    Asks(u64),
    /// A message that says what it is called and what it answers, hashes as of a token (HL7 v2:
    /// MSH-10 and MSA-2). Which of them joins it depends on who waits for what.
    Answer {
        /// What it answers; 0 where it does not say: the oldest that waits.
        to: u64,
        /// What it is called, should it be answered itself.
        own: u64,
        /// Otherwise it stands until another answer comes: a commit, which says only that the
        /// message was kept.
        last: bool,
    },
    /// A response that carries nothing to find its request by: it answers the oldest that waits
    /// (commits of MLLP release 2).
    Oldest {
        /// Otherwise it stands until one comes that is found by what it carries.
        last: bool,
    },
}

impl Correlation {
    /// The number of a text for [`Correlation::Token`] and the others: its upper half is that of
    /// the hash of the `exact` text, its lower half that of what is `near` it, which texts share
    /// that came back cut or padded.
    pub fn named(exact: u64, near: u64) -> u64 {
        exact & !NEAR | near & NEAR
    }

    /// Whether both are tokens of texts that are near each other.
    pub fn is_near(self, other: Correlation) -> bool {
        match (self, other) {
            (Correlation::Token(one), Correlation::Token(other)) => one & NEAR == other & NEAR,
            _ => false,
        }
    }

    /// Whether it is a response that does not say what it answers.
    pub fn names_nothing(self) -> bool {
        matches!(self, Correlation::Oldest { .. } | Correlation::Answer { to: 0, .. })
    }

    /// How a message finds what it answers.
    pub fn answering(self) -> Correlation {
        match self {
            Correlation::Answer { to, .. } => Correlation::Token(to),
            Correlation::Asks(own) => Correlation::Token(own),
            other => other,
        }
    }

    /// How a message is found by what answers it.
    pub fn asking(self) -> Correlation {
        match self {
            Correlation::Answer { own, .. } | Correlation::Asks(own) => Correlation::Token(own),
            other => other,
        }
    }
}

/// What the rest of a connection speaks after a switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SwitchTo {
    /// Nobody said: identify again (CONNECT, unknown Upgrade).
    Unknown,
    /// A named protocol of the registry.
    Named(&'static str),
}

/// Odd but non-fatal traffic. Named and counted, never an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Anomaly(pub &'static str);

/// How sure it is that there is a message where one was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// One had to begin there.
    #[default]
    Sure,
    /// It stands where what its sender says begins, right behind a gap or behind what the other end
    /// said: believed unless what follows shows that it was none.
    Likely,
    /// It was found by searching: believed when its other half is found, or another message begins
    /// where it ended.
    Guess,
}

/// One step of a conversation.
#[derive(Clone, Copy, Debug)]
pub enum MessageEvent<'a> {
    /// A message starts.
    Head {
        /// Request or response.
        direction: Direction,
        /// Time of its first byte.
        at: Timestamp,
        /// How it finds its other half.
        correlation: Correlation,
        /// How sure it is that there is a message.
        standing: Standing,
        /// What it says.
        head: MessageHead<'a>,
    },
    /// The next bytes of the body of the message that is open in `direction` (transfer coding
    /// already removed, content coding not).
    Body {
        /// Request or response.
        direction: Direction,
        /// The bytes.
        bytes: &'a [u8],
    },
    /// Bytes of that body which will never be seen.
    BodyGap {
        /// Request or response.
        direction: Direction,
        /// How many, where that is known.
        len: u64,
    },
    /// Header fields behind a chunked body.
    Trailers {
        /// Request or response.
        direction: Direction,
        /// The fields in order.
        headers: &'a [Header<'a>],
    },
    /// The message is over.
    End {
        /// Request or response.
        direction: Direction,
        /// Time of its last byte.
        at: Timestamp,
        /// Whether it ended where it said it would.
        complete: bool,
    },
    /// Messages were lost in `direction`: how many is not known, so that pairing by order has to
    /// start anew.
    Lost {
        /// Request or response.
        direction: Direction,
        /// The last message in that direction was found by searching, and what follows it shows
        /// that it was none.
        refuted: bool,
    },
    /// Another message begins where the last one in `direction` ended, which was found by
    /// searching: it was one.
    Confirmed {
        /// Request or response.
        direction: Direction,
    },
    /// Something came that cannot be read, and may answer whatever its receiver asked.
    Unread {
        /// Response, or of a client whom the server asked.
        direction: Direction,
    },
    /// Something odd.
    Anomaly {
        /// Request or response.
        direction: Direction,
        /// What.
        anomaly: Anomaly,
    },
    /// The rest of the connection, both directions, speaks something else from here on.
    Switch {
        /// What it speaks.
        to: SwitchTo,
    },
    /// What a TLS session shows of itself, told once: all that follows is encrypted, or is none.
    Session {
        /// What was seen.
        session: &'a TlsSession,
    },
    /// Bytes behind a switch, as they came: the first belong to the chunk that held the switch.
    Remainder {
        /// Which way they go.
        direction: Direction,
        /// Time of the packet that brought them.
        at: Timestamp,
        /// The bytes.
        bytes: &'a [u8],
    },
    /// The parser can make no more of `direction`.
    GaveUp {
        /// Request or response.
        direction: Direction,
        /// Why.
        anomaly: Anomaly,
    },
}
