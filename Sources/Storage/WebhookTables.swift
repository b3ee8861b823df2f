// How far endpoints were told of the ledger, and what they would not take.

import Commerce
import Coordination

/// The tables of webhooks.
final class WebhookTables {
  private let progress: RecordTable
  private let letters: RecordTable

  /// The columns of progress in the order in which `readProgress` takes them.
  static let progressColumns = [
    "delivered", "attempts", "failure", "failure_message", "next_attempt", "dead", "replay_next",
    "replay_through", "stopped_at",
  ]
  /// The columns of a dead letter in the order in which `readLetter` takes them.
  static let letterColumns = ["attempts", "failure", "failure_message", "at", "delivered_at"]

  init(_ connection: SQLiteConnection) throws {
    progress = try RecordTable(
      "webhook_progress", keys: ["storefront", "endpoint"], columns: Self.progressColumns,
      on: connection)
    letters = try RecordTable(
      "dead_letters", keys: ["storefront", "endpoint", "sequence"], columns: Self.letterColumns,
      on: connection)
  }

  func progress(_ storefront: StorefrontID, _ endpoint: EndpointID) throws -> WebhookProgress? {
    try progress.find({
      $0.id(storefront)
      $0.id(endpoint)
    }) { row in try Self.readProgress(&row) }
  }

  static func readProgress(_ row: inout ColumnReader) throws -> WebhookProgress {
    let delivered = try row.integer()
    let attempts = try row.integer()
    let kind = try row.optionalText()
    let message = try row.optionalText()
    let failure = try kind.map { try readFailure($0, message ?? "", row) }
    let nextAttempt = try row.optionalTime()
    let dead = try row.integer()
    let next = try row.optionalInteger()
    let through = try row.optionalInteger()
    var replay: WebhookProgress.Replay?
    if let next, let through { replay = WebhookProgress.Replay(next: next, through: through) }
    return WebhookProgress(
      delivered: delivered, attempts: attempts, failure: failure, nextAttempt: nextAttempt,
      dead: dead, replay: replay, stoppedAt: try row.optionalTime())
  }

  func save(
    _ storefront: StorefrontID, _ endpoint: EndpointID, _ told: WebhookProgress
  ) throws {
    try progress.save { row in
      row.id(storefront)
      row.id(endpoint)
      row.integer(told.delivered)
      row.integer(told.attempts)
      row.text(told.failure?.kind.rawValue)
      row.text(told.failure?.message)
      row.time(told.nextAttempt)
      row.integer(told.dead)
      row.integer(told.replay?.next)
      row.integer(told.replay?.through)
      row.time(told.stoppedAt)
    }
  }

  func letter(
    _ storefront: StorefrontID, _ endpoint: EndpointID, _ sequence: Int64
  ) throws -> DeadLetter? {
    try letters.find({
      $0.id(storefront)
      $0.id(endpoint)
      $0.integer(sequence)
    }) { row in try Self.readLetter(sequence, &row) }
  }

  static func readLetter(_ sequence: Int64, _ row: inout ColumnReader) throws -> DeadLetter {
    let attempts = try row.integer()
    let kind = try row.text()
    return DeadLetter(
      sequence: sequence, attempts: attempts,
      failure: try readFailure(kind, try row.text(), row), at: try row.time(),
      deliveredAt: try row.optionalTime())
  }

  private static func readFailure(
    _ word: String, _ message: String, _ row: ColumnReader
  ) throws -> WebhookFailure {
    guard let kind = WebhookFailure.Kind(rawValue: word) else {
      throw row.corrupt("\(word) is no failure of an endpoint")
    }
    return WebhookFailure(kind, message)
  }

  func save(_ storefront: StorefrontID, _ endpoint: EndpointID, _ letter: DeadLetter) throws {
    try letters.save { row in
      row.id(storefront)
      row.id(endpoint)
      row.integer(letter.sequence)
      row.integer(letter.attempts)
      row.text(letter.failure.kind.rawValue)
      row.text(letter.failure.message)
      row.time(letter.at)
      row.time(letter.deliveredAt)
    }
  }
}

extension SQLiteReader {
  /// How far every endpoint was told of a storefront's ledger, also those that no key file names.
  ///
  /// - Parameter storefront: whose.
  /// - Returns: endpoints in order of id.
  /// - Throws: `StorageError`.
  package func webhooks(
    _ storefront: StorefrontID
  ) throws -> [(endpoint: EndpointID, progress: WebhookProgress)] {
    let columns = WebhookTables.progressColumns.joined(separator: ", ")
    let sql = """
      SELECT endpoint, \(columns) FROM webhook_progress WHERE storefront = ? ORDER BY endpoint
      """
    return try rows(sql) { row in
      row.id(storefront)
    } _: { row in
      (try row.id(), try WebhookTables.readProgress(&row))
    }
  }

  /// The dead letters of an endpoint, delivered since or not.
  ///
  /// - Parameters:
  ///   - storefront: whose.
  ///   - endpoint: which.
  ///   - after: only letters whose sequence is above it.
  ///   - limit: how many at the most.
  /// - Returns: letters in order of sequence.
  /// - Throws: `StorageError`.
  package func deadLetters(
    _ storefront: StorefrontID, _ endpoint: EndpointID, after: Int64, limit: Int
  ) throws -> [DeadLetter] {
    let columns = WebhookTables.letterColumns.joined(separator: ", ")
    let sql = """
      SELECT sequence, \(columns) FROM dead_letters
      WHERE storefront = ?1 AND endpoint = ?2 AND sequence > ?3 ORDER BY sequence LIMIT ?4
      """
    return try rows(sql) { row in
      row.id(storefront)
      row.id(endpoint)
      row.integer(after)
      row.integer(Int64(limit))
    } _: { row in
      try WebhookTables.readLetter(try row.integer(), &row)
    }
  }
}
