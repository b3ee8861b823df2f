import Testing

@testable import CommissionExample

@Suite("The example of the commission module")
struct ExampleTests {
  @Test("Tells who earns what and why, and what a refund takes back")
  func story() throws {
    let story = try settleOneSale()
    #expect(story[0] == "wanwu v1 pays out 400000 ppm of a price at the most.")
    #expect(story.contains("Of 20000: supplier 12000, platform 4000,"))
    #expect(story.contains("  bo 3000") && story.contains("  ada 1000"))
    #expect(story.contains("  bo -1500") && story.contains("  ada -500"))
    #expect(story.contains { $0.contains("25% of 40.00 CNY") && $0.contains("rounded down") })
    #expect(story.contains { $0.contains("向下取整") })
    #expect(story.last == "Giving back more than was paid: refund_exceeds_paid")
  }
}
