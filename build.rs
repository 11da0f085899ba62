//! Records the build in `VTASK_BUILD`: commit, where it is known, and target.

use std::{env, fs, path::Path, process::Command};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=VTASK_COMMIT");
    let target = env::var("TARGET").unwrap_or_default();
    let build = match commit() {
        Some(commit) => format!("commit {commit}, {target}"),
        None => target,
    };
    println!("cargo::rustc-env=VTASK_BUILD={build}");
}

/// Returns the commit: of `VTASK_COMMIT`, of a package made by cargo, or of the git repository.
fn commit() -> Option<String> {
    let set = env::var("VTASK_COMMIT").ok();
    let full = set.filter(|commit| !commit.is_empty()).or_else(of_package);
    let full = full.or_else(of_repository)?;
    Some(full.chars().take(10).collect())
}

fn of_package() -> Option<String> {
    let text = fs::read_to_string(".cargo_vcs_info.json").ok()?;
    let (_, rest) = text.split_once("\"sha1\": \"")?;
    let (commit, _) = rest.split_once('"')?;
    Some(commit.to_owned())
}

/// Returns the commit that is checked out. A build for tests has none: it would be outdated, and compiled again, with
/// every commit.
fn of_repository() -> Option<String> {
    if env::var("PROFILE").ok()? != "release" || !Path::new(".git").exists() {
        return None;
    }
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    for file in ["HEAD", "logs/HEAD"] {
        println!(
            "cargo::rerun-if-changed={}",
            git(&["rev-parse", "--git-path", file])?
        );
    }
    git(&["rev-parse", "HEAD"])
}
