use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use proptest::prelude::*;

use super::{CODINGS, Chain, ChainState, Coding, TRANSFER_CODINGS, VALUE_CODINGS, coding_named};
use crate::content::recorder::cut;

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn zlib(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn raw_deflate(data: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn brotli(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = brotli::CompressorWriter::new(&mut out, 4096, 4, 20);
    encoder.write_all(data).unwrap();
    drop(encoder);
    out
}

fn zstd(data: &[u8]) -> Vec<u8> {
    zstd::encode_all(data, 3).unwrap()
}

fn base64(data: &[u8]) -> Vec<u8> {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(data);
    text.as_bytes().chunks(76).collect::<Vec<_>>().join(&b"\r\n"[..])
}

fn hex(data: &[u8]) -> Vec<u8> {
    data.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect()
}

fn quoted_printable(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for (n, byte) in data.iter().enumerate() {
        match byte {
            b'=' | 0..=31 | 127.. => write!(out, "={byte:02X}").unwrap(),
            _ => out.push(*byte),
        }
        if n % 20 == 19 {
            out.extend_from_slice(b"=\r\n");
        }
    }
    out
}

fn percent(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for byte in data {
        match byte {
            b'a'..=b'z' | b'-' => out.push(*byte),
            b' ' => out.push(b'+'),
            _ => write!(out, "%{byte:02X}").unwrap(),
        }
    }
    out
}

fn references(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for byte in data {
        match byte {
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'"' => out.extend_from_slice(b"&#34;"),
            b'\'' => out.extend_from_slice(b"&#x00000027;"),
            _ => out.push(*byte),
        }
    }
    out
}

type Encoder = fn(&[u8]) -> Vec<u8>;

/// Every coding with an encoder; `deflate` twice.
fn encoders() -> Vec<(&'static Coding, Encoder)> {
    let encoder = |name: &str| -> Encoder {
        match name {
            "gzip" => gzip,
            "deflate" => zlib,
            "br" => brotli,
            "zstd" => zstd,
            "base64" => base64,
            "hex" => hex,
            "percent" => percent,
            "quoted-printable" => quoted_printable,
            "references" => references,
            other => panic!("no encoder to test {other} with"),
        }
    };
    let all = CODINGS.iter().chain(&TRANSFER_CODINGS).chain(&VALUE_CODINGS);
    let mut encoders: Vec<_> = all.map(|c| (c, encoder(c.names[0]))).collect();
    encoders.push((coding_named(b"deflate").unwrap(), raw_deflate));
    encoders
}

/// `data` under every coding and under some stacks of them.
fn stacks(data: &[u8]) -> Vec<(Vec<&'static Coding>, Vec<u8>)> {
    let one = encoders().into_iter().map(|(coding, encode)| (vec![coding], encode(data)));
    let mut stacks: Vec<_> = one.collect();
    let named = |names: &[&str]| {
        names.iter().map(|n| coding_named(n.as_bytes()).unwrap()).collect::<Vec<_>>()
    };
    stacks.push((named(&["gzip", "br"]), gzip(&brotli(data))));
    stacks.push((named(&["br", "zstd"]), brotli(&zstd(data))));
    stacks.push((named(&["zstd", "deflate"]), zstd(&zlib(data))));
    stacks
}

#[derive(Debug, PartialEq)]
struct Decoded {
    bytes: Vec<u8>,
    state: ChainState,
    complete: bool,
    mismatched: bool,
}

fn decode(codings: &[&'static Coding], pieces: &[&[u8]]) -> Decoded {
    let mut chain = Chain::new(codings);
    let mut bytes = Vec::new();
    for piece in pieces {
        chain.push(piece, &mut |out| bytes.extend_from_slice(out));
    }
    let state = chain.finish(&mut |out| bytes.extend_from_slice(out));
    Decoded { bytes, state, complete: chain.is_complete(), mismatched: chain.is_mismatched() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn every_coding_is_undone_wherever_it_is_cut(
        data in proptest::collection::vec(prop_oneof![Just(b'a'), any::<u8>()], 0..600),
        cuts in proptest::collection::vec(any::<usize>(), 0..8),
    ) {
        for (coding, encode) in encoders() {
            let encoded = encode(&data);
            let decoded = decode(&[coding], &cut(&encoded, &cuts));
            prop_assert_eq!(decoded.state, ChainState::Open, "{:?}", coding);
            prop_assert!(decoded.complete && !decoded.mismatched, "{:?}", coding);
            prop_assert_eq!(&decoded.bytes, &data, "{:?}", coding);
        }
    }

    #[test]
    fn what_precedes_a_cut_is_decoded(
        data in "[a-z ]{200,400}",
        keep in 20usize..90,
    ) {
        for (coding, encode) in encoders() {
            let encoded = encode(data.as_bytes());
            let len = encoded.len() * keep / 100;
            let decoded = decode(&[coding], &[&encoded[..len]]);
            prop_assert_eq!(decoded.state, ChainState::Open, "{:?}", coding);
            prop_assert!(data.as_bytes().starts_with(&decoded.bytes), "{:?}", coding);
        }
    }

    #[test]
    fn a_damaged_stream_gives_the_same_wherever_it_is_cut(
        words in proptest::collection::vec("[a-z]{1,9} ", 20..500),
        flips in proptest::collection::vec((any::<usize>(), 1u8..), 1..4),
        cuts in proptest::collection::vec(any::<usize>(), 0..12),
    ) {
        let data = words.concat();
        for (codings, mut encoded) in stacks(data.as_bytes()) {
            for (at, flip) in &flips {
                let at = at % encoded.len();
                encoded[at] ^= flip;
            }
            let whole = decode(&codings, &[&encoded]);
            let bytes: Vec<&[u8]> = encoded.chunks(1).collect();
            prop_assert_eq!(&decode(&codings, &bytes), &whole, "{:?} byte by byte", codings);
            prop_assert_eq!(&decode(&codings, &cut(&encoded, &cuts)), &whole, "{:?}", codings);
        }
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for (coding, _) in encoders() {
            decode(&[coding], &[&bytes]);
            decode(&[coding, coding], &[&bytes]);
        }
    }
}

#[test]
fn codings_are_undone_in_order() {
    let data = b"two coats of paint".repeat(50);
    let encoded = zstd(&brotli(&gzip(&zlib(&data))));
    let codings: Vec<_> =
        ["zstd", "br", "gzip", "deflate"].map(|n| coding_named(n.as_bytes()).unwrap()).to_vec();
    let pieces: Vec<&[u8]> = encoded.chunks(1).collect();
    assert_eq!(decode(&codings, &pieces).bytes, data);
}

#[test]
fn gzip_members_and_zstd_frames_follow_each_other() {
    let two = |encode: Encoder| [encode(b"one "), encode(b"two")].concat();
    let gzip_coding = coding_named(b"x-gzip").unwrap();
    let mut members = two(gzip);
    members.extend_from_slice(&[0; 20]);
    let decoded = decode(&[gzip_coding], &[&members]);
    assert_eq!((decoded.bytes, decoded.complete), (b"one two".to_vec(), true));
    assert_eq!(decode(&[coding_named(b"zstd").unwrap()], &[&two(zstd)]).bytes, b"one two");
}

#[test]
fn a_gzip_header_with_everything_is_passed_over() {
    let mut encoder = flate2::GzBuilder::new()
        .filename("name")
        .comment("comment")
        .extra(vec![7; 300])
        .write(Vec::new(), Compression::fast());
    encoder.write_all(b"body").unwrap();
    let encoded = encoder.finish().unwrap();
    let pieces: Vec<&[u8]> = encoded.chunks(1).collect();
    assert_eq!(decode(&[coding_named(b"gzip").unwrap()], &pieces).bytes, b"body");
}

#[test]
fn what_was_never_gzip_passes_as_it_is() {
    for text in [&b"{\"a\":1}"[..], b"\x1f\x1f not gzip", b"\x1f"] {
        let pieces: Vec<&[u8]> = text.chunks(1).collect();
        let decoded = decode(&[coding_named(b"gzip").unwrap()], &pieces);
        if text.len() > 1 {
            assert_eq!((&decoded.bytes[..], decoded.mismatched), (text, true));
        }
    }
}

#[test]
fn a_damaged_stream_keeps_what_was_decoded() {
    let mut encoded = b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec();
    // A stored block of five bytes, then a block of the type that does not exist.
    encoded.extend_from_slice(b"\x00\x05\x00\xfa\xffhello\x07rest");
    let decoded = decode(&[coding_named(b"gzip").unwrap()], &[&encoded]);
    assert_eq!((decoded.state, &decoded.bytes[..]), (ChainState::Damaged, &b"hello"[..]));
}

#[test]
fn what_precedes_a_damage_is_lost_by_no_large_piece() {
    // Hexadecimal digits of a walk: half a megabyte that hardly compresses, so several blocks.
    let mut at = 1u32;
    let mut word = || {
        at = at.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        format!("{at:08x}")
    };
    let data: String = (0..50_000).map(|_| word()).collect();
    for (name, encode) in [("zstd", zstd as Encoder), ("br", brotli), ("gzip", gzip)] {
        let mut encoded = encode(data.as_bytes());
        let at = encoded.len() - 20;
        encoded[at..at + 12].fill(0xff);
        let coding = [coding_named(name.as_bytes()).unwrap()];
        let whole = decode(&coding, &[&encoded]);
        assert_eq!(whole, decode(&coding, &encoded.chunks(1448).collect::<Vec<_>>()), "{name}");
        // What zstd has is whole blocks.
        assert!(whole.bytes.len() > 250_000, "{name}: {}", whole.bytes.len());
        assert!(data.as_bytes().starts_with(&whole.bytes[..250_000]), "{name}");
    }
}

#[test]
fn what_is_no_escape_and_no_reference_stands_for_itself() {
    let undone = |coding: &'static Coding, text: &str| {
        let pieces: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
        String::from_utf8(decode(&[coding], &pieces).bytes).unwrap()
    };
    let [_, percent, references] = &VALUE_CODINGS;
    assert_eq!(undone(percent, "5%25 of 100% %4x %%41 %"), "5% of 100% %4x %A ");
    let text = "a &amp;lt; b && c &nbsp; &notareferenceatall; &#x1F600; &#0000000065; & d;";
    let expected = "a &lt; b && c &nbsp; &notareferenceatall; \u{1f600} A & d;";
    assert_eq!(undone(references, text), expected);
}

#[test]
fn a_bomb_is_stopped() {
    let layer = zstd(&vec![0u8; 80 * 1024 * 1024]);
    let mut out = 0u64;
    let mut chain = Chain::new(&[coding_named(b"zstd").unwrap()]);
    let state = chain.push(&layer, &mut |bytes| out += bytes.len() as u64);
    assert_eq!(state, ChainState::ExpansionLimit);
    assert!(out <= crate::base::limits::EXPANSION_FREE_BYTES, "{out}");
}
