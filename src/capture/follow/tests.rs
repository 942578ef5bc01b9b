use std::fs::OpenOptions;
use std::io::Write;

use super::*;

/// A capture of empty Ethernet frames, each of its own length.
fn capture(frames: std::ops::Range<u32>) -> Vec<u8> {
    let mut out = Vec::new();
    for word in [0xa1b2_c3d4, 2 | 4 << 16, 0, 0, 65_535, 1] {
        out.extend_from_slice(&u32::to_le_bytes(word));
    }
    for length in frames {
        for word in [length, 0, length, length] {
            out.extend_from_slice(&u32::to_le_bytes(word));
        }
        out.resize(out.len() + length as usize, 0);
    }
    out
}

fn append(path: &Path, bytes: &[u8]) {
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
}

/// Lengths of the packets until the source has none, and whether it has ended.
fn read(file: &mut FollowedFile) -> (Vec<usize>, bool) {
    let mut lengths = Vec::new();
    loop {
        match file.next_packet().unwrap() {
            Next::Packet(packet) => lengths.push(packet.data.len()),
            Next::Idle(_) => return (lengths, false),
            Next::End => return (lengths, true),
        }
    }
}

#[track_caller]
fn opened(follow: &mut Follow) -> Box<FollowedFile> {
    for _ in 0..20 {
        if let Followed::File(file) = follow.look().unwrap() {
            return file;
        }
    }
    panic!("no file after twenty looks")
}

#[track_caller]
fn passed(follow: &mut Follow) -> String {
    for _ in 0..20 {
        if let Followed::Passed { path, .. } = follow.look().unwrap() {
            return path.file_name().unwrap().to_string_lossy().into_owned();
        }
    }
    panic!("nothing was passed over in twenty looks")
}

#[test]
fn a_growing_file_is_read_as_far_as_it_goes_wherever_it_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let (path, whole) = (folder.path().join("a"), capture(1..6));
    // Inside the file header, a record's header, a record's data.
    let cuts = [10, 30, 45, 80, whole.len()];
    append(&path, &whole[..cuts[0]]);
    let mut follow = Follow::new(folder.path());
    assert!(matches!(follow.look().unwrap(), Followed::Nothing), "no whole header");
    append(&path, &whole[cuts[0]..cuts[1]]);
    let mut file = opened(&mut follow);
    let mut all = Vec::new();
    for pair in cuts[1..].windows(2) {
        let (lengths, ended) = read(&mut file);
        assert!(!ended, "it may grow");
        all.extend(lengths);
        append(&path, &whole[pair[0]..pair[1]]);
    }
    append(&folder.path().join("b"), &capture(0..0));
    let (lengths, ended) = read(&mut file);
    all.extend(lengths);
    assert_eq!((all, ended), (vec![1, 2, 3, 4, 5], true));
    assert!(file.incomplete().is_none());
}

#[test]
fn files_that_are_numbered_without_zeros_are_read_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut follow = Follow::new(folder.path());
    let mut lengths = Vec::new();
    // As `tcpdump -C` names them.
    let name = |n: u32| if n == 0 { "y".to_owned() } else { format!("y{n}") };
    append(&folder.path().join(name(0)), &capture(1..2));
    for n in 0..12 {
        let mut file = opened(&mut follow);
        let (read_now, done) = read(&mut file);
        lengths.extend(read_now);
        assert!(!done, "the latest may still grow");
        append(&folder.path().join(name(n + 1)), &capture(n + 2..n + 3));
        assert!(read(&mut file).1, "{} is followed by {}", name(n), name(n + 1));
    }
    assert_eq!(lengths, (1..13).collect::<Vec<usize>>());
}

