//! Completion scripts in place of those of `clap_complete`.
//!
//! bash splits words at `:` and `=`, so `state:ru` and `--theme=da` would never arrive whole; its script joins them, and
//! strips from the candidates the part before the last split. The PowerShell script passes the words of the parsed line
//! as arguments, so nothing typed is evaluated; that of `clap_complete` would evaluate the line, including `$(…)`.

use std::{ffi::OsString, io, path::Path};

use clap_complete::env::{Bash, EnvCompleter, Powershell};

/// Set to 1 by the bash script if the word is in quotes, which allows other characters.
pub(super) const QUOTED: &str = "_VTASK_QUOTED";
/// Set by the PowerShell script to the index of the word: Windows PowerShell drops empty arguments.
const INDEX: &str = "_VTASK_INDEX";

/// A shell whose script replaces that of `clap_complete`.
pub(super) struct OwnScript {
    shell: &'static (dyn EnvCompleter + Sync),
    script: &'static str,
    quote: fn(&str) -> String,
}

pub(super) static BASH: OwnScript = OwnScript {
    shell: &Bash,
    script: include_str!("../../../assets/completions/vtask.bash"),
    quote: str::to_owned,
};

pub(super) static POWERSHELL: OwnScript = OwnScript {
    shell: &Powershell,
    script: include_str!("../../../assets/completions/vtask.ps1"),
    quote: |text| text.replace('\'', "''"),
};

impl EnvCompleter for OwnScript {
    fn name(&self) -> &'static str {
        self.shell.name()
    }

    fn is(&self, name: &str) -> bool {
        self.shell.is(name)
    }

    fn write_registration(
        &self,
        var: &str,
        _name: &str,
        bin: &str,
        completer: &str,
        buf: &mut dyn io::Write,
    ) -> Result<(), io::Error> {
        let script = self
            .script
            .replace("COMPLETER", &(self.quote)(completer))
            .replace("VAR", var)
            .replace("BIN", &(self.quote)(bin));
        buf.write_all(script.as_bytes())
    }

    fn write_complete(
        &self,
        cmd: &mut clap::Command,
        mut args: Vec<OsString>,
        current_dir: Option<&Path>,
        buf: &mut dyn io::Write,
    ) -> Result<(), io::Error> {
        let index = std::env::var(INDEX).ok();
        let index = index.and_then(|index| index.parse::<usize>().ok());
        if index == Some(args.len()) {
            args.push(OsString::new());
        }
        self.shell.write_complete(cmd, args, current_dir, buf)
    }
}
