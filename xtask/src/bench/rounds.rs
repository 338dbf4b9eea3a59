//! Ratios on a machine that others use as well.
//!
//! Each side of a ratio is measured right after the other, so that what the machine does meanwhile meets both, and that several
//! times; the round in the middle counts.

use std::fmt;

use anyhow::Result;

/// What several rounds gave.
#[derive(Clone, Debug)]
pub struct Rounds<T> {
    /// The ratio of the round in the middle: of an even number, of the lower one.
    pub ratio: f64,
    /// What else is known of that round.
    pub known: T,
    /// The ratios of all, from the least to the most.
    ratios: Vec<f64>,
}

impl<T> Rounds<T> {
    /// Measures so often, at least once, and says what came of each; a round gives its ratio and what else is known of it.
    #[expect(clippy::print_stdout, reason = "whoever waits for minutes wants to see what is measured")]
    pub fn measure(times: usize, mut round: impl FnMut() -> Result<(f64, T)>) -> Result<Self> {
        let times = times.max(1);
        let mut rounds = Vec::with_capacity(times);
        for number in 1..=times {
            let (ratio, known) = round()?;
            println!("    round {number} of {times}: {ratio:.2}");
            rounds.push((ratio, known));
        }
        rounds.sort_by(|one, other| one.0.total_cmp(&other.0));
        let ratios = rounds.iter().map(|round| round.0).collect();
        let (ratio, known) = rounds.swap_remove((times - 1) / 2);
        Ok(Self { ratio, known, ratios })
    }
}

/// The ratio in the middle, and between which all are.
impl<T> fmt::Display for Rounds<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:.2}", self.ratio)?;
        match self.ratios.as_slice() {
            [least, .., most] => {
                write!(formatter, " (of {} rounds, {least:.2} to {most:.2})", self.ratios.len())
            }
            _ => Ok(()),
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
