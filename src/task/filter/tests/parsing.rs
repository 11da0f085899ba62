use super::*;

#[test]
fn errors_have_position() {
    for (filter, span, part) in [
        ("stat:running", 0..4, "did you mean “state”?"),
        ("web foo:bar", 4..7, "Quote text"),
        ("state:", 6..6, "running, queued"),
        ("state:runing", 6..12, "state:running"),
        ("is:frozen", 3..9, "unknown value is:frozen"),
        ("(web", 0..1, "missing closing parenthesis"),
        ("web)", 3..4, "unmatched"),
        ("()", 0..1, "empty parentheses"),
        ("web or", 6..6, "missing"),
        ("or web", 0..2, "quote them"),
        ("not", 3..3, "missing"),
        ("\"web", 0..4, "closing quote"),
        ("/web", 0..4, "missing closing /"),
        ("/a(/", 0..4, "invalid pattern"),
        ("/vmfs/volumes", 5..6, "unexpected text"),
        ("elapsed>1", 8..9, "1s, 1m, 1h"),
        ("elapsed>soon", 8..12, "use 90s"),
        ("elapsed:1h", 7..8, "elapsed>1h"),
        ("progress<x", 9..10, "not a number"),
        ("user<kim", 4..5, "user:"),
        ("@nobody", 0..7, "no saved filter “nobody”; known: bad"),
        ("@loop", 0..5, "nested too deeply"),
        ("web @bad", 4..8, "in @bad, “stat:running”: unknown field"),
        ("user:kim,", 9..9, "expected a word"),
        ("elpsed > 1h", 0..6, "did you mean “elapsed”?"),
        ("web >= 3", 0..3, "unknown field “web”"),
        ("> 1h", 0..1, "missing field before “>”"),
        ("elapsed > ", 10..10, "expected a duration"),
        ("state: runing", 7..13, "state:running"),
    ] {
        let error = Filter::parse(filter, &saved()).unwrap_err();
        assert_eq!(error.span, span, "{filter}: {error}");
        assert!(error.message.contains(part), "{filter}: {error}");
    }
    let error = Filter::parse("größe stat:x", &saved()).unwrap_err();
    assert_eq!(error.columns("größe stat:x"), (6, 4));
    assert!(
        error.shown("größe stat:x").contains("\n        ^^^^\n"),
        "{}",
        error.shown("größe stat:x")
    );
}

#[test]
fn regex_size_is_bounded() {
    for pattern in ["/(a{1,1000}){1,1000}/", "/\\pL{1000}{1000}/"] {
        let error = Filter::parse(pattern, &saved()).unwrap_err();
        assert!(
            error.message.contains("too large") || error.message.contains("invalid pattern"),
            "{error}"
        );
    }
    let evil = store_of(&[("task-1", json!({"entityName": "a".repeat(50_000)}))]);
    let began = std::time::Instant::now();
    assert!(!evaluate(&evil, "task-1", "/(a*)*(a*)*b$/", 0).holds);
    assert!(began.elapsed() < std::time::Duration::from_secs(10));
    let deep = format!("{}web{}", "(".repeat(1000), ")".repeat(1000));
    assert!(
        Filter::parse(&deep, &saved())
            .unwrap_err()
            .message
            .contains("nested too deeply")
    );
    let nots = "-".repeat(1000) + "web";
    assert!(
        Filter::parse(&nots, &saved())
            .unwrap_err()
            .message
            .contains("nested too deeply")
    );
    assert!(Filter::parse(&"web ".repeat(5000), &saved()).is_err());
}

#[test]
fn any_input_parses_or_fails_with_message() {
    let mut random = fastrand::Rng::with_seed(7);
    let parts = [
        "web", " ", " ", "(", ")", "-", "!", "or", "and", "not", ":", "=", "<", ">", "\"", "'",
        "/", "\\", ",", "@", "db", "state", "elapsed", "user", "1h", "20", "*", "?", "|", "&", "é",
        "デ", "\u{200b}",
    ];
    let store = store_of(&[("task-1", a_task())]);
    for _ in 0..20_000 {
        let text: String = (0..random.usize(1..12))
            .map(|_| parts[random.usize(..parts.len())])
            .collect();
        match Filter::parse(&text, &saved()) {
            Ok(filter) => {
                let handle = store.find(&TaskId::new(HERE, "task-1")).unwrap();
                filter.matches((&store).into(), handle);
            }
            Err(error) => {
                assert!(text.get(error.span.clone()).is_some(), "{text:?} {error:?}");
                error.shown(&text);
            }
        }
        complete(&text, &saved(), (&store).into());
    }
}
