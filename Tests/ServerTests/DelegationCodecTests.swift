// The wire form of a delegated settlement: exact both ways, and strict.

import Commerce
import Commission
import Notation
import Testing

@testable import Server

@Suite("The wire form of delegated settlements")
struct DelegationCodecTests {
  @Test("A request and its answer are read back as they were, for random sales of every plan")
  func roundTrip() throws {
    var dice = Dice(3)
    var reasons: Set<String> = []
    for plan in try DelegationSample.plans() {
      for _ in 0..<200 {
        let request = DelegationSample.request(plan, &dice)
        let bytes = SettlementCodec.bytes(request)
        #expect(try SettlementCodec.request(bytes) == request)
        let settlement = try plan.settle(request.sale, request.snapshot)
        let answer = SettlementCodec.json(settlement, id: request.id)
        let read = try SettlementCodec.answer(answer.bytes)
        #expect(read.settlement == settlement)
        #expect(read.id == request.id)
        for share in settlement.withheld {
          switch share.reason {
          case .nobody: reasons.insert("nobody")
          case .condition: reasons.insert("condition")
          case .selfPurchase: reasons.insert("selfPurchase")
          }
        }
        for share in settlement.lines.flatMap(\.shares) {
          reasons.insert("\(share.rounding)")
          if case .share = share.baseName { reasons.insert("base") }
          if case .share = share.funding { reasons.insert("funding") }
        }
      }
    }
    // Own purchases that a plan denies are not in the shipped plans' defaults.
    #expect(reasons.isSuperset(of: ["nobody", "condition", "down", "rest", "base", "funding"]))
  }

