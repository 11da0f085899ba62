use std::{cell::Cell, convert::Infallible, rc::Rc};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use fastrand::Rng;
use ratatui::{
    Terminal,
    backend::{Backend, ClearType, WindowSize},
    buffer,
    layout::{Position, Size},
};
use serde_json::json;

use super::{draw, draw_buffer, draw_text, draw_with};
use crate::{
    app::{
        Event, Screen,
        test_support::{apply_update, busy, choose, connecting, empty, now, task, tasks},
        update,
    },
    ui::Appearance,
    watch::Update,
};

fn press(state: &mut Screen, key: char) {
    let code = match key {
        '\n' => KeyCode::Enter,
        '\t' => KeyCode::Tab,
        key => KeyCode::Char(key),
    };
    let key = KeyEvent::new(code, KeyModifiers::NONE);
    update(state, Event::Key(key), now());
}

#[test]
fn every_view_draws_at_every_size() {
    let screens = [
        "", "?", "s", "n", "a", "/db", "c", "c\n", "2z", "3z", "4", "5z", "1z", "t", "d",
    ];
    let all = screens.map(|keys| (busy as fn(u16, u16) -> Screen, keys));
    let bare = ["", "?", "c", "5"].into_iter();
    let bare = bare.flat_map(|keys| [(empty as fn(u16, u16) -> Screen, keys), (connecting, keys)]);
    {
        for (make, keys) in all.into_iter().chain(bare) {
            for width in 0..=30 {
                let mut state = make(width, 0);
                keys.chars().for_each(|key| press(&mut state, key));
                let appearance = Appearance::new(&state.options);
                for height in 0..=10 {
                    update(&mut state, Event::Resize { width, height }, now());
                    draw_with(&state, &appearance);
                }
            }
        }
    }
}

/// A terminal that reports a size set by the test and shows nothing.
#[derive(Clone, Default)]
struct Window(Rc<Cell<Size>>);

impl Backend for Window {
    type Error = Infallible;

