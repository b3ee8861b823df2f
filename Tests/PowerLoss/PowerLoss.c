#define _GNU_SOURCE
#include "PowerLoss.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR 512

// A change since the last sync: `bytes` at `offset`, or a truncation to `offset` where there are none.
struct change {
  struct change *next;
  int64_t offset;
  int64_t count;
  unsigned char *bytes;
};

// What a disk knows of a file, open or not. Files are never forgotten while the disk lives.
struct entry {
  struct entry *next;
  char *path;
  unsigned char *durable;
  int64_t durable_size;
  // What the synced directory still has under this name, where the file has been made anew since.
  unsigned char *former;
  int64_t former_size;
  struct change *first, *last;
  int exists;          // now, as SQLite sees it
  int durable_exists;  // in the directory as it was last synced
  int syncs_directory; // with its next sync, as the default VFS does
};

struct powerloss_disk {
  sqlite3_vfs vfs;
  sqlite3_vfs *base;
  char name[48];
  uint64_t random;
  struct entry *entries;
  int64_t operations;
  int64_t countdown;
  int64_t sync_countdown;
  int is_off;
  enum powerloss_fault fault;
};

struct file {
  sqlite3_file file;
  struct powerloss_disk *disk;
  struct entry *entry;  // null for temporary files
  sqlite3_file *real;
};

static uint64_t next_random(struct powerloss_disk *disk) {
  uint64_t mixed = disk->random += 0x9e3779b97f4a7c15ULL;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
  return mixed ^ (mixed >> 31);
}

static int chance(struct powerloss_disk *disk, int percent) {
  return (int)(next_random(disk) % 100) < percent;
}

// A failing allocation ends the test: there is nothing sensible to go on with.
static void *must(void *memory) {
  if (!memory) abort();
  return memory;
}

static int read_whole(const char *path, unsigned char **bytes, int64_t *size) {
  int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  struct stat status;
  if (descriptor < 0) return errno;
  if (fstat(descriptor, &status) != 0) {
    int error = errno;
    close(descriptor);
    return error;
  }
  *bytes = must(malloc((size_t)status.st_size + 1));
  *size = 0;
  while (*size < status.st_size) {
    ssize_t count = pread(descriptor, *bytes + *size, (size_t)(status.st_size - *size), *size);
    if (count <= 0) break;
    *size += count;
  }
  close(descriptor);
  return 0;
}

static int write_whole(const char *path, const unsigned char *bytes, int64_t size) {
  int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  int64_t written = 0;
  if (descriptor < 0) return errno;
  while (written < size) {
    ssize_t count = pwrite(descriptor, bytes + written, (size_t)(size - written), written);
    if (count < 0) {
      int error = errno;
      close(descriptor);
      return error;
    }
    written += count;
  }
  return close(descriptor) == 0 ? 0 : errno;
}

static void forget_changes(struct entry *entry) {
  while (entry->first) {
    struct change *change = entry->first;
    entry->first = change->next;
    free(change->bytes);
    free(change);
  }
  entry->last = NULL;
}

static void add_change(struct entry *entry, int64_t offset, const void *bytes, int64_t count) {
  struct change *change = must(calloc(1, sizeof *change));
  change->offset = offset;
  change->count = count;
  if (bytes) memcpy(change->bytes = must(malloc((size_t)count + 1)), bytes, (size_t)count);
  if (entry->last) entry->last->next = change;
  else entry->first = change;
  entry->last = change;
}

// Makes a file at least so long; what is between is zeros.
static void extend(struct entry *entry, int64_t size) {
  if (size <= entry->durable_size) return;
  entry->durable = must(realloc(entry->durable, (size_t)size + 1));
  memset(entry->durable + entry->durable_size, 0, (size_t)(size - entry->durable_size));
  entry->durable_size = size;
}