  @Test("An own purchase that the plan denies is read back too")
  func selfPurchase() throws {
    let document = String(decoding: try Plan.shipped("wanwu").document, as: UTF8.self)
    let denying = document.replacing(
      #""selfPurchase":"allowed""#, with: #""selfPurchase":"denied""#)
    let plan = try Plan(document: Array(denying.utf8))
    let member = MemberID(trusted: "B")
    let snapshot = plan.snapshot(of: Participants(seller: member, buyer: member)) { _ in
      Standing(inviter: nil, rank: plan.lowestRank)
    }
    let settlement = try plan.settle(try DelegationSample.request().sale, snapshot)
    #expect(settlement.withheld.contains { $0.reason == .selfPurchase })
    let answer = SettlementCodec.json(settlement, id: "s/o/1")
    #expect(try SettlementCodec.answer(answer.bytes).settlement == settlement)
  }

  @Test("The document of a plan is sent byte for byte")
  func document() throws {
    let request = try DelegationSample.request()
    let read = try SettlementCodec.request(SettlementCodec.bytes(request))
    let plan = try Plan(document: read.planDocument)
    #expect(try plan == Plan.shipped("wanwu"))
    #expect(read.planDocument == request.planDocument)
  }

  @Test(
    "An altered answer is refused where it was altered",
    arguments: [
      (#""version":1,"id""#, #""version":2,"id""#, "version"),
      (#""id":"shop/o1/0","#, #""id":"shop/o1","#, "id"),
      (#""id":"shop/o1/0","#, "", "id"),
      (#""id":"shop/o1/0","#, #""id":"shop/o1/0","ID":1,"#, "ID"),
      (#""id":"shop/o1/0","#, #""id":"shop/o1/0","id":"shop/o1/0","#, ""),
      (#""currency":"CNY""#, #""currency":"yuan""#, "currency"),
      (#""net":20000"#, #""net":20001"#, "lines[0].platform"),
      (#""net":20000"#, #""net":-1"#, "lines[0].net"),
      (#""net":20000"#, #""net":20000.0"#, "lines[0].net"),
      (#""net":20000"#, #""net":1000000000001"#, "lines[0].net"),
      (#""pool":4000"#, #""pool":20001"#, "lines[0].pool"),
      (#""supplier":9000"#, #""supplier":9001"#, "lines[0].platform"),
      (#""platform":6000"#, #""platform":5999"#, "lines[0].platform"),
      (#""payee":"B""#, #""payee":"B B""#, "lines[0].shares[0].payee"),
      (#""amount":4000"#, #""amount":3999"#, "lines[0].shares[0].amount"),
      (#""amount":4000"#, #""amount":4001"#, "lines[0].shares[0].amount"),
      (#""amount":4000"#, #""amount":-1"#, "lines[0].shares[0].amount"),
      (#""deducted":0"#, #""deducted":1"#, "lines[0].shares[0].amount"),
      (#""rounding":"down""#, #""rounding":"rest""#, "lines[0].shares[0].rounding"),
      (#""rounding":"down""#, #""rounding":"up""#, "lines[0].shares[0].rounding"),
      (#""base":"pool""#, #""base":"gross""#, "lines[0].shares[0].base"),
      (#""base":"pool""#, #""base":{"share":"a","x":1}"#, "lines[0].shares[0].base.x"),
      (#""funding":"platform""#, #""funding":null"#, "lines[0].shares[0].funding"),
      (#""selfPurchase":false"#, #""selfPurchase":0"#, "selfPurchase"),
      (#""lines":["#, #""lines":[],"x":["#, "lines"),
    ])
  func alteredAnswer(part: String, replacement: String, place: String) throws {
    let request = try DelegationSample.request()
    let settlement = try Plan.shipped("wanwu").settle(request.sale, request.snapshot)
    let text = SettlementCodec.json(settlement, id: request.id).description
    let range = try #require(text.firstRange(of: part), "\(part) is not in \(text)")
    let altered = text.replacingCharacters(range, with: replacement)
    let fault = #expect(throws: CodecFault.self) { try SettlementCodec.answer(Array(altered.utf8)) }
    #expect(fault?.place == place)
  }

  @Test("The amounts of an answer may be at the limit and no further")
  func limit() throws {
    let plan = try Plan.shipped("wanwu")
    var request = try DelegationSample.request()
    let line = Sale.Line(paid: .limit, cost: .zero, rate: Rate(trusted: 200_000))
    request = SettlementRequest(
      id: request.id, planDocument: request.planDocument, plan: request.plan,
      sale: Sale(currency: .cny, lines: [line]), snapshot: request.snapshot)
    let settlement = try plan.settle(request.sale, request.snapshot)
    let answer = SettlementCodec.json(settlement, id: request.id)
    #expect(try SettlementCodec.answer(answer.bytes).settlement == settlement)
  }

  @Test(
    "An altered request is refused where it was altered",
    arguments: [
      (#""version":1,"id""#, #""version":0,"id""#, "version"),
      (#""id":"shop/o1/0""#, #""id":"shop/o1/01""#, "id"),
      (#""planDocument":{"#, #""planDocument":1,"x":{"#, "planDocument"),
      (#""paid":20000"#, #""paid":"20000""#, "sale.lines[0].paid"),
      (#""ratePpm":200000}"#, #""ratePpm":1000001}"#, "sale.lines[0].ratePpm"),
      (#""ratePpm":200000}"#, #""ratePpm":200000,"units":1}"#, "sale.lines[0].units"),
      (#""snapshot":{"plan""#, #""snapshot":{"Plan":1,"plan""#, "snapshot.Plan"),
      (#""as":"seller""#, #""as":7"#, "snapshot.people[0].as"),
    ])
  func alteredRequest(part: String, replacement: String, place: String) throws {
    let text = String(
      decoding: SettlementCodec.bytes(try DelegationSample.request()), as: UTF8.self)
    let range = try #require(text.firstRange(of: part), "\(part) is not in \(text)")
    let altered = text.replacingCharacters(range, with: replacement)
    let fault = #expect(throws: CodecFault.self) {
      try SettlementCodec.request(Array(altered.utf8))
    }
    #expect(fault?.place == place)
  }

  @Test(
    "The id of a request is storefront, order and revision",
    arguments: [
      ("s/o/0", true), ("a.b/c:d~/9223372036854775807", true), ("s/o/9223372036854775808", false),
      ("s/o/-1", false), ("s/o/+1", false), ("s/o/00", false), ("s/o/", false), ("s//1", false),
      ("/o/1", false), ("s/o/1/", false), ("s/o/1/2", false), ("s o/o/1", false), ("", false),
    ])
  func ids(text: String, isID: Bool) {
    #expect(SettlementRequest.isID(text) == isID)
  }
}

extension String {
  /// The text with one part of it replaced.
  fileprivate func replacingCharacters(
    _ range: Range<String.Index>, with replacement: String
  ) -> String {
    String(self[..<range.lowerBound]) + replacement + String(self[range.upperBound...])
  }
}
