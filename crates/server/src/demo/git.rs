//! git-service: fetches a repository.

use opentelemetry_proto::tonic::{logs::v1::SeverityNumber, trace::v1::span::SpanKind};

use super::{
    builder::{SpanKey, TraceBuilder},
    failures::{Exception, Failure},
    http::{Answer, Route, request},
    random::{MILLISECOND, SECOND},
    services::{GIT_HTTP, GIT_REPOSITORY, ORCHESTRATOR_HTTP, Service},
    value::attribute,
};

const FETCH: Route = Route {
    client: ORCHESTRATOR_HTTP,
    server: GIT_HTTP,
    method: "POST",
    host: "git-service",
    port: 8080,
    template: "/v1/repositories/{name}/fetch",
};

/// Fetches a repository for the orchestrator.
pub fn fetch(trace: &mut TraceBuilder, parent: SpanKey, at: u64, name: &str) -> Answer {
    let path = format!("/v1/repositories/{name}/fetch");
    request(trace, parent, at, &FETCH, &path, |trace, server, at| serve(trace, server, at, name))
}

fn serve(trace: &mut TraceBuilder, server: SpanKey, at: u64, name: &str) -> Answer {
    let remote = format!("https://git.northwind.example/platform/{name}.git");
    if trace.strikes(Failure::RepositoryNotFound) {
        let message = format!("repository not found: {remote}");
        return refuse(trace, server, at, &remote, (404, message));
    }
    if trace.strikes(Failure::GitAuthentication) {
        let message = format!("authentication required: token for {remote} is expired or revoked");
        return refuse(trace, server, at, &remote, (502, message));
    }
    let listed = step(trace, server, at, "git.ls_remote", 64.0, &remote).1;
    let (span, fetched) = step(trace, server, listed, "git.fetch", 520.0, &remote);
    let objects = trace.random.range(12, 4_800);
    let kibibytes = objects * trace.random.range(2, 9);
    trace.set(span, "git.objects", objects);
    trace.set(span, "git.bytes_received", kibibytes * 1024);
    if trace.strikes(Failure::OutOfMemory) {
        return killed(trace, server, fetched, name);
    }
    if trace.is_talkative(22) {
        let text = format!(
            "fetched {objects} objects ({kibibytes} KiB) from {remote} in {} ms",
            (fetched - at) / MILLISECOND
        );
        trace.log(span, fetched, SeverityNumber::Info, text).attributes =
            vec![attribute("repo", name), attribute("objects", objects)];
    }
    if trace.random.chance(40) {
        let end = step(trace, server, fetched, "git.checkout", 95.0, &remote).1;
        return Answer::ok(end);
    }
    Answer::ok(fetched)
}

/// One step of git's work.
fn step(
    trace: &mut TraceBuilder,
    server: SpanKey,
    at: u64,
    name: &str,
    typical_millis: f64,
    remote: &str,
) -> (SpanKey, u64) {
    let span = trace.open(GIT_REPOSITORY, Some(server), SpanKind::Internal, name, at);
    trace.set(span, "vcs.repository.url.full", remote);
    trace.set(span, "vcs.ref.head.name", "main");
    let end = at + trace.random.latency(typical_millis);
    trace.close(span, end);
    (span, end)
}

/// The remote refuses; git-service answers with a status and the orchestrator raises an error of its own.
fn refuse(
    trace: &mut TraceBuilder,
    server: SpanKey,
    at: u64,
    remote: &str,
    (status, message): (i64, String),
) -> Answer {
    let (span, end) = step(trace, server, at, "git.ls_remote", 180.0, remote);
    let exception = Exception::git(message);
    trace.throw(span, end, &exception);
    trace.log_exception(span, end, format!("git ls-remote failed: {}", exception.message), &exception);
    let call = ("clients/git.py", 88, "fetch", "raise GitServiceError.from_response(response)");
    let error = Exception::python(
        "mahavishnu.errors.GitServiceError",
        format!("git-service answered {status}: {}", exception.message),
        call,
    );
    Answer::failed(end, status, error)
}

/// The kernel kills the process: its open span is never exported, the client sees a broken connection.
fn killed(trace: &mut TraceBuilder, server: SpanKey, at: u64, name: &str) -> Answer {
    let end = at + SECOND + trace.random.latency(2_300.0);
    trace.kill(server, end);
    let pid = trace.random.range(20_400, 31_900);
    let memory = trace.random.range(522_100, 524_200);
    let line = format!(
        "Memory cgroup out of memory: Killed process {pid} (git-service) total-vm:1893420kB, \
         anon-rss:{memory}kB, file-rss:18240kB, shmem-rss:0kB, UID:65532 oom_score_adj:986"
    );
    let log = trace.log_outside(Service::Git, end, SeverityNumber::Fatal, line);
    log.event_name = "k8s.container.oom_killed".to_owned();
    log.attributes = vec![
        attribute("k8s.container.name", "git-service"),
        attribute("k8s.container.last_terminated.reason", "OOMKilled"),
        attribute("exit_code", 137_i64),
        attribute("repo", name),
    ];
    let call = ("clients/git.py", 81, "fetch", "response = await self._client.post(url, json=payload)");
    let message = "Server disconnected without sending a response.".to_owned();
    let error = Exception::python("httpx.RemoteProtocolError", message, call);
    Answer { end, status: None, error: Some(error) }
}
