// What a seed turns on. Every seed draws its own mix of features and faults (swarm testing), because a
// run with everything on never gets deep into anything. Values only; any thread.
// Source: Groce et al., "Swarm Testing", 2012.

import Coordination
import Histories

/// Something that a run may have or not.
package enum Feature: String, CaseIterable, Sendable {
  // Faults of the disk and the process.
  /// Commits fail now and then; nothing is stored.
  case commitFailures
  /// Loads fail now and then.
  case loadFailures
  /// The process dies within a commit: nothing of it is stored.
  case deathBeforeCommit
  /// The process dies after a commit, before anybody is answered.
  case deathAfterCommit
  /// The process dies between two answers, or between the answers and what is published.
  case deathWhilePublishing
  /// A commit takes a while, and what comes meanwhile is decided on top of it.
  case slowCommits
  /// Little or nothing of the state stays in memory.
  case coldCache
  // Faults of the network and the clock.
  /// Connections break, with what was on its way.
  case brokenConnections
  /// Messages take up to seconds.
  case slowNetwork
  /// Some read so slowly that they get no conflated values for a while.
  case slowReaders
  /// The wall clock is set back.
  case clockSetBack
  /// Hours and days pass between two steps.
  case longTime
  // What people do.
  /// Everything is reported again, also with another content under the same id.
  case repeats
  /// Orders are reported long after they were placed.
  case lateReports
  /// Parts or all of an order are given back.
  case refunds
  /// Orders are disputed.
  case disputes
  /// Ranks and pacts change.
  case promotions
  /// Statements pay out.
  case statements
  /// A commission service settles.
  case remoteSettlement
  /// The commission service fails, answers twice, late or wrong.
  case serviceFaults
  /// Several messages are decided in one round.
  case batches
  /// In the end everything is given back.
  case refundedEnd
}

/// The plans whose shares the checker can reckon by itself.
package enum SimulatedPlan: String, CaseIterable, Sendable {
  /// See domain.md, section 5.1.
  case wanwu
  /// See domain.md, section 5.2.
  case fengxiang
  /// See domain.md, section 5.3.
  case shuai
}

/// How one run is made.
package struct Swarm: Sendable {
  /// Gives everything else.
  package let seed: UInt64
  /// What is on.
  package var features: Set<Feature>
  /// How many things people do.
  package var steps: Int
  /// The storefront's plan.
  package let plan: SimulatedPlan
  /// A fault planted in the system on purpose.
  package var planted: PlantedFault?
  let loops: Int
  let viewers: Int
  let rooms: Int
  /// Units ever supplied of the rare SKU.
  let rare: Int64
  /// The storefront's order of precedence for who brought a buyer.
  let precedence: [AttributionSource]

  /// Draws a run.
  ///
  /// - Parameters:
  ///   - seed: any.
  ///   - planted: a fault to plant; none in an honest run.
  package init(seed: UInt64, planted: PlantedFault? = nil) {
    var dice = Dice(seed: seed &* 0x2545_F491_4F6C_DD1D &+ 1)
    self.seed = seed
    self.planted = planted
    features = Set(Feature.allCases.filter { _ in dice.percent(50) })
    features.formUnion(planted?.needs ?? [])
    steps = 30 + dice.below(120)
    plan = dice.pick(SimulatedPlan.allCases)
    loops = 1 + dice.below(3)
    viewers = 2 + dice.below(5)
    rooms = 1 + dice.below(2)
    rare = Int64(1 + dice.below(12))
    precedence = dice.pick([
      [.code, .visit, .lock], [.code, .visit, .lock], [.lock, .visit, .code], [.visit, .lock],
    ])
  }

  /// The dice of one part of the world, so that what one part draws moves no other.
  func dice(_ part: UInt64) -> Dice { Dice(seed: seed &* 1_000_003 &+ part &* 7_919) }

  func has(_ feature: Feature) -> Bool { features.contains(feature) }

  /// The run in one line.
  package var description: String {
    let names = Feature.allCases.filter(features.contains).map(\.rawValue).joined(separator: " ")
    return "seed \(seed), \(steps) steps, \(plan.rawValue), \(loops) loops: \(names)"
  }
}

/// Something that is not as it has to be.
package struct SimulationFinding: Sendable, CustomStringConvertible {
  /// What is not kept.
  package let rule: SimulationRule
  /// Where and what.
  package let text: String
  /// Simulated milliseconds since the beginning.
  package let at: Int64

  /// One line.
  package var description: String { "\(rule.rawValue) at \(at) ms: \(text)" }
}

/// What every run has to keep.
package enum SimulationRule: String, CaseIterable, Sendable {
  /// Transactions sum to zero, are numbered without gaps, and make the balances.
  case books
  /// What an order brings each party is what its plan gives, to the fen.
  case shares
  /// A fact is booked once.
  case once
  /// What was acknowledged is there, whatever happened to the process.
  case acknowledged
  /// The same report gets the same answer; the same id with another content is a conflict.
  case idempotence
  /// No more is sold than there is.
  case oversell
  /// Whoever is bound stays bound, and the binding counts.
  case lock
  /// What an order pins never changes.
  case frozen
  /// Every event comes once and in order, also across connections.
  case stream
  /// Tickers are what the ledger is at the sequence they name.
  case ticker
  /// Nothing is released too early, nothing that is due waits for ever, and nothing unpaid is kept.
  case release
  /// Whoever brought a buyer is who the calls say, and nobody else.
  case attribution
  /// What was given back in full nets to zero.
  case zero
  /// Once the faults stop, everything is answered, settled and told.
  case liveness
}
