//! The server as a process, and HTTP spoken by hand, so that tests see what is on the wire.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A running `thalweg serve`; killed when dropped.
pub struct Server {
    child: Child,
    /// `127.0.0.1:PORT`.
    pub address: String,
}

impl Server {
    /// Serves `dir` with further arguments.
    pub fn start(dir: &Path, args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_thalweg"))
            .arg("serve")
            .arg(dir)
            .args(if args.contains(&"--port") { &[][..] } else { &["--port", "0"] })
            .args(args)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_suffix('/').unwrap().rsplit("http://").next().unwrap().to_owned();
        Self { child, address }
    }

    /// Sends a request and reads the response's head.
    pub fn open(&self, method: &str, path: &str, headers: &str, body: &str) -> Response {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(reader.read_line(&mut head).unwrap(), 0, "no response: {head}");
        }
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Response { status, head: head.to_lowercase(), reader }
    }

    /// GET with headers (each ended by CRLF).
    pub fn get(&self, path: &str, headers: &str) -> Response {
        self.open("GET", path, headers, "")
    }

    /// A call to `/.thalweg/…` that must succeed.
    pub fn control(&self, method: &str, name: &str, body: &str) -> String {
        let response = self.open(method, &format!("/.thalweg/{name}"), "", body);
        assert_eq!(response.status, 200);
        String::from_utf8(response.body()).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A response whose body is still to be read.
pub struct Response {
    pub status: u16,
    /// In lower case.
    head: String,
    pub reader: BufReader<TcpStream>,
}

impl Response {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// All of the body, until the connection closes.
    pub fn body(mut self) -> Vec<u8> {
        let mut body = Vec::new();
        self.reader.read_to_end(&mut body).unwrap();
        body
    }
}
