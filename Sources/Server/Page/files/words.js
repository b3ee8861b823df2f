// Every text of the page, in English and Chinese, side by side so that none is forgotten: what the
// roles share is here, the rest in a file for each role.

import host from './words-host.js';
import ops from './words-ops.js';
import promoter from './words-promoter.js';
import viewer from './words-viewer.js';

const words = {
  ...host,
  ...ops,
  ...promoter,
  ...viewer,

  // The frame.
  'language': ['Language', '语言'],
  'storefront': ['Storefront', '商城'],
  'skip': ['Skip to the content', '跳到正文'],
  'roles': ['Roles', '角色'],
  'role.host': ['Host', '主播'],
  'role.promoter': ['Promoter', '推手'],
  'role.viewer': ['Viewer', '观众'],
  'role.ops': ['Operations', '运营'],
  'state.connecting': ['Connecting…', '连接中…'],
  'state.open': ['Connected', '已连接'],
  'state.waiting': ['Connection lost, coming back…', '连接断开，正在重连…'],
  'state.closed': ['Disconnected', '已断开'],
  'closed': ['The server ended the connection ({code}). Reload the page to come back.',
    '服务器结束了连接（{code}），请刷新页面。'],
  'signedInAs': ['{person}', '{person}'],
  'guest': ['You are a guest', '当前身份：访客'],
  'signOut': ['Switch', '换身份'],
  'missed': ['Some events were missed while you were away. What you see is up to date.',
    '断线期间有部分消息未收到，当前内容已是最新。'],
  'signIn': ['Sign in', '登录'],
  'signIn.why': ['This server gives no demonstration sessions. Paste a token of your storefront.',
    '此服务器未开启演示。请粘贴商城签发的令牌。'],
  'signIn.refused': ['The last token was not accepted.', '上一个令牌未被接受。'],
  'token': ['Token', '令牌'],
  'close': ['Close', '关闭'],
  'cancel': ['Cancel', '取消'],
  'more': ['More', '更多'],
  'copy': ['Copy', '复制'],
  'copied': ['Copied.', '已复制。'],
  'copied.not': ['It could not be copied. Select it and copy it by hand.', '复制失败，请手动选择复制。'],
  'chart.empty': ['Nothing to draw yet.', '暂无数据。'],
  'chart.table': ['As a table', '查看表格'],
  'chart.time': ['Time', '时间'],
  'chart.name': ['{label}: {now} now, at most {highest}, from {from} to {until}.',
    '{label}：当前 {now}，最高 {highest}，{from} 至 {until}。'],
  'refresh': ['Refresh', '刷新'],
  'rooms': ['Rooms', '直播间'],
  'allRooms': ['All rooms', '全部直播间'],
  'noSuchRoom': ['There is no such room.', '直播间不存在。'],
  'room.scheduled': ['Scheduled', '预告'],
  'room.live': ['Live', '直播中'],
  'room.paused': ['Paused', '暂停'],
  'room.ended': ['Ended', '已结束'],
  'startsAt': ['Starts {time}', '{time} 开始'],
  'by': ['Host {host}', '主播 {host}'],
  'watching': ['Watching', '正在观看'],
  'unique': ['Visitors', '独立观众'],
  'orders': ['Orders', '订单'],
  'units': ['Units', '件数'],
  'gmv': ['GMV', '成交额'],
  'refunded': ['Refunded', '已退款'],
  'pending': ['Pending', '待结算'],
  'pending.hint': ['not earned yet', '尚未到账'],
  'available': ['Available', '可提现'],
  'reversed': ['Reversed', '已冲回'],
  'paid': ['Paid out', '已提现'],
  'debt': ['Owed back', '待抵扣'],
  'price': ['Price', '价格'],
  'left': ['{count} left', '剩 {count} 件'],
  'left.unlimited': ['In stock', '现货'],
  'left.none': ['Sold out', '已售罄'],
  'sold': ['{count} sold', '已售 {count}'],

  // The states of an order.
  'order.placed': ['Placed, not paid yet', '待付款'],
  'order.expired': ['Expired unpaid', '超时未付款'],
  'order.cancelled': ['Cancelled', '已取消'],
  'order.paid': ['Paid', '已付款'],
  'order.delivered': ['Delivered', '已签收'],
  'order.disputed': ['Disputed', '争议中'],
  'order.released': ['Completed', '已完成'],
  'order.refunded': ['Refunded', '已退款'],

  // Events.
  'event.room.scheduled': ['The room is scheduled', '直播已预告'],
  'event.room.opened': ['The show is live', '开播了'],
  'event.room.paused': ['The show is paused', '直播暂停'],
  'event.room.resumed': ['The show goes on', '直播继续'],
  'event.room.ended': ['The show has ended', '直播结束'],
  'event.room.pact_raised': ['The promoters’ share is now {rate}', '推手分成提高到 {rate}'],
  'event.listing.added': ['Listed: {titles}', '上架：{titles}'],
  'event.listing.removed': ['Removed: {titles}', '下架：{titles}'],
  'event.listing.pinned': ['On show: {titles}', '正在讲解：{titles}'],
  'event.listing.unpinned': ['Nothing on show', '取消讲解'],
  'event.listing.reordered': ['The products were put in another order', '商品顺序已调整'],
  'event.order.placed': ['Order placed: {titles}', '下单：{titles}'],
  'event.order.paid': ['Paid: {titles}', '付款：{titles}'],
  'event.order.refunded': ['Refunded: {titles}', '退款：{titles}'],
  'event.order.cancelled': ['Order cancelled: {titles}', '取消订单：{titles}'],
  'event.order.expired': ['Order expired unpaid: {titles}', '超时未付款：{titles}'],
  'joiner': [', ', '、'],
  'andMore': ['{titles} and {count} more', '{titles} 等，另有 {count} 款'],

  // Reasons and refusals; the server's own sentence stands in where there is none here.
  'reason.other': ['for another reason', '其他原因'],
  'reason.link_malformed': ['it is no share link', '不是推广链接'],
  'reason.link_altered': ['it was altered', '链接被改动'],
  'reason.link_foreign': ['it belongs to another storefront', '属于其他商城'],
  'reason.link_expired': ['its time is over', '链接已过期'],
  'reason.link_revoked': ['it was revoked', '链接已撤销'],
  'reason.link_exhausted': ['it brought as many viewers as it may', '链接使用次数已满'],
  'reason.own_room': ['a host cannot promote their own room', '主播不能推广自己的直播间'],
  'reason.self_lock': ['a member cannot bring themselves', '不能绑定自己'],
  'reason.unknown_room': ['there is no such room', '直播间不存在'],
  'reason.unknown_order': ['There is no such order.', '没有这个订单。'],
  'reason.room_state': ['The room’s state does not allow this.', '直播间当前状态不允许此操作。'],
  'reason.out_of_stock': ['Not enough is left.', '库存不足。'],
  'reason.not_listed': ['The product is not in this room any more.', '商品已下架。'],
  'reason.not_your_room': ['The room belongs to another host.', '这是其他主播的直播间。'],
  'reason.outside_sale_window': ['The product is not on sale now.', '商品不在销售时间内。'],
  'reason.pact_lowered': ['The share can be raised, never lowered.', '分成只能提高，不能降低。'],
  'reason.price_changed': ['The price has changed; look at it once more.', '价格已变动，请重新确认。'],
  'reason.not_your_order': ['The order belongs to another buyer.', '这是其他买家的订单。'],
  'reason.already_paid': ['The order is paid already.', '订单已付款。'],
  'reason.order_cancelled': ['The order is cancelled.', '订单已取消。'],
  'reason.too_many_listings': ['There is no room for more products.', '在架商品已达上限。'],
  'reason.unknown_sku': ['There is no such product.', '没有这款商品。'],
  'reason.rate_limited': ['Too many at once; wait a moment.', '操作太频繁，请稍候。'],
  'reason.forbidden': ['Your sign-in does not allow this.', '当前身份无权进行此操作。'],
  'reason.busy': ['The server is busy; try once more.', '服务器繁忙，请重试。'],
  'reason.connection_lost': ['The connection was lost before the answer.', '连接在应答前断开。'],
};

const languages = ['en', 'zh'];
let current = initialLanguage();

function initialLanguage() {
  let kept = null;
  try {
    kept = localStorage.getItem('waggle.language');
  } catch {
    // A page that is embedded elsewhere may have no storage.
  }
  if (languages.includes(kept)) return kept;
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

/** The language as Intl and the `lang` attribute want it. */
export function language() {
  return current === 'zh' ? 'zh-CN' : 'en';
}

/** `en` or `zh`, as the texts of an explanation are keyed. */
export function languageKey() {
  return current;
}

export function setLanguage(key) {
  current = key;
  try {
    localStorage.setItem('waggle.language', key);
  } catch {
    // It lasts as long as the page does.
  }
}

/** A text with its `{names}` filled in. */
export function say(key, values = {}) {
  const text = words[key]?.[languages.indexOf(current)] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** A text of this page, or the server's own word where there is none. */
export function sayOr(key, word) {
  return key in words ? say(key) : word;
}

/** Why something was refused: in this page's words, else in the server's. */
export function sayReason(code, message = code) {
  return `reason.${code}` in words ? say(`reason.${code}`) : message;
}
