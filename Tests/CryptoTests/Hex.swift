// Bytes written as in the standards that the vectors come from.

/// The bytes of pairs of hexadecimal digits; spaces between them do not count.
func bytes(_ hex: String) -> [UInt8] {
  let digits = hex.utf8.filter { $0 != UInt8(ascii: " ") }.map { digit -> UInt8 in
    digit >= UInt8(ascii: "a") ? digit - UInt8(ascii: "a") + 10 : digit - UInt8(ascii: "0")
  }
  return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}
