"""What an operator presses, on the past of a demonstration without a crowd: refund with the receipt of its
attribution, release, payout and its file, webhooks, another storefront with ranks, a promotion, another plan.
"""

import csv
import io
import re

from playwright.sync_api import expect

from people import Person, amount

# Dead letters arrive one after the other, and the page looks again every ten seconds.
DELIVERY_MILLISECONDS = 60_000


class Operations(Person):
    """The operator's page with what an operator may do there."""

    def go(self, part):
        self.page.goto(f"{self.url}/#ops/{part}")
        self.is_connected()
        self.part = self.page.get_by_role("tabpanel")

    def is_told(self, key, **values):
        """That a notice says this; values that are not known are any."""
        text = re.escape(self.say(key, **values)).replace("\\ ", " ")
        told = self.page.locator(".notice").filter(
            has_text=re.compile(re.sub(r"\\\{\w+\\\}", ".+", text)))
        expect(told.last).to_be_visible()
        return told.last.inner_text()

    def confirms(self, key):
        """Says yes to the question that is asked now."""
        asked = self.page.get_by_role("dialog").last
        self.button(key, asked).click()
        expect(asked).to_be_hidden()

    def row(self, text):
        return self.part.locator("tbody tr").filter(has_text=text).first

    def cell(self, row, key):
        """A cell of a row by its column's name, which it has for phones anyway."""
        return row.locator(f'[data-label="{self.say(key)}"]').first


def press(server, windows, size, language):
    """Presses everything; an `AssertionError` says what did not follow."""
    page = windows.open(size, "light", language)
    operator = Operations(page, server.url)
    refund(operator)
    payout(operator)
    webhooks(operator)
    storefront(operator)
    rank(operator)
    plan(operator)
    switched(operator, language)
    windows.close(page)


def refund(operator):
    """A part of an order that somebody brought: the receipt stays, the shares are less."""
    operator.go("orders")
    row = operator.part.locator("tbody tr").filter(has_text="promoter-").filter(
        has_text=operator.say("order.paid")).first
    promoter = operator.cell(row, "ops.promoter").inner_text().split()[0]
    row.get_by_role("button").click()
    order = operator.page.get_by_role("dialog")
    winner = order.locator(".touches .won")
    expect(winner).to_contain_text(promoter)
    expect(winner).to_contain_text(operator.say("why.won"))
    share = lambda: amount(order.get_by_role("row").filter(
        has_text=promoter).first.get_by_role("cell").last.inner_text())
    before = share()
    tab = lambda key: order.get_by_role("tab", name=operator.say(key), exact=True).click()
    tab("ops.order.actions")
    given = order.get_by_role("tabpanel").get_by_role("textbox").first
    given.fill("9999999")
    operator.button("ops.refund", order).click()
    operator.is_told("ops.refund.tooMuch")
    given.fill("10.00")
    operator.button("ops.refund", order).click()
    operator.is_told("ops.refund.done")
    expect(order.get_by_text("¥10.00").first).to_be_visible()
    tab("ops.order.why")
    expect(winner).to_contain_text(promoter)
    after = share()
    assert 0 < after < before, f"{promoter} earns {after} of {before} after the refund"
    tab("ops.order.certificate")
    expect(order.locator(".verdict.good")).to_be_visible()


def payout(operator):
    """Releases what is due, pays what is available, and the file says the same as the page."""
    operator.go("payouts")
    operator.button("payout.release").click()
    operator.is_told("payout.releasedNow")
    many = operator.part.locator("tbody tr").count()
    operator.button("payout.create").click()
    operator.confirms("payout.create")
    paid = amount(operator.is_told("payout.created"))
    expect(operator.part.locator("tbody tr")).to_have_count(many + 1)
    row = operator.part.locator("tbody tr").first
    expect(operator.cell(row, "ops.state")).to_have_text(operator.say("payout.state.open"))
    with operator.page.expect_download() as download:
        operator.button("payout.csv", row).click()
    lines = list(csv.DictReader(io.StringIO(
        download.value.path().read_text("utf-8-sig"))))
    total = sum(int(line["amountMinor"]) for line in lines)
    assert 0 < total == paid, f"the file pays {total}, the page {paid}"
    assert download.value.suggested_filename.endswith(".csv")
    row.locator("button.plain").click()
    statement = operator.page.get_by_role("dialog").first
    statement.get_by_role("checkbox").first.check()
    operator.button("payout.acknowledge", statement).click()
    operator.confirms("payout.acknowledge")
    expect(statement).to_be_hidden()
    operator.is_told("payout.acknowledged")
    expect(operator.cell(row, "ops.state")).to_have_text(
        operator.say("payout.state.acknowledged"))


