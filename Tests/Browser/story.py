"""The whole story in three windows at once: a host sells, a promoter earns, a viewer buys, the server is
restarted in the middle and nobody loses anything, an operator explains a share and refunds an order.

Host on a desktop, promoter and viewer on phones; two of the windows in Chinese, one in English.
"""

import re

from playwright.sync_api import expect

from people import PATIENCE_MILLISECONDS, Host, Operator, Promoter, Viewer

TITLE = "茶 Story"
PRODUCT = "云南普洱 古树熟茶 357g"


def tell(server, windows):
    """Plays the story; an `AssertionError` says where it went another way."""
    host = Host(windows.open("desktop", "light", "zh"), server.url)
    promoter = Promoter(windows.open("phone", "dark", "zh"), server.url)
    viewer = Viewer(windows.open("phone", "light", "en"), server.url)

    host.open_room(TITLE)
    host.list_product(PRODUCT)

    link = promoter.make_link(TITLE)
    settled = {key: promoter.earnings(key) for key in ("pending", "available")}

    viewer.open_link(link, TITLE)
    host.sees("host.show", "unique", re.compile("^[12]$"))
    viewer.buy(PRODUCT)
    viewer.sees_state("delivered")
    host.sees("host.show", "orders", "1")
    assert host.earnings("pending") > 0, "the sale is pending at the host"
    assert host.earnings("available") == 0, "pending is not earned"
    share = wait_for(lambda: promoter.earnings("pending") - settled["pending"])
    assert share > 0, "the promoter has a share"
    assert promoter.earnings("available") == settled["available"], "pending is not earned"

    with windows.may_break():
        server.restart()
        for person in (host, promoter, viewer):
            person.is_connected()
    for person in (host, viewer):
        assert not person.was_told("missed"), "what happened meanwhile was recovered"
    host.sees("host.show", "orders", "1")
    viewer.buy(PRODUCT)
    viewer.sees_state("delivered", 2)
    host.sees("host.show", "orders", "2")
    twice = wait_for(lambda: promoter.earnings("pending") - settled["pending"] - share)
    assert twice == share, f"the second sale earns what the first did: {twice}, {share}"

    operator = Operator(windows.open("desktop", "light", "en"), server.url)
    operator.open_latest(host.room)
    told = operator.explains("promoter-chen")
    assert told == share, f"the operator reads {told} where the promoter has {share}"
    operator.certifies()
    operator.refunds()
    viewer.sees_state("refunded")
    wait_for(lambda: promoter.earnings("pending") - settled["pending"] == share)
    expect(host.figure("host.show", "refunded")).not_to_have_text(
        re.compile(r"^\D*0(\.00)?\D*$"), timeout=PATIENCE_MILLISECONDS)
    host.ends()
    for person in (host, promoter, viewer, operator):
        windows.close(person.page)


def wait_for(measure):
    """Waits until something is not nothing; gives it back."""
    import time
    end = time.monotonic() + PATIENCE_MILLISECONDS / 1000
    while time.monotonic() < end:
        value = measure()
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError("nothing moved")
