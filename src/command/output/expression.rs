//! Templates and `JSONPath` expressions of `--output`.

use minijinja::{Environment, UndefinedBehavior, value::Serde};
use serde_json::{Value, json};
use serde_json_path::JsonPath;

use super::OutputFormat;
use crate::{task::export::Line, text::json_line};

/// A compiled expression.
pub(super) enum Expression {
    Template(Box<Environment<'static>>),
    /// A path into each object.
    Path(JsonPath),
    /// A path into `{"items": […]}`, as in kubectl.
    PathOfAll(JsonPath),
}

const TEMPLATE: &str = "output";

impl Expression {
    /// Compiles the expression of a format, if it has one.
    pub(super) fn of(format: &OutputFormat) -> Result<Option<Self>, String> {
        match format {
            OutputFormat::Template(text) => {
                let mut environment = Environment::new();
                // A misspelt field is an error, not an empty text.
                environment.set_undefined_behavior(UndefinedBehavior::Strict);
                // In quotes of a shell, a line break is written as \n.
                let text = text.replace("\\n", "\n").replace("\\t", "\t");
                environment
                    .add_template_owned(TEMPLATE, text)
                    .map_err(|error| format!("-o template: {}.", chain(&error)))?;
                Ok(Some(Self::Template(Box::new(environment))))
            }
            OutputFormat::Jsonpath(text) => {
                let path = text
                    .trim()
                    .trim_start_matches('{')
                    .trim_end_matches('}')
                    .trim();
                let full = if path.starts_with('$') {
                    path.to_owned()
                } else {
                    format!(
                        "${}{path}",
                        if path.starts_with(['.', '[']) {
                            ""
                        } else {
                            "."
                        }
                    )
                };
                let parsed = JsonPath::parse(&full)
                    .map_err(|error| format!("-o jsonpath: {full}: {error}."))?;
                Ok(Some(if full.starts_with("$.items") {
                    Self::PathOfAll(parsed)
                } else {
                    Self::Path(parsed)
                }))
            }
            _ => Ok(None),
        }
    }

    /// Applies the expression to the objects; each result is a line.
    pub(super) fn apply(&self, objects: &[Line]) -> Result<String, String> {
        let mut text = String::new();
        match self {
            Self::Template(environment) => {
                let template = environment
                    .get_template(TEMPLATE)
                    .map_err(|error| chain(&error))?;
                for object in objects {
                    let rendered = template
                        .render(minijinja::Value::from(Serde(object)))
                        .map_err(|error| format!("-o template: {}.", chain(&error)))?;
                    text.push_str(&rendered);
                    if !rendered.ends_with('\n') {
                        text.push('\n');
                    }
                }
            }
            Self::Path(path) => {
                for object in objects {
                    append(&mut text, path, &Value::Object(object.clone()));
                }
            }
            Self::PathOfAll(path) => append(&mut text, path, &json!({"items": objects})),
        }
        Ok(text)
    }
}

/// Appends a line for each value that the path finds; null is omitted.
fn append(text: &mut String, path: &JsonPath, value: &Value) {
    for found in path.query(value) {
        match found {
            Value::Null => continue,
            Value::String(found) => text.push_str(found),
            other => text.push_str(&json_line(other)),
        }
        text.push('\n');
    }
}

fn chain(error: &minijinja::Error) -> String {
    let text = error.to_string();
    text.trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(format: &str) -> Result<String, String> {
        let objects = [
            json!({"moId": "task-1", "progress": 7, "error": null}),
            json!({"moId": "task-2", "progress": null, "error": {"rootCause": {"message": "full"}}}),
        ];
        let objects: Vec<Line> = objects
            .iter()
            .map(|object| object.as_object().unwrap().clone())
            .collect();
        let format = OutputFormat::parse(format)?;
        Expression::of(&format)?.unwrap().apply(&objects)
    }

    #[test]
    fn a_template_is_applied_to_each_row() {
        let text = applied(
            "template={{moId}} {% if progress is none %}-{% else %}{{progress}}%{% endif %}",
        );
        assert_eq!(text.unwrap(), "task-1 7%\ntask-2 -\n");
        assert_eq!(
            applied("template={{moId}}\\n--").unwrap(),
            "task-1\n--\ntask-2\n--\n"
        );
    }

    #[test]
    fn jsonpath_prints_matches() {
        for path in [
            "{.error.rootCause.message}",
            ".error.rootCause.message",
            "$.error.rootCause.message",
            "error.rootCause.message",
        ] {
            assert_eq!(
                applied(&format!("jsonpath={path}")).unwrap(),
                "full\n",
                "{path}"
            );
        }
        assert_eq!(
            applied("jsonpath={.items[*].moId}").unwrap(),
            "task-1\ntask-2\n"
        );
        assert_eq!(
            applied("jsonpath={.items[?@.progress > 5].moId}").unwrap(),
            "task-1\n"
        );
    }

    #[test]
    fn mistakes_are_explained() {
        for format in ["template={{moid}}", "template={% if %}", "jsonpath={.a[}"] {
            let error = applied(format).unwrap_err();
            assert!(error.starts_with("-o "), "{error}");
        }
    }
}
