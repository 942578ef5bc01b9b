use std::net::SocketAddr;

use super::*;
use crate::decode::Unopened;
use crate::inventory::{EndpointKey, EndpointStats, FlowKey, FlowStats, Rollup};
use crate::model::PacketAccount;
use crate::sensor::sight::Sights;

/// A mirror port as it should be.
fn fine() -> Facts {
    let mut rollup = Rollup::default();
    let endpoint = EndpointKey {
        service: "api.example".into(),
        standard: "fhir-r4".into(),
        method: "GET".into(),
        path: "/fhir/Patient/{id}".into(),
        operation: "".into(),
    };
    rollup.endpoints.insert(endpoint, EndpointStats::default());
    rollup.flows.insert(
        FlowKey { server: ([10, 0, 0, 1], 80).into(), outcome: "http/1" },
        FlowStats {
            flows: 10,
            bytes: 1_000_000,
            gap_bytes: 0,
            one_sided: 0,
            ..FlowStats::default()
        },
    );
    Facts {
        place: Place::Interfaces(vec!["eth1".into()]),
        packets: PacketAccount { seen: 10_000, analysed: 10_000, ..PacketAccount::default() },
        mtu: 1500,
        longest_frame: 1514,
        frames_over_mtu: 0,
        sights: Sights { both_ways: 10, not_tls: 10, exchanges: 100, ..Sights::default() },
        rollup,
        incomplete: Vec::new(),
        unopened: Default::default(),
    }
}

fn changed(change: impl FnOnce(&mut Facts)) -> Vec<Remark> {
    let mut facts = fine();
    change(&mut facts);
    judge(&facts)
}

#[track_caller]
fn remark(remarks: &[Remark], check: &str) -> Remark {
    let found = remarks.iter().find(|r| r.check == check);
    found.unwrap_or_else(|| panic!("no remark on {check}: {remarks:#?}")).clone()
}

#[track_caller]
fn grade(remarks: &[Remark], check: &str, grade: Grade) -> String {
    let remark = remark(remarks, check);
    assert_eq!(remark.grade, grade, "{remark:#?}");
    assert_eq!(remark.actions.is_empty(), grade == Grade::Good, "{remark:#?}");
    format!("{} {} {}", remark.measured, remark.meaning, remark.actions.join("\n"))
}

#[test]
fn a_good_mirror_port_is_good_throughout() {
    let remarks = changed(|_| {});
    assert!(remarks.iter().all(|r| r.grade == Grade::Good), "{remarks:#?}");
    let checks: Vec<&str> = remarks.iter().map(|r| r.check).collect();
    assert_eq!(
        checks,
        ["packets", "directions", "loss", "gaps", "tls", "clinical", "encapsulation"]
    );
}

#[test]
fn problems_come_first() {
    let remarks = changed(|f| f.packets.cut = 1);
    assert_eq!(remarks[0].check, "snaplen");
}

#[test]
fn no_packets_and_no_tcp_are_told_apart() {
    let none = changed(|f| f.packets = PacketAccount::default());
    assert!(grade(&none, "packets", Grade::Problem).contains("ip -s link show eth1"));
    let udp = changed(|f| {
        f.packets = PacketAccount { seen: 5, ..PacketAccount::default() };
        f.packets.skipped.insert("udp", 5);
    });
    assert!(grade(&udp, "packets", Grade::Problem).contains("udp (5)"));
    let one = changed(|f| f.packets.analysed = 1);
    grade(&one, "packets", Grade::Good);
}

#[test]
fn encapsulations_that_are_not_opened_are_named() {
    let all = changed(|f| {
        f.packets = PacketAccount { seen: 180, ..PacketAccount::default() };
        f.packets.skipped.insert("l2tp", 180);
    });
    let said = grade(&all, "unopened", Grade::Problem);
    assert!(said.contains("180 of 180 packets") && said.contains("L2TP (UDP port 1701"), "{said}");
    assert!(said.contains("behind the concentrator"), "{said}");
    assert!(grade(&all, "packets", Grade::Problem).contains("most are L2TP"));
    let some = |n| {
        changed(|f| {
            f.packets.skipped.insert("gtp", n);
            f.packets.skipped.insert("udp", 5000);
        })
    };
    assert!(grade(&some(101), "unopened", Grade::Notice).contains("GTP-U"));
    assert!(some(100).iter().all(|r| r.check != "unopened"));
    for (reason, ..) in judge::UNOPENED {
        assert!(crate::decode::reasons::ALL.contains(reason), "{reason}");
    }
}

