// What clients are told: events once and in order, whatever became of their connections, and figures
// that are what the ledger was at the sequence they name.

import Commerce
import Coordination
import Ledger
import Notation
import Server

extension Auditor {
  // MARK: Rooms

  /// A client has come into a room.
  mutating func joined(
    _ key: RoomKey, _ body: JSON, since: StreamPlace?, _ client: inout SimulatedClient,
    elapsed: Int64
  ) {
    guard let epoch = body["epoch"]?.integer, let offset = body["offset"]?.integer else {
      return find(.stream, "a join without a place", elapsed: elapsed)
    }
    let stored = Int64(events[key.room, default: []].count)
    if offset > stored {
      find(.stream, "\(key.room): offset \(offset) of \(stored)", elapsed: elapsed)
    }
    if let since {
      if epoch != since.epoch {
        find(.stream, "\(key.room) has another epoch", elapsed: elapsed)
      } else if body["recovered"]?.bool != true {
        find(.stream, "\(key.room) is not resumed from \(since.offset)", elapsed: elapsed)
      }
    }
    if body["recovered"]?.bool == true {
      // Events that came after the join was asked for count as told: the answer has them again.
      var next = (since?.offset ?? 0) + 1
      for event in body["events"]?.elements ?? [] {
        check(event, key, wanted: next, client, elapsed: elapsed)
        next += 1
      }
      if next != offset + 1 {
        find(.stream, "\(key.room) resumes up to \(next - 1) of \(offset)", elapsed: elapsed)
      }
    }
    client.places[key] = StreamPlace(epoch: epoch, offset: offset)
    client.joined.insert(key)
    if body["touch"] != nil { client.link = nil }
  }

  /// A client is told something.
  mutating func pushed(
    _ method: String, _ parameters: JSON, to client: inout SimulatedClient, elapsed: Int64
  ) {
    switch method {
    case "room.event":
      let key = RoomKey(
        Simulation.storefront, RoomID(trusted: parameters["room"]?.text ?? ""))
      guard client.joined.contains(key), let place = client.places[key] else {
        return find(
          .stream, "\(client.caller.person) is told of a room that it is not in",
          elapsed: elapsed)
      }
      check(parameters, key, wanted: place.offset + 1, client, elapsed: elapsed)
      client.places[key]?.offset = max(place.offset, parameters["offset"]?.integer ?? 0)
    case "listing.level":
      if let left = parameters["left"]?.integer, left < 0 {
        find(.oversell, "\(left) units are left", elapsed: elapsed)
      }
    case "room.count": break
    default:
      guard
        let ticker = client.tickers.first(where: { ticker in
          Auditor.shows(parameters, method, ticker)
        })
      else {
        return find(.ticker, "figures that nobody asked for: \(method)", elapsed: elapsed)
      }
      figures(ticker, parameters, to: &client, elapsed: elapsed)
    }
  }

  private mutating func check(
    _ event: JSON, _ key: RoomKey, wanted: Int64, _ client: SimulatedClient, elapsed: Int64
  ) {
    let offset = event["offset"]?.integer ?? 0
    if offset != wanted {
      return find(
        .stream, "\(client.caller.person) has \(key.room) \(offset) where \(wanted) is next",
        elapsed: elapsed)
    }
    guard let stored = events[key.room, default: []].dropFirst(Int(offset) - 1).first else {
      return find(.stream, "\(key.room) \(offset) was never stored", elapsed: elapsed)
    }
    let isSame =
      event["kind"]?.text == stored.kind
      && (stored.payload.members ?? []).allSatisfy { $0.key == "room" || event[$0.key] == $0.value }
    if !isSame { find(.stream, "\(key.room) \(offset) was stored otherwise", elapsed: elapsed) }
  }

  // MARK: Tickers

  private static func shows(_ figures: JSON, _ method: String, _ ticker: Ticker) -> Bool {
    switch ticker {
    case .earnings(_, let member, let room):
      method == "ticker.earnings" && figures["member"]?.text == member.text
        && figures["room"]?.text == room?.text
    case .room(_, let room): method == "ticker.room" && figures["room"]?.text == room.text
    case .storefront: method == "ticker.storefront"
    }
  }

  /// A client has figures; they are those of the sequence that they name.
  mutating func figures(
    _ ticker: Ticker, _ figures: JSON, to client: inout SimulatedClient, elapsed: Int64
  ) {
    guard let sequence = figures["sequence"]?.integer, sequence <= self.sequence else {
      return find(.ticker, "figures of a sequence that never was", elapsed: elapsed)
    }
    if let before = client.figures[ticker]?["sequence"]?.integer, before > sequence {
      find(.ticker, "figures of \(sequence) after those of \(before)", elapsed: elapsed)
    }
    client.figures[ticker] = figures
    guard case .earnings(_, let member, let room) = ticker else { return }
    if let room {
      check(figures, "pending", Auditor.pendingName(member, room), sequence, elapsed: elapsed)
    } else {
      check(figures, "pending", "pending/\(member)", sequence, elapsed: elapsed)
      check(figures, "available", "available/\(member)", sequence, elapsed: elapsed)
      check(figures, "paid", "paid/\(member)", sequence, elapsed: elapsed)
      check(figures, "debt", "debt/\(member)", sequence, sign: -1, elapsed: elapsed)
    }
  }

  private mutating func check(
    _ figures: JSON, _ field: String, _ account: String, _ sequence: Int64, sign: Int64 = 1,
    elapsed: Int64
  ) {
    let booked = sign * value(of: account, at: sequence)
    if figures[field]?.integer != booked {
      let told = figures[field]?.integer ?? 0
      find(
        .ticker, "\(account) is \(booked) at \(sequence), told as \(told)", elapsed: elapsed)
    }
  }
}
