//! `sealgate completions`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::exit::Exit;
use super::failure::Failure;
use super::{Cli, output};

/// For which shell.
#[derive(Debug, Args)]
#[command(
    after_long_help = "For bash, for example:\n  sealgate completions bash > \
                             ~/.local/share/bash-completion/completions/sealgate"
)]
pub struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

impl CompletionsArgs {
    pub(super) fn print(&self) -> Result<Exit, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "sealgate", &mut script);
        output::print(&script)?;
        Ok(Exit::Done)
    }
}