def webhooks(operator):
    """What was not taken is sent again, and an endpoint that had gone goes on."""
    operator.go("webhooks")
    books, warehouse = operator.row("books"), operator.row("warehouse")
    expect(operator.cell(books, "hook.dead")).to_have_text("2")
    operator.button("hook.replay", books).click()
    operator.confirms("hook.replay")
    operator.is_told("hook.replaying")
    expect(operator.cell(warehouse, "ops.state")).to_have_text(
        operator.say("hook.state.stopped"))
    expect(operator.cell(warehouse, "hook.lag")).not_to_have_text("0")
    operator.button("hook.goOn", warehouse).click()
    operator.confirms("hook.goOn")
    for row, key in ((books, "hook.dead"), (warehouse, "hook.lag")):
        expect(operator.cell(row, key)).to_have_text("0", timeout=DELIVERY_MILLISECONDS)
        expect(operator.cell(row, "ops.state")).to_have_text(
            operator.say("hook.state.runs"), timeout=DELIVERY_MILLISECONDS)


def storefront(operator):
    """Where there is one rank, the page says so; the other storefront has three."""
    operator.go("members")
    expect(operator.part.get_by_text(operator.say("member.oneRank"))).to_be_visible()
    operator.page.get_by_label(operator.say("storefront")).select_option("wanwu")
    operator.is_connected()
    expect(operator.row("owner-ye")).to_be_visible()
    expect(operator.part.get_by_text(operator.say("member.oneRank"))).to_be_hidden()


def rank(operator):
    """Whoever rises leaves with the community below: who loses is shown before, then it is done."""
    form = operator.part.locator("form")
    form.get_by_label(operator.say("member.member")).select_option("owner-ye")
    form.get_by_label(operator.say("member.newRank")).select_option("gold")
    operator.button("member.preview", form).click()
    people = operator.part.get_by_role("table", name=operator.say("member.who"))
    change = lambda who: amount(operator.cell(
        people.get_by_role("row").filter(has_text=who), "member.difference").inner_text())
    assert change("owner-ye") > 0 > change("owner-lu"), "the inviter loses what the risen one gains"
    expect(operator.part.locator(".tree-edge.leaves")).to_have_count(1)
    expect(operator.part.locator(".tree-node.loses")).not_to_have_count(0)
    row = operator.part.locator(".card").last.locator("tbody tr").filter(has_text="(owner-ye)").first
    expect(operator.cell(row, "member.rank")).to_have_text("ordinary")
    operator.part.locator("button.danger").click()
    operator.confirms("member.promote.do")
    operator.is_told("member.promoted")
    expect(operator.cell(row, "member.rank")).to_have_text("gold")


def plan(operator):
    """The present plan with another parameter: who would have got what, then it is put in force."""
    operator.go("plans")
    operator.part.get_by_text(operator.say("plan.parameters"), exact=True).click()
    operator.part.get_by_label("profitDepth").fill("community")
    operator.button("plan.try").click()
    people = operator.part.get_by_role("table", name=operator.say("plan.whatIf"))
    lu = people.get_by_role("row").filter(has_text="owner-lu")
    difference = amount(operator.cell(lu, "member.difference").inner_text())
    assert difference > 0, f"a gold head would earn on the community: {difference}"
    activate = operator.button("plan.activate", operator.part)
    expect(activate).to_be_disabled()
    for risk in operator.part.get_by_role("checkbox").all():
        risk.check()
    activate.click()
    operator.confirms("plan.activate")
    operator.is_told("plan.activated", plan="wanwu", activation=2)
    expect(operator.part.locator(".lead").first).to_contain_text(
        operator.say("plan.activation", plan="wanwu", activation=2))


def switched(operator, language):
    """The other language is there at once, and the page says which one it is."""
    other = {"en": "zh", "zh": "en"}[language]
    before = operator.page.title()
    operator.page.locator("#language").select_option(other)
    expect(operator.page.locator("html")).to_have_attribute(
        "lang", {"en": "en", "zh": "zh-CN"}[other])
    operator.is_connected()
    assert operator.page.title() != before, "the title follows the language"
    expect(operator.page.get_by_role("tab", name=operator.say("ops.tab.plans"))).to_be_visible()
