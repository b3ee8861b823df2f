/// Reads CSV text (RFC 4180) piece by piece, strictly, without ever holding the whole.
///
/// Feed it bytes as they come, take records until there is none, feed again; call `finish()` after
/// the last byte and take the rest:
///
///     reader.feed(chunk)
///     while try reader.next(into: &record) { … }
///
/// A fault is thrown once, with its line. The next call goes on: after a record with a wrong number
/// of fields, behind that record; after any other fault, on the line after the one the bad record
/// began on, so that one forgotten quote costs one line and not the rest of the file. Only a faulty
/// header ends the reading.
///
/// Accepts `\r\n` and `\n`, with or without one at the end, and skips a UTF-8 byte order mark. A blank
/// line is a record with one empty field. Keeps at most one record's bytes; O(n) in the text. A
/// value; any thread.
package struct CSVReader: Sendable {
  /// The column names, empty until the header has been read or where there is none.
  package private(set) var header: [String] = []

  private enum State { case fieldStart, plain, quoted, quoteClosed, carriageReturn, skippingLine }
  private enum Outcome {
    case record, needsBytes
    case fault(CSVError.Reason, line: Int)
  }

  private let recordBytesMax: Int
  private var wantsHeader: Bool
  private var fieldsExpected: Int?
  private var isFinished = false
  private var hasFailed = false
  private var isAtStart = true

  private var buffer: [UInt8] = []
  private var position = 0
  private var line = 1
  private var state = State.fieldStart
  private var record = CSVRecord()
  private var recordStart = 0
  private var recordLine = 1
  private var quoteLine = 1

  /// Makes a reader at the start of a text.
  ///
  /// - Parameters:
  ///   - hasHeader: whether the first record names the columns.
  ///   - recordBytesMax: bytes that a record may have as written, with its line end; ≥ 1.
  package init(hasHeader: Bool = true, recordBytesMax: Int = 65_536) {
    precondition(recordBytesMax >= 1, "a record has at least one byte")
    wantsHeader = hasHeader
    self.recordBytesMax = recordBytesMax
  }

  /// Takes the next bytes of the text.
  ///
  /// - Parameter bytes: any number of them, cut anywhere.
  package mutating func feed(_ bytes: some Collection<UInt8>) {
    precondition(!isFinished, "the text has already ended")
    // What has been read goes before more comes, so the buffer stays as large as chunk and record.
    buffer.removeSubrange(..<recordStart)
    position -= recordStart
    recordStart = 0
    buffer.append(contentsOf: bytes)
  }

  /// Says that the text ends with the bytes fed so far.
  package mutating func finish() { isFinished = true }

  /// Reads the next record into storage that is used again and again.
  ///
  /// - Parameter next: replaced by the record; untouched where there is none.
  /// - Returns: whether there was one. If not: feed more bytes, or the text has ended.
  /// - Throws: `CSVError`; call again to go on behind the fault.
  package mutating func next(into next: inout CSVRecord) throws(CSVError) -> Bool {
    guard !hasFailed, skipByteOrderMark() else { return false }
    while true {
      switch scan() {
      case .needsBytes: return false
      case .fault(let reason, let line):
        skipBadRecord()
        hasFailed = wantsHeader
        throw CSVError(line: line, reason: reason)
      case .record:
        swap(&record, &next)
        next.line = recordLine
        beginRecord()
        if wantsHeader {
          try readHeader(next)
        } else {
          try checkCount(next)
          return true
        }
      }
    }
  }

  /// Reads the next record.
  ///
  /// - Returns: the record, or nothing where more bytes are needed or the text has ended.
  /// - Throws: `CSVError`; call again to go on behind the fault.
  package mutating func next() throws(CSVError) -> CSVRecord? {
    var record = CSVRecord()
    return try next(into: &record) ? record : nil
  }

  /// The place of a column in every record, once the header has been read.
  ///
  /// - Parameter name: the column's name, compared byte by byte.
  /// - Returns: the index of the field.
  /// - Throws: `CSVError` with `.missingColumn`.
  package func column(_ name: String) throws(CSVError) -> Int {
    guard let index = header.firstIndex(where: { $0.utf8.elementsEqual(name.utf8) }) else {
      throw CSVError(line: 1, reason: .missingColumn(name))
    }
    return index
  }

  private mutating func readHeader(_ record: CSVRecord) throws(CSVError) {
    hasFailed = true
    var names: [String] = []
    for field in 0..<record.count {
      guard let name = record.text(field) else {
        throw CSVError(line: record.line, reason: .malformedHeader)
      }
      guard !names.contains(name) else {
        throw CSVError(line: record.line, reason: .duplicateColumn(name))
      }
      names.append(name)
    }
    header = names
    fieldsExpected = names.count
    wantsHeader = false
    hasFailed = false
  }

  private mutating func checkCount(_ record: CSVRecord) throws(CSVError) {
    let expected = fieldsExpected ?? record.count
    fieldsExpected = expected
    guard record.count == expected else {
      throw CSVError(
        line: record.line,
        reason: .wrongNumberOfFields(expected: expected, found: record.count))
    }
  }

  /// Whether the start of the text is settled: the mark may be cut between two chunks.
  private mutating func skipByteOrderMark() -> Bool {
    guard isAtStart else { return true }
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    if buffer.count < mark.count, !isFinished, mark.starts(with: buffer) { return false }
    isAtStart = false
    if buffer.starts(with: mark) {
      position = mark.count
      recordStart = position
    }
    return true
  }

  /// Where scanning stops at the latest: at the end of what is there, or of what a record may have.
  private var scanEnd: Int { min(buffer.count, recordStart + recordBytesMax) }

  private mutating func scan() -> Outcome {
    while position < scanEnd || state == .skippingLine {
      switch state {
      case .skippingLine:
        guard skipLine() else { return .needsBytes }
      case .fieldStart:
        if buffer[position] == UInt8(ascii: "\"") {
          quoteLine = line
          position += 1
          state = .quoted
        } else {
          state = .plain
        }
      case .plain:
        takePlainRun(to: scanEnd)
        if position < scanEnd, let outcome = separator() { return outcome }
      case .quoted: takeQuotedRun(to: scanEnd)
      case .quoteClosed:
        if buffer[position] == UInt8(ascii: "\"") {
          record.append(buffer[position...position])
          position += 1
          state = .quoted
        } else if let outcome = separator() {
          return outcome
        }
      case .carriageReturn:
        guard buffer[position] == UInt8(ascii: "\n") else {
          return .fault(.strayCarriageReturn, line: line)
        }
        return endRecord()
      }
    }
    // Only a byte beyond the limit shows that the record is too long: however the text is cut into
    // chunks, the answer is the same.
    if position < buffer.count {
      return .fault(.recordTooLong(bytesMax: recordBytesMax), line: recordLine)
    }
    return isFinished ? endText() : .needsBytes
  }

  private mutating func takePlainRun(to end: Int) {
    let start = position
    while position < end {
      let byte = buffer[position]
      if byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
        || byte == UInt8(ascii: "\"")
      {
        break
      }
      position += 1
    }
    record.append(buffer[start..<position])
  }

  private mutating func takeQuotedRun(to end: Int) {
    let start = position
    while position < end, buffer[position] != UInt8(ascii: "\"") {
      if buffer[position] == UInt8(ascii: "\n") { line += 1 }
      position += 1
    }
    record.append(buffer[start..<position])
    if position < end {
      position += 1
      state = .quoteClosed
    }
  }

  /// Handles the byte behind a field; gives an outcome where the record or the reading ends.
  private mutating func separator() -> Outcome? {
    switch buffer[position] {
    case UInt8(ascii: ","):
      record.endField()
      position += 1
      state = .fieldStart
      return nil
    case UInt8(ascii: "\r"):
      position += 1
      state = .carriageReturn
      return nil
    case UInt8(ascii: "\n"): return endRecord()
    default: return .fault(.strayQuote, line: line)
    }
  }

  private mutating func endRecord() -> Outcome {
    record.endField()
    position += 1
    line += 1
    return .record
  }

  private mutating func endText() -> Outcome {
    switch state {
    case .quoted: return .fault(.unterminatedQuote, line: quoteLine)
    case .carriageReturn: return .fault(.strayCarriageReturn, line: line)
    case .fieldStart where position == recordStart: return .needsBytes
    default:
      record.endField()
      return .record
    }
  }

  private mutating func beginRecord() {
    record.removeAll()
    recordStart = position
    recordLine = line
    state = .fieldStart
  }

  private mutating func skipBadRecord() {
    position = recordStart
    line = recordLine
    record.removeAll()
    state = .skippingLine
  }

  /// Whether the end of the bad line was found; if not, what there is of it is dropped.
  private mutating func skipLine() -> Bool {
    let end = buffer[position...].firstIndex(of: UInt8(ascii: "\n"))
    position = end.map { $0 + 1 } ?? buffer.count
    recordStart = position
    guard end != nil || isFinished else { return false }
    if end != nil { line += 1 }
    beginRecord()
    return true
  }
}
