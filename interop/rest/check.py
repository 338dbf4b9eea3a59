"""Schemathesis asks the API of a running server, on the demo's data, whatever its description allows and forbids.

usage: check.py BINARY SCHEMATHESIS

Exits 1 where an answer is not as the description says, or the server fails.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time

# A first start makes the schema; the embedded engine of a debug build takes some seconds for that.
START_SECONDS = 120
STOP_SECONDS = 60
# The whole run stays under a minute.
RUN_SECONDS = 45
SEED = 4319
ADDRESS = re.compile(r"http://127\.0\.0\.1:[0-9]+")
ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith(("MAHAVISHNU_", "OTEL_"))}
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
]


def started(binary, directory):
    """The demo, and where its API is."""
    log = open(os.path.join(directory, "log"), "w+")
    ports = [part for port in ("grpc", "http", "api") for part in (f"--{port}", "127.0.0.1:0")]
    server = subprocess.Popen(
        [binary, "demo", "--dir", os.path.join(directory, "demo"), *ports],
        stdout=log,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        env=ENVIRONMENT,
    )
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        log.flush()
        with open(log.name) as text:
            for line in text:
                if re.search(r"\bAPI\b", line) and (address := ADDRESS.search(line)):
                    return server, address.group(0)
        time.sleep(0.2)
    with open(log.name) as text:
        sys.exit(f"the demo did not start: {text.read()}")


def main():
    binary, schemathesis = sys.argv[1:]
    with tempfile.TemporaryDirectory() as directory:
        server, api = started(binary, directory)
        try:
            run = subprocess.run(
                [
                    schemathesis, "run", f"{api}/api/openapi.json",
                    "--checks", ",".join(CHECKS),
                    # A stream does not end, and dead letters are sent on.
                    "--exclude-path", "/api/v1/tail",
                    "--phases", "examples,coverage,fuzzing",
                    "--max-time", str(RUN_SECONDS),
                    "--max-examples", "15",
                    "--seed", str(SEED),
                    "--warnings", "off",
                    "--url", api,
                ],
                cwd=directory,
            )
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(STOP_SECONDS)
    sys.exit(1 if run.returncode else 0)


main()
