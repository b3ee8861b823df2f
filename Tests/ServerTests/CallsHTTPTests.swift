// What HTTP adds to calls: paths, methods, media types, idempotency keys, and how faults look.

import Notation
import Testing
import Wire

@testable import Server

@Suite("Calls over HTTP")
struct CallsHTTPTests {
  @Test(
    "A path that is none is not found, whatever the method",
    arguments: [
      "GET /v1", "GET /v1/socket/x", "GET /v1/nothing", "POST /v1/orders/o/paymen",
      "GET /v1/orders/o/explanation/x", "PUT /v1/sets", "GET /v2/rooms", "GET /V1/rooms", "GET /",
    ])
  func notFound(line: String) throws {
    #expect(try fault { try httpCall(line, "", .any) }?.code == "not_found")
  }

  @Test(
    "A path with other methods says which",
    arguments: [
      ("DELETE /v1/orders/o", "GET, HEAD"), ("POST /v1/storefront", "PUT, GET, HEAD"),
      ("GET /v1/orders/o/payment", "POST"), ("PATCH /v1/orders", "POST, GET, HEAD"),
      ("OPTIONS /v1/rooms", "GET, HEAD"), ("HEAD /v1/releases", "POST"),
    ])
  func notAllowed(line: String, allow: String) throws {
    let found = try fault { try httpCall(line, "", .any) }
    #expect(found?.code == "method_not_allowed" && found?.status == 405)
    #expect(found?.response.headers["allow"] == allow)
  }

  @Test(
    "Only JSON in UTF-8 is taken as JSON",
    arguments: [
      ("application/json", true), ("Application/JSON", true),
      ("application/json; charset=utf-8", true), ("application/json;charset=\"UTF-8\"", true),
      ("application/json; charset=gbk", false), ("text/json", false), ("text/plain", false),
      ("application/x-www-form-urlencoded", false), (nil, false),
    ])
  func mediaTypes(type: String?, isTaken: Bool) throws {
    let found = try fault { try httpCall("POST /v1/releases", "{}", .operator, type: type) }
    #expect(found?.code == (isTaken ? nil : "unsupported_media_type"))
    #expect(found == nil || found?.status == 415)
  }

  @Test("No body is as good as an empty object, and no object is none")
  func bodies() throws {
    #expect(try fault { try httpCall("POST /v1/releases", "", .operator, type: nil) } == nil)
    #expect(try fault { try httpCall("POST /v1/releases", "[]", .operator) }?.status == 422)
    let found = try fault { try httpCall("POST /v1/releases", #"{"a":1,"a":2}"#, .operator) }
    #expect(found?.code == "parse_error" && found?.status == 400)
  }

  static let keys: [(String, String, String, Bool)] = [
    ("POST /v1/orders", Sample.order, "o1", true),
    ("POST /v1/orders", Sample.order, "\"o1\"", true),
    ("POST /v1/orders", Sample.order, "o2", false), ("POST /v1/orders", Sample.order, "", false),
    ("POST /v1/orders", Sample.order, "\"", false),
    (
      "POST /v1/orders/o/payment", #"{"payment":"p","paidAt":"2026-03-01T10:00:00Z"}"#, "p", true
    ),
    (
      "POST /v1/orders/o/payment", #"{"payment":"p","paidAt":"2026-03-01T10:00:00Z"}"#, "o", false
    ), ("PUT /v1/sets/x", #"{"title":"X","skus":["s"]}"#, "x", true),
    ("POST /v1/orders/o/cancellation", #"{"cancelledAt":"2026-03-01T10:00:00Z"}"#, "o", true),
    ("POST /v1/links", #"{"promoter":"m"}"#, "m", false), ("GET /v1/rooms", "", "anything", true),
  ]

  @Test("An Idempotency-Key must be the report's own id", arguments: keys)
  func idempotencyKeys(line: String, body: String, key: String, isTaken: Bool) throws {
    let found = try fault {
      try httpCall(line, body, .operator, headers: [("Idempotency-Key", key)])
    }
    #expect(found?.code == (isTaken ? nil : "idempotency_key_mismatch"))
    #expect(found == nil || found?.status == 422)
  }

  @Test("Faults are the contract's in both forms")
  func faults() throws {
    let form = Fault.invalidField("lines[2].paid", "No.")
    #expect(form.remote.number == -32602 && form.remote.code == "invalid_field")
    #expect(form.remote.details == [JSON.Member("field", "lines[2].paid")])
    let problem = try JSON.read(form.response.body)
    #expect(problem["code"] == "invalid_field" && problem["status"] == 422)
    #expect(problem["temporary"] == false && problem["field"] == "lines[2].paid")
    #expect(form.response.headers["content-type"] == "application/problem+json")
    #expect(form.response.headers["allow"] == nil)
    #expect(Fault.unknownMethod("x").remote.number == -32601)
    #expect(RemoteFault.methodNotFound("x").code == Fault.unknownMethod("x").code)
    #expect(RemoteFault.invalidParameters("x").code == form.code)
    #expect(RemoteFault.internalError.code == "internal")
    #expect(Fault.unauthenticated.response.headers["www-authenticate"] == "Bearer")
    #expect(Fault.busy.response.headers["retry-after"] == "1")
  }
}
