"""What the people of the story do in their windows, in the pages' own words.

Everything is found as a person finds it: by role and by name. Where a page is built otherwise, this
file is where the story learns it.
"""

import re

from playwright.sync_api import expect

from windows import say

# Restarts and slow machines: how long what must come may take.
PATIENCE_MILLISECONDS = 20_000


def amount(text):
    """The minor units of an amount as the pages write them, such as -¥1,234.50."""
    found = re.search(r"([-−]?)[^\d−-]*([\d,]+(?:\.\d+)?)", text)
    assert found, f"no amount in {text!r}"
    minor = round(float(found.group(2).replace(",", "")) * 100)
    return -minor if found.group(1) else minor


class Person:
    """Somebody with a window on one role."""

    def __init__(self, page, url):
        self.page, self.url = page, url

    def say(self, key, **values):
        return say(self.page, key, **values)

    def button(self, key, within=None, **values):
        name = self.say(key, **values)
        return (within or self.page).get_by_role("button", name=name, exact=True)

    def figure(self, region, key):
        """The text of a figure of a region, by their names."""
        section = self.page.get_by_role("region", name=self.say(region), exact=True)
        return section.locator("div.figure").filter(
            has=self.page.get_by_text(self.say(key), exact=True)).locator(".figure-value")

    def is_connected(self):
        expect(self.page.locator("#connection")).to_have_attribute(
            "data-state", "open", timeout=PATIENCE_MILLISECONDS)

    def was_told(self, key):
        """Whether a notice says this now."""
        return self.page.locator("#notices").get_by_text(self.say(key)).count() > 0


class Host(Person):
    def open_room(self, title):
        self.page.goto(f"{self.url}/#host")
        self.is_connected()
        self.page.get_by_label(self.say("host.roomTitle")).fill(title)
        self.button("host.goLive", self.page.locator("form")).click()
        expect(self.page).to_have_url(re.compile("#host/"))
        self.room = self.page.url.split("#host/")[1]
        expect(self.page.get_by_role("heading", name=title, level=1)).to_be_visible()

    def tab(self, key):
        self.page.get_by_role("tab", name=self.say(key), exact=True).click()

    def list_product(self, text):
        """Searches, sees what one unit would earn, lists it with one tap, and puts it on show."""
        self.tab("host.catalogue")
        catalogue = self.page.get_by_role("region", name=self.say("host.catalogue"), exact=True)
        catalogue.get_by_role("searchbox").fill(text)
        catalogue.get_by_role("searchbox").press("Enter")
        row = catalogue.get_by_role("listitem").filter(has_text=text)
        expect(row.locator("strong.earning")).to_have_text(re.compile(r"¥\d"))
        row.get_by_role("button", name=self.say("host.list")).click()
        expect(row.get_by_role("button", name=self.say("host.listed"))).to_be_disabled()
        self.tab("host.listings")
        row = self.page.get_by_role("tabpanel").get_by_role("listitem").filter(has_text=text)
        row.get_by_role("button", name=self.say("host.pin")).click()
        expect(row.get_by_role("button", name=self.say("host.unpin"))).to_be_visible()

    def ends(self):
        """Ends the show: the report is there, and what only a show that is on needs has gone."""
        self.tab("host.catalogue")
        self.button("host.end").click()
        self.button("host.end", self.page.get_by_role("dialog")).click()
        expect(self.page.get_by_role("region", name=self.say("host.report.title"), exact=True)
               ).to_be_visible(timeout=PATIENCE_MILLISECONDS)
        tabs = self.page.get_by_role("tab")
        expect(tabs).to_have_text([self.say("host.listings"), self.say("host.events")])
        expect(tabs.first).to_have_attribute("aria-selected", "true")
        tabs.first.press("ArrowRight")
        expect(tabs.last).to_have_attribute("aria-selected", "true")

    def sees(self, region, key, text):
        expect(self.figure(region, key)).to_have_text(text, timeout=PATIENCE_MILLISECONDS)

    def earnings(self, key):
        return amount(self.figure("host.earnings", key).inner_text())


class Promoter(Person):
    def make_link(self, title):
        """Opens the share kit of a room and takes the link out of it."""
        self.page.goto(f"{self.url}/#promoter")
        self.is_connected()
        card = self.page.get_by_role("listitem").filter(has_text=title)
        self.button("promoter.share", card).click()
        kit = self.page.get_by_role("dialog")
        field = kit.get_by_label(self.say("promoter.link"))
        expect(field).to_have_value(re.compile("/l/"))
        expect(kit.get_by_role("img").first).to_be_visible()
        link = field.input_value()
        self.page.keyboard.press("Escape")
        expect(kit).to_be_hidden()
        return link

    def earnings(self, key):
        return amount(self.figure("promoter.total", key).inner_text())


class Viewer(Person):
    def open_link(self, link, title):
        self.page.goto(link)
        self.is_connected()
        expect(self.page.get_by_role("heading", name=title, level=1)).to_be_visible()

    def buy(self, text):
        """Buys what is on show and pays for it."""
        stage = self.page.get_by_role("region", name=self.say("viewer.pinned"), exact=True)
        expect(stage).to_contain_text(text)
        stage.get_by_role("button").click()
        self.button("viewer.place").click()
        checkout = self.page.get_by_role("dialog", name=self.say("viewer.checkout"), exact=True)
        pay = checkout.get_by_role("button", name=re.compile("¥"))
        pay.click()
        expect(pay).to_be_hidden()
        close = checkout.get_by_role("button", name=self.say("close"), exact=True).last
        # It takes the focus over from the button that has gone.
        expect(close).to_be_focused()
        close.click()
        expect(checkout).to_be_hidden()

    def sees_state(self, state, count=1):
        """That so many of the viewer's orders are in a state."""
        orders = self.page.get_by_role("region", name=self.say("viewer.myOrders"), exact=True)
        expect(orders.get_by_text(self.say(f"order.{state}"), exact=True)).to_have_count(
            count, timeout=PATIENCE_MILLISECONDS)


class Operator(Person):
    def open_latest(self, room):
        """Opens the newest order of a room."""
        self.page.goto(f"{self.url}/#ops")
        self.is_connected()
        orders = self.page.get_by_role("region", name=self.say("ops.tab.orders"), exact=True)
        expect(orders.get_by_role("row")).not_to_have_count(0)
        orders.get_by_text(self.say("ops.find"), exact=True).click()
        orders.get_by_label(self.say("ops.room"), exact=True).fill(room)
        self.button("ops.filter", orders).click()
        expect(orders.get_by_role("row")).to_have_count(3)
        orders.locator("tbody").get_by_role("button").first.click()
        self.order = self.page.get_by_role("dialog")
        expect(self.order).to_be_visible()

    def explains(self, member):
        """What the page says that somebody earns on the open order, in minor units."""
        row = self.order.get_by_role("row").filter(has_text=member).first
        return amount(row.get_by_role("cell").last.inner_text())

    def tab(self, key):
        self.order.get_by_role("tab", name=self.say(key), exact=True).click()

    def certifies(self):
        self.tab("ops.order.certificate")
        expect(self.order.locator(".verdict.good")).to_be_visible()

    def refunds(self):
        self.tab("ops.order.actions")
        self.button("ops.refund.all", self.order).click()
        self.button("ops.refund", self.order).click()
        expect(self.order.locator('.badge[data-state="refunded"]')).to_be_visible()
