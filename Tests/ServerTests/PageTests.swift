// The embedded page against the files it was made of. Reads the source folder.
import FoundationEssentials
import Testing

@testable import Server

@Suite("The page")
struct PageTests {
  private static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Sources/Server/Page/files").path

  @Test("Every file of the folder is served, byte for byte, and no other")
  func embedsTheFolder() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder).sorted()
    #expect(["/"] + names.map { "/" + $0 } == Page.paths.sorted())
    for name in names {
      let bytes = try Data(contentsOf: URL(fileURLWithPath: Self.folder + "/" + name))
      // A plain truth: the difference of two files would fill the screen with numbers.
      let isEmbedded = Page.file(path: "/" + name)?.body == [UInt8](bytes)
      #expect(isEmbedded, "\(name)")
    }
  }

  @Test(
    "A file has the type that browsers insist on",
    arguments: [
      ("/", "text/html; charset=utf-8"), ("/index.html", "text/html; charset=utf-8"),
      ("/app.js", "text/javascript; charset=utf-8"), ("/style.css", "text/css; charset=utf-8"),
      ("/favicon.svg", "image/svg+xml"),
    ])
  func types(path: String, contentType: String) {
    #expect(Page.file(path: path)?.contentType == contentType)
  }

  @Test(
    "What is no file of the page is not found",
    arguments: ["", "app.js", "/app", "/app.js/", "/../app.js", "/App.js", "//", "/files/app.js"])
  func strangers(path: String) {
    #expect(Page.file(path: path) == nil)
  }

  @Test("The page is the same at / and at /index.html")
  func start() {
    let isSame = Page.file(path: "/")?.body == Page.file(path: "/index.html")?.body
    #expect(isSame)
  }

  @Test("Everything the page names is a file of the page, and nothing is inline or elsewhere")
  func staysInside() throws {
    for path in Page.paths {
      let body = try #require(Page.file(path: path)).body
      let text = try #require(String(validating: body, as: UTF8.self))
      for name in text.names(after: ["from '.", "src=\"", "rel=\"stylesheet\" href=\""]) {
        #expect(Page.file(path: name) != nil, "\(path) names \(name)")
      }
      for forbidden in ["<style", "style=\"", "onclick=\"", "<script>", "https://", "innerHTML"] {
        let isInside = !text.contains(forbidden)
        #expect(isInside, "\(path) has \(forbidden)")
      }
    }
  }
}

extension String {
  /// What stands between each of these beginnings and the next quotation mark.
  fileprivate func names(after beginnings: [String]) -> [String] {
    beginnings.flatMap { beginning in
      split(separator: beginning, omittingEmptySubsequences: false).dropFirst().compactMap {
        $0.split(omittingEmptySubsequences: false) { $0 == "'" || $0 == "\"" }.first.map(
          String.init)
      }
    }
  }
}
