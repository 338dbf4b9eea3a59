//! Which crate may depend on which, from what cargo says and from the manifests.

use std::{env, fs, path::Path, process::Command};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Each crate and what it may stand on: nothing points upward.
const LAYERS: [(&str, &[&str]); 9] = [
    ("mahavishnu-spool", &[]),
    ("mahavishnu-semantic", &[]),
    ("mahavishnu-pipeline", &["mahavishnu-spool"]),
    ("mahavishnu-store", &["mahavishnu-pipeline", "mahavishnu-semantic"]),
    (
        "mahavishnu-observability",
        &["mahavishnu-store", "mahavishnu-pipeline", "mahavishnu-semantic", "mahavishnu-spool"],
    ),
    (
        "mahavishnu-otel",
        &["mahavishnu-observability", "mahavishnu-store", "mahavishnu-pipeline", "mahavishnu-spool"],
    ),
    ("mahavishnu-test-util", &["mahavishnu-pipeline"]),
    ("mahavishnu-interop", &[]),
    ("xtask", &["mahavishnu-store", "mahavishnu-pipeline", "mahavishnu-test-util"]),
];

/// Speak to PostgreSQL: for the store, for tests and for benchmarks.
const DATABASE_CRATES: [&str; 2] = ["tokio-postgres", "deadpool-postgres"];
const DATABASE_USERS: [&str; 3] = ["mahavishnu-store", "mahavishnu-test-util", "xtask"];

/// One package of the workspace, as far as this check looks.
struct Package {
    name: String,
    manifest: String,
    /// Name and kind: `None`, or `dev`, or `build`.
    dependencies: Vec<(String, Option<String>)>,
}

/// Asks cargo for the packages and checks each.
///
/// # Errors
///
/// When cargo or a manifest can not be read.
pub fn check(root: &Path) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for package in packages(root)? {
        findings.extend(judge(&package));
        let manifest = fs::read_to_string(&package.manifest)?;
        if !manifest.contains("[lints]\nworkspace = true") {
            findings.push(format!("{}: does not take the lints of the workspace", package.name));
        }
    }
    Ok(findings)
}

fn judge(package: &Package) -> Vec<String> {
    let name = &package.name;
    let Some((_, below)) = LAYERS.iter().find(|(layer, _)| layer == name) else {
        return vec![format!("{name}: has no place in the layers: give it one in xtask/src/tidy/layers.rs")];
    };
    let mut findings = Vec::new();
    for (dependency, kind) in &package.dependencies {
        // Tests may look at anything; a cycle there does no harm.
        if kind.as_deref() == Some("dev") {
            continue;
        }
        let ours = LAYERS.iter().any(|(layer, _)| layer == dependency);
        if ours && !below.contains(&dependency.as_str()) {
            findings.push(format!("{name}: depends on {dependency}, which is not below it"));
        }
        if DATABASE_CRATES.contains(&dependency.as_str()) && !DATABASE_USERS.contains(&name.as_str()) {
            findings.push(format!("{name}: depends on {dependency}; only the store speaks to PostgreSQL"));
        }
    }
    findings
}

fn packages(root: &Path) -> Result<Vec<Package>> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["metadata", "--no-deps", "--format-version", "1", "--offline"];
    let output =
        Command::new(cargo).args(arguments).current_dir(root).output().context("cargo does not start")?;
    if !output.status.success() {
        bail!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    metadata["packages"].as_array().context("cargo metadata names no packages")?.iter().map(package).collect()
}

fn package(value: &Value) -> Result<Package> {
    let text = |value: &Value| value.as_str().map(str::to_owned).context("cargo metadata has another form");
    let dependency = |value: &Value| Ok((text(&value["name"])?, value["kind"].as_str().map(str::to_owned)));
    let dependencies = value["dependencies"].as_array().context("cargo metadata has another form")?;
    Ok(Package {
        name: text(&value["name"])?,
        manifest: text(&value["manifest_path"])?,
        dependencies: dependencies.iter().map(dependency).collect::<Result<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::{Package, judge};

    fn package(name: &str, dependencies: &[(&str, Option<&str>)]) -> Package {
        let owned = |(name, kind): &(&str, Option<&str>)| ((*name).to_owned(), kind.map(str::to_owned));
        Package {
            name: name.to_owned(),
            manifest: String::new(),
            dependencies: dependencies.iter().map(owned).collect(),
        }
    }

    #[test]
    fn nothing_points_upward() {
        assert!(
            judge(&package("mahavishnu-store", &[("mahavishnu-pipeline", None), ("serde", None)])).is_empty()
        );
        assert_eq!(
            judge(&package("mahavishnu-pipeline", &[("mahavishnu-store", None)])),
            ["mahavishnu-pipeline: depends on mahavishnu-store, which is not below it"]
        );
        assert_eq!(judge(&package("mahavishnu-store", &[("mahavishnu-test-util", None)])).len(), 1);
        assert!(judge(&package("mahavishnu-store", &[("mahavishnu-test-util", Some("dev"))])).is_empty());
    }

    #[test]
    fn only_the_store_speaks_to_postgresql() {
        assert_eq!(judge(&package("mahavishnu-otel", &[("tokio-postgres", None)])).len(), 1);
        assert!(judge(&package("mahavishnu-store", &[("tokio-postgres", None)])).is_empty());
    }

    #[test]
    fn a_new_crate_needs_a_place() {
        assert_eq!(judge(&package("mahavishnu-new", &[])).len(), 1);
    }
}
