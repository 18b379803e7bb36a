# Names of channels, members and contexts, asked of the command itself.
function __parclose_after
    set -l words (commandline -opc)
    contains -- $words[-1] $argv
end
function __parclose_within
    set -l words (commandline -opc)
    test (count $words) -ge 2; and test "$words[-2] $words[-1]" = "$argv"
end
function __parclose_names
    command parclose complete-names $argv[1] -- (commandline -opc) 2>/dev/null
end
complete -c parclose -n '__parclose_after -c --channel' -s c -l channel -x -a '(__parclose_names channels)'
complete -c parclose -n '__parclose_after --as' -l as -x -a '(__parclose_names members)'
complete -c parclose -n '__parclose_after --who' -l who -x -a '(__parclose_names members)'
complete -c parclose -n '__parclose_after --owner' -l owner -x -a '(__parclose_names members)'
complete -c parclose -n '__parclose_after --remove' -l remove -x -a '(__parclose_names members)'
complete -c parclose -n '__parclose_after --context' -l context -x -a '(__parclose_names contexts)'
complete -c parclose -n '__parclose_within member show' -f -a '(__parclose_names members)'
complete -c parclose -n '__parclose_within context use' -f -a '(__parclose_names contexts)'
complete -c parclose -n '__parclose_within context remove' -f -a '(__parclose_names contexts)'
