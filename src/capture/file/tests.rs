mod corpus;
mod writers;

use std::io::{self, Cursor, Read};

use proptest::prelude::*;

use self::writers::{Writer, gzip, zstd};
use super::record::ByteOrder;
use super::*;
use crate::base::Timestamp;
use crate::capture::source::{Incomplete, IncompleteCause, Next, PacketSource};
use crate::model::LinkType;

#[derive(Clone, Debug, PartialEq)]
struct Seen {
    nanos: i64,
    link: u16,
    wire_len: u32,
    data: Vec<u8>,
}

fn seen(nanos: i64, link: u16, wire_len: u32, data: &[u8]) -> Seen {
    Seen { nanos, link, wire_len, data: data.to_vec() }
}

fn drain(source: &mut FileSource) -> Vec<Seen> {
    let mut all = Vec::new();
    while let Next::Packet(p) = source.next_packet().unwrap() {
        all.push(Seen {
            nanos: p.at.nanos(),
            link: p.link.0,
            wire_len: p.wire_len,
            data: p.data.to_vec(),
        });
    }
    assert!(matches!(source.next_packet().unwrap(), Next::End), "the end stays the end");
    all
}

fn read(bytes: &[u8]) -> Result<(Vec<Seen>, Option<Incomplete>), FileError> {
    let mut source = FileSource::from_reader("test", Cursor::new(bytes.to_vec()))?;
    let packets = drain(&mut source);
    Ok((packets, source.incomplete().cloned()))
}

fn whole(bytes: &[u8]) -> Vec<Seen> {
    let (packets, incomplete) = read(bytes).unwrap();
    assert_eq!(incomplete, None);
    packets
}

fn small_pcap(order: ByteOrder) -> Vec<u8> {
    let mut file = Writer::new(order);
    file.pcap_header(0xa1b2_c3d4, 4, 1);
    file.pcap_packet((5, 7), 3, b"abc").pcap_packet((6, 0), 90, b"defgh");
    file.bytes
}

fn small_pcapng(order: ByteOrder) -> Vec<u8> {
    let mut file = Writer::new(order);
    file.section().interface(1, 0, &[]).enhanced(0, 5, b"abc").block(0xbad, b"not for us");
    file.enhanced(0, 6, b"defgh").simple(2, b"ij");
    file.bytes
}

const ORDERS: [ByteOrder; 2] = [ByteOrder::Little, ByteOrder::Big];

#[test]
fn pcap_is_read_in_both_byte_orders_and_resolutions() {
    for order in ORDERS {
        for (magic, nanos) in [(0xa1b2_c3d4, 5_000_007_000), (0xa1b2_3c4d, 5_000_000_007)] {
            let mut file = Writer::new(order);
            file.pcap_header(magic, 4, 113).pcap_packet((5, 7), 99, b"abc");
            assert_eq!(whole(&file.bytes), [seen(nanos, 113, 99, b"abc")]);
        }
    }
}

#[test]
fn the_variant_with_longer_record_headers_is_read() {
    let mut file = Writer::new(ByteOrder::Little);
    file.pcap_header(0xa1b2_cd34, 4, 1);
    file.u32(5).u32(7).u32(3).u32(3).u32(1).u16(8).raw(&[0, 0]).raw(b"abc");
    assert_eq!(whole(&file.bytes), [seen(5_000_007_000, 1, 3, b"abc")]);
}

#[test]
fn lengths_that_old_versions_swapped_are_swapped_back() {
    let mut file = Writer::new(ByteOrder::Big);
    file.pcap_header(0xa1b2_c3d4, 2, 1).u32(5).u32(0).u32(60).u32(3).raw(b"abc");
    assert_eq!(whole(&file.bytes), [seen(5_000_000_000, 1, 60, b"abc")]);
}

