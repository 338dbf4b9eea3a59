//! What docs/configuration.md says is so.

use std::{fs, path::Path};

use mahavishnu_observability::{MahavishnuSettings, Sources, keys::KEYS};

fn document() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md"))
        .expect("docs/configuration.md")
}

/// The code blocks of one language.
fn blocks(document: &str, language: &str) -> Vec<String> {
    document
        .split(&format!("```{language}\n"))
        .skip(1)
        .filter_map(|rest| rest.split("```").next().map(str::to_owned))
        .collect()
}

#[test]
fn every_setting_is_in_the_table_with_what_it_may_be_and_its_default() {
    let expected: String = KEYS
        .iter()
        .map(|key| {
            format!("| `{}` | {} | `{}` | {} |\n", key.name, key.kind.allowed(), key.default, key.meaning)
        })
        .collect();
    assert!(document().contains(&expected), "the table of docs/configuration.md should be:\n{expected}");
}

#[test]
fn every_example_is_the_same_in_yaml_and_as_variables() {
    let document = document();
    let (files, variables) = (blocks(&document, "yaml"), blocks(&document, "sh"));
    assert_eq!((files.len(), variables.len()), (3, 3));
    for (file, variables) in files.iter().zip(&variables) {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("settings")).unwrap();
        fs::write(directory.path().join("settings/mahavishnu.yaml"), file).unwrap();
        let environment = variables
            .lines()
            .filter_map(|line| line.strip_prefix("export ")?.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let from_file = Sources { directory: directory.path().to_owned(), ..Sources::default() };
        let from_variables = Sources { environment, ..Sources::default() };
        let load = |sources| MahavishnuSettings::load(sources).unwrap().settings;
        assert_eq!(load(&from_file), load(&from_variables), "{file}");
    }
}
