// Activating a plan: what is refused, what has to be accepted, and what is kept of it.
import Commerce
import Commission
import Coordination
import Notation
import Testing

@Suite("Activating a plan")
struct ActivationTests {
  private let store = MemoryStore()
  private let coordinator: Coordinator
  private static let boss = PersonID(trusted: "boss")

  init() { coordinator = Coordinator(store: store) }

  private func activate(
    _ plan: Plan, _ risks: RiskAcceptance, at minute: Int64 = 0
  ) throws -> Result<Outcome, Rejection> {
    let now = Shop.start.advanced(byMilliseconds: minute * 60_000)
    let storefront = Storefront(
      id: Shop.id, name: "Shop", currency: .cny, zone: .shanghai, precedence: [.lock],
      visitHoldMilliseconds: 0, unpaidHoldMilliseconds: 1000, planVersion: 1, createdAt: now)
    let result = try coordinator.decide(
      .configureStorefront(storefront, plan: plan, risks: risks), by: .system, storefront: Shop.id,
      at: now)
    _ = try coordinator.commit()
    return result
  }

  private func accepting(_ names: String...) -> RiskAcceptance { .named(names, by: Self.boss) }

  private func version(_ number: Int64) -> PlanVersion? {
    guard case .planVersion(let version)? = store.records[.planVersion(Shop.id, number)] else {
      return nil
    }
    return version
  }

  @Test("A plan with cash per head is refused with its findings, and nothing is stored")
  func refused() throws {
    for risks in [RiskAcceptance.nothing, accepting()] {
      guard case .failure(let rejection) = try activate(try Plan.shipped("wanwu"), risks) else {
        Issue.record("accepted")
        continue
      }
      #expect(rejection.code == .planFindings)
      #expect(rejection.field == "acceptedRisks")
      #expect(rejection.message.contains("headcount_pay"))
      let findings = rejection.details.first { $0.key == "findings" }?.value.elements
      #expect(findings?.count == 1)
      #expect(findings?.first?["code"]?.text == "headcount_pay")
      #expect(findings?.first?["limb"]?.integer == 1)
      #expect(store.records.isEmpty)
    }
  }

  @Test("Once the risk is accepted by name the plan is in force, with who, when and which")
  func accepted() throws {
    _ = try activate(try Plan.shipped("wanwu"), accepting("headcount_pay"), at: 7).get()
    #expect(
      version(1)?.accepted
        == AcceptedRisks(
          by: Self.boss, at: Shop.start.advanced(byMilliseconds: 420_000), risks: [.headcountPay]))
  }

  @Test("A plan without errors needs no acceptance and records none")
  func lawful() throws {
    for name in ["fengxiang", "shuai", "youpin"] {
      _ = try activate(try Plan.shipped(name), accepting()).get()
    }
    let tame = try Plan.shipped(
      "wanwu", parameters: ["goldBonus": .integer(0), "seniorBonus": .integer(0)])
    _ = try activate(tame, .nothing).get()
    #expect((1...4).allSatisfy { version($0)?.accepted == nil && version($0) != nil })
  }

  @Test(
    "A risk that is no error of the plan cannot be accepted, in advance or by mistake",
    arguments: [
      ["joining_fee"], ["headcount_pay", "upline_pay"], ["headcount_pay", "everything"],
    ])
  func notThere(names: [String]) throws {
    guard
      case .failure(let rejection) = try activate(
        try Plan.shipped("wanwu"), .named(names, by: Self.boss))
    else {
      Issue.record("accepted")
      return
    }
    #expect(rejection.code == .invalidField)
    #expect(rejection.field == "acceptedRisks[\(names.count - 1)]")
    #expect(store.records.isEmpty)
  }

  @Test("Each of several errors has to be named")
  func several() throws {
    let text = String(decoding: try Plan.shipped("wanwu").document, as: UTF8.self)
    let requirement =
      #""joining":{"requirement":{"kind":"fee","title":{"en":"f","zh":"费"},"amount":9900},"#
    guard let range = text.firstRange(of: #""joining":{"#) else {
      Issue.record("the document has no joining")
      return
    }
    let plan = try Plan(
      document: Array(text.replacingCharacters(in: range, with: requirement).utf8))
    for risks in [accepting("headcount_pay"), accepting("joining_fee"), .nothing] {
      guard case .failure(let rejection) = try activate(plan, risks) else {
        Issue.record("accepted")
        continue
      }
      #expect(rejection.code == .planFindings)
    }
    _ = try activate(plan, accepting("joining_fee", "headcount_pay")).get()
    #expect(version(1)?.accepted?.risks == [.headcountPay, .joiningFee])
  }

  @Test("The plan in force needs no second acceptance, and keeps the first; another one does")
  func again() throws {
    let wanwu = try Plan.shipped("wanwu")
    _ = try activate(wanwu, accepting("headcount_pay"), at: 1).get()
    let first = version(1)
    _ = try activate(wanwu, .nothing, at: 2).get()
    _ = try activate(wanwu, .named(["headcount_pay"], by: PersonID(trusted: "other")), at: 3).get()
    #expect(version(1) == first && version(2) == nil)
    let dearer = try Plan.shipped("wanwu", parameters: ["goldBonus": .integer(20_000)])
    guard case .failure(let rejection) = try activate(dearer, .nothing, at: 4) else {
      Issue.record("accepted")
      return
    }
    #expect(rejection.code == .planFindings)
    #expect(version(2) == nil)
    _ = try activate(dearer, accepting("headcount_pay"), at: 5).get()
    #expect(version(1) == first)
    #expect(version(2)?.accepted?.at == Shop.start.advanced(byMilliseconds: 300_000))
  }

  @Test("A trial looks at no finding and records no acceptance")
  func trial() throws {
    _ = try activate(try Plan.shipped("wanwu"), .trial).get()
    #expect(version(1)?.accepted == nil)
  }
}

extension String {
  fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
    var copy = self
    copy.replaceSubrange(range, with: text)
    return copy
  }
}
