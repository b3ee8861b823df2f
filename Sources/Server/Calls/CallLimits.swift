import Transport

/// How much a call may hold; see Protocol/limits.md.
enum CallLimits {
  /// Calls of a session that is not the storefront's own staff.
  static let callPace = Pace(intervalMilliseconds: 10, burst: 200)
  /// Landing links that one address opens.
  static let linkPace = Pace(intervalMilliseconds: 100, burst: 200)
  /// Bytes of a room's or a set's title.
  static let titleBytesMax = 200
  /// Bytes of a person's or a storefront's name.
  static let nameBytesMax = 128
  /// Bytes of a catalogue title together with its variant.
  static let productTitleBytesMax = 1_000
  /// Bytes of a picture's address.
  static let pictureBytesMax = 2_048
  /// Bytes of what is searched for.
  static let searchBytesMax = 256
  /// Bytes that are looked at as a share link: more than any has, so that a spoilt one is a bad link
  /// and not a bad call.
  static let linkBytesMax = 1_024
  /// SKUs in one call or set.
  static let skusMax = 500
  /// SKUs in one quote.
  static let quotedMax = 50
  /// Entries of a page of a list.
  static let pageMax = 100
  /// Payees or parties of a page: each page adds its whole span up, so there had better be few.
  static let partiesMax = 1_000
  /// Items of a page of the catalogue.
  static let itemsMax = 50
  /// Reports of one batch: together they hold up the writer for some tens of milliseconds.
  static let reportsMax = 500
  /// Lines of an order. Source: domain.md section 3; `Sale.linesMax`.
  static let linesMax = 1000
  /// Units of a line.
  static let unitsMax: Int64 = 1_000_000
  /// Seconds that a share link may hold, and how long it does where nobody says.
  static let linkSeconds: ClosedRange<Int64> = 60...31_536_000
  /// Days that a preview of a promotion looks back where nobody says.
  static let previewDaysDefault: Int64 = 30
  /// Bytes of an invite code before they are written as text: 96 bits cannot be guessed.
  static let inviteBytes = 12
  /// Thirty days.
  static let linkSecondsDefault: Int64 = 2_592_000
  /// Viewers that a share link may bring.
  static let linkUsesMax: Int64 = 1_000_000_000
  /// Units that a catalogue may say were ever supplied.
  static let stockMax: Int64 = 1_000_000_000
  /// The commission rates of the catalogue. Source: domain.md, "People and systems".
  static let catalogueRates: ClosedRange<Int64> = 50_000...400_000
}
