//! A service elsewhere that makes the vectors.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    thread::JoinHandle,
};

use mahavishnu_semantic::{EmbedError, Embedder, endpoint::EmbeddingEndpoint};
use serde_json::{Value, json};

/// Answers one request with `status` and `body`; gives its head and body.
fn service(status: u16, body: Value) -> (String, JoinHandle<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let base = format!("http://{}/v1", listener.local_addr().expect("bound"));
    let answering = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).expect("a head");
            if line == "\r\n" {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a number");
            }
            head.push_str(&line);
        }
        let mut asked = vec![0; length];
        reader.read_exact(&mut asked).expect("a body");
        let body = body.to_string();
        let answer = format!(
            "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(answer.as_bytes()).expect("an answer");
        (head, serde_json::from_slice(&asked).expect("JSON"))
    });
    (base, answering)
}

#[test]
fn texts_get_vectors_of_length_one_in_their_order_with_the_token_in_the_header() {
    let answer = json!({"object": "list", "model": "m", "data": [
        {"object": "embedding", "index": 1, "embedding": [0.0, 2.0]},
        {"object": "embedding", "index": 0, "embedding": [3.0, 4.0]},
    ]});
    let (base, answering) = service(200, answer);
    let endpoint = EmbeddingEndpoint::new(&base, Some("s3cret".to_owned()), "m", 2);
    let vectors = endpoint.embed(&["one", "two"]).expect("vectors");
    assert_eq!(vectors, [[0.6, 0.8], [0.0, 1.0]]);
    let (head, asked) = answering.join().expect("no panic");
    assert!(head.starts_with("POST /v1/embeddings "), "{head}");
    assert!(head.to_ascii_lowercase().contains("authorization: bearer s3cret"), "{head}");
    assert_eq!(asked, json!({"model": "m", "input": ["one", "two"], "encoding_format": "float"}));
    assert!(!format!("{endpoint:?}{}", endpoint.identity()).contains("s3cret"));
}

#[test]
fn a_service_that_is_away_or_busy_may_work_later_and_one_that_refuses_may_not() {
    let gone = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("bound");
    let away = EmbeddingEndpoint::new(&format!("http://{gone}/v1"), None, "m", 2).embed(&["one"]);
    assert!(matches!(away, Err(EmbedError::Unavailable(_))), "{away:?}");
    for (status, later) in [(429, true), (500, true), (503, true), (401, false), (404, false), (302, false)] {
        let (base, answering) = service(status, json!({"error": "s3cret"}));
        let refused = EmbeddingEndpoint::new(&base, Some("s3cret".to_owned()), "m", 2).embed(&["one"]);
        answering.join().expect("no panic");
        let refused = refused.expect_err("no vectors");
        assert_eq!(matches!(refused, EmbedError::Unavailable(_)), later, "{status}: {refused}");
        assert!(!refused.to_string().contains("s3cret"), "{refused}");
    }
}

#[test]
fn an_answer_that_is_none_or_has_other_vectors_is_named() {
    let wrong = |answer: Value| {
        let (base, answering) = service(200, answer);
        let refused = EmbeddingEndpoint::new(&base, None, "m", 2).embed(&["one"]).expect_err("no vectors");
        answering.join().expect("no panic");
        refused
    };
    let long = wrong(json!({"data": [{"index": 0, "embedding": [1.0, 2.0, 3.0]}]}));
    assert!(long.to_string().contains("set embedding_dimension to 3 instead of 2"), "{long}");
    assert!(matches!(wrong(json!({"vectors": []})), EmbedError::Unsuitable(_)));
    assert!(matches!(wrong(json!({"data": []})), EmbedError::Unavailable(_)));
    assert!(matches!(
        wrong(json!({"data": [{"index": 0, "embedding": [0.0, 0.0]}]})),
        EmbedError::Unavailable(_)
    ));
}
