//! Laws of every encoding in the registry: an entry without a sample here fails.

use std::io::Write;

use proptest::prelude::*;

use super::{CODINGS, Chain, ChainState, Coding, TRANSFER_CODINGS};

/// What every sample says when it is undone.
fn plain() -> Vec<u8> {
    b"Ada = Lovelace, 10 December 1815; ".repeat(400)
}

/// `plain`, encoded.
fn sample(coding: &Coding) -> Vec<u8> {
    let plain = plain();
    let written = |done: std::io::Result<Vec<u8>>| done.unwrap();
    match coding.names[0] {
        "gzip" => {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            gzip.write_all(&plain).unwrap();
            written(gzip.finish())
        }
        "deflate" => {
            let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
            zlib.write_all(&plain).unwrap();
            written(zlib.finish())
        }
        "brotli" | "br" => {
            let mut brotli = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 18);
            brotli.write_all(&plain).unwrap();
            brotli.into_inner()
        }
        "zstd" => written(zstd::encode_all(plain.as_slice(), 1)),
        "base64" => {
            use base64::Engine as _;
            base64::engine::general_purpose::STANDARD.encode(&plain).into_bytes()
        }
        "quoted-printable" | "quoted_printable" => {
            let text = String::from_utf8(plain).unwrap().replace('=', "=3D");
            let lines: Vec<&str> = text.split_inclusive("; ").collect();
            lines.join("=\r\n").into_bytes()
        }
        other => panic!("no sample of {other}: add one"),
    }
}

fn every() -> impl Iterator<Item = &'static Coding> {
    CODINGS.iter().chain(&TRANSFER_CODINGS)
}

fn decoded(coding: &'static Coding, input: &[u8], piece: usize) -> (Vec<u8>, ChainState, bool) {
    let mut chain = Chain::new(&[coding]);
    let mut out = Vec::new();
    let mut state = ChainState::Open;
    for piece in input.chunks(piece) {
        state = chain.push(piece, &mut |bytes| out.extend_from_slice(bytes));
    }
    (out, state, chain.is_complete())
}

#[test]
fn every_encoding_is_undone_however_it_is_cut() {
    for coding in every() {
        let (input, plain) = (sample(coding), plain());
        for piece in [1, 2, 7, 64, usize::MAX] {
            let (out, state, complete) = decoded(coding, &input, piece);
            assert!(out == plain, "{coding:?} in pieces of {piece}");
            assert_eq!(state, ChainState::Open, "{coding:?}");
            assert!(complete, "{coding:?}");
        }
    }
}

#[test]
fn what_was_cut_off_is_told_and_what_came_before_stands() {
    for coding in every() {
        let input = sample(coding);
        let (out, _, complete) = decoded(coding, &input[..input.len() / 2], 100);
        assert!(plain().starts_with(&out), "{coding:?}");
        let detectable = TRANSFER_CODINGS.iter().all(|t| t.names != coding.names);
        assert!(!complete || !detectable, "{coding:?}");
    }
}

proptest! {
    #[test]
    fn any_bytes_give_the_same_however_they_are_cut(
        input in proptest::collection::vec(any::<u8>(), 0..300),
        piece in 1usize..40,
        intact in 0usize..40,
    ) {
        for coding in every() {
            let mut input = input.clone();
            let sample = sample(coding);
            input.splice(..0, sample.iter().copied().take(intact));
            let cut = decoded(coding, &input, piece);
            let whole = decoded(coding, &input, usize::MAX);
            prop_assert!(cut == whole, "{coding:?}");
        }
    }
}
