// Fewer and shorter looks for an order that is placed and paid. See WaggleSchema.swift for the conventions.
//
// A transaction keeps its postings as the text that its digest covers: a row for each posting cost more
// than everything else about it. What is asked of members is found through a table of their postings
// alone, which `verify` holds against those texts. With them in it a transaction is long, and so may an
// event be: both are appended to plain tables and only narrow indexes are in order. A fact whose answer
// is that of the fact written before it, such as a payment's inside its order, names that one instead, by
// a number that no copy of the database changes.
//
// Keys begin with what differs most, and the storefront follows: SQLite compares the first column of a
// key several times faster than any other, and a path down an index is all comparisons. Where one
// storefront's rows are listed in order of their key, the storefront stays first.

extension SQLiteSchema {
  static let lean = leanLedger + leanOrders + leanRooms

  private static let leanLedger = """
    CREATE TABLE long_transactions (
      storefront TEXT NOT NULL, sequence INTEGER NOT NULL, at INTEGER NOT NULL,
      kind TEXT NOT NULL, subject TEXT NOT NULL, fact TEXT NOT NULL, currency TEXT NOT NULL,
      digest BLOB NOT NULL, postings TEXT NOT NULL, UNIQUE (storefront, sequence)
    ) STRICT;
    INSERT INTO long_transactions
      SELECT storefront, sequence, at, kind, subject, fact, currency, digest, (
        SELECT coalesce(group_concat(account || '|' || amount || char(10), ''), '') FROM (
          SELECT account, amount FROM postings AS p
          WHERE p.storefront = t.storefront AND p.sequence = t.sequence ORDER BY ordinal
        )
      ) FROM transactions AS t ORDER BY storefront, sequence;
    CREATE TABLE member_postings (
      member TEXT NOT NULL, storefront TEXT NOT NULL, sequence INTEGER NOT NULL,
      ordinal INTEGER NOT NULL, purse TEXT NOT NULL, amount INTEGER NOT NULL,
      PRIMARY KEY (member, storefront, sequence, ordinal)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO member_postings
      SELECT member, storefront, sequence, ordinal, substr(account, 1, instr(account, '/') - 1),
      amount FROM postings WHERE member IS NOT NULL;
    DROP TABLE postings;
    DROP TABLE transactions;
    ALTER TABLE long_transactions RENAME TO transactions;
    CREATE INDEX transactions_of_subject ON transactions (storefront, subject);
    CREATE INDEX released_postings ON member_postings (storefront, sequence, ordinal, purse, amount)
      WHERE \(releasedPosting);
    CREATE TABLE earnings_of_members (
      member TEXT NOT NULL, storefront TEXT NOT NULL, room TEXT NOT NULL,
      pending INTEGER NOT NULL, released INTEGER NOT NULL, reversed INTEGER NOT NULL,
      orders INTEGER NOT NULL, viewers_brought INTEGER NOT NULL,
      PRIMARY KEY (member, storefront, room)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO earnings_of_members
      SELECT member, storefront, room, pending, released, reversed, orders, viewers_brought
      FROM earnings;
    DROP TABLE earnings;
    ALTER TABLE earnings_of_members RENAME TO earnings;

    """

  /// Tells the postings that move a member's released money. The index above holds only these, and only
  /// for a query that says the same words.
  static let releasedPosting = "purse IN ('available', 'debt')"

