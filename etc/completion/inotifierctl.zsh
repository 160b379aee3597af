#compdef inotifierctl
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# zsh completion for inotifierctl(1). Names of watches come from the instance that the line asks.

(( $+functions[_inotifierctl_watches] )) || _inotifierctl_watches() {
        local -a options watches
        local option
        # Never waits for a password.
        (( $+opt_args[-H] + $+opt_args[--host] )) && return 1
        (( $+opt_args[--user] )) && options+=(--user)
        # They come quoted, once as typed and once for their list; _call_program evaluates its words.
        for option in -i --instance -M --machine; do
                [[ -n ${opt_args[$option]-} ]] && options+=($option ${(q)${(Q)${(Q)opt_args[$option]}}})
        done
        watches=(${${(f)"$(_call_program watches timeout 2 inotifierctl $options --no-legend --no-pager --json=off list 2>/dev/null)"}%% *})
        (( $#watches )) && _describe -t watches watch watches
}

(( $+functions[_inotifierctl_instances] )) || _inotifierctl_instances() {
        local -a instances
        instances=(/etc/inotifier/*.conf(N:t:r))
        (( $#instances )) && _describe -t instances instance instances
}

(( $+functions[_inotifierctl_machines] )) || _inotifierctl_machines() {
        local -a machines
        machines=(${${(f)"$(_call_program machines machinectl --no-legend --no-pager list 2>/dev/null)"}%% *})
        (( $#machines )) && _describe -t machines machine machines
}

(( $+functions[_inotifierctl_commands] )) || _inotifierctl_commands() {
        local -a commands
        commands=(
                'status:Show how the watches are doing'
                'list:List the watches'
                'monitor:Print notices as they come'
                'rescan:Look again at all files'
                'reload:Read the configuration anew'
                'check:Say what is wrong with a configuration'
                'processors:List processors and their settings'
        )
        _describe -t commands command commands
}

(( $+functions[_inotifierctl_arguments] )) || _inotifierctl_arguments() {
        case $words[1] in
        status | monitor | rescan) _inotifierctl_watches ;;
        check) _files ;;
        esac
}

local -a events
events=(all close move in_access in_attrib in_close_nowrite in_close_write in_create in_delete
        in_delete_self in_ignored in_modify in_move_self in_moved_from in_moved_to in_open
        in_q_overflow in_unmount transfer_started transfer_completed transfer_abandoned rescanned)

_arguments -S \
        '(- *)'{-h,--help}'[Show a short help]' \
        '(- *)--version[Show the version]' \
        '(--user)--system[Ask the system'\''s instance]' \
        '(--system)--user[Ask the user'\''s instance]' \
        '(-H --host)'{-H+,--host=}'[Ask an instance on another host]:host:_hosts' \
        '(-M --machine)'{-M+,--machine=}'[Ask an instance in a container]:machine:_inotifierctl_machines' \
        '(-i --instance)'{-i+,--instance=}'[The instance to ask]:instance:_inotifierctl_instances' \
        '--json=[Print JSON]:mode:(short pretty off)' \
        '--no-legend[Print neither header nor count]' \
        '--no-pager[Do not use a pager]' \
        '(-q --quiet)'{-q,--quiet}'[Print no notes on the connection]' \
        '--since=[Begin after the notice with this sequence]:sequence:' \
        '--initial[Begin with the files that are there already]' \
        '*--event=[Print these events alone]:event:_sequence compadd - $events' \
        '(-n --lines)'{-n+,--lines=}'[End after so many notices]:number:' \
        ':command:_inotifierctl_commands' \
        '*::argument:_inotifierctl_arguments'
