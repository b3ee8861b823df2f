// `waggle import`: sends catalogue files to a running server, part by part.

import Notation
import Transport
import Wire

extension Subcommand {
  /// Imports catalogue files.
  static let importCatalogue = Subcommand(
    name: "import", summary: "Import catalogue files into a running server",
    details: """
      Sends CSV files (with a header row) or JSON lines (.jsonl, .ndjson) to a server. Lines that \
      are refused are reported with their number and skipped; the others are taken. Importing a \
      file twice changes nothing. The columns are described in Protocol/README.md, "Catalogue files".
      """,
    arguments: [CommandArgument("FILE", "A catalogue file.", count: .many)],
    options: [.url, .token],
    examples: [
      .init("import --url http://127.0.0.1:8080 catalogue.csv", "with the token in WAGGLE_TOKEN")
    ]
  ) { input, output in
    let server = try ServerAddress(try input.text("url"))
    let token = try input.text("token")
    var total = ImportTotals()
    for path in input.arguments {
      let parts = try CatalogueFile(path: path).parts()
      var progress = ProgressLine(
        label: "importing \(path)", unit: "lines", total: parts.last.map { Int64($0.lastLine) },
        write: output.note)
      let client = try server.client()
      for part in parts {
        let report = try send(part, with: client, token: token)
        for rejected in report["rejected"]?.elements ?? [] {
          let line = Int64(part.firstLine) + (rejected["line"]?.integer ?? 0) - part.lineOfFirstRow
          output.note("\(path):\(line): \(rejected["message"]?.text ?? "refused")")
        }
        total.add(report)
        progress.advance(to: Int64(part.lastLine))
      }
      progress.finish()
    }
    output.line(total.json.description)
    return total.rejected == 0 ? .done : .malformedInput
  }
}

/// Sends one part and gives the server's report.
private func send(
  _ part: CatalogueFile.Part, with client: HTTPClient, token: String
) throws -> JSON {
  let response = try client.send(
    .post, "/v1/catalogue/import",
    headers: HTTPHeaders([
      ("Authorization", "Bearer " + token), ("Content-Type", part.contentType),
    ]), body: part.bytes)
  let body = try? JSON.read(response.body)
  guard response.status == 200, let body else {
    let detail = body?["detail"]?.text ?? "status \(response.status)"
    throw CommandFailure(
      response.status == 422 ? .malformedInput : .unavailable, "the server says: \(detail)")
  }
  return body
}

/// What all parts came to.
private struct ImportTotals {
  private var counts: [(name: String, count: Int64)] =
    ["lines", "added", "changed", "unchanged", "rejectedCount"].map { ($0, 0) }

  mutating func add(_ report: JSON) {
    for index in counts.indices {
      counts[index].count += report[counts[index].name]?.integer ?? 0
    }
  }

  var rejected: Int64 { counts.last?.count ?? 0 }

  var json: JSON {
    .object(
      counts.map {
        JSON.Member($0.name == "rejectedCount" ? "rejected" : $0.name, .integer($0.count))
      })
  }
}

/// A catalogue file cut into parts that the server takes, each a file of its own.
struct CatalogueFile {
  /// A part, with where it stood in the file.
  struct Part {
    let bytes: [UInt8]
    let contentType: String
    /// The line of the file of the part's first row, from 1.
    let firstLine: Int
    let lastLine: Int
    /// The line of that row inside the part: 2 behind a header, else 1.
    let lineOfFirstRow: Int64
  }

  private let bytes: [UInt8]
  private let isCSV: Bool
  /// Below the largest request body, with room for the header row.
  private let partBytesMax: Int

  /// Reads a file.
  init(path: String, partBytesMax: Int = 900_000) throws {
    do {
      bytes = try SmallFile.read(path, bytesMax: 1 << 30)
    } catch {
      throw CommandFailure(.inputOutput, "cannot read \(path): \(error)")
    }
    isCSV = !(path.hasSuffix(".jsonl") || path.hasSuffix(".ndjson"))
    self.partBytesMax = partBytesMax
  }

  /// The parts in order; cut only at line ends outside quotes.
  func parts() -> [Part] {
    var parts: [Part] = []
    var header: ArraySlice<UInt8> = []
    var start = 0
    var line = 1
    var firstLine = 1
    var lastCut: (end: Int, line: Int)?
    var isQuoted = false
    func cut(to end: Int, _ nextLine: Int) {
      guard end > start else { return }
      parts.append(
        Part(
          bytes: Array(header) + Array(bytes[start..<end]),
          contentType: isCSV ? "text/csv" : "application/x-ndjson", firstLine: firstLine,
          lastLine: nextLine - 1, lineOfFirstRow: header.isEmpty ? 1 : 2))
      start = end
      firstLine = nextLine
    }
    for index in bytes.indices {
      if isCSV, bytes[index] == UInt8(ascii: "\"") { isQuoted.toggle() }
      guard bytes[index] == UInt8(ascii: "\n") else { continue }
      line += 1
      if isQuoted { continue }
      if isCSV, header.isEmpty {
        header = bytes[...index]
        start = index + 1
        firstLine = line
        continue
      }
      if index + 1 - start > partBytesMax, let last = lastCut, last.end > start {
        cut(to: last.end, last.line)
      }
      lastCut = (index + 1, line)
    }
    cut(to: bytes.count, bytes.last == UInt8(ascii: "\n") ? line : line + 1)
    return parts
  }
}
