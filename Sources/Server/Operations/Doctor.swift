// What an operator would look at before a start and after a bad night: limits of the process, the
// files, the disk, the clock, the database, the zones. Changes nothing, also while a server runs. One
// thread.

import Commerce
import Coordination
import Glibc
import Storage
import Transport

/// One thing that was looked at.
struct Diagnosis: Equatable {
  /// How it is.
  enum State: String {
    /// As it should be.
    case well = "OK"
    /// It works, and somebody should look at it.
    case doubtful = "WARN"
    /// It does not work, or something may be lost or seen by others.
    case ill = "FAIL"
  }

  let state: State
  /// What was looked at, in a word or two.
  let subject: String
  /// What was found.
  let finding: String
  /// What to do; nothing where all is well.
  var remedy: String?

  /// One line for a terminal.
  var line: String {
    let head = state.rawValue + String(repeating: " ", count: 5 - state.rawValue.utf8.count)
    return "\(head)\(subject): \(finding)" + (remedy.map { ". " + $0 } ?? "")
  }

  static func well(_ subject: String, _ finding: String) -> Diagnosis {
    Diagnosis(state: .well, subject: subject, finding: finding)
  }

  static func doubtful(_ subject: String, _ finding: String, _ remedy: String) -> Diagnosis {
    Diagnosis(state: .doubtful, subject: subject, finding: finding, remedy: remedy)
  }

  static func ill(_ subject: String, _ finding: String, _ remedy: String) -> Diagnosis {
    Diagnosis(state: .ill, subject: subject, finding: finding, remedy: remedy)
  }
}

/// Looks at a data directory and the machine that it is on.
struct Doctor {
  /// The data directory.
  let directory: String
  /// The moment of day.
  var now = wallClock()
  /// Bytes that must be free on the disk.
  var diskFreeBytesMin = 67_108_864
  /// Where the zone files are.
  var zoneFolder = TimeZones.systemFolder

  /// Looks at everything, in an order in which the first failure often explains the later ones.
  func examine() -> [Diagnosis] {
    [descriptors, queueOfListener, clock] + files + [disk, holder] + database
  }

  // MARK: The machine