#[test]
fn what_is_not_known_is_named_by_its_number_and_what_looks_like_a_tunnel_with_the_option() {
    let some = |kind, n| {
        changed(|f| {
            f.packets.analysed -= n;
            f.unopened.insert(kind, n);
        })
    };
    let vxlan = Unopened::UdpPort { port: 14_789, resembles: Some("vxlan") };
    let said = grade(&some(vxlan, 101), "unknown", Grade::Notice);
    assert!(said.contains("VXLAN on UDP port 14789 (101)"), "{said}");
    assert!(said.contains("phitap capture -i eth1 --vxlan-port 14789"), "{said}");
    grade(&some(vxlan, 5000), "unknown", Grade::Problem);
    let said = grade(&some(Unopened::EtherType(0x1234), 101), "unknown", Grade::Notice);
    assert!(said.contains("EtherType 0x1234: mirror where it is taken off"), "{said}");
    let said = grade(&some(Unopened::IpProtocol(99), 101), "unknown", Grade::Notice);
    assert!(said.contains("IP protocol 99"), "{said}");
    let udp = |port| Unopened::UdpPort { port, resembles: None };
    assert!(grade(&some(udp(4500), 101), "unknown", Grade::Notice).contains("VPN gateway"));
    assert!(grade(&some(udp(9999), 1001), "unknown", Grade::Notice).contains("UDP port 9999"));
    let quiet = [
        (vxlan, 100),
        (udp(9999), 1000),
        (udp(53), 9000),
        (Unopened::EtherType(0x88cc), 9000),
        (Unopened::IpProtocol(89), 9000),
    ];
    for (kind, n) in quiet {
        assert!(some(kind, n).iter().all(|r| r.check != "unknown"), "{kind:?}");
    }
}

#[test]
fn one_direction_is_a_problem_a_notice_or_none() {
    let of = |one_way, both_ways| {
        changed(|f| (f.sights.one_way, f.sights.both_ways) = (one_way, both_ways))
    };
    assert!(grade(&of(9, 1), "directions", Grade::Problem).contains("9 of 10 flows"));
    grade(&of(8, 2), "directions", Grade::Notice);
    grade(&of(3, 28), "directions", Grade::Good);
    grade(&of(2, 0), "directions", Grade::Good);
}

#[test]
fn loss_is_a_problem_above_one_in_a_hundred() {
    let of = |dropped| changed(|f| f.packets.dropped = dropped);
    assert!(grade(&of(101), "loss", Grade::Problem).contains("--buffer"));
    grade(&of(100), "loss", Grade::Notice);
    grade(&of(10), "loss", Grade::Good);
    let shed = changed(|f| f.packets.shed = [("queue-full", 200)].into());
    grade(&shed, "loss", Grade::Problem);
    let files = changed(|f| (f.place, f.packets.dropped) = (Place::Files, 500));
    assert!(files.iter().all(|r| r.check != "loss"), "a file lost nothing here");
}

#[test]
fn gaps_are_bytes_nobody_saw() {
    let of = |missing| {
        changed(|f| f.rollup.flows.values_mut().for_each(|flow| flow.gap_bytes = missing))
    };
    let told = grade(&of(26_694), "gaps", Grade::Problem);
    assert!(told.contains("2.6 % of the TCP payload (26 KiB)"), "{told}");
    grade(&of(10_000), "gaps", Grade::Notice);
    grade(&of(1000), "gaps", Grade::Good);
    let told = grade(&of(99_000_000), "gaps", Grade::Problem);
    assert!(told.contains("99 % of the TCP payload"), "{told}");
}