#[test]
fn frame_check_bits_in_the_link_type_are_ignored() {
    let mut file = Writer::new(ByteOrder::Little);
    file.pcap_header(0xa1b2_c3d4, 4, 0x4400_0001).pcap_packet((0, 0), 1, b"a");
    assert_eq!(whole(&file.bytes)[0].link, 1);
}

#[test]
fn pcapng_interfaces_have_their_own_link_type_resolution_and_offset() {
    for order in ORDERS {
        let offset = match order {
            ByteOrder::Big => 100i64.to_be_bytes(),
            ByteOrder::Little => 100i64.to_le_bytes(),
        };
        let mut file = Writer::new(order);
        file.section();
        file.interface(1, 0, &[]);
        file.interface(101, 0, &[(2, b"eth0"), (9, &[9])]);
        file.interface(113, 4, &[(9, &[0x80 | 10]), (14, &offset)]);
        file.enhanced(2, 1536, b"c").enhanced(0, 1_500_000, b"a").enhanced(1, 5 << 32, b"b");
        file.obsolete(0, 3, b"old");
        let expected = [
            seen(101_500_000_000, 113, 8, b"c"),
            seen(1_500_000_000, 1, 8, b"a"),
            seen(5 << 32, 101, 8, b"b"),
            seen(3000, 1, 3, b"old"),
        ];
        assert_eq!(whole(&file.bytes), expected);
    }
}

#[test]
fn each_section_has_its_own_byte_order_and_interfaces() {
    let mut file = small_pcapng(ByteOrder::Little);
    let mut second = Writer::new(ByteOrder::Big);
    second.section().interface(276, 0, &[(9, &[9])]).enhanced(0, 8, b"z");
    file.extend(second.bytes);
    assert_eq!(*whole(&file).last().unwrap(), seen(8, 276, 8, b"z"));
    // Interfaces of the first section do not exist in the second.
    let mut file = small_pcapng(ByteOrder::Little);
    file.extend(&Writer::new(ByteOrder::Big).section().enhanced(0, 8, b"z").bytes);
    let (packets, incomplete) = read(&file).unwrap();
    assert_eq!(packets.len(), 3);
    let incomplete = incomplete.unwrap().to_string();
    assert!(incomplete.ends_with("a packet of interface 0, which was not described"));
}

#[test]
fn simple_packets_are_cut_at_the_snap_length_and_borrow_a_time() {
    let mut file = Writer::new(ByteOrder::Little);
    file.section().interface(1, 4, &[]).enhanced(0, 7, b"a").simple(90, b"defg");
    assert_eq!(whole(&file.bytes)[1], seen(7000, 1, 90, b"defg"));
}

#[test]
fn simple_packets_have_the_time_of_the_statistics_before_them_or_of_their_interface() {
    for order in ORDERS {
        let start = match order {
            ByteOrder::Big => 1_700_000_000i64.to_be_bytes(),
            ByteOrder::Little => 1_700_000_000i64.to_le_bytes(),
        };
        let mut file = Writer::new(order);
        file.section().interface(1, 0, &[(14, &start)]).simple(1, b"a").statistics(0, &[]);
        file.simple(1, b"b").statistics_at(0, 9).simple(1, b"c");
        file.enhanced(0, 12, b"d").statistics_at(0, 11).simple(1, b"e");
        let times: Vec<i64> = whole(&file.bytes).iter().map(|packet| packet.nanos).collect();
        let base = 1_700_000_000_000_000_000;
        assert_eq!(times, [base, base, base + 9_000, base + 12_000, base + 12_000]);
    }
}

#[test]
fn blocks_longer_than_the_buffer_are_passed_over() {
    let mut file = Writer::new(ByteOrder::Little);
    file.section().interface(1, 0, &[]).block(0x0bad, &vec![7; 3_000_000]).enhanced(0, 1, b"a");
    assert_eq!(whole(&file.bytes).len(), 1);
}

