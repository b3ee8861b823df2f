// What a commission service says when it gives no settlement:
// {"error":{"code":"rate_out_of_range","message":"…"}}. A value; any thread.

import Notation

/// An error of a commission service.
package struct ServiceError: Error, Equatable, Sendable {
  /// 1…64 lower-case letters, digits and underscores; stable.
  package let code: String
  /// For people.
  package let message: String

  /// Makes an error.
  ///
  /// - Parameters:
  ///   - code: as above.
  ///   - message: a sentence.
  package init(_ code: String, _ message: String) {
    self.code = code
    self.message = message
  }

  /// As JSON.
  package var json: JSON {
    ["error": ["code": .string(code), "message": .string(message)]]
  }

  /// Reads what `json` gives; a message is cut to what is kept of it.
  ///
  /// - Parameter bytes: UTF-8 JSON.
  /// - Throws: `CodecFault`.
  package init(_ bytes: [UInt8]) throws(CodecFault) {
    self = try SettlementCodec.reading(bytes) { (fields) throws(Fault) in
      var error = try fields.required("error").fields()
      let code = try error.required("code")
      let message = try error.required("message")
      try error.finish()
      guard let word = code.value.text, Self.isCode(word) else {
        throw code.refusal("a word in lower case with underscores")
      }
      guard let text = message.value.text else { throw message.refusal("a text") }
      return ServiceError(word, DelegationFault.shown(text.utf8))
    }
  }

  private static func isCode(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        switch $0 {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
          UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }
}
