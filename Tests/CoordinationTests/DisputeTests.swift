// Disputes by their ids: several of one order, each end reported first, and what contradicts itself.

import Commerce
import Coordination
import Testing

@Suite("Disputes")
struct DisputeTests {
  /// A shop with an order that was paid and received, and one that was only placed.
  private func shop() throws -> Shop {
    let shop = try Shop()
    try shop.join("H", "P")
    try shop.open()
    try shop.sell("o1")
    try shop.accept(shop.deliver("o1"))
    try shop.accept(shop.report("o2"))
    return shop
  }

  private func due(_ shop: Shop) throws -> Timestamp? {
    try shop.order("o1").releaseDue(zone: .shanghai)
  }

  @Test(
    "The release waits for every dispute, whichever is resolved first", arguments: [false, true])
  func severalOpen(_ latestFirst: Bool) throws {
    let shop = try shop()
    let undisputed = try #require(try due(shop))
    try shop.accept(shop.dispute("o1", "q1"))
    shop.wait(days: 1)
    try shop.accept(shop.dispute("o1", "q2"))
    shop.wait(days: 2)
    try shop.accept(shop.resolve("o1", latestFirst ? "q2" : "q1"))
    #expect(try shop.order("o1").state == .disputed)
    #expect(try due(shop) == nil)
    shop.wait(days: 1)
    try shop.accept(shop.resolve("o1", latestFirst ? "q1" : "q2"))
    #expect(try shop.order("o1").state == .delivered)
    // Four days from the first that began to the last that ended, though both lasted three or more.
    #expect(try due(shop) == undisputed.advanced(byMilliseconds: 4 * 86_400_000))
  }

  @Test("A resolution that comes first holds nothing up, and its dispute arrives closed")
  func resolutionFirst() throws {
    let shop = try shop()
    let undisputed = try #require(try due(shop))
    let dispute = shop.dispute("o1", "q")
    shop.wait(days: 3)
    try shop.accept(shop.resolve("o1", "q"))
    #expect(try shop.order("o1").state == .delivered)
    #expect(try due(shop) == undisputed)
    try shop.accept(dispute)
    #expect(try shop.order("o1").state == .delivered)
    #expect(try due(shop) == undisputed.advanced(byMilliseconds: 3 * 86_400_000))
  }

  @Test(
    "A dispute may end at the moment at which it began and not before, whichever is reported first",
    arguments: [(-1, false), (0, true), (1, true)], [false, true])
  func ends(_ span: (milliseconds: Int64, fits: Bool), _ resolutionFirst: Bool) throws {
    let shop = try shop()
    let dispute = shop.dispute("o1", "q")
    shop.wait(span.milliseconds)
    let resolution = shop.resolve("o1", "q")
    try shop.accept(resolutionFirst ? resolution : dispute)
    let refusal = try shop.refusal(resolutionFirst ? dispute : resolution)
    #expect(refusal == (span.fits ? nil : .invalidField))
  }

  @Test("A dispute's id belongs to one order, whichever end was reported")
  func otherOrder() throws {
    let shop = try shop()
    try shop.accept(shop.dispute("o1", "begun"))
    try shop.accept(shop.resolve("o1", "ended"))
    #expect(try shop.refusal(shop.resolve("o2", "begun")) == .notDisputed)
    #expect(try shop.refusal(shop.dispute("o2", "ended")) == .idempotencyConflict)
    #expect(try shop.order("o2").disputes.isEmpty)
    try shop.accept(shop.resolve("o1", "begun"))
    try shop.accept(shop.dispute("o1", "ended"))
  }

  @Test("After release nothing can be disputed, and there is nothing to resolve")
  func afterRelease() throws {
    let shop = try shop()
    try shop.accept(shop.resolve("o1", "late"))
    shop.wait(days: 9)
    try shop.release()
    #expect(try shop.order("o1").state == .released)
    #expect(try shop.refusal(shop.dispute("o1", "q")) == .alreadyReleased)
    #expect(try shop.refusal(shop.dispute("o1", "late")) == .alreadyReleased)
    #expect(try shop.refusal(shop.resolve("o1", "q")) == .notDisputed)
  }

  @Test("An order has a hundred disputes at the most")
  func many() throws {
    let shop = try shop()
    for index in 0..<Order.disputesMax { try shop.accept(shop.dispute("o1", "q\(index)")) }
    #expect(try shop.refusal(shop.dispute("o1", "more")) == .invalidField)
    #expect(try shop.refusal(shop.resolve("o1", "more")) == .invalidField)
    try shop.accept(shop.resolve("o1", "q7"))
    #expect(try shop.order("o1").disputes.map(\.id.text).sorted() == shop.ids(Order.disputesMax))
    #expect(try shop.order("o1").disputes.count { $0.until != nil } == 1)
  }
}

extension Shop {
  fileprivate func ids(_ count: Int) -> [String] { (0..<count).map { "q\($0)" }.sorted() }
}
