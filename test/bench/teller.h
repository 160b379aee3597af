/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Programs that tell of files, each as it is started best for the purpose: recursive, all events, to a
 * pipe, without waiting where it has an option for that. */

#pragma once

#include "child.h"

/* Who tells: what we read from, and who does the work; the same but where there is a server. */
typedef struct Teller {
        Child reader, worker;
} Teller;

typedef struct Peer {
        const char *name;
        const char *program; /* a command or a file that is there if it is installed; NULL: ours */
        void (*start)(Teller *t);
        unsigned slowness; /* so much less is asked of it */
} Peer;

#define PEERS_MAX 6U
extern const Peer peers[PEERS_MAX];

bool peer_is_installed(const Peer *p);

/* Seconds of CPU until now, with the children that it has waited for. */
double teller_cpu(const Teller *t);
void teller_end(Teller *t);

/* One of them starts a program for each event. That is this one, with these arguments: it passes `name`
 * on to us. Returns an exit status. */
#define TELL "--tell"
int teller_pass_on(const char *fifo, const char *name);
