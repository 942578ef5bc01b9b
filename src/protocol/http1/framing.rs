//! How long a body is (RFC 9112 section 6.3), gathered field by field.

use smallvec::SmallVec;

use crate::model::{Anomaly, Header, HeaderName, SwitchTo};

use super::anomalies;

/// What matters of a request for the framing of its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Any other method.
    Plain,
    /// The request was not seen, or it is not known which it is.
    Unknown,
    /// HEAD: the response has no body whatever its fields say.
    Head,
    /// CONNECT: a successful response opens a tunnel.
    Connect,
}

/// What a head starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Request,
    Response { status: u16, asked: Asked },
}

/// What follows a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    None,
    Sized(u64),
    Chunked,
    UntilClose,
    Switch(SwitchTo),
}

/// Anomalies of one message, each once, in order.
#[derive(Debug, Default)]
pub(super) struct Odd(SmallVec<[Anomaly; 4]>);

impl Odd {
    pub(super) fn note(&mut self, anomaly: Anomaly) {
        if !self.0.contains(&anomaly) {
            self.0.push(anomaly);
        }
    }

    pub(super) fn drain(&mut self) -> impl Iterator<Item = Anomaly> + '_ {
        self.0.drain(..)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Absent,
    Identity,
    Chunked,
    Other,
}

/// What the fields read so far say of the body.
#[derive(Debug)]
pub(super) struct Framing {
    length: Option<u64>,
    length_invalid: bool,
    coding: Coding,
    upgrade: Option<SwitchTo>,
    /// The connection closes behind the message.
    closes: bool,
    /// Host fields, as far as two.
    hosts: u8,
    pub(super) odd: Odd,
}

impl Framing {
    pub(super) fn new() -> Self {
        Framing {
            length: None,
            length_invalid: false,
            coding: Coding::Absent,
            upgrade: None,
            closes: false,
            hosts: 0,
            odd: Odd::default(),
        }
    }

    /// Takes one field.
    pub(super) fn field(&mut self, header: &Header<'_>) {
        let value = header.value;
        match header.known {
            HeaderName::Upgrade => self.upgrade(value),
            HeaderName::Connection => {
                let mut options = value.split(|b| *b == b',');
                self.closes |= options.any(|o| o.trim_ascii().eq_ignore_ascii_case(b"close"));
            }
            HeaderName::ContentLength => self.lengths(value),
            HeaderName::Host => self.hosts = self.hosts.saturating_add(1),
            HeaderName::TransferEncoding => self.codings(value),
            _ => {}
        }
    }

    fn upgrade(&mut self, value: &[u8]) {
        let first = value.split(|b| *b == b',').next().unwrap_or_default().trim_ascii();
        let to = if first.eq_ignore_ascii_case(b"h2c") {
            SwitchTo::Named("http/2")
        } else if first.eq_ignore_ascii_case(b"websocket") {
            SwitchTo::Named("websocket")
        } else if first.get(..4).is_some_and(|name| name.eq_ignore_ascii_case(b"tls/")) {
            SwitchTo::Named("tls")
        } else {
            SwitchTo::Unknown
        };
        self.upgrade.get_or_insert(to);
    }

    /// A list of equal numbers counts as one (RFC 9110 section 8.6).
    fn lengths(&mut self, value: &[u8]) {
        for item in value.split(|b| *b == b',') {
            match (decimal(item.trim_ascii()), self.length) {
                (None, _) => {
                    self.length_invalid = true;
                    self.odd.note(anomalies::LENGTH_INVALID);
                }
                (Some(length), None) => self.length = Some(length),
                (Some(length), Some(first)) if length == first => {
                    self.odd.note(anomalies::LENGTH_REPEATED);
                }
                (Some(_), Some(_)) => self.odd.note(anomalies::LENGTH_CONFLICT),
            }
        }
    }

