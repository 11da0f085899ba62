//! `vtask completions`: what a shell has to know to complete the command line, running tasks included.

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use super::{CommandError, Outcome, stage::Stage};
use crate::cli::Cli;

/// Completes the moIds of running tasks, too, where the shell can be told to ask. Without a password at hand (or with a
/// prompt) that brings nothing: the question has no terminal.
const FISH_TASKS: &str = r"
# Running tasks, by asking the server
complete -c vtask -n '__fish_seen_subcommand_from get wait tree events cancel' -f -a '(vtask list --state active --ids 2>/dev/null </dev/null)'
";

const BASH_TASKS: &str = r#"
# Running tasks, by asking the server
_vtask_with_tasks() {
    _vtask "$@"
    local word="${COMP_WORDS[COMP_CWORD]}"
    case "${COMP_WORDS[1]:-}" in
        get|wait|tree|events|cancel)
            if [[ "$word" == t* ]]; then
                COMPREPLY+=($(compgen -W "$(vtask list --state active --ids 2>/dev/null </dev/null)" -- "$word"))
            fi
            ;;
    esac
}
complete -F _vtask_with_tasks -o bashdefault -o default vtask
"#;

/// Print what a shell needs to complete the command line
///
/// bash: vtask completions bash > ~/.local/share/bash-completion/completions/vtask;
/// fish: vtask completions fish > ~/.config/fish/completions/vtask.fish;
/// zsh: vtask completions zsh > a folder of $fpath, as _vtask;
/// PowerShell: vtask completions powershell | Out-String | Invoke-Expression
#[derive(Debug, Clone, Args)]
pub struct CompletionsArgs {
    /// For which shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the completions.
///
/// # Errors
/// When standard output cannot be written.
pub fn run(args: &CompletionsArgs, stage: &mut Stage<'_>) -> Result<Outcome, CommandError> {
    let mut script = Vec::new();
    generate(args.shell, &mut Cli::command(), "vtask", &mut script);
    let mut text = String::from_utf8_lossy(&script).into_owned();
    match args.shell {
        Shell::Fish => text.push_str(FISH_TASKS),
        Shell::Bash => text.push_str(BASH_TASKS),
        _ => {}
    }
    stage.print(&text)?;
    Ok(Outcome::Success)
}
