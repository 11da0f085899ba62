//! Theme colors and their nearest match in the 256-color palette.

use std::str::FromStr;

use ratatui::style::Color;
use serde::{Deserialize, Deserializer, de};

/// A color written as `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rgb(u8, u8, u8);

impl Rgb {
    pub(super) fn exact(self) -> Color {
        Color::Rgb(self.0, self.1, self.2)
    }

    /// Returns the nearest color of xterm's 6×6×6 cube and its 24 grays.
    pub(super) fn indexed(self) -> Color {
        const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
        let step = |channel: u8| {
            let steps = STEPS.iter().zip(0_u8..);
            let nearest = steps.min_by_key(|(step, _)| step.abs_diff(channel));
            nearest.map_or((0, 0), |(step, index)| (*step, index))
        };
        let ((r, ri), (g, gi), (b, bi)) = (step(self.0), step(self.1), step(self.2));
        let cube = (Self(r, g, b), 16 + 36 * ri + 6 * gi + bi);
        let greys = (0..24_u8).map(|index| {
            let level = 8 + 10 * index;
            (Self(level, level, level), 232 + index)
        });
        let all = greys.chain([cube]);
        let nearest = all.min_by_key(|(color, _)| self.distance(*color));
        Color::Indexed(nearest.map_or(cube.1, |(_, index)| index))
    }

    /// Returns the contrast ratio by the Web Content Accessibility Guidelines: 1 to 21.
    #[cfg(test)]
    pub(super) fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[cfg(test)]
    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let part = f64::from(channel) / 255.0;
            if part <= 0.040_45 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    fn distance(self, other: Self) -> u32 {
        let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
        square(self.0, other.0) + square(self.1, other.1) + square(self.2, other.2)
    }
}

impl FromStr for Rgb {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(Color::Rgb(r, g, b)) => Ok(Self(r, g, b)),
            _ => Err(format!("“{text}” is not a color like #58a6ff")),
        }
    }
}

impl<'de> Deserialize<'de> for Rgb {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_matches_wcag() {
        let (black, white) = (Rgb(0, 0, 0), Rgb(255, 255, 255));
        assert!((black.contrast(white) - 21.0).abs() < 1e-9);
        let grey = Rgb(0x76, 0x76, 0x76);
        assert!((grey.contrast(white) - 4.54).abs() < 0.01);
    }

    #[test]
    fn nearest_indexed_color() {
        for (color, index) in [
            (Rgb(0, 0, 0), 16),
            (Rgb(255, 255, 255), 231),
            (Rgb(0x26, 0x26, 0x26), 235),
            (Rgb(0x58, 0xa6, 0xff), 75),
        ] {
            assert_eq!(color.indexed(), Color::Indexed(index), "{color:?}");
        }
    }
}
