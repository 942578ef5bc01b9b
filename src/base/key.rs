//! The installation's key: what makes stored hashes meaningless to whoever has only the database.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::StableHasher;

const KEY_LEN: usize = 32;

/// 256 random bits, made on first use and kept in a file of their own, never in the database.
/// Everything derived from it is derived by HMAC-SHA-256 (RFC 2104) with a domain name, so that
/// values of one domain (HL7 v2 fields, say) cannot be compared with those of another.
#[derive(Clone)]
pub struct InstallationKey(Zeroizing<[u8; KEY_LEN]>);

/// Why a key could not be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or made.
    #[error("use key file {path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file does not hold a key.
    #[error(
        "use key file {path}: expected 64 hexadecimal digits; delete the file to have a \
         new key made (databases made with the old one can then no longer be extended)"
    )]
    Malformed {
        /// Which file.
        path: PathBuf,
    },
    /// Others may read the file.
    #[error("use key file {path}: its mode lets others read it; run: chmod 600 {path}")]
    Exposed {
        /// Which file.
        path: PathBuf,
    },
    /// There is a folder where the file should be.
    #[error("use key file {path}: it is a folder; name a file in it, such as {path}/key")]
    Folder {
        /// Which folder.
        path: PathBuf,
    },
    /// The folder of a file that was named is not there; only the usual one is made.
    #[error(
        "make key file {path}: its folder does not exist; make the folder or name another file \
         with --key-file"
    )]
    NoFolder {
        /// Which file.
        path: PathBuf,
    },
    /// A new key cannot be written.
    #[error(
        "make key file {path}: {source}; make its folder writable or name another file with \
         --key-file"
    )]
    Unwritable {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no place to keep the key.
    #[error(
        "find a place for the key: neither XDG_DATA_HOME nor HOME is set; \
         name a file with --key-file"
    )]
    NoHome,
    /// The system has no randomness to give.
    #[error("make a key: {0}")]
    Random(String),
}

impl InstallationKey {
    /// A key with known bytes, for tests and benches.
    pub fn from_bytes(bytes: [u8; KEY_LEN]) -> Self {
        InstallationKey(Zeroizing::new(bytes))
    }

    /// `$XDG_DATA_HOME/phitap/key`, or `~/.local/share/phitap/key`.
    pub fn default_path() -> Result<PathBuf, KeyError> {
        let data = std::env::var_os("XDG_DATA_HOME").filter(|v| !v.is_empty()).map(PathBuf::from);
        let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/share"));
        Ok(data.or_else(home).ok_or(KeyError::NoHome)?.join("phitap/key"))
    }

    /// Reads the key in `path`, or makes one there (mode 0600) when there is none; whether it is
    /// new. The folder must exist.
    pub fn load_or_make(path: &Path) -> Result<(Self, bool), KeyError> {
        match Self::load(path) {
            Err(KeyError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Self::make(path)
            }
            other => other.map(|key| (key, false)),
        }
    }

    /// The same, and the folder is made where it is missing (mode 0700): for
    /// [`default_path`](Self::default_path), which nobody typed.
    pub fn load_or_make_with_folder(path: &Path) -> Result<(Self, bool), KeyError> {
        if let Some(folder) = path.parent().filter(|folder| !folder.exists()) {
            let mut builder = fs::DirBuilder::new();
            builder.recursive(true);
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            let unwritable = |source| KeyError::Unwritable { path: path.into(), source };
            builder.create(folder).map_err(unwritable)?;
        }
        Self::load_or_make(path)
    }

