//! Position and size of the details pane in the config file.

use super::Defaults;
use crate::{
    app::{DetailsPosition, PaneLayout},
    text::did_you_mean,
};

/// Parses the pane settings; invalid ones are returned as problems and ignored.
pub fn pane_layout(defaults: &Defaults) -> (PaneLayout, Vec<String>) {
    let mut problems = Vec::new();
    let placement = defaults.layout.as_deref().and_then(|name| {
        let names = DetailsPosition::NAMED.map(|(name, _)| name);
        let found = DetailsPosition::NAMED
            .iter()
            .find(|(known, _)| *known == name);
        if found.is_none() {
            problems.push(format!(
                "layout: “{name}” is not one of {}{}",
                names.join(", "),
                did_you_mean(name, &names)
            ));
        }
        found.map(|(_, placement)| *placement)
    });
    let percent = defaults.details_size.and_then(|size| {
        let percent = u8::try_from(size).ok();
        let percent = percent.filter(|percent| PaneLayout::PERCENT.contains(percent));
        if percent.is_none() {
            let (minimum, maximum) = (PaneLayout::PERCENT.start(), PaneLayout::PERCENT.end());
            problems.push(format!(
                "details-size: {size} is not from {minimum} to {maximum} percent."
            ));
        }
        percent
    });
    let pane_layout = PaneLayout::new(placement.unwrap_or_default(), percent);
    (pane_layout, problems)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (PaneLayout, Vec<String>) {
        pane_layout(&toml::from_str(text).unwrap())
    }

    #[test]
    fn given_value_wins() {
        assert_eq!(read(""), (PaneLayout::default(), Vec::new()));
        let (pane_layout, problems) = read("layout = \"beside\"\ndetails-size = 60");
        assert_eq!(
            pane_layout,
            PaneLayout::new(DetailsPosition::Beside, Some(60))
        );
        assert_eq!(problems, [""; 0]);
    }

    #[test]
    fn errors_are_reported_and_others_apply() {
        let (pane_layout, problems) = read("layout = \"besides\"\ndetails-size = 60");
        assert_eq!(
            pane_layout,
            PaneLayout::new(DetailsPosition::Auto, Some(60))
        );
        assert_eq!(
            problems,
            ["layout: “besides” is not one of auto, below, beside; did you mean “beside”?"]
        );
        for wrong in ["5", "95", "-1", "1000"] {
            let (pane_layout, problems) =
                read(&format!("layout = \"below\"\ndetails-size = {wrong}"));
            assert_eq!(pane_layout, PaneLayout::new(DetailsPosition::Below, None));
            let problem = format!("details-size: {wrong} is not from 10 to 90 percent.");
            assert_eq!(problems, [problem]);
        }
    }
}
