// Rounds of the writer one by one, on a store that fails when it is told to. No threads: a round is
// posted whole, carried out, and what the loops were posted is looked at.

import Commerce
import Coordination
import Notation
import Synchronization
import Testing
import Wire

@testable import Server
@testable import Transport

@Suite("Durability: rounds of the writer")
struct DurabilityWriterTests {
  @Test("A failed commit fails every call of its round, and nothing of it has happened")
  func failedCommit() throws {
    let bench = try WriterBench()
    _ = bench.round([bench.join("v0"), bench.subscribe()])
    let records = bench.memory.records.count
    let events = bench.memory.events.count
    let transactions = bench.memory.transactions.count
    func calls() -> [WriterMessage] {
      [
        bench.order("o1"), bench.order("o2"),
        bench.command(.pay(id("o1"), payment: id("p1"), paid: [], at: Sample.now)),
        // Refused whatever the disk does; it is told of the disk all the same.
        bench.command(.cancel(id("none"), at: Sample.now)),
        bench.join("v1"), bench.subscribe(),
      ]
    }
    bench.faults.failsCommits.store(true, ordering: .relaxed)
    let failed = bench.round(calls())
    #expect(failed.answers.count == 6 && failed.count == 6)
    #expect(failed.answers.allSatisfy { $0.code == "storage_unavailable" && $0.isTemporary })
    #expect(bench.memory.records.count == records)
    #expect(bench.memory.events.count == events)
    #expect(bench.memory.transactions.count == transactions)
    #expect(!bench.health.isReady)

    bench.faults.failsCommits.store(false, ordering: .relaxed)
    let answers = bench.round(calls()).answers
    #expect(answers.map(\.code) == [nil, nil, nil, "unknown_order", nil, nil])
    #expect(answers.allSatisfy { !$0.isRepeat })
    // Whoever was refused entry had not come in.
    #expect(answers[4].body["watching"] == 2 && answers[4].body["unique"] == 2)
    #expect(bench.health.isReady)
  }

  @Test("What the store cannot load fails the whole round: no call has happened by half")
  func failedLoad() throws {
    let bench = try WriterBench()
    let records = bench.memory.records.count
    bench.faults.loadsUntilFailure.store(2, ordering: .relaxed)
    let rows = Array(
      (Sample.catalogueHeader + "\n" + "a,a,sup,A,1,1,200000\n" + "b,b,sup,B,1,1,200000\n"
        + "c,c,sup,C,1,1,200000\n").utf8)
    let imported = try CatalogueImport.rows(of: rows, as: .csv)
    let failed = bench.round([bench.call(.importCatalogue(imported))]).answers
    #expect(failed.map(\.code) == ["storage_unavailable"])
    #expect(bench.memory.records.count == records)
    #expect(!bench.health.isReady)
    bench.faults.loadsUntilFailure.store(-1, ordering: .relaxed)
    let again = bench.round([bench.call(.importCatalogue(imported))]).answers
    #expect(again.map { $0.body["added"] } == [3])
    #expect(bench.health.isReady)
  }

  @Test("A round that stores nothing says nothing about a disk that has failed")
  func staysUnready() throws {
    let bench = try WriterBench()
    _ = bench.round([bench.order("o1")])
    bench.faults.failsCommits.store(true, ordering: .relaxed)
    _ = bench.round([bench.order("o2")])
    #expect(!bench.health.isReady)
    // A repeat, and a refusal: answered from what is known, nothing to commit.
    let answers = bench.round([
      bench.order("o1"), bench.command(.cancel(id("none"), at: Sample.now)),
    ]).answers
    #expect(answers.map(\.code) == [nil, "unknown_order"])
    #expect(answers.map(\.isRepeat) == [true, false])
    #expect(!bench.health.isReady)
  }

  @Test("Somebody who leaves in a round that cannot be stored makes nobody told of it")
  func departureInFailedRound() throws {
    let bench = try WriterBench()
    let ticker = Ticker.room(Sample.storefront, id("r1"))
    _ = bench.round([bench.join("v1"), bench.join("v2"), bench.call(.subscribe(ticker))])
    let left = WriterMessage.left(RoomKey(Sample.storefront, id("r1")), id("v1"))
    bench.faults.failsCommits.store(true, ordering: .relaxed)
    let figures = bench.round(bench.sale("o1") + [left]).figures
    #expect(figures.map { $0["orders"] } == [0])
    #expect(figures.map { $0["watching"] } == [1])
  }

