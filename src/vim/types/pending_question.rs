//! `VirtualMachineQuestionInfo`: a pending question of a virtual machine.

use serde_json::Value;

use super::{
    any::{items, unboxed},
    limits::truncate_deep,
};

/// A question waiting for an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingQuestion {
    /// Text of the question.
    pub text: String,
    /// Possible answers, in the server's order.
    pub choices: Vec<String>,
}

impl PendingQuestion {
    /// Returns the question of a `VirtualMachineRuntimeInfo`, if any. The question may have an empty text.
    pub fn of_runtime(runtime: Value) -> Option<Self> {
        let question = match unboxed(runtime) {
            Value::Object(mut runtime) => truncate_deep(runtime.shift_remove("question")?),
            _ => return None,
        };
        if !question.is_object() {
            return None;
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let choices = items("choiceInfo", question["choice"]["choiceInfo"].clone());
        let choices = choices.unwrap_or_default().into_iter().map(|choice| {
            let named = [&choice["label"], &choice["summary"], &choice["key"]];
            let mut named = named.into_iter().map(text);
            named.find(|name| !name.is_empty()).unwrap_or_default()
        });
        let question_text = Some(text(&question["text"])).filter(|text| !text.is_empty());
        let messages = || {
            let messages = items("message", question["message"].clone()).unwrap_or_default();
            let messages: Vec<String> = messages
                .into_iter()
                .map(|message| text(&message["text"]))
                .collect();
            messages.join(" ")
        };
        Some(Self {
            text: question_text.unwrap_or_else(messages),
            choices: choices.filter(|choice| !choice.is_empty()).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn question_has_its_choices() {
        let choice = |label: &str, key: &str| json!({"_typeName": "ElementDescription", "label": label, "key": key});
        let runtime = json!({"_typeName": "VirtualMachineRuntimeInfo", "question": {
            "id": "7", "text": "Moved or copied?", "choice": {"_typeName": "ChoiceOption",
                "choiceInfo": [choice("I moved it", "1"), choice("", "2")], "defaultIndex": 0}}});
        let question = PendingQuestion::of_runtime(runtime).unwrap();
        assert_eq!(question.text, "Moved or copied?");
        assert_eq!(question.choices, ["I moved it", "2"]);
    }

    #[test]
    fn unset_question_is_none_and_incomplete_one_is_kept() {
        for runtime in [
            json!(null),
            json!({}),
            json!({"question": null}),
            json!({"question": 7}),
            json!([]),
        ] {
            assert_eq!(PendingQuestion::of_runtime(runtime), None);
        }
        let odd = json!({"question": {"text": 4, "choice": "x", "message": [{"text": "a"}, {"text": "b"}]}});
        let odd = PendingQuestion::of_runtime(odd).unwrap();
        assert_eq!((odd.text.as_str(), odd.choices.len()), ("a b", 0));
    }
}
