/// A name for one thing of one kind, chosen by whoever created the thing.
///
/// Format: 1…64 bytes out of `A–Z a–z 0–9 . _ : ~ -`. The tag makes each kind its own type, so that
/// a member's id cannot stand where a room's is wanted. Ordered by bytes, so that every listing is
/// the same on every machine. Source: Protocol/README.md, "Identifiers".
@frozen
public struct Identifier<Tag>: Hashable, Sendable {
  /// The id as it was given.
  public let text: String
  /// See `TableHash`.
  @usableFromInline package let hash: UInt64

  /// Checks the format.
  ///
  /// - Parameter text: the id as received.
  /// - Throws: `CommerceError.malformedIdentifier`.
  public init(_ text: String) throws(CommerceError) {
    guard isIdentifier(text) else { throw .malformedIdentifier }
    self.init(trusted: text)
  }

  /// Takes a text that is known to be well formed: read back from storage, or written in the code.
  ///
  /// - Parameter text: a text that `init(_:)` accepted before.
  public init(trusted text: String) {
    self.text = text
    hash = TableHash.of(text)
  }

  /// Whether both are the same text.
  @inlinable
  public static func == (left: Identifier, right: Identifier) -> Bool {
    left.hash == right.hash && left.text == right.text
  }

  /// Feeds the hash that the id keeps.
  @inlinable
  public func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}

private func isIdentifier(_ text: String) -> Bool {
  let bytes = text.utf8
  guard (1...64).contains(bytes.count) else { return false }
  return bytes.allSatisfy { byte in
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: ":"), UInt8(ascii: "~"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}

extension Identifier: Comparable {
  /// Orders by bytes.
  public static func < (left: Identifier, right: Identifier) -> Bool {
    left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
  }
}

extension Identifier: CustomStringConvertible {
  /// The id as it was given.
  public var description: String { text }
}

/// The kinds of thing that have an id; only names, never made.
public enum Tag {
  /// See `StorefrontID`.
  public enum Storefront: Sendable {}
  /// See `SupplierID`.
  public enum Supplier: Sendable {}
  /// See `ProductID`.
  public enum Product: Sendable {}
  /// See `SKUID`.
  public enum SKU: Sendable {}
  /// See `PersonID`.
  public enum Person: Sendable {}
  /// See `RoomID`.
  public enum Room: Sendable {}
  /// See `OrderID`.
  public enum Order: Sendable {}
  /// See `LinkID`.
  public enum Link: Sendable {}
  /// See `FactID`.
  public enum Fact: Sendable {}
  /// See `ProductSetID`.
  public enum ProductSet: Sendable {}
  /// See `StatementID`.
  public enum Statement: Sendable {}
  /// See `InviteID`.
  public enum Invite: Sendable {}
  /// See `ServiceID`.
  public enum Service: Sendable {}
  /// See `EndpointID`.
  public enum Endpoint: Sendable {}
}

/// One front-end platform: a tenant. Source: domain.md, "People and systems".
public typealias StorefrontID = Identifier<Tag.Storefront>
/// Who ships a product and is owed its cost.
public typealias SupplierID = Identifier<Tag.Supplier>
/// A product of the shared catalogue.
public typealias ProductID = Identifier<Tag.Product>
/// One sellable variant of a product.
public typealias SKUID = Identifier<Tag.SKU>
/// A person within one storefront: a member of the sales organisation, a viewer, or both.
/// One identity can be host, promoter and customer at once. Source: domain.md, "member".
public typealias PersonID = Identifier<Tag.Person>
/// A person in the role of a member of the sales organisation.
public typealias MemberID = PersonID
/// A person in the role of somebody who watches and buys.
public typealias ViewerID = PersonID
/// A live room.
public typealias RoomID = Identifier<Tag.Room>
/// An order of one viewer.
public typealias OrderID = Identifier<Tag.Order>
/// A share link.
public typealias LinkID = Identifier<Tag.Link>
/// A reported event: a payment, a delivery, a refund. The key of idempotency, kept for ever.
public typealias FactID = Identifier<Tag.Fact>
/// A named set of SKUs that a host lists at once.
public typealias ProductSetID = Identifier<Tag.ProductSet>
/// A payout statement.
public typealias StatementID = Identifier<Tag.Statement>
/// An invite code, as it is typed in by whoever joins with it.
public typealias InviteID = Identifier<Tag.Invite>
/// A commission service, by the name that the operator of the server gave it.
public typealias ServiceID = Identifier<Tag.Service>
/// A place that is told what is booked, by the name that the operator of the server gave it.
public typealias EndpointID = Identifier<Tag.Endpoint>
