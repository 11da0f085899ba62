//! The section `[keys]` of the config file, in the format of `assets/keys.toml`.

use toml::{Table, Value};

use crate::{
    app::{Action, Binding, Context, Key, Keymap},
    text::{did_you_mean, toml_line},
};

/// Key bindings of the config file.
#[derive(Debug, Clone, Default)]
pub struct KeyOverrides {
    /// Valid bindings, in file order.
    pub bindings: Vec<Binding>,
    /// Errors with their lines, in file order.
    pub problems: Vec<(usize, String)>,
}

impl KeyOverrides {
    /// Parses the section; `text` is the whole file.
    pub(super) fn read(keys: &Table, text: &str) -> Self {
        let mut key_overrides = Self::default();
        let line = |path: &[&str]| toml_line(text, path).unwrap_or_default();
        for (section, bindings) in keys {
            let at = line(&["keys", section]);
            let Some(context) = Context::named(section) else {
                let hint = suggestion(section, Context::ALL.iter().map(|c| c.name()));
                key_overrides
                    .add_problem(at, &format!("there is no section [keys.{section}]{hint}"));
                continue;
            };
            let Value::Table(bindings) = bindings else {
                key_overrides.add_problem(at, &format!("[keys.{section}] must be a table"));
                continue;
            };
            for (name, keys) in bindings {
                let at = line(&["keys", section, name]);
                let Some(action) = Action::named(name) else {
                    let hint = suggestion(name, Action::ALL.iter().map(|a| a.name()));
                    key_overrides.add_problem(
                        at,
                        &format!("[keys.{section}] has no action “{name}”{hint}"),
                    );
                    continue;
                };
                match keys_of(keys) {
                    Ok(keys) => key_overrides.bindings.push(Binding {
                        context,
                        action,
                        keys,
                        line: at,
                    }),
                    Err(error) => {
                        key_overrides.add_problem(at, &format!("[keys.{section}] {name}: {error}"));
                    }
                }
            }
        }
        key_overrides.bindings.sort_by_key(|binding| binding.line);
        key_overrides.problems.sort_by_key(|(line, _)| *line);
        key_overrides
    }

    fn add_problem(&mut self, line: usize, what: &str) {
        self.problems.push((line, what.to_owned()));
    }

    /// Returns the resulting key map and all errors and conflicts.
    pub fn keymap(&self, standard: &Keymap) -> (Keymap, Vec<String>) {
        let (keymap, conflicts) = standard.with(&self.bindings);
        let problems = self.problems.iter();
        let problems = problems.map(|(line, what)| format!("line {line}: {what}"));
        (keymap, problems.chain(conflicts).collect())
    }
}

fn suggestion(name: &str, known: impl Iterator<Item = String>) -> String {
    let known: Vec<String> = known.collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    did_you_mean(name, &known)
}

/// Parses one key or a list of keys.
fn keys_of(value: &Value) -> Result<Vec<Key>, String> {
    let one = |value: &Value| match value {
        Value::String(name) => name.parse::<Key>().map_err(|error| {
            format!("{error}; keys are written as in \"g\", \"ctrl-b\", \"pageup\", \"f5\".")
        }),
        other => Err(format!("{other} is not a key.")),
    };
    match value {
        Value::Array(names) => names.iter().map(one).collect(),
        name => one(name).map(|key| vec![key]),
    }
}

#[cfg(test)]
mod tests {
    use crate::{app::Keymap, config::ConfigFile};

    #[test]
    fn key_errors_have_their_line_and_others_apply() {
        let text = "[keys.list]\nup = \"e\"\nxyzzy = [\"f\"]\nopne = [\"o\"]\ndown = [\"f13\"]\n\n[keys.lsit]\n\
                    up = [\"k\"]\n[keys]\nmenu = 3\n";
        let text = text.replace("[keys]\nmenu = 3\n", "");
        let file = ConfigFile::parse(&text).unwrap();
        let (keymap, problems) = file.key_overrides.keymap(&Keymap::standard());
        let starts = [
            "line 3: [keys.list] has no action “xyzzy”.",
            "line 4: [keys.list] has no action “opne”; did you mean “open”?",
            "line 5: [keys.list] down: unknown key “f13”",
            "line 7: there is no section [keys.lsit]; did you mean “list”?",
        ];
        for start in starts {
            let found = problems.iter().any(|problem| problem.starts_with(start));
            assert!(found, "{start}: {problems:#?}");
        }
        assert_eq!(problems.len(), starts.len());
        let up = keymap.key(crate::app::Context::List, crate::app::Action::Up);
        assert_eq!(up.unwrap().to_string(), "e");
        let odd = ConfigFile::parse("[keys]\nmenu = 3\n").unwrap();
        assert_eq!(odd.key_overrides.problems[0].0, 2);
    }
}
