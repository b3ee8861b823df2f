// What a command tells the shell when it ends. The numbers are a promise to scripts: they follow
// sysexits.h where it has one. Any thread.

/// How a command ended.
package enum ExitCode: Int32, CaseIterable, Sendable {
  /// Done, and everything that was to be checked holds.
  case done = 0
  /// The command ran, and an expectation or a verification did not hold.
  case failed = 1
  /// What was given to read is malformed.
  case malformedInput = 2
  /// The command line, the environment or the configuration asks for something unknown.
  case usage = 64
  /// A server cannot be reached, or an address cannot be bound.
  case unavailable = 69
  /// A fault of the program itself.
  case internalFault = 70
  /// A file or folder cannot be created.
  case cannotCreate = 73
  /// Reading or writing failed.
  case inputOutput = 74

  /// What the code means, for `--help`.
  package var meaning: String {
    switch self {
    case .done: "done"
    case .failed: "an expectation or a verification did not hold"
    case .malformedInput: "malformed input"
    case .usage: "wrong usage: an unknown option, or a value that cannot be"
    case .unavailable: "unavailable: cannot reach a server, or cannot bind an address"
    case .internalFault: "a fault of the program itself"
    case .cannotCreate: "cannot create a file or folder"
    case .inputOutput: "reading or writing failed"
    }
  }
}

/// Why a command ended early: a sentence for the user and a code for the shell.
package struct CommandFailure: Error, Equatable, CustomStringConvertible {
  /// The code to end with.
  package let code: ExitCode
  /// What happened and, where there is one, the way out; without the program's name.
  package let message: String

  /// Makes a failure.
  ///
  /// - Parameters:
  ///   - code: the code to end with.
  ///   - message: a sentence for the user.
  package init(_ code: ExitCode, _ message: String) {
    self.code = code
    self.message = message
  }

  /// The message.
  package var description: String { message }
}
