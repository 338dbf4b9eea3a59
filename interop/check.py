"""Runs every client against the server on every engine, and compares what is read back with what was sent.

usage: check.py BINARY RUST_CLIENT PYTHON NODE_DIRECTORY STORAGE...

Each STORAGE is what `serve --storage` takes. Exits 1 with a line for everything that differs.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from compare import compare

HERE = Path(__file__).resolve().parent
# A first start makes the schema; the embedded engine of a debug build takes some seconds for that.
START_SECONDS = 120
CLIENT_SECONDS = 120
STOP_SECONDS = 60
COMPLAINT_CHARACTERS = 2000
ADDRESS = re.compile(r"^\s*(\S+)\s+http://([0-9.]+:[0-9]+)", re.MULTILINE)
# The server's settings come from the command line alone.
ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith(("MAHAVISHNU_", "OTEL_"))}


class Server:
    """The binary on one storage, on ports that it picks and prints."""

    def __init__(self, binary, storage, directory):
        self.log = Path(directory, "serve.log")
        arguments = ["serve", "--storage", storage]
        for listener in ("grpc", "http", "api"):
            arguments += [f"--{listener}", "127.0.0.1:0"]
        environment = ENVIRONMENT | {"MAHAVISHNU_SPOOL__DIRECTORY": f"{directory}/spool"}
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [binary, *arguments], cwd=directory, env=environment, stdout=output, stderr=subprocess.STDOUT
            )
        self.addresses = self.wait()

    def wait(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            found = {label.lower(): f"http://{address}" for label, address in ADDRESS.findall(self.log.read_text())}
            addresses = {name: url for name in ("grpc", "http", "api") for label, url in found.items() if name in label}
            if len(addresses) == 3:
                return addresses
            time.sleep(0.1)
        self.process.kill()
        sys.exit(f"the server did not print its addresses:\n{self.log.read_text()}")

    def get(self, path, **query):
        url = f"{self.addresses['api']}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(url, timeout=60) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            sys.exit(f"{url}: status {error.code}: {error.read().decode(errors='replace')}")

    def settle(self):
        """Waits until the database has everything that was accepted."""
        deadline = time.monotonic() + START_SECONDS
        while any(destination["waiting_requests"] for destination in self.get("status")["destinations"]):
            if time.monotonic() > deadline:
                sys.exit("something still waits for the database")
            time.sleep(0.05)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(STOP_SECONDS)
        if status != 0:
            print(self.log.read_text(), file=sys.stderr)
            return [f"the server ended with status {status} when it was asked to stop"]
        return []


def clients(rust, python, node_directory):
    """What to run, with the protocol as the first of two more arguments."""
    commands = {
        "Python": ([python, str(HERE / "python/client.py")], ["grpc", "http/protobuf"]),
        "JavaScript": (["node", str(Path(node_directory, "client.mjs"))], ["grpc", "http/protobuf", "http/json"]),
        "Rust": ([rust], ["grpc", "http/protobuf"]),
    }
    for language, (command, protocols) in commands.items():
        for protocol in protocols:
            yield f"{language}, {protocol}", command, protocol


def run_client(server, command, protocol, manifest):
    endpoint = server.addresses["grpc" if protocol == "grpc" else "http"]
    environment = ENVIRONMENT | {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}
    done = subprocess.run(
        [*command, protocol, str(manifest)], env=environment, timeout=CLIENT_SECONDS, capture_output=True, text=True
    )
    said = done.stderr.strip()[-COMPLAINT_CHARACTERS:]
    if done.returncode != 0 or not manifest.exists():
        return None, [f"the client ended with status {done.returncode}: {said}"]
    # An SDK prints what it could not deliver, and goes on.
    return json.loads(manifest.read_text()), [f"the client complained: {said}"] if said else []


def check_storage(binary, storage, all_clients):
    findings = 0
    with tempfile.TemporaryDirectory(prefix="mahavishnu-interop-") as directory:
        if storage == "embedded":
            storage = f"embedded:{directory}/data"
        engine = storage.split(":")[0]
        server = Server(binary, storage, directory)
        try:
            for index, (name, command, protocol) in enumerate(all_clients):
                manifest, complaints = run_client(server, command, protocol, Path(directory, f"{index}.json"))
                server.settle()
                complaints += compare(manifest, server.get) if manifest else []
                print(f"{engine}: {name}: {'equal' if not complaints else 'DIFFERS'}", flush=True)
                findings += len(complaints)
                for complaint in complaints:
                    print(f"    {complaint}", flush=True)
        finally:
            for complaint in server.stop():
                print(f"{engine}: {complaint}")
                findings += 1
    return findings


def main():
    binary, rust, python, node_directory, *storages = sys.argv[1:]
    all_clients = list(clients(rust, python, node_directory))
    findings = sum(check_storage(binary, storage, all_clients) for storage in storages)
    if findings:
        sys.exit(f"interop: {findings} differences")


if __name__ == "__main__":
    main()
