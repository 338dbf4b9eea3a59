//! Slow clients, and stopping.

use std::io::ErrorKind;

use rstest::rstest;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::support::{Server, request};
use crate::{Signal, receiver::Listener};

#[tokio::test]
async fn a_port_that_is_taken_is_an_error() {
    let server = Server::start().await;
    let error = Listener::bind(server.address).await.expect_err("taken");
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
}

#[rstest]
#[case::nothing("")]
#[case::half_a_head("POST /v1/traces HTTP/1.1\r\nHost: x\r\n")]
#[tokio::test(start_paused = true)]
async fn who_does_not_send_a_head_in_time_is_hung_up_on(#[case] sent: &str) {
    let server = Server::start().await;
    let mut client = TcpStream::connect(server.address).await.unwrap();
    client.write_all(sent.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _end = client.read_to_end(&mut answer).await;
    assert!(!String::from_utf8_lossy(&answer).contains("200 OK"));
}

#[tokio::test(start_paused = true)]
async fn who_falls_silent_in_a_body_is_told_so() {
    let server = Server::start().await;
    let mut client = TcpStream::connect(server.address).await.unwrap();
    let head = "POST /v1/traces HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
        Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    client.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[tokio::test]
async fn stopping_finishes_what_is_under_way_and_takes_nothing_new() {
    let mut server = Server::start().await;
    *server.destination.hangs.lock().unwrap() = true;
    let address = server.address;
    let idle = TcpStream::connect(address).await.unwrap();
    let destination = std::sync::Arc::clone(&server.destination);
    let stop = server.stop.clone();
    let stopping = async {
        destination.asked.notified().await;
        stop.cancel();
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        destination.go.notify_one();
    };
    let (answer, ()) = tokio::join!(server.protobuf(Signal::Traces, request(Signal::Traces)), stopping);
    assert_eq!(answer.status, 200);
    (&mut server.serving).await.expect("stopped by itself");
    drop(idle);
}
