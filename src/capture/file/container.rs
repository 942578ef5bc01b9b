//! What a capture is wrapped in, told by its first bytes.

use std::io::{self, BufRead, BufReader, Cursor, ErrorKind, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::GzDecoder;

/// Counts the bytes that were read from below a decompressor, for progress.
#[derive(Clone, Debug, Default)]
pub(super) struct Position(Arc<AtomicU64>);

impl Position {
    pub(super) fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

struct Counted<R> {
    inner: R,
    position: Position,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(out)?;
        self.position.0.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// gzip, RFC 1952.
const GZIP: &[u8] = &[0x1f, 0x8b];
/// Zstandard, RFC 8878 section 3.1.1.
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Whether Zstandard begins with these bytes: with data, or with a frame that is to be skipped (RFC
/// 8878 section 3.1.2), as every file of pzstd does.
fn begins_zstd(head: &[u8]) -> bool {
    head == ZSTD || matches!(head, [0x50..=0x5f, 0x2a, 0x4d, 0x18])
}

/// Compressed bytes a decompressor asks for at once.
const COMPRESSED_READ_BYTES: usize = 128 * 1024;

/// Undoes gzip (also of several members) and zstd (also of several frames). Decoding takes no
/// more memory than a window of 128 MiB, the decoder's own limit.
pub(super) fn unwrap(
    input: impl Read + Send + 'static,
) -> io::Result<(Box<dyn Read + Send>, Position)> {
    let position = Position::default();
    let mut counted = Counted { inner: input, position: position.clone() };
    let mut head = [0; 4];
    let n = read_up_to(&mut counted, &mut head)?;
    let head: Vec<u8> = head.iter().copied().take(n).collect();
    let (gzip, zstd) = (head.starts_with(GZIP), begins_zstd(&head));
    let input = Cursor::new(head).chain(counted);
    let plain: Box<dyn Read + Send> = if gzip {
        let compressed = BufReader::with_capacity(COMPRESSED_READ_BYTES, input);
        Box::new(Members { member: Some(GzDecoder::new(compressed)) })
    } else if zstd {
        let compressed = BufReader::with_capacity(COMPRESSED_READ_BYTES, input);
        Box::new(zstd::stream::read::Decoder::with_buffer(compressed)?)
    } else {
        Box::new(input)
    };
    Ok((plain, position))
}

/// The members of a gzip file, one after the other. Zeros behind the last are padding, as tapes
/// and block devices leave it; gzip(1) passes them over too.
struct Members<R> {
    /// `None` behind the last.
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let n = member.read(out)?;
            if n > 0 || out.is_empty() {
                return Ok(n);
            }
            let Some(ended) = self.member.take() else { break };
            let mut rest = ended.into_inner();
            pass_over_zeros(&mut rest)?;
            match rest.fill_buf()?.first() {
                None => {}
                Some(first) if GZIP.first() == Some(first) => {
                    self.member = Some(GzDecoder::new(rest));
                }
                Some(_) => {
                    let reason = "what stands behind the compressed data is no gzip";
                    return Err(io::Error::new(ErrorKind::InvalidData, reason));
                }
            }
        }
        Ok(0)
    }
}

fn pass_over_zeros(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        let zeros = buffer.iter().take_while(|byte| **byte == 0).count();
        let more = zeros > 0 && zeros == buffer.len();
        input.consume(zeros);
        if !more {
            return Ok(());
        }
    }
}

fn read_up_to(input: &mut impl Read, out: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(free) = out.get_mut(filled..).filter(|free| !free.is_empty()) {
        match input.read(free) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}
