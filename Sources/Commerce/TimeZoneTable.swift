/// The rules of one time zone, as data: when which offset from UTC holds.
///
/// The core never asks the system for a zone; the shell reads a table once and hands it in, so that a
/// release day computes to the same moment on every machine. Source: domain.md, section 3 (seven full
/// calendar days in the storefront's zone).
public struct TimeZoneTable: Hashable, Sendable {
  /// From `start` on, local time is UTC plus `offsetSeconds`.
  public struct Period: Hashable, Sendable {
    /// First moment of the period, in seconds since the epoch.
    public let start: Int64
    /// Seconds east of Greenwich.
    public let offsetSeconds: Int64

    /// Makes a period.
    ///
    /// - Parameters:
    ///   - start: seconds since the epoch.
    ///   - offsetSeconds: seconds east of Greenwich.
    public init(start: Int64, offsetSeconds: Int64) {
      self.start = start
      self.offsetSeconds = offsetSeconds
    }
  }

  /// The zone's name, such as `Asia/Shanghai`.
  public let name: String
  /// The offset before the first period.
  public let firstOffsetSeconds: Int64
  /// In order of time.
  public let periods: [Period]

  /// Makes a table.
  ///
  /// - Parameters:
  ///   - name: the zone's name.
  ///   - firstOffsetSeconds: the offset before the first period.
  ///   - periods: in order of time.
  public init(name: String, firstOffsetSeconds: Int64, periods: [Period] = []) {
    self.name = name
    self.firstOffsetSeconds = firstOffsetSeconds
    self.periods = periods
  }

  /// Coordinated universal time.
  public static let utc = TimeZoneTable(name: "UTC", firstOffsetSeconds: 0)
  /// China: UTC+8 without daylight saving since 1992.
  public static let shanghai = TimeZoneTable(name: "Asia/Shanghai", firstOffsetSeconds: 28_800)

  /// The offset that holds at a moment.
  ///
  /// - Parameter seconds: since the epoch.
  /// - Returns: seconds east of Greenwich.
  /// - Complexity: O(log n) in the number of periods.
  public func offsetSeconds(at seconds: Int64) -> Int64 {
    var low = 0
    var high = periods.count
    while low < high {
      let middle = (low + high) / 2
      if periods[middle].start <= seconds { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? firstOffsetSeconds : periods[low - 1].offsetSeconds
  }

  /// The calendar day that a moment falls on in this zone.
  ///
  /// - Parameter at: the moment.
  /// - Returns: the local day.
  public func day(at: Timestamp) -> CivilDay {
    let local = at.seconds + offsetSeconds(at: at.seconds)
    return CivilDay(daysSinceEpoch: (local >= 0 ? local : local - 86_399) / 86_400)
  }

  /// The first moment of a calendar day in this zone.
  ///
  /// Where the clocks skip midnight, the first moment that exists; where midnight comes twice, the
  /// earlier one.
  /// - Parameter day: the local day.
  /// - Returns: the moment.
  public func start(of day: CivilDay) -> Timestamp {
    let wall = day.daysSinceEpoch * 86_400
    // The offset at local midnight is one of those that hold within a day and a half around it.
    var best: Int64?
    for guess in [offsetSeconds(at: wall - 129_600), offsetSeconds(at: wall + 129_600)] {
      let candidate = wall - guess
      if offsetSeconds(at: candidate) == guess, best.map({ candidate < $0 }) ?? true {
        best = candidate
      }
    }
    if let best { return Timestamp(milliseconds: best * 1000) }
    // Midnight is skipped: the day begins when the clocks jump.
    let jump = periods.first { $0.start > wall - 129_600 && $0.start < wall + 129_600 }
    return Timestamp(milliseconds: (jump?.start ?? wall - firstOffsetSeconds) * 1000)
  }
}
