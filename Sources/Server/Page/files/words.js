// Every text of the page, in English and Chinese, side by side so that none is forgotten.

const words = {
  // The frame.
  'language': ['Language', '语言'],
  'skip': ['Skip to the content', '跳到正文'],
  'roles': ['Roles', '角色'],
  'role.host': ['Host', '主播'],
  'role.promoter': ['Promoter', '推手'],
  'role.viewer': ['Viewer', '观众'],
  'state.connecting': ['Connecting…', '连接中…'],
  'state.open': ['Connected', '已连接'],
  'state.waiting': ['Connection lost, coming back…', '连接断开，正在重连…'],
  'state.closed': ['Disconnected', '已断开'],
  'closed': ['The server ended the connection ({code}). Reload the page to come back.',
    '服务器结束了连接（{code}），请刷新页面。'],
  'signedInAs': ['You are {person}', '当前身份：{person}'],
  'guest': ['You are a guest', '当前身份：访客'],
  'signOut': ['Somebody else', '换一个身份'],
  'missed': ['Some events were missed while you were away. What you see is up to date.',
    '断线期间有部分消息未收到，当前内容已是最新。'],
  'back': ['Back in the room; nothing was missed.', '已重新进入直播间，没有漏掉任何消息。'],
  'signIn': ['Sign in', '登录'],
  'signIn.why': ['This server gives no demonstration sessions. Paste a token of your storefront.',
    '此服务器未开启演示。请粘贴商城签发的令牌。'],
  'signIn.refused': ['The last token was not accepted.', '上一个令牌未被接受。'],
  'token': ['Token', '令牌'],
  'refresh': ['Refresh', '刷新'],
  'rooms': ['Rooms', '直播间'],
  'allRooms': ['All rooms', '全部直播间'],
  'noRooms': ['No room yet.', '还没有直播间。'],
  'enter': ['Enter', '进入'],
  'room.scheduled': ['Scheduled', '预告'],
  'room.live': ['Live', '直播中'],
  'room.paused': ['Paused', '暂停'],
  'room.ended': ['Ended', '已结束'],
  'startsAt': ['Starts {time}', '{time} 开始'],
  'by': ['Host {host}', '主播 {host}'],
  'watching': ['Watching', '正在观看'],
  'unique': ['Unique viewers', '独立观众'],
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

  // Host.
  'host.openRoom': ['Open a room', '开播'],
  'host.roomID': ['Room id', '直播间编号'],
  'host.roomID.hint': ['Letters, digits and . _ : ~ -', '字母、数字及 . _ : ~ -'],
  'host.roomTitle': ['Title', '标题'],
  'host.pact': ['Promoters’ share of the commission, %', '给推手的佣金分成 %'],
  'host.pact.hint': ['May be raised during the show, never lowered.', '直播中只能提高，不能降低。'],
  'host.pact.bad': ['The share is a number from 0 to 100.', '分成须为 0 到 100 的数字。'],
  'host.goLive': ['Go live', '开播'],
  'host.yourRooms': ['Your rooms', '我的直播间'],
  'host.pause': ['Pause', '暂停'],
  'host.resume': ['Resume', '继续'],
  'host.end': ['End the show', '结束直播'],
  'host.end.sure': ['End the show for everybody?', '确定结束直播吗？'],
  'host.raise': ['Raise', '提高'],
  'host.pactNow': ['Promoters get {rate} of the commission', '推手获得佣金的 {rate}'],
  'host.viewerPage': ['Page for viewers', '观众页面'],
  'host.figures': ['This room', '本场数据'],
  'host.earnings': ['Your earnings in this room', '本场我的收益'],
  'host.catalogue': ['Catalogue', '选品'],
  'host.search': ['Search products', '搜索商品'],
  'host.searchButton': ['Search', '搜索'],
  'host.found': ['{count} products found', '找到 {count} 款商品'],
  'host.more': ['More', '更多'],
  'host.youEarn': ['You earn {amount}', '你赚 {amount}'],
  'host.youEarnWith': ['{mine} when a promoter brought the buyer, who then earns {theirs}',
    '推手带来的买家：你赚 {mine}，推手赚 {theirs}'],
  'host.commission': ['Commission {rate}', '佣金 {rate}'],
  'host.list': ['List', '上架'],
  'host.listed': ['Listed', '已上架'],
  'host.listings': ['In the room', '在架商品'],
  'host.noListings': ['Nothing listed yet. Search the catalogue and list with one tap.',
    '还没有上架商品。搜索选品，一键上架。'],
  'host.pin': ['Pin', '置顶讲解'],
  'host.unpin': ['Unpin', '取消置顶'],
  'host.remove': ['Remove', '下架'],
  'host.events': ['As it happens', '实时动态'],

  // Promoter.
  'promoter.total': ['All your earnings', '全部收益'],
  'promoter.brought': ['Viewers brought', '带来观众'],
  'promoter.watching': ['Yours, watching now', '我的观众正在看'],
  'promoter.makeLink': ['Make a link', '生成推广链接'],
  'promoter.channel': ['Channel', '渠道'],
  'promoter.channel.hint': ['Optional, such as “group-7”', '选填，如“group-7”'],
  'promoter.copy': ['Copy', '复制'],
  'promoter.copied': ['The link is copied.', '链接已复制。'],
  'promoter.link': ['Your link', '推广链接'],
  'promoter.links': ['Your links', '我的链接'],
  'promoter.noLinks': ['No link yet.', '还没有链接。'],
  'promoter.uses': ['{count} brought', '带来 {count} 人'],
  'promoter.until': ['until {time}', '有效期至 {time}'],
  'promoter.revoke': ['Revoke', '撤销'],
  'promoter.revoked': ['Revoked', '已撤销'],
  'promoter.refused': ['Links that were refused', '被拒绝的链接'],
  'promoter.noRefused': ['None.', '没有。'],
  'promoter.why': ['Why did an order earn what it earned?', '某个订单为什么是这个收益？'],
  'promoter.orderID': ['Order id', '订单号'],
  'promoter.explain': ['Explain', '查看原因'],
  'promoter.attributed': ['Brought by {promoter} ({source})', '归属 {promoter}（{source}）'],
  'promoter.unattributed': ['Not attributed to a promoter', '未归属任何推手'],
  'promoter.selfPurchase': ['Own purchase', '自购'],
  'promoter.candidate': ['{promoter}, {source}, {time}', '{promoter}，{source}，{time}'],
  'promoter.candidates': ['Every touch', '全部触达记录'],
  'promoter.plan': ['Plan {plan}, version {version}; net {net}', '方案 {plan} 第 {version} 版；净额 {net}'],

  // Viewer.
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

  // Reasons and refusals; the server's own sentence stands in where there is none here.
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
  'reason.connection_lost': ['The connection was lost before the answer.', '连接在应答前断开。'],
};

const languages = ['en', 'zh'];
let current = initialLanguage();

function initialLanguage() {
  const kept = localStorage.getItem('waggle.language');
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
  localStorage.setItem('waggle.language', key);
}

/** A text with its `{names}` filled in. */
export function say(key, values = {}) {
  const text = words[key]?.[languages.indexOf(current)] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Why something was refused: in this page's words, else in the server's. */
export function sayReason(code, message = code) {
  return `reason.${code}` in words ? say(`reason.${code}`) : message;
}
