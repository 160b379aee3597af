# SPDX-License-Identifier: LGPL-2.1-or-later
# Limit: 900
# S24: killed every 50 to 500 ms while files come and go. Nothing is lost, nothing is told otherwise the
# second time, no watch of the kernel is left over.

. /test/lib.sh

disturb() {
        sleep "0.$(printf %03d $((50 + RANDOM % 450)))"
        strike
}

storm 1 disturb