    fn draw<'a, I>(&mut self, content: I) -> Result<(), Infallible>
    where
        I: Iterator<Item = (u16, u16, &'a buffer::Cell)>,
    {
        content.for_each(drop);
        Ok(())
    }

    fn hide_cursor(&mut self) -> Result<(), Infallible> {
        Ok(())
    }

    fn show_cursor(&mut self) -> Result<(), Infallible> {
        Ok(())
    }

    fn get_cursor_position(&mut self) -> Result<Position, Infallible> {
        Ok(Position::ORIGIN)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, _: P) -> Result<(), Infallible> {
        Ok(())
    }

    fn clear(&mut self) -> Result<(), Infallible> {
        Ok(())
    }

    fn clear_region(&mut self, _: ClearType) -> Result<(), Infallible> {
        Ok(())
    }

    fn size(&self) -> Result<Size, Infallible> {
        Ok(self.0.get())
    }

    fn window_size(&mut self) -> Result<WindowSize, Infallible> {
        Ok(WindowSize {
            columns_rows: self.0.get(),
            pixels: Size::ZERO,
        })
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// The keys that open each popup and view.
const VIEWS: [&str; 30] = [
    "", "1", "2", "3", "4", "5", "6", "2z", "6z", "?", "n", "F", "o", "oj\t", "s", "C", "f", "/db",
    "a", "w", ":", ":so", "c", "c\n", "y", "H", "b", "v", "vv{", "<",
];

/// Returns a random size: mostly realistic, sometimes extreme.
fn size(random: &mut Rng) -> Size {
    const ODD: [u16; 8] = [0, 1, 2, 3, 7, 255, 256, 1_000];
    let mut side = |usual| match random.u8(..10) {
        0 => ODD[random.usize(..ODD.len())],
        _ => random.u16(usual),
    };
    let width = side(1..250);
    Size::new(width, side(1..80).min(500))
}

#[test]
fn every_view_draws_at_random_sizes() {
    let mut random = Rng::with_seed(20);
    for keys in VIEWS.into_iter().cycle().take(5 * VIEWS.len()) {
        let window = Window::default();
        let mut terminal = Terminal::new(window.clone()).unwrap();
        let mut state = busy(0, 0);
        let appearance = Appearance::new(&state.options);
        for turn in 0..4 {
            window.0.set(size(&mut random));
            let Size { width, height } = terminal.size().unwrap();
            update(&mut state, Event::Resize { width, height }, now());
            if turn == 0 {
                // The view stays open while the size changes.
                keys.chars().for_each(|key| press(&mut state, key));
            }
            terminal
                .draw(|frame| state.frame = draw(&state, &appearance, frame, now()))
                .unwrap();
        }
    }
}

#[test]
fn every_task_draws_in_every_tab_at_odd_sizes() {
    for (width, height) in [(1, 1), (7, 3), (31, 9), (33, 17), (97, 13), (300, 90)] {
        for tab in ['1', '2', '3', '4', '5'] {
            let mut state = busy(width, height);
            press(&mut state, tab);
            let appearance = Appearance::new(&state.options);
            for _ in 0..state.view().row_model.len() {
                press(&mut state, 'j');
                draw_with(&state, &appearance);
            }
        }
    }
}

/// True for control, reordering and invisible characters.
fn is_hostile(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[test]
fn control_characters_are_escaped() {
    let evil = "a\u{1b}[2J\u{9b}31m\u{202e}\u{7}\u{0}b";
    let everywhere = json!({
        "descriptionId": format!("x.{evil}"), "name": evil, "entityName": evil,
        "description": {"key": evil, "message": evil}, "changeTag": evil, "activationId": evil,
        "reason": {"_typeName": "TaskReasonUser", "userName": evil}, "state": "error",
        "error": {"_typeName": evil, "faultstring": evil, evil: evil, "list": [evil, {"a": evil}]},
        "result": {"_typeName": evil, "x": evil}, evil: evil
    });
    for keys in ["1", "2", "3", "4", "5", "c", "1z", "n"] {
        let mut state = empty(100, 40);
        apply_update(&mut state, tasks(vec![task(evil, &everywhere)]));
        apply_update(&mut state, Update::Notice(evil.into()));
        keys.chars().for_each(|key| press(&mut state, key));
        for cell in draw_buffer(&state).content {
            let symbol = cell.symbol();
            assert!(!symbol.chars().any(is_hostile), "{symbol:?} in {keys}");
        }
    }
}

#[test]
fn wide_characters_keep_columns_aligned() {
    let mut state = busy(120, 40);
    choose(&mut state, "task-4730");
    let buffer = draw_buffer(&state);
    let column = |text: &str| {
        let titles: Vec<_> = (0..buffer.area.width)
            .map(|x| buffer[(x, 1)].symbol().to_owned())
            .collect();
        titles.concat().find(text).unwrap()
    };
    let start = u16::try_from(column("PROGRESS")).unwrap();
    let row = (2..30)
        .find(|y| (0..60).any(|x| buffer[(x, *y)].symbol() == "デ"))
        .unwrap();
    assert_eq!(buffer[(start, row)].symbol(), "━");
    assert_eq!(buffer[(start - 1, row)].symbol(), " ");
}

#[test]
fn deep_lineage_keeps_space_for_names() {
    let mut state = empty(80, 24);
    let mut all = vec![task("t0", &json!({}))];
    for depth in 1..200 {
        let parent = format!("t{}", depth - 1);
        all.push(task(
            &format!("t{depth}"),
            &json!({"parentTaskKey": parent}),
        ));
    }
    apply_update(&mut state, tasks(all));
    press(&mut state, 'G');
    press(&mut state, '2');
    let text = draw_text(&state);
    let last = text.lines().nth(15).unwrap();
    assert!(last.contains("Relocate"), "{text}");
}
