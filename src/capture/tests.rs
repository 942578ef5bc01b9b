use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::base::{StableHasher, Timestamp};
use crate::model::{LinkType, Packet};

fn packet(data: &[u8]) -> Packet<'_> {
    let wire_len = u32::try_from(data.len()).unwrap();
    Packet { at: Timestamp::default(), link: LinkType::ETHERNET, data, wire_len, block: None }
}

fn numbered(count: u32) -> MemorySource {
    let mut source = MemorySource::new("numbered");
    for n in 0..count {
        source.push(&packet(&n.to_be_bytes()));
    }
    source
}

fn numbers(source: &mut dyn PacketSource) -> Vec<u32> {
    let all = MemorySource::drain(source).unwrap();
    all.packets().map(|p| u32::from_be_bytes(p.data.try_into().unwrap())).collect()
}

/// The smallest pcap file: a header and one packet of one byte.
fn pcap() -> Vec<u8> {
    let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0];
    file.extend([0; 8]);
    file.extend([0xff, 0xff, 0, 0, 1, 0, 0, 0]);
    file.extend([0; 8]);
    file.extend([1, 0, 0, 0, 1, 0, 0, 0, 0x55]);
    file
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

fn names(inputs: &Inputs) -> Vec<String> {
    let name = |input: &Input| input.name().rsplit('/').next().unwrap().to_owned();
    inputs.usable.iter().map(name).collect()
}

#[test]
fn packets_in_memory_come_back_as_often_as_wanted() {
    let mut source = numbered(3);
    assert_eq!(numbers(&mut source), [0, 1, 2]);
    assert_eq!(numbers(&mut source), [0u32; 0]);
    source.rewind();
    assert_eq!(numbers(&mut source), [0, 1, 2]);
}

#[test]
fn an_impairment_of_nothing_changes_nothing() {
    let mut source = ImpairedSource::new(numbered(100), Impairment::default());
    assert_eq!(numbers(&mut source), numbers(&mut numbered(100)));
}