#[test]
fn a_file_is_done_when_it_is_renamed_or_removed_and_is_not_read_twice() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    append(&at("a"), &capture(1..3));
    let mut follow = Follow::new(folder.path());
    let mut file = opened(&mut follow);
    assert_eq!(read(&mut file), (vec![1, 2], false));
    fs::rename(at("a"), at("a.done")).unwrap();
    assert_eq!(read(&mut file), (vec![], true));
    for _ in 0..5 {
        assert!(matches!(follow.look().unwrap(), Followed::Nothing), "a.done is a");
    }
    fs::remove_file(at("a.done")).unwrap();
    append(&at("b"), &capture(3..4));
    assert_eq!(read(&mut opened(&mut follow)), (vec![3], false));
}

#[test]
fn other_files_are_passed_over_and_do_not_end_a_capture() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    append(&at("b"), &capture(1..2));
    append(&at("notes"), b"not a capture");
    let mut follow = Follow::new(folder.path());
    let mut file = opened(&mut follow);
    assert_eq!(read(&mut file), (vec![1], false));
    append(&at("z"), &capture(2..3));
    assert_eq!(read(&mut file), (vec![], true));
    assert_eq!(passed(&mut follow), "notes");
    assert_eq!(read(&mut opened(&mut follow)), (vec![2], false));
    append(&at("a"), &capture(9..10));
    assert_eq!(passed(&mut follow), "a", "it comes too late");
}

#[test]
fn a_compressed_file_waits_until_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let whole = zstd::encode_all(&capture(1..4)[..], 0).unwrap();
    let path = folder.path().join("a.zst");
    append(&path, &whole[..whole.len() - 3]);
    let mut follow = Follow::new(folder.path());
    assert!(matches!(follow.look().unwrap(), Followed::Nothing));
    append(&path, &whole[whole.len() - 3..]);
    append(&folder.path().join("b"), &capture(0..0));
    assert_eq!(read(&mut opened(&mut follow)), (vec![1, 2, 3], true));
}

#[test]
fn a_pcapng_block_that_is_passed_over_may_come_in_pieces() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let mut whole = Vec::new();
    let mut block = |kind: u32, body: &[u8]| {
        let len = u32::try_from(body.len() + 12).unwrap().to_le_bytes();
        whole.extend_from_slice(&[&kind.to_le_bytes()[..], &len, body, &len].concat());
        whole.len()
    };
    let words = |words: &[u32]| words.iter().flat_map(|w| w.to_le_bytes()).collect::<Vec<u8>>();
    block(0x0a0d_0d0a, &words(&[0x1a2b_3c4d, 1, u32::MAX, u32::MAX]));
    let described = block(1, &words(&[1, 0]));
    block(0x0bad, &[7; 4000]);
    block(6, &words(&[0, 0, 0, 4, 4, 0]));
    append(&path, &whole[..described + 100]);
    let mut follow = Follow::new(folder.path());
    let mut file = opened(&mut follow);
    assert_eq!(read(&mut file), (vec![], false));
    append(&path, &whole[described + 100..described + 3000]);
    assert_eq!(read(&mut file), (vec![], false));
    append(&path, &whole[described + 3000..]);
    assert_eq!(read(&mut file), (vec![4], false));
}

/// What is read until nothing more comes; the source that is still open.
fn read_all(follow: &mut Follow) -> (Vec<usize>, Box<FollowedFile>) {
    let mut all = Vec::new();
    loop {
        let mut file = opened(follow);
        let (lengths, ended) = read(&mut file);
        all.extend(lengths);
        if !ended {
            return (all, file);
        }
    }
}

#[test]
fn a_ring_of_names_that_is_written_anew_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    append(&at("a0"), &capture(5..7));
    append(&at("a1"), &capture(7..9));
    let mut follow = Follow::new(folder.path());
    let (lengths, mut file) = read_all(&mut follow);
    assert_eq!(lengths, [5, 6, 7, 8]);
    for (name, before, frames) in [("a0", "a1", 1..2), ("a1", "a0", 2..3), ("a0", "a1", 0..1)] {
        // As `tcpdump -W` does: emptied, and written from its beginning.
        fs::write(at(name), capture(frames.clone())).unwrap();
        assert!(read(&mut file).1, "{before} is followed by {name}");
        let (lengths, open) = read_all(&mut follow);
        assert_eq!(lengths, frames.map(|n| n as usize).collect::<Vec<_>>(), "{name}");
        file = open;
    }
}

