// The page that is served at `/`: the files of Page/files, embedded in the binary by the build.
//
// The files are served as they are, without a build step; a test holds this table against the
// folder, so a file that is added and not named here is found. Constants only; any thread.

/// The page at `/`, one for each role on the same API as everybody else.
package enum Page {
  /// What a file may load and do, as the value of a `Content-Security-Policy` header.
  ///
  /// Only its own files and its own server: no inline script or style and no other address. Nothing but
  /// `/embed`, where nothing can be bought or changed, may stand in a frame of another page, so that no
  /// click can be stolen. Source: W3C Content Security Policy Level 3; RFC 7034, section 1.
  ///
  /// - Parameter path: of the request, without its query.
  /// - Returns: the value.
  package static func contentSecurityPolicy(path: String) -> String {
    let ancestors = path == "/embed" ? "*" : "'none'"
    return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
      + "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors \(ancestors)"
  }

  /// One file of the page.
  ///
  /// - Parameter path: of the request, without its query; `/` is the page itself.
  /// - Returns: the value of `Content-Type` and the bytes; nothing where there is no such file.
  package static func file(path: String) -> (contentType: String, body: [UInt8])? {
    guard let body = bodies[path] else { return nil }
    return (contentType(path: path), body)
  }

  /// Every path that has a file, in order.
  static var paths: [String] { bodies.keys.sorted() }

  /// The files by their paths. A new file of the folder takes a line here, and nothing else.
  private static let bodies: [String: [UInt8]] = [
    "/": PackageResources.index_html,
    "/embed": PackageResources.embed_html,
    "/api.js": PackageResources.api_js,
    "/app.js": PackageResources.app_js,
    "/catalogue.js": PackageResources.catalogue_js,
    "/chart.js": PackageResources.chart_js,
    "/dom.js": PackageResources.dom_js,
    "/embed.html": PackageResources.embed_html,
    "/embed.js": PackageResources.embed_js,
    "/explanation.js": PackageResources.explanation_js,
    "/favicon.svg": PackageResources.favicon_svg,
    "/feed.js": PackageResources.feed_js,
    "/format.js": PackageResources.format_js,
    "/host-events.js": PackageResources.host_events_js,
    "/host-figures.js": PackageResources.host_figures_js,
    "/host-head.js": PackageResources.host_head_js,
    "/host-listings.js": PackageResources.host_listings_js,
    "/host-report.js": PackageResources.host_report_js,
    "/host-room.js": PackageResources.host_room_js,
    "/host-sets.js": PackageResources.host_sets_js,
    "/host.js": PackageResources.host_js,
    "/index.html": PackageResources.index_html,
    "/ops-health.js": PackageResources.ops_health_js,
    "/ops-ledger.js": PackageResources.ops_ledger_js,
    "/ops-members.js": PackageResources.ops_members_js,
    "/ops-order.js": PackageResources.ops_order_js,
    "/ops-orders.js": PackageResources.ops_orders_js,
    "/ops-plans.js": PackageResources.ops_plans_js,
    "/ops-statements.js": PackageResources.ops_statements_js,
    "/ops-tree.js": PackageResources.ops_tree_js,
    "/ops.js": PackageResources.ops_js,
    "/parts.js": PackageResources.parts_js,
    "/place.js": PackageResources.place_js,
    "/promoter-links.js": PackageResources.promoter_links_js,
    "/promoter-orders.js": PackageResources.promoter_orders_js,
    "/promoter-quota.js": PackageResources.promoter_quota_js,
    "/promoter-room.js": PackageResources.promoter_room_js,
    "/promoter-share.js": PackageResources.promoter_share_js,
    "/promoter.js": PackageResources.promoter_js,
    "/protocol.js": PackageResources.protocol_js,
    "/qr.js": PackageResources.qr_js,
    "/room.js": PackageResources.room_js,
    "/session.js": PackageResources.session_js,
    "/style-ops.css": PackageResources.style_ops_css,
    "/style-rooms.css": PackageResources.style_rooms_css,
    "/style-widgets.css": PackageResources.style_widgets_css,
    "/style.css": PackageResources.style_css,
    "/viewer-orders.js": PackageResources.viewer_orders_js,
    "/viewer-room.js": PackageResources.viewer_room_js,
    "/viewer.js": PackageResources.viewer_js,
    "/widgets.js": PackageResources.widgets_js,
    "/words-host.js": PackageResources.words_host_js,
    "/words-ops.js": PackageResources.words_ops_js,
    "/words-promoter.js": PackageResources.words_promoter_js,
    "/words-viewer.js": PackageResources.words_viewer_js,
    "/words.js": PackageResources.words_js,
  ]

  private static func contentType(path: String) -> String {
    if path.hasSuffix(".js") { return "text/javascript; charset=utf-8" }
    if path.hasSuffix(".css") { return "text/css; charset=utf-8" }
    if path.hasSuffix(".svg") { return "image/svg+xml" }
    return "text/html; charset=utf-8"
  }
}
