//! Terminal size with fallbacks for unusable values.
//!
//! Terminals made by `script`, `expect`, `docker run -t` and some CI systems report 0×0; a wrong `stty` can report
//! 65535×65535.

use std::io::{self, Write};

use ratatui::{
    backend::{Backend, ClearType, CrosstermBackend, WindowSize},
    buffer::Cell,
    layout::{Position, Size},
};

/// Size if neither the terminal nor the environment has one.
const DEFAULT_SIZE: Size = Size::new(80, 24);
/// Largest supported size; a frame buffer holds every cell.
const MAX_SIZE: Size = Size::new(1000, 500);

/// Returns the reported size; a side of 0 is replaced by `COLUMNS` or `LINES`, else by 80×24. At most 1000×500.
fn usable_size(reported: Size, variable: impl Fn(&str) -> Option<String>) -> Size {
    let side = |reported: u16, name: &str, default: u16, max: u16| {
        let set = || {
            variable(name)?
                .trim()
                .parse()
                .ok()
                .filter(|cells| *cells > 0)
        };
        let known = Some(reported).filter(|cells| *cells > 0).or_else(set);
        known.unwrap_or(default).min(max)
    };
    Size {
        width: side(
            reported.width,
            "COLUMNS",
            DEFAULT_SIZE.width,
            MAX_SIZE.width,
        ),
        height: side(
            reported.height,
            "LINES",
            DEFAULT_SIZE.height,
            MAX_SIZE.height,
        ),
    }
}

/// Returns the usable size of the process's terminal.
pub fn terminal_size(variable: impl Fn(&str) -> Option<String>) -> Size {
    let reported = crossterm::terminal::size().unwrap_or_default();
    usable_size(reported.into(), variable)
}

/// A crossterm backend that reports a usable size.
#[derive(Debug)]
pub struct SizedBackend<W: Write> {
    backend: CrosstermBackend<W>,
    variable: fn(&str) -> Option<String>,
}

impl<W: Write> SizedBackend<W> {
    /// Creates a backend that writes to `writer` and reads environment variables with `variable`.
    pub fn new(writer: W, variable: fn(&str) -> Option<String>) -> Self {
        Self {
            backend: CrosstermBackend::new(writer),
            variable,
        }
    }
}

impl<W: Write> Backend for SizedBackend<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        self.backend.draw(content)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.backend.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.backend.show_cursor()
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        self.backend.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.backend.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.backend.clear()
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        self.backend.clear_region(region)
    }

    fn size(&self) -> io::Result<Size> {
        Ok(usable_size(self.backend.size()?, self.variable))
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        let mut size = self.backend.window_size()?;
        size.columns_rows = usable_size(size.columns_rows, self.variable);
        Ok(size)
    }

    fn flush(&mut self) -> io::Result<()> {
        Backend::flush(&mut self.backend)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_size_falls_back_to_environment_or_80_by_24() {
        let empty = |_: &str| None;
        let set = |name: &str| match name {
            "COLUMNS" => Some(" 132 ".to_owned()),
            "LINES" => Some("none".to_owned()),
            _ => None,
        };
        let zero = |_: &str| Some("0".to_owned());
        for (reported, width, height) in [((0, 0), 80, 24), ((0, 40), 80, 40), ((7, 0), 7, 24)] {
            assert_eq!(usable_size(reported.into(), empty), Size { width, height });
            assert_eq!(usable_size(reported.into(), zero), Size { width, height });
        }
        assert_eq!(usable_size((0, 0).into(), set), Size::new(132, 24));
        assert_eq!(usable_size((100, 30).into(), set), Size::new(100, 30));
        assert_eq!(usable_size((1, 1).into(), set), Size::new(1, 1));
    }

    #[test]
    fn absurd_size_is_limited() {
        let huge = |_: &str| Some("65535".to_owned());
        assert_eq!(usable_size((65535, 65535).into(), huge), MAX_SIZE);
        assert_eq!(usable_size((0, 65535).into(), huge), MAX_SIZE);
    }
}
