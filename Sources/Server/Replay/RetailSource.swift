// A CSV file of retail data, plain or gzipped: bytes → rows with the wanted columns.
//
// gzip is recognised by its first two bytes (RFC 1952 section 2.3.1) and unpacked by the system's
// own `gzip -dc` in a child process: there is no library for it here, and data sets are small.
// Faults in the text are told with file and line. One thread.

import Glibc
import Notation

/// Where the bytes of one file come from; the name stands in messages.
package struct RetailSource {
  /// Receives bytes, cut anywhere.
  package typealias Take = (ArraySlice<UInt8>) throws -> Void

  private let name: String
  private let read: (Take) throws -> Void

  /// Makes a source out of anything that has bytes.
  ///
  /// - Parameters:
  ///   - name: for messages, such as the path.
  ///   - read: hands over all bytes in order.
  package init(name: String, read: @escaping (Take) throws -> Void) {
    self.name = name
    self.read = read
  }

  /// The contents of a file, unpacked where it is gzipped.
  ///
  /// - Parameter path: a regular file or a pipe.
  /// - Returns: a source whose reading may throw `CommandFailure`.
  package static func file(_ path: String) -> RetailSource {
    RetailSource(name: path) { take in
      let descriptor = open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw failure("open", path) }
      defer { close(descriptor) }
      var magic: [UInt8] = [0, 0]
      guard pread(descriptor, &magic, 2, 0) >= 0 else { throw failure("read", path) }
      if magic == [0x1F, 0x8B] {
        try unpack(descriptor, path, take)
      } else {
        try drain(descriptor, path, take)
      }
    }
  }

  /// Reads all rows.
  ///
  /// - Parameters:
  ///   - columns: the names of the wanted columns; others may stand in the file too.
  ///   - body: takes a row; `row[0]` is the first of the wanted columns.
  /// - Throws: `CommandFailure` with file and line, or what `body` throws.
  func forEachRow(_ columns: [String], _ body: (RetailRow) throws -> Void) throws {
    var reader = CSVReader()
    var row = RetailRow(file: name)
    func takeRows() throws {
      while try reader.next(into: &row.record) {
        if row.places.isEmpty { row.places = try columns.map { try reader.column($0) } }
        try body(row)
      }
    }
    do {
      try read { bytes in
        reader.feed(bytes)
        try takeRows()
      }
      reader.finish()
      try takeRows()
      // A file of nothing but a header must have the columns as well.
      for column in columns { _ = try reader.column(column) }
    } catch let error as CSVError {
      throw CommandFailure(.malformedInput, "\(name), \(error)")
    }
  }

  private static func failure(_ operation: String, _ path: String) -> CommandFailure {
    CommandFailure(.inputOutput, "\(path): \(operation): \(String(cString: strerror(errno)))")
  }

  private static func drain(_ descriptor: Int32, _ path: String, _ take: Take) throws {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure("read", path) }
      if count == 0 { return }
      try take(buffer[..<count])
    }
  }

  private static func unpack(_ packed: Int32, _ path: String, _ take: Take) throws {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw failure("pipe", path) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    // Both copies lose close-on-exec; every other descriptor of this process keeps it.
    posix_spawn_file_actions_adddup2(&actions, packed, STDIN_FILENO)
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
    var child = pid_t()
    let code = "gzip".withCString { name in
      "-dc".withCString { option in
        var arguments = [
          UnsafeMutablePointer(mutating: name), UnsafeMutablePointer(mutating: option), nil,
        ]
        return posix_spawnp(&child, name, &actions, nil, &arguments, environ)
      }
    }
    close(ends[1])
    defer { close(ends[0]) }
    guard code == 0 else {
      throw CommandFailure(.unavailable, "gzip: \(String(cString: strerror(code)))")
    }
    // A child whose output nobody takes any more would wait for ever, and we for it.
    let outcome = Result { try drain(ends[0], path, take) }
    if case .failure = outcome { kill(child, SIGTERM) }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    try outcome.get()
    guard status == 0 else { throw CommandFailure(.malformedInput, "\(path): gzip refuses it") }
  }
}

/// One row with its wanted columns.
struct RetailRow {
  fileprivate let file: String
  fileprivate var record = CSVRecord()
  fileprivate var places: [Int] = []

  fileprivate init(file: String) { self.file = file }

  /// The text of a wanted column; bytes that are no UTF-8 are shown as U+FFFD.
  func text(_ column: Int) -> String { String(decoding: record[places[column]], as: UTF8.self) }

  /// A whole number of at least one, or nothing.
  func positive(_ column: Int) -> Int64? {
    guard let number = record.integer(places[column]), number > 0 else { return nil }
    return number
  }

  /// A fault of this row.
  func fault(_ message: String) -> CommandFailure {
    CommandFailure(.malformedInput, "\(file), line \(record.line): \(message)")
  }
}
