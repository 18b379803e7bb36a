# Names of channels, members and contexts, asked of the command itself.
_parclose_or_names() {
    local kind= before="${COMP_WORDS[COMP_CWORD-1]}" current="${COMP_WORDS[COMP_CWORD]}" name
    if [[ $current == = ]]; then
        current=
    elif [[ $before == = ]]; then
        before="${COMP_WORDS[COMP_CWORD-2]}"
    fi
    case "$before" in
        -c|--channel) kind=channels ;;
        --as|--who|--owner|--remove) kind=members ;;
        --context) kind=contexts ;;
        show) [[ ${COMP_WORDS[COMP_CWORD-2]} == member ]] && kind=members ;;
        use|remove) [[ ${COMP_WORDS[COMP_CWORD-2]} == context ]] && kind=contexts ;;
    esac
    if [[ -z $kind || $current == -* ]]; then
        _parclose "$@"
        return
    fi
    COMPREPLY=()
    while IFS= read -r name; do
        [[ -n $name && $name == "$current"* ]] && COMPREPLY+=("$name")
    done < <(command parclose complete-names "$kind" -- "${COMP_WORDS[@]:0:COMP_CWORD}" 2>/dev/null)
    return 0
}
complete -F _parclose_or_names -o bashdefault -o default parclose
