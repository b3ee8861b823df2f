// The tables: one for each kind of record, the ledger, and the events of rooms.
//
// Times are milliseconds since the epoch, money is minor units, rates are parts per million. What is
// queried has a column; a record's nested rest is JSON text in `body`. Where the key is text and the
// row is short, the table is its own index (WITHOUT ROWID); orders and facts are long, and keys that
// come in any order would spread them over every page, so they are appended to a plain table and
// only a narrow index is spread. Foreign keys are where the parent is small and rarely written; the
// rest is proved by `verify`. They are deferred: a batch writes its records in any order.

extension SQLiteSchema {
  /// The schema of this version of the program.
  static let waggle = SQLiteSchema(
    applicationID: 0x5761_676c,
    migrations: [
      catalogue + storefronts + rooms + orders + ledger + ranks + statements + webhooks,
      revocations, lean,
    ])

  private static let catalogue = """
    CREATE TABLE products (
      id TEXT NOT NULL PRIMARY KEY, supplier TEXT NOT NULL, title TEXT NOT NULL,
      category TEXT NOT NULL, picture TEXT NOT NULL, keeper TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE skus (
      id TEXT NOT NULL PRIMARY KEY,
      product TEXT NOT NULL REFERENCES products (id) DEFERRABLE INITIALLY DEFERRED,
      supplier TEXT NOT NULL, title TEXT NOT NULL, picture TEXT NOT NULL, currency TEXT NOT NULL,
      price INTEGER NOT NULL, cost INTEGER NOT NULL, rate INTEGER NOT NULL, sale_from INTEGER,
      sale_until INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE stocks (
      sku TEXT NOT NULL PRIMARY KEY, supplied INTEGER, reserved INTEGER NOT NULL,
      sold INTEGER NOT NULL, CHECK (supplied IS NULL OR reserved + sold <= supplied)
    ) STRICT, WITHOUT ROWID;

    """

  private static let storefronts = """
    CREATE TABLE storefronts (
      id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, currency TEXT NOT NULL, zone TEXT NOT NULL,
      precedence TEXT NOT NULL, visit_hold INTEGER NOT NULL, unpaid_hold INTEGER NOT NULL,
      plan_version INTEGER NOT NULL, created_at INTEGER NOT NULL, invite_only INTEGER NOT NULL,
      settlement_service TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE storefront_progress (
      storefront TEXT NOT NULL PRIMARY KEY, sequence INTEGER NOT NULL, orders INTEGER NOT NULL,
      units INTEGER NOT NULL, gmv INTEGER NOT NULL, refunded INTEGER NOT NULL,
      members INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE plan_versions (
      storefront TEXT NOT NULL REFERENCES storefronts (id) DEFERRABLE INITIALLY DEFERRED,
      number INTEGER NOT NULL, document TEXT NOT NULL, activated_at INTEGER NOT NULL,
      accepted TEXT, worst_case_ppm INTEGER, PRIMARY KEY (storefront, number)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE product_sets (
      storefront TEXT NOT NULL, id TEXT NOT NULL, title TEXT NOT NULL, skus TEXT NOT NULL,
      PRIMARY KEY (storefront, id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE members (
      storefront TEXT NOT NULL REFERENCES storefronts (id) DEFERRABLE INITIALLY DEFERRED,
      id TEXT NOT NULL, name TEXT NOT NULL, inviter TEXT, rank TEXT NOT NULL,
      joined_at INTEGER NOT NULL, PRIMARY KEY (storefront, id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE grants (
      storefront TEXT NOT NULL, member TEXT NOT NULL, body TEXT NOT NULL,
      PRIMARY KEY (storefront, member)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE viewers (
      storefront TEXT NOT NULL, id TEXT NOT NULL, lock_promoter TEXT, lock_link TEXT,
      lock_channel TEXT, lock_at INTEGER, PRIMARY KEY (storefront, id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE visits (
      storefront TEXT NOT NULL, viewer TEXT NOT NULL, room TEXT NOT NULL, body TEXT NOT NULL,
      PRIMARY KEY (storefront, viewer, room)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE attendances (
      storefront TEXT NOT NULL, room TEXT NOT NULL, viewer TEXT NOT NULL, at INTEGER NOT NULL,
      PRIMARY KEY (storefront, room, viewer)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE links (
      storefront TEXT NOT NULL, id TEXT NOT NULL, text TEXT NOT NULL, promoter TEXT NOT NULL,
      room TEXT, sku TEXT, channel TEXT NOT NULL, expires_at INTEGER NOT NULL,
      maximum_uses INTEGER, issued_at INTEGER NOT NULL, uses INTEGER NOT NULL, revoked_at INTEGER,
      PRIMARY KEY (storefront, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX links_of_promoter ON links (storefront, promoter, issued_at);
    CREATE TABLE link_refusals (
      storefront TEXT NOT NULL, promoter TEXT NOT NULL, body TEXT NOT NULL,
      PRIMARY KEY (storefront, promoter)
    ) STRICT, WITHOUT ROWID;

    """