static void apply(struct entry *entry, const struct change *change) {
  if (!change->bytes) {
    extend(entry, change->offset);
    entry->durable_size = change->offset;
    return;
  }
  extend(entry, change->offset + change->count);
  memcpy(entry->durable + change->offset, change->bytes, (size_t)change->count);
}

static void make_durable(struct entry *entry) {
  for (struct change *change = entry->first; change; change = change->next) apply(entry, change);
  forget_changes(entry);
}

static void make_directory_durable(struct powerloss_disk *disk) {
  for (struct entry *entry = disk->entries; entry; entry = entry->next) {
    entry->durable_exists = entry->exists;
    entry->syncs_directory = 0;
    free(entry->former);
    entry->former = NULL;
  }
}

static struct entry *find(struct powerloss_disk *disk, const char *path) {
  for (struct entry *entry = disk->entries; entry; entry = entry->next)
    if (strcmp(entry->path, path) == 0) return entry;
  return NULL;
}

// Counts an operation that changes something; whether the power is still on for it.
static int has_power(struct powerloss_disk *disk) {
  if (disk->is_off) return 0;
  disk->operations += 1;
  if (disk->countdown > 0 && --disk->countdown == 0) disk->is_off = 1;
  return !disk->is_off;
}

static int refusal(struct powerloss_disk *disk) {
  switch (disk->fault) {
    case powerloss_full: return SQLITE_FULL;
    case powerloss_read_only: return SQLITE_READONLY;
    default: return SQLITE_OK;
  }
}

// MARK: Files

static int file_close(sqlite3_file *opened) {
  struct file *file = (struct file *)opened;
  int result = SQLITE_OK;
  if (file->real->pMethods) result = file->real->pMethods->xClose(file->real);
  return result;
}

static int file_read(sqlite3_file *opened, void *bytes, int count, sqlite3_int64 offset) {
  struct file *file = (struct file *)opened;
  if (file->disk->is_off) return SQLITE_IOERR_READ;
  return file->real->pMethods->xRead(file->real, bytes, count, offset);
}

static int file_write(sqlite3_file *opened, const void *bytes, int count, sqlite3_int64 offset) {
  struct file *file = (struct file *)opened;
  if (!file->entry) return file->real->pMethods->xWrite(file->real, bytes, count, offset);
  int result = refusal(file->disk);
  if (result != SQLITE_OK) return result;
  int was_off = file->disk->is_off;
  if (!has_power(file->disk)) {
    // The write that the failure met may have come through in part.
    if (!was_off) add_change(file->entry, offset, bytes, count);
    return SQLITE_IOERR_WRITE;
  }
  result = file->real->pMethods->xWrite(file->real, bytes, count, offset);
  if (result == SQLITE_OK) add_change(file->entry, offset, bytes, count);
  return result;
}

static int file_truncate(sqlite3_file *opened, sqlite3_int64 size) {
  struct file *file = (struct file *)opened;
  if (!file->entry) return file->real->pMethods->xTruncate(file->real, size);
  int result = refusal(file->disk);
  if (result != SQLITE_OK) return result;
  if (!has_power(file->disk)) return SQLITE_IOERR_TRUNCATE;
  result = file->real->pMethods->xTruncate(file->real, size);
  if (result == SQLITE_OK) add_change(file->entry, size, NULL, 0);
  return result;
}

// The real disk is not asked to sync: nothing here has to survive a real power failure.
static int file_sync(sqlite3_file *opened, int flags) {
  struct file *file = (struct file *)opened;
  (void)flags;
  if (!file->entry) return SQLITE_OK;
  if (file->disk->sync_countdown > 0 && --file->disk->sync_countdown == 0) file->disk->is_off = 1;
  if (!has_power(file->disk)) return SQLITE_IOERR_FSYNC;
  make_durable(file->entry);
  if (file->entry->syncs_directory) make_directory_durable(file->disk);
  return SQLITE_OK;
}

