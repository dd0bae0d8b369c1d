//! The binary `carry`.

fn main() -> std::process::ExitCode {
    carry_cli::main()
}
