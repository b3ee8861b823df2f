// The links of a run, some of them with an end or a limit, and what the backend says of who brought whom.
// The simulation's thread only.

import Commerce
import Coordination
import Histories
import Server

extension Workload {
  /// Makes links: two that hold for ever, one that ends soon, one for very few.
  func makeLinks(_ simulation: Simulation) -> [Link] {
    let now = simulation.clock.wall
    return (0..<5).map { index in
      let room = dice.percent(70) ? dice.pick(rooms) : nil
      let ends = now.advanced(byMilliseconds: Int64(2_000 + dice.below(30_000)))
      let link = Link(
        id: LinkID(trusted: "l\(index)"), text: "l\(index)", promoter: members[2 + index % 3],
        room: room, sku: nil, channel: "",
        expiresAt: index == 3 ? ends : Timestamp(milliseconds: .max / 2),
        maximumUses: index == 4 ? Int64(1 + dice.below(2)) : nil, issuedAt: now)
      desk(simulation, .createLink(link))
      return link
    }
  }

  /// A link that somebody holds.
  func evidence() -> LinkEvidence {
    let link = dice.pick(links)
    return .genuine(
      SignedLink(
        id: link.id, storefront: Simulation.storefront, promoter: link.promoter, room: link.room,
        channel: link.channel, expiresAt: link.expiresAt, maximumUses: link.maximumUses))
  }

  /// The backend says who brought somebody, perhaps long after; or a promoter's link is taken back.
  func vouch(_ simulation: Simulation) {
    if dice.percent(10) { return desk(simulation, .revokeLink(dice.pick(links).id)) }
    let late = swarm.has(.lateReports) ? Int64(dice.below(100_000)) : 0
    let evidence = LinkEvidence.vouched(
      promoter: dice.pick(members), room: dice.percent(70) ? dice.pick(rooms) : nil)
    let at = simulation.clock.wall.advanced(byMilliseconds: -late)
    desk(simulation, .touch(viewer: viewer, evidence, at: at))
  }
}
