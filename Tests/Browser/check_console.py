"""Looks at the console in a real browser, as the people do who use it.

usage: check_console.py --waggle PROGRAM --chromium PROGRAM [--screenshots FOLDER] [--all] [--only NAME]
       [--files FOLDER] [--page NAME]

Without --all each page is checked on a phone in light English or on a desktop in dark Chinese, by turns; with
it in every size, scheme and language. --screenshots writes a picture of each page in all of them. --page
takes only the pages whose name begins so, --files takes the pages out of a folder instead of the program.
Exit status: 0 all is well, 1 something is not (each is printed; advice counts for nothing).
"""

import argparse
import itertools
import json
import pathlib
import sys
import time
import urllib.request

import edges
import operations
import page_checks
import story
from demo_server import DemoServer
from windows import SIZES, Windows, say

FILES = pathlib.Path(__file__).resolve().parents[2] / "Sources/Server/Page/files"


def press(role, key):
    """An act: presses the first button or tab that is called so, in the page's own language."""
    def act(page):
        page.get_by_role(role, name=say(page, key), exact=True).first.click()
    return act


def listed(page):
    page.locator(".order-link").first.click()
    page.get_by_role("dialog").wait_for()


def ranked(page):
    """Goes to the storefront with ranks, and looks at a promotion before it is given."""
    page.get_by_label(say(page, "storefront")).select_option("wanwu")
    form = page.get_by_role("tabpanel").locator("form")
    form.get_by_label(say(page, "member.member")).select_option("owner-ye")
    form.get_by_role("button").click()
    page.locator(".tree-node.loses").first.wait_for()


# Name, address, what is there once the page has something to show, and what is done before the look.
PAGES = [
    ("host", "/#host", "#main li", None),
    ("host-room", "/#host/lin-live", "#main li", None),
    ("host-catalogue", "/#host/lin-live", "#main li", press("tab", "host.catalogue")),
    ("host-events", "/#host/lin-live", "#main li", press("tab", "host.events")),
    ("host-report", "/#host/{ended}", "#main table", None),
    ("promoter", "/#promoter", "#main li", None),
    ("promoter-share", "/#promoter", "#main li", press("button", "promoter.share")),
    ("promoter-orders", "/#promoter", "#main li", press("tab", "promoter.tab.orders")),
    ("promoter-calendar", "/#promoter", "#main li", press("tab", "promoter.tab.calendar")),
    ("promoter-links", "/#promoter", "#main li", press("tab", "promoter.tab.links")),
    ("promoter-invites", "/#promoter", "#main li", press("tab", "promoter.tab.invites")),
    ("promoter-room", "/#promoter/zhao-live", "#main li", None),
    ("viewer", "/#viewer", "#main li", None),
    ("viewer-room", "/#viewer/zhao-live", "#main li", None),
    ("viewer-buys", "/#viewer/wu-live", "#main li",
     lambda page: page.locator(".on-stage button").click()),
    ("ops-orders", "/#ops", "#main tbody tr", None),
    ("ops-order", "/#ops", "#main tbody tr", listed),
    ("ops-payouts", "/#ops/payouts", "#main tbody tr", None),
    ("ops-plans", "/#ops/plans", "#main h2", None),
    ("ops-members", "/#ops/members", "#main h2, #main form", None),
    ("ops-ranks", "/#ops/members", "#main h2, #main form", ranked),
    ("ops-ledger", "/#ops/ledger", "#main tbody tr, #main dd", None),
    ("ops-webhooks", "/#ops/webhooks", "#main tbody tr", None),
    ("ops-health", "/#ops/health", "#main [role=tabpanel]:not([hidden])", None),
    ("embed", "/embed#zhao-live", "#main li", None),
]
SHORT = [("phone", "light", "en"), ("desktop", "dark", "zh")]
EVERY = list(itertools.product(SIZES, ("light", "dark"), ("en", "zh")))
# Figures and pictures have come by then; a page is looked at as it moves.
SETTLE_MILLISECONDS = 500
PAINTINGS_MAX = 4


class Report:
    """Lines of what was looked at, and how many faults there were."""

    def __init__(self):
        self.faults = 0

    def say(self, what, faults, note="", advice=()):
        print(f"{'FAULT' if faults else 'ok   '} {what}{note}", flush=True)
        for fault in faults:
            print(f"      {fault}", flush=True)
        for one in advice:
            print(f"      advice: {one}", flush=True)
        self.faults += len(faults)


