//! `vtask config`: path, init, set, show, edit and check.

use std::fs;

use crate::command_support::line;

#[tokio::test]
async fn config_init_set_show_and_check() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vtask/config.toml");
    let run = async |words: &str| {
        let ran = line(words).variable("XDG_CONFIG_HOME", folder.path().to_str().unwrap());
        ran.at("").await
    };
    let ran = run("config path").await;
    assert_eq!((ran.code, ran.out.trim_end()), (0, path.to_str().unwrap()));
    let ran = run("config init").await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = run("config init").await;
    assert_eq!(ran.code, 2, "{ran:?}");
    for words in [
        "profiles.lab.url vc01.lab",
        "profiles.lab.username ops",
        "defaults.max-outage 30m",
    ] {
        let ran = run(&format!("config set {words}")).await;
        assert_eq!((ran.code, &*ran.err), (0, ""), "{words}");
    }
    let ran = run("config set defaults.fetch pull").await;
    assert_eq!(ran.code, 2, "{ran:?}");
    let ran = run("config show").await;
    let row = ran
        .out
        .lines()
        .find(|row| row.starts_with("profiles.lab.url"));
    assert!(
        row.unwrap().ends_with("vc01.lab  config file"),
        "{}",
        ran.out
    );
    let ran = run("config check").await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out.contains("lab (default): ops on vc01.lab"),
        "{ran:?}"
    );
    let text = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        text.replace("max-outage = ", "max-outtage = ")
            .replace("url = \"vc01.lab\"", "url = 5"),
    )
    .unwrap();
    let ran = run("config check").await;
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(
        ran.err.contains("“max-outage”?") && ran.err.contains("profiles.lab.url"),
        "both: {}",
        ran.err
    );
}

#[cfg(unix)]
#[tokio::test]
async fn config_edit_opens_editor_and_checks_result() {
    let folder = tempfile::tempdir().unwrap();
    let edited = |editor: &str| {
        let ran = line("config edit").variable("XDG_CONFIG_HOME", folder.path().to_str().unwrap());
        ran.variable("EDITOR", editor)
    };
    let ran = edited("sh -c 'echo \"[defaults]\" > \"$1\"; echo \"bel = true\" >> \"$1\"' -")
        .at("")
        .await;
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(
        ran.err.contains("line 2: defaults.bel") && ran.err.contains("“bell”?"),
        "{ran:?}"
    );
    let ran = edited("false").at("").await;
    assert!(
        ran.code == 2 && ran.err.contains("the editor `false` failed"),
        "{ran:?}"
    );
}
