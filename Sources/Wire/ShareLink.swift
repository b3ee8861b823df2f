import Commerce

/// What a promoter's link says. Source: domain.md section 2, "Share links".
///
/// Written as at most 120 characters of base64url, so that it fits into a chat line and a QR code:
///
///     version 1 | flags 1 | key id 1 | issued 4 | lifetime 1…5 | [maximum uses 4]
///     | storefront | promoter | [room] | [SKU] | [channel] | MAC 16
///
/// Numbers are big endian, in seconds; the lifetime is a base-128 number, seven bits a byte, lowest
/// first. An id that is a canonical lower-case UUID takes 16 bytes; any other id takes a length byte
/// and its text, and so does the channel. The flags say which optional parts there are (bits 0–3:
/// room, SKU, channel, maximum uses) and which ids are UUIDs (bits 4–7: storefront, promoter, room,
/// SKU). Four UUIDs fit without a channel while the lifetime is under 24 days. The MAC is the front
/// half of HMAC-SHA-256 over a fixed prefix and everything before it.
///
/// Whether a link is expired, foreign, revoked or used up is not judged here.
package struct ShareLink: Equatable, Sendable {
  /// Which secret signs it.
  package let keyID: UInt8
  /// Where it leads.
  package let storefront: StorefrontID
  /// Whose link it is.
  package let promoter: MemberID
  /// The room that it opens, or nothing for the storefront itself.
  package let room: RoomID?
  /// The SKU that it shows first.
  package let sku: SKUID?
  /// A mark of the promoter's own, such as the chat group: 1…16 bytes of the alphabet of ids.
  package let channel: String?
  /// When it was made, in whole seconds.
  package let issued: Timestamp
  /// The first second at which it no longer holds.
  package let expiry: Timestamp
  /// How many viewers may come by it, or nothing for any number.
  package let maximumUses: UInt32?

  /// Bytes of the text, at most.
  package static let textBytesMax = 120

  /// Makes a link; moments are rounded down to whole seconds.
  ///
  /// - Parameters:
  ///   - keyID: which secret signs it.
  ///   - storefront: where it leads.
  ///   - promoter: whose link it is.
  ///   - room: the room that it opens.
  ///   - sku: the SKU that it shows first.
  ///   - channel: 1…16 bytes of the alphabet of ids.
  ///   - issued: between 1970 and 2106.
  ///   - expiry: after `issued`, before 2106.
  ///   - maximumUses: at least 1.
  /// - Throws: `.malformedChannel`, `.impossibleTimes` or `.impossibleUses`.
  package init(
    keyID: UInt8, storefront: StorefrontID, promoter: MemberID, room: RoomID? = nil,
    sku: SKUID? = nil, channel: String? = nil, issued: Timestamp, expiry: Timestamp,
    maximumUses: UInt32? = nil
  ) throws(ShareLinkError) {
    if let channel { guard isChannel(channel) else { throw .malformedChannel } }
    guard UInt32(exactly: issued.seconds) != nil, UInt32(exactly: expiry.seconds) != nil,
      issued.seconds < expiry.seconds
    else { throw .impossibleTimes }
    guard maximumUses != 0 else { throw .impossibleUses }
    self.keyID = keyID
    self.storefront = storefront
    self.promoter = promoter
    self.room = room
    self.sku = sku
    self.channel = channel
    self.issued = Timestamp(milliseconds: issued.seconds * 1000)
    self.expiry = Timestamp(milliseconds: expiry.seconds * 1000)
    self.maximumUses = maximumUses
  }
}

/// Why there is no link.
package enum ShareLinkError: Error, Equatable, Sendable {
  /// Creation: the ids are too long together.
  case linkTooLong
  /// Creation: the channel is not 1…16 bytes of the alphabet of ids.
  case malformedChannel
  /// Creation: the moments are out of range or in the wrong order.
  case impossibleTimes
  /// Creation: no use at all.
  case impossibleUses
  /// Not a link of this format.
  case malformed
  /// Signed with a key that is not, or no longer, known.
  case unknownKey
  /// The signature does not belong to the text.
  case altered

  /// The stable code on the wire.
  package var code: String {
    switch self {
    case .linkTooLong: "link_too_long"
    case .malformedChannel: "malformed_channel"
    case .impossibleTimes: "impossible_times"
    case .impossibleUses: "impossible_uses"
    case .malformed: "malformed"
    case .unknownKey: "unknown_key"
    case .altered: "altered"
    }
  }
}

