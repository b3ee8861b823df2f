// `waggle backup` and `waggle restore`: one file that holds one committed moment of a data directory,
// made while a server writes to it, and a new directory out of that file.

import Commerce
import Glibc
import Notation
import Storage
import Wire

extension Subcommand {
  /// Copies a database in use.
  static let backup = Subcommand(
    name: "backup", summary: "Copy the database of a data directory, also while a server runs",
    details: """
      Writes one file that holds everything up to one committed moment, and prints for every \
      storefront where its chain ends there. The server goes on meanwhile; its log grows until the \
      copy is done. The keys are not in it: without them tokens and links that are out stop to work \
      after a restore. With --with-keys they are put beside it as FILE.keys.json, and whoever reads \
      that can sign in as anybody. The file appears when it is complete, and never replaces another.
      """,
    options: [
      .data, .value("to", "FILE", "The file to write; must not be there."),
      .flag("with-keys", "Copy the key file too, to FILE.keys.json."),
    ],
    examples: [.init("backup --data ./data --to waggle-backup.sqlite3", "a backup")],
    run: backUp)

  /// Makes a data directory of a backup.
  static let restore = Subcommand(
    name: "restore", summary: "Make a new data directory out of a backup",
    details: """
      Copies the backup into a directory that is not there or empty, brings it to the version of \
      this program, checks the file and then, as `waggle verify` does, everything that was ever \
      booked. Only if all of that holds does the directory get its name; otherwise nothing is left \
      and the exit code is 1. Prints the result for every storefront.
      """,
    arguments: [CommandArgument("FILE", "A file that `waggle backup` wrote.")],
    options: [
      .value("data", "DIR", "The new data directory; must not be there, or be empty."),
      .flag(
        "with-keys", "Take the keys from FILE.keys.json; otherwise the first start makes new ones."),
    ],
    examples: [.init("restore waggle-backup.sqlite3 --data ./restored", "a restore")],
    run: restoreBackup)
}

@Sendable private func backUp(_ input: CommandInput, _ output: CommandOutput) throws -> ExitCode {
  let path = try input.text("to")
  let directory = try input.text("data")
  let keys = input.flag("with-keys") ? path + ".keys.json" : nil
  for taken in [path, keys].compactMap(\.self) where SafeFile.exists(taken) {
    throw CommandFailure(.cannotCreate, "\(taken) is there already")
  }
  let reader = try openReader(directory)
  let draft = path + ".part-\(getpid())"
  var made = [draft]
  defer { for leftover in made { unlink(leftover) } }
  let points: [ChainPoint]
  do {
    let progress = Progress("backing up", "pages", output)
    points = try reader.copy(to: draft, progress: progress.advance)
    progress.finish()
    try SafeFile.sync(draft)
    if let keys {
      _ = try Keyring.loadOrCreate(directory: directory)
      let keysDraft = keys + ".part-\(getpid())"
      made.append(keysDraft)
      try SafeFile.copy(directory + "/" + Keyring.fileName, to: keysDraft)
      try SafeFile.publish(keysDraft, as: keys)
    }
    try SafeFile.publish(draft, as: path)
  } catch let error as StorageError {
    throw CommandFailure(.inputOutput, "cannot copy \(directory): \(error)")
  } catch let fault as SafeFile.Fault {
    throw CommandFailure(.cannotCreate, fault.description)
  } catch let error as KeyringError {
    throw CommandFailure(.inputOutput, error.description)
  }
  let report: JSON = [
    "file": .string(path), "bytes": .integer(Int64(Disk.size(path))),
    "keys": keys.map { .string($0) } ?? .null,
    "storefronts": .array(
      points.map { point in
        [
          "storefront": .string(point.storefront.text), "sequence": .integer(point.sequence),
          "chain": .string(point.digest),
        ]
      }),
  ]
  output.line(report.description)
  return .done
}

