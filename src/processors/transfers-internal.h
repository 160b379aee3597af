/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the files of the table share: transfers.c finds by path, transfers-order.c knows who comes first
 * and who has which inode, transfers-log.c what outlives the process. */

#pragma once

#include "processors/processor.h"
#include "processors/transfer-record.h"
#include "processors/transfers.h"

#define INODE_SLOTS 4096U /* a power of two */

typedef struct Chain {
        Transfer *first, *last;
} Chain;

struct Transfers {
        Transfer *root;
        Chain under_way, done; /* the oldest first */
        Chain queues[TRANSFER_QUEUES];
        size_t n, n_bytes;
        uint32_t random;        /* state of xorshift, never 0 */
        Processor *keeper;      /* NULL: nothing is kept */
        TransferRecord *record; /* room for one */
        TransferForgotten forgotten;
        void *userdata;
        Transfer *by_inode[INODE_SLOTS];
};

/* A new one comes last; one that goes leaves all orders. */
void transfers_order_add(Transfers *t, Transfer *x);
void transfers_order_take(Transfers *t, Transfer *x);

/* Keeps what happens to paths. */
void transfers_keep_gone(
                const Transfers *t, TransferChange change, const char *path, size_t path_len);
void transfers_keep_move(const Transfers *t,
                TransferChange change,
                const char *from,
                size_t from_len,
                const char *to,
                size_t to_len);
