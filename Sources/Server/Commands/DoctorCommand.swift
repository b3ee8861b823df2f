// `waggle doctor`: looks at a data directory and its machine and says what to do.

extension Subcommand {
  /// Looks for what will fail before it does.
  static let doctor = Subcommand(
    name: "doctor", summary: "Look for what is wrong with a data directory and its machine",
    details: """
      Looks at the limits of the process, the clock, the permissions of files and keys, the disk, who \
      serves the directory, the soundness and version of the database, its log, the ledger's balance \
      and the time zones. Prints one line for each, OK, WARN or FAIL, with what to do. Changes \
      nothing and works while a server runs. The exit code is 1 where anything fails.
      """,
    options: [
      .data,
      .value(
        "disk-free-mib", "N", default: "64",
        "As for serve: with less room on the disk, in MiB, it fails; 0 to 1048576."),
    ],
    examples: [.init("doctor --data ./data", "everything")]
  ) { input, output in
    var doctor = Doctor(directory: try input.text("data"))
    doctor.diskFreeBytesMin = Int(try input.integer("disk-free-mib", in: 0...1_048_576)) << 20
    let findings = doctor.examine()
    for finding in findings { output.line(finding.line) }
    return findings.contains { $0.state == .ill } ? .failed : .done
  }
}
