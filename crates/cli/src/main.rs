//! The `parclose` command.

fn main() -> std::process::ExitCode {
    parclose_cli::main()
}
