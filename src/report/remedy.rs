//! What to do about a finding, rule by rule: data that every form of the report shares.

/// What to do about the findings of one posture rule. Standards and laws stand with the findings.
#[derive(Clone, Copy, Debug)]
pub struct Remedy {
    /// The posture rule.
    pub rule: &'static str,
    /// What is wrong, as a heading.
    pub heading: &'static str,
    /// What to do first, as an order: it fits behind "at SERVICE".
    pub action: &'static str,
    /// How to mend it for good, step by step.
    pub steps: &'static [&'static str],
    /// How to see that it is mended.
    pub proof: &'static str,
}

/// For rules that this version has no advice for, such as those of a database of a later one.
const UNKNOWN: Remedy = Remedy {
    rule: "",
    heading: "Other findings",
    action: "read what the finding says and decide who looks after it",
    steps: &["Read the explanation of each finding and decide who looks after it."],
    proof: "The finding is not raised again by traffic that is later than the change.",
};

const RECAPTURE: &str = "Record traffic again after the change: the endpoint is seen, and the \
    finding is not raised by what is later (a finding that is set to resolved comes back as \
    regressed otherwise).";

/// Every remedy, by rule.
pub const REMEDIES: &[Remedy] = &[
    Remedy {
        rule: "clear-beside-tls",
        heading: "Some callers use clear text although the host has TLS",
        action: "move the callers that still use clear text to the encrypted side",
        steps: &[
            "Find the callers (phitap clients --service) and give them the https address.",
            "Let the plain port answer with a redirect only, and browsers with \
             Strict-Transport-Security.",
            "Close the plain port when nobody uses it any more.",
        ],
        proof: RECAPTURE,
    },
    Remedy {
        rule: "credentials-in-clear",
        heading: "Credentials travel without encryption",
        action: "serve the endpoint over TLS only, and replace the credentials that were seen",
        steps: &[
            "Switch on TLS 1.2 or later for the service, and refuse or redirect plain connections.",
            "Replace every password, key and token that travelled in the clear: it is to be \
             regarded as known to others.",
            "Mark cookies Secure and HttpOnly; prefer short-lived tokens to passwords.",
        ],
        proof: RECAPTURE,
    },
    Remedy {
        rule: "credentials-in-url",
        heading: "Credentials are part of URLs",
        action: "move the credential from the URL into the Authorization header, and replace it",
        steps: &[
            "Send the credential in the Authorization field (or in a body, for a login).",
            "Replace the credentials that were used: they stand in logs and histories.",
            "Remove them from the logs of servers, proxies and load balancers.",
        ],
        proof: RECAPTURE,
    },
    Remedy {
        rule: "messages-refused",
        heading: "Messages were refused by their receiver",
        action: "look into the error queue of the interface and send again what is missing",
        steps: &[
            "Look in the error queue of the sender for the messages that were answered with AE or \
             AR, and decide what is missing at the receiver.",
            "Mend the mapping of the sender or the tables of the receiver.",
            "Have refusals raise an alarm, so that someone looks the same day.",
        ],
        proof: RECAPTURE,
    },
    Remedy {
        rule: "messages-unacknowledged",
        heading: "Messages were never acknowledged",
        action: "find out whether the receiver has what the messages told, and why it is silent",
        steps: &[
            "Look in the log of the sender whether it waited in vain and sent the messages again, \
             and in that of the receiver whether they arrived.",
            "Send again what is missing, and mend what keeps the receiver silent: a crash while it \
             reads them, a filter that drops them, a timeout shorter than its work.",
            "If nobody is meant to answer, have the sender say so (MSH-15 and MSH-16: NE), and \
             mark the finding accepted until then.",
        ],
        proof: RECAPTURE,
    },
    Remedy {
        rule: "secret-in-response",
        heading: "Responses hand out secrets",
        action: "remove the secret from the response, and replace it",
        steps: &[
            "Remove the property from the response, or return it once where it is made.",
            "Replace the secret, since caches and logs may hold it.",
            "Where a login returns a token on purpose: keep it short-lived, send it over TLS only, \
             and forbid caching (Cache-Control: no-store). Then mark the finding accepted.",
        ],
        proof: RECAPTURE,
    },
    Remedy {
        rule: "sender-new",
        heading: "Senders that were never seen before send messages",
        action: "ask who connected the new sender, and shut it out if nobody did",
        steps: &[
            "Find its address (phitap clients --service) and ask the interface team who connected \
             it, when and for what.",
            "If nobody did, shut it out at the firewall, and check at the receiver what its \
             messages changed.",
            "Let the receiver take connections of known senders only: an access list, or TLS with \
             certificates of clients.",
            "Where it was planned, mark the finding accepted with the change's number as reason.",
        ],
        proof: "The sender does not come again; or the finding is accepted with a reason.",
    },
    Remedy {
        rule: "sensitive-data-in-clear",
        heading: "Personal or health data travels without encryption",
        action: "serve the endpoint over TLS only",
        steps: &[
            "Switch on TLS 1.2 or later for the service, and refuse or redirect plain connections; \
             HL7 v2 over MLLP can be wrapped in TLS or carried through a VPN between both hosts.",
            "Check why the client used the plain address, and change it there.",
            "Until then limit who is on the path: a network of its own, access lists at both ends.",
        ],
        proof: RECAPTURE,
    },
    Remedy {
        rule: "sensitive-data-in-url",
        heading: "Personal or health data is part of URLs",
        action: "send the data in a request body, or refer to the person by an opaque identifier",
        steps: &[
            "Send what is searched for in a body (FHIR: POST to _search), or use an identifier \
             that says nothing by itself.",
            "Remove query strings from the logs of servers, proxies and load balancers, and delete \
             those that were kept.",
            "Forbid Referer fields to other sites (Referrer-Policy).",
        ],
        proof: RECAPTURE,
    },
    Remedy {
        rule: "sensitive-data-unauthenticated",
        heading: "Personal or health data is returned without authentication",
        action: "require authentication, and check the access logs for who has read the data",
        steps: &[
            "Require a credential before the operation is carried out, and check what the caller \
             may read.",
            "Check the access logs since the first time it was seen, and decide whether a breach \
             has to be reported.",
            "If a gateway or client certificates authenticate out of the sensor's sight, say so in \
             the reason and mark the finding accepted.",
        ],
        proof: RECAPTURE,
    },
    Remedy {
        rule: "tls-certificate-expiry",
        heading: "Certificates have expired, soon will, or are not valid yet",
        action: "renew the certificate",
        steps: &[
            "Renew the certificate now; check that no client was told to accept an expired one.",
            "Have renewal happen by itself (ACME), and an alarm 30 days before the end.",
        ],
        proof: RECAPTURE,
    },
    Remedy {
        rule: "tls-certificate-self-signed",
        heading: "Certificates are vouched for by nobody",
        action: "have the certificate issued by the organisation's authority, or pin it",
        steps: &[
            "Have a certificate issued by the organisation's authority, or pin exactly this one in \
             every client.",
            "Check that clients verify certificates: those that accepted this one may accept any.",
        ],
        proof: RECAPTURE,
    },
    Remedy {
        rule: "tls-cipher-weak",
        heading: "Weak cipher suites are negotiated",
        action: "allow cipher suites with AES-GCM or ChaCha20-Poly1305 and ECDHE only",
        steps: &[
            "Restrict the server to suites with AES-GCM or ChaCha20-Poly1305 and ECDHE.",
            "Update or isolate clients that can do nothing else (modalities, monitors).",
        ],
        proof: RECAPTURE,
    },
    Remedy {
        rule: "tls-key-weak",
        heading: "Keys are too short",
        action: "replace what is too short: the certificate's key, or the group that keys are \
                 agreed on with",
        steps: &[
            "Of a certificate: make a new key (RSA of at least 2048 bits, or a curve of at least \
             256), have the certificate issued for it, and revoke the old one.",
            "Of a key exchange: let the server offer ECDHE with X25519 or P-256 and no DHE, or \
             give it a group of at least 2048 bits (ffdhe2048).",
            "Update or isolate clients that can do nothing else (modalities, monitors).",
        ],
        proof: RECAPTURE,
    },
    Remedy {
        rule: "tls-name-in-subject",
        heading: "Certificates name their host in the subject alone",
        action: "have the certificate issued anew with the host as subjectAltName",
        steps: &[
            "Have the certificate issued anew with every name that clients ask for as \
             subjectAltName.",
            "Check that clients verify names: those that went on with this one may go on with any.",
        ],
        proof: RECAPTURE,
    },
    Remedy {
        rule: "tls-name-mismatch",
        heading: "Certificates are made out to another name",
        action: "have the host's name added to the certificate, and let clients check it",
        steps: &[
            "Have the name that clients ask for added to the certificate (subjectAltName).",
            "Check that clients verify names: those that went on with this one may go on with any.",
        ],
        proof: RECAPTURE,
    },
    Remedy {
        rule: "tls-version-obsolete",
        heading: "Obsolete versions of TLS are negotiated",
        action: "allow TLS 1.2 and 1.3 only",
        steps: &[
            "Switch off everything below TLS 1.2 at the server.",
            "Update clients that cannot do better, or put them behind a proxy that can.",
        ],
        proof: RECAPTURE,
    },
];

