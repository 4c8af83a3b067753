//! The `liaise` program.

fn main() -> std::process::ExitCode {
    liaise_cli::main()
}
