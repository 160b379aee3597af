# SPDX-License-Identifier: LGPL-2.1-or-later
# What README says of a booted system is so.

. /test/lib.sh

/project/test/check-readme system
