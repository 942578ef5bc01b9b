//! How a SOAP message proves who sends it: what stands in its header as `wsse:Security` (OASIS Web
//! Services Security: SOAP Message Security 1.1.1; Username Token, SAML Token and Kerberos Token
//! Profiles).

use crate::content::{PathId, PathTable, Step};
use crate::inventory::AuthScheme;

use super::auth::AuthSchemes;

/// What an element or attribute within `Security` says of who sends the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Of a user: how what follows is written.
    PasswordType,
    /// Of a user.
    Password,
    /// The value of a signature of the message.
    Signature,
    /// How it is confirmed that who sends an assertion of SAML is whom it speaks of.
    Confirmation,
    /// An assertion that only the receiver reads.
    EncryptedAssertion,
    /// What kind a token in base64 is of.
    TokenType,
}

impl Proof {
    /// What the element or attribute at `path` says, if it stands where such a thing does.
    pub fn at(paths: &PathTable, path: PathId) -> Option<Proof> {
        let attribute = match paths.step_of(path)? {
            Step::Element => false,
            Step::Attribute => true,
            _ => return None,
        };
        let proof = match (paths.name(path), attribute) {
            ("Type", true) => Proof::PasswordType,
            ("Password", false) => Proof::Password,
            ("SignatureValue", false) => Proof::Signature,
            ("Method", true) | ("ConfirmationMethod", false) => Proof::Confirmation,
            ("ValueType", true) => Proof::TokenType,
            ("EncryptedAssertion", false) => Proof::EncryptedAssertion,
            _ => return None,
        };
        let above: &[&str] = match proof {
            Proof::PasswordType => &["Password", "UsernameToken", "Security"],
            Proof::Password => &["UsernameToken", "Security"],
            Proof::Signature => &["Signature", "Security"],
            Proof::Confirmation if attribute => &["SubjectConfirmation", "Subject", "Assertion"],
            Proof::Confirmation => &["SubjectConfirmation", "Subject"],
            Proof::EncryptedAssertion => &["Security"],
            Proof::TokenType => &["BinarySecurityToken", "Security"],
        };
        let mut at = path;
        for name in above {
            at = paths.parent(at)?;
            (paths.name(at) == *name).then_some(())?;
        }
        let mut around = std::iter::successors(Some(at), |at| paths.parent(*at));
        let security = around.find(|at| paths.name(*at) == "Security")?;
        (paths.name(paths.parent(security)?) == "Header").then_some(proof)
    }

    /// Adds what `value` there says.
    pub fn add(self, value: &[u8], schemes: &mut AuthSchemes) {
        let value = value.trim_ascii();
        match self {
            _ if value.is_empty() => {}
            Proof::PasswordType if value.ends_with(b"#PasswordDigest") => {
                schemes.insert(AuthScheme::UsernameDigest);
            }
            // A ticket is bound to a key that is not sent; a certificate alone is no proof. Names
            // have `GSS_` before them and the number of an RFC behind them, or not.
            Proof::TokenType if memchr::memmem::find(value, b"Kerberosv5_AP_REQ").is_some() => {
                schemes.insert(AuthScheme::Signed);
            }
            Proof::PasswordType | Proof::EncryptedAssertion | Proof::TokenType => {}
            // Its type stands in its tag, before it.
            Proof::Password if schemes.contains(AuthScheme::UsernameDigest) => {}
            Proof::Password => schemes.insert(AuthScheme::UsernameToken),
            Proof::Signature => schemes.insert(AuthScheme::Signed),
            Proof::Confirmation if value.ends_with(b":bearer") => schemes.insert(AuthScheme::Saml),
            // Who sends it signs the message with a key that the assertion or a gateway names.
            Proof::Confirmation => schemes.insert(AuthScheme::Signed),
        }
    }
}
