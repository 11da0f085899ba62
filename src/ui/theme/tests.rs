use ratatui::style::Modifier;

use super::*;

const DEPTHS: [ColorDepth; 4] = [
    ColorDepth::True,
    ColorDepth::Indexed,
    ColorDepth::Sixteen,
    ColorDepth::Mono,
];

/// Symbols, bars and lines; everything else is text.
const MARKS: [Role; 5] = [
    Role::Faint,
    Role::Gauge,
    Role::GaugeDerived,
    Role::Focus,
    Role::Frame,
];

/// Returns the terminal's default text color on a background like the theme's.
fn usual_text(ground: color::Rgb) -> color::Rgb {
    let [light, dark] = ["#d4d4d4", "#1f1f1f"].map(|text| text.parse().unwrap());
    if ground.contrast(light) > ground.contrast(dark) {
        light
    } else {
        dark
    }
}

#[test]
fn built_in_themes_are_valid_and_complete() {
    for (choice, name) in ThemeChoice::BUILT_IN.iter().zip(ThemeChoice::names()) {
        let (theme, problems) = ThemeFile::read(choice.text());
        assert_eq!(problems, [""; 0], "{name}");
        assert!(theme.background.is_some(), "{name}");
        for role in Role::ALL {
            assert!(theme.has(*role), "{name} says nothing about {role:?}");
        }
    }
}

#[test]
fn texts_and_symbols_have_enough_contrast() {
    for (choice, name) in ThemeChoice::BUILT_IN.iter().zip(ThemeChoice::names()) {
        let (theme, _) = ThemeFile::read(choice.text());
        let background = theme.background.unwrap();
        let usual = theme
            .role_style(Role::Ground)
            .fg
            .unwrap_or(usual_text(background));
        let beneath = [Role::Selected, Role::SelectedIdle, Role::Panel];
        let mut grounds = vec![(background, usual)];
        grounds.extend(beneath.map(|role| {
            let ink = theme.role_style(role);
            (ink.bg.unwrap(), ink.fg.unwrap())
        }));
        for role in Role::ALL {
            let ink = theme.role_style(*role);
            let minimum = match role {
                // Only completes the gauge before it.
                Role::Track => 1.2,
                _ if MARKS.contains(role) => 3.0,
                _ => 4.5,
            };
            let grounds = match ink.bg {
                Some(own) => vec![(own, ink.fg.unwrap())],
                None => grounds.clone(),
            };
            for (ground, text) in grounds {
                let contrast = ink.fg.unwrap_or(text).contrast(ground);
                assert!(
                    contrast >= minimum,
                    "{name}: {role:?} on {ground:?}: {contrast:.2}"
                );
            }
        }
    }
}

#[test]
fn outcomes_have_distinct_colors() {
    let outcomes = [
        Role::Running,
        Role::Queued,
        Role::Failed,
        Role::Cancelled,
        Role::Success,
    ];
    for choice in ThemeChoice::BUILT_IN {
        for depth in &DEPTHS[..3] {
            let theme = Theme::load(choice, *depth);
            for (index, one) in outcomes.iter().enumerate() {
                for other in &outcomes[index + 1..] {
                    let (a, b) = (theme.style(*one).fg, theme.style(*other).fg);
                    assert_ne!(a, b, "{one:?} and {other:?} in {choice:?}, {depth:?}");
                }
            }
        }
    }
}

#[test]
fn mono_themes_have_no_colors() {
    for choice in ThemeChoice::BUILT_IN {
        let theme = Theme::load(choice, ColorDepth::Mono);
        for role in Role::ALL {
            let style = theme.style(*role);
            assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
        }
        let selected = theme.style(Role::Selected);
        assert!(selected.add_modifier.contains(Modifier::REVERSED));
    }
}

#[test]
fn theme_problems_have_lines_and_the_rest_applies() {
    let text = "based-on = \"light\"\n[text]\nfg = \"blue\"\nbg = \"#ffffff\"\n[faild]\n[failed]\ncolour = 1\nfg16 = \"orange\"\n\
                style = [\"bold\"]\n";
    let problems = Theme::problems(text);
    let starts = [
        "line 3: [text] fg: “blue” is not a color like #58a6ff",
        "line 5: unknown role “faild”; did you mean “failed”?",
        "line 7: [failed] colour: unknown key “colour”",
        "line 8: [failed] fg16: “orange” is none of black, red,",
    ];
    for start in starts {
        assert!(
            problems.iter().any(|problem| problem.starts_with(start)),
            "{start}: {problems:#?}"
        );
    }
    assert_eq!(problems.len(), starts.len());
    let own = ThemeChoice::Custom(text.into());
    let (own, light) = (
        Theme::load(&own, ColorDepth::True),
        Theme::load(&ThemeChoice::Light, ColorDepth::True),
    );
    assert_eq!(own.style(Role::Dim), light.style(Role::Dim));
    assert!(own.style(Role::Text).bg.is_some());
    assert!(
        own.style(Role::Failed)
            .add_modifier
            .contains(Modifier::BOLD)
    );
}

#[test]
fn invalid_theme_falls_back_to_dark() {
    for text in ["[text", "based-on = \"drak\"", "based-on = 1", ""] {
        let own = Theme::load(&ThemeChoice::Custom(text.into()), ColorDepth::True);
        let dark = Theme::load(&ThemeChoice::Dark, ColorDepth::True);
        assert_eq!(own.style(Role::Failed), dark.style(Role::Failed));
    }
    assert!(Theme::problems("[text")[0].starts_with("line 1: "));
    assert!(Theme::problems("based-on = \"drak\"")[0].contains("“dark”?"));
    assert!(Theme::problems("").is_empty());
}
