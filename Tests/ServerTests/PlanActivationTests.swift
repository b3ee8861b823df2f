// Plans over HTTP: documents, findings, acceptance; and a restart that remembers it.

import Commission
import Notation
import Testing

@testable import Server

@Suite("Plans over HTTP")
struct PlanActivationTests {
  private func put(_ shop: Shop, _ body: JSON) throws -> Desk.Reply {
    try shop.door.desk().send(.put, "/v1/storefront", body)
  }

  @Test("Cash per head is refused with its findings, accepted by name, and remembered")
  func acceptance() throws {
    let shop = try Shop.open()
    let refused = try put(shop, ["name": "Shop", "plan": "wanwu"])
    #expect(refused.status == 422 && refused.code == "plan_findings")
    let finding = refused.body["findings"]?.elements?.first
    #expect(finding?["code"] == "headcount_pay" && finding?["limb"] == 1)
    #expect(finding?["citation"]?["zh"] == "《禁止传销条例》第七条第（一）项")
    let before = try shop.door.desk().get("/v1/storefront")
    #expect(before["plan"] == "fengxiang" && before["acceptedRisks"] == .null)

    let accepted = try put(
      shop, ["name": "Shop", "plan": "wanwu", "acceptedRisks": ["headcount_pay"]])
    #expect(accepted.body["planVersion"] == 2)
    shop.server.stop()
    try shop.resume()
    let after = try shop.door.desk().get("/v1/storefront")
    #expect(after["plan"] == "wanwu" && after["planVersion"] == 2)
    #expect(after["acceptedRisks"]?["risks"] == ["headcount_pay"])
    #expect(after["acceptedRisks"]?["by"]?.text?.isEmpty == false)
    #expect(after["acceptedRisks"]?["at"]?.text?.hasSuffix("Z") == true)
    // Only the name changes: nothing is activated.
    #expect(try put(shop, ["name": "New"]).body["planVersion"] == 2)
  }

  @Test("A plan may be given as a document, and its parameters change later without it")
  func document() throws {
    let shop = try Shop.open()
    let pack = try JSON.read(redFixtureBytes("joining-pack"))
    let risks: JSON = ["headcount_pay", "joining_purchase"]
    #expect(try put(shop, ["name": "S", "planDocument": pack]).code == "plan_findings")
    let active = try put(shop, ["name": "S", "planDocument": pack, "acceptedRisks": risks])
    #expect(active.body["plan"] == "joiningPack" && active.body["planVersion"] == 2)
    // Free of its bonus only, then of the pack as well: what was bound before stays.
    let cheaper = try put(
      shop,
      ["name": "S", "parameters": ["packBonus": 0], "acceptedRisks": ["joining_purchase"]])
    #expect(cheaper.body["planVersion"] == 3)
    let free = try put(shop, ["name": "S", "parameters": ["packPrice": 0]])
    #expect(free.body["planVersion"] == 4, "\(free.body)")
    #expect(try shop.door.desk().get("/v1/storefront")["acceptedRisks"] == .null)
  }

  @Test(
    "What cannot be a plan is refused with the field at fault",
    arguments: [
      (["plan": "wanwu", "planDocument": [:]], "planDocument"),
      (["planDocument": "wanwu"], "planDocument"),
      (["planDocument": ["format": 1]], "planDocument"),
      (["plan": "nowhere"], "plan"), (["acceptedRisks": ["everything"]], "acceptedRisks[0]"),
      (
        ["plan": "wanwu", "acceptedRisks": ["headcount_pay", "headcount_pay"]], "acceptedRisks[1]"
      ),
      (["plan": "wanwu", "acceptedRisks": ["joining_fee"]], "acceptedRisks[0]"),
      (["plan": "wanwu", "parameters": ["goldBonus": -1]], "parameters.goldBonus"),
      (["parameters": ["goldBonus": 1]], "parameters.goldBonus"),
    ] as [(JSON, String)])
  func refused(body: JSON, field: String) throws {
    let shop = try Shop.open()
    let reply = try put(shop, .object([JSON.Member("name", "S")] + (body.members ?? [])))
    #expect(reply.status == 422 && reply.code == "invalid_field", "\(reply.body)")
    #expect(reply.body["field"]?.text == field)
    #expect(try shop.door.desk().get("/v1/storefront")["plan"] == "fengxiang")
  }
}
