// The right to write to a data directory: an exclusive flock on `DIRECTORY/lock`.
//
// Why not leave it to SQLite's own locks: those let two processes take turns, and SQLite before
// 3.51.3 can corrupt a database when two connections write or checkpoint at once in WAL mode. The
// kernel releases the lock when its holder dies, however it dies, so that a stale file never bars
// the way. The file holds the holder's process number, only for the message to whoever is refused.

import Glibc

/// An exclusive right to a directory, held until the value goes away.
struct DirectoryLock: ~Copyable {
  private let descriptor: Int32

  /// Takes the lock, or fails at once.
  ///
  /// - Throws: `.writerPresent` if anybody holds it; `.cannotOpen`.
  init(directory: String) throws(StorageError) {
    let path = directory + "/lock"
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw StorageError(systemCall: "open \(path)", number: errno) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let number = errno
      defer { close(descriptor) }
      guard number == EWOULDBLOCK else {
        throw StorageError(systemCall: "flock \(path)", number: number)
      }
      throw StorageError(
        operation: "flock \(path)", code: .writerPresent, extendedCode: number,
        message: "process \(Self.holder(descriptor)) is writing to this directory")
    }
    self.descriptor = descriptor
    // A failure here costs no more than the number in a message.
    let line = Array("\(getpid())\n".utf8)
    if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, line, line.count, 0) }
  }

  deinit {
    // Unlocking first: a child that another thread is starting holds the descriptor, and with it
    // the lock, until it has become its program.
    _ = flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  private static func holder(_ descriptor: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 20)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    let digits = bytes.prefix(max(0, count)).prefix { (0x30...0x39).contains($0) }
    return digits.isEmpty ? "unknown" : String(decoding: digits, as: UTF8.self)
  }
}

/// Makes `directory` if it is not there, and makes its name durable.
///
/// The parent must exist. SQLite syncs the directory for the files that it creates, but nobody
/// would sync the parent for the directory itself.
func makeDirectory(_ directory: String) throws(StorageError) {
  guard mkdir(directory, 0o700) == 0 else {
    let number = errno
    guard number == EEXIST else {
      throw StorageError(systemCall: "mkdir \(directory)", number: number)
    }
    return
  }
  let parent = directory + "/.."
  let descriptor = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  guard descriptor >= 0 else { throw StorageError(systemCall: "open \(parent)", number: errno) }
  defer { close(descriptor) }
  guard fsync(descriptor) == 0 else {
    throw StorageError(systemCall: "fsync \(parent)", number: errno)
  }
}
