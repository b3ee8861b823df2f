// What only the system and the stored books can say: room on the disk, the length of the log, memory,
// descriptors, whether the ledger is in balance. Written by the watch, read by /metrics and /readyz.

import Glibc
import Synchronization

/// The latest look at the process, its disk and its books.
package final class Surroundings: Sendable {
  let diskFreeBytes = Atomic<Int>(0)
  let databaseBytes = Atomic<Int>(0)
  let logBytes = Atomic<Int>(0)
  let residentBytes = Atomic<Int>(0)
  let openFiles = Atomic<Int>(0)
  let openFilesMax = Atomic<Int>(0)
  let imbalance = Atomic<Int>(0)
  let oldestUnsettledSeconds = Atomic<Int>(0)
  /// Whether the books have been looked at; before that nothing is claimed about them.
  let hasSeenBooks = Atomic<Bool>(false)
  private let isFull = Atomic<Bool>(false)

  /// Starts without any figures.
  package init() {}

  /// Whether the disk has so little room that commits will fail soon.
  package var isDiskNearlyFull: Bool { isFull.load(ordering: .relaxed) }

  /// Looks at the disk of a directory.
  ///
  /// Red below the least, green again a quarter above it, so that it does not flicker.
  /// - Parameters:
  ///   - directory: the data directory.
  ///   - least: bytes that must be free.
  func lookAtDisk(_ directory: String, least: Int) {
    if let free = Disk.freeBytes(directory) {
      diskFreeBytes.store(free, ordering: .relaxed)
      let (enough, overflow) = least.addingReportingOverflow(least / 4)
      if free < least { isFull.store(true, ordering: .relaxed) }
      if !overflow, free >= enough { isFull.store(false, ordering: .relaxed) }
    }
    databaseBytes.store(Disk.size(directory + "/waggle.sqlite3"), ordering: .relaxed)
    logBytes.store(Disk.size(directory + "/waggle.sqlite3-wal"), ordering: .relaxed)
  }

  /// Looks at this process. Source: proc(5).
  func lookAtProcess() {
    if let text = try? SmallFile.read("/proc/self/statm", bytesMax: 4096) {
      let words = text.split(separator: 0x20)
      if words.count > 1, let pages = Int(String(decoding: words[1], as: UTF8.self)) {
        residentBytes.store(pages * Int(getpagesize()), ordering: .relaxed)
      }
    }
    openFiles.store(Disk.openFiles(), ordering: .relaxed)
    if let limit = Surroundings.descriptorsMax { openFilesMax.store(limit, ordering: .relaxed) }
  }

  /// How many descriptors this process may have; nothing where the system does not say.
  static var descriptorsMax: Int? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
    return Int(clamping: limit.rlim_cur)
  }

  /// How many connections one address may have: as the operator wants, and at most half of all
  /// descriptors, so that one address alone leaves room for others.
  static func connectionsPerAddress(_ wanted: Int, descriptorsMax: Int?) -> Int {
    max(1, min(wanted, (descriptorsMax ?? .max) / 2))
  }

  func add(to text: inout Exposition) {
    func read(_ value: borrowing Atomic<Int>) -> Int { value.load(ordering: .relaxed) }
    text.single(
      "waggle_disk_free_bytes", .gauge, "Room on the data directory's disk.", read(diskFreeBytes))
    text.single("waggle_database_bytes", .gauge, "Size of the database file.", read(databaseBytes))
    text.single("waggle_wal_bytes", .gauge, "Size of the write-ahead log.", read(logBytes))
    if hasSeenBooks.load(ordering: .acquiring) {
      text.single(
        "waggle_ledger_imbalance", .gauge,
        "Minor units by which the balances of a storefront miss zero, all storefronts together.",
        read(imbalance))
      text.single(
        "waggle_settlement_oldest_seconds", .gauge,
        "Time since the payment of the order that has waited longest for a commission service.",
        read(oldestUnsettledSeconds))
    }
    text.single(
      "process_resident_memory_bytes", .gauge, "Memory in use.", read(residentBytes))
    text.single("process_open_fds", .gauge, "Open descriptors.", read(openFiles))
    text.single("process_max_fds", .gauge, "Descriptors that may be open.", read(openFilesMax))
  }
}

/// Questions about files that have a figure for an answer.
enum Disk {
  /// Bytes that an unprivileged process may still write; nothing where the system does not say.
  static func freeBytes(_ directory: String) -> Int? {
    var figures = statvfs()
    guard statvfs(directory, &figures) == 0 else { return nil }
    let (bytes, overflow) = Int(clamping: figures.f_bavail).multipliedReportingOverflow(
      by: Int(clamping: figures.f_frsize))
    return overflow ? Int.max : bytes
  }

  /// The size of a file; 0 where it is not there.
  static func size(_ path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
  }

  /// How many descriptors this process has open. Source: proc_pid_fd(5).
  ///
  /// Since Linux 6.2 the kernel tells it as the size of the folder. Before, that is 0 and the entries are
  /// counted, which takes 0.7 ms for each thousand: with 19,000 viewers as much as all their pings.
  /// - Parameter folder: one with an entry for each descriptor.
  /// - Returns: at least 0.
  /// - Complexity: O(1); O(n) in the descriptors before Linux 6.2.
  static func openFiles(in folder: String = "/proc/self/fd") -> Int {
    let told = size(folder)
    // The descriptor that the counting itself needs is not counted.
    return told > 0 ? told : max(0, entries(folder) - 1)
  }

  /// How many entries a folder has, `.` and `..` left out; 0 where it cannot be read.
  static func entries(_ path: String) -> Int {
    guard let folder = opendir(path) else { return 0 }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    return max(0, count - 2)
  }
}
