import Commerce
import Notation

extension Command {
  /// What has to be the same for a repeat of a reported event to be the same event.
  ///
  /// Only what the caller said counts, not what the shell found out (such as which members a payout
  /// reaches). Empty for commands that carry no event id. The format is stored for ever: fields in this
  /// order, absent ones left out.
  var canonicalBody: [UInt8] {
    var writer = JSONWriter(reserving: 160)
    writer.beginObject()
    switch self {
    case .join(_, let name, let inviter, let rank, _, let invite):
      writer.field("name", name)
      writer.field("inviter", inviter?.text)
      writer.field("rank", rank)
      writer.field("invite", invite?.text)
    case .placeOrder(_, let room, let buyer, let sku, let units, let promoter, let price):
      writer.field("room", room.text)
      writer.field("buyer", buyer.text)
      writer.field("promoter", promoter?.text)
      writer.field("sku", sku.text)
      writer.field("units", units)
      writer.field("price", price?.minorUnits)
    case .reportOrder(let order): order.writeBody(&writer)
    case .pay(let order, _, let paid, let at):
      writer.field("order", order.text)
      writer.field("at", at.milliseconds)
      writer.parts(paid)
    case .deliver(let order, _, let at), .dispute(let order, _, let at),
      .resolve(let order, _, let at):
      writer.field("order", order.text)
      writer.field("at", at.milliseconds)
    case .refund(let order, _, let lines, let at):
      writer.field("order", order.text)
      writer.field("at", at.milliseconds)
      writer.parts(lines)
    case .payOut(_, let until, _): writer.field("until", until?.milliseconds)
    case .acknowledge(let statement, _, let failed, let at):
      writer.field("statement", statement.text)
      writer.field("at", at.milliseconds)
      writer.key("failed")
      writer.beginArray()
      for failure in failed {
        writer.beginArray()
        writer.string(failure.member.text)
        writer.string(failure.reason)
        writer.endArray()
      }
      writer.endArray()
    case .revoke(_, .person(let person, let before), _):
      writer.field("person", person.text)
      writer.field("before", before?.milliseconds)
    case .revoke(_, .token(let token), _): writer.field("token", token)
    default: break
    }
    writer.endObject()
    return writer.bytes
  }
}

extension ReportedOrder {
  fileprivate func writeBody(_ writer: inout JSONWriter) {
    writer.field("room", room?.text)
    writer.field("seller", seller?.text)
    writer.field("promoter", promoter?.text)
    writer.field("buyer", buyer.text)
    writer.field("at", placedAt.milliseconds)
    writer.field("expires", expiresAt?.milliseconds)
    writer.field("payment", payment?.id.text)
    writer.field("paid", payment?.at.milliseconds)
    writer.key("lines")
    writer.beginArray()
    for line in lines {
      writer.beginObject()
      writer.field("sku", line.sku.text)
      writer.field("units", line.units)
      writer.field("paid", line.paid.minorUnits)
      writer.field("cost", line.cost?.minorUnits)
      writer.field("supplier", line.terms?.supplier.text)
      writer.field("rate", (line.terms?.rate.partsPerMillion).map(Int64.init))
      writer.endObject()
    }
    writer.endArray()
  }
}

extension JSONWriter {
  fileprivate mutating func field(_ name: StaticString, _ text: String?) {
    guard let text else { return }
    key(name)
    string(text)
  }

  fileprivate mutating func field(_ name: StaticString, _ number: Int64?) {
    guard let number else { return }
    key(name)
    integer(number)
  }

  fileprivate mutating func parts(_ parts: [LineAmount]) {
    key("lines")
    beginArray()
    for part in parts {
      beginArray()
      integer(part.line)
      integer(part.amount.minorUnits)
      endArray()
    }
    endArray()
  }
}