#[test]
fn frames_longer_than_the_mtu_name_the_command() {
    let long = changed(|f| (f.frames_over_mtu, f.longest_frame) = (7, 40_000));
    let told = grade(&long, "offload", Grade::Notice);
    assert!(told.contains("ethtool -K eth1 gro off lro off"), "{told}");
    assert!(told.contains("7 frames longer than an MTU of 1500"), "{told}");
    let lengths = FrameLengths::of_mtu(1500);
    let source = |len| {
        let data = vec![0; len];
        let mut memory = crate::capture::MemorySource::new("test");
        memory.push(&crate::model::Packet {
            at: crate::base::Timestamp::default(),
            link: crate::model::LinkType::ETHERNET,
            data: &data,
            wire_len: u32::try_from(len).unwrap(),
            block: None,
        });
        let frames = Frames { lengths: lengths.clone(), unopened: UnopenedKinds::default() };
        Measured::new(Box::new(memory), frames)
    };
    for (len, longer) in [(1522, 0), (1523, 1)] {
        use crate::capture::PacketSource;
        source(len).next_packet().unwrap();
        assert_eq!((lengths.longer(), lengths.longest() as usize), (longer, len));
    }
}

#[test]
fn duplicates_are_told_above_one_in_a_hundred() {
    let of = |n| changed(|f| f.packets.duplicate = n);
    assert!(grade(&of(101), "duplicates", Grade::Notice).contains("twice"));
    assert!(of(100).iter().all(|r| r.check != "duplicates"));
}

#[test]
fn malformed_packets_are_told_above_one_in_a_hundred() {
    let of = |n| changed(|f| f.packets.malformed = [("tcp-header", n)].into());
    assert!(grade(&of(101), "malformed", Grade::Notice).contains("tcp-header"));
    assert!(of(100).iter().all(|r| r.check != "malformed"));
}

#[test]
fn tls_alone_is_a_problem_and_most_of_it_a_notice() {
    let of = |tls, not_tls, exchanges| {
        changed(|f| {
            (f.sights.tls, f.sights.not_tls, f.sights.exchanges) = (tls, not_tls, exchanges);
        })
    };
    assert!(grade(&of(5, 0, 0), "tls", Grade::Problem).contains("ends TLS"));
    grade(&of(5, 0, 1), "tls", Grade::Notice);
    assert!(grade(&of(6, 5, 1), "tls", Grade::Notice).contains("54.5 %"));
    grade(&of(5, 5, 1), "tls", Grade::Good);
}

#[test]
fn clinical_services_are_named_by_content_port_or_name() {
    let told = grade(&changed(|_| {}), "clinical", Grade::Good);
    assert!(told.contains("api.example (FHIR)"), "{told}");
    let by = |server: SocketAddr, outcome| {
        changed(move |f| {
            f.rollup = Rollup::default();
            let stats = FlowStats {
                flows: 1,
                bytes: 9,
                gap_bytes: 0,
                one_sided: 0,
                ..FlowStats::default()
            };
            f.rollup.flows.insert(FlowKey { server, outcome }, stats);
        })
    };
    let dicom = by(([10, 0, 0, 9], 11112).into(), "unidentified");
    assert!(grade(&dicom, "clinical", Grade::Good).contains("DICOM by its port 11112"));
    let mllp = by(([10, 0, 0, 9], 9999).into(), "mllp");
    assert!(grade(&mllp, "clinical", Grade::Good).contains("10.0.0.9:9999 (HL7 v2)"));
    grade(&by(([10, 0, 0, 9], 11113).into(), "unidentified"), "clinical", Grade::Notice);
}

#[test]
fn vlans_and_tunnels_are_listed_by_weight() {
    let tagged = changed(|f| {
        f.sights.layers = [("vlan 10".into(), 5), ("vlan 20".into(), 50)].into();
    });
    let told = grade(&tagged, "encapsulation", Grade::Good);
    assert!(told.contains("vlan 20 (50), vlan 10 (5)"), "{told}");
}

#[test]
fn an_incomplete_input_says_where() {
    let cut = changed(|f| f.incomplete.push("a.pcap: cut short at offset 9".into()));
    assert!(grade(&cut, "incomplete", Grade::Problem).contains("a.pcap: cut short at offset 9"));
}
