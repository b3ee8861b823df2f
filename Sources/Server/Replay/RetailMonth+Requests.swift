// What a month becomes on the wire: catalogue files, and the bodies of members, rooms, touches and
// orders. The same month gives the same bytes on every run, so that a second run is a repeat throughout and
// the server can say so. Source: Protocol/README.md. Values only; any thread.

import Commerce
import Notation

extension RetailMonth {
  /// The promoter's share of the pool, in parts per million.
  static let pactPartsPerMillion: Int64 = 300_000
  /// Long before any campaign, so that everybody is a member when the first link is opened.
  static let joinedAt = "1970-01-01T00:00:00Z"
  /// How many products one call may list.
  static let listedTogetherMax = 500

  /// The storefront: only the lock decides who brought a buyer.
  static let storefront: JSON = [
    "name": "Retail replay", "currency": "USD", "timeZone": "UTC", "plan": "fengxiang",
    "parameters": ["hostOverridePpm": 0], "precedence": ["lock"],
  ]

  /// The catalogue as CSV files of bounded size, each with its header.
  ///
  /// - Parameter rowsMax: rows of one file.
  /// - Returns: the files and how many rows each has.
  func catalogue(rowsMax: Int) -> [(bytes: [UInt8], rows: Int)] {
    var files: [(bytes: [UInt8], rows: Int)] = []
    var rest = products[...]
    while !rest.isEmpty {
      let part = rest.prefix(rowsMax)
      var text = "sku,product,supplier,title,price,cost,ratePpm,category,variant,currency\n"
      for product in part {
        text += "\(product.id),\(product.id),\(quoted(product.supplier)),\(quoted(product.title)),"
        text += "\(product.price),\(product.cost),\(product.ratePartsPerMillion),"
        text += "\(quoted(product.category)),\(quoted(product.variant)),USD\n"
      }
      files.append((Array(text.utf8), part.count))
      rest = rest.dropFirst(part.count)
    }
    return files
  }

  /// Everybody who earns: the hosts, then the promoters.
  var members: [(member: String, name: String)] {
    stores.map { ($0.member, "Store \($0.id)") }
      + campaigns.map { ($0.member, "Campaign \($0.id)") }
  }

  /// The campaigns that reached somebody: only their links are ever opened.
  var openedCampaigns: [Int] {
    var isReached = [Bool](repeating: false, count: campaigns.count)
    for reach in reached { isReached[reach.campaign] = true }
    return campaigns.indices.filter { isReached[$0] }
  }

  private func quoted(_ field: String) -> String {
    "\"" + field.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
      + "\""
  }
}

extension RetailStore {
  /// The host's id.
  var member: String { "store-\(id)" }
  /// The room's id; rooms and members are different kinds of thing.
  var room: String { "store-\(id)" }

  /// The parameters of `room.open`.
  var opening: JSON {
    [
      "room": .string(room), "title": .string("Store \(id)"),
      "pactPpm": .integer(RetailMonth.pactPartsPerMillion), "host": .string(member),
    ]
  }

  /// The parameters of `listing.add`, as often as it takes.
  var listings: [JSON] {
    stride(from: 0, to: products.count, by: RetailMonth.listedTogetherMax).map { start in
      let part = products[start..<min(products.count, start + RetailMonth.listedTogetherMax)]
      return ["room": .string(room), "skus": .array(part.map { .string(String($0)) })]
    }
  }
}

extension RetailCampaign {
  /// The promoter's id.
  var member: String { "campaign-\(id)" }
}

extension RetailReach {
  /// Reports that the household opened the campaign's link.
  func touch(link: String, at: Timestamp) -> ReplayRequest {
    let body: JSON = [
      "viewer": .string("household-\(household)"), "link": .string(link),
      "touchedAt": .string(at.description),
    ]
    return ReplayRequest(
      target: "/v1/touches", body: body.bytes, subject: "touch of household-\(household)",
      mustBeAccepted: true)
  }
}

extension RetailBasket {
  /// Reports the basket as placed, paid and delivered, in this order.
  var requests: [ReplayRequest] {
    let moment = at.description
    let payment: JSON = ["payment": .string("payment-\(order)"), "paidAt": .string(moment)]
    let delivery: JSON = ["delivery": .string("delivery-\(order)"), "deliveredAt": .string(moment)]
    return [
      ReplayRequest(target: "/v1/orders", body: placement(moment), subject: "order \(order)"),
      ReplayRequest(
        target: "/v1/orders/\(order)/payment", body: payment.bytes, subject: "payment of \(order)"),
      ReplayRequest(
        target: "/v1/orders/\(order)/delivery", body: delivery.bytes,
        subject: "delivery of \(order)"),
    ]
  }

  private func placement(_ moment: String) -> [UInt8] {
    var writer = JSONWriter(reserving: 256 + 64 * lines.count)
    writer.beginObject()
    writer.key("order")
    writer.string(order)
    writer.key("buyer")
    writer.string("household-\(household)")
    writer.key("room")
    writer.string("store-\(store)")
    writer.key("lines")
    writer.beginArray()
    for line in lines {
      writer.beginObject()
      writer.key("sku")
      writer.string(String(line.product))
      writer.key("units")
      writer.integer(line.units)
      writer.key("paid")
      writer.integer(line.paid)
      writer.key("cost")
      writer.integer(line.cost)
      writer.endObject()
    }
    writer.endArray()
    writer.key("placedAt")
    writer.string(moment)
    writer.endObject()
    return writer.bytes
  }
}
