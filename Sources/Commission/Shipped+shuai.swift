// The plan `shuai`, word for word Protocol/plans/shuai.json; written by Protocol/plans/embed.

extension Plan {
  static let shuaiDocument = #"""
    {
      "format": 1,
      "name": "shuai",
      "version": 1,
      "title": {"en": "Shuai: fan lock", "zh": "甩甩宝宝锁粉"},
      "ranks": ["fan", "shopkeeper", "manager"],
      "lineRatePpm": {"from": 50000, "to": 400000},
      "selfPurchase": "allowed",
      "parameters": {
        "fansForShopkeeper": {"kind": "count", "default": 10, "origin": "source"},
        "shopkeepersForNext": {"kind": "count", "default": 10, "origin": "source"}
      },
      "sale": {
        "people": [
          {
            "name": "locker",
            "title": {"en": "whoever locked the buyer, else the seller", "zh": "锁粉人或卖家"},
            "firstOf": ["sale.promoter", "sale.seller", "sale.host"]
          }
        ],
        "shares": [
          {
            "id": "locker",
            "title": {"en": "commission on the purchases of locked fans", "zh": "锁定粉丝的购物佣金"},
            "payee": "locker",
            "base": "pool",
            "ratePpm": 1000000,
            "fundedBy": "platform"
          }
        ]
      },
      "joining": {"people": [], "awards": []},
      "promotions": [
        {"rank": "shopkeeper", "count": "lockedFans", "atLeast": {"parameter": "fansForShopkeeper"}},
        {
          "rank": "manager",
          "count": "lockedFans",
          "ofRank": "shopkeeper",
          "atLeast": {"parameter": "shopkeepersForNext"}
        }
      ]
    }
    """#
}
