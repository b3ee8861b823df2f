// What comes whole: messages, tokens, links, plans, files. Pure; any thread.

import Commerce
import Commission
import Notation
import Server
import Wire

let now = Timestamp(milliseconds: 1_772_359_200_000)
let shop = StorefrontID(trusted: "shop")

/// A keyed function with the shape of HMAC-SHA-256 and none of its strength.
///
/// - Parameters:
///   - key: the key's number.
///   - message: any bytes.
/// - Returns: 32 bytes.
package func toyMAC(_ key: UInt8, _ message: [UInt8]) -> [UInt8] {
  var generator = SplitMix64(seed: fingerprint([key] + message))
  return (0..<4).flatMap { _ in withUnsafeBytes(of: generator.next().bigEndian) { Array($0) } }
}

private struct NoSuchZone: Error {}

let environment = CallEnvironment(
  now: now, linkKeyID: 1, mac: { $0 == 1 ? toyMAC($0, $1) : nil }, zone: { _ in throw NoSuchZone() }
)

func callFault(_ bytes: [UInt8]) -> String? {
  let entries: [RemoteMessage.Entry]
  do throws(RemoteCallError) {
    switch try RemoteMessage.read(bytes) {
    case .single(let call): entries = [.call(call)]
    case .batch(let batch): entries = batch
    }
  } catch {
    return reread(RemoteReply.failure(id: error.id, error.fault))
  }
  for entry in entries {
    switch entry {
    case .unreadable(let error):
      if let fault = reread(RemoteReply.failure(id: error.id, error.fault)) { return fault }
    case .call(let call):
      if let fault = reread(call.parameters.bytes, as: call.parameters) { return fault }
      if let fault = socketFault(call) ?? requestFault(call) { return fault }
    }
  }
  return nil
}

/// What is written must be readable, and the same.
func reread(_ bytes: [UInt8], as expected: JSON? = nil) -> String? {
  do throws(JSONError) {
    let value = try JSON.read(bytes)
    return expected == nil || value == expected ? nil : "\(value) was written as \(bytes)"
  } catch {
    return "what is written cannot be read: \(error)"
  }
}

private let keys = [
  TokenKey(id: "own", algorithm: .hs256),
  TokenKey(id: "shop", algorithm: .eddsa, storefront: shop), TokenKey(id: "rsa", algorithm: .rs256),
]

func tokenFault(_ bytes: [UInt8]) -> String? {
  let text = String(decoding: bytes, as: UTF8.self)
  func read(_ isSigned: Token.SignatureCheck, refused: (TokenError) -> Void = { _ in }) -> Token? {
    do throws(TokenError) {
      return try Token(
        reading: text, at: now, key: { id in keys.first { $0.id == id } }, isSigned: isSigned)
    } catch {
      refused(error)
      return nil
    }
  }
  if read({ _, _, _ in false }) != nil { return "a token without a signature was taken" }
  var key: TokenKey?
  var refusal: TokenError?
  let token = read({ found, _, _ in
    key = found
    return true
  }) { refusal = $0 }
  let naive = NaiveToken(text)
  if let refusal { return naive?.fault(of: refusal, keys: keys, at: now) }
  guard let token else { return nil }
  guard let key else { return "a token was taken whose signature nobody looked at" }
  guard let naive else { return "a token was taken that others cannot read" }
  if let fault = naive.fault(of: token, by: key, at: now) { return fault }
  if let storefront = key.storefront, storefront != token.storefront {
    return "a key spoke for another storefront"
  }
  return token.scopes.isEmpty ? "a token without scopes was taken" : nil
}

func linkFault(_ bytes: [UInt8]) -> String? {
  let text = String(decoding: bytes, as: UTF8.self)
  let claim = SignedShareLink.claim(of: text)
  // Whoever holds the key can sign anything: what they sign must come back as the very same text.
  let raw = Base64.decode(text) ?? []
  let forged = Array(raw.suffix(16)) + Array(repeating: 0, count: 16)
  do throws(ShareLinkError) {
    let signed = try SignedShareLink(reading: text) { _, _ in forged }
    if signed.link != claim { return "the claim differs from what is signed" }
    let again = try SignedShareLink(signing: signed.link) { _, _ in forged }
    if again.text != text { return "one link has two texts: \(text) and \(again.text)" }
  } catch {
    if error != .malformed { return "refused as \(error) although it is signed" }
    if claim != nil { return "a claim of what is malformed" }
  }
  do throws(ShareLinkError) {
    _ = try SignedShareLink(reading: text) { _, message in toyMAC(9, message) }
    return "a link was taken without its key"
  } catch {
    return nil
  }
}

func planFault(_ bytes: [UInt8]) -> String? {
  let plan: Plan
  do throws(PlanError) { plan = try Plan(document: bytes) } catch {
    return error.description.isEmpty ? "a refusal without words" : nil
  }
  do throws(PlanError) {
    if try Plan(document: plan.document) != plan { return "its own document is another plan" }
  } catch {
    return "its own document is refused: \(error)"
  }
  // The search for the worst case is the dear part; plans that people write are of this size.
  guard bytes.count <= 4096 else { return nil }
  return plan.bounds().worstCasePayoutPpm >= 0 ? nil : "a bound below nothing"
}

func catalogueFault(_ bytes: [UInt8]) -> String? {
  let lines = bytes.count { $0 == 0x0A || $0 == 0x0D } + 1
  for type in [CatalogueFileType.csv, .jsonLines] {
    do throws(Fault) {
      let rows = try CatalogueImport.rows(of: bytes, as: type)
      if rows.count > lines { return "\(rows.count) rows in \(lines) lines" }
      // A quote that is never closed is told of where it breaks off; reading goes on behind its first line.
      if rows.contains(where: { !(1...lines).contains($0.line) }) {
        return "a line that is not there"
      }
    } catch {
      if error.status != 422 { return "a file is refused with \(error)" }
    }
  }
  return records([bytes]) == records(cuts(bytes)[0]) ? nil : "records depend on the cut"
}

private func records(_ chunks: [[UInt8]]) -> [String] {
  var reader = CSVReader(recordBytesMax: 256)
  var told: [String] = []
  func read() {
    while true {
      do throws(CSVError) {
        guard let record = try reader.next() else { return }
        told.append("\(record.line): \((0..<record.count).map { Array(record[$0]) })")
      } catch {
        told.append("\(error)")
      }
    }
  }
  for chunk in chunks {
    reader.feed(chunk)
    read()
  }
  reader.finish()
  read()
  return told
}
