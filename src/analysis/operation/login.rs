//! What of a login a body shows: a credential that is sent, a token that comes back.

use crate::analysis::columns::Place;
use crate::content::{PathId, PathTable, Step};
use crate::inventory::login;
use crate::model::{Direction, Location};

/// Bytes of the shortest token.
const TOKEN_BYTES_MIN: usize = 16;

/// What a field is by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// What somebody shows.
    Proof,
    /// The same by a name that much else has.
    MaybeProof,
    /// What somebody gets.
    Token,
    /// The same by a name that much else has: where the value looks like one. A JWT is shown under
    /// such names as well.
    MaybeToken,
    /// Either, by its direction: a token that is exchanged for another.
    Both,
    /// How somebody asks for a token: some ways are nothing without what they are called by.
    Grant,
}

/// What a body has of a login.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoggedIn {
    /// A request shows a credential.
    pub shown: bool,
    /// A request shows one, unless by a name that much else has.
    pub sure: bool,
    /// A response gives a token.
    pub given: bool,
}

impl Login {
    /// What a member of an object or a form is, unless that stands in a list or within a value:
    /// many are the data of others. But for what is shown as an argument of a GraphQL document
    /// (`login(password: "…")`); a pin there is a place more often than a secret.
    pub fn at(paths: &PathTable, path: PathId) -> Option<Login> {
        let name = paths.name(path);
        let found = match (login::is_proof(name), login::is_token(name)) {
            (true, true) => Login::Both,
            (true, false) if login::may_be_proof(name) => Login::MaybeProof,
            (true, false) => Login::Proof,
            (false, true) => Login::Token,
            (false, false) if login::may_be_token(name) => Login::MaybeToken,
            (false, false) if login::is_grant_type(name) => Login::Grant,
            (false, false) => return None,
        };
        let mut argument = false;
        let mut steps = std::iter::successors(Some(path), |at| paths.parent(*at));
        let plain = steps.all(|at| match paths.step_of(at) {
            Some(Step::Key | Step::Name | Step::Json | Step::Form | Step::Part) => true,
            Some(Step::Nested | Step::Decoded) => {
                let within = paths.parent(at).map(|parent| paths.name(parent));
                !std::mem::replace(&mut argument, true) && within == Some("query")
            }
            _ => false,
        });
        match found {
            _ if !plain => None,
            Login::Proof | Login::Both if argument => Some(Login::Proof),
            Login::MaybeProof if argument => {
                (!name.eq_ignore_ascii_case("pin")).then_some(Login::MaybeProof)
            }
            _ if argument => None,
            found => Some(found),
        }
    }
}

impl LoggedIn {
    /// Adds what `value` of such a field says, if it stands in a body.
    pub fn add(&mut self, field: Login, place: Place, value: &[u8]) {
        let value = value.trim_ascii();
        match (field, place.direction) {
            _ if place.location != Location::Body => {}
            (Login::Proof | Login::Both, Direction::ToServer) => self.show(!is_mask(value)),
            (Login::MaybeProof, Direction::ToServer) => self.shown |= !is_mask(value),
            (Login::MaybeToken, Direction::ToServer) => self.show(is_jwt(value)),
            // The code stands beside it (RFC 6749 section 4.1.3, RFC 8628 section 3.4).
            (Login::Grant, Direction::ToServer) => {
                self.show(value == b"authorization_code" || value.ends_with(b":device_code"));
            }
            (Login::Token | Login::Both, Direction::ToClient) => {
                let blank = value.iter().any(u8::is_ascii_whitespace);
                self.given |= value.len() >= TOKEN_BYTES_MIN && !blank;
            }
            (Login::MaybeToken, Direction::ToClient) => {
                self.given |= is_jwt(value) || is_key(value);
            }
            _ => {}
        }
    }

    fn show(&mut self, shown: bool) {
        self.shown |= shown;
        self.sure |= shown;
    }
}

/// Whether it has the head of a JWT (RFC 7519) and its points.
fn is_jwt(value: &[u8]) -> bool {
    value.starts_with(b"eyJ") && value.iter().filter(|byte| **byte == b'.').count() == 2
}

/// Whether it is forty hexadecimal digits, as the keys of Django REST framework are.
fn is_key(value: &[u8]) -> bool {
    const DIGITS: usize = 40;
    value.len() == DIGITS && value.iter().all(u8::is_ascii_hexdigit)
}

/// Whether nothing is said: nothing at all, what programs write in its place, or one sign again and
/// again (`********`).
fn is_mask(value: &[u8]) -> bool {
    const UNSET: [&[u8]; 2] = [b"null", b"undefined"];
    UNSET.iter().any(|unset| value.eq_ignore_ascii_case(unset))
        || value
            .first()
            .is_none_or(|first| value.len() > 1 && value.iter().all(|byte| byte == first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_much_else_is_called_is_shown_and_not_surely() {
        for (field, sure) in [(Login::Proof, true), (Login::MaybeProof, false)] {
            let mut said = LoggedIn::default();
            let (direction, location) = (Direction::ToServer, Location::Body);
            said.add(field, Place { direction, location }, b"4711");
            assert_eq!((said.shown, said.sure), (true, sure));
        }
    }

    #[test]
    fn a_credential_shown_and_a_token_given_are_a_login() {
        let said = |field, direction, value: &str| {
            let mut said = LoggedIn::default();
            let query = Place { direction, location: Location::Query };
            said.add(field, query, value.as_bytes());
            assert_eq!(said, LoggedIn::default(), "no body");
            said.add(field, Place { direction, location: Location::Body }, value.as_bytes());
            (said.shown, said.given)
        };
        let (request, response) = (Direction::ToServer, Direction::ToClient);
        let token = "2YotnFZFEjr1zCsicMWpAA";
        assert_eq!(said(Login::Proof, request, "x"), (true, false));
        assert_eq!(said(Login::Proof, request, " "), (false, false), "nothing is shown");
        assert_eq!(said(Login::Proof, request, "********"), (false, false), "a mask");
        for unset in ["null", "undefined"] {
            assert_eq!(said(Login::Proof, request, unset), (false, false), "{unset}");
        }
        assert_eq!(said(Login::Proof, response, "x"), (false, false));
        assert_eq!(said(Login::Token, response, token), (false, true));
        assert_eq!(said(Login::Token, response, "none"), (false, false));
        assert_eq!(said(Login::Token, request, token), (false, false));
        assert_eq!(said(Login::Both, request, token), (true, false));
        assert_eq!(said(Login::Both, response, token), (false, true));
        // `key`, `access` and `refresh` are names of much else.
        for value in ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", &"0f3a".repeat(10)] {
            assert_eq!(said(Login::MaybeToken, response, value), (false, true), "{value}");
        }
        for value in [
            "search-result-2026-11-0001",
            "patient/9912345678901",
            "2026-11-01T10:00:00Z",
            "restricted-psychiatry",
            "abcdefgh12345678",
            "urn:oid:1.2.840.1",
        ] {
            assert_eq!(said(Login::MaybeToken, response, value), (false, false), "{value}");
        }
        // One that is exchanged for another, as Django's Simple JWT does it.
        let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";
        assert_eq!(said(Login::MaybeToken, request, jwt), (true, false));
        assert_eq!(said(Login::MaybeToken, request, &"0f3a".repeat(10)), (false, false));
        assert_eq!(said(Login::MaybeProof, request, "4711"), (true, false));
        assert_eq!(said(Login::Grant, request, "authorization_code"), (true, false));
        assert_eq!(said(Login::Grant, request, "client_credentials"), (false, false));
    }
}
