/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>

#include "base/log.h"
#include "ledgers.h"

static const char *const state_texts[_LEDGER_STATE_MAX] = {
        [LEDGER_INCOMPLETE] = "could not be written to the end",
        [LEDGER_TORN] = "is torn",
        [LEDGER_FOREIGN] = "is of another version, or no ledger",
};

int ledgers_open(int dir_fd, const char *name, uint32_t kind, const char *what, Ledger **ret) {
        int r = ledger_open(dir_fd, name, kind, ret);

        if (r < 0)
                return log_warning(r,
                                "Cannot open '%s', nothing of %s will outlive a stop",
                                name,
                                what);
        if (state_texts[ledger_state(*ret)])
                log_full(4,
                                0,
                                "'%s' %s: %" PRIu64
                                " bytes are dropped, what is whole of %s is used",
                                name,
                                state_texts[ledger_state(*ret)],
                                ledger_n_dropped(*ret),
                                what);
        return 0;
}