static int file_size(sqlite3_file *opened, sqlite3_int64 *size) {
  struct file *file = (struct file *)opened;
  return file->real->pMethods->xFileSize(file->real, size);
}

static int file_lock(sqlite3_file *opened, int level) {
  struct file *file = (struct file *)opened;
  return file->real->pMethods->xLock(file->real, level);
}

static int file_unlock(sqlite3_file *opened, int level) {
  struct file *file = (struct file *)opened;
  return file->real->pMethods->xUnlock(file->real, level);
}

static int file_check_lock(sqlite3_file *opened, int *result) {
  struct file *file = (struct file *)opened;
  return file->real->pMethods->xCheckReservedLock(file->real, result);
}

static int file_control(sqlite3_file *opened, int operation, void *argument) {
  struct file *file = (struct file *)opened;
  return file->real->pMethods->xFileControl(file->real, operation, argument);
}

static int file_sector_size(sqlite3_file *opened) {
  (void)opened;
  return SECTOR;
}

// What Linux promises of any file system, and no more: not even that a write is done whole.
static int file_characteristics(sqlite3_file *opened) {
  (void)opened;
  return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int file_map(sqlite3_file *opened, int page, int size, int extends, void volatile **memory) {
  struct file *file = (struct file *)opened;
  return file->real->pMethods->xShmMap(file->real, page, size, extends, memory);
}

static int file_lock_map(sqlite3_file *opened, int offset, int count, int flags) {
  struct file *file = (struct file *)opened;
  return file->real->pMethods->xShmLock(file->real, offset, count, flags);
}

static void file_barrier(sqlite3_file *opened) {
  struct file *file = (struct file *)opened;
  file->real->pMethods->xShmBarrier(file->real);
}

static int file_unmap(sqlite3_file *opened, int deletes) {
  struct file *file = (struct file *)opened;
  return file->real->pMethods->xShmUnmap(file->real, deletes);
}

// Version 2: no memory map, through which writes would pass unseen.
static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = file_map,
    .xShmLock = file_lock_map,
    .xShmBarrier = file_barrier,
    .xShmUnmap = file_unmap,
};

// MARK: The directory

static struct powerloss_disk *disk_of(sqlite3_vfs *vfs) { return vfs->pAppData; }

static struct entry *entry_for(struct powerloss_disk *disk, const char *path, int flags) {
  struct entry *entry = find(disk, path);
  int is_log =
      (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL)) != 0;
  if (entry && entry->exists) return entry;
  if (!entry) {
    entry = must(calloc(1, sizeof *entry));
    entry->path = must(strdup(path));
    entry->next = disk->entries;
    disk->entries = entry;
    // A file that was there before this disk knew it is durable as it is.
    if (read_whole(path, &entry->durable, &entry->durable_size) == 0) {
      entry->exists = entry->durable_exists = 1;
      return entry;
    }
  }
  // Created, perhaps again: a new file under this name, with nothing in it.
  forget_changes(entry);
  if (entry->durable_exists && !entry->former) {
    entry->former = must(malloc((size_t)entry->durable_size + 1));
    if (entry->durable_size > 0)
      memcpy(entry->former, entry->durable, (size_t)entry->durable_size);
    entry->former_size = entry->durable_size;
  }
  entry->durable_size = 0;
  entry->exists = 1;
  entry->durable_exists = 0;
  entry->syncs_directory = is_log;
  return entry;
}