  private static let revocations = """
    CREATE TABLE revocations (
      storefront TEXT NOT NULL REFERENCES storefronts (id) DEFERRABLE INITIALLY DEFERRED,
      id TEXT NOT NULL, person TEXT, before INTEGER, token TEXT, by TEXT NOT NULL,
      at INTEGER NOT NULL, CHECK ((person IS NULL) <> (token IS NULL)),
      PRIMARY KEY (storefront, id)
    ) STRICT, WITHOUT ROWID;

    """

  private static let rooms = """
    CREATE TABLE rooms (
      storefront TEXT NOT NULL REFERENCES storefronts (id) DEFERRABLE INITIALLY DEFERRED,
      id TEXT NOT NULL, host TEXT NOT NULL, title TEXT NOT NULL, state TEXT NOT NULL,
      scheduled_for INTEGER, opened_at INTEGER, ended_at INTEGER, pacts TEXT NOT NULL, pinned TEXT,
      first_place INTEGER NOT NULL, next_place INTEGER NOT NULL, listings INTEGER NOT NULL,
      PRIMARY KEY (storefront, id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE room_progress (
      storefront TEXT NOT NULL, room TEXT NOT NULL, epoch INTEGER NOT NULL,
      "offset" INTEGER NOT NULL, orders INTEGER NOT NULL, units INTEGER NOT NULL,
      gmv INTEGER NOT NULL, refunded INTEGER NOT NULL, unique_viewers INTEGER NOT NULL,
      PRIMARY KEY (storefront, room)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE listings (
      storefront TEXT NOT NULL, room TEXT NOT NULL,
      sku TEXT NOT NULL REFERENCES skus (id) DEFERRABLE INITIALLY DEFERRED,
      place INTEGER NOT NULL, added_at INTEGER NOT NULL, removed_at INTEGER, sold INTEGER NOT NULL,
      PRIMARY KEY (storefront, room, sku)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX standing_listings ON listings (storefront, room, place)
      WHERE removed_at IS NULL;
    CREATE TABLE room_events (
      storefront TEXT NOT NULL, room TEXT NOT NULL, "offset" INTEGER NOT NULL,
      epoch INTEGER NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL, payload TEXT NOT NULL,
      PRIMARY KEY (storefront, room, "offset")
    ) STRICT, WITHOUT ROWID;

    """

  // `expires_at`, `due_at` and `settle_at` say what an order or bonus waits for, and are NULL where it waits for
  // nothing, so that their indexes hold only what is waiting.
  private static let orders = """
    CREATE TABLE orders (
      storefront TEXT NOT NULL, id TEXT NOT NULL, room TEXT, buyer TEXT NOT NULL, promoter TEXT,
      placed_at INTEGER NOT NULL, plan_version INTEGER NOT NULL, state TEXT NOT NULL,
      paid_at INTEGER, delivered_at INTEGER, cancelled_at INTEGER, released_at INTEGER,
      has_expired INTEGER NOT NULL, expires_at INTEGER, due_at INTEGER, settle_at INTEGER,
      body TEXT NOT NULL,
      UNIQUE (storefront, id)
    ) STRICT;
    CREATE INDEX orders_of_room ON orders (storefront, room, placed_at, id)
      WHERE room IS NOT NULL;
    CREATE INDEX orders_of_promoter ON orders (storefront, promoter, placed_at, id)
      WHERE promoter IS NOT NULL;
    CREATE INDEX orders_of_buyer ON orders (storefront, buyer, placed_at, id);
    CREATE INDEX orders_to_expire ON orders (storefront, expires_at, id)
      WHERE expires_at IS NOT NULL;
    CREATE INDEX orders_to_release ON orders (storefront, due_at, id) WHERE due_at IS NOT NULL;
    CREATE INDEX orders_to_settle ON orders (storefront, settle_at, id)
      WHERE settle_at IS NOT NULL;
    CREATE TABLE facts (
      storefront TEXT NOT NULL, id TEXT NOT NULL, body BLOB NOT NULL, answer TEXT NOT NULL,
      at INTEGER NOT NULL, UNIQUE (storefront, id)
    ) STRICT;
    CREATE TABLE bonuses (
      storefront TEXT NOT NULL, id TEXT NOT NULL, payee TEXT NOT NULL, joined TEXT NOT NULL,
      rule TEXT NOT NULL, amount INTEGER NOT NULL, due INTEGER NOT NULL, released_at INTEGER,
      due_at INTEGER, PRIMARY KEY (storefront, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX bonuses_to_release ON bonuses (storefront, due_at, id) WHERE due_at IS NOT NULL;
    CREATE TABLE earnings (
      storefront TEXT NOT NULL, member TEXT NOT NULL, room TEXT NOT NULL,
      pending INTEGER NOT NULL, released INTEGER NOT NULL, reversed INTEGER NOT NULL,
      orders INTEGER NOT NULL, viewers_brought INTEGER NOT NULL,
      PRIMARY KEY (storefront, member, room)
    ) STRICT, WITHOUT ROWID;

    """

