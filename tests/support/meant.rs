//! Captures where phitap means to see other exchanges than Wireshark does, by reason.

/// One reason, and the captures it explains.
pub struct Meant {
    /// Why the two differ.
    pub why: &'static str,
    /// Captures of the corpus, or of the project; a name that ends with `/` stands for a folder.
    pub captures: &'static [&'static str],
}

/// Every difference that is meant.
pub const MEANT: &[Meant] = &[
    Meant {
        why: "Wireshark tells a message when its body is whole, and goes by what it can dissect; \
              an exchange counts here when its head is there: the rest is cut off, lost in a gap, \
              coded in a way that fails, or its head is lenient (bare LF, folded lines, odd ports)",
        captures: &[
            "fixtures/clinic/clinic.pcap",
            "fixtures/http1-framing/http1-framing.pcap",
            "fixtures/impaired/lossy.pcap",
            "OISF+suricata-verify/tests/bug-5486/",
            "OISF+suricata-verify/tests/bug-78-uricontent/",
            "OISF+suricata-verify/tests/detect-http-uri/DetectEngineHttpRawUriTest29/",
            "OISF+suricata-verify/tests/detect-http-uri/UriTestSig25/",
            "OISF+suricata-verify/tests/detect-http-uri/UriTestSig28/",
            "OISF+suricata-verify/tests/detect-pcre/detect-pcre-05/",
            "OISF+suricata-verify/tests/http-close-headers/",
            "OISF+suricata-verify/tests/http-connect/http-connect-fragmented/",
            "OISF+suricata-verify/tests/http-evader/http-evader-026/",
            "OISF+suricata-verify/tests/http-evader/http-evader-028/",
            "OISF+suricata-verify/tests/http-evader/http-evader-044/",
            "OISF+suricata-verify/tests/http-evader/http-evader-078/",
            "OISF+suricata-verify/tests/http-evader/http-evader-082/",
            "OISF+suricata-verify/tests/http-evader/http-evader-086/",
            "OISF+suricata-verify/tests/http-evader/http-evader-095/",
            "OISF+suricata-verify/tests/http-evader/http-evader-098/",
            "OISF+suricata-verify/tests/http-evader/http-evader-099/",
            "OISF+suricata-verify/tests/http-evader/http-evader-208/",
            "OISF+suricata-verify/tests/http-evader/http-evader-364/",
            "OISF+suricata-verify/tests/http-evader/http-evader-373/",
            "OISF+suricata-verify/tests/http-evader/http-evader-384/",
            "OISF+suricata-verify/tests/http-evader/http-evader-416/",
            "OISF+suricata-verify/tests/http-evader/http-evader-419/",
            "OISF+suricata-verify/tests/http-evader/http-evader-425/",
            "OISF+suricata-verify/tests/http-evader/http-evader-428/",
            "OISF+suricata-verify/tests/http-evader/http-evader-431/",
            "OISF+suricata-verify/tests/http-evader/http-evader-474/",
            "OISF+suricata-verify/tests/http-evader/http-evader-480/",
            "OISF+suricata-verify/tests/http-evader/http-evader-483/",
            "OISF+suricata-verify/tests/http-evader/http-evader-486/",
            "OISF+suricata-verify/tests/http-evader/http-evader-492/",
            "OISF+suricata-verify/tests/http-evader/http-evader-494/",
            "OISF+suricata-verify/tests/http-gap-beyond-body/",
            "OISF+suricata-verify/tests/http-gap-double/",
            "OISF+suricata-verify/tests/http-gap-simple/",
            "OISF+suricata-verify/tests/http-range-file/",
            "OISF+suricata-verify/tests/http-request-line/",
            "OISF+suricata-verify/tests/http-response-line/",
            "OISF+suricata-verify/tests/tcp-rst-unacked-stream-07-http/",
            "OISF+suricata-verify/tests/tcp-rst-unacked-stream-10/",
            "OISF+suricata-verify/tests/tcp-urgp-04-2byte-XY/",
            "OISF+suricata-verify/tests/uricontent/detect-uricontent-02/",
            "arkime+arkime/tests/pcap/http-tcp-seq-issue.pcap",
            "arkime+arkime/tests/pcap/no-syn-ack.pcap",
            "arkime+arkime/tests/pcap/twovlan.pcap",
            "seladb+PcapPlusPlus/Tests/Pcap++Test/PcapExamples/raw_ip.pcap",
            "the-tcpdump-group+tcpdump/tests/accecn_handshake.pcap",
            "zeek+zeek/testing/btest/Traces/http/concurrent-range-requests.pcap",
            "zeek+zeek/testing/btest/Traces/http/entity_gap.pcap",
            "zeek+zeek/testing/btest/Traces/http/get-to-ssh-server.pcap",
            "zeek+zeek/testing/btest/Traces/http/putty-upload.pcap",
            "zeek+zeek/testing/btest/Traces/http/query-method-non-standard-port.pcap",
            "zeek+zeek/testing/btest/Traces/pe/pe_files_timestamp.pcap.gz",
            "zeek+zeek/testing/btest/Traces/tcp-http-with-padding.pcap",
            "zeek+zeek/testing/btest/Traces/erspan.pcap",
        ],
    },
    Meant {
        why: "the status line is none of HTTP/1.x (RFC 9112, section 4): another version \
              (`HTTP/2.1`, `HTTP/2.0`, `HTTP/0.9`), more than one digit in it (`1.10`, `1.00`, \
              `1.01`), a NUL, or a status that is none (`000`, `2xx`, `20x`, `2040`): an anomaly, \
              so the request stays without an answer",
        captures: &[
            "OISF+suricata-verify/tests/http-evader/http-evader-049/",
            "OISF+suricata-verify/tests/http-evader/http-evader-053/",
            "OISF+suricata-verify/tests/http-evader/http-evader-365/",
            "OISF+suricata-verify/tests/http-evader/http-evader-367/",
            "OISF+suricata-verify/tests/http-evader/http-evader-368/",
            "OISF+suricata-verify/tests/http-evader/http-evader-370/",
            "OISF+suricata-verify/tests/http-evader/http-evader-391/",
            "OISF+suricata-verify/tests/http-evader/http-evader-392/",
            "OISF+suricata-verify/tests/http-evader/http-evader-462/",
            "OISF+suricata-verify/tests/http-evader/http-evader-467/",
            "OISF+suricata-verify/tests/http-evader/http-evader-468/",
            "OISF+suricata-verify/tests/http-evader/http-evader-478/",
        ],
    },
    Meant {
        why: "the request line is none of HTTP/1.x: no version (HTTP/0.9), blanks in the target; \
              or two fields contradict about a body's end, and nothing after it is a request",
        captures: &[
            "OISF+suricata-verify/tests/bug-5437-01/",
            "OISF+suricata-verify/tests/http-missing-protocol/",
            "zeek+zeek/testing/btest/Traces/http/261/variant-10-multi_value_te.pcap",
            "zeek+zeek/testing/btest/Traces/http/http-09-content-length-confusion.pcap",
        ],
    },
    Meant {
        why: "the snap length cuts the request's head off: Wireshark shows the part that is there",
        captures: &[
            "corelight+community-id-spec/pcaps/combined.pcap.gz",
            "corelight+community-id-spec/pcaps/tcp.pcap",
        ],
    },
    Meant {
        why: "most segments of these one-sided flows are missing (Wireshark loses its place after \
              a gap, or takes a body for a request); or HTTP inside sFlow samples, which we skip",
        captures: &[
            "OISF+suricata-verify/tests/filestore-5408/",
            "seladb+PcapPlusPlus/Tests/Pcap++Test/PcapExamples/4KHttpRequests.pcap",
        ],
    },
    Meant {
        why: "HTTP inside what is not taken apart yet: NFLOG, ARCnet, SOCKS",
        captures: &[
            "arkime+arkime/tests/pcap/socks-http-example.pcap",
            "arkime+arkime/tests/pcap/socks5-http-302-frag.pcap",
            "arkime+arkime/tests/pcap/socks5-http-302.pcap",
            "arkime+arkime/tests/pcap/socks5-reverse.pcap",
            "the-tcpdump-group+tcpdump/tests/arcnet-rfc1051-arp-icmp-http.pcap",
            "zeek+zeek/testing/btest/Traces/nflog-http.pcap",
            "zeek+zeek/testing/btest/Traces/socks.pcap",
        ],
    },
];

impl Meant {
    /// Whether it explains the capture `name`.
    pub fn explains(&self, name: &str) -> bool {
        let is = |known: &&str| *known == name || (known.ends_with('/') && name.starts_with(known));
        self.captures.iter().any(is)
    }
}
