//! The `perfuse` command: parse, run, print the error chain, exit code.

fn main() -> std::process::ExitCode {
    perfuse::cli::main()
}