  // Postings are indexed by member only: everything else is on nearly every transaction, and an
  // index over it would cost as much as the ledger.
  private static let ledger = """
    CREATE TABLE balances (
      storefront TEXT NOT NULL, account TEXT NOT NULL, amount INTEGER NOT NULL,
      PRIMARY KEY (storefront, account)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE transactions (
      storefront TEXT NOT NULL REFERENCES storefronts (id) DEFERRABLE INITIALLY DEFERRED,
      sequence INTEGER NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
      fact TEXT NOT NULL, currency TEXT NOT NULL, digest BLOB NOT NULL,
      PRIMARY KEY (storefront, sequence)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX transactions_of_subject ON transactions (storefront, subject);
    CREATE TABLE postings (
      storefront TEXT NOT NULL, sequence INTEGER NOT NULL, ordinal INTEGER NOT NULL,
      account TEXT NOT NULL, member TEXT, amount INTEGER NOT NULL,
      PRIMARY KEY (storefront, sequence, ordinal)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX postings_of_member ON postings (storefront, member) WHERE member IS NOT NULL;
    CREATE INDEX released_postings ON postings (storefront, sequence, ordinal, account, amount)
      WHERE substr(account, 1, 5) IN ('avail', 'debt/');

    """

  private static let statements = """
    CREATE TABLE statements (
      storefront TEXT NOT NULL REFERENCES storefronts (id) DEFERRABLE INITIALLY DEFERRED,
      id TEXT NOT NULL, number INTEGER NOT NULL, from_sequence INTEGER NOT NULL,
      to_sequence INTEGER NOT NULL, until INTEGER, created_at INTEGER NOT NULL,
      members INTEGER NOT NULL, payees INTEGER NOT NULL, opening INTEGER NOT NULL,
      released INTEGER NOT NULL, reversed INTEGER NOT NULL, returned INTEGER NOT NULL,
      debt_offset INTEGER NOT NULL, paid INTEGER NOT NULL, releases INTEGER NOT NULL,
      reversals INTEGER NOT NULL, sequence INTEGER NOT NULL, acknowledgement TEXT,
      acknowledged_at INTEGER, failed INTEGER, failed_amount INTEGER,
      PRIMARY KEY (storefront, id), UNIQUE (storefront, number)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE statement_lines (
      storefront TEXT NOT NULL, statement TEXT NOT NULL, member TEXT NOT NULL, name TEXT NOT NULL,
      opening INTEGER NOT NULL, released INTEGER NOT NULL, reversed INTEGER NOT NULL,
      returned INTEGER NOT NULL, debt_offset INTEGER NOT NULL, paid INTEGER NOT NULL,
      releases INTEGER NOT NULL, reversals INTEGER NOT NULL, failure TEXT,
      PRIMARY KEY (storefront, statement, member)
    ) STRICT, WITHOUT ROWID;

    """

  private static let webhooks = """
    CREATE TABLE webhook_progress (
      storefront TEXT NOT NULL REFERENCES storefronts (id) DEFERRABLE INITIALLY DEFERRED,
      endpoint TEXT NOT NULL, delivered INTEGER NOT NULL, attempts INTEGER NOT NULL,
      failure TEXT, failure_message TEXT, next_attempt INTEGER, dead INTEGER NOT NULL,
      replay_next INTEGER, replay_through INTEGER, stopped_at INTEGER,
      PRIMARY KEY (storefront, endpoint)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE dead_letters (
      storefront TEXT NOT NULL, endpoint TEXT NOT NULL, sequence INTEGER NOT NULL,
      attempts INTEGER NOT NULL, failure TEXT NOT NULL, failure_message TEXT NOT NULL,
      at INTEGER NOT NULL, delivered_at INTEGER, PRIMARY KEY (storefront, endpoint, sequence)
    ) STRICT, WITHOUT ROWID;

    """
}