/// What to do about the findings of `rule`.
pub fn remedy(rule: &str) -> &'static Remedy {
    REMEDIES.iter().find(|remedy| remedy.rule == rule).unwrap_or(&UNKNOWN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::posture::RULES;

    #[test]
    fn every_posture_rule_has_a_remedy_and_references() {
        for rule in RULES {
            let remedy = remedy(rule.id);
            assert_eq!(remedy.rule, rule.id, "add a row to REMEDIES");
            assert!(!rule.references.is_empty(), "{}", rule.id);
        }
    }

    #[test]
    fn remedies_are_sorted_distinct_and_whole() {
        assert!(REMEDIES.windows(2).all(|w| w[0].rule < w[1].rule));
        for remedy in REMEDIES {
            assert!(!remedy.heading.ends_with('.') && !remedy.action.ends_with('.'));
            assert!(remedy.action.starts_with(|c: char| c.is_lowercase()), "{}", remedy.rule);
            assert!(!remedy.steps.is_empty(), "{}", remedy.rule);
            assert!(remedy.steps.iter().all(|s| s.ends_with('.')), "{}", remedy.rule);
        }
    }

    #[test]
    fn a_rule_without_a_remedy_has_one_for_all() {
        assert_eq!(remedy("of-tomorrow").heading, "Other findings");
    }
}
