//! Files of the program: their directories, and private files that are replaced atomically.

pub mod directories;
pub mod private_file;
