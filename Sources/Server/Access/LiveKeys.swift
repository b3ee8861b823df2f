// The keyring that holds now; it is exchanged when the key file changes. Any thread.

import Synchronization

/// A keyring that can be exchanged while the server runs.
final class LiveKeys: Sendable {
  private let keyring: Mutex<Keyring>

  init(_ keyring: Keyring) { self.keyring = Mutex(keyring) }

  /// The keys that hold now.
  var current: Keyring { keyring.withLock { $0 } }

  /// Exchanges them for others.
  func replace(with others: Keyring) { keyring.withLock { $0 = others } }
}
