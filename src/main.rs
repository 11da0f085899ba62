//! The `vtask` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    vtask::main()
}

#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
