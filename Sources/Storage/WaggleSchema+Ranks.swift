// The tables of ranks, invite codes and their quota. See WaggleSchema.swift for the conventions.

extension SQLiteSchema {
  static let ranks = """
    CREATE TABLE member_progress (
      storefront TEXT NOT NULL, member TEXT NOT NULL, locked_fans INTEGER NOT NULL,
      fans_by_rank TEXT NOT NULL, settled_sales INTEGER NOT NULL, rank_changes INTEGER NOT NULL,
      is_held INTEGER NOT NULL, PRIMARY KEY (storefront, member)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE rank_changes (
      storefront TEXT NOT NULL, member TEXT NOT NULL, number INTEGER NOT NULL, from_rank TEXT,
      to_rank TEXT NOT NULL, at INTEGER NOT NULL, cause TEXT NOT NULL, evidence TEXT,
      PRIMARY KEY (storefront, member, number)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE quotas (
      storefront TEXT NOT NULL, member TEXT NOT NULL, sums TEXT NOT NULL, open TEXT NOT NULL,
      consumed INTEGER NOT NULL, entries INTEGER NOT NULL, PRIMARY KEY (storefront, member)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE quota_entries (
      storefront TEXT NOT NULL, member TEXT NOT NULL, number INTEGER NOT NULL,
      at INTEGER NOT NULL, kind TEXT NOT NULL, units INTEGER NOT NULL, remains INTEGER NOT NULL,
      "order" TEXT, amount INTEGER NOT NULL, per INTEGER, invite TEXT,
      PRIMARY KEY (storefront, member, number)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE invites (
      storefront TEXT NOT NULL, id TEXT NOT NULL, promoter TEXT NOT NULL,
      issued_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, is_limited INTEGER NOT NULL,
      state TEXT NOT NULL, used_by TEXT, closed_at INTEGER, PRIMARY KEY (storefront, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX invites_of_promoter ON invites (storefront, promoter, issued_at);
    CREATE INDEX members_by_joining ON members (storefront, joined_at, id);

    """
}
