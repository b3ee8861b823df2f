// What reaches the writer, and where its answers go.

import Commerce
import Coordination
import Notation
import Transport

/// Where an answer belongs: a connection of a loop, and the place of the call on that connection.
package struct ReplyAddress: Sendable {
  /// The index of the loop.
  package let loop: Int
  /// The connection; stale once it has closed.
  package let connection: ConnectionID
  /// Counts the calls of the loop.
  package let call: UInt64

  /// Makes an address.
  package init(loop: Int, connection: ConnectionID, call: UInt64) {
    self.loop = loop
    self.connection = connection
    self.call = call
  }
}

/// An answer, encoded once.
package struct Answer: Sendable {
  /// One JSON value, or a CSV file.
  package let body: [UInt8]
  /// Whether this is the first answer to an event that was reported before.
  package let isRepeat: Bool
  /// What the body is called where it is saved, if it is a CSV file.
  package let fileName: String?
  /// The epoch of the room that the answer lets somebody into, for the advice at a stop.
  package let epoch: Int64?

  /// Makes an answer.
  package init(
    body: [UInt8], isRepeat: Bool = false, fileName: String? = nil, epoch: Int64? = nil
  ) {
    self.body = body
    self.isRepeat = isRepeat
    self.fileName = fileName
    self.epoch = epoch
  }
}

/// A room of a storefront.
package struct RoomKey: Hashable, Sendable {
  /// Whose.
  package let storefront: StorefrontID
  /// The room.
  package let room: RoomID

  /// Makes a key.
  package init(_ storefront: StorefrontID, _ room: RoomID) {
    self.storefront = storefront
    self.room = room
  }
}

/// What is posted to the writer.
package enum WriterMessage: Sendable {
  /// A call to decide and answer.
  case call(Call, Caller, ReplyAddress)
  /// A connection that had joined is gone, or left.
  case left(RoomKey, ViewerID)
  /// One connection of this loop watches these figures no more, or had no need to ask.
  case unwatched(Ticker, loop: Int)
  /// A commission service has answered for a revision of an order, or could not.
  case settled(DelegatedOrder, ServiceAnswer)
  /// What the desk of webhooks has to say of an endpoint.
  case webhook(WebhookKey, WebhookReport)
  /// Time to stop: everything before is still decided and answered.
  case stop
}

/// What the writer and the readers post to a loop.
package enum LoopMessage: Sendable {
  /// The answer to a call.
  case answer(ReplyAddress, Result<Answer, Fault>)
  /// The answer to a join: from here on the connection is in the room and has everything up to `offset`.
  case joined(ReplyAddress, RoomKey, ViewerID, offset: Int64, Answer)
  /// The answer to a subscription: from here on the connection is told what comes.
  case watching(ReplyAddress, Ticker, Answer)
  /// The answer to leaving: after everything that was asked before, the connection is told no more.
  case leaving(ReplyAddress, Departure, Answer)
  /// An event of a room, as an encoded notification.
  case event(RoomKey, offset: Int64, [UInt8])
  /// The latest value of something in a room, as an encoded notification; a later one replaces it.
  case level(RoomKey, LevelKey, [UInt8])
  /// The latest value of a ticker, as an encoded notification; a later one replaces it.
  case figures(Ticker, [UInt8])
  /// Keys or tokens hold no more: every session is judged again.
  case accessChanged
  /// Everything that was posted before of a commit is there; when that commit was published, in
  /// microseconds of the clock that never jumps.
  case published(at: Int)
  /// The server stops: advises every client to come back later, takes nothing more, and drains the
  /// loop as soon as everything taken before is answered, or the time is over.
  case closing(reconnectAfterMilliseconds: Int64, withinMilliseconds: Int64)
}

/// What a connection leaves.
package enum Departure: Sendable {
  /// A room.
  case room(RoomKey)
  /// Figures.
  case ticker(Ticker)
}

/// Which value of a room a level is.
package enum LevelKey: Hashable, Sendable {
  /// How many watch.
  case count
  /// Stock and sales of a listing.
  case listing(SKUID)
}