static int disk_open(
    sqlite3_vfs *vfs, const char *path, sqlite3_file *opened, int flags, int *flags_out) {
  struct powerloss_disk *disk = disk_of(vfs);
  struct file *file = (struct file *)opened;
  memset(file, 0, sizeof *file);
  file->disk = disk;
  file->real = (sqlite3_file *)(file + 1);
  if (disk->is_off) return SQLITE_CANTOPEN;
  int persists =
      path && (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0;
  if (persists) {
    struct entry *known = find(disk, path);
    int is_there = known ? known->exists : access(path, F_OK) == 0;
    if (!is_there && (flags & SQLITE_OPEN_CREATE)) {
      int result = refusal(disk);
      if (result != SQLITE_OK) return SQLITE_CANTOPEN;
      if (!has_power(disk)) return SQLITE_CANTOPEN;
    }
    if (is_there || (flags & SQLITE_OPEN_CREATE)) file->entry = entry_for(disk, path, flags);
  }
  int result = disk->base->xOpen(disk->base, path, file->real, flags, flags_out);
  if (result == SQLITE_OK) file->file.pMethods = &methods;
  return result;
}

static int disk_delete(sqlite3_vfs *vfs, const char *path, int syncs_directory) {
  struct powerloss_disk *disk = disk_of(vfs);
  struct entry *entry = find(disk, path);
  if (refusal(disk) != SQLITE_OK || !has_power(disk)) return SQLITE_IOERR_DELETE;
  int result = disk->base->xDelete(disk->base, path, 0);
  if (result != SQLITE_OK) return result;
  if (entry) entry->exists = 0;
  if (syncs_directory) make_directory_durable(disk);
  return SQLITE_OK;
}

static int disk_access(sqlite3_vfs *vfs, const char *path, int flags, int *result) {
  return disk_of(vfs)->base->xAccess(disk_of(vfs)->base, path, flags, result);
}

static int disk_full_path(sqlite3_vfs *vfs, const char *path, int count, char *out) {
  return disk_of(vfs)->base->xFullPathname(disk_of(vfs)->base, path, count, out);
}

static int disk_randomness(sqlite3_vfs *vfs, int count, char *out) {
  struct powerloss_disk *disk = disk_of(vfs);
  for (int index = 0; index < count; index++) out[index] = (char)next_random(disk);
  return count;
}

static int disk_sleep(sqlite3_vfs *vfs, int microseconds) {
  return disk_of(vfs)->base->xSleep(disk_of(vfs)->base, microseconds);
}

static int disk_time(sqlite3_vfs *vfs, sqlite3_int64 *now) {
  return disk_of(vfs)->base->xCurrentTimeInt64(disk_of(vfs)->base, now);
}

static int disk_last_error(sqlite3_vfs *vfs, int count, char *out) {
  return disk_of(vfs)->base->xGetLastError(disk_of(vfs)->base, count, out);
}

struct powerloss_disk *powerloss_open(uint64_t seed) {
  static int counter = 0;
  sqlite3_vfs *base = sqlite3_vfs_find(NULL);
  struct powerloss_disk *disk = must(calloc(1, sizeof *disk));
  disk->base = base;
  disk->random = seed;
  disk->countdown = disk->sync_countdown = -1;
  snprintf(disk->name, sizeof disk->name, "powerloss-%d",
      __atomic_add_fetch(&counter, 1, __ATOMIC_RELAXED));
  disk->vfs = (sqlite3_vfs){
      .iVersion = 2,
      .szOsFile = (int)sizeof(struct file) + base->szOsFile,
      .mxPathname = base->mxPathname,
      .zName = disk->name,
      .pAppData = disk,
      .xOpen = disk_open,
      .xDelete = disk_delete,
      .xAccess = disk_access,
      .xFullPathname = disk_full_path,
      .xRandomness = disk_randomness,
      .xSleep = disk_sleep,
      .xGetLastError = disk_last_error,
      .xCurrentTimeInt64 = disk_time,
  };
  if (sqlite3_vfs_register(&disk->vfs, 0) != SQLITE_OK) {
    free(disk);
    return NULL;
  }
  return disk;
}

const char *powerloss_name(const struct powerloss_disk *disk) { return disk->name; }

void powerloss_schedule(struct powerloss_disk *disk, int64_t operations) {
  disk->countdown = operations > 0 ? operations : -1;
  if (operations == 0) disk->is_off = 1;
}

void powerloss_schedule_sync(struct powerloss_disk *disk, int64_t syncs) {
  disk->sync_countdown = syncs;
}

int64_t powerloss_operations(const struct powerloss_disk *disk) { return disk->operations; }

int powerloss_is_off(const struct powerloss_disk *disk) { return disk->is_off; }

void powerloss_set_fault(struct powerloss_disk *disk, enum powerloss_fault fault) {
  disk->fault = fault;
}

// MARK: What is left

// Lets each sector of a write come through or not.
static void tear(struct powerloss_disk *disk, struct entry *entry, const struct change *change,
    int survival, int64_t synced_size) {
  int64_t end = change->offset + change->count;
  for (int64_t from = change->offset; from < end;) {
    int64_t to = (from / SECTOR + 1) * SECTOR;
    if (to > end) to = end;
    if (chance(disk, survival)) {
      extend(entry, to);
      memcpy(entry->durable + from, change->bytes + (from - change->offset), (size_t)(to - from));
    } else if (to > synced_size && chance(disk, 50)) {
      // The file has grown, and what was to be there was never written: whatever the disk held.
      int is_noise = chance(disk, 50);
      extend(entry, to);
      for (int64_t at = from > synced_size ? from : synced_size; is_noise && at < to; at++)
        entry->durable[at] = (unsigned char)next_random(disk);
    }
    from = to;
  }
}

static int settle(struct powerloss_disk *disk, struct entry *entry) {
  static const int survivals[] = {0, 10, 50, 90, 100, 100, 100};
  int survival = survivals[next_random(disk) % 7];
  int64_t synced_size = entry->durable_size;
  if (entry->former && chance(disk, 50))
    return write_whole(entry->path, entry->former, entry->former_size);
  if (entry->exists != entry->durable_exists && chance(disk, 50))
    entry->durable_exists = entry->exists;
  for (struct change *change = entry->first; change; change = change->next) {
    if (change->bytes) tear(disk, entry, change, survival, synced_size);
    else if (chance(disk, survival)) apply(entry, change);
  }
  forget_changes(entry);
  if (!entry->durable_exists) return unlink(entry->path) == 0 || errno == ENOENT ? 0 : errno;
  return write_whole(entry->path, entry->durable, entry->durable_size);
}

static int settle_memory(struct powerloss_disk *disk, const char *database) {
  char path[4096];
  unsigned char *bytes = NULL;
  int64_t size = 0;
  int error = 0;
  snprintf(path, sizeof path, "%s-shm", database);
  int kind = (int)(next_random(disk) % 3);
  if (kind == 0 || read_whole(path, &bytes, &size) != 0) {
    error = unlink(path) == 0 || errno == ENOENT ? 0 : errno;
  } else if (kind == 1) {
    for (int64_t index = 0; index < size; index++) bytes[index] = (unsigned char)next_random(disk);
    error = write_whole(path, bytes, size);
  }
  free(bytes);
  return error;
}

int powerloss_settle(struct powerloss_disk *disk) {
  disk->is_off = 1;
  for (struct entry *entry = disk->entries; entry; entry = entry->next) {
    int error = settle(disk, entry);
    size_t length = strlen(entry->path);
    int is_database = length < 4 || strcmp(entry->path + length - 4, "-wal") != 0;
    if (error == 0 && is_database && !strstr(entry->path, "-journal"))
      error = settle_memory(disk, entry->path);
    if (error != 0) return error;
  }
  return 0;
}

void powerloss_close(struct powerloss_disk *disk) {
  sqlite3_vfs_unregister(&disk->vfs);
  while (disk->entries) {
    struct entry *entry = disk->entries;
    disk->entries = entry->next;
    forget_changes(entry);
    free(entry->durable);
    free(entry->former);
    free(entry->path);
    free(entry);
  }
  free(disk);
}
