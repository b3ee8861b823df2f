// Files that may be exchanged while the server runs: the keys, the certificate and its key. Looked at
// once a second, and whenever somebody asks. What cannot be used changes nothing but the log: the server
// goes on with what it has, and tries again when a file has changed again.
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
    var size: Int64 = -1

    /// A file that is not there has a stamp too.
    init(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return }
      device = UInt64(status.st_dev)
      inode = UInt64(status.st_ino)
      (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
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

  private let directory: String
  private let keys: LiveKeys
  private let certificate: (files: CertificateFiles, identity: TLSIdentity)?
  private let keysChanged: @Sendable () -> Void
  private let log: @Sendable (String) -> Void
  private let stamps: Mutex<Stamps>

  /// Watches.
  ///
  /// - Parameters:
  ///   - stamps: taken before the files were read for the first time.
  ///   - directory: of the key file.
  ///   - keys: hold what the key file holds.
  ///   - certificate: what is shown now, and where it came from.
  ///   - log: takes one line.
  ///   - keysChanged: is told after the keys were exchanged.
  init(
    since stamps: Stamps, directory: String, keys: LiveKeys,
    certificate: (files: CertificateFiles, identity: TLSIdentity)?,
    log: @escaping @Sendable (String) -> Void, keysChanged: @escaping @Sendable () -> Void
  ) {
    self.directory = directory
    self.keys = keys
    self.certificate = certificate
    self.log = log
    self.keysChanged = keysChanged
    self.stamps = Mutex(stamps)
  }

  /// Reloads what has changed.
  ///
  /// - Parameter isForced: whether everything is read again, changed or not.
  func look(isForced: Bool = false) {
    stamps.withLock { stamps in
      // Taken before the files are read: a change meanwhile is found the next time.
      let present = Stamps(directory: directory, certificate?.files)
      if isForced || present.keys != stamps.keys { reloadKeys() }
      if isForced || present.certificate != stamps.certificate { reloadCertificate() }
      stamps = present
    }
  }

  private func reloadKeys() {
    do throws(KeyringError) {
      guard let fresh = try Keyring.load(directory: directory) else {
        return log("keys: the key file is gone; the keys stay as they are")
      }
      let present = keys.current
      if fresh.commissionKeys != present.commissionKeys {
        // A desk with a thread of its own belongs to each service.
        log("keys: changed commission keys are taken up at the next start")
      }
      guard !fresh.isSame(as: present) else { return }
      keys.replace(with: fresh.with(present.commissionKeys))
      log("keys: \(fresh) now hold")
    } catch {
      return log("keys: \(error); the keys stay as they are")
    }
    keysChanged()
  }

  private func reloadCertificate() {
    guard let certificate else { return }
    do {
      let context = try certificate.files.load()
      certificate.identity.replace(with: context)
      let end = Timestamp(milliseconds: context.expirySeconds * 1000)
      log("tls: a new certificate is shown, valid until \(end)")
    } catch {
      log("tls: \(error); the certificate stays as it is")
    }
  }
}
