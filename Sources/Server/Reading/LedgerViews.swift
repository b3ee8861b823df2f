// A transaction of the ledger as everybody is told of it, over HTTP and by webhooks: the same members
// in the same order. Pure; any thread.

import Ledger
import Notation
import Storage

/// A transaction with its digests, in the form of Protocol/schemas/transaction.json.
func entryView(_ entry: LedgerEntry) -> JSON {
  let transaction = entry.transaction
  return [
    "sequence": .integer(transaction.sequence), "at": .string(transaction.at.description),
    "kind": .string(transaction.cause.kind.rawValue),
    "subject": .string(transaction.cause.subject), "fact": .string(transaction.cause.fact),
    "currency": .string(transaction.currency.code),
    "postings": .array(
      transaction.postings.map {
        ["account": .string($0.account.name), "amount": .integer($0.amount.minorUnits)]
      }),
    "previousDigest": .string(entry.previous), "digest": .string(entry.digest),
  ]
}
