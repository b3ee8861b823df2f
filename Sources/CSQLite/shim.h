// SQLite for Swift: the header, and what Swift cannot import from it.
// Macros that cast or combine, and variadic functions, become inline functions and constants.
#ifndef WAGGLE_CSQLITE_SHIM_H
#define WAGGLE_CSQLITE_SHIM_H

#include <sqlite3.h>

// Extended codes of a broken constraint (https://www.sqlite.org/rescode.html).
enum {
  csqlite_constraint_check = SQLITE_CONSTRAINT_CHECK,
  csqlite_constraint_foreign_key = SQLITE_CONSTRAINT_FOREIGNKEY,
  csqlite_constraint_not_null = SQLITE_CONSTRAINT_NOTNULL,
  csqlite_constraint_primary_key = SQLITE_CONSTRAINT_PRIMARYKEY,
  csqlite_constraint_unique = SQLITE_CONSTRAINT_UNIQUE,
  csqlite_constraint_row_id = SQLITE_CONSTRAINT_ROWID,
  csqlite_constraint_data_type = SQLITE_CONSTRAINT_DATATYPE,
};

// Binds a copy of the text. A null pointer would bind NULL, and Swift may hand one over for an
// empty string, so that an empty text gets a pointer of its own.
static inline int csqlite_bind_text(
    sqlite3_stmt *statement, int index, const char *_Nullable bytes, sqlite3_uint64 count) {
  return sqlite3_bind_text64(
      statement, index, count == 0 ? "" : bytes, count, SQLITE_TRANSIENT, SQLITE_UTF8);
}

// Binds a copy of the bytes; an empty blob gets a pointer of its own, as above.
static inline int csqlite_bind_blob(
    sqlite3_stmt *statement, int index, const void *_Nullable bytes, sqlite3_uint64 count) {
  return sqlite3_bind_blob64(statement, index, count == 0 ? "" : bytes, count, SQLITE_TRANSIENT);
}

// Binds bytes that stay where they are until the statement's bindings are cleared: SQLite takes the pointer.
// A copy of its own costs it an allocation and its end, several times what there is to copy.
static inline int csqlite_bind_kept_text(
    sqlite3_stmt *statement, int index, const void *_Nonnull bytes, sqlite3_uint64 count) {
  return sqlite3_bind_text64(
      statement, index, (const char *)bytes, count, SQLITE_STATIC, SQLITE_UTF8);
}

static inline int csqlite_bind_kept_blob(
    sqlite3_stmt *statement, int index, const void *_Nonnull bytes, sqlite3_uint64 count) {
  return sqlite3_bind_blob64(statement, index, bytes, count, SQLITE_STATIC);
}

// Stops SQLite from counting the memory that it uses, which takes a lock at every allocation. Variadic;
// without effect once SQLite has been used.
static inline int csqlite_count_no_memory(void) { return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }

// Switches one of the boolean options of sqlite3_db_config, which is variadic.
static inline int csqlite_configure(sqlite3 *connection, int option, int value) {
  return sqlite3_db_config(connection, option, value, (int *)0);
}

#endif
