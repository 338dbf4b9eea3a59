//! What breaks, and when: drawn from the seed.

use std::{collections::BTreeMap, fmt, time::Duration};

use anyhow::Result;
use tokio::time::Instant;

use super::{World, upstream::Mode};

/// How often each fault came.
#[derive(Debug, Default)]
pub struct Faults(BTreeMap<&'static str, usize>);

impl Faults {
    pub fn count(&mut self, fault: &'static str) {
        *self.0.entry(fault).or_default() += 1;
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (fault, count)) in self.0.iter().enumerate() {
            write!(f, "{}{count} {fault}", if index > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}

/// Breaks one thing after the other, without waiting until the one before is well again.
pub async fn inject(world: &mut World, random: &mut fastrand::Rng, time: Duration) -> Result<Faults> {
    let (mut faults, until) = (Faults::default(), Instant::now() + time);
    while Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(random.u64(50..700))).await;
        match random.u8(..10) {
            0..=2 => {
                faults.count("kills of ours");
                world.kill().await?;
                tokio::time::sleep(Duration::from_millis(random.u64(..300))).await;
                world.start().await?;
                if random.bool() {
                    // Again, in the middle of its recovery.
                    tokio::time::sleep(Duration::from_millis(random.u64(..50))).await;
                    faults.count("kills of ours");
                    world.kill().await?;
                    world.start().await?;
                }
            }
            3 => {
                faults.count("kills of PostgreSQL");
                tokio::task::block_in_place(|| world.postgres.crash())?;
            }
            4..=5 => {
                faults.count("ended sessions");
                world.postgres.terminate(&world.database).await?;
            }
            _ => {
                let modes =
                    [Mode::Down, Mode::Hangs, Mode::Slow, Mode::Fails, Mode::Busy, Mode::Resets, Mode::Well];
                let mode = modes[random.usize(..modes.len())];
                faults.count(match mode {
                    Mode::Down => "upstream down",
                    Mode::Hangs => "upstream hanging",
                    Mode::Slow => "upstream slow",
                    Mode::Fails => "upstream 500",
                    Mode::Busy => "upstream 429",
                    Mode::Resets => "upstream resets",
                    Mode::Well => "upstream well",
                });
                world.upstream.behave(mode).await?;
            }
        }
    }
    Ok(faults)
}
