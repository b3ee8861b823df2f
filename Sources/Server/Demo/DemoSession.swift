// The demonstration's own paths: signing in as somebody, the checkout, the pictures of its products.

import Commerce
import Coordination
import Notation
import Transport
import Wire

extension LoopServer {
  /// The demonstration's sign-in, checkout and pictures.
  func demonstrate(_ request: HTTPRequest, on id: ConnectionID) {
    do throws(Fault) {
      let segments = request.target.segments
      if segments.count == 3, segments[1] == "pictures",
        let picture = DemoPictures.picture(named: segments[2]),
        request.method == .get || request.method == .head
      {
        return reply(.picture(picture), to: id)
      }
      guard request.method == .post else { throw Fault.notFound }
      if segments == ["demo", "session"] {
        reply(.json(200, try signIn(request).bytes), to: id)
      } else if segments.count == 4, segments[1] == "orders", segments[3] == "payment" {
        try checkOut(request, segments[2], on: id)
      } else {
        throw Fault.notFound
      }
    } catch {
      reply(error.response, to: id)
    }
  }

  private func signIn(_ request: HTTPRequest) throws(Fault) -> JSON {
    var fields = try Fields(body: request)
    let role = try fields.text("role", bytesMax: 16)
    _ = try fields.optionalText("name", bytesMax: 64)
    let wanted = try fields.optionalText("storefront", bytesMax: 64)
    try fields.finish()
    let person: PersonID
    let scopes: Token.Scopes
    switch role {
    case "host": (person, scopes) = (Demo.hostLin, [.host])
    case "promoter": (person, scopes) = (Demo.promoterChen, [.promoter])
    case "operator": (person, scopes) = (PersonID(trusted: "operator"), [.operator, .backend])
    case "viewer":
      (person, scopes) = (try context.keyring.randomPerson(prefix: "viewer-"), [.viewer])
    default: throw .invalidField("role", "A role is host, promoter, viewer or operator.")
    }
    // The second storefront is for its operator only; nobody hosts a show there.
    let open = [(Demo.storefront, Demo.name)] + (role == "operator" ? [DemoWanwu.named] : [])
    guard let (storefront, _) = wanted == nil ? open[0] : open.first(where: { $0.0.text == wanted })
    else { throw .invalidField("storefront", "The role has no such storefront.") }
    let token = try context.keyring.issue(
      person: person, storefront: storefront, scopes: scopes,
      lifetimeMilliseconds: Demo.lifetimeMilliseconds, now: context.clock())
    return [
      "token": .string(token), "person": .string(person.text),
      "storefront": .string(storefront.text),
      "storefronts": .array(
        open.map { ["storefront": .string($0.0.text), "name": .string($0.1)] }),
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
    // Ids made of the order's own, so that nobody pays twice: whoever presses again later is told of a
    // conflict. They may be too long together.
    guard let payment = try? FactID("pay-" + order), let delivery = try? FactID("del-" + order)
    else { throw .invalidField("order", "The order's id is too long for the demonstration.") }
    let paid = Call.command(.pay(orderID, payment: payment, paid: [], at: now))
    guard submit(paid, cashier, on: id, .http(createsThing: true)) else { throw .busy }
    let delivered = Call.command(.deliver(orderID, delivery: delivery, at: now))
    _ = submit(delivered, cashier, on: id, .nobody)
  }
}

extension HTTPResponse {
  /// A picture, which is the same for ever and can do nothing.
  fileprivate static func picture(_ body: [UInt8]) -> HTTPResponse {
    HTTPResponse(
      status: 200,
      headers: HTTPHeaders([
        ("Content-Type", "image/svg+xml"), ("Cache-Control", "public, max-age=86400"),
        ("Content-Security-Policy", "default-src 'none'"), ("X-Content-Type-Options", "nosniff"),
      ]), body: body)
  }
}
