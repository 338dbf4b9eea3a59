//! What files, variables and flags say, value by value, each with who said it.

use std::{
    ffi::OsString,
    fmt,
    path::{Component, PathBuf},
};

use crate::{
    error::Mistake,
    keys::{KEYS, Key, PREFIX},
    origin::Origin,
    suggestion,
    value::{Given, shown_name},
};

mod file;

/// The files below `settings/`, the later over the earlier.
const FILES: [&str; 2] = ["mahavishnu.yaml", "local.yaml"];

/// Variables of the OpenTelemetry specification that mean one of our keys. Ours win over them.
const STANDARD_VARIABLES: [(&str, &str); 3] = [
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "observability.otlp_endpoint"),
    ("OTEL_SERVICE_NAME", "observability.service_name"),
    ("OTEL_RESOURCE_ATTRIBUTES", "observability.resource_attributes"),
];

/// Where settings come from. Nothing is read that is not named here, so tests need no environment of their own.
#[derive(Clone, Default)]
pub struct Sources {
    /// The directory in which `settings/mahavishnu.yaml` and `settings/local.yaml` are; both may be missing.
    pub directory: PathBuf,
    /// The environment: names and values.
    pub environment: Vec<(String, String)>,
    /// What the command line says.
    pub flags: Vec<Flag>,
    /// What the program puts in the place of our defaults: keys and values.
    pub defaults: Vec<(&'static str, String)>,
}

impl Sources {
    /// The working directory and the environment of this process, without flags. A variable that is not UTF-8 says
    /// nothing.
    #[must_use]
    pub fn from_process() -> Self {
        let text =
            |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
        Self {
            directory: PathBuf::from("."),
            environment: std::env::vars_os().filter_map(text).collect(),
            ..Self::default()
        }
    }
}

/// A flag of the command line that sets a key.
#[derive(Clone)]
pub struct Flag {
    /// The key that it sets.
    pub key: &'static str,
    /// What was given.
    pub value: String,
    /// How it is written: `--storage`.
    pub flag: &'static str,
}

/// One value somebody gave for a key.
pub(crate) struct Entry {
    pub(crate) key: &'static Key,
    pub(crate) given: Given,
    pub(crate) origin: Origin,
}

/// All that was said: later entries win.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) entries: Vec<Entry>,
    pub(crate) mistakes: Vec<Mistake>,
}

impl Sources {
    /// Gathers what every source says, the weakest first.
    pub(crate) fn read(&self) -> Said {
        let mut said = Said::default();
        for key in KEYS {
            said.add(key, Given::Text(key.default.to_owned()), Origin::Default);
        }
        for (key, value) in &self.defaults {
            said.add_named(key, value, Origin::Program);
        }
        for name in FILES {
            file::read(&self.file(name), &mut said);
        }
        self.read_environment(&mut said);
        for flag in &self.flags {
            said.add_named(flag.key, &flag.value, Origin::Flag(flag.flag));
        }
        said
    }

    /// Where a file is, as people write it: without the "." of the current directory.
    fn file(&self, name: &str) -> PathBuf {
        let path = self.directory.join("settings").join(name);
        path.components().filter(|part| *part != Component::CurDir).collect()
    }

    fn read_environment(&self, said: &mut Said) {
        for (variable, key) in STANDARD_VARIABLES {
            for (name, value) in &self.environment {
                // The specification: a variable that is empty is not set.
                if name == variable && !value.is_empty() {
                    said.add_named(key, value, Origin::Variable(name.clone()));
                }
            }
        }
        let mut ours: Vec<_> = self.environment.iter().filter(|(name, _)| name.starts_with(PREFIX)).collect();
        ours.sort();
        for (name, value) in ours {
            let origin = Origin::Variable(shown_name(name));
            match KEYS.iter().find(|key| key.variable() == *name) {
                Some(key) => said.add(key, Given::Text(value.clone()), origin),
                None => {
                    let key = name[PREFIX.len()..].replace("__", ".");
                    let meant = suggestion::meant(&key).and_then(Key::find).map(Key::variable);
                    said.unknown(name, origin, meant.as_deref());
                }
            }
        }
    }
}

impl Said {
    fn add(&mut self, key: &'static Key, given: Given, origin: Origin) {
        self.entries.push(Entry { key, given, origin });
    }

    fn add_named(&mut self, name: &str, value: &str, origin: Origin) {
        match Key::find(name) {
            Some(key) => self.add(key, Given::Text(value.to_owned()), origin),
            None => self.unknown(name, origin, suggestion::meant(name)),
        }
    }

    /// A key that does not exist. Its value is not repeated: it may be a secret under a name written wrongly.
    fn unknown(&mut self, name: &str, origin: Origin, meant: Option<&str>) {
        let remedy = match meant {
            Some(meant) => format!("is not a setting: did you mean {meant}?"),
            None => {
                "is not a setting: take it out (mahavishnu-otel config show lists all there are)".to_owned()
            }
        };
        self.mistakes.push(Mistake { key: shown_name(name), given: None, origin, remedy });
    }
}

impl fmt::Debug for Sources {
    /// The environment and the values may hold secrets: only names are shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources")
            .field("directory", &self.directory)
            .field("flags", &self.flags)
            .field("defaults", &self.defaults.iter().map(|(key, _)| key).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Flag {
    /// Its value may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flag").field("key", &self.key).field("flag", &self.flag).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn files_of_the_current_directory_are_named_as_people_write_them() {
        for (directory, expected) in
            [("", "settings/local.yaml"), (".", "settings/local.yaml"), ("../a/", "../a/settings/local.yaml")]
        {
            let sources = Sources { directory: directory.into(), ..Sources::default() };
            assert_eq!(sources.file("local.yaml"), Path::new(expected));
        }
    }
}