  private static let leanOrders = """
    CREATE TABLE lean_orders (
      id TEXT NOT NULL, storefront TEXT NOT NULL, room TEXT, buyer TEXT NOT NULL, promoter TEXT,
      placed_at INTEGER NOT NULL, plan_version INTEGER NOT NULL, state TEXT NOT NULL,
      paid_at INTEGER, delivered_at INTEGER, cancelled_at INTEGER, released_at INTEGER,
      has_expired INTEGER NOT NULL, expires_at INTEGER, due_at INTEGER, settle_at INTEGER,
      body TEXT NOT NULL,
      UNIQUE (id, storefront)
    ) STRICT;
    INSERT INTO lean_orders
      SELECT id, storefront, room, buyer, promoter, placed_at, plan_version, state, paid_at,
      delivered_at, cancelled_at, released_at, has_expired, expires_at, due_at, settle_at, body
      FROM orders ORDER BY rowid;
    DROP TABLE orders;
    ALTER TABLE lean_orders RENAME TO orders;
    CREATE INDEX orders_of_room ON orders (room, storefront, placed_at, id)
      WHERE room IS NOT NULL;
    CREATE INDEX orders_of_promoter ON orders (promoter, storefront, placed_at, id)
      WHERE promoter IS NOT NULL;
    CREATE INDEX orders_of_buyer ON orders (buyer, storefront, placed_at, id);
    CREATE INDEX orders_to_expire ON orders (storefront, expires_at, id)
      WHERE expires_at IS NOT NULL;
    CREATE INDEX orders_to_release ON orders (storefront, due_at, id) WHERE due_at IS NOT NULL;
    CREATE INDEX orders_to_settle ON orders (storefront, settle_at, id)
      WHERE settle_at IS NOT NULL;
    CREATE TABLE lean_facts (
      number INTEGER PRIMARY KEY, id TEXT NOT NULL, storefront TEXT NOT NULL,
      body BLOB NOT NULL, answer TEXT, answer_of INTEGER, at INTEGER NOT NULL,
      UNIQUE (id, storefront), CHECK ((answer IS NULL) <> (answer_of IS NULL))
    ) STRICT;
    INSERT INTO lean_facts (id, storefront, body, answer, at)
      SELECT id, storefront, body, answer, at FROM facts ORDER BY rowid;
    DROP TABLE facts;
    ALTER TABLE lean_facts RENAME TO facts;

    """

  private static let leanRooms = """
    CREATE TABLE lean_listings (
      sku TEXT NOT NULL REFERENCES skus (id) DEFERRABLE INITIALLY DEFERRED,
      room TEXT NOT NULL, storefront TEXT NOT NULL, place INTEGER NOT NULL,
      added_at INTEGER NOT NULL, removed_at INTEGER, sold INTEGER NOT NULL,
      PRIMARY KEY (sku, room, storefront)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO lean_listings
      SELECT sku, room, storefront, place, added_at, removed_at, sold FROM listings;
    DROP TABLE listings;
    ALTER TABLE lean_listings RENAME TO listings;
    CREATE INDEX standing_listings ON listings (storefront, room, place)
      WHERE removed_at IS NULL;
    CREATE TABLE lean_events (
      room TEXT NOT NULL, storefront TEXT NOT NULL, "offset" INTEGER NOT NULL,
      epoch INTEGER NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL, payload TEXT NOT NULL,
      UNIQUE (room, storefront, "offset")
    ) STRICT;
    INSERT INTO lean_events
      SELECT room, storefront, "offset", epoch, at, kind, payload FROM room_events;
    DROP TABLE room_events;
    ALTER TABLE lean_events RENAME TO room_events;
    CREATE TABLE lean_viewers (
      id TEXT NOT NULL, storefront TEXT NOT NULL, lock_promoter TEXT, lock_link TEXT,
      lock_channel TEXT, lock_at INTEGER, PRIMARY KEY (id, storefront)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO lean_viewers
      SELECT id, storefront, lock_promoter, lock_link, lock_channel, lock_at FROM viewers;
    DROP TABLE viewers;
    ALTER TABLE lean_viewers RENAME TO viewers;
    CREATE TABLE lean_visits (
      viewer TEXT NOT NULL, room TEXT NOT NULL, storefront TEXT NOT NULL, body TEXT NOT NULL,
      PRIMARY KEY (viewer, room, storefront)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO lean_visits SELECT viewer, room, storefront, body FROM visits;
    DROP TABLE visits;
    ALTER TABLE lean_visits RENAME TO visits;

    """
}
