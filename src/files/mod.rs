//! Files of the program: their directories, private files that are replaced atomically, and text in any encoding.

pub mod directories;
pub mod private_file;
pub mod text_file;
