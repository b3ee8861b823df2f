// What a command says, for tests that run one in this process. Any thread.

import Synchronization

@testable import Server

/// Keeps the lines of a command.
final class Heard: Sendable {
  private let kept = Mutex<(results: [String], notes: [String])>(([], []))

  var results: [String] { kept.withLock { $0.results } }
  var notes: [String] { kept.withLock { $0.notes } }

  var output: CommandOutput {
    CommandOutput(
      line: { [self] line in kept.withLock { $0.results.append(line) } },
      note: { [self] line in kept.withLock { $0.notes.append(line) } })
  }

  /// Runs a command of the program.
  ///
  /// - Returns: how it ended.
  func run(_ words: String...) -> ExitCode {
    CommandTable.waggle.run(words, environment: [:], output: output)
  }
}
