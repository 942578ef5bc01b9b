//! How an exchange was answered.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// What an answer says of how it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// The status code of an HTTP response (RFC 9110 section 15), shown as its number.
    Http(u16),
    /// The code of an HL7 v2 acknowledgement, shown as it is.
    Hl7(AckCode),
}

/// MSA-1 (HL7 table 0008).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AckCode {
    /// `AA`: the application accepts.
    AppAccept,
    /// `AE`: the application found an error.
    AppError,
    /// `AR`: the application rejects.
    AppReject,
    /// `CA`: received and kept (enhanced mode).
    CommitAccept,
    /// `CE`: could not be kept.
    CommitError,
    /// `CR`: not acceptable for reasons of form.
    CommitReject,
    /// Something else, shown as `other`.
    Other,
}

impl AckCode {
    const NAMES: [(AckCode, &str); 7] = [
        (AckCode::AppAccept, "AA"),
        (AckCode::AppError, "AE"),
        (AckCode::AppReject, "AR"),
        (AckCode::CommitAccept, "CA"),
        (AckCode::CommitError, "CE"),
        (AckCode::CommitReject, "CR"),
        (AckCode::Other, "other"),
    ];

    /// The code in MSA-1, of whatever case.
    pub fn read(code: &[u8]) -> AckCode {
        let known = AckCode::NAMES
            .iter()
            .find(|(_, name)| name.as_bytes().eq_ignore_ascii_case(code.trim_ascii()));
        known.map_or(AckCode::Other, |(code, _)| *code)
    }

    /// The name shown to users.
    pub fn name(self) -> &'static str {
        AckCode::NAMES.iter().find(|(code, _)| *code == self).map_or("other", |(_, name)| name)
    }
}

impl Status {
    /// Whether it says that what was asked was done.
    pub fn is_success(self) -> bool {
        match self {
            Status::Http(code) => (200..300).contains(&code),
            Status::Hl7(code) => matches!(code, AckCode::AppAccept | AckCode::CommitAccept),
        }
    }

    /// Whether an HL7 v2 receiver refused the message.
    pub fn is_refusal(self) -> bool {
        use AckCode::{AppError, AppReject, CommitError, CommitReject};
        matches!(self, Status::Hl7(AppError | AppReject | CommitError | CommitReject))
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Status::Http(code) => code.fmt(f),
            Status::Hl7(code) => f.write_str(code.name()),
        }
    }
}

impl From<u16> for Status {
    fn from(code: u16) -> Status {
        Status::Http(code)
    }
}

/// What [`Status`] shows, read back.
impl FromStr for Status {
    type Err = ();

    fn from_str(text: &str) -> Result<Status, ()> {
        let ack = AckCode::NAMES.iter().find(|(_, name)| *name == text);
        match ack {
            Some((code, _)) => Ok(Status::Hl7(*code)),
            None => text.parse().map(Status::Http).map_err(|_| ()),
        }
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_read_back() {
        for text in ["200", "65535", "AA", "AE", "AR", "CA", "CE", "CR", "other"] {
            assert_eq!(text.parse::<Status>().unwrap().to_string(), text);
        }
        assert!("AB".parse::<Status>().is_err());
        assert_eq!(AckCode::read(b"XX"), AckCode::Other);
        assert_eq!(AckCode::read(b"ae "), AckCode::AppError);
    }

    #[test]
    fn success_and_refusal_are_told() {
        let is = |text: &str| {
            let status: Status = text.parse().unwrap();
            (status.is_success(), status.is_refusal())
        };
        assert_eq!([is("204"), is("AA"), is("CA")], [(true, false); 3]);
        assert_eq!([is("AE"), is("AR"), is("CR")], [(false, true); 3]);
        assert_eq!([is("404"), is("other")], [(false, false); 2]);
    }
}