#[test]
fn packets_longer_than_the_buffer_are_read() {
    let long = vec![7; 3_000_000];
    let mut file = Writer::new(ByteOrder::Little);
    file.pcap_header(0xa1b2_c3d4, 4, 1).pcap_packet((1, 0), 3_000_000, &long);
    file.pcap_packet((2, 0), 1, b"a");
    let packets = whole(&file.bytes);
    assert_eq!((packets.len(), &packets[0].data), (2, &long));
}

#[test]
fn compressed_captures_read_the_same() {
    for plain in [small_pcap(ByteOrder::Big), small_pcapng(ByteOrder::Little)] {
        let expected = whole(&plain);
        assert_eq!(whole(&gzip(&plain)), expected);
        assert_eq!(whole(&zstd(&plain)), expected);
        let (head, tail) = plain.split_at(30);
        assert_eq!(whole(&[gzip(head), gzip(tail)].concat()), expected, "two gzip members");
        assert_eq!(whole(&[zstd(head), zstd(tail)].concat()), expected, "two zstd frames");
    }
}

#[test]
fn what_other_compressors_leave_around_is_passed_over() {
    let plain = small_pcap(ByteOrder::Big);
    let expected = whole(&plain);
    let padded = [gzip(&plain), vec![0; 700]].concat();
    assert_eq!(whole(&padded), expected, "zeros behind a gzip member");
    let skipped = [&[0x5e, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4][..], &zstd(&plain)].concat();
    assert_eq!(whole(&skipped), expected, "a skippable zstd frame");
    let (packets, incomplete) = read(&[gzip(&plain), b"more".to_vec()].concat()).unwrap();
    assert_eq!(packets, expected);
    let said = incomplete.unwrap().to_string();
    assert!(said.contains("behind the compressed data is no gzip"), "{said}");
}

#[test]
fn packets_that_the_recorder_lost_are_told() {
    for order in ORDERS {
        let mut file = Writer::new(order);
        file.section().interface(1, 0, &[]).interface(1, 0, &[]);
        file.enhanced(0, 1, b"a");
        // Statistics count from the start: the last of an interface holds.
        file.statistics(0, &[(4, 999), (5, 3)]).statistics(0, &[(5, 5), (7, 2)]);
        file.statistics(1, &[(5, 1)]).statistics(7, &[(5, 1000)]);
        file.section().interface(1, 0, &[]).statistics(0, &[(5, 10)]);
        let mut source = FileSource::from_reader("x", Cursor::new(file.bytes)).unwrap();
        let mut delivered = 0;
        while let Next::Packet(_) = source.next_packet().unwrap() {
            delivered += 1;
        }
        assert_eq!((delivered, source.losses().kernel), (1, 5 + 2 + 1 + 10));
    }
}

/// Hands out one byte at a time, as a slow pipe may.
struct Dribble(Cursor<Vec<u8>>);

impl Read for Dribble {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = out.len().min(1);
        self.0.read(&mut out[..n])
    }
}

#[test]
fn short_reads_change_nothing() {
    for bytes in [small_pcap(ByteOrder::Big), gzip(&small_pcapng(ByteOrder::Big))] {
        let expected = whole(&bytes);
        let mut source = FileSource::from_reader("pipe", Dribble(Cursor::new(bytes))).unwrap();
        assert_eq!(drain(&mut source), expected);
    }
}

/// Offsets at which a record ends: a file cut there is complete.
fn ends(order: ByteOrder, pcapng: bool) -> Vec<usize> {
    if !pcapng {
        return vec![24, 24 + 19, 24 + 19 + 21];
    }
    let mut lens = Vec::new();
    let mut file = Writer::new(order);
    lens.push(file.section().bytes.len());
    lens.push(file.interface(1, 0, &[]).bytes.len());
    lens.push(file.enhanced(0, 5, b"abc").bytes.len());
    lens.push(file.block(0xbad, b"not for us").bytes.len());
    lens.push(file.enhanced(0, 6, b"defgh").bytes.len());
    lens.push(file.simple(2, b"ij").bytes.len());
    lens
}

