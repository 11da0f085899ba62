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
        _VTASK_QUOTED="$quoted" \
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
