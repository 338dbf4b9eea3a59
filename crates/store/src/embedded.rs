//! PostgreSQL of our own: a child process on a socket that only this user can reach, its programs and its files in one directory.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use flate2::read::GzDecoder;
use tokio_postgres::Config;
use xxhash_rust::xxh3::xxh3_64;

use crate::error::StoreError;

/// The programs of PostgreSQL and what belongs to them, and pgvector: `engine/README.md` says where they are from.
const PROGRAMS: &[u8] = include_bytes!(concat!(env!("ENGINE"), "/postgresql.tar.zst"));
const VECTOR: &[u8] = include_bytes!(concat!(env!("ENGINE"), "/pgvector.tar.gz"));

/// What runs the server, and ends it.
const RUN: &str = include_str!("embedded/run.sh");

/// How long it may take to be ready: after a crash it reads what it had not yet written.
const START_DEADLINE: Duration = Duration::from_secs(300);

/// How long one that lost its process may take to end.
const ORPHAN_DEADLINE: Duration = Duration::from_secs(30);

/// How long it may take to write what it holds when it is stopped.
const STOP_DEADLINE: Duration = Duration::from_secs(30);

/// How often it is looked at meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// How it runs. What it says is little, and goes into `log`, which each start begins anew.
const SETTINGS: [&str; 11] = [
    "listen_addresses=",
    "shared_buffers=256MB",
    // What a transaction logs is written and synced while it runs, so that its commit has little left to wait for.
    "wal_buffers=16MB",
    "wal_writer_delay=10ms",
    // The one session would write each new file of the log twice, first with zeros.
    "wal_init_zero=off",
    // The shared memory of containers is small.
    "dynamic_shared_memory_type=mmap",
    "timezone=UTC",
    "log_timezone=UTC",
    "log_checkpoints=off",
    "log_min_messages=fatal",
    "log_min_error_statement=panic",
];

const USER: &str = "postgres";

/// A running engine.
#[derive(Debug)]
pub(crate) struct Engine {
    /// Until it is stopped.
    server: Option<Server>,
    sockets: PathBuf,
}

/// The server, and what it needs as long as it runs.
#[derive(Debug)]
struct Server {
    process: Child,
    /// Removed when the server is gone.
    sockets: tempfile::TempDir,
    /// Tells other processes that the directory is in use.
    _lock: File,
}

impl Engine {
    /// Opens the database in `directory`, and makes it where there is none.
    pub(crate) async fn start(directory: &Path) -> Result<Self, StoreError> {
        let directory = directory.to_owned();
        tokio::task::spawn_blocking(move || Self::start_blocking(&directory)).await.map_err(|_| {
            StoreError::Unavailable("the embedded database stopped while it started".to_owned())
        })?
    }

    fn start_blocking(directory: &Path) -> Result<Self, StoreError> {
        let shown = directory.display();
        let unsuitable = |what: &str, error: io::Error| {
            StoreError::Unsuitable(format!(
                "the directory {shown} of the embedded database can not be {what}: {error}; name another with \
                 --storage embedded:DIR"
            ))
        };
        fs::create_dir_all(directory).map_err(|error| unsuitable("made", error))?;
        let lock = lock(directory).map_err(|error| unsuitable("written", error))?.ok_or_else(|| {
            StoreError::Unsuitable(format!(
                "another process has the embedded database in {shown} open: ask that one with --url, stop it, or name \
                 another directory with --storage embedded:DIR"
            ))
        })?;
        let programs = unpacked(directory).map_err(|error| unsuitable("filled", error))?;
        let failed = |error: io::Error| {
            StoreError::Unsuitable(format!("the embedded database in {shown} can not be opened: {error}"))
        };
        let data = cluster(directory, &programs).map_err(failed)?;
        let server = Server::start(directory, &programs, &data, lock).map_err(failed)?;
        let sockets = server.sockets.path().to_owned();
        Ok(Self { server: Some(server), sockets })
    }

    /// How to connect to it.
    pub(crate) fn config(&self) -> Config {
        let mut config = Config::new();
        config.host_path(&self.sockets).user(USER).dbname(USER);
        config
    }

    /// Stops it and waits until its files are closed. What its connections still do is rolled back.
    pub(crate) async fn stop(mut self) {
        let Some(server) = self.server.take() else { return };
        let stopping = tokio::task::spawn_blocking(move || {
            if let Err(error) = server.stop() {
                tracing::warn!(%error, "embedded database stopped with an error");
            }
        });
        if tokio::time::timeout(STOP_DEADLINE, stopping).await.is_err() {
            tracing::warn!("embedded database did not stop in time");
        }
    }
}

