"""Browser windows that write down everything that should not happen in them.

A window is one person's browser: own storage, own cookies, a size, a colour scheme, a language. What a
page writes to its console as an error, what its own policy stops, what it throws, and every answer of
status 400 and above counts as a trouble, but for the broken connections of a restart that was announced.
"""

import contextlib
import urllib.parse

from playwright.sync_api import sync_playwright

SIZES = {"phone": (360, 780), "desktop": (1280, 800)}
WAIT_MILLISECONDS = 10_000
TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml"}

# Runs before any script of the page. The policy of the page does not hold for it.
PREPARATION = """
(() => {
  try { localStorage.setItem('waggle.language', LANGUAGE); } catch {}
  addEventListener('securitypolicyviolation', (event) =>
    console.error(`policy: ${event.violatedDirective} stopped ${event.blockedURI || 'inline'}`));
})();
"""


class Windows:
    """All windows of one browser."""

    def __init__(self, chromium, files=None):
        self._files = files
        self._playwright = sync_playwright().start()
        try:
            self.browser = self._playwright.chromium.launch(
                executable_path=chromium, args=[
                    "--no-sandbox", "--disable-gpu",
                    # What is served out of a folder has no address that would count as local.
                    *(["--disable-features=LocalNetworkAccessChecks"] if files else [])])
        except BaseException:
            self._playwright.stop()
            raise
        self.troubles = []
        #: Answers that are no trouble: (status, path).
        self.expected = set()
        self._may_break = False
        self._contexts = []

    def open(self, size="desktop", scheme="light", language="en"):
        """A new window that shows nothing yet."""
        width, height = SIZES[size]
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme,
            locale="zh-CN" if language == "zh" else "en-GB", timezone_id="Asia/Shanghai",
            is_mobile=size == "phone", has_touch=size == "phone",
            reduced_motion="reduce")
        context.add_init_script(PREPARATION.replace("LANGUAGE", repr(language)))
        context.set_default_timeout(WAIT_MILLISECONDS)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        if self._files:
            context.route("**/*", self._serve)
        page = context.new_page()
        name = f"{size} {scheme} {language}"
        page.on("console", lambda message: self._heard(name, page, message))
        page.on("pageerror", lambda error: self._trouble(name, page, f"threw {error}"))
        page.on("response", lambda response: self._answered(name, page, response))
        page.on("dialog", lambda dialog: dialog.accept())
        self._contexts.append(context)
        return page

    def _serve(self, route):
        """Takes the pages out of a folder instead of the program, with the program's own headers."""
        path = urllib.parse.urlsplit(route.request.url).path.lstrip("/") or "index.html"
        path = {"embed": "embed.html"}.get(path, path)
        file = self._files / path
        if "/" in path or not file.is_file():
            return route.continue_()
        start = urllib.parse.urljoin(route.request.url, f"/{'embed' if 'embed' in path else ''}")
        headers = route.fetch(url=start).headers
        headers["content-type"] = TYPES[file.suffix]
        headers.pop("content-length", None)
        return route.fulfill(status=200, headers=headers, body=file.read_bytes())

    def close(self, page):
        self._contexts.remove(page.context)
        page.context.close()

    @contextlib.contextmanager
    def may_break(self):
        """While the server is away, broken connections are no trouble."""
        self._may_break = True
        try:
            yield
        finally:
            self._may_break = False

    def _heard(self, name, page, message):
        if message.type != "error":
            return
        if self._may_break and ("WebSocket" in message.text or "net::ERR" in message.text):
            return
        # Told as an answer, with its address.
        if message.text.startswith("Failed to load resource"):
            return
        self._trouble(name, page, message.text)

    def _answered(self, name, page, response):
        path = urllib.parse.urlsplit(response.url).path
        if response.status >= 400 and (response.status, path) not in self.expected:
            self._trouble(name, page, f"{response.status} of {response.url}")

    def _trouble(self, name, page, what):
        self.troubles.append(f"{name}, {page.url}: {what}")

    def close_all(self):
        for context in self._contexts:
            context.close()
        self._contexts = []

    def end(self):
        self.close_all()
        self.browser.close()
        self._playwright.stop()


def say(page, key, **values):
    """A text of the page in the language that the page shows, so that rewording breaks no test."""
    return page.evaluate(
        "([key, values]) => import('/words.js').then(({ say }) => say(key, values))",
        [key, values])
