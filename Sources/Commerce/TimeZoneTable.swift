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
    offsetSeconds(after: periodsBegun(at: seconds))
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
    // No zone is a day and a half from Greenwich, so the day has not begun this early. From here
    // on, the first period whose clocks reach midnight before it ends is the one; a period that
    // begins behind midnight has skipped it.
    var begun = periodsBegun(at: wall - 129_600)
    while true {
      var start = wall - offsetSeconds(after: begun)
      if begun > 0 { start = max(start, periods[begun - 1].start) }
      if begun == periods.count || start < periods[begun].start {
        return Timestamp(milliseconds: start * 1000)
      }
      begun += 1
    }
  }

  /// How many periods have begun at a moment.
  private func periodsBegun(at seconds: Int64) -> Int {
    var low = 0
    var high = periods.count
    while low < high {
      let middle = (low + high) / 2
      if periods[middle].start <= seconds { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private func offsetSeconds(after begun: Int) -> Int64 {
    begun == 0 ? firstOffsetSeconds : periods[begun - 1].offsetSeconds
  }
}
