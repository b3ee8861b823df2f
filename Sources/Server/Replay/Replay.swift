// Runs a month of real sales over real sockets: catalogue, people, rooms, listings, touches, orders. Then
// asks the server's ledger what everybody earned. Nothing here adds up shares itself: every figure of
// the report but the counts of rows and orders is the server's.
//
// May be run again after it was broken off at any point: every request is a repeat of itself.
// Blocking; one thread.

import Notation
import Transport
import Wire

/// One run of a month against a server.
package struct Replay {
  /// How far the run has come: what is being done, what is counted, how many, out of how many.
  package typealias Progress = (_ label: String, _ unit: String, _ done: Int, _ total: Int) -> Void

  private static let rowsOfImportMax = 1000
  private static let laneCount = 32

  private let month: RetailMonth
  private let target: ReplayTarget
  private let progress: Progress

  /// Prepares a run.
  ///
  /// - Parameters:
  ///   - month: what happened.
  ///   - target: the server; its storefront must be the token's and used for nothing else.
  ///   - progress: is told often; should itself say little.
  package init(_ month: RetailMonth, on target: ReplayTarget, progress: @escaping Progress) {
    self.month = month
    self.target = target
    self.progress = progress
  }

  /// Runs everything.
  ///
  /// - Parameter startedAt: when the work began, in milliseconds of `monotonicMilliseconds`.
  /// - Returns: what the server's ledger says at the end.
  /// - Throws: `CommandFailure` with the server's message at the first call that it refuses.
  package func run(startedAt: Int64 = monotonicMilliseconds()) throws -> ReplayReport {
    try importCatalogue()
    try joinMembers()
    try openRooms()
    try playTimeline(links: try makeLinks())
    let desk = try ReplayDesk(target)
    try release(desk)
    var report = try ReplayReport(month, desk)
    report.milliseconds = monotonicMilliseconds() - startedAt
    return report
  }

  private func importCatalogue() throws {
    let desk = try ReplayDesk(target)
    _ = try desk.send(.put, "/v1/storefront", RetailMonth.storefront, subject: "the storefront")
    var done = 0
    for file in month.catalogue(rowsMax: Replay.rowsOfImportMax) {
      let answer = try desk.importCatalogue(file.bytes)
      if let rejected = answer["rejected"]?.elements?.first {
        throw CommandFailure(.failed, "the server rejects a catalogue row: \(rejected.description)")
      }
      done += file.rows
      progress("importing the catalogue", "products", done, month.products.count)
    }
  }

  private func joinMembers() throws {
    let lanes = try ReplayLanes(target, count: 8)
    for member in month.members {
      let body: JSON = [
        "member": .string(member.member), "name": .string(member.name),
        "joinedAt": .string(RetailMonth.joinedAt),
      ]
      let request = ReplayRequest(
        target: "/v1/members", body: body.bytes, subject: "member \(member.member)")
      try lanes.post([request], key: member.member)
    }
    try lanes.finish()
  }

  private func openRooms() throws {
    let socket = try ReplaySocket(target)
    for store in month.stores {
      try socket.call("room.open", store.opening, subject: "room \(store.room)")
    }
    try socket.finish()
    for (index, store) in month.stores.enumerated() {
      for listing in store.listings {
        try socket.call("listing.add", listing, subject: "listings of \(store.room)")
      }
      progress("listing products", "rooms", index + 1, month.stores.count)
    }
    try socket.finish()
    try socket.close()
  }

  /// Returns the signed link of each campaign; empty where nobody was reached.
  private func makeLinks() throws -> [String] {
    let desk = try ReplayDesk(target)
    var links = [String](repeating: "", count: month.campaigns.count)
    for index in month.openedCampaigns {
      let promoter = month.campaigns[index].member
      let answer = try desk.send(
        .post, "/v1/links", ["promoter": .string(promoter), "validSeconds": 31_536_000],
        subject: "the link of \(promoter)")
      guard let text = answer["text"]?.text else {
        throw CommandFailure(.failed, "the link of \(promoter) has no text: \(answer.description)")
      }
      links[index] = text
    }
    return links
  }

  private func playTimeline(links: [String]) throws {
    let lanes = try ReplayLanes(target, count: Replay.laneCount)
    var baskets = 0
    for event in month.timeline {
      switch event {
      case .touch(let reach, let at):
        try lanes.post(
          [reach.touch(link: links[reach.campaign], at: at)], key: reach.household)
      case .basket(let index):
        let basket = month.baskets[index]
        try lanes.post(basket.requests, key: basket.household)
        baskets += 1
        progress("replaying", "orders", baskets, month.baskets.count)
      }
    }
    try lanes.finish()
  }

  /// Everything was delivered long ago, so everything is due.
  private func release(_ desk: ReplayDesk) throws {
    var done = 0
    while true {
      let answer = try desk.send(.post, "/v1/releases", .object([]), subject: "the release")
      guard let released = answer["released"]?.integer else {
        throw CommandFailure(.failed, "the release has no count: \(answer.description)")
      }
      if released == 0 { return }
      done += Int(released)
      progress("releasing", "orders", min(done, month.baskets.count), month.baskets.count)
    }
  }
}
