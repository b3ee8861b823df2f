// Many reports of the settlement backend in one request: each is read, decided and answered as if it
// had come alone, in order; what they share is the request, the commit and the answer. Pure; any thread.

import Coordination
import Notation

/// What a report of a batch is about; the words of its field `report`.
enum ReportKind: String, CaseIterable {
  case order, payment, delivery, refund, cancellation, dispute, resolution

  /// Reads the other fields, which are those of the report's own path and body.
  fileprivate var read: (inout CallRequest) throws(Fault) -> Call {
    switch self {
    case .order: FactCalls.order
    case .payment: FactCalls.payment
    case .delivery: FactCalls.delivery
    case .refund: FactCalls.refund
    case .cancellation: FactCalls.cancellation
    case .dispute: FactCalls.dispute
    case .resolution: FactCalls.resolution
    }
  }
}

/// `POST /v1/reports`.
enum ReportCalls {
  /// Reads every report; one that cannot be read is answered in its place and stops no other.
  static func reports(_ request: inout CallRequest) throws(Fault) -> Call {
    let list = try request.fields.required("reports").elements(count: 1...CallLimits.reportsMax)
    var reports: [Result<Command, Fault>] = []
    reports.reserveCapacity(list.count)
    for entry in list {
      do throws(Fault) {
        reports.append(.success(try report(entry, request)))
      } catch {
        reports.append(.failure(error))
      }
    }
    return .reports(reports)
  }

  private static func report(_ entry: Field, _ request: CallRequest) throws(Fault) -> Command {
    guard entry.value.members != nil else {
      throw .invalidField("report", "A report must be an object, not \(entry.value.kind).")
    }
    // Fields are named as in a request of its own: the answer stands in the report's place already.
    var alone = CallRequest(
      fields: Fields(entry.value), caller: request.caller, environment: request.environment)
    let kind: ReportKind = try alone.fields.required("report").choice()
    let call = try kind.read(&alone)
    try alone.fields.finish()
    guard case .command(let command) = call else {
      preconditionFailure("every kind of report is one command")
    }
    return command
  }

  /// The answer to a batch: what each report would have been answered alone, in order.
  ///
  /// - Parameter results: of every report.
  /// - Returns: one JSON object.
  static func answer(_ results: [Result<Answer, Fault>]) -> [UInt8] {
    var writer = JSONWriter(reserving: 64 + results.count * 768)
    writer.beginObject()
    writer.key("results")
    writer.beginArray()
    for result in results {
      writer.beginObject()
      writer.key("status")
      switch result {
      case .success(let answer):
        writer.integer(answer.isRepeat ? 200 : 201)
        writer.key("body")
        writer.raw(answer.body)
      case .failure(let fault):
        writer.integer(Int64(fault.status))
        writer.key("problem")
        writer.raw(fault.problem.bytes)
      }
      writer.endObject()
    }
    writer.endArray()
    writer.endObject()
    return writer.bytes
  }
}
