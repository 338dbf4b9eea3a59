//! Ratios on a machine that others use as well.
//!
//! Each side of a ratio is measured right after the other, so that what the machine does meanwhile meets both, and that several
//! times; the round in the middle counts.

use std::fmt;

use anyhow::{Context, Result};

/// What several rounds gave, by their ratios.
#[derive(Clone, Debug)]
pub struct Rounds<T>(Vec<(f64, T)>);

impl<T> Rounds<T> {
    /// Measures so often, and says what came of each; a round gives its ratio and what else is known of it.
    #[expect(clippy::print_stdout, reason = "whoever waits for minutes wants to see what is measured")]
    pub fn measure(times: usize, mut round: impl FnMut() -> Result<(f64, T)>) -> Result<Self> {
        let mut rounds = Vec::with_capacity(times);
        for number in 1..=times {
            let (ratio, known) = round()?;
            println!("    round {number} of {times}: {ratio:.2}");
            rounds.push((ratio, known));
        }
        rounds.sort_by(|one, other| one.0.total_cmp(&other.0));
        Ok(Self(rounds))
    }

    /// The round in the middle: of an even number, the lower one.
    pub fn middle(&self) -> Result<&(f64, T)> {
        self.0.get(self.0.len().saturating_sub(1) / 2).context("nothing was measured")
    }
}

/// The ratio in the middle, and between which all are.
impl<T> fmt::Display for Rounds<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Ok((middle, _)), Some((least, _)), Some((most, _))) =
            (self.middle(), self.0.first(), self.0.last())
        else {
            return formatter.write_str("nothing");
        };
        write!(formatter, "{middle:.2}")?;
        match self.0.len() {
            1 => Ok(()),
            count => write!(formatter, " (of {count} rounds, {least:.2} to {most:.2})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Rounds;

    fn rounds(ratios: &[f64]) -> Rounds<()> {
        let mut ratios = ratios.iter();
        Rounds::measure(ratios.len(), || Ok((*ratios.next().unwrap(), ()))).unwrap()
    }

    #[test]
    fn the_round_in_the_middle_counts_and_the_others_are_told() {
        assert_eq!(rounds(&[0.9, 0.5, 0.7]).to_string(), "0.70 (of 3 rounds, 0.50 to 0.90)");
        assert_eq!(rounds(&[0.9, 0.5]).to_string(), "0.50 (of 2 rounds, 0.50 to 0.90)");
        assert_eq!(rounds(&[0.7]).to_string(), "0.70");
    }
}