@Sendable private func restoreBackup(
  _ input: CommandInput, _ output: CommandOutput
) throws -> ExitCode {
  guard let file = input.arguments.first else { throw CommandFailure(.usage, "FILE is needed") }
  // A slash at the end would make the name of the draft one inside the directory.
  var directory = try input.text("data")
  while directory.utf8.count > 1, directory.hasSuffix("/") { directory.removeLast() }
  try checkPlaces(file, directory, withKeys: input.flag("with-keys"))
  // In a directory of its own beside the wanted one, which gets its name when everything holds.
  let draft = directory + ".part-\(getpid())"
  guard mkdir(draft, 0o700) == 0 else {
    throw CommandFailure(.cannotCreate, SafeFile.Fault("mkdir \(draft)").description)
  }
  var isDone = false
  defer { if !isDone { SafeFile.removeFolder(draft) } }
  do {
    try SafeFile.copy(file, to: draft + "/waggle.sqlite3")
    // Before it is opened as the writer, who would make a new database of an empty file.
    try checkHeader(draft + "/waggle.sqlite3", file)
    if input.flag("with-keys") {
      warnOfReaders(file + ".keys.json", output)
      try SafeFile.copy(file + ".keys.json", to: draft + "/" + Keyring.fileName)
      _ = try Keyring.loadOrCreate(directory: draft)
    }
    // Opened as the writer once: that is who brings an older file to this version.
    _ = try SQLiteStore.open(directory: draft, zone: { try TimeZones.table(named: $0) })
    guard try isSound(draft, output) else { return .failed }
    try SafeFile.sync(draft)
  } catch let error as StorageError {
    let code: ExitCode = error.code == .foreignDatabase ? .malformedInput : .inputOutput
    throw CommandFailure(code, "cannot restore \(file): \(error)")
  } catch let fault as SafeFile.Fault {
    throw CommandFailure(.inputOutput, fault.description)
  } catch let error as KeyringError {
    throw CommandFailure(.malformedInput, error.description)
  }
  guard rename(draft, directory) == 0 else {
    let fault = SafeFile.Fault("rename \(draft) to \(directory)")
    throw CommandFailure(.cannotCreate, "\(fault); name a directory inside a mount point")
  }
  isDone = true
  do { try SafeFile.sync(SafeFile.folder(of: directory)) } catch {
    throw CommandFailure(.inputOutput, error.description)
  }
  output.note("restored to \(directory)")
  return .done
}

private func checkPlaces(_ file: String, _ directory: String, withKeys: Bool) throws {
  guard SafeFile.exists(file) else { throw CommandFailure(.inputOutput, "there is no \(file)") }
  guard Disk.size(file + "-wal") == 0 else {
    throw CommandFailure(
      .malformedInput,
      "\(file) has a log beside it: it is a database in use, not a backup; use waggle backup")
  }
  guard !withKeys || SafeFile.exists(file + ".keys.json") else {
    throw CommandFailure(.inputOutput, "there is no \(file).keys.json")
  }
  let isFree = SafeFile.names(in: directory).map(\.isEmpty) ?? !SafeFile.exists(directory)
  guard isFree else {
    throw CommandFailure(.cannotCreate, "\(directory) is there and not an empty directory")
  }
}

/// Refuses what is no database of this program. Source: https://sqlite.org/fileformat2.html, section 1.3.
private func checkHeader(_ copy: String, _ file: String) throws {
  guard let owner = SQLiteSchema.owner(ofFile: copy), owner == SQLiteSchema.waggleApplicationID
  else { throw CommandFailure(.malformedInput, "\(file) is no backup of this program") }
}

/// Whoever could read the keys may have them; the copy is for its owner only.
private func warnOfReaders(_ path: String, _ output: CommandOutput) {
  var status = stat()
  guard stat(path, &status) == 0, status.st_mode & 0o077 != 0 else { return }
  let mode = String(status.st_mode & 0o777, radix: 8)
  output.note(
    "\(path) has mode \(mode): others than its owner may have read these keys; think of new ones")
}

/// Whether the file holds together and the books of every storefront hold; says what does not.
private func isSound(_ directory: String, _ output: CommandOutput) throws -> Bool {
  let reader = try openReader(directory)
  guard try !reader.storefronts().isEmpty else {
    throw CommandFailure(.malformedInput, "the backup holds no storefront: is it the right file?")
  }
  let faults = try reader.structuralFaults(isThorough: true)
  for fault in faults { output.note("the file is damaged: \(fault)") }
  guard faults.isEmpty else { return false }
  var isSound = true
  for storefront in try reader.storefronts() {
    let result = try reader.verify(storefront)
    output.line(verificationReport(storefront, result).description)
    if let fault = result.fault {
      output.note("\(storefront): \(fault)")
      isSound = false
    }
  }
  return isSound
}

/// Says how far a copy has come.
private final class Progress {
  private let label: String
  private let unit: String
  private let output: CommandOutput
  private var line: ProgressLine?

  init(_ label: String, _ unit: String, _ output: CommandOutput) {
    self.label = label
    self.unit = unit
    self.output = output
  }

  func advance(_ done: Int64, of total: Int64) {
    if line == nil {
      line = ProgressLine(label: label, unit: unit, total: total, write: output.note)
    }
    line?.advance(to: done)
  }

  func finish() { line?.finish() }
}
