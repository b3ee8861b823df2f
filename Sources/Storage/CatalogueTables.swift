// Products, SKUs and stocks: the shared catalogue, of no storefront.

import Commerce
import Coordination

/// The tables of the catalogue.
final class CatalogueTables {
  private let products: RecordTable
  private let skus: RecordTable
  private let stocks: RecordTable

  /// The columns of a SKU in the order in which `readSKU` takes them.
  static let skuColumns = [
    "product", "supplier", "title", "picture", "currency", "price", "cost", "rate", "sale_from",
    "sale_until",
  ]
  /// The columns of a stock in the order in which `readStock` takes them.
  static let stockColumns = ["supplied", "reserved", "sold"]

  init(_ connection: SQLiteConnection) throws {
    products = try RecordTable(
      "products", keys: ["id"], columns: ["supplier", "title", "category", "picture", "keeper"],
      on: connection)
    skus = try RecordTable("skus", keys: ["id"], columns: Self.skuColumns, on: connection)
    stocks = try RecordTable(
      "stocks", keys: ["sku"], columns: Self.stockColumns, isAlone: true, on: connection)
  }

  func product(_ id: ProductID) throws -> Product? {
    try products.find({ $0.id(id) }) { row in
      Product(
        id: id, supplier: try row.id(), title: try row.text(), category: try row.text(),
        picture: try row.text(), keeper: try row.optionalText().map(StorefrontID.init(trusted:)))
    }
  }

  func save(_ product: Product) throws {
    try products.save { row in
      row.id(product.id)
      row.id(product.supplier)
      row.text(product.title)
      row.text(product.category)
      row.text(product.picture)
      row.text(product.keeper?.text)
    }
  }

  func sku(_ id: SKUID) throws -> SKU? {
    try skus.find({ $0.id(id) }) { row in try Self.readSKU(id, &row) }
  }

  static func readSKU(_ id: SKUID, _ row: inout ColumnReader) throws -> SKU {
    SKU(
      id: id, product: try row.id(), supplier: try row.id(), title: try row.text(),
      picture: try row.text(), currency: try row.currency(), price: try row.amount(),
      cost: try row.amount(), rate: try row.rate(), saleFrom: try row.optionalTime(),
      saleUntil: try row.optionalTime())
  }

  func save(_ sku: SKU) throws {
    try skus.save { row in
      row.id(sku.id)
      row.id(sku.product)
      row.id(sku.supplier)
      row.text(sku.title)
      row.text(sku.picture)
      row.text(sku.currency.code)
      row.amount(sku.price)
      row.amount(sku.cost)
      row.rate(sku.rate)
      row.time(sku.saleFrom)
      row.time(sku.saleUntil)
    }
  }

  func stock(_ sku: SKUID) throws -> Stock? {
    try stocks.find({ $0.id(sku) }) { row in try Self.readStock(&row) }
  }

  static func readStock(_ row: inout ColumnReader) throws -> Stock {
    Stock(
      supplied: try row.optionalInteger(), reserved: try row.integer(), sold: try row.integer())
  }

  func save(_ sku: SKUID, _ stock: Stock) throws {
    try stocks.save { row in
      row.id(sku)
      row.integer(stock.supplied)
      row.integer(stock.reserved)
      row.integer(stock.sold)
    }
  }
}
