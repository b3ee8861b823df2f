// The viewer's texts, in English and Chinese.

export default {
  'viewer.rejected': ['The link was not accepted: {reason}. You are in the room all the same.',
    '链接未被接受：{reason}。您仍然可以观看。'],
  'viewer.rejectedNoRoom': ['The link was not accepted: {reason}. These are the rooms.',
    '链接未被接受：{reason}。请从下方选择直播间。'],
  'viewer.broughtBy': ['You came with {promoter}.', '您由 {promoter} 带来。'],
  'viewer.notLive': ['Nothing can be bought right now.', '现在暂不能下单。'],
  'viewer.pinned': ['On show now', '正在讲解'],
  'viewer.products': ['Products', '商品'],
  'viewer.noProducts': ['Nothing is listed yet.', '还没有上架商品。'],
  'viewer.units': ['Units', '数量'],
  'viewer.buy': ['Buy', '购买'],
  'viewer.myOrders': ['Your orders', '我的订单'],
  'viewer.noOrders': ['No order yet.', '还没有订单。'],
  'viewer.placed': ['Order placed: {title}. Pay until {time}.', '已下单：{title}，请在 {time} 前付款。'],
  'viewer.pay': ['Pay (demo checkout)', '付款（演示）'],
  'viewer.cancel': ['Cancel', '取消订单'],
  'viewer.paidNow': ['Paid: {title}.', '已付款：{title}。'],
  'viewer.payUntil': ['Pay until {time}', '请在 {time} 前付款'],
  'viewer.unitsOf': ['{units} × {title}', '{title} × {units}'],
  'viewer.pinnedNow': ['On show now: {title}', '正在讲解：{title}'],
};