def look(windows, server, report, shown, is_checked, screenshots):
    """Opens every page in each of its places; what takes long is done where `is_checked` says so."""
    ended = ended_room(server)
    for (size, scheme, language), number, (name, path, sign, act) in shown:
        page = windows.open(size, scheme, language)
        faults, advice, note = [], [], ""
        try:
            page.goto(server.url + path.replace("{ended}", ended))
            page.locator(sign).locator("visible=true").first.wait_for()
            painted = page_checks.paint(page)
            for _ in range(PAINTINGS_MAX - 1):
                if painted <= page_checks.PAINT_MILLISECONDS_MAX:
                    break
                # A busy machine is not the page's fault: the best of several counts.
                page.reload()
                page.locator(sign).locator("visible=true").first.wait_for()
                painted = min(painted, page_checks.paint(page))
            note = f": painted after {painted:.0f} ms"
            if painted > page_checks.PAINT_MILLISECONDS_MAX:
                faults.append(f"first contentful paint after {painted:.0f} ms")
            if act:
                act(page)
            page.wait_for_timeout(SETTLE_MILLISECONDS)
            if screenshots:
                page.screenshot(
                    path=screenshots / f"{name}-{size}-{scheme}-{language}.png")
            faults += page_checks.width(page)
            if is_checked((size, scheme, language), number):
                found, advice = page_checks.accessibility(page)
                faults += found
                faults += page_checks.tree(page, language)
                faults += page_checks.keyboard(page)
        except Exception as error:
            faults.append(f"{type(error).__name__}: {str(error).splitlines()[0]}")
        finally:
            windows.close(page)
        report.say(f"{name} {size} {scheme} {language}", faults, note, advice)


def choice(options):
    """The pages with their places, and where they are looked at closely.

    In the short form each page has one place, by turns; pictures are taken of every one, and looked at
    closely where the short form does.
    """
    pages = [one for one in enumerate(PAGES) if one[1][0].startswith(options.page or "")]
    by_turns = lambda place, number: place == SHORT[number % len(SHORT)]
    if options.all or options.page:
        is_checked = lambda place, number: True
    else:
        is_checked = by_turns
    wide = options.all or options.screenshots
    places = EVERY if wide else SHORT
    return [(place, number, page) for place in places for number, page in pages
            if wide or options.page or by_turns(place, number)], is_checked


def ended_room(server):
    """One of the host's shows that are over."""
    def ask(path, body=None, token=None):
        request = urllib.request.Request(
            server.url + path, data=body and json.dumps(body).encode(),
            headers={"Content-Type": "application/json"}
            | ({"Authorization": f"Bearer {token}"} if token else {}))
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)
    token = ask("/demo/session", {"role": "operator"})["token"]
    rooms = ask("/v1/rooms?states=ended", token=token)["rooms"]
    return max(room["room"] for room in rooms if room["host"] == "host-lin")


def play(what, act, options, windows, report):
    """Plays something that has an end, on a server of its own; where it went another way is a fault."""
    server = DemoServer(options.waggle, viewers=0, orders=0)
    try:
        act(server, windows)
        report.say(what, [])
    except Exception as error:
        where = error.__traceback__
        while where.tb_next and "Browser" in where.tb_next.tb_frame.f_code.co_filename:
            where = where.tb_next
        place = f"{pathlib.Path(where.tb_frame.f_code.co_filename).name}:{where.tb_lineno}"
        report.say(what, [f"{place}: {type(error).__name__}: {str(error)[:1500]}"])
    finally:
        windows.close_all()
        server.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--waggle", required=True)
    parser.add_argument("--chromium", required=True)
    parser.add_argument("--screenshots", type=pathlib.Path)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--files", type=pathlib.Path)
    parser.add_argument("--page", help="only pages whose name begins so")
    parser.add_argument("--only", choices=["story", "operations", "edges", "pages"])
    options = parser.parse_args()
    began = time.monotonic()
    report = Report()
    size = page_checks.compressed_bytes(options.files or FILES)
    report.say(
        "the console compressed",
        [f"{size} bytes, more than {page_checks.BYTES_MAX}"] if size > page_checks.BYTES_MAX
        else [], f": {size} bytes")
    windows = Windows(options.chromium, options.files)
    try:
        if options.only in (None, "story"):
            play("the story in three windows", story.tell, options, windows, report)
        if options.only in (None, "operations"):
            for size, language in (("desktop", "en"), ("phone", "zh")):
                play(
                    f"what an operator presses, {size} {language}",
                    lambda server, windows: operations.press(server, windows, size, language),
                    options, windows, report)
        if options.only in (None, "edges"):
            play("the edges of the console", edges.meet, options, windows, report)
        if options.only in (None, "pages"):
            server = DemoServer(options.waggle, viewers=12, orders=40)
            try:
                if options.screenshots:
                    options.screenshots.mkdir(parents=True, exist_ok=True)
                shown, is_checked = choice(options)
                look(windows, server, report, shown, is_checked, options.screenshots)
            finally:
                server.stop()
        report.say(
            "no error in any window's console, nothing stopped by the policy",
            sorted(set(windows.troubles)))
    finally:
        windows.end()
    print(f"check-console: {report.faults} faults, {time.monotonic() - began:.0f} s")
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
