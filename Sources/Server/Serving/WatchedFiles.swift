// Files that may be exchanged while the server runs: the keys, the certificate and its key. Looked at
// once a second, and whenever somebody asks. What cannot be used changes nothing but the log: the server
// goes on with what it has, and tries again when a file has changed again; what the system did not let
// it read, such as for want of a descriptor, is tried again the next time.
//
// `look` runs under a lock, on the thread that watches or on that of whoever asks.

import Commerce
import Glibc
import Synchronization
import Transport

/// Reloads what changes on disk.
final class WatchedFiles: Sendable {
  /// Tells one version of a file from another.
  fileprivate struct Stamp: Equatable {
    var device: UInt64 = 0
    var inode: UInt64 = 0
    var seconds = 0
    var nanoseconds = 0
    /// When the mode or the name changed: a file that could not be used for its mode may be put right.
    var changedSeconds = 0
    var changedNanoseconds = 0
    var size: Int64 = -1

    /// A file that is not there has a stamp too.
    init(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return }
      device = UInt64(status.st_dev)
      inode = UInt64(status.st_ino)
      (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
      (changedSeconds, changedNanoseconds) = (status.st_ctim.tv_sec, status.st_ctim.tv_nsec)
      size = Int64(status.st_size)
    }
  }

  /// Where the certificate and its key lie.
  struct CertificateFiles: Sendable {
    let certificate: String
    let key: String

    /// Reads them.
    ///
    /// - Throws: `KeyringError`, `SmallFile.Fault`, `TLSError`.
    func load() throws -> TLSServerContext {
      // The key first: whoever exchanges both writes the certificate last.
      guard let key = try Keyring.ownersFile(key, isGroupTrusted: true) else {
        throw KeyringError.malformed(path: self.key, reason: "there is no such file")
      }
      let chain = try SmallFile.read(certificate, bytesMax: 262_144)
      return try TLSServerContext(certificateChain: chain, privateKey: key)
    }
  }

  /// All files as they were at one moment.
  struct Stamps: Sendable, Equatable {
    fileprivate var keys: Stamp
    fileprivate var certificate: [Stamp]

    /// Looks at them now.
    init(directory: String, _ files: CertificateFiles?) {
      keys = Stamp(directory + "/" + Keyring.fileName)
      certificate = (files.map { [$0.certificate, $0.key] } ?? []).map { Stamp($0) }
    }
  }

  /// What is known of the files.
  private struct Known {
    /// As they were when they were read last; nothing where they are to be read again.
    var keys: Stamp?
    var certificate: [Stamp]?
    /// What was said of each last, so that a fault that lasts is said once.
    var said: [String: String] = [:]
  }

  /// What came of reading a file again.
  private enum Outcome {
    /// It holds, or it changes nothing.
    case taken
    /// It cannot be used before somebody has changed it.
    case refused(String)
    /// The system did not let us read it; it may the next time.
    case unread(String)
  }

  private let directory: String
  private let keys: LiveKeys
  private let certificate: (files: CertificateFiles, identity: TLSIdentity)?
  private let health: Health
  private let load: @Sendable () throws -> Keyring?
  private let keysChanged: @Sendable () -> Void
  private let log: @Sendable (String) -> Void
  private let known: Mutex<Known>

  /// Watches.
  ///
  /// - Parameters:
  ///   - stamps: taken before the files were read for the first time.
  ///   - directory: of the key file.
  ///   - keys: hold what the key file holds.
  ///   - certificate: what is shown now, and where it came from.
  ///   - health: is told whether what holds is what lies there.
  ///   - load: reads the key file; nothing where it is gone.
  ///   - log: takes one line.
  ///   - keysChanged: is told after the keys were exchanged.
  init(
    since stamps: Stamps, directory: String, keys: LiveKeys,
    certificate: (files: CertificateFiles, identity: TLSIdentity)?, health: Health,
    load: @escaping @Sendable () throws -> Keyring?,
    log: @escaping @Sendable (String) -> Void, keysChanged: @escaping @Sendable () -> Void
  ) {
    self.directory = directory
    self.keys = keys
    self.certificate = certificate
    self.log = log
    self.health = health
    self.load = load
    self.keysChanged = keysChanged
    known = Mutex(Known(keys: stamps.keys, certificate: stamps.certificate))
  }

  /// Reloads what has changed.
  ///
  /// - Parameter isForced: whether everything is read again, changed or not.
  func look(isForced: Bool = false) {
    known.withLock { known in
      // Taken before the files are read: a change meanwhile is found the next time.
      let present = Stamps(directory: directory, certificate?.files)
      if isForced || present.keys != known.keys {
        let isRead = conclude(reloadKeys(), of: "keys", health.areKeysStale, &known)
        known.keys = isRead ? present.keys : nil
      }
      if isForced || present.certificate != known.certificate {
        let isRead = conclude(reloadCertificate(), of: "tls", health.isCertificateStale, &known)
        known.certificate = isRead ? present.certificate : nil
      }
    }
  }

  /// Says what is wrong with a file, once for as long as it lasts.
  ///
  /// - Returns: whether the file was read, so that it needs to be read again only when it changes.
  private func conclude(
    _ outcome: Outcome, of what: String, _ isStale: borrowing Atomic<Bool>, _ known: inout Known
  ) -> Bool {
    switch outcome {
    case .taken:
      known.said[what] = nil
      isStale.store(false, ordering: .relaxed)
      return true
    case .refused(let line):
      log("\(what): \(line)")
      known.said[what] = line
      isStale.store(true, ordering: .relaxed)
      return true
    case .unread(let line):
      if known.said[what] != line { log("\(what): \(line); it is tried again every second") }
      known.said[what] = line
      isStale.store(true, ordering: .relaxed)
      return false
    }
  }

  private func reloadKeys() -> Outcome {
    do {
      guard let fresh = try load() else {
        return .refused("the key file is gone; the keys stay as they are")
      }
      let present = keys.current
      // A desk with a thread of its own belongs to each service and to each endpoint.
      if fresh.commissionKeys != present.commissionKeys {
        log("keys: changed commission keys are taken up at the next start")
      }
      if fresh.webhooks != present.webhooks {
        log("keys: changed webhooks are taken up at the next start")
      }
      guard !fresh.isSame(as: present) else { return .taken }
      keys.replace(with: fresh.keepingNeighbours(of: present))
      log("keys: \(fresh) now hold")
    } catch {
      let line = "\(error); the keys stay as they are"
      return (error as? KeyringError)?.mayPass == false ? .refused(line) : .unread(line)
    }
    keysChanged()
    return .taken
  }

  private func reloadCertificate() -> Outcome {
    guard let certificate else { return .taken }
    do {
      let context = try certificate.files.load()
      certificate.identity.replace(with: context)
      let end = Timestamp(milliseconds: context.expirySeconds * 1000)
      log("tls: a new certificate is shown, valid until \(end)")
      return .taken
    } catch {
      let line = "\(error); the certificate stays as it is"
      if let fault = error as? KeyringError, fault.mayPass { return .unread(line) }
      if case .system(let number)? = error as? SmallFile.Fault, number != ENOENT {
        return .unread(line)
      }
      return .refused(line)
    }
  }
}

extension KeyringError {
  /// Whether reading the same file again may go well.
  fileprivate var mayPass: Bool {
    switch self {
    case .system, .noRandomness: true
    case .exposed, .malformed: false
    }
  }
}
