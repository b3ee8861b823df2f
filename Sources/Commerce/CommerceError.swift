/// Why a value of the vocabulary could not be made from what was given.
public enum CommerceError: Error, Equatable, Sendable {
  /// Not 1…64 bytes out of the allowed characters.
  case malformedIdentifier
  /// Not three upper-case ASCII letters.
  case malformedCurrency
  /// A rate outside 0…1 000 000 ppm.
  case rateOutOfRange
  /// Not an RFC 3339 date and time between the years 1970 and 9999.
  case malformedTimestamp
  /// The result of arithmetic on amounts does not fit.
  case overflow
}
