// What tickers say, made from what is committed, whatever was decided since. Each carries the ledger
// sequence it reflects: the value at sequence n equals the ledger at n. Source: domain.md, section 4.

import Commerce
import Coordination
import Ledger
import Notation
import Wire

extension Coordinator {
  /// The figures of a ticker as a JSON object; `presence` adds who watches now.
  func figures(_ ticker: Ticker, presence: Presence) throws -> JSON {
    switch ticker {
    case .earnings(let storefront, let member, let room):
      return try earningsFigures(storefront, member, room, presence: presence)
    case .room(let storefront, let room):
      let progress = try roomProgress(storefront, room)
      return [
        "room": .string(room.text), "orders": .integer(progress?.orders ?? 0),
        "units": .integer(progress?.units ?? 0),
        "gmv": .integer(progress?.gmv.minorUnits ?? 0),
        "refunded": .integer(progress?.refunded.minorUnits ?? 0),
        "watching": .integer(Int64(presence.watching(RoomKey(storefront, room)))),
        "unique": .integer(progress?.uniqueViewers ?? 0),
        "currency": .string(try currency(storefront)),
        "sequence": .integer(try storefrontProgress(storefront).sequence),
      ]
    case .storefront(let storefront):
      let progress = try storefrontProgress(storefront)
      return [
        "orders": .integer(progress.orders), "units": .integer(progress.units),
        "gmv": .integer(progress.gmv.minorUnits),
        "refunded": .integer(progress.refunded.minorUnits),
        "members": .integer(progress.members), "currency": .string(try currency(storefront)),
        "sequence": .integer(progress.sequence),
      ]
    }
  }

  private func earningsFigures(
    _ storefront: StorefrontID, _ member: MemberID, _ room: RoomID?, presence: Presence
  ) throws -> JSON {
    var earnings = Earnings()
    if case .earnings(let found)? = try committed(.earnings(storefront, member, room)) {
      earnings = found
    }
    let isTotal = room == nil
    let watching = room.map {
      presence.watching(RoomKey(storefront, $0), broughtBy: member)
    }
    func balance(_ account: Account) throws -> JSON {
      .integer(try self.balance(storefront, account).minorUnits)
    }
    return [
      "member": .string(member.text), "room": room.map { .string($0.text) } ?? .null,
      "pending": .integer(earnings.pending.minorUnits),
      "available": isTotal
        ? try balance(.available(member)) : .integer(earnings.released.minorUnits),
      "paid": isTotal ? try balance(.paid(member)) : .null,
      "debt": isTotal
        ? .integer(-(try self.balance(storefront, .debt(member)).minorUnits)) : .null,
      "reversed": .integer(earnings.reversed.minorUnits), "orders": .integer(earnings.orders),
      "viewersBrought": .integer(earnings.viewersBrought),
      "watching": watching.map { .integer(Int64($0)) } ?? .null,
      "currency": .string(try currency(storefront)),
      "sequence": .integer(try storefrontProgress(storefront).sequence),
    ]
  }

  /// Stock and sales of a listing as a JSON object.
  func level(_ key: RoomKey, _ sku: SKUID) throws -> JSON? {
    guard case .listing(let listing)? = try committed(.listing(key.storefront, key.room, sku))
    else {
      return nil
    }
    var left: Int64?
    if case .stock(let stock)? = try committed(.stock(sku)) { left = stock.left }
    return [
      "room": .string(key.room.text), "sku": .string(sku.text),
      "left": left.map { .integer($0) } ?? .null, "sold": .integer(listing.sold),
      "sequence": .integer(try storefrontProgress(key.storefront).sequence),
    ]
  }

  /// How many are and were in a room, as a JSON object.
  func count(_ key: RoomKey, presence: Presence) throws -> JSON {
    [
      "room": .string(key.room.text), "watching": .integer(Int64(presence.watching(key))),
      "unique": .integer(try roomProgress(key.storefront, key.room)?.uniqueViewers ?? 0),
    ]
  }

  func roomProgress(_ storefront: StorefrontID, _ room: RoomID) throws -> RoomProgress? {
    guard case .roomProgress(let found)? = try committed(.roomProgress(storefront, room)) else {
      return nil
    }
    return found
  }

  private func storefrontProgress(_ storefront: StorefrontID) throws -> StorefrontProgress {
    guard case .storefrontProgress(let found)? = try committed(.storefrontProgress(storefront))
    else {
      return StorefrontProgress()
    }
    return found
  }

  private func balance(_ storefront: StorefrontID, _ account: Account) throws -> Amount {
    guard case .balance(let found)? = try committed(.balance(storefront, account)) else {
      return .zero
    }
    return found
  }

  private func currency(_ storefront: StorefrontID) throws -> String {
    guard case .storefront(let found)? = try committed(.storefront(storefront)) else { return "" }
    return found.currency.code
  }
}

extension Ticker {
  /// The method under which the figures are pushed.
  var method: String {
    switch self {
    case .earnings: "ticker.earnings"
    case .room: "ticker.room"
    case .storefront: "ticker.storefront"
    }
  }

  /// The ticker that shows a record; none where no ticker does.
  init?(showing key: Key) {
    switch key {
    case .earnings(let storefront, let member, let room): self = .earnings(storefront, member, room)
    case .balance(let storefront, let account):
      guard let member = account.member else { return nil }
      self = .earnings(storefront, member, nil)
    case .roomProgress(let storefront, let room): self = .room(storefront, room)
    case .storefrontProgress(let storefront): self = .storefront(storefront)
    default: return nil
    }
  }
}

extension RoomEvent {
  /// The event as an encoded notification; the same bytes go to everybody in the room.
  var notification: [UInt8] { RemoteReply.notification("room.event", parameters.bytes) }

  /// The event as the parameters of its notification.
  var parameters: JSON {
    .object(
      [
        JSON.Member("room", .string(room.text)), JSON.Member("epoch", .integer(epoch)),
        JSON.Member("offset", .integer(offset)), JSON.Member("at", .string(at.description)),
        JSON.Member("kind", .string(kind)),
      ] + (payload.members ?? []).filter { $0.key != "room" })
  }
}
