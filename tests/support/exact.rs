//! Captures in which phitap sees more exchanges than Wireshark does, and how many exactly.

/// Captures that differ for one reason.
pub struct Exact {
    /// Why the two differ.
    pub why: &'static str,
    /// Captures of the corpus, or of the project, and how often phitap sees each method and status
    /// more (`+`) or less (`-`) often. A name that ends with `/` stands for a folder.
    pub captures: &'static [(&'static str, &'static str)],
}

/// Every such difference.
pub const EXACT: &[Exact] = &[
    Exact {
        why: "only responses are in the capture: Wireshark reads the heads behind a response to \
              HEAD as its body",
        captures: &[("fixtures/impaired/one-sided.pcap", "+1 301, +1 404")],
    },
    Exact {
        why: "bytes are missing in the capture: a message counts here when its head is \
              there, and in Wireshark when its body is whole",
        captures: &[
            ("fixtures/impaired/lossy.pcap", "+7 200, +1 303, +12 GET, +3 POST"),
            ("OISF+suricata-verify/tests/http-gap-beyond-body/", "+2 200"),
            ("OISF+suricata-verify/tests/http-gap-double/", "+1 200"),
            ("OISF+suricata-verify/tests/http-gap-simple/", "+1 200"),
            ("OISF+suricata-verify/tests/http-range-file/", "+1 206"),
            ("arkime+arkime/tests/pcap/no-syn-ack.pcap", "+1 200"),
            ("zeek+zeek/testing/btest/Traces/erspan.pcap", "+3 200"),
            ("zeek+zeek/testing/btest/Traces/http/concurrent-range-requests.pcap", "+1 206"),
            ("zeek+zeek/testing/btest/Traces/http/entity_gap.pcap", "+1 200"),
        ],
    },
    Exact {
        why: "the body is framed or coded in a way that fails on the way (http-evader): the \
              head counts here, and Wireshark shows no HTTP at all, or another status",
        captures: &[
            ("OISF+suricata-verify/tests/http-evader/http-evader-026/", "+1 200"),
            ("OISF+suricata-verify/tests/http-evader/http-evader-028/", "+1 200"),
            ("OISF+suricata-verify/tests/http-evader/http-evader-044/", "+1 200"),
            ("OISF+suricata-verify/tests/http-evader/http-evader-078/", "+1 200"),
            ("OISF+suricata-verify/tests/http-evader/http-evader-082/", "+1 200"),
            ("OISF+suricata-verify/tests/http-evader/http-evader-086/", "+1 200"),
            ("OISF+suricata-verify/tests/http-evader/http-evader-095/", "+1 200"),
            ("OISF+suricata-verify/tests/http-evader/http-evader-098/", "+1 200"),
            ("OISF+suricata-verify/tests/http-evader/http-evader-099/", "+1 200"),
            ("OISF+suricata-verify/tests/http-evader/http-evader-208/", "+1 200"),
            ("OISF+suricata-verify/tests/http-evader/http-evader-364/", "+1 200"),
            ("OISF+suricata-verify/tests/http-evader/http-evader-373/", "+1 200"),
            ("OISF+suricata-verify/tests/http-evader/http-evader-384/", "+1 200"),
            ("OISF+suricata-verify/tests/http-evader/http-evader-416/", "+1 200"),
            ("OISF+suricata-verify/tests/http-evader/http-evader-419/", "+1 200"),
            ("OISF+suricata-verify/tests/http-evader/http-evader-425/", "+1 200"),
            ("OISF+suricata-verify/tests/http-evader/http-evader-428/", "+1 200"),
            ("OISF+suricata-verify/tests/http-evader/http-evader-431/", "+1 200"),
            ("OISF+suricata-verify/tests/http-evader/http-evader-474/", "-1 20, +1 200"),
            ("OISF+suricata-verify/tests/http-evader/http-evader-480/", "+1 200"),
            ("OISF+suricata-verify/tests/http-evader/http-evader-483/", "+1 200"),
            ("OISF+suricata-verify/tests/http-evader/http-evader-486/", "+1 200"),
            ("OISF+suricata-verify/tests/http-evader/http-evader-492/", "+1 200"),
            ("OISF+suricata-verify/tests/http-evader/http-evader-494/", "+1 200"),
        ],
    },
    Exact {
        why: "the server says something before its status line (http-evader): the response is \
              searched for and found, and Wireshark shows none",
        captures: &[
            ("OISF+suricata-verify/tests/http-evader/http-evader-390/", "+1 200"),
            ("OISF+suricata-verify/tests/http-evader/http-evader-489/", "+1 200"),
            ("OISF+suricata-verify/tests/http-evader/http-evader-491/", "+1 200"),
            ("OISF+suricata-verify/tests/http-evader/http-evader-495/", "+1 200"),
        ],
    },
    Exact {
        why: "the message ends before its body does, or its head or its port is one that \
              Wireshark does not take for HTTP: the head counts here",
        captures: &[
            ("fixtures/clinic/clinic.pcap", "+1 POST"),
            ("fixtures/http1-framing/http1-framing.pcap", "+1 200, +1 GET, +1 POST"),
            ("OISF+suricata-verify/tests/bug-5486/", "+1 200"),
            ("OISF+suricata-verify/tests/bug-78-uricontent/", "+1 404"),
            ("OISF+suricata-verify/tests/detect-http-uri/DetectEngineHttpRawUriTest29/", "+1 POST"),
            ("OISF+suricata-verify/tests/detect-http-uri/UriTestSig25/", "+1 POST"),
            ("OISF+suricata-verify/tests/detect-http-uri/UriTestSig28/", "+1 POST"),
            ("OISF+suricata-verify/tests/detect-pcre/detect-pcre-05/", "+1 200"),
            ("OISF+suricata-verify/tests/http-close-headers/", "+1 200"),
            ("OISF+suricata-verify/tests/http-connect/http-connect-fragmented/", "+1 200"),
            ("OISF+suricata-verify/tests/http-request-line/", "+1 GET"),
            ("OISF+suricata-verify/tests/http-response-line/", "+1 200"),
            ("OISF+suricata-verify/tests/tcp-rst-unacked-stream-07-http/", "+1 GET"),
            ("OISF+suricata-verify/tests/tcp-rst-unacked-stream-10/", "+1 200"),
            ("OISF+suricata-verify/tests/tcp-urgp-04-2byte-XY/", "+1 GET"),
            ("OISF+suricata-verify/tests/uricontent/detect-uricontent-02/", "+1 POST"),
            ("arkime+arkime/tests/pcap/http-tcp-seq-issue.pcap", "+1 200, +1 POST"),
            ("arkime+arkime/tests/pcap/twovlan.pcap", "+1 200"),
            ("seladb+PcapPlusPlus/Tests/Pcap++Test/PcapExamples/raw_ip.pcap", "+1 200"),
            ("the-tcpdump-group+tcpdump/tests/accecn_handshake.pcap", "+1 200"),
            ("zeek+zeek/testing/btest/Traces/http/get-to-ssh-server.pcap", "+1 GET"),
            ("zeek+zeek/testing/btest/Traces/http/putty-upload.pcap", "+1 POST"),
            ("zeek+zeek/testing/btest/Traces/http/query-method-non-standard-port.pcap", "+1 QUERY"),
            ("zeek+zeek/testing/btest/Traces/pe/pe_files_timestamp.pcap.gz", "+1 200"),
            ("zeek+zeek/testing/btest/Traces/tcp-http-with-padding.pcap", "+1 GET"),
        ],
    },
];

/// The difference that is meant for the capture `name`, if it is in the list.
pub fn exact(name: &str) -> Option<&'static str> {
    let is = |known: &str| known == name || (known.ends_with('/') && name.starts_with(known));
    EXACT.iter().flat_map(|group| group.captures).find(|(known, _)| is(known)).map(|(_, how)| *how)
}
