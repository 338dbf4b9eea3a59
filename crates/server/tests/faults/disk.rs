//! A disk that is soon full, where whoever runs the tests may mount one.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::Result;

/// Less than what waits during an outage.
const SIZE: &str = "size=6m";

/// A small file system under the spool; unmounted with this value.
pub struct SmallDisk {
    at: PathBuf,
}

impl SmallDisk {
    /// Mounts one if it is wanted and allowed.
    pub fn mount(directory: &Path, wanted: bool) -> Result<Option<Self>> {
        let at = directory.join("spool");
        std::fs::create_dir_all(&at)?;
        if !wanted {
            return Ok(None);
        }
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", SIZE, "tmpfs"]).arg(&at).stderr(Stdio::null());
        Ok(mount.status().is_ok_and(|status| status.success()).then_some(Self { at }))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // What is busy goes when it is not.
        let _left_to_the_system = Command::new("umount").arg("--lazy").arg(&self.at).status();
    }
}