#[test]
fn a_name_whose_file_is_renamed_when_it_is_full_is_read_on() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    append(&at("x.pcap"), &capture(40..42));
    let mut follow = Follow::new(folder.path());
    let (mut all, mut file) = read_all(&mut follow);
    for n in 1..5 {
        for older in (1..n).rev() {
            let [from, to] = [older, older + 1].map(|number| at(&format!("x.pcap.{number}")));
            fs::rename(from, to).unwrap();
        }
        fs::rename(at("x.pcap"), at("x.pcap.1")).unwrap();
        if n == 2 {
            // A look between the two steps.
            assert!(read(&mut file).1);
            assert!(matches!(follow.look().unwrap(), Followed::Nothing));
        }
        append(&at("x.pcap"), &capture(40 + 2 * n..42 + 2 * n));
        assert!(n == 2 || read(&mut file).1, "it was renamed");
        let (lengths, open) = read_all(&mut follow);
        all.extend(lengths);
        file = open;
    }
    assert_eq!(all, (40..50).collect::<Vec<usize>>());
}

#[test]
fn a_file_that_is_emptied_and_written_anew_is_read_from_its_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    append(&path, &capture(5..9));
    let mut follow = Follow::new(folder.path());
    let (mut all, mut file) = read_all(&mut follow);
    fs::write(&path, capture(1..2)).unwrap();
    assert_eq!(read(&mut file), (vec![], true));
    all.extend(read_all(&mut follow).0);
    assert_eq!(all, [5, 6, 7, 8, 1]);
}

/// What the next three looks bring, which must not be a file.
fn looks(follow: &mut Follow) {
    for _ in 0..3 {
        assert!(!matches!(follow.look().unwrap(), Followed::File(_)), "there is none");
    }
}

#[test]
fn a_file_that_is_emptied_and_written_later_is_read_from_its_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    append(&path, &capture(5..9));
    let mut follow = Follow::new(folder.path());
    let (mut all, mut file) = read_all(&mut follow);
    // Left empty, or with a header only, for looks; shorter, as long and longer than before.
    for (left, frames) in [(0..0, 5..6), (0..0, 5..6), (9..9, 7..8), (9..9, 3..90)] {
        let header = if left.start == 0 { Vec::new() } else { capture(left) };
        fs::write(&path, &header).unwrap();
        assert_eq!(read(&mut file), (vec![], true));
        if header.is_empty() {
            looks(&mut follow);
        } else {
            let (lengths, open) = read_all(&mut follow);
            assert_eq!(lengths, [0; 0]);
            file = open;
        }
        let times = u8::try_from(all.len()).unwrap();
        let mut whole = capture(frames.clone());
        // The time of the first packet differs.
        whole[28] = times;
        append(&path, whole.get(header.len()..).unwrap());
        if header.is_empty() {
            let (lengths, open) = read_all(&mut follow);
            all.extend(lengths);
            file = open;
        } else {
            all.extend(read(&mut file).0);
        }
    }
    let expected = [5..9, 5..6, 5..6, 7..8, 3..90].into_iter().flatten();
    assert_eq!(all, expected.collect::<Vec<usize>>());
}

#[test]
fn a_file_that_begins_otherwise_at_once_is_another_however_long() {
    for frames in [5..9, 5..40] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        append(&path, &capture(5..9));
        let mut follow = Follow::new(folder.path());
        let (_, mut file) = read_all(&mut follow);
        let identity = file.identity(StableHasher::new([1; 16]));
        let mut whole = capture(frames.clone());
        whole[28] = 1;
        fs::write(&path, whole).unwrap();
        assert_eq!(read(&mut file), (vec![], true));
        assert!(identity(None).is_none(), "the file that was read is gone");
        let expected: Vec<usize> = frames.map(|n| n as usize).collect();
        assert_eq!(read_all(&mut follow).0, expected);
    }
}