  @Test("An event is told although nothing can be read for the latest values, which follow later")
  func unreadableFigures() throws {
    let bench = try WriterBench(stateBytesMax: 0)
    _ = bench.round([bench.join("v1"), bench.subscribe()])
    var unread = 0
    for loads in 0..<24 {
      bench.faults.loadsUntilFailure.store(loads, ordering: .relaxed)
      let round = bench.round(bench.sale("o\(loads)"))
      bench.faults.loadsUntilFailure.store(-1, ordering: .relaxed)
      guard round.answers.allSatisfy({ $0.code == nil }) else { continue }
      #expect(round.eventCount == 2)
      // Nothing changes: it only comes round again.
      let later = bench.round([bench.command(.cancel(id("none"), at: Sample.now))])
      let told = (round.figures + later.figures).compactMap { $0["orders"]?.integer }
      if round.figures.isEmpty { unread += 1 }
      #expect(told.last == Int64(bench.memory.transactions.count))
    }
    #expect(unread > 0)
  }

  @Test("A sweep that fails half way is made up for, and nobody's call fails with it")
  func failedSweep() throws {
    let bench = try WriterBench(stateBytesMax: 0)
    let longAgo = Sample.now.advanced(byMilliseconds: -30 * 86_400_000)
    _ = bench.round(
      bench.sale("due") + [
        bench.command(.deliver(id("due"), delivery: id("d1"), at: longAgo)),
        bench.command(
          .reportOrder(
            ReportedOrder(
              id: id("old"), room: id("r1"), seller: nil, promoter: nil, buyer: id("v1"),
              lines: [ReportedLine(sku: id("tea"), units: 1, paid: Amount(10_000))],
              placedAt: longAgo, expiresAt: longAgo))),
      ])
    let booked = bench.memory.transactions.count
    var hasExpired: Bool {
      guard case .order(let old)? = bench.memory.records[.order(Sample.storefront, id("old"))]
      else { return false }
      return old.hasExpired
    }
    var loads = 0
    while bench.memory.transactions.count == booked || !hasExpired, loads < 30 {
      bench.writer.nextSweep = Sample.now
      bench.faults.loadsUntilFailure.store(loads, ordering: .relaxed)
      // It waits for the batch that the sweep goes into, and needs nothing that has to be loaded.
      let call = bench.call(.unsubscribe(.storefront(Sample.storefront)))
      #expect(bench.turn([call]).answers.map(\.code) == [nil])
      #expect(!bench.writer.coordinator.hasUncommitted, "after \(loads) loads")
      loads += 1
    }
    // Once enough could be loaded, both were done: the order was released and the other one expired.
    #expect((4..<30).contains(loads) && bench.memory.transactions.count == booked + 1 && hasExpired)
  }

  @Test("Figures go on for one watcher of a loop when another one of that loop has gone")
  func watchers() throws {
    let bench = try WriterBench()
    _ = bench.round([bench.subscribe()])
    // The second one's answer is on its way when the loop says that the first one has gone.
    _ = bench.round([bench.subscribe()])
    _ = bench.round([.unwatched(.storefront(Sample.storefront), loop: 0)])
    #expect(bench.round(bench.sale("o1")).figures.map { $0["orders"] } == [1])
    _ = bench.round([.unwatched(.storefront(Sample.storefront), loop: 0)])
    #expect(bench.round(bench.sale("o2")).figures.isEmpty)
  }

  @Test("What was missed is told again only where one message can carry it")
  func largeEvents() throws {
    let bench = try WriterBench()
    let picture = "https://example.com/" + String(repeating: "x", count: 2_000)
    let title = String(repeating: "W", count: 990)
    let rows = (0..<300).map { "w\($0),w\($0),sup,\(title),1,1,200000,\(picture)\n" }
    let file = Sample.catalogueHeader + ",picture\n" + rows.joined()
    let imported = try CatalogueImport.rows(of: Array(file.utf8), as: .csv)
    _ = bench.round([bench.call(.importCatalogue(imported))])
    // Fifty listings an event, each event above 150 000 bytes: five fit, six do not.
    let skus = (0..<300).map { SKUID(trusted: "w\($0)") }
    _ = bench.round([bench.command(.addListings(id("r1"), .skus(skus)))])
    let epoch = Sample.now.milliseconds
    let joins = bench.round((2...8).map { bench.join("v1", since: (epoch, $0)) })
    let recovered = joins.answers.map { $0.body["recovered"] == true }
    #expect(recovered == [false] + Array(repeating: true, count: 6))
    #expect(joins.answers.map { $0.body["events"]?.elements?.count } == [nil, 5, 4, 3, 2, 1, 0])
  }

  @Test("Nothing of a room is pushed where nobody is in it, and everything once somebody is")
  func pushes() throws {
    let bench = try WriterBench()
    #expect(bench.round([bench.order("o1")]).eventCount == 0)
    let joined = bench.round([bench.join("v1"), bench.order("o2")])
    #expect(joined.eventCount == 1 && joined.answers[0].body["offset"] == 4)
  }
}
