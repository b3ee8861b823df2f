// Who is at the other end. The loop's thread only.

extension Connections {
  /// Whether a connection comes from this machine, by its address alone: a proxy on this machine makes
  /// everybody local.
  ///
  /// - Parameter id: any id.
  /// - Returns: false for a stale id.
  package func isLocal(_ id: ConnectionID) -> Bool {
    guard let slot = slot(of: id) else { return false }
    return rows[slot].network?.isLoopback ?? false
  }
}