#[test]
fn a_capture_cut_anywhere_keeps_what_precedes_the_cut() {
    for order in ORDERS {
        for (pcapng, file) in [(false, small_pcap(order)), (true, small_pcapng(order))] {
            let all = whole(&file);
            let ends = ends(order, pcapng);
            assert_eq!(*ends.last().unwrap(), file.len());
            for cut in 0..file.len() {
                let Ok((packets, incomplete)) = read(&file[..cut]) else {
                    assert!(cut < ends[0], "the header is complete at {cut}");
                    continue;
                };
                assert_eq!(packets, all[..packets.len()]);
                assert_eq!(incomplete.is_none(), ends.contains(&cut), "cut at {cut}");
                if let Some(incomplete) = incomplete {
                    assert_eq!(incomplete.cause, IncompleteCause::CutShort);
                    let begins = *ends.iter().rfind(|end| **end < cut).unwrap();
                    assert_eq!(incomplete.offset, begins as u64, "cut at {cut}");
                }
            }
        }
    }
}

#[test]
fn a_compressed_capture_cut_anywhere_keeps_what_can_be_decompressed() {
    let plain = small_pcap(ByteOrder::Little);
    let all = whole(&plain);
    for packed in [gzip(&plain), zstd(&plain)] {
        for cut in 0..packed.len() {
            if let Ok((packets, incomplete)) = read(&packed[..cut]) {
                assert_eq!(packets, all[..packets.len()]);
                assert_eq!(incomplete.unwrap().cause, IncompleteCause::CutShort);
            }
        }
    }
}

#[test]
fn damage_inside_compressed_data_is_told_and_what_precedes_it_kept() {
    let mut file = Writer::new(ByteOrder::Little);
    file.pcap_header(0xa1b2_c3d4, 4, 1);
    for n in 0u32..60_000 {
        file.pcap_packet((n, 0), 8, &n.wrapping_mul(0x9e37_79b9).to_be_bytes());
    }
    let all = whole(&file.bytes);
    let mut packed = gzip(&file.bytes);
    let middle = packed.len() / 2;
    packed[middle..middle + 64].fill(0xff);
    let (packets, incomplete) = read(&packed).unwrap();
    assert!(packets.len() > 1000 && packets.len() < all.len());
    assert_eq!(packets[..1000], all[..1000]);
    assert_eq!(incomplete.unwrap().cause, IncompleteCause::Damaged);
}

#[test]
fn absurd_lengths_are_damage_at_their_offset() {
    let mut file = Writer::new(ByteOrder::Little);
    file.pcap_header(0xa1b2_c3d4, 4, 1).pcap_packet((1, 0), 3, b"abc");
    file.u32(0).u32(0).u32(u32::MAX).u32(u32::MAX).raw(b"abc");
    let (packets, incomplete) = read(&file.bytes).unwrap();
    let incomplete = incomplete.unwrap();
    assert_eq!((packets.len(), incomplete.cause), (1, IncompleteCause::Damaged));
    assert_eq!(
        incomplete.to_string(),
        "damaged at offset 43: a packet of 4294967295 captured bytes, the limit is 16777216"
    );
    for (kind, len) in [(6, 0xffff_fffc), (6, 8), (6, 33), (1, 16), (0x0bad, 0)] {
        let mut file = Writer::new(ByteOrder::Big);
        file.section().interface(1, 0, &[]).u32(kind).u32(len).raw(&[0; 64]);
        let incomplete = read(&file.bytes).unwrap().1.unwrap();
        assert_eq!(incomplete.cause, IncompleteCause::Damaged, "{kind} {len}: {incomplete}");
        assert_eq!(incomplete.offset, 28 + 24);
    }
}

#[test]
fn a_block_whose_lengths_disagree_is_damage() {
    let mut file = small_pcapng(ByteOrder::Little);
    let end = ends(ByteOrder::Little, true)[2];
    file[end - 4] ^= 4;
    let (packets, incomplete) = read(&file).unwrap();
    assert_eq!((packets.len(), incomplete.unwrap().cause), (0, IncompleteCause::Damaged));
}

