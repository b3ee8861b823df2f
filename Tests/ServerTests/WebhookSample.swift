// What the tests of webhooks share: a receiver that does as it is told and remembers what it was
// sent, and shops whose key file names it.

import Commerce
import Glibc
import Notation
import Synchronization
import Testing
import Transport
import Wire

@testable import Server

/// An endpoint of a test: checks every signature, and keeps what it took in the order of arrival.
final class WebhookReceiver: Sendable {
  /// One request.
  struct Arrival: Equatable, Sendable {
    let id: String
    let sequence: Int64
    let isGenuine: Bool
    /// What it was answered; 0 for nothing.
    let status: Int
    let body: JSON
    let signatures: Int
  }

  /// What came, and what is to be answered; any thread.
  private final class Notebook: Sendable {
    private struct Contents {
      var arrivals: [Arrival] = []
      /// Requests that have come, answered or not.
      var begun = 0
      /// Answers to come; then `always`.
      var script: [Int] = []
      var always = 204
      /// Done before an event is answered.
      var hook: @Sendable (Int64) -> Void = { _ in }
    }

    private let contents = Mutex(Contents())

    var arrivals: [Arrival] { contents.withLock { $0.arrivals } }

    var begun: Int { contents.withLock { $0.begun } }

    func hook(_ hook: @escaping @Sendable (Int64) -> Void) {
      contents.withLock { $0.hook = hook }
    }

    func become(_ script: [Int], _ always: Int) {
      contents.withLock {
        $0.script = script
        $0.always = always
      }
    }

    func answer(_ request: HTTPRequest) -> HTTPResponse? {
      do {
        let isGenuine = try isGenuine(request) && request.target.path == "/hooks"
        let body = try JSON.read(request.body)
        let signatures = request.headers.values("webhook-signature").first ?? ""
        let sequence = body["data"]?["sequence"]?.integer ?? 0
        let hook = contents.withLock { contents in
          contents.begun += 1
          return contents.hook
        }
        hook(sequence)
        let status = contents.withLock { contents in
          let status = contents.script.isEmpty ? contents.always : contents.script.removeFirst()
          contents.arrivals.append(
            Arrival(
              id: request.headers.values("webhook-id").first ?? "",
              sequence: sequence, isGenuine: isGenuine,
              status: status, body: body, signatures: signatures.split(separator: " ").count))
          return status
        }
        let words = status == 204 ? "" : "told"
        return status == 0 ? nil : HTTPResponse(status: status, body: Array(words.utf8))
      } catch {
        return HTTPResponse(status: 500)
      }
    }

    private func isGenuine(_ request: HTTPRequest) throws -> Bool {
      let secrets = [try DelegationSample.secret(), try DelegationSample.otherSecret()]
      do throws(SignatureFault) {
        _ = try MessageSignature.verify(
          request.headers, body: request.body, secrets: secrets, now: wallClock())
        return true
      } catch {
        return false
      }
    }
  }

  let address: CommissionAddress
  private let notebook: Notebook
  private let service: ScriptedService

  init() throws {
    let notebook = Notebook()
    service = try ScriptedService { notebook.answer($0) }
    self.notebook = notebook
    address = service.address
  }

  /// What comes next is answered with these, one after the other, and then as always.
  func answer(_ statuses: [Int], then always: Int = 204) {
    notebook.become(statuses, always)
  }

  /// Before an event is answered, this is told its sequence.
  func before(_ hook: @escaping @Sendable (Int64) -> Void) { notebook.hook(hook) }

  var arrivals: [Arrival] { notebook.arrivals }
  /// How many requests have come, answered or not.
  var begun: Int { notebook.begun }
  /// The sequences that were taken, in order of arrival.
  var taken: [Int64] { arrivals.filter { (200...299).contains($0.status) }.map(\.sequence) }

  /// An entry of the key file.
  func entry(
    _ id: String = "books", storefront: String = "shop", secret: String? = nil,
    _ more: [JSON.Member] = []
  ) -> JSON {
    .object(
      [
        JSON.Member("id", .string(id)), JSON.Member("storefront", .string(storefront)),
        JSON.Member("url", .string(address.description + "/hooks")),
        JSON.Member("secret", .string(secret ?? DelegationSample.secretText)),
      ] + more)
  }
}

/// Shops with endpoints.
enum WebhookSample {
  /// A shop that sells, whose key file names endpoints.
  static func shop(
    _ entries: [JSON], timeout: Int64 = 300,
    _ change: @escaping (inout ServerOptions) -> Void = { _ in }
  ) throws -> Shop {
    let shop = try Shop { options in
      options.webhookTimeoutMilliseconds = timeout
      change(&options)
      let path = options.directory + "/keys.json"
      if access(path, F_OK) != 0 { write(entries, to: path) }
    }
    try shop.door.furnish()
    return shop
  }

  /// Writes a key file.
  static func write(_ entries: [JSON], to path: String) {
    let secret = Base64.encode([UInt8](repeating: 1, count: 32))
    let file: JSON = [
      "version": 1,
      "tokenKeys": [["kid": "own", "algorithm": "HS256", "secret": .string(secret)]],
      "linkKeys": [["id": 1, "secret": .string(secret)]], "webhooks": .array(entries),
    ]
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    _ = file.bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    close(descriptor)
  }

  /// Books one transaction.
  static func sell(_ id: String, at desk: Desk) throws {
    try desk.done("/v1/orders", Report.order(id))
    let payment = Report.payment(id)
    try desk.done(payment.path, payment.body)
  }

  /// Asks until it is so, for ten seconds at the most.
  static func wait(
    for what: String, _ place: SourceLocation = #_sourceLocation, _ isSo: () throws -> Bool
  ) throws {
    let end = monotonicMilliseconds() + 10_000
    while try !isSo() {
      try #require(monotonicMilliseconds() < end, "\(what)", sourceLocation: place)
      usleep(2_000)
    }
  }

  /// The only endpoint, as staff see it.
  static func webhook(at desk: Desk, _ index: Int = 0) throws -> JSON {
    try #require(try desk.get("/v1/webhooks")["webhooks"]?.elements?.dropFirst(index).first)
  }
}
