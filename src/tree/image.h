/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The image of a tree in its ledger: a record for each thing that the next process has to know, written
 * when it changes, and all of them when the ledger is compacted. What is short-lived (a scan, the files
 * that it has found, a rescan) is not there, only that there is something of it: then the next process
 * looks for itself. Without a ledger all of this does nothing. A record that cannot be appended marks the
 * ledger as incomplete, and the tree goes on. */

#pragma once

#include "base/ledger.h"

typedef struct Tree Tree;
typedef struct Node Node;
typedef struct Root Root;
typedef struct Known Known;
typedef struct Find Find;
typedef struct Arrival Arrival;
typedef struct Early Early;

/* The layout of what lies in the records: the owner's kind of ledger counts up with it. Numbers are those
 * of inotify and of the file system. */
typedef enum ImageType {
        IMAGE_TREE = 1,  /* ImageTree; the first one */
        IMAGE_MOUNTS,    /* ImageMount and path, each to a multiple of 8 bytes */
        IMAGE_ROOT,      /* ImageRoot, the real path, and ImageStep with its name, each to ... */
        IMAGE_NODE,      /* ImageNode and name: is there, or is now there */
        IMAGE_NODE_GONE, /* ImageWd: and all that is known in it */
        IMAGE_NODE_IS,   /* ImageRenumber */
        IMAGE_FILE,      /* ImageFile and name */
        IMAGE_FILE_GONE, /* ImageWd and name */
        IMAGE_FIND, /* ImageFind and name: one that outlives the process, and what was told of it */
        IMAGE_ARRIVAL, /* ImageArrival and name: a second half of a move that was told */
        IMAGE_STATUS,  /* ImageStatus and path */
        IMAGE_SOURCES, /* ImageSource and path, each to ...: in place of those before */
        IMAGE_MISSED,  /* ImageMissed: a first half of a move that its second is told without */
        IMAGE_EARLY,   /* ImageEarly: half a move that was told before its turn */
        IMAGE_REACH,   /* ImageReach and globs, each with its NUL */
} ImageType;

typedef struct ImageTree {
        uint64_t intake;      /* its number: whose inotify descriptor it is about */
        uint64_t fingerprint; /* of what shapes the tree, but its reach */
        uint32_t mask;
        uint32_t unused;
} ImageTree;

typedef struct ImageReach {
        uint64_t exclusions;
        uint8_t cross_mounts, follow_symlinks;
        uint8_t has_globs; /* all that there are; else they are too many */
        uint8_t unused[5];
} ImageReach;

typedef struct ImageMount {
        uint64_t id;
        uint64_t n; /* of the path */
} ImageMount;

typedef struct ImageRoot {
        uint64_t device, mount;
        uint32_t index;
        int32_t wd; /* 0: none */
        uint32_t real_path_len;
        uint32_t n_steps;
        uint8_t is_dir, state, unused[6];
} ImageRoot;

typedef struct ImageStep {
        int32_t wd;
        uint16_t name_len;
        uint8_t has_name, is_dir;
} ImageStep;

typedef enum ImageNodeFlags {
        IMAGE_SHADOWED = 1 << 0,
        IMAGE_UNSCANNED = 1 << 1,
        IMAGE_FRESH = 1 << 2,
        IMAGE_NO_DIRECTORY = 1 << 3, /* a link, perhaps to one */
        IMAGE_MOVED_IN = 1 << 4,
} ImageNodeFlags;

typedef struct ImageNode {
        int32_t wd; /* < 0: a ghost */
        int32_t parent;
        uint8_t flags;
        char name[];
} ImageNode;

typedef struct ImageWd {
        int32_t wd;
        char name[];
} ImageWd;

typedef struct ImageRenumber {
        int32_t from, to;
} ImageRenumber;

typedef struct ImageFile {
        uint64_t inode, print;
        int32_t wd;
        uint8_t is_dir;
        char name[];
} ImageFile;

typedef struct ImageFind {
        uint64_t begin, end, key;
        int32_t wd;
        uint8_t kind, origin, is_told, is_announced;
        char name[];
} ImageFind;

typedef struct ImageArrival {
        int32_t wd;
        uint8_t is_dir;
        char name[];
} ImageArrival;

typedef enum ImageStatusFlags {
        IMAGE_BUSY = 1 << 0,    /* something is not in the image */
        IMAGE_INITIAL = 1 << 1, /* the first scan is not through */
        IMAGE_PAST = 1 << 2,    /* nor is that against an earlier image */
        IMAGE_IS_TOLD = 1 << 3, /* the end of the rescan will be told */
} ImageStatusFlags;

typedef struct ImageStatus {
        uint32_t flags;
        uint32_t n_unwatched;
        int32_t error;
        char path[];
} ImageStatus;

typedef struct ImageSource {
        uint64_t inode, print;
        uint32_t cookie;
        int32_t wd; /* of the directory that is moving, 0, or SOURCE_MISSED */
        int32_t from_wd;
        uint32_t unused;
        uint64_t path_len;
} ImageSource;

typedef struct ImageMissed {
        uint32_t cookie;
        uint32_t is_taken; /* its second half was told */
} ImageMissed;

typedef struct ImageEarly {
        uint32_t cookie;
        uint8_t is_second;
        uint8_t is_over; /* its turn came */
        uint8_t unused[2];
} ImageEarly;

#define SOURCE_MISSED (-1) /* a file that nobody was told of; no ghost has that number */

/* What was last written, so that nothing is written twice. */
typedef struct Image {
        uint32_t flags;
        uint32_t n_unwatched;
        int32_t error;
        uint32_t mask;
        bool has_sources;
        bool is_initial; /* the first scan is not through */
} Image;

void image_node(Ledger *l, const Node *n);
void image_node_gone(Ledger *l, int wd);
void image_node_is(Ledger *l, int from, int to);
void image_file(Ledger *l, const Known *known);
void image_file_gone(Ledger *l, const Known *known);
/* A find was added, or what is told of it has changed: `is_told`, or done with. Written are those of
 * directories that were entered, and of what may be an exchange: nobody would find these again. */
void image_find(Ledger *l, const Find *find, bool is_told);
void image_arrival(Ledger *l, const Arrival *arrival);

void image_missed(Ledger *l, uint32_t cookie, bool is_taken);
void image_early(Ledger *l, const Early *early, bool is_over);

void image_tree(Tree *t);
void image_reach(Tree *t);
void image_root(Tree *t, Root *root);
void image_mounts(Tree *t);

/* At the end of a step: whether it leaves something that is not in the image, and what it knows of
 * moves that are under way. */
void image_status(Tree *t);
void image_sources(Tree *t);

/* All of it, in the midst of a compaction. */
int image_save(Tree *t);

/* What shapes the tree, but its reach, as a number. */
uint64_t image_fingerprint(const Tree *t);
