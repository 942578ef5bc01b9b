//! Captures of which Wireshark puts other streams together than phitap does, and why.

/// Captures that differ for one reason.
pub struct Differ {
    /// Why the two differ.
    pub why: &'static str,
    /// The captures, with the number of streams that do. A name that ends with `/` stands for the
    /// one that differs in a folder.
    pub captures: &'static [(&'static str, usize)],
}

/// Every such difference.
pub const DIFFER: &[Differ] = &[
    Differ {
        why: "packets are cut (snap length): Wireshark joins what is left of them without a word, \
              phitap tells how many bytes are missing",
        captures: &[
            ("OISF+suricata-verify/tests/tcp-rst-unacked-stream-10/", 1),
            ("corelight+community-id-spec/pcaps/combined.pcap.gz", 1),
            ("corelight+community-id-spec/pcaps/tcp.pcap", 1),
            ("seladb+PcapPlusPlus/Tests/Pcap++Test/PcapExamples/pcapng-example.pcapng", 7),
            ("zeek+zeek/testing/btest/Traces/krb/smb2_krb.pcap", 1),
            ("zeek+zeek/testing/btest/Traces/tcp/timestamp.pcap", 1),
        ],
    },
    Differ {
        why: "bytes are missing that nobody acknowledges in the capture: Wireshark stops before \
              them, phitap goes on behind the gap",
        captures: &[
            ("OISF+suricata-verify/tests/tcp-protodetect-bailout/input.pcap", 1),
            ("OISF+suricata-verify/tests/tcp-rst-unacked-stream-07-http/input.pcap", 1),
            ("seladb+PcapPlusPlus/Tests/Packet++Test/PacketExamples/BgpPackets.pcap", 1),
            ("seladb+PcapPlusPlus/Tests/Packet++Test/PacketExamples/ldap.pcapng", 1),
            ("seladb+PcapPlusPlus/Tests/Packet++Test/PacketExamples/ssh_packets.pcap", 1),
            ("seladb+PcapPlusPlus/Tests/Packet++Test/PacketExamples/telnet.pcap", 1),
            ("seladb+PcapPlusPlus/Tests/Pcap++Test/PcapExamples/4KHttpRequests.pcap", 41),
            ("the-tcpdump-group+tcpdump/tests/bgp-cease-hard-reset.pcap", 1),
        ],
    },
    Differ {
        why: "segments were captured behind their acknowledgment: Wireshark has given them up by \
              then, phitap waits for them for some packets",
        captures: &[
            ("OISF+suricata-verify/tests/tcp-rst-unacked-stream-12/", 1),
            ("fixtures/impaired/lossy.pcap", 6),
        ],
    },
    Differ {
        why: "a RST carries bytes (the text of an error, RFC 9293 section 3.5.2), which belong to \
              no stream: Wireshark shows them in it",
        captures: &[
            ("OISF+suricata-verify/tests/bug-6244-tcp-rst-with-data-02/tcp-rst-with-data.pcap", 1),
            ("OISF+suricata-verify/tests/bug-6244-tcp-rst-with-data/tcp-rst-with-data.pcap", 1),
            ("OISF+suricata-verify/tests/tcp-rst-unacked-stream-01-raw/input.pcap", 1),
            ("OISF+suricata-verify/tests/tcp-rst-unacked-stream-03-gap/input.pcap", 2),
        ],
    },
    Differ {
        why: "segments with data and no ACK flag, which no receiver takes: phitap tells them as \
              another reading, Wireshark as the stream",
        captures: &[
            ("the-tcpdump-group+tcpdump/tests/bgp_mp_reach_nlri-oobr.pcap", 1),
            ("the-tcpdump-group+tcpdump/tests/bgp_vpn_rt-oobr.pcap", 1),
        ],
    },
    Differ {
        why: "packets were damaged on purpose (flags, numbers beyond any window): each takes other \
              ones of them seriously",
        captures: &[
            ("OISF+suricata-verify/tests/bug-76/input.pcap", 2),
            ("OISF+suricata-verify/tests/tcp-fastopen-10-syn-data-ignore/input.pcap", 1),
            ("OISF+suricata-verify/tests/transform-base64-7296/input.pcap", 1),
        ],
    },
    Differ {
        why: "the same addresses in several virtual networks: Wireshark takes them for one \
              connection and its second and third request for retransmissions",
        captures: &[(
            "zeek+zeek/doc/advanced/devel/plugins/connkey-vxlan-fivetuple-plugin-src/",
            2,
        )],
    },
];

/// How many streams of a capture differ, and why.
pub fn reason(name: &str) -> Option<(usize, &'static str)> {
    DIFFER.iter().find_map(|differ| {
        let found = differ.captures.iter().find(|(capture, _)| is_of(name, capture));
        found.map(|(_, count)| (*count, differ.why))
    })
}

/// Whether a capture has this name, or lies in the folder of this name.
pub fn is_of(capture: &str, name: &str) -> bool {
    capture == name || name.ends_with('/') && capture.starts_with(name)
}
