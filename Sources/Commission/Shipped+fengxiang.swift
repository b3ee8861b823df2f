// The plan `fengxiang`, word for word Protocol/plans/fengxiang.json; written by Protocol/plans/embed.

extension Plan {
  static let fengxiangDocument = #"""
    {
      "format": 1,
      "name": "fengxiang",
      "version": 1,
      "title": {"en": "Fengxiang: live distribution", "zh": "蜂享家直播分销"},
      "ranks": ["member"],
      "lineRatePpm": {"from": 50000, "to": 400000},
      "selfPurchase": "allowed",
      "parameters": {
        "pactPpm": {"kind": "ppm", "default": 300000, "origin": "ours"},
        "hostOverridePpm": {"kind": "ppm", "default": 100000, "origin": "ours"},
        "inviteCodePer": {"kind": "amount", "from": 1, "default": 100000, "origin": "ours"}
      },
      "sale": {
        "people": [
          {
            "name": "host",
            "title": {"en": "the host", "zh": "主播"},
            "firstOf": ["sale.seller", "sale.host"]
          },
          {
            "name": "promoter",
            "title": {"en": "a promoter who brought the buyer", "zh": "带来买家的推手"},
            "firstOf": ["sale.promoter"],
            "otherThan": ["host"]
          },
          {
            "name": "hostInviter",
            "title": {"en": "the host's inviter", "zh": "主播的邀请人"},
            "inviterOf": "host"
          }
        ],
        "shares": [
          {
            "id": "promoter",
            "title": {"en": "the promoter's part of the pool by the pact", "zh": "推手按约定分得的佣金"},
            "payee": "promoter",
            "base": "pool",
            "ratePpm": {"pactOr": {"parameter": "pactPpm"}},
            "fundedBy": "platform"
          },
          {
            "id": "host",
            "title": {"en": "the rest of the pool", "zh": "主播分得其余佣金"},
            "payee": "host",
            "base": "pool",
            "take": "rest",
            "fundedBy": "platform"
          },
          {
            "id": "hostOverride",
            "title": {"en": "override on the live sales of a host whom one brought in", "zh": "邀请主播的直播销售奖励"},
            "payee": "hostInviter",
            "base": {"share": "host"},
            "ratePpm": {"parameter": "hostOverridePpm"},
            "fundedBy": "platform"
          }
        ]
      },
      "joining": {"people": [], "awards": []},
      "personalSales": "promoter",
      "quotas": [
        {
          "id": "inviteCode",
          "title": {"en": "invite codes earned by settled sales", "zh": "用业绩换取的邀请码"},
          "of": "settledPersonalSales",
          "per": {"parameter": "inviteCodePer"}
        }
      ]
    }
    """#
}
