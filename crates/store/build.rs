//! Tells the compiler whether there are programs of the embedded database for this platform, and where.

use std::{env, path::Path};

fn main() {
    println!("cargo::rerun-if-changed=engine");
    println!("cargo::rustc-check-cfg=cfg(engine)");
    let variable = |name| env::var(name).unwrap_or_default();
    let directory = Path::new(&variable("CARGO_MANIFEST_DIR")).join("engine").join(variable("TARGET"));
    if env::var_os("CARGO_FEATURE_EMBEDDED").is_some() && directory.exists() {
        println!("cargo::rustc-cfg=engine");
        println!("cargo::rustc-env=ENGINE={}", directory.display());
    }
}
