// Statements and lines out of a seed.

import Commerce
import Coordination
import Ledger

extension Generator {
  private mutating func figures() -> StatementFigures {
    StatementFigures(
      opening: amount(), released: amount(), reversed: amount(), returned: amount(),
      offset: amount(), paid: amount(), releases: integer(), reversals: integer())
  }

  /// A statement and one of its lines.
  mutating func statements(_ storefront: StorefrontID) -> [(Key, Record)] {
    let statement = Statement(
      id: id(), number: Int64(1 + below(1_000_000)), from: integer(), to: integer(),
      until: maybe { $0.time() }, createdAt: time(), members: integer(), payees: integer(),
      figures: figures(), sequence: integer(),
      acknowledgement: maybe {
        Acknowledgement(id: $0.id(), at: $0.time(), failed: $0.integer(), returned: $0.amount())
      })
    let line = StatementLine(
      member: id(), name: text(), figures: figures(), failure: maybe { $0.text() })
    return [
      (.statement(storefront, statement.id), .statement(statement)),
      (.statementLine(storefront, statement.id, line.member), .statementLine(line)),
    ]
  }
}
