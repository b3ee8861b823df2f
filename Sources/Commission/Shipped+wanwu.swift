// The plan `wanwu`, word for word Protocol/plans/wanwu.json; written by Protocol/plans/embed.

extension Plan {
  static let wanwuDocument = #"""
    {
      "format": 1,
      "name": "wanwu",
      "version": 1,
      "title": {"en": "Wanwu: seller, override, separation", "zh": "万物心选"},
      "ranks": ["ordinary", "gold", "senior"],
      "lineRatePpm": {"from": 50000, "to": 400000},
      "selfPurchase": "allowed",
      "parameters": {
        "fundedBy": {"kind": "choice", "options": ["platform", "seller"], "default": "platform", "origin": "ours"},
        "profitDepth": {"kind": "choice", "options": ["direct", "community"], "default": "direct", "origin": "source"},
        "retainedBy": {"kind": "ranks", "default": ["senior"], "origin": "source"},
        "goldBonus": {"kind": "amount", "default": 10000, "origin": "source"},
        "seniorBonus": {"kind": "amount", "default": 15000, "origin": "source"},
        "goldSales": {"kind": "amount", "default": 0, "origin": "ours"},
        "seniorSales": {"kind": "amount", "default": 0, "origin": "ours"}
      },
      "sale": {
        "people": [
          {
            "name": "seller",
            "title": {"en": "the seller", "zh": "店主"},
            "firstOf": ["sale.seller", "sale.promoter", "sale.host"]
          },
          {
            "name": "inviter",
            "title": {"en": "the seller's inviter", "zh": "店主的邀请人"},
            "inviterOf": "seller"
          },
          {
            "name": "head",
            "title": {"en": "a gold or senior member above the seller", "zh": "店主上级中的金牌或高级金牌"},
            "ancestorOf": "seller",
            "rankAtLeast": "gold"
          }
        ],
        "shares": [
          {
            "id": "seller",
            "title": {"en": "the seller's commission", "zh": "店主佣金"},
            "payee": "seller",
            "base": "pool",
            "ratePpm": 1000000,
            "fundedBy": "platform"
          },
          {
            "id": "override",
            "title": {"en": "25 % of the seller's profit", "zh": "店主利润的25%"},
            "payee": {
              "when": {"rankOf": "seller", "below": "gold"},
              "then": {
                "when": {
                  "any": [
                    {"rankOf": "head", "atLeast": "senior"},
                    {"same": ["head", "inviter"]},
                    {"parameter": "profitDepth", "is": "community"}
                  ]
                },
                "then": "head",
                "otherwise": {
                  "withheldFrom": "head",
                  "because": {
                    "en": "a gold head earns only on sellers whom they invited directly",
                    "zh": "金牌只享有直接邀请的店主的利润"
                  }
                }
              },
              "otherwise": {
                "when": {"rankOf": "inviter", "in": {"parameter": "retainedBy"}},
                "then": "inviter",
                "otherwise": {
                  "withheldFrom": "inviter",
                  "because": {
                    "en": "the seller has separated, and the inviter's rank keeps nothing of a separated shop",
                    "zh": "店主已分离，邀请人的等级不保留其店铺利润"
                  }
                }
              }
            },
            "base": {"share": "seller"},
            "ratePpm": 250000,
            "fundedBy": {"parameter": "fundedBy"}
          }
        ]
      },
      "joining": {
        "people": [
          {
            "name": "inviter",
            "title": {"en": "the inviter", "zh": "邀请人"},
            "firstOf": ["joining.inviter"]
          },
          {
            "name": "head",
            "title": {"en": "a gold or senior member above the inviter", "zh": "邀请人上级中的金牌或高级金牌"},
            "ancestorOf": "inviter",
            "rankAtLeast": "gold"
          }
        ],
        "awards": [
          {
            "id": "joinBonus",
            "title": {"en": "bonus for a new owner in the community", "zh": "社群新店主奖励"},
            "payee": {"when": {"rankOf": "inviter", "atLeast": "gold"}, "then": "inviter", "otherwise": "head"},
            "amountByRank": {"gold": {"parameter": "goldBonus"}, "senior": {"parameter": "seniorBonus"}}
          },
          {
            "id": "inviteCoupon",
            "title": {"en": "no-threshold coupon for a direct invite", "zh": "直接邀请无门槛优惠券"},
            "payee": "inviter",
            "grant": "coupon",
            "faceValue": 2000
          }
        ]
      },
      "personalSales": "seller",
      "promotions": [
        {"rank": "gold", "count": "settledSales", "atLeast": {"parameter": "goldSales"}},
        {"rank": "senior", "count": "settledSales", "atLeast": {"parameter": "seniorSales"}}
      ]
    }
    """#
}