  private var descriptors: Diagnosis {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
      return .doubtful("descriptors", "the limit cannot be read", "Look at ulimit -n")
    }
    let finding = "\(limit.rlim_max) may be open"
    if limit.rlim_max >= 65_536 { return .well("descriptors", finding) }
    return .doubtful(
      "descriptors", finding + ", and every client takes one",
      "Raise the hard limit to 65536 or more (LimitNOFILE= of a systemd unit)")
  }

  private var queueOfListener: Diagnosis {
    let path = "/proc/sys/net/core/somaxconn"
    guard let text = try? SmallFile.read(path, bytesMax: 64),
      let count = Int(String(decoding: text.prefix { $0 > 0x20 }, as: UTF8.self))
    else { return .well("accept queue", "the system does not say how long it may be") }
    if count >= 4096 { return .well("accept queue", "\(count) may wait") }
    return .doubtful(
      "accept queue", "only \(count) may wait to be accepted",
      "Set net.core.somaxconn to 4096, or many who come at once are turned away")
  }

  private var clock: Diagnosis {
    // The program is from 2026: an earlier clock is one that nobody has set.
    guard now.milliseconds >= 1_767_225_600_000 else {
      return .ill("clock", "it is \(now)", "Set the clock: releases and tokens depend on it")
    }
    guard isClockKept() else {
      return .doubtful(
        "clock", "it is \(now), kept by no time service",
        "Run chrony or systemd-timesyncd, unless the host keeps this machine's clock")
    }
    return .well("clock", "it is \(now), kept by a time service")
  }

  private var disk: Diagnosis {
    guard let free = Disk.freeBytes(directory) else {
      return .ill("disk", "cannot be asked", "See whether \(directory) is there")
    }
    let finding = "\(free >> 20) MiB free"
    if free < diskFreeBytesMin {
      return .ill("disk", finding, "Make room: /readyz is red, and soon no order is taken any more")
    }
    if free < diskFreeBytesMin * 16 {
      return .doubtful("disk", finding, "Make room before there are \(diskFreeBytesMin >> 20) MiB")
    }
    return .well("disk", finding)
  }

  // MARK: The files

  private var files: [Diagnosis] {
    var status = stat()
    guard stat(directory, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      return [
        .ill("data directory", "\(directory) is no directory", "Start waggle serve on it once")
      ]
    }
    var found = [permissions("data directory", directory, status, wanted: "700")]
    var names = ["waggle.sqlite3", "waggle.sqlite3-wal", "waggle.sqlite3-shm", "lock"]
    names.append(Keyring.fileName)
    for name in names {
      let path = directory + "/" + name
      guard lstat(path, &status) == 0 else { continue }
      let diagnosis = permissions(name, path, status, wanted: "600")
      // Five lines that all is well would hide the one that it is not.
      if name == Keyring.fileName || diagnosis.state != .well { found.append(diagnosis) }
    }
    if !SafeFile.exists(directory + "/" + Keyring.fileName) {
      found.append(
        .doubtful(
          "keys.json", "there are no keys",
          "The next start makes some; after a restore, no token or link that is out works with them"
        ))
    } else {
      do throws(KeyringError) { _ = try Keyring.loadOrCreate(directory: directory) } catch {
        found.append(.ill("keys.json", error.description, "The server does not start with it"))
      }
    }
    return found
  }

  private func permissions(
    _ subject: String, _ path: String, _ status: stat, wanted: String
  ) -> Diagnosis {
    let mode = String(status.st_mode & 0o777, radix: 8)
    guard status.st_mode & 0o077 == 0 else {
      return .ill(
        subject, "others may use it (mode \(mode))", "chmod \(wanted) \(path)")
    }
    guard status.st_uid == geteuid() || geteuid() == 0 else {
      return .ill(
        subject, "belongs to user \(status.st_uid), and this is user \(geteuid())",
        "Run as that user, or chown it")
    }
    return .well(subject, "mode \(mode), user \(status.st_uid)")
  }

  /// Whether a server writes here now, found without taking the lock even for a moment: a server that
  /// starts in that moment would be refused.
  private var holder: Diagnosis {
    var status = stat()
    guard stat(directory + "/lock", &status) == 0 else {
      return .well("server", "none has run here")
    }
    guard let text = try? SmallFile.read("/proc/locks", bytesMax: 1 << 24) else {
      return .well("server", "the system does not tell who holds locks")
    }
    let wanted = ":\(status.st_ino)"
    for line in text.split(separator: 0x0A) {
      let words = line.split(separator: 0x20).map { String(decoding: $0, as: UTF8.self) }
      if words.count > 5, words[1] == "FLOCK", words[5].hasSuffix(wanted) {
        return .well("server", "process \(words[4]) serves this directory")
      }
    }
    return .well("server", "none runs on this directory")
  }

  // MARK: The database

  private var database: [Diagnosis] {
    let path = directory + "/waggle.sqlite3"
    guard SafeFile.exists(path) else {
      return [.doubtful("database", "there is none yet", "The first start makes it")]
    }
    let reader: SQLiteReader
    do {
      reader = try SQLiteReader.open(directory: directory) { name in
        try TimeZones.table(named: name, folder: zoneFolder)
      }
    } catch let error as StorageError {
      return [refusal(error)]
    } catch {
      return [.ill("database", "\(error)", "Restore a backup")]
    }
    var found = [Diagnosis.well("schema", "of this version of the program"), log]
    do {
      let faults = try reader.structuralFaults(isThorough: false)
      found.append(
        faults.isEmpty
          ? .well("database", "sound, \(Disk.size(path) >> 10) KiB")
          : .ill("database", faults.joined(separator: "; "), "Stop the server, restore a backup"))
      found.append(try booking(reader))
      found.append(try balance(reader))
    } catch {
      found.append(.ill("database", "\(error)", "Stop the server and restore a backup"))
    }
    return found + [zones(reader)]
  }

  private func refusal(_ error: StorageError) -> Diagnosis {
    switch error.code {
    case .newerVersion:
      .ill("schema", error.message, "A newer waggle wrote this: use that one or a newer one")
    case .olderVersion:
      .doubtful("schema", error.message, "The next start brings it up to date; back it up before")
    case .foreignDatabase: .ill("database", error.message, "This is no database of waggle")
    default:
      .ill("database", error.description, "See the permissions and the disk, or restore a backup")
    }
  }

  private var log: Diagnosis {
    let size = Disk.size(directory + "/waggle.sqlite3-wal")
    let finding = "\(size >> 10) KiB"
    // Checkpoints come every 16 MiB; far more means that some reader has held one up for long.
    guard size > 268_435_456 else { return .well("write-ahead log", finding) }
    return .doubtful(
      "write-ahead log", finding,
      "A backup or a verify that takes long holds it up; restart the server if none runs")
  }

  private func booking(_ reader: SQLiteReader) throws -> Diagnosis {
    guard let last = try reader.lastBooking() else {
      return .well("last booking", "nothing is booked yet")
    }
    guard last.milliseconds <= now.milliseconds + 1_000 else {
      return .ill(
        "last booking", "at \(last), which has not been yet",
        "Set the clock; until then new bookings get that moment")
    }
    return .well("last booking", "at \(last)")
  }

  private func balance(_ reader: SQLiteReader) throws -> Diagnosis {
    let imbalance = try reader.imbalance()
    if imbalance == 0 { return .well("ledger", "every storefront adds up to zero") }
    return .ill(
      "ledger", "balances miss zero by \(imbalance)", "Stop paying out and run waggle verify")
  }

  private func zones(_ reader: SQLiteReader) -> Diagnosis {
    do {
      let storefronts = try reader.storefronts()
      _ = try reader.load(storefronts.map { .storefront($0) })
      // A zone that is built into the program says nothing about the files of all others.
      _ = try TimeZones.table(named: "Europe/Berlin", folder: zoneFolder)
      return .well("time zones", "known, those of \(storefronts.count) storefronts among them")
    } catch let error as TimeZoneError {
      return .doubtful(
        "time zones", error.description, "Install tzdata: a storefront in such a zone needs it")
    } catch {
      return .ill("time zones", "\(error)", "Look at the database")
    }
  }
}
