//! What goes wrong in the scenario, and the exceptions that tell of it.

use opentelemetry_proto::tonic::common::v1::KeyValue;

use super::value::attribute;

/// A way in which a workflow goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Failure {
    /// The issuer of a card declines a charge.
    PaymentDeclined,
    /// The provider of the model answers 429; the second attempt succeeds.
    LlmRateLimited,
    /// The provider of the model does not answer in time.
    LlmTimeout,
    /// Two transactions wait for each other, the database ends one of them.
    DatabaseDeadlock,
    /// The token for a repository has expired.
    GitAuthentication,
    /// A repository was renamed or removed.
    RepositoryNotFound,
    /// The kernel kills git-service; the span it was in never arrives.
    OutOfMemory,
    /// A query takes seconds and succeeds.
    SlowQuery,
}

impl Failure {
    /// Every way, each of which a workload has.
    pub const ALL: [Self; 8] = [
        Self::PaymentDeclined,
        Self::LlmRateLimited,
        Self::LlmTimeout,
        Self::DatabaseDeadlock,
        Self::GitAuthentication,
        Self::RepositoryNotFound,
        Self::OutOfMemory,
        Self::SlowQuery,
    ];
}

/// An exception as its language reports it.
#[derive(Clone, Debug)]
pub struct Exception {
    /// Its class.
    pub kind: String,
    /// Its message.
    pub message: String,
    stacktrace: String,
}

impl Exception {
    /// The attributes of the semantic conventions, the same in span events and in log records.
    pub fn attributes(&self) -> Vec<KeyValue> {
        vec![
            attribute("exception.type", self.kind.as_str()),
            attribute("exception.message", self.message.as_str()),
            attribute("exception.stacktrace", self.stacktrace.as_str()),
        ]
    }

    /// A Python exception raised in a call of the orchestrator: the call's file, line, function and source.
    pub fn python(
        kind: &str,
        message: String,
        (file, line, function, source): (&str, u32, &str, &str),
    ) -> Self {
        let stacktrace = format!(
            "Traceback (most recent call last):\n  \
             File \"/app/mahavishnu/core/engine.py\", line 214, in execute_workflow\n    \
             result = await self._process_repository(repo, task, span)\n  \
             File \"/app/mahavishnu/core/engine.py\", line 287, in _process_repository\n    \
             return await step.run(context)\n  \
             File \"/app/mahavishnu/{file}\", line {line}, in {function}\n    {source}\n\
             {kind}: {message}\n"
        );
        Self { kind: kind.to_owned(), message, stacktrace }
    }

    /// The issuer's refusal, in Java.
    pub fn card_declined(reason: &str, code: &str, charge: &str) -> Self {
        let kind = "com.northwind.payments.CardDeclinedException";
        let message = format!("Payment declined by issuer: {reason} (decline code {code})");
        let stacktrace = format!(
            "{kind}: {message}\n\
             \tat com.northwind.payments.acquirer.AcquirerClient.authorize(AcquirerClient.java:118)\n\
             \tat com.northwind.payments.ChargeService.authorizeAndCapture(ChargeService.java:74)\n\
             \tat com.northwind.payments.ChargeController.create(ChargeController.java:52)\n\
             \tat java.base/jdk.internal.reflect.DirectMethodHandleAccessor.invoke(DirectMethodHandleAccessor.java:103)\n\
             \tat org.springframework.web.method.support.InvocableHandlerMethod.doInvoke(InvocableHandlerMethod.java:258)\n\
             \tat org.springframework.web.servlet.DispatcherServlet.doDispatch(DispatcherServlet.java:1089)\n\
             \tat org.apache.catalina.core.ApplicationFilterChain.doFilter(ApplicationFilterChain.java:116)\n\
             \tat java.base/java.lang.VirtualThread.run(VirtualThread.java:329)\n\
             Caused by: com.northwind.payments.acquirer.AcquirerResponseException: HTTP 402 for charge {charge}\n\
             \tat com.northwind.payments.acquirer.AcquirerClient.send(AcquirerClient.java:163)\n\
             \tat com.northwind.payments.acquirer.AcquirerClient.authorize(AcquirerClient.java:109)\n\
             \t... 28 more\n"
        );
        Self { kind: kind.to_owned(), message, stacktrace }
    }

    /// A provider's refusal or silence, in JavaScript.
    pub fn provider(kind: &str, message: String, place: &str) -> Self {
        let stacktrace = format!(
            "{kind}: {message}\n    \
             at {place}\n    \
             at process.processTicksAndRejections (node:internal/process/task_queues:105:5)\n    \
             at async ProviderPool.complete (/app/dist/providers/pool.js:88:22)\n    \
             at async chatCompletions (/app/dist/routes/chat.js:41:20)\n"
        );
        Self { kind: kind.to_owned(), message, stacktrace }
    }

    /// A git error, in Go.
    pub fn git(message: String) -> Self {
        let stacktrace = "goroutine 418 [running]:\n\
             github.com/northwind/git-service/internal/repository.(*Remote).List(0xc0004e21c0, {0x1a3f2e8, 0xc000912a50})\n\
             \t/src/internal/repository/remote.go:97 +0x2b4\n\
             github.com/northwind/git-service/internal/repository.(*Fetcher).Fetch(0xc00021e000, {0x1a3f2e8, 0xc000912a50})\n\
             \t/src/internal/repository/fetcher.go:61 +0x18f\n\
             github.com/northwind/git-service/internal/server.(*Server).handleFetch(0xc0001d8000, {0x1a3e9d0, 0xc0008b61e0})\n\
             \t/src/internal/server/fetch.go:44 +0x3a1\n\
             net/http.HandlerFunc.ServeHTTP(0xc0004da018?, {0x1a3e9d0?, 0xc0008b61e0?}, 0x0?)\n\
             \t/usr/local/go/src/net/http/server.go:2322 +0x29\n";
        Self { kind: "*repository.RemoteError".to_owned(), message, stacktrace: stacktrace.to_owned() }
    }

    /// The end of a transaction that waited for another one, as psycopg raises it.
    pub fn deadlock(process: u64, other: u64, transactions: (u64, u64), tuple: (u64, u64)) -> Self {
        let message = format!(
            "deadlock detected\n\
             DETAIL:  Process {process} waits for ShareLock on transaction {}; blocked by process {other}.\n\
             Process {other} waits for ShareLock on transaction {}; blocked by process {process}.\n\
             HINT:  See server log for query details.\n\
             CONTEXT:  while updating tuple ({},{}) in relation \"repositories\"",
            transactions.0, transactions.1, tuple.0, tuple.1
        );
        let call = ("storage/results.py", 131, "save", "await cursor.execute(UPSERT_RESULT, parameters)");
        Self::python("psycopg.errors.DeadlockDetected", message, call)
    }
}
