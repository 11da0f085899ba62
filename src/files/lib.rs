//! Files of the program: their directories, private files that are replaced atomically, files kept between runs, files that
//! rotate, and text in any encoding.

pub mod directories;
pub mod private_file;
pub mod rotating_file;
pub mod state_file;
pub mod text_file;
