//! Logging in: what somebody shows for it in the body of a request, and what comes back for it.
//!
//! By the names that OAuth 2.0 (RFC 6749 section 4, RFC 7521 section 4.2, RFC 8628, RFC 8693),
//! OpenID Connect and the logins of applications give these.

/// Names of what is shown, in lower case without marks between.
const PROOFS: [&str; 33] = [
    "apikey",
    "assertion",
    "authcode",
    "authorizationcode",
    "clientassertion",
    "clientsecret",
    "devicecode",
    "idtoken",
    "jpassword",
    "loginpassword",
    "mfacode",
    "mfatoken",
    "onetimepasscode",
    "onetimepassword",
    "otp",
    "otpcode",
    "pass",
    "passcode",
    "passphrase",
    "passwd",
    "password",
    "pin",
    "pwd",
    "refreshtoken",
    "samlresponse",
    "secret",
    "secretkey",
    "subjecttoken",
    "totp",
    "totpcode",
    "twofactorcode",
    "userpassword",
    "verificationcode",
];

/// Those among them that much else has: a pass is of a day, a pin a place.
const PERHAPS_PROOFS: [&str; 3] = ["pass", "pin", "secret"];

/// Names of what comes back.
const TOKENS: [&str; 14] = [
    "accessjwt",
    "accesstoken",
    "authenticationtoken",
    "authorizationtoken",
    "authtoken",
    "bearertoken",
    "idtoken",
    "jwt",
    "jwttoken",
    "refreshjwt",
    "refreshtoken",
    "sessionid",
    "sessiontoken",
    "token",
];

/// Names that some programs give a token (Django's), and others much else.
const PERHAPS_TOKENS: [&str; 3] = ["access", "key", "refresh"];

const NAME_BYTES_MAX: usize = 24;

/// Whether a field of this name holds what somebody shows to log in.
pub fn is_proof(name: &str) -> bool {
    is_one_of(name, &PROOFS)
}

/// Whether much else has this name of what somebody shows.
pub fn may_be_proof(name: &str) -> bool {
    is_one_of(name, &PERHAPS_PROOFS)
}

/// Whether a field of this name holds what somebody who logged in gets.
pub fn is_token(name: &str) -> bool {
    is_one_of(name, &TOKENS)
}

/// Whether a field of this name does where its value looks like a token.
pub fn may_be_token(name: &str) -> bool {
    is_one_of(name, &PERHAPS_TOKENS)
}

/// Whether a field of this name says how somebody asks for a token.
pub fn is_grant_type(name: &str) -> bool {
    is_one_of(name, &["granttype"])
}

fn is_one_of(name: &str, known: &[&str]) -> bool {
    let mut plain = [0; NAME_BYTES_MAX];
    let mut length = 0;
    for byte in name.bytes().filter(u8::is_ascii_alphanumeric) {
        let Some(place) = plain.get_mut(length) else { return false };
        *place = byte.to_ascii_lowercase();
        length += 1;
    }
    let plain = plain.get(..length).unwrap_or_default();
    known.iter().any(|known| known.as_bytes() == plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_and_what_comes_back_are_told_by_whole_names() {
        for name in ["password", "client_secret", "client-assertion", "refreshToken", "Passwd"] {
            assert!(is_proof(name), "{name}");
        }
        for name in
            ["password_hint", "secret_question", "code", "pincode_of_the_place_of_delivery", ""]
        {
            assert!(!is_proof(name), "{name}");
        }
        let (sure, perhaps) = ("password", ["pass", "Pin", "secret"]);
        assert!(perhaps.into_iter().all(|name| is_proof(name) && may_be_proof(name)));
        assert!(!may_be_proof(sure));
        assert!(["access_token", "id_token", "jwt", "Token"].into_iter().all(is_token));
        assert!(
            !["next_page_token", "tokens", "api_key", "client_secret"].into_iter().any(is_token)
        );
        assert!(may_be_token("key") && !is_token("key") && !may_be_token("keys"));
        assert!(is_grant_type("grant_type") && !is_grant_type("grant"));
    }
}
