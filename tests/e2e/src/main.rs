//! The binary `carry`, built for the tests of this package.

fn main() -> std::process::ExitCode {
    carry_cli::main()
}
