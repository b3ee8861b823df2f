// A file system for SQLite that loses power: a VFS over the default one, for tests only.
//
// Names open through it are passed on to the default VFS, so that what SQLite reads is what it wrote.
// Beside that a disk remembers, for every file, what is durable (its bytes at the last xSync) and, in
// order, every write and truncation since; and of the directory which files were created or deleted
// since it was last synced. When the power fails, every later operation fails; settling then puts on
// the real disk one of the states that a real one could be in:
//  - each write since the last sync is there or not, in sectors of 512 bytes, each on its own;
//  - a lost sector beyond the old end of the file is zeros or noise;
//  - a truncation since the last sync happened or not;
//  - a file created since the directory was last synced is there or not, a deleted one may be back,
//    also in the place of a new one of its name;
//  - the shared memory of the WAL index, which is never synced, is gone, old, or noise.
// The directory counts as synced where the default VFS syncs it: with the first sync of a new journal
// or log (os_unix.c, UNIXFILE_DIRSYNC), and by a deletion that asks for it.
//
// Threads: a disk and everything open on it belong to one thread at a time; different disks to any.
#pragma once

#include <stdint.h>

// What a disk does to operations that would change a file.
enum powerloss_fault {
  powerloss_no_fault = 0,
  powerloss_full = 1,       // writes fail with SQLITE_FULL
  powerloss_read_only = 2,  // writes fail with SQLITE_READONLY
};

struct powerloss_disk;

// Makes a disk and registers a VFS under its name; null where memory is out or the name is taken.
struct powerloss_disk *powerloss_open(uint64_t seed);
// The name of the disk's VFS, valid until it is closed.
const char *powerloss_name(const struct powerloss_disk *disk);
// The power fails at the so-maniest operation from now that writes, truncates, syncs, creates or
// deletes, before it takes effect (a write may still be torn); 0 cuts it off now, below 0 never.
void powerloss_schedule(struct powerloss_disk *disk, int64_t operations);
// The same, counting syncs only: the moments at which everything is written and nothing promised.
void powerloss_schedule_sync(struct powerloss_disk *disk, int64_t syncs);
// How many such operations there have been.
int64_t powerloss_operations(const struct powerloss_disk *disk);
// Whether the power has failed.
int powerloss_is_off(const struct powerloss_disk *disk);
// Lets writes fail, or succeed again.
void powerloss_set_fault(struct powerloss_disk *disk, enum powerloss_fault fault);
// Once everything on it is closed: makes the files what the power failure left of them. 0, or errno.
int powerloss_settle(struct powerloss_disk *disk);
// Unregisters and frees; nothing may be open on it.
void powerloss_close(struct powerloss_disk *disk);
