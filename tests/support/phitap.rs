//! The real program, run as a user runs it, in a folder of its own with a key of its own.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The program that was built.
pub const BINARY: &str = env!("CARGO_BIN_EXE_phitap");

/// A folder with a key; databases made in it can be compared.
pub struct Lab {
    dir: TempDir,
}

/// What came of one command.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Ran {
    pub fn of(output: &Output) -> Ran {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let code = output.status.code();
        Ran { code, stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// Fails unless the exit code is `code`.
    #[track_caller]
    pub fn expect(self, code: i32) -> Ran {
        assert_eq!(self.code, Some(code), "exit code; {self:#?}");
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("not JSON: {e}; {self:#?}"))
    }

    /// Standard output as an array of JSON objects.
    #[track_caller]
    pub fn rows(&self) -> Vec<Value> {
        self.json().as_array().unwrap_or_else(|| panic!("not an array: {self:#?}")).clone()
    }
}

impl Default for Lab {
    /// With the same key every time, so that a test that fails once fails always.
    fn default() -> Lab {
        let lab = Lab { dir: TempDir::new().expect("a temporary folder") };
        lab.key_file("key", [0x5a; 32]);
        lab
    }
}

impl Lab {
    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file in the folder.
    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).expect("a file in the temporary folder");
        path
    }

    /// Writes a key that only the user may read.
    pub fn key_file(&self, name: &str, key: [u8; 32]) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        let path = self.file(name, hex + "\n");
        let mode = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(&path, mode).expect("the mode of our own file");
        path
    }

    /// The program with arguments, in this folder and in nothing of the user's.
    pub fn command<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(BINARY);
        command
            .args(args)
            .current_dir(self.dir.path())
            .env("XDG_DATA_HOME", self.path("data"))
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("HOME", self.dir.path())
            .env_remove("PHITAP_DB")
            .env_remove("RUST_LOG")
            .stdin(Stdio::null());
        command
    }

    /// Runs the program.
    pub fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Ran {
        Ran::of(&self.command(args).output().expect("the program starts"))
    }

    /// Arguments of a replay of `inputs` into the database `db` with this folder's key.
    pub fn replay_args(&self, db: &str, inputs: &[&Path], more: &[&str]) -> Vec<PathBuf> {
        let (key, db) = (self.path("key"), self.path(db));
        let mut args: Vec<PathBuf> =
            ["replay", "--no-progress", "--key-file"].map(Into::into).into();
        args.extend([key, "--db".into(), db]);
        args.extend(more.iter().map(Into::into));
        args.extend(inputs.iter().map(|&p| p.into()));
        args
    }

    /// Replays `inputs` into the database `db`.
    pub fn replay(&self, db: &str, inputs: &[&Path], more: &[&str]) -> Ran {
        self.run(self.replay_args(db, inputs, more))
    }

    /// The digest of the database `db`.
    #[track_caller]
    pub fn digest(&self, db: &str) -> String {
        let digest = self.run(["db", "digest", "--db", db]).expect(0).stdout.trim().to_owned();
        let hex = digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit());
        assert!(hex, "no SHA-256 in hex: {digest:?}");
        digest
    }

    /// What the digest of the database `db` is made of.
    #[track_caller]
    pub fn export(&self, db: &str) -> String {
        self.run(["db", "digest", "--export", "--db", db]).expect(0).stdout
    }

    /// The rows of a query on the database `db`.
    #[track_caller]
    pub fn query(&self, db: &str, query: &[&str]) -> Vec<Value> {
        let more = ["--db", db, "--format", "json"];
        self.run(query.iter().chain(&more)).expect(0).rows()
    }
}

/// The lines in which two exports differ, at most twenty, for a failing test to show.
pub fn difference(expected: &str, got: &str) -> String {
    let lines =
        |text: &str| text.lines().map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
    let (expected, got) = (lines(expected), lines(got));
    let only =
        |a: &std::collections::BTreeSet<String>, b: &std::collections::BTreeSet<String>, sign| {
            a.difference(b).take(10).map(|line| format!("{sign} {line}\n")).collect::<String>()
        };
    only(&expected, &got, '-') + &only(&got, &expected, '+')
}
