// The demonstration's products: `files/demo-catalogue.csv`, a file as `waggle import` takes it, embedded
// in the binary. Constants only; any thread.

import Commerce
import Coordination

/// The demonstration's catalogue.
enum DemoCatalogue {
  /// The file, in the form of `POST /v1/catalogue/import`.
  static var file: [UInt8] { PackageResources.demo_catalogue_csv }

  /// Every product, in the order of the file.
  static var items: [CatalogueItem] {
    do {
      return try CatalogueImport.rows(of: file, as: .csv).map { try $0.item.get() }
    } catch {
      preconditionFailure("the demonstration's own catalogue is valid: \(error)")
    }
  }

  /// A set for each category, named as its pictures are: `set-tea` has the tea.
  ///
  /// - Parameter items: the products.
  /// - Returns: sets in the order in which their categories come first.
  static func sets(of items: [CatalogueItem]) -> [ProductSet] {
    var sets: [ProductSet] = []
    for item in items {
      let id = ProductSetID(trusted: "set-" + pictureName(item.product.picture))
      if sets.last?.id != id {
        sets.append(ProductSet(id: id, title: item.product.category + " 精选", skus: []))
      }
      sets[sets.count - 1].skus.append(item.sku.id)
    }
    return sets
  }

  /// `/demo/pictures/tea-3.svg` is one of `tea`.
  private static func pictureName(_ path: String) -> Substring {
    (path.split(separator: "/").last ?? "").prefix { $0 != "-" }
  }
}
