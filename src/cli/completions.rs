//! `perfuse completions`: completion scripts for shells.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Failure, print};

/// Arguments of `perfuse completions`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  perfuse completions bash > ~/.local/share/bash-completion/completions/perfuse
  perfuse completions zsh > ~/.zfunc/_perfuse
  perfuse completions fish > ~/.config/fish/completions/perfuse.fish")]
pub struct CompletionsArgs {
    /// The shell
    pub shell: Shell,
}

/// Prints the script to stdout.
///
/// # Errors
/// [`Failure::Stdout`].
pub fn run(args: &CompletionsArgs) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "perfuse", &mut script);
    print(&String::from_utf8_lossy(&script))
}
