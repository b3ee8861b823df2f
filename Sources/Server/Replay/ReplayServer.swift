// The server of a replay that is given none: on a free port of the loopback address, in this process, in
// the folder that was named or in a temporary one that is removed afterwards.

import Commerce
import Glibc

extension Subcommand {
  /// Replays a month of retail data.
  static let replay = ReplayCommand.subcommand(start: startOwnServer)
}

@Sendable private func startOwnServer(
  _ folder: String?, _ output: CommandOutput
) throws -> ReplayCommand.OwnServer {
  let directory = try folder ?? temporaryFolder()
  var options = ServerOptions(
    directory: directory, zone: { try TimeZones.table(named: $0) }, log: output.note)
  options.port = 0
  let server = try startServer(options)
  let token = try server.keyring.issue(
    person: PersonID(trusted: "replay"), storefront: StorefrontID(trusted: "retail"),
    scopes: [.backend, .operator], lifetimeMilliseconds: 86_400_000, now: wallClock())
  return ReplayCommand.OwnServer(
    target: ReplayTarget(host: options.host, port: server.address.port, token: token)
  ) {
    server.stop()
    if folder == nil { removeFolder(directory) }
  }
}

private func temporaryFolder() throws -> String {
  let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
  var template = Array("\(parent)/waggle-replay-XXXXXX".utf8CString)
  guard mkdtemp(&template) != nil else {
    throw CommandFailure(
      .cannotCreate, "a folder in \(parent): \(String(cString: strerror(errno)))")
  }
  return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
}

/// Removes a data directory, which has files and no folders; what cannot be removed stays.
private func removeFolder(_ path: String) {
  guard let entries = opendir(path) else { return }
  while let entry = readdir(entries) {
    let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    if name != ".", name != ".." { unlink("\(path)/\(name)") }
  }
  closedir(entries)
  rmdir(path)
}
