//! The `vtask` program.

fn main() {}
