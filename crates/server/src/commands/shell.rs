//! `completions` and `man`: what a shell and a manual know of the command line.

use std::path::Path;

use anyhow::{Context, Result};
use clap::{Command, CommandFactory};

use crate::{cli, output};

/// The name by which it is called.
const NAME: &str = "mahavishnu-otel";

/// Prints the completions for a shell.
pub fn completions(arguments: &cli::Completions) -> Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut cli::Cli::command(), NAME, &mut text);
    output::raw(&text)
}

/// Prints the manual page, or writes one for each command into a directory.
pub fn man(arguments: &cli::Man) -> Result<()> {
    let mut command = cli::Cli::command();
    command.build();
    let Some(directory) = &arguments.dir else {
        return output::raw(&page(command, NAME)?);
    };
    std::fs::create_dir_all(directory).with_context(|| cannot_write(directory))?;
    write(directory, command, NAME)
}

/// A page for the command, and for each command below it.
fn write(directory: &Path, command: Command, name: &str) -> Result<()> {
    for below in command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help")
    {
        write(directory, below.clone(), &format!("{name}-{}", below.get_name()))?;
    }
    let file = directory.join(format!("{name}.1"));
    std::fs::write(&file, page(command, name)?).with_context(|| cannot_write(&file))
}

fn page(command: Command, name: &str) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    // A page is called after the whole command.
    clap_mangen::Man::new(command.display_name(name.to_owned())).title(name).render(&mut text)?;
    Ok(text)
}

fn cannot_write(path: &Path) -> String {
    format!("{} can not be written: name a directory of yours", path.display())
}
