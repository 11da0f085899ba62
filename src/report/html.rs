//! The report as one HTML file: no scripts, nothing from elsewhere, every text escaped.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::tz::TimeZone;
use minijinja::{
    Environment, Error, UndefinedBehavior, context, escape_formatter,
    syntax::SyntaxConfig,
    value::{Serde, Value},
};
use sha2::{Digest, Sha256};

use super::{Report, view::View};
use crate::text::sanitize;

/// The extension `.html` enables escaping.
const NAME: &str = "report.html";
const TEMPLATE: &str = include_str!("../../assets/report.html.jinja");
pub(super) const STYLE: &str = include_str!("../../assets/report.css");

/// Writes the report as HTML, with times in this zone.
///
/// # Errors
/// Returns an error if the template does not fit the data.
pub fn html(report: &Report, zone: &TimeZone) -> Result<String, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()?,
    );
    // All texts pass here, so none can be forgotten.
    environment.set_formatter(|out, state, value| match value.as_str() {
        Some(text) if !value.is_safe() => {
            escape_formatter(out, state, &Value::from(sanitize(text).into_owned()))
        }
        _ => escape_formatter(out, state, value),
    });
    environment.add_template(NAME, TEMPLATE)?;
    let view = View::new(report, zone);
    environment.get_template(NAME)?.render(context! {
        report => Value::from(Serde(view)),
        style => Value::from_safe_string(STYLE.to_owned()),
        style_hash => BASE64_STANDARD.encode(Sha256::digest(STYLE)),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use regex::Regex;

    use super::*;

    /// Returns the colors of both themes by name.
    fn colors() -> Vec<BTreeMap<String, [u8; 3]>> {
        let block = Regex::new(r":root \{([^}]*)\}").unwrap();
        let color = Regex::new(r"--([a-z-]+): #(..)(..)(..);").unwrap();
        let blocks = block.captures_iter(STYLE).map(|block| {
            let colors = color.captures_iter(block.get(1).unwrap().as_str());
            let channel = |text: &str| u8::from_str_radix(text, 16).unwrap();
            let read = colors.map(|color| {
                let channels = [channel(&color[2]), channel(&color[3]), channel(&color[4])];
                (color[1].to_owned(), channels)
            });
            read.collect::<BTreeMap<_, _>>()
        });
        blocks.filter(|colors| !colors.is_empty()).collect()
    }

    /// Returns the contrast ratio by the Web Content Accessibility Guidelines: 1 to 21.
    fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
        let luminance = |color: [u8; 3]| {
            let linear = color.map(|channel| {
                let part = f64::from(channel) / 255.0;
                if part <= 0.040_45 {
                    part / 12.92
                } else {
                    ((part + 0.055) / 1.055).powf(2.4)
                }
            });
            0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        };
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn contrast_is_sufficient_in_both_themes() {
        let themes = colors();
        assert_eq!(themes.len(), 2);
        assert_eq!(
            themes[0].keys().collect::<Vec<_>>(),
            themes[1].keys().collect::<Vec<_>>()
        );
        for (index, theme) in themes.iter().enumerate() {
            for ground in ["ground", "panel"] {
                for (name, color) in theme {
                    let minimum = match &**name {
                        "ground" | "panel" | "line" => continue,
                        name if name.ends_with("-bar") || name == "outage" => 3.0,
                        _ => 4.5,
                    };
                    let found = contrast(*color, theme[ground]);
                    assert!(
                        found >= minimum,
                        "theme {index}: {name} on {ground}: {found:.2}"
                    );
                }
            }
        }
    }
}
