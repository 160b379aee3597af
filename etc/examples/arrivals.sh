#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A loop in the shell: prints each file that has arrived, whatever is in its name.

socat -u UNIX-CONNECT:/run/inotifier/inotifier.sock - |
        jq --unbuffered -j 'select(.event == "in_create") | .path + "\u0000"' |
        while IFS= read -r -d '' path; do
                printf 'arrived: %q\n' "$path"
        done
