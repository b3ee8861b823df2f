// Letting somebody into a room: the answer holds everything up to an offset, and what comes after is
// pushed. Runs on the writer's thread, after the commit of the batch in which it was asked for and before
// the next one is handed over: what the store is asked here is what `committed` knows.

import Commerce
import Coordination
import Notation

extension Writer {
  /// Lets somebody in, with everything up to an offset; what comes after is pushed.
  func admit(
    _ address: ReplyAddress, _ caller: Caller, _ wish: JoinWish, _ touch: JSON?
  ) throws {
    let key = RoomKey(caller.storefront, wish.room)
    guard case .room(let room)? = try coordinator.committed(.room(key.storefront, key.room)),
      case .storefront(let storefront)? = try coordinator.committed(.storefront(key.storefront))
    else {
      preconditionFailure("attendance was decided for a room that exists")
    }
    let progress =
      try coordinator.roomProgress(key.storefront, key.room) ?? RoomProgress(epoch: 0)
    var promoter: MemberID?
    if case .visits(let visits)? = try coordinator.committed(
      .visits(key.storefront, caller.person, key.room))
    {
      promoter = visits.touches.last?.promoter
    }
    var members: [JSON.Member] = [
      JSON.Member("room", roomView(room, currency: storefront.currency)),
      JSON.Member("epoch", .integer(progress.epoch)),
      JSON.Member("offset", .integer(progress.offset)),
    ]
    let events = try missed(key, progress, since: wish.since)
    if wish.since != nil { health.recovered(events != nil) }
    if let events {
      members.append(JSON.Member("recovered", true))
      members.append(JSON.Member("events", .array(events)))
    } else {
      members.append(JSON.Member("recovered", false))
      members.append(JSON.Member("listings", try snapshot(key, progress)))
    }
    presence.enter(key, caller.person, promoter: promoter)
    members.append(JSON.Member("watching", .integer(Int64(presence.watching(key)))))
    members.append(JSON.Member("unique", .integer(progress.uniqueViewers)))
    if let touch { members.append(JSON.Member("touch", touch)) }
    publisher.answer(
      address,
      .joined(
        address, key, caller.person, offset: progress.offset,
        Answer(body: JSON.object(members).bytes, epoch: progress.epoch)))
    // It may be long, and there may be many: none waits for the next one to be put together.
    publisher.flush()
    // The answer is on its way: whoever it is for has come in, whatever can be told to others.
    attempt { try publisher.publishCounts([(key, promoter)], coordinator, presence) }
  }

  private func missed(
    _ key: RoomKey, _ progress: RoomProgress, since: (epoch: Int64, offset: Int64)?
  ) throws -> [JSON]? {
    guard let since, since.epoch == progress.epoch, since.offset <= progress.offset,
      progress.offset - since.offset <= Int64(Writer.recoveredEventsMax)
    else { return nil }
    let events = try store.events(
      key.storefront, key.room, after: since.offset, limit: Writer.recoveredEventsMax)
    guard Int64(events.count) == progress.offset - since.offset else { return nil }
    var bytes = 0
    var told: [JSON] = []
    for event in events {
      let parameters = event.parameters
      bytes += parameters.bytes.count
      if bytes > Writer.recoveredBytesMax { return nil }
      told.append(parameters)
    }
    return told
  }

  private func snapshot(_ key: RoomKey, _ progress: RoomProgress) throws -> JSON {
    if let known = snapshots[key], known.offset == progress.offset { return known.listings }
    let listings = try store.listings(
      key.storefront, key.room, after: nil, limit: Writer.snapshotListings)
    let view = JSON.array(listings.map { listingView($0.listing, $0.sku, $0.stock) })
    snapshots[key] = (progress.offset, view)
    return view
  }
}
