// Who may call what: every method and path against every scope, and both against the contract's own
// tables in Protocol/README.md.

import Commerce
import Notation
import Testing
import Wire

@testable import Server

@Suite("Who may call what")
struct CallsMatrixTests {
  @Test("A method is open to the scopes of its row and to no other", arguments: Sample.allScopes)
  func socketMatrix(scope: Token.Scopes) throws {
    #expect(Sample.socketParameters.map(\.method) == SocketCalls.methods.map(\.name))
    let isStaff = !scope.isDisjoint(with: [.backend, .operator])
    for (method, sample) in zip(SocketCalls.methods, Sample.socketParameters) {
      var parameters = try JSON.read(sample.parameters)
      if isStaff, let field = Sample.memberFields[method.name] {
        parameters = Sample.adding(field, "m", to: parameters)
      }
      let found = try fault {
        try SocketCalls.call(
          method: method.name, parameters: parameters, caller: Sample.caller(scope),
          environment: Sample.environment)
      }
      let expected = method.scopes.contains(scope) ? nil : "forbidden"
      #expect(
        found?.code == expected, "\(method.name) as \(scope.text): \(String(describing: found))")
    }
  }

  @Test("A path is open to the scopes of its row and to no other", arguments: Sample.allScopes)
  func httpMatrix(scope: Token.Scopes) throws {
    #expect(
      Sample.requests.map(\.route)
        == HTTPRoute.all.map { "\($0.method.rawValue) \($0.path)" })
    let isStaff = !scope.isDisjoint(with: [.backend, .operator])
    for (route, sample) in zip(HTTPRoute.all, Sample.requests) {
      var body = sample.body
      if isStaff, let field = Sample.memberFields[sample.route] {
        body = Sample.adding(field, "m", to: try JSON.read(body)).description
      }
      let found = try fault {
        try httpCall(
          "\(route.method.rawValue) \(sample.target)", body, scope,
          type: route.body == .catalogue ? "text/csv" : "application/json")
      }
      let expected = route.scopes.contains(scope) ? nil : "forbidden"
      #expect(
        found?.code == expected, "\(route.path) as \(scope.text): \(String(describing: found))")
    }
  }

  @Test("The tables of methods and paths are those of the contract")
  func contract() throws {
    let rows = try Self.contractRows()
    let socket = rows.filter {
      !$0.name.contains(" ") && !["session.open", "session.refresh"].contains($0.name)
    }
    #expect(socket.count == SocketCalls.methods.count)
    for (row, method) in zip(socket, SocketCalls.methods) {
      #expect(row.name == method.name)
      #expect(row.scopes == method.scopes, "\(row.name)")
    }
    let paths = rows.filter { $0.name.contains(" /v1/") }
    #expect(paths.count == HTTPRoute.all.count)
    for (row, route) in zip(paths, HTTPRoute.all) {
      #expect(row.name == "\(route.method.rawValue) \(route.path)")
      #expect(row.scopes == route.scopes, "\(row.name)")
    }
  }

  /// The rows of the contract's tables whose first cell names methods or requests.
  static func contractRows() throws -> [(name: String, scopes: Token.Scopes)] {
    let path = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
    let bytes = try SmallFile.read(path + "/Protocol/README.md", bytesMax: 1_048_576)
    var rows: [(name: String, scopes: Token.Scopes)] = []
    var last = Token.Scopes.any
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    where line.hasPrefix("| `") {
      let cells = line.split(separator: "|").map { $0.split(separator: " ").joined(separator: " ") }
      guard cells.count >= 3, !cells[1].contains(",") else { continue }
      let words = cells[1].split(separator: ";")
      if cells[1] == "same" {
      } else if cells[1] == "any" || words.count == 2 {
        // `; the member` opens it to everybody, about themselves.
        last = .any
      } else if let scopes = words.first.flatMap({ Token.Scopes(String($0)) }) {
        last = scopes
      } else {
        continue
      }
      for name in cells[0].split(separator: "`").map(String.init)
      where name.contains(".") || name.contains("/") {
        let whole = name.hasPrefix("…") ? (rows.last?.name ?? "") + name.dropFirst() : name
        rows.append((whole, last))
      }
    }
    return rows
  }

  @Test("What a scope does not allow is refused before anything is said about the fields")
  func precedence() throws {
    #expect(try fault { try socketCall("room.open", #"{"x":1}"#, .viewer) }?.code == "forbidden")
    #expect(try fault { try socketCall("room.close", "{}", .viewer) }?.code == "unknown_method")
    #expect(try fault { try socketCall("session.open", "{}", .any) }?.code == "unknown_method")
    #expect(
      try fault { try httpCall("POST /v1/orders", "{", .viewer, type: "text/csv") }?.code
        == "forbidden")
    #expect(
      try fault { try httpCall("POST /v1/orders", "{", .backend, type: "text/csv") }?.code
        == "unsupported_media_type")
    #expect(try fault { try httpCall("POST /v1/orders", "{", .backend) }?.code == "parse_error")
  }

  static let foreign: [(String, String, Token.Scopes)] = [
    ("room.schedule", #"{"room":"r","title":"T","host":"bob"}"#, .host),
    ("room.open", #"{"room":"r","host":"bob"}"#, .host),
    ("listing.quote", #"{"skus":["s"],"host":"bob"}"#, .host),
    ("link.create", #"{"promoter":"bob"}"#, .promoter),
    ("link.list", #"{"promoter":"bob"}"#, .promoter),
    ("ticker.subscribe", #"{"ticker":"earnings","member":"bob"}"#, [.host, .promoter]),
    ("ticker.subscribe", #"{"ticker":"room","room":"r"}"#, .promoter),
    ("ticker.subscribe", #"{"ticker":"storefront"}"#, [.host, .promoter]),
  ]

  @Test("Only backends and operators act for somebody else or watch everything", arguments: foreign)
  func acting(method: String, parameters: String, scopes: Token.Scopes) throws {
    #expect(try fault { try socketCall(method, parameters, scopes) }?.code == "forbidden")
    #expect(try fault { try socketCall(method, parameters, [.operator, scopes]) } == nil)
  }

  @Test("An operator who is no host has to say whose room it is")
  func unnamed() throws {
    let found = try fault { try socketCall("room.open", #"{"room":"r"}"#, .operator) }
    #expect(found?.code == "invalid_field" && found?.field == "host")
    #expect(try fault { try socketCall("room.open", #"{"room":"r"}"#, [.operator, .host]) } == nil)
  }

  @Test("A member reads themselves, staff and brokers read everybody")
  func members() throws {
    #expect(try fault { try httpCall("GET /v1/members/ann", .viewer) } == nil)
    #expect(try fault { try httpCall("GET /v1/members/bob", .broker) } == nil)
    for scope in [Token.Scopes.viewer, .host, .promoter] {
      #expect(try fault { try httpCall("GET /v1/members/bob", scope) }?.code == "forbidden")
    }
  }
}

private func httpCall(_ line: String, _ scopes: Token.Scopes) throws -> Call {
  try httpCall(line, "", scopes)
}
