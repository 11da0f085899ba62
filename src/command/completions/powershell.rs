//! The completion script for PowerShell. It passes the words of the parsed line as arguments, so nothing typed is
//! evaluated; the script of `clap_complete` would evaluate the line, including `$(…)`.

use std::{ffi::OsString, io, path::Path};

use clap_complete::env::{EnvCompleter, Powershell as Common};

/// Index of the word to complete: Windows PowerShell drops empty arguments.
const INDEX: &str = "_VTASK_INDEX";

const SCRIPT: &str = r#"
Register-ArgumentCompleter -Native -CommandName 'BIN' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $words = @(foreach ($element in $commandAst.CommandElements) {
        if ($element.Extent.EndOffset -ge $cursorPosition) { break }
        # The text between quotes or as typed; neither is expanded.
        if ($element -is [System.Management.Automation.Language.StringConstantExpressionAst] -or
            $element -is [System.Management.Automation.Language.ExpandableStringExpressionAst]) {
            $element.Value
        } else {
            $element.Extent.Text
        }
    })
    $words += [string]$wordToComplete
    $before = $env:VAR, $env:INDEX
    try {
        $env:VAR = 'powershell'
        $env:INDEX = $words.Count - 1
        $candidates = @(& 'COMPLETER' '--' @words 2>$null)
    } finally {
        $env:VAR, $env:INDEX = $before
    }
    foreach ($candidate in $candidates) {
        $value, $help = $candidate -split "`t", 2
        if (-not $help) { $help = $value }
        [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $help)
    }
}
"#;

pub(super) struct Powershell;

impl EnvCompleter for Powershell {
    fn name(&self) -> &'static str {
        Common.name()
    }

    fn is(&self, name: &str) -> bool {
        Common.is(name)
    }

    fn write_registration(
        &self,
        var: &str,
        _name: &str,
        bin: &str,
        completer: &str,
        buf: &mut dyn io::Write,
    ) -> Result<(), io::Error> {
        let script = SCRIPT
            .replace("COMPLETER", &completer.replace('\'', "''"))
            .replace("INDEX", INDEX)
            .replace("VAR", var)
            .replace("BIN", &bin.replace('\'', "''"));
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
        Common.write_complete(cmd, args, current_dir, buf)
    }
}