/// A link together with its text and its id.
package struct SignedShareLink: Equatable, Sendable {
  /// What the link says.
  package let link: ShareLink
  /// What is sent: at most 120 characters of base64url.
  package let text: String
  /// The name of this link: 12 characters out of the MAC, so that nobody can choose it.
  package let id: LinkID

  /// HMAC-SHA-256 under the key with this id: 32 bytes, or nothing where the key is not known.
  package typealias MAC = (_ keyID: UInt8, _ message: [UInt8]) -> [UInt8]?

  /// Signs a link.
  ///
  /// - Parameters:
  ///   - link: what it says.
  ///   - mac: the keyed function.
  /// - Throws: `.linkTooLong` or `.unknownKey`.
  package init(signing link: ShareLink, mac: MAC) throws(ShareLinkError) {
    let fields = encodedFields(link)
    // 90 bytes are exactly 120 characters.
    guard fields.count + macBytes <= ShareLink.textBytesMax / 4 * 3 else { throw .linkTooLong }
    guard let digest = mac(link.keyID, context + fields) else { throw .unknownKey }
    precondition(digest.count == 32, "HMAC-SHA-256 has 32 bytes")
    self.link = link
    self.text = Base64.encode(fields + digest.prefix(macBytes))
    self.id = linkID(digest)
  }

  /// Reads a link back.
  ///
  /// The signature is checked before any field is looked at, and compared without stopping at the
  /// first difference.
  /// - Parameters:
  ///   - text: as it came.
  ///   - mac: the keyed function.
  /// - Throws: `.malformed`, `.unknownKey` or `.altered`, judged in this order; a signed text that
  ///   makes no sense is `.malformed` too.
  package init(reading text: String, mac: MAC) throws(ShareLinkError) {
    guard text.utf8.count <= ShareLink.textBytesMax, let bytes = Base64.decode(text),
      bytes.count > 3 + macBytes, bytes[0] == shareLinkVersion
    else { throw .malformed }
    let fields = Array(bytes.dropLast(macBytes))
    guard let expected = mac(fields[2], context + fields) else { throw .unknownKey }
    precondition(expected.count == 32, "HMAC-SHA-256 has 32 bytes")
    var difference: UInt8 = 0
    for (left, right) in zip(expected, bytes.suffix(macBytes)) { difference |= left ^ right }
    guard difference == 0 else { throw .altered }
    self.link = try decodedFields(fields)
    self.text = text
    self.id = linkID(expected)
  }

  /// What a text claims to say, without a look at its signature: to lead a visitor to the place
  /// that was meant, and to count a refusal for whoever it names. Nothing else may rest on it.
  ///
  /// - Parameter text: as it came.
  /// - Returns: the claim, or nothing where the text is no link of this format.
  package static func claim(of text: String) -> ShareLink? {
    guard text.utf8.count <= ShareLink.textBytesMax, let bytes = Base64.decode(text),
      bytes.count > 3 + macBytes, bytes[0] == shareLinkVersion
    else { return nil }
    do throws(ShareLinkError) {
      return try decodedFields(Array(bytes.dropLast(macBytes)))
    } catch {
      return nil
    }
  }
}

let shareLinkVersion: UInt8 = 1
private let macBytes = 16
/// Keeps this use of a key apart from every other.
private let context = Array("waggle share link\u{0}".utf8)

private func linkID(_ digest: [UInt8]) -> LinkID {
  LinkID(trusted: Base64.encode(Array(digest.prefix(9))))
}

private func isChannel(_ text: String) -> Bool {
  guard text.utf8.count <= 16 else { return false }
  do throws(CommerceError) {
    _ = try LinkID(text)
    return true
  } catch {
    return false
  }
}
