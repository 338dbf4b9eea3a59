//! An OTLP platform that takes everything over HTTP and throws it away, at as little cost as may be.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use anyhow::Result;

const TAKEN: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";

/// Listens until the program ends; says where.
///
/// # Errors
///
/// When no port is free.
pub fn start() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = format!("http://{}", listener.local_addr()?);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A connection that breaks is the other side's to mend.
            thread::spawn(move || drop(swallow(stream)));
        }
    });
    Ok(address)
}

fn swallow(stream: TcpStream) -> Result<()> {
    let mut answers = stream.try_clone()?;
    let mut requests = BufReader::with_capacity(1 << 18, stream);
    loop {
        let (mut length, mut line) = (0, String::new());
        loop {
            line.clear();
            if requests.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if line == "\r\n" {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        std::io::copy(&mut requests.by_ref().take(length), &mut std::io::sink())?;
        answers.write_all(TAKEN)?;
    }
}
