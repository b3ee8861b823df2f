// How often is too often.

import Testing
import Transport

@testable import Server

@Suite("Paces")
struct PaceTests {
  @Test("After quiet so many at once, then one for every interval")
  func burst() {
    let pace = Pace(intervalMilliseconds: 100, burst: 3)
    var meter = PaceMeter()
    for _ in 0..<3 { #expect(meter.take(pace, at: 5_000) == 0) }
    #expect(meter.take(pace, at: 5_000) == 100)
    #expect(meter.take(pace, at: 5_099) == 1)
    #expect(meter.take(pace, at: 5_100) == 0)
    #expect(meter.take(pace, at: 5_100) == 100)
    // Quiet is not saved up beyond the burst.
    for _ in 0..<3 { #expect(meter.take(pace, at: 90_000) == 0) }
    #expect(meter.take(pace, at: 90_000) == 100)
  }

  @Test("Each address has its own; beyond the bound all others share one")
  func addresses() throws {
    let network = { (host: String) in
      try #require(InternetAddress(host: host, port: 1)).network
    }
    let paces = AddressPaces(Pace(intervalMilliseconds: 1_000, burst: 1), addressesMax: 2)
    #expect(paces.take(try network("192.0.2.1"), at: 0) == 0)
    #expect(paces.take(try network("192.0.2.1"), at: 0) == 1_000)
    #expect(paces.take(try network("192.0.2.2"), at: 0) == 0)
    #expect(paces.take(try network("192.0.2.3"), at: 0) == 0)
    #expect(paces.take(try network("192.0.2.4"), at: 0) == 1_000)
    // Whose time is made up for makes room.
    #expect(paces.take(try network("192.0.2.4"), at: 1_000) == 0)
    #expect(paces.take(try network("192.0.2.3"), at: 1_000) == 0)
    #expect(paces.take(try network("192.0.2.1"), at: 1_000) == 0)
    #expect(paces.take(try network("192.0.2.5"), at: 1_000) == 1_000)
  }
}
