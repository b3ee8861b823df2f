// What a loop has for the writer, gathered while it reads and posted together. The writer would commit the
// first of a batch of calls alone, for it wakes before the second one is read: two commits instead of one,
// and two frames to everybody in the room. The loop's thread only.

/// Messages on their way to one mailbox.
struct Outbox<Message: Sendable> {
  private let mailbox: Mailbox<Message>
  private var messages: [Message] = []

  /// So many are enough to be worth a commit: the rest of what the loop reads need not be waited for.
  static var heldMax: Int { 32 }

  /// Gathers for a mailbox.
  init(to mailbox: Mailbox<Message>) { self.mailbox = mailbox }

  /// Takes a message, unless too many wait in the mailbox; it is posted with the next `send`.
  ///
  /// - Returns: whether it was taken.
  mutating func offer(_ message: Message) -> Bool {
    guard mailbox.promise() else { return false }
    messages.append(message)
    return true
  }

  /// Whether enough is gathered to be sent before the turn is over.
  var isLong: Bool { messages.count >= Outbox.heldMax }

  /// Posts everything that was gathered.
  mutating func send() {
    guard !messages.isEmpty else { return }
    mailbox.post(promised: messages)
    messages.removeAll(keepingCapacity: true)
  }
}
