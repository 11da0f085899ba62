//! `vtask config`: path, init, set, show, edit and check.

use std::fs;

use crate::support::command::line;

#[tokio::test]
async fn config_init_set_show_and_check() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("vtask/config.toml");
    let run = async |words: &str| {
        let output = line(words).variable("XDG_CONFIG_HOME", directory.path().to_str().unwrap());
        output.at("").await
    };
    let output = run("config path").await;
    assert_eq!(
        (output.code, output.out.trim_end()),
        (0, path.to_str().unwrap())
    );
    let output = run("config init").await;
    assert_eq!(output.code, 0, "{output:?}");
    let output = run("config init").await;
    assert_eq!(output.code, 2, "{output:?}");
    for words in [
        "profiles.lab.url vc01.lab",
        "profiles.lab.username ops",
        "defaults.max-outage 30m",
    ] {
        let output = run(&format!("config set {words}")).await;
        assert_eq!((output.code, &*output.err), (0, ""), "{words}");
    }
    let output = run("config set defaults.fetch pull").await;
    assert_eq!(output.code, 2, "{output:?}");
    let output = run("config show").await;
    let row = output
        .out
        .lines()
        .find(|row| row.starts_with("profiles.lab.url"));
    assert!(
        row.unwrap().ends_with("vc01.lab  config file"),
        "{}",
        output.out
    );
    let output = run("config check").await;
    assert_eq!(output.code, 0, "{output:?}");
    assert!(
        output.out.contains("lab (default): ops on vc01.lab"),
        "{output:?}"
    );
    let text = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        text.replace("max-outage = ", "max-outtage = ")
            .replace("url = \"vc01.lab\"", "url = 5"),
    )
    .unwrap();
    let output = run("config check").await;
    assert_eq!(output.code, 2, "{output:?}");
    assert!(
        output.err.contains("“max-outage”?") && output.err.contains("profiles.lab.url"),
        "both: {}",
        output.err
    );
}

#[cfg(unix)]
#[tokio::test]
async fn config_edit_opens_editor_and_checks_result() {
    let directory = tempfile::tempdir().unwrap();
    let edited = |editor: &str| {
        let output =
            line("config edit").variable("XDG_CONFIG_HOME", directory.path().to_str().unwrap());
        output.variable("EDITOR", editor)
    };
    let output = edited("sh -c 'echo \"[defaults]\" > \"$1\"; echo \"bel = true\" >> \"$1\"' -")
        .at("")
        .await;
    assert_eq!(output.code, 2, "{output:?}");
    assert!(
        output.err.contains("line 2: defaults.bel") && output.err.contains("“bell”?"),
        "{output:?}"
    );
    let output = edited("false").at("").await;
    assert!(
        output.code == 2 && output.err.contains("the editor `false` failed"),
        "{output:?}"
    );
}
