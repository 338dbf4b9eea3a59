//! What the binary says of its settings.

use anyhow::Result;
use mahavishnu_test_util::process::run;
use serde_json::Value;

const BINARY: &str = env!("CARGO_BIN_EXE_mahavishnu-otel");

#[test]
fn config_schema_prints_a_json_schema_of_the_settings_file() -> Result<()> {
    let output = run(BINARY, &["config", "schema"])?;
    let schema: Value = serde_json::from_slice(&output.stdout)?;
    assert_eq!(schema["title"], "MahavishnuSettings");
    assert_eq!(schema["properties"]["otel_storage_circuit_breaker_failures"]["maximum"], 100);
    Ok(())
}
