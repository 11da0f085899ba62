//! The completion script for bash. bash also splits words at `:` and `=`, so `state:ru` and `--theme=da` would never
//! arrive whole; the script joins them, and strips from the candidates the part before the last split.

use std::{ffi::OsString, io, path::Path};

use clap_complete::env::{Bash as Common, EnvCompleter};

/// Set to 1 if the word is in quotes, which allows other characters.
pub(super) const QUOTED: &str = "_VTASK_QUOTED";

const SCRIPT: &str = r#"
_BIN_complete() {
    local IFS=$'\013' i last=0 words=() joined="" before="" quoted=0
    for ((i = 0; i <= COMP_CWORD; i++)); do
        local word="${COMP_WORDS[i]}"
        # Join what bash split at : and =.
        if ((i > 1)) && [[ -n "$joined" || "$word" == [:=]* ]]; then
            words[last]="${words[last]}$word"
            joined=""
        else
            ((i > 0)) && last=$((last + 1))
            words[last]="$word"
        fi
        [[ "$word" == *[:=] && "$word" == [:=]* ]] && joined=1
    done
    local current="${words[last]}"
    if [[ "$current" == [\'\"]* ]]; then
        quoted=1
        words[last]="${current:1}"
    elif [[ "$current" == *[:=]* && "$COMP_WORDBREAKS" == *:* ]]; then
        before="${current%"${current##*[:=]}"}"
    fi
    COMPREPLY=( $( \
        _CLAP_IFS="$IFS" \
        _CLAP_COMPLETE_INDEX="$last" \
        QUOTED="$quoted" \
        VAR="bash" \
        "COMPLETER" -- "${words[@]}" 2>/dev/null \
    ) )
    if [[ $? != 0 ]]; then
        unset COMPREPLY
        return
    fi
    for ((i = 0; i < ${#COMPREPLY[@]}; i++)); do
        COMPREPLY[i]="${COMPREPLY[i]#"$before"}"
    done
    # No space after lab/ and state:, whose values follow.
    if [[ ${#COMPREPLY[@]} == 1 && "${COMPREPLY[0]}" == *[=/:] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -o bashdefault -o nosort -F _BIN_complete BIN 2>/dev/null || complete -o bashdefault -F _BIN_complete BIN
"#;

pub(super) struct Bash;

impl EnvCompleter for Bash {
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
            .replace("COMPLETER", completer)
            .replace("QUOTED", QUOTED)
            .replace("VAR", var)
            .replace("BIN", bin);
        buf.write_all(script.as_bytes())
    }

    fn write_complete(
        &self,
        cmd: &mut clap::Command,
        args: Vec<OsString>,
        current_dir: Option<&Path>,
        buf: &mut dyn io::Write,
    ) -> Result<(), io::Error> {
        Common.write_complete(cmd, args, current_dir, buf)
    }
}
