// An authority of certificates for one test, made by the `openssl` command in a directory of its own,
// and removed with it; and the way to run such commands. Any thread.
import Glibc

/// An authority that nobody else trusts, and certificates of it for 127.0.0.1 and localhost.
package final class Certificates: Sendable {
  /// Where everything lies.
  package let directory: String
  /// The authority's own certificate, PEM.
  package var authority: String { directory + "/ca.pem" }

  /// Why there are no certificates.
  package enum Fault: Error {
    /// A command could not be started, with this `errno`.
    case system(Int32)
    /// A command ended with an error; what it said.
    case command(String)
  }

  /// Makes an authority.
  ///
  /// - Throws: `Fault`.
  package init() throws {
    var template = Array("/tmp/waggle-tls-XXXXXX".utf8CString)
    let path: String? = template.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress, let made = mkdtemp(base) else { return nil }
      return String(cString: made)
    }
    guard let path else { throw Fault.system(errno) }
    directory = path
    try openssl(
      ["req", "-x509", "-subj", "/CN=waggle test authority", "-addext", "keyUsage=keyCertSign"]
        + fresh("ca"))
  }

  deinit { _ = try? run(["/bin/rm", "-rf", directory]) }

  /// Makes a certificate and its key.
  ///
  /// - Parameters:
  ///   - name: of the files; an older certificate of this name is replaced.
  ///   - days: how long it holds.
  /// - Returns: the paths, PEM.
  /// - Throws: `Fault`.
  @discardableResult
  package func issue(
    _ name: String, days: Int = 2
  ) throws -> (certificate: String, key: String) {
    try openssl(
      [
        "req", "-x509", "-CA", authority, "-CAkey", directory + "/ca.key", "-days", "\(days)",
        "-subj",
        "/CN=\(name)", "-addext", "basicConstraints=critical,CA:FALSE", "-addext",
        "subjectAltName=IP:127.0.0.1,DNS:localhost",
      ] + fresh(name))
    return ("\(directory)/\(name).pem", "\(directory)/\(name).key")
  }

  private func fresh(_ name: String) -> [String] {
    [
      "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
      "\(directory)/\(name).key", "-out", "\(directory)/\(name).pem",
    ]
  }

  private func openssl(_ arguments: [String]) throws {
    let (status, output) = try run(["/usr/bin/openssl"] + arguments)
    guard status == 0 else { throw Fault.command(output) }
  }
}

/// Runs a command to its end.
///
/// - Parameters:
///   - arguments: the path of the program first.
///   - input: what it reads.
/// - Returns: its exit status (−1 where a signal ended it) and all that it wrote.
/// - Throws: `Certificates.Fault.system` where it cannot be started.
package func run(
  _ arguments: [String], input: String = ""
) throws -> (status: Int32, output: String) {
  let streams = try (0..<2).map { _ in
    guard let stream = tmpfile() else { throw Certificates.Fault.system(errno) }
    return stream
  }
  defer { for stream in streams { fclose(stream) } }
  let files = streams.map { fileno($0) }
  _ = Array(input.utf8).withUnsafeBytes { write(files[0], $0.baseAddress, $0.count) }
  lseek(files[0], 0, SEEK_SET)
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  posix_spawn_file_actions_adddup2(&actions, files[0], 0)
  posix_spawn_file_actions_adddup2(&actions, files[1], 1)
  posix_spawn_file_actions_adddup2(&actions, files[1], 2)
  let texts = arguments.map { strdup($0) }
  defer { for text in texts { free(text) } }
  var process = pid_t()
  let code = posix_spawn(&process, arguments[0], &actions, nil, texts + [nil], environ)
  guard code == 0 else { throw Certificates.Fault.system(code) }
  var status: Int32 = 0
  while waitpid(process, &status, 0) < 0, errno == EINTR {}
  var output: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 65_536)
  lseek(files[1], 0, SEEK_SET)
  while case let count = read(files[1], &chunk, chunk.count), count > 0 {
    output += chunk[..<count]
  }
  return (
    status & 0x7f == 0 ? status >> 8 & 0xff : -1, String(decoding: output, as: UTF8.self)
  )
}

/// The bytes of a file.
///
/// - Parameter path: of the file.
/// - Returns: its bytes.
/// - Throws: `Certificates.Fault.system`.
package func contents(_ path: String) throws -> [UInt8] {
  let file = open(path, O_RDONLY | O_CLOEXEC)
  guard file >= 0 else { throw Certificates.Fault.system(errno) }
  defer { close(file) }
  var bytes = [UInt8](repeating: 0, count: 262_144)
  let count = read(file, &bytes, bytes.count)
  guard count >= 0 else { throw Certificates.Fault.system(errno) }
  return Array(bytes[..<count])
}
