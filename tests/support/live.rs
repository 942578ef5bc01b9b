//! The program listening on an interface of a network namespace of the test's own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use super::phitap::Lab;
use super::{say, skip};

/// Set in the network namespace where a test runs itself again.
const INSIDE: &str = "PHITAP_TEST_INSIDE";

/// Whether this is the namespace of the test `name` of this file; runs it again in one otherwise.
pub fn is_inside(name: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        let up = Command::new("ip").args(["link", "set", "lo", "up"]).status();
        assert!(up.expect("ip runs").success());
        return true;
    }
    let probe = Command::new("unshare").args(["--net", "ip", "link", "set", "lo", "up"]).output();
    if !probe.is_ok_and(|o| o.status.success()) {
        skip(name, "no right to make a network namespace, or no ip");
        return false;
    }
    let this = std::env::current_exe().expect("this program");
    let mut again = Command::new("unshare");
    again.arg("--net").arg(this).args(["--exact", name, "--nocapture"]).env(INSIDE, "1");
    let output = again.output().expect("unshare runs");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}{told}", String::from_utf8_lossy(&output.stdout));
    say(told.trim());
    false
}

/// Runs `ip` with these arguments.
pub fn ip(args: &str) {
    let done = Command::new("ip").args(args.split_whitespace()).status();
    assert!(done.expect("ip runs").success(), "ip {args}");
}

/// A pair of interfaces: what is sent by `wire0` comes in by `wire1`.
pub fn veth() {
    ip("link add wire0 type veth peer name wire1");
    for end in ["wire0", "wire1"] {
        ip(&format!("link set {end} up"));
    }
    ip("addr add 10.9.0.1/24 dev wire0");
    ip("neigh add 10.9.0.2 lladdr 02:00:00:00:09:02 dev wire0");
}

/// A program that runs, and the lines it tells.
pub struct Running {
    pub child: Child,
    pub told: Receiver<String>,
}

impl Running {
    /// Starts it and waits for a line with this text.
    pub fn start(mut command: Command, until: &str) -> Running {
        let mut child = command.stderr(Stdio::piped()).spawn().expect("it starts");
        let lines = BufReader::new(child.stderr.take().expect("a pipe"));
        let (tell, told) = sync_channel(1024);
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                let _ = tell.send(line);
            }
        });
        let running = Running { child, told };
        running.wait_for(until);
        running
    }

    /// The next line with this text.
    #[track_caller]
    pub fn wait_for(&self, text: &str) -> String {
        let mut seen = Vec::new();
        while let Ok(line) = self.told.recv_timeout(Duration::from_secs(30)) {
            if line.contains(text) {
                return line;
            }
            seen.push(line);
        }
        panic!("no line with {text:?}, but {seen:?}")
    }

    /// Ends it as an operator does; its exit code.
    pub fn end(&mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", "TERM", &id]).status();
        assert!(sent.expect("kill runs").success());
        self.child.wait().expect("a child").code()
    }
}

/// Ends with the test, whatever comes of it.
impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Listens on the loopback interface.
pub fn listen(lab: &Lab, more: &[&str]) -> Running {
    listen_on(lab, "lo", more)
}

/// Listens on an interface.
pub fn listen_on(lab: &Lab, interface: &str, more: &[&str]) -> Running {
    let mut command = lab.command(["capture", "-i", interface, "--no-progress", "--key-file"]);
    command.arg(lab.path("key")).arg("--db").arg(lab.path("live.db")).args(more);
    command.stdout(Stdio::null());
    Running::start(command, "listening on")
}

/// One exchange on a connection of its own, in which the body of the answer is `body`.
pub fn exchange(listener: &TcpListener, path: &str, body: &str) {
    exchange_with(listener, ("live.example", path), body);
}

/// The same with this host.
pub fn exchange_with(listener: &TcpListener, (host, path): (&str, &str), body: &str) {
    let mut client = TcpStream::connect(listener.local_addr().expect("bound")).expect("connects");
    let (mut server, _) = listener.accept().expect("a client");
    write!(client, "GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").expect("sent");
    let mut asked = [0; 512];
    assert!(server.read(&mut asked).expect("a request") > 0);
    let length = body.len();
    write!(
        server,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .expect("sent");
    drop(server);
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).expect("an answer");
}
