// Connections between clients and the server: in order within one, in any order among several; each may
// break at any moment, with all or nothing of what was on its way. The simulation's thread only.

import Histories
import Server
import Transport

/// One connection as the network sees it.
struct SimulatedLine {
  let client: Int
  /// When the last byte of each direction arrives.
  var arrivesAtServer: Int64 = 0
  var arrivesAtClient: Int64 = 0
  /// Nothing arrives at the client after this moment.
  var cutAt = Int64.max
  var isBroken = false
  /// Whether the client reads so slowly that much waits.
  var isLagging = false
}

/// All connections that there ever were; the outlet of the server's loops.
final class SimulatedNetwork: FrameOutlet {
  private(set) var lines: [ConnectionID: SimulatedLine] = [:]
  /// Takes what arrives at a client, and when.
  var arrive: (_ client: Int, ConnectionID, _ at: Int64, [UInt8]) -> Void = { _, _, _, _ in }
  private let clock: SimulatedClock
  private let swarm: Swarm
  private var dice: Dice
  private var generation: UInt32 = 0

  init(_ swarm: Swarm, _ clock: SimulatedClock) {
    self.swarm = swarm
    self.clock = clock
    dice = swarm.dice(2)
  }

  /// Whether anything may go wrong now.
  var isFaulty = false

  /// Opens a connection of a client to one of the loops.
  func connect(_ client: Int) -> ConnectionID {
    generation += 1
    let id = ConnectionID(
      loop: dice.below(swarm.loops), generation: generation, slot: client)
    lines[id] = SimulatedLine(client: client)
    return id
  }

  /// When something sent now arrives at the server; nothing for a broken connection.
  func sendToServer(_ id: ConnectionID) -> Int64? {
    guard var line = lines[id], !line.isBroken else { return nil }
    line.arrivesAtServer = max(line.arrivesAtServer, clock.now + delay())
    lines[id] = line
    return line.arrivesAtServer
  }

  /// Breaks a connection.
  ///
  /// - Returns: when the client learns of it.
  func cut(_ id: ConnectionID) -> Int64 {
    guard var line = lines[id] else { return clock.now }
    line.isBroken = true
    // What the server had sent is lost from some moment on.
    line.cutAt = min(line.cutAt, clock.now + Int64(dice.below(2)) * Int64(dice.below(500)))
    lines[id] = line
    return max(clock.now, line.arrivesAtClient) + delay()
  }

  func setLagging(_ id: ConnectionID, _ isLagging: Bool) { lines[id]?.isLagging = isLagging }

  // MARK: Outlet

  func send(_ frame: Frame, to id: ConnectionID) -> SendOutcome {
    guard var line = lines[id], !line.isBroken else { return .dropped }
    line.arrivesAtClient = max(line.arrivesAtClient, clock.now + delay())
    lines[id] = line
    arrive(line.client, id, line.arrivesAtClient, frame.bytes)
    return .sent
  }

  func queuedBytes(_ id: ConnectionID) -> Int { lines[id]?.isLagging == true ? 1_000_000 : 0 }

  private func delay() -> Int64 {
    let usual = Int64(1 + dice.below(20))
    guard isFaulty, swarm.has(.slowNetwork), dice.percent(20) else { return usual }
    return usual + Int64(dice.below(2000))
  }
}
