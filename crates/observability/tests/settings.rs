//! What is promised of the settings, promise by promise.

#![expect(clippy::unwrap_used, reason = "a test that can not be set up must fail")]

#[path = "settings/layers.rs"]
mod layers;
#[path = "settings/mistakes.rs"]
mod mistakes;
#[path = "settings/ranges.rs"]
mod ranges;
#[path = "settings/resource.rs"]
mod resource;
#[path = "settings/secrets.rs"]
mod secrets;

use std::{fs, path::Path};

use mahavishnu_observability::{Flag, Loaded, MahavishnuSettings, SettingsError, Sources};
use tempfile::TempDir;

/// Settings files in a directory of their own, with variables and flags.
struct Case {
    directory: TempDir,
    sources: Sources,
}

impl Case {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        fs::create_dir(directory.path().join("settings")).unwrap();
        let sources = Sources { directory: directory.path().to_owned(), ..Sources::default() };
        Self { directory, sources }
    }

    fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        fs::write(self.directory.path().join("settings").join(name), content).unwrap();
        self
    }

    fn yaml(self, content: &str) -> Self {
        self.file("mahavishnu.yaml", content)
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.sources.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    fn flag(mut self, key: &'static str, value: &str, flag: &'static str) -> Self {
        self.sources.flags.push(Flag { key, value: value.to_owned(), flag });
        self
    }

    fn default(mut self, key: &'static str, value: &str) -> Self {
        self.sources.defaults.push((key, value.to_owned()));
        self
    }

    fn load(&self) -> Result<Loaded, SettingsError> {
        MahavishnuSettings::load(&self.sources)
    }

    fn settings(&self) -> MahavishnuSettings {
        self.load().unwrap().settings
    }

    /// The message, with the place of the files taken out.
    fn refused(&self) -> String {
        let message = self.load().expect_err("must be refused").to_string();
        message.replace(&format!("{}/", self.directory.path().display()), "")
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }
}

/// Value and origin of a key, as they are shown.
fn shown(loaded: &Loaded, key: &str) -> (String, String) {
    let shown = loaded.shown.iter().find(|shown| shown.key == key).expect(key);
    let value = shown.value.as_str().map_or_else(|| shown.value.to_string(), str::to_owned);
    (value, shown.origin.clone())
}
