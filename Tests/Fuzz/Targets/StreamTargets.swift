// What comes as a stream: any cut of the same bytes must give the same. Pure; any thread.

import Wire

/// Everything that came out of a decoder, and why it stopped.
private struct Outcome<Item: Equatable, Failure: Error & Equatable>: Equatable {
  var items: [Item] = []
  var failure: Failure?
}

/// The first cut that does not give what the whole gives.
private func difference<Value: Equatable>(
  _ bytes: [UInt8], _ decode: ([[UInt8]]) -> Value
) -> String? {
  let whole = decode([bytes])
  for chunks in cuts(bytes) {
    let cut = decode(chunks)
    if cut != whole { return "whole: \(whole)\nin \(chunks.count) parts: \(cut)" }
  }
  return nil
}

private let bodyBytesMax = 512

private func requests(_ chunks: [[UInt8]]) -> Outcome<HTTPRequest, HTTPError> {
  var decoder = HTTPRequestDecoder(bodyBytesMax: bodyBytesMax)
  var outcome = Outcome<HTTPRequest, HTTPError>()
  for chunk in chunks {
    chunk.withUnsafeBytes { decoder.feed($0) }
    do throws(HTTPError) {
      while let request = try decoder.next() { outcome.items.append(request) }
    } catch {
      outcome.failure = error
      return outcome
    }
  }
  return outcome
}

/// What is wrong where a smaller limit is set as soon as a header is there, as the server does it for
/// whoever has shown no good token.
private func lateLimitFault(_ bytes: [UInt8], _ whole: Outcome<HTTPRequest, HTTPError>) -> String? {
  let lateMax = 16
  for chunks in cuts(bytes) {
    var decoder = HTTPRequestDecoder(bodyBytesMax: bodyBytesMax)
    var items: [HTTPRequest] = []
    var head: HTTPRequest?
    do throws(HTTPError) {
      for chunk in chunks {
        chunk.withUnsafeBytes { decoder.feed($0) }
        while let request = try decoder.next() {
          if let head {
            let bare = HTTPRequest(
              method: request.method, target: request.target, versionMinor: request.versionMinor,
              headers: request.headers)
            if bare != head { return "the header was \(head), of \(request)" }
            if request.body.count > lateMax { return "\(request.body.count) bytes after all" }
          }
          head = nil
          items.append(request)
        }
        if let found = decoder.takeHead() {
          head = found
          if decoder.takeHead() != nil { return "a header was told twice" }
          try decoder.limitBody(to: lateMax)
        }
      }
      if items != whole.items || whole.failure != nil { return "a late limit lost a request" }
    } catch {
      guard items == Array(whole.items.prefix(items.count)) else {
        return "a late limit changed what was before"
      }
      if items.count == whole.items.count {
        // It ended where nothing came of the whole either: cut off, or refused.
        if whole.failure != nil, error != whole.failure, error != .bodyTooLarge {
          return "\(error)"
        }
        continue
      }
      if error != .bodyTooLarge || whole.items[items.count].body.count <= lateMax {
        return "\(error) for a body of \(whole.items[items.count].body.count) bytes"
      }
    }
  }
  return nil
}

func httpFault(_ bytes: [UInt8]) -> String? {
  if let fault = difference(bytes, requests) { return fault }
  let outcome = requests([bytes])
  if let fault = lateLimitFault(bytes, outcome) { return fault }
  if let fault = framingFault(
    bytes, outcome.items, outcome.failure, bodyBytesMax: bodyBytesMax)
  {
    return fault
  }
  for request in outcome.items {
    if request.body.count > bodyBytesMax { return "a body of \(request.body.count) bytes" }
    if request.headers.values("content-length").count > 1 { return "two lengths were taken" }
    if !request.headers.values("transfer-encoding").isEmpty,
      !request.headers.values("content-length").isEmpty
    {
      return "a length and a coding were taken"
    }
    let isControl = { (scalar: Unicode.Scalar) in scalar.value < 0x20 && scalar != "\t" }
    let values = request.headers.fields.map(\.value)
    if values.contains(where: { $0.unicodeScalars.contains(where: isControl) }) {
      return "a header holds a control character"
    }
    _ = WebSocketHandshakeOutcome(request)
  }
  return outcome.failure.flatMap { error in
    (400...505).contains(error.status) ? nil : "\(error) answers \(error.status)"
  }
}

/// What the handshake says, which must not trap either.
private struct WebSocketHandshakeOutcome {
  init(_ request: HTTPRequest) {
    do throws(WebSocketHandshakeError) {
      _ = try WebSocketHandshake.accept(request) { _ in Array(repeating: 0, count: 20) }
    } catch {
      _ = error.response.bytes(keepsAlive: false)
    }
  }
}

private let messageBytesMax = 4096

private func events(
  _ chunks: [[UInt8]], _ role: WebSocketRole
) -> Outcome<WebSocketEvent, WebSocketError> {
  var decoder = WebSocketDecoder(role: role, messageBytesMax: messageBytesMax)
  var outcome = Outcome<WebSocketEvent, WebSocketError>()
  for chunk in chunks {
    chunk.withUnsafeBytes { decoder.feed($0) }
    do throws(WebSocketError) {
      while let event = try decoder.next() { outcome.items.append(event) }
    } catch {
      outcome.failure = error
      return outcome
    }
  }
  return outcome
}

func webSocketFault(_ bytes: [UInt8]) -> String? {
  for role in [WebSocketRole.server, .client] {
    if let fault = difference(bytes, { events($0, role) }) { return fault }
    let outcome = events([bytes], role)
    // What was understood, said again, is understood the same.
    var again: [UInt8] = []
    for event in outcome.items {
      let mask: UInt32? = role == .server ? 0x0102_0304 : nil
      switch event {
      case .text(let text):
        if text.count > messageBytesMax { return "a text of \(text.count) bytes" }
        if String(validating: text, as: UTF8.self) == nil { return "a text that is not UTF-8" }
        again += WebSocketEncoder.text(text, mask: mask)
      case .binary(let payload):
        if payload.count > messageBytesMax { return "a message of \(payload.count) bytes" }
        again += WebSocketEncoder.frame(.binary, payload, mask: mask)
      case .ping(let payload): again += WebSocketEncoder.frame(.ping, payload, mask: mask)
      case .pong(let payload): again += WebSocketEncoder.frame(.pong, payload, mask: mask)
      case .close(let code, let reason):
        again += WebSocketEncoder.close(code, reason: reason, mask: mask)
      }
    }
    let repeated = events([again], role)
    if repeated.items != outcome.items || repeated.failure != nil {
      return "said again: \(repeated)\nat first: \(outcome)"
    }
  }
  return nil
}
