// How far a commission service has settled an order, within the body of the order's row.
//
//   {"revision":2,"settledRevision":1,"settlement":{…},"waitsSince":1,"nextAttempt":2,"attempts":3,
//    "failure":{"code":"…","message":"…"}}
//
// Left out where they say nothing: settlement, waitsSince, nextAttempt, attempts 0, failure.

import Commerce
import Commission
import Coordination
import Notation

extension Delegation {
  /// Reads what `json` wrote.
  init(_ body: Body) throws(StorageError) {
    self.init(
      revision: try body["revision"].integer(),
      settledRevision: try body["settledRevision"].integer(),
      settlement: try body["settlement"].optional { body throws(StorageError) in
        do { return try Settlement(json: body.json) } catch {
          throw body.unexpected("a settlement (\(error))")
        }
      },
      waitsSince: try body["waitsSince"].optional { time throws(StorageError) in try time.time() },
      nextAttempt: try body["nextAttempt"].optional { time throws(StorageError) in
        try time.time()
      },
      attempts: try body["attempts"].optional { count throws(StorageError) in
        try count.integer()
      } ?? 0,
      failure: try body["failure"].optional { failure throws(StorageError) in
        Failure(code: try failure["code"].text(), message: try failure["message"].text())
      })
  }

  /// The record as JSON, in the form that the header of this file shows.
  var json: JSON {
    var members = [
      JSON.Member("revision", .integer(revision)),
      JSON.Member("settledRevision", .integer(settledRevision)),
    ]
    if let settlement { members.append(JSON.Member("settlement", settlement.json)) }
    if let waitsSince {
      members.append(JSON.Member("waitsSince", .integer(waitsSince.milliseconds)))
    }
    if let nextAttempt {
      members.append(JSON.Member("nextAttempt", .integer(nextAttempt.milliseconds)))
    }
    if attempts > 0 { members.append(JSON.Member("attempts", .integer(attempts))) }
    if let failure {
      members.append(
        JSON.Member(
          "failure",
          ["code": .string(failure.code), "message": .string(failure.message)]))
    }
    return .object(members)
  }
}
