// What the tests of delegated settlement share: random requests of all shipped plans, a fixed key, and
// a service that does as it is told.

import Commerce
import Commission
import Crypto
import Glibc
import Notation
import Synchronization
import Testing
import Transport
import Wire

@testable import Server

/// Reproducible chance. Source: SplitMix64, Steele and others 2014.
struct Dice {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func bits() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func roll(_ range: ClosedRange<Int64>) -> Int64 {
    let width = UInt64(range.upperBound - range.lowerBound) + 1
    return range.lowerBound + Int64(bits().multipliedFullWidth(by: width).high)
  }
}

/// Requests, keys and a plan.
enum DelegationSample {
  static let secretText = "whsec_" + Base64.encode([UInt8](repeating: 7, count: 32), .standard)
  static let otherSecretText = "whsec_" + Base64.encode([UInt8](repeating: 8, count: 32), .standard)

  static func secret() throws -> SigningSecret { try #require(SigningSecret(secretText)) }
  static func otherSecret() throws -> SigningSecret { try #require(SigningSecret(otherSecretText)) }

  static func keys(_ secrets: String...) throws -> CommissionKeys {
    let entries = secrets.enumerated().map { index, secret -> JSON in
      ["id": .string("k\(index)"), "secret": .string(secret)]
    }
    var fields = Fields(["commissionKeys": .array(entries)])
    return try CommissionKeys(&fields, isRequired: true)
  }

  /// Makes the key file of a server that knows a service `books`, unless there is one.
  static func writeKeys(_ directory: String, _ address: CommissionAddress) throws {
    let secret = Base64.encode([UInt8](repeating: 1, count: 32))
    let file: JSON = [
      "version": 1,
      "tokenKeys": [["kid": "own", "algorithm": "HS256", "secret": .string(secret)]],
      "linkKeys": [["id": 1, "secret": .string(secret)]],
      "commissionKeys": [
        [
          "id": "books", "secret": .string(secretText), "url": .string(address.description),
          "storefronts": ["shop", "a"],
        ]
      ],
    ]
    let descriptor = open(directory + "/keys.json", O_WRONLY | O_CREAT | O_EXCL, 0o600)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    let bytes = file.bytes
    try #require(write(descriptor, bytes, bytes.count) == bytes.count)
  }

  /// All shipped plans, and one with parameters that are not the defaults.
  static func plans() throws -> [Plan] {
    try Plan.shippedNames.map { try Plan.shipped($0) } + [
      Plan.shipped("wanwu", parameters: ["fundedBy": .text("seller")])
    ]
  }

  /// A sale of ¥200 at 20 % by B, whom A invited; both gold where the plan knows that.
  static func request(_ id: String = "shop/o1/0", rate: Int32 = 200_000) throws -> SettlementRequest
  {
    let plan = try Plan.shipped("wanwu")
    let gold = try #require(plan.rank(named: "gold"))
    let snapshot = plan.snapshot(
      of: Participants(seller: MemberID(trusted: "B"), buyer: PersonID(trusted: "v1"))
    ) { member in
      Standing(
        inviter: member.text == "B" ? MemberID(trusted: "A") : nil,
        rank: member.text == "A" ? gold : plan.lowestRank)
    }
    let line = Sale.Line(paid: Amount(20_000), cost: Amount(9_000), rate: Rate(trusted: rate))
    return SettlementRequest(
      id: id, planDocument: plan.document, plan: plan.reference,
      sale: Sale(currency: .cny, lines: [line]), snapshot: snapshot)
  }

  /// A sale in a random tree.
  static func request(_ plan: Plan, _ dice: inout Dice) -> SettlementRequest {
    let names = (0..<10).map { MemberID(trusted: "m\($0)") }
    var standings: [MemberID: Standing] = [:]
    for (index, name) in names.enumerated() {
      let inviter = dice.roll(-1...Int64(index) - 1)
      let rank = plan.ranks[Int(dice.roll(0...Int64(plan.ranks.count) - 1))]
      standings[name] = Standing(inviter: inviter < 0 ? nil : names[Int(inviter)], rank: rank)
    }
    func somebody(_ dice: inout Dice) -> MemberID? {
      let place = dice.roll(-3...9)
      return place < 0 ? nil : names[Int(place)]
    }
    var participants = Participants(
      seller: somebody(&dice), host: somebody(&dice), promoter: somebody(&dice),
      buyer: somebody(&dice))
    if dice.roll(0...1) == 1 { participants.pact = Rate(trusted: Int32(dice.roll(0...1_000_000))) }
    let from = Int64(plan.lineRates.lowerBound.partsPerMillion)
    let to = Int64(plan.lineRates.upperBound.partsPerMillion)
    let lines = (0..<dice.roll(1...4)).map { _ -> Sale.Line in
      let large = dice.roll(0...9) == 0
      let paid = dice.roll(0...(large ? Amount.limit.minorUnits : 50_000))
      return Sale.Line(
        paid: Amount(paid), refunded: Amount(dice.roll(0...1) == 0 ? 0 : dice.roll(0...paid)),
        cost: Amount(dice.roll(0...(large ? Amount.limit.minorUnits : 60_000))),
        rate: Rate(trusted: Int32(dice.roll(from...to))))
    }
    return SettlementRequest(
      id: SettlementRequest.id(
        storefront: StorefrontID(trusted: "shop.eu"), order: OrderID(trusted: "o:~-_1"),
        revision: dice.roll(0...Int64.max - 1)),
      planDocument: plan.document, plan: plan.reference,
      sale: Sale(currency: .cny, lines: lines),
      snapshot: plan.snapshot(of: participants) { standings[$0] })
  }
}

/// A service of a test: answers as a closure says, or lets the client wait.
final class ScriptedService: Sendable {
  typealias Script = @Sendable (HTTPRequest) -> HTTPResponse?

  let address: CommissionAddress
  private let loop: Loop<Delegate>

  final class Delegate: LoopDelegate {
    typealias Message = Never
    private let connections: Connections
    private let script: Script

    init(_ connections: Connections, _ script: @escaping Script) {
      self.connections = connections
      self.script = script
    }

    func connectionOpened(_ id: ConnectionID, address: InternetAddress) -> Bool { true }
    func requestReceived(_ request: HTTPRequest, on id: ConnectionID) {
      if let response = script(request) { connections.respond(response, to: id) }
    }
    func upgradeRequested(_ request: HTTPRequest, on id: ConnectionID) -> UpgradeDecision {
      .refuse(HTTPResponse(status: 404))
    }
    func messageReceived(_ text: [UInt8], on id: ConnectionID) {}
    func connectionClosed(_ id: ConnectionID, cause: CloseCause) {}
    func messagePosted(_ message: Never) {}
  }

  init(_ script: @escaping Script) throws {
    let wanted = try #require(InternetAddress(host: "127.0.0.1", port: 0))
    let listener = try Transport.Listener.open(wanted, count: 1)[0]
    address = try #require(CommissionAddress(host: "127.0.0.1", port: listener.address.port))
    loop = try Loop(
      index: 0, configuration: LoopConfiguration(sha1: SHA1.digest(of:)), listener: listener)
    try loop.start { _, connections in Delegate(connections, script) }
  }

  deinit {
    loop.drain(withinMilliseconds: 0)
    loop.join()
  }
}