    /// Reads the key in `path`.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let io = |source| KeyError::Io { path: path.into(), source };
        let mut file = fs::File::open(path).map_err(io)?;
        let metadata = file.metadata().map_err(io)?;
        if metadata.is_dir() {
            return Err(KeyError::Folder { path: path.into() });
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            if metadata.permissions().mode() & 0o077 != 0 {
                return Err(KeyError::Exposed { path: path.into() });
            }
        }
        let mut text = Zeroizing::new(String::new());
        // A key file is one short line; more than that is something else.
        (&mut file).take(1024).read_to_string(&mut text).map_err(|e| match e.kind() {
            io::ErrorKind::InvalidData => KeyError::Malformed { path: path.into() },
            _ => io(e),
        })?;
        let mut bytes = Zeroizing::new([0u8; KEY_LEN]);
        if !decode_hex(text.trim_end(), &mut bytes[..]) {
            return Err(KeyError::Malformed { path: path.into() });
        }
        Ok(InstallationKey(bytes))
    }

    /// A key for one diagnosis: nothing is kept that was made with it.
    pub fn throwaway() -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0u8; KEY_LEN]);
        getrandom::fill(&mut bytes[..]).map_err(|e| KeyError::Random(e.to_string()))?;
        Ok(InstallationKey(bytes))
    }

    fn make(path: &Path) -> Result<(Self, bool), KeyError> {
        let io = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => KeyError::NoFolder { path: path.into() },
            _ => KeyError::Unwritable { path: path.into(), source },
        };
        let InstallationKey(bytes) = Self::throwaway()?;
        // Written beside and linked into place, so that of two first runs at once one key wins
        // and neither ever reads half a key.
        let temporary = path.with_extension(format!("new.{}", std::process::id()));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&temporary).map_err(io)?;
        let line = Zeroizing::new(format!("{}\n", hex(&bytes[..])));
        let written = file.write_all(line.as_bytes()).and_then(|()| file.sync_all());
        let linked = written.and_then(|()| fs::hard_link(&temporary, path));
        let _ = fs::remove_file(&temporary);
        match linked {
            Ok(()) => Ok((InstallationKey(bytes), true)),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                Self::load(path).map(|key| (key, false))
            }
            Err(e) => Err(io(e)),
        }
    }

    /// What the database stores to tell keys apart: 16 hexadecimal digits, no key material.
    pub fn id(&self) -> String {
        hex(&self.derive("key-id")[..8])
    }

    /// The stable hash of one domain, such as `sample` or `hl7v2`.
    pub fn hasher(&self, domain: &str) -> StableHasher {
        let derived = self.derive(domain);
        let mut key = [0u8; 16];
        key.copy_from_slice(&derived[..16]);
        StableHasher::new(key)
    }

    fn derive(&self, domain: &str) -> Zeroizing<[u8; 32]> {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.0[..])
            .expect("HMAC takes a key of any length");
        mac.update(b"phitap/1/");
        mac.update(domain.as_bytes());
        Zeroizing::new(mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for InstallationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InstallationKey({})", self.id())
    }
}

/// Lower-case hexadecimal digits of `bytes`.
pub fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

fn decode_hex(text: &str, out: &mut [u8]) -> bool {
    let digits = text.as_bytes();
    if digits.len() != out.len() * 2 {
        return false;
    }
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        let value = std::str::from_utf8(pair).ok().and_then(|p| u8::from_str_radix(p, 16).ok());
        let Some(value) = value else { return false };
        *byte = value;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er/key");
        let refused = InstallationKey::load_or_make(&path).unwrap_err();
        assert!(matches!(refused, KeyError::NoFolder { .. }), "{refused}");
        assert!(!folder.path().join("deep").exists(), "no folder that somebody typed is made");
        let (made, new) = InstallationKey::load_or_make_with_folder(&path).unwrap();
        assert!(new);
        let (read, new) = InstallationKey::load_or_make(&path).unwrap();
        assert!(!new);
        assert_eq!(made.id(), read.id());
        let error = InstallationKey::load_or_make(folder.path()).unwrap_err();
        assert!(matches!(error, KeyError::Folder { .. }), "{error}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_damaged_key_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, "not a key\n").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        let error = InstallationKey::load_or_make(&path).unwrap_err();
        assert!(matches!(error, KeyError::Malformed { .. }), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "not a key\n");
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        InstallationKey::load_or_make(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(InstallationKey::load(&path), Err(KeyError::Exposed { .. })));
    }

    #[test]
    fn domains_do_not_share_hashes() {
        let key = InstallationKey::from_bytes([7; 32]);
        assert_ne!(key.hasher("sample").hash(b"x"), key.hasher("hl7v2").hash(b"x"));
    }
}
