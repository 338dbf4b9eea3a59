//! What `loadgen` takes.

use std::time::Duration;

use clap::{Args, ValueEnum};

/// How long a load goes on where nobody says how much of it there is.
const SECONDS: f64 = 10.0;

/// How requests travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Protocol {
    Http,
    Grpc,
}

/// A signal by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SignalName {
    Traces,
    Metrics,
    Logs,
}

#[derive(Debug, Args)]
pub struct Loadgen {
    /// Where the server takes OTLP. Default: port 4318 of this machine over HTTP, 4317 over gRPC.
    #[arg(long, value_name = "URL")]
    pub target: Option<String>,
    /// Over HTTP or gRPC.
    #[arg(long, value_enum, default_value = "http")]
    pub protocol: Protocol,
    /// What to send.
    #[arg(long, value_enum, default_value = "traces")]
    pub signal: SignalName,
    /// Records per second; as many as are taken where it is not given.
    #[arg(long, value_name = "N", value_parser = rate)]
    pub rate: Option<f64>,
    /// So many records.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
    /// For so many seconds; 10 where no count is given.
    #[arg(long, value_name = "SECONDS", value_parser = rate)]
    pub duration: Option<f64>,
    /// The same load for the same number.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Records in one request.
    #[arg(long, value_name = "N", default_value_t = 512, value_parser = clap::value_parser!(u32).range(1..=8192))]
    pub batch: u32,
    /// Requests under way at the same time, each on a connection of its own.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub connections: u16,
    /// Count afterwards what arrived; the server must be one of ours, and nobody else should send meanwhile.
    #[arg(long)]
    pub verify: bool,
    /// The server's API, for --verify.
    #[arg(long, value_name = "URL", default_value = "http://localhost:4319")]
    pub api: String,
    /// Print JSON instead of a table.
    #[arg(long)]
    pub json: bool,
}

impl Loadgen {
    /// How long it goes on, if not until a count is reached.
    pub fn duration(&self) -> Option<Duration> {
        let seconds = self.duration.or_else(|| self.count.is_none().then_some(SECONDS));
        seconds.map(Duration::from_secs_f64)
    }
}

/// A number above zero of everyday size.
fn rate(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| *number > 0.0 && *number <= 1e12);
    number.ok_or_else(|| "use a number above 0".to_owned())
}