#[test]
fn what_is_no_capture_is_told_by_what_it_is() {
    let error = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
    assert!(error(b"").starts_with("read test: it is empty"));
    assert!(error(b"# Notes").contains("begins with 23204e6f (text), which is no capture"));
    assert!(error(b"\xfd7zXZ\0\0").contains("xz: decompress it first"));
    assert!(error(b"\xd4\xc3").contains("begins with d4c3"));
    assert!(error(&gzip(b"hello there")).contains("begins with 68656c6c (text)"));
    assert!(error(&gzip(&gzip(b"x"))).contains("compressed twice"));
    let header = error(&small_pcap(ByteOrder::Little)[..10]);
    assert_eq!(
        header,
        "read test: the file header is cut short at offset 0: \
         a pcap file header needs 24 bytes, 10 are left"
    );
    let mut file = small_pcap(ByteOrder::Little);
    file[4] = 9;
    assert!(error(&file).contains("damaged at offset 4: version 9.4, expected 2.4"));
    let mut file = small_pcapng(ByteOrder::Little);
    file[8] = 0;
    assert!(error(&file).contains("the byte-order magic is 003c2b1a, expected 1a2b3c4d"));
}

/// Gives some bytes, then an error of the system.
struct Failing(Cursor<Vec<u8>>);

impl Read for Failing {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.0.read(out)? {
            0 => Err(io::Error::from_raw_os_error(5)),
            n => Ok(n),
        }
    }
}

#[test]
fn an_error_of_the_system_ends_the_source_with_its_reason() {
    let file = small_pcap(ByteOrder::Little);
    let mut source = FileSource::from_reader("disk", Failing(Cursor::new(file))).unwrap();
    assert_eq!(drain(&mut source).len(), 2);
    let incomplete = source.incomplete().unwrap();
    assert_eq!(incomplete.cause, IncompleteCause::Unreadable);
    assert!(incomplete.to_string().starts_with("unreadable at offset 64: Input/output error"));
}

#[test]
fn progress_counts_compressed_bytes_to_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.bin");
    let packed = gzip(&small_pcap(ByteOrder::Little));
    std::fs::write(&path, &packed).unwrap();
    let mut source = FileSource::open(&path).unwrap();
    assert_eq!(source.progress().bytes_total, Some(packed.len() as u64));
    drain(&mut source);
    assert_eq!(source.progress().bytes_read, packed.len() as u64);
}

#[test]
fn a_missing_file_and_a_directory_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("none.pcap");
    let error = FileSource::open(&missing).err().unwrap().to_string();
    assert!(error.starts_with("open ") && error.contains("none.pcap: No such file"), "{error}");
    let error = FileSource::open(folder.path()).err().unwrap();
    assert!(matches!(error, FileError::Directory { .. }));
}

#[test]
fn times_are_never_out_of_range() {
    let mut file = Writer::new(ByteOrder::Little);
    file.pcap_header(0xa1b2_c3d4, 4, 1).pcap_packet((u32::MAX, u32::MAX), 1, b"a");
    assert!(whole(&file.bytes)[0].nanos > Timestamp::from_seconds(4_294_967_295, 0).nanos());
    assert_eq!(LinkType(whole(&file.bytes)[0].link), LinkType::ETHERNET);
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
    }

    #[test]
    fn no_change_of_a_capture_makes_the_reader_panic(
        pcapng: bool,
        big: bool,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let order = if big { ByteOrder::Big } else { ByteOrder::Little };
        let mut file = if pcapng { small_pcapng(order) } else { small_pcap(order) };
        for (at, value) in changes {
            let at = at.index(file.len());
            file[at] = value;
        }
        if let Ok((packets, _)) = read(&file) {
            let bytes: usize = packets.iter().map(|p| p.data.len()).sum();
            prop_assert!(bytes <= file.len());
        }
    }
}
