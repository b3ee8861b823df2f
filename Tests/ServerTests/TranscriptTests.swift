// The golden conversations against a server in this process, and conversations that must not pass.

import FoundationEssentials
import Glibc
import Notation
import Testing

@testable import Server

/// The conversations of Protocol/transcripts.
private enum Transcripts {
  static let folder =
    #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
    + "/Protocol/transcripts"

  static let files = FileManager.default.enumerated(folder).filter { $0.hasSuffix(".jsonl") }

  static func text(_ file: String) throws -> String {
    String(
      decoding: try SmallFile.read("\(folder)/\(file)", bytesMax: 1_048_576), as: UTF8.self)
  }
}

extension FileManager {
  /// The names in a folder, in order; none where it cannot be read, which a test notices.
  fileprivate func enumerated(_ folder: String) -> [String] {
    do { return try contentsOfDirectory(atPath: folder).sorted() } catch { return [] }
  }
}

@Suite("Golden conversations", .serialized)
struct TranscriptTests {
  /// Starts a server in a folder of its own, plays, stops it.
  private func play(_ text: String, patienceMilliseconds: Int64 = 20_000) throws {
    var template = Array("/tmp/waggle-transcript-test-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    let folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    var options = ServerOptions(
      directory: folder, zone: { try TimeZones.table(named: $0) }, log: { _ in })
    options.port = 0
    let server = try startServer(options)
    defer {
      server.stop()
      do { try FileManager.default.removeItem(atPath: folder) } catch { Issue.record(error) }
    }
    try TranscriptPlayer(server, patienceMilliseconds: patienceMilliseconds).play(text)
  }

  /// Where a conversation fails, or nothing.
  private func failure(_ text: String) throws -> String? {
    do { try play(text, patienceMilliseconds: 100) } catch let failure as TranscriptFailure {
      return failure.description
    }
    return nil
  }

