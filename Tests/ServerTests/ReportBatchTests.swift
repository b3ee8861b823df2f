// Many reports in one request, through the sockets of a running server.

import Notation
import Testing

@testable import Server

@Suite("Batches of reports")
struct ReportBatchTests {
  private func entry(_ kind: String, _ fields: JSON, order: String? = nil) -> JSON {
    var members = [JSON.Member("report", .string(kind))] + (fields.members ?? [])
    if let order { members.append(JSON.Member("order", .string(order))) }
    return .object(members)
  }

  private func send(_ desk: Desk, _ reports: [JSON]) throws -> [JSON] {
    let reply = try desk.post("/v1/reports", ["reports": .array(reports)])
    try #require(reply.status == 200, "\(reply.body)")
    let results = try #require(reply.body["results"]?.elements)
    #expect(results.count == reports.count)
    return results
  }

  @Test(
    "Each report gets the answer that it would have got alone, later ones building on earlier ones")
  func inOrder() throws {
    let shop = try Shop.open()
    let desk = try shop.door.desk()
    let order = Report.order("b1")
    let payment = Report.payment("b1").body
    let delivery = Report.delivery("b1").body
    let results = try send(
      desk,
      [
        entry("order", order), entry("payment", payment, order: "b1"),
        entry("payment", Report.payment("nobody").body, order: "nobody"),
        entry("order", ["order": "b2"]), "no object", entry("gift", [:], order: "b1"),
        entry("delivery", delivery, order: "b1"),
      ])
    #expect(results.map { $0["status"] } == [201, 201, 404, 422, 422, 422, 201])
    #expect(results[2]["problem"]?["code"] == "unknown_order")
    #expect(results[3]["problem"]?["field"] == "placedAt")
    #expect(results[5]["problem"]?["field"] == "report")
    #expect(results[6]["body"]?["state"] == "delivered")
    // The same reports alone are repeats with the same answers.
    for (path, body, result) in [
      ("/v1/orders", order, results[0]), ("/v1/orders/b1/payment", payment, results[1]),
      ("/v1/orders/b1/delivery", delivery, results[6]),
    ] {
      let alone = try desk.post(path, body)
      #expect(alone.isRepeat)
      #expect(alone.body == result["body"])
    }
  }

  @Test("A batch sent again is answered alike and books nothing")
  func repeats() throws {
    let shop = try Shop.open()
    let desk = try shop.door.desk()
    let reports = (0..<20).map { number -> JSON in
      let paid: JSON = [
        "payment": .string("p\(number)"), "paidAt": .string(wallClock().description),
      ]
      let order = Report.order("c\(number)").members ?? []
      return entry("order", .object(order + (paid.members ?? [])))
    }
    let first = try send(desk, reports)
    #expect(first.allSatisfy { $0["status"] == 201 && $0["body"]?["state"] == "paid" })
    let ledger = try desk.get("/v1/ledger")
    let again = try send(desk, reports)
    #expect(again.allSatisfy { $0["status"] == 200 })
    #expect(again.map { $0["body"] } == first.map { $0["body"] })
    #expect(try desk.get("/v1/ledger") == ledger)
  }

  @Test("A batch has 1 to 500 reports and is for backends and operators")
  func bounds() throws {
    let shop = try Shop.open()
    let desk = try shop.door.desk()
    let one = entry("cancellation", ["cancelledAt": "2026-03-01T10:00:00Z"], order: "x")
    #expect(try send(desk, Array(repeating: one, count: 500)).count == 500)
    for reports in [[], Array(repeating: one, count: 501)] {
      let reply = try desk.post("/v1/reports", ["reports": .array(reports)])
      #expect(reply.status == 422)
      #expect(reply.body["field"] == "reports")
    }
    let viewer = try shop.door.desk(.viewer)
    #expect(try viewer.post("/v1/reports", ["reports": [one]]).code == "forbidden")
  }
}
