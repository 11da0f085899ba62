use super::*;

#[test]
fn longer_word_narrows_filter() {
    let narrows = |one: &str, other: &str| Filter::from(one).narrows(&Filter::from(other));
    for (one, other) in [
        ("web-1", "web"),
        ("web x", "web"),
        ("web", ""),
        ("db target:web", "target:we"),
        ("state:running", "state:active"),
        ("web", "web or db"),
        ("-we", "-web"),
        ("a b", "b a"),
        ("target=web", "target:we"),
        ("(a or b) c", "a or b"),
    ] {
        assert!(narrows(one, other), "{one} in {other}");
    }
    for (one, other) in [
        ("web", "web-1"),
        ("", "web"),
        ("-web", "-we"),
        ("web or db", "web"),
        ("elapsed>2h", "elapsed>1h"),
        ("/web1/", "/web/"),
        ("target:web", "user:web"),
    ] {
        assert!(!narrows(one, other), "{one} in {other}");
    }
}
