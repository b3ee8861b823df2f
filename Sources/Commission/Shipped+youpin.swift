// The plan `youpin`, word for word Protocol/plans/youpin.json; written by Protocol/plans/embed.

extension Plan {
  static let youpinDocument = #"""
    {
      "format": 1,
      "name": "youpin",
      "version": 1,
      "title": {"en": "Youpin: pay on sales", "zh": "有品推手CPS"},
      "ranks": ["member", "team"],
      "organisations": ["team"],
      "lineRatePpm": {"from": 50000, "to": 400000},
      "selfPurchase": "allowed",
      "parameters": {
        "teamPpm": {"kind": "ppm", "default": 200000, "origin": "ours"}
      },
      "sale": {
        "people": [
          {
            "name": "promoter",
            "title": {"en": "the promoter, else the seller", "zh": "推手或卖家"},
            "firstOf": ["sale.promoter", "sale.seller", "sale.host"]
          },
          {
            "name": "team",
            "title": {"en": "the team organisation above the promoter", "zh": "推手所属的组织团队"},
            "ancestorOf": "promoter",
            "rankAtLeast": "team"
          }
        ],
        "shares": [
          {
            "id": "promoter",
            "title": {"en": "commission on the sale", "zh": "销售佣金"},
            "payee": "promoter",
            "base": "pool",
            "ratePpm": 1000000,
            "fundedBy": "platform"
          },
          {
            "id": "team",
            "title": {"en": "the team organisation's part by its own table", "zh": "组织团队按内部比例分得"},
            "payee": "team",
            "base": {"share": "promoter"},
            "ratePpm": {"parameter": "teamPpm"},
            "fundedBy": "promoter"
          }
        ]
      },
      "joining": {"people": [], "awards": []}
    }
    """#
}
