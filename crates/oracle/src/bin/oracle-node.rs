//! The program `parclose` itself, so that tests of this crate have nodes to look at.

fn main() -> std::process::ExitCode {
    parclose_cli::main()
}