    /// Only the last coding of all fields decides on the framing.
    fn codings(&mut self, value: &[u8]) {
        if self.coding != Coding::Absent {
            self.odd.note(anomalies::CODING_REPEATED);
        }
        for item in value.split(|b| *b == b',') {
            let name = item.split(|b| *b == b';').next().unwrap_or_default().trim_ascii();
            let coding = if name.eq_ignore_ascii_case(b"chunked") {
                Coding::Chunked
            } else if name.eq_ignore_ascii_case(b"identity") {
                Coding::Identity
            } else if name.is_empty() {
                continue;
            } else {
                Coding::Other
            };
            match (self.coding, coding) {
                // Chunked is to be the last coding, and there once.
                (Coding::Chunked, _) | (_, Coding::Identity) => {
                    self.odd.note(anomalies::CODING_INVALID);
                }
                (Coding::Other, Coding::Chunked) => self.odd.note(anomalies::CODING_STACKED),
                _ => {}
            }
            self.coding = coding;
        }
        if self.coding == Coding::Absent {
            self.coding = Coding::Identity;
            self.odd.note(anomalies::CODING_INVALID);
        }
    }

    /// Looks at the Host fields of a request: all are in `fields` unless there are too many.
    pub(super) fn check_hosts(&mut self, fields: &[Header<'_>]) {
        if self.hosts < 2 {
            return;
        }
        let mut hosts = fields.iter().filter(|f| f.known == HeaderName::Host).map(|f| f.value);
        let first = hosts.next().unwrap_or_default();
        let agree = hosts.all(|host| host.eq_ignore_ascii_case(first));
        self.odd.note(if agree { anomalies::HOST_REPEATED } else { anomalies::HOST_CONFLICT });
    }

    /// Whether a field says which host is asked.
    pub(super) fn has_host(&self) -> bool {
        self.hosts > 0
    }

    /// Whether nothing says where the body of a response ends.
    pub(super) fn is_endless(&self) -> bool {
        matches!(self.coding, Coding::Absent | Coding::Identity)
            && self.length.is_none()
            && !self.closes
    }

    /// What follows the head, all its fields taken.
    pub(super) fn body(&mut self, kind: Kind, minor_version: u8) -> Body {
        if self.coding != Coding::Absent {
            if self.length.is_some() || self.length_invalid {
                self.odd.note(anomalies::LENGTH_AND_CODING);
            }
            if minor_version == 0 {
                self.odd.note(anomalies::CODING_IN_HTTP_10);
            }
        }
        match kind {
            Kind::Request => self.request_body(),
            Kind::Response { status: 101, .. } => {
                Body::Switch(self.upgrade.unwrap_or(SwitchTo::Unknown))
            }
            Kind::Response { status: 200..=299, asked: Asked::Connect } => {
                Body::Switch(SwitchTo::Unknown)
            }
            Kind::Response { status: status @ (100..=199 | 204 | 304), .. } => {
                // A 304 says how its 200 would have come (RFC 9112 section 6.1).
                if self.coding == Coding::Chunked && status != 304 {
                    self.odd.note(anomalies::CODING_WITHOUT_BODY);
                }
                Body::None
            }
            Kind::Response { asked: Asked::Head, .. } => Body::None,
            Kind::Response { .. } => self.response_body(),
        }
    }

    fn request_body(&mut self) -> Body {
        match self.coding {
            Coding::Chunked => Body::Chunked,
            // A server that did not refuse this took the length, or no body.
            Coding::Other => {
                self.odd.note(anomalies::CODING_INVALID);
                self.sized().unwrap_or(Body::None)
            }
            Coding::Absent | Coding::Identity => self.sized().unwrap_or(Body::None),
        }
    }

    fn response_body(&mut self) -> Body {
        match self.coding {
            Coding::Chunked => Body::Chunked,
            Coding::Other => {
                self.odd.note(anomalies::CODING_INVALID);
                Body::UntilClose
            }
            Coding::Absent | Coding::Identity => self.sized().unwrap_or(Body::UntilClose),
        }
    }

    fn sized(&self) -> Option<Body> {
        self.length.map(|length| if length == 0 { Body::None } else { Body::Sized(length) })
    }
}

/// `1*DIGIT` within 64 bits.
fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |number, digit| {
        let digit = u64::from(digit.checked_sub(b'0').filter(|d| *d <= 9)?);
        number.checked_mul(10)?.checked_add(digit)
    })
}
