//! Real captures, where they are at hand.

use std::path::{Path, PathBuf};

use crate::capture::{FileSource, Next, PacketSource};
use crate::decode::Decoder;
use crate::model::PacketAccount;

#[test]
fn every_packet_of_the_corpus_is_accounted_for() {
    let named = std::env::var_os("PHITAP_CORPUS").map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let folder = named.unwrap_or_else(beside).join("pcap");
    if !folder.is_dir() {
        eprintln!("SKIP: packet accounts of the corpus (corpus not found)");
        return;
    }
    let mut all = PacketAccount::default();
    for entry in walkdir::WalkDir::new(&folder).sort_by_file_name() {
        let entry = entry.unwrap();
        // What is no capture has no account.
        let Ok(mut source) = FileSource::open(entry.path()) else { continue };
        let mut account = PacketAccount::default();
        let mut decoder = Decoder::default();
        while let Next::Packet(packet) = source.next_packet().unwrap() {
            account.seen += 1;
            match decoder.decode(&packet) {
                Ok(_) => account.analysed += 1,
                Err(reason) => account.skip(reason),
            }
        }
        decoder.finish();
        for settled in decoder.settled() {
            account.settle(&settled);
        }
        assert!(account.balances(), "{}", entry.path().display());
        all.merge(&account);
    }
    assert!(all.balances() && all.analysed > 0, "{all:?}");
    eprintln!("{all:?}");
    // Most of the corpus is Ethernet with TCP in it: a decoder that refuses much is broken.
    assert!(all.analysed * 2 > all.seen, "{all:?}");
}
