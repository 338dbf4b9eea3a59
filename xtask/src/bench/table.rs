//! The table in docs/performance.md.

use std::{fs, process::Command, thread};

use anyhow::{Context, Result};

use super::{Bench, Line};

/// Where it stands, between two marks.
const FILE: &str = "docs/performance.md";
const BEGIN: &str = "<!-- measured: begin -->";
const END: &str = "<!-- measured: end -->";

/// Writes the lines between the marks, with machine, commit and date.
pub fn write(bench: &Bench, quick: bool, lines: &[Line]) -> Result<()> {
    let path = bench.root.join(FILE);
    let text = fs::read_to_string(&path).with_context(|| format!("{FILE} can not be read"))?;
    let (before, rest) = text.split_once(BEGIN).context("the mark of the beginning is gone")?;
    let (_, after) = rest.split_once(END).context("the mark of the end is gone")?;
    let table = render(bench, quick, lines);
    fs::write(&path, format!("{before}{BEGIN}\n{table}{END}{after}"))?;
    Ok(())
}

fn render(bench: &Bench, quick: bool, lines: &[Line]) -> String {
    let say = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).current_dir(&bench.root).output().ok();
        output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
    };
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        cpu.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1)).unwrap_or("unknown");
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let changed =
        if say("git", &["status", "--porcelain", "crates"]).is_empty() { "" } else { " with changes" };
    let mut out = format!(
        "Measured {} on {cores} cores ({model}), commit {}{changed}, `cargo xtask bench{}`, load average at the end {}.\n\n",
        say("date", &["-u", "+%Y-%m-%d %H:%M UTC"]),
        say("git", &["rev-parse", "--short", "HEAD"]),
        if quick { " --quick" } else { "" },
        fs::read_to_string("/proc/loadavg").unwrap_or_default().split(' ').next().unwrap_or("unknown"),
    );
    out.push_str("| case | measured | limit | holds |\n|---|---|---|---|\n");
    for line in lines {
        let holds = match line.holds {
            Some(true) => "yes",
            Some(false) => "no",
            None => "",
        };
        let cell = |text: &str| text.replace('|', "/").replace('\n', " ");
        out.push_str(&format!("| {} | {} | {} | {holds} |\n", line.case, cell(&line.measured), line.limit));
    }
    out
}
