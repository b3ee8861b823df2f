import Notation
import Testing

@testable import Wire

private func read(_ text: String) throws(RemoteCallError) -> RemoteMessage {
  try RemoteMessage.read(Array(text.utf8))
}

private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

@Suite("JSON-RPC messages are read and written")
struct RemoteCallTests {
  @Test("A request has its id, method and named parameters; a notification has no id")
  func calls() throws {
    #expect(
      try read(#"{"jsonrpc":"2.0","id":1,"method":"room.open","params":{"title":"a"}}"#)
        == .single(
          RemoteCall(id: .integer(1), method: "room.open", parameters: ["title": "a"])))
    #expect(
      try read(#"{"jsonrpc":"2.0","id":"x","method":"a"}"#)
        == .single(RemoteCall(id: .string("x"), method: "a")))
    #expect(
      try read(#"{"jsonrpc":"2.0","method":"a"}"#)
        == .single(RemoteCall(id: nil, method: "a")))
  }

  static let refusals: [(String, Int, RemoteCallID?)] = [
    ("", -32700, nil),
    (#"{"jsonrpc":"2.0","method":"foobar,"params":"bar","baz]"#, -32700, nil),
    ("{} {}", -32700, nil),
    ("[", -32700, nil),
    ("1", -32600, nil),
    ("null", -32600, nil),
    ("[]", -32600, nil),
    ("{}", -32600, nil),
    (#"{"jsonrpc":"2.0","method":1,"params":"bar"}"#, -32600, nil),
    (#"{"jsonrpc":"1.0","id":7,"method":"a"}"#, -32600, .integer(7)),
    (#"{"jsonrpc":2.0,"id":7,"method":"a"}"#, -32600, .integer(7)),
    (#"{"id":7,"method":"a"}"#, -32600, .integer(7)),
    (#"{"jsonrpc":"2.0","id":7}"#, -32600, .integer(7)),
    (#"{"jsonrpc":"2.0","id":7,"method":""}"#, -32600, .integer(7)),
    (#"{"jsonrpc":"2.0","id":null,"method":"a"}"#, -32600, nil),
    (#"{"jsonrpc":"2.0","id":1.5,"method":"a"}"#, -32600, nil),
    (#"{"jsonrpc":"2.0","id":true,"method":"a"}"#, -32600, nil),
    (#"{"jsonrpc":"2.0","id":7,"method":"a","params":[1]}"#, -32602, .integer(7)),
    (#"{"jsonrpc":"2.0","id":7,"method":"a","params":null}"#, -32602, .integer(7)),
  ]

  @Test("What is no call is refused with the standard number and the id", arguments: refusals)
  func refused(message: String, number: Int, id: RemoteCallID?) {
    do throws(RemoteCallError) {
      let got = try read(message)
      Issue.record("read as \(got)")
    } catch {
      #expect(error.fault.number == number)
      #expect(error.id == id)
    }
  }

  @Test("Ids and methods have 64 bytes at most")
  func lengths() throws {
    func message(_ idCount: Int, _ methodCount: Int) -> String {
      let id = String(repeating: "i", count: idCount)
      let method = String(repeating: "m", count: methodCount)
      return #"{"jsonrpc":"2.0","id":"\#(id)","method":"\#(method)"}"#
    }
    #expect(throws: Never.self) { try read(message(64, 64)) }
    #expect(throws: RemoteCallError.self) { try read(message(65, 64)) }
    #expect(throws: RemoteCallError.self) { try read(message(64, 65)) }
  }

  @Test("A batch has 1 to 32 entries, and an unreadable one keeps its place")
  func batches() throws {
    let call = #"{"jsonrpc":"2.0","method":"a"}"#
    let message = try read("[\(call),1,{\"id\":2}]")
    guard case .batch(let entries) = message else {
      Issue.record("no batch")
      return
    }
    #expect(entries.count == 3)
    #expect(entries[0] == .call(RemoteCall(id: nil, method: "a")))
    guard case .unreadable(let second) = entries[1], case .unreadable(let third) = entries[2] else {
      Issue.record("read what is no call")
      return
    }
    #expect(second.id == nil && second.fault.number == -32600)
    #expect(third.id == .integer(2) && third.fault.number == -32600)

    func batch(_ count: Int) -> String {
      "[" + [String](repeating: call, count: count).joined(separator: ",") + "]"
    }
    #expect(throws: Never.self) { try read(batch(32)) }
    #expect(throws: RemoteCallError.self) { try read(batch(33)) }
  }

  @Test("Answers and pushes are written as the standard has them")
  func writing() {
    #expect(
      text(RemoteReply.result(id: .integer(3), Array("[1]".utf8)))
        == #"{"jsonrpc":"2.0","id":3,"result":[1]}"#)
    let fault = RemoteFault(
      message: "sold \"out\"", code: "sold_out", isTemporary: true,
      details: [JSON.Member("left", 0)])
    #expect(
      text(RemoteReply.failure(id: .string("a"), fault))
        == #"{"jsonrpc":"2.0","id":"a","error":{"code":-32000,"message":"sold \"out\"","#
        + #""data":{"code":"sold_out","temporary":true,"left":0}}}"#)
    #expect(
      text(RemoteReply.failure(id: nil, .methodNotFound("x")))
        == #"{"jsonrpc":"2.0","id":null,"error":{"code":-32601,"message":"no method x","#
        + #""data":{"code":"unknown_method","temporary":false}}}"#)
    let push = RemoteReply.notification("room.event", Array("{}".utf8))
    #expect(text(push) == #"{"jsonrpc":"2.0","method":"room.event","params":{}}"#)
    #expect(RemoteReply.batch([push]) == push)
    #expect(text(RemoteReply.batch([push, push])) == "[\(text(push)),\(text(push))]")
  }

  @Test("A client reads back what a server writes, and the other way round")
  func bothEnds() throws {
    let fault = RemoteFault(
      message: "m", code: "c", isTemporary: true, details: [JSON.Member("k", [1])])
    let sent = RemoteReply.batch([
      RemoteReply.result(id: .integer(-1), Array("null".utf8)),
      RemoteReply.failure(id: .string("é"), fault), RemoteReply.failure(id: nil, .internalError),
      RemoteReply.notification("n", Array(#"{"a":1}"#.utf8)),
    ])
    #expect(
      RemoteArrival.read(sent) == [
        .result(id: .integer(-1), .null), .failure(id: .string("é"), fault),
        .failure(id: nil, .internalError), .notification(method: "n", parameters: ["a": 1]),
      ])
    #expect(RemoteArrival.read(Array(#"{"jsonrpc":"2.0"}"#.utf8)) == nil)
    #expect(RemoteArrival.read(Array("x".utf8)) == nil)
    #expect(
      try RemoteMessage.read(RemoteReply.call(id: .integer(9), "m", Array(#"{"a":1}"#.utf8)))
        == .single(RemoteCall(id: .integer(9), method: "m", parameters: ["a": 1])))
  }
}
