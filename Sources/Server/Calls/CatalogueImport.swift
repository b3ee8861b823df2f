// Catalogue files: CSV with a header row, or JSON lines with the same names. A bad line is reported
// with its number and skipped; a bad header refuses the file. Pure; any thread.
// Source: Protocol/README.md, "Catalogue files".

import Commerce
import Coordination
import Notation

/// How a catalogue file is written.
package enum CatalogueFileType: Sendable {
  /// RFC 4180 with a header row.
  case csv
  /// One JSON object a line.
  case jsonLines
}

/// Reads catalogue files.
package enum CatalogueImport {
  private static let requiredColumns = [
    "sku", "product", "supplier", "title", "price", "cost", "ratePpm",
  ]
  private static let optionalColumns = [
    "category", "picture", "variant", "currency", "stock", "saleFrom", "saleUntil",
  ]

  /// Reads a whole file.
  ///
  /// - Parameters:
  ///   - bytes: the file.
  ///   - type: how it is written.
  /// - Returns: a row for every line that is not blank, good or bad, in order.
  /// - Throws: `invalid_field` where a CSV header lacks a column or has one that is not known.
  package static func rows(
    of bytes: [UInt8], as type: CatalogueFileType
  ) throws(Fault) -> [ImportedRow] {
    switch type {
    case .csv: try tableRows(bytes)
    case .jsonLines: objectRows(bytes)
    }
  }

  private static func tableRows(_ bytes: [UInt8]) throws(Fault) -> [ImportedRow] {
    var reader = CSVReader()
    reader.feed(bytes)
    reader.finish()
    var record = CSVRecord()
    var rows: [ImportedRow] = []
    var columns: [String] = []
    while true {
      var failure: CSVError?
      do throws(CSVError) {
        guard try reader.next(into: &record) else { break }
      } catch {
        failure = error
      }
      if columns.isEmpty { columns = try checkedHeader(reader.header, failure) }
      if let failure {
        rows.append(ImportedRow(line: failure.line, item: .failure(malformedLine(failure))))
      } else {
        rows.append(row(record, columns))
      }
    }
    if columns.isEmpty { _ = try checkedHeader(reader.header, nil) }
    return rows
  }

  /// The columns, once the header is known to be right.
  private static func checkedHeader(
    _ header: [String], _ failure: CSVError?
  ) throws(Fault) -> [String] {
    if header.isEmpty, let failure {
      throw .invalidField("header", "The header cannot be read: \(failure).")
    }
    for name in requiredColumns where !header.contains(name) {
      throw .invalidField(name, "The header has no column \(name).")
    }
    for name in header
    where !requiredColumns.contains(name) && !optionalColumns.contains(name) {
      let shown = String(name.prefix(64))
      throw .invalidField(shown, "The header has a column \(shown), which is not known.")
    }
    return header
  }

  private static func malformedLine(_ error: some Error) -> Fault {
    Fault("malformed_line", "The line cannot be read: \(error).", status: 422)
  }

  private static func row(_ record: CSVRecord, _ columns: [String]) -> ImportedRow {
    var cells: [(name: String, text: String)] = []
    cells.reserveCapacity(columns.count)
    for (index, name) in columns.enumerated() {
      guard let text = record.text(index) else {
        let fault = Fault.invalidField(name, "\(name) must be UTF-8.")
        return ImportedRow(line: record.line, item: .failure(fault))
      }
      cells.append((name, text))
    }
    return ImportedRow(line: record.line, item: read(Fields(texts: cells)))
  }

  private static func objectRows(_ bytes: [UInt8]) -> [ImportedRow] {
    var rows: [ImportedRow] = []
    var number = 0
    for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      number += 1
      guard !line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) else { continue }
      let item: Result<CatalogueItem, Fault>
      do throws(JSONError) {
        let object = try JSON.read(Array(line))
        if object.members == nil {
          item = .failure(
            Fault(
              "malformed_line", "The line must be an object, not \(object.kind).", status: 422))
        } else {
          item = read(Fields(object))
        }
      } catch {
        item = .failure(malformedLine(error))
      }
      rows.append(ImportedRow(line: number, item: item))
    }
    return rows
  }

  private static func read(_ fields: Fields) -> Result<CatalogueItem, Fault> {
    do throws(Fault) { return .success(try item(fields)) } catch { return .failure(error) }
  }

  private static func item(_ given: Fields) throws(Fault) -> CatalogueItem {
    var fields = given
    let id: SKUID = try fields.identifier("sku")
    let title = try fields.text("title", bytesMax: CallLimits.productTitleBytesMax)
    let variant = try fields.optionalText(
      "variant", bytesMin: 1, bytesMax: CallLimits.productTitleBytesMax)
    let fullTitle = variant.map { title + " " + $0 } ?? title
    guard fullTitle.utf8.count <= CallLimits.productTitleBytesMax else {
      throw fields.fault(
        "variant",
        "title and variant must have at most \(CallLimits.productTitleBytesMax) bytes together.")
    }
    let product = Product(
      id: try fields.identifier("product"), supplier: try fields.identifier("supplier"),
      title: title,
      category: try fields.optionalText("category", bytesMax: CallLimits.titleBytesMax) ?? "",
      picture: try fields.optionalText("picture", bytesMax: CallLimits.pictureBytesMax) ?? "")
    let saleFrom = try fields.optionalTimestamp("saleFrom")
    let saleUntil = try fields.optionalTimestamp("saleUntil")
    if let saleFrom, let saleUntil, saleUntil <= saleFrom {
      throw fields.fault("saleUntil", "saleUntil must be after saleFrom.")
    }
    let sku = SKU(
      id: id, product: product.id, supplier: product.supplier,
      title: fullTitle, picture: product.picture,
      currency: try fields.optional("currency")?.currency() ?? .cny,
      price: try fields.required("price").amount(), cost: try fields.required("cost").amount(),
      rate: try fields.required("ratePpm").rate(in: CallLimits.catalogueRates),
      saleFrom: saleFrom, saleUntil: saleUntil)
    let supplied = try fields.optionalInteger("stock", in: 0...CallLimits.stockMax)
    try fields.finish()
    return CatalogueItem(product: product, sku: sku, supplied: supplied)
  }
}
