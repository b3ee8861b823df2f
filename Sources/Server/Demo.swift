// A storefront to try everything with: only where the operator starts the server with --demo.

import Commerce
import Commission
import Coordination
import Notation
import Transport
import Wire

/// The demonstration's storefront, people and products.
enum Demo {
  /// The storefront's id.
  static let storefront = StorefrontID(trusted: "demo")
  /// Signs the demonstration's people in for half a day.
  static let lifetimeMilliseconds: Int64 = 43_200_000

  /// Fills an empty store with a storefront, a host, a promoter and some products.
  ///
  /// - Parameters:
  ///   - store: where; nothing happens if the storefront is there.
  ///   - now: the moment.
  /// - Throws: what the store throws.
  static func prepare(store: any Store, at now: Timestamp) throws {
    let coordinator = Coordinator(store: store)
    guard try coordinator.record(.storefront(storefront)) == nil else { return }
    let configured = Storefront(
      id: storefront, name: "Waggle demo 蜂舞演示店", currency: .cny, zone: .shanghai,
      precedence: [.code, .visit, .lock], visitHoldMilliseconds: Storefront.visitHoldDefault,
      unpaidHoldMilliseconds: Storefront.unpaidHoldDefault, planVersion: 1, createdAt: now)
    var commands: [Command] = [
      .configureStorefront(configured, plan: try Plan.shipped("fengxiang")),
      .join(
        member: MemberID(trusted: "host-lin"), name: "林晓 Lin Xiao", inviter: nil, rank: nil,
        at: now),
      .join(
        member: MemberID(trusted: "promoter-chen"), name: "陈晨 Chen Chen", inviter: nil, rank: nil,
        at: now),
    ]
    for item in products { commands.append(.importItem(item)) }
    for command in commands {
      if case .failure(let rejection) = try coordinator.decide(
        command, by: .system, storefront: storefront, at: now)
      {
        preconditionFailure("the demonstration's own data is valid: \(rejection.message)")
      }
    }
    _ = try coordinator.commit()
  }

  private static var products: [CatalogueItem] {
    let rows: [(id: String, title: String, category: String, price: Int64, cost: Int64)] = [
      ("tea-longjing", "西湖龙井 明前特级 100g", "茶", 16_800, 9_200),
      ("tea-puer", "云南普洱 古树熟茶 357g", "茶", 12_900, 6_400),
      ("honey-acacia", "长白山 椴树蜜 500g", "食品", 8_900, 4_300),
      ("rice-wuchang", "五常大米 稻花香 5kg", "食品", 7_990, 5_100),
      ("silk-scarf", "苏州真丝方巾", "服饰", 25_900, 11_000),
      ("bowl-jingdezhen", "景德镇手绘青花碗 四只", "家居", 13_800, 6_900),
      ("lamp-desk", "护眼台灯 无频闪", "家居", 19_900, 10_500),
      ("cream-hand", "山茶花护手霜 三支装", "美妆", 5_990, 2_100),
    ]
    let supplier = SupplierID(trusted: "supplier-demo")
    return rows.enumerated().map { index, row in
      let product = ProductID(trusted: row.id)
      return CatalogueItem(
        product: Product(
          id: product, supplier: supplier, title: row.title, category: row.category, picture: ""),
        sku: SKU(
          id: SKUID(trusted: row.id), product: product, supplier: supplier, title: row.title,
          picture: "", currency: .cny, price: Amount(row.price), cost: Amount(row.cost),
          rate: Rate(trusted: Int32(100_000 + 25_000 * (index % 5))), saleFrom: nil,
          saleUntil: nil),
        supplied: index == 4 ? 12 : 500)
    }
  }
}

extension LoopServer {
  /// The demonstration's sign-in and checkout.
  func demonstrate(_ request: HTTPRequest, on id: ConnectionID) {
    do throws(Fault) {
      let segments = request.target.segments
      guard request.method == .post else { throw Fault.notFound }
      if segments == ["demo", "session"] {
        connections.respond(.json(200, try signIn(request).bytes), to: id)
      } else if segments.count == 4, segments[1] == "orders", segments[3] == "payment" {
        try checkOut(request, segments[2], on: id)
      } else {
        throw Fault.notFound
      }
    } catch {
      connections.respond(error.response, to: id)
    }
  }

  private func signIn(_ request: HTTPRequest) throws(Fault) -> JSON {
    var fields = try Fields(body: request)
    let role = try fields.text("role", bytesMax: 16)
    _ = try fields.optionalText("name", bytesMax: 64)
    try fields.finish()
    let person: PersonID
    let scopes: Token.Scopes
    switch role {
    case "host": (person, scopes) = (PersonID(trusted: "host-lin"), [.host])
    case "promoter": (person, scopes) = (PersonID(trusted: "promoter-chen"), [.promoter])
    case "operator": (person, scopes) = (PersonID(trusted: "operator"), [.operator, .backend])
    case "viewer":
      (person, scopes) = (try context.keyring.randomPerson(prefix: "viewer-"), [.viewer])
    default: throw .invalidField("role", "A role is host, promoter, viewer or operator.")
    }
    let token = try context.keyring.issue(
      person: person, storefront: Demo.storefront, scopes: scopes,
      lifetimeMilliseconds: Demo.lifetimeMilliseconds, now: context.clock())
    return [
      "token": .string(token), "person": .string(person.text),
      "storefront": .string(Demo.storefront.text),
    ]
  }

  /// Stands in for the storefront's checkout: reports the payment and the delivery of a buyer's own order.
  private func checkOut(
    _ request: HTTPRequest, _ order: String, on id: ConnectionID
  ) throws(Fault) {
    guard let token = Access.bearerToken(request) ?? Access.cookieToken(request) else {
      throw .unauthenticated
    }
    let now = context.clock()
    let buyer = try context.caller(from: token)
    guard buyer.storefront == Demo.storefront, order.hasPrefix(buyer.person.text + "~"),
      let orderID = try? OrderID(order)
    else { throw .forbidden("paying somebody else's order") }
    let cashier = Caller(
      person: PersonID(trusted: "demo-checkout"), storefront: Demo.storefront, scopes: [.backend],
      expiry: buyer.expiry)
    // Ids made of the order's own, so that pressing twice pays once. They may be too long together.
    guard let payment = try? FactID("pay-" + order), let delivery = try? FactID("del-" + order)
    else { throw .invalidField("order", "The order's id is too long for the demonstration.") }
    let paid = Call.command(.pay(orderID, payment: payment, paid: [], at: now))
    guard submit(paid, cashier, on: id, .http(createsThing: true)) else { throw .busy }
    let delivered = Call.command(.deliver(orderID, delivery: delivery, at: now))
    _ = submit(delivered, cashier, on: id, .nobody)
  }
}
