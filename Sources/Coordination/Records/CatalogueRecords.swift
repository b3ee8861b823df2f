// The shared supply catalogue. Suppliers own it; all storefronts see it. Source: domain.md, "People
// and systems".

import Commerce

/// A product of the shared catalogue.
package struct Product: Equatable, Sendable {
  /// The product's id.
  package let id: ProductID
  /// Who ships it.
  package var supplier: SupplierID
  /// What it is called.
  package var title: String
  /// What it is filed under; may be empty.
  package var category: String
  /// Address of a picture; may be empty.
  package var picture: String
  /// The storefront whose import brought it: all may sell it, only this one may change it.
  package var keeper: StorefrontID?

  /// Makes a product.
  package init(
    id: ProductID, supplier: SupplierID, title: String, category: String, picture: String,
    keeper: StorefrontID? = nil
  ) {
    self.id = id
    self.supplier = supplier
    self.title = title
    self.category = category
    self.picture = picture
    self.keeper = keeper
  }
}

/// One sellable variant of a product, with the terms on which it sells.
package struct SKU: Equatable, Sendable {
  /// The SKU's id.
  package let id: SKUID
  /// Its product.
  package var product: ProductID
  /// The product's supplier.
  package var supplier: SupplierID
  /// The product's title followed by the variant, as shown.
  package var title: String
  /// Address of a picture; may be empty.
  package var picture: String
  /// Currency of price and cost.
  package var currency: Currency
  /// What one unit sells for.
  package var price: Amount
  /// What the supplier is owed for one unit.
  package var cost: Amount
  /// The commission rate: 50 000…400 000 ppm.
  package var rate: Rate
  /// First moment of the sale window; none is open since ever.
  package var saleFrom: Timestamp?
  /// First moment after the sale window; none is open for ever.
  package var saleUntil: Timestamp?

  /// Makes a SKU.
  package init(
    id: SKUID, product: ProductID, supplier: SupplierID, title: String, picture: String,
    currency: Currency, price: Amount, cost: Amount, rate: Rate, saleFrom: Timestamp?,
    saleUntil: Timestamp?
  ) {
    self.id = id
    self.product = product
    self.supplier = supplier
    self.title = title
    self.picture = picture
    self.currency = currency
    self.price = price
    self.cost = cost
    self.rate = rate
    self.saleFrom = saleFrom
    self.saleUntil = saleUntil
  }

  /// Whether the sale window is open at a moment: from `saleFrom` on, before `saleUntil`.
  package func isOnSale(at: Timestamp) -> Bool {
    if let saleFrom, at < saleFrom { return false }
    if let saleUntil, at >= saleUntil { return false }
    return true
  }
}

/// How many units of a SKU there are, over all storefronts.
///
/// Invariant: with a supply, reserved + sold ≤ supplied: overselling is impossible.
package struct Stock: Equatable, Sendable {
  /// Units ever supplied; none is unlimited. Importing the same figure again changes nothing.
  package var supplied: Int64?
  /// Units of orders that are placed and not paid.
  package var reserved: Int64
  /// Units of orders that were paid. A refund does not bring them back: returns are the supplier's.
  package var sold: Int64

  /// Makes a stock.
  package init(supplied: Int64?, reserved: Int64 = 0, sold: Int64 = 0) {
    self.supplied = supplied
    self.reserved = reserved
    self.sold = sold
  }

  /// Units that can still be reserved; none is unlimited.
  package var left: Int64? { supplied.map { $0 - reserved - sold } }
}

/// A named set of SKUs of one storefront, which a host lists at once.
package struct ProductSet: Equatable, Sendable {
  /// The set's id.
  package let id: ProductSetID
  /// What it is called.
  package var title: String
  /// Its SKUs in order; 1…500.
  package var skus: [SKUID]

  /// Makes a set.
  package init(id: ProductSetID, title: String, skus: [SKUID]) {
    self.id = id
    self.title = title
    self.skus = skus
  }
}
