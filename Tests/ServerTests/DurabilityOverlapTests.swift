// Rounds that are decided while the batch before them is being stored: nothing is told too early, nothing
// of what is only decided is shown, and what fails takes with it what was decided on top.

import Commerce
import Coordination
import Notation
import Synchronization
import Testing
import Wire

@testable import Server

@Suite("Durability: commits beside the writer")
struct DurabilityOverlapTests {
  /// A bench whose commits wait from here on.
  private func heldBench(stateBytesMax: Int = 268_435_456) throws -> WriterBench {
    let bench = try WriterBench(stateBytesMax: stateBytesMax)
    // A sweep may decide something, too.
    bench.writer.nextSweep = Sample.now.advanced(byMilliseconds: 1)
    bench.committer.holds = true
    return bench
  }

  /// A delivery of so long ago that its order is due.
  private func delivered(_ bench: WriterBench) -> WriterMessage {
    let longAgo = Sample.now.advanced(byMilliseconds: -30 * 86_400_000)
    return bench.command(.deliver(id("o1"), delivery: id("d1"), at: longAgo))
  }

  /// A bench that stores at once, with an order that is due for its release.
  private func dueBench() throws -> WriterBench {
    let bench = try heldBench()
    bench.committer.holds = false
    _ = bench.turn(bench.sale("o1") + [delivered(bench)])
    return bench
  }

