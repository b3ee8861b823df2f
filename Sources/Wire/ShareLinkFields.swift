import Commerce

/// The binary fields of a share link, in the format that `ShareLink` describes. The reader runs only
/// over bytes whose signature held; it refuses leftovers and missing bytes all the same.

private enum Flag {
  static let room: UInt8 = 1 << 0
  static let sku: UInt8 = 1 << 1
  static let channel: UInt8 = 1 << 2
  static let maximumUses: UInt8 = 1 << 3
  static let storefrontIsUUID: UInt8 = 1 << 4
  static let promoterIsUUID: UInt8 = 1 << 5
  static let roomIsUUID: UInt8 = 1 << 6
  static let skuIsUUID: UInt8 = 1 << 7
}

/// Everything before the MAC.
func encodedFields(_ link: ShareLink) -> [UInt8] {
  var flags: UInt8 = 0
  var tail: [UInt8] = []
  if let maximumUses = link.maximumUses {
    flags |= Flag.maximumUses
    appendBigEndian(maximumUses, to: &tail)
  }
  func append(_ text: String, isUUID flag: UInt8) {
    if let packed = packedUUID(text) {
      flags |= flag
      tail.append(contentsOf: packed)
    } else {
      tail.append(UInt8(text.utf8.count))
      tail.append(contentsOf: text.utf8)
    }
  }
  append(link.storefront.text, isUUID: Flag.storefrontIsUUID)
  append(link.promoter.text, isUUID: Flag.promoterIsUUID)
  if let room = link.room {
    flags |= Flag.room
    append(room.text, isUUID: Flag.roomIsUUID)
  }
  if let sku = link.sku {
    flags |= Flag.sku
    append(sku.text, isUUID: Flag.skuIsUUID)
  }
  if let channel = link.channel {
    flags |= Flag.channel
    tail.append(UInt8(channel.utf8.count))
    tail.append(contentsOf: channel.utf8)
  }
  var fields: [UInt8] = [shareLinkVersion, flags, link.keyID]
  // The initialiser of `ShareLink` has checked that both moments fit.
  appendBigEndian(UInt32(link.issued.seconds), to: &fields)
  var lifetime = UInt32(link.expiry.seconds - link.issued.seconds)
  while lifetime >= 0x80 {
    fields.append(UInt8(lifetime & 0x7F) | 0x80)
    lifetime >>= 7
  }
  fields.append(UInt8(lifetime))
  return fields + tail
}

/// The link that the fields say.
func decodedFields(_ bytes: [UInt8]) throws(ShareLinkError) -> ShareLink {
  var reader = FieldReader(bytes: bytes)
  _ = try reader.byte()
  let flags = try reader.byte()
  let keyID = try reader.byte()
  let issued = Int64(try reader.bigEndian())
  let expiry = issued + (try reader.lifetime())
  let maximumUses = flags & Flag.maximumUses != 0 ? try reader.bigEndian() : nil
  let storefront = try reader.id(isUUID: flags & Flag.storefrontIsUUID != 0)
  let promoter = try reader.id(isUUID: flags & Flag.promoterIsUUID != 0)
  let room =
    flags & Flag.room != 0 ? try reader.id(isUUID: flags & Flag.roomIsUUID != 0) : nil
  let sku = flags & Flag.sku != 0 ? try reader.id(isUUID: flags & Flag.skuIsUUID != 0) : nil
  let channel = flags & Flag.channel != 0 ? try reader.id(isUUID: false) : nil
  guard reader.isAtEnd else { throw .malformed }
  let link: ShareLink
  do {
    link = try ShareLink(
      keyID: keyID, storefront: try StorefrontID(storefront), promoter: try MemberID(promoter),
      room: try room.map { text throws(CommerceError) in try RoomID(text) },
      sku: try sku.map { text throws(CommerceError) in try SKUID(text) }, channel: channel,
      issued: Timestamp(milliseconds: issued * 1000),
      expiry: Timestamp(milliseconds: expiry * 1000), maximumUses: maximumUses)
  } catch {
    throw .malformed
  }
  // One link has one text: no number longer than needed, no idle flag, no UUID that is written out.
  guard encodedFields(link) == bytes else { throw .malformed }
  return link
}

private struct FieldReader {
  let bytes: [UInt8]
  var position = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { position == bytes.count }

  mutating func byte() throws(ShareLinkError) -> UInt8 {
    guard position < bytes.count else { throw .malformed }
    position += 1
    return bytes[position - 1]
  }

  mutating func bigEndian() throws(ShareLinkError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 { value = value << 8 | UInt32(try byte()) }
    return value
  }

  mutating func lifetime() throws(ShareLinkError) -> Int64 {
    var value: Int64 = 0
    for place in Int64(0)..<5 {
      let next = try byte()
      value |= Int64(next & 0x7F) << (7 * place)
      if next < 0x80 { return value }
    }
    throw .malformed
  }

  mutating func id(isUUID: Bool) throws(ShareLinkError) -> String {
    let count = isUUID ? 16 : Int(try byte())
    guard bytes.count - position >= count else { throw .malformed }
    let piece = bytes[position..<position + count]
    position += count
    return isUUID ? unpackedUUID(piece) : String(decoding: piece, as: UTF8.self)
  }
}

private func appendBigEndian(_ value: UInt32, to bytes: inout [UInt8]) {
  for shift in stride(from: 24, through: 0, by: -8) {
    bytes.append(UInt8(truncatingIfNeeded: value >> UInt32(shift)))
  }
}

/// Where the hyphens of a UUID stand. Source: RFC 9562 section 4.
private let hyphenPlaces: Set<Int> = [8, 13, 18, 23]

/// The 16 bytes of a UUID written in lower case, or nothing for any other text.
private func packedUUID(_ text: String) -> [UInt8]? {
  let characters = Array(text.utf8)
  guard characters.count == 36 else { return nil }
  var digits: [UInt8] = []
  for (place, character) in characters.enumerated() {
    if hyphenPlaces.contains(place) {
      guard character == UInt8(ascii: "-") else { return nil }
    } else {
      guard let digit = hexadecimalDigit(character), character == lowercasedASCII(character) else {
        return nil
      }
      digits.append(digit)
    }
  }
  return stride(from: 0, to: 32, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

private func unpackedUUID(_ bytes: ArraySlice<UInt8>) -> String {
  let digits = Array("0123456789abcdef".utf8)
  var text: [UInt8] = []
  for byte in bytes {
    for nibble in [byte >> 4, byte & 15] {
      if hyphenPlaces.contains(text.count) { text.append(UInt8(ascii: "-")) }
      text.append(digits[Int(nibble)])
    }
  }
  return String(decoding: text, as: UTF8.self)
}