#[test]
fn an_impairment_is_the_same_for_the_same_seed() {
    let run = |seed| {
        let impairment = Impairment {
            seed,
            loss_per_mille: 100,
            duplicate_per_mille: 100,
            reorder_packets_max: 5,
        };
        numbers(&mut ImpairedSource::new(numbered(1000), impairment))
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn lost_packets_are_counted_and_duplicates_come_twice() {
    let impairment = Impairment { loss_per_mille: 100, ..Impairment::default() };
    let mut source = ImpairedSource::new(numbered(10_000), impairment);
    let left = numbers(&mut source);
    assert_eq!(left.len() as u64 + source.losses().kernel, 10_000);
    assert!((8500..9500).contains(&left.len()), "{}", left.len());
    let impairment = Impairment { duplicate_per_mille: 500, ..Impairment::default() };
    let mut twice = numbers(&mut ImpairedSource::new(numbered(1000), impairment));
    assert!((1300..1700).contains(&twice.len()), "{}", twice.len());
    twice.dedup();
    assert_eq!(twice.len(), 1000);
}

#[test]
fn reordering_is_bounded_and_loses_nothing() {
    let impairment = Impairment { reorder_packets_max: 8, ..Impairment::default() };
    let order = numbers(&mut ImpairedSource::new(numbered(1000), impairment));
    assert!(!order.is_sorted());
    for (at, n) in order.iter().enumerate() {
        let overtaken_by = order[..at].iter().filter(|earlier| *earlier > n).count();
        assert!(overtaken_by <= 8, "{n} was overtaken by {overtaken_by}");
    }
    let mut sorted = order;
    sorted.sort_unstable();
    assert_eq!(sorted, numbers(&mut numbered(1000)));
}

/// A TCP SYN to port 80 over Ethernet, and the same without Ethernet.
const SYN: [u8; 54] = [
    2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, // Ethernet
    0x45, 0, 0, 40, 0, 1, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, // IPv4
    3, 0xe8, 0, 80, 0, 0, 0, 7, 0, 0, 0, 0, 0x50, 2, 0, 0, 0, 0, 0, 0, // TCP
];

#[test]
fn a_filter_works_behind_every_link_type() {
    let mut cooked = vec![0; 14];
    cooked.extend([8, 0]);
    cooked.extend(&SYN[14..]);
    let mut web = Filter::new("tcp port 80").unwrap();
    let mut other = Filter::new("tcp port 81").unwrap();
    let frames = [
        (LinkType::ETHERNET, &SYN[..]),
        (LinkType::RAW, &SYN[14..]),
        (LinkType::LINUX_SLL, &cooked[..]),
    ];
    for (link, data) in frames {
        let packet = Packet { link, ..packet(data) };
        assert!(web.matches(&packet), "{link:?}");
        assert!(!other.matches(&packet), "{link:?}");
    }
    assert!(web.inapplicable().is_empty());
}

#[test]
fn a_filter_that_means_nothing_for_a_link_type_lets_nothing_through_and_says_so() {
    let mut filter = Filter::new("ether host 02:00:00:00:00:01").unwrap();
    assert!(filter.matches(&packet(&SYN)));
    for _ in 0..2 {
        assert!(!filter.matches(&Packet { link: LinkType::RAW, ..packet(&SYN[14..]) }));
    }
    assert_eq!(filter.inapplicable().len(), 1);
    assert_eq!(filter.inapplicable()[0].0, LinkType::RAW);
}

#[test]
fn a_filter_may_move_to_the_capture_thread() {
    let mut filter = Filter::new("tcp").unwrap();
    assert!(std::thread::spawn(move || filter.matches(&packet(&SYN))).join().unwrap());
}

#[test]
fn a_bad_filter_is_one_clear_line() {
    let error = Filter::new("tcp prot 80").err().unwrap().to_string();
    assert!(error.starts_with("compile the filter \"tcp prot 80\": "), "{error}");
    assert!(error.contains("syntax error") && !error.contains('\n'), "{error}");
    assert!(Filter::new("nul\0").is_err());
}

#[test]
fn directories_are_sorted_by_name_and_given_files_keep_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let mirror = folder.path().join("mirror");
    fs::create_dir_all(mirror.join("deeper")).unwrap();
    write(&mirror, "b.log", &pcap());
    write(&mirror, "a.pcap", &pcap());
    write(&mirror, "notes.pcap", b"# nothing to see");
    write(&mirror, "empty.pcap", b"");
    write(&mirror.join("deeper"), "c.pcap", &pcap());
    let z = write(folder.path(), "z.pcap", &pcap());
    let inputs = Inputs::expand(&[z, mirror, "-".into()]);
    assert_eq!(names(&inputs), ["z.pcap", "a.pcap", "b.log", "c.pcap", "-"]);
    assert!(inputs.unusable.is_empty());
    let skipped: Vec<_> =
        inputs.skipped.iter().map(|s| s.path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(skipped, ["empty.pcap", "notes.pcap"]);
}

#[test]
fn links_to_directories_are_passed_over_and_loops_end() {
    let folder = tempfile::tempdir().unwrap();
    let mirror = folder.path().join("mirror");
    let day = mirror.join("2026-11-21");
    fs::create_dir_all(day.join("later")).unwrap();
    fs::create_dir(mirror.join("2026-11-22")).unwrap();
    write(&mirror, "2026-11-23.pcap", &pcap());
    write(&mirror.join("2026-11-22"), "a.pcap", &pcap());
    write(&day, "z.pcap", &pcap());
    write(&day.join("later"), "x.pcap", &pcap());
    std::os::unix::fs::symlink(&mirror, day.join("up")).unwrap();
    std::os::unix::fs::symlink(day.join("gone"), day.join("dangling")).unwrap();
    let named = folder.path().join("named");
    std::os::unix::fs::symlink(&mirror, &named).unwrap();
    for argument in [&mirror, &named] {
        let inputs = Inputs::expand(std::slice::from_ref(argument));
        assert_eq!(names(&inputs), ["x.pcap", "z.pcap", "a.pcap", "2026-11-23.pcap"]);
        assert!(inputs.unusable.is_empty());
        let skipped: Vec<_> = inputs.skipped.iter().map(|s| (&s.path, &s.reason[..])).collect();
        let [dangling, up] = ["dangling", "up"].map(|name| argument.join("2026-11-21").join(name));
        let followed = "a link to a directory, which is followed only when it is named";
        assert_eq!(skipped, [(&dangling, "a link that leads nowhere"), (&up, followed)]);
    }
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let empty_folder = folder.path().join("none");
    fs::create_dir(&empty_folder).unwrap();
    let good = write(folder.path(), "good", &pcap());
    let text = write(folder.path(), "text", b"hello");
    let missing = folder.path().join("missing");
    let arguments = [text, good, missing, empty_folder, "-".into(), "-".into()];
    let inputs = Inputs::expand(&arguments);
    assert_eq!(names(&inputs), ["good", "-"]);
    let errors: Vec<_> = inputs.unusable.iter().map(ToString::to_string).collect();
    assert_eq!(errors.len(), 4);
    assert!(errors[0].contains("which is no capture"), "{}", errors[0]);
    assert!(errors[1].contains("No such file"), "{}", errors[1]);
    assert!(errors[2].contains("files looked at: 0"), "{}", errors[2]);
    assert_eq!(errors[3], "read -: standard input can be read only once");
}

#[test]
fn an_input_opens_and_gives_its_packets() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = Inputs::expand(&[write(folder.path(), "x", &pcap())]);
    let mut source = inputs.usable[0].open(|| false).unwrap();
    assert_eq!(MemorySource::drain(&mut source).unwrap().len(), 1);
}

#[test]
fn an_identity_sees_size_start_end_and_key() {
    let folder = tempfile::tempdir().unwrap();
    let hasher = StableHasher::new([1; 16]);
    let identity = |bytes: &[u8]| {
        let path = write(folder.path(), "x", bytes);
        Input::Path(path).identity(&hasher).unwrap().unwrap()
    };
    let mut bytes = vec![7u8; 3 * 1024 * 1024];
    let first = identity(&bytes);
    assert_eq!((first, first.size), (identity(&bytes), 3 * 1024 * 1024));
    for at in [0, 1024 * 1024 - 1, 2 * 1024 * 1024, bytes.len() - 1] {
        bytes[at] = 8;
        assert_ne!(identity(&bytes), first, "byte {at}");
        bytes[at] = 7;
    }
    assert_ne!(identity(&bytes[1..]), first);
    let other = Input::Path(folder.path().join("x")).identity(&StableHasher::new([2; 16]));
    assert_ne!(other.unwrap().unwrap().hash, identity(&bytes[1..]).hash);
    assert_eq!(Input::Stdin.identity(&hasher).unwrap(), None);
}

#[test]
fn an_unknown_interface_is_answered_with_those_there_are() {
    let error = LiveSource::open("no-such-if0", &LiveOptions::default()).err().unwrap();
    let text = error.to_string();
    match LiveSource::devices().first() {
        // No interface can be seen at all, as in some containers.
        None => assert!(text.starts_with("listen on no-such-if0: "), "{text}"),
        Some(device) => assert!(text.contains("there are: ") && text.contains(device), "{text}"),
    }
}
