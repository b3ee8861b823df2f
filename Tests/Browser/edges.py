"""What people meet at the edges of the console: a link into a storefront with another currency, a server
that is no demonstration, addresses that nobody would write, another language in the middle of typing, and a
dispute that somebody else began.
"""

import json
import re

from playwright.sync_api import expect

from people import PATIENCE_MILLISECONDS, Operator, Person, Promoter

ABROAD = {"currency": "EUR", "timeZone": "Europe/Berlin", "demo": False}


def meet(server, windows):
    """Meets everything; an `AssertionError` says what was otherwise."""
    link = Promoter(windows.open(language="zh"), server.url).make_link("林晓的晚间茶席")
    for act in (
            lambda page: lands_abroad(page, link), lambda page: is_asked(page, server.url, windows),
            lambda page: goes_astray(page, server.url), lambda page: types(page, server.url),
            lambda page: filters(page, server.url), lambda page: settles(page, server.url)):
        page = windows.open()
        act(page)
        windows.close(page)


def lands_abroad(page, link):
    """A guest by a link is told amounts in the storefront's currency, and pays where that has a checkout."""
    def connected(socket):
        asked = set()
        there = socket.connect_to_server()

        def sent(text):
            calls = json.loads(text)
            for call in calls if isinstance(calls, list) else [calls]:
                if call["method"] == "session.get":
                    asked.add(call["id"])
            there.send(text)

        def answered(text):
            answers = json.loads(text)
            for answer in answers if isinstance(answers, list) else [answers]:
                if answer.get("id") in asked and "result" in answer:
                    answer["result"] |= ABROAD
            socket.send(json.dumps(answers))

        socket.on_message(sent)
        there.on_message(answered)

    page.route_web_socket(re.compile("/v1/socket"), connected)
    visitor = Person(page, link)
    page.goto(link)
    visitor.is_connected()
    expect(page.locator("#person")).to_have_text(visitor.say("guest"))
    expect(page.locator(".price").first).to_have_text(re.compile("€"))
    assert "link=" not in page.url
    page.locator(".on-stage button, .product button").first.click()
    visitor.button("viewer.place").click()
    checkout = page.get_by_role("dialog", name=visitor.say("viewer.checkout"), exact=True)
    expect(checkout.get_by_text(visitor.say("viewer.payElsewhere"))).to_be_visible()
    expect(checkout.get_by_role("button", name=re.compile("[¥€]"))).to_have_count(0)


def is_asked(page, url, windows):
    """Without a demonstration a token is asked for, wherever one goes, until it is there."""
    windows.expected.add((404, "/demo/session"))
    page.context.route("**/demo/session", lambda route: route.fulfill(status=404, json={}))
    person = Person(page, url)
    page.goto(f"{url}/#viewer")
    form = page.locator("form.sign-in")
    expect(form).to_be_visible()
    form.get_by_label(person.say("token")).fill("abc")
    page.goto(f"{url}/#viewer/lin-live")
    expect(form).to_be_visible()
    form.get_by_label(person.say("token")).fill("abc")
    page.locator("#language").select_option("zh")
    expect(form.get_by_role("heading")).to_have_text(person.say("signIn"))
    expect(form.get_by_role("textbox")).to_have_value("abc")


def goes_astray(page, url):
    """Whatever stands in an address leads somewhere, and puts no words into the server's mouth."""
    person = Person(page, url)
    page.goto(f"{url}/?rejected=Send+your+password+to+mallory#viewer")
    person.is_connected()
    expect(page.locator("#notices")).to_contain_text(person.say("reason.other"))
    expect(page.get_by_text("mallory")).to_have_count(0)
    for address in ("#__proto__", "#viewer/%E0%A4%A", "#ops/constructor"):
        page.goto(f"{url}/{address}")
        expect(page.locator("main").locator("h1, .empty").first).to_be_visible()
    expect(page.locator("[role=tabpanel]:visible")).to_have_count(1)


def types(page, url):
    """A host sees their own shows; another language keeps what was typed and chosen."""
    person = Person(page, url)
    page.goto(f"{url}/#host")
    person.is_connected()
    expect(page.get_by_text("林晓的晚间茶席").first).to_be_visible()
    expect(page.get_by_text("吴桐的好物小家")).to_have_count(0)
    page.get_by_label(person.say("host.roomTitle")).fill("春茶 <b>")
    page.get_by_text(person.say("host.when.later"), exact=True).click()
    page.locator("#language").select_option("zh")
    expect(page.get_by_label(person.say("host.roomTitle"))).to_have_value("春茶 <b>")
    expect(page.get_by_label(person.say("host.when.later"), exact=True)).to_be_checked()
    expect(page.locator("#connection")).to_have_text(person.say("state.open"))


def filters(page, url):
    """A filter holds once it is sent, not while it is typed."""
    operator = Operator(page, url)
    page.goto(f"{url}/#ops")
    operator.is_connected()
    rows = page.locator("#main tbody tr")
    expect(rows.first).to_be_visible()
    page.get_by_text(operator.say("ops.find"), exact=True).click()
    page.get_by_label(operator.say("ops.room"), exact=True).fill("no-such-room")
    with page.expect_response(re.compile("/v1/orders")) as answer:
        operator.button("refresh").click()
    assert "such" not in answer.value.url, answer.value.url
    expect(rows.first).to_be_visible()
    with page.expect_response(re.compile("such")):
        operator.button("ops.filter").click()
    expect(rows).to_have_count(0)


def settles(page, url):
    """Whoever comes later finds the open dispute, and ends it."""
    operator = Operator(page, url)
    page.goto(f"{url}/#ops")
    operator.is_connected()
    row = page.locator("#main tbody tr").filter(
        has=page.locator('.badge[data-state="paid"]')).first
    order = row.locator(".order-link").inner_text()
    row.locator(".order-link").click()
    operator.order = page.get_by_role("dialog").first
    operator.tab("ops.order.actions")
    operator.button("ops.dispute", operator.order).click()
    operator.button("ops.dispute", page.get_by_role("dialog").last).click()
    state = operator.order.locator(".badge").first
    expect(state).to_have_attribute("data-state", "disputed", timeout=PATIENCE_MILLISECONDS)
    assert page.evaluate("document.activeElement !== document.body"), "the focus stays in the dialog"
    page.keyboard.press("Escape")
    # The list behind has it as well, in its place.
    expect(page.locator("#main tbody tr").filter(has_text=order)).to_contain_text(
        operator.say("order.disputed"))
    page.evaluate("sessionStorage.clear()")
    page.reload()
    page.locator(".order-link").filter(has_text=order).click()
    operator.tab("ops.order.actions")
    operator.order.get_by_role(
        "button", name=re.compile(operator.say("ops.resolve.one", dispute="dispute-"))).click()
    expect(state).to_have_attribute("data-state", "paid", timeout=PATIENCE_MILLISECONDS)
    expect(page.get_by_text(operator.say("ops.resolved"))).to_be_visible()