#[test]
fn a_copy_that_is_made_before_its_file_is_emptied_is_not_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    append(&at("x.pcap"), &capture(5..9));
    let mut follow = Follow::new(folder.path());
    let (_, mut file) = read_all(&mut follow);
    // As `copytruncate` does; the copy shows that the file is done.
    fs::copy(at("x.pcap"), at("x.pcap.1")).unwrap();
    fs::write(at("x.pcap"), b"").unwrap();
    assert_eq!(read(&mut file), (vec![], true));
    looks(&mut follow);
    append(&at("x.pcap"), &capture(3..5));
    assert_eq!(read_all(&mut follow).0, [3, 4]);
}

#[test]
fn an_empty_file_that_was_passed_over_is_read_when_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    append(&at("a"), b"");
    append(&at("b"), &capture(1..2));
    let mut follow = Follow::new(folder.path());
    assert_eq!(passed(&mut follow), "a");
    let (_, mut file) = read_all(&mut follow);
    append(&at("a"), &capture(2..4));
    assert_eq!(read(&mut file), (vec![], true));
    let (lengths, mut file) = read_all(&mut follow);
    assert_eq!(lengths, [2, 3]);
    // One that is only being compressed (`tcpdump -z`) is no other.
    append(&at("b.x"), &capture(4..5));
    assert_eq!(read(&mut file), (vec![], true));
    let (lengths, _file) = read_all(&mut follow);
    assert_eq!(lengths, [4]);
    append(&at("b.gz"), b"");
    looks(&mut follow);
    append(&at("b.gz"), &[0x1f, 0x8b, 8, 0]);
    looks(&mut follow);
}

#[test]
fn a_file_that_is_renamed_to_its_date_is_not_late() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut follow = Follow::new(folder.path());
    append(&at("x.pcap"), &capture(1..20));
    let mut all = read_all(&mut follow).0;
    for (date, frames) in [("x-20260101.pcap", 20..40), ("x-20260102.pcap", 40..60)] {
        // A dash sorts before the point.
        fs::rename(at("x.pcap"), at(date)).unwrap();
        append(&at("x.pcap"), &capture(frames));
        loop {
            match follow.look().unwrap() {
                Followed::File(mut file) => break all.extend(read(&mut file).0),
                Followed::Passed { path, reason } => panic!("{}: {reason}", path.display()),
                Followed::Nothing => {}
            }
        }
    }
    assert_eq!(all, (1..60).collect::<Vec<usize>>());
    // One that nobody read is.
    append(&at("a.pcap"), &capture(70..90));
    assert_eq!(passed(&mut follow), "a.pcap");
}

#[test]
fn a_file_that_ends_within_its_header_is_told_and_read_once_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (mut follow, whole) = (Follow::new(folder.path()), capture(1..20));
    append(&at("a"), &[]);
    looks(&mut follow);
    assert_eq!(follow.unready(), None, "an empty file says nothing");
    append(&at("a"), &whole[..10]);
    looks(&mut follow);
    assert_eq!(follow.unready(), Some(&*at("a")));
    append(&at("b"), &capture(30..50));
    let failed = (0..20).find_map(|_| follow.look().err());
    assert!(matches!(failed, Some(FileError::Header { .. })), "another came behind it");
    assert_eq!(read(&mut opened(&mut follow)).0, (30..50).collect::<Vec<usize>>());
    append(&at("a"), &whole[10..]);
    assert_eq!(read(&mut opened(&mut follow)).0, (1..20).collect::<Vec<usize>>());
    assert_eq!(follow.unready(), None);
}
