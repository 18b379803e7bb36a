# Names of channels, members and contexts, asked of the command itself.
_parclose_or_names() {
    local kind=
    case "${words[CURRENT-1]}" in
        -c|--channel) kind=channels ;;
        --as|--who|--owner|--remove) kind=members ;;
        --context) kind=contexts ;;
        show) [[ ${words[CURRENT-2]} == member ]] && kind=members ;;
        use|remove) [[ ${words[CURRENT-2]} == context ]] && kind=contexts ;;
    esac
    if [[ -z $kind || ${words[CURRENT]} == -* ]]; then
        _parclose "$@"
        return
    fi
    local -a names
    names=("${(@f)$(command parclose complete-names $kind -- "${(@)words[1,CURRENT-1]}" 2>/dev/null)}")
    names=(${names:#})
    compadd -- $names
}
compdef _parclose_or_names parclose
