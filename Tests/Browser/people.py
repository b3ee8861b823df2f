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
    """The minor units of an amount as the pages write them, such as ¥1,234.50."""
    found = re.search(r"-?[\d,]+(?:\.\d+)?", text.replace("−", "-"))
    assert found, f"no amount in {text!r}"
    return round(float(found.group().replace(",", "")) * 100)


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

    def list_product(self, text):
        """Searches, sees what one unit would earn, lists it with one tap, and pins it."""
        catalogue = self.page.get_by_role("region", name=self.say("host.catalogue"), exact=True)
        catalogue.get_by_role("searchbox").fill(text)
        catalogue.get_by_role("searchbox").press("Enter")
        row = catalogue.get_by_role("listitem").filter(has_text=text).first
        expect(row.get_by_text(re.compile(r"¥"))).not_to_have_count(0)
        self.button("host.list", row).click()
        listings = self.page.get_by_role("region", name=self.say("host.listings"), exact=True)
        listed = listings.get_by_role("listitem").filter(has_text=text)
        self.button("host.pin", listed).click()
        expect(self.button("host.unpin", listed)).to_be_visible()

    def sees(self, region, key, text):
        expect(self.figure(region, key)).to_have_text(text, timeout=PATIENCE_MILLISECONDS)

    def earnings(self, key):
        return amount(self.figure("host.earnings", key).inner_text())


class Promoter(Person):
    def make_link(self, title):
        self.page.goto(f"{self.url}/#promoter")
        self.is_connected()
        row = self.page.get_by_role("region", name=self.say("rooms"), exact=True) \
            .get_by_role("listitem").filter(has_text=title)
        self.button("promoter.makeLink", row).click()
        field = self.page.get_by_label(self.say("promoter.link")).first
        expect(field).to_have_value(re.compile("/l/"))
        return field.input_value()

    def earnings(self, key):
        return amount(self.figure("promoter.total", key).inner_text())


class Viewer(Person):
    def open_link(self, link, title):
        self.page.goto(link)
        self.is_connected()
        expect(self.page.get_by_role("heading", name=title, level=1)).to_be_visible()

    def buy(self, text):
        """Buys what is on show and pays for it; the order's id is given back."""
        product = self.page.get_by_role("listitem").filter(has_text=text).first
        product.get_by_role("button", name=re.compile(self.say("viewer.buy"))).click()
        orders = self.page.get_by_role("region", name=self.say("viewer.myOrders"), exact=True)
        pay = self.button("viewer.pay", orders).first
        pay.click()
        expect(pay).to_be_hidden()
        return orders.locator("code.order-id").first.inner_text()

    def sees_state(self, order, state):
        row = self.page.get_by_role("region", name=self.say("viewer.myOrders"), exact=True) \
            .get_by_role("listitem").filter(has_text=order)
        expect(row.get_by_text(self.say(f"order.{state}"), exact=True)).to_be_visible(
            timeout=PATIENCE_MILLISECONDS)


class Operator(Person):
    """Works through the API as long as there is no page for it."""

    def sign_in(self):
        request = self.page.context.request
        answer = request.post(f"{self.url}/demo/session", data={"role": "operator"})
        self.headers = {"Authorization": f"Bearer {answer.json()['token']}"}
        self.request = request

    def explains(self, order):
        answer = self.request.get(
            f"{self.url}/v1/orders/{order}/explanation", headers=self.headers)
        return answer.json()

    def refunds(self, order):
        answer = self.request.post(
            f"{self.url}/v1/orders/{order}/refunds", headers=self.headers,
            data={"refund": f"refund-{order}"[:64], "refundedAt": now()})
        assert answer.status == 201, answer.text()


def now():
    import datetime
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
