// The digest of what the books say, independent of the order in which it was learnt.
//
// One pass over the ledger by subject, without holding more than one subject's parties and one sum
// for each account. Balances are added up from the postings, never taken from the running table.

import Commerce
import Crypto
import Ledger

/// What a storefront's books say, in one line.
package struct LedgerDigest: Equatable, Sendable {
  /// The sequence of the last transaction; 0 before the first.
  package let sequence: Int64
  /// The sum of all postings, which is zero unless the books are damaged.
  package let sum: Amount
  /// SHA-256 over the lines of `DigestLine`, 64 hexadecimal digits.
  package let digest: String

  /// Makes a digest.
  ///
  /// - Parameters:
  ///   - sequence: of the last transaction.
  ///   - sum: of all postings.
  ///   - digest: 64 hexadecimal digits.
  package init(sequence: Int64, sum: Amount, digest: String) {
    self.sequence = sequence
    self.sum = sum
    self.digest = digest
  }
}

extension SQLiteReader {
  /// Computes the digest of a storefront's ledger.
  ///
  /// First the net lines in order of subject and party, then the balances in order of account, both
  /// without zeros; see `DigestLine`. Names are ordered by bytes.
  /// - Parameter storefront: whose.
  /// - Returns: the digest; that of no lines for an empty ledger.
  /// - Throws: `StorageError`.
  /// - Complexity: O(n log n) in the postings, in space for the accounts only.
  package func ledgerDigest(_ storefront: StorefrontID) throws -> LedgerDigest {
    try moment { try digest(storefront) }
  }

  /// The same inside a moment.
  func digest(_ storefront: StorefrontID) throws -> LedgerDigest {
    var hash = SHA256()
    var subject = ""
    var nets: [String: Amount] = [:]
    var balances: [String: Amount] = [:]
    var sequence: Int64 = 0
    // The index on subjects gives the order, so that nothing is sorted on disk.
    let statement = try statement(
      """
      SELECT subject, sequence, postings FROM transactions INDEXED BY transactions_of_subject
      WHERE storefront = ? ORDER BY subject
      """)
    statement.bind(storefront.text, at: 1)
    try statement.forEachRow { row in
      var columns = ColumnReader(row)
      let next = try columns.text()
      if next != subject {
        addNets(nets, of: subject, to: &hash)
        nets.removeAll(keepingCapacity: true)
        subject = next
      }
      sequence = max(sequence, try columns.integer())
      for (account, amount) in try columns.postings().lines {
        nets[Account(name: account)?.party ?? account, default: .zero] += amount
        balances[account, default: .zero] += amount
      }
    }
    addNets(nets, of: subject, to: &hash)
    for (account, amount) in sorted(balances) {
      hash.update(Array(DigestLine.balance(account: account, amount: amount).utf8))
    }
    return LedgerDigest(
      sequence: sequence, sum: balances.values.reduce(.zero, +), digest: hex(hash.finish()))
  }

  private func addNets(
    _ nets: [String: Amount], of subject: String, to hash: inout SHA256
  ) {
    for (party, amount) in sorted(nets) {
      hash.update(Array(DigestLine.net(subject: subject, party: party, amount: amount).utf8))
    }
  }
}

/// Bytes in lower-case hexadecimal digits.
func hex(_ bytes: [UInt8]) -> String {
  let digits = Array("0123456789abcdef".utf8)
  var text: [UInt8] = []
  text.reserveCapacity(bytes.count * 2)
  for byte in bytes {
    text.append(digits[Int(byte >> 4)])
    text.append(digits[Int(byte & 15)])
  }
  return String(decoding: text, as: UTF8.self)
}
