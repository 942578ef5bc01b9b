//! Captures in which phitap and Wireshark see as many messages of each method and status, and mean
//! to differ in what belongs together or how a target reads.

/// One reason, and the captures it explains.
pub struct Paired {
    /// Why the two differ.
    pub why: &'static str,
    /// Captures, and how many exchanges only phitap has and only tshark.
    pub captures: &'static [(&'static str, u64, u64)],
}

/// Every such difference.
pub const PAIRED: &[Paired] = &[
    Paired {
        why: "of requests that wait for their responses together, tshark gives every response to \
              the latest; here each has its own, in their order (RFC 9112, section 9.3.2)",
        captures: &[
            // And one response to a request whose body is not in the capture.
            ("fixtures/clinic/clinic.pcap", 4, 7),
            ("OISF+suricata-verify/tests/filestore-5408/input.pcap", 6, 12),
            ("OISF+suricata-verify/tests/filestore-dont/input.pcap", 1, 2),
        ],
    },
    Paired {
        why: "the same, and responses that come before their request is whole (Expect), or to a \
              head that tshark does not take apart",
        captures: &[("fixtures/http1-framing/http1-framing.pcap", 11, 18)],
    },
    Paired {
        why: "a target with blanks in it is none (RFC 9112, section 3.2), yet servers answer it: \
              here it goes up to the version, and in Wireshark up to the first blank",
        captures: &[
            ("OISF+suricata-verify/tests/bug-5437-01/input.pcap", 2, 2),
            ("OISF+suricata-verify/tests/http-uri-spaces/input.pcap", 1, 1),
            ("zeek+zeek/testing/btest/Traces/http/connect-with-smtp.pcap", 1, 1),
        ],
    },
    Paired {
        why: "two lengths contradict each other, so what looks like the next request is a request \
              for one reader and a body for the other",
        captures: &[("OISF+suricata-verify/tests/http-multiple-cl/input.pcap", 1, 1)],
    },
];

/// What is meant for the capture `name`: exchanges that only phitap has, and only tshark.
pub fn paired(name: &str) -> Option<(u64, u64)> {
    let mut all = PAIRED.iter().flat_map(|group| group.captures);
    all.find(|known| known.0 == name).map(|known| (known.1, known.2))
}
