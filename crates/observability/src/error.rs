//! What is wrong with the settings: all of it at once.

use std::fmt;

use crate::origin::Origin;

/// Why the settings can not be used. Its `Display` has one line for each mistake and shows no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError {
    mistakes: Vec<Mistake>,
}

/// One mistake in the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The key or variable as it was written; empty where a whole file can not be read.
    pub key: String,
    /// What was given; a secret is not repeated.
    pub given: Option<String>,
    /// Who gave it.
    pub origin: Origin,
    /// What is wrong and what to do, as the end of a sentence.
    pub remedy: String,
}

impl SettingsError {
    pub(crate) fn new(mistakes: Vec<Mistake>) -> Self {
        Self { mistakes }
    }

    /// Every mistake that was found, in the order of the layers.
    #[must_use]
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.mistakes.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for SettingsError {}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.key.is_empty() {
            return write!(f, "{} {}", self.origin, self.remedy);
        }
        write!(f, "{}", self.key)?;
        if let Some(given) = &self.given {
            write!(f, " = {given}")?;
        }
        // A variable is its own origin.
        if self.origin.to_string() != self.key {
            write!(f, " (from {})", self.origin)?;
        }
        write!(f, " {}", self.remedy)
    }
}