impl Drop for Engine {
    /// Who drops it here need not wait until it has ended.
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            std::thread::spawn(move || server.stop());
        }
    }
}

impl Server {
    /// Starts it and waits until it is ready.
    fn start(directory: &Path, programs: &Path, data: &Path, lock: File) -> io::Result<Self> {
        let sockets = tempfile::tempdir()?;
        let log = directory.join("log");
        let begun = Instant::now();
        loop {
            let mut process = command(programs, data, sockets.path(), File::create(&log)?).spawn()?;
            if becomes_ready(&mut process, data)? {
                return Ok(Self { process, sockets, _lock: lock });
            }
            let said = fs::read_to_string(&log).unwrap_or_default();
            // One whose process was killed ends by itself; until then its files are not ours.
            if !said.contains("lock file") || begun.elapsed() > ORPHAN_DEADLINE {
                let why = said.lines().find(|line| line.contains("FATAL")).or(said.lines().last());
                return Err(io::Error::other(why.unwrap_or("it says nothing").to_owned()));
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Has it write what it holds, and waits for its end.
    fn stop(mut self) -> io::Result<()> {
        drop(self.process.stdin.take());
        self.process.wait().map(|_| ())
    }
}

/// The server with these files, which listens in the directory `sockets` and says what it has to say into `log`.
fn command(programs: &Path, data: &Path, sockets: &Path, log: File) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", RUN, "sh"]).arg(programs.join("bin/postgres"));
    command.arg("-D").arg(data).arg("-k").arg(sockets);
    command.args(SETTINGS.iter().flat_map(|setting| ["-c", setting]));
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log);
    // Who stops us from a terminal leaves us the time to finish.
    command.process_group(0);
    command
}

/// Whether it takes connections before it ends or the time is over.
fn becomes_ready(process: &mut Child, data: &Path) -> io::Result<bool> {
    let begun = Instant::now();
    while begun.elapsed() < START_DEADLINE && process.try_wait()?.is_none() {
        if is_ready(data, process.id()) {
            return Ok(true);
        }
        std::thread::sleep(LOOK_EVERY);
    }
    Ok(false)
}

/// The lock of a directory, which no two processes have; none where another has it.
fn lock(directory: &Path) -> io::Result<Option<File>> {
    let file = File::create(directory.join("lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Where the programs are, which are unpacked if they are not there.
fn unpacked(directory: &Path) -> io::Result<PathBuf> {
    let programs = directory.join(format!("programs-{:016x}", xxh3_64(PROGRAMS) ^ xxh3_64(VECTOR)));
    if !programs.exists() {
        let part = fresh(directory, "programs.part")?;
        unpack(zstd::Decoder::new(PROGRAMS)?, &part)?;
        unpack(GzDecoder::new(VECTOR), &part)?;
        fs::rename(part, &programs)?;
    }
    Ok(programs)
}

fn unpack(archive: impl Read, into: &Path) -> io::Result<()> {
    tar::Archive::new(archive).unpack(into)
}

/// Where the files of the database are, which are made if they are not there.
fn cluster(directory: &Path, programs: &Path) -> io::Result<PathBuf> {
    let data = directory.join("data");
    if !data.exists() {
        if directory.join(".pglite-oxide.lock").exists() {
            return Err(io::Error::other(
                "it was made by an earlier build, whose engine had other files; name another directory with \
                 --storage embedded:DIR",
            ));
        }
        let part = fresh(directory, "data.part")?;
        let made = Command::new(programs.join("bin/initdb"))
            .args(["--auth=trust", "--encoding=UTF8", "--locale=C", "--username", USER, "-D"])
            .arg(&part)
            .output()?;
        if !made.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&made.stderr).trim().to_owned()));
        }
        fs::rename(part, &data)?;
    }
    Ok(data)
}

/// An empty directory: one that was left half filled is removed.
fn fresh(directory: &Path, name: &str) -> io::Result<PathBuf> {
    let part = directory.join(name);
    if part.exists() {
        fs::remove_dir_all(&part)?;
    }
    fs::create_dir(&part)?;
    Ok(part)
}

/// Whether the server of this process takes connections: the eighth line of its lock file says so (PostgreSQL's `pidfile.h`).
fn is_ready(data: &Path, process: u32) -> bool {
    let file = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
    let lines: Vec<&str> = file.lines().map(str::trim).collect();
    lines.first().is_some_and(|id| *id == process.to_string()) && lines.get(7) == Some(&"ready")
}
