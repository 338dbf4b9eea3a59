//! A database that is stopped while it is asked: every face says so, what comes is taken, and all recover by themselves.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use mahavishnu_test_util::{
    TestDatabase, Wire,
    process::{Server, client, run},
};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use crate::faces::{Question, fill, questions, understood};

const BINARY: &str = env!("CARGO_BIN_EXE_mahavishnu-otel");

/// A refusal comes far sooner than somebody stops waiting for it, on a busy machine too.
const REFUSED_WITHIN: Duration = Duration::from_secs(10);

/// Longer than a breaker stays open.
const RECOVERED_WITHIN: Duration = Duration::from_secs(60);

/// The ways in which a database goes away.
#[derive(Clone, Copy, Debug)]
enum Away {
    /// Its server is stopped: connections break, and new ones are refused.
    Stopped,
    /// Its server throws everybody out and lets nobody in, as while it shuts down.
    Closed,
}

struct Bench {
    server: Server,
    wire: Wire,
    database: TestDatabase,
}

impl Bench {
    async fn go(&mut self, away: Away) -> Result<()> {
        match away {
            Away::Stopped => self.wire.cut().await,
            Away::Closed => self.database.accept_connections(false).await?,
        }
        Ok(())
    }

    async fn come_back(&mut self, away: Away) -> Result<()> {
        match away {
            Away::Stopped => self.wire.join().await,
            Away::Closed => self.database.accept_connections(true).await,
        }
    }

    async fn send(&self, text: &str) -> Result<()> {
        let record = json!({"timeUnixNano": "1600000000000000000", "body": {"stringValue": text}});
        let body = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]});
        let answer = client().post(format!("{}/v1/logs", self.server.http())).json(&body).send().await?;
        ensure!(answer.status() == 200, "a log record is refused with {}", answer.status());
        Ok(())
    }

    async fn rest_refuses(&self, question: &Question) -> Result<String> {
        let answer = timeout(REFUSED_WITHIN, question.request(&self.server).send()).await??;
        assert_eq!(answer.status(), 503, "{}", question.tool);
        let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
        assert_eq!(header(CONTENT_TYPE), Some("application/problem+json"));
        let seconds: u64 = header(RETRY_AFTER).context("when to come again")?.parse()?;
        assert!((1..=60).contains(&seconds), "{seconds}");
        let problem: Value = answer.json().await?;
        assert_eq!((&problem["status"], &problem["title"]), (&json!(503), &json!("Service Unavailable")));
        Ok(problem["detail"].as_str().context("why")?.to_owned())
    }

    async fn agent_is_told(&self, question: &Question) -> Result<String> {
        let result = timeout(REFUSED_WITHIN, question.call(&self.server)).await??;
        assert_eq!(result["isError"], true, "{}: {result}", question.tool);
        let content = result["content"].as_array().context("content")?;
        assert_eq!(content.len(), 1, "{result}");
        Ok(content[0]["text"].as_str().context("a sentence")?.to_owned())
    }

    fn command_is_told(&self, question: &Question) -> Result<String> {
        let output = question.run(&self.server)?;
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{output:?}");
        Ok(String::from_utf8(output.stderr)?)
    }

    /// Every face says why there is no answer, whatever is asked.
    async fn every_face_says_so(&self) -> Result<()> {
        for question in questions() {
            let detail = self.rest_refuses(&question).await?;
            let told = self.agent_is_told(&question).await?;
            let printed = self.command_is_told(&question)?;
            for said in [&detail, &told, &printed] {
                assert!(said.contains("database") || said.contains("cannot connect to"), "{said}");
                assert_eq!(said.trim_end().lines().count(), 1, "{said}");
                assert!(!said.contains("panicked"), "{said}");
            }
            assert!(told.contains("ask the same again in 2 seconds"), "{told}");
        }
        Ok(())
    }

    /// What needs no database is there: how the server is, and what comes at this moment.
    async fn the_status_is_there(&self) -> Result<()> {
        let status = self.server.get("/api/v1/status").await?;
        ensure!(status["storage_error"].is_string(), "{status}");
        ensure!(status["destinations"][0]["waiting_requests"].as_u64() > Some(0), "{status}");
        let output = run(BINARY, &["status", "--url", self.server.api()])?;
        let said = String::from_utf8(output.stdout)?;
        ensure!(output.status.success() && said.contains("cannot connect to"), "{said}");
        Ok(())
    }

    async fn answers_again(&self) -> Result<Duration> {
        let began = Instant::now();
        let answering = async {
            while client().get(format!("{}/api/v1/traces", self.server.api())).send().await?.status() != 200 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            anyhow::Ok(())
        };
        timeout(RECOVERED_WITHIN, answering).await??;
        self.server.settled().await?;
        Ok(began.elapsed())
    }
}

// Commands are waited for in a thread, and the wire goes on carrying meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_is_said_by_every_face_and_all_recover_by_themselves() -> Result<()> {
    let Some(database) = TestDatabase::create().await? else { return Ok(()) };
    let wire = Wire::to(database.url()).await?;
    let server = Server::start(BINARY, wire.url()).await?;
    fill(&server).await?;
    understood(&server).await?;
    let mut bench = Bench { server, wire, database };
    for question in questions() {
        question.is_answered_the_same(&bench.server).await?;
    }
    let mut sent = Vec::new();
    for away in [Away::Stopped, Away::Closed] {
        bench.go(away).await?;
        sent.push(format!("while it was {away:?}"));
        bench.send(&sent[sent.len() - 1]).await?;
        bench.every_face_says_so().await?;
        bench.the_status_is_there().await?;
        bench.come_back(away).await?;
        println!("{away:?}: everything answers again after {:?}", bench.answers_again().await?);
        for question in questions() {
            question.is_answered_the_same(&bench.server).await?;
        }
    }
    let kept = bench.server.get("/api/v1/logs?until=2021-01-01T00:00:00Z").await?;
    let mut kept: Vec<&str> =
        kept.as_array().into_iter().flatten().filter_map(|log| log["message"].as_str()).collect();
    kept.sort_unstable();
    sent.sort_unstable();
    assert_eq!(kept, sent, "once each");
    bench.server.stop().await
}
