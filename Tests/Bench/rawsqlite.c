// The floor of settlement: SQLite alone, writing the rows that the product wrote.
//
//     rawsqlite FROM TO BATCHES
//
// Reads every row of every table of FROM into memory, makes TO, empty and of the same schema, and writes
// the rows with prepared inserts in so many transactions: each takes the same part of every table.
// WAL and synchronous=FULL with the cache and the checkpoints of the product, but without foreign keys,
// triggers, or updates: nothing that a product would have to decide. Prints nanoseconds of wall time
// and of CPU time, and how many rows there were.
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct { char name[64]; int columns; long rows, room; sqlite3_value **cells; sqlite3_stmt *insert; } Table;

static Table tables[64];
static int count;

static void fail(sqlite3 *database, const char *what) {
  fprintf(stderr, "rawsqlite: %s: %s\n", what, sqlite3_errmsg(database));
  exit(1);
}

static void run(sqlite3 *database, const char *text) {
  if (sqlite3_exec(database, text, NULL, NULL, NULL) != SQLITE_OK) fail(database, text);
}

static void read_table(sqlite3 *from, Table *table) {
  char text[128];
  snprintf(text, sizeof text, "SELECT * FROM \"%s\"", table->name);
  sqlite3_stmt *rows;
  if (sqlite3_prepare_v2(from, text, -1, &rows, NULL) != SQLITE_OK) fail(from, text);
  table->columns = sqlite3_column_count(rows);
  while (sqlite3_step(rows) == SQLITE_ROW) {
    if (table->rows == table->room) {
      table->room = table->room ? table->room * 2 : 64;
      table->cells = realloc(
          table->cells, sizeof *table->cells * (size_t)table->room * (size_t)table->columns);
      if (!table->cells) { perror("rawsqlite"); exit(1); }
    }
    for (int i = 0; i < table->columns; i++)
      table->cells[table->rows * table->columns + i] =
          sqlite3_value_dup(sqlite3_column_value(rows, i));
    table->rows++;
  }
  sqlite3_finalize(rows);
}

static void prepare(sqlite3 *to, Table *table) {
  char text[512];
  int length = snprintf(text, sizeof text, "INSERT INTO \"%s\" VALUES (", table->name);
  for (int i = 0; i < table->columns; i++)
    length += snprintf(text + length, sizeof text - (size_t)length, i ? ",?" : "?");
  snprintf(text + length, sizeof text - (size_t)length, ")");
  if (sqlite3_prepare_v2(to, text, -1, &table->insert, NULL) != SQLITE_OK) fail(to, text);
}

static long long now(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int argc, char **argv) {
  if (argc != 4) { fprintf(stderr, "usage: rawsqlite FROM TO BATCHES\n"); return 64; }
  long batches = atol(argv[3]) > 0 ? atol(argv[3]) : 1;
  // As the product does: without a count of the memory used, and so without its lock.
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  sqlite3 *from, *to;
  if (sqlite3_open_v2(argv[1], &from, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) fail(from, argv[1]);
  if (sqlite3_open(argv[2], &to) != SQLITE_OK) fail(to, argv[2]);
  run(to, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;"
          "PRAGMA wal_autocheckpoint = 4096; PRAGMA temp_store = MEMORY;"
          "PRAGMA secure_delete = OFF;");
  sqlite3_stmt *schema;
  if (sqlite3_prepare_v2(from, "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL "
          "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type = 'index'", -1, &schema, NULL))
    fail(from, "schema");
  while (sqlite3_step(schema) == SQLITE_ROW) {
    run(to, (const char *)sqlite3_column_text(schema, 2));
    if (strcmp((const char *)sqlite3_column_text(schema, 0), "table") || count == 64) continue;
    snprintf(tables[count].name, sizeof tables[count].name, "%s",
        (const char *)sqlite3_column_text(schema, 1));
    read_table(from, &tables[count++]);
  }
  sqlite3_finalize(schema);
  sqlite3_close(from);
  long rows = 0;
  for (int t = 0; t < count; t++) { prepare(to, &tables[t]); rows += tables[t].rows; }

  long long wall = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID);
  for (long batch = 0; batch < batches; batch++) {
    run(to, "BEGIN IMMEDIATE");
    for (int t = 0; t < count; t++) {
      Table *table = &tables[t];
      long end = table->rows * (batch + 1) / batches;
      for (long row = table->rows * batch / batches; row < end; row++) {
        for (int i = 0; i < table->columns; i++)
          sqlite3_bind_value(table->insert, i + 1, table->cells[row * table->columns + i]);
        if (sqlite3_step(table->insert) != SQLITE_DONE) fail(to, table->name);
        sqlite3_reset(table->insert);
      }
    }
    run(to, "COMMIT");
  }
  wall = now(CLOCK_MONOTONIC) - wall;
  cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  printf("%lld %lld %ld\n", wall, cpu, rows);
  return 0;
}
