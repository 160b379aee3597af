# SPDX-License-Identifier: LGPL-2.1-or-later
#
# bash completion for inotifierctl(1). Names of watches come from the instance that the line asks.

# The options of the line that say which instance: what precedes the word being completed.
__inotifierctl_instance() {
        local i
        for ((i = 1; i < COMP_CWORD; i++)); do
                case ${COMP_WORDS[i]} in
                --user | --system) printf '%s\n' "${COMP_WORDS[i]}" ;;
                -i | -H | -M | --instance | --host | --machine)
                        printf '%s\n' "${COMP_WORDS[i]}"
                        # bash takes --option=value apart.
                        [[ ${COMP_WORDS[i + 1]-} == = ]] && ((i++))
                        printf '%s\n' "${COMP_WORDS[++i]-}"
                        ;;
                esac
        done
}

# The first word of each line, if it is a name: compgen -W would carry out what others have in theirs.
__inotifierctl_names() {
        local name
        while read -r name _; do
                [[ $name =~ ^[[:alnum:]_.-]+$ ]] && printf '%s\n' "$name"
        done
}

__inotifierctl_watches() {
        local options
        mapfile -t options < <(__inotifierctl_instance)
        # Never waits for a password.
        [[ " ${options[*]} " == *\ -H\ * || " ${options[*]} " == *\ --host\ * ]] && return
        timeout 2 inotifierctl "${options[@]}" --no-legend --no-pager --json=off list 2>/dev/null |
                __inotifierctl_names
}

__inotifierctl_command() {
        local i
        for ((i = 1; i < COMP_CWORD; i++)); do
                case ${COMP_WORDS[i]} in
                status | list | monitor | rescan | reload | check | processors)
                        [[ ${COMP_WORDS[i - 1]} == @(-[iHMn]|=) ]] || printf '%s\n' "${COMP_WORDS[i]}"
                        ;;
                esac
        done | head -n 1
}

_inotifierctl() {
        local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command
        local commands='status list monitor rescan reload check processors'
        local options='-h --help --version --system --user -H --host= -M --machine= -i --instance=
                --json= --no-legend --no-pager -q --quiet'
        local monitor_options='--since= --initial --event= -n --lines='
        local modes='short pretty off'
        local events='all close move in_access in_attrib in_close_nowrite in_close_write in_create
                in_delete in_delete_self in_ignored in_modify in_move_self in_moved_from in_moved_to
                in_open in_q_overflow in_unmount transfer_started transfer_completed
                transfer_abandoned rescanned'

        COMPREPLY=()
        if [[ $current == = ]]; then
                current=
        elif [[ $previous == = ]]; then
                previous=${COMP_WORDS[COMP_CWORD - 2]}
        fi
        case $previous in
        --json)
                mapfile -t COMPREPLY < <(compgen -W "$modes" -- "$current")
                return
                ;;
        --event)
                mapfile -t COMPREPLY < <(compgen -W "$events" -- "$current")
                return
                ;;
        -i | --instance)
                mapfile -t COMPREPLY < <(compgen -W "$(
                        cd /etc/inotifier 2>/dev/null && printf '%s\n' *.conf | sed -n 's/\.conf$//p' |
                                __inotifierctl_names
                )" -- "$current")
                return
                ;;
        -M | --machine)
                mapfile -t COMPREPLY < <(compgen -W "$(
                        machinectl --no-legend --no-pager list 2>/dev/null | __inotifierctl_names
                )" -- "$current")
                return
                ;;
        -H | --host)
                mapfile -t COMPREPLY < <(compgen -A hostname -- "$current")
                return
                ;;
        --since | -n | --lines) return ;;
        esac
        command=$(__inotifierctl_command)
        if [[ $current == -* ]]; then
                [[ $command == @(|monitor) ]] && options+=" $monitor_options"
                mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
                [[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace 2>/dev/null
                return
        fi
        case $command in
        '') mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$current") ;;
        status | monitor | rescan)
                mapfile -t COMPREPLY < <(compgen -W "$(__inotifierctl_watches)" -- "$current")
                ;;
        check) mapfile -t COMPREPLY < <(compgen -A file -- "$current") ;;
        esac
}

complete -F _inotifierctl inotifierctl
