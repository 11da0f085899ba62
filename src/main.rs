//! The `vtask` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    vtask::main()
}