  @Test("There are conversations to play")
  func present() { #expect(Transcripts.files.count >= 6) }

  @Test("A conversation goes word for word as it is written", arguments: Transcripts.files)
  func golden(file: String) throws {
    do { try play(try Transcripts.text(file)) } catch let failure as TranscriptFailure {
      Issue.record("Protocol/transcripts/\(file), \(failure)")
    }
  }

  @Test("One wrong figure in a conversation is found, at its line")
  func wrongFigure() throws {
    let text = try Transcripts.text("whole-story.jsonl")
    let lines = text.split(separator: "\n")
    let index = try #require(lines.firstIndex { $0.contains("\"sum\": 0") })
    let broken = text.replacing("\"sum\": 0", with: "\"sum\": 1")
    do { try play(broken) } catch let failure as TranscriptFailure {
      #expect(failure.line == index + 1)
      #expect(failure.description.contains(".sum is 0, not 1"))
      return
    }
    Issue.record("a wrong sum was not noticed")
  }

  private static let header =
    #"{"title":"t","tokens":{"v":{"sub":"v1","scope":"viewer"}}}"#
  private static let open =
    #"{"on":"a","send":{"jsonrpc":"2.0","id":1,"method":"session.open","params":{"token":"$token.v"}}}"#

  private static func answered(_ rest: String) -> String {
    #"{"on":"a","expect":{"jsonrpc":"2.0","id":1,"result":{"#
      + #""person":"v1","storefront":"$storefront","scopes":["viewer"],"expiresAt":"$any","# + rest
      + "}}}"
  }

  private static let unread = #"{"on":"a","expect":{"jsonrpc":"2.0","id":2,"result":"$any"}}"#
  private static let unset = #""currency":null,"timeZone":null,"plan":null,"demo":false"#

  /// Lines after the header, and the failure they must end with; nothing where they must pass.
  static let conversations: [([String], String?)] = [
    ([open, answered(unset)], nil),
    (
      [open, answered(#""currency":null,"timeZone":null,"demo":false"#)],
      "line 3: .result.plan is too much"
    ),
    ([open, answered(unset + #","more":1"#)], "line 3: .result.more is missing"),
    (
      [open, answered(unset).replacing("viewer", with: "host")],
      #"line 3: .result.scopes[0] is "viewer", not "host""#
    ),
    (
      [open, answered(unset).replacing("null", with: "0")],
      "line 3: .result.currency is null, not 0"
    ),
    (
      [open.replacing("open", with: "x"), open.replacing(":1", with: ":2"), unread],
      "line 4: a: nobody expected"
    ),
    ([open, answered(unset), answered(unset)], "line 4: a: the answer to 1 did not come in time"),
    (
      [#"{"on":"a","expect":{"jsonrpc":"2.0","method":"room.event","params":{}}}"#],
      "line 2: a: an event did not come in time"
    ),
    (
      [#"{"on":"a","expect":{"jsonrpc":"2.0","method":"room.count","params":{}}}"#],
      "line 2: a: a fitting room.count did not come in time; the last was null"
    ),
    (
      [#"{"on":"a","sendBinaryBase64":"AA=="}"#, #"{"on":"a","expectClose":1000}"#],
      "line 3: a was closed with 1003, not 1000"
    ), ([open, answered(unset), #"{"on":"a","close":true}"#], nil),
    (
      [open.replacing("$token.v", with: "$nothing")],
      "line 2: cannot be played: $nothing is not bound"
    ), ([#"{"on":"a","sing":true}"#], "line 2: cannot be played: no step"),
    ([#"{"http":{"method":"GET","path":"/livez"},"expect":{"status":200}}"#], nil),
    (
      [#"{"http":{"method":"GET","path":"/livez"},"expect":{"status":201}}"#],
      "line 2: status 200, not 201"
    ),
    (
      [
        #"{"http":{"method":"GET","path":"/livez"},"#
          + #""expect":{"status":200,"headers":{"content-type":"x"}}}"#
      ], "line 2:  is "
    ),
  ]

  @Test("A conversation that the server does not keep to fails where it leaves it")
  func broken() throws {
    for (lines, wanted) in Self.conversations {
      let found = try failure(([Self.header] + lines).joined(separator: "\n"))
      guard let wanted else {
        #expect(found == nil)
        continue
      }
      #expect(found?.hasPrefix(wanted) == true, "\(found ?? "passed"), not \(wanted)")
    }
  }

  /// What is expected, what is found, and whether they are alike where `$known` is 7.
  static let pairs: [(String, String, Bool)] = [
    ("1", "1", true), ("1", "1.0", false), ("1", "2", false), (#""1""#, "1", false),
    (#""a""#, #""a""#, true), (#""é""#, #""e\u0301""#, false), ("null", "null", true),
    ("null", "false", false), (#"{"a":1,"b":2}"#, #"{"b":2,"a":1}"#, true),
    (#"{"a":1}"#, #"{"a":1,"b":2}"#, false), (#"{"a":1,"b":2}"#, #"{"a":1}"#, false),
    ("[1,2]", "[1,2]", true), ("[1,2]", "[2,1]", false), ("[1]", "[1,1]", false),
    (#""$any""#, "null", true), (#""$anything""#, "[1]", true), (#"{"a":"$any"}"#, "{}", false),
    (#""$known""#, "7", true), (#""$known""#, "8", false), (#""x${known}y""#, #""x7y""#, true),
    (#""x${known}y""#, #""x8y""#, false), (#"["$new","$new"]"#, "[1,1]", true),
    (#"["$new","$new"]"#, "[1,2]", false), (#"["$new","${new}b"]"#, #"["a","ab"]"#, true),
  ]

  @Test("Messages are alike by the rules of the transcripts, and only then", arguments: pairs)
  func alike(wanted: String, found: String, isAlike: Bool) throws {
    var names = TranscriptNames(["known": 7])
    let difference = try names.difference(try JSON.read(wanted), try JSON.read(found))
    #expect((difference == nil) == isAlike, "\(difference ?? "alike")")
    // What does not fit binds nothing.
    if !isAlike { #expect(names.values.count == 1) }
  }
}