  @Test(
    "A report is answered once it is stored, and its repeat not before it", arguments: [0, .max])
  func repeats(stateBytesMax: Int) throws {
    let bench = try heldBench(stateBytesMax: stateBytesMax)
    #expect(bench.turn([bench.order("o1")]).isEmpty)
    // Decided meanwhile: a repeat, a refusal, and a report that builds on the first.
    let paid = Command.pay(id("o1"), payment: id("p1"), paid: [], at: Sample.now)
    #expect(bench.turn([bench.order("o1")]).isEmpty)
    #expect(
      bench.turn([bench.command(.cancel(id("none"), at: Sample.now)), bench.command(paid)]).isEmpty)
    #expect(bench.memory.records[.order(Sample.storefront, id("o1"))] == nil)
    let first = bench.finish().answers
    #expect(first.map(\.code) == [nil] && first.map(\.isRepeat) == [false])
    #expect(bench.memory.records[.order(Sample.storefront, id("o1"))] != nil)
    #expect(bench.memory.transactions.isEmpty)
    let rest = bench.finish().answers
    #expect(rest.map(\.code) == [nil, "unknown_order", nil])
    #expect(rest.map(\.isRepeat) == [true, false, false] && rest[0].body == first[0].body)
    #expect(bench.memory.transactions.count == 1 && bench.writer.isSettled)
  }

  @Test("A repeat alone waits for the commit of its first, and for no other")
  func repeatAlone() throws {
    let bench = try heldBench()
    _ = bench.turn([bench.order("o1")])
    #expect(bench.turn([bench.order("o1")]).isEmpty)
    #expect(bench.finish().answers.map(\.isRepeat) == [false, true])
    // Where nothing is being stored it waits for nothing.
    #expect(bench.turn([bench.order("o1")]).answers.map(\.isRepeat) == [true])
    #expect(bench.committer.count == 2)
  }

  @Test("Three units are sold three times, in whichever batches the buyers come")
  func stock() throws {
    let bench = try heldBench(stateBytesMax: 0)
    bench.committer.holds = false
    _ = bench.turn([bench.command(.addListings(id("r1"), .skus([id("rare")])))])
    bench.committer.holds = true
    func buy(_ number: Int) -> WriterMessage {
      bench.call(
        .command(
          .placeOrder(
            id("v\(number)~k"), id("r1"), buyer: id("v\(number)"), sku: id("rare"), units: 1,
            promoter: nil)), "v\(number)", .viewer)
    }
    var answers = bench.turn([buy(1)]) + bench.turn([buy(2)]) + bench.turn([buy(3), buy(4)])
    #expect(answers.isEmpty)
    answers += bench.finish([buy(5)])
    answers += bench.finish()
    while bench.committer.isHolding { answers += bench.finish() }
    #expect(answers.answers.map(\.code) == [nil, nil, nil, "out_of_stock", "out_of_stock"])
  }

  @Test("Whoever joins sees what is committed and no more, and is told the rest in order")
  func joins() throws {
    let bench = try heldBench()
    #expect(bench.turn([bench.join("v1"), bench.order("o1")]).isEmpty)
    #expect(bench.turn([bench.join("v2"), bench.order("o2"), bench.order("o3")]).isEmpty)
    let first = bench.finish()
    #expect(first.answers[0].body["offset"] == 3 && first.answers[0].body["unique"] == 1)
    #expect(first.offsets == [3])
    let second = bench.finish()
    #expect(second.answers[0].body["offset"] == 5 && second.answers[0].body["unique"] == 2)
    #expect(second.answers[0].body["watching"] == 2 && second.offsets == [4, 5])
    // Whoever comes back is given what they have missed, and not what is only decided.
    let epoch = Sample.now.milliseconds
    _ = bench.turn([bench.order("o4"), bench.join("v1", since: (epoch, 3))])
    _ = bench.turn([bench.order("o5")])
    let again = bench.finish().answers[1].body
    #expect(again["recovered"] == true && again["offset"] == 6)
    #expect(again["events"]?.elements?.count == 3)
    #expect(bench.finish().offsets == [7])
  }

  @Test("Figures are those of what is stored, whatever was decided since", arguments: [0, .max])
  func figures(stateBytesMax: Int) throws {
    let bench = try heldBench(stateBytesMax: stateBytesMax)
    #expect(bench.turn([bench.subscribe()] + bench.sale("o1")).isEmpty)
    #expect(bench.turn(bench.sale("o2") + bench.sale("o3")).isEmpty)
    let first = bench.finish()
    #expect(first.answers[0].body["orders"] == 1 && first.figures.map { $0["orders"] } == [1])
    #expect(first.figures[0]["sequence"] == 1)
    let second = bench.finish()
    #expect(second.figures.map { $0["orders"] } == [3] && second.figures[0]["sequence"] == 3)
  }

  @Test("Somebody who leaves meanwhile is told of with what is stored")
  func departures() throws {
    let bench = try heldBench()
    let ticker = Ticker.room(Sample.storefront, id("r1"))
    _ = bench.turn([bench.join("v1"), bench.join("v2"), bench.call(.subscribe(ticker))])
    _ = bench.finish()
    _ = bench.turn(bench.sale("o1"))
    let left = WriterMessage.left(RoomKey(Sample.storefront, id("r1")), id("v1"))
    #expect(bench.turn([left] + bench.sale("o2")).isEmpty)
    let told = bench.finish().figures
    #expect(told.last?["orders"] == 1 && told.last?["watching"] == 1)
    #expect(bench.finish().figures.map { $0["orders"] } == [2])
  }

  @Test(
    "A commit that fails fails what was decided on top of it, and nothing of either has happened")
  func failedCommit() throws {
    let bench = try heldBench()
    _ = bench.turn([bench.order("o0")])
    _ = bench.finish()
    let records = bench.memory.records.count
    func first() -> [WriterMessage] { bench.sale("o1") }
    func onTop() -> [WriterMessage] {
      [
        bench.order("o1"), bench.order("o2"), bench.join("v1"), bench.subscribe(),
        bench.command(.cancel(id("none"), at: Sample.now)),
      ]
    }
    _ = bench.turn(first())
    _ = bench.turn(onTop())
    bench.faults.failsCommits.store(true, ordering: .relaxed)
    let failed = bench.finish()
    #expect(failed.answers.count == 7 && failed.count == 7)
    #expect(failed.answers.allSatisfy { $0.code == "storage_unavailable" && $0.isTemporary })
    #expect(bench.memory.records.count == records && bench.writer.isSettled)
    #expect(!bench.health.isReady)
    bench.faults.failsCommits.store(false, ordering: .relaxed)
    _ = bench.turn(first())
    _ = bench.turn(onTop())
    let answers = bench.finish().answers + bench.finish().answers
    #expect(answers.map(\.code) == [nil, nil, nil, nil, nil, nil, "unknown_order"])
    #expect(answers.map(\.isRepeat) == [false, false, true, false, false, false, false])
    #expect(bench.health.isReady)
  }

  @Test(
    "A store that fails within a call fails what is being decided, and not what is being stored")
  func failedLoad() throws {
    let bench = try heldBench()
    _ = bench.turn(bench.sale("o1"))
    _ = bench.turn([bench.order("o2")])
    bench.faults.loadsUntilFailure.store(0, ordering: .relaxed)
    let failed = bench.turn([bench.order("o3")])
    bench.faults.loadsUntilFailure.store(-1, ordering: .relaxed)
    #expect(failed.answers.map(\.code) == ["storage_unavailable", "storage_unavailable"])
    // What is decided now sees what is being stored, though the rest was forgotten.
    let delivered = Command.deliver(id("o1"), delivery: id("d1"), at: Sample.now)
    #expect(bench.turn([bench.order("o2"), bench.command(delivered)]).isEmpty)
    #expect(bench.finish().answers.map(\.code) == [nil, nil])
    let rest = bench.finish().answers
    #expect(rest.map(\.code) == [nil, nil] && rest[1].body["state"] == "delivered")
    #expect(bench.memory.transactions.count == 1)
  }

  @Test("What asks the store for more than records waits until everything is stored")
  func drains() throws {
    let bench = try heldBench()
    let longAgo = Sample.now.advanced(byMilliseconds: -30 * 86_400_000)
    _ = bench.turn(bench.sale("o1"))
    let delivered = Command.deliver(id("o1"), delivery: id("d1"), at: longAgo)
    let told = bench.turn([bench.command(delivered), bench.call(.releaseDue)])
    #expect(told.answers.map(\.code) == [nil, nil, nil])
    #expect(bench.finish().answers.map { $0.body["released"] } == [1])
    #expect(bench.memory.transactions.count == 2)
  }

  @Test("A sweep waits for no commit: it goes between two batches, and finds what is stored")
  func sweeps() throws {
    let bench = try heldBench()
    _ = bench.turn(bench.sale("o1"))
    bench.writer.nextSweep = Sample.now
    #expect(bench.turn([delivered(bench)]).isEmpty)
    #expect(bench.writer.nextSweep == Sample.now && bench.committer.isHolding)
    // Due only by what is in the batch that is handed over now: not found yet.
    #expect(bench.finish().answers.count == 2)
    #expect(bench.writer.nextSweep > Sample.now)
    #expect(bench.finish().answers.count == 1 && bench.memory.transactions.count == 1)
    // Stored: the next one releases it, in a batch that nobody waits for.
    bench.writer.nextSweep = Sample.now
    #expect(bench.turn().isEmpty && bench.committer.isHolding)
    #expect(bench.finish().eventCount == 0 && bench.memory.transactions.count == 2)
    #expect(bench.writer.isSettled)
  }

  @Test("What is no longer due by what is only decided, a sweep passes over")
  func sweepsBehind() throws {
    let bench = try dueBench()
    bench.writer.nextSweep = Sample.now
    let dispute = Command.dispute(id("o1"), dispute: id("q1"), at: Sample.now)
    #expect(bench.turn([bench.command(dispute)]).answers.map(\.code) == [nil])
    #expect(bench.memory.transactions.count == 1 && bench.writer.nextSweep > Sample.now)
    // Without it, it would have been released.
    _ = bench.turn([bench.command(.resolve(id("o1"), dispute: id("q1"), at: Sample.now))])
    bench.writer.nextSweep = Sample.now
    _ = bench.turn()
    #expect(bench.memory.transactions.count == 2 && bench.writer.isSettled)
  }

  @Test("After a sweep that could not be stored the next one goes by itself")
  func sweepsAlone() throws {
    let bench = try dueBench()
    bench.faults.failsCommits.store(true, ordering: .relaxed)
    bench.writer.nextSweep = Sample.now
    #expect(bench.turn([bench.order("o2")]).answers.map(\.code) == ["storage_unavailable"])
    bench.faults.failsCommits.store(false, ordering: .relaxed)
    var before = bench.committer.count
    bench.writer.nextSweep = Sample.now
    #expect(bench.turn([bench.order("o2")]).answers.map(\.code) == [nil])
    #expect(bench.committer.count == before + 2 && bench.memory.transactions.count == 2)
    // And once that was stored, they go together again.
    before = bench.committer.count
    bench.writer.nextSweep = Sample.now
    #expect(bench.turn([bench.order("o3")]).answers.map(\.code) == [nil])
    #expect(bench.committer.count == before + 1 && !bench.writer.sweepsAlone)
  }

  @Test("Reports that come together are read at once; where that fails, only they fail")
  func prepared() throws {
    let bench = try heldBench(stateBytesMax: 0)
    _ = bench.turn([bench.order("first")])
    let reports = bench.call(.reports((0..<20).map { .success(bench.report("o\($0)")) }))
    bench.faults.loadsUntilFailure.store(0, ordering: .relaxed)
    #expect(bench.turn([reports]).answers.map(\.code) == ["storage_unavailable"])
    #expect(bench.finish().answers.map(\.code) == [nil])
    // Each of them alone would need one load or more.
    bench.faults.loadsUntilFailure.store(12, ordering: .relaxed)
    #expect(bench.turn([reports]).isEmpty)
    #expect(bench.finish().answers.map(\.code) == [nil])
    #expect(bench.memory.records[.order(Sample.storefront, id("o19"))] != nil)
  }

  @Test("A stop has everything stored and answered that was taken")
  func stops() throws {
    let bench = try heldBench()
    _ = bench.turn(bench.sale("o1"))
    _ = bench.turn(bench.sale("o2"))
    #expect(!bench.writer.round([bench.order("o3"), .stop]))
    #expect(bench.loop.take().answers.map(\.code) == [nil, nil, nil, nil, nil])
    #expect(bench.memory.transactions.count == 2 && bench.writer.isSettled)
  }

  @Test("A batch does not grow for ever while the one before it is being stored")
  func bounded() throws {
    let bench = try heldBench()
    let before = bench.committer.count
    _ = bench.turn([bench.order("first")])
    let orders = (0..<Writer.batchCallsMax + 10).map { bench.order("o\($0)") }
    // The writer waits for the first, and hands the long batch over.
    #expect(bench.turn(orders).answers.count == 1)
    #expect(bench.committer.count == before + 2 && bench.writer.waiting.count == 10)
    #expect(bench.finish().answers.count == Writer.batchCallsMax)
    #expect(bench.finish().answers.count == 10)
  }

  @Test("A batch that is worth a commit is stored while the rest of its round is decided")
  func worthIt() throws {
    let bench = try heldBench()
    let before = bench.committer.count
    let batches = (0..<4).map { number in
      bench.call(.reports((0..<250).map { .success(bench.report("o\(number)-\($0)")) }))
    }
    #expect(bench.turn(batches).isEmpty)
    #expect(bench.committer.count == before + 1 && bench.committer.isHolding)
    let told = bench.finish().answers.count
    #expect(told > 0 && told < batches.count && bench.committer.count == before + 2)
    #expect(bench.finish().answers.count == batches.count - told)
  }

  @Test("A small batch that nobody waits behind is stored by the writer itself")
  func alone() throws {
    let bench = try heldBench()
    bench.committer.holds = false
    _ = bench.turn([bench.order("o1")])
    #expect(bench.committer.wasAlone)
    _ = bench.turn((0..<Writer.aloneRecordsMax).map { bench.order("many\($0)") })
    #expect(!bench.committer.wasAlone)
    bench.mailbox.post(bench.order("o3"))
    _ = bench.turn([bench.order("o2")])
    #expect(!bench.committer.wasAlone)
  }

  @Test("The committer's thread stores one batch after the other, and tells how it went")
  func thread() throws {
    let memory = MemoryStore()
    let faults = FaultSwitch()
    let woken = Atomic<Int>(0)
    let committer = try CommitThread(store: FaultyStore(memory, faults)) {
      woken.add(1, ordering: .releasing)
    }
    #expect(committer.outcome() == nil)
    var changes = Changes()
    changes.set(.stock(id("tea")), .stock(Stock(supplied: 1)))
    faults.holdsCommits.store(true, ordering: .releasing)
    committer.begin(changes, isAlone: false)
    faults.awaitHeldCommit()
    #expect(committer.outcome() == nil && woken.load(ordering: .acquiring) == 0)
    faults.holdsCommits.store(false, ordering: .releasing)
    _ = try committer.awaitOutcome().get()
    #expect(committer.outcome() == nil && memory.records.count == 1)
    faults.failsCommits.store(true, ordering: .relaxed)
    committer.begin(changes, isAlone: false)
    #expect(throws: DiskFault.self) { try committer.awaitOutcome().get() }
    // What is alone is stored before anybody is woken.
    changes.set(.stock(id("tin")), .stock(Stock(supplied: 1)))
    faults.failsCommits.store(false, ordering: .relaxed)
    committer.begin(changes, isAlone: true)
    let outcome = try #require(committer.outcome())
    #expect(throws: Never.self) { try outcome.get() }
    #expect(memory.records.count == 2)
    committer.stop()
    #expect(woken.load(ordering: .acquiring) == 2)
  }
}

extension [LoopMessage] {
  /// The offsets of events, in order.
  fileprivate var offsets: [Int64] {
    compactMap { if case .event(_, let offset, _) = $0 { offset } else { nil } }
  }
}
