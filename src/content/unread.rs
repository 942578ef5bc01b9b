//! Bodies that are no text: they are counted by kind, not walked.

use super::MediaType;

/// What a body is that is not walked: a closed vocabulary, so that traffic adds no words to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Unread {
    /// gzip, zip, tar, …: more files may be in it.
    Archive,
    /// Sound.
    Audio,
    /// Of no kind below and above, or of an unknown one.
    Binary,
    /// Concise Binary Object Representation (RFC 8949).
    Cbor,
    /// A DICOM file (DICOM PS3.10).
    Dicom,
    /// Office Open XML and its forebears.
    Document,
    /// A typeface.
    Font,
    /// A picture.
    Image,
    /// MessagePack.
    MessagePack,
    /// Portable Document Format (ISO 32000).
    Pdf,
    /// Protocol Buffers, gRPC included.
    Protobuf,
    /// Moving pictures.
    Video,
}

impl Unread {
    /// Every kind, by name.
    pub const ALL: [Unread; 12] = [
        Unread::Archive,
        Unread::Audio,
        Unread::Binary,
        Unread::Cbor,
        Unread::Dicom,
        Unread::Document,
        Unread::Font,
        Unread::Image,
        Unread::MessagePack,
        Unread::Pdf,
        Unread::Protobuf,
        Unread::Video,
    ];

    /// The name shown to users.
    pub fn name(self) -> &'static str {
        match self {
            Unread::Archive => "archive",
            Unread::Audio => "audio",
            Unread::Binary => "binary",
            Unread::Cbor => "cbor",
            Unread::Dicom => "dicom",
            Unread::Document => "document",
            Unread::Font => "font",
            Unread::Image => "image",
            Unread::MessagePack => "messagepack",
            Unread::Pdf => "pdf",
            Unread::Protobuf => "protobuf",
            Unread::Video => "video",
        }
    }

    /// The kind that the first bytes tell, or else the media type.
    pub(crate) fn tell(media: Option<&MediaType>, head: &[u8]) -> Unread {
        let said = media.and_then(|media| Unread::of_media(media.essence()));
        match (Unread::of_magic(head), said) {
            // Office documents are zip archives.
            (Some(Unread::Archive), Some(said)) => said,
            (Some(kind), _) => kind,
            (None, said) => said.unwrap_or(Unread::Binary),
        }
    }

    /// The kind that a media type names.
    pub(crate) fn of_media(essence: &str) -> Option<Unread> {
        let (kind, subtype) = essence.split_once('/')?;
        let has = |words: &[&str]| words.iter().any(|word| subtype.contains(word));
        match kind {
            "image" => Some(Unread::Image),
            "audio" => Some(Unread::Audio),
            "video" => Some(Unread::Video),
            "font" => Some(Unread::Font),
            _ if subtype.starts_with("dicom") => Some(Unread::Dicom),
            _ if has(&["pdf"]) => Some(Unread::Pdf),
            _ if has(&["protobuf", "grpc"]) => Some(Unread::Protobuf),
            _ if has(&["cbor"]) => Some(Unread::Cbor),
            _ if has(&["msgpack", "messagepack"]) => Some(Unread::MessagePack),
            _ if has(&[
                "officedocument",
                "msword",
                "ms-excel",
                "ms-powerpoint",
                "opendocument",
            ]) =>
            {
                Some(Unread::Document)
            }
            _ if has(&["zip", "zstd", "tar", "7z", "rar"]) => Some(Unread::Archive),
            _ => None,
        }
    }

    fn of_magic(head: &[u8]) -> Option<Unread> {
        const MAGIC: [(&[u8], Unread); 13] = [
            (b"\x89PNG", Unread::Image),
            (b"\xff\xd8\xff", Unread::Image),
            (b"GIF8", Unread::Image),
            (b"II*\0", Unread::Image),
            (b"MM\0*", Unread::Image),
            (b"%PDF-", Unread::Pdf),
            (b"PK\x03\x04", Unread::Archive),
            (b"PK\x05\x06", Unread::Archive),
            (b"\x1f\x8b", Unread::Archive),
            (b"\x28\xb5\x2f\xfd", Unread::Archive),
            (b"ID3", Unread::Audio),
            (b"wOFF", Unread::Font),
            (b"wOF2", Unread::Font),
        ];
        if head.get(128..132) == Some(b"DICM") {
            return Some(Unread::Dicom);
        }
        if head.get(257..262) == Some(b"ustar") {
            return Some(Unread::Archive);
        }
        MAGIC.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, kind)| *kind)
    }
}

/// A set of [`Unread`]: the parts of one body may be of several kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnreadKinds(u16);

impl UnreadKinds {
    /// Adds `kind`.
    pub fn insert(&mut self, kind: Unread) {
        self.0 |= 1 << kind as u8;
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: UnreadKinds) {
        self.0 |= other.0;
    }

    /// Whether all of the body was walked.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The kinds in the order of their names.
    pub fn iter(self) -> impl Iterator<Item = Unread> {
        Unread::ALL.into_iter().filter(move |kind| self.0 >> *kind as u8 & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(media: &str, head: &[u8]) -> &'static str {
        Unread::tell(Some(&MediaType::parse(media.as_bytes())), head).name()
    }

    #[test]
    fn a_kind_is_told_by_its_first_bytes_or_its_media_type() {
        assert_eq!(told("application/pdf", b"%PDF-1.7"), "pdf");
        assert_eq!(told("application/octet-stream", b"%PDF-1.7"), "pdf");
        assert_eq!(told("application/octet-stream", b"\x89PNG\r\n"), "image");
        assert_eq!(told("application/vnd.google.protobuf", b"\x0a\x03"), "protobuf");
        assert_eq!(told("application/grpc-web+proto", b"\0\0\0\0\x05"), "protobuf");
        assert_eq!(told("application/cbor", b"\xa1"), "cbor");
        assert_eq!(told("application/x-msgpack", b"\x81"), "messagepack");
        assert_eq!(told("application/dicom", b""), "dicom");
        assert_eq!(told("application/octet-stream", b"\x01\x02\x03"), "binary");
        assert_eq!(Unread::tell(None, b"\x01").name(), "binary");
    }

    #[test]
    fn an_office_document_is_one_although_it_is_a_zip() {
        let word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
        assert_eq!(told(word, b"PK\x03\x04"), "document");
        assert_eq!(told("application/zip", b"PK\x03\x04"), "archive");
        assert_eq!(told("application/octet-stream", b"PK\x03\x04"), "archive");
    }

    #[test]
    fn a_set_has_its_kinds_by_name() {
        let mut kinds = UnreadKinds::default();
        assert!(kinds.is_empty());
        kinds.insert(Unread::Pdf);
        kinds.insert(Unread::Archive);
        assert_eq!(kinds.iter().map(Unread::name).collect::<Vec<_>>(), ["archive", "pdf"]);
        assert!(Unread::ALL.is_sorted_by_key(|kind| kind.name()));
    }
}
