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
            "arkime+arkime/tests/pcap/socks5-reverse.pcap",
            "the-tcpdump-group+tcpdump/tests/arcnet-rfc1051-arp-icmp-http.pcap",
            "zeek+zeek/testing/btest/Traces/nflog-http.pcap",
        ],
    },
    Meant {
        why: "tenants of an overlay have the same addresses: each network's connection is one of \
              its own, where Wireshark takes the second for a retransmission of the first",
        captures: &["zeek+zeek/doc/advanced/devel/plugins/connkey-vxlan-fivetuple-plugin-src/Traces/vxlan-overlapping-http-get.pcap"],
    },
];

impl Meant {
    /// Whether it explains the capture `name`.
    pub fn explains(&self, name: &str) -> bool {
        let is = |known: &&str| *known == name || (known.ends_with('/') && name.starts_with(known));
        self.captures.iter().any(is)
    }
}
